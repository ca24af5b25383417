//! QG203: networks kept apart in the file that the platform routes between.

use std::collections::BTreeSet;

use super::context::{Context, View, list, sentence, why};
use super::{mend, one_sided_isolate};
use crate::diagnostic::{Change, Diagnostic, Fixable, Level, Rule, Sink};
use crate::model::{Network, Spanned, Stack};
use crate::network::{Breach, Intent, Judgement, Step, Verdict, Wiring};
use crate::platform::Question;

pub static RULE: Rule = Rule {
    code: "QG203",
    name: "unisolated-networks",
    summary: "networks that are kept apart and still reach each other by address",
    level: Level::Info,
    since: "0.1.0",
    fixable: Fixable::Unsafe,
    page: include_str!("unisolated_networks.md"),
};

pub fn check(context: &Context<'_>, sink: &mut Sink) {
    for view in &context.views {
        let stated: Vec<&Judgement<'_>> =
            view.judgements.iter().filter(|judgement| judgement.breaches.iter().any(is_routed)).collect();
        let finding = match stated.as_slice() {
            [] if one_sided_isolate::explains(view) => None,
            [] => unstated(context, view),
            stated => broken(context, view, stated),
        };
        if let Some(finding) = finding {
            view.report(sink, finding);
        }
    }
}

/// Whether a denied connection goes over from one network to another; then this rule reports it, else QG210.
pub fn is_routed(breach: &Breach<'_>) -> bool {
    breach.to.is_some()
        && breach.port.is_none()
        && breach.path.iter().any(|step| matches!(step, Step::Routed(_)))
        && !breach.path.contains(&Step::Host)
}

fn broken(context: &Context<'_>, view: &View<'_>, stated: &[&Judgement<'_>]) -> Option<Diagnostic> {
    let routed = || stated.iter().flat_map(|judgement| judgement.breaches.iter().filter(|breach| is_routed(breach)));
    let pairs: BTreeSet<String> = routed()
        .filter_map(|breach| Some(format!("`{}` reaches `{}`", breach.from.name.value, breach.to?.name.value)))
        .collect();
    let known = routed().flat_map(|breach| &breach.known).next()?;
    let first = stated.first()?;
    let mut finding = Diagnostic::new(
        &RULE,
        first.intent.span(),
        format!("networks that must be apart are not: {}", pairs.into_iter().collect::<Vec<_>>().join(", ")),
    )
    .severity(Level::Error)
    .here("denied here");
    for judgement in stated.iter().skip(1) {
        if let Intent::Deny(deny) = judgement.intent {
            finding = finding.label(deny.text.span(), "denied here");
        }
    }
    let on = routed().flat_map(|breach| &breach.path).filter_map(|step| match step {
        Step::Network(network) | Step::Routed(network) => view.wiring.stack.networks.get(network),
        Step::Host => None,
    });
    let mut networks: Vec<&Network> = Vec::new();
    for network in on {
        finding = finding.label(network.name.span(), "routed to the other");
        if networks.iter().all(|known| known.name != network.name) {
            networks.push(network);
        }
    }
    finding = isolated(context, finding, &networks);
    Some(
        finding
            .help(why(known))
            .help(
                "quadgen writes `Options=isolate=true` where a `deny` needs it, unless a connection needs the way between \
                 the networks, a network exists outside of the stack, or `isolate` is set by hand. What helps: put those \
                 who talk to each other on one network, or set `driver_opts: {isolate: \"true\"}` on both networks.",
            )
            .assuming(&known.assumed),
    )
}

/// Offers `isolate` on some networks, where it keeps them apart on every platform and no connection needs the way.
fn isolated(context: &Context<'_>, finding: Diagnostic, networks: &[&Network]) -> Diagnostic {
    let mut podmans = context.views.iter().map(|view| view.wiring.platform.is_podman());
    let changes = networks.iter().map(|network| mend::option(context.stack, network, "isolate", "true"));
    let Some(changes) = changes.collect::<Option<Vec<Change>>>().filter(|_| podmans.all(|podman| podman)) else {
        return finding;
    };
    let edit = |stack: &mut Stack| {
        for network in networks {
            if let Some(network) = stack.networks.get_mut(&network.name.value) {
                let span = network.name.span();
                network.options.insert("isolate".to_owned(), Spanned::implied("true".to_owned(), span));
            }
        }
    };
    let apart = |wiring: &Wiring<'_>| {
        let names = || networks.iter().map(|network| network.name.value.as_str());
        names().all(|from| names().all(|to| from == to || wiring.crossing(from, to).verdict == Verdict::No))
    };
    if !mend::keeps(context, edit, apart) {
        return finding;
    }
    let names = list(networks.iter().map(|network| &network.name.value));
    finding.fix(format!("isolate {names}"), false, changes)
}

/// No intent is broken, but somebody may think that separate networks are separate.
fn unstated(context: &Context<'_>, view: &View<'_>) -> Option<Diagnostic> {
    let known = view.wiring.platform.ask(Question::RoutedBetweenNetworks);
    let open = view.wiring.routed();
    let first = open.first()?;
    let mut finding = Diagnostic::new(
        &RULE,
        first.name.span(),
        format!(
            "{} are not isolated from each other: members reach each other by address",
            list(open.iter().map(|n| &n.name.value))
        ),
    )
    .here("routed to the others");
    for network in open.iter().skip(1) {
        finding = finding.label(network.name.span(), "routed to the others");
    }
    finding = isolated(context, finding, &open);
    Some(
        finding
            .help(format!("{} Names still resolve on shared networks only.", sentence(&known.fact.why)))
            .help("What helps: say who must not reach whom with `deny`, or set `driver_opts: {isolate: \"true\"}` on all of them.")
            .assuming(&known.assumed),
    )
}
