//! QG409: port 53 on every address, where a DNS server of the host or of the runtime is already.

use super::context::{Context, View, list, seen, why};
use super::exposed_datastore::short_form;
use crate::diagnostic::{Change, Diagnostic, Fixable, Level, Rule, Sink};
use crate::model::{HostOs, Port, Service, Spanned};
use crate::network::Verdict;
use crate::platform::{Known, Question};

pub static RULE: Rule = Rule {
    code: "QG409",
    name: "dns-port-conflict",
    summary: "port 53 published on every address, against the containers' DNS server or systemd-resolved",
    level: Level::Warning,
    since: "0.1.0",
    fixable: Fixable::Unsafe,
    page: include_str!("dns_port_conflict.md"),
};

pub fn check(context: &Context<'_>, sink: &mut Sink) {
    for view in &context.views {
        let against = against(view);
        if against.is_empty() {
            continue;
        }
        for service in context.stack.services.values() {
            let ports: Vec<&Spanned<Port>> = service.ports.iter().filter(|port| is_taken(&port.value)).collect();
            if ports.is_empty() {
                continue;
            }
            let published =
                view.wiring.ignored_ports(service).is_none() && view.wiring.published(service).verdict != Verdict::No;
            if published {
                let mut found = finding(service, &ports, &against);
                let local: Option<Vec<(Port, Change)>> = ports.iter().map(|port| on_host_address(view, port)).collect();
                if let Some(local) = local {
                    let (shown, changes): (Vec<Port>, Vec<Change>) = local.into_iter().unzip();
                    let title = format!("publish {}", list(shown.iter().map(Port::to_string)));
                    found = found.fix(title, false, changes);
                }
                view.report(sink, found);
            }
        }
    }
}

/// What keeps port 53 of some address of the host from being published.
fn against(view: &View<'_>) -> Vec<Known> {
    // Without a network that has DNS the runtime's server has nothing to listen on.
    let serves = view.wiring.stack.networks.keys().any(|network| view.wiring.has_dns(network).is_ok());
    let runtime = serves.then(|| view.wiring.ask(Question::PortOfContainerDns));
    let all = runtime.into_iter().chain([view.wiring.ask(Question::PortOfHostResolver)]);
    all.filter(|known| Verdict::from(known.fact.is) == Verdict::No).collect()
}

/// Whether a port takes 53 on every address.
fn is_taken(port: &Port) -> bool {
    port.address.is_none_or(|address| address.is_unspecified()) && port.behind(53).is_some()
}

/// The same port on the address that the platform says the host has, where that is this machine's.
fn on_host_address(view: &View<'_>, port: &Spanned<Port>) -> Option<(Port, Change)> {
    let platform = view.wiring.platform;
    let address = platform.spec.host_address.filter(|_| platform.host_os == HostOs::Linux)?;
    let span = short_form(port)?;
    let local = Port { address: Some(address), ..port.value.clone() };
    let change = Change::Replace { span, text: local.to_string() };
    Some((local, change))
}

fn finding(service: &Service, ports: &[&Spanned<Port>], against: &[Known]) -> Diagnostic {
    let name = &service.name.value;
    let shown = list(ports.iter().map(|port| port.value.to_string()));
    let message = format!(
        "`{name}` takes port 53 on every address of the host ({shown}), also on those where another DNS server may listen"
    );
    let mut ports = ports.iter();
    let span = ports.next().map_or(service.span(), |port| port.span());
    let mut finding = Diagnostic::new(&RULE, span, message).here("on every address");
    for port in ports {
        finding = finding.label(port.span(), "this one, too");
    }
    for known in against {
        finding = finding.help(why(known)).help(seen(known, None));
    }
    finding = finding.help(
        "What helps: the address that clients ask, in front of the port: `192.0.2.10:53:53/udp`. That leaves the \
         others alone.",
    );
    against.iter().fold(finding, |finding, known| finding.assuming(&known.assumed))
}
