//! A Compose file. Names are literal, as in the topology, so nothing depends on the project's name.

mod stated;

use serde_json::{Map, Value as Json, json};

use super::host::{self, Filled};
use super::words::PROPAGATIONS;
use super::{File, Rendered, lost, words};
use crate::diagnostic::Diagnostic;
use crate::model::{
    AT_START, ContainerName, Data, Dependency, EnvFile, FileUse, Format, Health, HealthTest, Mount, MountKind, Network,
    Port, Service, Spanned, Stack, Text, VARIABLE, Value, Volume,
};
use crate::platform::Platform;

pub(super) fn render(filled: &Filled, platform: &Platform) -> Result<Rendered, Vec<Diagnostic>> {
    let stack = &filled.stack;
    let mut findings = Vec::new();
    let mut root = Map::new();
    root.insert("name".into(), text(&project(&stack.name.value)));
    let all = stack.services.iter().chain(&stack.disabled);
    let services = all.map(|(name, item)| (name.clone(), service(stack, platform, item, &mut findings)));
    let services = Json::Object(services.collect());
    root.insert("services".into(), services);
    let networks =
        stack.networks.values().map(|item| (item.name.value.clone(), network(item, platform, &mut findings)));
    section(&mut root, "networks", networks.collect());
    section(&mut root, "volumes", stack.volumes.values().map(|item| (item.name.value.clone(), volume(item))).collect());
    let objects = |objects: &crate::model::Named<crate::model::FileObject>| {
        objects.iter().map(|(name, object)| (name.clone(), plain(&object.written))).collect()
    };
    section(&mut root, "secrets", objects(&stack.secrets));
    section(&mut root, "configs", objects(&stack.configs));
    for (key, (_, value)) in &stack.attributes {
        root.insert(key.clone(), plain(value));
    }
    section(&mut root, "x-quadgen", stated::stated(stack));
    let options = serde_saphyr::ser_options! { prefer_block_scalars: false };
    match serde_saphyr::to_string_with_options(&Json::Object(root), options) {
        Ok(text) => {
            let head = if filled.at_start.is_empty() { String::new() } else { host::head(stack, platform) };
            let text = head + &text;
            let files = vec![File { name: "compose.yaml".into(), text }];
            Ok(Rendered { files, findings, ..Rendered::default() })
        }
        Err(error) => {
            let message = format!("compose.yaml cannot be written: {error}");
            Err(vec![super::refuse(stack.name.span(), message)])
        }
    }
}

/// A name that Compose takes for a project: lower case.
pub(crate) fn project(name: &str) -> String {
    let lower = name.to_lowercase().replace('.', "-");
    let name = lower.trim_start_matches(['-', '_']);
    if name.is_empty() { "stack".to_owned() } else { name.to_owned() }
}

fn section(root: &mut Map<String, Json>, name: &str, entries: Map<String, Json>) {
    if !entries.is_empty() {
        root.insert(name.into(), Json::Object(entries));
    }
}

/// A text of a topology, where `$` is a dollar: Compose wants it twice. What is only known at the start is a variable.
fn text(text: &str) -> Json {
    let [open, close] = VARIABLE;
    let text = text.replace('$', "$$").replace(open, "${").replace(close, "}");
    Json::String(text.replace(AT_START, &format!("${{{}:?see the head of this file}}", host::VARIABLE)))
}

fn texts(texts: &[Text]) -> Json {
    texts.iter().map(|word| text(&word.value)).collect()
}

