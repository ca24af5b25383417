//! What is said of a service in the source layer: each attribute in the form that its target has for it.

use std::borrow::Cow;

use super::facts::Object;
use super::side::Side;
use crate::model::{Data, Service, Value};
use crate::platform::Feature;
use crate::platform::attributes::{self, Shape};
use crate::render::one_of_list;
use crate::source::Span;

pub(super) fn attributes<'a>(side: &Side<'a>, service: &'a Service, out: &mut Object<'a>) {
    let local = service.image.as_ref().is_some_and(|image| image.value.is_local());
    let by_hand = side.is_units() && !side.has(Feature::BuildUnit) && side.is_built(service);
    for (name, (span, value)) in &service.attributes {
        // Keys `x-…` are for other programs.
        if name.starts_with("x-") {
            continue;
        }
        let at = span.to(value.span);
        if !side.is_units() {
            out.say(name.as_str(), "", side.value(value), at);
            continue;
        }
        let known = attributes::find(&format!("services.*.{name}"));
        match (name.as_str(), known.and_then(|known| known.shape)) {
            // Said elsewhere.
            ("tmpfs" | "profiles" | "scale" | "post_start" | "pre_stop", _) => {}
            ("build" | "pull_policy", _) if by_hand => {}
            ("build", _) => build(side, &service.name.value, value, at, out),
            // What is on this machine only is never pulled.
            ("pull_policy", _) if local && value.scalar().as_deref() == Some("never") => {}
            // An option that no key says, and no attribute of units.
            (name, Some(_)) if name.starts_with("blkio_config.") => {
                let flag = known.and_then(|known| known.flag.as_deref()).unwrap_or_default();
                for text in value.texts() {
                    let listed = one_of_list(flag, &text, side.platform.version).map(Cow::into_owned);
                    let text = listed.unwrap_or(text);
                    out.say("line [Container] PodmanArgs=", format!("{flag}={text}"), "", at);
                }
            }
            (_, None) if known.is_some_and(attributes::Attribute::is_idle) => {}
            (_, None) => out.say(name.as_str(), "", side.value(value), at),
            (_, Some(shape)) => by_shape(side, name, shape, value, at, out),
        }
    }
}

fn by_shape<'a>(side: &Side<'a>, name: &'a str, shape: Shape, value: &'a Value, at: Span, out: &mut Object<'a>) {
    match shape {
        Shape::Text => out.say_last(name, side.value(value), at),
        Shape::List => match &value.data {
            Data::List(items) => {
                items.iter().for_each(|item| out.say(name, list_item(side, item), "", item.span));
            }
            _ => out.say(name, side.value(value), "", at),
        },
        Shape::Pairs => {
            side.pairs(value).into_iter().for_each(|(key, value, at)| out.say(name, key, value, at));
        }
        // What is off is nothing.
        Shape::Bool | Shape::Switch => {
            if value.data != Data::Bool(false) {
                out.say(name, "", side.value(value), at);
            }
        }
        Shape::Hosts => hosts(side, name, value, out),
        Shape::Pull => {
            let policy = match side.value(value).as_ref() {
                "if_not_present" => "missing".to_owned(),
                "build" => "never".to_owned(),
                policy => policy.to_owned(),
            };
            out.say(name, "", policy, at);
        }
        Shape::Ulimits => {
            for (limit, value, at) in side.pairs(value) {
                out.say(name, limit, value, at);
            }
        }
        Shape::Logging => logging(side, value, at, out),
        Shape::Deploy => deploy(side, value, at, out),
    }
}

/// A device in its long form is the short one.
fn list_item<'a>(side: &Side<'a>, item: &'a Value) -> Cow<'a, str> {
    if !matches!(item.data, Data::Map(_)) {
        return side.value(item);
    }
    let parts = ["source", "target", "permissions"].iter().filter_map(|key| item.get(key).and_then(Value::scalar));
    let parts: Vec<String> = parts.collect();
    if parts.is_empty() { side.value(item) } else { parts.join(":").into() }
}

