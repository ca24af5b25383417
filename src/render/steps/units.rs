//! The steps for units. What was measured about networks stands in their favour: an edited `.network` never changes a
//! network that exists, not even by a restart, because its service runs `podman network create --ignore`; and a stop
//! of the network's service stops its containers.

use std::collections::BTreeSet;

use super::{Next, unit_kind};
use crate::model::Stack;
use crate::render::{Change, File, count, prefix};

/// Units that are there now, and those that changed.
pub(super) struct Units<'a> {
    stack: &'a Stack,
    rootless: bool,
    files: &'a [File],
    changes: &'a [&'a Change],
}

/// Services, in the order in which they are named.
type Services = Vec<String>;

impl<'a> Units<'a> {
    pub fn new(stack: &'a Stack, rootless: bool, files: &'a [File], changes: &'a [&'a Change]) -> Self {
        Units { stack, rootless, files, changes }
    }

    /// Everything, in order.
    pub fn steps(&self, installed: bool, host: &[String], data: &[String], next: &mut Next) {
        if self.changes.is_empty() {
            return;
        }
        let stopped = self.stop(next);
        self.copy(installed, next);
        next.steps.extend(host.iter().cloned());
        self.reload(next);
        next.steps.extend(data.iter().cloned());
        let changed = self.changed();
        self.call("restart", changed.iter().filter(|service| !stopped.contains(service)), next);
        let is_new = |change: &&&Change| change.old.is_none();
        let new = self
            .changes
            .iter()
            .filter(is_new)
            .filter_map(|change| service_of_container(&change.name, change.new.as_deref()?))
            .filter(|service| !self.is_idle(service));
        let again = stopped.iter().filter(|service| self.container_of(service).is_some()).cloned();
        self.call("start", self.ordered(new.chain(again).collect()).iter(), next);
        if self.rootless {
            next.steps
                .push("loginctl enable-linger    # so that they start at boot and stay when you log out".to_owned());
        }
    }

    /// What goes where the stack is not deployed as units any more.
    pub fn gone(&self, installed: bool, next: &mut Next) {
        if !self.changes.is_empty() {
            self.stop(next);
            self.copy(installed, next);
            self.reload(next);
        }
    }

    /// Stops what went and what uses a network that changed: before the new units are read, because then a unit that
    /// went has no commands any more that would end its container.
    fn stop(&self, next: &mut Next) -> Services {
        let old = |kind: &'static str| {
            let of_kind = move |change: &&&Change| unit_kind(&change.name).is_some_and(|(_, of)| of == kind);
            self.changes.iter().filter(of_kind).filter_map(|change| Some((*change, change.old.as_deref()?)))
        };
        let mut services: BTreeSet<String> = BTreeSet::new();
        services.extend(
            old("container")
                .filter(|(change, _)| change.new.is_none())
                .filter_map(|(change, text)| service_of_container(&change.name, text)),
        );
        let networks: Vec<(&Change, &str)> = old("network").collect();
        for (change, _) in &networks {
            let of_network = |line: &str| line.split(':').next() == Some(change.name.as_str());
            services.extend(
                self.before().filter(|(_, text)| values(text, "Network").any(of_network)).map(|(name, _)| name),
            );
        }
        // A stop also stops what requires the service.
        loop {
            let known = services.len();
            let requires = |text: &str| {
                ["Requires", "BindsTo", "PartOf"]
                    .iter()
                    .flat_map(|key| values(text, key))
                    .flat_map(str::split_whitespace)
                    .chain(values(text, "Network"))
                    .filter_map(|unit| unit.strip_suffix(".service").or(unit.strip_suffix(".container")))
                    .any(|unit| services.contains(unit))
            };
            let more: Vec<String> = self.before().filter(|(_, text)| requires(text)).map(|(name, _)| name).collect();
            services.extend(more);
            if services.len() == known {
                break;
            }
        }
        let mut stopped = self.ordered(services);
        stopped.extend(networks.iter().filter_map(|(change, text)| service(&change.name, text)));
        self.call("stop", stopped.iter(), next);
        for (change, text) in &networks {
            let why = if change.new.is_some() { "    # a network that exists is never changed" } else { "" };
            if let Some(name) = object(&change.name, text, "NetworkName") {
                next.steps.push(format!("podman network rm {name}{why}"));
            }
        }
        for (change, text) in old("volume") {
            let Some(name) = object(&change.name, text, "VolumeName") else { continue };
            next.notes.push(match change.new {
                Some(_) => format!(
                    "The volume {name} keeps its settings and data: a unit that changed counts for a new volume."
                ),
                None => format!("The volume {name} keeps its data: `podman volume rm {name}` would delete it."),
            });
        }
        stopped
    }

    fn copy(&self, installed: bool, next: &mut Next) {
        if installed {
            return;
        }
        let folder = if self.rootless { "~/.config/containers/systemd/" } else { "/etc/containers/systemd/" };
        let gone = self.changes.iter().filter(|change| change.new.is_none()).map(|change| change.name.as_str());
        let gone: Vec<&str> = gone.collect();
        if !self.files.is_empty() {
            next.steps.push(format!("copy the files to {folder}"));
        }
        let targets: Vec<&str> =
            self.files.iter().map(|file| file.name.as_str()).filter(|name| name.ends_with(".target")).collect();
        if let Some(first) = targets.first() {
            // Quadlet reads no targets.
            let folder = if self.rootless { "~/.config/systemd/user/" } else { "/etc/systemd/system/" };
            next.steps.push(format!(
                "copy {} to {folder}    # `{} start {first}` starts what its profile holds",
                targets.join(" "),
                self.systemctl()
            ));
        }
        if !gone.is_empty() {
            next.steps.push(format!("remove from there: {}", gone.join(" ")));
        }
    }

    fn reload(&self, next: &mut Next) {
        next.steps.push(format!("{} daemon-reload", self.systemctl()));
    }

    /// Services whose containers run with what they were started with: their own unit, or an image that is built anew.
    fn changed(&self) -> Services {
        let edited = self.changes.iter().filter(|change| change.old.is_some());
        let edited: Vec<(&str, &str)> =
            edited.filter_map(|change| Some((change.name.as_str(), change.new.as_deref()?))).collect();
        let builds: Vec<&str> = edited
            .iter()
            .map(|(name, _)| *name)
            .filter(|name| unit_kind(name).is_some_and(|(_, kind)| kind == "build"))
            .collect();
        let mut services: BTreeSet<String> =
            edited.iter().filter_map(|(name, text)| service_of_container(name, text)).collect();
        let uses = |text: &str| values(text, "Image").any(|image| builds.contains(&image));
        services.extend(self.before().filter(|(_, text)| uses(text)).map(|(name, _)| name));
        let built =
            edited.iter().filter(|(name, _)| builds.contains(name)).filter_map(|(name, text)| service(name, text));
        built.chain(self.ordered(services)).collect()
    }

    /// The containers that were there before: services, and the units they run with.
    fn before(&self) -> impl Iterator<Item = (String, &'a str)> {
        let (files, changes) = (self.files, self.changes);
        let unchanged = files
            .iter()
            .filter(move |file| changes.iter().all(|change| change.name != file.name))
            .map(|file| (file.name.as_str(), file.text.as_str()));
        let changed = changes.iter().filter_map(|change| Some((change.name.as_str(), change.old.as_deref()?)));
        unchanged.chain(changed).filter_map(|(name, text)| Some((service_of_container(name, text)?, text)))
    }

    /// The unit that makes a service now.
    fn container_of(&self, service: &str) -> Option<&File> {
        self.files.iter().find(|file| service_of_container(&file.name, &file.text).as_deref() == Some(service))
    }

    /// In the order of the stack; what is not in it any more by name, before the others.
    fn ordered(&self, services: BTreeSet<String>) -> Services {
        let mut services: Vec<String> = services.into_iter().collect();
        services.sort_by_cached_key(|service| {
            let file = self.container_of(service).and_then(|file| unit_kind(&file.name));
            let name = file.map_or(service.as_str(), |(name, _)| name);
            self.stack.services.get_index_of(self.name_in_stack(name))
        });
        services
    }

    fn call<'s>(&self, verb: &str, services: impl Iterator<Item = &'s String>, next: &mut Next) {
        // A template's instances: the first brings the others; a pattern finds those that run.
        let instance = if verb == "start" { "1" } else { "*" };
        let services = services.map(|name| match name.ends_with('@') {
            true => format!("'{name}{instance}'"),
            false => name.clone(),
        });
        let services: Vec<String> = services.collect();
        if !services.is_empty() {
            next.steps.push(format!("{} {verb} {}", self.systemctl(), services.join(" ")));
        }
    }

    /// What a unit's service is called in the stack.
    fn name_in_stack<'n>(&self, name: &'n str) -> &'n str {
        name.strip_prefix(&prefix(self.stack)).unwrap_or(name).trim_end_matches('@')
    }

    /// Whether nobody starts a service: it waits for a profile, or has no containers.
    fn is_idle(&self, service: &str) -> bool {
        let name = self.name_in_stack(service);
        let has_none = |service| count(service) == 0;
        self.stack.disabled.contains_key(name) || self.stack.services.get(name).is_some_and(has_none)
    }

    fn systemctl(&self) -> &'static str {
        if self.rootless { "systemctl --user" } else { "systemctl" }
    }
}

/// The service that a unit becomes.
fn service(file: &str, text: &str) -> Option<String> {
    let (name, kind) = unit_kind(file)?;
    Some(match values(text, "ServiceName").last() {
        Some(name) => name.to_owned(),
        None if kind == "container" => name.to_owned(),
        None => format!("{name}-{kind}"),
    })
}

fn service_of_container(file: &str, text: &str) -> Option<String> {
    unit_kind(file).filter(|(_, kind)| *kind == "container").and_then(|_| service(file, text))
}

/// What the network or volume of a unit is called: units cannot name it before Podman 4.7.
fn object(file: &str, text: &str, key: &str) -> Option<String> {
    let (name, _) = unit_kind(file)?;
    Some(values(text, key).last().map_or_else(|| format!("systemd-{name}"), str::to_owned))
}

/// The values of a key, as quadgen writes it: one line each.
fn values<'t>(text: &'t str, key: &str) -> impl Iterator<Item = &'t str> {
    text.lines().filter_map(move |line| line.strip_prefix(key)?.strip_prefix('='))
}
