//! The summary: counts, what was assumed, and which intents are proven.

use crate::diagnostic::{Diagnostic, Level};

/// How many intents of one kind a report lists.
const SHOWN: usize = 20;

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

    /// The lines at the end of a report for people, with `width` columns at most.
    pub(super) fn text(&self, width: usize) -> String {
        if self.files == 0 && self.complete && self.errors + self.warnings + self.infos == 0 {
            return "There is no stack here, so nothing was looked at.\n".to_owned();
        }
        let on = if self.platforms.is_empty() { String::new() } else { format!(" on {}", self.platforms.join(", ")) };
        let mut lines = vec![format!("{}{on}.", self.counts())];
        if !self.complete {
            lines.push("Not everything could be read or looked at.".to_owned());
        }
        lines.extend(self.intents.lines());
        for assumed in &self.assumed {
            lines.push(format!("Assumed on {}: {}.", assumed.platform, assumed.words.join(", ")));
        }
        lines.dedup();
        let wrap = super::wrapping(width);
        lines.iter().map(|line| textwrap::fill(line, &wrap) + "\n").collect()
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

    fn lines(&self) -> Vec<String> {
        let stated = self.stated();
        let all = if self.proven.len() == stated { "all proven" } else { "proven" };
        let states = [(all, &self.proven), ("broken", &self.broken), ("not judged", &self.unknown)];
        let lines = states.iter().filter(|(_, intents)| !intents.is_empty()).map(|(state, intents)| {
            let shown: Vec<&str> = intents.iter().take(SHOWN).map(String::as_str).collect();
            let more = match intents.len().checked_sub(SHOWN) {
                None | Some(0) => String::new(),
                Some(more) => format!("; and {more} more"),
            };
            format!("Intents {state} ({} of {stated}): {}{more}.", intents.len(), shown.join("; "))
        });
        lines.collect()
    }
}
