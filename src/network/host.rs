//! The question `host`: by which name does a service find a program outside of the stack, and does that lead there?
//!
//! There are two machines where there is a host to speak of: the Linux that runs the containers, and the Windows or
//! Mac around it. A name leads to one of them, and a program runs on one of them.

use std::net::{IpAddr, Ipv4Addr};

use super::opaque::{host_entries, host_entry};
use super::{Home, Opaque, Verdict, Wiring};
use crate::model::{
    Connection, Format, HostOs, HostService, NetworkMode, RootlessNetwork, Runtime, Service, Target, Value,
};
use crate::platform::{Feature, Is, Known, Leads, Platform, Question};

/// Docker's name of the host.
pub const DOCKER_NAME: &str = "host.docker.internal";
/// Podman's name of the host.
pub const PODMAN_NAME: &str = "host.containers.internal";

/// A machine that a program can run on.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Machine {
    /// The Linux that runs the containers.
    Linux,
    /// The Windows or Mac around it.
    Outside,
    /// One that the platform does not have: Windows, on a plain Linux.
    Absent,
}

/// What the name of the host stands for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Address {
    /// This one.
    Fixed(IpAddr),
    /// The gateway of one of the container's networks.
    Gateway,
    /// The own address of the Linux that runs the containers.
    Own,
    /// The gateway of its default route, at the time of the start.
    Route,
    /// One that only Docker Desktop knows.
    Proxy,
}

/// What has to be written so that the name leads there.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Setup {
    /// Nothing.
    Nothing,
    /// An entry with this address in the container's hosts file.
    Entry(IpAddr),
    /// An entry with `host-gateway`.
    HostGateway,
    /// An entry with the gateway of the default route, looked up at each start.
    StartStep,
}

/// Why a program outside is reached or not.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum HostCause {
    /// The name leads there.
    Leads,
    /// The container has no network.
    NoNetwork,
    /// It is on internal networks only, and they have no way there.
    Internal,
    /// No name leads to the machine where the program is; this one leads elsewhere.
    Elsewhere(Leads),
    /// Under mirrored networking nothing leads from a container's own network to Windows.
    Mirrored,
    /// There is no such name.
    NoName,
    /// The program listens on the loopback address only.
    Loopback,
    /// The program listens on one address, and the name stands for another.
    OtherAddress,
    /// The platform has no such machine.
    NoSuchMachine,
    /// Nobody knows.
    Unknown,
}

/// The answer to `host`.
#[derive(Clone, Debug)]
pub struct HostWay {
    /// The name or address that the service uses.
    pub name: String,
    /// What it stands for; nothing where there is no such name.
    pub address: Option<Address>,
    /// What has to be written for it.
    pub setup: Setup,
    /// Whether it leads to the program.
    pub verdict: Verdict,
    /// Why.
    pub cause: HostCause,
    /// The facts behind it.
    pub known: Vec<Known>,
    /// The fact that lets the name's address change from start to start, where it does.
    pub undecided: Option<Known>,
}

impl Platform {
    /// Whether the Linux that runs the containers runs inside Windows or a Mac.
    pub fn has_outside(&self) -> bool {
        match self.runtime {
            Runtime::DockerDesktop => self.spec.host_os != Some(HostOs::Linux),
            Runtime::Podman | Runtime::DockerEngine => self.host_os != HostOs::Linux,
        }
    }

    /// The machine that a program runs on: where it says, else the outermost.
    pub fn machine_of(&self, host: &HostService) -> Machine {
        let wsl = matches!(self.host_os, HostOs::Wsl2 | HostOs::PodmanMachineWsl);
        match host.on.as_ref().map(|on| on.value.as_str()) {
            Some("linux") if self.runtime == Runtime::DockerDesktop && !self.has_outside() => Machine::Outside,
            Some("linux") => Machine::Linux,
            Some("mac") if wsl => Machine::Absent,
            Some(_) if !self.has_outside() => Machine::Absent,
            Some(_) => Machine::Outside,
            // Docker Desktop keeps its virtual machine apart on Linux, too.
            None if self.has_outside() || self.runtime == Runtime::DockerDesktop => Machine::Outside,
            None => Machine::Linux,
        }
    }
}

