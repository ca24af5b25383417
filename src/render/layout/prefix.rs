//! `--prefix`: something before every name.

use super::{each_context, each_text, entry};
use crate::model::{
    ContainerName, MountKind, Named, NetworkMode, Party, Service, Spanned, Stack, Target as Goal, Text, UnitEntry,
};
use crate::network::{Home, Wiring};
use crate::source::Span;

/// Puts a prefix before the names of units, containers, networks and volumes. Each service keeps the names by which
/// others find it, as aliases; not on networks from outside, where the original answers to them.
pub(super) fn prefixed(stack: &Stack, wiring: &Wiring<'_>, prefix: &str) -> Stack {
    let new = |name: &str| format!("{prefix}{name}");
    let mut out = stack.clone();
    out.name.value = new(&stack.name.value);
    out.networks = rename(
        &stack.networks,
        |network| &network.name,
        |network| {
            let mut network = network.clone();
            object(network.external, &network.name, &mut network.object_name, prefix);
            network.name.value = new(&network.name.value);
            entries(&mut network.quadlet, stack, wiring, prefix);
            network
        },
    );
    out.volumes = rename(
        &stack.volumes,
        |volume| &volume.name,
        |volume| {
            let mut volume = volume.clone();
            object(volume.external, &volume.name, &mut volume.object_name, prefix);
            volume.name.value = new(&volume.name.value);
            entries(&mut volume.quadlet, stack, wiring, prefix);
            volume
        },
    );
    out.services =
        rename(&stack.services, |service| &service.name, |service| self::service(service, stack, wiring, prefix));
    for deny in &mut out.deny {
        deny.from.iter_mut().chain(&mut deny.to).for_each(|party| match party {
            Party::Service(name) | Party::Network(name) => *name = new(name),
            Party::Internet | Party::Host => {}
        });
        deny.text.value = words(&deny.text.value, stack, prefix);
    }
    out
}

/// The same in the same order, each under the name it has now.
fn rename<T>(old: &Named<T>, name: fn(&T) -> &Text, change: impl Fn(&T) -> T) -> Named<T> {
    old.values().map(change).map(|item| (name(&item).value.clone(), item)).collect()
}

/// The name of an object in the runtime: what exists outside keeps its own.
fn object(external: bool, name: &Text, object: &mut Option<Text>, prefix: &str) {
    match object {
        Some(object) if !external => object.value = format!("{prefix}{}", object.value),
        None if external => *object = Some(name.clone()),
        _ => {}
    }
}

fn service(old: &Service, stack: &Stack, wiring: &Wiring<'_>, prefix: &str) -> Service {
    let new = |text: &mut Text| text.value = format!("{prefix}{}", text.value);
    let mut service = old.clone();
    new(&mut service.name);
    if let crate::model::ContainerName::Named(name) = &mut service.container_name {
        new(name);
    }
    // What others look up stays: the container's name and, where that is one, the service's.
    let names: Vec<String> =
        wiring.names(old).into_iter().filter(|name| name.network.is_none()).map(|name| name.text).collect();
    let on_networks = wiring.home(old) == Home::Networks;
    for attachment in &mut service.networks {
        let is_own = stack.networks.get(&attachment.network.value).is_none_or(|network| !network.external);
        for name in names.iter().filter(|_| on_networks && is_own) {
            if attachment.aliases.iter().all(|alias| alias.value != *name) {
                attachment.aliases.push(Spanned::implied(name.clone(), old.span()));
            }
        }
        new(&mut attachment.network);
    }
    for dependency in &mut service.depends_on {
        new(&mut dependency.service);
    }
    for connection in &mut service.connections {
        if let Goal::Service(name) = &mut connection.to {
            *name = format!("{prefix}{name}");
        }
    }
    match service.network_mode.as_mut().map(|mode| &mut mode.value) {
        Some(NetworkMode::Service(name)) => *name = format!("{prefix}{name}"),
        Some(NetworkMode::Container(name)) => {
            *name = container(name, stack, wiring, prefix).unwrap_or_else(|| name.clone());
        }
        _ => {}
    }
    for (attribute, (_, value)) in &mut service.attributes {
        let of_service = &mut |_: Span, text: &mut String| {
            if let Some(moved) = reference(text, stack, wiring, prefix) {
                *text = moved;
            }
        };
        match attribute.as_str() {
            "pid" | "ipc" => each_text(value, of_service),
            "build" => entry(value, "additional_contexts").into_iter().for_each(|it| each_context(it, of_service)),
            "external_links" => each_text(value, &mut |_, text| {
                let (name, alias) = text.split_once(':').unwrap_or((text, text));
                if let Some(moved) = container(name, stack, wiring, prefix) {
                    *text = format!("{moved}:{alias}");
                }
            }),
            _ => {}
        }
    }
    entries(&mut service.quadlet, stack, wiring, prefix);
    for mount in service.mounts.iter_mut().filter(|mount| mount.value.kind == MountKind::Volume) {
        if stack.volumes.contains_key(&mount.value.source) {
            mount.value.source = format!("{prefix}{}", mount.value.source);
        }
    }
    service
}

