//! Compose attributes that the core does not use → keys and arguments, by the table in `data/`.

use super::quote::Specifiers;
use super::unit::Unit;
use super::{Context, security};
use crate::model::{Data, PortRange, Service, Value};
use crate::platform::Feature;
use crate::platform::attributes::{self, Attribute, Shape};
use crate::render::{pairs, pairs_at};
use crate::source::Span;

pub(super) fn attributes(context: &mut Context<'_>, service: &Service, unit: &mut Unit) {
    for (name, (span, value)) in &service.attributes {
        let Some(attribute) = attributes::find(&format!("services.*.{name}")) else { continue };
        unit.at(Some(*span));
        match attribute.shape {
            // Said elsewhere.
            _ if matches!(name.as_str(), "build" | "post_start" | "pre_stop" | "profiles" | "scale") => {}
            _ if name == "security_opt" => security::options(context, service, (*span, value), unit),
            Some(Shape::Deploy) => deploy(context, *span, value, unit),
            Some(shape) => write(context, name, attribute, shape, (*span, value), unit),
            None if attribute.is_idle() => {}
            None => {
                let note = if attribute.note.is_empty() { String::new() } else { format!(" ({})", attribute.note) };
                let service = &service.name.value;
                context.lose(*span, format!("a unit cannot say `{name}`{note}: `{service}` goes without it"));
            }
        }
    }
    unit.at(None);
}

fn write(
    context: &mut Context<'_>,
    name: &str,
    attribute: &Attribute,
    shape: Shape,
    (span, value): (Span, &Value),
    unit: &mut Unit,
) {
    match shape {
        Shape::Text if name == "user" && !context.has(Feature::UserWithGroup) => {
            value.scalar().iter().for_each(|user| unit.argument(&format!("--user={user}"), Specifiers::Literal));
        }
        Shape::Text | Shape::List => {
            let one = std::slice::from_ref(value);
            let items = if let Data::List(items) = &value.data { items } else { one };
            for item in items {
                unit.at(Some(item.span));
                item.scalar().iter().for_each(|text| put(name, attribute, text, unit));
            }
            if let Data::List(items) = &value.data {
                for item in items.iter().filter(|item| item.scalar().is_none()) {
                    match device(item).filter(|_| name == "devices") {
                        Some(device) => {
                            unit.at(Some(item.span));
                            put(name, attribute, &device, unit);
                        }
                        None => {
                            context.lose(item.span, format!("a unit cannot say this item of `{name}`: it is left out"))
                        }
                    }
                }
            }
        }
        Shape::Pairs => {
            unit.pairs(attribute.key.as_deref().unwrap_or_default(), value);
        }
        Shape::Bool => {
            if value.data == Data::Bool(true) {
                put(name, attribute, "true", unit);
            }
        }
        Shape::Switch => {
            if let (Data::Bool(true), Some(flag)) = (&value.data, &attribute.flag) {
                unit.argument(flag, Specifiers::Literal);
            }
        }
        Shape::Hosts => hosts(value, unit, attribute),
        Shape::Pull => match value.scalar().as_deref() {
            Some("if_not_present") => put(name, attribute, "missing", unit),
            Some("build") => put(name, attribute, "never", unit),
            Some(policy @ ("always" | "missing" | "never")) => put(name, attribute, policy, unit),
            _ => context.lose(span, "Podman pulls always, if an image is missing, or never: this policy is left out"),
        },
        Shape::Ulimits => ulimits(value, unit),
        Shape::Logging => logging(context, span, value, unit),
        Shape::Deploy => {}
    }
}

/// A device in its long form: `SOURCE:TARGET:PERMISSIONS`.
fn device(item: &Value) -> Option<String> {
    let parts = ["source", "target", "permissions"].into_iter().filter_map(|key| item.get(key).and_then(Value::scalar));
    let parts: Vec<String> = parts.collect();
    (!parts.is_empty() && parts.iter().all(|part| !part.contains(':'))).then(|| parts.join(":"))
}

fn put(name: &str, attribute: &Attribute, text: &str, unit: &mut Unit) {
    let is_port = |text: &str| text.split('/').next().is_some_and(|ports| ports.parse::<PortRange>().is_ok());
    if name == "expose" && !is_port(text) {
        return unit.lose(format!("`{}` is no port to expose", text.escape_debug()));
    }
    match (&attribute.key, &attribute.flag) {
        (Some(key), _) => unit.own(key, text),
        (None, Some(flag)) => unit.option(flag, text),
        (None, None) => {}
    }
}

