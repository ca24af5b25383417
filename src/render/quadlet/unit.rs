//! A unit file while it is made: sections with entries, each written as its key needs it.

use std::borrow::Cow;
use std::rc::Rc;

use super::kept::Kept;
use super::quote;
use crate::model::{INTENTS, Origin, STANDING_FOR, Text, UnitEntry, Value, Version};
use crate::platform::keys;
use crate::render::pairs_at;
use crate::source::Span;

/// Sections in the order they are written.
const ORDER: [&str; 10] =
    ["Unit", "Container", "Pod", "Network", "Volume", "Build", "Quadlet", "Service", "Install", INTENTS];

/// What files of units end in.
const UNITS: [&str; 6] = [".container", ".network", ".volume", ".build", ".image", ".pod"];

/// Whether the generator takes a name for that of a unit's file.
pub(super) fn is_unit(name: &str) -> bool {
    UNITS.iter().any(|kind| name.ends_with(kind))
}

/// A unit.
pub(super) struct Unit {
    /// `Container`, `Network` or `Volume`.
    own: &'static str,
    version: Version,
    entries: Vec<Entry>,
    /// What is being written, where its place is known.
    at: Option<Span>,
    lost: Vec<(Option<Span>, String)>,
    /// Texts that keep their variables, and those of them that stand here.
    texts: Rc<Kept>,
    kept: Vec<Span>,
}

#[derive(Clone, Debug)]
struct Entry {
    section: &'static str,
    key: String,
    value: String,
}

impl Unit {
    pub fn new(own: &'static str, version: Version) -> Self {
        Unit { own, version, entries: Vec::new(), at: None, lost: Vec::new(), texts: Rc::default(), kept: Vec::new() }
    }

    /// The same, with texts that keep their variables.
    pub fn keeping(self, texts: &Rc<Kept>) -> Self {
        Unit { texts: Rc::clone(texts), ..self }
    }

    /// A value with its variables, if that which is being written can keep them.
    pub fn marked(&self, key: &str, value: &str) -> Option<String> {
        self.texts.marked(self.at?, key, value, self.version)
    }

    /// The same for what is written so.
    fn keep(&mut self, key: &str, value: &str) -> Option<String> {
        let marked = self.marked(key, value)?;
        self.kept.extend(self.at);
        Some(marked)
    }

    /// The places of texts that kept their variables.
    pub fn kept(&self) -> impl Iterator<Item = Span> {
        self.kept.iter().copied()
    }

    /// Every value as it is written.
    pub fn values(&self) -> impl Iterator<Item = &str> {
        self.entries.iter().map(|entry| entry.value.as_str())
    }

    /// Says where that stands which is written next; what is lost of it is reported there.
    pub fn at(&mut self, at: Option<Span>) {
        self.at = at;
    }

    /// Reports at the place of what is being written.
    pub fn lose(&mut self, message: String) {
        self.lost.push((self.at, message));
    }

    /// A text in a section that systemd reads: specifiers stay text.
    pub fn text(&mut self, section: &str, key: &str, value: &str) {
        if value.contains(char::is_control) || quote::unfit(value).is_some() {
            return self.lose(format!("{key}= of [{section}] cannot hold this value: a line has no such characters"));
        }
        self.raw(section, key, value.replace('%', "%%"));
    }

    /// A value that is written exactly so.
    pub fn raw(&mut self, section: &str, key: &str, value: impl Into<String>) {
        // A section that is not in that order is never written.
        if let Some(section) = ORDER.into_iter().find(|known| *known == section) {
            self.entries.push(Entry { section, key: key.to_owned(), value: value.into() });
        }
    }

    /// A value of the unit's own section, quoted as its key needs it. A release that lacks the key gets `PodmanArgs=`
    /// with an argument that does the same; what cannot be said either way is kept for [`Unit::take_lost`].
    pub fn own(&mut self, key: &str, value: &str) {
        self.own_with(key, value, quote::Specifiers::Literal);
    }

    /// The same for a value with specifiers of systemd (`%h`, `%t`) that are meant.
    pub fn own_with(&mut self, key: &str, value: &str, specifiers: quote::Specifiers) {
        let Some(known) = keys::find(self.own, key) else {
            return self.lose(format!("no release of Podman has {key}="));
        };
        if let Some(why) = quote::unfit(value) {
            return self.lose(format!("{key}= cannot hold this value: {why}"));
        }
        let flag = known.flag().unwrap_or_default();
        let Some(listed) = quote::one_of_list(flag, value, self.version) else {
            return self.lose(format!("{key}= cannot hold this value: Podman takes it for another one"));
        };
        let marked = if listed == value { self.keep(key, value) } else { None };
        let listed = marked.map_or(listed, Cow::Owned);
        // The generator looks at the beginning of these, where a quotation mark would now stand.
        let is_hidden = listed != value && matches!(key, "EnvironmentFile" | "AddDevice");
        // A device that may be missing begins so.
        if key == "AddDevice" && value.starts_with('-') {
            return self.lose("AddDevice= cannot hold a device that begins with `-`".to_owned());
        }
        if known.since() <= self.version
            && !is_hidden
            && let Some(written) = quote::value(known.repeat, &listed, specifiers)
        {
            return self.raw(self.own, key, written);
        }
        let late = known.since() > self.version;
        // Arguments know no units, and no folder of theirs.
        let is_named = |name: &str| name.starts_with('.') || is_unit(name);
        let refers = matches!(key, "Network" | "EnvironmentFile" | "Mount") && value.split([':', ',']).any(is_named);
        let option = match known.flag() {
            Some(flag) => Some(format!("{flag}=")),
            None => known.argument(),
        };
        match option {
            Some(option) if self.has("PodmanArgs") && !refers => {
                self.argument(&format!("{option}{listed}"), specifiers)
            }
            _ if late => self.lose(format!(
                "Podman {} has no {key}= in a .{} unit: it came with {}",
                self.version,
                self.own.to_lowercase(),
                known.since()
            )),
            _ => self.lose(format!("{key}= cannot hold this value: its quotes, blanks or backslashes would be lost")),
        }
    }

