//! QG205: a service on an isolated and an open network, whose program is the wall between the two.

use super::context::{Context, View, list, quoted, some};
use crate::diagnostic::{Diagnostic, Fixable, Level, Rule, Sink};
use crate::maps::IndexMap;
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
    if context.lowest > RULE.level {
        return;
    }
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
    if !wiring.stack.networks.values().any(|network| network.is_internal() || is_set(view, network)) {
        return found;
    }
    // Containers that share a namespace are on its networks together: its owner stands for them.
    let owners = wiring.stack.services.values().filter(|service| wiring.owner(service).name == service.name);
    for service in owners {
        let networks = wiring.networks(service);
        if networks.len() < 2 || !networks.iter().any(|network| network.is_internal() || is_set(view, network)) {
            continue;
        }
        let networks = networks.into_iter().filter(|network| wiring.opaque_inside(network).is_none());
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

impl<'a> Wall<'a> {
    fn is_internal(&self) -> bool {
        self.inner.iter().all(|inner| inner.is_internal())
    }

    fn inner_names(&self) -> impl Iterator<Item = &'a str> {
        self.inner.iter().map(|inner| inner.name.value.as_str())
    }

    /// Who is on the isolated side and not on an open network as well, each with that side's network.
    fn kept(&self, view: &View<'a>) -> IndexMap<&'a str, &'a str> {
        let (wiring, outer) = (view.wiring, &self.outer.name.value);
        let internal = self.is_internal();
        let is_kept = |service: &&Service| match internal {
            true => wiring.only_internal(service),
            false => !wiring.is_member(service, outer),
        };
        let mut kept = IndexMap::default();
        for network in self.inner_names() {
            for service in wiring.members(network).filter(is_kept) {
                kept.entry(service.name.value.as_str()).or_insert(network);
            }
        }
        kept
    }

    /// What lies on the other side.
    fn behind(&self, view: &View<'a>) -> Option<String> {
        if self.is_internal() {
            return Some("the internet".to_owned());
        }
        let wiring = view.wiring;
        let is_outside = |other: &&Service| self.inner_names().all(|name| !wiring.is_member(other, name));
        let other = wiring.members(&self.outer.name.value).find(is_outside)?;
        Some(format!("`{}`", other.name.value))
    }
}

/// Nothing where nobody is kept on the isolated side, or nothing lies on the other.
fn look<'a>(view: &View<'a>, wall: &Wall<'a>) -> Option<Diagnostic> {
    let first = wall.bridges.first()?;
    let (kept, behind) = (wall.kept(view), wall.behind(view)?);
    let (kept_first, on) = kept.first()?;
    let what = if wall.is_internal() { "internal" } else { "isolated" };
    let (join, wall_is) = match wall.bridges.len() {
        1 => ("joins", "its program is the wall"),
        _ => ("join", "their programs are the wall"),
    };
    let are = if wall.inner.len() == 1 { "is" } else { "are" };
    let message = format!(
        "{} {join} {}, which {are} {what}, to {behind}: {wall_is} for {}",
        list(wall.bridges.iter().map(|service| &service.name.value)),
        list(wall.inner_names()),
        some(quoted(kept.keys())),
    );
    let finding = Diagnostic::new(&RULE, first.span(), message).here("on both sides");
    let way = format!("`{kept_first}` → `{on}` → `{}` → `{}` → {behind}", first.name.value, wall.outer.name.value);
    Some(
        labelled(finding, view, wall, what)
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

/// Labels those who are on both sides, and where they say so.
fn labelled(mut finding: Diagnostic, view: &View<'_>, wall: &Wall<'_>, what: &str) -> Diagnostic {
    for service in &wall.bridges {
        finding = finding.label(service.span(), "on both sides");
        for attachment in view.wiring.attachments(service) {
            let network = attachment.network.value.as_str();
            if wall.inner_names().any(|name| name == network) {
                finding = finding.label(attachment.network.span(), what);
            } else if network == wall.outer.name.value {
                finding = finding.label(attachment.network.span(), "open");
            }
        }
    }
    finding
}
