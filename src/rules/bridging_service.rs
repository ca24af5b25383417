//! QG205: a service on an isolated and an open network, which is the only wall between the two.

use super::context::{Context, View, list};
use crate::diagnostic::{Diagnostic, Fixable, Level, Rule, Sink};
use crate::model::{Attachment, Network, Service};
use crate::network::{Isolation, Verdict};

pub static RULE: Rule = Rule {
    code: "QG205",
    name: "bridging-service",
    summary: "a service on an isolated and on an open network, which is the only wall between them",
    level: Level::Info,
    since: "0.1.0",
    fixable: Fixable::Never,
    page: include_str!("bridging_service.md"),
};

/// What a service stands between.
struct Bridge<'a> {
    inner: &'a Network,
    outer: &'a Network,
    /// Those who are kept in, or apart.
    kept: Vec<&'a Service>,
    /// What lies behind: a service, or none for the internet.
    behind: Option<&'a Service>,
}

pub fn check(context: &Context<'_>, sink: &mut Sink) {
    for view in &context.views {
        // Containers that share a namespace are on its networks together: one finding for its owner.
        let owners = context.stack.services.values().filter(|service| view.wiring.owner(service).name == service.name);
        for service in owners {
            if let Some(bridge) = bridge(view, service) {
                view.report(sink, look(view, service, &bridge));
            }
        }
    }
}

/// The first isolated network of a service that somebody is kept on, and the first open one beside it.
fn bridge<'a>(view: &View<'a>, service: &Service) -> Option<Bridge<'a>> {
    let wiring = view.wiring;
    let networks = wiring.attachments(service).filter_map(|a| wiring.stack.networks.get(&a.network.value));
    let networks = networks.filter(|network| wiring.opaque_network(&network.name.value).is_none());
    let isolation = |network: &Network| wiring.isolations.get(network.name.value.as_str()).copied();
    let is_set = |network: &&Network| matches!(isolation(network), Some(Isolation::True | Isolation::Strict));
    let (outer, inner): (Vec<&Network>, Vec<&Network>) =
        networks.partition(|network| !network.is_internal() && !is_set(network));
    inner.into_iter().find_map(|inner| {
        let on = |network: &Network, other: &Service| wiring.is_member(other, &network.name.value);
        let others = |network: &Network| {
            let members = wiring.members(&network.name.value);
            members.filter(|other| wiring.owner(other).name != service.name).collect::<Vec<&Service>>()
        };
        outer.iter().find_map(|outer| {
            if wiring.crossing(&inner.name.value, &outer.name.value).verdict != Verdict::No {
                return None;
            }
            let internal = inner.is_internal();
            // Who is on an open network as well is not kept in.
            let is_kept = |other: &&Service| if internal { wiring.only_internal(other) } else { !on(outer, other) };
            let kept: Vec<&Service> = others(inner).into_iter().filter(is_kept).collect();
            let behind = others(outer).into_iter().find(|other| !on(inner, other));
            let something_behind = internal || behind.is_some();
            (!kept.is_empty() && something_behind).then_some(Bridge {
                inner,
                outer,
                kept,
                behind: behind.filter(|_| !internal),
            })
        })
    })
}

fn look(view: &View<'_>, service: &Service, bridge: &Bridge<'_>) -> Diagnostic {
    let (name, inner, outer) = (&service.name.value, &bridge.inner.name.value, &bridge.outer.name.value);
    let kept = list(bridge.kept.iter().map(|kept| &kept.name.value));
    let behind = bridge.behind.map_or_else(|| "the internet".to_owned(), |service| format!("`{}`", service.name.value));
    let what = if bridge.inner.is_internal() { "internal" } else { "isolated" };
    let message = format!("only `{name}` stands between {kept} on `{inner}`, which is {what}, and {behind}");
    let mut finding = Diagnostic::new(&RULE, service.span(), message).here(format!("on `{inner}` and on `{outer}`"));
    let attached = |network: &str| view.wiring.attachments(service).find(|a| a.network.value == network);
    let place = |attachment: &Attachment| attachment.network.span();
    for (network, label) in [(inner, format!("{what}: {kept} is kept here")), (outer, "open".to_owned())] {
        if let Some(span) = attached(network).map(place) {
            finding = finding.label(span, label);
        }
    }
    let first = bridge.kept.first().map_or("", |kept| kept.name.value.as_str());
    finding
        .help(format!("The way: `{first}` → `{inner}` → `{name}` → `{outer}` → {behind}."))
        .help(
            "Why: nothing is forwarded between a container's networks, but its program takes connections on one and opens \
             some on the other. Whoever can make it do so (a proxy, a webhook, a fault in it) is past the wall.",
        )
        .help(format!(
            "What helps: nothing, if `{name}` is meant to be that wall; keep it small and patched. Else take it off \
             `{inner}` or `{outer}`."
        ))
}
