//! One line for each finding: `file:line:col: level CODE name: message`.

use std::fmt::Write;

use super::{Report, message};

pub(super) fn write(report: &Report<'_>) -> String {
    findings(report) + &report.summary.text(usize::MAX)
}

pub(super) fn findings(report: &Report<'_>) -> String {
    let mut text = String::new();
    for finding in report.findings {
        let (place, rule) = (report.sources.place(finding.span()), finding.rule);
        let message = message(finding).replace('\n', " ");
        let _ = writeln!(text, "{place}: {} {} {}: {message}", finding.severity.word(), rule.code, rule.name);
    }
    text
}
