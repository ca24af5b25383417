//! Judges every stated intent on one platform.

use super::{Home, Opaque, Step, ThroughHost, Verdict, Wiring};
use crate::maps::{HashMap, HashSet, IndexMap};
use crate::model::{Connection, Deny, Party, Service, Spanned, Target};
use crate::platform::{Is, Known, Question};
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
    /// What keeps it from being judged, where that is known; each once.
    pub opaque: Vec<Opaque>,
    /// The services of which it says what they must not reach, by name.
    kept_in: IndexMap<&'a str, &'a Service>,
    /// Which of the breaches each service opens.
    opened: HashMap<&'a str, Vec<usize>>,
}

impl<'a> Judgement<'a> {
    fn new(intent: Intent<'a>, state: State, breaches: Vec<Breach<'a>>, opaque: Vec<Opaque>) -> Self {
        let mut opened: HashMap<&str, Vec<usize>> = HashMap::default();
        for (at, breach) in breaches.iter().enumerate() {
            opened.entry(breach.from.name.value.as_str()).or_default().push(at);
        }
        let mut seen: HashSet<(Span, String)> = HashSet::default();
        let opaque = opaque.into_iter().filter(|opaque| seen.insert((opaque.span, opaque.why.clone()))).collect();
        let kept_in = match intent {
            Intent::Internet(own, _) | Intent::Host(own, _) => IndexMap::from_iter([(own.name.value.as_str(), own)]),
            Intent::Connects(..) | Intent::Deny(_) => IndexMap::default(),
        };
        Judgement { intent, state, breaches, opaque, kept_in, opened }
    }

    /// Whether the intent says what a service must not reach.
    pub fn keeps_in(&self, service: &Service) -> bool {
        self.kept_in.contains_key(service.name.value.as_str())
    }

    /// The services of which the intent says what they must not reach, each once.
    pub fn kept_in(&self) -> impl Iterator<Item = &'a Service> {
        self.kept_in.values().copied()
    }

    /// The ways by which a service gets past the intent.
    pub fn breaches_of(&self, service: &Service) -> impl Iterator<Item = &Breach<'a>> {
        let own = self.opened.get(service.name.value.as_str());
        own.into_iter().flatten().filter_map(|at| self.breaches.get(*at))
    }
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
            let target = match &connection.to {
                Target::Service(name) => wiring.stack.services.get(name),
                Target::Host(_) => None,
            };
            let mut opaque = Vec::new();
            if state == State::Unknown {
                opaque = wiring.opaque(&[Some(service), target].into_iter().flatten().collect::<Vec<_>>());
                opaque.extend(wiring.opaque_names(service, &connection.name));
                if let Target::Host(name) = &connection.to
                    && let Some(host) = wiring.stack.host_services.get(name)
                    && opaque.is_empty()
                {
                    opaque.push(wiring.host_unknown(service, host));
                }
            }
            let intent = Intent::Connects(service, connection);
            judged.push(Judgement::new(intent, state, Vec::new(), opaque));
        }
    }
    judged.extend(wiring.stack.deny.iter().map(|deny| wiring.judge_deny(deny)));
    judged
}

