//! Quadlet units: what the generator reads, per release.

mod activated;
mod arguments;
mod attributes;
mod build;
mod check;
mod container;
mod env_file;
mod health;
mod intent;
mod key;
mod life;
mod load;
mod mount;
mod network;
mod quoting;
mod reference;
mod secret;
mod security;
mod stack;
mod unit;
mod values;

pub use activated::is_systemd_unit;
pub(super) use env_file::variables as literal_variables;
pub(crate) use reference::DEPENDENCIES;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use memchr::memrchr;

use super::{Read, infer};
use crate::diagnostic::{Diagnostic, Level, input, units};
use crate::model::Version;
use crate::platform::generator::Habit;
use crate::source::{FileId, Files, MAX_FILE_BYTES, SourceMap, below, display_path, reason};
use crate::syntax::unit::{self as lines, Dialect, Escapes};
use crate::threads::{self, MANY};

/// The units of one host.
#[derive(Clone, Debug, Default)]
pub struct Tree {
    /// The folder that Quadlet searches, or the one that stands for it in a repository.
    pub root: PathBuf,
    /// Whether Quadlet searches `root`. Elsewhere sub-folders say where a repository keeps units, and nothing about where
    /// they are installed.
    pub searched: bool,
    /// The unit files below it, in the order in which the generator prefers them: the first of a file's name counts.
    pub units: Vec<PathBuf>,
    /// The `.conf` files of drop-in folders (`x.container.d/`, `container.d/`, …) below it.
    pub drop_ins: Vec<PathBuf>,
    /// Plain units of systemd ([`is_systemd_unit`]) in the root and beside the units, which may start what is made of these.
    /// Hidden and ignored ones are not among them.
    pub plain: Vec<PathBuf>,
    /// What was read of the units, in their order, to see what they are; what is missing here is read again.
    pub known: Vec<Option<Known>>,
}

/// What is known of a unit's file.
#[derive(Clone, Debug)]
pub struct Known {
    /// Its text.
    pub text: String,
    /// Its lines, where they say the same for every release; their places count from the text's beginning.
    pub lines: Option<lines::Tree>,
    /// What [`may_name_files`] says of it.
    pub may_name_files: bool,
}

/// The units of one host, with everything of them that lies in files. What their lines mean is up to a release.
#[derive(Debug, Default)]
pub struct Parsed {
    /// The name of the root's folder.
    name: String,
    /// Whether Quadlet searches the root.
    searched: bool,
    units: Vec<Source>,
    drop_ins: Vec<Source>,
    /// The files of units, then of drop-ins, also those that cannot be read.
    pub files: Vec<FileId>,
    /// Their paths.
    pub paths: Vec<PathBuf>,
    /// Env files by their path from the root.
    env_files: BTreeMap<String, FileId>,
    /// Those that systemd reads, for what it fills in, by their path from the root.
    service_env_files: BTreeMap<String, FileId>,
    /// Services that plain units of systemd in the tree start.
    activated: BTreeSet<String>,
    /// What could not be read at all.
    diagnostics: Vec<Diagnostic>,
}

/// A file of the tree.
#[derive(Debug)]
struct Source {
    /// From the root, with `/`.
    path: String,
    file: FileId,
    /// Its lines, if they are known: for the first release that asks.
    lines: Mutex<Option<lines::Tree>>,
}

impl Parsed {
    /// Leaves variables open whose values stand in files that systemd reads.
    pub fn forget_values(&mut self) {
        self.service_env_files.clear();
    }
}

impl Source {
    fn file_name(&self) -> &str {
        self.path.get(self.folder().len()..).unwrap_or("")
    }

    /// Empty, or with a `/` at its end.
    fn folder(&self) -> &str {
        memrchr(b'/', self.path.as_bytes()).and_then(|at| self.path.get(..=at)).unwrap_or("")
    }
}

