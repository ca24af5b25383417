//! Quadlet units: what the generator reads, per release.

mod check;
mod load;
mod mount;
mod reference;
mod unit;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::Read;
use crate::diagnostic::{Diagnostic, Level, input};
use crate::model::Version;
use crate::platform::generator::Habit;
use crate::source::{FileId, Files, SourceMap};

/// The units of one host.
#[derive(Clone, Debug, Default)]
pub struct Tree {
    /// The folder that Quadlet searches, or the one that stands for it in a repository.
    pub root: PathBuf,
    /// The unit files below it, in the order in which the generator prefers them: the first of a file's name counts.
    pub units: Vec<PathBuf>,
    /// The `.conf` files of drop-in folders (`x.container.d/`, `container.d/`, …) below it.
    pub drop_ins: Vec<PathBuf>,
}

/// The units of one host, with everything of them that lies in files. What their lines mean is up to a release.
#[derive(Debug, Default)]
pub struct Parsed {
    /// The name of the root's folder.
    name: String,
    units: Vec<Source>,
    drop_ins: Vec<Source>,
    /// Env files by their path from the root.
    env_files: BTreeMap<String, FileId>,
    /// What could not be read at all.
    diagnostics: Vec<Diagnostic>,
}

/// A file of the tree.
#[derive(Debug)]
struct Source {
    /// From the root, with `/`.
    path: String,
    file: FileId,
}

impl Source {
    fn file_name(&self) -> &str {
        self.path.rsplit('/').next().unwrap_or(&self.path)
    }

    /// Empty, or with a `/` at its end.
    fn folder(&self) -> &str {
        self.path.rfind('/').and_then(|at| self.path.get(..=at)).unwrap_or("")
    }
}

/// Reads the files, once for all releases.
pub fn parse(sources: &mut SourceMap, files: &dyn Files, tree: &Tree) -> Parsed {
    let name = tree.root.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let mut parsed = Parsed { name, ..Parsed::default() };
    for (paths, is_unit) in [(&tree.units, true), (&tree.drop_ins, false)] {
        for path in paths {
            let inside = path.strip_prefix(&tree.root).unwrap_or(path);
            let inside = inside.to_string_lossy().replace('\\', "/");
            let Some(file) = load_file(sources, files, path, &mut parsed.diagnostics) else { continue };
            let source = Source { path: inside, file };
            if is_unit { parsed.units.push(source) } else { parsed.drop_ins.push(source) }
        }
    }
    parsed
}

fn load_file(
    sources: &mut SourceMap,
    files: &dyn Files,
    path: &Path,
    diagnostics: &mut Vec<Diagnostic>,
) -> Option<FileId> {
    let shown = files.shown(path);
    match sources.load(files, path, &shown) {
        Ok(loaded) => {
            if let Some(bad) = loaded.not_utf8 {
                // The generator takes every byte.
                let found = Diagnostic::new(&input::SYNTAX_ERROR, bad, "these bytes are not UTF-8");
                diagnostics.push(found.severity(Level::Warning));
            }
            Some(loaded.file)
        }
        Err(reason) => {
            let file = sources.add(shown.clone(), "");
            let at = sources.file(file).span();
            diagnostics.push(Diagnostic::new(&input::COULD_NOT_RUN, at, format!("{shown} cannot be read: {reason}")));
            None
        }
    }
}

/// The stack as the generator of one release makes it, with what that release refuses.
pub fn lower(parsed: &Parsed, sources: &SourceMap, release: Version) -> Read {
    let loaded = load::load(parsed, sources, release);
    let refused = check::check(&loaded);
    let mut diagnostics = parsed.diagnostics.clone();
    diagnostics.extend(loaded.diagnostics);
    diagnostics.extend(refused.into_iter().flatten());
    Read { diagnostics, ..Read::default() }
}

/// The services that the generator of a release makes, each with `.service`, sorted. Where two units make one service,
/// the last one's is it.
pub fn services(parsed: &Parsed, sources: &SourceMap, release: Version) -> Vec<String> {
    let loaded = load::load(parsed, sources, release);
    let refused = check::check(&loaded);
    let taken = |at: usize| {
        let unit = loaded.units.get(at)?;
        let path = format!("{}{}", unit.folder, unit.file);
        let good = refused.get(at).is_some_and(Vec::is_empty);
        (good && !loaded.broken.contains(&path) && !loaded.lost.contains(&unit.folder)).then_some(unit)
    };
    let made = (0..loaded.units.len()).filter_map(taken);
    // Whoever is on a network that is not made is not made either.
    let lost =
        |name: &str| loaded.by_file.get(name).is_some_and(|at| name.ends_with(".network") && taken(*at).is_none());
    let made = made.filter(|unit| {
        let networks = unit.lines(unit.own(), "Network");
        let mut networks = networks.iter().map(|line| line.text.split(':').next().unwrap_or(""));
        !Habit::UnitsMustExist.of(release) || !networks.any(lost)
    });
    let mut names: Vec<String> = made.map(|unit| format!("{}.service", unit.service())).collect();
    names.sort();
    names.dedup();
    names
}
