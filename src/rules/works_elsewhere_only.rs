//! QG803: a connection that holds on one platform of the stack and not on another.

use super::context::{Context, View, list, seen, why};
use super::host::HostUse;
use crate::diagnostic::{Diagnostic, Fixable, Level, Rule, Sink};
use crate::maps::{HashMap, HashSet};
use crate::model::{Connection, Service, Target, Witness};
use crate::network::{State, Verdict};
use crate::platform::Known;
use crate::source::Span;

pub static RULE: Rule = Rule {
    code: "QG803",
    name: "works-elsewhere-only",
    summary: "a connection that holds on one platform of the stack and not on another, where no other rule says so",
    level: Level::Warning,
    since: "0.1.0",
    fixable: Fixable::Never,
    page: include_str!("works_elsewhere_only.md"),
};

/// A connection, wherever the file speaks of it.
struct Use<'a> {
    client: &'a Service,
    /// What it leads to, as the file calls it.
    name: String,
    /// Every place; findings of other rules stand at one of them.
    places: Vec<Span>,
    way: Way<'a>,
}

/// How a connection is made.
enum Way<'a> {
    /// By a name, to a service or to a program outside.
    Named(&'a Connection),
    /// By a name of the host, to a port that a service publishes there.
    Published(&'a Service),
}

/// What becomes of a connection on a platform.
struct Outcome {
    state: State,
    /// Why it does not hold, where a fact says it.
    known: Option<Known>,
}

/// Reports what is left when all other rules have spoken.
pub fn check(context: &Context<'_>, sink: &mut Sink) {
    if context.views.len() < 2 {
        return;
    }
    let mut told = Told::default();
    sink.found().iter().for_each(|finding| told.add(finding, &finding.platforms));
    for used in uses(context) {
        let outcomes: Vec<Outcome> = context.views.iter().map(|view| outcome(view, &used)).collect();
        let works: Vec<&str> = context
            .views
            .iter()
            .zip(&outcomes)
            .filter(|(_, outcome)| outcome.state == State::Proven)
            .map(|(view, _)| view.wiring.platform.name.as_str())
            .collect();
        if works.is_empty() {
            continue;
        }
        for (view, outcome) in context.views.iter().zip(&outcomes) {
            let platform = &view.wiring.platform.name;
            if outcome.state == State::Broken && !told.holds(platform, &used.places) {
                let finding = look(&used, outcome, &works);
                told.add(&finding, std::slice::from_ref(platform));
                view.report(sink, finding);
            }
        }
    }
}

/// The platforms of the findings that label a place, by the place.
#[derive(Default)]
struct Told(HashMap<Span, Vec<String>>);

impl Told {
    fn add(&mut self, finding: &Diagnostic, platforms: &[String]) {
        for label in &finding.labels {
            self.0.entry(label.span).or_default().extend_from_slice(platforms);
        }
    }

    fn holds(&self, platform: &str, places: &[Span]) -> bool {
        places.iter().filter_map(|place| self.0.get(place)).flatten().any(|on| on == platform)
    }
}

/// Every connection, once.
fn uses<'a>(context: &'a Context<'_>) -> Vec<Use<'a>> {
    let mut found: Vec<Use<'a>> = Vec::new();
    for client in context.stack.services.values() {
        let first = found.len();
        // `depends_on` is about order: it does not say that a connection is made.
        for connection in client.connections.iter().filter(|connection| connection.witness != Witness::DependsOn) {
            let same = |known: &&mut Use<'_>| match &known.way {
                Way::Named(other) => {
                    let named = (&other.name, other.port) == (&connection.name, connection.port);
                    other.to == connection.to && (named || matches!(connection.to, Target::Host(_)))
                }
                Way::Published(_) => false,
            };
            match found.iter_mut().skip(first).find(same) {
                Some(known) => known.places.push(connection.span),
                None => found.push(Use {
                    client,
                    name: connection.name.clone(),
                    places: vec![connection.span],
                    way: Way::Named(connection),
                }),
            }
        }
    }
    let mut known: HashSet<Span> = found.iter().flat_map(|used| &used.places).copied().collect();
    // Where a name of the host leads is the same text on every platform, so the first view has them all.
    for need in context.views.iter().flat_map(|view| &view.host_needs) {
        let HostUse::Alias(endpoint) = need.used else { continue };
        let published = |service: &&Service| {
            let ports = || service.ports.iter().filter(|port| !port.value.is_loopback());
            endpoint.port.is_some_and(|port| ports().any(|own| own.value.behind(port).is_some()))
        };
        let Some(target) = context.stack.services.values().find(published).filter(|_| !need.declared) else { continue };
        if !known.contains(&need.span) {
            let port = endpoint.port.map(|port| format!(":{port}")).unwrap_or_default();
            let name = format!("{}{port}", endpoint.host);
            let places = vec![need.span, endpoint.span];
            known.extend(&places);
            found.push(Use { client: need.client, name, places, way: Way::Published(target) });
        }
    }
    found
}

fn outcome(view: &View<'_>, used: &Use<'_>) -> Outcome {
    match used.way {
        Way::Named(connection) => Outcome { state: view.wiring.judge_connection(used.client, connection), known: None },
        Way::Published(target) => {
            let unknown = Outcome { state: State::Unknown, known: None };
            let mut needs = view.host_needs_of(used.client).iter();
            let leads = needs.any(|need| used.places.contains(&need.span) && need.way.verdict == Verdict::Yes);
            // Where the name leads elsewhere, or the port is not published, others say it.
            let published =
                view.wiring.published(target).verdict == Verdict::Yes && view.wiring.ignored_ports(target).is_none();
            if !leads || !published || !view.wiring.opaque(&[used.client, target]).is_empty() {
                return unknown;
            }
            match view.wiring.host_port(used.client, target).map(|through| (through.verdict, through.known)) {
                Some((Verdict::Yes, _)) => Outcome { state: State::Proven, known: None },
                Some((Verdict::No, known)) => Outcome { state: State::Broken, known: Some(known) },
                _ => unknown,
            }
        }
    }
}

fn look(used: &Use<'_>, outcome: &Outcome, works: &[&str]) -> Diagnostic {
    let (client, name) = (&used.client.name.value, &used.name);
    let to = match used.way {
        Way::Published(target) if target.name != used.client.name => {
            format!("`{}` by `{name}`", target.name.value)
        }
        Way::Published(_) => format!("itself by `{name}`"),
        Way::Named(_) => format!("`{name}`"),
    };
    let place = used.places.first().copied().unwrap_or_else(|| used.client.span());
    let message = format!("`{client}` reaches {to} on {}, and not here", list(works));
    let mut finding = Diagnostic::new(&RULE, place, message).here("works elsewhere only");
    if let Way::Published(target) = used.way {
        finding = finding.label(target.span(), "publishes that port");
    }
    if let Some(known) = &outcome.known {
        finding = finding.help(why(known)).assuming(&known.assumed);
        if !known.fact.symptom.is_empty() {
            finding = finding.help(seen(known, None));
        }
    }
    let instead = match used.way {
        Way::Published(target) if target.name == used.client.name => {
            "What helps: `localhost` and the container's own port: nothing has to leave it.".to_owned()
        }
        Way::Published(target) => format!(
            "What helps: put both on one network and use `{}` and the container's own port, which is the same everywhere.",
            target.name.value
        ),
        Way::Named(_) => format!("What helps: `quadgen why {client} {name}` shows what differs between the platforms."),
    };
    finding.help(instead)
}
