//! Version 1 of the JSON report. These structs are the contract: fields are added, never changed.

use serde::Serialize;

use super::{Report, help, mask::mask, masked::Masked, message, summary, summary::StackFiles};
use crate::diagnostic::{Change, Diagnostic, Label};
use crate::model::Format;
use crate::source::{SourceMap, Span};

#[derive(Serialize)]
struct Root {
    version: u8,
    findings: Vec<Finding>,
    summary: Summary,
}

#[derive(Serialize)]
struct Finding {
    code: &'static str,
    name: &'static str,
    severity: &'static str,
    message: String,
    stack: String,
    platforms: Vec<String>,
    #[serde(flatten)]
    place: Place,
    help: String,
    url: Option<String>,
    labels: Vec<LabelOut>,
    fixes: Vec<Fix>,
    suppressed: Option<Suppressed>,
}

#[derive(Serialize)]
struct Place {
    file: String,
    line: usize,
    column: usize,
    end_line: usize,
    end_column: usize,
}

#[derive(Serialize)]
struct LabelOut {
    #[serde(flatten)]
    place: Place,
    message: String,
    primary: bool,
}

#[derive(Serialize)]
struct Fix {
    title: String,
    safe: bool,
    edits: Vec<Edit>,
}

#[derive(Serialize)]
struct Edit {
    file: String,
    start: usize,
    end: usize,
    text: String,
}

#[derive(Serialize)]
struct Suppressed {
    reason: String,
}

#[derive(Serialize)]
struct Summary {
    files: usize,
    errors: usize,
    warnings: usize,
    infos: usize,
    complete: bool,
    assumed: Vec<Assumed>,
    intents: Intents,
    stacks: Vec<Stack>,
    not_read: Vec<NotRead>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    notes: Vec<String>,
}

#[derive(Serialize)]
struct Stack {
    stack: String,
    format: &'static str,
    files: Vec<String>,
    notes: Vec<String>,
}

#[derive(Serialize)]
struct NotRead {
    file: String,
    why: String,
}

#[derive(Serialize)]
struct Assumed {
    stack: String,
    platform: String,
    words: Vec<String>,
}

#[derive(Serialize)]
struct Intents {
    stated: usize,
    proven: usize,
    broken: usize,
    unknown: usize,
}

pub(super) fn write(report: &Report<'_>) -> String {
    let (summary, masked) = (report.summary, Masked::new(report.sources));
    let assumed = summary.assumed.iter().map(|assumed| Assumed {
        stack: assumed.stack.clone(),
        platform: assumed.platform.clone(),
        words: assumed.words.clone(),
    });
    let root = Root {
        version: 1,
        findings: report.findings.iter().map(|found| finding(report.sources, &masked, found)).collect(),
        summary: Summary {
            files: summary.files,
            errors: summary.errors,
            warnings: summary.warnings,
            infos: summary.infos,
            complete: summary.complete,
            assumed: assumed.collect(),
            intents: Intents {
                stated: summary.intents.stated(),
                proven: summary.intents.proven.len(),
                broken: summary.intents.broken.len(),
                unknown: summary.intents.unknown.len(),
            },
            stacks: summary.stacks.iter().map(stack).collect(),
            not_read: summary.not_read.iter().flat_map(not_read).collect(),
            notes: summary.notes.clone(),
        },
    };
    // Texts and numbers only: nothing here can fail to be written.
    let mut text = serde_json::to_string_pretty(&root).unwrap_or_default();
    text.push('\n');
    text
}

fn stack(found: &StackFiles) -> Stack {
    let format = match found.format {
        Format::Topology => "topology",
        Format::Compose => "compose",
        Format::Quadlet => "quadlet",
    };
    let notes = found.notes.iter().map(|note| mask(note)).collect();
    Stack { stack: found.stack.clone(), format, files: found.files.to_vec(), notes }
}

fn not_read(left: &summary::NotRead) -> impl Iterator<Item = NotRead> + '_ {
    left.files.iter().map(|file| NotRead { file: file.clone(), why: left.why.clone() })
}

fn finding(sources: &SourceMap, masked: &Masked<'_>, found: &Diagnostic) -> Finding {
    let labels = found.labels.iter().enumerate().map(|(at, Label { span, message })| LabelOut {
        place: place(sources, *span),
        message: mask(message),
        primary: at == 0,
    });
    let fixes = masked.fixes(found).into_iter().map(|fix| Fix {
        title: mask(&fix.title),
        safe: fix.safe,
        edits: fix.changes.iter().filter_map(|change| edit(sources, change)).collect(),
    });
    Finding {
        code: found.rule.code,
        name: found.rule.name,
        severity: found.severity.word(),
        message: message(&Diagnostic { platforms: Vec::new(), ..found.clone() }),
        stack: found.stack.clone(),
        platforms: found.platforms.clone(),
        place: place(sources, found.span()),
        help: help(found, "\n\n"),
        url: found.rule.url(),
        labels: labels.collect(),
        fixes: fixes.collect(),
        suppressed: found.suppressed.as_ref().map(|reason| Suppressed { reason: mask(reason) }),
    }
}

fn place(sources: &SourceMap, span: Span) -> Place {
    let Some(file) = sources.file_of(span) else {
        return Place { file: String::new(), line: 1, column: 1, end_line: 1, end_column: 1 };
    };
    let (start, end) = (file.position(span.start), file.position(span.end));
    Place {
        file: file.name.clone(),
        line: start.line,
        column: start.column,
        end_line: end.line,
        end_column: end.column,
    }
}

fn edit(sources: &SourceMap, change: &Change) -> Option<Edit> {
    // The others became texts before.
    let Change::Replace { span, text } = change else { return None };
    let file = sources.file_of(*span)?;
    let (start, end) = (file.local(span.start), file.local(span.end));
    Some(Edit { file: file.name.clone(), start, end, text: text.clone() })
}
