//! What a platform is, once everything its words leave open is filled in, and what it does.
//!
//! `data/platforms.toml` says which versions words stand for, `data/behaviours.toml` what each platform does and how
//! that is known, `data/quadlet-keys.json` which release brought which Quadlet key,
//! `data/datastores.toml` which images hold a database, `data/proxies.toml` which hold a proxy or DNS server,
//! `data/selinux.toml` what SELinux guards, `data/variables.toml` which variables programs read for themselves.

#[macro_use]
mod table;

pub mod attributes;
mod behaviour;
mod by_image;
mod by_name;
pub mod datastore;
mod feature;
pub mod generator;
pub mod keys;
pub mod options;
pub mod proxy;
mod question;
pub mod schema;
pub mod selinux;
pub mod systemd;
pub(crate) mod variables;

pub use behaviour::{Fact, Is, Known, Leads};
pub use feature::Feature;
pub use question::Question;

use std::collections::BTreeMap;
use std::net::Ipv4Addr;
use std::sync::LazyLock;

use ipnet::Ipv4Net;
use serde::Deserialize;

use crate::model::{Backend, Deploy, Format, HostOs, PlatformSpec, RootlessNetwork, Runtime, SpecError, Version};

/// One quality of a platform that a fact may depend on.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Aspect {
    /// Podman or Docker.
    Runtime,
    /// The runtime's version.
    Version,
    /// CNI or netavark.
    Backend,
    /// netavark's version.
    BackendVersion,
    /// Rootless or rootful.
    Rootless,
    /// Quadlet, docker-compose or podman-compose.
    Deploy,
    /// What lies under the runtime.
    HostOs,
}

/// A platform with nothing left open.
#[derive(Clone, Debug)]
pub struct Platform {
    /// Its name in the stack, or the words themselves.
    pub name: String,
    /// What runs the containers.
    pub runtime: Runtime,
    /// The runtime's version.
    pub version: Version,
    /// Podman's network backend; none on Docker.
    pub backend: Option<Backend>,
    /// netavark's version; none on CNI and Docker.
    pub backend_version: Option<Version>,
    /// Whether a user's own Podman runs the containers.
    pub rootless: bool,
    /// What lies under the runtime.
    pub host_os: HostOs,
    /// How a rootless container leaves its namespace; none when rootful.
    pub rootless_network: Option<RootlessNetwork>,
    /// How the stack is deployed.
    pub deploy: Deploy,
    /// The words themselves.
    pub spec: PlatformSpec,
    /// What no word says, with the word that was assumed.
    pub assumed: BTreeMap<Aspect, String>,
}

#[derive(Deserialize)]
struct Data {
    newest: Newest,
    bridge_options: Vec<String>,
    pools: Pools,
    netavark: Vec<Shipped>,
    preset: BTreeMap<String, Preset>,
}

#[derive(Deserialize)]
struct Pools {
    podman: Vec<Pool>,
    docker: Vec<Pool>,
    wsl2: Vec<Pool>,
}

/// Where networks come from whose subnet nobody chose.
#[derive(Deserialize)]
pub struct Pool {
    /// All of their addresses.
    pub from: Ipv4Net,
    /// The length of a subnet's prefix.
    pub size: u8,
}

impl Pool {
    /// Whether an address is the gateway, the first address, of a subnet of the pool.
    pub fn has_gateway(&self, address: Ipv4Addr) -> bool {
        let subnet = Ipv4Net::new(address, self.size).map(|net| net.trunc());
        self.from.contains(&address) && subnet.is_ok_and(|subnet| subnet.hosts().next() == Some(address))
    }
}

#[derive(Deserialize)]
struct Newest {
    podman: String,
    podman_with_cni: String,
    docker: String,
}

#[derive(Deserialize)]
struct Shipped {
    podman: String,
    netavark: String,
}

#[derive(Deserialize)]
struct Preset {
    podman: String,
    docker: String,
}

static DATA: LazyLock<Data> = LazyLock::new(|| table!("platforms"));

/// Reads the tables that most units ask, for whoever has something else to do meanwhile. Whoever asks a table that is being
/// read waits for it, so those that take longest and are asked last go first.
pub fn prepare() {
    LazyLock::force(&behaviour::TABLES);
    LazyLock::force(&datastore::DATASTORES);
    LazyLock::force(&keys::KEYS);
    LazyLock::force(&attributes::ATTRIBUTES);
    LazyLock::force(&systemd::KEYS);
}

fn version(text: &str) -> Version {
    text.parse().unwrap_or(Version::new(0, 0))
}

/// The names of the presets, sorted.
pub fn presets() -> impl Iterator<Item = &'static str> {
    DATA.preset.keys().map(String::as_str)
}

/// Where WSL2 takes its network from, another one at each restart.
pub fn wsl2_networks() -> &'static [Pool] {
    &DATA.pools.wsl2
}

