//! A service in Compose's form. A topology and a Compose file share it; each adds keys of its own.

use super::reader::{Reader, origin, part, scalar, value};
use crate::diagnostic::{Diagnostic, Level, input};
use crate::maps::IndexMap;
use crate::model::{
    Attachment, Condition, ContainerName, Data, Dependency, NetworkMode, Origin, Port, PortRange, Protocol, Restart,
    Service, ServiceBody, ServiceKind, Spanned, Text,
};
use crate::platform::attributes::{self, Shape};
use crate::source::Span;
use crate::syntax::words;
use crate::syntax::yaml::{Entry, Kind, Node};

/// A service about which nothing is said yet.
pub(super) fn empty(name: Text) -> Service {
    Service::from(ServiceBody {
        name,
        kind: ServiceKind::Container,
        image: None,
        container_name: ContainerName::ByService,
        hostname: None,
        network_mode: None,
        networks: Vec::new(),
        ports: Vec::new(),
        environment: IndexMap::default(),
        env_files: Vec::new(),
        command: None,
        entrypoint: None,
        mounts: Vec::new(),
        unread_mounts: false,
        depends_on: Vec::new(),
        health: None,
        restart: None,
        stop_grace_period: None,
        secrets: Vec::new(),
        configs: Vec::new(),
        internet_denied: None,
        host_denied: None,
        connections: Vec::new(),
        endpoints: Vec::new(),
        attributes: IndexMap::default(),
        quadlet: Vec::new(),
    })
}

/// A network that a service is on, with nothing more said.
pub(super) fn attachment(network: Text) -> Attachment {
    Attachment { network, aliases: Vec::new(), ipv4: None, ipv6: None, attributes: IndexMap::default() }
}

/// Limits that stand in two places, which must say the same: the attribute, and the part and name below
/// `deploy.resources`. Tried with docker-compose 2.40.3.
const LIMITS: [(&str, &str, &str); 4] = [
    ("cpus", "limits", "cpus"),
    ("mem_limit", "limits", "memory"),
    ("mem_reservation", "reservations", "memory"),
    ("pids_limit", "limits", "pids"),
];

/// An amount in one unit, whatever it is written in.
fn amount(text: &str) -> Option<f64> {
    text.parse().ok().or_else(|| super::storage::bytes(text).map(|bytes| bytes as f64))
}

impl Reader {
    /// Takes one attribute; `false` where Compose has no such attribute.
    pub fn service_attribute(&mut self, service: &mut Service, entry: &Entry) -> bool {
        let node = &entry.value;
        match entry.key.as_str() {
            "image" => service.image = self.parsed(node, "image"),
            "container_name" if node.is_null() => {
                service.container_name = ContainerName::ByRuntime(Spanned::written((), entry.key_span));
            }
            "container_name" => {
                if let Some(text) = self.text(node, "container_name")
                    && self.name(&text.value, node.span, "the container name")
                {
                    service.container_name = ContainerName::Named(text);
                }
            }
            "hostname" => service.hostname = self.text(node, "hostname"),
            "network_mode" => service.network_mode = self.network_mode(node),
            "networks" => service.networks = self.attachments(node),
            "ports" => service.ports = self.ports(node),
            "environment" => service.environment = self.environment(node),
            "env_file" => service.env_files = self.env_files(node),
            "command" => service.command = self.words(node, "command"),
            "entrypoint" => service.entrypoint = self.words(node, "entrypoint"),
            "volumes" => {
                let items = self.items(node, "volumes");
                let mounts: Vec<_> = items.iter().filter_map(|item| self.mount(item)).collect();
                service.unread_mounts |= mounts.len() < items.len();
                service.mounts.extend(mounts);
            }
            "depends_on" => service.depends_on = self.depends_on(node),
            "healthcheck" => service.health = self.health(node).map(|health| Spanned::written(health, entry.key_span)),
            "restart" => service.restart = self.restart(node),
            "stop_grace_period" => service.stop_grace_period = self.parsed(node, "stop_grace_period"),
            "secrets" => service.secrets = self.file_uses(node, "secrets"),
            "configs" => service.configs = self.file_uses(node, "configs"),
            "extends" => {
                self.partial = true;
                self.invalid(entry.key_span, "a topology has no `extends`: write out what the service has");
            }
            key => {
                if attributes::find(&format!("services.*.{key}")).is_none() {
                    return false;
                }
                self.check_below(&format!("services.*.{key}"), node, key);
                let mut value = value(node);
                let shape = attributes::find(&format!("services.*.{key}")).and_then(|attribute| attribute.shape);
                if matches!(shape, Some(Shape::Bool | Shape::Switch)) {
                    // Compose takes texts for booleans, too.
                    value.data = match value.scalar().map(|text| text.to_lowercase()).as_deref() {
                        Some("true" | "yes" | "on" | "y" | "1") => Data::Bool(true),
                        Some("false" | "no" | "off" | "n" | "0") => Data::Bool(false),
                        _ => {
                            self.invalid(node.span, format!("{key} must be true or false"));
                            return true;
                        }
                    };
                }
                service.attributes.insert(key.to_owned(), (entry.key_span, value));
            }
        }
        true
    }

