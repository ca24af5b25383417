//! The source layer of Quadlet: units as their files say them.

use std::sync::Arc;

use ecow::EcoString;
use memchr::{memchr, memrchr};

use super::Spanned;
use crate::source::Span;

/// The section of a unit that says what is meant: systemd and the generator pass over it.
pub const INTENTS: &str = "X-Quadgen";

/// Where units lie once they are installed, as systemd names it.
pub const INSTALLED: &str = "%E/containers/systemd/";

/// Steps of a unit that make what may be missing, before the path: a folder that is mounted, and an env file.
pub const MAKES_FOLDER: &str = "-/usr/bin/mkdir -p ";
/// The same for a file.
pub const MAKES_FILE: &str = "-/usr/bin/touch ";

/// Variables of systemd that stand for words which no line can hold. Tried with the generators of 5.4.2 and 5.8.6: both
/// drop an empty word and, in silence, all words behind it; and both unquote a lone `;`, which for systemd begins another
/// command, on the host.
pub const STANDING_FOR: [(&str, &str); 2] = [("QUADGEN_EMPTY", ""), ("QUADGEN_SEMICOLON", ";")];

/// The kinds of files that the generator reads.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum UnitKind {
    /// `.container`
    Container,
    /// `.pod`
    Pod,
    /// `.network`
    Network,
    /// `.volume`
    Volume,
    /// `.kube`
    Kube,
    /// `.image`
    Image,
    /// `.build`
    Build,
    /// `.artifact`
    Artifact,
}

impl UnitKind {
    /// All kinds.
    pub const ALL: [UnitKind; 8] = [
        UnitKind::Container,
        UnitKind::Pod,
        UnitKind::Network,
        UnitKind::Volume,
        UnitKind::Kube,
        UnitKind::Image,
        UnitKind::Build,
        UnitKind::Artifact,
    ];

    /// The file's ending without its dot, which in front of a unit's default service name is `-` for all but
    /// containers and kube units.
    pub fn extension(self) -> &'static str {
        match self {
            UnitKind::Container => "container",
            UnitKind::Pod => "pod",
            UnitKind::Network => "network",
            UnitKind::Volume => "volume",
            UnitKind::Kube => "kube",
            UnitKind::Image => "image",
            UnitKind::Build => "build",
            UnitKind::Artifact => "artifact",
        }
    }

    /// The name of its own section, without brackets.
    pub fn section(self) -> &'static str {
        match self {
            UnitKind::Container => "Container",
            UnitKind::Pod => "Pod",
            UnitKind::Network => "Network",
            UnitKind::Volume => "Volume",
            UnitKind::Kube => "Kube",
            UnitKind::Image => "Image",
            UnitKind::Build => "Build",
            UnitKind::Artifact => "Artifact",
        }
    }

    /// The stem and the kind of a file's name, if it is that of a unit.
    pub fn of_file(name: &str) -> Option<(&str, UnitKind)> {
        let dot = memrchr(b'.', name.as_bytes())?;
        let (stem, extension) = (name.get(..dot)?, name.get(dot + 1..)?);
        let kind = Self::ALL.into_iter().find(|kind| kind.extension() == extension)?;
        (!stem.is_empty()).then_some((stem, kind))
    }
}

/// A unit with everything that its file and its drop-ins say.
#[derive(Clone, PartialEq, Debug)]
pub struct Unit {
    /// The file's name: `web.container`.
    pub file: String,
    /// What it is.
    pub kind: UnitKind,
    /// The folder that its file lies in, from the root of the tree: empty, or with a `/` at its end.
    pub folder: String,
    /// The text of its file, without its drop-ins.
    pub text: Arc<String>,
    /// The whole file.
    pub span: Span,
    /// The name in the header of its own section, else the file's first line: the place of what is absent.
    pub head: Span,
    /// The service that it becomes, without `.service`.
    pub service: String,
    /// Every section with the place of its name, as often as it stands, those of drop-ins behind its own.
    pub sections: Vec<(EcoString, Span)>,
    /// Every entry in the order in which they count: those of the file, then those of each drop-in.
    pub entries: Vec<UnitEntry>,
    /// Which keys they have.
    pub keys: Keys,
    /// Files of the same name in folders that are searched later: they do not count.
    pub shadowed: Vec<Span>,
    /// Whether its own file has `[Install]` or an entry of it behind a comment sign: somebody switched it off.
    pub install_commented_out: bool,
}

impl Unit {
    /// The entries of a key, in the order in which they count.
    pub fn all<'a>(&'a self, section: &'a str, key: &'a str) -> impl DoubleEndedIterator<Item = &'a UnitEntry> {
        let entries = if self.keys.may_hold(key) { self.entries.as_slice() } else { &[] };
        entries.iter().filter(move |entry| entry.key.value == key && entry.section == section)
    }

    /// The entry that counts where one counts: the last.
    pub fn last<'a>(&'a self, section: &'a str, key: &'a str) -> Option<&'a UnitEntry> {
        self.all(section, key).next_back()
    }

    /// The lines of a key that takes several; an empty one takes back those before it.
    pub fn lines<'a>(&'a self, section: &'a str, key: &'a str) -> Vec<&'a UnitEntry> {
        standing(self.all(section, key))
    }

    /// Whether a place lies in its own file, not in a drop-in.
    pub fn holds(&self, place: Span) -> bool {
        self.span.holds(place)
    }

    /// The file in which a place of it lies, for people; drop-ins may count for several units.
    pub fn file_of(&self, place: Span) -> &str {
        if self.holds(place) { &self.file } else { "the drop-in" }
    }

    /// Whether a value may hold a text; of a unit as it was read no is certain.
    pub fn may_say(&self, text: &str) -> bool {
        // Drop-ins stand behind its own lines; a value over several lines may hold what no line does.
        let mut others = self.entries.iter().rev().take_while(|entry| !self.holds(entry.key.span()));
        holds(&self.text, text)
            || (text.len() > 1 && holds(&self.text, "\\"))
            || others.any(|entry| entry.value.value.contains(text))
    }

    /// Where a section's name stands first.
    pub fn section(&self, name: &str) -> Option<Span> {
        self.sections.iter().find(|(section, _)| section == name).map(|(_, span)| *span)
    }
}

