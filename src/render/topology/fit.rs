//! A stack of things that a topology has: containers only, no pods, and names that it takes.

use super::{Losses, rename};
use crate::model::{NetworkMode, Party, Service, ServiceKind, Stack, Target, UnitEntry};

/// Keys of `[Unit]` about when a unit starts. They add up.
const ORDER: [&str; 5] = ["After", "Before", "Wants", "Requires", "BindsTo"];

/// The stack in a topology's terms.
pub(super) fn fit(stack: &Stack, losses: &mut Losses) -> Stack {
    let mut out = stack.clone();
    for service in stack.services.values() {
        match service.kind {
            ServiceKind::Container => {}
            ServiceKind::Pod => pod(&mut out, service, losses),
            ServiceKind::Kube => {
                let name = &service.name.value;
                let message = format!("`{name}` is a kube unit, and a topology has none: it is left out");
                losses.of_stack(service.span(), message);
                forget(&mut out, name);
            }
        }
    }
    for service in stack.disabled.values() {
        let message = format!("the service `{}` is left out, because its profiles are not chosen", service.name.value);
        losses.of_stack(service.span(), message);
    }
    rename::rename(&mut out, losses);
    out
}

/// Takes a service out with everything that refers to it.
pub(in crate::render) fn forget(stack: &mut Stack, name: &str) {
    stack.services.shift_remove(name);
    for service in stack.services.values_mut() {
        service.depends_on.retain(|dependency| dependency.service.value != name);
        service.connections.retain(|connection| connection.to != Target::Service(name.to_owned()));
    }
    let gone = Party::Service(name.to_owned());
    for deny in &mut stack.deny {
        deny.from.retain(|party| *party != gone);
        deny.to.retain(|party| *party != gone);
    }
    stack.deny.retain(|deny| !deny.from.is_empty() && !deny.to.is_empty());
}

/// Puts the first container of a pod in its place: the others share the network of it.
fn pod(stack: &mut Stack, pod: &Service, losses: &mut Losses) {
    let name = &pod.name.value;
    let is_inside = |service: &Service| {
        service.network_mode.as_ref().is_some_and(|mode| mode.value == NetworkMode::Service(name.clone()))
    };
    let members: Vec<String> = stack
        .services
        .values()
        .filter(|service| is_inside(service))
        .map(|service| service.name.value.clone())
        .collect();
    let Some((first, others)) = members.split_first() else {
        losses.of_stack(pod.span(), format!("the pod `{name}` holds no container: it is left out"));
        return forget(stack, name);
    };
    let message = match others {
        [] => format!("a topology has no pods: `{first}` was in the pod `{name}`"),
        others => format!(
            "a topology has no pods: those in the pod `{name}` share the network of `{first}` ({})",
            others.join(", ")
        ),
    };
    losses.of_service(first, pod.span(), message);
    let lost: Vec<String> = pod.quadlet.iter().filter(|entry| !passes(entry)).map(entry_key).collect();
    if !lost.is_empty() {
        let message = format!("what `{name}` says with {} is left out", lost.join(", "));
        losses.of_service(first, pod.span(), message);
    }
    stack.services.shift_remove(name);
    for service in stack.services.values_mut() {
        let own = service.name.value.clone();
        if own == *first {
            take_place(service, pod);
        } else if let Some(NetworkMode::Service(owner)) = service.network_mode.as_mut().map(|mode| &mut mode.value)
            && owner == name
        {
            owner.clone_from(first);
        }
        if members.contains(&own) {
            service.mounts.extend(pod.mounts.iter().cloned());
        }
        for dependency in service.depends_on.iter_mut().filter(|dependency| dependency.service.value == *name) {
            dependency.service.value.clone_from(first);
        }
        service.depends_on.retain(|dependency| dependency.service.value != own);
        for connection in &mut service.connections {
            if let Target::Service(target) = &mut connection.to
                && target == name
            {
                target.clone_from(first);
            }
        }
    }
    for party in stack.deny.iter_mut().flat_map(|deny| deny.from.iter_mut().chain(&mut deny.to)) {
        if *party == Party::Service(name.clone()) {
            *party = Party::Service(first.clone());
        }
    }
}

/// Whether the first container can say for its pod when it starts; what describes the pod is nothing without it.
fn passes(entry: &UnitEntry) -> bool {
    let key = entry.key.value.as_str();
    ORDER.contains(&key) || ["Description", "Documentation", "WantedBy"].contains(&key)
}

fn entry_key(entry: &UnitEntry) -> String {
    format!("`{}=`", entry.key.value)
}

/// Gives a container what its pod has.
fn take_place(service: &mut Service, pod: &Service) {
    let order = pod.quadlet.iter().filter(|entry| ORDER.contains(&entry.key.value.as_str()));
    for entry in order {
        if !service.quadlet.contains(entry) {
            service.quadlet.push(entry.clone());
        }
    }
    service.network_mode.clone_from(&pod.network_mode);
    service.networks.clone_from(&pod.networks);
    service.ports.clone_from(&pod.ports);
    service.hostname = pod.hostname.clone().or(service.hostname.take());
    service.internet_denied = service.internet_denied.or(pod.internet_denied);
    service.host_denied = service.host_denied.or(pod.host_denied);
    let stated = pod.connections.iter().filter(|connection| connection.is_stated());
    service.connections.extend(stated.cloned());
    service.depends_on.extend(pod.depends_on.iter().cloned());
    for (attribute, said) in &pod.attributes {
        service.attributes.entry(attribute.clone()).or_insert_with(|| said.clone());
    }
}
