//! A stack as commands of Podman, for releases that are older than Quadlet: what the generator would tell Podman.

use std::fmt::Write;

use quadgen::model::{Attachment, ContainerName, Network, NetworkMode, Service, ServiceKind, Stack};
use quadgen::network::Wiring;
use quadgen::platform::Platform;

/// Lines of bash that start everything of a stack.
pub fn of(stack: &Stack, platform: &Platform) -> String {
    let wiring = Wiring::new(stack, platform);
    let mut lines = "set -e\n".to_owned();
    for network in stack.networks.values().filter(|network| !network.external) {
        lines += &create(&wiring, network);
    }
    // Who owns a network goes before those that live in it.
    let mut services: Vec<&Service> = stack.services.values().collect();
    services.sort_by_key(|service| {
        let lives = matches!(service.network_mode.as_ref().map(|mode| &mode.value), Some(NetworkMode::Service(_)));
        (lives, service.kind != ServiceKind::Pod)
    });
    services.iter().for_each(|service| lines += &start(&wiring, service));
    lines
}

/// How many containers run then: a pod has one of its own.
pub fn containers(stack: &Stack) -> usize {
    stack.services.len()
}

fn create(wiring: &Wiring<'_>, network: &Network) -> String {
    let mut line = "podman network create".to_owned();
    if network.is_internal() {
        line += " --internal";
    }
    if network.dns_disabled.is_some() {
        line += " --disable-dns";
    }
    for subnet in network.subnets.iter().filter_map(|subnet| subnet.subnet.as_ref()) {
        let _ = write!(line, " --subnet {}", subnet.value);
    }
    for (option, value) in &network.options {
        let _ = write!(line, " --opt {option}={}", value.value);
    }
    let isolated = wiring.isolations[network.name.value.as_str()];
    if isolated == quadgen::network::Isolation::True && !network.options.contains_key("isolate") {
        line += " --opt isolate=true";
    }
    format!("{line} {}\n", network.object())
}

fn start(wiring: &Wiring<'_>, service: &Service) -> String {
    let name = wiring.container_name(service);
    if service.kind == ServiceKind::Pod {
        let infra = format!("{name}-infra");
        let mut line = format!("podman pod create --name {name} --infra-name {infra}");
        networks(wiring, service, &mut line);
        ports(service, &mut line);
        return format!("{line}\npodman pod start {name}\n");
    }
    let mut line = format!("podman run --detach --name {name}");
    let owner = wiring.owner(service);
    match service.network_mode.as_ref().map(|mode| &mode.value) {
        Some(NetworkMode::Service(_)) if owner.kind == ServiceKind::Pod => {
            let _ = write!(line, " --pod {}", wiring.container_name(owner));
        }
        Some(NetworkMode::Service(_)) => _ = write!(line, " --network container:{}", wiring.container_name(owner)),
        Some(NetworkMode::Host) => line += " --network host",
        Some(NetworkMode::None) => line += " --network none",
        _ => networks(wiring, service, &mut line),
    }
    ports(service, &mut line);
    if let Some((_, hosts)) = service.attributes.get("extra_hosts") {
        hosts.texts().iter().for_each(|entry| _ = write!(line, " --add-host {entry}"));
    }
    if let Some(hostname) = &service.hostname {
        let _ = write!(line, " --hostname {}", hostname.value);
    }
    debug_assert!(!matches!(&service.container_name, ContainerName::Named(text) if text.value != name));
    let words: Vec<&str> = service.command.iter().flatten().map(|word| word.value.as_str()).collect();
    format!("{line} {} {}\n", service.image.as_ref().unwrap().value, words.join(" "))
}

fn networks(wiring: &Wiring<'_>, service: &Service, line: &mut String) {
    for Attachment { network, aliases, ipv4, .. } in &service.networks {
        let mut options: Vec<String> = aliases.iter().map(|alias| format!("alias={}", alias.value)).collect();
        options.extend(ipv4.iter().map(|address| format!("ip={}", address.value)));
        let object = wiring.stack.networks[&network.value].object();
        let _ = write!(line, " --network {object}{}{}", if options.is_empty() { "" } else { ":" }, options.join(","));
    }
}

fn ports(service: &Service, line: &mut String) {
    service.ports.iter().for_each(|port| _ = write!(line, " --publish {}", port.value));
}
