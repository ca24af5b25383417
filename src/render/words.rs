//! Compose's words for what the model holds, which a topology shares.

use crate::model::{Condition, Connection, NetworkMode, Party, Stack, Target};

/// How mounts can pass on what is mounted below them. Source: the Compose specification.
pub(super) const PROPAGATIONS: [&str; 6] = ["private", "rprivate", "shared", "rshared", "slave", "rslave"];

/// The value of `network_mode`.
pub(crate) fn network_mode(mode: &NetworkMode) -> String {
    match mode {
        NetworkMode::Host => "host".to_owned(),
        NetworkMode::None => "none".to_owned(),
        NetworkMode::Bridge => "bridge".to_owned(),
        NetworkMode::Service(name) => format!("service:{name}"),
        NetworkMode::Container(name) => format!("container:{name}"),
        NetworkMode::Other(text) => text.clone(),
    }
}

/// The value of `condition`.
pub(crate) fn condition(condition: Condition) -> &'static str {
    match condition {
        Condition::Started => "service_started",
        Condition::Healthy => "service_healthy",
        Condition::Completed => "service_completed_successfully",
    }
}

/// An item of `connects`.
pub(crate) fn connection(connection: &Connection) -> String {
    match (&connection.to, connection.port) {
        (Target::Service(name), Some(port)) => format!("{name}:{port}"),
        (Target::Service(name), None) => name.clone(),
        (Target::Host(name), _) => format!("host.{name}"),
    }
}

/// A party of a denial, by a name that can be read back: what is a service and a network says which it means.
pub(crate) fn party(stack: &Stack, party: &Party) -> String {
    let both = |name: &String| stack.services.contains_key(name) && stack.networks.contains_key(name);
    match party {
        Party::Service(name) if both(name) => format!("service:{name}"),
        Party::Network(name) if both(name) => format!("network:{name}"),
        Party::Service(name) | Party::Network(name) => name.clone(),
        Party::Internet => "internet".to_owned(),
        Party::Host => "host".to_owned(),
    }
}
