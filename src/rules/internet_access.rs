//! QG201: a service that must not reach the internet has a way out.

use super::context::{Context, View, unjudged, why};
use super::{host_network_isolation, mend};
use crate::diagnostic::{Change, Diagnostic, Fixable, Level, Rule, Sink};
use crate::model::{Spanned, Stack};
use crate::network::{Breach, Intent, Step};

pub static RULE: Rule = Rule {
    code: "QG201",
    name: "internet-access",
    summary: "a service with `internet: deny` that has a way out",
    level: Level::Error,
    since: "0.1.0",
    fixable: Fixable::Unsafe,
    page: include_str!("internet_access.md"),
};

pub fn check(context: &Context<'_>, sink: &mut Sink) {
    for view in &context.views {
        for judgement in &view.judgements {
            let Intent::Internet(service, span) = judgement.intent else { continue };
            let what = format!("whether `{}` reaches the internet", service.name.value);
            if let Some(finding) = unjudged(&RULE, view, judgement, &what) {
                view.report(sink, finding);
            }
            if host_network_isolation::explains(view, judgement, service) {
                continue;
            }
            for breach in &judgement.breaches {
                view.report(sink, look(context, view, breach, span));
            }
        }
    }
}

/// A network made internal, where its members keep their names, their ports and what they need.
fn shut(context: &Context<'_>, network: &str) -> Option<Change> {
    if context.views.iter().any(|view| view.wiring.is_cni()) {
        return None;
    }
    let edit = |stack: &mut Stack| {
        if let Some(network) = stack.networks.get_mut(network) {
            network.internal = Some(Spanned::implied(true, network.name.span()));
        }
    };
    if !mend::keeps(context, edit, |_| true) {
        return None;
    }
    mend::on_network(context.stack, context.stack.networks.get(network)?, "Internal=true", &["internal"], "true")
}

fn look(context: &Context<'_>, view: &View<'_>, breach: &Breach<'_>, intent: crate::source::Span) -> Diagnostic {
    let service = breach.from;
    let name = &service.name.value;
    let network = breach.path.iter().find_map(|step| match step {
        Step::Network(network) => view.wiring.stack.networks.get(network),
        _ => None,
    });
    // In the host's network it is QG207's.
    let Some(network) = network else {
        let mode = view.wiring.owner(service).network_mode.as_ref();
        let mut finding = Diagnostic::new(
            &RULE,
            intent,
            format!("`{name}` reaches the internet: it is in the runtime's default network"),
        )
        .here("must not reach the internet");
        if let Some(mode) = mode {
            finding = finding.label(mode.span(), "this opens the way");
        }
        return finding.help("What helps: take `network_mode` away and put it on a network with `internal: true`.");
    };
    let known = breach.known.first();
    let mut finding =
        Diagnostic::new(&RULE, intent, format!("`{name}` reaches the internet through `{}`", network.name.value))
            .here("must not reach the internet")
            .label(network.name.span(), "an ordinary network: it leads out");
    if let Some(attachment) = view.wiring.attachments(service).find(|a| a.network.value == network.name.value) {
        finding = finding.label(attachment.network.span(), "the way out");
    }
    if let Some(known) = known {
        finding = finding.help(why(known)).help("What you see: a connection to any outside address succeeds.");
    }
    if let Some(change) = shut(context, &network.name.value) {
        finding = finding.fix(format!("make `{}` internal", network.name.value), false, vec![change]);
    }
    finding.help(if view.wiring.is_cni() {
        format!(
            "What helps: `internal: true` on every network of `{name}`. Under CNI that also takes the network's DNS away \
             (`quadgen explain QG202` has the ways out)."
        )
    } else {
        format!("What helps: `internal: true` on every network of `{name}`.")
    })
}
