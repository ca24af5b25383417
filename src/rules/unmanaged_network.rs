//! QG708: a network by its name, which no unit makes or waits for.

use std::collections::BTreeMap;

use super::context::{Context, some};
use super::joined_networks::{self, Joined};
use crate::diagnostic::{Change, Diagnostic, Fixable, Level, Rule, Sink};
use crate::model::{Network, Stack, Unit, UnitKind};
use crate::suggest;

pub static RULE: Rule = Rule {
    code: "QG708",
    name: "unmanaged-network",
    summary: "a network by its name instead of its unit, so that nobody makes it in time",
    level: Level::Warning,
    since: "0.1.0",
    fixable: Fixable::Safe,
    page: include_str!("unmanaged_network.md"),
};

pub fn check(context: &Context<'_>, sink: &mut Sink) {
    let mut used: BTreeMap<&str, Vec<(&Unit, Joined<'_>)>> = BTreeMap::new();
    let runs = [UnitKind::Container, UnitKind::Pod, UnitKind::Kube];
    let units = context.stack.units.values().filter(|unit| runs.contains(&unit.kind));
    for unit in units.filter(|unit| !joined_networks::are_units_only(unit)) {
        for joined in joined_networks::of(unit) {
            // `podman` is there from the start; a specifier or a variable may name anything.
            let unit_file = joined.name.ends_with(".network");
            let unknown = joined.name.is_empty() || joined.name == "podman" || joined.name.contains(['%', '$']);
            if !unit_file && !unknown && joined.mode().is_none() && !is_made(unit, joined.name) {
                used.entry(joined.name).or_default().push((unit, joined));
            }
        }
    }
    for (name, mut users) in used {
        let network = made_by_unit(context.stack, name);
        if let Some(network) = network {
            users.retain(|(unit, _)| !waits(unit, &service(context.stack, network)));
        }
        if let Some(finding) = finding(context.stack, name, network, &users) {
            context.report(sink, finding);
        }
    }
}

/// The network of the tree whose object has a name.
fn made_by_unit<'a>(stack: &'a Stack, name: &str) -> Option<&'a Network> {
    let called =
        |network: &Network| network.object_name.as_ref().map_or(network.name.value.as_str(), |it| &it.value) == name;
    stack.networks.values().find(|network| !network.external && called(network))
}

/// The service that makes a network, without `.service`.
fn service(stack: &Stack, network: &Network) -> String {
    let file = format!("{}.network", network.name.value);
    let unit = stack.units.get(&file);
    unit.map_or_else(|| format!("{}-network", network.name.value), |unit| unit.service.clone())
}

/// Whether the unit makes the network itself before it starts.
fn is_made(unit: &Unit, name: &str) -> bool {
    let before = |key: &str| ["ExecStartPre", "ExecCondition"].contains(&key);
    let mut lines = unit.entries.iter().filter(|entry| entry.section == "Service" && before(&entry.key.value));
    lines.any(|entry| entry.value.value.contains("network") && entry.value.value.contains(name))
}

/// Whether a unit starts behind a service by its own words.
fn waits(unit: &Unit, service: &str) -> bool {
    let says = |keys: &[&str]| {
        let mut lines =
            unit.entries.iter().filter(|entry| entry.section == "Unit" && keys.contains(&entry.key.value.as_str()));
        lines.any(|entry| {
            entry.value.value.split_whitespace().any(|word| word.strip_suffix(".service") == Some(service))
        })
    };
    says(&["After"]) && says(&["Requires", "Wants", "BindsTo", "Requisite"])
}

fn finding(stack: &Stack, name: &str, made: Option<&Network>, users: &[(&Unit, Joined<'_>)]) -> Option<Diagnostic> {
    let (first, more) = users.split_first()?;
    let who = some(users.iter().map(|(unit, joined)| unit.file_of(joined.span).to_owned()));
    let file = |network: &Network| format!("{}.network", network.name.value);
    let own = stack.networks.values().filter(|network| !network.external);
    let stem = own.clone().find(|network| network.name.value == name);
    let message = match (made, stem) {
        (Some(network), _) => format!(
            "{who}: `{name}` is the network of {}, and a name does not wait for the unit that makes it",
            file(network)
        ),
        (None, Some(network)) => {
            let object = network.object_name.as_ref().map_or("", |name| name.value.as_str());
            format!("{who}: no unit makes a network `{name}`; that of {} is called `{object}`", file(network))
        }
        (None, None) => format!("{who}: no unit makes the network `{name}`"),
    };
    let mut finding = Diagnostic::new(&RULE, first.1.span, message);
    for (_, joined) in more {
        finding = finding.label(joined.span, "here, too");
    }
    let near = suggest::nearest(name, own.clone().map(|network| network.name.value.as_str()));
    let meant = made.or(stem);
    if let Some(network) = meant {
        finding = finding.here(format!("did you mean `{}`?", file(network))).label(network.name.span(), "makes it");
    } else if let Some(near) = near {
        finding = finding.here(format!("did you mean `{near}.network`?"));
    } else {
        finding = finding.here("has to be there already");
    }
    finding = finding
        .help("Why: `Network=NAME.network` names a unit, which Podman has made before; a plain name has to exist already.")
        .help(format!("What you see: `unable to find network with name or ID {name}: network not found` at the start, on a host where nobody made it yet."))
        .help(match meant {
            Some(network) => format!("What helps: `Network={}`.", file(network)),
            None => format!("What helps: a unit {name}.network with `NetworkName={name}`, and `Network={name}.network`."),
        });
    let editable = users
        .iter()
        .all(|(_, joined)| !joined.argument && joined.span.end - joined.span.start == joined.name.len() as u32);
    Some(match meant {
        Some(network) if editable => {
            let change = |(_, joined): &(&Unit, Joined<'_>)| Change::Replace { span: joined.span, text: file(network) };
            let title = format!("refer to {}", file(network));
            finding.fix(title, made.is_some(), users.iter().map(change).collect())
        }
        _ => finding,
    })
}