impl<'a> Wiring<'a> {
    fn judge_outside(&'a self, intent: Intent<'a>, service: &'a Service, target: Party) -> Judgement<'a> {
        let (state, breach) = self.outside_breach(service, &target);
        let opaque = if state == State::Unknown { self.blind_spots(&[service], &[]) } else { Vec::new() };
        Judgement::new(intent, state, breach.into_iter().collect(), opaque)
    }

    /// What keeps denied connections of some services to others from being judged.
    fn blind_spots(&self, from: &[&Service], to: &[&Service]) -> Vec<Opaque> {
        let mut found = self.opaque(from);
        found.extend(self.opaque(to));
        found.extend(from.iter().filter_map(|service| self.powers(service)));
        let mut seen: Vec<Opaque> = Vec::new();
        found.retain(|opaque| {
            let new = !seen.contains(opaque);
            seen.push(opaque.clone());
            new
        });
        found
    }

    fn outside_breach(&'a self, service: &'a Service, target: &Party) -> (State, Option<Breach<'a>>) {
        let reach = if *target == Party::Internet { self.internet(service) } else { self.host(service) };
        match reach.verdict {
            // Names that leak are a way out, too; whether one is used for it nobody can prove.
            Verdict::No if *target == Party::Internet && self.outside_names(service).0 != Verdict::No => {
                (State::Unknown, None)
            }
            Verdict::No if self.powers(service).is_some() => (State::Unknown, None),
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
        let name = match &connection.to {
            Target::Service(name) => name,
            Target::Host(name) => {
                let Some(host) = self.stack.host_services.get(name) else { return State::Unknown };
                return match self.host_way(service, host).verdict {
                    Verdict::Yes => State::Proven,
                    Verdict::Unknown => State::Unknown,
                    Verdict::No | Verdict::Unpredictable => State::Broken,
                };
            }
        };
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
        let mut opaque = Vec::new();
        let mut kept_in = IndexMap::default();
        for from in &deny.from {
            for to in &deny.to {
                for (opener, target) in self.denied_pairs(from, to) {
                    kept_in.insert(opener.name.value.as_str(), opener);
                    let on = match to {
                        Party::Network(network) => Some(network.as_str()),
                        _ => None,
                    };
                    let (new, found) = match target {
                        Some(target) => self.breaches(opener, target, on),
                        None => {
                            let (state, breach) = self.outside_breach(opener, to);
                            (state, breach.into_iter().collect())
                        }
                    };
                    if new == State::Unknown {
                        let spots = self.blind_spots(&[opener], &target.into_iter().collect::<Vec<_>>());
                        opaque.extend(if spots.is_empty() { self.unmeasured(opener, target) } else { spots });
                    }
                    state = state.max(new);
                    breaches.extend(found);
                }
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
        Judgement { kept_in, ..Judgement::new(Intent::Deny(deny), state, breaches, opaque) }
    }

    /// The reason where nothing in the stack is opaque, and still nobody knows.
    fn unmeasured(&self, from: &Service, to: Option<&Service>) -> Vec<Opaque> {
        // To the internet only names are unknown then, which another rule reports.
        let Some(to) = to else { return Vec::new() };
        if let Some(wall) = self.falling_wall(from, to) {
            return vec![wall];
        }
        let fact = self.reaches(from, to, None).known.into_iter().find(|known| known.fact.is == Is::Unknown);
        let modes = [from, to].into_iter().filter_map(|service| self.owner(service).network_mode.as_ref());
        let span = modes.map(Spanned::span).next().unwrap_or_else(|| to.span());
        let why = fact.map_or_else(
            || format!("nobody measured how `{}` is reached from `{}` here", to.name.value, from.name.value),
            |known| known.fact.why.to_string(),
        );
        vec![Opaque { span, why }]
    }

    /// Who must not reach whom by one pair of parties; no target stands for the internet or the host.
    fn denied_pairs<'s>(&'s self, from: &'s Party, to: &'s Party) -> Vec<(&'s Service, Option<&'s Service>)> {
        let openers: Vec<&Service> = match from {
            Party::Service(name) => self.stack.services.get(name).into_iter().collect(),
            Party::Network(network) => self.members(network).collect(),
            Party::Internet | Party::Host => Vec::new(),
        };
        let targets: Vec<&Service> = match to {
            Party::Service(name) => self.stack.services.get(name).into_iter().collect(),
            Party::Network(network) => self.members(network).collect(),
            Party::Internet | Party::Host => return openers.into_iter().map(|opener| (opener, None)).collect(),
        };
        // Of two networks, members of both belong to neither side.
        let on_both = |service: &Service| match (from, to) {
            (Party::Network(a), Party::Network(b)) => self.is_member(service, a) && self.is_member(service, b),
            _ => false,
        };
        let mut pairs = Vec::new();
        for opener in openers.into_iter().filter(|opener| !on_both(opener)) {
            let others = targets.iter().filter(|target| target.name.value != opener.name.value && !on_both(target));
            pairs.extend(others.map(|target| (opener, Some(*target))));
        }
        pairs
    }

    fn breaches(&'a self, from: &'a Service, to: &'a Service, on: Option<&str>) -> (State, Vec<Breach<'a>>) {
        if from.name.value == to.name.value {
            return (State::Proven, Vec::new());
        }
        let reach = self.reaches_at_will(from, to, on);
        let mut breaches = Vec::new();
        let mut state = match reach.verdict {
            Verdict::No if self.powers(from).is_some() || self.falling_wall(from, to).is_some() => State::Unknown,
            Verdict::No => State::Proven,
            Verdict::Unknown => State::Unknown,
            Verdict::Yes | Verdict::Unpredictable => State::Broken,
        };
        if state == State::Broken {
            breaches.push(Breach { from, to: Some(to), path: reach.path, port: None, known: reach.known });
        } else if let Some(port) = self.through_host_at_will(from, to) {
            let known = vec![port.known.clone()];
            breaches.push(Breach { from, to: Some(to), path: vec![Step::Host], port: Some(port), known });
            state = State::Broken;
        }
        (state, breaches)
    }

    /// Whether a name, in any case, is one of the stack's on this platform.
    pub fn is_known(&self, name: &str) -> bool {
        self.called(name).next().is_some()
    }

    /// The internal network of a service that is closed to another only if the host forwards before it is set up, which
    /// no file says.
    fn falling_wall(&self, from: &Service, to: &Service) -> Option<Opaque> {
        let known = self.ask(Question::InternalWallWithoutForwarding);
        let comes_over = self.home(from) == Home::Default || self.all_outs(from).is_some_and(|outs| !outs.is_empty());
        if known.fact.is != Is::No || self.platform.spec.ip_forward || !comes_over {
            return None;
        }
        let mut own = self.attachments(to).map(|attachment| attachment.network.value.as_str());
        let network = own.find(|network| self.is_internal(network) && !self.is_member(from, network))?;
        let span = self.stack.networks.get(network)?.internal_span();
        let why = format!(
            "{}. `net.ipv4.ip_forward=1` in a file of /etc/sysctl.d keeps `{network}` closed; say so with the word \
             `ip-forward` of the platform",
            known.fact.why
        );
        Some(Opaque { span, why })
    }

    /// The services on a network.
    pub fn members(&self, network: &str) -> impl Iterator<Item = &'a Service> {
        self.members.get(network).into_iter().flatten().copied()
    }

    /// Whether a service is on a network.
    pub fn is_member(&self, service: &Service, network: &str) -> bool {
        self.on(service).any(|(attachment, _)| attachment.network.value == network)
    }
}
