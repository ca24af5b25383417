//! The questions `reaches`, `internet` and `host`: where do a service's packets get to?

use super::{Crossing, Home, Verdict, Wiring};
use crate::model::Service;
use crate::platform::{Is, Known, Question};

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

/// How a program leaves a container on several networks.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Leaves {
    /// By the network that has the default route.
    ByRoute,
    /// By whichever it wants.
    AtWill,
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

impl Wiring<'_> {
    /// Whether packets of `from` get to an address of `to`; to its address on one network, if that is given.
    pub fn reaches(&self, from: &Service, to: &Service, on: Option<&str>) -> Reach {
        self.reach(from, to, on, Leaves::ByRoute)
    }

    /// The same for a program that wants to get there: it may pick the network by which it leaves (`SO_BINDTODEVICE`,
    /// which needs no rights).
    pub fn reaches_at_will(&self, from: &Service, to: &Service, on: Option<&str>) -> Reach {
        self.reach(from, to, on, Leaves::AtWill)
    }

    fn reach(&self, from: &Service, to: &Service, on: Option<&str>, leaves: Leaves) -> Reach {
        let (a, b) = (self.owner(from), self.owner(to));
        if let Some(unknown) = self.unknown_home(&[from, to]) {
            return unknown;
        }
        if a.name.value == b.name.value {
            // One namespace: they meet on the loopback device.
            return Reach { verdict: Verdict::Yes, path: Vec::new(), known: Vec::new() };
        }
        let default = self.ask(Question::DefaultNetworkIsShared);
        let own_way = |home: &Home| *home == Home::Default && default.fact.is == Is::Unknown;
        let homes = (self.home(from), self.home(to));
        match homes {
            (Home::Nowhere | Home::Elsewhere, _) | (_, Home::Nowhere | Home::Elsewhere) => {
                Reach { verdict: Verdict::No, path: Vec::new(), known: Vec::new() }
            }
            _ if own_way(&homes.0) || own_way(&homes.1) => {
                Reach { verdict: Verdict::Unknown, path: Vec::new(), known: vec![default] }
            }
            (Home::Host, Home::Host) => Reach { verdict: Verdict::Yes, path: vec![Step::Host], known: Vec::new() },
            (Home::Host, _) => self.out_of_host(b, on),
            (_, Home::Host) => self.host(a),
            (Home::Default, Home::Default) => Reach { verdict: Verdict::Yes, path: Vec::new(), known: Vec::new() },
            _ => {
                // The shortest way needs no search.
                let shared = |network: &str| self.is_member(b, network);
                let asked = |network: &str| on.is_none_or(|on| on == network);
                let mut own = self.attachments(a).map(|attachment| attachment.network.value.as_str());
                match own.find(|network| asked(network) && shared(network)) {
                    Some(network) => {
                        let path = vec![Step::Network(network.to_owned())];
                        // Members of one network reach each other, unless a setting of it is about just that.
                        let verdict = if self.is_unknown_inside(network) { Verdict::Unknown } else { Verdict::Yes };
                        Reach { verdict, path, known: Vec::new() }
                    }
                    None => self.routed_to(a, b, on, leaves),
                }
            }
        }
    }

    /// Over networks that they do not share. Packets leave by the network that has the default route, which may be
    /// another one at each start.
    fn routed_to(&self, from: &Service, to: &Service, on: Option<&str>, leaving: Leaves) -> Reach {
        // No name is that of the runtime's default network.
        let (outs, leaves) = match self.home(from) {
            Home::Default => (Some(Vec::new()), vec![None]),
            _ => {
                let outs = if leaving == Leaves::AtWill { self.all_outs(from) } else { self.outs(from) };
                let all = || self.attachments(from).map(|attachment| attachment.network.value.as_str()).collect();
                (outs.clone(), outs.unwrap_or_else(all).into_iter().map(Some).collect())
            }
        };
        let enters: Vec<Option<&str>> = match self.home(to) {
            Home::Default => vec![None],
            _ => self.attachments(to).map(|attachment| Some(attachment.network.value.as_str())).collect(),
        };
        let mut best = Reach { verdict: Verdict::No, path: Vec::new(), known: Vec::new() };
        if leaves.is_empty() {
            best.known.push(self.ask(match self.only_internal(from) {
                true => Question::EgressFromInternalNetwork,
                false => Question::NetworkWithoutDefaultRoute,
            }));
        }
        for into in enters.into_iter().filter(|into| on.is_none() || on == *into) {
            let crossings: Vec<(Option<&str>, Crossing)> =
                leaves.iter().map(|out| (*out, self.crosses(*out, into))).collect();
            let open = crossings.iter().find(|(_, crossing)| crossing.verdict == Verdict::Yes);
            let shut = crossings.iter().any(|(_, crossing)| crossing.verdict == Verdict::No);
            let verdict = match open {
                _ if crossings.iter().any(|(_, crossing)| crossing.verdict == Verdict::Unknown) => Verdict::Unknown,
                None => Verdict::No,
                Some(_) if !shut || leaving == Leaves::AtWill => Verdict::Yes,
                // Which of them is the way out nobody can look up, or nobody knows.
                Some(_) if outs.is_none() => Verdict::Unknown,
                Some(_) => {
                    Verdict::from(self.ask(Question::DefaultRouteOnSeveralNetworks).fact.is).max(Verdict::Unpredictable)
                }
            };
            let path = open.filter(|_| verdict != Verdict::No).map_or(Vec::new(), |(out, _)| {
                let step = |name: Option<&str>, step: fn(String) -> Step| name.map(|name| step(name.to_owned()));
                [step(*out, Step::Network), step(into, Step::Routed)].into_iter().flatten().collect()
            });
            let mut known: Vec<Known> = crossings.into_iter().filter_map(|(_, crossing)| crossing.known).collect();
            if verdict == Verdict::Unpredictable {
                known.insert(0, self.ask(Question::DefaultRouteOnSeveralNetworks));
            }
            match (verdict, best.verdict) {
                (Verdict::No, Verdict::No) => best.known.extend(known),
                (Verdict::No, _) => {}
                (new, old) if old == Verdict::No || new < old => best = Reach { verdict, path, known },
                _ => {}
            }
        }
        best
    }

    /// Whether a service gets to the internet by address.
    pub fn internet(&self, service: &Service) -> Reach {
        let reach = self.outside(service, |network| match self.is_internal(network) {
            true => Question::EgressFromInternalNetwork,
            false => Question::EgressFromNetwork,
        });
        // Each network that would lead there may bring no default route.
        if reach.verdict == Verdict::Yes && self.all_outs(service).is_some_and(|outs| outs.is_empty()) {
            let known = vec![self.ask(Question::NetworkWithoutDefaultRoute)];
            return Reach { verdict: Verdict::No, path: Vec::new(), known };
        }
        reach
    }

    /// Whether a service gets to programs on the host.
    pub fn host(&self, service: &Service) -> Reach {
        let mut reach = self.outside(service, |network| self.host_question(network));
        if reach.verdict == Verdict::Yes && self.home(service) != Home::Host {
            reach.path.push(Step::Host);
        }
        reach
    }

    /// Over any network that leads out, which is what a question about each says.
    fn outside(&self, service: &Service, question: impl Fn(&str) -> Question) -> Reach {
        if let Some(unknown) = self.unknown_home(&[service]) {
            return unknown;
        }
        match self.home(service) {
            Home::Host => Reach { verdict: Verdict::Yes, path: vec![Step::Host], known: Vec::new() },
            // It is an ordinary network; no name is that of one.
            Home::Default => Reach { verdict: Verdict::Yes, path: Vec::new(), known: vec![self.ask(question(""))] },
            _ => {
                let networks = || self.attachments(service).map(|attachment| attachment.network.value.as_str());
                let opaque = |network: &&str| self.opaque_network(network).is_some();
                let leads = |network: &&str| !opaque(network) && self.yes(question(network));
                if let Some(network) = networks().find(leads) {
                    let path = vec![Step::Network(network.to_owned())];
                    return Reach { verdict: Verdict::Yes, path, known: vec![self.ask(question(network))] };
                }
                let blind = networks().any(|network| opaque(&network));
                let verdict = if blind { Verdict::Unknown } else { Verdict::No };
                let known = networks().filter(|_| !blind).map(|network| self.ask(question(network))).take(1).collect();
                Reach { verdict, path: Vec::new(), known }
            }
        }
    }

    fn unknown_home(&self, services: &[&Service]) -> Option<Reach> {
        let elsewhere = services.iter().any(|service| self.opaque_service(service).is_some());
        elsewhere.then(|| Reach { verdict: Verdict::Unknown, path: Vec::new(), known: Vec::new() })
    }

    /// From a service in the host's namespace to a container's address.
    fn out_of_host(&self, to: &Service, on: Option<&str>) -> Reach {
        let mut known = Vec::new();
        if self.home(to) == Home::Default {
            let known = self.ask(Question::ContainerFromHost);
            return Reach { verdict: known.fact.is.into(), path: vec![Step::Host], known: vec![known] };
        }
        let mut blind = false;
        for attachment in self.attachments(to).filter(|a| on.is_none_or(|on| on == a.network.value)) {
            if self.opaque_network(&attachment.network.value).is_some() {
                blind = true;
                continue;
            }
            let question = match self.host_question(&attachment.network.value) {
                Question::HostFromNetwork => Question::ContainerFromHost,
                Question::HostFromInternalNetwork => Question::InternalContainerFromHost,
                both_ways => both_ways,
            };
            let answer = self.ask(question);
            let yes = Verdict::from(answer.fact.is) == Verdict::Yes;
            known.push(answer);
            if yes {
                let path = vec![Step::Host, Step::Routed(attachment.network.value.clone())];
                return Reach { verdict: Verdict::Yes, path, known };
            }
        }
        let unknown = blind || known.iter().any(|known| Verdict::from(known.fact.is) == Verdict::Unknown);
        Reach { verdict: if unknown { Verdict::Unknown } else { Verdict::No }, path: Vec::new(), known }
    }
}
