//! What people tell quadgen about findings: `quadgen.toml`, comments that silence, and a baseline of what is known.

mod baseline;
mod keys;
mod names;
mod policy;
mod read;
mod schema;
mod suppress;

use std::path::Path;

pub use baseline::{Baseline, Known};
pub use names::{Catalogue, Selector};
pub use policy::{Choice, Policy};
pub use read::read;
pub use schema::schema;
pub use suppress::{Ignores, can_be_silenced};

use crate::diagnostic::{Diagnostic, Level};
use crate::model::Text;

/// The file's name.
pub const NAME: &str = "quadgen.toml";

/// Levels by the codes of rules.
pub type Levels = std::collections::BTreeMap<&'static str, Level>;

/// What one `quadgen.toml` says.
#[derive(Clone, Debug, Default)]
pub struct Config {
    /// Another such file whose words count where this one says nothing.
    pub extend: Option<Text>,
    /// Platforms for stacks that name none: words, or names of `platforms`.
    pub on: Option<Vec<Text>>,
    /// Platforms by name.
    pub platforms: Vec<(Text, Text)>,
    /// The hosts, `[[host]]`, in the order of the file.
    pub hosts: Vec<Host>,
    /// What lint reports.
    pub lint: Lint,
    /// What is wrong with it.
    pub diagnostics: Vec<Diagnostic>,
}

/// A host that several stacks run on.
#[derive(Clone, Debug)]
pub struct Host {
    /// Its name, for people.
    pub name: Text,
    /// Its stacks: files or folders.
    pub stacks: Vec<Glob>,
}

/// `[lint]`
#[derive(Clone, Debug, Default)]
pub struct Lint {
    /// The rules that are reported; those that are on by default where it is left out.
    pub select: Option<Vec<Selector>>,
    /// Rules that are left out.
    pub ignore: Vec<Selector>,
    /// Whether information is reported.
    pub pedantic: Option<bool>,
    /// From which level on the exit code is 1.
    pub fail_on: Option<Level>,
    /// The baseline's path, from the file's folder on.
    pub baseline: Option<Text>,
    /// Rules at another level than their own.
    pub levels: Levels,
    /// What holds for some files.
    pub paths: Vec<PathRules>,
}

/// `[[lint.paths]]`
#[derive(Clone, Debug, Default)]
pub struct PathRules {
    /// The files.
    pub paths: Vec<Glob>,
    /// As in [`Lint`].
    pub select: Option<Vec<Selector>>,
    /// As in [`Lint`].
    pub ignore: Vec<Selector>,
    /// As in [`Lint`].
    pub levels: Levels,
}

/// Paths of files and folders, with `*`, `**` and `?`, from a file's folder on.
#[derive(Clone, Debug)]
pub struct Glob {
    /// As it is written.
    pub text: Text,
    matcher: globset::GlobMatcher,
}

impl Glob {
    /// A pattern.
    ///
    /// # Errors
    /// What is wrong with it, in words.
    pub fn new(text: Text) -> Result<Self, String> {
        let pattern = text.value.trim_start_matches("./").trim_end_matches('/');
        let glob = globset::GlobBuilder::new(pattern).literal_separator(true).build();
        let matcher = glob.map_err(|error| error.kind().to_string())?.compile_matcher();
        Ok(Glob { text, matcher })
    }

    /// Whether it is the pattern of just this path.
    pub fn is(&self, path: &Path) -> bool {
        self.matcher.is_match(path)
    }

    /// Whether a path, or a folder above it, is meant.
    pub fn holds(&self, path: &Path) -> bool {
        path.ancestors().filter(|above| !above.as_os_str().is_empty()).any(|above| self.is(above))
            || ["", "."].contains(&self.text.value.trim_end_matches('/'))
    }
}

#[cfg(test)]
mod tests;
