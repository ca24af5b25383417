//! SARIF 2.1.0, which code scanning reads. These structs are the part of the standard that quadgen writes.

use serde::Serialize;

use super::fingerprint::fingerprints;
use super::{Report, help, mask::mask, masked::Masked, message};
use crate::diagnostic::{Change, Diagnostic, Fix, Label, Level, Rule};
use crate::source::{COMMAND_LINE, SourceMap, Span};

const SCHEMA: &str = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json";

#[derive(Serialize)]
struct Log {
    #[serde(rename = "$schema")]
    schema: &'static str,
    version: &'static str,
    runs: [Run; 1],
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Run {
    tool: Tool,
    invocations: [Invocation; 1],
    column_kind: &'static str,
    results: Vec<ResultOut>,
}

#[derive(Serialize)]
struct Tool {
    driver: Driver,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Driver {
    name: &'static str,
    semantic_version: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    information_uri: Option<&'static str>,
    rules: Vec<RuleOut>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct RuleOut {
    id: &'static str,
    name: &'static str,
    short_description: Text,
    full_description: Text,
    help: Help,
    default_configuration: Configuration,
    #[serde(skip_serializing_if = "Option::is_none")]
    help_uri: Option<String>,
}

#[derive(Serialize)]
struct Configuration {
    level: &'static str,
}

#[derive(Serialize)]
struct Text {
    text: String,
}

#[derive(Serialize)]
struct Help {
    text: &'static str,
    markdown: &'static str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Invocation {
    execution_successful: bool,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    tool_execution_notifications: Vec<Notification>,
}

/// What is wrong with the command line, which is no place in a file.
#[derive(Serialize)]
struct Notification {
    level: &'static str,
    message: Text,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ResultOut {
    rule_id: &'static str,
    rule_index: usize,
    level: &'static str,
    message: Text,
    locations: [Location; 1],
    #[serde(skip_serializing_if = "Vec::is_empty")]
    related_locations: Vec<Location>,
    partial_fingerprints: Fingerprints,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    fixes: Vec<FixOut>,
    /// Filled where a comment silenced it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    suppressions: Vec<Suppression>,
    properties: Properties,
}

#[derive(Serialize)]
struct Suppression {
    kind: &'static str,
    #[serde(skip_serializing_if = "String::is_empty")]
    justification: String,
}

#[derive(Serialize)]
struct Fingerprints {
    #[serde(rename = "quadgenFinding/v1")]
    finding: String,
}

#[derive(Serialize)]
struct Properties {
    stack: String,
    platforms: Vec<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Location {
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<usize>,
    physical_location: Physical,
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<Text>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Physical {
    artifact_location: Artifact,
    region: Region,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Artifact {
    uri: String,
    uri_base_id: &'static str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Region {
    start_line: usize,
    start_column: usize,
    end_line: usize,
    end_column: usize,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct FixOut {
    description: Text,
    artifact_changes: Vec<ArtifactChange>,
    properties: FixProperties,
}

#[derive(Serialize)]
struct FixProperties {
    safe: bool,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ArtifactChange {
    artifact_location: Artifact,
    replacements: Vec<Replacement>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Replacement {
    deleted_region: Region,
    inserted_content: Text,
}

pub(super) fn write(report: &Report<'_>) -> String {
    let (sources, masked) = (report.sources, Masked::new(report.sources));
    let is_typed = |finding: &Diagnostic| sources.file_of(finding.span()).is_none_or(|file| file.name == COMMAND_LINE);
    // The rules that speak, by code.
    let placed = || report.findings.iter().zip(fingerprints(report)).filter(|(finding, _)| !is_typed(finding));
    let mut rules: Vec<&'static Rule> = placed().map(|(finding, _)| finding.rule).collect();
    rules.sort_by_key(|rule| rule.code);
    rules.dedup_by_key(|rule| rule.code);
    let index = |rule: &Rule| rules.partition_point(|other| other.code < rule.code);
    let notifications = report
        .findings
        .iter()
        .filter(|finding| is_typed(finding))
        .map(|finding| Notification { level: level(finding.severity), message: Text { text: with_help(finding) } });
    let log = Log {
        schema: SCHEMA,
        version: "2.1.0",
        runs: [Run {
            tool: Tool {
                driver: Driver {
                    name: "quadgen",
                    semantic_version: env!("CARGO_PKG_VERSION"),
                    information_uri: Some(env!("CARGO_PKG_REPOSITORY")).filter(|address| !address.is_empty()),
                    rules: rules.iter().map(|rule| described(rule)).collect(),
                },
            },
            invocations: [Invocation {
                execution_successful: report.summary.complete,
                tool_execution_notifications: notifications.collect(),
            }],
            column_kind: "unicodeCodePoints",
            results: placed().map(|(found, print)| result(sources, &masked, found, index(found.rule), print)).collect(),
        }],
    };
    // Texts and numbers only: nothing here can fail to be written.
    serde_json::to_string_pretty(&log).unwrap_or_default() + "\n"
}

fn described(rule: &'static Rule) -> RuleOut {
    RuleOut {
        id: rule.code,
        name: rule.name,
        short_description: Text { text: rule.summary.to_owned() },
        full_description: Text { text: catches(rule) },
        help: Help { text: rule.page, markdown: rule.page },
        default_configuration: Configuration { level: level(rule.level) },
        help_uri: rule.url(),
    }
}

/// The first paragraph of a rule's page, in one line.
fn catches(rule: &Rule) -> String {
    let lines = rule.page.lines().skip_while(|line| *line != "## What it catches").skip(1);
    let paragraph = lines.skip_while(|line| line.is_empty()).take_while(|line| !line.is_empty());
    paragraph.collect::<Vec<_>>().join(" ")
}

fn level(level: Level) -> &'static str {
    match level {
        Level::Error => "error",
        Level::Warning => "warning",
        Level::Info => "note",
    }
}

fn with_help(finding: &Diagnostic) -> String {
    let help = help(finding, "\n\n");
    let between = if help.is_empty() { "" } else { "\n\n" };
    format!("{}{between}{help}", message(finding))
}

fn result(
    sources: &SourceMap,
    masked: &Masked<'_>,
    finding: &Diagnostic,
    rule_index: usize,
    fingerprint: String,
) -> ResultOut {
    let mut labels = finding.labels.iter();
    let primary =
        labels.next().map_or_else(|| location(sources, None, None), |label| location(sources, None, Some(label)));
    let related = labels.enumerate().map(|(at, label)| location(sources, Some(at + 1), Some(label)));
    ResultOut {
        rule_id: finding.rule.code,
        rule_index,
        level: level(finding.severity),
        message: Text { text: with_help(finding) },
        locations: [primary],
        related_locations: related.collect(),
        partial_fingerprints: Fingerprints { finding: fingerprint },
        fixes: masked.fixes(finding).into_iter().map(|fix| fix_out(sources, fix)).collect(),
        suppressions: finding
            .suppressed
            .iter()
            .map(|why| Suppression { kind: "inSource", justification: mask(why) })
            .collect(),
        properties: Properties { stack: finding.stack.clone(), platforms: finding.platforms.clone() },
    }
}

fn location(sources: &SourceMap, id: Option<usize>, label: Option<&Label>) -> Location {
    let span = label.map(|label| label.span).unwrap_or_default();
    let message = label.map(|label| Text { text: mask(&label.message) }).filter(|message| !message.text.is_empty());
    let physical_location = Physical { artifact_location: artifact(sources, span), region: region(sources, span) };
    Location { id, physical_location, message }
}

/// The file, as a URI below the folder in which quadgen ran.
fn artifact(sources: &SourceMap, span: Span) -> Artifact {
    let name = sources.file_of(span).map_or("", |file| file.name.as_str());
    let mut uri = String::new();
    for byte in name.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~/".contains(&byte) {
            uri.push(char::from(byte));
        } else {
            uri.push_str(&format!("%{byte:02X}"));
        }
    }
    Artifact { uri, uri_base_id: "%SRCROOT%" }
}

fn region(sources: &SourceMap, span: Span) -> Region {
    let Some(file) = sources.file_of(span) else {
        return Region { start_line: 1, start_column: 1, end_line: 1, end_column: 1 };
    };
    let (start, end) = (file.position(span.start), file.position(span.end));
    Region { start_line: start.line, start_column: start.column, end_line: end.line, end_column: end.column }
}

fn fix_out(sources: &SourceMap, fix: &Fix) -> FixOut {
    let mut changes: Vec<ArtifactChange> = Vec::new();
    for change in &fix.changes {
        let Change::Replace { span, text } = change else { continue };
        let artifact = artifact(sources, *span);
        let replacement =
            Replacement { deleted_region: region(sources, *span), inserted_content: Text { text: text.clone() } };
        match changes.iter_mut().find(|change| change.artifact_location.uri == artifact.uri) {
            Some(change) => change.replacements.push(replacement),
            None => changes.push(ArtifactChange { artifact_location: artifact, replacements: vec![replacement] }),
        }
    }
    FixOut {
        description: Text { text: mask(&fix.title) },
        artifact_changes: changes,
        properties: FixProperties { safe: fix.safe },
    }
}
