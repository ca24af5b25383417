//! Compose attributes that the core does not use → keys and arguments, by the table in `data/`.

use super::quote::Specifiers;
use super::unit::Unit;
use super::{Context, security};
use crate::model::{Data, Service, Value};
use crate::platform::Feature;
use crate::platform::attributes::{self, Attribute, Shape};
use crate::render::pairs;
use crate::source::Span;

pub(super) fn attributes(context: &mut Context<'_>, service: &Service, unit: &mut Unit) {
    for (name, (span, value)) in &service.attributes {
        let Some(attribute) = attributes::find(&format!("services.*.{name}")) else { continue };
        unit.at(Some(*span));
        match attribute.shape {
            // Said elsewhere.
            _ if matches!(name.as_str(), "build" | "post_start" | "pre_stop" | "profiles" | "scale") => {}
            _ if name == "security_opt" => security::options(context, service, (*span, value), unit),
            _ if name == "blkio_config" => blkio(context, *span, value, unit),
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
            value.texts().iter().for_each(|text| put(attribute, text, unit));
            if let Data::List(items) = &value.data {
                for item in items.iter().filter(|item| item.scalar().is_none()) {
                    match device(item).filter(|_| name == "devices") {
                        Some(device) => put(attribute, &device, unit),
                        None => {
                            context.lose(item.span, format!("a unit cannot say this item of `{name}`: it is left out"))
                        }
                    }
                }
            }
        }
        Shape::Pairs => {
            pairs(value).iter().for_each(|(key, value)| put(attribute, &format!("{key}={value}"), unit));
        }
        Shape::Bool => {
            if value.data == Data::Bool(true) {
                put(attribute, "true", unit);
            }
        }
        Shape::Switch => {
            if let (Data::Bool(true), Some(flag)) = (&value.data, &attribute.flag) {
                unit.argument(flag, Specifiers::Literal);
            }
        }
        Shape::Hosts => hosts(value).iter().for_each(|host| put(attribute, host, unit)),
        Shape::Pull => match value.scalar().as_deref() {
            Some("if_not_present") => put(attribute, "missing", unit),
            Some("build") => put(attribute, "never", unit),
            Some(policy @ ("always" | "missing" | "never")) => put(attribute, policy, unit),
            _ => context.lose(span, "Podman pulls always, if an image is missing, or never: this policy is left out"),
        },
        Shape::Ulimits => ulimits(value).iter().for_each(|limit| put(attribute, limit, unit)),
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

fn put(attribute: &Attribute, text: &str, unit: &mut Unit) {
    match (&attribute.key, &attribute.flag) {
        (Some(key), _) => unit.own(key, text),
        (None, Some(flag)) => unit.argument(&format!("{flag}={text}"), Specifiers::Literal),
        (None, None) => {}
    }
}

fn hosts(value: &Value) -> Vec<String> {
    match &value.data {
        Data::Map(entries) => entries
            .iter()
            .flat_map(|(name, value)| value.texts().into_iter().map(move |ip| format!("{name}:{ip}")))
            .collect(),
        // `NAME=ADDRESS` is Compose's other form.
        _ => value
            .texts()
            .iter()
            .map(
                |text| {
                    if text.contains(':') && !text.contains('=') { text.clone() } else { text.replacen('=', ":", 1) }
                },
            )
            .collect(),
    }
}

fn ulimits(value: &Value) -> Vec<String> {
    let Data::Map(entries) = &value.data else { return Vec::new() };
    let limit = |(name, value): &(String, Value)| match (value.get("soft"), value.get("hard")) {
        (Some(soft), Some(hard)) => Some(format!("{name}={}:{}", soft.scalar()?, hard.scalar()?)),
        _ => Some(format!("{name}={}", value.scalar()?)),
    };
    entries.iter().filter_map(limit).collect()
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
    for (option, value) in value.get("options").map(pairs).unwrap_or_default() {
        match option.as_str() {
            "max-size" | "path" | "tag" => unit.own("LogOpt", &format!("{option}={value}")),
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

/// Weights and limits of block devices, each an argument of its own.
fn blkio(context: &mut Context<'_>, span: Span, value: &Value, unit: &mut Unit) {
    let Data::Map(entries) = &value.data else { return };
    for (name, value) in entries {
        let (flag, of_device) = match name.as_str() {
            "weight" => ("--blkio-weight", ""),
            "weight_device" => ("--blkio-weight-device", "weight"),
            "device_read_bps" => ("--device-read-bps", "rate"),
            "device_read_iops" => ("--device-read-iops", "rate"),
            "device_write_bps" => ("--device-write-bps", "rate"),
            "device_write_iops" => ("--device-write-iops", "rate"),
            _ => {
                context.lose(span, format!("a unit cannot say `blkio_config.{name}`: it is left out"));
                continue;
            }
        };
        let devices = match &value.data {
            Data::List(items) => items.as_slice(),
            _ => &[],
        };
        let said = devices
            .iter()
            .filter_map(|item| Some(format!("{}:{}", item.get("path")?.scalar()?, item.get(of_device)?.scalar()?)));
        for said in value.scalar().into_iter().chain(said) {
            unit.argument(&format!("{flag}={said}"), Specifiers::Literal);
        }
    }
}
