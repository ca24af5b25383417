//! QG004: a key of a unit that takes one value, several times in one file. Readers of YAML report keys that stand twice.

use super::context::Context;
use super::invalid_restart;
use crate::diagnostic::{Change, Diagnostic, Level, Sink, input};
use crate::model::{Keys, Unit, UnitEntry};
use crate::platform::keys::{self, Repeat};
use crate::platform::systemd;

pub fn check(context: &Context<'_>, sink: &mut Sink) {
    for unit in context.stack.units.values().filter(|unit| may_repeat(unit)) {
        // A drop-in is there to change what the unit says.
        let own = unit.entries.iter().filter(|entry| unit.holds(entry.key.span()));
        // What systemd drops takes nobody's place, and is QG606's or QG706's.
        let own = own.filter(|entry| !is_restart(entry) || invalid_restart::is_known(entry));
        let mut own: Vec<&UnitEntry> = own.collect();
        // The last line of each key, with those before it.
        while let Some(last) = own.pop() {
            let same = |entry: &&&UnitEntry| entry.key.value == last.key.value && entry.section == last.section;
            if !own.iter().any(|entry| same(&entry)) {
                continue;
            }
            let lines: Vec<&UnitEntry> = own.iter().filter(same).copied().chain([last]).collect();
            own.retain(|entry| !same(&entry));
            if is_single(&last.section, &last.key.value)
                && let Some(finding) = finding(unit, &lines)
            {
                context.report(sink, finding);
            }
        }
    }
}

/// Whether a key that takes one value may stand twice.
fn may_repeat(unit: &Unit) -> bool {
    let mut known = Keys::default();
    unit.entries.iter().enumerate().any(|(at, UnitEntry { section, key, .. })| {
        let same = |earlier: &UnitEntry| earlier.key.value == key.value && earlier.section == *section;
        !known.add(&key.value) && unit.entries.iter().take(at).any(same) && is_single(section, &key.value)
    })
}

fn is_restart(entry: &UnitEntry) -> bool {
    entry.section == "Service" && entry.key.value == "Restart"
}

fn is_single(section: &str, key: &str) -> bool {
    let single = |repeat| matches!(repeat, Repeat::Last | Repeat::Bool | Repeat::Uint | Repeat::LastArgs);
    keys::find(section, key).is_some_and(|known| single(known.repeat)) || systemd::is_single(section, key)
}

fn finding(unit: &Unit, lines: &[&UnitEntry]) -> Option<Diagnostic> {
    let (last, earlier) = lines.split_last()?;
    // An empty one in front is how lists are emptied, and loses nothing.
    let earlier: Vec<&UnitEntry> =
        earlier.iter().filter(|entry| !entry.value.value.trim().is_empty()).copied().collect();
    let first = earlier.first()?;
    let (key, section, file) = (&last.key.value, &last.section, &unit.file);
    let same = earlier.iter().all(|entry| entry.value.value.trim() == last.value.value.trim());
    let message = if same {
        format!("`{key}=` stands several times in [{section}] of {file}, with the same value")
    } else {
        format!("`{key}=` stands several times in [{section}] of {file}: this one wins, and what stands above is lost")
    };
    let mut finding = Diagnostic::new(&input::DUPLICATE_KEY, last.key.span(), message).here("this one wins");
    finding = finding.label(first.key.span(), "first written here");
    for entry in earlier.iter().skip(1) {
        finding = finding.label(entry.key.span(), "and here");
    }
    if same {
        finding = finding.severity(Level::Info);
    } else {
        finding =
            finding.help("Why: the key takes one value, and the last line counts; neither Podman nor systemd says so.");
    }
    let changes = earlier.iter().map(|entry| Change::Remove { span: entry.key.span() }).collect();
    let title = if earlier.len() == 1 { "take the earlier line away" } else { "take the earlier lines away" };
    Some(finding.help("What helps: keep the line that is meant.").fix(title, same, changes))
}
