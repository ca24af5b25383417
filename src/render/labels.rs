//! `--selinux`: what a container mounts from the host gets a label that lets it in.

use std::path::Path;

use super::count;
use super::layout::below;
use crate::model::{Mount, MountKind, Service, ServiceBody, Stack};
use crate::platform::selinux::{is_of_the_system, is_open, label};

/// The stack with a label on every bind that has none: for the container alone where nobody else uses the folder or
/// anything in it.
pub fn labelled(stack: &Stack) -> Stack {
    let mut stack = stack.clone();
    let uses: Vec<(String, String)> =
        stack.services.values().chain(stack.disabled.values()).flat_map(|service| uses(&stack, service)).collect();
    let services = stack.services.values_mut().chain(stack.disabled.values_mut());
    for service in services.filter(|service| !is_open(service)) {
        let own = format!("{}/0", service.name.value);
        for mount in service.mounts.iter_mut().filter(|mount| is_bare(&mount.value)) {
            let source = mount.value.source.as_str();
            let shared = uses.iter().any(|(other, path)| *other != own && overlap(path, source));
            mount.value.options.push(if shared { "z" } else { "Z" }.to_owned());
        }
        let service: &mut ServiceBody = service;
        let files = service.secrets.iter_mut().chain(&mut service.configs);
        files.for_each(|used| used.labelled = true);
    }
    stack
}

/// Whose containers use which path of the host. Instances of a template are containers of their own.
fn uses(stack: &Stack, service: &Service) -> Vec<(String, String)> {
    let binds = service.mounts.iter().filter(|mount| mount.value.kind == MountKind::Bind);
    let mut paths: Vec<&str> = binds.map(|mount| mount.value.source.as_str()).collect();
    for (used, objects) in [(&service.secrets, &stack.secrets), (&service.configs, &stack.configs)] {
        let files = used.iter().filter_map(|used| objects.get(&used.source.value)?.file.as_ref());
        paths.extend(files.map(|file| file.value.as_str()));
    }
    let copies = if count(service) > 1 { 2 } else { 1 };
    let by = |path: &str| -> Vec<_> {
        (0..copies).map(|copy| (format!("{}/{copy}", service.name.value), path.to_owned())).collect()
    };
    paths.into_iter().flat_map(by).collect()
}

/// Whether a mount needs a label, and may have one.
fn is_bare(mount: &Mount) -> bool {
    mount.kind == MountKind::Bind
        && label(mount).is_none()
        // An overlay has one of its own.
        && !mount.options.iter().any(|option| option == "O")
        && !is_of_the_system(&mount.source)
}

/// Whether one path is the other, or lies in it.
fn overlap(one: &str, other: &str) -> bool {
    let whole = |path: &str| below(if path.starts_with('/') { "" } else { "." }, path).unwrap_or_default();
    let (one, other) = (whole(one), whole(other));
    Path::new(&one).starts_with(&other) || Path::new(&other).starts_with(&one)
}
