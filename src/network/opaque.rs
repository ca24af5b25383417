//! What quadgen cannot look into. An answer that would rest on it is unknown, and says why.

use super::{Home, Wiring};
use crate::model::{Data, MountKind, Network, Service, Text, UnitEntry, Value};
use crate::platform::{Is, Question};
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
/// Options of a bridge that leave its packets where they go.
const HARMLESS_OPTIONS: [&str; 6] =
    ["isolate", "mtu", "vlan", "metric", "com.docker.network.driver.mtu", "com.docker.network.bridge.name"];
/// Keeps a bridge from being a way out.
const NO_ROUTE: &str = "no_default_route";
/// Beginnings of arguments that change neither a container's network nor its rights.
const HARMLESS_ARGUMENTS: [&str; 24] = [
    "--annotation",
    "--blkio",
    "--cgroup",
    "--cpu",
    "--env",
    "--health",
    "--image-volume",
    "--init",
    "--label",
    "--log",
    "--memory",
    "--oom",
    "--pids-limit",
    "--pull",
    "--read-only",
    "--restart",
    "--shm-size",
    "--sig-proxy",
    "--stop",
    "--tmpfs",
    "--tz",
    "--ulimit",
    "--umask",
    "--workdir",
];
/// Capabilities with which a container changes what is around it.
const CAPABILITIES: [&str; 5] = ["ALL", "NET_ADMIN", "SYS_ADMIN", "SYS_PTRACE", "SYS_MODULE"];

impl Wiring<'_> {
    /// Why the inside of a network cannot be known.
    pub fn opaque_network(&self, name: &str) -> Option<Opaque> {
        self.opaque_inside(self.stack.networks.get(name)?)
    }

    /// The same of a network at hand.
    pub fn opaque_inside(&self, network: &Network) -> Option<Opaque> {
        let name = &network.name.value;
        let opaque = |span, why: String| Some(Opaque { span, why });
        // The runtime's own is an ordinary network, as far as anybody measured it.
        let known = || self.ask(Question::RoutedToDefaultNetwork).fact.is != Is::Unknown;
        if network.external && self.is_default(network) && known() {
            return None;
        }
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
        let is_known = |(option, value): &(&String, &Text)| match option.as_str() {
            // Other words for true and false netavark refuses, or takes for something else.
            NO_ROUTE => {
                ["true", "false"].contains(&value.value.as_str()) && self.yes(Question::NetworkWithoutDefaultRoute)
            }
            option => HARMLESS_OPTIONS.contains(&option),
        };
        if let Some((option, value)) = network.options.iter().find(|option| !is_known(option)) {
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
        let owner = self.owner(service);
        let of_owner = if owner.name == service.name { &[] } else { owner.quadlet.as_slice() };
        let mut arguments = of_owner.iter().chain(&service.quadlet).filter(|entry| match entry.key.value.as_str() {
            "PodmanArgs" => {
                let words = shlex::split(&entry.value.value).unwrap_or_else(|| vec!["-".to_owned()]);
                let harmless = |word: &String| HARMLESS_ARGUMENTS.iter().any(|begin| word.starts_with(begin));
                words.iter().any(|word| word.starts_with('-') && !harmless(word))
            }
            key => is_free(entry) || (key.starts_with("Exec") && entry.value.value.contains("podman")),
        });
        arguments.next().map(|entry| Opaque {
            span: entry.value.span(),
            why: format!("`{}` may change the network of `{name}`", entry.key.value),
        })
    }

    /// Whether a setting of a network may change what happens between its own members.
    pub(super) fn is_unknown_inside(&self, network: &str) -> bool {
        let Some(network) = self.stack.networks.get(network).filter(|network| !network.external) else { return false };
        network.options.keys().any(|option| option != NO_ROUTE && !HARMLESS_OPTIONS.contains(&option.as_str()))
    }

    /// Why no wall holds a service: it, or who shares its network, could change that network, or start containers
    /// outside of it.
    pub fn powers(&self, service: &Service) -> Option<Opaque> {
        let own = self.own_powers(service);
        own.or_else(|| self.neighbours(service).find_map(|neighbour| self.own_powers(neighbour)))
    }

    fn own_powers(&self, service: &Service) -> Option<Opaque> {
        let name = &service.name.value;
        let attribute = |key: &str| service.attributes.get(key).map_or(service.span(), |(span, _)| *span);
        if service.flag("privileged") {
            let why = format!("`{name}` is privileged, so it can change its own network");
            return Some(Opaque { span: attribute("privileged"), why });
        }
        let capabilities = service.attributes.get("cap_add").map(|(_, value)| value.texts()).unwrap_or_default();
        let capable = capabilities.iter().any(|one| {
            let one = one.to_uppercase();
            CAPABILITIES.contains(&one.strip_prefix("CAP_").unwrap_or(&one))
        });
        for (key, strong) in [
            ("cap_add", capable),
            ("pid", service.attributes.get("pid").is_some_and(|(_, value)| value.scalar().as_deref() == Some("host"))),
            ("use_api_socket", service.attributes.contains_key("use_api_socket")),
            ("volumes_from", service.attributes.contains_key("volumes_from")),
        ] {
            if strong {
                let why = format!("with `{key}`, `{name}` may reach around its networks");
                return Some(Opaque { span: attribute(key), why });
            }
        }
        let why = || format!("`{name}` may start containers outside of its networks through the runtime's socket");
        let mount = service.mounts.iter().find(|mount| match mount.value.kind {
            MountKind::Bind => holds_socket(&mount.value.source),
            MountKind::Volume => {
                let volume = self.stack.volumes.get(&mount.value.source);
                volume.is_some_and(|volume| volume.attributes.contains_key("driver_opts"))
            }
            MountKind::Anonymous | MountKind::Tmpfs | MountKind::Other => false,
        });
        if let Some(mount) = mount {
            return Some(Opaque { span: mount.span(), why: why() });
        }
        let files = service.secrets.iter().map(|used| (used, &self.stack.secrets));
        let mut files = files.chain(service.configs.iter().map(|used| (used, &self.stack.configs)));
        let file = files.find(|(used, objects)| {
            let file = objects.get(&used.source.value).and_then(|object| object.file.as_ref());
            file.is_some_and(|file| holds_socket(&file.value))
        });
        file.map(|(used, _)| Opaque { span: used.source.span(), why: why() })
    }

    /// Why the names that a service looks up cannot be known.
    pub fn opaque_names(&self, service: &Service, name: &str) -> Option<Opaque> {
        let who = &service.name.value;
        let own = &self.owner(service).attributes;
        let (hosts, dns) = (own.get("extra_hosts"), own.get("dns"));
        if let Some((span, _)) = service.attributes.get("links") {
            return Some(Opaque {
                span: *span,
                why: format!("`links` of `{who}` may give `{name}` to another service"),
            });
        }
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
            found.extend(self.on(service).filter_map(|(_, network)| self.opaque_inside(network)));
        }
        found.dedup();
        found
    }
}

