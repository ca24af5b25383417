//! A service of a topology.

use super::{Losses, has_service_names, is_of_service, objects, side, storage};
use crate::maps::HashSet;
use crate::model::{
    Attachment, ContainerName, Dependency, Duration, Format, Health, HealthTest, Origin, Party, Service, Stack, Text,
    host_templates, is_name,
};
use crate::platform::attributes;
use crate::render::words;
use crate::render::yaml::{Map, Yaml, comment};
use crate::source::{Span, is_secret_name};

pub(super) fn service(stack: &Stack, service: &Service, spoken: &HashSet<String>, losses: &mut Losses) -> Map {
    let mut out = Map::new();
    if let Some(image) = &service.image {
        out.put("image", image.value.to_string());
    }
    if let Some((_, build)) = service.attributes.get("build") {
        out.put("build", build);
    }
    let named = container_name(service, spoken, &mut out, losses);
    text(&mut out, "hostname", service.hostname.as_ref());
    if let Some(mode) = &service.network_mode {
        out.put("network_mode", words::network_mode(&mode.value));
    }
    networks(stack, service, named, &mut out, losses);
    if !service.ports.is_empty() {
        out.put("ports", service.ports.iter().map(|port| storage::port(&port.value)).collect::<Yaml>());
    }
    intents(stack, service, &mut out);
    environment(service, &mut out, losses);
    storage::env_files(service, &mut out);
    words_of(&mut out, "entrypoint", service.entrypoint.as_ref());
    words_of(&mut out, "command", service.command.as_ref());
    storage::mounts(service, &mut out, losses);
    storage::file_uses(service, &mut out);
    dependencies(service, &mut out);
    if let Some(health) = &service.health {
        out.put("healthcheck", self::health(&health.value));
    }
    if let Some(restart) = &service.restart {
        out.put("restart", restart.value.to_string());
    }
    if let Some(grace) = &service.stop_grace_period {
        out.put("stop_grace_period", time(grace.value));
    }
    attributes(service, &mut out, losses);
    let entries = objects::entries(&service.quadlet, "Container", &mut |span, message| {
        losses.of_service(&service.name.value, span, message);
    });
    if !entries.is_empty() {
        out.put("quadlet", entries);
    }
    templates(stack, service, losses);
    out
}

fn text(out: &mut Map, key: &str, text: Option<&Text>) {
    if let Some(text) = text {
        out.put(key, text.value.as_str());
    }
}

fn words_of(out: &mut Map, key: &str, words: Option<&Vec<Text>>) {
    if let Some(words) = words {
        out.put(key, words.iter().map(|word| word.value.as_str()).collect::<Yaml>());
    }
}

/// Writes the container's name if it is another one than the service's; whether it is. A name that nobody wrote and
/// nobody speaks of goes: a topology calls containers after their services.
fn container_name(service: &Service, spoken: &HashSet<String>, out: &mut Map, losses: &mut Losses) -> bool {
    match &service.container_name {
        ContainerName::ByService => false,
        ContainerName::Named(name) if name.value == service.name.value => false,
        ContainerName::Named(name) if name.is_implied() && !spoken.contains(&name.value) => false,
        ContainerName::Named(name) if !is_name(&name.value) => {
            let own = &service.name.value;
            let message =
                format!("a topology cannot call a container `{}`: it is `{own}` here", name.value.escape_debug());
            losses.of_service(own, name.span(), message);
            false
        }
        ContainerName::Named(name) => {
            out.put("container_name", name.value.as_str());
            true
        }
        ContainerName::ByRuntime(_) => {
            out.put("container_name", Yaml::Null);
            true
        }
    }
}

fn networks(stack: &Stack, service: &Service, named: bool, out: &mut Map, losses: &mut Losses) {
    let mut attachments = service.networks.clone();
    // Where the container has another name, Compose's service is still found by its own.
    for attachment in attachments.iter_mut().filter(|_| named && has_service_names(stack)) {
        if attachment.aliases.iter().all(|alias| alias.value != service.name.value) {
            attachment.aliases.push(service.name.clone());
        }
    }
    // A service that names no network is on `default`.
    if let [only] = attachments.as_slice()
        && only.network.value == "default"
        && is_plain(only)
    {
        return;
    }
    if attachments.is_empty() {
        return;
    }
    if attachments.iter().all(is_plain) {
        let names = attachments.iter().map(|attachment| attachment.network.value.as_str());
        return out.put("networks", names.collect::<Yaml>());
    }
    let mut map = Map::new();
    for attachment in &attachments {
        map.put(attachment.network.value.as_str(), self::attachment(service, attachment, losses));
    }
    out.put("networks", map);
}

fn is_plain(attachment: &Attachment) -> bool {
    attachment.aliases.is_empty()
        && attachment.ipv4.is_none()
        && attachment.ipv6.is_none()
        && attachment.attributes.is_empty()
}

fn attachment(service: &Service, attachment: &Attachment, losses: &mut Losses) -> Yaml {
    let mut out = Map::short();
    let (good, bad): (Vec<&Text>, Vec<&Text>) = attachment.aliases.iter().partition(|alias| is_name(&alias.value));
    for alias in bad {
        let message = format!("a topology cannot have the alias `{}`: it is left out", alias.value.escape_debug());
        losses.of_service(&service.name.value, alias.span(), message);
    }
    if !good.is_empty() {
        out.put("aliases", good.iter().map(|alias| alias.value.as_str()).collect::<Yaml>());
    }
    for (key, address) in [("ipv4_address", &attachment.ipv4), ("ipv6_address", &attachment.ipv6)] {
        if let Some(address) = address {
            out.put(key, address.value.to_string());
        }
    }
    for (key, (_, value)) in &attachment.attributes {
        out.put(key.as_str(), value);
    }
    if out.is_empty() { Yaml::Null } else { out.into() }
}

