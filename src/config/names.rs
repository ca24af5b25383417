//! Names of rules, as people write them. The rules themselves live above this room, so the list of them is given.

use crate::diagnostic::{Change, Diagnostic, Rule, own};
use crate::source::Span;

/// Every rule there is.
#[derive(Clone, Copy, Debug)]
pub struct Catalogue<'a>(pub &'a [&'static Rule]);

impl Catalogue<'_> {
    /// The rule with a code or a name, in any case.
    pub fn find(self, wanted: &str) -> Option<&'static Rule> {
        let same = |rule: &&Rule| rule.code.eq_ignore_ascii_case(wanted) || rule.name.eq_ignore_ascii_case(wanted);
        self.0.iter().copied().find(same)
    }
}

/// Some rules, or all of them.
#[derive(Clone, Copy, Debug)]
pub enum Selector {
    /// `ALL`.
    All,
    /// One.
    Rule(&'static Rule),
}

impl Selector {
    /// What a word stands for.
    pub fn parse(word: &str, rules: Catalogue<'_>) -> Option<Self> {
        if word.eq_ignore_ascii_case("all") { Some(Selector::All) } else { rules.find(word).map(Selector::Rule) }
    }

    /// Whether a rule is meant.
    pub fn holds(self, rule: &Rule) -> bool {
        match self {
            Selector::All => true,
            Selector::Rule(own) => own.code == rule.code,
        }
    }
}

/// A rule that does not exist, written at a place.
pub(super) fn unknown(word: &str, span: Span, rules: Catalogue<'_>) -> Diagnostic {
    let finding = Diagnostic::new(&own::UNKNOWN_RULE, span, format!("there is no rule `{}`", word.escape_debug()));
    let names = rules.0.iter().map(|rule| rule.name);
    if let Some(near) = crate::nearest(word, names) {
        let change = Change::Replace { span, text: near.to_owned() };
        return finding.here(format!("did you mean `{near}`?")).fix(format!("rename to `{near}`"), true, vec![change]);
    }
    // Codes lie close to each other: a near one is a guess, and which rule is silenced should not be guessed.
    let near = rules.0.iter().filter(|rule| strsim::damerau_levenshtein(&word.to_uppercase(), rule.code) == 1);
    let near: Vec<String> = near.map(|rule| format!("{} {}", rule.code, rule.name)).collect();
    match near.as_slice() {
        [] => finding.help("`quadgen rules` lists them all."),
        near => finding.help(format!("Near it: {}. `quadgen rules` lists them all.", near.join(", "))),
    }
}
