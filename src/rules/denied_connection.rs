//! QG210: a denied connection that is possible after all.

use super::context::{Context, View, unjudged, why};
use super::{host_network_isolation, host_reachable_from_internal, unisolated_networks};
use crate::diagnostic::{Diagnostic, Fixable, Level, Rule, Sink};
use crate::network::{Breach, Intent, Step};
use crate::source::Span;

pub static RULE: Rule = Rule {
    code: "QG210",
    name: "denied-connection",
    summary: "a `deny` that does not hold: the connection is possible after all",
    level: Level::Error,
    since: "0.1.0",
    fixable: Fixable::Never,
    page: include_str!("denied_connection.md"),
};

/// How many ways a message tells of.
const SHOWN: usize = 3;

pub fn check(context: &Context<'_>, sink: &mut Sink) {
    for view in &context.views {
        for judgement in &view.judgements {
            let (span, target) = match judgement.intent {
                Intent::Deny(deny) => (deny.text.span(), None),
                Intent::Host(_, span) => (span, Some("the host")),
                Intent::Internet(..) | Intent::Connects(..) => continue,
            };
            if let Some(finding) = unjudged(&RULE, view, judgement, "whether this holds") {
                view.report(sink, finding);
            }
            let is_left = |breach: &&Breach<'_>| {
                !unisolated_networks::is_routed(breach)
                    && !host_reachable_from_internal::explains(view, breach)
                    && !host_network_isolation::explains(view, judgement, breach.from)
            };
            let ways: Vec<&Breach<'_>> = judgement.breaches.iter().filter(is_left).collect();
            if !ways.is_empty() {
                view.report(sink, look(view, &ways, span, target));
            }
        }
    }
}

/// One finding for an intent, however many ways lead round it.
fn look(view: &View<'_>, ways: &[&Breach<'_>], span: Span, target: Option<&str>) -> Diagnostic {
    let told: Vec<(String, String)> = ways.iter().map(|way| tell(way, target)).collect();
    let mut messages: Vec<&str> = told.iter().map(|(message, _)| message.as_str()).collect();
    messages.dedup();
    let more = messages.len().saturating_sub(SHOWN);
    messages.truncate(SHOWN);
    let more = if more > 0 { format!("; and {more} more") } else { String::new() };
    let mut finding = Diagnostic::new(&RULE, span, format!("{}{more}", messages.join("; "))).here("denied here");
    for breach in ways {
        finding = places(view, breach, finding);
    }
    let mut assumed = Vec::new();
    for known in ways.iter().filter_map(|breach| breach.known.first()) {
        assumed.extend_from_slice(&known.assumed);
        finding = finding.help(why(known));
    }
    for (_, what_helps) in told {
        finding = finding.help(what_helps);
    }
    finding.assuming(&assumed)
}

/// What happens on one way, and what helps.
fn tell(breach: &Breach<'_>, target: Option<&str>) -> (String, String) {
    let from = &breach.from.name.value;
    let outside = target.unwrap_or(match breach.path.last() {
        Some(Step::Host) => "the host",
        _ => "the internet",
    });
    let to = breach.to.map_or_else(|| outside.to_owned(), |to| format!("`{}`", to.name.value));
    let (how, what_helps) = match (&breach.port, breach.path.as_slice()) {
        (Some(through), _) if through.port.value.is_loopback() => (
            format!("through port {} that it publishes on the host", through.port.value),
            "What helps: do not publish that port.".to_owned(),
        ),
        (Some(through), _) => (
            format!("through port {} that it publishes on the host", through.port.value),
            "What helps: publish that port on 127.0.0.1 only, where containers do not reach that, or not at all."
                .to_owned(),
        ),
        (None, [.., Step::Host]) if breach.to.is_some() => {
            ("through the host, whose network it shares".to_owned(), "What helps: another `network_mode`.".to_owned())
        }
        (None, [Step::Network(network), ..]) if breach.to.is_some() => (
            format!("on `{network}`, which both are on"),
            "What helps: take one of the two off that network.".to_owned(),
        ),
        (None, [Step::Network(network), ..]) => (
            format!("through `{network}`"),
            format!(
                "What helps: `internal: true` on every network of `{from}`, where that is enough on this platform."
            ),
        ),
        _ => ("from the network it shares".to_owned(), "What helps: another `network_mode`.".to_owned()),
    };
    (format!("`{from}` reaches {to} {how}"), what_helps)
}

/// Labels every place on a way.
fn places(view: &View<'_>, breach: &Breach<'_>, mut finding: Diagnostic) -> Diagnostic {
    if let Some(through) = &breach.port {
        finding = finding.label(through.port.span(), "open to containers on other networks, too");
    }
    for step in &breach.path {
        let Step::Network(network) = step else { continue };
        for service in [Some(breach.from), breach.to].into_iter().flatten() {
            if let Some(attachment) = view.wiring.attachments(service).find(|a| a.network.value == *network) {
                finding =
                    finding.label(attachment.network.span(), format!("`{}` is on `{network}`", service.name.value));
            }
        }
    }
    let modes =
        [Some(breach.from), breach.to].into_iter().flatten().filter_map(|service| service.network_mode.as_ref());
    for mode in modes {
        finding = finding.label(mode.span(), "this opens the way");
    }
    finding
}
