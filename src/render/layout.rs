//! Where a stack comes to lie: `--prefix` before every name, `--base` before every relative path.

use indexmap::IndexMap;

use super::refuse;
use crate::diagnostic::Diagnostic;
use crate::model::{
    ContainerName, Data, Deploy, HOME, MountKind, NetworkMode, Party, Service, Spanned, Stack, Target as Goal, Text,
    UnitEntry, Value,
};
use crate::network::{Home, Wiring};
use crate::platform::Platform;
use crate::source::Span;

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
    let mut refused = super::host::own_marks(stack, HOME);
    if let Some(base) = &layout.base {
        if base.starts_with(HOME) && (platform.deploy != Deploy::Quadlet || !platform.rootless) {
            let why = "`%h` is the home of who runs a rootless unit; write an absolute path";
            return Err(vec![refuse(stack.name.span(), why)]);
        }
        let mut mover = Mover { base, refused: Vec::new() };
        mover.stack(&mut moved);
        refused.extend(mover.refused);
    }
    if !layout.prefix.is_empty() {
        for service in stack.services.values() {
            for (attribute, (span, value)) in &service.attributes {
                if matches!(attribute.as_str(), "links" | "volumes_from") && !value.texts().is_empty() {
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
struct Mover<'a> {
    base: &'a str,
    refused: Vec<Diagnostic>,
}

impl Mover<'_> {
    fn stack(&mut self, stack: &mut Stack) {
        for service in stack.services.values_mut() {
            for mount in service.mounts.iter_mut().filter(|mount| mount.value.kind == MountKind::Bind) {
                if mount.value.source.starts_with('.') {
                    let span = mount.span();
                    self.path(span, &mut mount.value.source);
                }
            }
            for file in &mut service.env_files {
                self.path(file.path.span(), &mut file.path.value);
            }
            for (attribute, (_, value)) in &mut service.attributes {
                match attribute.as_str() {
                    "build" => self.build(value),
                    "label_file" => each_text(value, &mut |span, text| self.path(span, text)),
                    "develop" => self.watch(value),
                    _ => {}
                }
            }
        }
        for volume in stack.volumes.values_mut() {
            if let Some((_, options)) = volume.attributes.get_mut("driver_opts") {
                let mounts = options.get("o").and_then(Value::scalar).unwrap_or_default();
                if mounts.split(',').any(|option| matches!(option.trim(), "bind" | "rbind"))
                    && let Some(device) = entry(options, "device")
                {
                    each_text(device, &mut |span, text| self.path(span, text));
                }
            }
        }
        for object in stack.secrets.values_mut().chain(stack.configs.values_mut()) {
            if let Some(file) = &mut object.file {
                self.path(file.span(), &mut file.value);
                if let Some(written) = entry(&mut object.written, "file") {
                    written.data = Data::Text(file.value.clone());
                }
            }
        }
    }

    /// A build: its folder, which is a text or stands under `context`, and those that it gets by name.
    fn build(&mut self, build: &mut Value) {
        let span = build.span;
        if let Some(more) = entry(build, "additional_contexts") {
            each_context(more, &mut |span, text| {
                if !is_url(text) && !text.starts_with("service:") && !text.starts_with("target:") {
                    self.path(span, text);
                }
            });
        }
        match &mut build.data {
            Data::Text(text) if !is_url(text) => self.path(span, text),
            Data::Map(entries) => match entries.iter_mut().find(|(key, _)| key == "context") {
                Some((_, Value { span, data: Data::Text(text) })) if !is_url(text) => self.path(*span, text),
                Some(_) => {}
                None => entries.push(("context".to_owned(), Value { span, data: Data::Text(self.base.to_owned()) })),
            },
            _ => {}
        }
    }

    /// The folders that a developer's `compose watch` looks at.
    fn watch(&mut self, develop: &mut Value) {
        let Some(Value { data: Data::List(items), .. }) = entry(develop, "watch") else { return };
        for path in items.iter_mut().filter_map(|item| entry(item, "path")) {
            each_text(path, &mut |span, text| self.path(span, text));
        }
    }

    /// A path that is relative unless it begins at the root or at a home.
    fn path(&mut self, span: Span, path: &mut String) {
        if path.starts_with(['/', '~']) {
            return;
        }
        match below(self.base, path) {
            Some(moved) => *path = moved,
            None => {
                let message = format!("`{path}` leads above `%h`, and what lies there has no name");
                self.refused.push(refuse(span, message));
            }
        }
    }
}

/// The value under a key of a map.
fn entry<'v>(value: &'v mut Value, key: &str) -> Option<&'v mut Value> {
    match &mut value.data {
        Data::Map(entries) => entries.iter_mut().find(|(name, _)| name == key).map(|(_, value)| value),
        _ => None,
    }
}

