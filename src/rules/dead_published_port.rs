//! QG402: a published port that nobody can use, because its container is on internal networks only.

use super::context::{Context, list, seen, why};
use crate::diagnostic::{Diagnostic, Fixable, Level, Rule, Sink};
use crate::network::Verdict;

pub static RULE: Rule = Rule {
    code: "QG402",
    name: "dead-published-port",
    summary: "a port published by a container on internal networks only, where it never answers",
    level: Level::Error,
    since: "0.1.0",
    fixable: Fixable::Never,
    page: include_str!("dead_published_port.md"),
};

pub fn check(context: &Context<'_>, sink: &mut Sink) {
    for view in &context.views {
        for service in context.stack.services.values() {
            let Some(port) = service.ports.first() else { continue };
            let published = view.wiring.published(service);
            let Some(known) = published.known.first() else { continue };
            if published.verdict != Verdict::No {
                continue;
            }
            let networks: Vec<_> = view
                .wiring
                .attachments(service)
                .filter_map(|attachment| view.wiring.stack.networks.get(&attachment.network.value))
                .collect();
            let ports = list(service.ports.iter().map(|port| port.value.to_string()));
            let ports = format!("{} {ports}", if service.ports.len() == 1 { "port" } else { "ports" });
            let mut finding = Diagnostic::new(
                &RULE,
                port.span(),
                format!(
                    "{ports} of `{}` {}: it is on {} only, {}",
                    service.name.value,
                    if service.ports.len() == 1 { "never answers" } else { "never answer" },
                    list(networks.iter().map(|network| &network.name.value)),
                    if networks.len() == 1 { "which is internal" } else { "which are internal" },
                ),
            )
            .here("published, and dead");
            for network in networks {
                finding = finding.label(network.internal_span(), "internal");
            }
            let finding = finding
                .help(why(known))
                .help(seen(known, None))
                .help(format!(
                    "What helps: put `{}` on an ordinary network as well, or a proxy that is on both in front of it.",
                    service.name.value
                ))
                .assuming(&known.assumed);
            view.report(sink, finding);
        }
    }
}
