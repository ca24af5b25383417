//! Files → units of a release: which files it reads, and which drop-ins belong to which unit.

use std::collections::BTreeMap;

use memchr::{memchr, memchr2, memchr3};

use super::unit::Unit;
use super::{Parsed, Source, env_file};
use crate::diagnostic::{Diagnostic, input, units};
use crate::maps::{HashMap, HashSet};
use crate::model::{Keys, Text, UnitKind, Version};
use crate::platform::generator::{Habit, brought};
use crate::source::{SourceMap, Span};
use crate::suggest;
use crate::syntax::systemd_env;
use crate::syntax::unit::{Dialect, Tree, parse};
use crate::threads::{self, MANY};

/// The units that a release reads.
#[derive(Debug, Default)]
pub(super) struct Loaded {
    /// The first of each file's name, in the order of the files.
    pub units: Vec<Unit>,
    /// By the file's name, where it stands in `units`.
    pub by_file: HashMap<String, usize>,
    /// Folders of which no unit is made, because a file of them cannot be read.
    pub lost: HashSet<String>,
    /// Files with lines that cannot be read: none of them becomes a unit.
    pub broken: HashSet<String>,
    pub diagnostics: Vec<Diagnostic>,
}

impl Loaded {
    /// The unit in a file of that name.
    pub fn find(&self, file: &str) -> Option<&Unit> {
        self.units.get(*self.by_file.get(file)?)
    }
}

/// The dialect in which a release reads lines.
pub(super) fn dialect(release: Version) -> Dialect {
    match (Habit::JoinedLines.of(release), Habit::TrimmedLines.of(release)) {
        (true, _) => Dialect::Joined,
        (false, true) => Dialect::Trimmed,
        (false, false) => Dialect::Raw,
    }
}

pub(super) fn load(parsed: &Parsed, sources: &SourceMap, release: Version) -> Loaded {
    let mut loaded = Loaded::default();
    let read = threads::map(parsed.units.len() > MANY, &parsed.units, |source| unit(source, parsed, sources, release));
    loaded.by_file.reserve(parsed.units.len());
    let (mut taken, mut shadowed) = (0, Vec::new());
    // Collected out of what was read, units stay where they are; a new list would be half a megabyte for a thousand.
    let units = read.into_iter().zip(&parsed.units).filter_map(|(read, source)| {
        let (unit, faults) = read?;
        let late = brought(unit.kind).filter(|habit| !habit.of(release));
        if let Some(habit) = late {
            let (kind, since) = (unit.kind.extension(), habit.since());
            let message = format!("Podman {release} reads no .{kind} units: they came with {since}");
            loaded.diagnostics.push(Diagnostic::new(&units::KEY_TOO_NEW, unit.head, message));
            return None;
        }
        if parsed.searched && !source.folder().is_empty() && !Habit::SubFolders.of(release) {
            let since = Habit::SubFolders.since();
            let message = format!("Podman {release} reads no units in sub-folders: that came with {since}");
            loaded.diagnostics.push(Diagnostic::new(&units::KEY_TOO_NEW, unit.head, message));
            return None;
        }
        if let Some(first) = loaded.by_file.get(source.file_name()) {
            shadowed.push((*first, unit.span));
            return None;
        }
        let broken = !faults.is_empty();
        if broken {
            loaded.broken.insert(source.path.clone());
            if Habit::FolderLost.of(release) {
                loaded.lost.insert(source.folder().to_owned());
            }
        }
        loaded.diagnostics.extend(faults);
        // A file that cannot be read does not stand in the way of another of its name.
        let other = || parsed.units.iter().filter(|other| other.file_name() == source.file_name()).count() > 1;
        if broken && other() {
            return None;
        }
        loaded.by_file.insert(unit.file.clone(), taken);
        taken += 1;
        Some(unit)
    });
    loaded.units = units.collect();
    for (first, span) in shadowed {
        loaded.units.get_mut(first).into_iter().for_each(|first| first.shadowed.push(span));
    }
    drop_ins(parsed, sources, release, &mut loaded);
    // One syntax error of a folder says what it costs.
    let whole = loaded.units.len() > loaded.broken.len() && !loaded.lost.is_empty();
    if let Some(first) =
        loaded.diagnostics.iter_mut().find(|found| whole && found.rule.code == input::SYNTAX_ERROR.code)
    {
        *first = first.clone().help("Why: Podman makes no unit at all of a folder in which one cannot be read.");
    }
    loaded
}

/// A file as a unit, and what of it cannot be read; nothing where its name is not that of one.
fn unit(source: &Source, parsed: &Parsed, sources: &SourceMap, release: Version) -> Option<(Unit, Vec<Diagnostic>)> {
    let (stem, kind) = UnitKind::of_file(source.file_name())?;
    let file = sources.file(source.file);
    let known = source.lines.lock().ok().and_then(|mut lines| lines.take());
    let tree = match known {
        Some(lines) => lines.moved(file.span().start),
        None => parse(file, dialect(release)),
    };
    let (span, text) = (file.span(), file.text.as_bytes());
    let literal = memchr3(b'%', b'$', b'\\', text).is_none();
    let first_line = || Span::new(span.start, span.start).to(line_of(span, &file.text));
    let mut unit = Unit {
        file: source.file_name().to_owned(),
        stem: stem.to_owned(),
        kind,
        folder: source.folder().to_owned(),
        span,
        head: head(&tree, kind.section()).unwrap_or_else(first_line),
        sections: tree.sections,
        entries: tree.entries,
        keys: Keys::default(),
        release,
        shadowed: Vec::new(),
        given: None,
        literal,
        unquoted: memchr3(b'"', b'\'', b'#', text).is_none() && (literal || memchr(b'\\', text).is_none()),
        install_commented_out: has_install_comment(&file.text),
        service: String::new(),
        object: Text::implied(String::new(), span),
    };
    unit.settle(|unit| given(parsed, sources, unit));
    Some((unit, tree.diagnostics))
}

