//! QG504: an IPv6 address on a network without IPv6.

use std::net::IpAddr;

use ipnet::Ipv6Net;

use super::address_outside_subnet::fixed;
use super::context::{Context, View, seen, why};
use crate::diagnostic::{Change, Diagnostic, Fixable, Level, Rule, Sink};
use crate::model::{Format, Network, Origin, Service, Spanned, UnitKind};
use crate::platform::Question;

pub static RULE: Rule = Rule {
    code: "QG504",
    name: "ipv6-without-network",
    summary: "a fixed IPv6 address on a network that has no IPv6",
    level: Level::Error,
    since: "0.1.0",
    fixable: Fixable::Safe,
    page: include_str!("ipv6_without_network.md"),
};

/// How long a prefix is that a network gets by a fix: that of one ordinary network.
const PREFIX: u8 = 64;

pub fn check(context: &Context<'_>, sink: &mut Sink) {
    for view in &context.views {
        for service in context.stack.services.values() {
            for attachment in &service.networks {
                let Some(network) = context.stack.networks.get(&attachment.network.value) else { continue };
                for address in fixed(attachment).filter(|address| lacks_ipv6(view, network, address.value)) {
                    view.report(sink, finding(view, service, network, address));
                }
            }
        }
    }
}

/// Whether an address is one of IPv6, and nothing gives its network any.
pub(super) fn lacks_ipv6(view: &View<'_>, network: &Network, address: IpAddr) -> bool {
    let is_stated = |network: &Network| {
        network.subnets.iter().any(|subnet| subnet.subnet.is_some_and(|s| s.value.addr().is_ipv6()))
    };
    // What was not understood may say it: an argument, or a subnet out of form.
    let kept = network.quadlet.iter().any(|entry| {
        let text = format!("{} {}", entry.key.value, entry.value.value).to_lowercase();
        text.contains("subnet") || text.contains("ipv6")
    });
    let is_opaque = network.external || kept || network.subnets.iter().any(|subnet| subnet.subnet.is_none());
    // fact: podman-ipv6-off; a subnet alone is enough there.
    let by_subnet = view.wiring.platform.is_podman() && is_stated(network);
    address.is_ipv6() && !network.ipv6 && !is_opaque && !by_subnet
}

fn finding(view: &View<'_>, service: &Service, network: &Network, address: &Spanned<IpAddr>) -> Diagnostic {
    let known = view.wiring.ask(Question::Ipv6AddressWithoutIpv6);
    let (name, on) = (&service.name.value, &network.name.value);
    let switch = match view.wiring.stack.format {
        Format::Quadlet => "`IPv6=true`",
        _ => "`enable_ipv6: true`",
    };
    let message = format!("`{name}` does not start: it is to have {} on `{on}`, which has no IPv6", address.value);
    let finding = Diagnostic::new(&RULE, address.span(), message)
        .here("an IPv6 address")
        .label(network.name.span(), "no IPv6 here")
        .help(why(&known))
        .help(seen(&known, None).replace("ADDRESS", &address.value.to_string()))
        .help(format!(
            "What helps: {switch} and a subnet that holds the address, both on `{on}`; a network that exists has to be \
             removed first. Or no IPv6 address."
        ));
    let finding = match changes(view, network, address.value) {
        Some(changes) => finding.fix(format!("switch IPv6 on for `{on}`"), true, changes),
        None => finding,
    };
    finding.assuming(&known.assumed)
}

/// What gives a network IPv6 with a subnet that holds an address.
fn changes(view: &View<'_>, network: &Network, address: IpAddr) -> Option<Vec<Change>> {
    let IpAddr::V6(address) = address else { return None };
    let mut subnets = network.subnets.iter().filter_map(|subnet| subnet.subnet.as_ref()).map(|subnet| subnet.value);
    let stated: Vec<ipnet::IpNet> = subnets.by_ref().filter(|subnet| subnet.addr().is_ipv6()).collect();
    if !stated.is_empty() && !stated.iter().any(|subnet| subnet.contains(&IpAddr::V6(address))) {
        // Another address is needed as well.
        return None;
    }
    let new = stated.is_empty().then(|| Ipv6Net::new(address, PREFIX).ok().map(|net| net.trunc())).flatten();
    if view.wiring.stack.format == Format::Quadlet {
        let file = format!("{}.network", network.name.value);
        let unit = view.wiring.stack.units.values().find(|unit| unit.kind == UnitKind::Network && unit.file == file)?;
        let section = unit.section("Network")?;
        let lines = ["IPv6=true".to_owned()].into_iter().chain(new.map(|net| format!("Subnet={net}")));
        return Some(lines.map(|line| Change::AddLine { section, line }).collect());
    }
    let Origin::Written(owner) = network.name.origin else { return None };
    let path = vec!["enable_ipv6".to_owned()];
    let mut changes = vec![Change::Set { owner, path, value: "true".to_owned() }];
    let path = vec!["ipam".to_owned(), "config".to_owned()];
    changes.extend(new.map(|net| Change::AddItem { owner, path, item: format!("{{subnet: \"{net}\"}}") }));
    Some(changes)
}
