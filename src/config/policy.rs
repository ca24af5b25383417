//! Which findings are reported, and at which level: the one place where that is decided.

use std::path::{Path, PathBuf};

use super::{Lint, PathRules, Selector, can_be_silenced};
use crate::diagnostic::{Diagnostic, Level, Rule};

/// What the command line chooses; it goes before the files.
#[derive(Debug, Default)]
pub struct Choice {
    /// `--select`
    pub select: Vec<Selector>,
    /// `--ignore`
    pub ignore: Vec<Selector>,
}

/// What a `quadgen.toml` says together with those that it extends.
#[derive(Clone, Debug, Default)]
pub struct Policy {
    /// From the one that is extended to the one that goes before it, each with its folder.
    pub layers: Vec<(PathBuf, Lint)>,
}

impl Choice {
    /// Whether a rule is left out or not chosen by the command line alone.
    pub fn leaves_out(&self, rule: &Rule) -> bool {
        let names = |list: &[Selector]| list.iter().any(|selector| selector.holds(rule));
        names(&self.ignore) || (!self.select.is_empty() && !names(&self.select))
    }
}

impl Policy {
    /// Gives a finding in a file its level, and tells whether it is reported.
    pub fn take(&self, finding: &mut Diagnostic, file: &Path, choice: &Choice) -> bool {
        // What kept quadgen from working cannot be left out.
        if !can_be_silenced(finding.rule) {
            return true;
        }
        if let Some(level) = self.level(finding.rule, file) {
            finding.set_level(level);
        }
        self.wants(finding.rule, finding.severity, file, choice)
    }

    /// Whether findings of a rule in a file are reported, at the level that they have unless one of them says another.
    pub fn looks_for(&self, rule: &Rule, file: &Path, choice: &Choice) -> bool {
        !can_be_silenced(rule) || self.wants(rule, self.level(rule, file).unwrap_or(rule.level), file, choice)
    }

    fn wants(&self, rule: &Rule, level: Level, file: &Path, choice: &Choice) -> bool {
        if choice.leaves_out(rule) {
            return false;
        }
        // Who names a rule wants to see it, whatever the file says.
        if choice.select.iter().any(|selector| matches!(selector, Selector::Rule(_)) && selector.holds(rule)) {
            return true;
        }
        let names = |list: &[Selector]| list.iter().any(|selector| selector.holds(rule));
        let ignored = self.layers.iter().any(|(_, lint)| names(&lint.ignore))
            || self.paths(file).any(|paths| names(&paths.ignore));
        if ignored {
            return false;
        }
        if !choice.select.is_empty() {
            return true;
        }
        let of_file = self.paths(file).filter_map(|paths| paths.select.as_deref()).last();
        let of_all = || self.layers.iter().filter_map(|(_, lint)| lint.select.as_deref()).next_back();
        match of_file.or_else(of_all) {
            Some(select) => names(select),
            None => level > Level::Info || self.last(|lint| lint.pedantic).unwrap_or(false),
        }
    }

    fn level(&self, rule: &Rule, file: &Path) -> Option<Level> {
        let of_file = self.paths(file).filter_map(|paths| paths.levels.get(rule.code)).last();
        let of_all = || self.layers.iter().filter_map(|(_, lint)| lint.levels.get(rule.code)).next_back();
        of_file.or_else(of_all).copied()
    }

    /// What holds for a file, in the order in which it counts.
    fn paths<'a>(&'a self, file: &'a Path) -> impl Iterator<Item = &'a PathRules> {
        self.layers.iter().flat_map(move |(home, lint)| {
            let below = file.strip_prefix(home).ok();
            lint.paths
                .iter()
                .filter(move |rules| below.is_some_and(|below| rules.paths.iter().any(|glob| glob.holds(below))))
        })
    }

    /// The last word about something.
    fn last<T>(&self, said: impl Fn(&Lint) -> Option<T>) -> Option<T> {
        self.layers.iter().rev().find_map(|(_, lint)| said(lint))
    }

    /// From which level on the exit code is 1.
    pub fn fail_on(&self) -> Option<Level> {
        self.last(|lint| lint.fail_on)
    }
}
