//! Volumes, binds, temporary file systems, secrets and configs → `Volume=`, `Tmpfs=` and `Secret=`.

use super::Context;
use super::quote::{Specifiers, csv, unfit};
use super::unit::{Unit, is_unit};
use crate::model::{FileUse, HOME, Image, MAKES_FOLDER, Mount, MountKind, Service, Spanned, Text, Value, is_name};
use crate::platform::Feature;
use crate::render::refuse;
use crate::render::words::PROPAGATIONS;
use crate::source::Span;

/// Where folders belong to the system: nobody makes them for a container.
const SYSTEM: [&str; 8] = ["/dev", "/etc", "/proc", "/run", "/sys", "/usr", "/var/run", "/lib"];

pub(super) fn mounts(context: &mut Context<'_>, service: &Service, unit: &mut Unit) {
    for mount in &service.mounts {
        unit.at(Some(mount.span()));
        if let Some(line) = in_full(context, service, mount) {
            if !line_of(unit, &line) {
                let name = &service.name.value;
                let lost = |(setting, at, _): &(String, Span, Value)| {
                    context.lose(*at, format!("`{setting}` goes with the mount that `{name}` goes without"));
                };
                mount.value.extra.iter().for_each(lost);
            }
            continue;
        }
        if let Some(bad) = mount.value.options.iter().find(|option| option.contains([',', ':'])) {
            let message = format!("`{}` is no option of a mount of `{}`", bad.escape_debug(), service.name.value);
            context.refused.push(refuse(mount.span(), message));
            continue;
        }
        match mount.value.kind {
            MountKind::Volume => {
                let source = volume(context, &mount.value.source);
                put(unit, &source, &mount.value, Specifiers::Literal);
            }
            MountKind::Anonymous => {
                let name = name_for(context, service, &mount.value.target);
                context.notes.push(format!(
                    "`{}` gets a named volume at {}: `{name}`. Without a name it would be gone at every stop.",
                    service.name.value, mount.value.target
                ));
                context.named_volumes.insert(name.clone(), mount.span());
                let source = match context.has_named_objects() {
                    true => format!("{}.volume", context.unit(&name)),
                    false => context.unit(&name),
                };
                put(unit, &source, &mount.value, Specifiers::Literal);
            }
            MountKind::Other => {
                let (name, target) = (&service.name.value, &mount.value.target);
                context
                    .lose(mount.span(), format!("Podman has no mounts of this kind: `{name}` has nothing at {target}"));
                for (setting, at, _) in &mount.value.extra {
                    context.lose(*at, format!("`{setting}` goes with the mount that `{name}` goes without"));
                }
            }
            MountKind::Bind => bind(context, service, mount, unit),
            MountKind::Tmpfs if !is_part(&mount.value.target) => {
                line_of(unit, &fields("tmpfs", None, &mount.value, None));
            }
            MountKind::Tmpfs => {
                let options = mount.value.options.join(",");
                let separator = if options.is_empty() { "" } else { ":" };
                unit.own("Tmpfs", &format!("{}{separator}{options}", mount.value.target));
            }
        }
    }
    unit.at(None);
    secrets(context, service, unit);
    configs(context, service, unit);
}

/// The form that has a word for everything, for what `Volume=` has none: a part of a volume, an image. Reports what
/// neither can say.
fn in_full(context: &mut Context<'_>, service: &Service, mount: &Spanned<Mount>) -> Option<String> {
    let is_image =
        mount.value.extra.iter().any(|(key, _, value)| key == "type" && value.scalar().as_deref() == Some("image"));
    let mut part = None;
    for (setting, span, value) in &mount.value.extra {
        match (setting.as_str(), value.scalar()) {
            ("type", _) => {}
            // A volume without a name is new, and has no parts yet.
            ("subpath", _) if !is_image && mount.value.kind != MountKind::Volume => {
                let name = &service.name.value;
                context.lose(*span, format!("only a volume with a name has parts: `{name}` gets all of this one"));
            }
            ("subpath", Some(path)) if is_image || context.has(Feature::VolumeSubpath) => part = Some(path),
            ("subpath", _) => {
                let (version, first) = (context.platform.version, Feature::VolumeSubpath.first_podman());
                let message = format!(
                    "Podman {version} mounts whole volumes only: `{}` gets all of it (from Podman {first} `subpath` works)",
                    service.name.value
                );
                context.lose(*span, message);
            }
            _ => context
                .lose(*span, format!("`Volume=` cannot say `{setting}`: `{}` goes without it", service.name.value)),
        }
    }
    let part = part.as_deref();
    match mount.value.kind {
        // Podman takes these for a folder and for units.
        MountKind::Other if is_image && !is_image_name(&mount.value.source) => None,
        MountKind::Other if is_image => Some(fields("image", Some(&mount.value.source), &mount.value, part)),
        MountKind::Volume if part.is_some() => {
            Some(fields("volume", Some(&volume(context, &mount.value.source)), &mount.value, part))
        }
        _ => None,
    }
}

