//! What is said of networks, volumes and the stack itself.

use super::facts::{Kind, Object};
use super::mounts::have_units;
use super::service::lines;
use super::side::Side;
use crate::model::{Deploy, Network, Party, Volume};
use crate::render::{Target, project, words};

pub(super) fn network<'a>(side: &Side<'a>, network: &'a Network) -> Object<'a> {
    let name = network.name.value.as_str();
    let at = network.name.span();
    let mut out = Object::new(Kind::Network, name, at);
    if have_units(side) {
        out.say("object", "", network.object(), network.object_name.as_ref().map_or(at, |name| name.span()));
    }
    if network.is_internal() {
        out.say("internal", "", "", network.internal_span());
    }
    if network.driver() != "bridge" {
        out.say("driver", "", network.driver(), network.driver.as_ref().map_or(at, |driver| driver.span()));
    }
    if side.platform.deploy == Deploy::Quadlet {
        // What is written, and what quadgen is to write by itself.
        let isolation = side.wiring.isolations.get(name).copied().unwrap_or(crate::network::Isolation::None);
        out.say("isolation", "", format!("{isolation:?}").to_lowercase(), at);
    }
    for (option, value) in network.options.iter().filter(|(option, _)| *option != "isolate") {
        out.say("option", option.as_str(), side.text(&value.value), value.span());
    }
    if side.platform.deploy != Deploy::Quadlet
        && side.platform.is_podman()
        && let Some(value) = network.options.get("isolate")
    {
        out.say("option", "isolate", value.value.as_str(), value.span());
    }
    for subnet in &network.subnets {
        // A gateway or a range belongs to its subnet.
        let own = subnet.subnet.as_ref().map_or(String::new(), |subnet| subnet.value.to_string());
        if let Some(subnet) = &subnet.subnet {
            out.say("subnet", own.clone(), "", subnet.span());
        }
        if let Some(gateway) = &subnet.gateway {
            out.say("gateway", own.clone(), gateway.value.to_string(), gateway.span());
        }
        if let Some(range) = &subnet.range {
            out.say("range", own.clone(), range.value.to_string(), range.span());
        }
        if let Some((span, value)) = &subnet.aux {
            out.say("aux_addresses", own, side.value(value), span.to(value.span));
        }
    }
    if network.ipv6 {
        out.say("IPv6", "", "", at);
    }
    if let Some(at) = network.dns_disabled {
        out.say("DNS", "", "off", at);
    }
    for (attribute, (span, value)) in &network.attributes {
        match attribute.as_str() {
            "labels" => {
                side.pairs(value).into_iter().for_each(|(name, value, at)| out.say("label", name, value, at));
            }
            // Whoever wants to may join a network of Podman's.
            "attachable" if side.is_units() => {}
            "ipam.driver" if side.value(value) == "default" => {}
            _ => out.say(attribute.as_str(), "", side.value(value), span.to(value.span)),
        }
    }
    lines(side, &network.quadlet, &mut out);
    out
}

pub(super) fn volume<'a>(side: &Side<'a>, volume: &'a Volume) -> Object<'a> {
    let at = volume.name.span();
    let mut out = Object::new(Kind::Volume, &volume.name.value, at);
    out.say("object", "", volume.object(), volume.object_name.as_ref().map_or(at, |name| name.span()));
    for (attribute, (span, value)) in &volume.attributes {
        match attribute.as_str() {
            "labels" | "driver_opts" => {
                side.pairs(value)
                    .into_iter()
                    .for_each(|(name, value, at)| out.say(attribute.as_str(), name, value, at));
            }
            _ => out.say(attribute.as_str(), "", side.value(value), span.to(value.span)),
        }
    }
    lines(side, &volume.quadlet, &mut out);
    out
}

pub(super) fn stack<'a>(side: &Side<'a>) -> Object<'a> {
    let mut out = Object::new(Kind::Stack, "", side.stack.name.span());
    if side.target == Target::Compose {
        let name = side.stack.name.value.as_str();
        let name = if side.is_source { project(name) } else { name.to_owned() };
        out.say("name", "", name, side.stack.name.span());
        for (what, objects) in [("secret", &side.stack.secrets), ("config", &side.stack.configs)] {
            for (name, object) in objects {
                out.say(what, name.as_str(), side.value(&object.written), object.name.span());
            }
        }
    }
    for deny in &side.stack.deny {
        for from in &deny.from {
            for to in &deny.to {
                // A network from outside has no unit, and says its denials by its members.
                let foreign = |party: &Party| {
                    matches!(party, Party::Network(name)
                        if side.stack.networks.get(name).is_none_or(|network| network.external))
                };
                if side.is_units() && (foreign(from) || foreign(to) || is_outside(side, from)) {
                    continue;
                }
                // By the names of one side: which of two a name means depends on who else has it.
                let of = |party| words::party(side.source(), party);
                let said = format!("{} -> {}", of(from), of(to));
                let known = out.facts.iter().any(|fact| fact.of == said);
                if !known {
                    out.say("deny", said, "", deny.text.span());
                }
            }
        }
    }
    out
}

/// Whether a denial may stand for one of a network from outside that its service is on.
fn is_outside(side: &Side<'_>, from: &Party) -> bool {
    let Party::Service(name) = from else { return false };
    let external = |network: &String| side.stack.networks.get(network).is_none_or(|network| network.external);
    let service = side.stack.services.get(name);
    service.is_some_and(|service| service.networks.iter().any(|on| external(&on.network.value)))
}
