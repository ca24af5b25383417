//! Platform words: where a stack is deployed, as people write it.

use std::net::IpAddr;

use super::Version;

/// What runs the containers.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Runtime {
    /// Podman.
    Podman,
    /// Docker Engine, on Linux or in a WSL2 distribution.
    DockerEngine,
    /// Docker Desktop.
    DockerDesktop,
}

/// Podman's network backend.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Backend {
    /// CNI with dnsname.
    Cni,
    /// netavark with aardvark-dns.
    Netavark,
}

/// What lies under the runtime.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum HostOs {
    /// Linux.
    Linux,
    /// A WSL2 distribution.
    Wsl2,
    /// A podman machine with gvproxy.
    PodmanMachine,
    /// A podman machine of the WSL provider.
    PodmanMachineWsl,
}

/// How a rootless container leaves its network namespace.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum RootlessNetwork {
    /// pasta.
    Pasta,
    /// slirp4netns.
    Slirp4netns,
}

/// How the stack is deployed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Deploy {
    /// As Quadlet units.
    Quadlet,
    /// By docker-compose.
    Compose,
    /// By podman-compose.
    PodmanCompose,
}

/// What the words of a platform say; what they leave open is `None`.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct PlatformSpec {
    /// `podman`, `docker` or `docker-desktop`.
    pub runtime: Option<Runtime>,
    /// The runtime's version.
    pub version: Option<Version>,
    /// `cni` or `netavark`.
    pub backend: Option<Backend>,
    /// netavark's version.
    pub backend_version: Option<Version>,
    /// `rootless` or `rootful`.
    pub rootless: Option<bool>,
    /// `linux`, `wsl2`, `podman-machine`, or the last two together.
    pub host_os: Option<HostOs>,
    /// `mirrored`: WSL2's mirrored networking.
    pub mirrored: bool,
    /// `user-mode-networking`: of a podman machine on WSL.
    pub user_mode_networking: bool,
    /// `pasta` or `slirp4netns`.
    pub rootless_network: Option<RootlessNetwork>,
    /// `quadlet`, `compose` or `podman-compose`.
    pub deploy: Option<Deploy>,
    /// `selinux`.
    pub selinux: bool,
    /// `ip-forward`: IP forwarding is on before the first container starts.
    pub ip_forward: bool,
    /// `unprivileged-ports=N`: the first port that a user may bind.
    pub unprivileged_ports: Option<u16>,
    /// `host=ADDRESS`: how containers reach the host.
    pub host_address: Option<IpAddr>,
    /// `systemd@V`.
    pub systemd: Option<Version>,
}

/// Why words make no platform.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SpecError {
    /// Which word, counted from 0; none where the whole is meant.
    pub word: Option<usize>,
    /// What is wrong and what would be right.
    pub message: String,
}

/// Every word, for "did you mean" and for the documentation.
pub const WORDS: [&str; 21] = [
    "podman",
    "docker",
    "docker-desktop",
    "cni",
    "netavark",
    "rootful",
    "rootless",
    "linux",
    "wsl2",
    "podman-machine",
    "mirrored",
    "user-mode-networking",
    "pasta",
    "slirp4netns",
    "quadlet",
    "compose",
    "podman-compose",
    "selinux",
    "ip-forward",
    "unprivileged-ports",
    "host",
];

impl PlatformSpec {
    /// Whether its words make sense on Podman only, also where nobody says `podman`.
    pub fn is_podman_only(&self) -> bool {
        let machine = matches!(self.host_os, Some(HostOs::PodmanMachine | HostOs::PodmanMachineWsl));
        let deployed = matches!(self.deploy, Some(Deploy::Quadlet | Deploy::PodmanCompose));
        self.backend.is_some() || self.rootless == Some(true) || self.rootless_network.is_some() || machine || deployed
    }

