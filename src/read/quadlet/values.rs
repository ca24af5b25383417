//! What a unit's own section says, by key, with the arguments in `PodmanArgs=` that do what a key does.

use std::borrow::Cow;

use smallvec::SmallVec;

use super::attributes::shape_of;
use super::unit::Unit;
use crate::model::{self, Data, Keys, Spanned, Text, UnitEntry};
use crate::platform::attributes::Shape;
use crate::platform::keys::{self, Key, Repeat, SectionKeys};
use crate::platform::options::is_list;
use crate::source::Span;
use crate::syntax::unit::{Entry, Escapes, Value, Word, split};

/// One value of a key.
#[derive(Clone, Debug)]
pub(super) struct Given<'u> {
    /// As it reaches Podman, as far as that is known before it runs.
    pub word: Word<'u>,
    /// Whether it stands in `PodmanArgs=`, past the generator's own reading of its key.
    pub by_argument: bool,
    /// As written, without quotes, where that is another text.
    raw: Option<Cow<'u, str>>,
}

impl Given<'_> {
    /// The value with its place.
    pub fn into_text(self) -> Text {
        Spanned::written(self.word.text.into_owned(), self.word.span)
    }

    /// The same for the source layer.
    pub fn into_value(self) -> model::Value {
        model::Value { span: self.word.span, data: Data::Text(self.word.text.into_owned()) }
    }

    pub fn span(&self) -> Span {
        self.word.span
    }

    fn raw(&self) -> &str {
        self.raw.as_deref().unwrap_or(&self.word.text)
    }
}

/// The values of a key: nearly all keys have one, which lies in the slot itself.
pub(super) type Several<'u> = SmallVec<[Given<'u>; 1]>;

/// What a unit says for one key.
struct Slot<'u> {
    key: Cow<'u, str>,
    /// What the key is, if it is one of Quadlet's.
    known: Option<&'static Key>,
    values: Several<'u>,
    /// Whether somebody asked for them.
    taken: bool,
}

/// The values of a unit's own section, each until somebody takes it. What nobody takes stays an entry of the unit.
pub(super) struct Values<'u> {
    pub unit: &'u Unit,
    /// A unit has few keys: to look through them costs less than to hash one.
    slots: Vec<Slot<'u>>,
    /// The keys of the slots.
    keys: Keys,
    /// All keys that the unit's own section may have.
    section: SectionKeys,
    /// Entries that stay although somebody looked at their key.
    left: Vec<UnitEntry>,
    /// Arguments that do what a key does, with that key, as they are written.
    arguments: Vec<(String, UnitEntry)>,
}

/// Short options, and long ones with two names.
const ALIASES: [(&str, &str); 16] = [
    ("-v", "Volume"),
    ("--volume", "Volume"),
    ("-p", "PublishPort"),
    ("-e", "Environment"),
    ("--net", "Network"),
    ("-h", "HostName"),
    ("-l", "Label"),
    ("-u", "User"),
    ("-w", "WorkingDir"),
    ("-m", "Memory"),
    ("-t", "--tty"),
    ("-i", "--interactive"),
    ("-o", "--opt"),
    ("--opt", "--opt"),
    ("--no-cache", "--no-cache"),
    ("--no-healthcheck", "--no-healthcheck"),
];

/// Arguments without a key that the model understands in builds.
const BUILD: [&str; 4] = ["--shm-size", "--platform", "--cache-from", "--cache-to"];

