//! What a format cannot say in principle, each with its reason: taken out of both stacks before they are compared.

use quadgen::model::{Connection, ContainerName, HealthTest, MountKind, Spanned, Stack, Target};

/// Both without what a Compose file cannot say.
pub fn compose(before: &Stack, after: &Stack) -> [Stack; 2] {
    let mut both = [before.clone(), after.clone()];
    host_programs(before, &mut both);
    both.each_mut().into_iter().for_each(of_compose);
    both
}

/// The way to a program on the host is written out for the platform: in texts, and in the hosts file.
fn host_programs(before: &Stack, both: &mut [Stack; 2]) {
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
