//! One unit as the generator of a release sees it: what a key says, and how the unit is called.

use ecow::EcoString;

use crate::maps::HashMap;
use crate::model::{Keys, Spanned, Text, UnitKind, Version};
use crate::platform::generator::Habit;
use crate::source::Span;
use crate::syntax::unit::{Entry, Escapes, Value, Word, Words, split, split_onto};

/// A text of a unit with its place.
pub(super) type Said<'u> = Spanned<&'u str>;

/// A unit with its drop-ins.
#[derive(Debug)]
pub(super) struct Unit {
    /// The file's name: `web.container`.
    pub file: String,
    /// The name without its ending: `web`.
    pub stem: String,
    pub kind: UnitKind,
    /// The folder it lies in, from the root of the tree: empty, or with a `/` at its end.
    pub folder: String,
    /// The whole file.
    pub span: Span,
    /// The first line of its own section, else of the file.
    pub head: Span,
    /// Every section with its place.
    pub sections: Vec<(EcoString, Span)>,
    /// Every entry, those of the drop-ins behind its own.
    pub entries: Vec<Entry>,
    /// Which keys they have.
    pub keys: Keys,
    pub release: Version,
    /// Files of the same name that do not count.
    pub shadowed: Vec<Span>,
    /// The variables of the files that `EnvironmentFile=` of [Service] names; nothing if one of them is not known here.
    pub given: Option<HashMap<String, String>>,
    /// Whether systemd certainly fills in nothing: its files hold no sign for that, nor one that may stand for it. No is
    /// no answer.
    pub literal: bool,
    /// Whether its files certainly hold no quotation mark, no backslash and no `#`: then a value is what it looks like. No
    /// is no answer here, either.
    pub unquoted: bool,
    /// Whether its own file has `[Install]` or an entry of it behind a comment sign.
    pub install_commented_out: bool,
    /// The service that it becomes, without `.service`.
    pub service: String,
    /// The name of what it makes: of the container, the network, the volume or the pod.
    pub object: Text,
}

