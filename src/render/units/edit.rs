//! Units → units for another release of Podman: the files as they are, with as few changes as that release needs.
//!
//! They do not go through the model, which holds what quadgen judges and not what units say beyond that. So
//! `Requires=` stays `Requires=`, pods stay pods, templates stay templates, and comments stay where they are. A unit's
//! drop-ins stand behind it in the same file, where they count as they did.

use crate::diagnostic::Diagnostic;
use crate::model::{HOME, Stack, Unit, UnitEntry, UnitKind};
use crate::platform::generator::{Habit, brought};
use crate::platform::keys::{self, Key, Repeat};
use crate::platform::{Feature, Platform};
use crate::render::layout::{below, each_path};
use crate::render::quadlet::word;
use crate::render::{File, Rendered, lost, refuse};

/// What a line of a unit becomes.
enum Line {
    Same,
    Other(String),
    Gone,
}

/// The files of the units as the platform's Podman reads them, and what it cannot read.
///
/// # Errors
/// Units of a kind that the release has not: without them the others do not do what they say.
pub(in crate::render) fn edit(stack: &Stack, platform: &Platform) -> Result<Rendered, Vec<Diagnostic>> {
    let mut rendered = Rendered::default();
    let mut refused = Vec::new();
    let mut folders = Vec::new();
    for unit in stack.units.values() {
        if let Some(habit) = brought(unit.kind).filter(|habit| !habit.of(platform.version)) {
            let (kind, since) = (unit.kind.extension(), habit.since());
            let message = format!("Podman {} reads no .{kind} units: they came with {since}", platform.version);
            refused.push(refuse(unit.head, message).help(format!("What helps: Podman {since} or newer.")));
            continue;
        }
        let mut file = Edit { stack, unit, platform, folders: &mut folders, found: &mut rendered.findings };
        let text = file.text();
        rendered.files.push(File { name: unit.file.clone(), text });
    }
    if !refused.is_empty() {
        return Err(refused);
    }
    folders.sort();
    folders.dedup();
    if !folders.is_empty() {
        rendered.notes.push(format!(
            "Paths are relative to the folder of the units; these must be there: {}.",
            folders.join(", ")
        ));
    }
    Ok(rendered)
}

struct Edit<'e> {
    stack: &'e Stack,
    unit: &'e Unit,
    platform: &'e Platform,
    /// Relative paths of the whole set.
    folders: &'e mut Vec<String>,
    found: &'e mut Vec<Diagnostic>,
}

