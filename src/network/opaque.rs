//! What quadgen cannot look into. An answer that would rest on it is unknown, and says why.

use super::{Home, Wiring};
use crate::model::{Data, Service, UnitEntry, Value};
use crate::source::Span;

/// Something that cannot be looked into.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Opaque {
    /// Where it stands.
    pub span: Span,
    /// Why: a clause that can follow "because".
    pub why: String,
}

/// Names that a runtime gives to networks of its own.
const BUILT_IN: [&str; 5] = ["podman", "bridge", "host", "none", "default"];
/// Options of a bridge that change where its packets go, beside `isolate`.
const ROUTING_OPTIONS: [&str; 3] = ["no_default_route", "vrf", "mode"];
/// Beginnings of arguments that change a container's network or its rights.
const ARGUMENTS: [&str; 8] = ["--net", "--dns", "--add-host", "--publish", "-p", "--pod", "--privileged", "--hostname"];

impl Wiring<'_> {
    /// Why the inside of a network cannot be known.
    pub fn opaque_network(&self, name: &str) -> Option<Opaque> {
        let network = self.stack.networks.get(name)?;
        let opaque = |span, why: String| Some(Opaque { span, why });
        if network.external {
            return opaque(
                network.name.span(),
                format!("`{name}` exists outside of the stack, which does not say what it is like"),
            );
        }
        if BUILT_IN.contains(&network.object()) {
            let object = network.object();
            return opaque(
                network.name.span(),
                format!("the runtime has a network `{object}` of its own, which stays as it is"),
            );
        }
        if let Some(driver) = network.driver.as_ref().filter(|driver| driver.value != "bridge") {
            return opaque(driver.span(), format!("quadgen knows bridge networks, and `{name}` is {}", driver.value));
        }
        if let Some((option, value)) =
            network.options.iter().find(|(option, _)| ROUTING_OPTIONS.contains(&option.as_str()))
        {
            return opaque(value.span(), format!("`{option}` changes where packets of `{name}` go"));
        }
        let arguments = network.quadlet.iter().find(|entry| is_free(entry));
        arguments.and_then(|entry| opaque(entry.value.span(), format!("`{}` may change `{name}`", entry.key.value)))
    }

    /// Why the network of a service cannot be known.
    pub fn opaque_service(&self, service: &Service) -> Option<Opaque> {
        let name = &service.name.value;
        if let (Home::Elsewhere, Some(mode)) = (self.home(service), &self.owner(service).network_mode) {
            return Some(Opaque {
                span: mode.span(),
                why: format!("the network of `{name}` is not part of the stack"),
            });
        }
        let entries = self.owner(service).quadlet.iter().chain(&service.quadlet);
        let mut arguments = entries.filter(|entry| is_free(entry)).filter(|entry| {
            entry.key.value != "PodmanArgs"
                || entry
                    .value
                    .value
                    .split_whitespace()
                    .any(|word| ARGUMENTS.iter().any(|begin| word.starts_with(begin)))
        });
        arguments.next().map(|entry| Opaque {
            span: entry.value.span(),
            why: format!("`{}` may change the network of `{name}`", entry.key.value),
        })
    }

    /// Why no wall holds a service: it could change its own network, or start containers outside of it.
    pub fn powers(&self, service: &Service) -> Option<Opaque> {
        let name = &service.name.value;
        if service.flag("privileged") {
            let span = service.attributes.get("privileged").map_or(service.span(), |(span, _)| *span);
            return Some(Opaque { span, why: format!("`{name}` is privileged, so it can change its own network") });
        }
        let socket = service
            .mounts
            .iter()
            .find(|mount| mount.value.source.ends_with("/docker.sock") || mount.value.source.ends_with("/podman.sock"));
        socket.map(|mount| Opaque {
            span: mount.span(),
            why: format!("`{name}` can start containers outside of its networks through the runtime's socket"),
        })
    }

    /// Why the names that a service looks up cannot be known.
    pub fn opaque_names(&self, service: &Service, name: &str) -> Option<Opaque> {
        let who = &service.name.value;
        let (hosts, dns) = (service.attributes.get("extra_hosts"), service.attributes.get("dns"));
        if let Some((span, _)) = hosts.filter(|(_, hosts)| host_entry(hosts, name).is_some()) {
            let why = format!("`extra_hosts` of `{who}` gives `{name}` an address that is not a fixed one of it");
            return Some(Opaque { span: *span, why });
        }
        let (span, _) = dns.filter(|_| self.is_cni())?;
        Some(Opaque { span: *span, why: format!("`dns` of `{who}` takes the place of the networks' DNS servers") })
    }

    /// Everything that keeps questions about services from being answered.
    pub fn opaque(&self, services: &[&Service]) -> Vec<Opaque> {
        let mut found: Vec<Opaque> = Vec::new();
        for service in services {
            found.extend(self.opaque_service(service));
            found.extend(self.attachments(service).filter_map(|a| self.opaque_network(&a.network.value)));
        }
        found.dedup();
        found
    }
}

/// Whether an entry hands free text to Podman.
fn is_free(entry: &UnitEntry) -> bool {
    matches!(entry.key.value.as_str(), "PodmanArgs" | "GlobalArgs" | "ContainersConfModule")
}

/// The address that `extra_hosts`, a map or a list of `NAME:ADDRESS` and `NAME=ADDRESS`, gives a name.
pub(super) fn host_entry(hosts: &Value, name: &str) -> Option<String> {
    match &hosts.data {
        Data::Map(entries) => {
            let (_, address) = entries.iter().find(|(host, _)| host == name)?;
            address.scalar()
        }
        Data::List(items) => items.iter().filter_map(Value::scalar).find_map(|item| {
            let (host, address) = item.split_once(['=', ':'])?;
            (host == name).then(|| address.trim_matches(['[', ']']).to_owned())
        }),
        _ => None,
    }
}
