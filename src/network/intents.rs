//! Judges every stated intent on one platform.

use super::{Home, Step, ThroughHost, Verdict, Wiring};
use crate::model::{Connection, Deny, Party, Service, Target};
use crate::platform::Known;
use crate::source::Span;

/// What somebody stated.
#[derive(Clone, Copy, Debug)]
pub enum Intent<'a> {
    /// `internet: deny`.
    Internet(&'a Service, Span),
    /// `host: deny`.
    Host(&'a Service, Span),
    /// `connects`.
    Connects(&'a Service, &'a Connection),
    /// `deny`, of a service or at the top.
    Deny(&'a Deny),
}

/// Whether an intent holds.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum State {
    /// It holds.
    Proven,
    /// quadgen does not know.
    Unknown,
    /// It does not hold.
    Broken,
}

/// A way that a denied connection takes after all.
#[derive(Clone, Debug)]
pub struct Breach<'a> {
    /// Who opens it.
    pub from: &'a Service,
    /// Whom it reaches; none for the internet and the host.
    pub to: Option<&'a Service>,
    /// The way.
    pub path: Vec<Step>,
    /// The published port it goes through, if it goes through one.
    pub port: Option<ThroughHost<'a>>,
    /// The facts that open the way.
    pub known: Vec<Known>,
}

/// An intent and whether it holds.
#[derive(Clone, Debug)]
pub struct Judgement<'a> {
    /// The intent.
    pub intent: Intent<'a>,
    /// Whether it holds.
    pub state: State,
    /// The ways by which it does not; empty for `connects`.
    pub breaches: Vec<Breach<'a>>,
}

impl Intent<'_> {
    /// Where it stands.
    pub fn span(&self) -> Span {
        match self {
            Intent::Internet(_, span) | Intent::Host(_, span) => *span,
            Intent::Connects(_, connection) => connection.span,
            Intent::Deny(deny) => deny.text.span(),
        }
    }
}

/// Judges all intents of a stack.
pub fn judge<'a>(wiring: &'a Wiring<'a>) -> Vec<Judgement<'a>> {
    let mut judged = Vec::new();
    for service in wiring.stack.services.values() {
        if let Some(span) = service.internet_denied {
            judged.push(wiring.judge_outside(Intent::Internet(service, span), service, Party::Internet));
        }
        if let Some(span) = service.host_denied {
            judged.push(wiring.judge_outside(Intent::Host(service, span), service, Party::Host));
        }
        for connection in service.connections.iter().filter(|connection| connection.is_stated()) {
            let state = wiring.judge_connection(service, connection);
            judged.push(Judgement { intent: Intent::Connects(service, connection), state, breaches: Vec::new() });
        }
    }
    judged.extend(wiring.stack.deny.iter().map(|deny| wiring.judge_deny(deny)));
    judged
}

