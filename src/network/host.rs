//! The question `host`: by which name does a service find a program outside of the stack, and does that lead there?
//!
//! There are two machines where there is a host to speak of: the Linux that runs the containers, and the Windows or
//! Mac around it. A name leads to one of them, and a program runs on one of them.

mod judge;
mod lead;

use std::net::IpAddr;

use super::opaque::host_entry;
use super::{Home, Opaque, Verdict, Wiring};
use crate::model::{Connection, Format, HostOs, HostService, Runtime, Service, Target};
use crate::platform::{Feature, Is, Known, Leads, Platform, Question};
use lead::Lead;

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

impl HostWay {
    /// The answer where no name leads anywhere, or nobody knows.
    fn none(name: &str, cause: HostCause, verdict: Verdict, known: Vec<Known>) -> HostWay {
        let name = name.to_owned();
        HostWay { name, address: None, setup: Setup::Nothing, verdict, cause, known, undecided: None }
    }

    /// The URL of a program that is reached this way.
    pub fn url(&self, host: &HostService) -> String {
        let is_v6 = self.name.parse::<std::net::Ipv6Addr>().is_ok();
        let name = if is_v6 { format!("[{}]", self.name) } else { self.name.clone() };
        let port = host.port.map(|port| format!(":{}", port.value)).unwrap_or_default();
        format!("{}://{name}{port}", host.scheme())
    }
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

impl<'a> Wiring<'a> {
    /// How a service gets to a program outside, once what [`HostWay::setup`] says is written.
    pub fn host_way(&self, service: &Service, host: &HostService) -> HostWay {
        let wanted = self.platform.machine_of(host);
        if self.home(service) == Home::Nowhere {
            return HostWay::none(self.usual_name(), HostCause::NoNetwork, Verdict::No, Vec::new());
        }
        match self.lead(service, host, wanted) {
            Some(lead) => self.judge_lead(service, host, wanted, lead),
            None => {
                let name = self.usual_name();
                let known = match self.platform.runtime {
                    Runtime::DockerEngine => self.ask(Question::HostGatewayWord),
                    _ => self.host_name(service),
                };
                match known.fact.is {
                    Is::No => HostWay::none(name, HostCause::NoName, Verdict::No, vec![known]),
                    _ => HostWay::none(name, HostCause::Unknown, Verdict::Unknown, vec![known]),
                }
            }
        }
    }

    /// Where a name that stands in a service's values leads; the host service is the program it is meant for.
    pub fn alias_way(&self, service: &Service, name: &str, host: &HostService) -> HostWay {
        let wanted = self.platform.machine_of(host);
        let none = |cause, verdict, known| HostWay::none(name, cause, verdict, known);
        if self.home(service) == Home::Nowhere {
            return none(HostCause::NoNetwork, Verdict::No, Vec::new());
        }
        // Where the platform itself has no such name, what is written for it stands for nothing either.
        let nowhere = || {
            let known = self.host_name(service);
            match known.fact.is {
                Is::No if self.platform.is_podman() => none(HostCause::NoName, Verdict::No, vec![known]),
                _ => none(HostCause::Unknown, Verdict::Unknown, vec![known]),
            }
        };
        let owner = self.owner(service);
        // What quadgen writes for another use of the host in the same container holds for this one, too.
        let mut entries = self.host_entries(owner).into_iter();
        let setup = match entries.find(|(known, _)| known.eq_ignore_ascii_case(name)) {
            Some((_, setup)) => Some(setup),
            None => match owner.attributes.get("extra_hosts").and_then(|(_, hosts)| host_entry(hosts, name)) {
                Some(address) if address == "host-gateway" => Some(Setup::HostGateway),
                Some(address) => match address.parse() {
                    Ok(address) => Some(Setup::Entry(address)),
                    Err(_) => return none(HostCause::Unknown, Verdict::Unknown, Vec::new()),
                },
                None => None,
            },
        };
        if let Some(setup) = setup {
            return match self.lead_by(service, setup, name, wanted) {
                Some(lead) => self.judge_lead(service, host, wanted, lead),
                None => nowhere(),
            };
        }
        // Whose hosts file it is nobody knows.
        if self.home(service) == Home::Elsewhere && self.carrier(service).is_none() {
            return none(HostCause::Unknown, Verdict::Unknown, Vec::new());
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
            return none(HostCause::NoName, Verdict::No, known);
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
            (None, Some(known)) => Opaque { span: host.name.span(), why: known.fact.why.to_string() },
            (None, None) => {
                let found = self.opaque(&[service]).into_iter().next();
                found.unwrap_or_else(|| Opaque {
                    span: host.name.span(),
                    why: format!("nobody measured where `{}` leads here", way.name),
                })
            }
        }
    }
}
