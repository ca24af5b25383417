//! A code quality report, which GitLab shows in merge requests. These structs are what it reads of one.

use serde::Serialize;

use super::fingerprint::fingerprints;
use super::{Report, message};
use crate::diagnostic::{Diagnostic, Level, input};

#[derive(Serialize)]
struct Issue {
    description: String,
    check_name: String,
    fingerprint: String,
    severity: &'static str,
    location: Location,
}

#[derive(Serialize)]
struct Location {
    path: String,
    lines: Lines,
}

#[derive(Serialize)]
struct Lines {
    begin: usize,
    end: usize,
}

pub(super) fn write(report: &Report<'_>) -> String {
    let issues = report.findings.iter().zip(fingerprints(report)).map(|(finding, fingerprint)| Issue {
        description: format!("{} {}: {}", finding.rule.code, finding.rule.name, message(finding)),
        check_name: format!("{} {}", finding.rule.code, finding.rule.name),
        fingerprint,
        severity: severity(finding),
        location: location(report, finding),
    });
    // Texts and numbers only: nothing here can fail to be written.
    serde_json::to_string_pretty(&issues.collect::<Vec<_>>()).unwrap_or_default() + "\n"
}

/// GitLab's five words, of which the worst is for what was not looked at.
fn severity(finding: &Diagnostic) -> &'static str {
    match finding.severity {
        _ if [input::COULD_NOT_RUN.code, input::SYNTAX_ERROR.code].contains(&finding.rule.code) => "blocker",
        Level::Error => "critical",
        Level::Warning => "minor",
        Level::Info => "info",
    }
}

fn location(report: &Report<'_>, finding: &Diagnostic) -> Location {
    let span = finding.span();
    let Some(file) = report.sources.file_of(span) else {
        return Location { path: String::new(), lines: Lines { begin: 1, end: 1 } };
    };
    let lines = Lines { begin: file.position(span.start).line, end: file.position(span.end).line };
    Location { path: file.name.clone(), lines }
}
