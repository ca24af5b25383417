//! Facts about what platforms do: `data/behaviours.toml`, asked by question.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock};

use serde::Deserialize;

use super::question::Question;
use super::{Aspect, Platform};
use crate::model::{Backend, Deploy, HostOs, RootlessNetwork, Runtime, Version};

/// The answer of a fact.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Is {
    /// Yes.
    Yes,
    /// No.
    No,
    /// It depends on the order of a start, or resolvers disagree.
    Unpredictable,
    /// Nobody knows: nothing was measured.
    Unknown,
}

/// Whose address a name of the host has.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Leads {
    /// The Linux machine that runs the containers.
    Linux,
    /// The Windows or the Mac that this machine runs on.
    Outside,
    /// The container itself.
    Container,
    /// The router of the LAN.
    Router,
    /// The gateway of a rootless network, which lies in a namespace where nothing listens.
    Namespace,
}

/// A fact: what happens, why, and how that is known.
#[derive(Debug, Deserialize)]
pub struct Fact {
    /// Its name, for comments and pages.
    pub name: &'static str,
    when: When,
    /// The answer.
    pub is: Is,
    /// The reason: a clause that can follow "because".
    #[serde(borrow)]
    pub why: Cow<'static, str>,
    /// What a person sees.
    #[serde(borrow, default)]
    pub symptom: Cow<'static, str>,
    /// Where a name of the host leads: an address, or `gateway`, `own`, `route` or `proxy`.
    #[serde(default)]
    pub address: &'static str,
    /// Whose address that is.
    pub leads: Option<Leads>,
    /// Whether what it says is a fault of some releases rather than what is meant.
    #[serde(default)]
    pub broken: bool,
    /// Whether the address is carried on to 127.0.0.1 of that machine.
    #[serde(default)]
    pub carries_loopback: bool,
    /// `measured`, `source`, `documented` or `unmeasured`.
    pub how: &'static str,
    /// The versions it was measured on, or where it is written.
    #[serde(borrow)]
    pub on: Cow<'static, str>,
}

/// Where a fact holds: where all of its words do.
#[derive(Debug, Deserialize)]
#[serde(from = "&'static str", bound(deserialize = "'de: 'static"))]
struct When(Vec<Word>);

impl From<&'static str> for When {
    fn from(words: &'static str) -> When {
        When(words.split(',').map(str::trim).filter(|word| !word.is_empty()).map(Word::from).collect())
    }
}

/// One word of it: `podman`, `!rootless`, `netavark>=1.5`, `docker<26.1`.
#[derive(Debug)]
struct Word {
    /// Whether it must not hold.
    not: bool,
    name: &'static str,
    /// Whether it holds from a version on, or before it.
    compared: Option<(bool, Version)>,
}

impl From<&'static str> for Word {
    fn from(word: &'static str) -> Word {
        let (not, word) = word.strip_prefix('!').map_or((false, word), |word| (true, word));
        let version = |text: &str| text.parse().unwrap_or(Version::new(0, 0));
        let (name, compared) = match (word.split_once(">="), word.split_once('<')) {
            (Some((name, from)), _) => (name, Some((true, version(from)))),
            (None, Some((name, before))) => (name, Some((false, version(before)))),
            (None, None) => (word, None),
        };
        Word { not, name, compared }
    }
}

#[derive(Deserialize)]
pub(super) struct Table {
    #[allow(dead_code, reason = "it is there for the reader of the data")]
    #[serde(borrow)]
    ask: Cow<'static, str>,
    rows: Vec<Fact>,
}

pub(super) static TABLES: LazyLock<BTreeMap<&'static str, Table>> = LazyLock::new(|| table!("behaviours"));

/// What is known about a platform, and on which assumed words that rests.
#[derive(Clone, Debug)]
pub struct Known {
    /// The fact.
    pub fact: &'static Fact,
    /// Words nobody wrote, without which another fact might hold. Shared: a stack asks the same thousands of times.
    pub assumed: Arc<[String]>,
}

impl Platform {
    /// Asks a question.
    pub fn ask(&self, question: Question) -> Known {
        #[allow(clippy::expect_used, reason = "a test asks every question on every kind of platform")]
        let table = TABLES.get(question.table()).expect("every question has its table");
        let mut assumed = Vec::new();
        for fact in &table.rows {
            let tried = || fact.when.0.iter().map(|word| self.fits(word));
            let on_assumption = |(_, aspect)| self.assumed.get(&aspect).cloned();
            if tried().all(|(fits, _)| fits) {
                assumed.extend(tried().filter_map(on_assumption));
                assumed.sort();
                assumed.dedup();
                return Known { fact, assumed: assumed.into() };
            }
            // A row that only assumptions rule out could be the right one.
            let ruled_out: Option<Vec<String>> = tried().filter(|(fits, _)| !fits).map(on_assumption).collect();
            assumed.extend(ruled_out.into_iter().flatten());
        }
        #[allow(clippy::panic, reason = "a test asks every question on every kind of platform")]
        {
            panic!("no fact answers `{}`", question.table())
        }
    }

