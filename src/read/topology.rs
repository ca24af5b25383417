//! The topology file: quadgen's own format, which says what is meant.

use super::intent::{Names, check_reserved};
use super::reader::{Reader, scalar};
use super::{Read, infer, service};
use crate::diagnostic::{Diagnostic, input};
use crate::maps::IndexMap;
use crate::model::{Format, HostPart, HostService, Named, Network, Service, Spanned, Stack, Text, host_templates};
use crate::platform::{attributes, parse_spec};
use crate::source::{SourceFile, Span};
use crate::syntax::yaml::{self, Entry, Kind, Node};

/// The keys at the top.
const TOP: [&str; 9] =
    ["name", "platforms", "host_services", "networks", "services", "deny", "volumes", "secrets", "configs"];
/// The keys of a service beside Compose's.
const OWN: [&str; 5] = ["internet", "host", "connects", "deny", "quadlet"];

/// Whether a file's name says that it is a topology: `topology.yaml` or `*.topology.yaml`.
pub fn is_topology_name(name: &str) -> bool {
    let stem = name.strip_suffix(".yaml").or_else(|| name.strip_suffix(".yml"));
    stem.is_some_and(|stem| stem == "topology" || stem.ends_with(".topology"))
}

/// Reads one topology.
pub fn read(file: &SourceFile) -> Read {
    let tree = yaml::parse(file);
    let mut reader = Reader { diagnostics: tree.diagnostics, partial: !tree.complete, lenient: false };
    let Some(root) = tree.root.filter(|root| !root.is_null()) else {
        if tree.complete {
            let at = Span::new(file.span().start, file.span().start);
            let empty = Diagnostic::new(&input::SYNTAX_ERROR, at, "the file is empty: a topology needs `services`");
            reader.diagnostics.push(empty);
        }
        return Read { stack: None, diagnostics: reader.diagnostics, secrets: tree.secrets, ..Read::default() };
    };
    let Kind::Mapping(entries) = &root.kind else {
        let message = format!("a topology is a mapping with `services`, and here is {}", root.describe());
        reader.diagnostics.push(Diagnostic::new(&input::SYNTAX_ERROR, first_line(file, root.span), message));
        return Read { stack: None, diagnostics: reader.diagnostics, secrets: tree.secrets, ..Read::default() };
    };
    reader.characters(&root, "");
    let mut stack = reader.stack(file, entries);
    // One cause, one finding: what lies in an unread part was reported as such.
    let cut = |span: Span| {
        tree.unread.iter().any(|part| part.start <= span.start && span.start < part.end.max(part.start + 1))
    };
    reader.diagnostics.retain(|found| found.rule.code != input::INVALID_VALUE.code || !cut(found.span()));
    let unread = reader.diagnostics.iter().any(|found| found.rule.code == input::SYNTAX_ERROR.code);
    stack.complete = !reader.partial && !unread;
    infer::connections(&mut stack);
    Read { stack: Some(stack), diagnostics: reader.diagnostics, secrets: tree.secrets, ..Read::default() }
}

/// A span cut to the line it begins in, so that a finding about a whole file shows its first line.
fn first_line(file: &SourceFile, span: Span) -> Span {
    let rest = file.text.get(file.local(span.start)..file.local(span.end)).unwrap_or("");
    span.part(0, rest.find('\n').unwrap_or(rest.len()))
}

