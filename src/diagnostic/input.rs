//! The rules that no check looks for: readers, the renderer and the command line report them while they work. So they
//! stand below all of those; their pages lie with the others.

use super::{Fixable, Level, Rule};

/// The command could not do its work: no stack, an unknown platform, a folder that is not its own.
pub static COULD_NOT_RUN: Rule = Rule {
    code: "QG000",
    name: "could-not-run",
    summary: "the command could not do its work; the exit code is 2",
    level: Level::Error,
    since: "0.1.0",
    fixable: Fixable::Never,
    page: include_str!("../rules/could_not_run.md"),
};

/// Text that cannot be read.
pub static SYNTAX_ERROR: Rule = Rule {
    code: "QG001",
    name: "syntax-error",
    summary: "text that cannot be read; the rest is still looked at, and the exit code is 2",
    level: Level::Error,
    since: "0.1.0",
    fixable: Fixable::Never,
    page: include_str!("../rules/syntax_error.md"),
};

/// A key that the format does not have.
pub static UNKNOWN_KEY: Rule = Rule {
    code: "QG002",
    name: "unknown-key",
    summary: "a key that the format does not have",
    level: Level::Error,
    since: "0.1.0",
    fixable: Fixable::Safe,
    page: include_str!("../rules/unknown_key.md"),
};

/// A value out of form.
pub static INVALID_VALUE: Rule = Rule {
    code: "QG003",
    name: "invalid-value",
    summary: "a port, address, duration, size, boolean or version that is out of form",
    level: Level::Error,
    since: "0.1.0",
    fixable: Fixable::Never,
    page: include_str!("../rules/invalid_value.md"),
};

/// One key twice.
pub static DUPLICATE_KEY: Rule = Rule {
    code: "QG004",
    name: "duplicate-key",
    summary: "the same key twice, where one value counts; the last one wins",
    level: Level::Warning,
    since: "0.1.0",
    fixable: Fixable::Unsafe,
    page: include_str!("../rules/duplicate_key.md"),
};

/// A variable that nothing gives a value.
pub static UNSET_VARIABLE: Rule = Rule {
    code: "QG005",
    name: "unset-variable",
    summary: "a variable without a value and without a default, which counts as empty",
    level: Level::Warning,
    since: "0.1.0",
    fixable: Fixable::Never,
    page: include_str!("../rules/unset_variable.md"),
};

/// A mode of the network that excludes networks, and networks.
pub static CONFLICTING_NETWORK_MODE: Rule = Rule {
    code: "QG710",
    name: "conflicting-network-mode",
    summary: "the host's network, none or another container's, together with other networks",
    level: Level::Error,
    since: "0.1.0",
    fixable: Fixable::Never,
    page: include_str!("../rules/conflicting_network_mode.md"),
};

/// A name that nothing in the stack has.
pub static UNDEFINED_REFERENCE: Rule = Rule {
    code: "QG006",
    name: "undefined-reference",
    summary: "a network, volume, secret, config, service or host service that is nowhere",
    level: Level::Error,
    since: "0.1.0",
    fixable: Fixable::Safe,
    page: include_str!("../rules/undefined_reference.md"),
};

/// Something that the target of `render` cannot say.
pub static LOST_ON_TARGET: Rule = Rule {
    code: "QG801",
    name: "lost-on-target",
    summary: "something the source says that the target of `render` cannot say",
    level: Level::Warning,
    since: "0.1.0",
    fixable: Fixable::Never,
    page: include_str!("../rules/lost_on_target.md"),
};

/// Something that says nothing any more.
pub static OBSOLETE_ATTRIBUTE: Rule = Rule {
    code: "QG802",
    name: "obsolete-attribute",
    summary: "Compose's `version`, or another spelling that Compose has given up",
    level: Level::Info,
    since: "0.1.0",
    fixable: Fixable::Safe,
    page: include_str!("../rules/obsolete_attribute.md"),
};
