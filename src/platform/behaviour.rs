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
    when: &'static str,
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
            let words = fact.when.split(',').map(str::trim).filter(|word| !word.is_empty());
            let tried: Vec<(bool, Aspect)> = words.map(|word| self.fits(word)).collect();
            let on_assumption = |aspect: &Aspect| self.assumed.get(aspect).cloned();
            let failed: Vec<Aspect> = tried.iter().filter(|(fits, _)| !fits).map(|(_, aspect)| *aspect).collect();
            if failed.is_empty() {
                assumed.extend(tried.iter().filter_map(|(_, aspect)| on_assumption(aspect)));
                assumed.sort();
                assumed.dedup();
                return Known { fact, assumed: assumed.into() };
            }
            // A row that only assumptions rule out could be the right one.
            let ruled_out: Vec<String> = failed.iter().filter_map(on_assumption).collect();
            if ruled_out.len() == failed.len() {
                assumed.extend(ruled_out);
            }
        }
        #[allow(clippy::panic, reason = "a test asks every question on every kind of platform")]
        {
            panic!("no fact answers `{}`", question.table())
        }
    }

    /// Whether one word of a `when` holds, and which aspect it is about.
    fn fits(&self, word: &str) -> (bool, Aspect) {
        if let Some(word) = word.strip_prefix('!') {
            let (fits, aspect) = self.fits(word);
            return (!fits, aspect);
        }
        let (name, compared) = match (word.split_once(">="), word.split_once('<')) {
            (Some((name, version)), _) => (name, Some((true, version))),
            (None, Some((name, version))) => (name, Some((false, version))),
            (None, None) => (word, None),
        };
        let compare = |own: Option<Version>| match (compared, own) {
            (None, own) => own.is_some(),
            (Some((from, version)), Some(own)) => {
                let version: Version = version.parse().unwrap_or(Version::new(0, 0));
                if from { own >= version } else { own < version }
            }
            (Some(_), None) => false,
        };
        let docker = !self.is_podman();
        let version_aspect = if compared.is_some() { Aspect::Version } else { Aspect::Runtime };
        match name {
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
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Is, Question, TABLES};
    use crate::model::Format;
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
            for word in fact.when.split(',').map(str::trim).filter(|word| !word.is_empty()) {
                let name = word.trim_start_matches('!').split(['<', '>']).next().unwrap();
                assert!(crate::model::PlatformSpec::words().any(|known| known == name), "{word}");
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
