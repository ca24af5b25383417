//! The summary: counts, what was assumed, and which intents are proven.

use std::sync::Arc;

use crate::diagnostic::{Diagnostic, Level};
use crate::model::Format;

/// How many intents of one kind, stacks, or notes a report lists.
const SHOWN: usize = 20;
/// How many files of one stack.
const SHOWN_FILES: usize = 5;

/// The files that make a stack.
#[derive(Clone, Debug)]
pub struct StackFiles {
    /// The stack.
    pub stack: String,
    /// What it was read from.
    pub format: Format,
    /// Its files as they are shown, in the order in which they count.
    pub files: Arc<Vec<String>>,
    /// What is worth knowing about how it was read: sentences.
    pub notes: Vec<String>,
}

/// Files that were found and are no stack by themselves.
#[derive(Clone, Debug)]
pub struct NotRead {
    /// The files as they are shown.
    pub files: Vec<String>,
    /// Why not, in words that continue "it is" or stand for themselves.
    pub why: String,
}

impl NotRead {
    /// One sentence for people.
    pub fn text(&self) -> String {
        format!("Not looked at: {} ({}).", listed(&self.files, SHOWN_FILES, "file"), self.why)
    }
}

/// The first of a list, and how many more there are.
fn listed(all: &[String], shown: usize, what: &str) -> String {
    // One more takes no more room than to say so.
    let shown = if all.len() == shown + 1 { all.len() } else { shown.min(all.len()) };
    let text = all.iter().take(shown).map(String::as_str).collect::<Vec<_>>().join(", ");
    match all.len() - shown {
        0 => text,
        more => format!("{text} and {more} more {what}s"),
    }
}

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
    /// How many of them `--fix` mends, and how many more with `--unsafe`.
    pub fixable: (usize, usize),
    /// Whether every stack could be read whole.
    pub complete: bool,
    /// The platforms that were looked at, by name, each once.
    pub platforms: Vec<String>,
    /// The stacks that were looked at, with their files.
    pub stacks: Vec<StackFiles>,
    /// What was found and not looked at.
    pub not_read: Vec<NotRead>,
    /// What was assumed.
    pub assumed: Vec<Assumed>,
    /// The intents.
    pub intents: Intents,
    /// What else is worth knowing about the run: sentences.
    pub notes: Vec<String>,
}

impl Summary {
    /// Counts findings.
    pub fn count(&mut self, findings: &[Diagnostic]) {
        let counts = |finding: &&Diagnostic| finding.suppressed.is_none();
        let count = |level| findings.iter().filter(counts).filter(|finding| finding.severity == level).count();
        (self.errors, self.warnings, self.infos) = (count(Level::Error), count(Level::Warning), count(Level::Info));
        let fixable = findings.iter().filter(|finding| !finding.fixes.is_empty());
        let safe = fixable.clone().filter(|finding| finding.fixes.iter().any(|fix| fix.safe)).count();
        self.fixable = (safe, fixable.count() - safe);
    }

    /// The lines at the end of a report for people, with `width` columns at most.
    pub(super) fn text(&self, width: usize) -> String {
        if self.files == 0 && self.complete && self.errors + self.warnings + self.infos == 0 {
            let mut lines = vec!["There is no stack here, so nothing was looked at.".to_owned()];
            lines.extend(self.found());
            return lines.iter().map(|line| textwrap::fill(line, super::wrapping(width)) + "\n").collect();
        }
        let on = if self.platforms.is_empty() { String::new() } else { format!(" on {}", self.platforms.join(", ")) };
        let mut lines = vec![format!("{}{on}.", self.counts())];
        if !self.complete {
            lines.push("Not everything could be read or looked at.".to_owned());
        }
        match self.fixable {
            (0, 0) => {}
            (safe, 0) => lines.push(format!("`--fix` mends {safe} of them.")),
            (0, more) => lines.push(format!("`--fix --unsafe` mends {more} of them.")),
            (safe, more) => lines.push(format!("`--fix` mends {safe} of them, and `--fix --unsafe` {more} more.")),
        }
        lines.extend(self.found());
        lines.extend(self.intents.lines());
        let mut assumed: Vec<String> = Vec::new();
        for one in &self.assumed {
            let line = format!("Assumed on {}: {}.", one.platform, one.words.join(", "));
            if !assumed.contains(&line) {
                assumed.push(line);
            }
        }
        lines.extend(assumed);
        lines.extend(self.notes.iter().cloned());
        let wrap = super::wrapping(width);
        lines.iter().map(|line| textwrap::fill(line, &wrap) + "\n").collect()
    }

    /// Which files make which stack where that does not go without saying, what was left out, and notes.
    fn found(&self) -> Vec<String> {
        let told = self.stacks.len() > 1 || self.stacks.iter().any(|stack| stack.files.len() > 1);
        let stacks = self.stacks.iter().filter(|_| told);
        let stacks =
            stacks.map(|stack| format!("Stack {}: {}.", stack.stack, listed(&stack.files, SHOWN_FILES, "file")));
        let not_read = self.not_read.iter().map(NotRead::text);
        let notes = self.stacks.iter().flat_map(|stack| {
            let name = if self.stacks.len() > 1 { format!("{}: ", stack.stack) } else { String::new() };
            stack.notes.iter().map(move |note| format!("Note: {name}{note}"))
        });
        let mut lines = some(stacks.collect(), "stacks");
        lines.extend(some(not_read.collect(), "lines of what was not looked at"));
        lines.extend(some(notes.collect(), "notes"));
        lines
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

/// The first lines of many.
fn some(mut lines: Vec<String>, what: &str) -> Vec<String> {
    if lines.len() > SHOWN + 1 {
        let more = lines.len() - SHOWN;
        lines.truncate(SHOWN);
        lines.push(format!("And {more} more {what}; `--format json` lists all."));
    }
    lines
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
