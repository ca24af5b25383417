//! Networks, volumes, secrets and configs in Compose's form.

use super::reader::{Reader, scalar, value};
use crate::diagnostic::{Diagnostic, input};
use crate::maps::IndexMap;
use crate::model::{FileObject, Network, Spanned, Subnet, Text, UnitEntry, Volume};
use crate::platform::{attributes, keys};
use crate::suggest;
use crate::syntax::yaml::{Entry, Kind, Node};

impl Reader {
    pub fn network(&mut self, name: Text, node: &Node) -> Network {
        let mut network = Network::new(name);
        for entry in self.entries(node, "a network") {
            let node = &entry.value;
            match entry.key.as_str() {
                "name" => network.object_name = self.object_name(node),
                "external" => network.external = self.external(node, &mut network.object_name),
                "internal" => network.internal = self.boolean(node, "internal"),
                "driver" => network.driver = self.text(node, "driver"),
                "driver_opts" => {
                    for option in self.entries(node, "driver_opts") {
                        if let Some(text) = self.text(&option.value, "an option of the driver") {
                            network.options.insert(option.key.clone(), text);
                        }
                    }
                }
                "enable_ipv6" => network.ipv6 = self.boolean(node, "enable_ipv6").is_some_and(|it| it.value),
                "ipam" => self.ipam(node, &mut network),
                "quadlet" => {
                    network.quadlet = self.unit_entries(node, "Network");
                    let off = |entry: &&UnitEntry| {
                        entry.key.value == "DisableDNS"
                            && matches!(entry.value.value.to_lowercase().as_str(), "1" | "yes" | "true" | "on")
                    };
                    network.dns_disabled = network.quadlet.iter().find(off).map(|entry| entry.value.span());
                }
                key if key.starts_with("x-") => {}
                key => {
                    let mut known = attributes::below("networks.*");
                    if known.contains(&key) {
                        network.attributes.insert(key.to_owned(), (entry.key_span, value(node)));
                    } else {
                        known.push("quadlet");
                        self.unknown(entry, "a network", &known);
                    }
                }
            }
        }
        network
    }

    fn ipam(&mut self, node: &Node, network: &mut Network) {
        for entry in self.entries(node, "ipam") {
            match entry.key.as_str() {
                "config" => {
                    for item in self.items(&entry.value, "ipam.config") {
                        let mut subnet = Subnet { subnet: None, gateway: None, range: None, aux: None };
                        for option in self.entries(item, "an item of ipam.config") {
                            let node = &option.value;
                            match option.key.as_str() {
                                "subnet" => {
                                    subnet.subnet = self.simple(node, "subnet", "a subnet such as 10.89.5.0/24")
                                }
                                "gateway" => subnet.gateway = self.simple(node, "gateway", "an address"),
                                "ip_range" => {
                                    subnet.range = self.simple(node, "ip_range", "a subnet such as 10.89.5.0/25")
                                }
                                "aux_addresses" => subnet.aux = Some((option.key_span, value(node))),
                                _ => self.unknown(
                                    option,
                                    "ipam.config",
                                    &["subnet", "gateway", "ip_range", "aux_addresses"],
                                ),
                            }
                        }
                        // What is out of form was reported; whatever stands beside it has nothing to lie in.
                        let is_stated =
                            self.entries(item, "an item of ipam.config").iter().any(|it| it.key == "subnet");
                        if is_stated && subnet.subnet.is_none() {
                            (subnet.gateway, subnet.range) = (None, None);
                        }
                        network.subnets.push(subnet);
                    }
                }
                "driver" | "options" => {
                    network.attributes.insert(format!("ipam.{}", entry.key), (entry.key_span, value(&entry.value)));
                }
                _ => self.unknown(entry, "`ipam`", &["config", "driver", "options"]),
            }
        }
    }

    pub fn volume(&mut self, name: Text, node: &Node) -> Volume {
        let mut volume =
            Volume { name, object_name: None, external: false, attributes: IndexMap::default(), quadlet: Vec::new() };
        for entry in self.entries(node, "a volume") {
            let node = &entry.value;
            match entry.key.as_str() {
                "name" => volume.object_name = self.object_name(node),
                "external" => volume.external = self.external(node, &mut volume.object_name),
                "quadlet" => volume.quadlet = self.unit_entries(node, "Volume"),
                key if key.starts_with("x-") => {}
                key => {
                    let mut known = attributes::below("volumes.*");
                    if known.contains(&key) {
                        volume.attributes.insert(key.to_owned(), (entry.key_span, value(node)));
                    } else {
                        known.push("quadlet");
                        self.unknown(entry, "a volume", &known);
                    }
                }
            }
        }
        volume
    }

