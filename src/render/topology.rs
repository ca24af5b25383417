//! A topology, of whatever was read: what a stack says, in the fewest words that say it.
//!
//! No platform plays a part. What a topology cannot say is reported, and stands as a comment above what it is about.

mod fit;
mod objects;
mod rename;
mod service;
mod storage;

pub(super) use fit::forget;
pub(super) use rename::{rename_objects, rename_services};

use super::yaml::{self, Map, Yaml, comment};
use super::{File, Rendered, lost, refuse, words};
use crate::diagnostic::Diagnostic;
use crate::maps::{HashMap, HashSet};
use crate::model::{Deny, Format, HostService, NetworkMode, Party, Stack};
use crate::source::Span;

/// What a topology cannot say.
#[derive(Default)]
struct Losses {
    findings: Vec<Diagnostic>,
    /// About the whole stack, for the head of the file.
    head: Vec<String>,
    /// By the service that they are about.
    services: HashMap<String, Vec<String>>,
}

impl Losses {
    fn of_stack(&mut self, span: Span, message: String) {
        self.head.extend(comment(&sentence(&message)));
        self.findings.push(lost(span, message));
    }

    fn of_service(&mut self, service: &str, span: Span, message: String) {
        self.services.entry(service.to_owned()).or_default().extend(comment(&sentence(&message)));
        self.findings.push(lost(span, message));
    }
}

/// A message as a sentence.
fn sentence(message: &str) -> String {
    let mut letters = message.chars();
    let sentence: String =
        letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default();
    sentence + "."
}

pub(super) fn render(stack: &Stack) -> Result<Rendered, Vec<Diagnostic>> {
    let mut losses = Losses::default();
    let stack = &fit::fit(stack, &mut losses);
    if stack.services.is_empty() {
        let message = format!("nothing of `{}` is a service that a topology could hold", stack.name.value);
        return Err(vec![refuse(stack.name.span(), message)]);
    }
    let mut root = Map::new();
    root.put("name", stack.name.value.as_str());
    let platforms = stack.platforms.iter().map(|(name, words)| (name, Yaml::from(words.value.as_str())));
    section(&mut root, "platforms", platforms);
    section(
        &mut root,
        "host_services",
        stack.host_services.values().map(|host| (&host.name.value, host_service(host))),
    );
    let networks = stack.networks.values().filter(|network| !objects::is_implied(stack, network));
    let networks: Vec<_> = networks.map(|item| (&item.name.value, objects::network(item, &mut losses))).collect();
    section(&mut root, "networks", networks);
    let spoken = spoken(stack);
    let mut services = Map::new();
    for item in stack.services.values() {
        let name = item.name.value.as_str();
        let map = service::service(stack, item, &spoken, &mut losses);
        let comments = losses.services.remove(name).unwrap_or_default();
        services.put_below(comments, name, map);
    }
    root.put("services", services.spaced());
    let denied = denied(stack);
    if !denied.is_empty() {
        root.put("deny", Yaml::List(denied.into_iter().map(Yaml::Text).collect()).lines());
    }
    let volumes: Vec<_> =
        stack.volumes.values().map(|item| (&item.name.value, objects::volume(item, &mut losses))).collect();
    section(&mut root, "volumes", volumes);
    section(&mut root, "secrets", stack.secrets.iter().map(|(name, secret)| (name, Yaml::from(&secret.written))));
    section(&mut root, "configs", stack.configs.iter().map(|(name, config)| (name, Yaml::from(&config.written))));
    for (attribute, (span, _)) in &stack.attributes {
        if attribute.starts_with("x-") {
            // It means nothing by itself, and what was taken from it stands where it was taken to.
            losses.head.extend(comment(&format!("Left out: `{attribute}`.")));
        } else {
            losses.of_stack(*span, format!("a topology has no `{attribute}`: it is left out"));
        }
    }
    let head: String = losses.head.iter().map(|line| format!("# {line}\n")).collect();
    let text = yaml::write(&root.spaced());
    let text =
        text.map_err(|error| vec![refuse(stack.name.span(), format!("topology.yaml cannot be written: {error}"))])?;
    let files = vec![File { name: "topology.yaml".to_owned(), text: head + &text }];
    Ok(Rendered { files, findings: losses.findings, ..Rendered::default() })
}

fn section<'n, V: Into<Yaml>>(root: &mut Map, key: &str, entries: impl IntoIterator<Item = (&'n String, V)>) {
    let mut map = Map::new();
    entries.into_iter().for_each(|(name, value)| map.put(name, value));
    if !map.is_empty() {
        root.put(key, map);
    }
}

fn host_service(host: &HostService) -> Map {
    let mut out = Map::short();
    if let Some(port) = host.port {
        out.put("port", u32::from(port.value));
    }
    if let Some(on) = &host.on {
        out.put("on", on.value.as_str());
    }
    if let Some(listens) = &host.listens {
        out.put("listens", listens.value.to_string());
    }
    if let Some(scheme) = &host.scheme {
        out.put("scheme", scheme.value.as_str());
    }
    out
}

/// Whether a denial is said by the service that it begins at.
fn is_of_service(deny: &Deny) -> bool {
    matches!(deny.from.as_slice(), [Party::Service(_)]) && !deny.text.value.contains("->")
}

/// One side of a denial.
fn side(stack: &Stack, parties: &[Party]) -> String {
    parties.iter().map(|party| words::party(stack, party)).collect::<Vec<_>>().join(", ")
}

/// The denials at the top.
fn denied(stack: &Stack) -> Vec<String> {
    let mut written = Vec::new();
    let mut denials = stack.deny.iter().filter(|deny| !is_of_service(deny)).peekable();
    while let Some(deny) = denials.next() {
        // `A <-> B` stands twice in the model, once for each way.
        let is_back =
            |other: &&Deny| other.from == deny.to && other.to == deny.from && other.text.span() == deny.text.span();
        let (from, to) = (side(stack, &deny.from), side(stack, &deny.to));
        written.push(match denials.next_if(|other| is_back(other)) {
            Some(_) => format!("{to} <-> {from}"),
            None => format!("{from} -> {to}"),
        });
    }
    written
}

/// Every word of the stack's texts that can be a name: what containers might be looked up by.
fn spoken(stack: &Stack) -> HashSet<String> {
    let mut spoken = HashSet::default();
    for service in stack.services.values() {
        for (text, ..) in service.templated() {
            let words = text.split(|c: char| !c.is_ascii_alphanumeric() && !matches!(c, '-' | '_' | '.'));
            spoken.extend(words.filter(|word| !word.is_empty()).map(str::to_owned));
        }
        spoken.extend(service.connections.iter().map(|connection| connection.name.clone()));
        if let Some(NetworkMode::Container(name)) = service.network_mode.as_ref().map(|mode| &mode.value) {
            spoken.insert(name.clone());
        }
    }
    spoken
}

/// Whether services find each other by their names there, as in no topology.
fn has_service_names(stack: &Stack) -> bool {
    stack.format == Format::Compose
}
