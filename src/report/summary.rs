//! The summary: counts, what was assumed, and which intents are proven.

use std::fmt::Write;

use crate::diagnostic::{Diagnostic, Level};

/// Platform words that nobody wrote.
#[derive(Clone, Debug)]
pub struct Assumed {
    /// The stack.
    pub stack: String,
    /// The platform.
    pub platform: String,
    /// The words.
    pub words: Vec<String>,
}

/// What became of the stated intents, over all platforms that were looked at.
#[derive(Clone, Debug, Default)]
pub struct Intents {
    /// Those that hold on every platform, in words.
    pub proven: Vec<String>,
    /// Those that do not hold somewhere.
    pub broken: Vec<String>,
    /// Those that quadgen cannot judge somewhere, and that are broken nowhere.
    pub unknown: Vec<String>,
}

/// What a run of `lint` looked at, and how it went.
#[derive(Clone, Debug, Default)]
pub struct Summary {
    /// How many files were read.
    pub files: usize,
    /// How many findings there are, by level.
    pub errors: usize,
    /// Warnings.
    pub warnings: usize,
    /// Informations.
    pub infos: usize,
    /// Whether every stack could be read whole.
    pub complete: bool,
    /// The platforms that were looked at, by name, each once.
    pub platforms: Vec<String>,
    /// What was assumed.
    pub assumed: Vec<Assumed>,
    /// The intents.
    pub intents: Intents,
}

impl Summary {
    /// Counts findings.
    pub fn count(&mut self, findings: &[Diagnostic]) {
        let count = |level| findings.iter().filter(|finding| finding.severity == level).count();
        (self.errors, self.warnings, self.infos) = (count(Level::Error), count(Level::Warning), count(Level::Info));
    }

    /// The lines at the end of a report for people.
    pub(super) fn text(&self) -> String {
        let mut text = self.counts();
        let _ = writeln!(
            text,
            "{}.",
            if self.platforms.is_empty() { String::new() } else { format!(" on {}", self.platforms.join(", ")) }
        );
        if !self.complete {
            text.push_str("Not everything could be read: the rules that need the whole stack did not run.\n");
        }
        text.push_str(&self.intents.text());
        for assumed in &self.assumed {
            let _ = writeln!(text, "Assumed on {}: {}.", assumed.platform, assumed.words.join(", "));
        }
        text
    }

    fn counts(&self) -> String {
        let plural = |count: usize, word: &str| match count {
            0 => None,
            1 => Some(format!("1 {word}")),
            _ => Some(format!("{count} {word}s")),
        };
        let found: Vec<String> =
            [plural(self.errors, "error"), plural(self.warnings, "warning"), plural(self.infos, "note")]
                .into_iter()
                .flatten()
                .collect();
        let files = plural(self.files, "file").unwrap_or_else(|| "no file".to_owned());
        if found.is_empty() { format!("No problems in {files}") } else { format!("{} in {files}", found.join(", ")) }
    }
}

impl Intents {
    /// How many were stated.
    pub fn stated(&self) -> usize {
        self.proven.len() + self.broken.len() + self.unknown.len()
    }

    fn text(&self) -> String {
        let stated = self.stated();
        let mut text = String::new();
        if stated == 0 {
            return text;
        }
        let all = if self.proven.len() == stated { "all proven" } else { "proven" };
        if !self.proven.is_empty() {
            let _ = writeln!(text, "Intents {all} ({} of {stated}): {}.", self.proven.len(), self.proven.join("; "));
        }
        if !self.broken.is_empty() {
            let _ = writeln!(text, "Intents broken ({} of {stated}): {}.", self.broken.len(), self.broken.join("; "));
        }
        if !self.unknown.is_empty() {
            let _ =
                writeln!(text, "Intents not judged ({} of {stated}): {}.", self.unknown.len(), self.unknown.join("; "));
        }
        text
    }
}
