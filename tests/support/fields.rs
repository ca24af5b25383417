//! What services, networks and volumes say, field by field, without what their form or place says.

#![allow(dead_code, clippy::unwrap_used)]

use std::collections::BTreeMap;

use quadgen::model::{
    ContainerName, Data, Duration, FileUse, HealthTest, Network, Service, Spanned, Text, UnitEntry, Value, Volume,
};

/// A value of the source layer in one of its forms: lists of `NAME=VALUE` and maps say the same, and so do numbers and
/// texts.
fn plain(value: &Value) -> String {
    let mut items: Vec<String> = match &value.data {
        Data::Map(entries) => entries.iter().map(|(key, value)| format!("{key}={}", plain(value))).collect(),
        Data::List(items) => items.iter().map(plain).collect(),
        Data::Null => Vec::new(),
        _ => return value.scalar().unwrap(),
    };
    items.sort();
    items.join("; ")
}

/// A service by its fields, without what its form or place says.
pub fn fields(service: &Service) -> BTreeMap<String, String> {
    let name = match &service.container_name {
        ContainerName::Named(name) => name.value.clone(),
        ContainerName::ByService => service.name.value.clone(),
        ContainerName::ByRuntime(_) => format!("systemd-{}", service.name.value),
    };
    let mut mounts: Vec<String> = service
        .mounts
        .iter()
        .map(|mount| &mount.value)
        .map(|m| format!("{:?} {} {} {} {:?}", m.kind, m.source, m.target, m.read_only, m.options))
        .collect();
    // A unit has one way to say it.
    let tmpfs = service.attributes.get("tmpfs").map(|(_, value)| value.texts()).unwrap_or_default();
    mounts.extend(tmpfs.iter().map(|target| format!("Tmpfs  {target} false []")));
    mounts.sort();
    let mut depends: Vec<String> = service
        .depends_on
        .iter()
        .map(|d| format!("{} {:?} {} {}", d.service.value, d.condition.value, d.restart, d.required))
        .collect();
    depends.sort();
    let words = |words: &Option<Vec<Text>>| words.iter().flatten().map(|word| word.value.clone()).collect::<Vec<_>>();
    let stated = service.connections.iter().filter(|connection| connection.is_stated());
    let uses =
        |uses: &[FileUse]| uses.iter().map(|used| (used.source.value.clone(), used.target.clone())).collect::<Vec<_>>();
    let networks = service.networks.iter().map(|on| {
        let aliases: Vec<&str> = on.aliases.iter().map(|alias| alias.value.as_str()).collect();
        let attributes: Vec<String> = on.attributes.iter().map(|(key, (_, v))| format!("{key}={}", plain(v))).collect();
        format!(
            "{} {aliases:?} {:?} {:?} {attributes:?}",
            on.network.value,
            on.ipv4.map(|ip| ip.value),
            on.ipv6.map(|ip| ip.value)
        )
    });
    let health = service.health.as_ref().map(|health| {
        let health = &health.value;
        let test = match &health.test {
            Some(HealthTest::Exec(words)) => format!("{:?}", words.iter().map(|word| &word.value).collect::<Vec<_>>()),
            Some(HealthTest::Shell(line)) => line.value.clone(),
            Some(HealthTest::Disabled) => "no".to_owned(),
            None => String::new(),
        };
        let time = |time: &Option<Spanned<Duration>>| time.map(|time| time.value.to_string());
        format!(
            "{test} {:?} {:?} {:?} {:?}",
            time(&health.interval),
            time(&health.timeout),
            health.retries.map(|n| n.value),
            time(&health.start_period)
        )
    });
    let environment: BTreeMap<_, _> = service.environment.iter().map(|(k, v)| (k.clone(), v.value.clone())).collect();
    let mut fields: BTreeMap<String, String> = [
        ("kind", format!("{:?}", service.kind)),
        ("image", format!("{:?}", service.image.as_ref().map(|image| image.value.full()))),
        ("name", name),
        ("hostname", format!("{:?}", service.hostname.as_ref().map(|name| &name.value))),
        ("mode", format!("{:?}", service.network_mode.as_ref().map(|mode| &mode.value))),
        ("networks", networks.collect::<Vec<_>>().join("; ")),
        ("ports", service.ports.iter().map(|port| port.value.to_string()).collect::<Vec<_>>().join("; ")),
        ("environment", format!("{environment:?}")),
        ("env_files", format!("{:?}", service.env_files.iter().map(|file| &file.path.value).collect::<Vec<_>>())),
        ("command", format!("{:?}", words(&service.command))),
        ("entrypoint", format!("{:?}", words(&service.entrypoint))),
        ("mounts", mounts.join("; ")),
        ("depends_on", depends.join("; ")),
        ("health", format!("{health:?}")),
        ("restart", format!("{:?}", service.restart.map(|restart| restart.value))),
        ("stop", format!("{:?}", service.stop_grace_period.map(|period| period.value))),
        ("secrets", format!("{:?}", uses(&service.secrets))),
        ("internet", format!("{}", service.internet_denied.is_some())),
        ("host", format!("{}", service.host_denied.is_some())),
        ("connects", stated.map(|c| format!("{:?} {:?}", c.to, c.port)).collect::<Vec<_>>().join("; ")),
        ("quadlet", service.quadlet.iter().map(entry).collect::<Vec<_>>().join("; ")),
    ]
    .map(|(key, value)| (key.to_owned(), value))
    .into();
    // What a unit cannot say.
    let said = |name: &str| !["tmpfs", "profiles"].contains(&name);
    fields.extend(
        service
            .attributes
            .iter()
            .filter(|(key, _)| said(key))
            .map(|(key, (_, value))| (format!("attribute {key}"), plain(value))),
    );
    fields
}

fn entry(entry: &UnitEntry) -> String {
    format!("[{}] {}={}", entry.section, entry.key.value, entry.value.value)
}

/// A network by its fields.
pub fn network_fields(network: &Network) -> String {
    let options: Vec<_> = network.options.iter().map(|(key, value)| format!("{key}={}", value.value)).collect();
    let subnets = network.subnets.iter().map(|s| (s.subnet.map(|s| s.value), s.gateway.map(|g| g.value)));
    let attributes = network.attributes.iter().map(|(key, (_, value))| format!("{key} {}", plain(value)));
    format!(
        "{} {} {} {} {options:?} {:?} {} {:?} {:?}",
        network.object(),
        network.external,
        network.is_internal(),
        network.driver(),
        subnets.collect::<Vec<_>>(),
        network.ipv6,
        attributes.collect::<Vec<_>>(),
        network.quadlet.iter().map(entry).collect::<Vec<_>>()
    )
}

/// A volume by its fields.
pub fn volume_fields(volume: &Volume) -> String {
    let attributes = volume.attributes.iter().map(|(key, (_, value))| format!("{key} {}", plain(value)));
    let entries: Vec<_> = volume.quadlet.iter().map(entry).collect();
    format!("{} {} {:?} {entries:?}", volume.object(), volume.external, attributes.collect::<Vec<_>>())
}
