//! `security_opt` → the keys that units have for it.

use super::Context;
use super::quote::Specifiers;
use super::unit::Unit;
use crate::model::{Service, Value};
use crate::source::Span;

/// Each option as the key that says it, else as the argument that Podman shares with Docker.
pub(super) fn options(context: &mut Context<'_>, service: &Service, (span, value): (Span, &Value), unit: &mut Unit) {
    for option in value.texts() {
        // Docker also takes a colon between name and value.
        let (name, said) = option.split_once(['=', ':']).unwrap_or((option.as_str(), ""));
        match (name, said) {
            ("no-new-privileges", "" | "true") => unit.own("NoNewPrivileges", "true"),
            ("no-new-privileges", "false") => {}
            ("label", label) => match label.split_once(':').unwrap_or((label, "")) {
                ("disable", "") => unit.own("SecurityLabelDisable", "true"),
                ("nested", "") => unit.own("SecurityLabelNested", "true"),
                ("type", kind) => unit.own("SecurityLabelType", kind),
                ("level", level) => unit.own("SecurityLabelLevel", level),
                ("filetype", kind) => unit.own("SecurityLabelFileType", kind),
                _ => argument(unit, &format!("label={label}")),
            },
            ("seccomp", profile) => unit.own("SeccompProfile", profile),
            ("apparmor", profile) => unit.own("AppArmor", profile),
            ("mask", paths) => unit.own("Mask", paths),
            ("unmask", paths) => unit.own("Unmask", paths),
            // What Docker says so, Podman says in one word for all paths.
            ("systempaths", "unconfined") => unit.own("Unmask", "ALL"),
            ("proc-opts", _) => argument(unit, &option),
            _ => {
                let name = &service.name.value;
                context.lose(span, format!("Podman has no security option `{option}`: `{name}` goes without it"));
            }
        }
    }
}

fn argument(unit: &mut Unit, option: &str) {
    unit.argument(&format!("--security-opt={option}"), Specifiers::Literal);
}