/// Where a name leads for one container.
struct Lead {
    name: String,
    address: Address,
    leads: Leads,
    setup: Setup,
    known: Vec<Known>,
}

impl<'a> Wiring<'a> {
    /// How a service gets to a program outside, once what [`HostWay::setup`] says is written.
    pub fn host_way(&self, service: &Service, host: &HostService) -> HostWay {
        let wanted = self.platform.machine_of(host);
        let answer = |name: &str, cause, verdict| HostWay {
            name: name.to_owned(),
            address: None,
            setup: Setup::Nothing,
            verdict,
            cause,
            known: Vec::new(),
            undecided: None,
        };
        if self.home(service) == Home::Nowhere {
            return answer(self.usual_name(), HostCause::NoNetwork, Verdict::No);
        }
        match self.lead(service, host, wanted) {
            Some(lead) => self.judge_lead(service, host, wanted, lead),
            None => {
                let name = self.usual_name();
                let known = match self.platform.runtime {
                    Runtime::DockerEngine => self.ask(Question::HostGatewayWord),
                    _ => self.host_name(service),
                };
                let way = match known.fact.is {
                    Is::No => answer(name, HostCause::NoName, Verdict::No),
                    _ => answer(name, HostCause::Unknown, Verdict::Unknown),
                };
                HostWay { known: vec![known], ..way }
            }
        }
    }

    /// Where a name that stands in a service's values leads; the host service is the program it is meant for.
    pub fn alias_way(&self, service: &Service, name: &str, host: &HostService) -> HostWay {
        let wanted = self.platform.machine_of(host);
        let unknown = |cause, verdict, known| HostWay {
            name: name.to_owned(),
            address: None,
            setup: Setup::Nothing,
            verdict,
            cause,
            known,
            undecided: None,
        };
        if self.home(service) == Home::Nowhere {
            return unknown(HostCause::NoNetwork, Verdict::No, Vec::new());
        }
        // Where the platform itself has no such name, what is written for it stands for nothing either.
        let nowhere = || {
            let known = self.host_name(service);
            match known.fact.is {
                Is::No if self.platform.is_podman() => unknown(HostCause::NoName, Verdict::No, vec![known]),
                _ => unknown(HostCause::Unknown, Verdict::Unknown, vec![known]),
            }
        };
        let owner = self.owner(service);
        // What quadgen writes for another use of the host in the same container holds for this one, too.
        let mut entries = self.host_entries(owner).into_iter();
        if let Some((_, setup)) = entries.find(|(known, _)| known.eq_ignore_ascii_case(name)) {
            return match self.lead_by(service, setup, name) {
                Some(lead) => self.judge_lead(service, host, wanted, lead),
                None => nowhere(),
            };
        }
        if let Some(address) = owner.attributes.get("extra_hosts").and_then(|(_, hosts)| host_entry(hosts, name)) {
            let setup = match address.parse() {
                Ok(address) => Setup::Entry(address),
                Err(_) if address == "host-gateway" => Setup::HostGateway,
                Err(_) => return unknown(HostCause::Unknown, Verdict::Unknown, Vec::new()),
            };
            return match self.lead_by(service, setup, name) {
                Some(lead) => self.judge_lead(service, host, wanted, lead),
                None => nowhere(),
            };
        }
        let natural = self.natural(service);
        let has_name = match (self.platform.runtime, name.to_ascii_lowercase().as_str()) {
            (Runtime::DockerDesktop, lower) => lower != PODMAN_NAME,
            (Runtime::DockerEngine, _) => false,
            (Runtime::Podman, PODMAN_NAME) => true,
            (Runtime::Podman, DOCKER_NAME) => self.platform.has(Feature::HostDockerInternal) == Some(true),
            (Runtime::Podman, _) => false,
        };
        if !has_name {
            let known = if self.platform.is_podman() { Vec::new() } else { vec![self.host_name(service)] };
            return unknown(HostCause::NoName, Verdict::No, known);
        }
        match natural {
            Some(lead) => self.judge_lead(service, host, wanted, Lead { name: name.to_owned(), ..lead }),
            None => nowhere(),
        }
    }