fn is_image_name(text: &str) -> bool {
    text.parse::<Image>().is_ok() && !text.ends_with(".image") && !text.ends_with(".build")
}

/// What `Mount=` says of a mount: Podman reads it as a line of CSV.
fn fields(kind: &str, source: Option<&str>, mount: &Mount, part: Option<&str>) -> String {
    let mut fields = vec![format!("type={kind}")];
    fields.extend(source.map(|source| format!("source={source}")));
    fields.push(format!("destination={}", mount.target));
    fields.extend(part.map(|part| format!("subpath={part}")));
    if mount.read_only && kind != "image" {
        fields.push("ro=true".to_owned());
    }
    fields.extend(mount.options.iter().map(|option| match option.as_str() {
        "z" => "relabel=shared".to_owned(),
        "Z" => "relabel=private".to_owned(),
        how if PROPAGATIONS.contains(&how) => format!("bind-propagation={how}"),
        option if kind == "tmpfs" && option.starts_with("size=") => format!("tmpfs-{option}"),
        option if kind == "tmpfs" && option.starts_with("mode=") => format!("tmpfs-{option}"),
        option => option.to_owned(),
    }));
    fields.iter().map(|field| csv(field)).collect::<Vec<_>>().join(",")
}

/// Writes what [`fields`] made; whether it could.
fn line_of(unit: &mut Unit, line: &str) -> bool {
    let before = unit.losses();
    match line.contains(['\n', '\r']) {
        true => unit.lose("Mount= cannot hold a path with a line break".to_owned()),
        false => unit.own("Mount", line),
    }
    unit.losses() == before
}

/// Whether a text can stand between colons, in a line that is taken as it is.
fn is_part(text: &str) -> bool {
    let bare = text.trim() == text && !text.ends_with('\\') && !text.chars().any(char::is_control);
    bare && !text.contains(':')
}

/// What stands for a named volume in `Volume=`.
fn volume(context: &Context<'_>, name: &str) -> String {
    match context.stack.volumes.get(name) {
        Some(volume) if volume.external || !context.has_named_objects() => volume.object().to_owned(),
        Some(_) => format!("{}.volume", context.unit(name)),
        None => name.to_owned(),
    }
}

/// A mount as `Volume=` says it; where that cannot hold its paths, as `Mount=` does.
fn put(unit: &mut Unit, source: &str, mount: &Mount, specifiers: Specifiers) {
    if specifiers == Specifiers::Literal && !(is_part(source) && is_part(&mount.target)) {
        let kind = if mount.kind == MountKind::Bind { "bind" } else { "volume" };
        line_of(unit, &fields(kind, Some(source), mount, None));
        return;
    }
    let mut options = mount.options.clone();
    if mount.read_only {
        options.insert(0, "ro".to_owned());
    }
    let options = if options.is_empty() { String::new() } else { format!(":{}", options.join(",")) };
    // Where the source's `%` is meant, the target's still is text.
    let target = if specifiers == Specifiers::Meant { mount.target.replace('%', "%%") } else { mount.target.clone() };
    unit.own_with("Volume", &format!("{source}:{target}{options}"), specifiers);
}

fn bind(context: &mut Context<'_>, service: &Service, mount: &Spanned<Mount>, unit: &mut Unit) {
    let written = &mount.value.source;
    // A path of Windows, what stands for the home, and the socket are no paths as they are.
    let is_meant = !written.starts_with(['/', '.', HOME]) || written.ends_with("/docker.sock");
    if is_meant && !separable(context, mount.span(), [written, &mount.value.target]) {
        return;
    }
    if matches!(written.as_str(), "/var/run/docker.sock" | "/run/docker.sock") {
        let socket = if context.platform.rootless { "%t/podman/podman.sock" } else { "/run/podman/podman.sock" };
        for key in ["Requires", "After"] {
            unit.text("Unit", key, "podman.socket");
        }
        return put(unit, socket, &mount.value, Specifiers::Meant);
    }
    if let Some(rest) = written.strip_prefix('~') {
        // The home of a rootful unit is root's, which is hardly what was meant.
        // The generator takes `%h/x.volume` for a unit.
        if context.platform.rootless && (rest.is_empty() || rest.starts_with('/')) && !is_unit(rest) {
            return put(unit, &format!("%h{}", rest.replace('%', "%%")), &mount.value, Specifiers::Meant);
        }
        let name = &service.name.value;
        return context.lose(mount.span(), format!("a unit cannot say `{written}` here: `{name}` goes without it"));
    }
    let is_made = mount.value.create && is_folder(&mount.value);
    if !written.starts_with(['/', HOME]) {
        // A name alone would be a volume's.
        let path = if written.starts_with('.') { written.clone() } else { format!("./{written}") };
        if !is_made || !context.has(Feature::RelativePaths) {
            relative(context, service, &path, mount.span());
        }
        return made(context, &path, &mount.value, unit);
    }
    made(context, written, &mount.value, unit);
}

