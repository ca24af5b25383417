//! Facts about what platforms do: `data/behaviours.toml`, asked by question.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use serde::Deserialize;

use super::{Aspect, Platform};
use crate::model::{Backend, Deploy, HostOs, RootlessNetwork, Runtime, Version};

/// What can be asked about a platform. Each is a table of `data/behaviours.toml`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Question {
    /// Does a network with `internal: true` have a DNS server?
    InternalNetworkDns,
    /// Do containers on the runtime's default network resolve each other's names?
    DefaultNetworkDns,
    /// Does a container on several networks with DNS resolve the names of all of them?
    NamesOnSeveralNetworks,
    /// Does a name that others have on several networks of the asker mean the same at each start?
    SameNameOnSeveralNetworks,
    /// Do names of the internet resolve in a container that is on internal networks only?
    OutsideNamesOnInternalNetwork,
    /// Does an ordinary network lead to the internet?
    EgressFromNetwork,
    /// Does an internal network lead to the internet?
    EgressFromInternalNetwork,
    /// Can a container reach an address on an ordinary network that it is not on?
    RoutedBetweenNetworks,
    /// Are containers for which no network is said on one network, which others can be on, too?
    DefaultNetworkIsShared,
    /// Do packets cross between the runtime's default network and others?
    RoutedToDefaultNetwork,
    /// The same, with `isolate=true` on both networks.
    RoutedBetweenIsolatedNetworks,
    /// Does `isolate=strict` on one of two networks separate them?
    StrictIsolation,
    /// Does `isolate=true` on one of two networks separate them?
    OneSidedIsolation,
    /// Can a container on an ordinary network reach programs on the host?
    HostFromNetwork,
    /// Can a container on internal networks only reach programs on the host?
    HostFromInternalNetwork,
    /// Does an internal network stay closed to others, where IP forwarding was off when it was set up?
    InternalWallWithoutForwarding,
    /// Do the host and the containers of an internal network reach each other whose DNS is switched off?
    HostOnInternalNetworkWithoutDns,
    /// Can a container reach a port that another publishes, through the host?
    PublishedPortFromNetwork,
    /// The same, with the two networks isolated from each other.
    PublishedPortBetweenIsolatedNetworks,
    /// Can a container on internal networks only reach a port that another publishes?
    PublishedPortFromInternalNetwork,
    /// Can a container reach a port that it publishes itself, through the host?
    OwnPublishedPort,
    /// Do a container's default route and its published port always go by two of its networks, where several may be the way
    /// out?
    OwnPortByAnotherNetwork,
    /// Does a port answer that is published by a container on internal networks only?
    PublishedPortOnInternalNetwork,
    /// Does a port answer that is published by a container none of whose networks is a way out?
    PublishedPortWithoutDefaultRoute,
    /// Does a port answer that is published by a container on an internal and an ordinary network?
    PublishedPortOnMixedNetworks,
    /// Can the host reach a container's own address on an ordinary network?
    ContainerFromHost,
    /// Can the host reach a container's own address on an internal network?
    InternalContainerFromHost,
    /// Is a container's host name a name that others resolve?
    HostNameIsAName,
    /// Is the service's name a DNS name by itself?
    ServiceNameIsAName,
    /// Does a container on a network with DNS ask the host's DNS servers, too?
    HostServersBesideThoseOfNetworks,
    /// Are the first twelve digits of a container's identity a name of it?
    ShortIdIsAName,
    /// Do containers that share a network find each other's names in the hosts file that they share?
    NamesInSharedHostsFile,
    /// Does `NAME.dns.podman` mean what `NAME` means?
    DnsPodmanSuffix,
    /// The same for a container on several networks, of which not all have the name.
    DnsPodmanSuffixOnSeveralNetworks,
    /// Does `NAME.NETWORK` mean what `NAME` means on that network?
    NetworkSuffix,
    /// Is a port published of a container that has no network of its own?
    PublishedPortWithoutOwnNetwork,
    /// Does a container start that publishes a port and is in another container's network?
    StartWithPortInAnotherNetwork,
    /// Does a port answer that is published by a container on macvlan or ipvlan networks only?
    PublishedPortOnMacvlan,
    /// Can a container publish a port of the host that only root may listen on?
    PrivilegedHostPort,
    /// Is a port that is published without an address open on every address of the host?
    PortOnEveryAddress,
    /// Does a container on several ordinary networks take the same way out at each start?
    DefaultRouteOnSeveralNetworks,
    /// Does the option `metric` of a network say which way out goes before others?
    RouteMetric,
    /// Does the option `no_default_route` keep a network from being a way out?
    NetworkWithoutDefaultRoute,
    /// Does `gw_priority` of a service on a network say which way out goes before others?
    NetworkPriority,
    /// Can a container publish a port that a program of the host listens on?
    PortOfHostProgram,
    /// Do other machines reach a port that is published on every address of the host?
    PublishedPortFromLan,
    /// Can two containers publish the same port of the host?
    TwoContainersOnOnePort,
    /// Can a container reach a program of the host that listens on 127.0.0.1 only?
    HostLoopbackFromNetwork,
    /// Which name of the host does a container have that nobody gave it, and where does it lead?
    HostName,
    /// The same in the host's network.
    HostNameInHostMode,
    /// Does the own address of the Linux that runs the containers lead to it?
    OwnAddressOfHost,
    /// Does that name get the same address at each start, on several networks?
    HostNameOnSeveralNetworks,
    /// Does that name lead to the host from internal networks only?
    HostNameFromInternalNetwork,
    /// Is `host-gateway` taken for the address of a name?
    HostGatewayWord,
    /// Is the gateway of the machine's default route the Windows host?
    DefaultRouteGateway,
    /// Does 127.0.0.1 in the host's network reach programs on Windows?
    WindowsLoopbackFromHostMode,
    /// Do `pasta:-T,PORT` and `slirp4netns:allow_host_loopback=true` carry connections to 127.0.0.1 of the host?
    ForwardedLoopback,
    /// Does a container start that has a network alias and is on no bridge network?
    AliasOutsideBridge,
    /// Does a container start that has a network alias and for which no network is said?
    AliasWithoutNetwork,
    /// Does an alias on the runtime's default network resolve?
    AliasOnDefaultNetwork,
    /// Do aliases of one network count beside aliases on all networks?
    BothFormsOfAlias,
    /// Does a colon part the options of `Network=`?
    ColonInNetworkOptions,
    /// Does a macvlan or ipvlan network have a DNS server?
    MacvlanDns,
    /// Does a network's gateway as a container's DNS server let more names resolve?
    GatewayAsDnsServer,
    /// Does the resolver's option `rotate` let a container resolve the names of all its networks?
    RotatedServers,
    /// Does a name over 63 characters or with a leading hyphen resolve?
    NameThatIsNoHostName,
    /// Can a container publish port 53 on every address beside the runtime's own DNS server?
    PortOfContainerDns,
    /// Can a container publish port 53 on every address beside systemd-resolved?
    PortOfHostResolver,
    /// Does a container see the address of who connects to its published port?
    ClientAddress,
    /// Does a macvlan or ipvlan network get to the host's own network?
    DriverPastTheHost,
    /// Can a port be published for SCTP?
    SctpPort,
    /// Does the runtime listen on /var/run/docker.sock?
    DockerSocket,
    /// Does the runtime listen on /run/podman/podman.sock?
    RootPodmanSocket,
    /// Does the runtime listen on podman/podman.sock below /run/user/UID?
    UserPodmanSocket,
    /// Does an image without a registry come from Docker Hub?
    ShortImageName,
    /// Are quotes, comments and `export` in an env file understood?
    EnvFileSyntax,
    /// Can a bridge network be made whose subnet overlaps with that of another one?
    SubnetTakenTwice,
    /// Does a container start with a fixed address that lies in no subnet of its network?
    AddressOutsideSubnet,
    /// Does a container start with a fixed address on a network that states no subnet?
    AddressWithoutSubnet,
    /// Can a container have the gateway's address, the network's own or the last one?
    AddressOfTheNetwork,
    /// Do two containers start with one address on one network?
    OneAddressTwice,
    /// Can a network be made whose gateway or range lies outside of its subnet, or stands without one?
    GatewayOutsideSubnet,
    /// Does a container start with a fixed IPv6 address on a network that has no IPv6?
    Ipv6AddressWithoutIpv6,
    /// Does a container in a pod start that publishes ports itself?
    PortOfPodMember,
    /// Does a container in a pod start that has a fixed address of its own?
    AddressOfPodMember,
    /// Does a container in a pod start that has host entries of its own?
    HostsOfPodMember,
    /// Does a container in a pod start that has a host name of its own?
    HostNameOfPodMember,
    /// Does a wait for the health of a container end that has no health check?
    WaitForHealthWithoutCheck,
    /// Does an image that is built with the stack keep the health check of its Containerfile?
    BuiltHealthCheck,
    /// Does a container start whose image is updated from its registry and has a name without one?
    AutoUpdateOfShortName,
    /// Is an image updated from its registry that only lies on the machine?
    AutoUpdateOfLocalImage,
    /// Is an image updated from its registry that is named by its digest?
    AutoUpdateOfDigest,
    /// Does what a container wrote outlive its next stop, where it has no volume with a name for it?
    AnonymousVolume,
    /// Does the systemd that runs the units have `multi-user.target`?
    MultiUserTarget,
}

