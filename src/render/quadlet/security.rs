//! `security_opt` → the keys that units have for it.

use super::Context;
use super::quote::Specifiers;
use super::unit::Unit;
use crate::model::{Data, Service, Value};
use crate::source::Span;

/// Each option as the key that says it, else as the argument that Podman shares with Docker.
pub(super) fn options(context: &mut Context<'_>, service: &Service, (span, value): (Span, &Value), unit: &mut Unit) {
    let items = if let Data::List(items) = &value.data { items.as_slice() } else { &[] };
    for (option, at) in items.iter().filter_map(|item| Some((item.scalar()?, item.span))) {
        unit.at(Some(at));
        let (name, said) = option.split_once(['=', ':']).unwrap_or((option.as_str(), ""));
        match (name, said) {
            (_, said) if said.is_empty() || said.ends_with(':') => {
                context.lose(at, format!("`{}` says nothing to Podman", option.escape_debug()));
            }
            ("no-new-privileges", "true") => unit.own("NoNewPrivileges", "true"),
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
            ("proc-opts", _) => argument(unit, &option),
            _ => {
                let name = &service.name.value;
                context.lose(span, format!("Podman has no security option `{option}`: `{name}` goes without it"));
            }
        }
    }
}

/// Brings options into one form: Docker also takes a colon between name and value, and leaves out what is `true`.
pub(super) fn normal(service: &mut Service) {
    let Some((_, value)) = service.attributes.get_mut("security_opt") else { return };
    let Data::List(items) = &mut value.data else { return };
    for item in items {
        let Data::Text(text) = &mut item.data else { continue };
        if text.starts_with("no-new-privileges") {
            *text = text.replacen('=', ":", 1);
            if text == "no-new-privileges" {
                text.push_str(":true");
            }
        } else if let Some((name, said)) = text.split_once([':', '=']) {
            *text = match (name, said) {
                ("systempaths", "unconfined") => "unmask=ALL".to_owned(),
                _ => format!("{name}={said}"),
            };
        }
    }
    items_without(value, "no-new-privileges:false");
}

/// Takes what is off out of a list.
fn items_without(value: &mut Value, off: &str) {
    if let Data::List(items) = &mut value.data {
        items.retain(|item| item.scalar().as_deref() != Some(off));
    }
}

fn argument(unit: &mut Unit, option: &str) {
    unit.argument(&format!("--security-opt={option}"), Specifiers::Literal);
}
