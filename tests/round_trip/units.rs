//! What Quadlet units cannot say in principle, each with its reason: taken out of both stacks before they are compared.
//! Where units say it in other words, both stacks get those.

use indexmap::IndexMap;
use quadgen::model::{
    Condition, ContainerName, Data, Deny, Duration, HealthTest, Mount, MountKind, Party, Restart, Service, Spanned,
    Stack, Value,
};
use quadgen::platform::attributes::{self, Shape};

use super::cannot::host_programs;

/// What quadgen writes for a service that others wait for.
const WAITED: [&str; 6] = ["Notify", "RestartMode", "TimeoutStartSec", "TimeoutStopSec", "Type", "RemainAfterExit"];

/// Both without what units cannot say.
pub fn units(before: &Stack, after: &Stack) -> [Stack; 2] {
    let mut both = [before.clone(), after.clone()];
    host_programs(before, &mut both);
    let completed = awaited(before, Condition::Completed);
    let waited = [awaited(before, Condition::Healthy), completed.clone()].concat();
    for stack in &mut both {
        // Units are for one platform, and know nothing of programs outside.
        stack.platforms.clear();
        stack.host_services.clear();
        outside(stack);
        files(stack);
        dependencies(stack, &completed);
        for service in stack.services.values_mut() {
            self::service(service, completed.contains(&service.name.value));
            // Who waits for something that may fail only wants it: that it is waited for, only its own unit says.
            let service: &mut quadgen::model::ServiceBody = service;
            service
                .quadlet
                .retain(|entry| !waited.contains(&service.name.value) || !WAITED.contains(&entry.key.value.as_str()));
        }
        for network in stack.networks.values_mut() {
            network.attributes.values_mut().for_each(|(_, value)| pairs(value));
            // What is nothing of its own.
            network.attributes.shift_remove("ipam.driver");
            // quadgen writes it where a denial needs it.
            network.options.shift_remove("isolate");
            network.quadlet.iter_mut().for_each(|entry| entry.value.value = entry.value.value.to_lowercase());
            // They are paired by their order, and there is no key for addresses that are kept free.
            network.subnets.sort_by_key(|subnet| (subnet.gateway.is_none(), subnet.range.is_none()));
            let mut gap = false;
            for subnet in &mut network.subnets {
                subnet.aux = None;
                subnet.range.take_if(|_| gap);
                gap |= subnet.range.is_none();
            }
        }
        for volume in stack.volumes.values_mut() {
            volume.attributes.values_mut().for_each(|(_, value)| pairs(value));
        }
    }
    // An anonymous volume gets a name, or it would be gone at every stop.
    let [_, after] = &mut both;
    for service in after.services.values_mut() {
        for mount in service.mounts.iter_mut().map(|mount| &mut mount.value) {
            if mount.kind == MountKind::Volume
                && !before.volumes.contains_key(&mount.source)
                && after.volumes[&mount.source].attributes.is_empty()
            {
                mount.kind = MountKind::Anonymous;
                mount.source.clear();
            }
        }
    }
    let external = |name: &String| after.volumes[name].external;
    let made: Vec<String> =
        after.volumes.keys().filter(|name| !before.volumes.contains_key(*name) && !external(name)).cloned().collect();
    made.iter().for_each(|name| {
        after.volumes.shift_remove(name);
    });
    both
}

/// What comes from outside has no unit: it is known by its own name, and only where it is used.
fn outside(stack: &mut Stack) {
    let mut names: IndexMap<String, String> = IndexMap::new();
    for network in stack.networks.values().filter(|network| network.external) {
        names.insert(network.name.value.clone(), network.object().to_owned());
    }
    // Whose network has no unit says its denials by itself.
    let mut denials: Vec<Deny> = Vec::new();
    for deny in &stack.deny {
        for from in &deny.from {
            let mut one = Deny { from: vec![from.clone()], ..deny.clone() };
            match from {
                Party::Network(network) if names.contains_key(network) => {
                    for service in stack.services.values() {
                        let is_on = |network: &String| service.networks.iter().any(|it| it.network.value == *network);
                        let on_both = deny.to.iter().any(|to| matches!(to, Party::Network(other) if is_on(other)));
                        if is_on(network) && !on_both {
                            one.from = vec![Party::Service(service.name.value.clone())];
                            denials.push(one.clone());
                        }
                    }
                }
                _ => denials.push(one),
            }
        }
    }
    for party in denials.iter_mut().flat_map(|deny| &mut deny.to) {
        if let Party::Network(name) = party {
            *name = names.get(name).unwrap_or(name).clone();
        }
    }
    stack.deny = denials;
    for attachment in stack.services.values_mut().flat_map(|service| &mut service.networks) {
        attachment.network.value = names.get(&attachment.network.value).unwrap_or(&attachment.network.value).clone();
    }
    let services = stack.services.values();
    let used: Vec<String> = services.flat_map(|service| &service.networks).map(|it| it.network.value.clone()).collect();
    stack.networks = std::mem::take(&mut stack.networks)
        .into_iter()
        .map(|(_, mut network)| {
            network.name.value = names.get(&network.name.value).unwrap_or(&network.name.value).clone();
            (network.name.value.clone(), network)
        })
        .filter(|(name, network)| !network.external || used.contains(name))
        .collect();
    let mounts = stack.services.values().flat_map(|service| &service.mounts);
    let used: Vec<String> = mounts.map(|mount| mount.value.source.clone()).collect();
    stack.volumes.retain(|name, volume| !volume.external || used.contains(name));
}

