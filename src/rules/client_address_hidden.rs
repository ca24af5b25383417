//! QG410: a proxy or DNS server that does not see who its clients are, because it is published rootless.

use super::context::{Context, View, list, seen, why};
use crate::diagnostic::{Diagnostic, Fixable, Level, Rule, Sink};
use crate::model::{Port, Service, Spanned};
use crate::network::{Home, Verdict};
use crate::platform::{Question, proxy};

pub static RULE: Rule = Rule {
    code: "QG410",
    name: "client-address-hidden",
    summary: "a proxy or DNS server published rootless, which sees a gateway in place of its clients",
    level: Level::Info,
    since: "0.1.0",
    fixable: Fixable::Never,
    page: include_str!("client_address_hidden.md"),
};

pub fn check(context: &Context<'_>, sink: &mut Sink) {
    if context.lowest > RULE.level {
        return;
    }
    for view in &context.views {
        let known = view.wiring.ask(Question::ClientAddress);
        if Verdict::from(known.fact.is) != Verdict::No {
            continue;
        }
        for service in context.stack.services.values().filter(|service| !service.ports.is_empty()) {
            let Some(server) = service.image.as_ref().and_then(|image| proxy::find(&image.value)) else { continue };
            let ports = for_others(view, service);
            let Some((first, more)) = ports.split_first() else { continue };
            let name = &service.name.value;
            let numbers = list(ports.iter().map(|port| port.value.to_string()));
            let word = if more.is_empty() { "port" } else { "ports" };
            let message = format!(
                "`{name}`, {}, does not see the addresses of its clients: {word} {numbers} {} published rootless",
                server.kind,
                if more.is_empty() { "is" } else { "are" }
            );
            let mut finding = Diagnostic::new(&RULE, first.span(), message).here("carried by a proxy of Podman");
            for port in more {
                finding = finding.label(port.span(), "this one, too");
            }
            let finding = finding.help(why(&known)).help(seen(&known, None)).help(
                "What helps, if the addresses matter: sockets from systemd (`.socket` units), if the program takes them; \
                 `network_mode: host`; or a rootful Podman.",
            );
            view.report(sink, finding.assuming(&known.assumed));
        }
    }
}

/// The ports of a service on networks that clients on other machines use.
fn for_others<'a>(view: &View<'_>, service: &'a Service) -> Vec<&'a Spanned<Port>> {
    let wiring = view.wiring;
    // What carries a container that is on no network may leave addresses as they are: pasta does.
    let carried = wiring.home(service) == Home::Networks
        && wiring.ignored_ports(service).is_none()
        && wiring.attachments(service).any(|a| wiring.opaque_network(&a.network.value).is_none());
    service.ports.iter().filter(|port| carried && !port.value.is_loopback()).collect()
}
