//! Names that a topology cannot have, as they are called there.

use super::{Losses, has_service_names};
use crate::maps::{HashMap, HashSet};
use crate::model::{
    ContainerName, Data, MountKind, Named, NetworkMode, Party, Stack, Target, Text, Value, is_name, is_reserved,
};
use crate::render::layout::{each_context, each_text, entry};

/// New names by old ones; only of those that need one.
type Names = HashMap<String, String>;

/// Gives everything a name that a topology can have. Services stay known by their old name, as an alias.
pub(super) fn rename(stack: &mut Stack, losses: &mut Losses) {
    if !is_name(&stack.name.value) {
        stack.name.value = good(&stack.name.value, "stack");
    }
    let free = |name: &str| is_name(name) && !is_reserved(name);
    let services = names(&stack.services, "service", free);
    let networks = names(&stack.networks, "network", free);
    let volumes = names(&stack.volumes, "volume", is_name);
    let secrets = names(&stack.secrets, "secret", is_name);
    let configs = names(&stack.configs, "config", is_name);
    if [&services, &networks, &volumes, &secrets, &configs].iter().all(|names| names.is_empty()) {
        return;
    }
    tell(stack, &services, &networks, losses);
    Renaming { services, networks, volumes, secrets, configs, with_aliases: has_service_names(stack) }.apply(stack);
}

/// Gives networks and secrets other keys where theirs do not fit. The objects keep their names.
pub(in crate::render) fn rename_objects(stack: &mut Stack, fits: impl Fn(&str) -> bool) {
    let networks = names(&stack.networks, "network", &fits);
    let volumes = names(&stack.volumes, "volume", &fits);
    let secrets = names(&stack.secrets, "secret", fits);
    Renaming { networks, volumes, secrets, ..Renaming::default() }.apply(stack);
}

/// Gives services other names where theirs do not fit: pairs of the old name and the new one.
pub(in crate::render) fn rename_services(stack: &mut Stack, fits: impl Fn(&str) -> bool) -> Vec<(String, String)> {
    let renaming = Renaming { services: names(&stack.services, "service", fits), ..Renaming::default() };
    renaming.apply(stack);
    let mut renamed: Vec<_> = renaming.services.into_iter().collect();
    renamed.sort();
    renamed
}

#[derive(Default)]
struct Renaming {
    services: Names,
    networks: Names,
    volumes: Names,
    secrets: Names,
    configs: Names,
    /// Whether services stay known by their old name.
    with_aliases: bool,
}