/// Files that are secrets or configs are mounted; configs from outside and the files' owners have no words.
fn files(stack: &mut Stack) {
    let file = |source: &str, target: String| Mount {
        kind: MountKind::Bind,
        source: source.to_owned(),
        target,
        read_only: true,
        create: false,
        options: Vec::new(),
        extra: Vec::new(),
    };
    for service in stack.services.values_mut() {
        let mut mounts = Vec::new();
        service.secrets.retain_mut(|used| {
            used.extra.clear();
            let name = &used.source.value;
            let Some(path) = &stack.secrets[name].file else { return true };
            let target = used.target.clone().unwrap_or_else(|| name.clone());
            let target = if target.starts_with('/') { target } else { format!("/run/secrets/{target}") };
            mounts.push(Spanned::written(file(&path.value, target), used.source.span()));
            false
        });
        for used in service.configs.drain(..) {
            if let Some(path) = &stack.configs[&used.source.value].file {
                let target = used.target.clone().unwrap_or_else(|| format!("/{}", used.source.value));
                mounts.push(Spanned::written(file(&path.value, target), used.source.span()));
            }
        }
        service.mounts.append(&mut mounts);
    }
    let uses = stack.services.values().flat_map(|service| &service.secrets);
    let used: Vec<String> = uses.map(|used| used.source.value.clone()).collect();
    stack.secrets.retain(|name, _| used.contains(name));
    stack.configs.clear();
}

fn awaited(stack: &Stack, condition: Condition) -> Vec<String> {
    let all = stack.services.values().flat_map(|service| &service.depends_on);
    all.filter(|other| other.condition.value == condition).map(|other| other.service.value.clone()).collect()
}

/// What need not be there is only wanted; and a unit counts as started in one way, whoever waits.
fn dependencies(stack: &mut Stack, completed: &[String]) {
    for dependency in stack.services.values_mut().flat_map(|service| &mut service.depends_on) {
        if !dependency.required {
            dependency.condition.value = Condition::Started;
            dependency.required = true;
        }
        if dependency.condition.value != Condition::Started && completed.contains(&dependency.service.value) {
            dependency.condition.value = Condition::Completed;
        }
    }
}

fn service(service: &mut Service, is_awaited: bool) {
    // A short name means Docker Hub, and units say so.
    if let Some(image) = &mut service.image {
        image.value = image.value.full().parse().unwrap();
    }
    let implied = matches!(&service.container_name, ContainerName::Named(name) if name.is_implied());
    if implied {
        service.container_name = ContainerName::ByRuntime(Spanned::implied((), service.name.span()));
    }
    for attachment in &mut service.networks {
        // For Docker only.
        attachment.attributes.shift_remove("priority");
    }
    // Podman has no choice of host ports, and a port there has no name.
    service.ports.retain(|port| port.value.host.is_none_or(|host| host.len() == port.value.container.len()));
    service.ports.iter_mut().for_each(|port| port.value.extra.clear());
    for file in &mut service.env_files {
        // Podman reads each env file, and in one way.
        file.required = true;
        file.format = None;
        file.variables = None;
    }
    // An empty command takes none away.
    service.command.take_if(|words| words.is_empty());
    // systemd has no `unless-stopped`; and what others wait for until it ends is not started again always.
    service.restart = match service.restart.map(|restart| restart.value) {
        Some(Restart::Always | Restart::UnlessStopped) if is_awaited => None,
        Some(Restart::Always | Restart::UnlessStopped) => Some(Restart::Always),
        Some(Restart::No) | None => None,
        other => other,
    }
    .map(|restart| Spanned::written(restart, service.name.span()));
    if let Some(grace) = &mut service.stop_grace_period {
        // In whole seconds.
        grace.value = Duration::seconds(grace.value.as_seconds());
    }
    if let Some(health) = &mut service.health {
        let health = &mut health.value;
        health.start_interval = None;
        // Zero is the default.
        health.interval.take_if(|time| time.value == Duration::default());
        health.timeout.take_if(|time| time.value == Duration::default());
        health.retries.take_if(|retries| retries.value == 0);
        if health.test == Some(HealthTest::Disabled) {
            *health = quadgen::model::Health { test: Some(HealthTest::Disabled), ..Default::default() };
        }
        // Podman would run one word with blanks in a shell, so such a check is left out.
        if let Some(HealthTest::Exec(words)) = &health.test
            && let [only] = words.as_slice()
            && only.value.contains(char::is_whitespace)
        {
            health.test = None;
        }
        if let Some(HealthTest::Shell(line)) = &mut health.test {
            line.value = line.value.trim().to_owned();
        }
    }
    // The times of the image's own check cannot be changed.
    service.health.take_if(|health| health.value.test.is_none());
    mounts(service);
    self::attributes(service);
    let mut entries = Vec::new();
    for entry in std::mem::take(&mut service.quadlet) {
        // Arguments may stand in one line or in several.
        for word in entry.value.value.split_whitespace() {
            let mut one = entry.clone();
            one.value.value = word.into();
            entries.push(one);
        }
    }
    service.quadlet = entries;
}

