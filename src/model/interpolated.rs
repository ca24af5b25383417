//! Texts that held variables.

use std::ops::Range;

/// A text that held variables, and what came of it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Interpolated {
    /// What it is with their values.
    pub text: String,
    /// Where in it stands what came of which variable: its value, or its default.
    pub variables: Vec<(Range<usize>, String)>,
}

impl Interpolated {
    /// Each variable with what it stands for.
    pub fn values(&self) -> impl Iterator<Item = (&str, &str)> {
        self.variables.iter().map(|(range, name)| (name.as_str(), self.text.get(range.clone()).unwrap_or("")))
    }

    /// The text with something else in the place of each variable.
    pub fn with(&self, instead: impl Fn(&str) -> String) -> String {
        let mut text = self.text.clone();
        for (range, name) in self.variables.iter().rev() {
            text.replace_range(range.clone(), &instead(name));
        }
        text
    }
}
