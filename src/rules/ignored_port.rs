//! QG403: a published port that the runtime leaves out, because the container has no network to publish it into.

use super::conflicting_network_mode;
use super::context::{Context, View, list, seen, why};
use super::pod_member_port::pod_of;
use crate::diagnostic::{Change, Diagnostic, Fixable, Level, Rule, Sink};
use crate::model::{Format, NetworkMode, Origin, Port, Service, Spanned};
use crate::network::{Because, Ignored};
use crate::platform::Is;
use crate::source::Span;

pub static RULE: Rule = Rule {
    code: "QG403",
    name: "ignored-port",
    summary: "a port published by a container without a network that carries it: host, none, another's, macvlan, ipvlan",
    level: Level::Warning,
    since: "0.1.0",
    fixable: Fixable::Safe,
    page: include_str!("ignored_port.md"),
};

pub fn check(context: &Context<'_>, sink: &mut Sink) {
    for view in &context.views {
        for service in context.stack.services.values().filter(|service| !service.ports.is_empty()) {
            let Some(ignored) = view.wiring.ignored_ports(service) else { continue };
            // Which of mode and networks goes is QG710's question, and until then nobody knows about the ports.
            if conflicting_network_mode::is_in(context, service) {
                continue;
            }
            // A pod's business is QG406's.
            if ignored.known.fact.is != Is::No || pod_of(view, service).is_some() {
                continue;
            }
            if let Some(mut finding) = look(view, service, &ignored) {
                if let Some((title, safe, changes)) = fix(context, view, service, &ignored) {
                    finding = finding.fix(title, safe, changes);
                }
                view.report(sink, finding);
            }
        }
    }
}

/// Takes the ports away where they are published for nothing on every platform; where the container does not start with
/// them, somebody wants them published, and they go to the service whose network it is.
fn fix(
    context: &Context<'_>,
    view: &View<'_>,
    service: &Service,
    ignored: &Ignored<'_>,
) -> Option<(String, bool, Vec<Change>)> {
    let name = &service.name.value;
    let mut changes = removed(view, service)?;
    let nothing = |view: &View<'_>| {
        view.wiring.ignored_ports(service).is_some_and(|it| it.known.fact.is == Is::No && it.refused.is_none())
    };
    if context.views.iter().all(nothing) {
        return Some((format!("take the ports of `{name}` away"), true, changes));
    }
    let owner = view.wiring.owner(service);
    let owns = matches!(ignored.because, Because::Mode(Spanned { value: NetworkMode::Service(_), .. }))
        && owner.name.value != *name
        && view.wiring.ignored_ports(owner).is_none();
    let Origin::Written(place) = owner.name.origin else { return None };
    if ignored.refused.is_none() || !owns || view.wiring.stack.format == Format::Quadlet {
        return None;
    }
    for port in service.ports.iter().filter(|port| owner.ports.iter().all(|known| known.value != port.value)) {
        // Settings of the long form would be lost.
        if !port.value.extra.is_empty() {
            return None;
        }
        let path = vec!["ports".to_owned()];
        changes.push(Change::AddItem { owner: place, path, item: format!("\"{}\"", port.value) });
    }
    Some((format!("move the ports of `{name}` to `{}`", owner.name.value), false, changes))
}

/// Takes every port of a service away, where each stands by itself.
fn removed(view: &View<'_>, service: &Service) -> Option<Vec<Change>> {
    let stack = view.wiring.stack;
    let lines = || stack.units.values().flat_map(|unit| &unit.entries).filter(|entry| entry.key.value == "PublishPort");
    let one = |port: &Spanned<Port>| {
        let Origin::Written(span) = port.origin else { return None };
        let within = |line: Span| line.start <= span.start && span.end <= line.end;
        // An argument of `PodmanArgs=` stands beside others.
        let alone = stack.format != Format::Quadlet || lines().any(|line| within(line.value.span()));
        alone.then_some(Change::Remove { span })
    };
    service.ports.iter().map(one).collect()
}

