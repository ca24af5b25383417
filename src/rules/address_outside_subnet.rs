//! QG502: a fixed address that its network does not have, or has for itself.

use std::net::IpAddr;

use ipnet::IpNet;

use super::context::{Context, View, list, seen, why};
use super::ipv6_without_network::lacks_ipv6;
use crate::diagnostic::{Diagnostic, Fixable, Level, Rule, Sink};
use crate::model::{Attachment, Network, Service, Spanned, Subnet};
use crate::network::Verdict;
use crate::platform::{Known, Question};
use crate::source::Span;

pub static RULE: Rule = Rule {
    code: "QG502",
    name: "address-outside-subnet",
    summary: "a fixed address outside of its network, or one that the network has itself: its gateway's, its first or last",
    level: Level::Error,
    since: "0.1.0",
    fixable: Fixable::Never,
    page: include_str!("address_outside_subnet.md"),
};

/// What is wrong with an address.
enum Wrong<'a> {
    /// No subnet holds it.
    Outside,
    /// Nobody knows the subnet before the network is made.
    Unstated,
    /// It is the gateway's: as stated here, or because nothing else is said.
    Gateway(Option<Span>),
    /// It is the first or the last address of a subnet.
    Edge(&'a Spanned<IpNet>),
}

pub fn check(context: &Context<'_>, sink: &mut Sink) {
    for view in &context.views {
        for service in context.stack.services.values() {
            for attachment in &service.networks {
                let Some(network) = context.stack.networks.get(&attachment.network.value) else { continue };
                for address in fixed(attachment) {
                    let Some(wrong) = look(view, network, address.value) else { continue };
                    if let Some(finding) = finding(view, service, network, address, &wrong) {
                        view.report(sink, finding);
                    }
                }
            }
        }
    }
}

/// The addresses that a service is to have on a network.
pub(super) fn fixed(attachment: &Attachment) -> impl Iterator<Item = &Spanned<IpAddr>> {
    attachment.ipv4.iter().chain(&attachment.ipv6)
}

/// Whether everything that a network says about its addresses was understood.
fn is_understood(network: &Network) -> bool {
    let kept = |text: &str| text.to_lowercase().contains("subnet");
    let as_it_stands = network.quadlet.iter().any(|entry| kept(&entry.key.value) || kept(&entry.value.value));
    !network.external
        && !network.attributes.contains_key("ipam.driver")
        && network.subnets.iter().all(|subnet| subnet.subnet.is_some())
        && !as_it_stands
}

fn look<'a>(view: &View<'_>, network: &'a Network, address: IpAddr) -> Option<Wrong<'a>> {
    // QG504's.
    if !is_understood(network) || lacks_ipv6(view, network, address) {
        return None;
    }
    let mut same_kind = network.subnets.iter().filter(|subnet| is_same_kind(subnet, address)).peekable();
    if same_kind.peek().is_none() {
        // With a subnet of the other kind alone Podman takes none of this one, unless IPv6 is switched on.
        let is_stated = !network.subnets.is_empty() && view.wiring.platform.is_podman() && !network.ipv6;
        // A network without subnets that goes past the host asks a DHCP server.
        let is_bridge = network.driver() == "bridge" || !view.wiring.platform.is_podman();
        return if is_stated { Some(Wrong::Outside) } else { is_bridge.then_some(Wrong::Unstated) };
    }
    let holds = |subnet: &&Subnet| subnet.subnet.is_some_and(|subnet| subnet.value.contains(&address));
    let Some(subnet) = same_kind.find(holds) else { return Some(Wrong::Outside) };
    let whole = subnet.subnet.as_ref()?;
    match &subnet.gateway {
        Some(gateway) if gateway.value == address => return Some(Wrong::Gateway(Some(gateway.span()))),
        // The gateway is the first address; on internal networks, and where a range is stated, by no means always.
        None if subnet.range.is_none() && !network.is_internal() && whole.value.hosts().next() == Some(address) => {
            return Some(Wrong::Gateway(None));
        }
        _ => {}
    }
    let edge = match whole.value {
        IpNet::V4(net) => net.prefix_len() < 31 && (address == net.network() || address == net.broadcast()),
        IpNet::V6(net) => net.prefix_len() < 127 && address == net.network(),
    };
    edge.then_some(Wrong::Edge(whole))
}

fn is_same_kind(subnet: &Subnet, address: IpAddr) -> bool {
    subnet.subnet.is_some_and(|subnet| subnet.value.addr().is_ipv4() == address.is_ipv4())
}

fn finding(
    view: &View<'_>,
    service: &Service,
    network: &Network,
    address: &Spanned<IpAddr>,
    wrong: &Wrong<'_>,
) -> Option<Diagnostic> {
    let (name, on, value) = (&service.name.value, &network.name.value, address.value);
    let stated: Vec<&Spanned<IpNet>> = network.subnets.iter().filter_map(|subnet| subnet.subnet.as_ref()).collect();
    let (question, message, here) = match wrong {
        Wrong::Outside => (
            Question::AddressOutsideSubnet,
            format!(
                "`{name}` does not start: its address {value} is not one of `{on}`, which has {}",
                list(stated.iter().map(|subnet| subnet.value.to_string()))
            ),
            "outside of the network",
        ),
        Wrong::Unstated => {
            let question = Question::AddressWithoutSubnet;
            let certain = Verdict::from(view.wiring.ask(question).fact.is) == Verdict::No;
            let starts = if certain { "does not start" } else { "may not start" };
            let message = format!("`{name}` {starts}: it is to have {value} on `{on}`, which states no subnet");
            (question, message, "of which subnet?")
        }
        Wrong::Gateway(_) => (
            Question::AddressOfTheNetwork,
            format!("`{name}` is to have {value}, which is the gateway of `{on}`"),
            "the gateway's",
        ),
        Wrong::Edge(subnet) => {
            let which = if value == subnet.value.network() { "first" } else { "last" };
            let message = format!(
                "`{name}` is to have {value}, the {which} address of {}, which no container can have",
                subnet.value
            );
            (Question::AddressOfTheNetwork, message, "stands for the whole subnet")
        }
    };
    let known = view.wiring.ask(question);
    let level = level(&known)?;
    let mut finding = Diagnostic::new(&RULE, address.span(), message).severity(level).here(here);
    for subnet in &stated {
        finding = finding.label(subnet.span(), format!("the addresses of `{on}`"));
    }
    if stated.is_empty() {
        finding = finding.label(network.name.span(), "no subnet here");
    }
    if let Wrong::Gateway(Some(gateway)) = wrong {
        finding = finding.label(*gateway, "the gateway");
    }
    let helps = match wrong {
        Wrong::Unstated => {
            "What helps: state the subnet of the network, or leave the address out: a name leads to the service as well."
        }
        _ => "What helps: another address of the subnet, or none: a name leads to the service as well.",
    };
    let finding = finding.help(why(&known)).help(seen(&known, None).replace("ADDRESS", &value.to_string())).help(helps);
    Some(finding.assuming(&known.assumed))
}

/// How bad what a fact says is; nothing where it is no fault.
fn level(known: &Known) -> Option<Level> {
    match Verdict::from(known.fact.is) {
        Verdict::No => Some(Level::Error),
        Verdict::Unpredictable => Some(Level::Warning),
        Verdict::Yes | Verdict::Unknown => None,
    }
}