impl Reader {
    fn stack(&mut self, file: &SourceFile, entries: &[Entry]) -> Stack {
        let top = Span::new(file.span().start, file.span().start);
        let mut stack = Stack::new(Spanned::implied(name_of_file(&file.name), top), Format::Topology);
        let mut services: &[Entry] = &[];
        let mut deny = None;
        for entry in entries {
            let node = &entry.value;
            match entry.key.as_str() {
                "name" => {
                    if let Some(name) = self.text(node, "name")
                        && self.name(&name.value, node.span, "the stack's name")
                    {
                        stack.name = name;
                    }
                }
                "platforms" => stack.platforms = self.platforms(node),
                "host_services" => {
                    for (name, node) in self.named(node, "host_services", "host service") {
                        let host = self.host_service(name, node);
                        stack.host_services.insert(host.name.value.clone(), host);
                    }
                }
                "networks" => stack.networks = self.networks(node),
                "volumes" => {
                    for (name, node) in self.named(node, "volumes", "volume") {
                        let volume = self.volume(name, node);
                        stack.volumes.insert(volume.name.value.clone(), volume);
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
                "services" => services = self.entries(node, "services"),
                "deny" => deny = Some(node),
                key if key.starts_with("x-") => {}
                _ => self.unknown(entry, "a topology", &TOP),
            }
        }
        let denials = self.services(services, &mut stack);
        stack.services.values().for_each(|service| self.limits_agree(service));
        default_network(&mut stack);
        self.one_object_each(&stack);
        let known_services: IndexMap<String, Span> =
            services.iter().map(|entry| (entry.key.clone(), entry.key_span)).collect();
        for (service, node) in denials {
            let names = Names { services: &known_services, networks: &stack.networks };
            let found = self.service_deny(&service, node, &names);
            stack.deny.extend(found);
        }
        if let Some(node) = deny {
            let known: IndexMap<String, Span> =
                stack.services.iter().map(|(name, service)| (name.clone(), service.span())).collect();
            let names = Names { services: &known, networks: &stack.networks };
            let found = self.top_deny(node, &names);
            stack.deny.extend(found);
        }
        self.templates(&stack);
        if entries.iter().all(|entry| entry.key != "services") {
            let at = entries.first().map_or(top, |entry| first_line(file, entry.key_span));
            self.diagnostics.push(Diagnostic::new(
                &input::SYNTAX_ERROR,
                at,
                "a topology needs `services`, and this file has none",
            ));
        } else if services.is_empty() {
            let at = entries.iter().find(|entry| entry.key == "services").map_or(top, |entry| entry.key_span);
            self.invalid(at, "`services` holds no service");
        }
        stack
    }

    /// Takes the services; gives their `deny`, which can name any service and network.
    fn services<'n>(&mut self, entries: &'n [Entry], stack: &mut Stack) -> Vec<(Text, &'n Node)> {
        let mut denials = Vec::new();
        for entry in entries {
            let name = Spanned::written(entry.key.clone(), entry.key_span);
            if !self.name(&name.value, entry.key_span, "the service") || !check_reserved(self, &name, "service") {
                continue;
            }
            let mut service = service::empty(name.clone());
            for attribute in self.entries(&entry.value, "a service") {
                if self.service_intent(&mut service, attribute) {
                    continue;
                }
                match attribute.key.as_str() {
                    "deny" => denials.push((name.clone(), &attribute.value)),
                    "quadlet" => service.quadlet = self.unit_entries(&attribute.value, "Container"),
                    key if key.starts_with("x-") => {}
                    _ if self.service_attribute(&mut service, attribute) => {}
                    _ => {
                        let mut known = attributes::below("services.*");
                        known.extend(OWN);
                        self.unknown(attribute, "a service", &known);
                    }
                }
            }
            self.one_home(&service);
            stack.services.insert(entry.key.clone(), service);
        }
        denials
    }

    /// Templates must ask for something that a host service has; whether there is such a host service a rule looks up.
    fn templates(&mut self, stack: &Stack) {
        for (text, span, _) in stack.services.values().flat_map(Service::templated) {
            let whole = Spanned::written(text.to_owned(), span);
            for template in host_templates(text) {
                let at = super::reader::part(&whole, template.range.start, template.range.end);
                let name = &template.name;
                let has_port = stack.host_services.get(name).is_none_or(|host| host.port.is_some());
                match template.part {
                    Ok(HostPart::Port) if !has_port => self.invalid(
                        at,
                        format!("the host service `{name}` says no port: give it one under `host_services`"),
                    ),
                    Ok(_) => {}
                    Err(part) => {
                        let near = crate::suggest::nearest(&part, HostPart::WORDS);
                        let near = near.map(|near| format!("; did you mean `{near}`?")).unwrap_or_default();
                        let parts = HostPart::WORDS.join(", ");
                        self.invalid(at, format!("a host service has no `{part}`, only {parts}{near}"));
                    }
                }
            }
        }
    }

    /// Two networks that are one object in the runtime would be judged as two.
    fn one_object_each(&mut self, stack: &Stack) {
        let mut seen: IndexMap<&str, Span> = IndexMap::default();
        for network in stack.networks.values() {
            let span = network.object_name.as_ref().map_or_else(|| network.name.span(), Spanned::span);
            if let Some(first) = seen.insert(network.object(), span) {
                self.partial = true;
                let found = Diagnostic::new(
                    &input::INVALID_VALUE,
                    span,
                    format!("two networks are called `{}`: they would be one", network.object()),
                );
                self.diagnostics.push(found.label(first, "the other"));
            }
        }
    }

    fn networks(&mut self, node: &Node) -> Named<Network> {
        let mut networks = Named::default();
        for (name, node) in self.named(node, "networks", "network") {
            if check_reserved(self, &name, "network") {
                networks.insert(name.value.clone(), self.network(name, node));
            }
        }
        networks
    }

    /// Entries whose keys are good names; the others are reported and left out.
    pub(super) fn named<'n>(&mut self, node: &'n Node, key: &str, what: &str) -> Vec<(Text, &'n Node)> {
        let entries = self.entries(node, key);
        let good = entries.iter().filter(|entry| self.name(&entry.key, entry.key_span, &format!("the {what}")));
        good.map(|entry| (Spanned::written(entry.key.clone(), entry.key_span), &entry.value)).collect()
    }