fn look(view: &View<'_>, service: &Service, ignored: &Ignored<'_>) -> Option<Diagnostic> {
    let name = &service.name.value;
    let ports = list(service.ports.iter().map(|port| port.value.to_string()));
    let one = service.ports.len() == 1;
    let ports = format!("{} {ports}", if one { "port" } else { "ports" });
    let place = place(view, &ignored.because)?;
    let message = match (&ignored.refused, &ignored.because) {
        (Some(_), _) => format!("`{name}` does not start: it publishes {ports}, and {place}"),
        (None, Because::Mode(_)) => {
            format!("{ports} of `{name}` {} not published: {place}", if one { "is" } else { "are" })
        }
        // Podman holds such a port open.
        (None, Because::Networks(_)) => {
            format!("{ports} of `{name}` never {}: {place}", if one { "answers" } else { "answer" })
        }
    };
    let known = ignored.refused.as_ref().unwrap_or(&ignored.known);
    let mut finding = Diagnostic::new(&RULE, service.ports.first()?.span(), message).here("published for nothing");
    if ignored.refused.is_some() {
        finding = finding.severity(Level::Error).here("refused");
    }
    match &ignored.because {
        Because::Mode(mode) => finding = finding.label(mode.span(), place),
        Because::Networks(networks) => {
            for network in networks {
                let span = network.driver.as_ref().map_or(network.name.span(), Spanned::span);
                finding = finding.label(span, "goes past the host");
            }
        }
    }
    let finding = finding.help(why(known)).help(seen(known, None)).help(remedy(view, service, &ignored.because));
    Some(finding.assuming(&known.assumed))
}

/// Where the container is: a sentence about it. None where another rule says it.
fn place(view: &View<'_>, because: &Because<'_>) -> Option<String> {
    Some(match because {
        Because::Mode(mode) => match &mode.value {
            NetworkMode::Host => "it is in the host's network".to_owned(),
            NetworkMode::None => "it has no network".to_owned(),
            // A service that is nowhere is QG006's.
            NetworkMode::Service(other) if !view.wiring.stack.services.contains_key(other) => return None,
            NetworkMode::Service(other) => format!("it is in the network of `{other}`"),
            NetworkMode::Container(other) => format!("it is in the network of the container `{other}`"),
            NetworkMode::Bridge | NetworkMode::Other(_) => return None,
        },
        Because::Networks(networks) => {
            let names = list(networks.iter().map(|network| &network.name.value));
            let mut drivers: Vec<&str> = networks.iter().map(|network| network.driver()).collect();
            drivers.dedup();
            let plural = if networks.len() == 1 { "which is" } else { "which are" };
            format!("it is on {names} only, {plural} {}", drivers.join(" and "))
        }
    })
}

fn remedy(view: &View<'_>, service: &Service, because: &Because<'_>) -> String {
    let name = &service.name.value;
    match because {
        Because::Mode(mode) => match &mode.value {
            NetworkMode::Host => {
                let own = list(service.ports.iter().map(|port| port.value.container.to_string()));
                let mut text = format!(
                    "What helps: leave `ports` out. In the host's network a program is reached on the ports that it \
                     listens on itself, here {own} if nothing else is set"
                );
                if service.ports.iter().any(|port| port.value.is_loopback()) {
                    text += ", and by everyone: an address in `ports` keeps nobody out";
                }
                text + "."
            }
            NetworkMode::None => {
                format!(
                    "What helps: leave `network_mode: none` out if `{name}` is to be reached, else leave `ports` out."
                )
            }
            _ => {
                let owner = view.wiring.owner(service);
                let elsewhere = owner.name.value == *name || matches!(mode.value, NetworkMode::Container(_));
                match view.wiring.ignored_ports(owner) {
                    _ if elsewhere => "What helps: publish ports at the container whose network it is.".to_owned(),
                    None => {
                        format!("What helps: move them to the `ports` of `{0}`, whose network it is.", owner.name.value)
                    }
                    Some(_) => format!(
                        "What helps: leave `ports` out. `{}`, whose network it is, publishes nothing either.",
                        owner.name.value
                    ),
                }
            }
        },
        Because::Networks(networks) => {
            let names = list(networks.iter().map(|network| &network.name.value));
            format!(
                "What helps: reach `{name}` by its own address on {names} and leave `ports` out, or put it on a bridge \
                 network as well, which carries its ports."
            )
        }
    }
}