    /// A mode takes the place of networks.
    pub fn one_home(&mut self, service: &Service) {
        if let (Some(mode), Some(first)) = (&service.network_mode, service.networks.first()) {
            let name = &service.name.value;
            let message = format!("`{name}` has `network_mode` and `networks`: one excludes the other");
            let found = Diagnostic::new(&input::CONFLICTING_NETWORK_MODE, mode.span(), message);
            let found = found.label(first.network.span(), "on a network here");
            self.diagnostics.push(found.help("What helps: take one of the two away."));
        }
    }

    /// Reports keys that Compose does not have below an attribute that is kept as it is.
    pub fn check_below(&mut self, path: &str, node: &Node, place: &str) {
        let known = attributes::below(path);
        let Kind::Mapping(entries) = &node.kind else { return };
        if known.is_empty() {
            return;
        }
        for entry in entries {
            if known.contains(&entry.key.as_str()) {
                self.check_below(&format!("{path}.{}", entry.key), &entry.value, &entry.key);
            } else if !entry.key.starts_with("x-") {
                self.unknown(entry, &format!("`{place}`"), &known);
            }
        }
    }

    fn network_mode(&mut self, node: &Node) -> Option<Spanned<NetworkMode>> {
        let text = self.text(node, "network_mode")?;
        let mode = match (text.value.as_str(), text.value.split_once(':')) {
            ("host", _) => NetworkMode::Host,
            ("none", _) => NetworkMode::None,
            ("bridge" | "default", _) => NetworkMode::Bridge,
            (_, Some(("service", name))) => NetworkMode::Service(name.to_owned()),
            (_, Some(("container", name))) => NetworkMode::Container(name.to_owned()),
            (mode, _) if ["pasta", "slirp4netns", "private", "ns"].contains(&mode.split(':').next().unwrap_or("")) => {
                NetworkMode::Other(text.value)
            }
            _ if self.lenient => NetworkMode::Other(text.value),
            _ => {
                self.invalid(
                    node.span,
                    "network_mode must be host, none, bridge, service:NAME, container:NAME, or Podman's pasta or slirp4netns",
                );
                return None;
            }
        };
        Some(Spanned::written(mode, node.span))
    }

    fn attachments(&mut self, node: &Node) -> Vec<Attachment> {
        let Kind::Mapping(entries) = &node.kind else {
            return self.names(node, "networks").into_iter().map(attachment).collect();
        };
        let mut attachments = Vec::new();
        for entry in entries {
            let mut attachment = attachment(Spanned::written(entry.key.clone(), entry.key_span));
            for option in self.entries(&entry.value, "the settings of a network") {
                let node = &option.value;
                match option.key.as_str() {
                    "aliases" => {
                        let aliases = self.names(node, "aliases");
                        attachment.aliases = aliases
                            .into_iter()
                            .filter(|alias| self.name(&alias.value, alias.span(), "the alias"))
                            .collect();
                    }
                    "ipv4_address" => attachment.ipv4 = self.simple(node, "ipv4_address", "an IPv4 address"),
                    "ipv6_address" => attachment.ipv6 = self.simple(node, "ipv6_address", "an IPv6 address"),
                    key if key.starts_with("x-") => {}
                    key => {
                        let known = attributes::below("services.*.networks.*");
                        if known.contains(&key) {
                            attachment.attributes.insert(key.to_owned(), (option.key_span, value(node)));
                        } else {
                            self.unknown(option, "a service's network", &known);
                        }
                    }
                }
            }
            attachments.push(attachment);
        }
        attachments
    }

