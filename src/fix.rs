//! What rules want changed → edits of the source text.
//!
//! Rules name a change by what it does; here it becomes a text in place of another one, which keeps comments and layout.
//! A change that cannot be made without touching anything else is given up, and its whole fix with it.

mod page;
mod unit;
mod yaml;

use std::collections::{BTreeMap, BTreeSet};

use crate::diagnostic::{Change, Diagnostic, Fix};
use crate::maps::HashMap;
use crate::model::UnitKind;
use crate::source::{SourceFile, SourceMap, Span};
use crate::syntax::unit::{self as lines, Dialect};
use crate::syntax::yaml as tree;

use page::Page;

/// One text in place of another.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Edit {
    /// What goes.
    pub span: Span,
    /// What comes.
    pub text: String,
}

/// Turns every change into a [`Change::Replace`]. A fix of which one change cannot be made goes away.
pub fn settle(sources: &SourceMap, findings: &mut [Diagnostic]) {
    let mut trees = Trees { sources, outlines: HashMap::default(), units: HashMap::default() };
    for finding in findings {
        finding.fixes.retain_mut(|fix| {
            let changes = std::mem::take(&mut fix.changes).into_iter();
            let edits: Option<Vec<Edit>> = changes.map(|change| trees.edit(change)).collect();
            let Some(mut edits) = edits else { return false };
            // What counts in several places is not changed for what one of them is on a platform.
            if !finding.platforms.is_empty() && edits.iter().any(|edit| trees.is_shared(edit.span)) {
                return false;
            }
            edits.sort();
            edits.dedup();
            if !apart(&edits) {
                return false;
            }
            fix.changes = edits.into_iter().map(|Edit { span, text }| Change::Replace { span, text }).collect();
            true
        });
    }
}

/// Whether sorted edits leave each other alone. Two texts at one place would depend on which comes first.
fn apart(edits: &[Edit]) -> bool {
    edits.windows(2).all(|pair| match pair {
        [first, second] => second.span.start >= first.span.end && second.span.start > first.span.start,
        _ => true,
    })
}

/// The files with everything that some fixes change in them, by name, and how many fixes that were.
///
/// The first fix of a finding counts, if it is safe or `unsafe_too`. Fixes that get into each other's way are left for
/// another time, and so is one after which its file could not be read.
pub fn apply(sources: &SourceMap, findings: &[Diagnostic], unsafe_too: bool) -> (BTreeMap<String, String>, usize) {
    let findings = findings.iter().filter(|finding| finding.suppressed.is_none());
    let wanted = findings.filter_map(|finding| finding.fixes.iter().find(|fix| fix.safe || unsafe_too));
    let wanted: Vec<Vec<Edit>> = wanted.map(edits).collect();
    let (taken, fixes) = take(wanted.iter());
    let files = by_file(sources, &taken);
    if files.iter().all(|(file, edits)| reads(file, edits)) {
        return (files.iter().map(|(file, edits)| (file.name.clone(), edited(file, edits))).collect(), fixes);
    }
    // Some of them do not go together: one by one then, and what is left has its turn in the next round.
    let mut good: Vec<&Vec<Edit>> = Vec::new();
    for edits in &wanted {
        let (taken, fixes) = take(good.iter().copied().chain([edits]));
        if fixes > good.len() && by_file(sources, &taken).iter().all(|(file, edits)| reads(file, edits)) {
            good.push(edits);
        }
    }
    let (taken, fixes) = take(good.into_iter());
    let files = by_file(sources, &taken);
    (files.iter().map(|(file, edits)| (file.name.clone(), edited(file, edits))).collect(), fixes)
}

/// The edits of all fixes that leave those before them alone, and how many fixes these are.
fn take<'a>(wanted: impl Iterator<Item = &'a Vec<Edit>>) -> (BTreeSet<Edit>, usize) {
    let (mut taken, mut fixes) = (BTreeSet::new(), 0);
    for edits in wanted {
        let fits = |edit: &Edit| {
            let before = taken.range(..=edit).next_back().filter(|before| *before != edit);
            let near: Vec<Edit> = before
                .into_iter()
                .chain([edit])
                .chain(taken.range(edit..).find(|next| *next != edit))
                .cloned()
                .collect();
            taken.contains(edit) || apart(&near)
        };
        if !edits.is_empty() && edits.iter().all(fits) {
            taken.extend(edits.iter().cloned());
            fixes += 1;
        }
    }
    (taken, fixes)
}

/// Sorted edits, with the file that each of them is in.
fn by_file<'a>(sources: &'a SourceMap, edits: &'a BTreeSet<Edit>) -> Vec<(&'a SourceFile, Vec<&'a Edit>)> {
    let mut files: BTreeMap<usize, Vec<&Edit>> = BTreeMap::new();
    for edit in edits {
        files.entry(sources.index_of(edit.span).unwrap_or(usize::MAX)).or_default().push(edit);
    }
    files.into_values().filter_map(|edits| Some((sources.file_of(edits.first()?.span)?, edits))).collect()
}

fn edits(fix: &Fix) -> Vec<Edit> {
    let edit = |change: &Change| match change {
        Change::Replace { span, text } => Some(Edit { span: *span, text: text.clone() }),
        _ => None,
    };
    fix.changes.iter().filter_map(edit).collect()
}

