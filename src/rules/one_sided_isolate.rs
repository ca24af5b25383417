//! QG204: `isolate` on a network that it does not isolate.

use super::context::{Context, View, list, seen, why};
use super::unisolated_networks;
use crate::diagnostic::{Change, Diagnostic, Fixable, Level, Rule, Sink};
use crate::model::{Format, Network, Text};
use crate::network::{Isolation, Verdict};
use crate::platform::{Is, Question};
use crate::source::Span;

pub static RULE: Rule = Rule {
    code: "QG204",
    name: "one-sided-isolate",
    summary: "`isolate` on a network that it does not isolate, because the other network does not have it",
    level: Level::Warning,
    since: "0.1.0",
    fixable: Fixable::Safe,
    page: include_str!("one_sided_isolate.md"),
};

pub fn check(context: &Context<'_>, sink: &mut Sink) {
    for view in &context.views {
        let refused = view.wiring.ask(Question::StrictIsolation);
        for (_, option) in written(view, Isolation::Strict).filter(|_| refused.fact.is == Is::No) {
            let finding = Diagnostic::new(&RULE, option.span(), "`isolate=strict` is too new for this platform")
                .severity(Level::Error)
                .here("not taken")
                .help(why(&refused))
                .help(seen(&refused, None))
                .help("What helps: `isolate=true` on both networks that must be apart.");
            view.report(sink, finding.assuming(&refused.assumed));
        }
        if let Some((network, option, open)) = found(view) {
            view.report(sink, one_sided(view, network, option, &open));
        }
    }
}

/// Whether this rule, and not QG203, says that networks are not isolated from each other.
pub fn explains(view: &View<'_>) -> bool {
    found(view).is_some()
}

/// The networks whose file says `isolate`, each with the option.
fn written<'a>(view: &View<'a>, wanted: Isolation) -> impl Iterator<Item = (&'a Network, &'a Text)> {
    let isolations = &view.wiring.isolations;
    let networks = view.wiring.stack.networks.values();
    networks.filter_map(move |network| {
        let option = network.options.get("isolate")?;
        (isolations.get(network.name.value.as_str()) == Some(&wanted)).then_some((network, option))
    })
}

/// The one network that asks to be isolated, and those that it is not isolated from. Where two or more have the option, it
/// has its effect between them, and the others may be open on purpose.
fn found<'a>(view: &View<'a>) -> Option<(&'a Network, &'a Text, Vec<&'a Network>)> {
    let wiring = view.wiring;
    // A broken intent is the worse news, and QG203 tells it.
    if view.judgements.iter().any(|judgement| judgement.breaches.iter().any(unisolated_networks::is_routed)) {
        return None;
    }
    let mut isolated = wiring.isolations.values().filter(|isolation| **isolation == Isolation::True);
    if isolated.next().is_none() || isolated.next().is_some() {
        return None;
    }
    let (network, option) = written(view, Isolation::True).next()?;
    let name = network.name.value.as_str();
    let is_open = |other: &&Network| {
        let other = other.name.value.as_str();
        other != name
            && wiring.isolations.get(other) == Some(&Isolation::None)
            && wiring.members(other).next().is_some()
            && wiring.crossing(name, other).verdict == Verdict::Yes
    };
    let open: Vec<&Network> = wiring.stack.networks.values().filter(is_open).collect();
    (!open.is_empty() && wiring.members(name).next().is_some()).then_some((network, option, open))
}

fn one_sided(view: &View<'_>, network: &Network, option: &Text, open: &[&Network]) -> Diagnostic {
    let known = view.wiring.ask(Question::OneSidedIsolation);
    let (name, others) = (&network.name.value, list(open.iter().map(|open| &open.name.value)));
    let lack = if open.len() == 1 { "does not have it" } else { "do not have it" };
    let message = format!("`isolate={}` of `{name}` has no effect: {others} {lack}", option.value);
    let mut finding = Diagnostic::new(&RULE, option.span(), message).here("no effect alone");
    for other in open {
        finding = finding.label(other.name.span(), format!("no `isolate`: routed to and from `{name}`"));
    }
    let set = if view.wiring.stack.format == Format::Quadlet {
        format!("`Options=isolate=true` on {others}, too")
    } else {
        format!("`driver_opts: {{isolate: \"true\"}}` on {others}, too")
    };
    finding = finding
        .help(why(&known))
        .help(format!(
            "What you see: members of {others} reach those of `{name}` by address, and the other way round, as if \
             nothing were set."
        ))
        .help(format!(
            "What helps: {set}; then remove the networks (`podman network rm`) and start the containers again, because \
             a network that exists stays as it is."
        ));
    let sections: Vec<Change> =
        open.iter().filter_map(|other| in_section(view, other, "Options=isolate=true")).collect();
    if sections.len() == open.len() {
        finding = finding.fix(format!("write `Options=isolate=true` for {others}"), true, sections);
    }
    finding.assuming(&known.assumed)
}

/// A line at the head of a network's own section, where it was read from a unit that has one.
pub(super) fn in_section(view: &View<'_>, network: &Network, line: &str) -> Option<Change> {
    // The place of a unit is the name in its section's header, or what may be meant for it.
    let section = network.name.span();
    let is_section =
        view.wiring.stack.format == Format::Quadlet && (section.end - section.start) as usize == "Network".len();
    let behind = section.end.saturating_add(1);
    is_section.then(|| Change::Replace { span: Span::new(behind, behind), text: format!("\n{line}") })
}