fn service(stack: &Stack, platform: &Platform, service: &Service, findings: &mut Vec<Diagnostic>) -> Json {
    let mut out = Map::new();
    let mut put = |key: &str, value: Json| {
        out.insert(key.to_owned(), value);
    };
    if let Some(image) = &service.image {
        // Docker means Docker Hub by a short name; Podman asks wherever the host is configured.
        let image = if platform.is_podman() { image.value.full() } else { image.value.to_string() };
        put("image", text(&image));
    }
    let name = match &service.container_name {
        // Several containers cannot have one name.
        ContainerName::ByService if is_replicated(service) => None,
        ContainerName::ByService => Some(&service.name.value),
        // Compose makes it again.
        ContainerName::Named(name) if name.is_implied() && stack.format == Format::Compose => None,
        ContainerName::Named(name) => Some(&name.value),
        ContainerName::ByRuntime(_) => None,
    };
    match name {
        // Docker wants two characters at least; the service's name resolves without it. Measured on 20.10 to 28.5.
        Some(name) if name.len() < 2 => {
            let message = format!("Docker names no container `{name}`: it gets a name of Compose's");
            findings.push(lost(service.span(), message));
        }
        Some(name) => put("container_name", text(name)),
        None => {}
    }
    if let Some(hostname) = &service.hostname {
        put("hostname", text(&hostname.value));
    }
    if let Some(mode) = &service.network_mode {
        put("network_mode", text(&words::network_mode(&mode.value)));
    }
    if !service.networks.is_empty() {
        put("networks", attachments(service));
    }
    if !service.ports.is_empty() {
        put("ports", service.ports.iter().map(|port| self::port(&port.value)).collect());
    }
    if !service.environment.is_empty() {
        let variables = service
            .environment
            .iter()
            .map(|(name, variable)| (name.clone(), variable.value.as_ref().map_or(Json::Null, |value| text(value))));
        put("environment", Json::Object(variables.collect()));
    }
    if !service.env_files.is_empty() {
        put("env_file", service.env_files.iter().map(env_file).collect());
    }
    if let Some(entrypoint) = &service.entrypoint {
        put("entrypoint", texts(entrypoint));
    }
    if let Some(command) = &service.command {
        put("command", texts(command));
    }
    if !service.mounts.is_empty() {
        put("volumes", service.mounts.iter().map(|mount| self::mount(mount, findings)).collect());
    }
    if !service.depends_on.is_empty() {
        let dependencies = service.depends_on.iter().map(|item| (item.service.value.clone(), dependency(item)));
        put("depends_on", Json::Object(dependencies.collect()));
    }
    if let Some(health) = &service.health {
        put("healthcheck", self::health(&health.value));
    }
    if let Some(restart) = &service.restart {
        put("restart", text(&restart.value.to_string()));
    }
    if let Some(grace) = &service.stop_grace_period {
        put("stop_grace_period", text(&grace.value.to_string()));
    }
    for (key, uses) in [("secrets", &service.secrets), ("configs", &service.configs)] {
        if !uses.is_empty() {
            put(key, uses.iter().map(file_use).collect());
        }
    }
    for (key, (_, value)) in &service.attributes {
        put(key, plain(value));
    }
    let stated = stated::intents(stack, service);
    if !stated.is_empty() {
        put("x-quadgen", Json::Object(stated));
    }
    Json::Object(out)
}

/// Whether Compose may run several containers of a service.
pub(crate) fn is_replicated(service: &Service) -> bool {
    let replicas = service.attributes.get("deploy").and_then(|(_, deploy)| deploy.get("replicas"));
    replicas.is_some() || service.attributes.contains_key("scale")
}

fn attachments(service: &Service) -> Json {
    let attachments = service.networks.iter().map(|attachment| {
        let mut out = Map::new();
        if !attachment.aliases.is_empty() {
            out.insert("aliases".into(), texts(&attachment.aliases));
        }
        for (key, address) in [("ipv4_address", &attachment.ipv4), ("ipv6_address", &attachment.ipv6)] {
            if let Some(address) = address {
                out.insert(key.into(), text(&address.value.to_string()));
            }
        }
        out.extend(attachment.attributes.iter().map(|(key, (_, value))| (key.clone(), plain(value))));
        (attachment.network.value.clone(), if out.is_empty() { Json::Null } else { Json::Object(out) })
    });
    // A list reads better where no network has settings of its own.
    let all: Vec<(String, Json)> = attachments.collect();
    if all.iter().all(|(_, settings)| settings.is_null()) {
        all.iter().map(|(name, _)| text(name)).collect()
    } else {
        Json::Object(all.into_iter().collect())
    }
}

