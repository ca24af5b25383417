//! QG101: under CNI a client on several networks does not resolve the names of all of them.

use std::net::{IpAddr, Ipv4Addr};

use ipnet::IpNet;

use super::context::{Context, Need, View, list, seen, why};
use super::mend;
use crate::diagnostic::{Change, Diagnostic, Fixable, Level, Rule, Sink};
use crate::model::{Attachment, Format, Network, Service, Stack};
use crate::network::{Cause, Verdict};
use crate::platform::Question;

pub static RULE: Rule = Rule {
    code: "QG101",
    name: "multi-homed-dns",
    summary: "a client on several networks that cannot resolve the names of all of them",
    level: Level::Warning,
    since: "0.1.0",
    fixable: Fixable::Unsafe,
    page: include_str!("multi_homed_dns.md"),
};

pub fn check(context: &Context<'_>, sink: &mut Sink) {
    for view in &context.views {
        let several = view.wiring.platform.ask(Question::NamesOnSeveralNetworks);
        if Verdict::from(several.fact.is) == Verdict::Yes {
            continue;
        }
        for client in context.stack.services.values() {
            if let Some(finding) = look(context, view, client) {
                view.report(sink, finding);
            }
        }
    }
}

/// Whether this rule, and not another, explains why a need's name does not resolve.
pub fn explains(need: &Need<'_>) -> bool {
    match &need.resolution.cause {
        Cause::SeveralServers { .. } => true,
        // It has a server to ask, which does not know the name; without any it is the network's fault alone.
        Cause::NoDns { asked, known: Some(_), .. } => !asked.is_empty(),
        _ => false,
    }
}

/// A fixed address for the service that is looked up, unless it has one, and an entry with it in the client's hosts file.
fn by_hosts_file(context: &Context<'_>, need: &Need<'_>) -> Option<(String, Vec<Change>)> {
    let (client, target) = (need.client, need.target);
    if need.reach.verdict != Verdict::Yes || target.network_mode.is_some() {
        return None;
    }
    let shared = |attachment: &&Attachment| client.networks.iter().any(|own| own.network == attachment.network);
    let name = &need.connection.name;
    let fixed = target.networks.iter().filter(shared).find_map(|attachment| attachment.ipv4.map(|ipv4| ipv4.value));
    if let Some(address) = fixed {
        let entry = mend::hosts_entry(context, client, name, &address.to_string())?;
        return Some((format!("write the address of `{name}` into the hosts file"), vec![entry]));
    }
    let attachment = target.networks.iter().find(shared).filter(|attachment| !attachment.network.is_implied())?;
    let network = context.stack.networks.get(&attachment.network.value).filter(|network| !network.external)?;
    let address = free_address(context.stack, target, network)?;
    let entry = mend::hosts_entry(context, client, name, &address.to_string())?;
    let fixed = if context.stack.format == Format::Quadlet {
        let plain = attachment.aliases.is_empty() && attachment.ipv6.is_none() && attachment.attributes.is_empty();
        let text = format!("{}.network", attachment.network.value);
        plain.then(|| mend::swap(attachment.network.span(), &text, format!("{text}:ip={address}")))?
    } else {
        let path = ["networks", attachment.network.value.as_str(), "ipv4_address"].map(str::to_owned).to_vec();
        Change::Set { owner: target.span(), path, value: address.to_string() }
    };
    let what =
        format!("give `{}` the address {address}, and `{}` an entry with it", target.name.value, client.name.value);
    Some((what, vec![fixed, entry]))
}

/// An address near the end of a network's subnet, where the runtime, which begins at its start, comes last. It is the same
/// for whoever asks.
fn free_address(stack: &Stack, target: &Service, network: &Network) -> Option<Ipv4Addr> {
    let [subnet] = network.subnets.as_slice() else { return None };
    let Some(IpNet::V4(net)) = subnet.subnet.map(|net| net.value).filter(|_| subnet.range.is_none()) else {
        return None;
    };
    let at = stack.services.get_index_of(&target.name.value)?;
    let (first, last) = (u32::from(net.network()), u32::from(net.broadcast()));
    let address = last.checked_sub(2)?.checked_sub(u32::try_from(at).ok()?)?;
    let upper_half = address > first + (last - first) / 2;
    let address = Ipv4Addr::from(address);
    let taken = stack.services.values().flat_map(|service| &service.networks).filter_map(|own| own.ipv4);
    let taken = taken.map(|own| own.value).chain(subnet.gateway.map(|gateway| gateway.value));
    let free = { taken }.all(|other| other != IpAddr::V4(address)) && subnet.aux.is_none();
    (upper_half && free).then_some(address)
}

