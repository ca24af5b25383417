//! `--prefix`: something before every name.

use super::{each_context, each_text, entry};
use crate::model::{
    ContainerName, Format, INTENTS, MountKind, Named, Network, NetworkMode, Party, Service, Spanned, Stack,
    Target as Goal, Text, Unit, UnitEntry, UnitKind,
};
use crate::network::{Home, Wiring};
use crate::source::Span;

/// Puts a prefix before the names of units, containers, networks and volumes. Each service keeps the names by which
/// others find it, as aliases; not on networks from outside, where the original answers to them.
///
/// A network that no unit makes has to be there before: units go on calling it by its name. A volume that no unit makes
/// is made by Podman, and belongs to whoever starts first: to the stack, so it gets the prefix.
///
/// A Compose project's services, networks and volumes have names of their own inside the project: there it is the project
/// that gets the prefix, and what is called after it.
pub(super) fn prefixed(stack: &Stack, wiring: &Wiring<'_>, prefix: &str) -> Stack {
    let object_prefix = prefix;
    let prefix = if stack.format == Format::Compose { "" } else { prefix };
    let both = Prefixes { name: prefix, object: object_prefix };
    let new = |name: &str| format!("{prefix}{name}");
    let mut out = stack.clone();
    out.name.value = format!("{object_prefix}{}", stack.name.value);
    out.networks = rename(
        &stack.networks,
        |network| &network.name,
        |network| {
            let mut network = network.clone();
            if is_theirs(stack, &network.name.value) {
                return network;
            }
            object(network.external, &network.name, &mut network.object_name, object_prefix);
            network.name.value = new(&network.name.value);
            entries(&mut network.quadlet, stack, wiring, both);
            network
        },
    );
    out.volumes = rename(
        &stack.volumes,
        |volume| &volume.name,
        |volume| {
            let mut volume = volume.clone();
            let external = volume.external && stack.format != Format::Quadlet;
            object(external, &volume.name, &mut volume.object_name, object_prefix);
            volume.name.value = new(&volume.name.value);
            entries(&mut volume.quadlet, stack, wiring, both);
            volume
        },
    );
    let renamed =
        |services: &Named<Service>| rename(services, |service| &service.name, |old| service(old, stack, wiring, both));
    out.services = renamed(&stack.services);
    out.disabled = renamed(&stack.disabled);
    out.units = rename_units(stack, wiring, both);
    for deny in &mut out.deny {
        deny.from.iter_mut().chain(&mut deny.to).for_each(|party| match party {
            Party::Network(name) if is_theirs(stack, name) => {}
            Party::Service(name) | Party::Network(name) => *name = new(name),
            Party::Internet | Party::Host => {}
        });
        deny.text.value = words(&deny.text.value, stack, prefix);
    }
    out
}

/// Whether a network of a tree of units is one that none of them makes.
fn is_theirs(stack: &Stack, network: &str) -> bool {
    stack.format == Format::Quadlet && stack.networks.get(network).is_some_and(|network| network.external)
}

/// What comes before the names of the stack, and before those of containers.
#[derive(Clone, Copy)]
struct Prefixes<'p> {
    name: &'p str,
    object: &'p str,
}

/// The same in the same order, each under the name it has now.
fn rename<T>(old: &Named<T>, name: fn(&T) -> &Text, change: impl Fn(&T) -> T) -> Named<T> {
    old.values().map(change).map(|item| (name(&item).value.clone(), item)).collect()
}

/// The units with the names they have now, in their own lines and in those of others.
fn rename_units(stack: &Stack, wiring: &Wiring<'_>, both: Prefixes<'_>) -> Named<Unit> {
    let prefix = both.object;
    let renamed = stack.units.values().map(|old| {
        let mut unit = old.clone();
        unit.file = format!("{prefix}{}", old.file);
        unit.service = format!("{prefix}{}", old.service);
        entries(&mut unit.entries, stack, wiring, both);
        let own = unit.kind.section();
        for entry in unit.entries.iter_mut().filter(|entry| entry.section == own) {
            let is_name = OBJECTS.contains(&entry.key.value.as_str());
            if is_name && !entry.value.value.is_empty() {
                // The unit's own name, which systemd fills in, is another one now.
                let made = if entry.value.value.contains('%') { made(old, stack, wiring) } else { None };
                entry.value.value = format!("{prefix}{}", made.as_deref().unwrap_or(&entry.value.value)).into();
            }
        }
        let service = stack.services.values().find(|service| service.unit_file() == old.file);
        if let Some(service) = service.filter(|service| wiring.home(service) == Home::Networks) {
            known_as(&mut unit, &wiring.container_name(service), stack, prefix);
        }
        (unit.file.clone(), unit)
    });
    renamed.collect()
}

