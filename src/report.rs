//! Findings → text for people and programs: a small file for each format.

pub mod changes;
mod concise;
mod diff;
mod fingerprint;
mod full;
mod github;
mod gitlab;
mod json;
mod junit;
mod markdown;
mod mask;
mod masked;
pub mod matrix;
pub mod rules;
mod sarif;
mod summary;

pub use diff::diff;
pub use masked::Masked;
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
    /// SARIF 2.1.0.
    Sarif,
    /// Workflow commands, which GitHub shows beside the lines of a change.
    Github,
    /// A code quality report, as GitLab reads it.
    Gitlab,
    /// JUnit's XML, which nearly every CI reads.
    Junit,
}

impl Format {
    /// Whether people read it: then the summary stands at its end, and what kept quadgen from working goes elsewhere.
    pub fn is_for_people(self) -> bool {
        matches!(self, Format::Full | Format::Concise)
    }
}

impl Report<'_> {
    /// Writes the report as text that ends with a line break. Colour counts for [`Format::Full`] only.
    pub fn write(&self, format: Format, colour: bool) -> String {
        match format {
            Format::Full => full::write(self, colour),
            Format::Concise => concise::write(self),
            Format::Json => json::write(self),
            Format::Sarif => sarif::write(self),
            Format::Github => github::write(self),
            Format::Gitlab => gitlab::write(self),
            Format::Junit => junit::write(self),
        }
    }

    /// The same without the summary that people read.
    pub fn write_quiet(&self, format: Format, colour: bool) -> String {
        match format {
            Format::Full => full::findings(self, colour),
            Format::Concise => concise::findings(self),
            _ => self.write(format, colour),
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

/// The message, the places that play a part, and the help, as one text for those who see no source beside it.
fn whole(sources: &SourceMap, finding: &Diagnostic) -> String {
    let mut paragraphs = vec![message(finding)];
    let told = finding.labels.iter().filter(|label| !label.message.is_empty());
    let places = told.map(|label| format!("{}: {}", sources.place(label.span), mask::mask(&label.message)));
    paragraphs.extend(Some(places.collect::<Vec<_>>().join("\n")).filter(|places| !places.is_empty()));
    paragraphs.extend(Some(help(finding, "\n\n")).filter(|help| !help.is_empty()));
    paragraphs.join("\n\n")
}
