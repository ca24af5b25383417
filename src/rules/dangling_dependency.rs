//! QG602: a dependency on a unit of the tree by a name that no unit has.

use std::cell::LazyCell;

use super::context::{Context, View};
use super::unit_lines::{units, words};
use crate::diagnostic::{Change, Diagnostic, Fixable, Level, Rule, Sink};
use crate::maps::{HashSet, IndexMap};
use crate::model::{Deploy, Unit, UnitEntry, UnitKind};
use crate::platform::generator::Habit;
use crate::source::Span;

pub static RULE: Rule = Rule {
    code: "QG602",
    name: "dangling-dependency",
    summary: "a dependency on a unit of the same tree by a name that no service has",
    level: Level::Warning,
    since: "0.1.0",
    fixable: Fixable::Safe,
    page: include_str!("dangling_dependency.md"),
};

/// The keys of `[Unit]` that name other units, those first without which a unit does not start.
const KEYS: [&str; 12] = [
    "Requires",
    "BindsTo",
    "Requisite",
    "Wants",
    "Upholds",
    "PartOf",
    "After",
    "Before",
    "OnFailure",
    "OnSuccess",
    "PropagatesStopTo",
    "StopPropagatedFrom",
];
/// How many of them end the start of a unit.
const NEEDED: usize = 3;

/// A name that a unit uses, and where.
#[derive(Default)]
struct Use<'a> {
    places: Vec<(usize, &'a str, Option<Span>, Span)>,
}

pub fn check(context: &Context<'_>, sink: &mut Sink) {
    for view in context.views.iter().filter(|view| view.wiring.platform.deploy == Deploy::Quadlet) {
        let made = LazyCell::new(|| made(view));
        for unit in units(context.stack) {
            let mut uses: IndexMap<&str, Use<'_>> = IndexMap::default();
            let entries = unit.entries.iter().filter(|entry| entry.section == "Unit");
            let ranked =
                entries.filter_map(|entry| Some((KEYS.iter().position(|key| *key == entry.key.value)?, entry)));
            let mut ranked: Vec<(usize, &UnitEntry)> = ranked.collect();
            ranked.sort_by_key(|(rank, _)| *rank);
            for (rank, entry) in ranked {
                for (word, span) in words(entry).filter(|(word, _)| !is_there(view, &made, word)) {
                    let used = uses.entry(word).or_default();
                    used.places.push((rank, entry.key.value.as_str(), span, entry.value.span()));
                }
            }
            for (name, used) in uses {
                if let Some(finding) = look(view, unit, name, &used) {
                    view.report(sink, finding);
                }
            }
        }
    }
}

/// The services that there are, without `.service`.
fn made<'a>(view: &View<'a>) -> HashSet<&'a str> {
    let mut made = HashSet::default();
    made.reserve(view.wiring.stack.units.len());
    for unit in units(view.wiring.stack) {
        made.insert(unit.service.as_str());
        for (alias, _) in unit.all("Install", "Alias").flat_map(words) {
            made.extend(alias.strip_suffix(".service"));
        }
    }
    made
}

/// Whether a name leads to something, or may: of what no unit of the tree is called nothing is known.
fn is_there(view: &View<'_>, made: &HashSet<&str>, name: &str) -> bool {
    match name.strip_suffix(".service") {
        Some(service) => made.contains(service) || view.wiring.stack.activated.contains(service),
        // The generator makes the service's name of it, or refuses the unit.
        None => UnitKind::of_file(name).is_none() || Habit::DependenciesTranslated.of(view.wiring.platform.version),
    }
}

