//! What is said of a service's volumes, binds, secrets and configs.

use std::borrow::Cow;

use super::facts::Object;
use super::side::{OWN_VOLUME, Side};
use crate::model::{FileUse, HOME, Mount, MountKind, Service, Value};
use crate::platform::Feature;
use crate::render::{content_step, is_folder};
use crate::source::Span;

pub(super) fn mounts<'a>(side: &Side<'a>, service: &'a Service, out: &mut Object<'a>) {
    for mount in &service.mounts {
        self::mount(side, &mount.value, mount.span(), out);
    }
    if side.is_units()
        && let Some((_, value)) = service.attributes.get("tmpfs")
    {
        for (text, at) in texts(value) {
            let (target, options) = text.split_once(':').unwrap_or((text, ""));
            out.say("mount", target, "memory", at);
            let options = options.split(',').filter(|option| !matches!(*option, "" | "rw"));
            options.for_each(|option| self::option(option, target, at, out));
        }
    }
    files(side, service, out);
}

fn texts(value: &Value) -> Vec<(&str, Span)> {
    use crate::model::Data;
    match &value.data {
        Data::Text(text) => vec![(text.as_str(), value.span)],
        Data::List(items) => items.iter().flat_map(texts).collect(),
        _ => Vec::new(),
    }
}

fn option<'a>(option: &'a str, target: &'a str, at: Span, out: &mut Object<'a>) {
    match option {
        "ro" => out.say("read-only mount", target, "", at),
        option => match option.strip_prefix("size=").and_then(crate::read::bytes) {
            Some(bytes) => out.say("size of the mount", target, bytes.to_string(), at),
            None => out.say("option of the mount", format!("{target}: {option}"), "", at),
        },
    }
}

fn mount<'a>(side: &Side<'a>, mount: &'a Mount, at: Span, out: &mut Object<'a>) {
    let target = mount.target.as_str();
    let source: Cow<'a, str> = match mount.kind {
        MountKind::Volume => volume(side, &mount.source),
        MountKind::Anonymous => OWN_VOLUME.into(),
        MountKind::Bind => match mount.source.as_str() {
            "/run/docker.sock" if side.is_units() => "/var/run/docker.sock".into(),
            path => side.path(path),
        },
        MountKind::Tmpfs => "memory".into(),
        MountKind::Other => format!("something else: {}", mount.source).into(),
    };
    out.say("mount", target, source, at);
    if mount.read_only {
        option("ro", target, at, out);
    }
    mount.options.iter().for_each(|option| self::option(option, target, at, out));
    for (name, span, value) in &mount.extra {
        out.say(format!("{name} of the mount"), target, side.value(value), span.to(value.span));
    }
    // Podman makes no folder: a step of the unit does, where it can.
    let is_known = !mount.source.starts_with('~') && (side.has(Feature::RelativePaths) || !is_relative(&mount.source));
    let is_made = !side.is_units() || !side.is_source || (is_known && is_folder(mount));
    let is_socket = side.is_units() && mount.source.ends_with("/docker.sock");
    if mount.kind == MountKind::Bind && mount.create && is_made && !is_socket {
        let folder = if side.is_units() { side.path(&mount.source) } else { target.into() };
        // One step makes it for all that mount it.
        let is_said = out.facts.iter().any(|fact| fact.what == "folder that is made" && fact.of == folder);
        if !is_said {
            out.say("folder that is made", folder, "", at);
        }
    }
}

fn is_relative(path: &str) -> bool {
    !path.starts_with(['/', HOME, '%'])
}

/// A named volume by the name in the source; what quadgen made of one without a name is its service's own.
fn volume<'a>(side: &Side<'a>, name: &'a str) -> Cow<'a, str> {
    let is_generated = !side.is_source && side.is_units() && !side.other.volumes.contains_key(name);
    if is_generated && side.mounted.get(name) == Some(&1) {
        return OWN_VOLUME.into();
    }
    format!("the volume {name}").into()
}

fn files<'a>(side: &Side<'a>, service: &'a Service, out: &mut Object<'a>) {
    let all = [("secret", &service.secrets, &side.stack.secrets), ("config", &service.configs, &side.stack.configs)];
    for (what, used, objects) in all {
        for used in used {
            let name = used.source.value.as_str();
            let at = used.source.span();
            extra(side, what, used, out);
            if !side.is_units() {
                out.say(what, name, used.target.as_deref().unwrap_or_default(), at);
                continue;
            }
            let object = objects.get(name);
            let content = object.and_then(|object| object.written.get("content")).and_then(Value::scalar);
            if let Some(content) = content.filter(|_| what == "config") {
                let (place, step) = content_step(name, &content);
                let target = used.target.clone().unwrap_or_else(|| format!("/{name}"));
                // The name of a unit is filled in when it is read.
                let place = place.replace("%N", &side.full_name(service)).replace("%%", "%");
                out.say("mount", target.clone(), place, at);
                labelled(used, &target, at, out);
                out.say("read-only mount", target, "", at);
                out.say("line [Service] ExecStartPre=", step, "", at);
                continue;
            }
            match object.and_then(|object| object.file.as_ref()) {
                Some(file) => {
                    let target = used.target.as_deref().unwrap_or(name);
                    let target = match what {
                        _ if target.starts_with('/') => target.to_owned(),
                        "secret" => format!("/run/secrets/{target}"),
                        _ if used.target.is_some() => target.to_owned(),
                        _ => format!("/{target}"),
                    };
                    out.say("mount", target.clone(), side.path(&file.value), at);
                    labelled(used, &target, at, out);
                    out.say("read-only mount", target, "", at);
                }
                None => {
                    let object = object.and_then(|object| object.written.get("name")).and_then(Value::scalar);
                    let object = object.unwrap_or_else(|| name.to_owned());
                    out.say(what, object, used.target.as_deref().unwrap_or(name), at);
                }
            }
        }
    }
}

/// A file that is mounted has a label as a mount has.
fn labelled<'a>(used: &'a FileUse, target: &str, at: Span, out: &mut Object<'a>) {
    if used.labelled {
        out.say("option of the mount", format!("{target}: z"), "", at);
    }
}

fn extra<'a>(side: &Side<'a>, what: &'static str, used: &'a FileUse, out: &mut Object<'a>) {
    for (name, span, value) in &used.extra {
        out.say(format!("{name} of the {what}"), used.source.value.as_str(), side.value(value), span.to(value.span));
    }
}

/// Whether volumes have units of their own.
pub(super) fn have_units(side: &Side<'_>) -> bool {
    !side.is_units() || side.has(Feature::NamedObjects)
}
