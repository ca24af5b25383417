//! Stack × platform → files.
use crate::diagnostic::{Fixable, Level, Rule};
/// QG801
pub static LOST_ON_TARGET: Rule = Rule {
    code: "QG801",
    name: "lost-on-target",
    summary: "something the source says that the target of `render` cannot say",
    level: Level::Warning,
    since: "0.1.0",
    fixable: Fixable::Never,
    page: include_str!("rules/lost_on_target.md"),
};
