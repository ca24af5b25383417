//! Keys that a release does not have.

use super::unit::Unit;
use crate::diagnostic::{Change, Diagnostic, input, units};
use crate::platform::generator::Habit;
use crate::platform::keys::{self, Key, Repeat};
use crate::suggest;
use crate::syntax::unit::{Entry, Escapes, Value, split};

/// Keys that the release does not have, of the unit's own section and of `[Quadlet]`.
pub(super) fn check(unit: &Unit) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    let release = unit.release;
    for section in [unit.own(), "Quadlet"] {
        if section == "Quadlet" && !Habit::SectionChecked.of(release) {
            continue;
        }
        for entry in unit.entries.iter().filter(|entry| entry.section == section) {
            match keys::find(section, &entry.key) {
                Some(known) if known.since() <= release => {}
                Some(known) => found.push(too_new(unit, entry, known)),
                None => found.push(unknown(section, entry)),
            }
        }
    }
    found
}

fn unknown(section: &str, entry: &Entry) -> Diagnostic {
    let message = format!("[{section}] has no key `{}`: Podman refuses the unit", entry.key.escape_debug());
    let found = Diagnostic::new(&input::UNKNOWN_KEY, entry.key_span, message);
    // This release knows `#` only: the line is a comment, and not a key that is misspelt.
    if entry.key.starts_with(';') {
        let one_line = (entry.value.span.end - entry.value.span.start) as usize == entry.value.text.len();
        let change = Change::Replace { span: entry.key_span, text: entry.key.replacen(';', "#", 1) };
        let found = found.here("a comment begins with `#`");
        return if one_line { found.fix("write it as a comment with `#`", true, vec![change]) } else { found };
    }
    match suggest::nearest(&entry.key, keys::names(section)) {
        Some(near) => {
            let change = Change::Replace { span: entry.key_span, text: near.to_owned() };
            found.here(format!("did you mean `{near}`?")).fix(format!("rename to `{near}`"), true, vec![change])
        }
        None => found,
    }
}

fn too_new(unit: &Unit, entry: &Entry, known: &Key) -> Diagnostic {
    let (release, since, section) = (unit.release, known.since(), &entry.section);
    let message =
        format!("Podman {release} has no `{}=` in [{section}] and refuses the unit: it came with {since}", entry.key);
    let found = Diagnostic::new(&units::KEY_TOO_NEW, entry.key_span, message);
    let arguments = keys::find(section, "PodmanArgs").filter(|arguments| arguments.since() <= release);
    // What a unit of another kind is called is no name for an argument.
    let names_a_unit = entry.key == "Pod";
    let Some((flag, _)) = known.flag().zip(arguments).filter(|_| !names_a_unit) else {
        return found.help(format!("What helps: Podman {since} or newer, or to leave the line out."));
    };
    let Some(instead) = arguments_for(flag, known.repeat, &entry.value) else {
        return found.help(format!("What helps: `PodmanArgs={flag}=…`, which does the same."));
    };
    let span = entry.key_span.to(entry.value.span);
    let change = Change::Replace { span, text: instead.clone() };
    found.help(format!("What helps: `{instead}`, which does the same.")).fix(
        "write it as PodmanArgs",
        true,
        vec![change],
    )
}

/// The arguments that do the same as a key; nothing where a value would have to be quoted.
fn arguments_for(flag: &str, repeat: Repeat, value: &Value) -> Option<String> {
    let plain = |text: &str| !text.is_empty() && !text.contains(|c: char| c.is_whitespace() || "\"'\\".contains(c));
    let words: Vec<String> = match repeat {
        Repeat::Words | Repeat::Args | Repeat::Keyval => {
            split(value, Escapes::Keep).ok()?.into_iter().map(|word| word.text).collect()
        }
        Repeat::LastArgs => return None,
        Repeat::Last | Repeat::Bool | Repeat::Uint | Repeat::Lines => vec![value.text.trim().to_owned()],
    };
    if words.is_empty() || !words.iter().all(|word| plain(word)) {
        return None;
    }
    let words: Vec<String> = words.iter().map(|word| format!("{flag}={word}")).collect();
    Some(format!("PodmanArgs={}", words.join(" ")))
}
