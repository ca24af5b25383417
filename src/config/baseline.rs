//! A baseline: findings that are known, and that nobody wants to hear of again.
//!
//! A finding is known by its rule, its file and the text at its primary place, so that it stays known where lines move
//! or its words change. Only a hash of the text is kept. The stack is not: a Compose project is called after its
//! folder, which another checkout names differently.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::diagnostic::{Diagnostic, input};
use crate::source::{SourceFile, Span};

/// The form of the file that this release writes.
const VERSION: u32 = 1;

/// What makes findings one and the same.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Known {
    /// The file's path, from the baseline's folder on, with `/`.
    pub file: String,
    /// The rule's code.
    pub code: String,
    /// Of rule, file and text.
    pub fingerprint: String,
}

impl Known {
    /// A finding of a rule in a file; `text` is that of its primary place, without secrets.
    pub fn new(code: &str, file: &str, text: &str) -> Self {
        let words: Vec<&str> = text.split_whitespace().collect();
        let hash = Sha256::digest(format!("{code}\0{file}\0{}", words.join(" ")).as_bytes());
        let fingerprint = hash.iter().take(8).map(|byte| format!("{byte:02x}")).collect();
        Known { file: file.to_owned(), code: code.to_owned(), fingerprint }
    }
}

/// Findings that are known, each with how many of them there are.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Baseline(pub BTreeMap<Known, usize>);

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Root {
    version: u32,
    findings: Vec<Row>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Row {
    file: String,
    code: String,
    fingerprint: String,
    count: usize,
}

impl Baseline {
    /// Reads a baseline.
    ///
    /// # Errors
    /// What is wrong with it, at its place.
    pub fn read(file: &SourceFile) -> Result<Self, Box<Diagnostic>> {
        let fault = |span: Span, message: String| {
            let finding = Diagnostic::new(&input::COULD_NOT_RUN, span, message);
            Box::new(finding.help("`quadgen lint --write-baseline` writes one anew."))
        };
        let root: Root = serde_json::from_str(&file.text).map_err(|error| {
            let lines = file.text.split_inclusive('\n').take(error.line().saturating_sub(1)).map(str::len);
            let at = (lines.sum::<usize>() + error.column().saturating_sub(1)).min(file.text.len().saturating_sub(1));
            let said = error.to_string();
            let said = said.split(" at line ").next().unwrap_or(&said).to_owned();
            fault(file.span().part(at, at + 1), format!("cannot read this as a baseline: {said}"))
        })?;
        if root.version != VERSION {
            let message = format!("this is a baseline of version {}, and quadgen reads {VERSION}", root.version);
            return Err(fault(file.span().part(0, 1), message));
        }
        let mut known = Baseline::default();
        for row in root.findings {
            let key = Known { file: row.file, code: row.code, fingerprint: row.fingerprint };
            *known.0.entry(key).or_default() += row.count;
        }
        Ok(known)
    }

    /// The text of the file: sorted, a line for each.
    pub fn write(&self) -> String {
        let rows = self.0.iter().filter(|(_, count)| **count > 0).map(|(known, count)| {
            let row = Row {
                file: known.file.clone(),
                code: known.code.clone(),
                fingerprint: known.fingerprint.clone(),
                count: *count,
            };
            // Texts and numbers only: nothing here can fail to be written.
            format!("    {}", serde_json::to_string(&row).unwrap_or_default())
        });
        let rows: Vec<String> = rows.collect();
        let list = if rows.is_empty() { String::new() } else { format!("\n{}\n  ", rows.join(",\n")) };
        format!("{{\n  \"version\": {VERSION},\n  \"findings\": [{list}]\n}}\n")
    }

    /// How many findings it holds.
    pub fn len(&self) -> usize {
        self.0.values().sum()
    }

    /// Whether it holds none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Takes one of a kind away; whether there was one.
    pub fn strike(&mut self, known: &Known) -> bool {
        match self.0.get_mut(known) {
            Some(left) if *left > 0 => {
                *left -= 1;
                true
            }
            _ => false,
        }
    }
}
