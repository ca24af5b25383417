//! QG210: a denied connection that is possible after all.

use super::context::{Context, View};
use super::unisolated_networks;
use crate::diagnostic::{Diagnostic, Fixable, Level, Rule, Sink};
use crate::network::{Breach, Intent, Step};

pub static RULE: Rule = Rule {
    code: "QG210",
    name: "denied-connection",
    summary: "a `deny` that does not hold: the connection is possible after all",
    level: Level::Error,
    since: "0.1.0",
    fixable: Fixable::Never,
    page: include_str!("denied_connection.md"),
};

pub fn check(context: &Context<'_>, sink: &mut Sink) {
    for view in &context.views {
        for judgement in &view.judgements {
            let (span, target) = match judgement.intent {
                Intent::Deny(deny) => (deny.text.span(), None),
                Intent::Host(_, span) => (span, Some("the host")),
                Intent::Internet(..) | Intent::Connects(..) => continue,
            };
            for breach in judgement.breaches.iter().filter(|breach| !unisolated_networks::is_routed(breach)) {
                let outside = target.unwrap_or(match breach.path.last() {
                    Some(Step::Host) if breach.to.is_none() => "the host",
                    _ => "the internet",
                });
                view.report(sink, look(view, breach, span, outside));
            }
        }
    }
}

fn look(view: &View<'_>, breach: &Breach<'_>, span: crate::source::Span, outside: &str) -> Diagnostic {
    let from = &breach.from.name.value;
    let to = breach.to.map_or_else(|| outside.to_owned(), |to| format!("`{}`", to.name.value));
    let (how, what_helps) = match (&breach.port, breach.path.as_slice()) {
        (Some(through), _) => (
            format!("through port {} that it publishes on the host", through.port.value),
            "What helps: publish that port on 127.0.0.1 only, or not at all.".to_owned(),
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
        _ => ("from where it is".to_owned(), "What helps: another `network_mode`.".to_owned()),
    };
    let mut finding = Diagnostic::new(&RULE, span, format!("`{from}` reaches {to} {how}")).here("denied here");
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
    for mode in [Some(breach.from), breach.to].into_iter().flatten().filter_map(|service| service.network_mode.as_ref())
    {
        finding = finding.label(mode.span(), "this opens the way");
    }
    if let Some(known) = breach.known.first() {
        finding = finding.help(format!("Why: on {}, {}.", view.platform(), known.fact.why)).assuming(&known.assumed);
    }
    finding.help(what_helps)
}
