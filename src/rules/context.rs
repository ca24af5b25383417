//! What every rule gets: the stack, and a view of it on each platform.

use std::ops::Range;

use smallvec::SmallVec;

use super::host::HostNeed;
use crate::diagnostic::{Diagnostic, Level, Rule, Sink};
use crate::maps::{HashMap, HashSet, IndexSet};
use crate::model::{Connection, Service, Stack, Target, Witness};
use crate::network::{Intent, Judgement, Reach, Resolution, State, Wiring, judge};
use crate::platform::Known;
use crate::source::Span;
use crate::threads::{self, MANY};

/// How many a message names of those who may be many.
const SHOWN: usize = 3;
/// Up to how many words it takes less to compare all of them than to hash them.
const FEW: usize = 16;

/// A stack with all its platforms.
pub struct Context<'a> {
    /// The stack.
    pub stack: &'a Stack,
    /// The stack on each platform that is looked at.
    pub views: Vec<View<'a>>,
    /// The lowest level that anybody will see: rules may leave out what lies below it and bears on no connection.
    pub lowest: Level,
}

/// A stack on one platform, with the answers that several rules need.
pub struct View<'a> {
    /// The network.
    pub wiring: &'a Wiring<'a>,
    /// Every stated intent, judged.
    pub judgements: Vec<Judgement<'a>>,
    /// Every connection that is needed, stated or inferred, between two services that exist.
    pub needs: Vec<Need<'a>>,
    /// Every use of a program outside of the stack.
    pub host_needs: Vec<HostNeed<'a>>,
    /// Which of them each service has.
    host_needs_of: HashMap<&'a str, Range<usize>>,
    /// Where the needs stand that each service has, and those that lead to it.
    needs_of: HashMap<&'a str, Range<usize>>,
    needs_for: HashMap<&'a str, SmallVec<[usize; 2]>>,
}

/// A connection that is needed, and what becomes of it.
pub struct Need<'a> {
    /// Who opens it.
    pub client: &'a Service,
    /// Whom it leads to.
    pub target: &'a Service,
    /// The connection.
    pub connection: &'a Connection,
    /// Whether its name resolves.
    pub resolution: Resolution,
    /// Whether packets get there.
    pub reach: Reach,
}

impl Need<'_> {
    /// An error where the connection was stated, a warning where it was inferred.
    pub fn level(&self) -> Level {
        if self.connection.is_stated() { Level::Error } else { Level::Warning }
    }

    /// Whether it says that a name is looked up; `depends_on` is only about order.
    pub fn looks_up(&self) -> bool {
        self.connection.witness != Witness::DependsOn
    }

    /// How a label calls it: `needs mongo`.
    pub fn label(&self) -> String {
        match self.connection.witness {
            Witness::Stated => format!("needs `{}`: stated here", self.connection.name),
            Witness::Url => format!("seems to need `{}`", self.connection.name),
            Witness::DependsOn => format!("starts after `{}`", self.connection.name),
            Witness::Asked => format!("you ask about `{}`", self.connection.name),
        }
    }
}

impl<'a> Context<'a> {
    /// Looks at a stack on each platform.
    pub fn new(stack: &'a Stack, wirings: &'a [Wiring<'a>]) -> Self {
        Context { stack, views: wirings.iter().map(View::new).collect(), lowest: Level::Info }
    }

    /// Reports a finding that no platform plays a part in.
    pub fn report(&self, sink: &mut Sink, mut finding: Diagnostic) {
        finding.stack.clone_from(&self.stack.name.value);
        sink.report(finding);
    }
}

impl<'a> View<'a> {
    fn new(wiring: &'a Wiring<'a>) -> Self {
        let services = wiring.stack.services.values();
        let all = services.flat_map(|client| client.connections.iter().map(move |connection| (client, connection)));
        let all: Vec<(&'a Service, &'a Connection)> = all.collect();
        let needs = threads::map(all.len() > MANY, &all, |(client, connection)| {
            let Target::Service(name) = &connection.to else { return None };
            let target = wiring.stack.services.get(name)?;
            Some(Need {
                client,
                target,
                connection,
                resolution: wiring.resolves(client, target, &connection.name),
                reach: wiring.reaches(client, target, None),
            })
        });
        #[allow(clippy::filter_map_identity, reason = "collected so, needs stay where they are; flattened, they move")]
        let needs: Vec<Need<'a>> = needs.into_iter().filter_map(|need| need).collect();
        let by_target = || {
            let mut needs_for: HashMap<&str, SmallVec<[usize; 2]>> = HashMap::default();
            needs_for.reserve(needs.len());
            for (at, need) in needs.iter().enumerate() {
                needs_for.entry(need.target.name.value.as_str()).or_default().push(at);
            }
            needs_for
        };
        let of_clients = || by_client(needs.iter().map(|need| need.client));
        let (needs_for, needs_of) = threads::both(needs.len() > MANY, by_target, of_clients);
        let host_needs = super::host::needs(wiring);
        let host_needs_of = by_client(host_needs.iter().map(|need| need.client));
        View { wiring, judgements: judge(wiring), needs, host_needs, host_needs_of, needs_of, needs_for }
    }

    /// Every connection that a service needs.
    pub fn needs_of(&self, client: &Service) -> impl Iterator<Item = &Need<'a>> {
        let own = self.needs_of.get(client.name.value.as_str());
        own.and_then(|own| self.needs.get(own.clone())).unwrap_or_default().iter()
    }

