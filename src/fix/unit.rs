//! Edits of unit files.

use super::{Edit, page::Page};
use crate::source::Span;
use crate::syntax::unit::{Entry, Tree};

/// The lines of the entry at a place gone.
pub(super) fn remove(page: Page<'_>, tree: &Tree, at: Span) -> Option<Edit> {
    let entry = tree.entries.iter().find(|entry| {
        let whole = entry.key_span.to(entry.value.span);
        whole.start <= at.start && at.start <= whole.end
    })?;
    Some(page.without_lines(page.local(entry.key_span.start), page.local(end(entry))))
}

/// A line in a section: behind the last of its key, else behind the section's last.
pub(super) fn add_line(page: Page<'_>, tree: &Tree, section: Span, line: &str) -> Option<Edit> {
    let (name, header) = tree.sections.iter().find(|(_, span)| span.start == section.start)?;
    let next = tree.sections.iter().map(|(_, span)| span.start).filter(|start| *start > header.start).min();
    let inside = |entry: &&Entry| entry.key_span.start > header.start && next.is_none_or(|n| entry.key_span.start < n);
    let key = line.split('=').next().unwrap_or("").trim();
    let same = tree.entries.iter().rfind(|entry| entry.section == *name && entry.key == key && inside(entry));
    let last = same.or_else(|| tree.entries.iter().rfind(inside));
    let behind = last.map_or(header.end, end);
    // A line that wants to go on would swallow the new one.
    let at = page.local(behind);
    (!page.slice(at, page.line_end(at)).trim_end().ends_with('\\')).then(|| page.behind_line(at, line))
}

/// A section at the end of the file.
pub(super) fn add_section(page: Page<'_>, section: &str) -> Edit {
    let (end, line_break) = (page.text.len(), page.line_break());
    let gap = match page.text {
        "" => "",
        text if text.ends_with('\n') => line_break,
        _ => &line_break.repeat(2),
    };
    page.edit(end, end, format!("{gap}{}{line_break}", section.replace('\n', line_break)))
}

/// The last place of an entry.
fn end(entry: &Entry) -> u32 {
    entry.key_span.end.max(entry.value.span.end)
}
