//! Rules about Quadlet units that the reader itself reports: what a release's generator refuses.

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