    /// Every connection that leads to a service.
    pub fn needs_for(&self, target: &Service) -> impl Iterator<Item = &Need<'a>> {
        let own = self.needs_for.get(target.name.value.as_str()).into_iter().flatten();
        own.filter_map(|at| self.needs.get(*at))
    }

    /// Every use that one service makes of programs outside of the stack.
    pub fn host_needs_of(&self, service: &Service) -> &[HostNeed<'a>] {
        let own = self.host_needs_of.get(service.name.value.as_str());
        own.and_then(|own| self.host_needs.get(own.clone())).unwrap_or_default()
    }

    /// Reports a finding that holds on this platform.
    pub fn report(&self, sink: &mut Sink, finding: Diagnostic) {
        let mut finding = finding.on(&self.wiring.platform.name);
        finding.stack.clone_from(&self.wiring.stack.name.value);
        sink.report(finding);
    }
}

/// Where the needs of each service stand: those of one stand together.
fn by_client<'a>(clients: impl Iterator<Item = &'a Service>) -> HashMap<&'a str, Range<usize>> {
    let mut all: HashMap<&str, Range<usize>> = HashMap::default();
    all.reserve(clients.size_hint().0);
    for (at, client) in clients.enumerate() {
        all.entry(client.name.value.as_str()).or_insert(at..at).end = at + 1;
    }
    all
}

/// A warning that an intent cannot be judged, with every place that keeps it from being so. `what` is the question.
pub(super) fn unjudged(
    rule: &'static Rule,
    view: &View<'_>,
    judgement: &Judgement<'_>,
    what: &str,
) -> Option<Diagnostic> {
    if judgement.state != State::Unknown || judgement.opaque.is_empty() {
        return None;
    }
    // QG207 and QG209 tell of what keeps a service from being judged; only what is left is this rule's.
    let told: Vec<Vec<Span>> = judgement.kept_in().map(|service| told_elsewhere(view, judgement, service)).collect();
    if !told.is_empty() && told.iter().all(|places| !places.is_empty()) {
        return None;
    }
    let told: HashSet<Span> = told.into_iter().flatten().collect();
    let mut opaque = judgement.opaque.iter().filter(|opaque| !told.contains(&opaque.span));
    let first = opaque.next()?;
    let mut finding = Diagnostic::new(rule, judgement.intent.span(), format!("{what} cannot be said: {}", first.why))
        .severity(Level::Warning)
        .here("not judged")
        .label(first.span, "quadgen cannot look into this");
    for opaque in opaque {
        finding = finding.label(opaque.span, &opaque.why);
    }
    Some(finding)
}

/// The places that keep an intent from being judged for a service and that QG207 or QG209 tells of.
fn told_elsewhere(view: &View<'_>, judgement: &Judgement<'_>, service: &Service) -> Vec<Span> {
    let hole = super::host_network_isolation::place(view, judgement, service);
    hole.into_iter().chain(super::runtime_socket_mounted::place(view, judgement, service)).collect()
}

/// The paragraph that gives the reason.
pub(super) fn why(known: &Known) -> String {
    format!("Why: {}.", known.fact.why)
}

/// The paragraph that says what a person sees, with the name that is looked up in place of `NAME`.
pub(super) fn seen(known: &Known, name: Option<&str>) -> String {
    format!("What you see: {}.", known.fact.symptom.replace("NAME", name.unwrap_or("NAME")))
}

/// Labels every intent with what it says.
pub(super) fn label_intents(mut finding: Diagnostic, intents: &[&Judgement<'_>]) -> Diagnostic {
    for judgement in intents {
        let label = match judgement.intent {
            Intent::Internet(..) => "must not reach the internet",
            Intent::Host(..) => "must not reach the host",
            Intent::Deny(_) | Intent::Connects(..) => "denied here",
        };
        finding = finding.label(judgement.intent.span(), label);
    }
    finding
}

/// `a`, `a and b`, `a, b and c`, each once and in backticks.
pub(super) fn list<S: AsRef<str>>(names: impl IntoIterator<Item = S>) -> String {
    joined(once(quoted(names)), 0)
}

/// A name in backticks, each.
pub(super) fn quoted<S: AsRef<str>>(names: impl IntoIterator<Item = S>) -> impl Iterator<Item = String> {
    names.into_iter().map(|name| format!("`{}`", name.as_ref()))
}

/// The first three, each once, and how many more there are: `a, b, c and 2 more`.
pub(super) fn some(words: impl IntoIterator<Item = String>) -> String {
    let mut words = once(words);
    let more = words.len().saturating_sub(SHOWN);
    words.truncate(SHOWN);
    joined(words, more)
}

fn once(words: impl IntoIterator<Item = String>) -> Vec<String> {
    let words: Vec<String> = words.into_iter().collect();
    if words.len() > FEW {
        return words.into_iter().collect::<IndexSet<String>>().into_iter().collect();
    }
    let mut each = Vec::with_capacity(words.len());
    for word in words {
        if !each.contains(&word) {
            each.push(word);
        }
    }
    each
}

fn joined(mut words: Vec<String>, more: usize) -> String {
    let last = if more > 0 { Some(format!("{more} more")) } else { words.pop() };
    match last {
        Some(last) if !words.is_empty() => format!("{} and {last}", words.join(", ")),
        last => last.unwrap_or_default(),
    }
}

/// A reason as a sentence of its own.
pub(super) fn sentence(why: &str) -> String {
    let mut letters = why.chars();
    let first = letters.next().map(|c| c.to_uppercase().collect::<String>()).unwrap_or_default();
    format!("{first}{}.", letters.as_str())
}
