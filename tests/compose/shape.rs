//! One form for what `docker-compose config` prints and for what the model holds, so that the two can be compared.

use std::fs;
use std::path::Path;

use quadgen::model::{
    Condition, ContainerName, Duration, HealthTest, Mount, MountKind, NetworkMode, Origin, Port, Service, Spanned,
    Stack,
};
use serde_json::{Map, Value as Json, json};

use crate::Project;

/// Where two values differ, with what the first and the second say.
pub fn differences(at: &str, theirs: &Json, ours: &Json) -> Vec<String> {
    match (theirs, ours) {
        (Json::Object(a), Json::Object(b)) => {
            let keys: std::collections::BTreeSet<&String> = a.keys().chain(b.keys()).collect();
            let null = Json::Null;
            let below = keys.into_iter().flat_map(|key| {
                differences(&format!("{at}/{key}"), a.get(key).unwrap_or(&null), b.get(key).unwrap_or(&null))
            });
            below.collect()
        }
        _ if theirs == ours => Vec::new(),
        _ => vec![format!("{at}: config {theirs}, model {ours}")],
    }
}

/// The parts of `config`'s output that the model holds, in one form.
pub fn shape_of_config(config: &Json) -> Json {
    let objects = |key: &str| config[key].as_object().cloned().unwrap_or_default();
    let services = objects("services").into_iter().map(|(name, it)| {
        let networks = it["networks"].as_object().cloned().unwrap_or_default().into_iter().map(|(name, it)| {
            let mut aliases: Vec<&str> =
                it["aliases"].as_array().into_iter().flatten().filter_map(Json::as_str).collect();
            aliases.sort_unstable();
            (name, json!({"aliases": aliases, "ipv4": it["ipv4_address"], "ipv6": it["ipv6_address"]}))
        });
        let mut ports: Vec<String> = it["ports"]
            .as_array()
            .into_iter()
            .flatten()
            .map(|port| {
                let text = |key: &str| {
                    port[key]
                        .as_str()
                        .map_or_else(|| port[key].as_u64().map_or(String::new(), |n| n.to_string()), str::to_owned)
                };
                format!("{}:{}:{}/{}", text("host_ip"), text("published"), text("target"), text("protocol"))
            })
            .collect();
        ports.sort();
        ports.dedup();
        let mut volumes: Vec<Json> = it["volumes"]
            .as_array()
            .into_iter()
            .flatten()
            .map(|mount| {
                json!({
                    "type": mount["type"],
                    "source": mount["source"].as_str().map_or(Json::Null, |source| unescaped(trimmed(source))),
                    "target": unescaped(mount["target"].as_str().unwrap_or("").trim_end_matches('/')),
                    "read_only": mount["read_only"].as_bool().unwrap_or(false),
                })
            })
            .collect();
        volumes.sort_by_key(Json::to_string);
        let environment = it["environment"].as_object().cloned().unwrap_or_default().into_iter();
        let environment: Map<String, Json> =
            environment.map(|(name, value)| (name, value.as_str().map_or(Json::Null, unescaped))).collect();
        let words = |value: &Json| match value {
            Json::Array(words) => words.iter().map(|word| unescaped(word.as_str().unwrap_or(""))).collect(),
            _ => Json::Null,
        };
        let health = &it["healthcheck"];
        let time = |key: &str| {
            health[key]
                .as_str()
                .and_then(|text| text.parse::<Duration>().ok())
                .map_or(Json::Null, |time| json!(time.to_string()))
        };
        let depends_on = it["depends_on"].as_object().cloned().unwrap_or_default().into_iter().map(|(name, it)| {
            (
                name,
                json!([
                    it["condition"],
                    it["restart"].as_bool().unwrap_or(false),
                    it["required"].as_bool().unwrap_or(true)
                ]),
            )
        });
        let shape = json!({
            "image": it["image"].as_str().map_or(Json::Null, unescaped),
            "container_name": it["container_name"],
            "hostname": it["hostname"],
            "network_mode": it["network_mode"],
            "networks": networks.collect::<Map<_, _>>(),
            "ports": ports,
            "volumes": volumes,
            "environment": environment,
            "command": words(&it["command"]),
            "entrypoint": words(&it["entrypoint"]),
            "depends_on": depends_on.collect::<Map<_, _>>(),
            "restart": it["restart"],
            "health": if health.is_object() { json!({
                "test": if health["disable"] == json!(true) { json!(["NONE"]) } else { words(&health["test"]) },
                "interval": time("interval"), "timeout": time("timeout"), "start_period": time("start_period"),
                "start_interval": time("start_interval"), "retries": health["retries"],
            }) } else { Json::Null },
        });
        (name, shape)
    });
    let networks = objects("networks").into_iter().map(|(name, it)| {
        let external = it["external"].as_bool().unwrap_or(false);
        let shape = json!({"name": it["name"], "external": external, "internal": it["internal"].as_bool().unwrap_or(false), "driver": it["driver"]});
        (name, shape)
    });
    let volumes = objects("volumes").into_iter();
    let volumes = volumes
        .map(|(name, it)| (name, json!({"name": it["name"], "external": it["external"].as_bool().unwrap_or(false)})));
    json!({
        "name": config["name"],
        "services": services.collect::<Map<_, _>>(),
        "networks": networks.collect::<Map<_, _>>(),
        "volumes": volumes.collect::<Map<_, _>>(),
    })
}

