//! A checked tree → the stack.

use super::super::intent::Names;
use super::super::reader::{Reader, value};
use super::super::service;
use super::super::topology::default_network;
use crate::diagnostic::{Diagnostic, units};
use crate::maps::{HashSet, IndexMap};
use crate::model::{
    Condition, ContainerName, Data, Dependency, Format, NetworkMode, Service, Spanned, Stack, Text, Value,
};
use crate::source::Span;
use crate::syntax::yaml::{Entry, Node};

/// The key under which a Compose file says what a topology says at home.
pub(super) const OWN: &str = "x-quadgen";
/// What `x-quadgen` takes on a service, and at the top.
const OF_SERVICE: [&str; 4] = ["internet", "host", "connects", "deny"];
const OF_STACK: [&str; 3] = ["platforms", "host_services", "deny"];

/// A service's `deny`, which can name what stands below it.
type Denial<'n> = (Text, &'n Node);

impl Reader {
    /// The stack of a project.
    pub(super) fn project(&mut self, root: &Node, name: Text, profiles: &[String]) -> Stack {
        let mut stack = Stack::new(name, Format::Compose);
        let mut services: &[Entry] = &[];
        let mut own = None;
        for entry in root.entries() {
            let node = &entry.value;
            match entry.key.as_str() {
                "name" | "version" => {}
                "services" => services = self.entries(node, "services"),
                "networks" => {
                    for (name, node) in self.named(node, "networks", "network") {
                        stack.networks.insert(name.value.clone(), self.network(name, node));
                    }
                }
                "volumes" => {
                    for (name, node) in self.named(node, "volumes", "volume") {
                        stack.volumes.insert(name.value.clone(), self.volume(name, node));
                    }
                }
                "secrets" | "configs" => {
                    let what = entry.key.trim_end_matches('s');
                    for (name, node) in self.named(node, &entry.key, what) {
                        let object = self.file_object(name, node, what);
                        let objects = if what == "secret" { &mut stack.secrets } else { &mut stack.configs };
                        objects.insert(object.name.value.clone(), object);
                    }
                }
                OWN => own = Some(node),
                _ => {
                    stack.attributes.insert(entry.key.clone(), (entry.key_span, value(node)));
                }
            }
        }
        let mut denials = Vec::new();
        stack.services.reserve(services.len());
        for entry in services {
            let service = self.compose_service(entry, &mut denials);
            stack.services.insert(entry.key.clone(), service);
        }
        self.consistent(&stack, root);
        implied_dependencies(&mut stack);
        default_network(&mut stack);
        named_by_project(&mut stack);
        // Last, so that what is put aside is as whole as the rest: units are made of it, too.
        set_aside(&mut stack, profiles);
        self.stated(&mut stack, own, services, &denials);
        stack
    }

    fn compose_service<'n>(&mut self, entry: &'n Entry, denials: &mut Vec<Denial<'n>>) -> Service {
        let name = Spanned::written(entry.key.clone(), entry.key_span);
        let mut service = service::empty(name.clone());
        for attribute in entry.value.entries() {
            match attribute.key.as_str() {
                OWN => {
                    for intent in self.entries(&attribute.value, OWN) {
                        if intent.key == "deny" {
                            denials.push((name.clone(), &intent.value));
                        } else if !self.service_intent(&mut service, intent) {
                            self.unknown(intent, "`x-quadgen` of a service", &OF_SERVICE);
                        }
                    }
                }
                key if key.starts_with("x-") => keep(&mut service, attribute),
                // A name of nothing is none.
                "container_name" if attribute.value.is_null() => {}
                _ if self.service_attribute(&mut service, attribute) => {}
                _ => keep(&mut service, attribute),
            }
        }
        self.one_home(&service);
        let runs_something = ["build", "provider"].iter().any(|key| service.attributes.contains_key(*key));
        if !self.partial
            && service.image.is_none()
            && !runs_something
            && entry.value.get("image").is_none_or(Node::is_null)
        {
            let message = format!("`{}` has neither `image` nor `build`", service.name.value);
            let found = Diagnostic::new(&units::MISSING_IMAGE, entry.key_span, message);
            self.diagnostics.push(found.help("What you see: docker-compose refuses the file.").help(
                "What helps: `image` or `build`; a service of another file that this one extends has them, too.",
            ));
        }
        service
    }

    /// What docker-compose looks at beyond the schema. Tried with 2.40.3.
    fn consistent(&mut self, stack: &Stack, root: &Node) {
        for service in stack.services.values() {
            let number = |value: Option<&Value>| value?.scalar()?.parse::<u32>().ok();
            let scale = number(service.attributes.get("scale").map(|(_, value)| value));
            let replicas = number(service.attributes.get("deploy").and_then(|(_, deploy)| deploy.get("replicas")));
            let name = &service.name.value;
            if let (Some(scale), Some(replicas)) = (scale, replicas)
                && scale != replicas
            {
                let message = format!("`{name}` says {scale} in `scale` and {replicas} in `deploy.replicas`");
                self.invalid(service.span(), message);
            }
            self.limits_agree(service);
            if let ContainerName::Named(own) = &service.container_name
                && scale.or(replicas).is_some_and(|count| count > 1)
            {
                let own_name = &own.value;
                let message = format!("`{name}` runs several containers, and only one of them could be `{own_name}`");
                self.invalid(own.span(), message);
            }
            let hosts = service.attributes.get("extra_hosts").map(|(_, hosts)| &hosts.data);
            let Some(Data::List(items)) = hosts else { continue };
            for item in items.iter().filter(|item| item.scalar().is_some_and(|text| !text.contains([':', '=']))) {
                self.invalid(item.span, "an extra host needs an address: NAME:ADDRESS");
            }
        }
        let objects = |section: &str| root.get(section).map(Node::entries).unwrap_or_default();
        let is_external = |entry: &Entry| entry.value.get("external").is_some_and(|node| node.text() != Some("false"));
        for (section, sources) in
            [("secrets", &["file", "environment"][..]), ("configs", &["file", "environment", "content"])]
        {
            let without = |entry: &&Entry| sources.iter().all(|key| entry.value.get(key).is_none());
            for entry in objects(section).iter().filter(|entry| !is_external(entry)).filter(without) {
                let message = format!("`{}` needs one of: {}, external", entry.key, sources.join(", "));
                self.invalid(entry.key_span, message);
            }
        }
        for entry in objects("volumes").iter().filter(|entry| is_external(entry)) {
            let is_own = |own: &&Entry| ["driver", "driver_opts", "labels"].contains(&own.key.as_str());
            if let Some(own) = entry.value.entries().iter().find(is_own) {
                let message = format!("`{}` exists outside of the stack: `{}` cannot be set here", entry.key, own.key);
                self.invalid(own.key_span, message);
            }
        }
    }

    /// What `x-quadgen` says at the top, and whom services must not reach.
    fn stated(&mut self, stack: &mut Stack, own: Option<&Node>, services: &[Entry], denials: &[Denial<'_>]) {
        let known: IndexMap<String, Span> = services.iter().map(|entry| (entry.key.clone(), entry.key_span)).collect();
        let mut found = Vec::new();
        for (service, node) in denials {
            let names = Names { services: &known, networks: &stack.networks };
            found.extend(self.service_deny(service, node, &names));
        }
        for entry in own.map(|own| self.entries(own, OWN)).unwrap_or_default() {
            match entry.key.as_str() {
                "platforms" => stack.platforms = self.platforms(&entry.value),
                "host_services" => {
                    for (name, node) in self.named(&entry.value, "host_services", "host service") {
                        let host = self.host_service(name, node);
                        stack.host_services.insert(host.name.value.clone(), host);
                    }
                }
                "deny" => {
                    let names = Names { services: &known, networks: &stack.networks };
                    found.extend(self.top_deny(&entry.value, &names));
                }
                _ => self.unknown(entry, "`x-quadgen`", &OF_STACK),
            }
        }
        stack.deny.extend(found);
    }
}

