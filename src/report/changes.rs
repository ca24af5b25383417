//! What changed between two stacks → text: for a terminal, for a comment on a change, for programs.

mod json;
mod markdown;
mod sections;
mod text;

use crate::network::Comparison;

/// A stack of one side or both.
pub struct Stack {
    /// What it is called before.
    pub old: Option<String>,
    /// What it is called after.
    pub new: Option<String>,
    /// What changed on each platform.
    pub differences: Vec<Difference>,
    /// Platforms that the old side names and the new one does not, each with what it is.
    pub gone: Vec<(String, String)>,
}

/// What changed on some platforms.
pub struct Difference {
    /// The platforms, each with what it is.
    pub platforms: Vec<(String, String)>,
    /// What changed there.
    pub comparison: Comparison,
}

/// The formats.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Format {
    /// For a terminal of 80 columns.
    Text,
    /// Version 1 of the contract.
    Json,
    /// For a comment on a change.
    Markdown,
}

/// What is said where nothing changed.
const NOTHING: &str = "No change in who resolves and reaches whom, in published ports, or in internet access.";

impl Stack {
    /// What to call it.
    fn label(&self) -> &str {
        self.new.as_deref().or(self.old.as_deref()).unwrap_or_default()
    }

    /// What it was called before, where that is another name.
    fn renamed(&self) -> Option<&str> {
        self.old.as_deref().filter(|old| self.new.as_deref().is_some_and(|new| new != *old))
    }

    /// Whether something changed.
    pub fn is_changed(&self) -> bool {
        let comes_or_goes = self.old.is_none() || self.new.is_none() || !self.gone.is_empty();
        comes_or_goes || self.differences.iter().any(|it| !it.comparison.is_empty())
    }
}

/// Whether something changed anywhere.
pub fn is_changed(stacks: &[Stack]) -> bool {
    stacks.iter().any(Stack::is_changed)
}

/// Writes what changed as text that ends with a line break.
pub fn write(stacks: &[Stack], format: Format) -> String {
    match format {
        Format::Json => json::write(stacks),
        _ if !is_changed(stacks) => format!("{NOTHING}\n"),
        Format::Text => text::write(stacks),
        Format::Markdown => markdown::write(stacks),
    }
}