fn port(port: &Port) -> Json {
    // The short form of an address of its own without a host port differs between readers.
    let mut out = Map::new();
    let is_short = port.container.len() > 1 || port.host.is_some() || port.address.is_none();
    if is_short && (port.extra.is_empty() || port.container.len() > 1) {
        return text(&port.to_string());
    }
    out.insert("target".into(), json!(port.container.first));
    out.extend(port.host.map(|host| ("published".to_owned(), text(&host.to_string()))));
    out.extend(port.address.map(|address| ("host_ip".to_owned(), text(&address.to_string()))));
    out.insert("protocol".into(), text(&port.protocol.to_string()));
    out.extend(port.extra.iter().map(|(key, _, value)| (key.clone(), plain(value))));
    Json::Object(out)
}

fn mount(spanned: &Spanned<Mount>, findings: &mut Vec<Diagnostic>) -> Json {
    let mount = &spanned.value;
    let mut out = Map::new();
    let kind = match mount.kind {
        MountKind::Volume | MountKind::Anonymous => "volume",
        MountKind::Bind => "bind",
        MountKind::Tmpfs => "tmpfs",
        MountKind::Other => {
            out.extend(mount.extra.iter().map(|(key, _, value)| (key.clone(), plain(value))));
            ""
        }
    };
    if mount.kind == MountKind::Other {
        out.insert("source".into(), text(&mount.source));
        out.insert("target".into(), text(&mount.target));
        return Json::Object(out);
    }
    out.insert("type".into(), text(kind));
    if !mount.source.is_empty() {
        out.insert("source".into(), text(&mount.source));
    }
    out.insert("target".into(), text(&mount.target));
    if mount.read_only {
        out.insert("read_only".into(), Json::Bool(true));
    }
    let mut settings = Map::new();
    for option in &mount.options {
        let (key, value) = match (mount.kind, option.split_once('=')) {
            (MountKind::Tmpfs, Some(("size", size))) => ("size", text(size)),
            // Octal in the model, as everywhere but in Compose.
            (MountKind::Tmpfs, Some(("mode", mode))) => ("mode", json!(u32::from_str_radix(mode, 8).unwrap_or(0o1777))),
            (MountKind::Bind, _) if matches!(option.as_str(), "z" | "Z") => ("selinux", text(option)),
            (MountKind::Bind, _) if PROPAGATIONS.contains(&option.as_str()) => ("propagation", text(option)),
            (MountKind::Volume | MountKind::Anonymous, _) if option == "nocopy" => ("nocopy", Json::Bool(true)),
            _ => {
                findings.push(lost(spanned.span(), format!("Compose has no `{option}` for a {kind}: it is left out")));
                continue;
            }
        };
        settings.insert(key.into(), value);
    }
    if mount.kind == MountKind::Bind {
        settings.insert("create_host_path".into(), Json::Bool(mount.create));
    }
    settings.extend(mount.extra.iter().map(|(key, _, value)| (key.clone(), plain(value))));
    if !settings.is_empty() {
        out.insert(kind.into(), Json::Object(settings));
    }
    Json::Object(out)
}

fn env_file(file: &EnvFile) -> Json {
    let mut out = Map::new();
    out.insert("path".into(), text(&file.path.value));
    out.insert("required".into(), Json::Bool(file.required));
    out.extend(file.format.as_ref().map(|format| ("format".to_owned(), text(&format.value))));
    Json::Object(out)
}

fn dependency(dependency: &Dependency) -> Json {
    let mut out = Map::new();
    out.insert("condition".into(), text(words::condition(dependency.condition.value)));
    if dependency.restart {
        out.insert("restart".into(), Json::Bool(true));
    }
    if !dependency.required {
        out.insert("required".into(), Json::Bool(false));
    }
    Json::Object(out)
}

fn health(health: &Health) -> Json {
    let mut out = Map::new();
    match &health.test {
        Some(HealthTest::Disabled) => return json!({"disable": true}),
        Some(HealthTest::Shell(line)) => {
            out.insert("test".into(), json!(["CMD-SHELL", text(&line.value)]));
        }
        Some(HealthTest::Exec(command)) => {
            let test = std::iter::once(text("CMD")).chain(command.iter().map(|word| text(&word.value)));
            out.insert("test".into(), test.collect());
        }
        None => {}
    }
    for (key, time) in [
        ("interval", health.interval),
        ("timeout", health.timeout),
        ("start_period", health.start_period),
        ("start_interval", health.start_interval),
    ] {
        out.extend(time.map(|time| (key.to_owned(), text(&time.value.to_string()))));
    }
    out.extend(health.retries.map(|retries| ("retries".to_owned(), json!(retries.value))));
    Json::Object(out)
}

