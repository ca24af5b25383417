//! QG306: an address of the host that changes, or that never leads to it.

use std::net::{IpAddr, Ipv4Addr};

use super::context::{Context, View};
use super::host::{self, HostNeed};
use super::{loopback_port_used_inside, mend};
use crate::diagnostic::{Change, Diagnostic, Fixable, Level, Rule, Sink};
use crate::model::{Data, Endpoint, Format, HostOs, HostService, Service, Subnet, Value};
use crate::network::{Address, Verdict, host_entries};
use crate::platform::{Is, Question, wsl2_networks};
use crate::source::Span;

pub static RULE: Rule = Rule {
    code: "QG306",
    name: "volatile-host-address",
    summary: "an address of the host that changes, or that never leads to it",
    level: Level::Warning,
    since: "0.1.0",
    fixable: Fixable::Safe,
    page: include_str!("volatile_host_address.md"),
};

/// What an address is, and what becomes of it.
struct Found {
    what: String,
    reason: String,
    /// Whether it never leads to the host, not even now.
    never: bool,
}

pub fn check(context: &Context<'_>, sink: &mut Sink) {
    for view in &context.views {
        for service in context.stack.services.values() {
            for endpoint in &service.endpoints {
                let Ok(address) = endpoint.host.parse::<Ipv4Addr>() else { continue };
                let found = look(view, address);
                // A port that the stack publishes answers on a gateway, rootless too.
                let published = |found: &Found| found.never && host::is_published(view.wiring, endpoint);
                let for_host_only = loopback_port_used_inside::explains(view, service, endpoint);
                if let Some(found) = found.filter(|found| !published(found) && !for_host_only) {
                    view.report(sink, finding(context, view, service, endpoint, &found));
                }
            }
            if let Some((span, hosts)) = service.attributes.get("extra_hosts") {
                for (name, text) in host_entries(hosts) {
                    let Ok(address) = text.parse::<Ipv4Addr>() else { continue };
                    // Where a program is not reached by it, QG301 says so at the program's use.
                    let blocks = |need: &HostNeed<'_>| {
                        need.client.name == service.name
                            && need.way.verdict != Verdict::Yes
                            && need.way.address == Some(Address::Fixed(address.into()))
                    };
                    if let Some(found) = look(view, address).filter(|_| !view.host_needs.iter().any(blocks)) {
                        let finding = start(service, &format!("{name}:{text}"), *span, &found);
                        view.report(sink, other_entry(context, finding, service, hosts, (&name, &text)));
                    }
                }
            }
        }
    }
}

fn look(view: &View<'_>, address: Ipv4Addr) -> Option<Found> {
    let platform = view.wiring.platform;
    if platform.spec.host_address == Some(IpAddr::V4(address)) {
        return None;
    }
    let found = |what: String, reason: &str| {
        Some(Found { what, reason: reason.to_owned(), never: [ROOTLESS, INNER].contains(&reason) })
    };
    let subnets =
        view.wiring.stack.networks.values().flat_map(|network| network.subnets.iter().map(move |s| (network, s)));
    let holds = |subnet: &Subnet| subnet.subnet.as_ref().is_some_and(|net| net.value.contains(&IpAddr::V4(address)));
    if let Some((network, subnet)) = subnets.clone().find(|(_, subnet)| holds(subnet)) {
        // A fixed subnet: its gateway stays, and leads to the host where the host has an address on the bridge.
        let own = subnet
            .gateway
            .map(|gateway| gateway.value)
            .or_else(|| subnet.subnet.as_ref().and_then(|net| net.value.hosts().next()));
        let rootless = platform.rootless && own == Some(IpAddr::V4(address));
        return if rootless { found(format!("the gateway of `{}`", network.name.value), ROOTLESS) } else { None };
    }
    let wsl = matches!(platform.host_os, HostOs::Wsl2 | HostOs::PodmanMachineWsl);
    // A bridge lies in the Linux that runs the containers, and a program that nobody places runs around it.
    let bridge = match (platform.rootless, platform.has_outside()) {
        (true, _) => ROOTLESS,
        (false, true) => INNER,
        (false, false) => BRIDGE,
    };
    if view.wiring.is_bridge_gateway(IpAddr::V4(address)) {
        let runtime = if platform.is_podman() { "Podman" } else { "Docker" };
        return found(format!("the gateway of a {runtime} network"), bridge);
    }
    if wsl && wsl2_networks().iter().any(|pool| pool.has_gateway(address)) {
        let known = view.wiring.ask(Question::DefaultRouteGateway);
        let reason = if known.fact.is == Is::Yes { WSL.to_owned() } else { format!("{}.", known.fact.why) };
        return found("Windows' address in WSL2's network".to_owned(), &reason);
    }
    None
}

