//! Where a stack comes to lie: `--prefix` before every name, `--base` before every relative path.

use indexmap::IndexMap;

use super::refuse;
use crate::diagnostic::Diagnostic;
use crate::model::{
    Data, Deploy, HOME, MountKind, NetworkMode, Party, Service, Spanned, Stack, Target as Goal, Text, Value,
};
use crate::network::{Home, Wiring};
use crate::platform::Platform;

/// A place for a stack on the host.
#[derive(Clone, Debug, Default)]
pub struct Layout {
    prefix: String,
    base: Option<String>,
}

impl Layout {
    /// A prefix for names, empty for none, and the folder of the project on the host: an absolute path, or one that
    /// begins with `%h`, the user's home.
    ///
    /// # Errors
    /// Which of the two is out of form, and what would be right.
    pub fn new(prefix: &str, base: Option<&str>) -> Result<Layout, String> {
        let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
        if !prefix.chars().all(plain) || prefix.starts_with(['-', '_']) {
            return Err(format!(
                "`{prefix}` cannot stand before a name: letters, digits, `-` and `_` can, such as `test-`"
            ));
        }
        let Some(base) = base else { return Ok(Layout { prefix: prefix.to_owned(), base: None }) };
        let rest = base.strip_prefix("%h").unwrap_or(base);
        let absolute = rest.starts_with('/') || (rest.is_empty() && !base.is_empty());
        if !absolute || rest.contains(['%', ':', '\\', '"', '\'']) || rest.chars().any(char::is_control) {
            return Err(format!("`{base}` is not an absolute path such as /srv/visp or %h/visp"));
        }
        let base = base.replacen("%h", &HOME.to_string(), 1);
        Ok(Layout { prefix: prefix.to_owned(), base: Some(base.trim_end_matches('/').to_owned()) })
    }
}

/// The stack as it lies there.
///
/// # Errors
/// What cannot be moved, with its place.
pub fn lay_out(stack: &Stack, platform: &Platform, layout: &Layout) -> Result<Stack, Vec<Diagnostic>> {
    let mut moved = stack.clone();
    let mut refused = Vec::new();
    if let Some(base) = &layout.base {
        if base.starts_with(HOME) && (platform.deploy != Deploy::Quadlet || !platform.rootless) {
            let why = "`%h` is the home of who runs a rootless unit; write an absolute path";
            return Err(vec![refuse(stack.name.span(), why)]);
        }
        paths(&mut moved, base);
    }
    if !layout.prefix.is_empty() {
        for service in stack.services.values() {
            for (attribute, (span, _)) in &service.attributes {
                if matches!(attribute.as_str(), "links" | "volumes_from") {
                    let message = format!("`{attribute}` names services, and a prefix would change their names");
                    refused.push(refuse(*span, message));
                }
            }
        }
        moved = prefixed(&moved, &Wiring::new(stack, platform), &layout.prefix);
    }
    if refused.is_empty() { Ok(moved) } else { Err(refused) }
}

/// Puts the folder of the project before every path that is relative to it.
fn paths(stack: &mut Stack, base: &str) {
    for service in stack.services.values_mut() {
        for mount in service.mounts.iter_mut().filter(|mount| mount.value.kind == MountKind::Bind) {
            if mount.value.source.starts_with('.') {
                mount.value.source = below(base, &mount.value.source);
            }
        }
        for file in &mut service.env_files {
            file.path.value = from_here(base, &file.path.value);
        }
        if let Some((_, build)) = service.attributes.get_mut("build") {
            folder(base, build);
        }
    }
    for object in stack.secrets.values_mut().chain(stack.configs.values_mut()) {
        if let Some(file) = &mut object.file {
            file.value = from_here(base, &file.value);
            if let Data::Map(entries) = &mut object.written.data
                && let Some((_, written)) = entries.iter_mut().find(|(key, _)| key == "file")
            {
                written.data = Data::Text(file.value.clone());
            }
        }
    }
}

/// The folder of a build, which is a text or stands under `context`.
fn folder(base: &str, build: &mut Value) {
    match &mut build.data {
        Data::Text(text) if !is_url(text) => *text = from_here(base, text),
        Data::Map(entries) => match entries.iter_mut().find(|(key, _)| key == "context") {
            Some((_, context)) => folder(base, context),
            None => entries.push(("context".to_owned(), Value { span: build.span, data: Data::Text(base.to_owned()) })),
        },
        _ => {}
    }
}

fn is_url(text: &str) -> bool {
    text.contains("://") || text.starts_with("git@")
}

/// A path that is relative unless it begins at the root or at a home.
fn from_here(base: &str, path: &str) -> String {
    if path.starts_with(['/', '~']) { path.to_owned() } else { below(base, path) }
}

/// `./x`, `../x` and `x` below a folder, by their names alone.
fn below(base: &str, path: &str) -> String {
    let mut parts: Vec<&str> = base.split('/').collect();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            // Above the root, or the home, there is nothing to go up to by name.
            ".." if parts.len() > 1 && parts.last().is_some_and(|last| *last != "..") => {
                parts.pop();
            }
            part => parts.push(part),
        }
    }
    let joined = parts.join("/");
    if joined.is_empty() { "/".to_owned() } else { joined }
}

