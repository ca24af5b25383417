//! QG110: settings of DNS that look like a cure for names that do not resolve, and are none.

use std::net::IpAddr;

use super::context::{Context, View, list, why};
use crate::diagnostic::{Diagnostic, Fixable, Level, Rule, Sink};
use crate::model::{Data, Service, Value};
use crate::network::{Home, Verdict};
use crate::platform::Question;

pub static RULE: Rule = Rule {
    code: "QG110",
    name: "dns-override-without-effect",
    summary: "a network's gateway as DNS server, or `rotate`, which let no more names resolve",
    level: Level::Warning,
    since: "0.1.0",
    fixable: Fixable::Never,
    page: include_str!("dns_override_without_effect.md"),
};

pub fn check(context: &Context<'_>, sink: &mut Sink) {
    for view in &context.views {
        for service in context.stack.services.values() {
            // Where no network has DNS, a server that somebody writes down is the only one.
            let mut networks = view.wiring.attachments(service);
            if view.wiring.home(service) != Home::Networks || !networks.any(|a| serves(view, &a.network.value)) {
                continue;
            }
            for finding in [gateways(view, service), rotate(view, service)].into_iter().flatten() {
                view.report(sink, finding);
            }
        }
    }
}

/// Whether it is known that a network has DNS.
fn serves(view: &View<'_>, network: &str) -> bool {
    view.wiring.has_dns(network).is_ok() && view.wiring.opaque_network(network).is_none()
}

/// The values of an attribute, one by one.
fn items<'a>(service: &'a Service, attribute: &str) -> Vec<&'a Value> {
    match service.attributes.get(attribute).map(|(_, value)| value) {
        Some(Value { data: Data::List(items), .. }) => items.iter().collect(),
        Some(value) => vec![value],
        None => Vec::new(),
    }
}

fn gateways(view: &View<'_>, service: &Service) -> Option<Diagnostic> {
    let known = view.wiring.ask(Question::GatewayAsDnsServer);
    if Verdict::from(known.fact.is) != Verdict::No {
        return None;
    }
    let found: Vec<(IpAddr, &Value)> = items(service, "dns")
        .into_iter()
        .filter_map(|item| Some((item.scalar()?.parse().ok()?, item)))
        .filter(|(address, _)| is_gateway(view, *address))
        .collect();
    let (_, first) = found.first()?;
    let name = &service.name.value;
    let addresses = list(found.iter().map(|(address, _)| address.to_string()));
    let chosen = found.iter().any(|(address, _)| own_gateway(view, *address).is_none());
    let verb = match (found.len(), chosen) {
        (1, false) => "is the gateway of a network",
        (1, true) => "looks like the gateway of a network",
        (_, false) => "are gateways of networks",
        (_, true) => "look like gateways of networks",
    };
    let one = found.len() == 1;
    let (word, them) = if one { ("a DNS server", "it") } else { ("DNS servers", "them") };
    let message = format!("{addresses}, {word} of `{name}`, {verb}: no more names resolve by {them}");
    let mut finding = Diagnostic::new(&RULE, first.span, message).here("a network's gateway");
    for (_, item) in found.iter().skip(1) {
        finding = finding.label(item.span, "a network's gateway");
    }
    finding = finding.help(why(&known));
    if chosen {
        finding = finding.help(
            "Why: Podman chooses the subnet of a network when it makes it, so on another machine, or once the network is \
             made anew, the gateway has another address.",
        );
    }
    let cni = if view.wiring.is_cni() { " (`quadgen explain QG101` says what helps under CNI)" } else { "" };
    Some(
        finding
            .help(format!(
                "What helps: leave it out. What a name needs is a network that `{name}` shares with its owner{cni}."
            ))
            .assuming(&known.assumed),
    )
}

/// The network of the stack whose gateway an address is, by a subnet that somebody wrote.
fn own_gateway<'a>(view: &View<'a>, address: IpAddr) -> Option<&'a str> {
    let networks = view.wiring.stack.networks.values();
    let mut found = networks.filter(|network| {
        network.subnets.iter().any(|subnet| {
            let first = || subnet.subnet.as_ref().and_then(|net| net.value.hosts().next());
            subnet.gateway.map(|gateway| gateway.value).or_else(first) == Some(address)
        })
    });
    found.next().map(|network| network.name.value.as_str())
}

fn is_gateway(view: &View<'_>, address: IpAddr) -> bool {
    if let Some(network) = own_gateway(view, address) {
        return serves(view, network);
    }
    let IpAddr::V4(v4) = address else { return false };
    // A pool of one network is the default network, whose gateway is free for a DNS server of the host.
    let mut pools = view.wiring.platform.pools().iter().filter(|pool| pool.from.prefix_len() < pool.size);
    pools.any(|pool| pool.has_gateway(v4))
}

fn rotate(view: &View<'_>, service: &Service) -> Option<Diagnostic> {
    let known = view.wiring.ask(Question::RotatedServers);
    if Verdict::from(known.fact.is) != Verdict::No || view.wiring.attachments(service).count() < 2 {
        return None;
    }
    let option = items(service, "dns_opt").into_iter().find(|item| item.scalar().as_deref() == Some("rotate"))?;
    let name = &service.name.value;
    let networks = list(view.wiring.attachments(service).map(|a| &a.network.value));
    let message = format!("`rotate` does not let `{name}` resolve the names of {networks}");
    Some(
        Diagnostic::new(&RULE, option.span, message)
            .here("no cure")
            .help(why(&known))
            .help("What helps: leave it out; `quadgen explain QG101` says what does.")
            .assuming(&known.assumed),
    )
}