fn mounts(service: &mut Service) {
    if let Some((span, value)) = service.attributes.shift_remove("tmpfs") {
        for text in value.texts() {
            let (target, options) = text.split_once(':').unwrap_or((&text, ""));
            let options = options.split(',').filter(|option| !option.is_empty()).map(str::to_owned);
            let mount = Mount {
                kind: MountKind::Tmpfs,
                source: String::new(),
                target: target.to_owned(),
                read_only: false,
                create: false,
                options: options.collect(),
                extra: Vec::new(),
            };
            service.mounts.push(Spanned::written(mount, span));
        }
    }
    for mount in service.mounts.iter_mut().map(|mount| &mut mount.value) {
        // Whether a folder is made shows only where quadgen adds a step.
        mount.create = false;
        // There are no words for it.
        mount.extra.clear();
    }
    service.mounts.sort_by(|a, b| a.value.target.cmp(&b.value.target));
}

/// Attributes in the form that units have for them.
fn attributes(service: &mut Service) {
    let local = service.image.as_ref().is_some_and(|image| image.value.is_local());
    if let Some((span, deploy)) = service.attributes.shift_remove("deploy") {
        let limit = |group: &str, name: &str| deploy.get("resources")?.get(group)?.get(name).cloned();
        for (name, value) in [
            ("mem_limit", limit("limits", "memory")),
            ("cpus", limit("limits", "cpus")),
            ("mem_reservation", limit("reservations", "memory")),
        ] {
            if let Some(value) = value {
                service.attributes.insert(name.to_owned(), (span, value));
            }
        }
    }
    // A unit is started or not; nobody chooses profiles.
    service.attributes.shift_remove("profiles");
    if let Some((_, build)) = service.attributes.get_mut("build") {
        self::build(build);
    }
    service.attributes.retain(|name, (_, value)| {
        let shape = attributes::find(&format!("services.*.{name}")).and_then(|attribute| attribute.shape);
        match shape {
            // An image that is on this machine only is never pulled.
            Some(Shape::Pull) if local && value.scalar().as_deref() == Some("never") => return false,
            Some(Shape::List) => {
                let span = value.span;
                let items = value.texts().into_iter().map(|text| Value { span, data: Data::Text(text) });
                value.data = Data::List(items.collect());
            }
            Some(Shape::Pairs) => pairs(value),
            Some(Shape::Hosts) => {
                let span = value.span;
                let items: Vec<String> = match &value.data {
                    Data::Map(entries) => {
                        entries.iter().map(|(name, value)| format!("{name}:{}", value.scalar().unwrap())).collect()
                    }
                    _ => value.texts().iter().map(|text| text.replacen('=', ":", 1)).collect(),
                };
                let items = items.into_iter().map(|text| Value { span, data: Data::Text(text) });
                value.data = Data::List(items.collect());
            }
            // What is off is nothing.
            Some(Shape::Bool | Shape::Switch) => return value.data == Data::Bool(true),
            _ => {}
        }
        true
    });
}

/// A build with its folder alone is the same in short; what is off is nothing.
fn build(build: &mut Value) {
    let folder = build.scalar().map(|text| ("context".to_owned(), Value { span: build.span, data: Data::Text(text) }));
    let Data::Map(entries) = &mut build.data else {
        build.data = Data::Map(folder.into_iter().collect());
        return;
    };
    entries.retain(|(_, value)| value.data != Data::Bool(false));
    entries.iter_mut().filter(|(key, _)| key != "tags").for_each(|(_, value)| pairs(value));
    entries.sort_by(|a, b| a.0.cmp(&b.0));
}

/// `NAME=VALUE` in a list, or in a map.
fn pairs(value: &mut Value) {
    let span = value.span;
    let text = |text: &str| Value { span, data: Data::Text(text.to_owned()) };
    let mut entries: Vec<(String, Value)> = match &value.data {
        Data::Map(entries) => {
            entries.iter().map(|(name, value)| (name.clone(), text(&value.scalar().unwrap_or_default()))).collect()
        }
        Data::List(items) => items
            .iter()
            .filter_map(Value::scalar)
            .map(|item| {
                let (name, value) = item.split_once('=').unwrap_or((&item, ""));
                (name.to_owned(), text(value))
            })
            .collect(),
        _ => return,
    };
    entries.sort_by(|a, b| a.0.cmp(&b.0));
    value.data = Data::Map(entries);
}