/// Whether netavark's bridge takes an option; with any other `podman network create` fails.
pub fn is_bridge_option(option: &str) -> bool {
    DATA.bridge_options.iter().any(|known| known == option)
}

/// Reads the words of a platform, presets included.
///
/// # Errors
/// The first word that is unknown, out of form, or contradicts another; counted in the text as written.
pub fn parse_spec(text: &str) -> Result<PlatformSpec, SpecError> {
    let written: Vec<&str> = text.split(',').map(str::trim).collect();
    let is_docker = written.iter().any(|word| word.starts_with("docker"));
    let mut words = Vec::new();
    for (at, word) in written.iter().enumerate() {
        if written.iter().take(at).any(|earlier| earlier == word) {
            return Err(SpecError { word: Some(at), message: format!("`{word}` stands twice") });
        }
        match DATA.preset.get(*word) {
            Some(preset) => {
                let stands_for = if is_docker { &preset.docker } else { &preset.podman };
                // What is said beside a preset goes before what the preset says.
                let own: Vec<&str> = written.iter().map(|word| word.split('@').next().unwrap_or(word)).collect();
                let new = stands_for.split(',').map(str::trim).filter(|word| {
                    let name = word.split('@').next().unwrap_or(word);
                    let contradicted = own.contains(&name)
                        || (name == "docker" && own.contains(&"docker-desktop"))
                        || (name.starts_with("netavark") && own.contains(&"cni"))
                        || (name == "linux" && own.iter().any(|word| matches!(*word, "wsl2" | "podman-machine")));
                    !contradicted
                });
                words.extend(new.map(|word| (at, word)));
            }
            None => words.push((at, *word)),
        }
    }
    let spec = PlatformSpec::from_words(words.iter().map(|(_, word)| *word))
        .map_err(|error| SpecError { word: error.word.and_then(|word| words.get(word)).map(|(at, _)| *at), ..error })?;
    match anachronism(&spec) {
        Some(message) => Err(SpecError { word: None, message }),
        None => Ok(spec),
    }
}

/// What the words say that their Podman does not have yet, or no longer.
fn anachronism(spec: &PlatformSpec) -> Option<String> {
    let version = spec.version.filter(|_| spec.runtime == Some(Runtime::Podman))?;
    let (cni, slirp) = (Backend::Cni, RootlessNetwork::Slirp4netns);
    for (said, word, gone) in [
        (spec.backend == Some(cni), "CNI", Feature::NoCni),
        (spec.rootless_network == Some(slirp), "slirp4netns", Feature::NoSlirp4netns),
    ] {
        if said && gone.is_in_podman(version) {
            return Some(format!("Podman {} removed {word}", gone.first_podman()));
        }
    }
    for (said, word, new) in [
        (spec.backend == Some(Backend::Netavark), "netavark", Feature::Netavark),
        (spec.deploy == Some(Deploy::Quadlet), "Quadlet", Feature::Quadlet),
    ] {
        if said && !new.is_in_podman(version) {
            return Some(format!("{word} came with Podman {}", new.first_podman()));
        }
    }
    None
}

/// The word or preset nearest to one that nobody knows.
pub fn nearest_word(word: &str) -> Option<&'static str> {
    let name = word.split(['@', '=']).next().unwrap_or(word);
    crate::suggest::nearest(name, PlatformSpec::words().chain(presets()))
}

impl Platform {
    /// The newest release of Podman that is known.
    pub fn newest_podman() -> Version {
        Platform::resolve("", PlatformSpec::default(), Format::Quadlet).version
    }