impl Question {
    /// Every question.
    pub const ALL: &[Question] = &[
        Question::InternalNetworkDns,
        Question::DefaultNetworkDns,
        Question::NamesOnSeveralNetworks,
        Question::SameNameOnSeveralNetworks,
        Question::OutsideNamesOnInternalNetwork,
        Question::EgressFromNetwork,
        Question::EgressFromInternalNetwork,
        Question::RoutedBetweenNetworks,
        Question::DefaultNetworkIsShared,
        Question::RoutedToDefaultNetwork,
        Question::RoutedBetweenIsolatedNetworks,
        Question::StrictIsolation,
        Question::OneSidedIsolation,
        Question::HostFromNetwork,
        Question::HostFromInternalNetwork,
        Question::InternalWallWithoutForwarding,
        Question::HostOnInternalNetworkWithoutDns,
        Question::PublishedPortFromNetwork,
        Question::PublishedPortBetweenIsolatedNetworks,
        Question::PublishedPortFromInternalNetwork,
        Question::OwnPublishedPort,
        Question::OwnPortByAnotherNetwork,
        Question::PublishedPortOnInternalNetwork,
        Question::PublishedPortWithoutDefaultRoute,
        Question::PublishedPortOnMixedNetworks,
        Question::ContainerFromHost,
        Question::InternalContainerFromHost,
        Question::HostNameIsAName,
        Question::ServiceNameIsAName,
        Question::HostServersBesideThoseOfNetworks,
        Question::ShortIdIsAName,
        Question::NamesInSharedHostsFile,
        Question::DnsPodmanSuffix,
        Question::DnsPodmanSuffixOnSeveralNetworks,
        Question::NetworkSuffix,
        Question::PublishedPortWithoutOwnNetwork,
        Question::StartWithPortInAnotherNetwork,
        Question::PublishedPortOnMacvlan,
        Question::PrivilegedHostPort,
        Question::PortOnEveryAddress,
        Question::DefaultRouteOnSeveralNetworks,
        Question::RouteMetric,
        Question::NetworkWithoutDefaultRoute,
        Question::NetworkPriority,
        Question::PortOfHostProgram,
        Question::PublishedPortFromLan,
        Question::TwoContainersOnOnePort,
        Question::HostLoopbackFromNetwork,
        Question::HostName,
        Question::HostNameInHostMode,
        Question::OwnAddressOfHost,
        Question::HostNameOnSeveralNetworks,
        Question::HostNameFromInternalNetwork,
        Question::HostGatewayWord,
        Question::DefaultRouteGateway,
        Question::WindowsLoopbackFromHostMode,
        Question::ForwardedLoopback,
        Question::AliasOutsideBridge,
        Question::AliasWithoutNetwork,
        Question::AliasOnDefaultNetwork,
        Question::BothFormsOfAlias,
        Question::ColonInNetworkOptions,
        Question::MacvlanDns,
        Question::GatewayAsDnsServer,
        Question::RotatedServers,
        Question::NameThatIsNoHostName,
        Question::PortOfContainerDns,
        Question::PortOfHostResolver,
        Question::ClientAddress,
        Question::DriverPastTheHost,
        Question::SctpPort,
        Question::DockerSocket,
        Question::RootPodmanSocket,
        Question::UserPodmanSocket,
        Question::ShortImageName,
        Question::EnvFileSyntax,
        Question::SubnetTakenTwice,
        Question::AddressOutsideSubnet,
        Question::AddressWithoutSubnet,
        Question::AddressOfTheNetwork,
        Question::OneAddressTwice,
        Question::GatewayOutsideSubnet,
        Question::Ipv6AddressWithoutIpv6,
        Question::PortOfPodMember,
        Question::AddressOfPodMember,
        Question::HostsOfPodMember,
        Question::HostNameOfPodMember,
        Question::WaitForHealthWithoutCheck,
        Question::BuiltHealthCheck,
        Question::AutoUpdateOfShortName,
        Question::AutoUpdateOfLocalImage,
        Question::AutoUpdateOfDigest,
        Question::AnonymousVolume,
        Question::MultiUserTarget,
    ];

