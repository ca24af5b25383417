//! What systemd reads and what runs under it: its keys by section (`data/systemd-keys.toml`), the services that
//! distributions bring (`data/system-services.toml`), and what it sets and has itself (`data/systemd.toml`).

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use serde::Deserialize;

use super::by_name::{ByName, Names};

/// The sections that systemd reads, in the order of a unit.
const SECTIONS: [&str; 3] = ["Unit", "Service", "Install"];

#[derive(Deserialize)]
#[serde(bound(deserialize = "'de: 'static"))]
pub(super) struct Section {
    keys: Names,
    single: Names,
    words: Names,
}

#[derive(Deserialize)]
struct Services {
    services: BTreeMap<String, String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Own {
    variables: BTreeSet<String>,
    system_targets: BTreeSet<String>,
}

pub(super) static KEYS: LazyLock<ByName<Section>> = LazyLock::new(|| table!("systemd-keys"));

static SERVICES: LazyLock<Services> = LazyLock::new(|| table!("system-services"));

static OWN: LazyLock<Own> = LazyLock::new(|| table!("systemd"));

/// Whether systemd reads a section of a unit.
pub fn reads(section: &str) -> bool {
    matches!(section, "Unit" | "Service" | "Install")
}

/// Whether systemd gives a variable to every service.
pub fn sets(variable: &str) -> bool {
    OWN.variables.contains(variable)
}

/// Whether a target is one that only the system's systemd has, and not a user's.
pub fn is_of_the_system(target: &str) -> bool {
    OWN.system_targets.contains(target)
}

/// Whether systemd knows a key in a section. It passes over the others, and leaves those that begin with `X-` to others.
pub fn has(section: &str, key: &str) -> bool {
    KEYS.get(section).is_some_and(|known| known.keys.contains(key)) || key.starts_with("X-")
}

/// All keys of a section.
pub fn names(section: &str) -> impl Iterator<Item = &'static str> {
    KEYS.get(section).into_iter().flat_map(|known| known.keys.iter())
}

/// The sections in which systemd knows a key.
pub fn sections_of(key: &str) -> impl Iterator<Item = &'static str> {
    SECTIONS.into_iter().filter(move |section| KEYS.get(section).is_some_and(|known| known.keys.contains(key)))
}

/// Whether of a key that stands several times the last value alone counts, for certain.
pub fn is_single(section: &str, key: &str) -> bool {
    KEYS.get(section).is_some_and(|known| known.single.contains(key))
}

/// Whether a value is taken word by word, so that one that systemd cannot use does not spoil the others.
pub fn is_by_word(section: &str, key: &str) -> bool {
    KEYS.get(section).is_some_and(|known| known.words.contains(key))
}

/// Whether a key of `[Service]` is about the life of a service, so that nothing of a container can be meant by it. One such
/// as `Environment=` or `WorkingDirectory=` may be.
pub fn is_of_life(key: &str) -> bool {
    let starts = ["Restart", "Timeout", "StartLimit", "ExecStartPre", "ExecStartPost", "ExecStop", "Kill", "Watchdog"];
    starts.iter().any(|start| key.starts_with(start))
        || ["RemainAfterExit", "SuccessExitStatus", "Slice"].contains(&key)
}

/// The program whose packages bring a service of that name, without `.service`.
pub fn service_of(name: &str) -> Option<&'static str> {
    SERVICES.services.get(name).map(String::as_str)
}

#[cfg(test)]
mod tests {
    use super::{KEYS, Names, has, is_by_word, is_of_life, is_of_the_system, is_single, sections_of, service_of, sets};

    #[test]
    fn keys_stand_in_their_sections() {
        assert!(has("Service", "Restart") && has("Service", "RestartMode") && has("Unit", "X-Mine"));
        assert!(!has("Service", "After") && !has("Service", "restart") && !has("Container", "Image"));
        assert_eq!(sections_of("After").collect::<Vec<_>>(), ["Unit"]);
        assert_eq!(sections_of("StartLimitBurst").collect::<Vec<_>>(), ["Unit", "Service"]);
        assert!(is_single("Service", "Restart") && !is_single("Service", "ExecStartPre"));
        assert!(is_of_life("RestartSec") && !is_of_life("ExecStart") && !is_of_life("Environment"));
        assert!(is_by_word("Unit", "After") && !is_by_word("Service", "Restart"));
        let all = |names: &Names, is: &dyn Fn(&str) -> bool| names.iter().all(is);
        for (_, section) in KEYS.iter() {
            assert!(all(&section.single, &|name| section.keys.contains(name)));
            assert!(all(&section.words, &|name| section.keys.contains(name) && !section.single.contains(name)));
        }
    }

    #[test]
    fn systemd_has_variables_and_targets() {
        assert!(sets("HOME") && sets("NOTIFY_SOCKET") && !sets("TZ"));
        assert!(is_of_the_system("multi-user.target") && !is_of_the_system("default.target"));
    }

    #[test]
    fn services_have_a_program() {
        assert_eq!((service_of("mongod"), service_of("web")), (Some("MongoDB"), None));
    }
}