    /// Fills in what the words leave open. `format` says how a stack of its kind is deployed by default.
    pub fn resolve(name: impl Into<String>, spec: PlatformSpec, format: Format) -> Platform {
        let mut assumed = BTreeMap::new();
        let runtime = spec.runtime.unwrap_or(match format {
            Format::Topology | Format::Quadlet => Runtime::Podman,
            // Words that only Podman has make it Podman.
            Format::Compose if spec.is_podman_only() => Runtime::Podman,
            Format::Compose => Runtime::DockerEngine,
        });
        let podman = runtime == Runtime::Podman;
        let own_version = spec.version.unwrap_or_else(|| {
            let newest = if podman { &DATA.newest.podman } else { &DATA.newest.docker };
            let newest = if spec.backend == Some(Backend::Cni) { &DATA.newest.podman_with_cni } else { newest };
            let words = format!("{}@{newest}", if podman { "podman" } else { "docker" });
            // One word says both.
            if spec.runtime.is_none() {
                assumed.insert(Aspect::Runtime, words.clone());
            }
            assumed.insert(Aspect::Version, words);
            version(newest)
        });
        let backend = podman.then(|| {
            spec.backend.unwrap_or_else(|| {
                if !Feature::Netavark.is_in_podman(own_version) {
                    return Backend::Cni;
                }
                if !Feature::NoCniByDefault.is_in_podman(own_version) {
                    assumed.insert(Aspect::Backend, "netavark".to_owned());
                }
                Backend::Netavark
            })
        });
        let backend_version = (backend == Some(Backend::Netavark)).then(|| {
            spec.backend_version.unwrap_or_else(|| {
                let shipped = DATA.netavark.iter().rev().find(|row| version(&row.podman) <= own_version);
                let shipped = shipped.map_or("1.0", |row| row.netavark.as_str());
                assumed.insert(Aspect::BackendVersion, format!("netavark@{shipped}"));
                version(shipped)
            })
        });
        let rootless = podman
            && spec.rootless.unwrap_or_else(|| {
                assumed.insert(Aspect::Rootless, "rootless".to_owned());
                true
            });
        let rootless_network = rootless.then(|| {
            let pasta = Feature::PastaByDefault.is_in_podman(own_version);
            spec.rootless_network.unwrap_or(if pasta { RootlessNetwork::Pasta } else { RootlessNetwork::Slirp4netns })
        });
        let quadlet = podman && Feature::Quadlet.is_in_podman(own_version);
        let deploy = spec.deploy.unwrap_or(match format {
            Format::Topology | Format::Quadlet if quadlet => Deploy::Quadlet,
            Format::Topology | Format::Quadlet | Format::Compose => Deploy::Compose,
        });
        Platform {
            name: name.into(),
            runtime,
            version: own_version,
            backend,
            backend_version,
            rootless,
            host_os: spec.host_os.unwrap_or(HostOs::Linux),
            rootless_network,
            deploy,
            spec,
            assumed,
        }
    }

    /// The words that were assumed, each once.
    pub fn assumed_words(&self) -> Vec<String> {
        let mut words: Vec<String> = self.assumed.values().cloned().collect();
        words.dedup();
        words
    }

    /// Where the runtime takes the subnets of networks from.
    pub fn pools(&self) -> &'static [Pool] {
        if self.is_podman() { &DATA.pools.podman } else { &DATA.pools.docker }
    }

    /// Whether it is Podman.
    pub fn is_podman(&self) -> bool {
        self.runtime == Runtime::Podman
    }

    /// The first port of the host that a container may publish: 1024 rootless, unless `unprivileged-ports=` says so.
    pub fn first_unprivileged_port(&self) -> u16 {
        // fact: rootless-privileged-port
        if self.rootless { self.spec.unprivileged_ports.unwrap_or(1024) } else { 0 }
    }

    /// What it is, for people: `Podman 4.6.2 with CNI, rootless`.
    pub fn describe(&self) -> String {
        let runtime = match self.runtime {
            Runtime::Podman => format!("Podman {}", self.version),
            Runtime::DockerEngine => format!("Docker Engine {}", self.version),
            Runtime::DockerDesktop => "Docker Desktop".to_owned(),
        };
        let backend = match (self.backend, self.backend_version) {
            (Some(Backend::Cni), _) => " with CNI".to_owned(),
            (Some(Backend::Netavark), Some(version)) => format!(" with netavark {version}"),
            _ => String::new(),
        };
        let privileges = match (self.is_podman(), self.rootless) {
            (false, _) => "",
            (true, true) => ", rootless",
            (true, false) => ", rootful",
        };
        format!("{runtime}{backend}{privileges}")
    }
}

#[cfg(test)]
mod tests {
    use super::{Platform, parse_spec, presets};
    use crate::model::{Deploy, Format, Version};

    fn platform(text: &str) -> Platform {
        Platform::resolve("x", parse_spec(text).unwrap(), Format::Topology)
    }

    #[test]
    fn every_preset_is_a_platform() {
        for preset in presets() {
            assert!(platform(preset).assumed.keys().all(|aspect| *aspect == super::Aspect::Rootless), "{preset}");
            assert!(!platform(&format!("docker, {preset}")).is_podman());
        }
    }

    #[test]
    fn what_a_release_does_not_have_is_refused() {
        for text in ["podman@6.0,cni", "podman@6.1,slirp4netns", "podman@3.4,netavark", "podman@4.3.1,quadlet"] {
            assert!(parse_spec(text).is_err(), "{text}");
        }
    }

    #[test]
    fn words_beside_a_preset_win() {
        assert_eq!(platform("debian-12, podman@5.4").version, Version::new(5, 4));
        assert!(platform("debian-12, cni").backend_version.is_none());
        assert_eq!(parse_spec("debian-12, banana").unwrap_err().word, Some(1));
    }

    #[test]
    fn what_is_left_open_is_assumed_and_said() {
        let next = platform("podman@5.4,netavark,rootless,wsl2");
        assert_eq!(next.assumed.values().collect::<Vec<_>>(), ["netavark@1.14"]);
        assert_eq!(next.deploy, Deploy::Quadlet);
        assert_eq!(platform("podman@4.3.1").deploy, Deploy::Compose);
        assert_eq!(platform("docker-desktop").deploy, Deploy::Compose);
        assert_eq!(platform("cni").version, Version::new(4, 9));
    }
}
