//! QG102: an internal network without any DNS, because its backend is CNI.

use super::context::{Context, Need, View, list, seen, why};
use super::multi_homed_dns;
use crate::diagnostic::{Diagnostic, Fixable, Level, Rule, Sink};
use crate::model::Network;
use crate::network::{Cause, Verdict};
use crate::platform::Question;

pub static RULE: Rule = Rule {
    code: "QG102",
    name: "internal-network-without-dns",
    summary: "an internal network on which no name resolves, because CNI gives it no DNS",
    level: Level::Warning,
    since: "0.1.0",
    fixable: Fixable::Never,
    page: include_str!("internal_network_without_dns.md"),
};

pub fn check(context: &Context<'_>, sink: &mut Sink) {
    for view in &context.views {
        let known = view.wiring.platform.ask(Question::InternalNetworkDns);
        if Verdict::from(known.fact.is) == Verdict::Yes {
            continue;
        }
        for network in context.stack.networks.values().filter(|network| network.is_internal()) {
            let members: Vec<&str> = view.wiring.members(&network.name.value).map(|s| s.name.value.as_str()).collect();
            let all = needs_on(view, network);
            // Where isolation was stated, the conflict between it and DNS is the finding: QG202.
            if members.len() < 2 || super::isolation_lost_to_backend::applies(view, network, &all) {
                continue;
            }
            // A client on several networks is QG101's.
            let needs: Vec<&Need<'_>> = all.iter().copied().filter(|need| !multi_homed_dns::explains(need)).collect();
            // Where a hosts file holds the names that are looked up here, nobody asks.
            let mut met = view.needs.iter().filter(|need| {
                need.looks_up()
                    && need.resolution.verdict == Verdict::Yes
                    && view.wiring.is_member(need.target, &network.name.value)
            });
            if needs.is_empty() && (!all.is_empty() || met.next().is_some()) {
                continue;
            }
            let level =
                if needs.iter().any(|need| need.connection.is_stated()) { Level::Error } else { Level::Warning };
            let names = if needs.is_empty() {
                list(members.iter())
            } else {
                list(needs.iter().map(|need| &need.connection.name))
            };
            let mut finding = Diagnostic::new(
                &RULE,
                network.internal_span(),
                format!(
                    "`{}` is internal, so it has no DNS here: {names} cannot be resolved on it",
                    network.name.value
                ),
            )
            .severity(level)
            .here("internal: no DNS under CNI");
            for need in &needs {
                finding = finding.label(need.connection.span, need.label());
            }
            let finding = finding
                .help(why(&known))
                .help(seen(&known, needs.first().map(|need| need.connection.name.as_str())))
                .help(
                    "What helps: the netavark backend, which serves internal networks too (`quadgen explain QG202` has the \
                     steps), or a fixed address (`ipv4_address`) for the service that is looked up and an `extra_hosts` \
                     entry with it in those that look: a hosts file needs no DNS.",
                )
                .assuming(&known.assumed);
            view.report(sink, finding);
        }
    }
}

/// The needs whose name does not resolve because this network has no DNS.
pub fn needs_on<'v, 'a>(view: &'v View<'a>, network: &Network) -> Vec<&'v Need<'a>> {
    let fails_here = |need: &&Need<'_>| match &need.resolution.cause {
        Cause::NoDns { networks, known: Some(_), .. } => networks.contains(&network.name.value),
        _ => false,
    };
    view.needs.iter().filter(fails_here).collect()
}
