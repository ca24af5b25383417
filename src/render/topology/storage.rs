//! Ports, mounts and files of a service, each in its short form where that says everything.

use super::Losses;
use crate::model::{FileUse, Mount, MountKind, Port, Service, Spanned};
use crate::render::words::PROPAGATIONS;
use crate::render::yaml::{Map, Yaml};

pub(super) fn port(port: &Port) -> Yaml {
    if port.extra.is_empty() {
        return Yaml::quoted(&port.to_string());
    }
    let mut out = Map::short();
    out.put("target", port.container.to_string());
    if let Some(host) = port.host {
        out.put("published", host.to_string());
    }
    if let Some(address) = port.address {
        out.put("host_ip", address.to_string());
    }
    out.put("protocol", port.protocol.to_string());
    port.extra.iter().for_each(|(key, _, value)| out.put(key.as_str(), value));
    out.into()
}

pub(super) fn env_files(service: &Service, out: &mut Map) {
    let file = |file: &crate::model::EnvFile| {
        if file.required && file.format.is_none() {
            return Yaml::from(file.path.value.as_str());
        }
        let mut out = Map::short();
        out.put("path", file.path.value.as_str());
        if !file.required {
            out.put("required", false);
        }
        if let Some(format) = &file.format {
            out.put("format", format.value.as_str());
        }
        out.into()
    };
    match service.env_files.as_slice() {
        [] => {}
        [only] if only.required && only.format.is_none() => out.put("env_file", only.path.value.as_str()),
        files => out.put("env_file", files.iter().map(file).collect::<Yaml>()),
    }
}

pub(super) fn mounts(service: &Service, out: &mut Map, losses: &mut Losses) {
    let mut items = Vec::new();
    let mut memory = Vec::new();
    for mount in &service.mounts {
        let name = &service.name.value;
        if mount.value.kind == MountKind::Other {
            let message = format!("a topology cannot mount {} as `{name}` has it: it is left out", mount.value.target);
            losses.of_service(name, mount.span(), message);
        } else if let Some(short) = short(&mount.value) {
            items.push(Yaml::from(short));
        } else if mount.value.kind == MountKind::Tmpfs && !options(&mount.value).1.is_empty() {
            // The attribute takes what the long form does not.
            memory.push(format!("{}:{}", mount.value.target, mount.value.options.join(",")));
        } else {
            items.push(long(service, mount, losses));
        }
    }
    if !items.is_empty() {
        let plain = items.iter().all(|item| matches!(item, Yaml::Text(_)));
        let list = Yaml::List(items);
        out.put("volumes", if plain && service.mounts.len() < 2 { list } else { list.lines() });
    }
    if !memory.is_empty() && !service.attributes.contains_key("tmpfs") {
        out.put("tmpfs", memory.into_iter().collect::<Yaml>());
    }
}

/// The short form, if it says everything.
fn short(mount: &Mount) -> Option<String> {
    let mut options: Vec<&str> = mount.options.iter().map(String::as_str).collect();
    if mount.read_only {
        options.insert(0, "ro");
    }
    let parts = [mount.source.as_str(), mount.target.as_str(), &options.join(",")];
    let parts: Vec<&str> = parts.into_iter().filter(|part| !part.is_empty()).collect();
    let text = parts.join(":");
    (text.parse::<Mount>().as_ref() == Ok(mount)).then_some(text)
}

type Settings<'m> = Vec<(&'static str, Yaml)>;

/// The options that the long form has a setting for, and those that it has none for.
fn options(mount: &Mount) -> (Settings<'_>, Vec<&str>) {
    let (mut known, mut unknown) = (Vec::new(), Vec::new());
    for option in &mount.options {
        match (mount.kind, option.split_once('=')) {
            (MountKind::Tmpfs, Some(("size", size))) => known.push(("size", Yaml::from(size))),
            // Octal by its leading zero.
            (MountKind::Tmpfs, Some(("mode", mode))) => {
                known.push(("mode", Yaml::from(format!("0{}", mode.trim_start_matches('0')))));
            }
            (MountKind::Bind, _) if matches!(option.as_str(), "z" | "Z") => {
                known.push(("selinux", Yaml::from(option.as_str())));
            }
            (MountKind::Bind, _) if PROPAGATIONS.contains(&option.as_str()) => {
                known.push(("propagation", Yaml::from(option.as_str())));
            }
            (MountKind::Volume | MountKind::Anonymous, _) if option == "nocopy" => {
                known.push(("nocopy", Yaml::from(true)));
            }
            _ => unknown.push(option.as_str()),
        }
    }
    (known, unknown)
}

fn long(service: &Service, mount: &Spanned<Mount>, losses: &mut Losses) -> Yaml {
    let (settings, unknown) = options(&mount.value);
    let mut lose = |message: String| losses.of_service(&service.name.value, mount.span(), message);
    let target = &mount.value.target;
    if !unknown.is_empty() {
        // The short form takes every option.
        let made = Mount { create: mount.value.kind == MountKind::Bind, extra: Vec::new(), ..mount.value.clone() };
        if let Some(short) = short(&made) {
            if mount.value.kind == MountKind::Bind && !mount.value.create {
                lose(format!(
                    "with `{}` a topology makes the folder for {target} where it is missing",
                    unknown.join(",")
                ));
            }
            for (setting, ..) in &mount.value.extra {
                lose(format!("with `{}` a topology cannot say `{setting}` for {target}", unknown.join(",")));
            }
            return Yaml::from(short);
        }
        lose(format!("a topology cannot say `{}` for {target}: it is left out", unknown.join(",")));
    }
    let kind = match mount.value.kind {
        MountKind::Bind => "bind",
        MountKind::Tmpfs => "tmpfs",
        _ => "volume",
    };
    let mut out = Map::short();
    out.put("type", kind);
    if !mount.value.source.is_empty() {
        out.put("source", mount.value.source.as_str());
    }
    out.put("target", target.as_str());
    if mount.value.read_only {
        out.put("read_only", true);
    }
    let mut below = Map::short();
    settings.into_iter().for_each(|(key, value)| below.put(key, value));
    if mount.value.create {
        below.put("create_host_path", true);
    }
    mount.value.extra.iter().for_each(|(key, _, value)| below.put(key.as_str(), value));
    if !below.is_empty() {
        out.put(kind, below);
    }
    out.into()
}

pub(super) fn file_uses(service: &Service, out: &mut Map) {
    let file_use = |used: &FileUse| {
        if used.target.is_none() && used.extra.is_empty() {
            return Yaml::from(used.source.value.as_str());
        }
        let mut out = Map::short();
        out.put("source", used.source.value.as_str());
        if let Some(target) = &used.target {
            out.put("target", target.as_str());
        }
        used.extra.iter().for_each(|(key, _, value)| out.put(key.as_str(), value));
        out.into()
    };
    for (key, uses) in [("secrets", &service.secrets), ("configs", &service.configs)] {
        if !uses.is_empty() {
            out.put(key, uses.iter().map(file_use).collect::<Yaml>());
        }
    }
}