    /// The name of its table.
    pub fn table(self) -> &'static str {
        match self {
            Question::InternalNetworkDns => "internal-network-dns",
            Question::DefaultNetworkDns => "default-network-dns",
            Question::NamesOnSeveralNetworks => "names-on-several-networks",
            Question::SameNameOnSeveralNetworks => "same-name-on-several-networks",
            Question::OutsideNamesOnInternalNetwork => "outside-names-on-internal-network",
            Question::EgressFromNetwork => "egress-from-network",
            Question::EgressFromInternalNetwork => "egress-from-internal-network",
            Question::RoutedBetweenNetworks => "routed-between-networks",
            Question::DefaultNetworkIsShared => "default-network-is-shared",
            Question::RoutedToDefaultNetwork => "routed-to-default-network",
            Question::RoutedBetweenIsolatedNetworks => "routed-between-isolated-networks",
            Question::StrictIsolation => "strict-isolation",
            Question::OneSidedIsolation => "one-sided-isolation",
            Question::HostFromNetwork => "host-from-network",
            Question::HostFromInternalNetwork => "host-from-internal-network",
            Question::InternalWallWithoutForwarding => "internal-wall-without-forwarding",
            Question::HostOnInternalNetworkWithoutDns => "host-on-internal-network-without-dns",
            Question::PublishedPortFromNetwork => "published-port-from-network",
            Question::PublishedPortBetweenIsolatedNetworks => "published-port-between-isolated-networks",
            Question::PublishedPortFromInternalNetwork => "published-port-from-internal-network",
            Question::OwnPublishedPort => "own-published-port",
            Question::OwnPortByAnotherNetwork => "own-port-by-another-network",
            Question::PublishedPortOnInternalNetwork => "published-port-on-internal-network",
            Question::PublishedPortWithoutDefaultRoute => "published-port-without-default-route",
            Question::PublishedPortOnMixedNetworks => "published-port-on-mixed-networks",
            Question::ContainerFromHost => "container-from-host",
            Question::InternalContainerFromHost => "internal-container-from-host",
            Question::HostNameIsAName => "host-name-is-a-name",
            Question::ServiceNameIsAName => "service-name-is-a-name",
            Question::HostServersBesideThoseOfNetworks => "host-servers-beside-those-of-networks",
            Question::ShortIdIsAName => "short-id-is-a-name",
            Question::NamesInSharedHostsFile => "names-in-shared-hosts-file",
            Question::DnsPodmanSuffix => "dns-podman-suffix",
            Question::DnsPodmanSuffixOnSeveralNetworks => "dns-podman-suffix-on-several-networks",
            Question::NetworkSuffix => "network-suffix",
            Question::PublishedPortWithoutOwnNetwork => "published-port-without-own-network",
            Question::StartWithPortInAnotherNetwork => "start-with-port-in-another-network",
            Question::PublishedPortOnMacvlan => "published-port-on-macvlan",
            Question::PrivilegedHostPort => "privileged-host-port",
            Question::PortOnEveryAddress => "port-on-every-address",
            Question::DefaultRouteOnSeveralNetworks => "default-route-on-several-networks",
            Question::RouteMetric => "route-metric",
            Question::NetworkWithoutDefaultRoute => "network-without-default-route",
            Question::NetworkPriority => "network-priority",
            Question::PortOfHostProgram => "port-of-host-program",
            Question::PublishedPortFromLan => "published-port-from-lan",
            Question::TwoContainersOnOnePort => "two-containers-on-one-port",
            Question::HostLoopbackFromNetwork => "host-loopback-from-network",
            Question::HostName => "host-name",
            Question::OwnAddressOfHost => "own-address-of-host",
            Question::HostNameInHostMode => "host-name-in-host-mode",
            Question::HostNameOnSeveralNetworks => "host-name-on-several-networks",
            Question::HostNameFromInternalNetwork => "host-name-from-internal-network",
            Question::HostGatewayWord => "host-gateway-word",
            Question::DefaultRouteGateway => "default-route-gateway",
            Question::WindowsLoopbackFromHostMode => "windows-loopback-from-host-mode",
            Question::ForwardedLoopback => "forwarded-loopback",
            Question::AliasOutsideBridge => "alias-outside-bridge",
            Question::AliasWithoutNetwork => "alias-without-network",
            Question::AliasOnDefaultNetwork => "alias-on-default-network",
            Question::BothFormsOfAlias => "both-forms-of-alias",
            Question::ColonInNetworkOptions => "colon-in-network-options",
            Question::MacvlanDns => "macvlan-dns",
            Question::GatewayAsDnsServer => "gateway-as-dns-server",
            Question::RotatedServers => "rotated-servers",
            Question::NameThatIsNoHostName => "name-that-is-no-host-name",
            Question::PortOfContainerDns => "port-of-container-dns",
            Question::PortOfHostResolver => "port-of-host-resolver",
            Question::ClientAddress => "client-address",
            Question::DriverPastTheHost => "driver-past-the-host",
            Question::SctpPort => "sctp-port",
            Question::DockerSocket => "docker-socket",
            Question::RootPodmanSocket => "root-podman-socket",
            Question::UserPodmanSocket => "user-podman-socket",
            Question::ShortImageName => "short-image-name",
            Question::EnvFileSyntax => "env-file-syntax",
            Question::SubnetTakenTwice => "subnet-taken-twice",
            Question::AddressOutsideSubnet => "address-outside-subnet",
            Question::AddressWithoutSubnet => "address-without-subnet",
            Question::AddressOfTheNetwork => "address-of-the-network",
            Question::OneAddressTwice => "one-address-twice",
            Question::GatewayOutsideSubnet => "gateway-outside-subnet",
            Question::Ipv6AddressWithoutIpv6 => "ipv6-address-without-ipv6",
            Question::PortOfPodMember => "port-of-pod-member",
            Question::AddressOfPodMember => "address-of-pod-member",
            Question::HostsOfPodMember => "hosts-of-pod-member",
            Question::HostNameOfPodMember => "host-name-of-pod-member",
            Question::WaitForHealthWithoutCheck => "wait-for-health-without-check",
            Question::BuiltHealthCheck => "built-health-check",
            Question::AutoUpdateOfShortName => "auto-update-of-short-name",
            Question::AutoUpdateOfLocalImage => "auto-update-of-local-image",
            Question::AutoUpdateOfDigest => "auto-update-of-digest",
            Question::AnonymousVolume => "anonymous-volume",
            Question::MultiUserTarget => "multi-user-target",
        }
    }
}

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
    pub name: String,
    when: String,
    /// The answer.
    pub is: Is,
    /// The reason: a clause that can follow "because".
    pub why: String,
    /// What a person sees.
    #[serde(default)]
    pub symptom: String,
    /// Where a name of the host leads: an address, or `gateway`, `own`, `route` or `proxy`.
    #[serde(default)]
    pub address: String,
    /// Whose address that is.
    pub leads: Option<Leads>,
    /// Whether what it says is a fault of some releases rather than what is meant.
    #[serde(default)]
    pub broken: bool,
    /// Whether the address is carried on to 127.0.0.1 of that machine.
    #[serde(default)]
    pub carries_loopback: bool,
    /// `measured`, `source`, `documented` or `unmeasured`.
    pub how: String,
    /// The versions it was measured on, or where it is written.
    pub on: String,
}

