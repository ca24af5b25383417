//! QG710: a mode of the network beside networks. Readers of YAML report `network_mode` beside `networks`.

use super::context::Context;
use super::joined_networks::{self, Joined};
use super::unit_lines::unit_of;
use crate::diagnostic::{Diagnostic, Sink};
use crate::model::{Format, Service, UnitKind};

pub use crate::diagnostic::input::CONFLICTING_NETWORK_MODE as RULE;

pub fn check(context: &Context<'_>, sink: &mut Sink) {
    let runs = [UnitKind::Container, UnitKind::Pod, UnitKind::Kube];
    let units = context.stack.units.values().filter(|unit| runs.contains(&unit.kind));
    for unit in units.filter(|unit| !joined_networks::are_units_only(unit)) {
        let joined = joined_networks::of(unit);
        let Some((mode, said)) = conflict(&joined) else { continue };
        let name = unit.file_of(said.span);
        let message = format!("{name} cannot start: {mode} excludes every other network");
        let mut finding = Diagnostic::new(&RULE, said.span, message).here("excludes the others");
        for other in joined.iter().filter(|other| other.span != said.span) {
            finding = finding.label(other.span, "together with this");
        }
        let seen = if joined.first().is_some_and(|first| first.span == said.span) {
            format!("cannot set multiple networks without bridge network mode, selected mode {}", said.name)
        } else {
            format!("can only set extra network names, selected mode {} conflicts with bridge", said.name)
        };
        let finding = finding
            .help("Why: Podman puts a container on any number of bridge networks, or gives it one mode in their place.")
            .help(format!("What you see: `{seen}`, at each start; the generator says nothing."))
            .help("What helps: keep either the mode or the networks.");
        context.report(sink, finding);
    }
}

/// Whether it is said of a service, here or by the reader.
pub(super) fn is_in(context: &Context<'_>, service: &Service) -> bool {
    if context.stack.format == Format::Quadlet {
        return unit_of(context.stack, service).is_some_and(|unit| conflict(&joined_networks::of(unit)).is_some());
    }
    service.network_mode.is_some() && !service.networks.is_empty()
}

/// The first that cannot stand beside another, and what it is called. `bridge` may stand before names, as Podman reads it.
fn conflict<'a, 'u>(joined: &'a [Joined<'u>]) -> Option<(String, &'a Joined<'u>)> {
    if joined.len() < 2 {
        return None;
    }
    let said = joined.iter().enumerate().find(|(at, said)| match said.mode() {
        Some("bridge") => *at > 0,
        mode => mode.is_some(),
    });
    let (_, said) = said?;
    let mode = match said.mode()? {
        "host" => "the host's network".to_owned(),
        "container" => "the network of another container".to_owned(),
        mode => format!("`{mode}`"),
    };
    Some((mode, said))
}