/// Whether an entry hands free text to Podman.
fn is_free(entry: &UnitEntry) -> bool {
    matches!(entry.key.value.as_str(), "PodmanArgs" | "GlobalArgs" | "ContainersConfModule")
}

/// Whether a path of the host is the runtime's socket, or a folder that may hold it.
fn holds_socket(path: &str) -> bool {
    let folder = path.trim_end_matches('/');
    matches!(folder, "" | "/var" | "/run" | "/var/run")
        || folder.starts_with("/run/")
        || folder.starts_with("/var/run/")
        || folder.ends_with(".sock")
}

/// The first address that `extra_hosts` gives a name.
pub(super) fn host_entry(hosts: &Value, name: &str) -> Option<String> {
    host_entries(hosts).into_iter().find(|(host, _)| host.eq_ignore_ascii_case(name)).map(|(_, address)| address)
}

/// The names of `extra_hosts` and their addresses: a map, or a list of `NAME:ADDRESS` and `NAME=ADDRESS`.
pub(crate) fn host_entries(hosts: &Value) -> Vec<(String, String)> {
    match &hosts.data {
        Data::Map(entries) => {
            let each = |(host, addresses): &(String, Value)| {
                addresses.texts().into_iter().map(|address| (host.clone(), address)).collect::<Vec<_>>()
            };
            entries.iter().flat_map(each).collect()
        }
        Data::List(items) => {
            let pairs = items.iter().filter_map(Value::scalar).filter_map(|item| {
                let (host, address) = item.split_once(['=', ':'])?;
                Some((host.to_owned(), address.trim_matches(['[', ']']).to_owned()))
            });
            pairs.collect()
        }
        _ => Vec::new(),
    }
}
