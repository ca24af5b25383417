//! Intents, platforms and host services: they travel with the file, under `x-quadgen`.

use serde_json::{Map, Value as Json, json};

use super::{section, text};
use crate::model::{Deny, Party, Service, Stack};
use crate::render::words;

/// The intents of a service, so that they travel with the file.
pub(super) fn intents(stack: &Stack, service: &Service) -> Map<String, Json> {
    let mut out = Map::new();
    if service.internet_denied.is_some() {
        out.insert("internet".into(), text("deny"));
    }
    if service.host_denied.is_some() {
        out.insert("host".into(), text("deny"));
    }
    let stated = service.connections.iter().filter(|connection| connection.is_stated());
    let connects: Vec<Json> = stated.map(|connection| text(&words::connection(connection))).collect();
    if !connects.is_empty() {
        out.insert("connects".into(), Json::Array(connects));
    }
    let own = Party::Service(service.name.value.clone());
    let denied = stack.deny.iter().filter(|deny| deny.from == [own.clone()] && !deny.text.value.contains("->"));
    let denied = denied.flat_map(|deny| &deny.to).map(|party| text(&words::party(stack, party)));
    let denied: Vec<Json> = denied.collect();
    if !denied.is_empty() {
        out.insert("deny".into(), Json::Array(denied));
    }
    out
}

/// What is stated at the top: platforms, host services, and who must not reach whom.
pub(super) fn stated(stack: &Stack) -> Map<String, Json> {
    let mut out = Map::new();
    let platforms = stack.platforms.iter().map(|(name, words)| (name.clone(), text(&words.value)));
    section(&mut out, "platforms", platforms.collect());
    let hosts = stack.host_services.values().map(|host| {
        let mut out = Map::new();
        out.extend(host.port.map(|port| ("port".to_owned(), json!(port.value))));
        out.extend(host.on.as_ref().map(|on| ("on".to_owned(), text(&on.value))));
        out.extend(host.listens.map(|listens| ("listens".to_owned(), text(&listens.value.to_string()))));
        out.extend(host.scheme.as_ref().map(|scheme| ("scheme".to_owned(), text(&scheme.value))));
        (host.name.value.clone(), Json::Object(out))
    });
    section(&mut out, "host_services", hosts.collect());
    // `A <-> B` stands twice in the model, once for each way.
    let mut denied: Vec<&Deny> = stack.deny.iter().collect();
    denied.dedup_by(|a, b| a.text.span() == b.text.span() && a.text.value.contains("->"));
    let lines: Vec<Json> = denied.into_iter().flat_map(|deny| lines(stack, deny)).map(|line| text(&line)).collect();
    if !lines.is_empty() {
        out.insert("deny".into(), Json::Array(lines));
    }
    out
}

/// A denial as it stands at the top; nothing for what stands with its service. A network of units has it in its own file.
fn lines(stack: &Stack, deny: &Deny) -> Vec<String> {
    if deny.text.value.contains("->") {
        return vec![deny.text.value.clone()];
    }
    let party = |party| words::party(stack, party);
    let networks = deny.from.iter().filter(|from| !matches!(from, Party::Service(_)));
    networks.flat_map(|from| deny.to.iter().map(move |to| format!("{} -> {}", party(from), party(to)))).collect()
}
