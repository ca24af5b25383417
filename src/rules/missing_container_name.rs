//! QG103: a container without a name of its own, which Podman calls `systemd-` and the unit.

use super::context::{Context, Need, View, list};
use super::mend;
use super::unit_lines::unit_of;
use crate::diagnostic::{Change, Diagnostic, Fixable, Level, Rule, Sink};
use crate::model::{ContainerName, Deploy, Format, Network, Service, is_name};
use crate::network::{Cause, NameKind};
use crate::platform::Question;
use crate::source::Span;

pub static RULE: Rule = Rule {
    code: "QG103",
    name: "missing-container-name",
    summary: "a unit without ContainerName=, whose DNS name is `systemd-` and the unit's name",
    level: Level::Info,
    since: "0.1.0",
    fixable: Fixable::Safe,
    page: include_str!("missing_container_name.md"),
};

pub fn check(context: &Context<'_>, sink: &mut Sink) {
    for view in context.views.iter().filter(|view| view.wiring.platform.deploy == Deploy::Quadlet) {
        for service in context.stack.services.values() {
            let Some(span) = unnamed(service) else { continue };
            // Other names that peers can use make up for it.
            let named = view.wiring.names(service).iter().any(|name| name.kind != NameKind::Container);
            let failing: Vec<&Need<'_>> = view.needs_for(service).filter(|need| explains(need)).collect();
            if named && failing.is_empty() {
                continue;
            }
            view.report(sink, finding(context, view, service, span, &failing));
        }
    }
}

/// Where a service could have a name of its own and has none.
fn unnamed(service: &Service) -> Option<Span> {
    match &service.container_name {
        ContainerName::ByRuntime(key) => Some(key.span()),
        // Without an image there is no container at all, which another rule says.
        ContainerName::Named(name) if name.is_implied() && name.value.starts_with("systemd-") => {
            (service.image.is_some() || service.attributes.contains_key("build")).then(|| name.span())
        }
        ContainerName::Named(_) | ContainerName::ByService => None,
    }
}

/// Whether this rule, and not QG104, explains why a need's name does not resolve.
pub fn explains(need: &Need<'_>) -> bool {
    unnamed(need.target).is_some()
        && need.connection.name == need.target.name.value
        && matches!(need.resolution.cause, Cause::OtherName { .. })
}

/// Networks on which a service gets its own name as an alias: those on which somebody can look for it, on every platform.
fn alias(context: &Context<'_>, service: &Service) -> Option<Vec<Change>> {
    let name = &service.name.value;
    // A container of a pod, or on a network without names, takes no alias; nor does one of a template have one name.
    if !is_name(name) || service.network_mode.is_some() || is_taken(context, service) {
        return None;
    }
    let serves = |view: &View<'_>| {
        let networks = || service.networks.iter().map(|attachment| attachment.network.value.as_str());
        networks().any(|network| view.wiring.members(network).nth(1).is_some() && view.wiring.has_dns(network).is_ok())
            && networks().all(|network| {
                let known = view.wiring.stack.networks.get(network);
                known.is_some_and(|known| !view.wiring.is_default(known) && !known.goes_past_the_host())
                    && !matches!(known.map(Network::object), Some("host" | "none"))
            })
    };
    if !context.views.iter().all(serves) {
        return None;
    }
    if context.stack.format == Format::Quadlet {
        // One form of alias only; and arguments may hold the other one.
        let plain = service.networks.iter().all(|attachment| attachment.aliases.is_empty());
        let unit = unit_of(context.stack, service).filter(|_| plain)?;
        return Some(vec![mend::line(context, unit, "NetworkAlias", "--network-alias", name)?]);
    }
    let peers = |network: &&str| context.views.iter().all(|view| view.wiring.members(network).nth(1).is_some());
    let networks = service.networks.iter().filter(|attachment| !attachment.network.is_implied());
    let networks = networks.map(|attachment| attachment.network.value.as_str()).filter(peers);
    let changes: Vec<Change> = networks
        .map(|network| Change::AddItem {
            owner: service.span(),
            path: ["networks", network, "aliases"].map(str::to_owned).to_vec(),
            item: name.clone(),
        })
        .collect();
    (!changes.is_empty()).then_some(changes)
}

/// Whether another service has the name already, so that both would answer to it.
fn is_taken(context: &Context<'_>, service: &Service) -> bool {
    let name = &service.name.value;
    context.views.iter().any(|view| view.wiring.called(name).any(|other| other.name != service.name))
}

/// A name of its own for the container, where nobody of the stack needs the other one.
fn rename(context: &Context<'_>, service: &Service) -> Option<Change> {
    let mut needs = context.views.iter().flat_map(|view| view.needs_for(service));
    let used = needs.any(|need| need.connection.name != service.name.value);
    // A container of a pod has the pod's names.
    if used || service.network_mode.is_some() || !is_name(&service.name.value) || is_taken(context, service) {
        return None;
    }
    match &service.container_name {
        ContainerName::ByRuntime(key) => Some(Change::Remove { span: key.span() }),
        _ => mend::line(context, unit_of(context.stack, service)?, "ContainerName", "--name", &service.name.value),
    }
}

fn finding(context: &Context<'_>, view: &View<'_>, service: &Service, span: Span, failing: &[&Need<'_>]) -> Diagnostic {
    let (name, real) = (&service.name.value, view.wiring.container_name(service));
    let known = view.wiring.platform.ask(Question::ServiceNameIsAName);
    let has_peers = view.wiring.attachments(service).any(|attachment| {
        let network = &attachment.network.value;
        view.wiring.has_dns(network).is_ok() && view.wiring.members(network).count() > 1
    });
    let is_unit = view.wiring.stack.format == Format::Quadlet;
    let level = match (failing.iter().any(|need| need.connection.is_stated()), has_peers) {
        (true, _) => Level::Error,
        (false, true) => Level::Warning,
        (false, false) => Level::Info,
    };
    let message = if failing.is_empty() {
        format!("`{name}` has no container name: other containers find it as `{real}`, not as `{name}`")
    } else {
        let clients = list(failing.iter().map(|need| &need.client.name.value));
        format!("`{name}` does not resolve in {clients}: without a container name it is called `{real}`")
    };
    let mut finding = Diagnostic::new(&RULE, span, message).severity(level).here(format!("resolves as `{real}`"));
    for need in failing {
        finding = finding.label(need.connection.span, need.label());
    }
    if let Some(changes) = alias(context, service) {
        finding = finding.fix(format!("add the alias `{name}`"), true, changes);
    }
    if let Some(change) = rename(context, service) {
        finding = finding.fix(format!("name the container `{name}`"), false, vec![change]);
    }
    finding
        .help(format!("Why: {}. What you see: {}.", known.fact.why, known.fact.symptom))
        .help(if is_unit {
            format!("What helps: `ContainerName={name}`; or `NetworkAlias={name}`; or use the name `{real}`.")
        } else {
            format!(
                "What helps: leave `container_name` out, so that quadgen writes `ContainerName={name}`; or give it \
                 `{name}` as an alias on the network; or use the name `{real}`."
            )
        })
        .assuming(&known.assumed)
}