    /// Whether one word of a `when` holds, and which aspect it is about.
    fn fits(&self, word: &Word) -> (bool, Aspect) {
        let compare = |own: Option<Version>| match (word.compared, own) {
            (None, own) => own.is_some(),
            (Some((from, version)), Some(own)) => (own >= version) == from,
            (Some(_), None) => false,
        };
        let docker = !self.is_podman();
        let version_aspect = if word.compared.is_some() { Aspect::Version } else { Aspect::Runtime };
        let (holds, aspect) = match word.name {
            "podman" => (self.is_podman() && compare(Some(self.version)), version_aspect),
            "docker" => (docker && compare(Some(self.version)), version_aspect),
            "docker-desktop" => (self.runtime == Runtime::DockerDesktop, Aspect::Runtime),
            "podman-machine" => {
                (matches!(self.host_os, HostOs::PodmanMachine | HostOs::PodmanMachineWsl), Aspect::HostOs)
            }
            "wsl2" => (matches!(self.host_os, HostOs::Wsl2 | HostOs::PodmanMachineWsl), Aspect::HostOs),
            "mirrored" => (self.spec.mirrored, Aspect::HostOs),
            "pasta" => (self.rootless_network == Some(RootlessNetwork::Pasta), Aspect::Rootless),
            "slirp4netns" => (self.rootless_network == Some(RootlessNetwork::Slirp4netns), Aspect::Rootless),
            "user-mode-networking" => (self.spec.user_mode_networking, Aspect::HostOs),
            "cni" => (self.backend == Some(Backend::Cni), Aspect::Backend),
            "netavark" => (compare(self.backend_version), Aspect::BackendVersion),
            "rootless" => (self.rootless, Aspect::Rootless),
            "rootful" => (self.is_podman() && !self.rootless, Aspect::Rootless),
            "quadlet" => (self.deploy == Deploy::Quadlet, Aspect::Deploy),
            "compose" => (self.deploy == Deploy::Compose, Aspect::Deploy),
            "podman-compose" => (self.deploy == Deploy::PodmanCompose, Aspect::Deploy),
            _ => (false, Aspect::Runtime),
        };
        (holds != word.not, aspect)
    }
}

#[cfg(test)]
mod tests {
    use super::{Is, Question, TABLES};
    use crate::model::{Format, Version};
    use crate::platform::{Platform, parse_spec};

    const KINDS: [&str; 19] = [
        "podman@4.3.1,cni,rootful",
        "podman@4.6.2,cni,rootless,wsl2",
        "podman@4.3.1,netavark@1.4,rootful",
        "podman@4.3.1,netavark@1.4,rootless",
        "podman@5.4.2,netavark@1.14,rootful",
        "podman@5.4.2,netavark@1.14,rootless",
        "podman@5.8.6,netavark@1.17,rootless,compose",
        "podman@6.1,rootful",
        "podman,podman-compose",
        "podman@5.4,podman-machine,wsl2",
        "podman@6.1,podman-machine,wsl2",
        "podman@5.4,podman-machine",
        "podman@5.8.1,podman-machine,wsl2,user-mode-networking",
        "podman@5.2,rootless,wsl2,mirrored",
        "docker,wsl2",
        "docker@20.10.24",
        "docker@26.1.5",
        "docker",
        "docker-desktop",
    ];

    #[test]
    fn every_question_has_an_answer_everywhere_and_every_word_is_understood() {
        for (at, &question) in Question::ALL.iter().enumerate() {
            assert_eq!(question as usize, at, "they are found by their numbers");
            for kind in KINDS {
                let platform = Platform::resolve(kind, parse_spec(kind).unwrap(), Format::Topology);
                let known = platform.ask(question);
                assert!(!known.fact.why.is_empty());
            }
        }
        let asked: Vec<&str> = Question::ALL.iter().map(|question| question.table()).collect();
        assert!(TABLES.keys().all(|table| asked.contains(table)), "a table that nobody asks");
        for fact in TABLES.values().flat_map(|table| &table.rows) {
            assert!(["measured", "source", "documented", "unmeasured"].contains(&fact.how), "{}", fact.name);
            assert_eq!(fact.how == "unmeasured", fact.is == Is::Unknown, "{}", fact.name);
            for word in &fact.when.0 {
                assert!(crate::model::PlatformSpec::words().any(|known| known == word.name), "{word:?}");
                // One that cannot be read is taken for 0.0.
                assert!(word.compared.is_none_or(|(_, version)| version > Version::new(0, 0)), "{word:?}");
            }
        }
    }

    #[test]
    fn an_answer_names_the_assumptions_it_rests_on() {
        let ask =
            |words: &str, question| Platform::resolve("x", parse_spec(words).unwrap(), Format::Topology).ask(question);
        let stated = ask("podman@4.6.2,cni,rootless", Question::NamesOnSeveralNetworks);
        assert_eq!((stated.fact.is, stated.assumed.len()), (Is::Unpredictable, 0));
        let version = ask("podman,rootless", Question::RoutedBetweenNetworks);
        assert_eq!((version.fact.is, version.assumed.to_vec()), (Is::No, vec!["podman@6.2".to_owned()]));
        let rootless = ask("podman@5.4", Question::HostFromInternalNetwork);
        assert_eq!((rootless.fact.is, rootless.assumed.to_vec()), (Is::No, vec!["rootless".to_owned()]));
        let ruled_out = ask("podman@4.6", Question::NamesOnSeveralNetworks);
        assert_eq!((ruled_out.fact.is, ruled_out.assumed.to_vec()), (Is::Yes, vec!["netavark".to_owned()]));
    }
}
