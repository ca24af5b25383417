//! Every attribute that Compose has is known.

use std::path::Path;

use quadgen::platform::schema::{self, Below, Schema};
use serde_json::Value as Json;

use crate::support;

/// Whether a way of keys leads somewhere; `*` is any name, or any item of a list.
fn is_known(schema: &Schema, path: &[&str]) -> bool {
    let schema = schema.resolved();
    let Some((key, rest)) = path.split_first() else { return true };
    if schema.one_of.iter().any(|one| is_known(one, path)) {
        return true;
    }
    if let Some(items) = schema.items.as_ref() {
        return is_known(items, if *key == "*" { rest } else { path });
    }
    match schema.below(if *key == "*" { "name" } else { key }) {
        Below::Schema(below) => is_known(below, rest),
        // What is free holds every name.
        Below::Anything => *key == "*" || schema.properties.is_empty() && schema.forms().is_empty(),
        Below::Unknown => false,
    }
}

#[test]
fn every_attribute_is_known() {
    let list = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/facts/compose-quadlet-map.json");
    let Ok(text) = std::fs::read_to_string(list) else {
        return support::say("not run: there is no list of attributes at ../shared/facts");
    };
    let list: Json = serde_json::from_str(&text).unwrap();
    let paths: Vec<&str> =
        list["map"].as_array().unwrap().iter().map(|entry| entry["compose"].as_str().unwrap()).collect();
    // `network_mode=host` is an attribute and one of its values.
    let keys = |path: &str| path.split('=').next().unwrap_or("").split('.').map(str::to_owned).collect::<Vec<_>>();
    let unknown: Vec<&&str> = paths
        .iter()
        .filter(|path| !is_known(schema::compose(), &keys(path).iter().map(String::as_str).collect::<Vec<_>>()))
        .collect();
    support::say(&format!("attributes of Compose: {} known", paths.len() - unknown.len()));
    assert!(unknown.is_empty(), "{unknown:?}");
    assert!(!is_known(schema::compose(), &["services", "*", "imgae"]));
}
