//! QG208: a connection that no packet can make, or that goes to the wrong port.

use super::context::{Context, Need, View, seen, unjudged, why};
use super::{mend, multi_homed_dns};
use crate::diagnostic::{Diagnostic, Fixable, Level, Rule, Sink};
use crate::model::Witness;
use crate::network::{Home, Intent, Verdict};

pub static RULE: Rule = Rule {
    code: "QG208",
    name: "unreachable-connection",
    summary: "a connection that is not possible by address, or uses a port that only the host has",
    level: Level::Error,
    since: "0.1.0",
    fixable: Fixable::Unsafe,
    page: include_str!("unreachable_connection.md"),
};

pub fn check(context: &Context<'_>, sink: &mut Sink) {
    for view in &context.views {
        for judgement in &view.judgements {
            let Intent::Connects(service, connection) = judgement.intent else { continue };
            let what = format!("whether `{}` reaches `{}`", service.name.value, connection.name);
            if let Some(finding) = unjudged(&RULE, view, judgement, &what) {
                view.report(sink, finding);
            }
        }
        // `depends_on` is about order: it does not say that a connection is made.
        for need in view.needs.iter().filter(|need| need.connection.witness != Witness::DependsOn) {
            if need.reach.verdict == Verdict::No {
                view.report(sink, unreachable(view, need));
            } else if let Some(finding) = wrong_port(context, view, need).filter(|_| !multi_homed_dns::explains(need)) {
                view.report(sink, finding);
            }
        }
    }
}

fn unreachable(view: &View<'_>, need: &Need<'_>) -> Diagnostic {
    let (client, target) = (&need.client.name.value, &need.target.name.value);
    let shut = [need.client, need.target].into_iter().find(|service| view.wiring.home(service) == Home::Nowhere);
    let cause = match shut {
        Some(service) => format!("`{}` has no network", service.name.value),
        None if view.wiring.home(need.client) == Home::Host => "the host does not reach its network".to_owned(),
        None if need.reach.known.iter().any(|known| known.fact.name == "isolate-both") => {
            "they share no network, and theirs are isolated from each other".to_owned()
        }
        None => "they share no network".to_owned(),
    };
    let mut finding =
        Diagnostic::new(&RULE, need.connection.span, format!("`{client}` cannot reach `{target}`: {cause}"))
            .severity(need.level())
            .here(need.label());
    for (service, text) in [(need.client, "is on"), (need.target, "is on")] {
        for attachment in view.wiring.attachments(service) {
            finding = finding.label(
                attachment.network.span(),
                format!("`{}` {text} `{}`", service.name.value, attachment.network.value),
            );
        }
        if let Some(mode) = &service.network_mode {
            finding = finding.label(mode.span(), format!("the network of `{}`", service.name.value));
        }
    }
    if let Some(known) = need.reach.known.first() {
        finding = finding.help(why(known)).assuming(&known.assumed);
        if !known.fact.symptom.is_empty() {
            finding = finding.help(seen(known, None));
        }
    }
    let first = shut.map(|service| format!("take `network_mode` away from `{}`, and ", service.name.value));
    finding.help(format!("What helps: {}put `{client}` and `{target}` on one network.", first.unwrap_or_default()))
}

/// A published port that is used inside, where only the container's own port listens.
fn wrong_port(context: &Context<'_>, view: &View<'_>, need: &Need<'_>) -> Option<Diagnostic> {
    let wanted = need.connection.port?;
    let (published, own) = view.wiring.host_port_only(need.target, wanted)?;
    let (target, name) = (&need.target.name.value, &need.connection.name);
    let finding = Diagnostic::new(
        &RULE,
        need.connection.span,
        format!("`{target}` listens on port {own} inside; {wanted} is its port on the host"),
    )
    .severity(need.level())
    .here(need.label())
    .label(published.span(), format!("{wanted} on the host, {own} in the container"))
    .help("Why: containers reach each other on the container's own ports; a published port exists on the host only.")
    .help("What you see: `Connection refused`.")
    .help(format!("What helps: use `{name}:{own}`."));
    let everywhere = context
        .views
        .iter()
        .all(|view| view.wiring.host_port_only(need.target, wanted).is_some_and(|(_, inside)| inside == own));
    if !everywhere || !mend::is_own(context.stack, need.client, need.connection.span) {
        return Some(finding);
    }
    // A port in a variable of its own stands elsewhere, and this change is given up.
    let change = mend::swap(need.connection.span, format!("{name}:{wanted}"), format!("{name}:{own}"));
    Some(finding.fix(format!("use `{name}:{own}`"), false, vec![change]))
}