/// Changes a text, or each text of a list.
fn each_text(value: &mut Value, change: &mut dyn FnMut(Span, &mut String)) {
    match &mut value.data {
        Data::Text(text) => change(value.span, text),
        Data::List(items) => items.iter_mut().for_each(|item| each_text(item, change)),
        _ => {}
    }
}

/// Changes each value of a map, or of a list of `NAME=VALUE`.
fn each_context(value: &mut Value, change: &mut dyn FnMut(Span, &mut String)) {
    if let Data::Map(entries) = &mut value.data {
        entries.iter_mut().for_each(|(_, value)| each_text(value, change));
        return;
    }
    each_text(value, &mut |span, text| {
        if let Some((name, place)) = text.split_once('=') {
            let mut place = place.to_owned();
            change(span, &mut place);
            *text = format!("{name}={place}");
        }
    });
}

fn is_url(text: &str) -> bool {
    text.contains("://") || text.starts_with("git@")
}

/// `./x`, `../x` and `x` below a folder, by their names alone; nothing above the home, whose own name is not known.
fn below(base: &str, path: &str) -> Option<String> {
    let mut parts: Vec<&str> = base.split('/').collect();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." if parts.len() > 1 && parts.last().is_some_and(|last| *last != "..") => {
                parts.pop();
            }
            ".." if base.starts_with(HOME) => return None,
            part => parts.push(part),
        }
    }
    let joined = parts.join("/");
    Some(if joined.is_empty() { "/".to_owned() } else { joined })
}