    fn ports(&mut self, node: &Node) -> Vec<Spanned<Port>> {
        let items = self.items(node, "ports");
        items
            .iter()
            .filter_map(|item| match &item.kind {
                Kind::Mapping(entries) => self.long_port(entries, item.span),
                _ => self.parsed(item, "port"),
            })
            .collect()
    }

    fn long_port(&mut self, entries: &[Entry], span: Span) -> Option<Spanned<Port>> {
        let (mut target, mut published, mut address, mut protocol) = (None, None, None, Protocol::Tcp);
        let mut extra = Vec::new();
        for entry in entries {
            let node = &entry.value;
            match entry.key.as_str() {
                "target" => target = self.parsed::<PortRange>(node, "target"),
                "published" => published = self.parsed::<PortRange>(node, "published"),
                "host_ip" => address = self.simple(node, "host_ip", "an address").map(|address| address.value),
                "protocol" => protocol = self.parsed(node, "protocol").map_or(Protocol::Tcp, |protocol| protocol.value),
                "mode" | "name" | "app_protocol" => extra.push((entry.key.clone(), entry.key_span, value(node))),
                key if key.starts_with("x-") => {}
                _ => self.unknown(entry, "a port", &["target", "published", "host_ip", "protocol", "mode", "name"]),
            }
        }
        let Some(target) = target else {
            self.invalid(span, "a port needs `target`, the container's port");
            return None;
        };
        let port = Port { address, host: published.map(|range| range.value), container: target.value, protocol, extra };
        Some(Spanned::written(port, span))
    }

    fn environment(&mut self, node: &Node) -> IndexMap<String, Spanned<Option<String>>> {
        let mut variables = IndexMap::default();
        match &node.kind {
            Kind::Mapping(entries) => {
                for entry in entries {
                    let value = if entry.value.is_null() {
                        Some(Spanned::written(None, entry.key_span))
                    } else {
                        self.text(&entry.value, "the value of a variable")
                            .map(|text| Spanned { value: Some(text.value), origin: text.origin })
                    };
                    if let Some(value) = value
                        && self.variable_name(&entry.key, entry.key_span)
                    {
                        variables.insert(entry.key.clone(), value);
                    }
                }
            }
            _ => {
                for item in self.items(node, "environment") {
                    let Some(text) = self.text(item, "a variable") else { continue };
                    let (name, value) = match text.value.split_once('=') {
                        Some((name, value)) => (name, Some(value.to_owned())),
                        None => (text.value.as_str(), None),
                    };
                    let from = text.value.len() - value.as_ref().map_or(0, String::len);
                    let span = if value.is_some() { part(&text, from, text.value.len()) } else { item.span };
                    if self.variable_name(name, item.span) {
                        let origin = match text.origin {
                            Origin::Interpolated(_) => text.origin,
                            _ => Origin::Written(span),
                        };
                        variables.insert(name.to_owned(), Spanned { value, origin });
                    }
                }
            }
        }
        variables
    }

    fn variable_name(&mut self, name: &str, span: Span) -> bool {
        let good = !name.is_empty() && !name.contains(['=', '\0']) && !name.chars().any(char::is_whitespace);
        if !good {
            self.invalid(span, format!("`{}` is not the name of a variable", name.escape_debug()));
        }
        good
    }

