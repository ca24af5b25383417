//! A file's text, looked at line by line.

use super::Edit;
use crate::source::{SourceFile, Span};

/// The text of a file, with the place where it begins in the address space of all files.
#[derive(Clone, Copy)]
pub(super) struct Page<'a> {
    pub text: &'a str,
    start: u32,
}

impl<'a> Page<'a> {
    pub fn of(file: &'a SourceFile) -> Self {
        Page { text: &file.text, start: file.span().start }
    }

    /// Where a place stands in the text, by bytes.
    pub fn local(self, at: u32) -> usize {
        (at.saturating_sub(self.start) as usize).min(self.text.len())
    }

    pub fn slice(self, from: usize, to: usize) -> &'a str {
        self.text.get(from..to).unwrap_or("")
    }

    /// The first byte of a place's line.
    pub fn line_start(self, at: usize) -> usize {
        self.slice(0, at).rfind('\n').map_or(0, |line| line + 1)
    }

    /// What stands on a place's line before it.
    pub fn before(self, at: usize) -> &'a str {
        self.slice(self.line_start(at), at)
    }

    /// The end of a place's line, in front of its line break.
    pub fn line_end(self, at: usize) -> usize {
        let rest = self.slice(at, self.text.len());
        let end = at + rest.find('\n').unwrap_or(rest.len());
        if self.slice(at, end).ends_with('\r') { end - 1 } else { end }
    }

    /// The place behind the line break of a place's line.
    pub fn next_line(self, at: usize) -> usize {
        let rest = self.slice(at, self.text.len());
        rest.find('\n').map_or(self.text.len(), |line| at + line + 1)
    }

    /// The line break of the file.
    pub fn line_break(self) -> &'static str {
        if self.text.contains("\r\n") { "\r\n" } else { "\n" }
    }

    /// A text in place of what stands between two places.
    pub fn edit(self, from: usize, to: usize, text: impl Into<String>) -> Edit {
        Edit { span: Span::new(self.start + from as u32, self.start + to as u32), text: text.into() }
    }

    /// Whole lines gone: from that of `from` to that of `to`.
    pub fn without_lines(self, from: usize, to: usize) -> Edit {
        let (start, end) = (self.line_start(from), self.next_line(to));
        if end == self.text.len() && !self.text.ends_with('\n') && start > 0 {
            // The last line goes with the line break before it, so that the file still ends without one.
            let before = self.line_end(self.line_start(start - 1));
            return self.edit(before, end, "");
        }
        self.edit(start, end, "")
    }

    /// New lines behind that of a place.
    pub fn behind_line(self, at: usize, lines: &str) -> Edit {
        let end = self.line_end(at);
        self.edit(end, end, format!("{}{}", self.line_break(), lines.replace('\n', self.line_break())))
    }
}