const ROOTLESS: &str = "rootless, the gateway of a bridge lies in a namespace of its own and never leads to the host.";
const INNER: &str = "the gateway of a bridge is the Linux that runs the containers, not the host around it.";
const BRIDGE: &str =
    "the runtime chooses the subnet when it makes the network, so the address is another on another machine.";
const WSL: &str = "WSL2 takes another network at each restart, so the address changes with the next reboot.";

fn start(service: &Service, written: &str, span: Span, found: &Found) -> Diagnostic {
    let end = if found.never { "which never leads to the host" } else { "which does not last" };
    let message = format!("`{written}` in `{}` looks like {}, {end}", service.name.value, found.what);
    Diagnostic::new(&RULE, span, message).here("written down").help(format!("Why: {}", found.reason)).help(
        if found.never {
            "What you see: `Connection refused`, or a time-out."
        } else {
            "What you see: it works until a restart or on one machine only; then `Connection refused` or a time-out."
        },
    )
}

/// What helps for an entry in the hosts file.
fn other_entry(
    context: &Context<'_>,
    finding: Diagnostic,
    service: &Service,
    hosts: &Value,
    (name, address): (&str, &str),
) -> Diagnostic {
    const GATEWAY: &str = "host-gateway";
    let template = "What helps: declare the program under `host_services` and write `{{ host.NAME.url }}`: quadgen then \
                    writes the entry that works on each platform.";
    let known = context.views.iter().all(|view| view.wiring.ask(Question::HostGatewayWord).fact.is == Is::Yes);
    // An address that leads to one thing on each platform is not there for the host alone.
    if context.stack.format == Format::Topology || !known {
        return finding.help(template);
    }
    let changes: Vec<Change> = match &hosts.data {
        Data::List(items) => {
            let is_it = |text: &String| [format!("{name}:{address}"), format!("{name}={address}")].contains(text);
            let items = items.iter().filter_map(|item| Some((item.span, item.scalar().filter(is_it)?)));
            items.map(|(span, text)| mend::swap(span, &text, text.replace(address, GATEWAY))).collect()
        }
        Data::Map(entries) => {
            let values =
                entries.iter().filter(|(own, value)| own == name && value.scalar().as_deref() == Some(address));
            values.map(|(_, value)| mend::swap(value.span, address, GATEWAY)).collect()
        }
        _ => Vec::new(),
    };
    let own = |service: &&Service| service.attributes.get("extra_hosts").is_some_and(|(_, own)| own.span == hosts.span);
    if changes.len() != 1 || context.stack.services.values().filter(own).count() > 1 {
        return finding.help(template);
    }
    let (host, same) = (program(service), mend::with_entry(&without_hosts(service), name, GATEWAY));
    let no_worse = |view: &View<'_>| {
        let verdict = |service: &Service| view.wiring.alias_way(service, name, &host).verdict;
        verdict(&same) == Verdict::Yes || verdict(&same) == verdict(service)
    };
    if !context.views.iter().all(no_worse) {
        return finding.help(template);
    }
    finding.help(format!("What helps: `{name}:{GATEWAY}`: the runtime then writes the host's own address.")).fix(
        format!("write `{name}:{GATEWAY}`"),
        false,
        changes,
    )
}

fn without_hosts(service: &Service) -> Service {
    let mut service = service.clone();
    service.attributes.shift_remove("extra_hosts");
    service
}

/// A program on the host about which nothing is known.
fn program(service: &Service) -> HostService {
    HostService { name: service.name.clone(), port: None, on: None, listens: None, scheme: None }
}

fn finding(
    context: &Context<'_>,
    view: &View<'_>,
    service: &Service,
    endpoint: &Endpoint,
    found: &Found,
) -> Diagnostic {
    let finding = start(service, &endpoint.host, endpoint.host_span, found);
    match host::meant(view.wiring, endpoint) {
        Some(program) => {
            let finding = finding.label(program.name.span(), "the program it seems to mean");
            host::template_fix(view, finding, (service, program), endpoint, true)
        }
        None => {
            let host = host::undeclared(endpoint);
            match host::other_way(context, finding, (service, &host), endpoint, false) {
                Ok(finding) => finding,
                Err(finding) => finding.help(
                    "What helps: declare the program under `host_services` and write `{{ host.NAME.host }}`; or a name \
                     that the platform keeps.",
                ),
            }
        }
    }
}
