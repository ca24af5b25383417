//! The rules about what people tell quadgen itself, in comments and in `quadgen.toml`. `config/` reports them.

use super::{Fixable, Level, Rule};

/// An ignore that silences nothing.
pub static UNUSED_SUPPRESSION: Rule = Rule {
    code: "QG901",
    name: "unused-suppression",
    summary: "an ignore that silences nothing although its rule looked",
    level: Level::Warning,
    since: "0.1.0",
    fixable: Fixable::Safe,
    page: include_str!("../rules/unused_suppression.md"),
};

/// A rule that does not exist.
pub static UNKNOWN_RULE: Rule = Rule {
    code: "QG902",
    name: "unknown-rule",
    summary: "a code or name of a rule that does not exist, in an ignore or in `quadgen.toml`",
    level: Level::Error,
    since: "0.1.0",
    fixable: Fixable::Safe,
    page: include_str!("../rules/unknown_rule.md"),
};