fn look(context: &Context<'_>, view: &View<'_>, client: &Service) -> Option<Diagnostic> {
    let wiring = view.wiring;
    if !wiring.opaque(&[client]).is_empty() {
        return None;
    }
    let on: Vec<&Attachment> = wiring.attachments(client).collect();
    let has_peers = |attachment: &&Attachment| wiring.members(&attachment.network.value).count() > 1;
    let (with, without): (Vec<&Attachment>, Vec<&Attachment>) =
        on.iter().partition(|attachment| wiring.has_dns(&attachment.network.value).is_ok());
    let internal: Vec<&Attachment> = without
        .into_iter()
        .filter(has_peers)
        .filter(|a| matches!(wiring.has_dns(&a.network.value), Err(Some(_))))
        .collect();
    let by_chance = with.len() > 1 && with.iter().any(has_peers);
    if with.is_empty() || (internal.is_empty() && !by_chance) {
        return None;
    }
    let names = |attachments: &[&Attachment]| list(attachments.iter().map(|a| &a.network.value));
    let failing: Vec<&Need<'_>> = view.needs_of(client).filter(|need| explains(need)).collect();
    // All that it is known to look up resolves, through a hosts file perhaps: nothing is broken.
    let mut known = view.needs_of(client).filter(|need| need.looks_up()).peekable();
    if failing.is_empty() && known.peek().is_some() {
        return None;
    }
    let level = if failing.iter().any(|need| need.connection.is_stated()) { Level::Error } else { Level::Warning };

    let several = wiring.platform.ask(Question::NamesOnSeveralNetworks);
    let no_dns = wiring.platform.ask(Question::InternalNetworkDns);
    let mut assumed = several.assumed.to_vec();
    let mut what = Vec::new();
    if !internal.is_empty() {
        what.push(format!("names on {} never resolve in it", names(&internal)));
        assumed.extend_from_slice(&no_dns.assumed);
    }
    if by_chance {
        what.push(format!(
            "of {} it resolves the names of one network only, and which one changes at each start",
            names(&with)
        ));
    } else {
        what.push(format!("names on {} do", names(&with)));
    }
    let needed = match failing.as_slice() {
        [] => String::new(),
        needs => format!("; it needs {}", list(needs.iter().map(|need| &need.connection.name))),
    };
    let first = on.first().map_or(client.span(), |attachment| attachment.network.span());
    let mut finding = Diagnostic::new(
        &RULE,
        first,
        format!("`{}` is on {} networks: {}{needed}", client.name.value, on.len(), what.join(", ")),
    )
    .severity(level)
    .label(client.span(), "on several networks under CNI");
    let always = |attachment: &&&Attachment| attachment.network.span() == first;
    finding = match (internal.iter().any(|a| always(&a)), by_chance) {
        (true, _) => finding.here("names on this network: never"),
        (false, true) => finding.here("names on this network: by chance"),
        (false, false) => finding.here("names on this network: yes"),
    };
    for attachment in &internal {
        finding = finding.label(attachment.network.span(), "names on this network: never");
        if let Some(network) = wiring.stack.networks.get(&attachment.network.value) {
            finding = finding.label(network.internal_span(), "internal: no DNS under CNI");
        }
    }
    for attachment in &with {
        let text = if by_chance { "names on this network: by chance" } else { "names on this network: yes" };
        finding = finding.label(attachment.network.span(), text);
    }
    for need in &failing {
        finding = finding.label(need.connection.span, need.label());
    }
    let cause = if by_chance { &several } else { &no_dns };
    let name = failing.first().map(|need| need.connection.name.as_str());
    finding = finding.help(why(cause)).help(seen(cause, name));
    finding = finding.help(
        "What helps: the netavark backend (`quadgen explain QG202` has the steps), one network for all who talk to each other, or \
         a fixed address (`ipv4_address`) for the other service and an `extra_hosts` entry with it here: a hosts file \
         needs no DNS.",
    );
    // One after the other: several at one place would be one change.
    if let Some((what, changes)) = failing.iter().find_map(|need| by_hosts_file(context, need)) {
        finding = finding.fix(what, false, changes);
    }
    Some(
        finding
            .help("What does not help: `--dns`, `--network-alias` and the option `rotate`; all were tried.")
            .assuming(&assumed),
    )
}