/// The name of what a unit makes, as far as it is known before it runs.
fn made(unit: &Unit, stack: &Stack, wiring: &Wiring<'_>) -> Option<String> {
    let (stem, kind) = UnitKind::of_file(&unit.file)?;
    let object = |object: &Option<Text>| Some(object.as_ref().map_or(stem, |object| &object.value).to_owned());
    match kind {
        UnitKind::Network => object(&stack.networks.get(stem)?.object_name),
        UnitKind::Volume => object(&stack.volumes.get(stem)?.object_name),
        _ => stack
            .services
            .values()
            .find(|it| it.unit_file() == unit.file)
            .map(|it| wiring.container_name(it).into_owned()),
    }
}

/// Keys that name what a unit makes.
const OBJECTS: [&str; 4] = ["ContainerName", "NetworkName", "VolumeName", "PodName"];

/// Lets a unit's container keep a name on the networks of its stack. Podman takes one form of alias only.
fn known_as(unit: &mut Unit, name: &str, stack: &Stack, prefix: &str) {
    let own = unit.kind.section();
    let alias = unit.entries.iter().position(|entry| entry.section == own && entry.key.value == "NetworkAlias");
    if let Some(mut alias) = alias.and_then(|at| unit.entries.get(at)).cloned() {
        // A line of its own, behind those that were written.
        alias.key = Spanned::implied(alias.key.value, unit.head);
        alias.value = Spanned::implied(name.into(), unit.head);
        return unit.entries.push(alias);
    }
    for entry in unit.entries.iter_mut().filter(|entry| entry.section == own && entry.key.value == "Network") {
        let network = entry.value.value.split(':').next().unwrap_or("");
        let file = network.strip_prefix(prefix).filter(|file| file.ends_with(".network"));
        let is_it =
            |it: &Network| !it.external && called(it.object_name.as_ref().unwrap_or(&it.name), prefix) == network;
        if file.is_some_and(|file| stack.units.contains_key(file)) || stack.networks.values().any(is_it) {
            let sign = if entry.value.value.contains(':') { ',' } else { ':' };
            entry.value.value = format!("{}{sign}alias={name}", entry.value.value).into();
        }
    }
}

/// The name of an object in the runtime: what exists outside keeps its own.
fn object(external: bool, name: &Text, object: &mut Option<Text>, prefix: &str) {
    match object {
        Some(object) if !external => object.value = called(object, prefix),
        None if external => *object = Some(name.clone()),
        _ => {}
    }
}

/// What an object is called then. What the generator calls `systemd-web` after `web.container` is called after that unit.
fn called(name: &Text, prefix: &str) -> String {
    match name.value.strip_prefix("systemd-").filter(|_| name.is_implied()) {
        Some(unit) => format!("systemd-{prefix}{unit}"),
        None => format!("{prefix}{}", name.value),
    }
}

fn service(old: &Service, stack: &Stack, wiring: &Wiring<'_>, both: Prefixes<'_>) -> Service {
    let prefix = both.name;
    let new = |text: &mut Text| text.value = format!("{prefix}{}", text.value);
    let mut service = old.clone();
    new(&mut service.name);
    if let crate::model::ContainerName::Named(name) = &mut service.container_name {
        name.value = called(name, both.object);
    }
    // What others look up stays: the container's name and, where that is one, the service's.
    let names: Vec<String> =
        wiring.names(old).iter().filter(|name| name.network.is_none()).map(|name| name.text.to_string()).collect();
    let on_networks = wiring.home(old) == Home::Networks;
    for attachment in &mut service.networks {
        let is_own = stack.networks.get(&attachment.network.value).is_none_or(|network| !network.external);
        for name in names.iter().filter(|_| on_networks && is_own) {
            if attachment.aliases.iter().all(|alias| alias.value != *name) {
                attachment.aliases.push(Spanned::implied(name.clone(), old.span()));
            }
        }
        if !is_theirs(stack, &attachment.network.value) {
            new(&mut attachment.network);
        }
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
            *name = container(name, stack, wiring, both).unwrap_or_else(|| name.clone());
        }
        _ => {}
    }
    for (attribute, (_, value)) in &mut service.attributes {
        let of_service = &mut |_: Span, text: &mut String| {
            if let Some(moved) = reference(text, stack, wiring, both) {
                *text = moved;
            }
        };
        match attribute.as_str() {
            "pid" | "ipc" => each_text(value, of_service),
            "build" => entry(value, "additional_contexts").into_iter().for_each(|it| each_context(it, of_service)),
            "external_links" => each_text(value, &mut |_, text| {
                let (name, alias) = text.split_once(':').unwrap_or((text, text));
                if let Some(moved) = container(name, stack, wiring, both) {
                    *text = format!("{moved}:{alias}");
                }
            }),
            _ => {}
        }
    }
    entries(&mut service.quadlet, stack, wiring, both);
    for mount in service.mounts.iter_mut().filter(|mount| mount.value.kind == MountKind::Volume) {
        if stack.volumes.contains_key(&mount.value.source) {
            mount.value.source = format!("{prefix}{}", mount.value.source);
        }
    }
    service
}

