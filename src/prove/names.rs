//! Whose a rendered object is: names in files are not always those of the source.
//!
//! A unit's file is called after the service, or after the project and the service; a network or volume that no unit
//! makes is known by the name of its object alone.

use super::units::Units;
use crate::maps::{HashMap, HashSet};
use crate::model::{ContainerName, Format, MountKind, Named, NetworkMode, Party, ServiceBody, Stack, Target, Text};
use crate::render::File;

/// Names as they are in the files, with those of the source.
type Names = HashMap<String, String>;

/// Gives everything in a stack that was read back the name that it has in the source. The answer is what only its
/// units say.
pub(super) fn as_in_source(stack: &mut Stack, source: &Stack, files: &[File]) -> Units {
    let project = source.name.value.as_str();
    // Units know no project: what its name does to names is said by the names themselves.
    if stack.format == Format::Quadlet {
        stack.name.value.clone_from(&source.name.value);
    }
    let services = of_files(source.services.keys(), project, "container", files);
    let own = source.networks.values().filter(|network| !network.external).map(|network| &network.name.value);
    let mut networks = of_files(own, project, "network", files);
    let own = source.volumes.values().filter(|volume| !volume.external).map(|volume| &volume.name.value);
    let mut volumes = of_files(own, project, "volume", files);
    let objects: HashMap<&str, &String> =
        source.networks.iter().map(|(name, network)| (network.object(), name)).collect();
    let outside = stack.networks.iter().filter(|(_, network)| network.external);
    networks.extend(outside.filter_map(|(name, it)| Some((name.clone(), (*objects.get(it.object())?).clone()))));
    let objects: HashMap<&str, &String> = source.volumes.iter().map(|(name, volume)| (volume.object(), name)).collect();
    let outside = stack.volumes.iter().filter(|(_, volume)| volume.external);
    volumes.extend(outside.filter_map(|(name, it)| Some((name.clone(), (*objects.get(it.object())?).clone()))));
    let units = Units::of(stack, has_lines(source)).renamed(|name| services.get(&name).cloned().unwrap_or(name));
    if [&services, &networks, &volumes].iter().any(|names| names.iter().any(|(old, new)| old != new)) {
        rename(stack, &services, &networks, &volumes);
    }
    units
}

/// Whether somebody wrote lines for units.
pub(super) fn has_lines(source: &Stack) -> bool {
    let services = source.services.values().map(|service| &service.quadlet);
    let networks = source.networks.values().map(|network| &network.quadlet);
    let volumes = source.volumes.values().map(|volume| &volume.quadlet);
    services.chain(networks).chain(volumes).any(|entries| !entries.is_empty())
}

/// The names that files of a kind have, where all of them carry the project's before their own; else those of templates.
fn of_files<'s>(names: impl Iterator<Item = &'s String>, project: &str, kind: &str, files: &[File]) -> Names {
    let known: HashSet<&str> = names.map(String::as_str).collect();
    let ending = format!(".{kind}");
    let units = files.iter().filter_map(|file| file.name.strip_suffix(&ending));
    let named = |unit: &str, own: Option<&str>| {
        let own = own.filter(|own| known.contains(own))?;
        Some((unit.to_owned(), own.to_owned()))
    };
    let template = |unit: &str| named(unit, unit.strip_suffix('@'));
    let of_project = |unit: &str| {
        let own = unit.strip_prefix(project)?.strip_prefix('-')?;
        named(unit, Some(own.strip_suffix('@').unwrap_or(own)))
    };
    let found: Names = units.clone().filter_map(of_project).collect();
    let there: HashSet<&String> = found.values().collect();
    if there.len() == known.len() { found } else { units.filter_map(template).collect() }
}

fn rename(stack: &mut Stack, services: &Names, networks: &Names, volumes: &Names) {
    let change = |names: &Names, text: &mut String| {
        if let Some(name) = names.get(text) {
            text.clone_from(name);
        }
    };
    let text = |names: &Names, text: &mut Text| change(names, &mut text.value);
    for service in stack.services.values_mut().chain(stack.disabled.values_mut()) {
        let service: &mut ServiceBody = service;
        if let ContainerName::Named(name) = &mut service.container_name
            && service.name.value.ends_with('@')
        {
            // The first one, which stands for the service.
            name.value = name.value.replace("%i", "1");
        }
        text(services, &mut service.name);
        service.networks.iter_mut().for_each(|attachment| text(networks, &mut attachment.network));
        service.depends_on.iter_mut().for_each(|dependency| text(services, &mut dependency.service));
        if let Some(NetworkMode::Service(name)) = service.network_mode.as_mut().map(|mode| &mut mode.value) {
            change(services, name);
        }
        for connection in &mut service.connections {
            if let Target::Service(name) = &mut connection.to {
                change(services, name);
            }
        }
        for mount in service.mounts.iter_mut().filter(|mount| mount.value.kind == MountKind::Volume) {
            change(volumes, &mut mount.value.source);
        }
    }
    stack.networks.values_mut().for_each(|network| text(networks, &mut network.name));
    stack.volumes.values_mut().for_each(|volume| text(volumes, &mut volume.name));
    for party in stack.deny.iter_mut().flat_map(|deny| deny.from.iter_mut().chain(&mut deny.to)) {
        match party {
            Party::Service(name) => change(services, name),
            Party::Network(name) => change(networks, name),
            Party::Internet | Party::Host => {}
        }
    }
    stack.services = by_name(std::mem::take(&mut stack.services), |service| &service.name);
    stack.disabled = by_name(std::mem::take(&mut stack.disabled), |service| &service.name);
    stack.networks = by_name(std::mem::take(&mut stack.networks), |network| &network.name);
    stack.volumes = by_name(std::mem::take(&mut stack.volumes), |volume| &volume.name);
}

fn by_name<T>(old: Named<T>, name: fn(&T) -> &Text) -> Named<T> {
    old.into_values().map(|item| (name(&item).value.clone(), item)).collect()
}
