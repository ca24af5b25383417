//! QG207: a service that must be kept in, and whose container no network keeps in.

use super::context::{Context, View, label_intents, some};
use crate::diagnostic::{Diagnostic, Fixable, Level, Rule, Sink};
use crate::model::{NetworkMode, Party, Service};
use crate::network::{Home, Intent, Judgement, State};
use crate::source::Span;

pub static RULE: Rule = Rule {
    code: "QG207",
    name: "host-network-isolation",
    summary: "a service with an isolation intent that is in the network of the host or of a foreign container, or privileged",
    level: Level::Error,
    since: "0.1.0",
    fixable: Fixable::Never,
    page: include_str!("host_network_isolation.md"),
};

/// What takes a container out of every wall.
enum Hole<'a> {
    /// It is in the network of the host.
    Host,
    /// It is in the network of a container that nobody here knows.
    Container(&'a str),
    /// It may change its own network.
    Privileged,
}

pub fn check(context: &Context<'_>, sink: &mut Sink) {
    for view in &context.views {
        for service in context.stack.services.values() {
            let Some((hole, span)) = hole(view, service) else { continue };
            let intents: Vec<&Judgement<'_>> =
                view.judgements.iter().filter(|judgement| explains(view, judgement, service)).collect();
            if !intents.is_empty() {
                view.report(sink, look(service, &hole, span, &intents));
            }
        }
    }
}

fn hole<'v>(view: &'v View<'_>, service: &'v Service) -> Option<(Hole<'v>, Span)> {
    let mode = view.wiring.owner(service).network_mode.as_ref();
    match (view.wiring.home(service), mode.map(|mode| (&mode.value, mode.span()))) {
        (Home::Host, Some((_, span))) => Some((Hole::Host, span)),
        (Home::Elsewhere, Some((NetworkMode::Container(name), span))) => Some((Hole::Container(name), span)),
        _ if service.flag("privileged") => {
            let span = service.attributes.get("privileged").map_or(service.span(), |(span, _)| *span);
            Some((Hole::Privileged, span))
        }
        _ => None,
    }
}

/// Whether this rule, and not QG201 or QG210, says why an intent does not hold for a service.
pub fn explains(view: &View<'_>, judgement: &Judgement<'_>, service: &Service) -> bool {
    if !judgement.keeps_in(service) {
        return false;
    }
    let Some((hole, _)) = hole(view, service) else { return false };
    let broken = judgement.breaches_of(service).next().is_some();
    match hole {
        Hole::Host => broken,
        // A way that is open without it is the other rules'.
        Hole::Container(_) | Hole::Privileged => !broken && judgement.state != State::Proven,
    }
}

/// Where what takes a service out of every wall stands, if that is why an intent does not hold.
pub(super) fn place(view: &View<'_>, judgement: &Judgement<'_>, service: &Service) -> Option<Span> {
    let (_, span) = hole(view, service)?;
    explains(view, judgement, service).then_some(span)
}

/// What intents keep a service from, in words; of a broken one, what it reaches.
fn denied(intents: &[&Judgement<'_>], service: &Service) -> String {
    let party = |party: &Party| match party {
        Party::Service(name) | Party::Network(name) => format!("`{name}`"),
        Party::Internet => "the internet".to_owned(),
        Party::Host => "the host".to_owned(),
    };
    let mut all: Vec<String> = Vec::new();
    for judgement in intents {
        let reached = judgement.breaches_of(service).filter_map(|breach| Some(format!("`{}`", breach.to?.name.value)));
        let reached: Vec<String> = reached.collect();
        match judgement.intent {
            Intent::Internet(..) => all.push(party(&Party::Internet)),
            Intent::Host(..) => all.push(party(&Party::Host)),
            Intent::Deny(_) if !reached.is_empty() => all.extend(reached),
            Intent::Deny(deny) => all.extend(deny.to.iter().map(party)),
            Intent::Connects(..) => {}
        }
    }
    some(all)
}

fn look(service: &Service, hole: &Hole<'_>, span: Span, intents: &[&Judgement<'_>]) -> Diagnostic {
    let name = &service.name.value;
    let from = denied(intents, service);
    let (message, why, what_helps) = match hole {
        Hole::Host => (
            format!("`{name}` is in the host's network, where nothing keeps it from {from}"),
            "Why: with the host's network a container has no network of its own that could be internal or isolated. It \
             reaches what the host reaches, also programs that listen on 127.0.0.1."
                .to_owned(),
            "What helps: networks in place of the host's network, and `ports` for what the host must reach.",
        ),
        Hole::Container(other) => (
            format!("`{name}` is in the network of the container `{other}`, and nothing here keeps that from {from}"),
            format!(
                "Why: `{other}` is not part of this stack. `{name}` reaches what `{other}` reaches, whatever networks the \
                 stack has."
            ),
            "What helps: networks of the stack; or take the other container into the stack and share its network by its \
             service's name.",
        ),
        Hole::Privileged => (
            format!("`{name}` is privileged: it may change its own network, so it is not sure to be kept from {from}"),
            "Why: a privileged container may change its own addresses, routes and firewall, and holds the host's devices. \
             A program that breaks out of it is on the host."
                .to_owned(),
            "What helps: the capabilities and devices that it needs (`cap_add`, `devices`) in place of `privileged`.",
        ),
    };
    let finding = Diagnostic::new(&RULE, span, message).here("past every wall").label(service.span(), "this service");
    // One intent that is broken for certain is enough.
    let assumed = intents.iter().map(|judgement| {
        let facts = judgement.breaches_of(service).flat_map(|breach| &breach.known);
        facts.flat_map(|known| known.assumed.to_vec()).collect::<Vec<String>>()
    });
    let assumed: Vec<String> = assumed.min_by_key(Vec::len).unwrap_or_default();
    label_intents(finding, intents).help(why).help(what_helps).assuming(&assumed)
}
