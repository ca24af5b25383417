//! QG104: a name that a client needs and that does not resolve from where it stands.

use super::context::{Context, Need, View, list};
use super::{alias_without_effect, default_network_without_dns, mend, missing_container_name, multi_homed_dns};
use crate::diagnostic::{Change, Diagnostic, Fixable, Level, Rule, Sink};
use crate::model::{Endpoint, Witness};
use crate::network::{Cause, Home, Verdict};

pub static RULE: Rule = Rule {
    code: "QG104",
    name: "unresolvable-name",
    summary: "a name that a client needs and that does not resolve from where it stands",
    level: Level::Error,
    since: "0.1.0",
    fixable: Fixable::Safe,
    page: include_str!("unresolvable_name.md"),
};

pub fn check(context: &Context<'_>, sink: &mut Sink) {
    for view in &context.views {
        // `depends_on` is about order: it does not say that a name is looked up.
        let looked_up = view.needs.iter().filter(|need| need.connection.witness != Witness::DependsOn);
        for need in looked_up.filter(|need| need.resolution.verdict == Verdict::No) {
            let elsewhere = [
                multi_homed_dns::explains(need),
                missing_container_name::explains(need),
                default_network_without_dns::explains(need),
                alias_without_effect::explains(view, need),
            ];
            if elsewhere.contains(&true) {
                continue;
            }
            if let Some(finding) = look(context, view, need) {
                view.report(sink, finding);
            }
        }
    }
}

/// Whether a name works on every platform on which the present one fails, and is no worse on the others.
fn resolves_better(context: &Context<'_>, need: &Need<'_>, name: &str) -> bool {
    context.views.iter().all(|view| {
        let verdict = |name: &str| view.wiring.resolves(need.client, need.target, name).verdict;
        verdict(name) == Verdict::Yes || verdict(name) == verdict(&need.connection.name)
    })
}

/// Another name in the value that names the target, where it stands there as it is.
fn in_value(context: &Context<'_>, need: &Need<'_>, text: &str) -> Option<Change> {
    let connection = need.connection;
    let meant = |endpoint: &&Endpoint| endpoint.span == connection.span && endpoint.host == connection.name;
    let endpoint = need.client.endpoints.iter().find(meant).filter(|_| connection.witness == Witness::Url)?;
    mend::host_in(context.stack, need.client, endpoint, text)
}

fn look(context: &Context<'_>, view: &View<'_>, need: &Need<'_>) -> Option<Diagnostic> {
    let (client, target) = (&need.client.name.value, &need.target.name.value);
    let name = &need.connection.name;
    let new = |why: String| {
        Diagnostic::new(&RULE, need.connection.span, format!("`{name}` does not resolve in `{client}`: {why}"))
            .severity(need.level())
            .here(need.label())
    };
    let finding = match &need.resolution.cause {
        Cause::OtherName { .. } if view.wiring.owner(need.client).name == view.wiring.owner(need.target).name => {
            let finding = new("they share one network namespace, which has one name".to_owned())
                .help("What helps: use `localhost`, which is both.");
            let same = |view: &View<'_>| view.wiring.owner(need.client).name == view.wiring.owner(need.target).name;
            match context.views.iter().all(same).then(|| in_value(context, need, "localhost")).flatten() {
                Some(change) => finding.fix("use `localhost`", true, vec![change]),
                None => finding,
            }
        }
        Cause::OtherName { works } => {
            let known_as = list(works);
            let mut finding = new(format!("on the network they share, `{target}` is known as {known_as}"));
            let better = works.iter().find(|name| resolves_better(context, need, name));
            if let Some((name, change)) = better.and_then(|name| Some((name, in_value(context, need, name)?))) {
                finding = finding.fix(format!("use the name `{name}`"), true, vec![change]);
            }
            finding
                .label(need.target.span(), format!("known as {known_as}"))
                .help(format!("What helps: use {known_as}, or give `{target}` the alias `{name}` on that network."))
        }
        // Without a way by address either, QG208 says it.
        Cause::NoSharedNetwork if need.reach.verdict != Verdict::Yes => return None,
        Cause::NoSharedNetwork => new(format!(
            "they share no network; its address can be reached on {}, but names are only served to members",
            view.wiring.platform.describe()
        ))
        .label(need.target.span(), "on other networks")
        .help(format!("What helps: put `{client}` and `{target}` on one network.")),
        Cause::NoDns { networks, known: None, .. } => {
            let mut finding = new(format!("{} has its DNS switched off", list(networks)));
            for network in networks.iter().filter_map(|network| view.wiring.stack.networks.get(network)) {
                if let Some(span) = network.dns_disabled {
                    finding = finding.label(span, "DNS is off here");
                }
            }
            finding.help("What helps: leave `DisableDNS` out.")
        }
        // An internal network under CNI: QG102 or QG202 says it.
        Cause::NoDns { .. } => return None,
        Cause::NotOnNetworks { service, home } => {
            // Reachable by address or not, there is no network that could serve the name.
            let place = match home {
                Home::Host => "in the host's network",
                Home::Nowhere => return None,
                Home::Networks | Home::Default | Home::Elsewhere => "outside of the stack's networks",
            };
            let mode = view.wiring.stack.services.get(service)?.network_mode.as_ref()?;
            let finding = new(format!("`{service}` is {place}, and names are only served on networks of the stack"));
            let finding = finding.label(mode.span(), format!("puts `{service}` there"));
            match home {
                Home::Host if service == target => finding.help(format!(
                    "What helps: reach it through the host, or put `{target}` on a network that `{client}` is on."
                )),
                Home::Host => finding.help(format!(
                    "What helps: publish the port of `{target}` on 127.0.0.1 and use that, or put both on one network."
                )),
                _ => finding.help(format!("What helps: put `{client}` and `{target}` on one network of the stack.")),
            }
        }
        Cause::Found { .. }
        | Cause::HostsFile
        | Cause::SharedHostsFile
        | Cause::NoNames { .. }
        | Cause::NotAName { .. }
        | Cause::SeveralServers { .. }
        | Cause::Ambiguous { .. }
        | Cause::OnAnotherNetwork { .. }
        | Cause::Unknown { .. } => return None,
    };
    Some(finding)
}