fn hosts(value: &Value, unit: &mut Unit, attribute: &Attribute) {
    let pairs: Vec<(String, String, Span)> = match &value.data {
        Data::Map(entries) => entries
            .iter()
            .flat_map(|(name, addresses)| {
                addresses.texts().into_iter().map(|address| (name.clone(), address, addresses.span))
            })
            .collect(),
        // `NAME=ADDRESS` is Compose's other form.
        Data::List(items) => items
            .iter()
            .filter_map(|item| {
                let text = item.scalar()?;
                let (name, address) = text.split_once('=').or_else(|| text.split_once(':')).unwrap_or((&text, ""));
                Some((name.to_owned(), address.to_owned(), item.span))
            })
            .collect(),
        _ => Vec::new(),
    };
    for (name, address, at) in pairs {
        unit.at(Some(at));
        // Podman takes several names between semicolons.
        if name.is_empty() || name.contains([':', ';', '=']) || address.contains('=') {
            unit.lose(format!("`{}` is no name of a host for Podman", name.escape_debug()));
        } else {
            put("extra_hosts", attribute, &format!("{name}:{address}"), unit);
        }
    }
}

fn ulimits(value: &Value, unit: &mut Unit) {
    let Data::Map(entries) = &value.data else { return };
    for (name, value) in entries {
        let limit = match (value.get("soft"), value.get("hard")) {
            (Some(soft), Some(hard)) => soft.scalar().zip(hard.scalar()).map(|(soft, hard)| format!("{soft}:{hard}")),
            _ => value.scalar(),
        };
        unit.at(Some(value.span));
        match limit.as_deref() {
            Some(limit) if limit.is_empty() || limit.contains(|c: char| !c.is_ascii_digit() && !"-:".contains(c)) => {
                unit.lose(format!("the limit `{}` is no number", name.escape_debug()));
            }
            limit => limit.iter().for_each(|limit| unit.pair("Ulimit", name, limit)),
        }
    }
}

fn logging(context: &mut Context<'_>, span: Span, value: &Value, unit: &mut Unit) {
    match value.get("driver").and_then(Value::scalar).as_deref() {
        None => {}
        Some("json-file") => unit.own("LogDriver", "k8s-file"),
        Some(driver @ ("journald" | "none" | "k8s-file" | "passthrough")) => unit.own("LogDriver", driver),
        Some(driver) => {
            return context.lose(span, format!("Podman has no log driver `{driver}`: logs go to the journal"));
        }
    }
    for (option, value, at) in value.get("options").map(pairs_at).unwrap_or_default() {
        unit.at(Some(at));
        match option.as_str() {
            "max-size" | "path" | "tag" => unit.pair("LogOpt", &option, &value),
            _ => context.lose(span, format!("Podman's logs have no option `{option}`: it is left out")),
        }
    }
}

/// Limits of resources; everything else of `deploy` is for swarms.
fn deploy(context: &mut Context<'_>, span: Span, value: &Value, unit: &mut Unit) {
    let Data::Map(entries) = &value.data else { return };
    for (name, part) in entries {
        match name.as_str() {
            "resources" => {}
            _ => {
                context.lose(span, format!("a unit cannot say `deploy.{name}`: it is left out"));
                continue;
            }
        }
        for (limit, value) in part.get("limits").map(pairs).unwrap_or_default() {
            match limit.as_str() {
                "memory" => unit.own("Memory", &value),
                "pids" => unit.own("PidsLimit", &value),
                "cpus" => unit.argument(&format!("--cpus={value}"), Specifiers::Literal),
                _ => {
                    context.lose(span, format!("a unit cannot say `deploy.resources.limits.{limit}`: it is left out"));
                }
            }
        }
        let Some(Data::Map(reservations)) = part.get("reservations").map(|value| &value.data) else { continue };
        for (reservation, value) in reservations {
            match reservation.as_str() {
                "memory" => value.scalar().iter().for_each(|size| {
                    unit.argument(&format!("--memory-reservation={size}"), Specifiers::Literal);
                }),
                _ => context.lose(
                    value.span,
                    format!("a unit cannot say `deploy.resources.reservations.{reservation}`: it is left out"),
                ),
            }
        }
    }
}
