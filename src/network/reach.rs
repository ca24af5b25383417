//! The questions `reaches`, `internet` and `host`: where do a service's packets get to?

use petgraph::algo::astar;

use super::wiring::Place;
use super::{Home, Verdict, Wiring};
use crate::model::{Port, Service, Spanned};
use crate::platform::{Known, Question};

/// One step of a way.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Step {
    /// Onto a network that the service is on.
    Network(String),
    /// Over to another network, which the host routes to.
    Routed(String),
    /// Through the host's own network.
    Host,
}

/// The answer: the way, if there is one.
#[derive(Clone, Debug)]
pub struct Reach {
    /// Whether packets get there.
    pub verdict: Verdict,
    /// The way they take.
    pub path: Vec<Step>,
    /// The facts that open the way, or close it.
    pub known: Vec<Known>,
}

/// A way through a port that the target publishes on the host.
#[derive(Clone, Debug)]
pub struct ThroughHost<'a> {
    /// The port.
    pub port: &'a Spanned<Port>,
    /// Why it is open.
    pub known: Known,
    /// Whether it is always open, or by chance.
    pub verdict: Verdict,
}

impl Wiring<'_> {
    /// Whether packets of `from` get to an address of `to`; to its address on one network, if that is given.
    pub fn reaches(&self, from: &Service, to: &Service, on: Option<&str>) -> Reach {
        let (a, b) = (self.owner(from), self.owner(to));
        if let Some(unknown) = self.unknown_home(&[from, to]) {
            return unknown;
        }
        if a.name.value == b.name.value {
            // One namespace: they meet on the loopback device.
            return Reach { verdict: Verdict::Yes, path: Vec::new(), known: Vec::new() };
        }
        if let (Home::Host, Home::Networks) = (self.home(from), self.home(to)) {
            return self.out_of_host(to, on);
        }
        if self.home(from) == Home::Default || self.home(to) == Home::Default {
            return self.by_default_network(from, to);
        }
        // The shortest way needs no search.
        let shared = |network: &str| self.attachments(b).any(|other| other.network.value == network);
        let asked = |network: &str| on.is_none_or(|on| on == network);
        let mut own = self.attachments(a).map(|attachment| attachment.network.value.as_str());
        if let Some(network) = own.find(|network| asked(network) && shared(network)) {
            return Reach { verdict: Verdict::Yes, path: vec![Step::Network(network.to_owned())], known: Vec::new() };
        }
        let target = match on {
            Some(network) => Place::At(network.to_owned()),
            None => Place::In(b.name.value.clone()),
        };
        let found = self.way(a, target);
        if found.verdict == Verdict::No
            && self.crossings(a, b).iter().any(|crossing| crossing.verdict == Verdict::Unknown)
        {
            return Reach { verdict: Verdict::Unknown, ..found };
        }
        if found.verdict == Verdict::No {
            let known = self.crossings(a, b).into_iter().filter_map(|crossing| crossing.known).collect();
            return Reach { known, ..found };
        }
        found
    }

    /// Whether a service gets to the internet by address.
    pub fn internet(&self, service: &Service) -> Reach {
        self.outside(service, &Place::Internet, Question::EgressFromNetwork, Question::EgressFromInternalNetwork)
    }

    /// Whether a service gets to programs on the host.
    pub fn host(&self, service: &Service) -> Reach {
        self.outside(service, &Place::Host, Question::HostFromNetwork, Question::HostFromInternalNetwork)
    }

    fn outside(&self, service: &Service, target: &Place, ordinary: Question, internal: Question) -> Reach {
        if let Some(unknown) = self.unknown_home(&[service]) {
            return unknown;
        }
        let question = if self.only_internal(service) { internal } else { ordinary };
        let known = vec![self.ask(question)];
        match self.home(service) {
            Home::Host => Reach { verdict: Verdict::Yes, path: vec![Step::Host], known: Vec::new() },
            Home::Default => Reach { verdict: Verdict::Yes, path: Vec::new(), known },
            _ => {
                let found = self.way(self.owner(service), target.clone());
                let opaque = self.attachments(service).any(|a| self.opaque_network(&a.network.value).is_some());
                match found.verdict {
                    Verdict::No if opaque => Reach { verdict: Verdict::Unknown, ..found },
                    _ => Reach { known, ..found },
                }
            }
        }
    }

    /// Between the runtime's default network and others: an ordinary network without DNS, where there is one at all.
    fn by_default_network(&self, from: &Service, to: &Service) -> Reach {
        let answer = |verdict, known| Reach { verdict, path: Vec::new(), known };
        let homes = [self.home(from), self.home(to)];
        if homes.contains(&Home::Nowhere) {
            return answer(Verdict::No, Vec::new());
        }
        if homes.contains(&Home::Host) || self.platform.rootless {
            return answer(Verdict::Unknown, Vec::new());
        }
        if homes == [Home::Default, Home::Default] {
            return answer(Verdict::Yes, Vec::new());
        }
        let other = if homes[0] == Home::Default { to } else { from };
        let question = if self.only_internal(other) {
            Question::EgressFromInternalNetwork
        } else {
            Question::RoutedBetweenNetworks
        };
        let known = self.ask(question);
        answer(known.fact.is.into(), vec![known])
    }

    fn unknown_home(&self, services: &[&Service]) -> Option<Reach> {
        let elsewhere = services.iter().any(|service| self.opaque_service(service).is_some());
        elsewhere.then(|| Reach { verdict: Verdict::Unknown, path: Vec::new(), known: Vec::new() })
    }

    fn way(&self, from: &Service, target: Place) -> Reach {
        let no = Reach { verdict: Verdict::No, path: Vec::new(), known: Vec::new() };
        let start = self.nodes.get(&Place::Out(from.name.value.clone()));
        let (Some(start), Some(end)) = (start, self.nodes.get(&target)) else { return no };
        let Some((_, nodes)) = astar(&self.graph, *start, |node| node == *end, |_| 1u32, |_| 0) else { return no };
        let places: Vec<&Place> = nodes.iter().filter_map(|node| self.graph.node_weight(*node)).collect();
        let mut path = Vec::new();
        let mut known = Vec::new();
        let mut entered = "";
        for place in places {
            match place {
                Place::From(network) => {
                    entered = network;
                    path.push(Step::Network(network.clone()));
                }
                Place::At(network) if network != entered => {
                    known.extend(self.crossing(entered, network).known);
                    path.push(Step::Routed(network.clone()));
                }
                Place::Host => path.push(Step::Host),
                _ => {}
            }
        }
        Reach { verdict: Verdict::Yes, path, known }
    }

    /// From a service in the host's namespace to a container's address.
    fn out_of_host(&self, to: &Service, on: Option<&str>) -> Reach {
        let mut known = Vec::new();
        for attachment in self.attachments(to).filter(|a| on.is_none_or(|on| on == a.network.value)) {
            let internal = self.stack.networks.get(&attachment.network.value).is_some_and(|n| n.is_internal());
            let question = if internal { Question::InternalContainerFromHost } else { Question::ContainerFromHost };
            let answer = self.ask(question);
            let yes = Verdict::from(answer.fact.is) == Verdict::Yes;
            known.push(answer);
            if yes {
                let path = vec![Step::Host, Step::Routed(attachment.network.value.clone())];
                return Reach { verdict: Verdict::Yes, path, known };
            }
        }
        let unknown = known.iter().any(|known| Verdict::from(known.fact.is) == Verdict::Unknown);
        Reach { verdict: if unknown { Verdict::Unknown } else { Verdict::No }, path: Vec::new(), known }
    }

    /// Every crossing between the networks of two services.
    fn crossings(&self, a: &Service, b: &Service) -> Vec<super::Crossing> {
        let mut found = Vec::new();
        for from in self.attachments(a) {
            for to in self.attachments(b).filter(|to| to.network.value != from.network.value) {
                found.push(self.crossing(&from.network.value, &to.network.value));
            }
        }
        found
    }

    /// The way from `from` to `to` through a port that `to` publishes on an address that it reaches, if it is open at
    /// some starts at least.
    pub fn through_host<'s>(&'s self, from: &Service, to: &'s Service) -> Option<ThroughHost<'s>> {
        self.host_port(from, to).filter(|through| matches!(through.verdict, Verdict::Yes | Verdict::Unpredictable))
    }

    /// The same, open or not.
    pub fn host_port<'s>(&'s self, from: &Service, to: &'s Service) -> Option<ThroughHost<'s>> {
        let home = self.home(from);
        let loopback = home == Home::Host || self.yes(Question::HostLoopbackFromNetwork);
        let port = self.owner(to).ports.iter().find(|port| loopback || !port.value.is_loopback())?;
        let published = self.published(to);
        if !matches!(self.home(to), Home::Networks | Home::Default) || published.verdict == Verdict::No {
            return None;
        }
        let (question, by_chance) = match home {
            Home::Nowhere | Home::Elsewhere => return None,
            Home::Networks if self.owner(from).name == self.owner(to).name => (Question::OwnPublishedPort, false),
            Home::Host | Home::Default => (Question::PublishedPortFromNetwork, false),
            Home::Networks if self.only_internal(from) => (Question::PublishedPortFromInternalNetwork, false),
            Home::Networks => self.between_networks(from, to, &port.value),
        };
        let known = self.ask(question);
        let verdict = Verdict::from(known.fact.is);
        Some(match published.known.into_iter().find(|_| published.verdict == Verdict::Unpredictable) {
            Some(known) if verdict == Verdict::Yes => ThroughHost { port, known, verdict: published.verdict },
            _ if by_chance && verdict == Verdict::No => ThroughHost { port, known, verdict: Verdict::Unpredictable },
            _ => ThroughHost { port, known, verdict },
        })
    }

    /// Which question decides about a published port of `to` for packets of `from`, and whether isolation closes it at
    /// some starts only: a packet to one address of the host leaves by whichever network has the default route then.
    fn between_networks(&self, from: &Service, to: &Service, port: &Port) -> (Question, bool) {
        // Internal networks forward nothing, so only the others count.
        let ordinary = |service| -> Vec<&str> {
            let all = self.attachments(service).map(|attachment| attachment.network.value.as_str());
            all.filter(|network| !self.is_internal(network)).collect()
        };
        let (leaves, enters) = (ordinary(from), ordinary(to));
        let shut = |out: &str, into: &str| out != into && self.crossing(out, into).verdict == Verdict::No;
        let shut_anywhere = |out: &&str| enters.iter().any(|into| shut(out, into));
        if enters.is_empty() || !leaves.iter().any(shut_anywhere) {
            return (Question::PublishedPortFromNetwork, false);
        }
        // The gateway of each network is an address of the host, too; a packet to it leaves by that network.
        let by_gateway = port.address.is_none_or(|address| address.is_unspecified());
        if by_gateway && leaves.iter().any(|out| !shut_anywhere(out)) {
            return (Question::PublishedPortFromNetwork, false);
        }
        let somewhere = leaves.iter().any(|out| enters.iter().any(|into| !shut(out, into)));
        (Question::PublishedPortBetweenIsolatedNetworks, somewhere)
    }

    /// Where a port is one that a service only has on the host: the mapping, and the container's own port behind it.
    /// Containers reach each other on their own ports, so a connection to it is refused.
    pub fn host_port_only<'s>(&'s self, service: &'s Service, wanted: u16) -> Option<(&'s Spanned<Port>, u16)> {
        let service = self.owner(service);
        if service.container_ports().iter().any(|own| own.contains(wanted)) {
            return None;
        }
        service.ports.iter().find_map(|port| Some((port, port.value.behind(wanted)?)))
    }

    /// Whether a service's published ports answer on the host.
    pub fn published(&self, service: &Service) -> Reach {
        let mut networks = self.attachments(service).peekable();
        let opaque = networks.peek().is_some() && networks.all(|a| self.opaque_network(&a.network.value).is_some());
        let question = match self.home(service) {
            Home::Networks if opaque => {
                return Reach { verdict: Verdict::Unknown, path: Vec::new(), known: Vec::new() };
            }
            Home::Networks if self.only_internal(service) => Question::PublishedPortOnInternalNetwork,
            Home::Networks if self.attachments(service).any(|a| self.is_internal(&a.network.value)) => {
                Question::PublishedPortOnMixedNetworks
            }
            Home::Networks | Home::Default => {
                return Reach { verdict: Verdict::Yes, path: Vec::new(), known: Vec::new() };
            }
            _ => return Reach { verdict: Verdict::Unknown, path: Vec::new(), known: Vec::new() },
        };
        let known = self.ask(question);
        Reach { verdict: known.fact.is.into(), path: Vec::new(), known: vec![known] }
    }
}
