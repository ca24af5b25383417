//! Keys that a release does not have.

use super::load::Loaded;
use super::unit::Unit;
use super::values::quoted;
use crate::diagnostic::{Change, Diagnostic, Level, input, units};
use crate::model::UnitKind;
use crate::platform::generator::Habit;
use crate::platform::keys::{self, Key, Repeat, SectionKeys};
use crate::platform::systemd;
use crate::suggest;
use crate::syntax::unit::{Entry, Escapes, split};

/// Keys that take units only, or whose argument has a place of its own.
pub(super) const OTHER_MEANING: [&str; 3] = ["Pod", "Rootfs", "ContainersConfModule"];

/// Keys that the release does not have, of the unit's own section and of `[Quadlet]`.
pub(super) fn check(unit: &Unit, loaded: &Loaded) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    let release = unit.release;
    for section in [unit.own(), "Quadlet"] {
        if section == "Quadlet" && !Habit::SectionChecked.of(release) {
            continue;
        }
        let known = SectionKeys::of(section);
        for entry in unit.entries.iter().filter(|entry| entry.section == section) {
            match known.get(&entry.key) {
                Some(known) if known.since() <= release => {}
                Some(known) => found.push(too_new(unit, loaded, entry, known)),
                None => found.push(misplaced(unit, entry).unwrap_or_else(|| unknown(section, entry))),
            }
        }
    }
    found
}

/// A key that systemd has in a section of its own: here the generator stumbles over it.
fn misplaced(unit: &Unit, entry: &Entry) -> Option<Diagnostic> {
    let mut sections = systemd::sections_of(&entry.key);
    let (first, more) = (sections.next()?, sections.next());
    let (section, key) = (&entry.section, &entry.key);
    // What `Environment=` of a pod is meant for, nobody knows.
    if first == "Service" && !systemd::is_of_life(key) {
        return None;
    }
    let message = format!("`{key}=` stands in [{section}], and Podman refuses the unit: it belongs into [{first}]");
    let found = Diagnostic::new(&units::MISPLACED_KEY, entry.key_span, message)
        .severity(Level::Error)
        .help(format!("Why: `{key}=` is a key of systemd's, and Podman takes its own keys only in [{section}]."))
        .help(format!(
            "What you see: `unsupported key '{key}' in group '{section}'` in the journal; there is no service."
        ))
        .help(format!("What helps: the line in [{first}]."));
    if more.is_some() || !unit.span.holds(entry.key_span) {
        return Some(found);
    }
    let line = format!("{key}={}", entry.value.text.trim());
    let changes = units::moved(entry.key_span, line, first, &unit.sections, unit.span);
    Some(found.fix(format!("move it into [{first}]"), true, changes))
}

