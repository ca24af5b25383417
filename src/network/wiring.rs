//! A stack on one platform: where services are, which networks they are on, and what is between those.

use std::borrow::Cow;
use std::collections::hash_map::Entry;

use smallvec::SmallVec;

use super::names::{FEW, Name, lower};
use super::{Isolation, Verdict, isolations};
use crate::maps::{HashMap, HashSet};
use crate::model::{Attachment, Deploy, Network, NetworkMode, Service, Stack};
use crate::platform::{Known, Platform, Question};
use crate::threads::{self, MANY};

/// Where a service's connections begin and end.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Home {
    /// In a namespace of its own, on networks of the stack.
    Networks,
    /// In the namespace of the host.
    Host,
    /// Nowhere.
    Nowhere,
    /// On the runtime's default network.
    Default,
    /// In a namespace that is not part of the stack.
    Elsewhere,
}

/// Whether packets cross from one network to another.
#[derive(Clone, Debug)]
pub struct Crossing {
    /// The answer.
    pub verdict: Verdict,
    /// Why; nothing where quadgen does not know.
    pub known: Option<Known>,
    /// Whether isolation is what keeps them apart, rather than an internal network.
    pub by_isolation: bool,
}

/// What a stack is on one platform.
pub struct Wiring<'a> {
    /// The stack.
    pub stack: &'a Stack,
    /// The platform.
    pub platform: &'a Platform,
    /// How each network is isolated, by its name.
    pub isolations: HashMap<&'a str, Isolation>,
    /// What the platform does, asked once, by the number of the question.
    facts: Vec<Known>,
    /// The names of each service whose network is its own, in the order of the services.
    pub(super) names: Vec<Vec<Name<'a>>>,
    /// The services that have a name, by the name in lower case.
    pub(super) called: HashMap<Cow<'a, str>, Called<'a>>,
    /// The services that are on a network, by its name.
    pub(super) members: Services<'a>,
    /// The services that live in the network of another, by whose that is.
    guests: Services<'a>,
}

/// The services that have a name: nearly always one.
pub(super) struct Called<'a> {
    /// The first.
    pub first: &'a Service,
    /// The others.
    pub others: Vec<&'a Service>,
}

impl<'a> Called<'a> {
    /// All of them.
    pub fn all(&self) -> impl Iterator<Item = &'a Service> {
        [self.first].into_iter().chain(self.others.iter().copied())
    }
}

/// Services by the name of something that they have in common.
type Services<'a> = HashMap<&'a str, Vec<&'a Service>>;

impl<'a> Wiring<'a> {
    /// Looks at a stack on a platform.
    pub fn new(stack: &'a Stack, platform: &'a Platform) -> Self {
        let mut wiring = Wiring {
            stack,
            platform,
            isolations: isolations(stack, platform),
            facts: Question::ALL.iter().map(|question| platform.ask(*question)).collect(),
            names: Vec::new(),
            called: HashMap::default(),
            members: Services::default(),
            guests: Services::default(),
        };
        let services: Vec<&'a Service> = stack.services.values().collect();
        let many = services.len() > MANY;
        wiring.names = threads::map(many, &services, |service| wiring.own_names(service));
        let (called, (members, guests)) = threads::both(many, || wiring.all_called(), || wiring.all_members());
        (wiring.called, wiring.members, wiring.guests) = (called, members, guests);
        wiring
    }

    /// The services that have a name, by the name in lower case.
    fn all_called(&self) -> HashMap<Cow<'a, str>, Called<'a>> {
        let mut called: HashMap<Cow<'a, str>, Called<'a>> = HashMap::default();
        called.reserve(self.stack.services.len());
        for service in self.stack.services.values() {
            let names = self.names(service);
            for (at, name) in names.iter().enumerate() {
                // An alias stands once for each network.
                if names.iter().take(at).any(|earlier| earlier.text == name.text) {
                    continue;
                }
                match called.entry(lower(name.text.clone())) {
                    Entry::Vacant(free) => drop(free.insert(Called { first: service, others: Vec::new() })),
                    Entry::Occupied(mut taken) => {
                        let Called { first, others } = taken.get_mut();
                        if others.last().unwrap_or(first).name != service.name {
                            others.push(service);
                        }
                    }
                }
            }
        }
        called
    }

