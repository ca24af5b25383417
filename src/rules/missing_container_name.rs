//! QG103: a container without a name of its own, which Podman calls `systemd-` and the unit.

use super::context::{Context, Need, View, list};
use crate::diagnostic::{Diagnostic, Fixable, Level, Rule, Sink};
use crate::model::{ContainerName, Deploy, Format, Service};
use crate::network::{Cause, NameKind};
use crate::platform::Question;
use crate::source::Span;

pub static RULE: Rule = Rule {
    code: "QG103",
    name: "missing-container-name",
    summary: "a unit without ContainerName=, whose DNS name is `systemd-` and the unit's name",
    level: Level::Info,
    since: "0.1.0",
    fixable: Fixable::Never,
    page: include_str!("missing_container_name.md"),
};

pub fn check(context: &Context<'_>, sink: &mut Sink) {
    for view in context.views.iter().filter(|view| view.wiring.platform.deploy == Deploy::Quadlet) {
        for service in context.stack.services.values() {
            let Some(span) = unnamed(service) else { continue };
            // Other names that peers can use make up for it.
            let named = view.wiring.names(service).iter().any(|name| name.kind != NameKind::Container);
            let failing: Vec<&Need<'_>> =
                view.needs.iter().filter(|need| explains(need) && need.target.name == service.name).collect();
            if named && failing.is_empty() {
                continue;
            }
            view.report(sink, finding(view, service, span, &failing));
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

fn finding(view: &View<'_>, service: &Service, span: Span, failing: &[&Need<'_>]) -> Diagnostic {
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
