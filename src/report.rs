//! Findings → text for people and programs: a small file for each format.

pub mod changes;
mod concise;
mod diff;
mod full;
mod json;
mod markdown;
mod mask;
pub mod matrix;
mod summary;

pub use diff::diff;
pub use full::masked;
pub use summary::{Assumed, Intents, NotRead, StackFiles, Summary};

use crate::diagnostic::Diagnostic;
use crate::source::SourceMap;

/// Everything that a report tells of.
pub struct Report<'a> {
    /// The files that places lie in.
    pub sources: &'a SourceMap,
    /// The findings, in order.
    pub findings: &'a [Diagnostic],
    /// Counts, assumptions and intents.
    pub summary: &'a Summary,
}

/// The formats of a report.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Format {
    /// The source with labels, and every explanation.
    Full,
    /// One line each: `file:line:col: level CODE name: message`.
    Concise,
    /// Version 1 of the contract.
    Json,
}

impl Report<'_> {
    /// Writes the report as text that ends with a line break. Colour counts for [`Format::Full`] only.
    pub fn write(&self, format: Format, colour: bool) -> String {
        match format {
            Format::Full => full::write(self, colour),
            Format::Concise => concise::write(self),
            Format::Json => json::write(self),
        }
    }

    /// The same without the summary, which JSON always has.
    pub fn write_quiet(&self, format: Format, colour: bool) -> String {
        match format {
            Format::Full => full::findings(self, colour),
            Format::Concise => concise::findings(self),
            Format::Json => json::write(self),
        }
    }
}

/// Columns that texts for people keep to, so that they read well in a terminal and in a log.
const WIDTH: usize = 80;

/// A paragraph in lines of at most 80 columns, those after the first indented.
pub fn wrap(text: &str) -> String {
    textwrap::fill(text, wrapping(WIDTH))
}

/// Lines break at blanks only: a name, a path or a URL stays whole.
fn wrapping(width: usize) -> textwrap::Options<'static> {
    textwrap::Options::new(width)
        .subsequent_indent("  ")
        .break_words(false)
        .word_separator(textwrap::WordSeparator::AsciiSpace)
        .word_splitter(textwrap::WordSplitter::NoHyphenation)
}

/// The help as one text; a paragraph that is about some of the finding's platforms only says about which.
fn help(finding: &Diagnostic, between: &str) -> String {
    let paragraphs = finding.help.iter().map(|help| {
        if help.platforms.len() < finding.platforms.len() {
            format!("[{}] {}", help.platforms.join(", "), help.text)
        } else {
            help.text.clone()
        }
    });
    mask::mask(&paragraphs.collect::<Vec<_>>().join(between))
}

/// The message with the platforms it holds for.
fn message(finding: &Diagnostic) -> String {
    let text = mask::mask(&finding.message);
    if finding.platforms.is_empty() { text } else { format!("{text} [{}]", finding.platforms.join(", ")) }
}