    /// A command: a list of words, or a line that Compose splits. Nothing means the image's own.
    fn words(&mut self, node: &Node, what: &str) -> Option<Vec<Text>> {
        if node.is_null() {
            return None;
        }
        if let Some((line, _)) = scalar(node) {
            let Some(split) = words::split(line) else {
                self.invalid(node.span, format!("{what}: a quote, a backslash or a parenthesis stands alone"));
                return None;
            };
            if let Some(operator) = split.cut.and_then(|at| line.get(at..)) {
                let shown: String = operator.chars().take_while(|c| !c.is_whitespace()).collect();
                let message =
                    format!("`{what}` ends before `{shown}`: nobody runs it in a shell, and Compose drops the rest");
                let found = Diagnostic::new(&input::INVALID_VALUE, node.span, message).severity(Level::Warning);
                let help = "What helps: `[sh, -c, \"…\"]`, with the whole line as one word.";
                self.diagnostics.push(found.help(help));
            }
            // None of them is the text that stands there, with its variables or without.
            return Some(split.words.into_iter().map(|word| Spanned::written(word, node.span)).collect());
        }
        Some(self.items(node, what).iter().filter_map(|item| self.text(item, what)).collect())
    }

    fn depends_on(&mut self, node: &Node) -> Vec<Dependency> {
        let plain = |service: Text| Dependency {
            condition: Spanned::implied(Condition::Started, service.span()),
            service,
            restart: false,
            required: true,
        };
        let Kind::Mapping(entries) = &node.kind else {
            return self.names(node, "depends_on").into_iter().map(plain).collect();
        };
        let mut dependencies = Vec::new();
        for entry in entries {
            let mut dependency = plain(Spanned::written(entry.key.clone(), entry.key_span));
            for option in self.entries(&entry.value, "a dependency") {
                let node = &option.value;
                match option.key.as_str() {
                    "condition" => {
                        dependency.condition = Spanned { value: self.condition(node), origin: origin(node) };
                    }
                    "restart" => dependency.restart = self.boolean(node, "restart").is_some_and(|it| it.value),
                    "required" => dependency.required = self.boolean(node, "required").is_none_or(|it| it.value),
                    key if key.starts_with("x-") => {}
                    _ => self.unknown(option, "a dependency", &["condition", "restart", "required"]),
                }
            }
            dependencies.push(dependency);
        }
        dependencies
    }

    fn condition(&mut self, node: &Node) -> Condition {
        match scalar(node) {
            Some(("service_started", _)) => Condition::Started,
            Some(("service_healthy", _)) => Condition::Healthy,
            Some(("service_completed_successfully", _)) => Condition::Completed,
            _ => {
                self.invalid(
                    node.span,
                    "condition must be service_started, service_healthy or service_completed_successfully",
                );
                Condition::Started
            }
        }
    }

    fn restart(&mut self, node: &Node) -> Option<Spanned<Restart>> {
        let text = self.text(node, "restart")?;
        let restart = match text.value.as_str() {
            // Compose takes an empty one for none.
            "" if self.lenient => return None,
            "no" | "false" => Restart::No,
            "always" => Restart::Always,
            "unless-stopped" => Restart::UnlessStopped,
            "on-failure" => Restart::OnFailure(None),
            other => match other.strip_prefix("on-failure:").map(str::parse) {
                Some(Ok(limit)) => Restart::OnFailure(Some(limit)),
                _ => {
                    self.invalid(node.span, "restart must be no, always, unless-stopped or on-failure[:N]");
                    return None;
                }
            },
        };
        Some(Spanned::written(restart, node.span))
    }

    /// Reports limits of a service that stand in two places and differ.
    pub(super) fn limits_agree(&mut self, service: &Service) {
        let name = &service.name.value;
        for (attribute, part, limit) in LIMITS {
            let get = |attribute: &str| service.attributes.get(attribute);
            let deploy = get("deploy").and_then(|(_, deploy)| deploy.get("resources")?.get(part)?.get(limit)?.scalar());
            let Some(((span, own), deploy)) = get(attribute).zip(deploy) else { continue };
            if amount(&own.scalar().unwrap_or_default()).zip(amount(&deploy)).is_some_and(|(a, b)| a != b) {
                let own = own.scalar().unwrap_or_default();
                let message =
                    format!("`{name}` says {own} in `{attribute}` and {deploy} in `deploy.resources.{part}.{limit}`");
                self.invalid(*span, message);
            }
        }
    }
}