/// A path without the slash at its end.
fn trimmed(path: &str) -> &str {
    if path.len() > 1 { path.trim_end_matches('/') } else { path }
}

/// `config` writes a dollar twice.
fn unescaped(text: &str) -> Json {
    json!(text.replace("$$", "$"))
}

fn written(text: &Spanned<String>) -> Json {
    if matches!(text.origin, Origin::Implied(_)) { Json::Null } else { json!(text.value) }
}

/// The model in the same form.
pub fn shape(stack: &Stack, project: &Project) -> Json {
    let used: Vec<&str> = stack
        .services
        .values()
        .flat_map(|service| &service.networks)
        .map(|attachment| attachment.network.value.as_str())
        .collect();
    let mounted: Vec<&str> = stack
        .services
        .values()
        .flat_map(|service| &service.mounts)
        .filter(|mount| mount.value.kind == MountKind::Volume)
        .map(|mount| mount.value.source.as_str())
        .collect();
    let services = stack.services.iter().map(|(name, service)| (name.clone(), service_shape(service, project)));
    // docker-compose leaves out what nobody uses.
    let networks = stack.networks.iter().filter(|(name, _)| used.contains(&name.as_str())).map(|(name, it)| {
        let driver = it.driver.as_ref().map(|driver| driver.value.clone());
        let shape =
            json!({"name": it.object(), "external": it.external, "internal": it.is_internal(), "driver": driver});
        (name.clone(), shape)
    });
    let volumes = stack.volumes.iter().filter(|(name, _)| mounted.contains(&name.as_str()));
    let volumes = volumes.map(|(name, it)| (name.clone(), json!({"name": it.object(), "external": it.external})));
    json!({
        "name": stack.name.value,
        "services": services.collect::<Map<_, _>>(),
        "networks": networks.collect::<Map<_, _>>(),
        "volumes": volumes.collect::<Map<_, _>>(),
    })
}

