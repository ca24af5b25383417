//! QG308: a connection to the host that the platform has no way for.

use super::context::{Context, View, seen, why};
use super::host::{self, HostNeed, HostUse};
use crate::diagnostic::{Diagnostic, Fixable, Level, Rule, Sink};
use crate::network::{HostCause, Verdict};

pub static RULE: Rule = Rule {
    code: "QG308",
    name: "host-unreachable",
    summary: "a connection to the host that the platform has no way for",
    level: Level::Error,
    since: "0.1.0",
    fixable: Fixable::Never,
    page: include_str!("host_unreachable.md"),
};

pub fn check(context: &Context<'_>, sink: &mut Sink) {
    for view in &context.views {
        for need in &view.host_needs {
            let finding = match (need.way.cause, need.used) {
                // QG309 tells of what is reached at some starts.
                (HostCause::Internal, _) if need.way.verdict != Verdict::Unpredictable => internal(view, need),
                (HostCause::NoNetwork, _) => no_network(view, need),
                (HostCause::Mirrored, HostUse::Declared { .. }) => mirrored(view, need),
                _ => continue,
            };
            view.report(sink, finding);
        }
    }
}

fn start(view: &View<'_>, need: &HostNeed<'_>, reason: &str) -> Diagnostic {
    let (client, place) = (&need.client.name.value, host::place(view, &need.host));
    let message = if need.declared {
        format!("`{client}` cannot reach {} on {place}: {reason}", need.target())
    } else {
        format!("`{client}` cannot reach {place} by `{}`: {reason}", need.way.name)
    };
    let mut finding = Diagnostic::new(&RULE, need.span, message).severity(need.level()).here(need.label());
    finding = need.label_host(finding, format!("runs on {place}"));
    for known in &need.way.known {
        finding = finding.assuming(&known.assumed);
    }
    finding
}

fn internal(view: &View<'_>, need: &HostNeed<'_>) -> Diagnostic {
    let reason = format!("`{}` is on internal networks only", need.client.name.value);
    let mut finding = start(view, need, &reason);
    for attachment in view.wiring.attachments(need.client) {
        if let Some(network) = view.wiring.stack.networks.get(&attachment.network.value) {
            finding = finding.label(network.internal_span(), "internal: no way out");
        }
    }
    if let Some(known) = need.way.known.last() {
        finding = finding.help(why(known));
        if !known.fact.symptom.is_empty() {
            finding = finding.help(seen(known, None));
        }
    }
    finding.help(format!(
        "What helps: an ordinary network for `{}` beside the internal one. That opens the internet, too; where it must \
         stay shut, a proxy on both networks that only forwards to the host.",
        need.client.name.value
    ))
}

fn no_network(view: &View<'_>, need: &HostNeed<'_>) -> Diagnostic {
    let reason = format!("`{}` has no network", need.client.name.value);
    let mut finding = start(view, need, &reason);
    if let Some(mode) = &view.wiring.owner(need.client).network_mode {
        finding = finding.label(mode.span(), "no network");
    }
    finding
        .help("What you see: `Network is unreachable`, or that no name is known.")
        .help(format!("What helps: put `{}` on an ordinary network.", need.client.name.value))
}

fn mirrored(view: &View<'_>, need: &HostNeed<'_>) -> Diagnostic {
    let finding = start(view, need, "under mirrored networking nothing leads there from a container's own network")
        .help(
            "Why: Windows and the distribution share 127.0.0.1, and a container has a 127.0.0.1 of its own; the gateway \
             of the default route is the router of the LAN.",
        )
        .help("What you see: `Connection refused`, or a time-out.");
    finding.help(host::mirrored_help(view.wiring.platform, need.client, &need.host))
}