    /// All words that a spec may hold.
    pub fn words() -> impl Iterator<Item = &'static str> {
        WORDS.into_iter().chain(["systemd"])
    }

    /// Reads words in any order. Presets are expanded before.
    ///
    /// # Errors
    /// The first word that is unknown, out of form, or contradicts another.
    pub fn from_words<'a>(words: impl IntoIterator<Item = &'a str>) -> Result<Self, SpecError> {
        let mut spec = PlatformSpec::default();
        for (at, word) in words.into_iter().enumerate() {
            spec.take(word.trim()).map_err(|message| SpecError { word: Some(at), message })?;
        }
        spec.check().map_err(|message| SpecError { word: None, message })?;
        Ok(spec)
    }

    fn take(&mut self, word: &str) -> Result<(), String> {
        let (name, version) = match word.split_once('@') {
            Some((name, version)) => (name, Some(version.parse::<Version>()?)),
            None => (word, None),
        };
        if version.is_some() && !matches!(name, "podman" | "docker" | "netavark" | "systemd") {
            return Err(format!("`{name}` takes no version"));
        }
        if let Some((name, value)) = name.split_once('=') {
            return self.take_setting(name, value);
        }
        match name {
            "podman" => self.take_runtime(Runtime::Podman, version),
            "docker" => self.take_runtime(Runtime::DockerEngine, version),
            "docker-desktop" => self.take_runtime(Runtime::DockerDesktop, None),
            "cni" => set(&mut self.backend, Backend::Cni, "cni", "netavark"),
            "netavark" => {
                self.backend_version = version;
                set(&mut self.backend, Backend::Netavark, "netavark", "cni")
            }
            "rootful" => set(&mut self.rootless, false, "rootful", "rootless"),
            "rootless" => set(&mut self.rootless, true, "rootless", "rootful"),
            "linux" => self.take_host(HostOs::Linux),
            "wsl2" => self.take_host(HostOs::Wsl2),
            "podman-machine" => self.take_host(HostOs::PodmanMachine),
            "mirrored" => flag(&mut self.mirrored, "mirrored"),
            "user-mode-networking" => flag(&mut self.user_mode_networking, "user-mode-networking"),
            "pasta" => set(&mut self.rootless_network, RootlessNetwork::Pasta, "pasta", "slirp4netns"),
            "slirp4netns" => set(&mut self.rootless_network, RootlessNetwork::Slirp4netns, "slirp4netns", "pasta"),
            "quadlet" => set(&mut self.deploy, Deploy::Quadlet, "quadlet", "another way to deploy"),
            "compose" => set(&mut self.deploy, Deploy::Compose, "compose", "another way to deploy"),
            "podman-compose" => set(&mut self.deploy, Deploy::PodmanCompose, "podman-compose", "another way to deploy"),
            "selinux" => flag(&mut self.selinux, "selinux"),
            "ip-forward" => flag(&mut self.ip_forward, "ip-forward"),
            "systemd" => {
                self.systemd = Some(version.ok_or("`systemd` needs a version: systemd@257")?);
                Ok(())
            }
            "unprivileged-ports" => Err("`unprivileged-ports` needs a port: unprivileged-ports=80".to_owned()),
            "host" => Err("`host` needs an address: host=192.168.1.10".to_owned()),
            "" => Err("a platform needs at least one word, such as podman@5.4 or docker".to_owned()),
            _ => Err(format!("no platform word is called `{name}`")),
        }
    }

    fn take_setting(&mut self, name: &str, value: &str) -> Result<(), String> {
        match name {
            "unprivileged-ports" => {
                let port = value.parse().map_err(|_| format!("`{value}` is not a port from 0 to 65535"))?;
                if self.unprivileged_ports.replace(port).is_some() {
                    return Err("`unprivileged-ports` stands twice".to_owned());
                }
            }
            "host" => {
                let address: IpAddr = value.parse().map_err(|_| format!("`{value}` is not an address"))?;
                if address.is_loopback() || address.is_unspecified() {
                    return Err(format!("`host={value}` leads each container to itself: write the host's address"));
                }
                if self.host_address.replace(address).is_some() {
                    return Err("`host` stands twice".to_owned());
                }
            }
            _ => return Err(format!("no platform word is called `{name}=`")),
        }
        Ok(())
    }

    fn take_runtime(&mut self, runtime: Runtime, version: Option<Version>) -> Result<(), String> {
        if self.runtime.is_some() {
            return Err("a platform has one runtime: podman, docker or docker-desktop".to_owned());
        }
        self.runtime = Some(runtime);
        self.version = version;
        Ok(())
    }

    fn take_host(&mut self, host: HostOs) -> Result<(), String> {
        self.host_os = Some(match (self.host_os, host) {
            (None, host) => host,
            (Some(HostOs::Wsl2), HostOs::PodmanMachine) | (Some(HostOs::PodmanMachine), HostOs::Wsl2) => {
                HostOs::PodmanMachineWsl
            }
            (Some(_), _) => return Err("only `wsl2` and `podman-machine` go together".to_owned()),
        });
        Ok(())
    }

    /// Refuses words that contradict each other whatever the release; what a release has is known one room above.
    fn check(&self) -> Result<(), String> {
        let no = |condition: bool, message: &str| if condition { Err(message.to_owned()) } else { Ok(()) };
        let docker = matches!(self.runtime, Some(Runtime::DockerEngine | Runtime::DockerDesktop));
        no(docker && self.backend.is_some(), "Docker has neither CNI nor netavark: these are Podman's backends")?;
        no(
            docker && self.rootless_network.is_some(),
            "pasta and slirp4netns belong to rootless Podman, not to Docker",
        )?;
        no(
            docker && self.rootless == Some(true),
            "rootless Docker is not modelled: quadgen has no measurements of it",
        )?;
        no(
            docker && matches!(self.deploy, Some(Deploy::Quadlet | Deploy::PodmanCompose)),
            "Docker runs neither Quadlet units nor podman-compose",
        )?;
        no(
            docker && matches!(self.host_os, Some(HostOs::PodmanMachine | HostOs::PodmanMachineWsl)),
            "a podman machine runs Podman, not Docker",
        )?;
        no(
            self.rootless == Some(false) && self.rootless_network.is_some(),
            "pasta and slirp4netns are for rootless containers",
        )?;
        let wsl = matches!(self.host_os, Some(HostOs::Wsl2 | HostOs::PodmanMachineWsl));
        no(self.mirrored && !wsl, "`mirrored` is a setting of WSL2: add `wsl2`")?;
        no(
            self.user_mode_networking && self.host_os != Some(HostOs::PodmanMachineWsl),
            "`user-mode-networking` is a setting of a podman machine on WSL2: add `podman-machine` and `wsl2`",
        )
    }
}