/// Puts a prefix before the names of units, containers, networks and volumes. Each service keeps the names by which
/// others find it, as aliases; not on networks from outside, where the original answers to them.
fn prefixed(stack: &Stack, wiring: &Wiring<'_>, prefix: &str) -> Stack {
    let new = |name: &str| format!("{prefix}{name}");
    let mut out = stack.clone();
    out.name.value = new(&stack.name.value);
    out.networks = rename(
        &stack.networks,
        |network| &network.name,
        |network| {
            let mut network = network.clone();
            object(network.external, &network.name, &mut network.object_name, prefix);
            network.name.value = new(&network.name.value);
            entries(&mut network.quadlet, stack, wiring, prefix);
            network
        },
    );
    out.volumes = rename(
        &stack.volumes,
        |volume| &volume.name,
        |volume| {
            let mut volume = volume.clone();
            object(volume.external, &volume.name, &mut volume.object_name, prefix);
            volume.name.value = new(&volume.name.value);
            entries(&mut volume.quadlet, stack, wiring, prefix);
            volume
        },
    );
    out.services =
        rename(&stack.services, |service| &service.name, |service| self::service(service, stack, wiring, prefix));
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
fn rename<T>(old: &IndexMap<String, T>, name: fn(&T) -> &Text, change: impl Fn(&T) -> T) -> IndexMap<String, T> {
    old.values().map(change).map(|item| (name(&item).value.clone(), item)).collect()
}

/// The name of an object in the runtime: what exists outside keeps its own.
fn object(external: bool, name: &Text, object: &mut Option<Text>, prefix: &str) {
    match object {
        Some(object) if !external => object.value = format!("{prefix}{}", object.value),
        None if external => *object = Some(name.clone()),
        _ => {}
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
        let is_own = stack.networks.get(&attachment.network.value).is_none_or(|network| !network.external);
        for name in names.iter().filter(|_| on_networks && is_own) {
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
    match service.network_mode.as_mut().map(|mode| &mut mode.value) {
        Some(NetworkMode::Service(name)) => *name = format!("{prefix}{name}"),
        Some(NetworkMode::Container(name)) => {
            *name = container(name, stack, wiring, prefix).unwrap_or_else(|| name.clone());
        }
        _ => {}
    }
    for (attribute, (_, value)) in &mut service.attributes {
        let of_service = &mut |_: Span, text: &mut String| {
            if let Some(moved) = reference(text, stack, wiring, prefix) {
                *text = moved;
            }
        };
        match attribute.as_str() {
            "pid" | "ipc" => each_text(value, of_service),
            "build" => entry(value, "additional_contexts").into_iter().for_each(|it| each_context(it, of_service)),
            "external_links" => each_text(value, &mut |_, text| {
                let (name, alias) = text.split_once(':').unwrap_or((text, text));
                if let Some(moved) = container(name, stack, wiring, prefix) {
                    *text = format!("{moved}:{alias}");
                }
            }),
            _ => {}
        }
    }
    entries(&mut service.quadlet, stack, wiring, prefix);
    for mount in service.mounts.iter_mut().filter(|mount| mount.value.kind == MountKind::Volume) {
        if stack.volumes.contains_key(&mount.value.source) {
            mount.value.source = format!("{prefix}{}", mount.value.source);
        }
    }
    service
}

/// The new name of a container of the stack, by its old one.
fn container(name: &str, stack: &Stack, wiring: &Wiring<'_>, prefix: &str) -> Option<String> {
    let service = stack.services.values().find(|service| wiring.container_name(service) == name)?;
    Some(match service.container_name {
        ContainerName::Named(_) | ContainerName::ByService => format!("{prefix}{name}"),
        // A name that the runtime makes of the names of the service and the stack.
        ContainerName::ByRuntime(_) => match name.strip_prefix("systemd-") {
            Some(name) => format!("systemd-{prefix}{name}"),
            None => format!("{prefix}{}-{prefix}{}-1", stack.name.value, service.name.value),
        },
    })
}

/// `service:NAME` or `container:NAME` with the name it has now.
fn reference(text: &str, stack: &Stack, wiring: &Wiring<'_>, prefix: &str) -> Option<String> {
    match text.split_once(':')? {
        ("service", name) => stack.services.contains_key(name).then(|| format!("service:{prefix}{name}")),
        ("container", name) => container(name, stack, wiring, prefix).map(|name| format!("container:{name}")),
        _ => None,
    }
}

/// Entries of units, in which units and containers of the stack get the names they have now.
fn entries(entries: &mut [UnitEntry], stack: &Stack, wiring: &Wiring<'_>, prefix: &str) {
    for entry in entries {
        let mut out = String::new();
        let text = &entry.value.value;
        let is_name = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | '@');
        let mut rest = text.as_str();
        while !rest.is_empty() {
            let (between, behind) = rest.split_at(rest.find(is_name).unwrap_or(rest.len()));
            out.push_str(between);
            let (word, behind) = behind.split_at(behind.find(|c| !is_name(c)).unwrap_or(behind.len()));
            // A path is no unit's name.
            let moved = if out.ends_with('/') || behind.starts_with('/') {
                None
            } else if out.ends_with("container:") {
                container(word, stack, wiring, prefix)
            } else {
                is_unit(word, stack).then(|| format!("{prefix}{word}"))
            };
            out.push_str(moved.as_deref().unwrap_or(word));
            rest = behind;
        }
        entry.value.value = out;
    }
}

/// Whether a word is the name of a unit, or of a unit's service, that is made of the stack.
fn is_unit(word: &str, stack: &Stack) -> bool {
    let Some((name, kind)) = word.rsplit_once('.') else { return false };
    let network = |name: &str| stack.networks.get(name).is_some_and(|network| !network.external);
    let volume = |name: &str| stack.volumes.get(name).is_some_and(|volume| !volume.external);
    match kind {
        "container" | "build" => stack.services.contains_key(name),
        "network" => network(name),
        "volume" => volume(name),
        "service" => {
            stack.services.contains_key(name)
                || name.strip_suffix("-build").is_some_and(|name| stack.services.contains_key(name))
                || name.strip_suffix("-network").is_some_and(network)
                || name.strip_suffix("-volume").is_some_and(volume)
        }
        _ => false,
    }
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
        let home = |rest: &str| format!("{}{rest}", crate::model::HOME);
        for (base, path, found) in [
            ("/srv/visp", "./data", Some("/srv/visp/data".to_owned())),
            ("/srv/visp", "../x/./y", Some("/srv/x/y".to_owned())),
            ("/srv", "../../x", Some("/../x".to_owned())),
            ("/srv/visp", ".", Some("/srv/visp".to_owned())),
            (&home("/visp"), "../x", Some(home("/x"))),
            (&home("/visp"), "..", Some(home(""))),
            (&home("/visp"), "../../x", None),
            (&home(""), "a/../../x", None),
        ] {
            assert_eq!(below(base, path), found, "{base} {path}");
        }
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
