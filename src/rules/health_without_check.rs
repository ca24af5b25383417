//! QG603: somebody waits for the health of a container that has no health check.

use std::cell::LazyCell;

use super::context::{Context, View, seen, why};
use super::unit_lines::unit_of;
use crate::diagnostic::{Diagnostic, Fixable, Level, Rule, Sink};
use crate::maps::HashMap;
use crate::model::{Condition, Deploy, HealthTest, Service, ServiceKind, Stack};
use crate::platform::{Is, Question};
use crate::source::Span;

pub static RULE: Rule = Rule {
    code: "QG603",
    name: "health-without-check",
    summary: "a wait for the health of a container without a health check",
    level: Level::Warning,
    since: "0.1.0",
    fixable: Fixable::Never,
    page: include_str!("health_without_check.md"),
};

pub fn check(context: &Context<'_>, sink: &mut Sink) {
    for view in &context.views {
        let known = view.wiring.ask(Question::WaitForHealthWithoutCheck);
        if known.fact.is != Is::No {
            continue;
        }
        let others = LazyCell::new(|| others(view.wiring.stack));
        for service in context.stack.services.values().filter(|service| service.kind == ServiceKind::Container) {
            // Most have one.
            if service.health.as_ref().is_some_and(|health| health.value.test != Some(HealthTest::Disabled)) {
                continue;
            }
            let waits = waits(view, service, &others);
            let Some(((place, label), more)) = waits.split_first() else { continue };
            let Some(missing) = missing(view, service) else { continue };
            let name = &service.name.value;
            let mut finding =
                Diagnostic::new(&RULE, *place, format!("`{name}` is waited for until it is healthy, {}", missing.text))
                    .severity(missing.level)
                    .here(label);
            for (place, label) in more {
                finding = finding.label(*place, label);
            }
            finding = finding.label(missing.place, missing.label).help(why(&known));
            let container = view.wiring.container_name(service);
            finding = finding.help(seen(&known, Some(&container)));
            let keys =
                if context.stack.format == crate::model::Format::Quadlet { "`HealthCmd=`" } else { "a `healthcheck`" };
            let instead = match view.wiring.platform.deploy {
                Deploy::Quadlet if unit_of(context.stack, service).is_some() => "no `Notify=healthy`",
                _ => "`condition: service_started`",
            };
            finding =
                finding.help(format!("What helps: {keys} for `{name}` that asks the program itself; or {instead}."));
            let mut assumed = known.assumed.to_vec();
            assumed.extend_from_slice(&missing.assumed);
            view.report(sink, finding.assuming(&assumed));
        }
    }
}

/// What of a health check is missing.
struct Missing {
    level: Level,
    text: &'static str,
    place: Span,
    label: &'static str,
    assumed: Vec<String>,
}

fn missing(view: &View<'_>, service: &Service) -> Option<Missing> {
    if let Some(health) = &service.health {
        let off = health.value.test == Some(HealthTest::Disabled);
        // Where only the times are said, the image brings the check.
        return off.then(|| Missing {
            level: Level::Error,
            text: "and its health check is switched off",
            place: health.span(),
            label: "switched off",
            assumed: Vec::new(),
        });
    }
    let built = service.attributes.get("build").map(|(span, _)| *span);
    let kept = view.wiring.ask(Question::BuiltHealthCheck);
    match (built, &service.image) {
        (Some(span), _) if kept.fact.is == Is::No && !in_docker_format(view, service) => Some(Missing {
            level: Level::Error,
            text: "and it has no health check: an image that Podman builds brings none",
            place: span,
            label: "built here, without a health check",
            assumed: kept.assumed.to_vec(),
        }),
        (Some(span), _) => Some(Missing {
            level: Level::Warning,
            text: "and the file gives it no health check: that works only if its Dockerfile brings one",
            place: span,
            label: "built here",
            assumed: Vec::new(),
        }),
        (None, Some(image)) => Some(Missing {
            level: Level::Warning,
            text: "and the file gives it no health check: that works only if its image brings one",
            place: image.span(),
            label: "few images bring one",
            assumed: Vec::new(),
        }),
        (None, None) => None,
    }
}

/// Whether an argument makes the image's format another one.
fn in_docker_format(view: &View<'_>, service: &Service) -> bool {
    let image = unit_of(view.wiring.stack, service).and_then(|unit| unit.last("Container", "Image"));
    let build = image.and_then(|image| view.wiring.stack.units.get(image.value.value.trim()));
    build.is_some_and(|unit| unit.all("Build", "PodmanArgs").any(|entry| entry.value.value.contains("docker")))
}

/// Where somebody waits for a service's health.
fn waits(view: &View<'_>, service: &Service, others: &Others<'_>) -> Vec<(Span, String)> {
    let mut places = Vec::new();
    let notify = unit_of(view.wiring.stack, service).and_then(|unit| unit.last("Container", "Notify"));
    if let Some(entry) = notify.filter(|entry| entry.value.value.trim().eq_ignore_ascii_case("healthy")) {
        places.push((entry.value.span(), "the start waits until it is healthy".to_owned()));
    }
    let others = others.get(service.name.value.as_str()).into_iter().flatten();
    places.extend(others.map(|(name, place)| (*place, format!("`{name}` waits for it"))));
    places
}

/// Who waits for each service's health, and where that stands.
type Others<'a> = HashMap<&'a str, Vec<(&'a str, Span)>>;

fn others(stack: &Stack) -> Others<'_> {
    let mut others = Others::default();
    for service in stack.services.values() {
        for dependency in &service.depends_on {
            if dependency.condition.value == Condition::Healthy && dependency.required {
                let waiting = others.entry(dependency.service.value.as_str()).or_default();
                waiting.push((service.name.value.as_str(), dependency.condition.span()));
            }
        }
    }
    others
}