impl Unit {
    /// The name of its own section.
    pub fn own(&self) -> &'static str {
        self.kind.section()
    }

    /// Finds out what everybody asks for: which keys there are, which variables are known, and what the unit and its object
    /// are called.
    pub fn settle(&mut self, given: impl FnOnce(&Unit) -> Option<HashMap<String, String>>) {
        self.keys = self.entries.iter().map(|entry| entry.key.as_str()).collect();
        self.given = given(self);
        self.service = self.service_name();
        self.object = self.object_name();
    }

    /// The entries of a key, in the order in which they count.
    fn all(&self, section: &str, key: &str) -> impl DoubleEndedIterator<Item = &Entry> {
        self.entries.iter().filter(move |entry| entry.key == key && entry.section == section)
    }

    /// The entry of a key that counts where one counts: the last.
    #[inline]
    pub fn entry(&self, section: &str, key: &str) -> Option<&Entry> {
        if self.keys.may_hold(key) { self.last_of(section, key) } else { None }
    }

    fn last_of(&self, section: &str, key: &str) -> Option<&Entry> {
        self.all(section, key).next_back()
    }

    /// The value of a key that has one, without quotation marks as the release takes them away; may be empty.
    #[inline]
    pub fn last(&self, section: &str, key: &str) -> Option<Said<'_>> {
        self.entry(section, key).map(|entry| self.single(&entry.value))
    }

    /// A value that is taken as a whole, without quotation marks as the release takes them away.
    pub fn single<'v>(&self, value: &'v Value) -> Said<'v> {
        let whole = value.text.trim_end();
        let bare = if !whole.starts_with('"') && !whole.ends_with('"') {
            whole
        } else if Habit::TrimmedQuotes.of(self.release) {
            whole.trim_matches('"')
        } else if Habit::PairedQuotes.of(self.release) {
            whole.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')).unwrap_or(whole)
        } else {
            whole
        };
        let from = if bare == whole { 0 } else { whole.len() - whole.trim_start_matches('"').len() };
        Spanned::written(bare, value.part(from, from + bare.len()))
    }

    /// What a key that has one value says, if it says anything.
    #[inline]
    pub fn text(&self, section: &str, key: &str) -> Option<Said<'_>> {
        self.last(section, key).filter(|text| !text.value.is_empty())
    }

    /// Whether a key that has one value says a word, in any case.
    #[inline]
    pub fn says(&self, section: &str, key: &str, word: &str) -> bool {
        self.last(section, key).is_some_and(|text| text.value.eq_ignore_ascii_case(word))
    }

    /// The values of a key that takes several, one a line; an empty one takes back those before it.
    #[inline]
    pub fn lines(&self, section: &str, key: &str) -> Vec<&Value> {
        if self.keys.may_hold(key) { self.lines_of(section, key) } else { Vec::new() }
    }

    fn lines_of(&self, section: &str, key: &str) -> Vec<&Value> {
        let mut values = Vec::new();
        for entry in self.all(section, key) {
            if entry.value.text.is_empty() {
                values.clear();
            } else {
                values.push(&entry.value);
            }
        }
        values
    }

    /// The words of all lines of a key. A line that cannot be split is dropped, as the generator does.
    #[inline]
    pub fn words(&self, section: &str, key: &str, escapes: Escapes) -> Words<'_> {
        if self.keys.may_hold(key) { self.words_of(section, key, escapes) } else { Words::new() }
    }

    fn words_of(&self, section: &str, key: &str, escapes: Escapes) -> Words<'_> {
        // Sections of systemd's were once copied as they stand, so it was systemd that joined their lines.
        let systemd = || !Habit::JoinedLines.of(self.release) && section != self.own() && section != "Quadlet";
        let mut words = Words::new();
        for Entry { value, .. } in self.all(section, key) {
            if value.text.is_empty() {
                words.clear();
            } else if !value.is_one_line() && systemd() {
                for word in split(&value.spaced(), escapes).unwrap_or_default() {
                    words.push(word.into_owned());
                }
            } else {
                let before = words.len();
                if split_onto(value, escapes, &mut words).is_err() {
                    words.truncate(before);
                }
            }
        }
        words
    }

    /// The words of the last line of a key; nothing where it cannot be split.
    pub fn last_words(&self, section: &str, key: &str) -> Option<Words<'_>> {
        split(&self.entry(section, key)?.value, Escapes::Apply).ok()
    }

    /// What a switch says; everything but `1`, `yes`, `true` and `on` is no.
    pub fn switch(&self, section: &str, key: &str) -> Option<Spanned<bool>> {
        let text = self.last(section, key)?;
        let on = ["1", "yes", "true", "on"].iter().any(|word| text.value.eq_ignore_ascii_case(word));
        Some(Spanned::written(on, text.span()))
    }

    /// The service that it becomes, without `.service`.
    fn service_name(&self) -> String {
        if let Some(name) = self.last(self.own(), "ServiceName") {
            return name.value.to_owned();
        }
        let (dash, kind) = match self.kind {
            UnitKind::Container | UnitKind::Kube => return self.stem.clone(),
            kind => ("-", kind.extension()),
        };
        match self.stem.strip_suffix('@') {
            Some(template) if Habit::TemplateObjects.of(self.release) => [template, dash, kind, "@"].concat(),
            _ => [&self.stem, dash, kind].concat(),
        }
    }

    /// The name of what it makes: of the container, the network, the volume or the pod.
    fn object_name(&self) -> Text {
        let key = match self.kind {
            UnitKind::Container => "ContainerName",
            UnitKind::Network => "NetworkName",
            UnitKind::Volume => "VolumeName",
            _ => "PodName",
        };
        if let Some(name) = self.text(self.own(), key) {
            return Spanned { value: self.specifiers(name.value), origin: name.origin };
        }
        let template = self.stem.contains('@');
        let name = match (self.kind, self.stem.split_once('@')) {
            (UnitKind::Container, Some((prefix, instance))) if Habit::TemplateContainers.of(self.release) => {
                format!("{prefix}_{}", if instance.is_empty() { "%i" } else { instance })
            }
            (UnitKind::Container, _) => self.service.clone(),
            (UnitKind::Network | UnitKind::Volume, _) if template && Habit::TemplateObjects.of(self.release) => {
                let base = self.stem.strip_suffix('@').unwrap_or(&self.stem);
                format!("{base}-%i")
            }
            _ => self.stem.clone(),
        };
        Spanned::implied(format!("systemd-{name}"), self.head)
    }

    /// A text as systemd hands it on: specifiers that are about the unit's own name filled in, `%%` and `$$` taken for
    /// what they stand for; the others are only known where it runs.
    pub fn specifiers(&self, text: &str) -> String {
        if !self.may_fill_in(text) {
            return text.to_owned();
        }
        let service = &self.service;
        let (prefix, instance) = service.split_once('@').unwrap_or((service, ""));
        let mut out = String::with_capacity(text.len());
        let mut rest = text;
        while let Some(at) = rest.find(['%', '$']) {
            let (before, sign) = rest.split_at(at);
            out.push_str(before);
            let mut letters = sign.chars();
            let meant = match (letters.next(), letters.next()) {
                (Some('$'), Some('$')) => Some("$".to_owned()),
                (Some('$'), Some('{')) => {
                    let name = sign.get(2..).and_then(|rest| rest.split_once('}')).map(|(name, _)| name);
                    if let Some((name, value)) = name.and_then(|name| Some((name, self.variable(name)?))) {
                        out.push_str(&value);
                        rest = sign.get(name.len() + 3..).unwrap_or("");
                        continue;
                    }
                    None
                }
                (Some('%'), Some('%')) => Some("%".to_owned()),
                (Some('%'), Some('N')) => Some(service.clone()),
                (Some('%'), Some('n')) => Some(format!("{service}.service")),
                (Some('%'), Some('p' | 'P')) => Some(prefix.to_owned()),
                (Some('%'), Some('j' | 'J')) => prefix.rsplit('-').next().map(str::to_owned),
                (Some('%'), Some('i' | 'I')) if !instance.is_empty() || !service.contains('@') => {
                    Some(instance.to_owned())
                }
                _ => None,
            };
            let taken = if meant.is_some() { 2 } else { 1 };
            out.push_str(meant.as_deref().unwrap_or_else(|| sign.get(..1).unwrap_or("")));
            rest = sign.get(taken..).unwrap_or("");
        }
        out.push_str(rest);
        out
    }

    /// What systemd fills in for a variable in the command that it runs: what a file of [Service] says, else its
    /// `Environment=`, unless a file that is not here or whoever starts systemd may say otherwise.
    fn variable(&self, name: &str) -> Option<String> {
        if self.entry("Service", "PassEnvironment").is_some() {
            return None;
        }
        if let Some(value) = self.given.as_ref()?.get(name) {
            return Some(value.clone());
        }
        let words = self.words("Service", "Environment", Escapes::Apply);
        let values = words.iter().filter_map(|word| word.text.split_once('='));
        let value = values.rev().find(|(known, _)| *known == name).map(|(_, value)| value.to_owned())?;
        // What systemd fills in there is not known here, either.
        (!has_specifiers(&value)).then_some(value)
    }

    /// Whether systemd may make another text of one of the unit's.
    pub fn may_fill_in(&self, text: &str) -> bool {
        !self.literal && has_specifiers(text)
    }

    /// A word as systemd hands it on.
    pub fn expanded<'v>(&self, word: Word<'v>) -> Word<'v> {
        if !self.may_fill_in(&word.text) {
            return word;
        }
        let text = self.specifiers(&word.text);
        Word { plain: word.plain && text == word.text, text: text.into(), span: word.span }
    }
}

/// Whether systemd may make another text of this one.
fn has_specifiers(text: &str) -> bool {
    text.as_bytes().iter().any(|byte| matches!(byte, b'%' | b'$'))
}
