//! What a format cannot say in principle, each with its reason: taken out of both stacks before they are compared.

use quadgen::model::{Connection, ContainerName, HealthTest, MountKind, Origin, Spanned, Stack, Target};
use quadgen::source::is_secret_name;

/// Both without what a Compose file cannot say.
pub fn compose(before: &Stack, after: &Stack) -> [Stack; 2] {
    let mut both = [before.clone(), after.clone()];
    host_programs(before, &mut both);
    both.each_mut().into_iter().for_each(of_compose);
    both
}

/// The way to a program on the host is written out for the platform: in texts, and in the hosts file.
pub fn host_programs(before: &Stack, both: &mut [Stack; 2]) {
    let is_host = |connection: &Connection| matches!(connection.to, Target::Host(_));
    if !before.services.values().flat_map(|service| &service.connections).any(is_host) {
        return;
    }
    for stack in both {
        for (name, service) in &mut stack.services {
            service.attributes.shift_remove("extra_hosts");
            let Some(written) = before.services.get(name) else { continue };
            let is_filled = |name: &String| {
                let value = written.environment.get(name).and_then(|variable| variable.value.as_deref());
                value.is_some_and(|value| value.contains("{{ host."))
            };
            service.environment.retain(|name, _| !is_filled(name));
        }
    }
}

fn of_compose(stack: &mut Stack) {
    // A project's name is of lower case and has no dots.
    stack.name.value = stack.name.value.to_lowercase().replace('.', "-");
    for network in stack.networks.values_mut() {
        // Entries for units are for units, and Compose has no word for a network without DNS.
        network.quadlet.clear();
        network.dns_disabled = None;
        // Docker isolates networks by itself.
        network.options.shift_remove("isolate");
    }
    for volume in stack.volumes.values_mut() {
        volume.quadlet.clear();
    }
    for service in stack.services.values_mut() {
        service.quadlet.clear();
        // Compose makes a name where none is given, and Docker takes none of one letter.
        let implied = matches!(&service.container_name, ContainerName::Named(name) if name.is_implied());
        let short = match &service.container_name {
            ContainerName::ByService => service.name.value.len() < 2,
            ContainerName::Named(name) => name.value.len() < 2,
            ContainerName::ByRuntime(_) => false,
        };
        if implied || short || matches!(service.container_name, ContainerName::ByRuntime(_)) {
            service.container_name = ContainerName::ByRuntime(Spanned::implied((), service.name.span()));
        }
        // Compose starts who shares a namespace after the one it shares it with.
        service.depends_on.retain(|dependency| !dependency.service.is_implied());
        for mount in &mut service.mounts {
            let kind = mount.value.kind;
            // What Podman can do with a mount beyond that.
            mount.value.options.retain(|option| match option.as_str() {
                "z" | "Z" | "rshared" | "private" => kind == MountKind::Bind,
                "nocopy" => matches!(kind, MountKind::Volume | MountKind::Anonymous),
                option => kind == MountKind::Tmpfs && option.contains('='),
            });
            mount.value.options.sort();
        }
        if let Some(health) = &mut service.health
            && health.value.test == Some(HealthTest::Disabled)
        {
            // What is switched off has no times.
            health.value = quadgen::model::Health { test: Some(HealthTest::Disabled), ..Default::default() };
        }
    }
}

/// Both without what a topology cannot say of a Compose project.
pub fn topology(before: &Stack, after: &Stack) -> [Stack; 2] {
    let mut both = [before.clone(), after.clone()];
    for stack in &mut both {
        // What nobody chose, and what is for other programs.
        stack.disabled.clear();
        stack.attributes.clear();
        for (name, service) in &mut stack.services {
            let original = &before.services[name];
            // A topology calls containers after their services.
            if matches!(&original.container_name, ContainerName::Named(name) if name.is_implied()) {
                service.container_name = ContainerName::ByService;
            }
            // Compose finds services by their names whatever their containers are called; here an alias says so.
            for attachment in &mut service.networks {
                attachment.aliases.retain(|alias| alias.value != *name);
            }
            // Secrets that came from variables are in no file.
            for (name, variable) in &mut service.environment {
                let secret = |origin: Origin| matches!(origin, Origin::Interpolated(_)) && is_secret_name(name);
                let known = original.environment.get(name);
                let url = known.and_then(|known| known.value.as_deref()).is_some_and(|value| {
                    value.split_once("://").is_some_and(|(_, rest)| rest.split('/').next().unwrap().contains('@'))
                });
                let interpolated = known.is_some_and(|known| matches!(known.origin, Origin::Interpolated(_)));
                if known.is_some_and(|known| secret(known.origin)) || (interpolated && url) {
                    variable.value = None;
                }
            }
            // Only Compose reads env files before the start.
            service.env_files.iter_mut().for_each(|file| (file.variables, file.reads_otherwise) = (None, false));
            service.mounts.retain(|mount| mount.value.kind != MountKind::Other);
        }
    }
    both
}
