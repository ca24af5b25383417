//! QG411: what needs the host's own network, in a rootless deployment: macvlan, ipvlan and SCTP.

use super::context::{Context, View, list, seen, why};
use crate::diagnostic::{Diagnostic, Fixable, Level, Rule, Sink};
use crate::model::{Port, Protocol, Spanned};
use crate::network::Verdict;
use crate::platform::Question;

pub static RULE: Rule = Rule {
    code: "QG411",
    name: "rootless-driver",
    summary: "macvlan, ipvlan or SCTP in a rootless deployment",
    level: Level::Warning,
    since: "0.1.0",
    fixable: Fixable::Never,
    page: include_str!("rootless_driver.md"),
};

pub fn check(context: &Context<'_>, sink: &mut Sink) {
    for view in &context.views {
        drivers(view, sink);
        sctp(view, sink);
    }
}

fn drivers(view: &View<'_>, sink: &mut Sink) {
    let known = view.wiring.ask(Question::DriverPastTheHost);
    if Verdict::from(known.fact.is) != Verdict::No {
        return;
    }
    for network in view.wiring.stack.networks.values() {
        let name = &network.name.value;
        let members: Vec<_> = view.wiring.members(name).collect();
        if network.external || !network.goes_past_the_host() || members.is_empty() {
            continue;
        }
        let driver = network.driver();
        let span = network.driver.as_ref().map_or(network.name.span(), Spanned::span);
        let message =
            format!("`{name}` is {driver}, and a rootless {driver} network does not get to the host's network");
        let mut finding = Diagnostic::new(&RULE, span, message).here(format!("{driver}, rootless"));
        for member in &members {
            for attachment in member.networks.iter().filter(|a| a.network.value == *name) {
                finding = finding.label(attachment.network.span(), format!("`{}` is on it", member.name.value));
            }
        }
        let who = list(members.iter().map(|member| &member.name.value));
        let finding = finding
            .help(why(&known))
            .help(seen(&known, None))
            .help(format!("What helps: a rootful Podman; or a bridge network for {who}, with published ports."));
        view.report(sink, finding.assuming(&known.assumed));
    }
}

fn sctp(view: &View<'_>, sink: &mut Sink) {
    let known = view.wiring.ask(Question::SctpPort);
    if Verdict::from(known.fact.is) != Verdict::No {
        return;
    }
    for service in view.wiring.stack.services.values() {
        if view.wiring.ignored_ports(service).is_some() {
            continue;
        }
        let ports: Vec<&Spanned<Port>> =
            service.ports.iter().filter(|port| port.value.protocol == Protocol::Sctp).collect();
        let Some((first, more)) = ports.split_first() else { continue };
        let name = &service.name.value;
        let shown = list(ports.iter().map(|port| port.value.to_string()));
        let message = format!("`{name}` publishes {shown}, and SCTP cannot be published rootless");
        let mut finding = Diagnostic::new(&RULE, first.span(), message).here("SCTP, rootless");
        for port in more {
            finding = finding.label(port.span(), "this one, too");
        }
        let finding = finding
            .help(why(&known))
            .help(seen(&known, None))
            .help("What helps: a rootful Podman, or `network_mode: host`, where nothing has to be carried.");
        view.report(sink, finding.assuming(&known.assumed));
    }
}
