//! Rules about Quadlet units that the reader itself reports: what a release's generator refuses, and what it makes of
//! lines.

use ecow::EcoString;

use super::{Change, Fixable, Level, Rule};
use crate::source::Span;

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
    summary: "a container without anything to run: neither Image= nor Rootfs=, neither image nor build",
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
    summary: "a setting of [Service] that Podman refuses, warns of or cannot work with",
    level: Level::Error,
    since: "0.1.0",
    fixable: Fixable::Safe,
    page: include_str!("../rules/refused_service_setting.md"),
};

/// A gateway or a range of addresses that lies in no subnet.
pub static GATEWAY_WITHOUT_SUBNET: Rule = Rule {
    code: "QG505",
    name: "gateway-without-subnet",
    summary: "a gateway or a range of addresses without a subnet, or outside of it",
    level: Level::Error,
    since: "0.1.0",
    fixable: Fixable::Never,
    page: include_str!("../rules/gateway_without_subnet.md"),
};

/// A key in a section that does not have it, or a section that nobody reads.
pub static MISPLACED_KEY: Rule = Rule {
    code: "QG714",
    name: "misplaced-key",
    summary: "a key in the wrong section of a unit, or a section that nobody reads",
    level: Level::Warning,
    since: "0.1.0",
    fixable: Fixable::Safe,
    page: include_str!("../rules/misplaced_key.md"),
};

/// The changes that move a line to another section of its file. `sections` are those of the unit, `file` is its whole text.
pub fn moved(key: Span, line: String, to: &str, sections: &[(EcoString, Span)], file: Span) -> Vec<Change> {
    let here = |place: Span| file.start <= place.start && place.end <= file.end;
    let section = sections.iter().find(|(name, place)| name == to && here(*place));
    let put = match section {
        Some((_, section)) => Change::AddLine { section: *section, line },
        None => Change::AddSection { file, text: format!("[{to}]\n{line}") },
    };
    vec![Change::Remove { span: key }, put]
}
