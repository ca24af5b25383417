//! `build:` of a service → its `.build` unit, or the line to build by hand where Podman has none.

use super::quote::Specifiers;
use super::unit::Unit;
use super::{Context, finish};
use crate::model::{Data, HOME, Service, Value};
use crate::platform::Feature;
use crate::platform::keys::Repeat;
use crate::render::{File, refuse};

/// What the container's `Image=` refers to, and the unit that makes it; nothing for a service that is not built.
pub(super) fn build(context: &mut Context<'_>, service: &Service) -> Option<(String, Option<Unit>)> {
    let (span, value) = service.attributes.get("build")?;
    let name = &service.name.value;
    // Without a name of its own a built image is called as Compose calls it; it lies on this machine only.
    let image = service.image.as_ref().map(|image| image.value.full());
    let image = image.unwrap_or_else(|| format!("localhost/{}-{name}:latest", context.stack.name.value.to_lowercase()));
    let get = |key: &str| value.get(key).and_then(Value::scalar);
    let folder = value.scalar().or_else(|| get("context")).unwrap_or_else(|| ".".to_owned());
    let inline = get("dockerfile_inline").map(|text| {
        // Beside the unit; the marker in its first line is a comment to its reader, too.
        let file = format!("{}.Dockerfile", context.unit(name));
        let end = if text.ends_with('\n') { "" } else { "\n" };
        context.files.push(File { name: file.clone(), text: format!("{text}{end}") });
        format!("./{file}")
    });
    if !context.has(Feature::BuildUnit) {
        let version = context.platform.version;
        let file = inline.map(|file| format!(" -f {file}")).unwrap_or_default();
        context.notes.push(format!(
            "Podman {version} has no build units. Build first: podman build -t {image}{file} {}",
            folder.replace(HOME, "~")
        ));
        return Some((image, None));
    }
    // One image is built once.
    let is_same = |other: &&Service| {
        let build = other.attributes.get("build");
        service.image.is_some() && other.image == service.image && build.is_some_and(|(_, build)| build == value)
    };
    if let Some(first) = context.stack.services.values().find(is_same).filter(|first| first.name != service.name) {
        return Some((format!("{}.build", context.unit(&first.name.value)), None));
    }
    let mut unit = Unit::new("Build", context.platform.version);
    unit.text("Unit", "Description", &format!("Image of {name} of {}", context.stack.name.value));
    unit.own("ImageTag", &image);
    let is_url = folder.contains("://") || folder.starts_with("git@");
    let folder = if is_url || folder.starts_with(['/', '.', HOME]) { folder } else { format!("./{folder}") };
    let at = value.get("context").unwrap_or(value).span;
    if super::quote::value(Repeat::Last, &folder, Specifiers::Literal).is_none()
        || super::quote::unfit(&folder).is_some()
    {
        let folder = folder.chars().take(80).collect::<String>();
        let message =
            format!("a unit cannot hold the folder `{}`, which `{name}` is built from", folder.escape_debug());
        context.refused.push(refuse(at, message));
    }
    unit.at(Some(at));
    unit.own("SetWorkingDirectory", &folder);
    if let Some(file) = inline {
        unit.own("File", &file);
    } else if let Some(file) = get("dockerfile") {
        // Compose looks for it in the context, the unit from its own folder.
        unit.at(value.get("dockerfile").map(|file| file.span));
        let inside = !is_url && !file.starts_with('/');
        unit.own("File", &if inside { format!("{}/{file}", folder.trim_end_matches('/')) } else { file });
    }
    if !is_url && folder.starts_with('.') && !context.folders.contains(&folder) {
        context.folders.push(folder);
    }
    rest(context, service, value, &mut unit);
    unit.at(None);
    // A first build takes as long as it takes.
    unit.text("Service", "TimeoutStartSec", "infinity");
    finish(context, &mut unit, *span);
    Some((format!("{}.build", context.unit(name)), Some(unit)))
}

fn rest(context: &mut Context<'_>, service: &Service, value: &Value, unit: &mut Unit) {
    let Data::Map(entries) = &value.data else { return };
    for (key, value) in entries {
        unit.at(Some(value.span));
        match key.as_str() {
            "context" | "dockerfile" | "dockerfile_inline" => {}
            "args" => unit.pairs("BuildArg", value),
            "labels" => unit.pairs("Label", value),
            "target" => value.scalar().iter().for_each(|target| unit.own("Target", target)),
            "tags" => value.texts().iter().for_each(|tag| unit.own("ImageTag", tag)),
            "network" => value.scalar().iter().for_each(|network| unit.own("Network", network)),
            "pull" if value.data == Data::Bool(true) => unit.own("Pull", "always"),
            "no_cache" if value.data == Data::Bool(true) => unit.argument("--no-cache", Specifiers::Literal),
            "pull" | "no_cache" => {}
            "shm_size" => value.scalar().iter().for_each(|size| argument(unit, "--shm-size", size)),
            "platforms" => value.texts().iter().for_each(|platform| argument(unit, "--platform", platform)),
            "cache_from" | "cache_to" => {
                let flag = format!("--{}", key.replace('_', "-"));
                for cache in value.texts() {
                    if is_repository(&cache) {
                        argument(unit, &flag, &cache);
                    } else {
                        let name = &service.name.value;
                        let message = format!(
                            "Podman's `{flag}` takes a repository without a tag, and `{cache}` is none: `{name}` is built without it"
                        );
                        context.lose(value.span, message);
                    }
                }
            }
            _ => {
                let name = &service.name.value;
                context.lose(value.span, format!("a unit cannot say `build.{key}`: `{name}` is built without it"));
            }
        }
    }
}

/// Whether Podman takes a text for a place of cached layers: `type=…` is BuildKit's. Seen with Podman 5.4.2: `repository must
/// contain neither a tag nor digest`.
fn is_repository(text: &str) -> bool {
    let name = text.rsplit('/').next().unwrap_or(text);
    !text.is_empty() && !name.contains(':') && !text.contains(['@', '='])
}

fn argument(unit: &mut Unit, flag: &str, value: &str) {
    unit.option(flag, value);
}
