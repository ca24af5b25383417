//! QG714: a key in a section of systemd's that does not have it, and sections that nobody reads. The reader reports keys of
//! systemd's in a section of Quadlet's, because the generator refuses those.

use super::context::Context;
use super::unit_lines::{self, Lines};
use crate::diagnostic::{Change, Diagnostic, Sink, units};
use crate::model::{Unit, UnitEntry, UnitKind};
use crate::platform::{keys, systemd};
use crate::source::Span;
use crate::suggest;

pub use crate::diagnostic::units::MISPLACED_KEY as RULE;

pub fn check(context: &Context<'_>, sink: &mut Sink) {
    for lines in unit_lines::of_stack(context.stack) {
        let entries = lines.entries.iter().filter(|entry| systemd::reads(&entry.section));
        for entry in entries.filter(|entry| !is_missing_image(lines.unit, entry)) {
            if let Some(finding) = misplaced(&lines, entry) {
                unit_lines::report(context, sink, finding);
            }
        }
        for (name, span) in lines.unit.into_iter().flat_map(|unit| &unit.sections) {
            if let Some(finding) = lines.unit.and_then(|unit| unread(unit, name, *span)) {
                context.report(sink, finding);
            }
        }
    }
}

/// The sections that have a key which stands where it is not known; none where it is in its place, or nobody has it.
pub(super) fn homes(kind: UnitKind, entry: &UnitEntry) -> Vec<&'static str> {
    let (section, key) = (&*entry.section, entry.key.value.as_str());
    if !systemd::reads(section) || systemd::has(section, key) {
        return Vec::new();
    }
    let own = keys::find(kind.section(), key).map(|_| kind.section());
    own.into_iter().chain(systemd::sections_of(key)).collect()
}

fn misplaced(lines: &Lines<'_>, entry: &UnitEntry) -> Option<Diagnostic> {
    let homes = homes(lines.kind, entry);
    let first = homes.first()?;
    let (key, section, span) = (&entry.key.value, &entry.section, entry.key.span());
    let there: Vec<String> = homes.iter().map(|home| format!("[{home}]")).collect();
    let there = there.join(" or ");
    let message = format!("`{key}=` stands in [{section}] of {}, where nobody reads it", lines.name_at(span));
    let finding = Diagnostic::new(&RULE, span, message)
        .here(format!("belongs into {there}"))
        .help(format!("Why: [{section}] is read by systemd, which passes over keys that it does not have there."))
        .help(format!("What you see: `Unknown key '{key}' in section [{section}], ignoring` in the journal."))
        .help(format!("What helps: the line in {there}."));
    let sure = homes.len() == 1 && (*first != "Service" || systemd::is_of_life(key));
    let unit = lines.unit.filter(|unit| sure && unit.holds(span));
    Some(match unit {
        Some(unit) => {
            let line = format!("{key}={}", entry.value.value.trim());
            let changes = units::moved(span, line, first, &unit.sections, unit.span);
            finding.fix(format!("move it into [{first}]"), true, changes)
        }
        None => finding,
    })
}

/// QG703's: the image of a container that has none where it should.
fn is_missing_image(unit: Option<&Unit>, entry: &UnitEntry) -> bool {
    let Some(unit) = unit.filter(|unit| unit.kind == UnitKind::Container && entry.key.value == "Image") else {
        return false;
    };
    let says = |key| unit.last("Container", key).is_some_and(|entry| !entry.value.value.trim().is_empty());
    !says("Image") && !says("Rootfs")
}

/// A section that neither Podman nor systemd reads, and that says something.
fn unread(unit: &Unit, name: &str, span: Span) -> Option<Diagnostic> {
    let own = unit.kind.section();
    let known = [own, "Unit", "Service", "Install", "Quadlet"];
    if known.contains(&name) || name.starts_with("X-") {
        return None;
    }
    let keys = unit.entries.iter().filter(|entry| entry.section == name).count();
    let image = unit.entries.iter().any(|entry| entry.section == name && is_missing_image(Some(unit), entry));
    if keys == 0 || image {
        return None;
    }
    let near = suggest::nearest(name, known);
    // Without the keys of its own section the generator refuses these: the reader says what is misspelt.
    let refused = !matches!(unit.kind, UnitKind::Network | UnitKind::Volume | UnitKind::Pod);
    if refused && near == Some(own) && unit.section(own).is_none() {
        return None;
    }
    let lost = if keys == 1 { "its key has no effect" } else { "its keys have no effect" };
    let message = format!("nobody reads [{name}] of {}: {lost}", unit.file_of(span));
    let finding = Diagnostic::new(&RULE, span, message)
        .help(format!(
            "Why: Podman reads [{own}] of a .{} unit, and systemd reads [Unit], [Service] and [Install].",
            unit.kind.extension()
        ))
        .help(format!("What you see: `Unknown section '{name}'. Ignoring.` in the journal."));
    Some(match near {
        Some(near) => {
            let change = Change::Replace { span, text: near.to_owned() };
            let finding = finding.here(format!("did you mean [{near}]?"));
            finding.fix(format!("rename [{name}] to [{near}]"), true, vec![change])
        }
        None => finding.help("What helps: another section, or a name that begins with `X-` if it is meant for people."),
    })
}