/// Reads the files, once for all releases.
pub fn parse(sources: &mut SourceMap, files: &dyn Files, mut tree: Tree) -> Parsed {
    let name = tree_name(files, &tree.root);
    let mut known = std::mem::take(&mut tree.known).into_iter();
    let many = tree.units.len() > MANY;
    // How the root is shown, so are its files; but where quadgen runs somewhere in it, which is shown by the way up.
    let is_whole = |root: &String| root == "." || !(root.is_empty() || root.ends_with(['/', '.']));
    let root = Some(files.shown(&tree.root)).filter(is_whole);
    let activated = activated::activated(files, &tree);
    let mut parsed = Parsed { name, searched: tree.searched, activated, ..Parsed::default() };
    sources.reserve(tree.units.len() + tree.drop_ins.len());
    parsed.units.reserve(tree.units.len());
    parsed.files.reserve(tree.units.len() + tree.drop_ins.len());
    for (paths, is_unit) in [(&tree.units, true), (&tree.drop_ins, false)] {
        let names = threads::map(many, paths, |path| {
            let inside = below(path, &tree.root).map(display_path);
            let shown = match (root.as_deref(), &inside) {
                (Some("."), Some(inside)) => inside.clone(),
                (Some(root), Some(inside)) => [root, "/", inside].concat(),
                _ => files.shown(path),
            };
            (shown, inside.unwrap_or_else(|| display_path(path)))
        });
        for (path, (shown, inside)) in paths.iter().zip(names) {
            let (text, seen) = known.next().flatten().map(|it| (it.text, (it.lines, it.may_name_files))).unzip();
            let (file, is_there) = load_file(sources, files, path, shown, text, &mut parsed.diagnostics);
            parsed.files.push(file);
            if !is_there {
                continue;
            }
            let (lines, names_files) = seen.unwrap_or_else(|| (None, may_name_files(&sources.file(file).text, None)));
            let source = Source { path: inside, file, lines: Mutex::new(lines) };
            if names_files {
                env_files(sources, files, &tree, &source, is_unit, &mut parsed);
            }
            if is_unit { parsed.units.push(source) } else { parsed.drop_ins.push(source) }
        }
    }
    parsed.paths = tree.units;
    parsed.paths.append(&mut tree.drop_ins);
    parsed
}

/// What a tree is called: its folder, and of a folder that Quadlet searches the one that it lies in.
fn tree_name(files: &dyn Files, root: &Path) -> String {
    let searched = ["systemd", "containers", ".config", "etc", "share", "usr"];
    let mut folder = root;
    loop {
        let name = files.folder_name(folder);
        match folder.parent() {
            Some(parent) if searched.contains(&name.as_str()) => folder = parent,
            _ if name.is_empty() => return files.folder_name(root),
            _ => return name,
        }
    }
}

/// The key that names env files: in [Container] those of the container, in [Service] those of systemd.
const ENV_FILE: &str = "EnvironmentFile";

/// Whether a unit may name env files, by its text and its lines, if these are known.
pub(crate) fn may_name_files(text: &str, lines: Option<&lines::Tree>) -> bool {
    match lines {
        Some(lines) => lines.entries.iter().any(|entry| entry.key == ENV_FILE),
        // A key may be continued on the next line, behind a backslash.
        None => ["\\", ENV_FILE].iter().any(|part| text.contains(part)),
    }
}

/// Reads the env files that a unit names and that lie beside it.
fn env_files(
    sources: &mut SourceMap,
    files: &dyn Files,
    tree: &Tree,
    source: &Source,
    is_unit: bool,
    parsed: &mut Parsed,
) {
    // A drop-in's paths are those of its unit, which lies beside the folder of drop-ins.
    let folder = source.folder();
    let above = folder.trim_end_matches('/').rfind('/').and_then(|at| folder.get(..=at)).unwrap_or("");
    let folder = if is_unit { folder } else { above };
    let file = sources.file(source.file);
    let entries = lines::parse(file, Dialect::Joined).entries;
    let mut take = |path: Option<String>, known: &mut BTreeMap<String, FileId>| {
        let Some(path) = path.filter(|path| !known.contains_key(path)) else { return };
        let place = tree.root.join(&path);
        if files.is_file(&place)
            && let Ok(loaded) = sources.load(files, &place, &files.shown(&place))
        {
            known.insert(path, loaded.file);
        }
    };
    for entry in entries.iter().filter(|entry| entry.key == ENV_FILE) {
        match &*entry.section {
            "Container" => {
                for word in lines::split(&entry.value, Escapes::Apply).unwrap_or_default() {
                    take(env_file::inside(folder, &word.text), &mut parsed.env_files);
                }
            }
            "Service" => {
                let paths = env_file::of_service(folder, &entry.value.text);
                paths.into_iter().for_each(|path| take(Some(path), &mut parsed.service_env_files));
            }
            _ => {}
        }
    }
}