/// What is said of a name that is not there.
fn look(view: &View<'_>, unit: &Unit, name: &str, used: &Use<'_>) -> Option<Diagnostic> {
    let (rank, key, first, entry) = used.places.first().copied()?;
    let file = &unit.file;
    let (meant, finding) = if let Some((_, kind)) = UnitKind::of_file(name) {
        let meant = view.wiring.stack.units.get(name);
        let message = format!("`{key}={name}` of `{file}` counts for nothing: systemd knows no such kind of unit");
        let finding = Diagnostic::new(&RULE, first.unwrap_or(entry), message).help(format!(
            "Why: from Podman {} on the generator makes the service's name of it; before, it hands the text on, and \
             `.{}` is no ending that systemd takes. What you see: `Failed to add dependency on {name}, ignoring: Invalid \
             argument` in the journal, and units that start in any order.",
            Habit::DependenciesTranslated.since(),
            kind.extension()
        ));
        (meant, finding)
    } else {
        let service = name.strip_suffix(".service")?;
        let meant = meant(view, unit, service)?;
        let real = &meant.service;
        let needed = rank < NEEDED;
        let message = if needed {
            format!(
                "`{file}` does not start: it needs `{name}`, and the service of `{}` is `{real}.service`",
                meant.file
            )
        } else {
            format!(
                "`{key}={name}` of `{file}` counts for nothing: the service of `{}` is `{real}.service`",
                meant.file
            )
        };
        let seen = if needed {
            format!("`Failed to start {}.service: Unit {name} not found.`", unit.service)
        } else {
            format!(
                "no message; `systemctl show -p {key} {}.service` shows a unit that `systemctl status {name}` does not find",
                unit.service
            )
        };
        let finding = Diagnostic::new(&RULE, first.unwrap_or(entry), message)
            .severity(if needed { Level::Error } else { Level::Warning })
            .help(format!("Why: {}. What you see: {seen}.", why(meant, service)));
        (Some(meant), finding)
    };
    let mut finding = finding.here("no unit has this name");
    for (_, key, span, entry) in used.places.iter().skip(1) {
        finding = finding.label(span.unwrap_or(*entry), format!("`{key}=` names it, too"));
    }
    let Some(meant) = meant else {
        return Some(finding.help("What helps: the name of a service, or take it out."));
    };
    let real = format!("{}.service", meant.service);
    finding = finding.label(meant.head, format!("becomes `{real}`")).help(format!("What helps: `{real}`."));
    let spans: Option<Vec<Span>> = used.places.iter().map(|(_, _, span, _)| *span).collect();
    if let Some(spans) = spans {
        let changes = spans.into_iter().map(|span| Change::Replace { span, text: real.clone() }).collect();
        finding = finding.fix(format!("name `{real}`"), true, changes);
    }
    Some(finding)
}

/// The unit that somebody means by a service that is not there: one whose file or object is called so. A template's
/// services have names of their own.
fn meant<'a>(view: &View<'a>, unit: &Unit, service: &str) -> Option<&'a Unit> {
    let all = || units(view.wiring.stack).filter(|other| !other.file.contains('@') && other.file != unit.file);
    let by_file = || all().filter(|other| UnitKind::of_file(&other.file).is_some_and(|(stem, _)| stem == service));
    let by_object = || all().filter(|other| object(other).as_deref() == Some(service));
    // Where several could be meant, quadgen does not choose.
    let one = |mut found: Vec<&'a Unit>| if found.len() == 1 { found.pop() } else { None };
    match by_file().next() {
        Some(_) => one(by_file().collect()),
        None => one(by_object().collect()),
    }
}

/// What a unit's container, network, volume or pod is called.
fn object(unit: &Unit) -> Option<String> {
    let key = match unit.kind {
        UnitKind::Container => "ContainerName",
        UnitKind::Network => "NetworkName",
        UnitKind::Volume => "VolumeName",
        UnitKind::Pod => "PodName",
        _ => return None,
    };
    let (stem, _) = UnitKind::of_file(&unit.file)?;
    let named = unit.last(unit.kind.section(), key).map(|entry| entry.value.value.trim().to_owned());
    Some(named.unwrap_or_else(|| format!("systemd-{stem}")))
}

fn why(meant: &Unit, service: &str) -> String {
    let renamed = meant.last(meant.kind.section(), "ServiceName").is_some();
    let stem = UnitKind::of_file(&meant.file).map_or("", |(stem, _)| stem);
    if renamed {
        format!("`ServiceName=` gives the service of `{}` another name", meant.file)
    } else if stem != service {
        format!("a service is called after its file `{}`, not after what it makes", meant.file)
    } else {
        let kind = meant.kind.extension();
        format!("the generator puts `-{kind}` behind the name of a `.{kind}` unit")
    }
}