fn unknown(section: &str, entry: &Entry) -> Diagnostic {
    let message = format!("[{section}] has no key `{}`: Podman refuses the unit", entry.key.escape_debug());
    let found = Diagnostic::new(&input::UNKNOWN_KEY, entry.key_span, message);
    // This release knows `#` only: the line is a comment, and not a key that is misspelt.
    if entry.key.starts_with(';') {
        let one_line = (entry.value.span.end - entry.value.span.start) as usize == entry.value.text.len();
        let change = Change::Replace { span: entry.key_span, text: entry.key.replacen(";", "#", 1).into() };
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

fn too_new(unit: &Unit, loaded: &Loaded, entry: &Entry, known: &Key) -> Diagnostic {
    let (release, since, section) = (unit.release, known.since(), &entry.section);
    let message =
        format!("Podman {release} has no `{}=` in [{section}] and refuses the unit: it came with {since}", entry.key);
    let mut found = lost_too(unit, loaded, Diagnostic::new(&units::KEY_TOO_NEW, entry.key_span, message));
    let has_arguments = keys::find(section, "PodmanArgs").is_some_and(|arguments| arguments.since() <= release);
    match instead(unit, entry, known).filter(|_| has_arguments) {
        Some(instead) => {
            found = found.help(format!("What helps: `{instead}`, which does the same."));
            let change = Change::Replace { span: entry.key_span.to(entry.value.span), text: instead };
            found.fix("write it as PodmanArgs", true, vec![change])
        }
        None => found.help(format!("What helps: Podman {since} or newer, or to leave the line out.")),
    }
}

/// Says what becomes of the units that use a refused one.
pub(super) fn lost_too(unit: &Unit, loaded: &Loaded, mut found: Diagnostic) -> Diagnostic {
    let service = &unit.service;
    // Only a network's name has to be known for the unit that uses it to be made.
    let unmade = unit.kind == UnitKind::Network && Habit::UnitsMustExist.of(unit.release);
    let mut users: Vec<&str> = Vec::new();
    for other in loaded.units.iter().filter(|other| other.file != unit.file) {
        for entry in other.entries.iter().filter(|entry| entry.section == other.own() && uses(entry, &unit.file)) {
            let fate = if unmade { "is not made either" } else { "does not start without it" };
            found = found.label(entry.value.span, format!("{} {fate}", other.file));
            users.push(&other.file);
        }
    }
    users.dedup();
    found.help(match (users.is_empty(), unmade) {
        (true, _) => {
            format!("What you see: `Unit {service}.service not found`; the reason stands in the journal only.")
        }
        (false, true) => format!(
            "What you see: `Unit … not found` for whatever uses {}, too; the reason stands in the journal only.",
            unit.file
        ),
        (false, false) => format!(
            "What you see: whatever uses {} fails to start: `Unit {service}.service not found`; the reason stands in \
             the journal only.",
            unit.file
        ),
    })
}

/// Whether an entry refers to a unit.
fn uses(entry: &Entry, file: &str) -> bool {
    let text = entry.value.text.trim();
    match entry.key.as_str() {
        "Network" | "Volume" | "Pod" | "Image" => text.split(':').next() == Some(file),
        "Mount" => text.split(',').any(|part| {
            part.split_once('=').is_some_and(|(name, source)| matches!(name, "source" | "src") && source == file)
        }),
        _ => false,
    }
}

/// The arguments that do the same as a key; nothing where there are none.
fn instead(unit: &Unit, entry: &Entry, known: &Key) -> Option<String> {
    let value = &entry.value;
    let words: Vec<String> = match known.repeat {
        Repeat::Words => split(value, Escapes::Keep).ok()?.into_iter().map(|word| word.text.into_owned()).collect(),
        Repeat::Args | Repeat::Keyval => {
            split(value, Escapes::Apply).ok()?.into_iter().map(|word| word.text.into_owned()).collect()
        }
        Repeat::LastArgs => return None,
        Repeat::Last | Repeat::Bool | Repeat::Uint => vec![unit.last(&entry.section, &entry.key)?.value.to_owned()],
        Repeat::Lines => vec![value.text.trim().to_owned()],
    };
    if words.is_empty() || words.iter().any(|word| word.is_empty() || has_meaning_in_keys(&entry.key, word)) {
        return None;
    }
    let arguments: Vec<String> = if known.repeat == Repeat::Bool {
        let on = unit.switch(&entry.section, &entry.key)?.value;
        match (known.fixed_argument(), on) {
            (Some(argument), true) => vec![argument],
            (Some(_), false) => return None,
            (None, on) => vec![format!("{}{on}", known.argument()?)],
        }
    } else {
        let argument = known.argument()?;
        words.iter().map(|word| quoted(&format!("{argument}{word}"))).collect()
    };
    Some(format!("PodmanArgs={}", arguments.join(" ")))
}

/// Whether a value means something as the value of a key that it does not mean as that of an argument: a unit, or a
/// path beside the unit.
pub(super) fn has_meaning_in_keys(key: &str, value: &str) -> bool {
    let source = value.split([':', ',']).next().unwrap_or("");
    let is_unit = |kind: &UnitKind| source.rsplit_once('.').is_some_and(|(_, ending)| ending == kind.extension());
    OTHER_MEANING.contains(&key)
        || UnitKind::ALL.iter().any(is_unit)
        || value.starts_with('.')
        || (key == "EnvironmentFile" && !value.starts_with(['/', '%']))
        || (key == "Mount" && (value.contains("=.") || value.contains("=\".")))
}
