//! QG101: under CNI a client on several networks does not resolve the names of all of them.

use super::context::{Context, Need, View, list, seen, why};
use crate::diagnostic::{Diagnostic, Fixable, Level, Rule, Sink};
use crate::model::{Attachment, Service};
use crate::network::{Cause, Verdict};
use crate::platform::Question;

pub static RULE: Rule = Rule {
    code: "QG101",
    name: "multi-homed-dns",
    summary: "a client on several networks that cannot resolve the names of all of them",
    level: Level::Warning,
    since: "0.1.0",
    fixable: Fixable::Never,
    page: include_str!("multi_homed_dns.md"),
};

pub fn check(context: &Context<'_>, sink: &mut Sink) {
    for view in &context.views {
        let several = view.wiring.platform.ask(Question::NamesOnSeveralNetworks);
        if Verdict::from(several.fact.is) == Verdict::Yes {
            continue;
        }
        for client in context.stack.services.values() {
            if let Some(finding) = look(view, client) {
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

fn look(view: &View<'_>, client: &Service) -> Option<Diagnostic> {
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
    let failing: Vec<&Need<'_>> =
        view.needs.iter().filter(|need| need.client.name == client.name && explains(need)).collect();
    // All that it is known to look up resolves, through a hosts file perhaps: nothing is broken.
    let mut known = view.needs.iter().filter(|need| need.client.name == client.name && need.looks_up()).peekable();
    if failing.is_empty() && known.peek().is_some() {
        return None;
    }
    let level = if failing.iter().any(|need| need.connection.is_stated()) { Level::Error } else { Level::Warning };

    let several = wiring.platform.ask(Question::NamesOnSeveralNetworks);
    let no_dns = wiring.platform.ask(Question::InternalNetworkDns);
    let mut assumed = several.assumed.clone();
    let mut what = Vec::new();
    if !internal.is_empty() {
        what.push(format!("names on {} never resolve in it", names(&internal)));
        assumed.extend(no_dns.assumed.clone());
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
    Some(
        finding
            .help("What does not help: `--dns`, `--network-alias` and the option `rotate`; all were tried.")
            .assuming(&assumed),
    )
}