fn keep(service: &mut Service, attribute: &Entry) {
    service.attributes.insert(attribute.key.clone(), (attribute.key_span, value(&attribute.value)));
}

/// Puts services aside that stand behind a profile nobody asked for.
fn set_aside(stack: &mut Stack, profiles: &[String]) {
    if profiles.iter().any(|profile| profile == "*") {
        return;
    }
    let is_on = |service: &Service| match service.attributes.get("profiles") {
        Some((_, own)) => {
            let own = own.texts();
            own.is_empty() || own.iter().any(|profile| profiles.contains(profile))
        }
        None => true,
    };
    stack.disabled = stack.services.extract_if(.., |_, service| !is_on(service)).collect();
}

/// Who shares a namespace, a link or the volumes of another service starts after it.
fn implied_dependencies(stack: &mut Stack) {
    for service in stack.services.values_mut() {
        let mut found: Vec<(String, Span, bool)> = Vec::new();
        if let Some(Spanned { value: NetworkMode::Service(name), .. }) = &service.network_mode {
            let span = service.network_mode.as_ref().map_or(service.name.span(), Spanned::span);
            found.push((name.clone(), span, true));
        }
        for (key, (_, value)) in &service.attributes {
            match key.as_str() {
                "links" => {
                    let links = value.texts();
                    found.extend(links.iter().map(|link| (before_colon(link), value.span, true)));
                }
                "ipc" | "pid" | "uts" | "cgroup" => {
                    let other = value.scalar().and_then(|text| text.strip_prefix("service:").map(str::to_owned));
                    found.extend(other.map(|other| (other, value.span, true)));
                }
                "volumes_from" => {
                    let others = value.texts();
                    let others = others.iter().filter(|other| !other.starts_with("container:"));
                    found.extend(others.map(|other| (before_colon(other), value.span, false)));
                }
                _ => {}
            }
        }
        if found.is_empty() {
            continue;
        }
        let mut known: HashSet<String> = service.depends_on.iter().map(|it| it.service.value.clone()).collect();
        for (name, span, restart) in found {
            if known.insert(name.clone()) {
                let service_name = Spanned::implied(name, span);
                let condition = Spanned::implied(Condition::Started, span);
                service.depends_on.push(Dependency { service: service_name, condition, restart, required: true });
            }
        }
    }
}

fn before_colon(text: &str) -> String {
    text.split(':').next().unwrap_or(text).to_owned()
}

/// Gives everything the name that Compose makes, where the file gives none.
fn named_by_project(stack: &mut Stack) {
    let project = stack.name.value.clone();
    let made = |key: &str, span| Some(Spanned::implied(format!("{project}_{key}"), span));
    for network in stack.networks.values_mut().filter(|network| network.object_name.is_none() && !network.external) {
        network.object_name = made(&network.name.value, network.name.span());
    }
    for volume in stack.volumes.values_mut().filter(|volume| volume.object_name.is_none() && !volume.external) {
        volume.object_name = made(&volume.name.value, volume.name.span());
    }
    for service in stack.services.values_mut() {
        if !matches!(service.container_name, ContainerName::Named(_)) {
            let name = format!("{project}-{}-1", service.name.value);
            service.container_name = ContainerName::Named(Spanned::implied(name, service.name.span()));
        }
    }
}
