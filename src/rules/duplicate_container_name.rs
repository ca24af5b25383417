//! QG107: two containers of one name on one host.

use super::context::{Context, View};
use super::together::Member;
use crate::diagnostic::{Diagnostic, Fixable, Level, Rule, Sink};
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
        let services: Vec<&Service> = context.stack.services.values().collect();
        for (at, second) in services.iter().enumerate() {
            let Some(first) = services.iter().take(at).find(|first| same(view, first, view, second)) else { continue };
            let both = format!("`{}` and `{}`", first.name.value, second.name.value);
            view.report(sink, finding(view, first, second, &both));
        }
    }
}

/// The same between two stacks of a host.
pub(super) fn between(a: &Member<'_>, first_view: &View<'_>, b: &Member<'_>, view: &View<'_>, sink: &mut Sink) {
    for second in b.context.stack.services.values() {
        let mut others = a.context.stack.services.values();
        let Some(first) = others.find(|first| same(first_view, first, view, second)) else { continue };
        let both = format!("`{}` of {} and `{}` of {}", first.name.value, a.label, second.name.value, b.label);
        b.report(view, sink, finding(view, first, second, &both));
    }
}

fn same(first_view: &View<'_>, first: &Service, second_view: &View<'_>, second: &Service) -> bool {
    let container = |service: &Service| service.kind == ServiceKind::Container;
    container(first)
        && container(second)
        && first_view.wiring.container_name(first) == second_view.wiring.container_name(second)
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