    /// The services that are on each network, and those that live in the network of each.
    fn all_members(&self) -> (Services<'a>, Services<'a>) {
        let (mut members, mut guests) = (Services::default(), Services::default());
        for service in self.stack.services.values() {
            let owner = &self.owner(service).name.value;
            if *owner != service.name.value
                && let Some((owner, _)) = self.stack.services.get_key_value(owner)
            {
                guests.entry(owner).or_default().push(service);
            }
            let mut networks: SmallVec<[&'a str; FEW]> = SmallVec::new();
            for (_, network) in self.on(service) {
                let name = network.name.value.as_str();
                networks.extend(Some(name).filter(|name| !networks.contains(name)));
            }
            for network in networks {
                members.entry(network).or_default().push(service);
            }
        }
        (members, guests)
    }

    /// The networks that can be looked into, those together that are internal and isolated alike.
    pub(super) fn kinds(&self) -> Vec<Vec<&'a str>> {
        let mut kinds: Vec<(bool, Isolation, Vec<&str>)> = Vec::new();
        let stack = self.stack;
        for network in stack.networks.values().filter(|network| self.opaque_inside(network).is_none()) {
            let name = network.name.value.as_str();
            let isolation = self.isolations.get(name).copied().unwrap_or(Isolation::None);
            let own = (network.is_internal(), isolation);
            match kinds.iter_mut().find(|(internal, isolation, _)| (*internal, *isolation) == own) {
                Some((.., names)) => names.push(name),
                None => kinds.push((own.0, own.1, vec![name])),
            }
        }
        kinds.into_iter().map(|(.., names)| names).collect()
    }

    fn kinds_cross(&self, from: &[&str], to: &[&str]) -> bool {
        match (from.first(), to.first()) {
            (Some(from), Some(to)) => self.crossing(from, to).verdict == Verdict::Yes,
            _ => false,
        }
    }