    /// Pairs of a name and a value, one a line, each reported at its own place if it is lost.
    pub fn pairs(&mut self, key: &str, pairs: &Value) {
        let at = self.at;
        for (name, value, span) in pairs_at(pairs) {
            self.at = Some(span);
            self.pair(key, &name, &value);
        }
        self.at = at;
    }

    /// A name and a value, with `=` between them.
    pub fn pair(&mut self, key: &str, name: &str, value: &str) {
        if name.is_empty() || name.contains('=') {
            return self.lose(format!("{key}= cannot hold a name with `=`, or none: Podman ends it at the first one"));
        }
        self.own(key, &format!("{name}={value}"));
    }

    /// Takes the values of a key of the unit's own section out of it, as they are written.
    pub fn take(&mut self, key: &str) -> Vec<String> {
        let is_it = |entry: &Entry| entry.section == self.own && entry.key == key;
        let (taken, kept) = std::mem::take(&mut self.entries).into_iter().partition(is_it);
        self.entries = kept;
        taken.into_iter().map(|entry: Entry| entry.value).collect()
    }

    /// Whether the release knows a key of the unit's own section.
    pub fn has(&self, key: &str) -> bool {
        keys::find(self.own, key).is_some_and(|key| key.since() <= self.version)
    }

    /// The value of a key of the unit's own section, as it is written.
    pub fn value(&self, key: &str) -> Option<String> {
        let entry = self.entries.iter().rev().find(|entry| entry.section == self.own && entry.key == key);
        entry.map(|entry| entry.value.clone())
    }

    /// Several words of a key that takes words, all of which have to fit.
    pub fn words(&mut self, key: &str, words: &[Text]) {
        let mut written = Vec::with_capacity(words.len());
        for word in words {
            self.at = Some(word.span());
            // A line is split before its variables are known.
            let is_own = matches!(word.origin, Origin::Interpolated(_));
            let marked = if is_own { self.keep(key, &word.value) } else { None };
            let stands = STANDING_FOR.iter().find(|(_, text)| *text == word.value);
            written.push(match (marked, stands) {
                (None, Some((name, _))) => format!("${{{name}}}"),
                (marked, _) => quote::word(marked.as_ref().unwrap_or(&word.value), quote::Specifiers::Literal),
            });
        }
        self.at = None;
        self.raw(self.own, key, written.join(" "));
    }

    /// An argument of `podman` that has no key.
    pub fn argument(&mut self, argument: &str, specifiers: quote::Specifiers) {
        if let Some(why) = quote::unfit(argument) {
            return self.lose(format!("PodmanArgs= cannot hold this value: {why}"));
        }
        self.raw(self.own, "PodmanArgs", quote::word(argument, specifiers));
    }

    /// An option of `podman` that has no key, with its value.
    pub fn option(&mut self, flag: &str, value: &str) {
        match quote::one_of_list(flag, value, self.version) {
            Some(value) => self.argument(&format!("{flag}={value}"), quote::Specifiers::Literal),
            None => self.lose(format!("{flag} cannot hold this value: Podman takes it for another one")),
        }
    }

    /// What somebody wrote for this unit, as it stands: it takes the place of quadgen's own line with that key.
    pub fn entries(&mut self, written: &[UnitEntry]) {
        for entry in written {
            let single = match keys::find(&entry.section, &entry.key.value) {
                Some(known) => !matches!(
                    known.repeat,
                    keys::Repeat::Lines | keys::Repeat::Words | keys::Repeat::Args | keys::Repeat::Keyval
                ),
                None => entry.section == "Service",
            };
            if single {
                let key = |old: &Entry| old.section == entry.section && old.key == entry.key.value;
                self.entries.retain(|old| !key(old));
            }
            if let Some(known) = keys::find(&entry.section, &entry.key.value)
                && known.since() > self.version
            {
                let (version, key, since) = (self.version, &entry.key.value, known.since());
                let message = format!("Podman {version} has no {key}=: it came with {since}");
                self.lost.push((Some(entry.key.span()), message));
                continue;
            }
            let value = &entry.value.value;
            if value.chars().any(|c| c.is_control() && c != '\t') || quote::unfit(value).is_some() {
                let message = format!("{}= cannot hold this value: a line has no such characters", entry.key.value);
                self.lost.push((Some(entry.value.span()), message));
                continue;
            }
            self.raw(&entry.section, &entry.key.value, value.as_str());
        }
    }

    /// How much could not be said until now.
    pub fn losses(&self) -> usize {
        self.lost.len()
    }

    /// What could not be said, with its place where that is known.
    pub fn take_lost(&mut self) -> Vec<(Option<Span>, String)> {
        std::mem::take(&mut self.lost)
    }

    /// What it is a unit of, as its section says.
    pub fn kind(&self) -> &'static str {
        self.own
    }

    /// Its sections in the order in which they are written, each with its entries.
    pub fn sections(&self) -> Vec<(&'static str, Vec<(&str, &str)>)> {
        let mut sections = ORDER.map(|name| (name, Vec::new()));
        for entry in &self.entries {
            if let Some((_, entries)) = sections.iter_mut().find(|(name, _)| *name == entry.section) {
                entries.push((entry.key.as_str(), entry.value.as_str()));
            }
        }
        // The own section stands even when it is empty: the generator wants it.
        sections.into_iter().filter(|(name, entries)| !entries.is_empty() || *name == self.own).collect()
    }
}