fn set<T: PartialEq>(slot: &mut Option<T>, value: T, word: &str, other: &str) -> Result<(), String> {
    match slot {
        None => {
            *slot = Some(value);
            Ok(())
        }
        Some(old) if *old == value => Err(format!("`{word}` stands twice")),
        Some(_) => Err(format!("`{word}` contradicts {}", quoted(other))),
    }
}

fn quoted(other: &str) -> String {
    if other.contains(' ') { other.to_owned() } else { format!("`{other}`") }
}

fn flag(slot: &mut bool, word: &str) -> Result<(), String> {
    if std::mem::replace(slot, true) { Err(format!("`{word}` stands twice")) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::PlatformSpec;

    fn parse(text: &str) -> Result<PlatformSpec, String> {
        PlatformSpec::from_words(text.split(',')).map_err(|error| error.message)
    }

    #[test]
    fn every_word_is_known() {
        for word in PlatformSpec::words() {
            let text = match word {
                "systemd" => "systemd@257",
                "unprivileged-ports" => "unprivileged-ports=80",
                "host" => "host=10.0.0.1",
                "mirrored" => "wsl2,mirrored",
                "user-mode-networking" => "wsl2,podman-machine,user-mode-networking",
                word => word,
            };
            assert!(parse(text).is_ok(), "{text}");
        }
    }

    #[test]
    fn contradictions_are_refused() {
        for text in [
            "docker,cni",
            "docker-desktop,netavark",
            "docker,quadlet",
            "docker,rootless",
            "docker,podman-machine",
            "docker,pasta",
            "podman,docker",
            "cni,netavark",
            "rootful,rootless",
            "rootful,pasta",
            "linux,wsl2",
            "mirrored",
            "wsl2,user-mode-networking",
            "quadlet,compose",
            "selinux,selinux",
            "cni@1.0",
            "podman@x",
            "banana",
            "unprivileged-ports=x",
            "host=x",
            "foo=1",
            "",
            "podman,,rootless",
        ] {
            assert!(parse(text).is_err(), "{text}");
        }
    }
}