/// A bind whose folder is made where it is missing: Docker does so, and Podman refuses to start. A file in its place
/// fails there, and is fine.
fn made(context: &Context<'_>, path: &str, mount: &Mount, unit: &mut Unit) {
    let before = unit.losses();
    put(unit, path, mount, Specifiers::Literal);
    let is_known = path.starts_with(['/', HOME]) || context.has(Feature::RelativePaths);
    if mount.create && is_folder(mount) && is_known && unit.losses() == before {
        unit.raw("Service", "ExecStartPre", format!("{MAKES_FOLDER}{}", context.place(path)));
    }
}

fn relative(context: &mut Context<'_>, service: &Service, path: &str, span: Span) {
    if !context.has(Feature::RelativePaths) {
        context.lose(
            span,
            format!(
                "Podman {} does not resolve `{path}` of `{}`: write an absolute path",
                context.platform.version, service.name.value
            ),
        );
    } else if !context.folders.iter().any(|known| known == path) {
        context.folders.push(path.to_owned());
    }
}

/// Whether a bind is likely a folder of the user's own.
pub(crate) fn is_folder(mount: &Mount) -> bool {
    let system = SYSTEM.iter().any(|system| {
        mount.source == *system || mount.source.strip_prefix(system).is_some_and(|rest| rest.starts_with('/'))
    });
    let last = |path: &str| path.trim_end_matches('/').rsplit('/').next().unwrap_or("").to_owned();
    !system && mount.source != "/" && !last(&mount.source).contains('.') && !last(&mount.target).contains('.')
}

/// A name for a volume that has none, from its service and its path; another for each path.
fn name_for(context: &Context<'_>, service: &Service, target: &str) -> String {
    let path: String = target.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '-' }).collect();
    let path = path.trim_matches('-');
    let name = format!("{}-{}", service.name.value, if path.is_empty() { "data" } else { path });
    let taken = |name: &str| context.named_volumes.contains_key(name) || context.stack.volumes.contains_key(name);
    let numbered = (2..).map(|number| format!("{name}-{number}"));
    std::iter::once(name.clone()).chain(numbered).find(|name| !taken(name)).unwrap_or(name)
}

/// Whether texts can stand between colons: one with a colon of its own would be read as two.
fn separable<'t>(context: &mut Context<'_>, span: Span, texts: impl IntoIterator<Item = &'t String>) -> bool {
    let bad = texts.into_iter().find(|text| !is_part(text));
    if let Some(bad) = bad {
        let message = format!(
            "a unit cannot hold the path `{}` here: a colon separates paths, and a line has no control characters",
            bad.escape_debug()
        );
        context.refused.push(refuse(span, message));
    }
    bad.is_none()
}

/// Reports what a secret or config says beyond its place.
fn lose_extra(context: &mut Context<'_>, used: &FileUse) {
    for (setting, span, _) in &used.extra {
        context.lose(
            *span,
            format!("a unit cannot say `{setting}` of `{}`: it stays as the file has it", used.source.value),
        );
    }
}

