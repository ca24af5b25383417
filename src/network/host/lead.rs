//! Where names lead: the best way to a machine, and what a name in the hosts file stands for.

use std::net::{IpAddr, Ipv4Addr};

use super::judge::meets;
use super::{Address, DOCKER_NAME, Machine, PODMAN_NAME, Setup};
use crate::model::{HostService, NetworkMode, RootlessNetwork, Runtime, Service, Subnet};
use crate::network::opaque::host_entry;
use crate::network::{Home, Wiring};
use crate::platform::{Feature, Is, Known, Leads, Platform, Question};

/// Where a name leads for one container.
pub(super) struct Lead {
    pub name: String,
    pub address: Address,
    pub leads: Leads,
    pub setup: Setup,
    pub known: Vec<Known>,
}

impl Wiring<'_> {
    /// The best way to a machine.
    pub(super) fn lead(&self, service: &Service, host: &HostService, wanted: Machine) -> Option<Lead> {
        let in_host_mode = self.home(service) == Home::Host;
        let desktop = self.platform.runtime == Runtime::DockerDesktop;
        if in_host_mode && wanted == Machine::Linux && !desktop {
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
        if in_host_mode && wanted == Machine::Outside && !desktop && self.yes(Question::WindowsLoopbackFromHostMode) {
            return Some(Lead {
                name: Ipv4Addr::LOCALHOST.to_string(),
                address: Address::Fixed(Ipv4Addr::LOCALHOST.into()),
                leads: Leads::Outside,
                setup: Setup::Nothing,
                known: vec![self.ask(Question::WindowsLoopbackFromHostMode)],
            });
        }
        // The word is about the platform's host, which is not the Linux inside of Windows.
        let pinned = self.platform.spec.host_address;
        if let Some(address) = pinned.filter(|_| wanted == Machine::Outside || !self.platform.has_outside()) {
            return self.lead_by(service, Setup::Entry(address), DOCKER_NAME, wanted);
        }
        // Who writes an address by hand says where the host is.
        let written = self.owner(service).attributes.get("extra_hosts");
        for name in [DOCKER_NAME, PODMAN_NAME] {
            let address = written.and_then(|(_, hosts)| host_entry(hosts, name)).and_then(|text| text.parse().ok());
            if let Some(address) = address {
                let lead = self.lead_by(service, Setup::Entry(address), name, wanted)?;
                return Some(Lead { setup: Setup::Nothing, ..lead });
            }
        }
        if let Some(lead) = self.forwarded(service, host, wanted).filter(|lead| meets(lead.leads, wanted)) {
            return Some(lead);
        }
        if self.home(service) == Home::Elsewhere && self.carrier(service).is_none() {
            return None;
        }
        // Whether its Linux is its virtual machine or the host itself the words do not say; nor was host mode measured.
        if desktop && (wanted == Machine::Linux || in_host_mode) {
            return None;
        }
        let natural = self.natural(service);
        if natural.as_ref().is_some_and(|lead| meets(lead.leads, wanted)) {
            return natural;
        }
        if wanted == Machine::Outside && self.yes(Question::DefaultRouteGateway) {
            return self.lead_by(service, Setup::StartStep, DOCKER_NAME, wanted);
        }
        if self.platform.runtime == Runtime::DockerEngine {
            // Where another name of the container already means Windows, this one is another.
            let windows = self.yes(Question::DefaultRouteGateway)
                && wanted == Machine::Linux
                && self
                    .host_uses(self.owner(service))
                    .iter()
                    .any(|other| self.platform.machine_of(other) == Machine::Outside);
            return self.lead_by(service, Setup::HostGateway, if windows { PODMAN_NAME } else { DOCKER_NAME }, wanted);
        }
        natural
    }

    /// `pasta:-T,PORT` and `slirp4netns:allow_host_loopback=true` open a way of their own.
    fn forwarded(&self, service: &Service, host: &HostService, wanted: Machine) -> Option<Lead> {
        let (carrier, options) = self.carrier(service)?;
        let carries = match carrier {
            RootlessNetwork::Slirp4netns => opens_loopback(carrier, options),
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
            name: known.fact.address.to_owned(),
            address: Address::Fixed(address),
            leads: if shared { Leads::Outside } else { Leads::Linux },
            setup: Setup::Nothing,
            known: vec![known],
        })
    }

    /// What carries a rootless container that is on no network, and its options.
    pub(super) fn carrier<'s>(&'s self, service: &'s Service) -> Option<(RootlessNetwork, &'s str)> {
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
    pub(super) fn host_name(&self, service: &Service) -> Known {
        let question = match self.home(service) {
            Home::Host => Question::HostNameInHostMode,
            _ => Question::HostName,
        };
        self.ask_for(service, question)
    }

    /// What the platform does for a service that may have a carrier of its own.
    fn ask_for(&self, service: &Service, question: Question) -> Known {
        match self.carrier(service) {
            Some((carrier, _)) => Platform { rootless_network: Some(carrier), ..self.platform.clone() }.ask(question),
            None => self.ask(question),
        }
    }

    /// Where the name leads that a container has without configuration.
    pub(super) fn natural(&self, service: &Service) -> Option<Lead> {
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
    pub(super) fn usual_name(&self) -> &'static str {
        if self.platform.is_podman() { PODMAN_NAME } else { DOCKER_NAME }
    }

    /// Whether an address is the gateway of a network: of one of the stack with a fixed subnet, or of one for which the
    /// runtime chooses it.
    pub fn is_bridge_gateway(&self, address: IpAddr) -> bool {
        let mut subnets = self.stack.networks.values().flat_map(|network| &network.subnets);
        let is_own = |subnet: &Subnet| {
            let first = || subnet.subnet.as_ref().and_then(|net| net.value.hosts().next());
            subnet.gateway.map(|gateway| gateway.value).or_else(first) == Some(address)
        };
        if subnets.any(is_own) {
            return true;
        }
        matches!(address, IpAddr::V4(address) if self.platform.pools().iter().any(|pool| pool.has_gateway(address)))
    }

    /// Whose address one is that somebody wrote by hand. It is believed, and is that of one machine.
    fn entry_leads(&self, service: &Service, address: IpAddr, wanted: Machine) -> Leads {
        if (address.is_loopback() || address.is_unspecified()) && self.home(service) != Home::Host {
            return Leads::Container;
        }
        if self.platform.rootless && self.is_bridge_gateway(address) {
            return Leads::Namespace;
        }
        let mut uses = self.host_uses(self.owner(service)).into_iter();
        let outside = uses.any(|host| self.platform.machine_of(host) == Machine::Outside);
        match wanted {
            Machine::Linux if !outside => Leads::Linux,
            _ if self.platform.has_outside() => Leads::Outside,
            _ => Leads::Linux,
        }
    }

    /// The way to the host that slirp4netns has at an address, and whether the container's network opens it.
    fn forward_at(&self, service: &Service, address: IpAddr) -> Option<(Known, bool)> {
        let slirp = Platform { rootless_network: Some(RootlessNetwork::Slirp4netns), ..self.platform.clone() };
        let known = Some(slirp.ask(Question::ForwardedLoopback)).filter(|_| self.platform.rootless)?;
        let opened = self.carrier(service).is_some_and(|(carrier, options)| opens_loopback(carrier, options));
        (known.fact.address.parse() == Ok(address)).then_some((known, opened))
    }

    /// Where a name leads that stands in the hosts file.
    pub(super) fn lead_by(&self, service: &Service, setup: Setup, name: &str, wanted: Machine) -> Option<Lead> {
        let name = name.to_owned();
        match setup {
            Setup::Nothing => None,
            Setup::Entry(address) => {
                let leads = self.entry_leads(service, address, wanted);
                let lead = Lead { name, address: Address::Fixed(address), leads, setup, known: Vec::new() };
                match self.forward_at(service, address).filter(|_| self.home(service) != Home::Host) {
                    Some((known, true)) => return Some(Lead { leads: Leads::Linux, known: vec![known], ..lead }),
                    Some((_, false)) => return Some(Lead { leads: Leads::Namespace, ..lead }),
                    None => {}
                }
                let own = self.ask_for(service, Question::OwnAddressOfHost);
                let usual = || self.natural(service).is_some_and(|natural| natural.address == lead.address);
                if leads == Leads::Linux && self.home(service) != Home::Host && own.fact.is != Is::Yes && !usual() {
                    let leads = own.fact.leads.unwrap_or(leads);
                    return Some(Lead { leads, known: vec![own], ..lead });
                }
                Some(lead)
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
}

/// Whether the options of a container's own network open its way to 127.0.0.1 of the host by an address.
fn opens_loopback(carrier: RootlessNetwork, options: &str) -> bool {
    let open = |option: &str| option == "allow_host_loopback=true";
    carrier == RootlessNetwork::Slirp4netns && options.split(',').any(open)
}

fn address(known: &Known) -> Option<Address> {
    match known.fact.address {
        "gateway" => Some(Address::Gateway),
        "own" => Some(Address::Own),
        "route" => Some(Address::Route),
        "proxy" => Some(Address::Proxy),
        text => text.parse().ok().map(Address::Fixed),
    }
}
