//! QG404: a host port that only root may listen on, published rootless.

use std::collections::BTreeSet;

use super::context::{Context, View, list, seen, why};
use super::exposed_datastore::short_form;
use crate::diagnostic::{Change, Diagnostic, Fixable, Level, Rule, Sink};
use crate::model::{HostOs, Port, PortRange, Service, Spanned};
use crate::network::Verdict;
use crate::platform::{Aspect, Question};

pub static RULE: Rule = Rule {
    code: "QG404",
    name: "privileged-port",
    summary: "a host port below 1024, or below what the host allows, published rootless",
    level: Level::Warning,
    since: "0.1.0",
    fixable: Fixable::Unsafe,
    page: include_str!("privileged_port.md"),
};

/// How far above a port the one is that stands in for it.
const HIGHER: u16 = 8000;

pub fn check(context: &Context<'_>, sink: &mut Sink) {
    for view in &context.views {
        let platform = view.wiring.platform;
        let known = view.wiring.ask(Question::PrivilegedHostPort);
        if Verdict::from(known.fact.is) != Verdict::No {
            continue;
        }
        let services = context.stack.services.values();
        let found: Vec<(&Service, Vec<&Spanned<Port>>)> =
            services.map(|service| (service, privileged(view, service))).collect();
        let all = found.iter().flat_map(|(_, ports)| ports).filter_map(|port| first(port));
        // One line for the whole stack.
        let Some(lowest) = all.min() else { continue };
        for (service, ports) in found {
            let Some((port, more)) = ports.split_first() else { continue };
            let name = &service.name.value;
            let numbers: BTreeSet<u16> = ports.iter().filter_map(|port| first(port)).collect();
            let word = if numbers.len() == 1 { "port" } else { "ports" };
            let numbers = list(numbers.iter().map(u16::to_string));
            let message = format!("`{name}` publishes host {word} {numbers}, which only root may listen on");
            let mut finding = Diagnostic::new(&RULE, port.span(), message)
                .here(format!("below {}", platform.first_unprivileged_port()))
                .help(why(&known))
                .help(seen(&known, None).replace("PORT", &first(port).unwrap_or_default().to_string()))
                .help(remedy(view, lowest));
            for port in more {
                finding = finding.label(port.span(), "this one, too");
            }
            let higher: Option<Vec<(Port, Change)>> = ports.iter().map(|port| higher(context, port)).collect();
            if let Some(higher) = higher {
                let (shown, changes): (Vec<Port>, Vec<Change>) = higher.into_iter().unzip();
                let title = format!("publish {}", list(shown.iter().map(Port::to_string)));
                finding = finding.fix(title, false, changes);
            }
            if platform.assumed.contains_key(&Aspect::Rootless) {
                finding = finding.severity(Level::Info);
            }
            view.report(sink, finding.assuming(&known.assumed));
        }
    }
}

/// The first port of the host that a mapping takes.
fn first(port: &Spanned<Port>) -> Option<u16> {
    port.value.host.map(|range| range.first)
}

/// The mappings of a service whose port of the host belongs to root.
fn privileged<'a>(view: &'a View<'_>, service: &'a Service) -> Vec<&'a Spanned<Port>> {
    if view.wiring.ignored_ports(service).is_some() {
        return Vec::new();
    }
    let allowed = view.wiring.platform.first_unprivileged_port();
    service.ports.iter().filter(|port| first(port).is_some_and(|port| port < allowed)).collect()
}

/// The same mapping with a port of the host that everybody may listen on, as people choose it (8080 for 80), where
/// nothing of the stack has that.
fn higher(context: &Context<'_>, port: &Spanned<Port>) -> Option<(Port, Change)> {
    let span = short_form(port)?;
    let host = port.value.host?;
    let (first, last) = (host.first.checked_add(HIGHER)?, host.last.checked_add(HIGHER)?);
    let host = PortRange { first, last };
    let mut taken =
        context.stack.services.values().flat_map(|service| &service.ports).filter_map(|port| port.value.host);
    let mut programs = context.stack.host_services.values().filter_map(|program| program.port);
    if taken.any(|taken| taken.overlap(host).is_some()) || programs.any(|taken| host.contains(taken.value)) {
        return None;
    }
    let higher = Port { host: Some(host), ..port.value.clone() };
    let change = Change::Replace { span, text: higher.to_string() };
    Some((higher, change))
}

fn remedy(view: &View<'_>, lowest: u16) -> String {
    let machine = matches!(view.wiring.platform.host_os, HostOs::PodmanMachine | HostOs::PodmanMachineWsl);
    let place = if machine { "inside the machine (`podman machine ssh`)" } else { "on the host, as root" };
    format!(
        "What helps: {place}, the line `net.ipv4.ip_unprivileged_port_start={lowest}` in \
         `/etc/sysctl.d/ports.conf`, then `sysctl --system`; and the word `unprivileged-ports={lowest}` \
         for the platform here. Or a port from {} on.",
        view.wiring.platform.first_unprivileged_port()
    )
}