fn service_shape(service: &Service, project: &Project) -> Json {
    let networks = service.networks.iter().map(|it| {
        let mut aliases: Vec<&str> = it.aliases.iter().map(|alias| alias.value.as_str()).collect();
        aliases.sort_unstable();
        let address = |address: &Option<Spanned<std::net::IpAddr>>| address.map(|address| address.value.to_string());
        (it.network.value.clone(), json!({"aliases": aliases, "ipv4": address(&it.ipv4), "ipv6": address(&it.ipv6)}))
    });
    let mut ports: Vec<String> = service.ports.iter().flat_map(|port| port_lines(&port.value)).collect();
    ports.sort();
    ports.dedup();
    let mut volumes: Vec<Json> =
        service.mounts.iter().map(|mount| mount_shape(&mount.value, &project.folder)).collect();
    volumes.sort_by_key(Json::to_string);
    let set = &project.environment;
    let files = service.env_files.iter().filter_map(|file| file.variables.as_ref()).flatten();
    let mut variables: Map<String, Json> = Map::new();
    for (name, variable) in files.chain(&service.environment) {
        let value = variable.value.clone().or_else(|| set.get(name).cloned());
        variables.insert(name.clone(), json!(value));
    }
    let words = |words: &Option<Vec<Spanned<String>>>| {
        words.as_ref().map_or(Json::Null, |words| words.iter().map(|word| json!(word.value)).collect())
    };
    let depends_on = service.depends_on.iter().map(|it| {
        let condition = match it.condition.value {
            Condition::Started => "service_started",
            Condition::Healthy => "service_healthy",
            Condition::Completed => "service_completed_successfully",
        };
        (it.service.value.clone(), json!([condition, it.restart, it.required]))
    });
    let health = service.health.as_ref().map(|health| {
        let health = &health.value;
        let time = |time: Option<Spanned<Duration>>| time.map(|time| time.value.to_string());
        let test = match &health.test {
            Some(HealthTest::Disabled) => json!(["NONE"]),
            Some(HealthTest::Shell(line)) => json!(["CMD-SHELL", line.value]),
            Some(HealthTest::Exec(words)) => {
                std::iter::once("CMD").chain(words.iter().map(|word| word.value.as_str())).map(Json::from).collect()
            }
            None => Json::Null,
        };
        json!({
            "test": test, "interval": time(health.interval), "timeout": time(health.timeout),
            "start_period": time(health.start_period), "start_interval": time(health.start_interval),
            "retries": health.retries.map(|retries| retries.value),
        })
    });
    let name = match &service.container_name {
        ContainerName::Named(name) => written(name),
        _ => Json::Null,
    };
    let mode = service.network_mode.as_ref().map(|mode| match &mode.value {
        NetworkMode::Host => "host".to_owned(),
        NetworkMode::None => "none".to_owned(),
        NetworkMode::Bridge => "bridge".to_owned(),
        NetworkMode::Service(name) => format!("service:{name}"),
        NetworkMode::Container(name) => format!("container:{name}"),
        NetworkMode::Other(text) => text.clone(),
    });
    json!({
        "image": service.image.as_ref().map(|image| image.value.to_string()),
        "container_name": name,
        "hostname": service.hostname.as_ref().map(|name| name.value.clone()),
        "network_mode": mode,
        "networks": networks.collect::<Map<_, _>>(),
        "ports": ports,
        "volumes": volumes,
        "environment": variables,
        "command": words(&service.command),
        "entrypoint": words(&service.entrypoint),
        "depends_on": depends_on.collect::<Map<_, _>>(),
        "restart": service.restart.as_ref().map(|restart| restart.value.to_string()),
        "health": health,
    })
}

/// A port as config says it: each of a range by itself.
fn port_lines(port: &Port) -> Vec<String> {
    let address = port.address.map_or_else(String::new, |address| address.to_string());
    let line = |host: &str, target| format!("{address}:{host}:{target}/{}", port.protocol);
    match port.host {
        Some(host) if host.len() == port.container.len() => (host.first..=host.last)
            .zip(port.container.first..=port.container.last)
            .map(|(host, target)| line(&host.to_string(), target))
            .collect(),
        Some(host) => vec![line(&host.to_string(), port.container.first)],
        None => (port.container.first..=port.container.last).map(|target| line("", target)).collect(),
    }
}

fn mount_shape(mount: &Mount, folder: &Path) -> Json {
    let kind = match mount.kind {
        MountKind::Volume | MountKind::Anonymous => "volume".to_owned(),
        MountKind::Bind => "bind".to_owned(),
        MountKind::Tmpfs => "tmpfs".to_owned(),
        MountKind::Other => {
            mount.extra.iter().find(|(key, ..)| key == "type").and_then(|(.., value)| value.scalar()).unwrap()
        }
    };
    let source = match mount.kind {
        MountKind::Bind => Some(full(&mount.source, folder)),
        _ if mount.source.is_empty() => None,
        _ => Some(mount.source.clone()),
    };
    let target = mount.target.trim_end_matches('/');
    json!({"type": kind, "source": source, "target": target, "read_only": mount.read_only})
}

/// A path of the host with everything in it that its words say.
fn full(path: &str, folder: &Path) -> String {
    if path.get(1..2) == Some(":") {
        return path.to_owned();
    }
    let path = path.strip_prefix('~').map_or_else(|| path.to_owned(), |rest| format!("/root{rest}"));
    let mut parts: Vec<std::ffi::OsString> = Vec::new();
    for part in fs::canonicalize(folder).unwrap().join(path).components() {
        match part {
            std::path::Component::ParentDir => {
                parts.pop();
            }
            std::path::Component::Normal(part) => parts.push(part.to_owned()),
            _ => {}
        }
    }
    format!("/{}", parts.iter().map(|part| part.to_string_lossy()).collect::<Vec<_>>().join("/"))
}