    pub fn file_object(&mut self, name: Text, node: &Node, what: &str) -> FileObject {
        let mut object = FileObject { name, file: None, external: false, written: value(node) };
        for entry in self.entries(node, what) {
            match entry.key.as_str() {
                "file" => object.file = self.text(&entry.value, "file"),
                "external" => object.external = self.external(&entry.value, &mut None),
                key if key.starts_with("x-") => {}
                key => {
                    let known = attributes::below(&format!("{what}s.*"));
                    if !known.contains(&key) {
                        self.unknown(entry, &format!("a {what}"), &known);
                    }
                }
            }
        }
        object
    }

    fn object_name(&mut self, node: &Node) -> Option<Text> {
        let text = self.text(node, "name")?;
        self.name(&text.value, node.span, "the name").then_some(text)
    }

    /// `external: true`, or the old form with a name below it.
    fn external(&mut self, node: &Node, object_name: &mut Option<Text>) -> bool {
        let Kind::Mapping(entries) = &node.kind else {
            return self.boolean(node, "external").is_some_and(|external| external.value);
        };
        for entry in entries {
            match entry.key.as_str() {
                "name" => *object_name = self.object_name(&entry.value),
                _ => self.unknown(entry, "`external`", &["name"]),
            }
            if entry.key == "name" {
                let message = "`external.name` is an old spelling: the name stands beside `external: true` by now";
                let found = Diagnostic::new(&input::OBSOLETE_ATTRIBUTE, entry.key_span, message);
                self.diagnostics
                    .push(found.help("What helps: `name: NAME` and `external: true`, one below the other."));
            }
        }
        true
    }

    /// `quadlet:` of a topology: sections of the unit, each with its keys. `own` is the section of the unit's type.
    pub fn unit_entries(&mut self, node: &Node, own: &str) -> Vec<UnitEntry> {
        let mut found = Vec::new();
        for section in self.entries(node, "quadlet") {
            let free = ["Unit", "Service", "Install", "Quadlet"].contains(&section.key.as_str());
            if section.key != own && !free {
                self.unknown(section, "`quadlet`", &[own, "Unit", "Service", "Install", "Quadlet"]);
                continue;
            }
            for entry in self.entries(&section.value, "a section of a unit") {
                self.unit_entry(section, entry, &mut found);
            }
        }
        found
    }

    fn unit_entry(&mut self, section: &Entry, entry: &Entry, found: &mut Vec<UnitEntry>) {
        let known: Vec<&str> = keys::names(&section.key).collect();
        if let Some(instead) = keys::said_in_words(&section.key, &entry.key) {
            // What the network looks like is judged, so it stands in one place.
            let message = format!("`{}` is not written under `quadlet`: {instead}", entry.key);
            return self.invalid(entry.key_span, message);
        }
        if !known.is_empty() && !known.contains(&entry.key.as_str()) {
            return self.unknown(entry, &format!("[{}]", section.key), &known);
        }
        let letters = entry.key.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
        if entry.key.is_empty() || !letters {
            let near = suggest::nearest(&entry.key, known.iter().copied()).unwrap_or("Restart");
            let message = format!("`{}` is not a key such as `{near}`", entry.key.escape_debug());
            return self.invalid(entry.key_span, message);
        }
        for item in self.items_or_one(&entry.value, "the value of a key") {
            let Some(value) = self.text(item, "the value of a key") else { continue };
            if value.value.contains(['\n', '\r']) || value.value.ends_with('\\') {
                self.invalid(
                    item.span,
                    "a value of a unit is one line: a line break would begin another key, a backslash at its end joins the next",
                );
            } else if scalar(item).is_some() {
                let key = Spanned::written(entry.key.as_str().into(), entry.key_span);
                let value = Spanned { value: value.value.into(), origin: value.origin };
                found.push(UnitEntry { section: section.key.as_str().into(), key, value });
            }
        }
    }
}