    /// The entries that quadgen writes into the hosts file of a container: the names, and what they stand for.
    pub fn host_entries(&self, owner: &Service) -> Vec<(String, Setup)> {
        // Other formats say themselves what they need.
        if self.stack.format != Format::Topology {
            return Vec::new();
        }
        let mut entries: Vec<(String, Setup)> = Vec::new();
        for host in self.host_uses(owner) {
            let way = self.host_way(owner, host);
            if way.setup != Setup::Nothing && entries.iter().all(|(name, _)| *name != way.name) {
                entries.push((way.name, way.setup));
            }
        }
        entries
    }

    /// Whether the hosts file of a service's container has an entry for a name, written or by quadgen.
    pub fn has_host_entry(&self, service: &Service, name: &str) -> bool {
        let owner = self.owner(service);
        let written = owner.attributes.get("extra_hosts").is_some_and(|(_, hosts)| host_entry(hosts, name).is_some());
        written || self.host_entries(owner).iter().any(|(known, _)| known.eq_ignore_ascii_case(name))
    }

    /// The first name that an `extra_hosts` gives to `host-gateway`.
    pub fn host_gateway_name(&self, hosts: &Value) -> Option<String> {
        let entries = host_entries(hosts);
        entries.into_iter().find(|(_, address)| address == "host-gateway").map(|(name, _)| name)
    }

