//! QG204: `isolate` on a network that it does not isolate.

use super::context::{Context, View, list, quoted, seen, some, why};
use super::unisolated_networks;
use crate::diagnostic::{Change, Diagnostic, Fixable, Level, Rule, Sink};
use crate::model::{Format, Network, Service, Text};
use crate::network::{Isolation, Verdict, Wiring};
use crate::platform::{Is, Question};

pub static RULE: Rule = Rule {
    code: "QG204",
    name: "one-sided-isolate",
    summary: "`isolate` on a network that it does not isolate, because the other network does not have it",
    level: Level::Warning,
    since: "0.1.0",
    fixable: Fixable::Safe,
    page: include_str!("one_sided_isolate.md"),
};

/// What makes the isolation real that somebody wrote, the same on every platform, because they share the files.
struct Remedy {
    /// The network by itself is enough: `isolate=strict` in place of `isolate=true`.
    strict: bool,
    /// What it takes away, a paragraph each.
    costs: Vec<String>,
    /// Whether nothing is lost, as far as the words say that somebody wrote.
    safe: bool,
}

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
            let remedy = remedy(context, network, &open);
            view.report(sink, one_sided(view, network, option, &open, &remedy));
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

fn remedy(context: &Context<'_>, network: &Network, open: &[&Network]) -> Remedy {
    let podmans = || context.views.iter().filter(|view| view.wiring.platform.is_podman());
    let strict = podmans().map(|view| view.wiring.ask(Question::StrictIsolation)).collect::<Vec<_>>();
    let certain = strict.iter().all(|known| known.assumed.is_empty());
    let strict = strict.iter().all(|known| known.fact.is == Is::Yes);
    let (changed, isolation) =
        if strict { (vec![network], Isolation::Strict) } else { (open.to_vec(), Isolation::True) };
    let mut costs = Vec::new();
    let ended: Vec<String> = podmans().flat_map(|view| ended(view, &changed, isolation)).collect();
    if !ended.is_empty() {
        costs.push(format!("What it costs: {} no longer works. Put both on one network first.", some(ended)));
    }
    let published: Vec<String> = podmans().flat_map(|view| closed(view, network, open)).collect();
    if !published.is_empty() {
        costs.push(format!(
            "What it costs: rootful, the published ports of {} are closed to containers on the other side, also through \
             the host.",
            some(published)
        ));
    }
    if !strict && open.len() > 1 {
        costs.push(format!(
            "What it costs: {} are cut off from each other, too.",
            list(open.iter().map(|open| &open.name.value))
        ));
    }
    let safe = costs.is_empty() && (!strict || certain);
    Remedy { strict, costs, safe }
}

/// The connections that are needed and that end where some networks are isolated.
fn ended(view: &View<'_>, changed: &[&Network], isolation: Isolation) -> Vec<String> {
    let mut edited = Wiring::new(view.wiring.stack, view.wiring.platform);
    edited.isolations.extend(changed.iter().map(|network| (network.name.value.as_str(), isolation)));
    let needs = view.needs.iter().filter(|need| need.looks_up() && need.reach.verdict != Verdict::No);
    let ended = needs.filter(|need| edited.reaches(need.client, need.target, None).verdict != need.reach.verdict);
    ended.map(|need| format!("the way from `{}` to `{}`", need.client.name.value, need.target.name.value)).collect()
}

/// Those whose published ports containers on the other side of an isolation do not reach.
fn closed(view: &View<'_>, network: &Network, open: &[&Network]) -> Vec<String> {
    if view.wiring.ask(Question::PublishedPortBetweenIsolatedNetworks).fact.is == Is::Yes {
        return Vec::new();
    }
    let members = [network].into_iter().chain(open.iter().copied()).flat_map(|on| view.wiring.members(&on.name.value));
    let publishes = |service: &&Service| view.wiring.owner(service).ports.iter().any(|port| !port.value.is_loopback());
    quoted(members.filter(publishes).map(|service| &service.name.value)).collect()
}

fn one_sided(view: &View<'_>, network: &Network, option: &Text, open: &[&Network], remedy: &Remedy) -> Diagnostic {
    let known = view.wiring.ask(Question::OneSidedIsolation);
    let (name, others) = (&network.name.value, list(open.iter().map(|open| &open.name.value)));
    let lack = if open.len() == 1 { "does not have it" } else { "do not have it" };
    let message = format!("`isolate={}` of `{name}` has no effect: {others} {lack}", option.value);
    let mut finding = Diagnostic::new(&RULE, option.span(), message).here("no effect alone");
    for other in open {
        finding = finding.label(other.name.span(), format!("no `isolate`: routed to and from `{name}`"));
    }
    let word = if remedy.strict { "strict" } else { "true" };
    let line = match view.wiring.stack.format {
        Format::Quadlet => format!("`Options=isolate={word}`"),
        _ => format!("`driver_opts: {{isolate: \"{word}\"}}`"),
    };
    let set = if remedy.strict {
        format!("{line} on `{name}`, which needs no partner; then remove the network")
    } else {
        format!("{line} on {others}, too; then remove the networks")
    };
    finding = finding
        .help(why(&known))
        .help(format!(
            "What you see: members of {others} reach those of `{name}` by address, and the other way round, as if \
             nothing were set."
        ))
        .help(format!(
            "What helps: {set} (`podman network rm`) and start the containers again, because a network that exists stays \
             as it is."
        ));
    for cost in &remedy.costs {
        finding = finding.help(cost);
    }
    let (title, changes) = if remedy.strict {
        (format!("write `isolate=strict` for `{name}`"), in_place(view, option).map(|change| vec![change]))
    } else {
        let lines = open.iter().map(|other| in_section(view, other, "Options=isolate=true"));
        (format!("write `Options=isolate=true` for {others}"), lines.collect())
    };
    if let Some(changes) = changes {
        finding = finding.fix(title, remedy.safe, changes);
    }
    finding.assuming(&known.assumed)
}

/// Another value in a unit's option, where the value stands there as it is read.
fn in_place(view: &View<'_>, option: &Text) -> Option<Change> {
    let span = option.span();
    let as_read = (span.end - span.start) as usize == option.value.len();
    (view.wiring.stack.format == Format::Quadlet && as_read)
        .then(|| Change::Replace { span, text: "strict".to_owned() })
}

/// A line in a network's own section, where it was read from a unit that has one.
fn in_section(view: &View<'_>, network: &Network, line: &str) -> Option<Change> {
    // The place of a unit is the name in its section's header, or what may be meant for it.
    let section = network.name.span();
    let is_section =
        view.wiring.stack.format == Format::Quadlet && (section.end - section.start) as usize == "Network".len();
    is_section.then(|| Change::AddLine { section, line: line.to_owned() })
}
