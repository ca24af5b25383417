//! QG201: a service that must not reach the internet has a way out.

use super::context::{Context, View, unjudged, why};
use super::{host_network_isolation, mend};
use crate::diagnostic::{Change, Diagnostic, Fixable, Level, Rule, Sink};
use crate::maps::HashMap;
use crate::model::{Network, Spanned, Stack};
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
    // Many services may share a network, and a trial of it looks at the whole stack.
    let mut shut: HashMap<&str, Option<Change>> = HashMap::default();
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
                let mut finding = look(view, breach, span);
                if let Some(network) = way_out(view, breach) {
                    let change = shut.entry(&network.name.value).or_insert_with(|| self::shut(context, network));
                    if let Some(change) = change {
                        finding =
                            finding.fix(format!("make `{}` internal", network.name.value), false, vec![change.clone()]);
                    }
                }
                view.report(sink, finding);
            }
        }
    }
}

/// The network by which a service gets out.
fn way_out<'a>(view: &View<'a>, breach: &Breach<'_>) -> Option<&'a Network> {
    breach.path.iter().find_map(|step| match step {
        Step::Network(network) => view.wiring.stack.networks.get(network),
        _ => None,
    })
}

/// A network made internal, where its members keep their names, their ports and what they need.
fn shut(context: &Context<'_>, network: &Network) -> Option<Change> {
    if context.views.iter().any(|view| view.wiring.is_cni()) {
        return None;
    }
    let edit = |stack: &mut Stack| {
        if let Some(network) = stack.networks.get_mut(&network.name.value) {
            network.internal = Some(Spanned::implied(true, network.name.span()));
        }
    };
    if !mend::keeps(context, edit, |_| true) {
        return None;
    }
    mend::on_network(context.stack, network, "Internal=true", &["internal"], "true")
}

fn look(view: &View<'_>, breach: &Breach<'_>, intent: crate::source::Span) -> Diagnostic {
    let service = breach.from;
    let name = &service.name.value;
    let network = way_out(view, breach);
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
    finding.help(if view.wiring.is_cni() {
        format!(
            "What helps: `internal: true` on every network of `{name}`. Under CNI that also takes the network's DNS away \
             (`quadgen explain QG202` has the ways out)."
        )
    } else {
        format!("What helps: `internal: true` on every network of `{name}`.")
    })
}