/// Whether a part stands in a text; a sign is found sooner than a word.
fn holds(text: &str, part: &str) -> bool {
    match part.as_bytes() {
        [sign] => memchr(*sign, text.as_bytes()).is_some(),
        _ => text.contains(part),
    }
}

/// What is left of a list's lines where an empty one takes back those before it.
pub fn standing<'a>(entries: impl IntoIterator<Item = &'a UnitEntry>) -> Vec<&'a UnitEntry> {
    let mut left = Vec::new();
    for entry in entries {
        if entry.value.value.trim().is_empty() {
            left.clear();
        } else {
            left.push(entry);
        }
    }
    left
}

/// Which keys a unit may have: most questions are about keys that it does not have, and one number answers those.
#[derive(Clone, Copy, PartialEq, Default, Debug)]
pub struct Keys(u128);

impl Keys {
    /// Several keys, to ask for all of them at once.
    pub const fn of(mut keys: &[&str]) -> Keys {
        let mut all = 0;
        while let [key, rest @ ..] = keys {
            all |= Self::bit(key);
            keys = rest;
        }
        Keys(all)
    }

    /// Takes a key in; whether it is certainly new.
    pub fn add(&mut self, key: &str) -> bool {
        let before = self.0;
        self.0 |= Self::bit(key);
        self.0 != before
    }

    /// Whether a key may have been taken in; no is certain.
    #[inline]
    pub fn may_hold(self, key: &str) -> bool {
        self.0 & Self::bit(key) != 0
    }

    /// Whether any key may be in both; no is certain.
    #[inline]
    pub fn may_share(self, other: Keys) -> bool {
        self.0 & other.0 != 0
    }

    #[inline]
    const fn bit(key: &str) -> u128 {
        1 << (Self::number(key) % 128)
    }

    /// A number that few other keys have, by a key's length and three of its letters. The factors are those that tell the
    /// keys of containers apart best.
    #[inline]
    pub(crate) const fn number(key: &str) -> usize {
        let key = key.as_bytes();
        let (first, middle) = (Self::letter(key, 0), Self::letter(key, key.len() / 2));
        let last = Self::letter(key, key.len().wrapping_sub(1));
        first * 53 + middle * 9 + last * 4 + key.len() * 30
    }

    #[inline]
    const fn letter(key: &[u8], at: usize) -> usize {
        match key.split_at_checked(at) {
            Some((_, [letter, ..])) => *letter as usize,
            _ => 0,
        }
    }
}

impl<'a> FromIterator<&'a str> for Keys {
    fn from_iter<T: IntoIterator<Item = &'a str>>(all: T) -> Self {
        let mut keys = Keys::default();
        for key in all {
            keys.add(key);
        }
        keys
    }
}

/// A text of a unit. There are many, and a short one needs no memory of its own.
pub type UnitText = Spanned<EcoString>;

/// A line of a unit: `[section]`, key and value.
#[derive(Clone, PartialEq, Debug)]
pub struct UnitEntry {
    /// The section without its brackets.
    pub section: EcoString,
    /// The key.
    pub key: UnitText,
    /// The value, as it is written into the unit.
    pub value: UnitText,
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::{Keys, Unit, UnitEntry, UnitKind};
    use crate::model::Spanned;
    use crate::source::Span;

    /// A unit with one entry, which stands in its own file or behind it.
    fn unit(text: &str, value: &str, own: bool) -> Unit {
        let place = if own { Span::new(0, 1) } else { Span::new(1_000, 1_001) };
        let entry = UnitEntry {
            section: "Container".into(),
            key: Spanned::written("Exec".into(), place),
            value: Spanned::written(value.into(), place),
        };
        Unit {
            file: "web.container".to_owned(),
            kind: UnitKind::Container,
            folder: String::new(),
            text: Arc::new(text.to_owned()),
            span: Span::new(0, text.len() as u32),
            head: Span::new(0, 0),
            service: "web".to_owned(),
            sections: Vec::new(),
            entries: vec![entry],
            keys: Keys::default(),
            shadowed: Vec::new(),
            install_commented_out: false,
        }
    }

    #[test]
    fn what_no_file_of_a_unit_holds_it_does_not_say() {
        assert!(!unit("[Container]\nExec=a\n", "a", true).may_say("$"));
        assert!(unit("[Container]\nExec=$A\n", "$A", true).may_say("$"));
        assert!(unit("[Container]\n", "$A", false).may_say("$"));
        // What stands on no line may come of several.
        assert!(unit("[Container]\nExec=/ho\\\nme/x\n", "/home/x", true).may_say("/home/"));
        assert!(!unit("[Container]\nExec=a\\\nb\n", "ab", true).may_say("$"));
    }
}