/// Takes a file in, and whether it is there: one that cannot be read is said to be so, and empty.
fn load_file(
    sources: &mut SourceMap,
    files: &dyn Files,
    path: &Path,
    shown: String,
    text: Option<String>,
    diagnostics: &mut Vec<Diagnostic>,
) -> (FileId, bool) {
    // One that is too large is read again for the error.
    if let Some(text) = text.filter(|text| text.len() <= MAX_FILE_BYTES) {
        return (sources.add(shown, text), true);
    }
    let bytes = files.read(path).map_err(|error| reason(&error));
    match bytes.and_then(|bytes| sources.take(shown.clone(), bytes)) {
        Ok(loaded) => {
            if let Some(bad) = loaded.not_utf8 {
                // The generator takes every byte.
                let found = Diagnostic::new(&input::SYNTAX_ERROR, bad, "these bytes are not UTF-8");
                diagnostics.push(found.severity(Level::Warning));
            }
            (loaded.file, true)
        }
        Err(reason) => {
            let file = sources.add(shown.clone(), "");
            let at = sources.file(file).span();
            diagnostics.push(Diagnostic::new(&input::COULD_NOT_RUN, at, format!("{shown} cannot be read: {reason}")));
            (file, false)
        }
    }
}

/// The stack as the generator of one release makes it, with what that release refuses.
pub fn lower(parsed: &Parsed, sources: &SourceMap, release: Version) -> Read {
    let mut loaded = load::load(parsed, sources, release);
    let mut diagnostics = parsed.diagnostics.clone();
    diagnostics.append(&mut loaded.diagnostics);
    let many = loaded.units.len() > MANY;
    let name = stack::name(parsed, &loaded);
    let made = stack::make(parsed, sources, &loaded, &name);
    // One thread puts together what they became; what is said of them does not wait for it.
    let values = || {
        let secrets = secret::secrets(parsed, sources, &loaded, release);
        (quoting::check(&loaded), arguments::check(&loaded), secrets)
    };
    let checks = || threads::both(many, || check::check(&loaded), values);
    let ((refused, (quoting, arguments, secrets)), stack) =
        threads::both(many, checks, || stack::stack(parsed, &loaded, name, made));
    diagnostics.extend(refused.into_iter().flatten());
    // What is wrong with a value that is not what it looks like has one cause.
    let unread = [input::SYNTAX_ERROR.code, input::UNKNOWN_KEY.code, units::KEY_TOO_NEW.code];
    let explained = |found: &Diagnostic| {
        let at = found.span();
        !unread.contains(&found.rule.code)
            && quoting.iter().any(|other| at.start <= other.value.end && other.value.start <= at.end)
    };
    diagnostics.retain(|found| !explained(found));
    diagnostics.extend(quoting.into_iter().map(|found| found.finding));
    diagnostics.extend(arguments);
    let mut stack = stack.map(|(stack, found)| {
        diagnostics.extend(found);
        stack
    });
    if let Some(stack) = &mut stack {
        let unread = [input::SYNTAX_ERROR.code, input::COULD_NOT_RUN.code];
        stack.complete =
            !diagnostics.iter().any(|found| found.severity == Level::Error && unread.contains(&found.rule.code));
    }
    let files = parsed.units.iter().chain(&parsed.drop_ins).map(|source| source.file);
    let beside = parsed.env_files.values().chain(parsed.service_env_files.values());
    let files = files.chain(beside.copied()).collect();
    let notes = stack::missing_env_files(parsed, &loaded);
    if let Some(stack) = &mut stack {
        let units = loaded.units.into_iter();
        let units = || units.map(|unit| (unit.file.clone(), stack::source_layer(unit, sources))).collect();
        ((), stack.units) = threads::both(many, || infer::connections(stack), units);
    }
    Read { stack, diagnostics, secrets, files, notes }
}

/// The stack alone, of units that no person wrote: only what the generator refuses is looked for, and connections are not
/// inferred.
pub(crate) fn lower_rendered(parsed: &Parsed, sources: &SourceMap, release: Version) -> Read {
    let mut loaded = load::load(parsed, sources, release);
    let mut diagnostics = parsed.diagnostics.clone();
    diagnostics.append(&mut loaded.diagnostics);
    diagnostics.extend(check::check(&loaded).into_iter().flatten());
    let name = stack::name(parsed, &loaded);
    let made = stack::make(parsed, sources, &loaded, &name);
    let mut stack = stack::stack(parsed, &loaded, name, made).map(|(stack, found)| {
        diagnostics.extend(found);
        stack
    });
    if let Some(stack) = &mut stack {
        let units = loaded.units.into_iter();
        stack.units = units.map(|unit| (unit.file.clone(), stack::source_layer(unit, sources))).collect();
    }
    Read { stack, diagnostics, ..Read::default() }
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
    let mut names: Vec<String> = made.map(|unit| format!("{}.service", unit.service)).collect();
    names.sort();
    names.dedup();
    names
}