/// The new name of a container of the stack, by its old one.
fn container(name: &str, stack: &Stack, wiring: &Wiring<'_>, both: Prefixes<'_>) -> Option<String> {
    let service = stack.services.values().find(|service| wiring.container_name(service) == name)?;
    Some(match service.container_name {
        ContainerName::Named(_) | ContainerName::ByService => format!("{}{name}", both.object),
        // A name that the runtime makes of the names of the service and the stack.
        ContainerName::ByRuntime(_) => {
            let prefix = both.object;
            match name.strip_prefix("systemd-") {
                Some(name) => format!("systemd-{prefix}{name}"),
                None => format!("{prefix}{}-{}{}-1", stack.name.value, both.name, service.name.value),
            }
        }
    })
}

/// `service:NAME` or `container:NAME` with the name it has now.
fn reference(text: &str, stack: &Stack, wiring: &Wiring<'_>, both: Prefixes<'_>) -> Option<String> {
    let prefix = both.name;
    match text.split_once(':')? {
        ("service", name) => stack.services.contains_key(name).then(|| format!("service:{prefix}{name}")),
        ("container", name) => container(name, stack, wiring, both).map(|name| format!("container:{name}")),
        _ => None,
    }
}

/// Entries of units, in which units and containers of the stack get the names they have now.
fn entries(entries: &mut [UnitEntry], stack: &Stack, wiring: &Wiring<'_>, both: Prefixes<'_>) {
    let prefix = both.name;
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
                container(word, stack, wiring, both)
            } else if is_unit(word, stack) || (is_intent(entry) && is_party(word, stack)) {
                Some(format!("{prefix}{word}"))
            } else {
                object_of(&entry.key.value, &out, word, behind, stack, both)
            };
            out.push_str(moved.as_deref().unwrap_or(word));
            rest = behind;
        }
        entry.value.value = out.into();
        if entry.key.value == "ServiceName" && UnitKind::ALL.iter().any(|kind| kind.section() == entry.section) {
            entry.value.value.insert_str(0, prefix);
        }
    }
}

/// Whether a line says whom a unit reaches, or must not.
fn is_intent(entry: &UnitEntry) -> bool {
    entry.section == INTENTS && matches!(entry.key.value.as_str(), "Connects" | "Deny")
}

/// The new name of a network or volume of the stack where a key or an argument calls it by the name that it has in the
/// runtime; `before` and `after` are what stands around the word.
fn object_of(key: &str, before: &str, word: &str, after: &str, stack: &Stack, both: Prefixes<'_>) -> Option<String> {
    let new = |object: &Text| (object.value == word).then(|| called(object, both.object));
    let bare = before.trim_end_matches(['"', '\'']);
    let behind = |words: &[&str]| words.iter().any(|word| bare.ends_with(word));
    let arguments = key == "PodmanArgs";
    let first = |own: &str| key == own && bare.is_empty();
    if first("Network") || (arguments && behind(&["--network=", "--network ", "--net=", "--net "])) {
        let mut own = stack.networks.values().filter(|network| !network.external);
        return own.find_map(|network| new(network.object_name.as_ref().unwrap_or(&network.name)));
    }
    let fields = [before.rsplit(' ').next().unwrap_or(""), after.split(' ').next().unwrap_or("")];
    let mount = (key == "Mount" || arguments) && fields.iter().any(|fields| fields.contains("type=volume"));
    let volume = first("Volume") || (arguments && behind(&["-v ", "-v=", "--volume=", "--volume "]));
    if volume || (mount && behind(&["source=", "src="])) {
        let mut own = stack.volumes.values().filter(|volume| !volume.external || stack.format == Format::Quadlet);
        return own.find_map(|volume| new(volume.object_name.as_ref().unwrap_or(&volume.name)));
    }
    None
}

/// Whether a word is what an intent calls a service or a network by.
fn is_party(word: &str, stack: &Stack) -> bool {
    stack.services.contains_key(word) || (stack.networks.contains_key(word) && !is_theirs(stack, word))
}

/// Whether a word is the name of a unit, or of a unit's service, that is made of the stack.
fn is_unit(word: &str, stack: &Stack) -> bool {
    let Some((name, kind)) = word.rsplit_once('.') else { return false };
    if stack.units.values().any(|unit| word == unit.file || (kind == "service" && name == unit.service)) {
        return true;
    }
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
        if is_party(name, stack) {
            out.push_str(prefix);
        }
        out.push_str(name);
        rest = behind;
    }
    out
}
