//! Compose's attributes and where each goes in a Quadlet unit: `data/compose-attributes.json`.

use std::sync::LazyLock;

use serde::Deserialize;

/// How the value of an attribute is written into a unit.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Shape {
    /// One value, one line.
    Text,
    /// A value or a list, a line each.
    List,
    /// A map or a list of `NAME=VALUE`, a line each.
    Pairs,
    /// `true` or `false`.
    Bool,
    /// An argument that stands or does not.
    Switch,
    /// A map or a list of `NAME:ADDRESS`.
    Hosts,
    /// Compose's words for when an image is pulled.
    Pull,
    /// Limits, each a number or a pair of them.
    Ulimits,
    /// A driver and its options.
    Logging,
    /// Limits of resources.
    Deploy,
}

/// One attribute.
#[derive(Debug, Deserialize)]
pub struct Attribute {
    path: &'static str,
    level: &'static str,
    /// How its value is written; none where a unit cannot say it, or where the core knows it.
    #[serde(default)]
    pub shape: Option<Shape>,
    /// The key of `[Container]`.
    #[serde(default)]
    pub key: Option<String>,
    /// The argument of `podman run`.
    #[serde(default)]
    pub flag: Option<String>,
    /// What differs, or why it cannot be said.
    #[serde(default)]
    pub note: String,
}

impl Attribute {
    /// Whether leaving it out changes nothing at run time.
    pub fn is_idle(&self) -> bool {
        self.level == "ignore"
    }
}

pub(super) static ATTRIBUTES: LazyLock<Vec<Attribute>> = LazyLock::new(|| table!("compose-attributes"));

/// The attribute at a path, `services.*.cap_add`.
pub fn find(path: &str) -> Option<&'static Attribute> {
    ATTRIBUTES.iter().find(|attribute| attribute.path == path)
}

/// The names right below a path, sorted; none where Compose leaves them free.
pub fn below(path: &str) -> Vec<&'static str> {
    let mut names: Vec<&str> = ATTRIBUTES
        .iter()
        .filter_map(|attribute| attribute.path.strip_prefix(path)?.strip_prefix('.'))
        .filter_map(|rest| rest.split('.').next())
        .filter(|name| *name != "*")
        .collect();
    names.sort_unstable();
    names.dedup();
    names
}

#[cfg(test)]
mod tests {
    use super::{Shape, below, find};

    #[test]
    fn attributes_are_found_by_path() {
        assert_eq!(find("services.*.cap_add").unwrap().shape, Some(Shape::List));
        assert!(below("services.*").contains(&"network_mode"));
        assert!(below("services.*.build").contains(&"context"));
        assert!(below("services.*.labels").is_empty());
        assert_eq!(below("networks.*.ipam"), ["config", "driver", "options"]);
    }
}
