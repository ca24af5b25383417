//! The forms of a Compose file: `data/compose-schema.json`.
//!
//! The structure of the Compose specification's own schema as docker-compose 2.40.3 carries it, without its texts.
//! `cast` is added: what a text at that place has to be, because docker-compose turns it into that (tried with 2.40.3).

use std::borrow::Cow;
use std::sync::LazyLock;

use serde::Deserialize;

use crate::maps::IndexMap;

/// The forms that a value may have.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Form {
    /// Nothing.
    Null,
    /// `true` or `false`.
    Boolean,
    /// A whole number.
    Integer,
    /// Any number.
    Number,
    /// A text.
    String,
    /// A list.
    Array,
    /// A mapping.
    Object,
}

/// What a text is turned into.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Cast {
    /// `true` or `false`.
    Boolean,
    /// A whole number.
    Integer,
    /// Any number.
    Number,
    /// A size such as `64m`.
    Bytes,
    /// A time such as `1m30s`.
    Duration,
}

#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Forms {
    One(Form),
    Any(Vec<Form>),
}

/// Whether keys that nobody lists are allowed.
#[derive(Debug, Deserialize)]
#[serde(untagged, bound(deserialize = "'de: 'static"))]
enum Additional {
    Allowed(bool),
    /// As the schema says; no file of the specification does.
    Schema(Box<Schema>),
}

/// What a value has to look like.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Schema {
    #[serde(rename = "$ref")]
    reference: Option<&'static str>,
    #[serde(rename = "type")]
    forms: Option<Forms>,
    /// One of these, if there are any.
    #[serde(default)]
    pub one_of: Vec<Schema>,
    /// What a text is turned into.
    pub cast: Option<Cast>,
    /// The keys of a mapping.
    #[serde(borrow, default)]
    pub properties: IndexMap<&'static str, Schema>,
    #[serde(borrow, default)]
    pattern_properties: IndexMap<&'static str, Schema>,
    additional_properties: Option<Additional>,
    /// The items of a list.
    pub items: Option<Box<Schema>>,
    /// Whether an item may stand once only.
    #[serde(default)]
    pub unique_items: bool,
    /// The texts that are allowed, if not all.
    #[serde(rename = "enum", borrow, default)]
    pub words: Vec<&'static str>,
    /// The form of a text, as a regular expression.
    #[serde(borrow, default)]
    pub pattern: Option<Cow<'static, str>>,
    /// The smallest number.
    pub minimum: Option<f64>,
    /// The largest number.
    pub maximum: Option<f64>,
    /// The keys that have to be there.
    #[serde(borrow, default)]
    pub required: Vec<&'static str>,
    #[serde(borrow, default)]
    definitions: IndexMap<&'static str, Schema>,
}

/// What stands under a key.
pub enum Below<'a> {
    /// This.
    Schema(&'a Schema),
    /// Anything.
    Anything,
    /// There is no such key.
    Unknown,
}

static COMPOSE: LazyLock<Schema> = LazyLock::new(|| table!("compose-schema"));

/// A whole Compose file.
pub fn compose() -> &'static Schema {
    &COMPOSE
}

impl Schema {
    /// The schema itself, or the one that it refers to.
    pub fn resolved(&self) -> &Schema {
        let name = self.reference.and_then(|reference| reference.strip_prefix("#/definitions/"));
        name.and_then(|name| COMPOSE.definitions.get(name)).unwrap_or(self)
    }

    /// The forms it allows; all where it names none.
    pub fn forms(&self) -> &[Form] {
        match &self.forms {
            Some(Forms::One(form)) => std::slice::from_ref(form),
            Some(Forms::Any(forms)) => forms,
            None => &[],
        }
    }

    /// What stands under a key of a mapping.
    pub fn below(&self, key: &str) -> Below<'_> {
        if let Some(schema) = self.properties.get(key) {
            return Below::Schema(schema.resolved());
        }
        if let Some((_, schema)) = self.pattern_properties.iter().find(|(pattern, _)| fits(pattern, key)) {
            return Below::Schema(schema.resolved());
        }
        match &self.additional_properties {
            Some(Additional::Allowed(false)) => Below::Unknown,
            Some(Additional::Schema(schema)) => Below::Schema(schema.resolved()),
            _ => Below::Anything,
        }
    }
}

/// Whether a text fits one of the schema's regular expressions. They are few, so each is written out; a test looks
/// that no other stands in the data.
pub fn fits(pattern: &str, text: &str) -> bool {
    let name = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
    match pattern {
        "^x-" => text.starts_with("x-"),
        ".+" | "^.+$" => !text.is_empty(),
        "^[a-z]+$" => !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_lowercase()),
        "^[a-zA-Z0-9._-]+$" => !text.is_empty() && text.chars().all(name),
        // Not anchored: somewhere in the text.
        "[a-zA-Z0-9][a-zA-Z0-9_.-]+" => {
            text.chars().zip(text.chars().skip(1)).any(|(a, b)| a.is_ascii_alphanumeric() && name(b))
        }
        "always|never|build|if_not_present|missing|refresh|daily|weekly|every_([0-9]+[wdhms])+" => {
            let every = |rest: &str| rest.starts_with(|c: char| c.is_ascii_digit());
            ["always", "never", "build", "if_not_present", "missing", "refresh", "daily", "weekly"]
                .iter()
                .any(|word| text.contains(word))
                || text.split("every_").skip(1).any(every)
        }
        _ => true,
    }
}

#[cfg(test)]
mod tests {
    use super::{Schema, compose, fits};
    use crate::platform::attributes;

    fn patterns<'a>(schema: &'a Schema, found: &mut Vec<&'a str>) {
        found.extend(schema.pattern.as_deref());
        found.extend(schema.pattern_properties.keys());
        let below = schema.properties.values().chain(schema.pattern_properties.values()).chain(&schema.one_of);
        let below = below.chain(schema.items.as_deref()).chain(schema.definitions.values());
        below.for_each(|schema| patterns(schema, found));
    }

    #[test]
    fn every_pattern_is_known() {
        let mut found = Vec::new();
        patterns(compose(), &mut found);
        // A text that fits nothing tells a known pattern from the others.
        let unknown: Vec<&&str> = found.iter().filter(|pattern| fits(pattern, "")).collect();
        assert!(unknown.is_empty(), "{unknown:?}");
    }

    #[test]
    fn every_attribute_with_a_way_to_units_is_in_the_schema() {
        let service = compose().resolved().properties["services"].pattern_properties[0].resolved();
        for name in attributes::below("services.*") {
            assert!(service.properties.contains_key(name), "{name}");
        }
        for (part, at) in [("networks.*", "networks"), ("volumes.*", "volumes"), ("secrets.*", "secrets")] {
            let schema = compose().properties[at].pattern_properties[0].resolved();
            for name in attributes::below(part) {
                assert!(schema.properties.contains_key(name), "{at}: {name}");
            }
        }
    }
}