fn file_use(used: &FileUse) -> Json {
    if used.target.is_none() && used.extra.is_empty() {
        return text(&used.source.value);
    }
    let mut out = Map::new();
    out.insert("source".into(), text(&used.source.value));
    out.extend(used.target.as_ref().map(|target| ("target".to_owned(), text(target))));
    out.extend(used.extra.iter().map(|(key, _, value)| (key.clone(), plain(value))));
    Json::Object(out)
}

fn network(network: &Network, platform: &Platform, findings: &mut Vec<Diagnostic>) -> Json {
    let mut out = Map::new();
    out.insert("name".into(), text(network.object()));
    if network.external {
        out.insert("external".into(), Json::Bool(true));
        return Json::Object(out);
    }
    if network.is_internal() {
        out.insert("internal".into(), Json::Bool(true));
    }
    out.extend(network.driver.as_ref().map(|driver| ("driver".to_owned(), text(&driver.value))));
    // Docker isolates networks by itself, and its bridge has no such option.
    let options = network.options.iter().filter(|(name, _)| *name != "isolate" || platform.is_podman());
    let options: Map<String, Json> = options.map(|(name, value)| (name.clone(), text(&value.value))).collect();
    section(&mut out, "driver_opts", options);
    if network.ipv6 {
        out.insert("enable_ipv6".into(), Json::Bool(true));
    }
    let mut ipam = Map::new();
    for (attribute, (_, value)) in &network.attributes {
        match attribute.strip_prefix("ipam.") {
            Some(part) => ipam.insert(part.to_owned(), plain(value)),
            None => out.insert(attribute.clone(), plain(value)),
        };
    }
    if !network.subnets.is_empty() {
        let subnets = network.subnets.iter().map(|subnet| {
            let mut out = Map::new();
            out.extend(subnet.subnet.as_ref().map(|it| ("subnet".to_owned(), text(&it.value.to_string()))));
            out.extend(subnet.gateway.as_ref().map(|it| ("gateway".to_owned(), text(&it.value.to_string()))));
            out.extend(subnet.aux.as_ref().map(|(_, value)| ("aux_addresses".to_owned(), plain(value))));
            out.extend(subnet.range.as_ref().map(|it| ("ip_range".to_owned(), text(&it.value.to_string()))));
            Json::Object(out)
        });
        ipam.insert("config".into(), subnets.collect());
    }
    section(&mut out, "ipam", ipam);
    if let Some(span) = network.dns_disabled {
        let message = format!("Compose cannot switch the DNS of `{}` off: names resolve on it", network.name.value);
        findings.push(lost(span, message));
    }
    Json::Object(out)
}

fn volume(volume: &Volume) -> Json {
    let mut out = Map::new();
    out.insert("name".into(), text(volume.object()));
    if volume.external {
        out.insert("external".into(), Json::Bool(true));
    }
    out.extend(volume.attributes.iter().map(|(key, (_, value))| (key.clone(), plain(value))));
    Json::Object(out)
}

/// A value of the source layer as it stands.
fn plain(value: &Value) -> Json {
    match &value.data {
        Data::Null => Json::Null,
        Data::Bool(value) => Json::Bool(*value),
        // `1.10` is a text to Compose: as a number it would lose its zero.
        Data::Number(number) => match number.parse::<serde_json::Number>() {
            Ok(parsed) if parsed.to_string() == *number => Json::Number(parsed),
            _ => text(number),
        },
        Data::Text(value) => text(value),
        Data::List(items) => items.iter().map(plain).collect(),
        Data::Map(entries) => Json::Object(entries.iter().map(|(key, value)| (key.clone(), plain(value))).collect()),
    }
}