fn hosts<'a>(side: &Side<'a>, name: &'a str, value: &'a Value, out: &mut Object<'a>) {
    match &value.data {
        Data::Map(entries) => {
            for (host, addresses) in entries {
                for address in addresses.texts() {
                    out.say(name, format!("{host}:{address}"), "", addresses.span);
                }
            }
        }
        Data::List(items) => {
            for item in items {
                let text = side.value(item);
                // `NAME=ADDRESS` is Compose's other form.
                let pair = text.split_once('=').or_else(|| text.split_once(':')).filter(|_| side.is_source);
                let text = match pair {
                    Some((name, address)) => format!("{name}:{address}").into(),
                    None => text,
                };
                out.say(name, text, "", item.span);
            }
        }
        _ => out.say(name, side.value(value), "", value.span),
    }
}

fn logging<'a>(side: &Side<'a>, value: &'a Value, at: Span, out: &mut Object<'a>) {
    if let Some(driver) = value.get("driver") {
        let driver = match side.value(driver).as_ref() {
            "json-file" => "k8s-file".to_owned(),
            driver => driver.to_owned(),
        };
        out.say("log driver", "", driver, at);
    }
    for (option, value, _) in value.get("options").map(|options| side.pairs(options)).unwrap_or_default() {
        out.say("log option", option, value, at);
    }
}

/// Limits of resources are attributes of their own, too.
fn deploy<'a>(side: &Side<'a>, value: &'a Value, at: Span, out: &mut Object<'a>) {
    let Data::Map(entries) = &value.data else { return };
    for (name, part) in entries {
        if name != "resources" {
            out.say("deploy", name.as_str(), side.value(part), at);
            continue;
        }
        for (group, known) in [
            ("limits", [("memory", "mem_limit"), ("pids", "pids_limit"), ("cpus", "cpus")].as_slice()),
            ("reservations", [("memory", "mem_reservation")].as_slice()),
        ] {
            for (limit, value, _) in part.get(group).map(|group| side.pairs(group)).unwrap_or_default() {
                match known.iter().find(|(name, _)| *name == limit) {
                    Some((_, attribute)) => out.say_last(attribute, value, at),
                    None => out.say("deploy", format!("{group}: {limit}"), value, at),
                }
            }
        }
    }
}

fn build<'a>(side: &Side<'a>, service: &str, value: &'a Value, at: Span, out: &mut Object<'a>) {
    let Data::Map(entries) = &value.data else {
        return out.say("build", "context", folder(side, side.value(value)), at);
    };
    let own_file = format!("{}.Dockerfile", side.unit(service));
    if value.get("context").is_none() {
        out.say("build", "context", ".", at);
    }
    for (key, value) in entries {
        let at = value.span;
        match key.as_str() {
            "context" => out.say("build", "context", folder(side, side.value(value)), at),
            "args" | "labels" => {
                side.pairs(value).into_iter().for_each(|(name, value, at)| {
                    out.say("build", format!("{key} {name}"), value, at);
                });
            }
            "tags" | "platforms" | "cache_from" | "cache_to" => {
                for text in value.texts() {
                    out.say("build", format!("{key} {text}"), "", at);
                }
            }
            "dockerfile" if !side.is_source && side.value(value).ends_with(&own_file) => {
                out.say("build", "dockerfile", format!("./{own_file}"), at);
            }
            // A file of its own beside the unit.
            "dockerfile_inline" => {
                out.say("build", "dockerfile", format!("./{own_file}"), at);
            }
            "pull" | "no_cache" if value.data == Data::Bool(false) => {}
            key => out.say("build", key.to_owned(), side.value(value), at),
        }
    }
}

fn folder<'a>(side: &Side<'a>, folder: Cow<'a, str>) -> Cow<'a, str> {
    if folder.contains("://") || folder.starts_with("git@") {
        return folder;
    }
    match folder {
        Cow::Borrowed(path) => side.path(path),
        Cow::Owned(path) => path.strip_prefix("%h").map(|rest| format!("~{rest}")).unwrap_or(path).into(),
    }
}
