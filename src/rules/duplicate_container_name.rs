//! QG107: two containers of one name on one host.

use std::borrow::Cow;
use std::collections::hash_map::Entry;

use super::context::{Context, View};
use super::shadowed_unit;
use super::together::Member;
use crate::diagnostic::{Diagnostic, Fixable, Level, Rule, Sink};
use crate::maps::HashMap;
use crate::model::{ContainerName, Deploy, Service, ServiceKind};
use crate::source::Span;

pub static RULE: Rule = Rule {
    code: "QG107",
    name: "duplicate-container-name",
    summary: "two containers of one name on one host",
    level: Level::Error,
    since: "0.1.0",
    fixable: Fixable::Never,
    page: include_str!("duplicate_container_name.md"),
};

pub fn check(context: &Context<'_>, sink: &mut Sink) {
    for view in &context.views {
        let mut named: HashMap<Cow<'_, str>, &Service> = HashMap::default();
        named.reserve(view.wiring.stack.services.len());
        for (name, second) in containers(view) {
            match named.entry(name) {
                Entry::Vacant(free) => drop(free.insert(second)),
                // QG707: there is one container only.
                Entry::Occupied(taken) if shadowed_unit::is_one(view, taken.get(), view, second) => {}
                Entry::Occupied(taken) => {
                    let both = format!("`{}` and `{}`", taken.get().name.value, second.name.value);
                    view.report(sink, finding(view, taken.get(), second, &both));
                }
            }
        }
    }
}

/// The same between two stacks of a host.
pub(super) fn between(a: &Member<'_>, first_view: &View<'_>, b: &Member<'_>, view: &View<'_>, sink: &mut Sink) {
    let named: HashMap<Cow<'_, str>, &Service> = containers(first_view).collect();
    for (name, second) in containers(view) {
        let Some(first) = named.get(&name) else { continue };
        // QG707: there is one container only.
        if shadowed_unit::is_one(first_view, first, view, second) {
            continue;
        }
        let both = format!("`{}` of {} and `{}` of {}", first.name.value, a.label, second.name.value, b.label);
        b.report(view, sink, finding(view, first, second, &both));
    }
}

/// The containers of a stack with their names on the platform.
fn containers<'a>(view: &'a View<'_>) -> impl Iterator<Item = (Cow<'a, str>, &'a Service)> {
    let services = view.wiring.stack.services.values().filter(|service| service.kind == ServiceKind::Container);
    services.map(|service| (view.wiring.container_name(service), service))
}

fn finding(view: &View<'_>, first: &Service, second: &Service, both: &str) -> Diagnostic {
    let name = view.wiring.container_name(second);
    let seen = if view.wiring.platform.deploy == Deploy::Quadlet {
        "What you see: whichever starts second removes the first (`podman run --replace`); with a restart on both they \
         remove each other for ever."
    } else {
        "What you see: whichever starts second fails: `Conflict. The container name … is already in use`."
    };
    Diagnostic::new(&RULE, place(second), format!("two containers are called `{name}`: {both}"))
        .here("the name is taken")
        .label(place(first), "the other")
        .help(seen)
        .help("What helps: another container name for one of them.")
}

fn place(service: &Service) -> Span {
    match &service.container_name {
        ContainerName::Named(name) => name.span(),
        ContainerName::ByRuntime(null) => null.span(),
        ContainerName::ByService => service.span(),
    }
}