    pub(super) fn platforms(&mut self, node: &Node) -> IndexMap<String, Text> {
        let mut platforms = IndexMap::default();
        for (name, node) in self.named(node, "platforms", "platform") {
            let Some(words) = self.text(node, "a platform") else { continue };
            if let Err(error) = parse_spec(&words.value) {
                self.diagnostics.push(platform_error(&words, &error));
            }
            platforms.insert(name.value, words);
        }
        platforms
    }

    pub(super) fn host_service(&mut self, name: Text, node: &Node) -> HostService {
        let mut host = HostService { name, port: None, on: None, listens: None, scheme: None };
        for entry in self.entries(node, "a host service") {
            let node = &entry.value;
            match entry.key.as_str() {
                "port" => {
                    host.port = self
                        .simple::<std::num::NonZeroU16>(node, "port", "a port from 1 to 65535")
                        .map(|port| Spanned::written(port.value.get(), node.span))
                }
                "on" => match scalar(node) {
                    Some(("windows" | "linux" | "mac", _)) => host.on = self.text(node, "on"),
                    _ => self.invalid(node.span, "`on` must be windows, linux or mac"),
                },
                "listens" => host.listens = self.simple(node, "listens", "an address such as 0.0.0.0"),
                "scheme" => {
                    let scheme = self.text(node, "scheme");
                    let good = |text: &Text| {
                        let mut letters = text.value.chars();
                        letters.next().is_some_and(|c| c.is_ascii_alphabetic())
                            && letters.all(|c| c.is_ascii_alphanumeric() || "+-.".contains(c))
                    };
                    match scheme {
                        Some(text) if !good(&text) => {
                            self.invalid(node.span, "`scheme` is a word such as http or redis")
                        }
                        scheme => host.scheme = scheme,
                    }
                }
                key if key.starts_with("x-") => {}
                _ => self.unknown(entry, "a host service", &["port", "on", "listens", "scheme"]),
            }
        }
        host
    }
}

/// Puts services that name no network onto one that they share, `default`, as Compose does.
pub(super) fn default_network(stack: &mut Stack) {
    let lonely = |service: &Service| service.networks.is_empty() && service.network_mode.is_none();
    let named = |service: &Service| service.networks.iter().any(|attachment| attachment.network.value == "default");
    let first = stack.services.values().find(|service| lonely(service) || named(service)).map(Service::span);
    let Some(first) = first else { return };
    let object_name = format!("{}_default", stack.name.value);
    stack.networks.entry("default".to_owned()).or_insert_with(|| Network {
        object_name: Some(Spanned::implied(object_name, first)),
        ..Network::new(Spanned::implied("default".to_owned(), first))
    });
    for service in stack.services.values_mut().filter(|service| lonely(service)) {
        let network = Spanned::implied("default".to_owned(), service.name.span());
        service.networks.push(super::service::attachment(network));
    }
}

/// What is wrong with the words of a platform, at the word.
pub fn platform_error(words: &Text, error: &crate::model::SpecError) -> Diagnostic {
    let mut at = 0;
    let mut pieces = words.value.split(',').map(|piece| {
        let start = at + piece.len() - piece.trim_start().len();
        at += piece.len() + 1;
        (start, piece.trim())
    });
    let word = error.word.and_then(|word| pieces.nth(word));
    let span = word.map_or(words.span(), |(start, word)| super::reader::part(words, start, start + word.len()));
    let mut found = Diagnostic::new(&input::INVALID_VALUE, span, format!("platform: {}", error.message));
    if let Some((_, word)) = word
        && error.message.starts_with("no platform word")
    {
        found = match crate::platform::nearest_word(word) {
            Some(near) => found.here(format!("did you mean `{near}`?")),
            None => {
                let words = crate::model::PlatformSpec::words().chain(crate::platform::presets());
                let words: Vec<&str> = words.collect();
                found.help(format!("The words are: {}.", words.join(", ")))
            }
        };
    }
    found
}

/// A stack without a name is called after its folder, or after its file where that has a name of its own.
fn name_of_file(path: &str) -> String {
    let mut parts = path.rsplit('/');
    let file = parts.next().unwrap_or("");
    let stem = file.split(".topology.").next().filter(|stem| *stem != file);
    let folder = parts.next().filter(|folder| !matches!(*folder, "" | "." | ".."));
    let name = stem.or(folder).unwrap_or("stack");
    let good = |c: char| if c.is_ascii_alphanumeric() || matches!(c, '-' | '_') { c } else { '-' };
    let name: String = name.chars().map(good).collect();
    let name = name.trim_matches(['-', '_']);
    if name.is_empty() { "stack".to_owned() } else { name.to_owned() }
}