/// Whether a file can still be read after some edits.
fn reads(file: &SourceFile, edits: &[&Edit]) -> bool {
    let mut probe = SourceMap::default();
    let changed = probe.add(file.name.clone(), edited(file, edits));
    let changed = probe.file(changed);
    match Kind::of(&file.name) {
        Kind::Unit => {
            let faults = |file: &SourceFile| lines::parse(file, Dialect::Joined).diagnostics.len();
            faults(changed) <= faults(file)
        }
        // What becomes empty is no list or mapping any more.
        Kind::Yaml => match (tree::outline(file), tree::outline(changed)) {
            (Some(old), Some(new)) => yaml::keys(&new, false).is_disjoint(&yaml::keys(&old, true)),
            (old, _) => old.is_none(),
        },
        Kind::Other => true,
    }
}

/// A file's text with edits in it.
fn edited(file: &SourceFile, edits: &[&Edit]) -> String {
    let mut text = String::with_capacity(file.text.len());
    let mut at = 0;
    for edit in edits {
        text.push_str(file.text.get(at..file.local(edit.span.start)).unwrap_or(""));
        text.push_str(&edit.text);
        at = file.local(edit.span.end);
    }
    text.push_str(file.text.get(at..).unwrap_or(""));
    text
}

/// What a file's text is, which its name says.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Unit,
    Yaml,
    Other,
}

impl Kind {
    fn of(name: &str) -> Kind {
        let file = name.rsplit('/').next().unwrap_or(name);
        match file.rsplit_once('.') {
            Some((_, "conf")) => Kind::Unit,
            Some((_, "toml" | "env")) => Kind::Other,
            _ if UnitKind::of_file(file).is_some() => Kind::Unit,
            _ if file.starts_with(".env") => Kind::Other,
            _ => Kind::Yaml,
        }
    }
}

/// The files as they are written, each read once.
struct Trees<'a> {
    sources: &'a SourceMap,
    outlines: HashMap<usize, Option<tree::Node>>,
    units: HashMap<usize, lines::Tree>,
}

impl<'a> Trees<'a> {
    fn edit(&mut self, change: Change) -> Option<Edit> {
        let span = match change {
            Change::Replace { span, text } if !text.contains('\n') => return Some(Edit { span, text }),
            Change::Replace { span, text } => {
                let line_break = Page::of(self.sources.file_of(span)?).line_break();
                return Some(Edit { span, text: text.replace("\r\n", "\n").replace('\n', line_break) });
            }
            Change::Swap { span, old, text } => return swap(self.sources.file_of(span)?, span, &old, &text),
            Change::Remove { span } | Change::AddLine { section: span, .. } | Change::AddSection { file: span, .. } => {
                span
            }
            Change::Set { owner, .. } | Change::AddItem { owner, .. } => owner,
        };
        let file = self.sources.file_of(span)?;
        let (at, page) = (self.sources.index_of(span)?, Page::of(file));
        let kind = Kind::of(&file.name);
        if kind == Kind::Unit {
            let tree = self.units.entry(at).or_insert_with(|| lines::parse(file, Dialect::Joined));
            return match &change {
                Change::Remove { span } => unit::remove(page, tree, *span),
                Change::AddLine { section, line } => unit::add_line(page, tree, *section, line),
                Change::AddSection { text, .. } => Some(unit::add_section(page, text)),
                _ => None,
            };
        }
        let root = self.outline(at, file)?;
        match &change {
            Change::Remove { span } => yaml::remove(page, root, *span),
            Change::Set { owner, path, value } => yaml::set(page, root, *owner, path, value),
            Change::AddItem { owner, path, item } => yaml::add_item(page, root, *owner, path, item),
            _ => None,
        }
    }
}

impl<'a> Trees<'a> {
    fn outline(&mut self, at: usize, file: &'a SourceFile) -> Option<&tree::Node> {
        let read = || tree::outline(file).filter(|_| Kind::of(&file.name) == Kind::Yaml);
        self.outlines.entry(at).or_insert_with(read).as_ref()
    }

    /// Whether a place stands behind an anchor that something refers to, or in a sample of an env file.
    fn is_shared(&mut self, span: Span) -> bool {
        let at = self.sources.index_of(span);
        let Some((at, file)) = at.and_then(|at| Some((at, self.sources.files().nth(at)?))) else { return true };
        let kind = Kind::of(&file.name);
        let sample = || ["example", "sample", "template", "dist"].iter().any(|word| file.name.contains(word));
        (kind == Kind::Other && sample())
            || (kind == Kind::Yaml
                && self.outline(at, file).is_some_and(|root| yaml::is_aliased(Page::of(file), root, span)))
    }
}

/// A text in place of a certain one.
fn swap(file: &SourceFile, span: Span, old: &str, text: &str) -> Option<Edit> {
    let there = file.text.get(file.local(span.start)..file.local(span.end))?;
    let bare = there.strip_prefix(['"', '\'']).filter(|bare| bare.starts_with(old)).unwrap_or(there);
    let from = match bare.starts_with(old) {
        true => there.len() - bare.len(),
        false => only(there, old)?,
    };
    Some(Edit { span: span.part(from, from + old.len()), text: text.to_owned() })
}

/// Where a text stands in another one, as whole words and once, which neither escapes nor variables hide.
fn only(there: &str, text: &str) -> Option<usize> {
    let is_part = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '.');
    let mut found = there.match_indices(text).filter(|(at, _)| {
        let (before, behind) = (there.get(..*at).unwrap_or(""), there.get(at + text.len()..).unwrap_or(""));
        !before.ends_with(is_part) && !behind.starts_with(is_part)
    });
    let (at, _) = found.next()?;
    (found.next().is_none() && !there.contains(['$', '\\', '\n'])).then_some(at)
}

#[cfg(test)]
mod tests;
