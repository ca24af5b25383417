//! QG707: two units that make one service, of which one is lost.

use std::borrow::Cow;
use std::collections::hash_map::Entry;

use super::context::{Context, View};
use super::together::Member;
use crate::diagnostic::{Diagnostic, Fixable, Level, Rule, Sink};
use crate::maps::{HashMap, HashSet};
use crate::model::{Deploy, Service, ServiceKind, Unit, UnitKind};
use crate::platform::systemd;
use crate::source::Span;

pub static RULE: Rule = Rule {
    code: "QG707",
    name: "shadowed-unit",
    summary: "two units that make one service, or one that hides a service of the distribution's",
    level: Level::Error,
    since: "0.1.0",
    fixable: Fixable::Never,
    page: include_str!("shadowed_unit.md"),
};

/// A service that systemd gets of a stack.
struct Made<'a> {
    /// Without `.service`.
    service: &'a str,
    /// The unit's file, or the service in its stack.
    by: Cow<'a, str>,
    /// Where its name comes from.
    span: Span,
}

pub fn check(context: &Context<'_>, sink: &mut Sink) {
    for unit in context.stack.units.values() {
        for file in &unit.shadowed {
            let name = &unit.file;
            let finding =
                Diagnostic::new(&RULE, file.part(0, 0), format!("this {name} does not count: there is another one"))
                    .label(unit.head, "this one counts")
                    .help("Why: Podman reads the first file of a name in the folders that it searches, and no other.")
                    .help("What helps: another name for one of the two, or a drop-in in place of the second.");
            context.report(sink, finding);
        }
    }
    for view in &context.views {
        let mut services: HashSet<&str> = HashSet::default();
        services.reserve(view.wiring.stack.units.len());
        // Where each becomes a service of its own, nobody asks which.
        let mut taken: HashMap<&str, Made<'_>> = HashMap::default();
        let shared = !made(view).all(|made| services.insert(made.service));
        for second in made(view).take_while(|_| shared) {
            match taken.entry(second.service) {
                Entry::Vacant(free) => drop(free.insert(second)),
                Entry::Occupied(first) => {
                    let both = format!("{} and {}", first.get().by, second.by);
                    context.report(sink, finding(first.get(), &second, &both));
                }
            }
        }
        of_the_distribution(view, sink);
    }
}

/// The same between two stacks of a host.
pub(super) fn between(a: &Member<'_>, first_view: &View<'_>, b: &Member<'_>, view: &View<'_>, sink: &mut Sink) {
    let taken: HashMap<&str, Made<'_>> = made(first_view).map(|made| (made.service, made)).collect();
    for second in made(view) {
        // One file may count in both stacks.
        let Some(first) = taken.get(second.service).filter(|first| first.span != second.span) else { continue };
        let both = format!("{} of {} and {} of {}", first.by, a.label, second.by, b.label);
        b.report(view, sink, finding(first, &second, &both));
    }
}

/// Whether two services of a host become one, so that there are no two containers.
pub(super) fn is_one(first_view: &View<'_>, first: &Service, view: &View<'_>, second: &Service) -> bool {
    let unit = unit_of(first_view, first);
    unit.is_some() && unit == unit_of(view, second)
}

/// The systemd service that a service becomes.
fn unit_of(view: &View<'_>, service: &Service) -> Option<String> {
    let (stack, name) = (view.wiring.stack, &service.name.value);
    if view.wiring.platform.deploy != Deploy::Quadlet {
        return None;
    }
    let file = if service.kind == ServiceKind::Container { format!("{name}.container") } else { name.clone() };
    let unit = stack.units.get(&file);
    Some(unit.map_or_else(|| name.clone(), |unit| unit.service.clone()))
}

/// Every service that becomes of a stack; of a topology those of its containers.
fn made<'a>(view: &View<'a>) -> Box<dyn Iterator<Item = Made<'a>> + 'a> {
    let stack = view.wiring.stack;
    if view.wiring.platform.deploy != Deploy::Quadlet {
        return Box::new(std::iter::empty());
    }
    if !stack.units.is_empty() {
        let made = |unit: &'a Unit| Made { service: &unit.service, by: unit.file.as_str().into(), span: place(unit) };
        return Box::new(stack.units.values().map(made));
    }
    Box::new(stack.services.values().map(|service| {
        let name = &service.name.value;
        Made { service: name, by: format!("`{name}`").into(), span: service.span() }
    }))
}

fn place(unit: &Unit) -> Span {
    let named = unit.last(unit.kind.section(), "ServiceName");
    named.map_or(unit.head, |entry| entry.value.span())
}

fn finding(first: &Made<'_>, second: &Made<'_>, both: &str) -> Diagnostic {
    let service = second.service;
    Diagnostic::new(&RULE, second.span, format!("{both} become one {service}.service: one of them is lost"))
        .here("becomes the same service")
        .label(first.span, "the other")
        .help("Why: systemd has one service of a name; which of two units becomes it, Podman does not say.")
        .help("What you see: nothing. One of the two never starts.")
        .help("What helps: another file name for one of them, or another `ServiceName=`.")
}

/// Units of the system, not of a user, go before the distribution's.
fn of_the_distribution(view: &View<'_>, sink: &mut Sink) {
    let platform = view.wiring.platform;
    if platform.rootless {
        return;
    }
    let runs = |made: &Made<'_>| {
        let unit = view.wiring.stack.units.values().find(|unit| unit.service == made.service);
        unit.is_none_or(|unit| [UnitKind::Container, UnitKind::Kube, UnitKind::Pod].contains(&unit.kind))
    };
    for made in made(view) {
        let Some(program) = systemd::service_of(made.service).filter(|_| runs(&made)) else { continue };
        let Made { service, by, span } = &made;
        let message = format!("{by} becomes {service}.service, which is what the packages of {program} call theirs");
        let finding = Diagnostic::new(&RULE, *span, message)
            .severity(Level::Warning)
            .here("hides the distribution's")
            .help("Why: systemd takes a generated service before one in /usr/lib/systemd/system.")
            .help(format!(
                "What you see: where {program} is or will be installed, `systemctl start {service}` starts the \
                 container, and the installed program cannot be started."
            ))
            .help("What helps: another name, such as one that begins with the stack's.");
        view.report(sink, finding);
    }
}
