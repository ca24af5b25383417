//! Rules about Quadlet units that the reader itself reports: what a release's generator refuses, and what it makes of
//! lines.

use super::{Fixable, Level, Rule};

/// A key, or a kind of unit, that the release does not have yet.
pub static KEY_TOO_NEW: Rule = Rule {
    code: "QG701",
    name: "key-too-new",
    summary: "a key or a kind of unit that the platform's Podman does not have yet",
    level: Level::Error,
    since: "0.1.0",
    fixable: Fixable::Safe,
    page: include_str!("../rules/key_too_new.md"),
};

/// A container without anything to run.
pub static MISSING_IMAGE: Rule = Rule {
    code: "QG703",
    name: "missing-image",
    summary: "a .container unit with neither Image= nor Rootfs=",
    level: Level::Error,
    since: "0.1.0",
    fixable: Fixable::Safe,
    page: include_str!("../rules/missing_image.md"),
};

/// A value that quotes, escapes or a comment make another one.
pub static BROKEN_QUOTING: Rule = Rule {
    code: "QG706",
    name: "broken-quoting",
    summary: "quotes, escapes or a comment that make another value of a line than it looks like",
    level: Level::Error,
    since: "0.1.0",
    fixable: Fixable::Safe,
    page: include_str!("../rules/broken_quoting.md"),
};

/// An argument of Podman's that a key says.
pub static ARGUMENT_WITH_A_KEY: Rule = Rule {
    code: "QG712",
    name: "argument-with-a-key",
    summary: "an argument in PodmanArgs= for which the platform's Podman has a key",
    level: Level::Info,
    since: "0.1.0",
    fixable: Fixable::Safe,
    page: include_str!("../rules/argument_with_a_key.md"),
};

/// A setting of `[Service]` that the generator does not take.
pub static REFUSED_SERVICE_SETTING: Rule = Rule {
    code: "QG713",
    name: "refused-service-setting",
    summary: "Type= or KillMode= of [Service] with a value that Podman refuses",
    level: Level::Error,
    since: "0.1.0",
    fixable: Fixable::Never,
    page: include_str!("../rules/refused_service_setting.md"),
};