impl<'u> Values<'u> {
    pub fn of(unit: &'u Unit) -> Values<'u> {
        let slots = Vec::with_capacity(unit.entries.len());
        let own = unit.own();
        let section = SectionKeys::of(own);
        let mut values =
            Values { unit, slots, keys: Keys::default(), section, left: Vec::new(), arguments: Vec::new() };
        for entry in unit.entries.iter().filter(|entry| entry.section == own && entry.key != "PodmanArgs") {
            values.take_in(entry);
        }
        for line in unit.lines(own, "PodmanArgs") {
            values.arguments(line);
        }
        values
    }

    /// Takes an entry in: further values of its key, or another one where that has one.
    fn take_in(&mut self, entry: &'u Entry) {
        let unit = self.unit;
        let Some(slot) = self.slot(Cow::Borrowed(&entry.key)) else { return };
        let Some(known) = slot.known else { return };
        let value = &entry.value;
        let given = |word| given(unit, field(unit, || known.flag(), word));
        let words = |escapes| split(value, escapes).unwrap_or_default();
        if value.text.is_empty()
            || matches!(known.repeat, Repeat::Last | Repeat::Bool | Repeat::Uint | Repeat::LastArgs)
        {
            slot.values.clear();
        }
        match known.repeat {
            _ if value.text.is_empty() => {}
            Repeat::Last | Repeat::Bool | Repeat::Uint => {
                let text = unit.single(value);
                if !text.value.is_empty() {
                    slot.values.push(given(as_written(text.value, text.span())));
                }
            }
            Repeat::Lines => {
                let text = value.text.trim_end();
                slot.values.push(given(as_written(text, value.part(0, text.len()))));
            }
            Repeat::Words => slot.values.extend(words(Escapes::Keep).into_iter().map(given)),
            Repeat::Args | Repeat::Keyval | Repeat::LastArgs => {
                slot.values.extend(words(Escapes::Apply).into_iter().map(given));
            }
        }
    }

    /// The place for the values of a key.
    fn slot(&mut self, key: Cow<'u, str>) -> Option<&mut Slot<'u>> {
        let is_new = self.keys.add(&key);
        let known = if is_new { None } else { self.slots.iter().position(|slot| slot.key == key) };
        let at = known.unwrap_or_else(|| {
            let known = self.section.get(&key);
            self.slots.push(Slot { key, known, values: Several::new(), taken: false });
            self.slots.len() - 1
        });
        self.slots.get_mut(at)
    }

    /// Takes the arguments apart that do what a key or an attribute does.
    fn arguments(&mut self, line: &'u Value) {
        let Ok(words) = split(line, Escapes::Apply) else { return };
        let mut kept: Vec<String> = Vec::new();
        let mut understood = false;
        let mut words = words.into_iter().peekable();
        while let Some(word) = words.next() {
            let (flag, value) = match word.text.split_once('=') {
                Some((flag, value)) if flag.starts_with("--") => (flag, Some(value)),
                _ => (&*word.text, None),
            };
            let Some((key, switch)) = meaning(self.unit.own(), flag) else {
                kept.push(quoted(&word.text));
                continue;
            };
            let value_apart = value.is_none() && !switch;
            let found = match value {
                Some(text) => {
                    let from = word.text.len() - text.len();
                    let span = word.part(from, word.text.len());
                    Word { plain: word.plain, text: Cow::Owned(text.to_owned()), span }
                }
                None if switch => Word { text: Cow::Borrowed("true"), span: word.span, plain: false },
                None => match words.next() {
                    Some(next) => next,
                    None => {
                        kept.push(quoted(&word.text));
                        continue;
                    }
                },
            };
            understood = true;
            let mut text = quoted(&word.text);
            if value_apart {
                text = format!("{text} {}", quoted(&found.text));
            }
            self.arguments.push((key.clone(), self.entry("PodmanArgs", text, found.span)));
            let found = Given { by_argument: true, ..given(self.unit, field(self.unit, || Some(flag), found)) };
            let Some(slot) = self.slot(Cow::Owned(key)) else { continue };
            if slot.known.is_some_and(|known| matches!(known.repeat, Repeat::Last | Repeat::Bool | Repeat::Uint)) {
                slot.values.clear();
            }
            slot.values.push(found);
        }
        let text = if understood { kept.join(" ") } else { line.text.clone().into() };
        if !text.is_empty() {
            self.left.push(self.entry("PodmanArgs", text, line.span));
        }
    }

    fn entry(&self, key: &str, text: String, span: Span) -> UnitEntry {
        let section = self.unit.own().into();
        UnitEntry { section, key: Spanned::written(key.into(), span), value: Spanned::written(text.into(), span) }
    }

    /// The keys that nobody has asked for.
    pub fn untaken(&self) -> Keys {
        self.slots.iter().filter(|slot| !slot.taken).map(|slot| &*slot.key).collect()
    }

    /// The values of a key that takes several.
    #[inline]
    pub fn take(&mut self, key: &str) -> Several<'u> {
        if self.keys.may_hold(key) { self.taken(key) } else { Several::new() }
    }

    fn taken(&mut self, key: &str) -> Several<'u> {
        let Some(slot) = self.slots.iter_mut().find(|slot| slot.key == key) else { return Several::new() };
        slot.taken = true;
        std::mem::take(&mut slot.values)
    }