impl Edit<'_> {
    fn text(&mut self) -> String {
        let unit = self.unit;
        let mut out = String::new();
        let mut behind = String::new();
        let mut section = "";
        let mut at = 0;
        for entry in &unit.entries {
            let line = self.line(entry);
            if unit.holds(entry.key.span()) && !entry.key.is_implied() {
                let place = |offset: u32| (offset - unit.span.start) as usize;
                let (from, to) = (place(entry.key.span().start), place(entry.value.span().end));
                out.push_str(unit.text.get(at..from).unwrap_or(""));
                match line {
                    Line::Same => out.push_str(unit.text.get(from..to).unwrap_or("")),
                    Line::Other(line) => out.push_str(&line),
                    Line::Gone => {}
                }
                at = to;
                // The rest of a line that went.
                if out.ends_with('\n') || out.is_empty() {
                    let rest = unit.text.get(at..).unwrap_or("");
                    at += usize::from(rest.starts_with('\n'));
                }
                continue;
            }
            let line = match line {
                Line::Same => format!("{}={}", entry.key.value, entry.value.value),
                Line::Other(line) => line,
                Line::Gone => continue,
            };
            if section != entry.section {
                section = &entry.section;
                behind.push_str(&format!("\n[{section}]\n"));
            }
            behind.push_str(&line);
            behind.push('\n');
        }
        out.push_str(unit.text.get(at..).unwrap_or(""));
        let out = out.strip_prefix('\u{feff}').unwrap_or(&out);
        let mut out = without_marker(out).to_owned();
        if !out.ends_with('\n') && !behind.is_empty() {
            out.push('\n');
        }
        out + &behind
    }

    fn line(&mut self, entry: &UnitEntry) -> Line {
        let (unit, release) = (self.unit, self.platform.version);
        let key = entry.key.value.as_str();
        let mut value = String::from(entry.value.value.as_str());
        each_path(&entry.section, key, &mut value, &mut |path| {
            if !unit.folder.is_empty()
                && let Some(moved) = below(&format!("./{}", unit.folder.trim_end_matches('/')), path)
            {
                *path = moved;
            }
            self.folders.push(path.clone());
        });
        let value = value.replace(HOME, "%h");
        if entry.section == "Unit" && !Habit::DependenciesTranslated.of(release) {
            let words: Vec<String> = value.split_whitespace().map(|word| self.service(word)).collect();
            if words.iter().ne(value.split_whitespace()) {
                return Line::Other(format!("{key}={}", words.join(" ")));
            }
        }
        if let Some(known) = keys::find(&entry.section, key) {
            if known.since() > release {
                return self.too_new(entry, known, &value);
            }
            if key == "Network" && value.ends_with(".container") && !Feature::ContainerNetwork.is_in_podman(release) {
                let message = format!(
                    "Podman {release} takes `{value}` for the name of a network: the network of a unit came with {}",
                    Feature::ContainerNetwork.first_podman()
                );
                let help = "What helps: `Network=container:NAME` with the container's name, `Requires=` and `After=`.";
                self.found.push(lost(entry.value.span(), message).help(help));
            }
        }
        let value = self.by_unit(key, value);
        let written = unit.text.get(self.range(entry)).filter(|_| unit.holds(entry.value.span()));
        // As the generator joins it: without comments between the lines.
        let is_comment = |line: &&str| line.trim_start().starts_with(['#', ';']);
        let bare = |text: &str| -> String {
            let lines = text.lines().enumerate().filter(|(at, line)| *at == 0 || !is_comment(line));
            lines.flat_map(|(_, line)| line.strip_suffix('\\').unwrap_or(line).split_whitespace()).collect()
        };
        let same = written.is_some_and(|text| bare(text) == bare(&value));
        if same { Line::Same } else { Line::Other(format!("{key}={value}")) }
    }

    /// A network or volume that is named as its unit calls it, by that unit where the release cannot call it so.
    fn by_unit(&self, key: &str, value: String) -> String {
        let naming = match key {
            "Network" => "NetworkName",
            "Volume" => "VolumeName",
            _ => return value,
        };
        if Feature::NamedObjects.is_in_podman(self.platform.version) {
            return value;
        }
        let (name, rest) = value.split_at(value.find(':').unwrap_or(value.len()));
        let is_it = |unit: &&Unit| {
            unit.kind.section() == key && unit.last(key, naming).is_some_and(|it| it.value.value.trim() == name)
        };
        match self.stack.units.values().find(is_it) {
            Some(unit) => format!("{}{rest}", unit.file),
            None => value,
        }
    }

    fn range(&self, entry: &UnitEntry) -> std::ops::Range<usize> {
        let place = |offset: u32| offset.saturating_sub(self.unit.span.start) as usize;
        place(entry.value.span().start)..place(entry.value.span().end)
    }

    /// The service of a unit that is named by its file.
    fn service(&self, word: &str) -> String {
        let unit = self.stack.units.get(word);
        unit.map_or_else(|| word.to_owned(), |unit| format!("{}.service", unit.service))
    }

    /// An argument that does the same as a key that the release lacks, else nothing, and a word about it.
    fn too_new(&mut self, entry: &UnitEntry, known: &Key, value: &str) -> Line {
        let (release, key) = (self.platform.version, entry.key.value.as_str());
        if value.is_empty() {
            return Line::Gone;
        }
        let has_arguments =
            keys::find(&entry.section, "PodmanArgs").is_some_and(|arguments| arguments.since() <= release);
        if let Some(arguments) = arguments(known, value).filter(|_| has_arguments) {
            return Line::Other(format!("PodmanArgs={arguments}"));
        }
        let message = format!(
            "Podman {release} has no `{key}=` in [{}], and no argument does the same: `{}` goes without it",
            entry.section, self.unit.file
        );
        let help = format!("What helps: Podman {} or newer.", known.since());
        self.found.push(lost(entry.key.span().to(entry.value.span()), message).help(help));
        Line::Gone
    }
}

/// The arguments that do the same as a key, as they are written; nothing where there are none, or where the value
/// means something as that of a key that it does not mean as that of an argument.
fn arguments(known: &Key, value: &str) -> Option<String> {
    let source = value.split([':', ',']).next().unwrap_or("");
    let is_unit = |kind: &UnitKind| source.rsplit_once('.').is_some_and(|(_, ending)| ending == kind.extension());
    if UnitKind::ALL.iter().any(is_unit) || value.starts_with('.') {
        return None;
    }
    if known.repeat == Repeat::Bool {
        let on = ["1", "yes", "true", "on"].iter().any(|word| value.eq_ignore_ascii_case(word));
        return match (known.fixed_argument(), on) {
            (Some(argument), true) => Some(argument),
            (Some(_), false) => None,
            (None, on) => Some(format!("{}{on}", known.argument()?)),
        };
    }
    let argument = known.argument()?;
    match known.repeat {
        Repeat::Last | Repeat::Uint | Repeat::Lines => {
            let bare = value.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')).unwrap_or(value);
            Some(word(&format!("{argument}{bare}")))
        }
        Repeat::Words | Repeat::Args | Repeat::Keyval if !value.contains(['"', '\'', '\\']) => {
            let words = value.split_whitespace().map(|value| format!("{argument}{value}"));
            Some(words.collect::<Vec<_>>().join(" "))
        }
        _ => None,
    }
}

/// A text that quadgen wrote, without its first line: it gets another one.
fn without_marker(text: &str) -> &str {
    match crate::render::signed(text) {
        Some(signed) if text.starts_with(crate::render::MARKER) => signed.text,
        _ => text,
    }
}