/// The variables of the files that systemd reads for a unit; nothing if one of them is not here.
fn given(parsed: &Parsed, sources: &SourceMap, unit: &Unit) -> Option<HashMap<String, String>> {
    let mut variables = HashMap::default();
    for path in unit.lines("Service", "EnvironmentFile") {
        let paths = env_file::of_service(&unit.folder, &path.text);
        let file = paths.iter().find_map(|path| parsed.service_env_files.get(path))?;
        variables.extend(systemd_env::parse(&sources.file(*file).text));
    }
    Some(variables)
}

/// The place for what is wrong with a unit as a whole: its own section, else what may be meant for it, else its first.
fn head(tree: &Tree, own: &str) -> Option<Span> {
    let sections = || tree.sections.iter().map(|(name, span)| (&**name, *span));
    let near = || sections().find(|(name, _)| suggest::nearest(name, [own]).is_some());
    let found = sections().find(|(name, _)| *name == own).or_else(near).or_else(|| sections().next());
    found.map(|(_, span)| span)
}

/// The first line of a text, as a span.
fn line_of(whole: Span, text: &str) -> Span {
    whole.part(0, text.find('\n').unwrap_or(text.len()))
}

fn has_install_comment(text: &str) -> bool {
    memchr2(b'#', b';', text.as_bytes()).is_some() && text.lines().any(is_install_comment)
}

/// Whether a line is `[Install]`, or an entry that starts a unit at boot, behind a comment sign.
fn is_install_comment(line: &str) -> bool {
    let line = line.trim();
    if !line.starts_with(['#', ';']) {
        return false;
    }
    let text = line.trim_start_matches(['#', ';']);
    let entry = text.split_once('=').map(|(key, _)| key.trim());
    text.trim() == "[Install]" || entry.is_some_and(|key| ["WantedBy", "RequiredBy", "UpheldBy"].contains(&key))
}

fn drop_ins(parsed: &Parsed, sources: &SourceMap, release: Version, loaded: &mut Loaded) {
    if !Habit::DropIns.of(release) || parsed.drop_ins.is_empty() {
        return;
    }
    // By where the folder of drop-ins lies, in the order in which that is searched, and by its name.
    let mut folders: BTreeMap<Vec<&str>, HashMap<&str, Vec<&Source>>> = BTreeMap::new();
    for source in &parsed.drop_ins {
        let mut parts: Vec<&str> = source.folder().trim_end_matches('/').split('/').collect();
        let name = parts.pop().unwrap_or("");
        folders.entry(parts).or_default().entry(name).or_default().push(source);
    }
    let mut trees: HashMap<&str, Tree> = HashMap::default();
    for unit in &mut loaded.units {
        // The nearest folder first; of two files with one name the first counts, and they apply in the order of names.
        let mut files: BTreeMap<&str, &Source> = BTreeMap::new();
        let names = drop_in_folders(unit, release);
        let places: Vec<_> = folders.values().collect();
        let pairs: Vec<_> = if Habit::SpecialDropInsFirst.of(release) {
            names.iter().flat_map(|name| places.iter().map(move |place| (name, *place))).collect()
        } else {
            places.iter().flat_map(|place| names.iter().map(move |name| (name, *place))).collect()
        };
        let found = pairs.iter().filter_map(|(name, place)| place.get(name.as_str()));
        for source in found.flatten() {
            files.entry(source.file_name()).or_insert(source);
        }
        for source in files.values() {
            let tree = trees.entry(&source.path).or_insert_with(|| parse(sources.file(source.file), dialect(release)));
            if tree.diagnostics.is_empty() {
                (unit.literal, unit.unquoted) = (false, false);
                unit.sections.extend(tree.sections.iter().cloned());
                unit.entries.extend(tree.entries.iter().cloned());
                unit.settle(|unit| given(parsed, sources, unit));
            }
        }
    }
    // In the order of the files, once each.
    for source in &parsed.drop_ins {
        let tree = trees.remove(source.path.as_str());
        loaded.diagnostics.extend(tree.into_iter().flat_map(|tree| tree.diagnostics));
    }
}

/// The names of the folders whose drop-ins apply to a unit, from the special to the general.
fn drop_in_folders(unit: &Unit, release: Version) -> Vec<String> {
    let kind = unit.kind.extension();
    let mut folders = vec![format!("{}.d", unit.file)];
    let (name, instance) = unit.stem.split_once('@').unwrap_or((&unit.stem, ""));
    if !instance.is_empty() {
        folders.push(format!("{name}@.{kind}.d"));
    }
    if Habit::WideDropIns.of(release) {
        let dashes = name.match_indices('-').map(|(at, _)| at + 1).collect::<Vec<_>>();
        for prefix in dashes.into_iter().rev().filter_map(|at| name.get(..at)) {
            if unit.stem.contains('@') {
                folders.push(format!("{prefix}@.{kind}.d"));
            }
            folders.push(format!("{prefix}.{kind}.d"));
        }
        folders.push(format!("{kind}.d"));
    }
    folders
}
