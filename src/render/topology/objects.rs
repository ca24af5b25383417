//! Networks, volumes and entries for units.

use super::Losses;
use crate::maps::IndexMap;
use crate::model::{Network, Stack, Subnet, Text, UnitEntry, UnitText, Volume, is_name};
use crate::platform::keys;
use crate::render::yaml::{Map, Yaml};
use crate::source::Span;

/// Whether a network is what a topology makes for services that name none, so that nobody has to write it down.
pub(super) fn is_implied(stack: &Stack, network: &Network) -> bool {
    let said = Network { object_name: None, ..network.clone() };
    let bare = said == Network::new(network.name.clone());
    let used = || {
        let attachments = stack.services.values().flat_map(|service| &service.networks);
        attachments.into_iter().any(|attachment| attachment.network.value == "default")
    };
    network.name.value == "default" && network.object() == format!("{}_default", stack.name.value) && bare && used()
}

/// The name in the runtime, if it is another one.
fn object_name(out: &mut Map, name: &Text, object: Option<&Text>, losses: &mut Losses) {
    let Some(object) = object.filter(|object| object.value != name.value) else { return };
    if is_name(&object.value) {
        return out.put("name", object.value.as_str());
    }
    let (object_name, name) = (object.value.escape_debug(), &name.value);
    losses.of_stack(object.span(), format!("a topology cannot have the name `{object_name}`: it is `{name}` here"));
}

pub(super) fn network(network: &Network, losses: &mut Losses) -> Map {
    let large = network.subnets.len() + network.quadlet.len() + network.options.len() > 2;
    let mut out = if large { Map::new() } else { Map::short() };
    object_name(&mut out, &network.name, network.object_name.as_ref(), losses);
    if network.external {
        out.put("external", true);
    }
    if let Some(internal) = &network.internal {
        out.put("internal", internal.value);
    }
    if let Some(driver) = &network.driver {
        out.put("driver", driver.value.as_str());
    }
    if !network.options.is_empty() {
        let mut options = Map::short();
        network.options.iter().for_each(|(key, value)| options.put(key.as_str(), value.value.as_str()));
        out.put("driver_opts", options);
    }
    if network.ipv6 {
        out.put("enable_ipv6", true);
    }
    let mut ipam = Map::short();
    for (key, (_, value)) in &network.attributes {
        match key.strip_prefix("ipam.") {
            Some(key) => ipam.put(key, value),
            None => out.put(key.as_str(), value),
        }
    }
    if !network.subnets.is_empty() {
        ipam.put("config", network.subnets.iter().map(subnet).collect::<Yaml>());
    }
    if !ipam.is_empty() {
        out.put("ipam", ipam);
    }
    let mut entries = network.quadlet.clone();
    if let Some(span) = network.dns_disabled
        && entries.iter().all(|entry| entry.key.value != "DisableDNS")
    {
        let text = |text: &str| UnitText::implied(text.into(), span);
        entries.push(UnitEntry { section: "Network".into(), key: text("DisableDNS"), value: text("true") });
    }
    put_entries(&mut out, &entries, "Network", losses);
    out
}

fn subnet(subnet: &Subnet) -> Map {
    let mut out = Map::short();
    for (key, value) in [
        ("subnet", subnet.subnet.as_ref().map(|subnet| subnet.value.to_string())),
        ("gateway", subnet.gateway.as_ref().map(|gateway| gateway.value.to_string())),
        ("ip_range", subnet.range.as_ref().map(|range| range.value.to_string())),
    ] {
        value.into_iter().for_each(|value| out.put(key, value));
    }
    if let Some((_, aux)) = &subnet.aux {
        out.put("aux_addresses", aux);
    }
    out
}

pub(super) fn volume(volume: &Volume, losses: &mut Losses) -> Map {
    let mut out = Map::short();
    object_name(&mut out, &volume.name, volume.object_name.as_ref(), losses);
    if volume.external {
        out.put("external", true);
    }
    volume.attributes.iter().for_each(|(key, (_, value))| out.put(key.as_str(), value));
    put_entries(&mut out, &volume.quadlet, "Volume", losses);
    out
}

fn put_entries(out: &mut Map, entries: &[UnitEntry], own: &str, losses: &mut Losses) {
    let entries = self::entries(entries, own, &mut |span, message| losses.of_stack(span, message));
    if !entries.is_empty() {
        out.put("quadlet", entries);
    }
}

/// Entries for a unit, by section and key.
pub(super) fn entries(entries: &[UnitEntry], own: &str, lose: &mut dyn FnMut(Span, String)) -> Map {
    let mut sections: IndexMap<&str, IndexMap<&str, Vec<&str>>> = IndexMap::default();
    for entry in entries {
        let (section, key, value) = (&*entry.section, entry.key.value.as_str(), entry.value.value.as_str());
        match refusal(own, section, key, value) {
            None => sections.entry(section).or_default().entry(key).or_default().push(value),
            Some(why) => lose(entry.key.span(), format!("a topology cannot say `{key}=` of [{section}]: {why}")),
        }
    }
    let mut out = Map::short();
    for (section, keys) in sections {
        let mut map = Map::short();
        for (key, values) in keys {
            match values.as_slice() {
                [only] => map.put(key, plain(only)),
                all => map.put(key, Yaml::List(all.iter().map(|value| plain(value)).collect())),
            }
        }
        out.put(section, map);
    }
    out
}

/// A value of a unit as people write it in YAML, where it is the same text.
fn plain(value: &str) -> Yaml {
    let number = !value.is_empty() && value.len() < 10 && value.bytes().all(|byte| byte.is_ascii_digit());
    if matches!(value, "true" | "false") || (number && (value == "0" || !value.starts_with('0'))) {
        return Yaml::Plain(value.to_owned());
    }
    Yaml::from(value)
}

/// Why an entry cannot stand under `quadlet`, if it cannot.
fn refusal(own: &str, section: &str, key: &str, value: &str) -> Option<String> {
    if ![own, "Unit", "Service", "Install", "Quadlet"].contains(&section) {
        return Some("it has no such section".to_owned());
    }
    if let Some(instead) = keys::said_in_words(section, key) {
        return Some(instead.to_owned());
    }
    let mut known = keys::names(section).peekable();
    if known.peek().is_some() && known.all(|known| known != key) {
        return Some("no release of Podman has it".to_owned());
    }
    if key.is_empty() || !key.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-') {
        return Some("it is not a key".to_owned());
    }
    (value.contains(['\n', '\r']) || value.ends_with('\\')).then(|| "a value is one line there".to_owned())
}
