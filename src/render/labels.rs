//! `--selinux`: what a container mounts from the host gets a label that lets it in.

use super::count;
use crate::model::{Mount, MountKind, Stack};
use crate::platform::selinux::{is_of_the_system, is_open, label};

/// The stack with a label on every bind that has none: for the container alone where nobody else uses the folder or
/// anything in it.
pub fn labelled(stack: &Stack) -> Stack {
    let mut stack = stack.clone();
    let uses: Vec<(String, String)> = stack
        .services
        .values()
        .flat_map(|service| {
            // Instances of a template are containers of their own.
            let copies = if count(service) > 1 { 2 } else { 1 };
            let binds = service.mounts.iter().filter(|mount| mount.value.kind == MountKind::Bind);
            let of_one = binds.map(|mount| (service.name.value.clone(), mount.value.source.clone()));
            of_one
                .flat_map(move |(name, source)| (0..copies).map(move |copy| (format!("{name}/{copy}"), source.clone())))
        })
        .collect();
    for service in stack.services.values_mut().filter(|service| !is_open(service)) {
        let own = format!("{}/0", service.name.value);
        for mount in service.mounts.iter_mut().filter(|mount| is_bare(&mount.value)) {
            let source = mount.value.source.as_str();
            let shared = uses.iter().any(|(other, path)| *other != own && overlap(path, source));
            mount.value.options.push(if shared { "z" } else { "Z" }.to_owned());
        }
        let files = service.secrets.iter_mut().chain(&mut service.configs);
        files.for_each(|used| used.labelled = true);
    }
    stack
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
    let parts = |path: &str| -> Vec<String> {
        path.split('/').filter(|part| !matches!(*part, "" | ".")).map(str::to_owned).collect()
    };
    let (one, other) = (parts(one), parts(other));
    one.starts_with(&other) || other.starts_with(&one)
}
