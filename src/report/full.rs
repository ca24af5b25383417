//! The source with labels, for people. The only place that knows miette.

use std::fmt;

use miette::{
    GraphicalReportHandler, GraphicalTheme, LabeledSpan, MietteError, MietteSpanContents, Severity, SourceCode,
    SourceSpan, SpanContents,
};

use super::{Report, WIDTH, help, mask, message};
use crate::diagnostic::{Diagnostic, Level};
use crate::source::{SourceMap, Span};

pub(super) fn write(report: &Report<'_>, colour: bool) -> String {
    let mut text = findings(report, colour);
    text.push_str(&report.summary.text(WIDTH));
    text
}

pub(super) fn findings(report: &Report<'_>, colour: bool) -> String {
    let theme = if colour { GraphicalTheme::unicode() } else { GraphicalTheme::unicode_nocolor() };
    let handler = GraphicalReportHandler::new_themed(theme)
        .with_width(WIDTH)
        .with_links(false)
        .with_context_lines(0)
        .with_wrap_lines(true)
        .with_break_words(false)
        .with_word_separator(textwrap::WordSeparator::AsciiSpace)
        .with_word_splitter(textwrap::WordSplitter::NoHyphenation);
    let masked = if report.findings.is_empty() { Vec::new() } else { masked(report.sources) };
    let mut text = String::new();
    for finding in report.findings {
        let view = View { finding, sources: report.sources, masked: &masked };
        // A report into a String fails only if a place lies in no file; then the line still says what is wrong.
        if handler.render_report(&mut text, &view).is_err() {
            text.push_str(&format!("{}: {}\n", finding.rule.code, message(finding)));
        }
        text.push('\n');
    }
    text
}

/// The text of every file with its secrets masked, byte for byte as long.
pub fn masked(sources: &SourceMap) -> Vec<String> {
    let files = sources.files().map(|file| {
        let own = sources
            .secrets()
            .iter()
            .filter(|secret| file.span().start <= secret.start && secret.end <= file.span().end);
        let known: Vec<(usize, usize)> = own.map(|secret| (file.local(secret.start), file.local(secret.end))).collect();
        mask::mask_with(&file.text, &known)
    });
    files.collect()
}

/// A finding as miette wants to see it.
struct View<'a> {
    finding: &'a Diagnostic,
    sources: &'a SourceMap,
    masked: &'a [String],
}

impl fmt::Debug for View<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.finding.fmt(f)
    }
}

impl fmt::Display for View<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&message(self.finding))
    }
}

impl std::error::Error for View<'_> {}

impl miette::Diagnostic for View<'_> {
    fn code<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        let rule = self.finding.rule;
        Some(Box::new(format!("{} {} {}", self.finding.severity.word(), rule.code, rule.name)))
    }

    fn severity(&self) -> Option<Severity> {
        Some(match self.finding.severity {
            Level::Error => Severity::Error,
            Level::Warning => Severity::Warning,
            Level::Info => Severity::Advice,
        })
    }

    fn help<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        let finding = self.finding;
        (!finding.help.is_empty()).then(|| Box::new(help(finding, "\n")) as Box<dyn fmt::Display>)
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        let labels = self.finding.labels.iter().enumerate().map(|(at, label)| {
            let text = Some(mask::mask(&label.message)).filter(|text| !text.is_empty());
            let span = SourceSpan::from((label.span.start as usize, (label.span.end - label.span.start) as usize));
            if at == 0 {
                LabeledSpan::new_primary_with_span(text, span)
            } else {
                LabeledSpan::new_with_span(text, span)
            }
        });
        Some(Box::new(labels))
    }

    fn source_code(&self) -> Option<&dyn SourceCode> {
        Some(self)
    }
}

/// The source map as one source: finds the file by the offset, and leaves the rest to miette.
impl SourceCode for View<'_> {
    fn read_span<'a>(
        &'a self,
        span: &SourceSpan,
        _lines_before: usize,
        _lines_after: usize,
    ) -> Result<Box<dyn SpanContents<'a> + 'a>, MietteError> {
        let global = Span::new(span.offset() as u32, (span.offset() + span.len()) as u32);
        let at = self.sources.index_of(global).ok_or(MietteError::OutOfBounds)?;
        let (file, text) = self.sources.files().nth(at).zip(self.masked.get(at)).ok_or(MietteError::OutOfBounds)?;
        // A span over two files belongs to none: miette then shows the labels apart.
        if global.end > file.span().end {
            return Err(MietteError::OutOfBounds);
        }
        // Whole lines, and no more of them than the labels lie on.
        let (start, end) = (file.local(global.start), file.local(global.end));
        let first = text.get(..start).and_then(|before| before.rfind('\n')).map_or(0, |line| line + 1);
        let last = text.get(end..).and_then(|after| after.find('\n')).map_or(text.len(), |line| end + line + 1);
        let data = text.get(first..last).ok_or(MietteError::OutOfBounds)?;
        let shown = SourceSpan::from((first + file.span().start as usize, data.len()));
        let at = file.position(global.start);
        let (line, column, lines) = (at.line - 1, at.column - 1, data.lines().count());
        Ok(Box::new(MietteSpanContents::new_named(file.name.clone(), data.as_bytes(), shown, line, column, lines)))
    }
}