/// The new name of a container of the stack, by its old one.
fn container(name: &str, stack: &Stack, wiring: &Wiring<'_>, prefix: &str) -> Option<String> {
    let service = stack.services.values().find(|service| wiring.container_name(service) == name)?;
    Some(match service.container_name {
        ContainerName::Named(_) | ContainerName::ByService => format!("{prefix}{name}"),
        // A name that the runtime makes of the names of the service and the stack.
        ContainerName::ByRuntime(_) => match name.strip_prefix("systemd-") {
            Some(name) => format!("systemd-{prefix}{name}"),
            None => format!("{prefix}{}-{prefix}{}-1", stack.name.value, service.name.value),
        },
    })
}

/// `service:NAME` or `container:NAME` with the name it has now.
fn reference(text: &str, stack: &Stack, wiring: &Wiring<'_>, prefix: &str) -> Option<String> {
    match text.split_once(':')? {
        ("service", name) => stack.services.contains_key(name).then(|| format!("service:{prefix}{name}")),
        ("container", name) => container(name, stack, wiring, prefix).map(|name| format!("container:{name}")),
        _ => None,
    }
}

/// Entries of units, in which units and containers of the stack get the names they have now.
fn entries(entries: &mut [UnitEntry], stack: &Stack, wiring: &Wiring<'_>, prefix: &str) {
    for entry in entries {
        let mut out = String::new();
        let text = &entry.value.value;
        let is_name = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | '@');
        let mut rest = text.as_str();
        while !rest.is_empty() {
            let (between, behind) = rest.split_at(rest.find(is_name).unwrap_or(rest.len()));
            out.push_str(between);
            let (word, behind) = behind.split_at(behind.find(|c| !is_name(c)).unwrap_or(behind.len()));
            // A path is no unit's name.
            let moved = if out.ends_with('/') || behind.starts_with('/') {
                None
            } else if out.ends_with("container:") {
                container(word, stack, wiring, prefix)
            } else {
                is_unit(word, stack).then(|| format!("{prefix}{word}"))
            };
            out.push_str(moved.as_deref().unwrap_or(word));
            rest = behind;
        }
        entry.value.value = out;
    }
}

/// Whether a word is the name of a unit, or of a unit's service, that is made of the stack.
fn is_unit(word: &str, stack: &Stack) -> bool {
    let Some((name, kind)) = word.rsplit_once('.') else { return false };
    let network = |name: &str| stack.networks.get(name).is_some_and(|network| !network.external);
    let volume = |name: &str| stack.volumes.get(name).is_some_and(|volume| !volume.external);
    match kind {
        "container" | "build" => stack.services.contains_key(name),
        "network" => network(name),
        "volume" => volume(name),
        "service" => {
            stack.services.contains_key(name)
                || name.strip_suffix("-build").is_some_and(|name| stack.services.contains_key(name))
                || name.strip_suffix("-network").is_some_and(network)
                || name.strip_suffix("-volume").is_some_and(volume)
        }
        _ => false,
    }
}

/// A denied connection in words, with the names it has now.
fn words(text: &str, stack: &Stack, prefix: &str) -> String {
    let is_name = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    let mut out = String::new();
    let mut rest = text;
    while !rest.is_empty() {
        let end = rest.find(is_name).unwrap_or(rest.len());
        let (between, behind) = rest.split_at(end);
        out.push_str(between);
        // The arrow's own `-` is no name.
        let end = behind.find(|c| !is_name(c)).unwrap_or(behind.len());
        let arrow = behind.get(..end).is_some_and(|name| name.ends_with('-'))
            && behind.get(end..).is_some_and(|rest| rest.starts_with('>'));
        let (name, behind) = behind.split_at(if arrow { (end - 1).max(1) } else { end });
        if stack.services.contains_key(name) || stack.networks.contains_key(name) {
            out.push_str(prefix);
        }
        out.push_str(name);
        rest = behind;
    }
    out
}