    /// The networks from which packets cross to another one that somebody is on, in the order of the file.
    pub fn routed(&self) -> Vec<&'a Network> {
        let mut kinds = self.kinds();
        kinds.iter_mut().for_each(|kind| kind.retain(|name| self.members(name).next().is_some()));
        let open = |own: &&Vec<&str>| {
            let alone = own.len() == 1;
            kinds.iter().any(|to| (to != *own || !alone) && self.kinds_cross(own, to))
        };
        let open: HashSet<&str> = kinds.iter().filter(open).flatten().copied().collect();
        self.stack.networks.values().filter(|network| open.contains(network.name.value.as_str())).collect()
    }

    /// What the platform does.
    pub fn ask(&self, question: Question) -> Known {
        self.facts.get(question as usize).cloned().unwrap_or_else(|| self.platform.ask(question))
    }

    pub(super) fn yes(&self, question: Question) -> bool {
        self.facts.get(question as usize).is_some_and(|known| Verdict::from(known.fact.is) == Verdict::Yes)
    }

    /// The service whose network namespace a service lives in: itself, unless `network_mode: service:…` says so.
    pub fn owner<'s>(&'s self, service: &'s Service) -> &'s Service {
        let mut owner = service;
        // A ring of services is another rule's business; here it must only end.
        for _ in 0..self.stack.services.len() {
            match &owner.network_mode {
                Some(mode) => match &mode.value {
                    NetworkMode::Service(name) => match self.stack.services.get(name) {
                        Some(next) => owner = next,
                        None => return owner,
                    },
                    _ => return owner,
                },
                None => return owner,
            }
        }
        owner
    }

    /// The other services that live in the same network namespace.
    pub(super) fn neighbours<'s>(&'s self, service: &'s Service) -> impl Iterator<Item = &'s Service> {
        let owner = self.owner(service);
        let guests = self.guests.get(owner.name.value.as_str()).into_iter().flatten().copied();
        [owner].into_iter().chain(guests).filter(|other| other.name != service.name)
    }

    /// Where a service's connections begin and end.
    pub fn home(&self, service: &Service) -> Home {
        match self.owner(service).network_mode.as_ref().map(|mode| &mode.value) {
            None => Home::Networks,
            Some(NetworkMode::Host) => Home::Host,
            Some(NetworkMode::None) => Home::Nowhere,
            Some(NetworkMode::Bridge) => Home::Default,
            Some(NetworkMode::Service(_) | NetworkMode::Container(_) | NetworkMode::Other(_)) => Home::Elsewhere,
        }
    }

    /// The networks that a service is on, as far as the stack has them.
    pub fn attachments<'s>(&'s self, service: &'s Service) -> impl Iterator<Item = &'s Attachment> {
        self.on(service).map(|(attachment, _)| attachment)
    }

    /// The same, each with its network.
    pub fn on<'s>(&'s self, service: &'s Service) -> impl Iterator<Item = (&'s Attachment, &'a Network)> {
        let owner = self.owner(service);
        // A mode takes the place of networks.
        let all = if owner.network_mode.is_none() { owner.networks.as_slice() } else { &[] };
        all.iter().filter_map(|attachment| Some((attachment, self.stack.networks.get(&attachment.network.value)?)))
    }

    /// The networks themselves.
    pub fn networks<'s>(&'s self, service: &'s Service) -> Vec<&'a Network> {
        self.on(service).map(|(_, network)| network).collect()
    }

    /// Whether a service is on networks, and all of them are internal.
    pub fn only_internal(&self, service: &Service) -> bool {
        let mut networks = self.on(service).map(|(_, network)| network).peekable();
        networks.peek().is_some() && networks.all(Network::is_internal)
    }

    /// Whether a network of the stack is internal.
    pub(super) fn is_internal(&self, network: &str) -> bool {
        self.stack.networks.get(network).is_some_and(Network::is_internal)
    }

    /// Whether somebody switched a network's DNS off, in words that count where it is deployed.
    pub(super) fn is_dns_off(&self, network: &Network) -> bool {
        // Compose has no word for it.
        network.dns_disabled.is_some() && self.platform.deploy == Deploy::Quadlet
    }

    /// Which question says whether containers of a network reach the host.
    pub fn host_question(&self, network: &str) -> Question {
        let known = self.stack.networks.get(network);
        let internal = known.is_some_and(Network::is_internal);
        match (internal, known.is_some_and(|network| self.is_dns_off(network))) {
            (true, true) => Question::HostOnInternalNetworkWithoutDns,
            (true, false) => Question::HostFromInternalNetwork,
            (false, _) => Question::HostFromNetwork,
        }
    }

    /// Whether packets cross from a network to another.
    pub fn crossing(&self, from: &str, to: &str) -> Crossing {
        self.crosses(Some(from), Some(to))
    }

    /// The same, where no name is that of the runtime's default network.
    pub(super) fn crosses(&self, from: Option<&str>, to: Option<&str>) -> Crossing {
        let names = || [from, to].into_iter().flatten();
        let blind = |name: &str| !self.stack.networks.contains_key(name) || self.opaque_network(name).is_some();
        if names().any(blind) {
            return Crossing { verdict: Verdict::Unknown, known: None, by_isolation: false };
        }
        if names().any(|name| self.is_internal(name)) {
            return self.crossing_by(Question::EgressFromInternalNetwork, false);
        }
        let isolation =
            |name: Option<&str>| name.and_then(|name| self.isolations.get(name)).copied().unwrap_or(Isolation::None);
        match (isolation(from), isolation(to)) {
            (Isolation::Strict, _) | (_, Isolation::Strict) => {
                let known = self.ask(Question::StrictIsolation);
                // The question is whether it separates, so the answer is the opposite.
                let verdict = match Verdict::from(known.fact.is) {
                    Verdict::Yes => Verdict::No,
                    _ => Verdict::Unknown,
                };
                Crossing { verdict, known: Some(known), by_isolation: true }
            }
            // Switched off where it would be on: what then happens was not measured.
            (Isolation::Off, _) | (_, Isolation::Off) if !self.yes(Question::RoutedBetweenNetworks) => {
                Crossing { verdict: Verdict::Unknown, known: None, by_isolation: true }
            }
            (Isolation::True, Isolation::True) => self.crossing_by(Question::RoutedBetweenIsolatedNetworks, true),
            _ if names().count() < 2 => self.crossing_by(Question::RoutedToDefaultNetwork, true),
            _ => self.crossing_by(Question::RoutedBetweenNetworks, true),
        }
    }

    fn crossing_by(&self, question: Question, by_isolation: bool) -> Crossing {
        let known = self.ask(question);
        Crossing { verdict: known.fact.is.into(), known: Some(known), by_isolation }
    }
}