#[derive(Deserialize)]
struct Table {
    #[allow(dead_code, reason = "it is there for the reader of the data")]
    ask: String,
    rows: Vec<Fact>,
}

static TABLES: LazyLock<BTreeMap<String, Table>> = LazyLock::new(|| table!("behaviours"));

/// Reads the table.
pub(super) fn prepare() {
    LazyLock::force(&TABLES);
}

/// What is known about a platform, and on which assumed words that rests.
#[derive(Clone, Debug)]
pub struct Known {
    /// The fact.
    pub fact: &'static Fact,
    /// Words nobody wrote, without which another fact might hold.
    pub assumed: Vec<String>,
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
                return Known { fact, assumed };
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
        assert!(TABLES.keys().all(|table| asked.contains(&table.as_str())), "a table that nobody asks");
        for fact in TABLES.values().flat_map(|table| &table.rows) {
            assert!(["measured", "source", "documented", "unmeasured"].contains(&fact.how.as_str()), "{}", fact.name);
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
        assert_eq!((version.fact.is, version.assumed), (Is::No, vec!["podman@6.2".to_owned()]));
        let rootless = ask("podman@5.4", Question::HostFromInternalNetwork);
        assert_eq!((rootless.fact.is, rootless.assumed), (Is::No, vec!["rootless".to_owned()]));
        let ruled_out = ask("podman@4.6", Question::NamesOnSeveralNetworks);
        assert_eq!((ruled_out.fact.is, ruled_out.assumed), (Is::Yes, vec!["netavark".to_owned()]));
    }
}