/// Puts a prefix before the names of units, containers, networks and volumes. Each service keeps the names by which
/// others find it, as aliases.
fn prefixed(stack: &Stack, wiring: &Wiring<'_>, prefix: &str) -> Stack {
    let new = |name: &str| format!("{prefix}{name}");
    let mut out = stack.clone();
    out.name.value = new(&stack.name.value);
    out.networks = rename(&stack.networks, |network| {
        let mut network = network.clone();
        if network.external {
            let object = network.object().to_owned();
            network.object_name = Some(Spanned { value: object, origin: network.name.origin });
        } else if let Some(object) = &mut network.object_name {
            object.value = new(&object.value);
        }
        network.name.value = new(&network.name.value);
        network
    });
    out.volumes = rename(&stack.volumes, |volume| {
        let mut volume = volume.clone();
        if volume.external {
            let object = volume.object().to_owned();
            volume.object_name = Some(Spanned { value: object, origin: volume.name.origin });
        } else if let Some(object) = &mut volume.object_name {
            object.value = new(&object.value);
        }
        volume.name.value = new(&volume.name.value);
        volume
    });
    out.services = rename(&stack.services, |service| self::service(service, stack, wiring, prefix));
    for deny in &mut out.deny {
        deny.from.iter_mut().chain(&mut deny.to).for_each(|party| match party {
            Party::Service(name) | Party::Network(name) => *name = new(name),
            Party::Internet | Party::Host => {}
        });
        deny.text.value = words(&deny.text.value, stack, prefix);
    }
    out
}

/// The same in the same order, each under the name it has now.
fn rename<T: Named>(old: &IndexMap<String, T>, change: impl Fn(&T) -> T) -> IndexMap<String, T> {
    old.values().map(change).map(|item| (item.name().to_owned(), item)).collect()
}

trait Named {
    fn name(&self) -> &str;
}
impl Named for Service {
    fn name(&self) -> &str {
        &self.name.value
    }
}
impl Named for crate::model::Network {
    fn name(&self) -> &str {
        &self.name.value
    }
}
impl Named for crate::model::Volume {
    fn name(&self) -> &str {
        &self.name.value
    }
}

fn service(old: &Service, stack: &Stack, wiring: &Wiring<'_>, prefix: &str) -> Service {
    let new = |text: &mut Text| text.value = format!("{prefix}{}", text.value);
    let mut service = old.clone();
    new(&mut service.name);
    if let crate::model::ContainerName::Named(name) = &mut service.container_name {
        new(name);
    }
    // What others look up stays: the container's name and, where that is one, the service's.
    let names: Vec<String> =
        wiring.names(old).into_iter().filter(|name| name.network.is_none()).map(|name| name.text).collect();
    let on_networks = wiring.home(old) == Home::Networks;
    for attachment in &mut service.networks {
        for name in names.iter().filter(|_| on_networks) {
            if attachment.aliases.iter().all(|alias| alias.value != *name) {
                attachment.aliases.push(Spanned::implied(name.clone(), old.span()));
            }
        }
        new(&mut attachment.network);
    }
    for dependency in &mut service.depends_on {
        new(&mut dependency.service);
    }
    for connection in &mut service.connections {
        if let Goal::Service(name) = &mut connection.to {
            *name = format!("{prefix}{name}");
        }
    }
    if let Some(Spanned { value: NetworkMode::Service(name), .. }) = &mut service.network_mode {
        *name = format!("{prefix}{name}");
    }
    for mount in service.mounts.iter_mut().filter(|mount| mount.value.kind == MountKind::Volume) {
        if stack.volumes.contains_key(&mount.value.source) {
            mount.value.source = format!("{prefix}{}", mount.value.source);
        }
    }
    service
}

/// A denied connection in words, with the names it has now.
fn words(text: &str, stack: &Stack, prefix: &str) -> String {
    let is_name = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    let mut out = String::new();
    let mut rest = text;
    while !rest.is_empty() {
        let end = rest.find(is_name).unwrap_or(rest.len());
        let (between, behind) = rest.split_at(end);
        out.push_str(between);
        // The arrow's own `-` is no name.
        let end = behind.find(|c| !is_name(c)).unwrap_or(behind.len());
        let arrow = behind.get(..end).is_some_and(|name| name.ends_with('-'))
            && behind.get(end..).is_some_and(|rest| rest.starts_with('>'));
        let (name, behind) = behind.split_at(if arrow { (end - 1).max(1) } else { end });
        if stack.services.contains_key(name) || stack.networks.contains_key(name) {
            out.push_str(prefix);
        }
        out.push_str(name);
        rest = behind;
    }
    out
}

#[cfg(test)]
mod tests {
    use super::{Layout, below};

    #[test]
    fn paths_lie_below_the_folder() {
        assert_eq!(below("/srv/visp", "./data"), "/srv/visp/data");
        assert_eq!(below("/srv/visp", "../x/./y"), "/srv/x/y");
        assert_eq!(below("/srv", "../../x"), "/../x");
        assert_eq!(below("/srv/visp", "."), "/srv/visp");
    }

    #[test]
    fn forms_are_checked() {
        for (prefix, base) in
            [("a b", None), ("-x", None), ("x/", None), ("", Some("srv")), ("", Some("")), ("", Some("/a%i"))]
        {
            assert!(Layout::new(prefix, base).is_err(), "{prefix} {base:?}");
        }
        for (prefix, base) in [("", None), ("test-", Some("/srv/visp/")), ("", Some("%h")), ("", Some("%h/visp"))] {
            assert!(Layout::new(prefix, base).is_ok(), "{prefix} {base:?}");
        }
    }
}
