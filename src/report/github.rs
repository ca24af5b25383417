//! Workflow commands: GitHub shows each beside its line of a change, and in the log.

use std::fmt::Write;

use super::{Report, whole};
use crate::diagnostic::Level;
use crate::source::COMMAND_LINE;

/// A line for each finding and nothing else: a runner that reads the log would take other lines for commands, too.
pub(super) fn write(report: &Report<'_>) -> String {
    let mut text = String::new();
    for finding in report.findings {
        let command = match finding.severity {
            Level::Error => "error",
            Level::Warning => "warning",
            Level::Info => "notice",
        };
        let _ = write!(text, "::{command} ");
        let span = finding.span();
        if let Some(file) = report.sources.file_of(span).filter(|file| file.name != COMMAND_LINE) {
            let (start, end) = (file.position(span.start), file.position(span.end));
            let _ = write!(text, "file={},line={},endLine={},", property(&file.name), start.line, end.line);
            // Columns hold within one line only.
            if start.line == end.line {
                let _ = write!(text, "col={},endColumn={},", start.column, end.column);
            }
        }
        let title = format!("{} {}", finding.rule.code, finding.rule.name);
        let _ = writeln!(text, "title={}::{}", property(&title), data(&whole(report.sources, finding)));
    }
    text
}

fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}
