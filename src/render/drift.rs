//! What is there against what would be written, file by file. Pure: it gets the texts of both.

use std::collections::BTreeMap;

use super::File;
use super::marker::{Signed, hash, signed};

/// What stands in a folder under a name.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum There {
    /// A plain file with this text.
    Text(String),
    /// A link, a folder or something else that no file is written over.
    NoFile,
}

/// How a file that is there stands to the one that would be written.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Standing {
    /// It is as it would be written.
    Same,
    /// Its text is, and its marker names an older set: another file of the set changed.
    OldMarker,
    /// Nobody touched it, and it would be rendered differently now.
    SourceChanged,
    /// Somebody changed it.
    HandChanged,
    /// Somebody changed it, and it would be rendered differently now.
    BothChanged,
    /// Only its line ends were changed.
    LineEnds,
    /// It is not there.
    Missing(Missing),
    /// quadgen wrote it from this source, and it is not in the set.
    LeftOver,
    /// The same, and somebody changed it.
    LeftOverChanged,
    /// quadgen wrote it from another source, whose name this is.
    OtherSource(String),
    /// quadgen did not write it, or its marker is gone.
    Foreign,
    /// It is no plain file.
    NoFile,
}

/// Why a file is not there.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Missing {
    /// The others are of this very set: it was there once.
    Removed,
    /// The others are of an older set, which did not have it.
    New,
    /// No file of the source is there.
    NotRendered,
}

/// One name of a folder: what is there, and what would be.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Entry {
    /// The file's name, without a folder.
    pub name: String,
    /// Its text as it is.
    pub old: Option<String>,
    /// Its text as it would be written.
    pub new: Option<String>,
    /// How they stand to each other.
    pub standing: Standing,
}

impl Entry {
    /// Whether it would be written.
    pub fn is_write(&self) -> bool {
        matches!(self.standing, Standing::Missing(_) | Standing::OldMarker | Standing::SourceChanged)
    }

    /// Whether it would be removed where left-over files are.
    pub fn is_left_over(&self) -> bool {
        matches!(self.standing, Standing::LeftOver | Standing::LeftOverChanged)
    }
}

/// Compares a set with what is there, by name. `there` may hold more than the set; of that, only what this source left
/// over is part of the answer.
pub fn compare(there: &BTreeMap<String, There>, files: &[File]) -> Vec<Entry> {
    let wanted: BTreeMap<&str, &str> = files.iter().map(|file| (file.name.as_str(), file.text.as_str())).collect();
    let Some(new) = files.first().and_then(|file| signed(&file.text)) else { return Vec::new() };
    let ours = there.values().filter_map(|there| match there {
        There::Text(text) => signed(text).filter(|old| old.source == new.source),
        There::NoFile => None,
    });
    let missing = match ours.map(|old| old.model == new.model).reduce(|a, b| a || b) {
        None => Missing::NotRendered,
        Some(true) => Missing::Removed,
        Some(false) => Missing::New,
    };
    let mut names: Vec<&str> = wanted.keys().copied().chain(there.keys().map(String::as_str)).collect();
    names.sort_unstable();
    names.dedup();
    let entries = names.into_iter().filter_map(|name| {
        let text = wanted.get(name).copied();
        let standing = match (there.get(name), text) {
            (None, _) => Standing::Missing(missing),
            (Some(There::NoFile), Some(_)) => Standing::NoFile,
            (Some(There::Text(old)), Some(text)) => judge(old, text),
            (Some(There::Text(old)), None) => judge_left_over(old, new.source)?,
            (Some(There::NoFile), None) => return None,
        };
        let old = match there.get(name) {
            Some(There::Text(old)) => Some(old.clone()),
            _ => None,
        };
        Some(Entry { name: name.to_owned(), old, new: text.map(str::to_owned), standing })
    });
    entries.collect()
}

fn judge(old_text: &str, new_text: &str) -> Standing {
    if old_text == new_text {
        return Standing::Same;
    }
    let (Some(old), Some(new)) = (signed(old_text), signed(new_text)) else { return Standing::Foreign };
    if old.source != new.source {
        // A damaged marker names no source that could be somebody else's.
        return if old.model.is_empty() { Standing::HandChanged } else { Standing::OtherSource(old.source.to_owned()) };
    }
    match (old.intact, old.text == new.text) {
        (true, true) => Standing::OldMarker,
        (true, false) => Standing::SourceChanged,
        (false, _) => {
            let unix = old_text.replace("\r\n", "\n");
            let source_changed = is_rendered_differently(&old, &new);
            match signed(&unix) {
                Some(unix) if unix.intact && !is_rendered_differently(&unix, &new) => Standing::LineEnds,
                _ if source_changed => Standing::BothChanged,
                _ => Standing::HandChanged,
            }
        }
    }
}

/// Whether a file was rendered with another text than it would be now. Its marker tells, as long as one of both hashes
/// was left alone.
fn is_rendered_differently(old: &Signed<'_>, new: &Signed<'_>) -> bool {
    let model = old.model.trim_end();
    let body = old.body.trim_end();
    old.text != new.text && model != new.model && body != hash(new.text)
}

fn judge_left_over(old: &str, source: &str) -> Option<Standing> {
    let old = signed(old).filter(|old| old.source == source)?;
    Some(if old.intact { Standing::LeftOver } else { Standing::LeftOverChanged })
}

/// The files that were rendered from a source of which nothing is left.
pub fn left_over(there: &BTreeMap<String, There>, source: &str) -> Vec<Entry> {
    let entries = there.iter().filter_map(|(name, there)| {
        let There::Text(old) = there else { return None };
        let standing = judge_left_over(old, source)?;
        Some(Entry { name: name.clone(), old: Some(old.clone()), new: None, standing })
    });
    entries.collect()
}

/// A file whose own text a write changed.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Change {
    /// Its name.
    pub name: String,
    /// Its text before, without the marker; nothing for a new file.
    pub old: Option<String>,
    /// Its text now, without the marker; nothing for a removed one.
    pub new: Option<String>,
}

/// What becomes different when a set is written (and, with `prune`, when left-over files are removed). A marker alone
/// changes nothing that runs.
pub fn changes(entries: &[Entry], prune: bool) -> Vec<Change> {
    let body = |text: &Option<String>| text.as_deref().map(|text| signed(text).map_or(text, |it| it.text).to_owned());
    let changed = entries.iter().filter(|entry| match entry.standing {
        Standing::Missing(_) | Standing::SourceChanged => true,
        Standing::LeftOver => prune,
        _ => false,
    });
    changed.map(|entry| Change { name: entry.name.clone(), old: body(&entry.old), new: body(&entry.new) }).collect()
}