impl Renaming {
    fn apply(&self, stack: &mut Stack) {
        let Renaming { services, networks, volumes, secrets, configs, with_aliases } = self;
        for service in stack.services.values_mut() {
            let old = service.name.clone();
            new(services, &mut service.name.value);
            let renamed = service.name.value != old.value;
            for attachment in &mut service.networks {
                new(networks, &mut attachment.network.value);
                let known = attachment.aliases.iter().any(|alias| alias.value == old.value);
                if renamed && *with_aliases && !known && is_name(&old.value) {
                    attachment.aliases.push(old.clone());
                }
            }
            if renamed && matches!(service.container_name, ContainerName::ByService) && is_name(&old.value) {
                service.container_name = ContainerName::Named(old);
            }
            service.depends_on.iter_mut().for_each(|item| new(services, &mut item.service.value));
            for connection in &mut service.connections {
                if let Target::Service(name) = &mut connection.to {
                    new(services, name);
                }
            }
            if let Some(NetworkMode::Service(name)) = service.network_mode.as_mut().map(|mode| &mut mode.value) {
                new(services, name);
            }
            for mount in service.mounts.iter_mut().filter(|mount| mount.value.kind == MountKind::Volume) {
                new(volumes, &mut mount.value.source);
            }
            service.secrets.iter_mut().for_each(|used| new(secrets, &mut used.source.value));
            service.configs.iter_mut().for_each(|used| new(configs, &mut used.source.value));
            for (attribute, (_, value)) in &mut service.attributes {
                match attribute.as_str() {
                    "pid" | "ipc" | "links" | "volumes_from" => {
                        each_text(value, &mut |_, text| reference(services, text))
                    }
                    "build" => entry(value, "additional_contexts")
                        .into_iter()
                        .for_each(|value| each_context(value, &mut |_, text| reference(services, text))),
                    _ => {}
                }
            }
        }
        for party in stack.deny.iter_mut().flat_map(|deny| deny.from.iter_mut().chain(&mut deny.to)) {
            match party {
                Party::Service(name) => new(services, name),
                Party::Network(name) => new(networks, name),
                Party::Internet | Party::Host => {}
            }
        }
        let by_key = |text: &Text| text.value.clone();
        stack.services = stack.services.drain(..).map(|(_, item)| (by_key(&item.name), item)).collect();
        for network in stack.networks.values_mut() {
            network.object_name.get_or_insert_with(|| network.name.clone());
            new(networks, &mut network.name.value);
        }
        stack.networks = stack.networks.drain(..).map(|(_, item)| (by_key(&item.name), item)).collect();
        for volume in stack.volumes.values_mut() {
            volume.object_name.get_or_insert_with(|| volume.name.clone());
            new(volumes, &mut volume.name.value);
        }
        stack.volumes = stack.volumes.drain(..).map(|(_, item)| (by_key(&item.name), item)).collect();
        for (objects, names) in [(&mut stack.secrets, secrets), (&mut stack.configs, configs)] {
            for object in objects.values_mut().filter(|object| names.contains_key(&object.name.value)) {
                // What exists outside keeps its name there.
                if let (true, Data::Map(entries)) = (object.external, &mut object.written.data)
                    && entries.iter().all(|(key, _)| key != "name")
                {
                    let name = Value { span: object.written.span, data: Data::Text(object.name.value.clone()) };
                    entries.push(("name".to_owned(), name));
                }
                new(names, &mut object.name.value);
            }
            *objects = objects.drain(..).map(|(_, item)| (by_key(&item.name), item)).collect();
        }
    }
}

fn tell(stack: &Stack, services: &Names, networks: &Names, losses: &mut Losses) {
    for service in stack.services.values() {
        if let Some(new) = services.get(&service.name.value) {
            let message = format!("a topology cannot call a service `{}`: it is `{new}` here", service.name.value);
            losses.of_service(new, service.span(), message);
        }
    }
    for network in stack.networks.values() {
        if let Some(new) = networks.get(&network.name.value) {
            let message = format!("a topology cannot call a network `{}`: it is `{new}` here", network.name.value);
            losses.of_stack(network.name.span(), message);
        }
    }
}

fn names<T>(items: &Named<T>, what: &str, fits: impl Fn(&str) -> bool) -> Names {
    let mut taken: HashSet<String> = items.keys().filter(|name| fits(name)).cloned().collect();
    let mut names = Names::default();
    for name in items.keys().filter(|name| !fits(name)) {
        let good = good(name, what);
        let numbered = (2..).map(|number| format!("{good}-{number}"));
        if let Some(free) = std::iter::once(good.clone()).chain(numbered).find(|name| !taken.contains(name)) {
            taken.insert(free.clone());
            names.insert(name.clone(), free);
        }
    }
    names
}

/// A name made of a text; `what` helps where that would mean something else.
fn good(text: &str, what: &str) -> String {
    let letters = text.chars().take(150).map(|c| if c.is_ascii_alphanumeric() || c == '_' { c } else { '-' });
    let name: String = letters.collect();
    match name.trim_matches(['-', '_']) {
        "" => what.to_owned(),
        name if is_reserved(name) => format!("{name}-{what}"),
        name => name.to_owned(),
    }
}

fn new(names: &Names, name: &mut String) {
    if let Some(new) = names.get(name) {
        name.clone_from(new);
    }
}

/// `service:NAME`, `NAME:ALIAS` or `NAME` with the name it has now.
fn reference(names: &Names, text: &mut String) {
    let (before, rest) = text.strip_prefix("service:").map_or(("", text.as_str()), |rest| ("service:", rest));
    let (name, behind) = rest.split_at(rest.find(':').unwrap_or(rest.len()));
    if let Some(new) = names.get(name) {
        *text = format!("{before}{new}{behind}");
    }
}
