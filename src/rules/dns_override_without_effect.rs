//! QG110: settings of DNS that look like a cure for names that do not resolve, and are none.

use std::net::IpAddr;

use super::context::{Context, View, list, why};
use crate::diagnostic::{Change, Diagnostic, Fixable, Level, Rule, Sink};
use crate::model::{Data, Format, Network, Service, Value};
use crate::network::{Home, Verdict};
use crate::platform::Question;
use crate::source::Span;

pub static RULE: Rule = Rule {
    code: "QG110",
    name: "dns-override-without-effect",
    summary: "a network's gateway as DNS server, or `rotate`, which let no more names resolve",
    level: Level::Warning,
    since: "0.1.0",
    fixable: Fixable::Safe,
    page: include_str!("dns_override_without_effect.md"),
};

pub fn check(context: &Context<'_>, sink: &mut Sink) {
    for view in &context.views {
        for service in context.stack.services.values() {
            if !service.attributes.contains_key("dns") && !service.attributes.contains_key("dns_opt") {
                continue;
            }
            // Where no network has DNS, a server that somebody writes down is the only one.
            let mut networks = view.wiring.on(service);
            if view.wiring.home(service) != Home::Networks || !networks.any(|(_, network)| serves(view, network)) {
                continue;
            }
            for (finding, items) in [gateways(view, service), rotate(view, service)].into_iter().flatten() {
                view.report(sink, without(context, service, finding, &items));
            }
        }
    }
}

/// Whether it is known that a network has DNS.
fn serves(view: &View<'_>, network: &Network) -> bool {
    view.wiring.dns_of(network).is_ok() && view.wiring.opaque_inside(network).is_none()
}

/// The values of an attribute, one by one.
fn items<'a>(service: &'a Service, attribute: &str) -> Vec<&'a Value> {
    match service.attributes.get(attribute).map(|(_, value)| value) {
        Some(Value { data: Data::List(items), .. }) => items.iter().collect(),
        Some(value) => vec![value],
        None => Vec::new(),
    }
}

/// Offers to take the values away, where none of them does anything on any platform.
fn without(context: &Context<'_>, service: &Service, finding: Diagnostic, items: &[Span]) -> Diagnostic {
    let idle = |view: &View<'_>| {
        let found = [gateways(view, service), rotate(view, service)].into_iter().flatten();
        let idle: Vec<Span> = found.flat_map(|(_, items)| items).collect();
        items.iter().all(|item| idle.contains(item))
    };
    let is_their = |other: &&Service| {
        let own = ["dns", "dns_opt"].into_iter().flat_map(|attribute| self::items(other, attribute));
        other.name != service.name && own.into_iter().any(|item| items.contains(&item.span))
    };
    if !context.views.iter().all(idle) || context.stack.services.values().any(|other| is_their(&other)) {
        return finding;
    }
    // An argument stands on a line with others.
    let is_key = |span: &Span| {
        let mut entries = context.stack.units.values().flat_map(|unit| &unit.entries);
        let holds = |own: Span| own.start <= span.start && span.end <= own.end;
        entries.any(|entry| holds(entry.value.span()) && entry.key.value.starts_with("DNS"))
    };
    let all = items.len() == items_of(service, items);
    match (context.stack.format, items) {
        (Format::Quadlet, items) if !items.iter().all(is_key) => finding,
        (Format::Topology | Format::Compose, [_, _, ..]) if all => {
            let Some((key, _)) = service.attributes.get("dns") else { return finding };
            finding.fix("leave it out", true, vec![Change::Remove { span: *key }])
        }
        // Items of one list go one after the other: two edits there would get into each other's way.
        (Format::Topology | Format::Compose, [first, ..]) => {
            finding.fix("leave it out", true, vec![Change::Remove { span: *first }])
        }
        (_, items) => {
            let changes = items.iter().map(|span| Change::Remove { span: *span });
            finding.fix("leave it out", true, changes.collect())
        }
    }
}

/// How many values the attribute has that some of them belong to.
fn items_of(service: &Service, some: &[Span]) -> usize {
    let all = ["dns", "dns_opt"].map(|attribute| items(service, attribute));
    let own = all.iter().find(|items| items.iter().any(|item| some.contains(&item.span)));
    own.map_or(0, Vec::len)
}

fn gateways(view: &View<'_>, service: &Service) -> Option<(Diagnostic, Vec<Span>)> {
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
    let finding = finding
        .help(format!(
            "What helps: leave it out. What a name needs is a network that `{name}` shares with its owner{cni}."
        ))
        .assuming(&known.assumed);
    Some((finding, found.iter().map(|(_, item)| item.span).collect()))
}

/// The network of the stack whose gateway an address is, by a subnet that somebody wrote.
fn own_gateway<'a>(view: &View<'a>, address: IpAddr) -> Option<&'a Network> {
    view.wiring.stack.networks.values().find(|network| {
        network.subnets.iter().any(|subnet| {
            let first = || subnet.subnet.as_ref().and_then(|net| net.value.hosts().next());
            subnet.gateway.map(|gateway| gateway.value).or_else(first) == Some(address)
        })
    })
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

fn rotate(view: &View<'_>, service: &Service) -> Option<(Diagnostic, Vec<Span>)> {
    let known = view.wiring.ask(Question::RotatedServers);
    if Verdict::from(known.fact.is) != Verdict::No || view.wiring.attachments(service).count() < 2 {
        return None;
    }
    let option = items(service, "dns_opt").into_iter().find(|item| item.scalar().as_deref() == Some("rotate"))?;
    let name = &service.name.value;
    let networks = list(view.wiring.attachments(service).map(|a| &a.network.value));
    let message = format!("`rotate` does not let `{name}` resolve the names of {networks}");
    let finding = Diagnostic::new(&RULE, option.span, message)
        .here("no cure")
        .help(why(&known))
        .help("What helps: leave it out; `quadgen explain QG101` says what does.")
        .assuming(&known.assumed);
    Some((finding, vec![option.span]))
}
