//! QG002: a key that systemd does not have, where it is all but certain which one was meant. Readers report the keys of
//! Quadlet's own sections, and those of topologies and Compose files.

use super::context::Context;
use super::{misplaced_key, unit_lines};
use crate::diagnostic::{Change, Diagnostic, Level, Sink, input};
use crate::model::{UnitEntry, UnitKind};
use crate::platform::systemd;
use crate::suggest;

pub fn check(context: &Context<'_>, sink: &mut Sink) {
    for lines in unit_lines::of_stack(context.stack) {
        for entry in lines.entries.iter().filter(|entry| systemd::reads(&entry.section)) {
            let (key, section) = (&entry.key, &entry.section);
            let Some(near) = slip(lines.kind, entry) else { continue };
            let name = lines.name_at(key.span());
            let message = format!("[{section}] of {name} has `{}=`, which is no key of systemd's", key.value);
            let told = format!("`Unknown key '{}' in section [{section}], ignoring` in the journal", key.value);
            let finding = Diagnostic::new(&input::UNKNOWN_KEY, key.span(), message)
                .severity(Level::Warning)
                .here(format!("did you mean `{near}`?"))
                .help("Why: systemd passes over keys that it does not know, and capitals count.")
                .help(match &**section {
                    "Install" => format!("What you see: the unit is not started at boot; {told}."),
                    _ => format!("What you see: it is as if the line were not there; {told}."),
                })
                .help(format!("What helps: `{near}={}`.", entry.value.value.trim()));
            let change = Change::Replace { span: key.span(), text: near.to_owned() };
            unit_lines::report(context, sink, finding.fix(format!("rename to `{near}`"), true, vec![change]));
        }
    }
}

/// The key of systemd's that was meant, where one is not written as it should be.
pub(super) fn slip(kind: UnitKind, entry: &UnitEntry) -> Option<&'static str> {
    let (section, key) = (&entry.section, &entry.key.value);
    if systemd::has(section, key) || !misplaced_key::homes(kind, entry).is_empty() {
        return None;
    }
    // systemd gets new keys with every release, so a name that is merely unknown says nothing.
    suggest::slip(key, systemd::names(section))
}