fn secrets(context: &mut Context<'_>, service: &Service, unit: &mut Unit) {
    for used in &service.secrets {
        let Some(secret) = context.stack.secrets.get(&used.source.value) else { continue };
        let name = &used.source.value;
        if let Some(file) = &secret.file {
            lose_extra(context, used);
            let target = used.target.clone().unwrap_or_else(|| name.clone());
            let target = if target.starts_with('/') { target } else { format!("/run/secrets/{target}") };
            file_at(context, service, file, &target, used, unit);
            continue;
        }
        let is_word = |text: &str| !text.contains([',', '=']) && unfit(text).is_none();
        let said = used.target.clone().into_iter().chain(used.extra.iter().filter_map(|(_, _, value)| value.scalar()));
        if said.into_iter().any(|text| !is_word(&text)) {
            let message =
                format!("the target, uid, gid or mode of the secret `{name}` cannot hold a comma or `=` in a unit");
            context.refused.push(refuse(used.source.span(), message));
            continue;
        }
        let said = |key: &str| secret.written.get(key).and_then(crate::model::Value::scalar);
        let object = said("name").unwrap_or_else(|| name.clone());
        let value = said("environment").map_or_else(|| "FILE".to_owned(), |variable| format!("--env {variable}"));
        context.notes.push(format!("The secret `{object}` must exist: podman secret create {object} {value}"));
        if !is_name(&object) {
            let message = format!("a unit cannot hold `{}` as the name of a secret", object.escape_debug());
            let at = secret.written.get("name").map_or(used.source.span(), |name| name.span);
            context.refused.push(refuse(at, message));
            continue;
        }
        // Another object still is seen by the name the stack knows it by.
        let target = used.target.as_ref().or((object != *name).then_some(name));
        let mut line = object;
        line.extend(target.map(|target| format!(",target={target}")));
        for (setting, _, value) in &used.extra {
            line.extend(value.scalar().map(|value| format!(",{setting}={}", value.replacen("0o", "0", 1))));
        }
        unit.at(Some(used.source.span()));
        unit.own("Secret", &line);
        unit.at(None);
    }
}

fn configs(context: &mut Context<'_>, service: &Service, unit: &mut Unit) {
    for used in &service.configs {
        let Some(config) = context.stack.configs.get(&used.source.value) else { continue };
        let name = &used.source.value;
        let target = used.target.clone().unwrap_or_else(|| format!("/{name}"));
        let content = config.written.get("content").and_then(crate::model::Value::scalar);
        lose_extra(context, used);
        match (config.file.clone(), content) {
            (Some(file), _) => {
                file_at(context, service, &file, &target, used, unit);
            }
            (None, Some(content)) => {
                let at = config.written.get("content").map_or(used.source.span(), |content| content.span);
                if let Some(why) = unfit(&content) {
                    let found = refuse(at, format!("a unit cannot hold the content of `{name}`: {why}"));
                    context.refused.push(found.help("What helps: a file, which `file` names."));
                    continue;
                }
                written(context, used, &content, &target, unit);
            }
            (None, None) => context.lose(
                used.source.span(),
                format!(
                    "Podman has no configs, and this one is in no file: `{}` goes without `{name}`",
                    service.name.value
                ),
            ),
        }
    }
}

/// A file that the unit itself holds, and writes at each start.
fn written(context: &mut Context<'_>, used: &FileUse, content: &str, target: &str, unit: &mut Unit) {
    let (name, span) = (&used.source.value, used.source.span());
    if !separable(context, span, [name, &target.to_owned()]) {
        return;
    }
    let (place, step) = content_step(name, content);
    unit.raw("Service", "ExecStartPre", step);
    unit.at(Some(span));
    let options = if used.labelled { "ro,z" } else { "ro" };
    unit.own_with("Volume", &format!("{place}:{}:{options}", target.replace('%', "%%")), Specifiers::Meant);
    unit.at(None);
}

/// Where a unit writes the content of a config, and the step that does it.
pub(crate) fn content_step(name: &str, content: &str) -> (String, String) {
    let place = format!("%t/%N.{}.config", name.replace('%', "%%").replace('/', "-"));
    let content = super::quote::word(content, Specifiers::Literal);
    let step = format!("/bin/sh -c 'printf %%s \"$$1\" >\"$$0\"' {place} {content}");
    (place, step)
}

fn file_at(context: &mut Context<'_>, service: &Service, file: &Text, target: &str, used: &FileUse, unit: &mut Unit) {
    let path = &file.value;
    if path.starts_with('~') {
        let name = &service.name.value;
        return context.lose(used.source.span(), format!("a unit cannot say `{path}` here: `{name}` goes without it"));
    }
    let source = if path.starts_with(['/', '.', HOME]) { path.clone() } else { format!("./{path}") };
    for (text, at) in [(source.as_str(), file.span()), (target, used.source.span())] {
        if text.contains(['\n', '\r']) || unfit(text).is_some() {
            let message = format!("a unit cannot hold a path of `{}`: no line has its characters", used.source.value);
            context.refused.push(refuse(at, message));
        }
    }
    if source.starts_with('.') {
        relative(context, service, &source, used.source.span());
    }
    // What does not fit of the two is what is said.
    unit.at(Some(if is_part(&source) && unfit(&source).is_none() { used.source.span() } else { file.span() }));
    let mount = Mount {
        kind: MountKind::Bind,
        source: source.clone(),
        target: target.to_owned(),
        read_only: true,
        create: false,
        options: if used.labelled { vec!["z".to_owned()] } else { Vec::new() },
        extra: Vec::new(),
    };
    put(unit, &source, &mount, Specifiers::Literal);
    unit.at(None);
}