    /// The value of a key that has one.
    #[inline]
    pub fn take_last(&mut self, key: &str) -> Option<Given<'u>> {
        if self.keys.may_hold(key) { self.taken(key).pop() } else { None }
    }

    /// What a switch says.
    pub fn take_switch(&mut self, key: &str) -> Option<Spanned<bool>> {
        let given = self.take_last(key)?;
        let on = ["1", "yes", "true", "on"].iter().any(|word| given.word.text.eq_ignore_ascii_case(word));
        Some(Spanned::written(on, given.span()))
    }

    /// Puts a value back that the model has no place for.
    pub fn leave(&mut self, key: &str, given: &Given<'_>) {
        let repeat = self.section.get(key).map(|known| known.repeat);
        let text = match repeat {
            Some(Repeat::Words | Repeat::Args | Repeat::Keyval | Repeat::LastArgs) => quoted(given.raw()),
            _ => given.raw().to_owned(),
        };
        let left = if repeat.is_some() {
            self.entry(key, text, given.span())
        } else {
            self.entry("PodmanArgs", quoted(&format!("{key}={}", given.raw())), given.span())
        };
        self.left.push(left);
    }

    /// Adds everything that nobody took: entries of the own section, then what was put back.
    pub fn rest(self, rest: &mut Vec<UnitEntry>) {
        let own = self.unit.own();
        let keys = self.untaken();
        let untaken = |key: &str| keys.may_hold(key) && self.slots.iter().any(|slot| !slot.taken && slot.key == key);
        let entries = self.unit.entries.iter();
        rest.extend(entries.filter(|entry| untaken(&entry.key) && entry.section == own).map(written));
        rest.extend(self.left);
        rest.extend(self.arguments.into_iter().filter(|(key, _)| untaken(key)).map(|(_, entry)| entry));
    }
}

/// An entry as it stands.
pub(super) fn written(entry: &crate::syntax::unit::Entry) -> UnitEntry {
    UnitEntry {
        section: entry.section.clone(),
        key: Spanned::written(entry.key.clone(), entry.key_span),
        value: Spanned::written(entry.value.text.clone(), entry.value.span),
    }
}

/// A value that stands in quotes in a line of CSV, as which Podman reads some options.
fn field<'f, 'v>(unit: &Unit, flag: impl Fn() -> Option<&'f str>, mut word: Word<'v>) -> Word<'v> {
    let quoted = |text: &str| Some(text.strip_prefix('"')?.strip_suffix('"')?.replace("\"\"", "\u{0}"));
    if let Some(text) = quoted(&word.text).filter(|text| !text.contains('"'))
        && flag().is_some_and(|flag| is_list(flag, unit.release))
    {
        word.text = Cow::Owned(text.replace('\u{0}', "\""));
        word.plain = false;
    }
    word
}

/// A text that stands in the source.
fn as_written(text: &str, span: Span) -> Word<'_> {
    Word { text: Cow::Borrowed(text), span, plain: (span.end - span.start) as usize == text.len() }
}

fn given<'v>(unit: &Unit, word: Word<'v>) -> Given<'v> {
    let raw = unit.may_fill_in(&word.text).then(|| word.text.clone());
    let word = if raw.is_some() { unit.expanded(word) } else { word };
    Given { raw, word, by_argument: false }
}

/// The key that an argument does the work of, else its own name where an attribute does; and whether it takes no value.
pub(super) fn meaning(section: &str, flag: &str) -> Option<(String, bool)> {
    if !flag.starts_with('-') {
        return None;
    }
    let alias = ALIASES.iter().find(|(name, _)| *name == flag).map(|(_, key)| *key);
    if let Some(key) = alias.filter(|key| !key.starts_with("--")) {
        return keys::find(section, key).map(|known| (key.to_owned(), known.repeat == Repeat::Bool));
    }
    let flag = alias.unwrap_or(flag);
    // Another key says the same as a deprecated one.
    let says = |known: &keys::Key| known.flag() == Some(flag) && !known.is_deprecated();
    let by_flag = |key: &&str| keys::find(section, key).is_some_and(says);
    if let Some(key) = keys::names(section).find(by_flag) {
        let switch = keys::find(section, key).is_some_and(|known| known.repeat == Repeat::Bool);
        return Some((key.to_owned(), switch));
    }
    match section {
        "Container" | "Pod" => {
            if flag == "--no-healthcheck" {
                return Some((flag.to_owned(), true));
            }
            shape_of(flag).map(|shape| (flag.to_owned(), shape == Shape::Switch))
        }
        "Build" if flag == "--no-cache" => Some((flag.to_owned(), true)),
        "Build" if BUILD.contains(&flag) => Some((flag.to_owned(), false)),
        "Volume" if flag == "--opt" => Some((flag.to_owned(), false)),
        _ => None,
    }
}

/// A word as it is written where words are split.
pub(super) fn quoted(word: &str) -> String {
    if !word.is_empty() && !word.contains(|c: char| c.is_whitespace() || "\"'\\".contains(c)) {
        return word.to_owned();
    }
    let escaped = word.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n").replace('\t', "\\t");
    format!("\"{escaped}\"")
}
