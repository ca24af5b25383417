//! Which networks are isolated from each other, by what is written and by what quadgen will write.

use std::collections::BTreeSet;

use super::Verdict;
use crate::maps::HashMap;
use crate::model::{Connection, Deploy, Format, Party, Service, Stack, Target, Witness};
use crate::platform::{Platform, Question};

/// The `isolate` option of a network.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Isolation {
    /// Not set.
    None,
    /// Set to something that switches it off.
    Off,
    /// `isolate=true`: counts only if both networks have it.
    True,
    /// `isolate=strict`: counts on one.
    Strict,
}

/// How each network is isolated on a platform.
///
/// A topology or a Compose file becomes units only by quadgen, which writes `isolate=true` where separation is meant and
/// no connection breaks by it; so that is what is judged, too.
pub fn isolations<'a>(stack: &'a Stack, platform: &Platform) -> HashMap<&'a str, Isolation> {
    let planned = if stack.format != Format::Quadlet { planned(stack, platform) } else { BTreeSet::new() };
    let networks = stack.networks.values().map(|network| {
        let name = network.name.value.as_str();
        let isolation = match network.options.get("isolate").map(|option| option.value.as_str()) {
            // Podman takes every form in which Go writes a truth value.
            Some("true" | "True" | "TRUE" | "t" | "T" | "1") => Isolation::True,
            Some("strict") => Isolation::Strict,
            Some(_) => Isolation::Off,
            None if planned.contains(name) => Isolation::True,
            None => Isolation::None,
        };
        (name, isolation)
    });
    networks.collect()
}

/// The networks that quadgen isolates: those that are meant to be apart and that this platform would route between. In a
/// topology a `deny` means it; in a Compose file two networks do, because Docker never routes between any.
fn planned<'a>(stack: &'a Stack, platform: &Platform) -> BTreeSet<&'a str> {
    // Only units say it: Compose has no word for it.
    if platform.deploy != Deploy::Quadlet
        || Verdict::from(platform.ask(Question::RoutedBetweenNetworks).fact.is) != Verdict::Yes
    {
        return BTreeSet::new();
    }
    let mut apart = BTreeSet::new();
    if stack.format == Format::Compose {
        apart.extend(stack.networks.keys().map(String::as_str).filter(|name| ordinary(stack, name)));
        // Packets of one network have nowhere else to go.
        if stack.networks.len() < 2 {
            return BTreeSet::new();
        }
    }
    for deny in &stack.deny {
        for from in deny.from.iter().flat_map(|party| networks_of(stack, party)) {
            for to in deny.to.iter().flat_map(|party| networks_of(stack, party)) {
                if from != to && ordinary(stack, from) && ordinary(stack, to) {
                    apart.extend([from, to]);
                }
            }
        }
    }
    // What Docker keeps apart does not talk, whatever a URL says; only who states a connection wants it.
    let wanted = |connection: &&Connection| match stack.format {
        Format::Compose => connection.is_stated(),
        _ => !matches!(connection.witness, Witness::DependsOn | Witness::Asked),
    };
    for service in stack.services.values() {
        for connection in service.connections.iter().filter(wanted) {
            let Target::Service(target) = &connection.to else { continue };
            let Some(target) = stack.services.get(target) else { continue };
            let own: Vec<&str> = names(service).collect();
            let shared = names(target).any(|network| own.contains(&network));
            // This connection needs the way between the networks, so they stay open; the deny is then reported.
            if !shared {
                own.iter().copied().chain(names(target)).for_each(|network| {
                    apart.remove(network);
                });
            }
        }
    }
    apart
}

fn names(service: &Service) -> impl Iterator<Item = &str> {
    service.networks.iter().map(|attachment| attachment.network.value.as_str())
}

fn ordinary(stack: &Stack, name: &str) -> bool {
    stack
        .networks
        .get(name)
        .is_some_and(|network| !network.is_internal() && !network.external && network.driver() == "bridge")
}

fn networks_of<'a>(stack: &'a Stack, party: &'a Party) -> Vec<&'a str> {
    match party {
        Party::Service(name) => stack.services.get(name).map(|service| names(service).collect()).unwrap_or_default(),
        Party::Network(name) => vec![name.as_str()],
        Party::Internet | Party::Host => Vec::new(),
    }
}
