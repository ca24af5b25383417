//! QG205: a service on an isolated and an open network, whose program is the wall between the two.

use super::context::{Context, View, list};
use crate::diagnostic::{Diagnostic, Fixable, Level, Rule, Sink};
use crate::model::{Network, Service};
use crate::network::{Isolation, Verdict};

pub static RULE: Rule = Rule {
    code: "QG205",
    name: "bridging-service",
    summary: "a service on an isolated and on an open network, whose program is the wall between them",
    level: Level::Info,
    since: "0.1.0",
    fixable: Fixable::Never,
    page: include_str!("bridging_service.md"),
};

/// How many who are kept in a message names.
const SHOWN: usize = 3;

/// A wall that is a program.
struct Wall<'a> {
    /// The services that are on both sides.
    bridges: Vec<&'a Service>,
    /// The isolated networks; several internal ones where the same services lead out of them.
    inner: Vec<&'a Network>,
    /// The open network, the first where there are several.
    outer: &'a Network,
}

pub fn check(context: &Context<'_>, sink: &mut Sink) {
    for view in &context.views {
        for wall in walls(view) {
            if let Some(finding) = look(view, &wall) {
                view.report(sink, finding);
            }
        }
    }
}

fn is_set(view: &View<'_>, network: &Network) -> bool {
    let isolation = view.wiring.isolations.get(network.name.value.as_str());
    matches!(isolation, Some(Isolation::True | Isolation::Strict))
}

fn walls<'a>(view: &View<'a>) -> Vec<Wall<'a>> {
    let wiring = view.wiring;
    let mut found: Vec<Wall<'a>> = Vec::new();
    // Containers that share a namespace are on its networks together: its owner stands for them.
    let owners = wiring.stack.services.values().filter(|service| wiring.owner(service).name == service.name);
    for service in owners {
        let networks = wiring.attachments(service).filter_map(|a| wiring.stack.networks.get(&a.network.value));
        let networks = networks.filter(|network| wiring.opaque_network(&network.name.value).is_none());
        let (inner, outer): (Vec<&Network>, Vec<&Network>) = networks.partition(|network| network.is_internal());
        let open = |inner: &&Network| {
            let apart = |other: &&&Network| {
                !is_set(view, other) && wiring.crossing(&inner.name.value, &other.name.value).verdict == Verdict::No
            };
            outer.iter().find(apart).copied()
        };
        // An internal network is left by any other one, an isolated one is kept from those that are open.
        let internal = inner.iter().filter_map(|inner| Some((*inner, *outer.first()?)));
        let isolated =
            outer.iter().filter(|outer| is_set(view, outer)).filter_map(|inner| Some((*inner, open(inner)?)));
        for (inner, outer) in internal.chain(isolated) {
            let same = |wall: &&mut Wall<'_>| {
                let is_same = wall.inner.iter().any(|known| known.name == inner.name);
                is_same && (inner.is_internal() || wall.outer.name == outer.name)
            };
            match found.iter_mut().find(same) {
                Some(wall) => wall.bridges.push(service),
                None => found.push(Wall { bridges: vec![service], inner: vec![inner], outer }),
            }
        }
    }
    // Internal networks that the same services lead out of are one matter.
    let mut merged: Vec<Wall<'a>> = Vec::new();
    for wall in found {
        let names = |wall: &Wall<'a>| wall.bridges.iter().map(|service| &service.name.value).collect::<Vec<_>>();
        let internal = |wall: &Wall<'a>| wall.inner.iter().all(|inner| inner.is_internal());
        let same = |known: &&mut Wall<'a>| internal(known) && internal(&wall) && names(known) == names(&wall);
        match merged.iter_mut().find(same) {
            Some(known) => known.inner.extend(wall.inner),
            None => merged.push(wall),
        }
    }
    merged
}

/// Nothing where nobody is kept on the isolated side, or nothing lies on the other.
fn look(view: &View<'_>, wall: &Wall<'_>) -> Option<Diagnostic> {
    let wiring = view.wiring;
    let (first, outer) = (wall.bridges.first()?, &wall.outer.name.value);
    let internal = wall.inner.iter().all(|inner| inner.is_internal());
    // Who is on an open network as well is not kept in.
    let is_kept = |service: &&Service| {
        if internal { wiring.only_internal(service) } else { !wiring.is_member(service, outer) }
    };
    let inner = || wall.inner.iter().map(|inner| &inner.name.value);
    let mut kept: Vec<&str> = inner()
        .flat_map(|name| wiring.members(name).filter(is_kept))
        .map(|service| service.name.value.as_str())
        .collect();
    let mut seen = std::collections::HashSet::new();
    kept.retain(|name| seen.insert(*name));
    let behind = if internal {
        "the internet".to_owned()
    } else {
        let other = wiring.members(outer).find(|other| inner().all(|name| !wiring.is_member(other, name)))?;
        format!("`{}`", other.name.value)
    };
    let kept_first = (*kept.first()?).to_owned();
    let kept = match kept.len().checked_sub(SHOWN) {
        Some(more @ 1..) => {
            let shown: Vec<String> = kept.iter().take(SHOWN).map(|name| format!("`{name}`")).collect();
            format!("{} and {more} more", shown.join(", "))
        }
        _ => list(kept),
    };
    let what = if internal { "internal" } else { "isolated" };
    let (join, wall_is) = if wall.bridges.len() == 1 {
        ("joins", "its program is the wall")
    } else {
        ("join", "their programs are the wall")
    };
    let are = if wall.inner.len() == 1 { "is" } else { "are" };
    let message = format!(
        "{} {join} {}, which {are} {what}, to {behind}: {wall_is} for {kept}",
        list(wall.bridges.iter().map(|service| &service.name.value)),
        list(inner()),
    );
    let mut finding = Diagnostic::new(&RULE, first.span(), message).here("on both sides");
    for service in &wall.bridges {
        finding = finding.label(service.span(), "on both sides");
        for attachment in wiring.attachments(service) {
            let network = &attachment.network.value;
            if inner().any(|name| name == network) {
                finding = finding.label(attachment.network.span(), what);
            } else if network == outer {
                finding = finding.label(attachment.network.span(), "open");
            }
        }
    }
    let on = wall
        .inner
        .iter()
        .find(|inner| wiring.members(&inner.name.value).any(|service| service.name.value == kept_first))?;
    let way = format!("`{kept_first}` → `{}` → `{}` → `{outer}` → {behind}", on.name.value, first.name.value);
    Some(
        finding
            .help(format!("The way: {way}."))
            .help(
                "Why: nothing is forwarded between a container's networks, but its program takes connections on one and \
                 opens some on the other. Whoever can make it do so (a proxy, a webhook, a fault in it) is past the wall.",
            )
            .help(
                "What helps: nothing, if that is what the service is for; keep it small and patched. Else take it off one of \
                 the two networks.",
            ),
    )
}
