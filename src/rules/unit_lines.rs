//! What rules about systemd look at: the lines of each unit, or what a topology adds to the unit that quadgen writes.

use super::context::{Context, View};
use crate::diagnostic::{Diagnostic, Sink};
use crate::maps::HashSet;
use crate::model::{Deploy, Format, Service, Stack, Unit, UnitEntry, UnitKind};
use crate::platform::generator::Habit;
use crate::source::Span;

/// The lines of one unit.
pub(super) struct Lines<'a> {
    /// How messages call it: the unit's file, or the object of a topology.
    pub name: &'a str,
    /// What it is, or becomes.
    pub kind: UnitKind,
    /// The unit, if there is one: what a topology does not say, quadgen writes.
    pub unit: Option<&'a Unit>,
    pub entries: &'a [UnitEntry],
}

impl<'a> Lines<'a> {
    /// What a message calls it, speaking of a line: a drop-in may count for several units.
    pub fn name_at(&self, place: Span) -> String {
        self.unit.map_or_else(|| format!("`{}`", self.name), |unit| unit.file_of(place).to_owned())
    }

    /// The entries of a key, in the order in which systemd reads them.
    pub fn all(&self, section: &'a str, key: &'a str) -> impl DoubleEndedIterator<Item = &'a UnitEntry> {
        let absent = self.unit.is_some_and(|unit| !unit.keys.may_hold(key));
        let entries = if absent { &[] } else { self.entries };
        entries.iter().filter(move |entry| entry.key.value == key && entry.section == section)
    }

    /// The last entry of a key.
    pub fn last(&self, section: &'a str, key: &'a str) -> Option<&'a UnitEntry> {
        self.all(section, key).next_back()
    }

    /// The value of the last entry of a key, without blanks around it.
    pub fn value(&self, section: &'a str, key: &'a str) -> Option<&'a str> {
        self.last(section, key).map(|entry| entry.value.value.trim())
    }
}

/// The lines of all units of a stack, or of what becomes some.
pub(super) fn of_stack(stack: &Stack) -> Vec<Lines<'_>> {
    if stack.format == Format::Quadlet {
        fn lines(unit: &Unit) -> Lines<'_> {
            Lines { name: &unit.file, kind: unit.kind, unit: Some(unit), entries: &unit.entries }
        }
        return stack.units.values().map(lines).collect();
    }
    fn written<'a>((name, entries): (&'a String, &'a Vec<UnitEntry>), kind: UnitKind) -> Lines<'a> {
        Lines { name, kind, unit: None, entries }
    }
    let services = stack.services.iter().map(|(name, it)| written((name, &it.quadlet), UnitKind::Container));
    let networks = stack.networks.iter().map(|(name, it)| written((name, &it.quadlet), UnitKind::Network));
    let volumes = stack.volumes.iter().map(|(name, it)| written((name, &it.quadlet), UnitKind::Volume));
    services.chain(networks).chain(volumes).filter(|lines| !lines.entries.is_empty()).collect()
}

/// The lines of everything that Quadlet runs: units of all kinds, and of a topology the services.
pub(super) fn all<'a>(view: &View<'a>) -> Vec<Lines<'a>> {
    if view.wiring.platform.deploy != Deploy::Quadlet {
        return Vec::new();
    }
    let mut lines = of_stack(view.wiring.stack);
    lines.retain(|lines| lines.unit.is_some() || lines.kind == UnitKind::Container);
    lines
}

/// Reports what holds wherever units are made.
pub(super) fn report(context: &Context<'_>, sink: &mut Sink, finding: Diagnostic) {
    if context.stack.format == Format::Quadlet {
        return context.report(sink, finding);
    }
    for view in context.views.iter().filter(|view| view.wiring.platform.deploy == Deploy::Quadlet) {
        view.report(sink, finding.clone());
    }
}

/// The units of a tree; none of a stack of another format.
pub(super) fn units(stack: &Stack) -> impl Iterator<Item = &Unit> {
    stack.units.values().filter(|_| stack.format == Format::Quadlet)
}

/// The unit that a service was read from.
pub(super) fn unit_of<'a>(stack: &'a Stack, service: &Service) -> Option<&'a Unit> {
    stack.units.get(&service.unit_file())
}

/// The words of a value, each with its place where the value stands in its file as it is.
pub(super) fn words(entry: &UnitEntry) -> impl Iterator<Item = (&str, Option<Span>)> {
    let (text, span) = (entry.value.value.as_str(), entry.value.span());
    let exact = (span.end - span.start) as usize == text.len();
    let base = text.as_ptr() as usize;
    let place = move |word: &str| {
        let from = word.as_ptr() as usize - base;
        exact.then(|| span.part(from, from + word.len()))
    };
    text.split_whitespace().map(move |word| (word, place(word)))
}

/// What a stack's other units, and plain units of systemd beside them, start: services without `.service`, and files.
pub(super) struct Started<'a> {
    names: HashSet<&'a str>,
}

impl<'a> Started<'a> {
    pub fn of(view: &View<'a>) -> Self {
        let stack = view.wiring.stack;
        let translated = Habit::DependenciesTranslated.of(view.wiring.platform.version);
        let mut names: HashSet<&str> = stack.activated.iter().map(String::as_str).collect();
        for unit in units(stack) {
            for key in ["Wants", "Requires", "BindsTo", "Requisite", "Upholds", "OnFailure", "OnSuccess"] {
                for (word, _) in unit.all("Unit", key).flat_map(words) {
                    match word.strip_suffix(".service") {
                        Some(service) if service != unit.service => drop(names.insert(service)),
                        None if translated && word != unit.file => drop(names.insert(word)),
                        _ => {}
                    }
                }
            }
            // The generator writes Requires= beside it.
            let joined = unit.all(unit.kind.section(), "Network").map(|entry| entry.value.value.trim());
            names.extend(joined.filter(|name| name.ends_with(".container")));
            // A pod is started with each of its containers that is.
            if is_installed(unit) {
                names.extend(pod(unit));
            }
        }
        Started { names }
    }

    /// Whether another unit starts this one.
    pub fn contains(&self, unit: &Unit) -> bool {
        self.names.contains(unit.service.as_str()) || self.names.contains(unit.file.as_str())
    }
}

/// The keys by which `[Install]` hooks a unit into others.
const HOOKS: [&str; 3] = ["WantedBy", "RequiredBy", "UpheldBy"];

/// Whether `[Install]` hooks a unit into another.
pub(super) fn is_installed(unit: &Unit) -> bool {
    let mut entries = HOOKS.iter().flat_map(|key| unit.all("Install", key));
    entries.any(|entry| !entry.value.value.trim().is_empty())
}

/// The units that `[Install]` hooks a unit into, with their places and entries.
pub(super) fn installs(unit: &Unit) -> impl Iterator<Item = (&str, Option<Span>, &UnitEntry)> {
    let entries = HOOKS.into_iter().flat_map(|key| unit.all("Install", key));
    entries.flat_map(|entry| words(entry).map(move |(word, span)| (word, span, entry)))
}

/// The pod that a container is started with.
pub(super) fn pod(unit: &Unit) -> Option<&str> {
    let alone = unit.last("Container", "StartWithPod").is_some_and(|entry| {
        !["1", "yes", "true", "on"].iter().any(|word| entry.value.value.trim().eq_ignore_ascii_case(word))
    });
    unit.last("Container", "Pod").map(|entry| entry.value.value.trim()).filter(|pod| !pod.is_empty() && !alone)
}