    /// The host services that are used by services in a container's network namespace, each once.
    pub fn host_uses(&self, owner: &Service) -> Vec<&'a HostService> {
        let stack = self.stack;
        let same = stack.services.values().filter(|service| self.owner(service).name == owner.name);
        let mut found: Vec<&HostService> = Vec::new();
        for Connection { to, .. } in same.flat_map(|service| &service.connections) {
            if let Target::Host(name) = to
                && let Some(host) = stack.host_services.get(name)
                && found.iter().all(|known| known.name != host.name)
            {
                found.push(host);
            }
        }
        found
    }

    /// Why it cannot be said whether a service gets to a program outside.
    pub fn host_unknown(&self, service: &Service, host: &HostService) -> Opaque {
        let way = self.host_way(service, host);
        let fact = way.known.iter().find(|known| known.fact.is == Is::Unknown);
        let listens = host.listens.filter(|_| way.cause == HostCause::OtherAddress);
        match (listens, fact) {
            (Some(listens), _) => Opaque {
                span: listens.span(),
                why: format!(
                    "`{}` listens on {} only, and `{}` may stand for another address",
                    host.name.value, listens.value, way.name
                ),
            },
            (None, Some(known)) => Opaque { span: host.name.span(), why: known.fact.why.clone() },
            (None, None) => {
                let found = self.opaque(&[service]).into_iter().next();
                found.unwrap_or_else(|| Opaque {
                    span: host.name.span(),
                    why: format!("nobody measured where `{}` leads here", way.name),
                })
            }
        }
    }

    /// The best way to a machine.
    fn lead(&self, service: &Service, host: &HostService, wanted: Machine) -> Option<Lead> {
        // The word is about the platform's host, which is not the Linux inside of Windows.
        let pinned = self.platform.spec.host_address;
        if let Some(address) = pinned.filter(|_| wanted == Machine::Outside || !self.platform.has_outside()) {
            return self.lead_by(service, Setup::Entry(address), DOCKER_NAME);
        }
        // Who writes an address by hand says where the host is.
        let written = self.owner(service).attributes.get("extra_hosts");
        for name in [DOCKER_NAME, PODMAN_NAME] {
            let address = written.and_then(|(_, hosts)| host_entry(hosts, name)).and_then(|text| text.parse().ok());
            if let Some(address) = address {
                let lead = self.lead_by(service, Setup::Entry(address), name)?;
                let leads = if wanted == Machine::Linux { Leads::Linux } else { Leads::Outside };
                return Some(Lead { setup: Setup::Nothing, leads, ..lead });
            }
        }
        if let Some(lead) = self.forwarded(service, host, wanted).filter(|lead| meets(lead.leads, wanted)) {
            return Some(lead);
        }
        if self.home(service) == Home::Elsewhere && self.carrier(service).is_none() {
            return None;
        }
        let in_host_mode = self.home(service) == Home::Host;
        // Whether its Linux is its virtual machine or the host itself the words do not say; nor was host mode measured.
        if self.platform.runtime == Runtime::DockerDesktop && (wanted == Machine::Linux || in_host_mode) {
            return None;
        }
        if in_host_mode && wanted == Machine::Linux {
            // The program's own address, or the loopback device that both are on.
            let own = host.listens.map(|listens| listens.value).filter(|listens| !listens.is_unspecified());
            let address = own.unwrap_or(IpAddr::V4(Ipv4Addr::LOCALHOST));
            return Some(Lead {
                name: address.to_string(),
                address: Address::Fixed(address),
                leads: Leads::Linux,
                setup: Setup::Nothing,
                known: Vec::new(),
            });
        }
        if in_host_mode && wanted == Machine::Outside && self.yes(Question::WindowsLoopbackFromHostMode) {
            return Some(Lead {
                name: Ipv4Addr::LOCALHOST.to_string(),
                address: Address::Fixed(Ipv4Addr::LOCALHOST.into()),
                leads: Leads::Outside,
                setup: Setup::Nothing,
                known: vec![self.ask(Question::WindowsLoopbackFromHostMode)],
            });
        }
        let natural = self.natural(service);
        if natural.as_ref().is_some_and(|lead| meets(lead.leads, wanted)) {
            return natural;
        }
        if wanted == Machine::Outside && self.yes(Question::DefaultRouteGateway) {
            return self.lead_by(service, Setup::StartStep, DOCKER_NAME);
        }
        if self.platform.runtime == Runtime::DockerEngine {
            // Where another name of the container already means Windows, this one is another.
            let windows = self.yes(Question::DefaultRouteGateway)
                && wanted == Machine::Linux
                && self
                    .host_uses(self.owner(service))
                    .iter()
                    .any(|other| self.platform.machine_of(other) == Machine::Outside);
            return self.lead_by(service, Setup::HostGateway, if windows { PODMAN_NAME } else { DOCKER_NAME });
        }
        natural
    }

    /// `pasta:-T,PORT` and `slirp4netns:allow_host_loopback=true` open a way of their own.
    fn forwarded(&self, service: &Service, host: &HostService, wanted: Machine) -> Option<Lead> {
        let (carrier, options) = self.carrier(service)?;
        let carries = match carrier {
            RootlessNetwork::Slirp4netns => options.split(',').any(|option| option == "allow_host_loopback=true"),
            RootlessNetwork::Pasta => {
                let words: Vec<&str> = options.split(',').collect();
                let port = host.port?.value.to_string();
                let mut ports = words.windows(2).filter(|pair| matches!(pair, ["-T" | "--tcp-ns", _]));
                ports.any(|pair| pair.last().is_some_and(|wanted| *wanted == port || *wanted == "auto"))
            }
        };
        let platform = Platform { rootless_network: Some(carrier), ..self.platform.clone() };
        let known = platform.ask(Question::ForwardedLoopback);
        let address = known.fact.address.parse().ok()?;
        // Under mirrored networking the loopback address is that of Windows, too.
        let shared = wanted == Machine::Outside && self.yes(Question::WindowsLoopbackFromHostMode);
        (carries && known.fact.is == Is::Yes).then(|| Lead {
            name: known.fact.address.clone(),
            address: Address::Fixed(address),
            leads: if shared { Leads::Outside } else { Leads::Linux },
            setup: Setup::Nothing,
            known: vec![known],
        })
    }

    /// What carries a rootless container that is on no network, and its options.
    fn carrier<'s>(&'s self, service: &'s Service) -> Option<(RootlessNetwork, &'s str)> {
        let Some(NetworkMode::Other(mode)) = self.owner(service).network_mode.as_ref().map(|mode| &mode.value) else {
            return None;
        };
        let (name, options) = mode.split_once(':').unwrap_or((mode, ""));
        match name {
            "pasta" if self.platform.rootless => Some((RootlessNetwork::Pasta, options)),
            "slirp4netns" if self.platform.rootless && self.platform.has(Feature::NoSlirp4netns) != Some(true) => {
                Some((RootlessNetwork::Slirp4netns, options))
            }
            _ => None,
        }
    }

    /// The fact about the name that a service's container has without configuration.
    fn host_name(&self, service: &Service) -> Known {
        let question = match self.home(service) {
            Home::Host => Question::HostNameInHostMode,
            _ => Question::HostName,
        };
        match self.carrier(service) {
            Some((carrier, _)) => Platform { rootless_network: Some(carrier), ..self.platform.clone() }.ask(question),
            None => self.ask(question),
        }
    }

    /// Where the name leads that a container has without configuration.
    fn natural(&self, service: &Service) -> Option<Lead> {
        let known = self.host_name(service);
        // Options may give the namespace another view of the host.
        if self.carrier(service).is_some_and(|(_, options)| !options.is_empty()) {
            return None;
        }
        let leads = known.fact.leads.filter(|_| matches!(known.fact.is, Is::Yes | Is::Unpredictable))?;
        let address = address(&known)?;
        Some(Lead { name: self.usual_name().to_owned(), address, leads, setup: Setup::Nothing, known: vec![known] })
    }

    /// The name that the runtime gives the host.
    fn usual_name(&self) -> &'static str {
        if self.platform.is_podman() { PODMAN_NAME } else { DOCKER_NAME }
    }

    /// Where a name leads that stands in the hosts file.
    fn lead_by(&self, service: &Service, setup: Setup, name: &str) -> Option<Lead> {
        let name = name.to_owned();
        match setup {
            Setup::Nothing => None,
            Setup::Entry(address) => {
                // Somebody says that it leads there.
                let leads = if self.platform.has_outside() { Leads::Outside } else { Leads::Linux };
                Some(Lead { name, address: Address::Fixed(address), leads, setup, known: Vec::new() })
            }
            Setup::HostGateway => {
                let known = self.ask(Question::HostGatewayWord);
                match (known.fact.is, known.fact.leads) {
                    (Is::Yes, Some(leads)) => {
                        Some(Lead { name, address: address(&known)?, leads, setup, known: vec![known] })
                    }
                    (Is::Yes, None) => {
                        let natural = self.natural(service)?;
                        Some(Lead { name, setup, ..natural })
                    }
                    _ => None,
                }
            }
            Setup::StartStep => {
                let known = self.ask(Question::DefaultRouteGateway);
                let leads = known.fact.leads?;
                Some(Lead { name, address: Address::Route, leads, setup, known: vec![known] })
            }
        }
    }

    fn judge_lead(&self, service: &Service, host: &HostService, wanted: Machine, lead: Lead) -> HostWay {
        let pinned = matches!(lead.setup, Setup::Entry(_));
        let own_network =
            matches!(self.home(service), Home::Networks | Home::Default) || self.carrier(service).is_some();
        let mut way = HostWay {
            name: lead.name,
            address: Some(lead.address),
            setup: lead.setup,
            verdict: Verdict::Yes,
            cause: HostCause::Leads,
            known: lead.known,
            undecided: None,
        };
        let stop = |way: HostWay, verdict, cause| HostWay { verdict, cause, ..way };
        if wanted == Machine::Absent {
            return stop(way, Verdict::No, HostCause::NoSuchMachine);
        }
        if !pinned && !meets(lead.leads, wanted) {
            let mirrored = self.platform.spec.mirrored && wanted == Machine::Outside && own_network;
            let cause = if mirrored { HostCause::Mirrored } else { HostCause::Elsewhere(lead.leads) };
            let by_chance = way.known.iter().any(|known| known.fact.is == Is::Unpredictable);
            return stop(way, if by_chance { Verdict::Unpredictable } else { Verdict::No }, cause);
        }
        if self.home(service) == Home::Networks && self.only_internal(service) {
            // An address that somebody wrote rests on no fact.
            let outside = matches!(lead.setup, Setup::Entry(_) | Setup::StartStep) || way.known.is_empty();
            let question =
                if outside { Question::EgressFromInternalNetwork } else { Question::HostNameFromInternalNetwork };
            let known = self.ask(question);
            let verdict = Verdict::from(known.fact.is);
            way.known.push(known);
            if verdict != Verdict::Yes {
                let cause = if verdict == Verdict::Unknown { HostCause::Unknown } else { HostCause::Internal };
                return stop(way, verdict, cause);
            }
        }
        let opaque = self.carrier(service).is_none() && self.opaque_service(service).is_some();
        if opaque || self.attachments(service).any(|a| self.opaque_network(&a.network.value).is_some()) {
            return stop(way, Verdict::Unknown, HostCause::Unknown);
        }
        if lead.address == Address::Gateway && self.attachments(service).count() > 1 {
            let known = self.ask(Question::HostNameOnSeveralNetworks);
            way.undecided = (known.fact.is != Is::Yes).then_some(known);
        }
        self.judge_listening(host, way)
    }

    /// Whether the program listens where the name leads.
    fn judge_listening(&self, host: &HostService, mut way: HostWay) -> HostWay {
        let Some(listens) = host.listens.map(|listens| listens.value).filter(|listens| !listens.is_unspecified())
        else {
            return way;
        };
        let own = way.address == Some(Address::Fixed(listens));
        if own || matches!(way.address, Some(Address::Fixed(address)) if address.is_loopback()) && listens.is_loopback()
        {
            return way;
        }
        // fact: slirp-host-loopback
        let carried = way.known.iter().any(|known| known.fact.name == "slirp-host-loopback");
        if listens.is_loopback() && !carried {
            let known = self.ask(Question::HostLoopbackFromNetwork);
            let verdict = Verdict::from(known.fact.is);
            way.known.push(known);
            if verdict != Verdict::Yes {
                return HostWay { verdict, cause: HostCause::Loopback, ..way };
            }
            return way;
        }
        if listens.is_loopback() {
            return way;
        }
        match way.address {
            // The name stands for one address, and nothing listens there.
            Some(Address::Fixed(_)) if way.setup == Setup::HostGateway => {
                HostWay { verdict: Verdict::No, cause: HostCause::OtherAddress, ..way }
            }
            _ => HostWay { verdict: Verdict::Unknown, cause: HostCause::OtherAddress, ..way },
        }
    }
}

fn meets(leads: Leads, wanted: Machine) -> bool {
    matches!((leads, wanted), (Leads::Linux, Machine::Linux) | (Leads::Outside, Machine::Outside))
}

fn address(known: &Known) -> Option<Address> {
    match known.fact.address.as_str() {
        "gateway" => Some(Address::Gateway),
        "own" => Some(Address::Own),
        "route" => Some(Address::Route),
        "proxy" => Some(Address::Proxy),
        text => text.parse().ok().map(Address::Fixed),
    }
}