fn intents(stack: &Stack, service: &Service, out: &mut Map) {
    if service.internet_denied.is_some() {
        out.put("internet", "deny");
    }
    if service.host_denied.is_some() {
        out.put("host", "deny");
    }
    let stated = service.connections.iter().filter(|connection| connection.is_stated());
    let stated: Vec<String> = stated.map(words::connection).collect();
    if !stated.is_empty() {
        out.put("connects", stated.into_iter().collect::<Yaml>());
    }
    let own = [Party::Service(service.name.value.clone())];
    let denied = stack.deny.iter().filter(|deny| is_of_service(deny) && deny.from == own);
    let denied: Vec<String> = denied.map(|deny| side(stack, &deny.to)).collect();
    if !denied.is_empty() {
        out.put("deny", denied.into_iter().collect::<Yaml>());
    }
}

fn environment(service: &Service, out: &mut Map, losses: &mut Losses) {
    let mut map = Map::new();
    for (name, variable) in &service.environment {
        match &variable.value {
            Some(value) if is_secret(name, value, variable.origin) => {
                let message = format!(
                    "the value of `{name}` came from a variable and is a secret, so `{}` takes it from where it is started",
                    service.name.value
                );
                let note = "A secret that came from a variable: it is taken from where the service is started.";
                losses.findings.push(crate::render::lost(variable.span(), message));
                map.put_below(comment(note), name.as_str(), Yaml::Null);
            }
            Some(value) => map.put(name.as_str(), value.as_str()),
            None => map.put(name.as_str(), Yaml::Null),
        }
    }
    if !map.is_empty() {
        out.put("environment", map);
    }
}

/// Whether a value came out of variables and is not for a file that people commit.
fn is_secret(name: &str, value: &str, origin: Origin) -> bool {
    // `scheme://user:password@host`
    let password = || {
        let (_, rest) = value.split_once("://")?;
        let (user, _) = rest.split(['/', '?', '#']).next()?.rsplit_once('@')?;
        user.split_once(':').filter(|(_, password)| !password.is_empty())
    };
    matches!(origin, Origin::Interpolated(_)) && !value.is_empty() && (is_secret_name(name) || password().is_some())
}

fn dependencies(service: &Service, out: &mut Map) {
    let plain =
        |item: &Dependency| item.condition.value == crate::model::Condition::Started && !item.restart && item.required;
    if service.depends_on.is_empty() {
        return;
    }
    if service.depends_on.iter().all(plain) {
        let names = service.depends_on.iter().map(|item| item.service.value.as_str());
        return out.put("depends_on", names.collect::<Yaml>());
    }
    let mut map = Map::new();
    for item in &service.depends_on {
        let mut settings = Map::short();
        settings.put("condition", words::condition(item.condition.value));
        if item.restart {
            settings.put("restart", true);
        }
        if !item.required {
            settings.put("required", false);
        }
        map.put(item.service.value.as_str(), settings);
    }
    out.put("depends_on", map);
}

/// `1m`, where Go writes `1m0s`.
fn time(time: Duration) -> String {
    let text = time.to_string();
    let text = text.strip_suffix("0s").filter(|rest| rest.ends_with('m')).unwrap_or(&text);
    text.strip_suffix("0m").filter(|rest| rest.ends_with('h')).unwrap_or(text).to_owned()
}

fn health(health: &Health) -> Map {
    let mut out = Map::short();
    match &health.test {
        Some(HealthTest::Disabled) => out.put("disable", true),
        Some(HealthTest::Shell(line)) => out.put("test", line.value.as_str()),
        Some(HealthTest::Exec(words)) => {
            let words = words.iter().map(|word| word.value.as_str());
            out.put("test", std::iter::once("CMD").chain(words).collect::<Yaml>());
        }
        None => {}
    }
    for (key, time) in [("interval", health.interval), ("timeout", health.timeout)] {
        if let Some(time) = time {
            out.put(key, self::time(time.value));
        }
    }
    if let Some(retries) = health.retries {
        out.put("retries", retries.value);
    }
    for (key, time) in [("start_period", health.start_period), ("start_interval", health.start_interval)] {
        if let Some(time) = time {
            out.put(key, self::time(time.value));
        }
    }
    out
}

fn attributes(service: &Service, out: &mut Map, losses: &mut Losses) {
    for (name, (span, value)) in service.attributes.iter().filter(|(name, _)| *name != "build") {
        if name.starts_with("x-") {
            out.put(name.as_str(), value);
        } else if name == "extends" || attributes::find(&format!("services.*.{name}")).is_none() {
            let message = format!("a topology has no `{name}`: `{}` goes without it", service.name.value);
            losses.of_service(&service.name.value, *span, message);
        } else {
            out.put(name.as_str(), value);
        }
    }
}

/// Reports texts that mean themselves where they came from, and a program on the host in a topology.
fn templates(stack: &Stack, service: &Service, losses: &mut Losses) {
    if stack.format == Format::Topology {
        return;
    }
    let found: Vec<(Span, String)> = service
        .templated()
        .into_iter()
        .filter(|(text, ..)| !host_templates(text).is_empty())
        .map(|(text, span, _)| (span, text.to_owned()))
        .collect();
    for (span, _) in found {
        let message = format!(
            "`{}` holds `{{{{ host.… }}}}`, which in a topology stands for a program on the host",
            service.name.value
        );
        losses.of_service(&service.name.value, span, message);
    }
}
