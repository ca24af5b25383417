//! What stands in units: in a tree of them, and in a topology under `quadlet`.

use super::context::Context;
use crate::diagnostic::{Diagnostic, Sink};
use crate::model::{Deploy, Format, Unit, UnitEntry, UnitKind};
use crate::source::Span;

/// A unit, or what a topology says for the unit that becomes of it.
pub(super) struct Lines<'a> {
    name: String,
    pub kind: UnitKind,
    pub entries: &'a [UnitEntry],
    /// The unit itself; none for a topology.
    pub unit: Option<&'a Unit>,
}

impl<'a> Lines<'a> {
    /// What a message calls it, speaking of a line: a drop-in may count for several units.
    pub fn name(&self, place: Span) -> &str {
        self.unit.map_or(&self.name, |unit| unit.file_of(place))
    }

    /// The lines of a key.
    pub fn all(&self, section: &'a str, key: &'a str) -> impl Iterator<Item = &'a UnitEntry> {
        self.entries.iter().filter(move |entry| entry.section == section && entry.key.value == key)
    }

    /// The line that counts where one counts: the last.
    pub fn last(&self, section: &'a str, key: &'a str) -> Option<&'a UnitEntry> {
        self.all(section, key).last()
    }
}

/// All of a stack.
pub(super) fn all<'a>(context: &Context<'a>) -> Vec<Lines<'a>> {
    let stack = context.stack;
    if stack.format == Format::Quadlet {
        let lines = |unit: &'a Unit| Lines {
            name: unit.file.clone(),
            kind: unit.kind,
            entries: &unit.entries,
            unit: Some(unit),
        };
        return stack.units.iter().map(lines).collect();
    }
    let written = |name: &str, kind, entries| Lines { name: format!("`{name}`"), kind, entries, unit: None };
    let services = stack.services.iter().map(|(name, it)| written(name, UnitKind::Container, it.quadlet.as_slice()));
    let networks = stack.networks.iter().map(|(name, it)| written(name, UnitKind::Network, it.quadlet.as_slice()));
    let volumes = stack.volumes.iter().map(|(name, it)| written(name, UnitKind::Volume, it.quadlet.as_slice()));
    services.chain(networks).chain(volumes).filter(|lines| !lines.entries.is_empty()).collect()
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
