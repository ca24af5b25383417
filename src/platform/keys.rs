//! Which Quadlet key exists since when, and what the generator makes of its value: `data/quadlet-keys.json`.
//!
//! Checked against the generators of 17 releases, Podman 4.4.4 to 5.8.6.

use std::sync::LazyLock;

use serde::Deserialize;

use super::by_name::ByName;
use crate::model::Version;

/// What the generator does with the value of a key, and with a key that stands several times.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Repeat {
    /// A single value; the last one wins, and a surrounding pair of `"` goes.
    Last,
    /// A boolean.
    Bool,
    /// A whole number.
    Uint,
    /// One value a line, taken as it is.
    Lines,
    /// Split into words; quotes go, backslashes stay.
    Words,
    /// Split into words; quotes go, C escapes are applied.
    Args,
    /// `NAME=VALUE` words; quotes go, C escapes are applied.
    Keyval,
    /// Like `Args`, and the last one wins.
    LastArgs,
}

/// One key of one section.
#[derive(Debug, Deserialize)]
pub struct Key {
    since: Version,
    /// What the generator does with its value.
    pub repeat: Repeat,
    /// The argument of `podman` that it becomes, if it is one.
    #[serde(default)]
    flag: Option<&'static str>,
    /// Whether Podman 4.3.1, which is older than Quadlet, does not have that argument, and it is not known when it came.
    #[serde(default)]
    argument_late: bool,
    #[serde(default)]
    deprecated: bool,
    /// What says the same, for people.
    #[serde(default)]
    replaced_by: Option<&'static str>,
}

impl Key {
    /// The first release that has it.
    pub fn since(&self) -> Version {
        self.since
    }

    /// Whether Podman's manual calls it deprecated.
    pub fn is_deprecated(&self) -> bool {
        self.deprecated
    }

    /// The keys that say the same as a deprecated one, for people.
    pub fn replaced_by(&self) -> Option<&str> {
        self.replaced_by
    }

    /// What a value follows in the argument that does the same, each value in one of its own: `--memory=`,
    /// `--security-opt=apparmor=`. Nothing where a key does not become one argument, or one that releases may lack which
    /// do not have the key.
    pub fn argument(&self) -> Option<String> {
        let flag = self.flag.filter(|_| !self.argument_late)?;
        let (name, rest) = flag.split_once(' ').unwrap_or((flag, ""));
        let plain = |text: &str| text.bytes().all(|byte| byte.is_ascii_lowercase() || b"-.=:".contains(&byte));
        let whole = rest.is_empty() || rest.ends_with(['=', ':']);
        let good = name.starts_with("--") && !name.contains('=') && whole && plain(name) && plain(rest);
        good.then(|| format!("{name}={rest}"))
    }

    /// The argument that a switch becomes where it is on, if it has no value of its own: `--security-opt=label=disable`.
    pub fn fixed_argument(&self) -> Option<String> {
        let (name, rest) = self.flag.filter(|_| !self.argument_late)?.split_once(' ')?;
        let good = self.repeat == Repeat::Bool && name == "--security-opt" && rest.contains('=');
        good.then(|| format!("{name}={rest}"))
    }

    /// The long option that does the same by itself: `--network-alias`.
    pub fn flag(&self) -> Option<&str> {
        let flag = self.flag?;
        let name = flag.strip_prefix("--")?;
        name.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-' || byte.is_ascii_digit()).then_some(flag)
    }
}

pub(super) static KEYS: LazyLock<ByName<ByName<Key>>> = LazyLock::new(|| table!("quadlet-keys"));

/// Those that Podman's manual calls deprecated, each with its section.
static DEPRECATED: LazyLock<Vec<(&str, &str)>> = LazyLock::new(|| {
    let all = KEYS.iter().flat_map(|(section, keys)| keys.iter().map(move |(name, key)| (section, name, key)));
    all.filter(|(.., key)| key.deprecated).map(|(section, name, _)| (section, name)).collect()
});

/// The names of the deprecated keys of a section.
pub fn deprecated(section: &str) -> impl Iterator<Item = &'static str> {
    DEPRECATED.iter().filter(move |(home, _)| *home == section).map(|(_, key)| *key)
}

/// A key of a section, if any release has it.
pub fn find(section: &str, key: &str) -> Option<&'static Key> {
    KEYS.get(section)?.get(key)
}

/// The keys of a section, for whoever looks up several.
#[derive(Clone, Copy, Debug)]
pub struct SectionKeys(Option<&'static ByName<Key>>);

impl SectionKeys {
    /// Those of a section.
    pub fn of(section: &str) -> SectionKeys {
        SectionKeys(KEYS.get(section))
    }

    /// A key of it, if any release has it.
    pub fn get(self, key: &str) -> Option<&'static Key> {
        self.0?.get(key)
    }
}

/// The names of all keys of a section; none where the generator checks nothing (`Unit`, `Service`, …).
pub fn names(section: &str) -> impl Iterator<Item = &'static str> {
    KEYS.get(section).into_iter().flat_map(ByName::names)
}

/// The names of all keys that are switches, of whatever section.
pub fn switches() -> impl Iterator<Item = &'static str> {
    let all = KEYS.iter().flat_map(|(_, keys)| keys.iter());
    all.filter(|(_, key)| key.repeat == Repeat::Bool).map(|(name, _)| name)
}

/// Keys of units that say what a topology says in its own words, and what those are.
const SAID_IN_WORDS: [(&str, &str); 24] = [
    ("Volume", "write `volumes`"),
    ("Mount", "write `volumes`"),
    ("Rootfs", "topologies run images"),
    ("AddHost", "write `extra_hosts`"),
    ("DNS", "write `dns`"),
    ("AddCapability", "write `cap_add`"),
    ("Image", "write `image`"),
    ("ContainerName", "write `container_name`"),
    ("HostName", "write `hostname`"),
    ("Network", "write `networks` or `network_mode`"),
    ("NetworkAlias", "write `aliases` of the network"),
    ("PublishPort", "write `ports`"),
    ("IP", "write `ipv4_address` of the network"),
    ("IP6", "write `ipv6_address` of the network"),
    ("Pod", "topologies have no pods yet"),
    ("ServiceName", "units are called after the topology's names"),
    ("NetworkName", "write `name`"),
    ("VolumeName", "write `name`"),
    ("Internal", "write `internal`"),
    ("Driver", "write `driver`"),
    ("Options", "write `driver_opts`"),
    ("Subnet", "write `ipam`"),
    ("Gateway", "write `ipam`"),
    ("IPRange", "write `ipam`"),
];

/// What a topology says instead of a key of a unit, if it has words of its own for it.
pub fn said_in_words(section: &str, key: &str) -> Option<&'static str> {
    let (_, instead) = SAID_IN_WORDS.iter().find(|(owned, _)| *owned == key && section != "Quadlet")?;
    Some(instead)
}

#[cfg(test)]
mod tests {
    use super::{find, names};
    use crate::model::Version;

    #[test]
    fn keys_know_their_release_and_their_argument() {
        let alias = find("Container", "NetworkAlias").unwrap();
        assert_eq!((alias.since(), alias.flag()), (Version::new(5, 2), Some("--network-alias")));
        assert_eq!(find("Container", "AppArmor").unwrap().flag(), None);
        assert!(find("Container", "Networkalias").is_none() && find("Service", "Restart").is_none());
        assert_eq!(find("Container", "AppArmor").unwrap().argument().as_deref(), Some("--security-opt=apparmor="));
        assert_eq!(find("Volume", "UID").unwrap().argument(), None);
        assert!(names("Network").any(|name| name == "Internal"));
    }
}