impl<'a> Wiring<'a> {
    fn judge_outside(&'a self, intent: Intent<'a>, service: &'a Service, target: Party) -> Judgement<'a> {
        let (state, breach) = self.outside_breach(service, &target);
        Judgement { intent, state, breaches: breach.into_iter().collect() }
    }

    fn outside_breach(&'a self, service: &'a Service, target: &Party) -> (State, Option<Breach<'a>>) {
        let reach = if *target == Party::Internet { self.internet(service) } else { self.host(service) };
        match reach.verdict {
            // Names that leak are a way out, too; whether one is used for it nobody can prove.
            Verdict::No if *target == Party::Internet && self.outside_names(service).0 != Verdict::No => {
                (State::Unknown, None)
            }
            Verdict::No => (State::Proven, None),
            Verdict::Unknown => (State::Unknown, None),
            Verdict::Yes | Verdict::Unpredictable => {
                let breach = Breach { from: service, to: None, path: reach.path, port: None, known: reach.known };
                (State::Broken, Some(breach))
            }
        }
    }

    /// Whether a connection works: its name resolves, and packets get there.
    pub fn judge_connection(&self, service: &Service, connection: &Connection) -> State {
        let Target::Service(name) = &connection.to else { return State::Unknown };
        let Some(target) = self.stack.services.get(name) else { return State::Broken };
        if connection.port.is_some_and(|port| self.host_port_only(target, port).is_some()) {
            return State::Broken;
        }
        let resolves = self.resolves(service, target, &connection.name).verdict;
        let reaches = self.reaches(service, target, None).verdict;
        match (resolves, reaches) {
            (Verdict::Yes, Verdict::Yes) => State::Proven,
            (Verdict::Unknown, Verdict::Yes | Verdict::Unknown) | (Verdict::Yes, Verdict::Unknown) => State::Unknown,
            _ => State::Broken,
        }
    }

    fn judge_deny(&'a self, deny: &'a Deny) -> Judgement<'a> {
        let mut state = State::Proven;
        let mut breaches = Vec::new();
        for to in &deny.to {
            for from in self.openers(deny, to) {
                let (new, found) = match to {
                    Party::Internet | Party::Host => {
                        let (state, breach) = self.outside_breach(from, to);
                        (state, breach.into_iter().collect())
                    }
                    Party::Service(name) => match self.stack.services.get(name) {
                        Some(target) => self.breaches(from, target, None),
                        None => (State::Unknown, Vec::new()),
                    },
                    Party::Network(network) => self.network_breaches(deny, from, network),
                };
                state = state.max(new);
                breaches.extend(found);
            }
        }
        // An intent about nothing that exists is not proven; the rule about references says what is missing.
        let known = |party: &Party| match party {
            Party::Service(name) => self.stack.services.contains_key(name),
            Party::Network(name) => self.stack.networks.contains_key(name),
            Party::Internet | Party::Host => true,
        };
        if !deny.from.iter().chain(&deny.to).all(known) {
            state = state.max(State::Unknown);
        }
        Judgement { intent: Intent::Deny(deny), state, breaches }
    }

    /// The services that a deny speaks of as openers, seen from one target.
    fn openers(&'a self, deny: &'a Deny, to: &'a Party) -> Vec<&'a Service> {
        let mut openers: Vec<&Service> = Vec::new();
        for party in &deny.from {
            match party {
                Party::Service(name) => openers.extend(self.stack.services.get(name)),
                Party::Network(network) => openers.extend(self.members(network).filter(|service| match to {
                    // Members of both sides belong to neither.
                    Party::Network(other) => !self.is_member(service, other),
                    _ => true,
                })),
                Party::Internet | Party::Host => {}
            }
        }
        openers
    }

    fn network_breaches(&'a self, deny: &'a Deny, from: &'a Service, network: &'a str) -> (State, Vec<Breach<'a>>) {
        let mut state = State::Proven;
        let mut breaches = Vec::new();
        let openers: Vec<&str> = deny
            .from
            .iter()
            .filter_map(|party| match party {
                Party::Network(name) => Some(name.as_str()),
                _ => None,
            })
            .collect();
        for target in self.members(network) {
            let on_both = openers.iter().any(|opener| self.is_member(target, opener));
            if !on_both && target.name.value != from.name.value {
                let (new, found) = self.breaches(from, target, Some(network));
                state = state.max(new);
                breaches.extend(found);
            }
        }
        (state, breaches)
    }

    fn breaches(&'a self, from: &'a Service, to: &'a Service, on: Option<&str>) -> (State, Vec<Breach<'a>>) {
        if from.name.value == to.name.value {
            return (State::Proven, Vec::new());
        }
        let reach = self.reaches(from, to, on);
        let mut breaches = Vec::new();
        let mut state = match reach.verdict {
            Verdict::No => State::Proven,
            Verdict::Unknown => State::Unknown,
            Verdict::Yes | Verdict::Unpredictable => State::Broken,
        };
        if state == State::Broken {
            breaches.push(Breach { from, to: Some(to), path: reach.path, port: None, known: reach.known });
        } else if let Some(port) = self.through_host(from, to) {
            let known = vec![port.known.clone()];
            breaches.push(Breach { from, to: Some(to), path: vec![Step::Host], port: Some(port), known });
            state = State::Broken;
        }
        (state, breaches)
    }

    /// The services on a network.
    pub fn members(&'a self, network: &'a str) -> impl Iterator<Item = &'a Service> {
        self.stack.services.values().filter(move |service| self.is_member(service, network))
    }

    /// Whether a service is on a network.
    pub fn is_member(&self, service: &Service, network: &str) -> bool {
        self.home(service) == Home::Networks && self.attachments(service).any(|a| a.network.value == network)
    }
}
