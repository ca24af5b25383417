//! The JSON schema of `quadgen.toml`, for editors, made of the table that the reader goes by.

use serde_json::{Map, Value, json};

use super::keys::{Key, Kind, LEVELS, TOP, Table};

/// The schema as text.
pub fn schema() -> String {
    let mut root = Map::new();
    root.insert("$schema".to_owned(), json!("http://json-schema.org/draft-07/schema#"));
    root.insert("title".to_owned(), json!("quadgen.toml"));
    root.insert("description".to_owned(), json!("What a repository tells quadgen about all of its stacks."));
    root.extend(table(&TOP));
    // Texts only: nothing here can fail to be written.
    serde_json::to_string_pretty(&Value::Object(root)).unwrap_or_default() + "\n"
}

fn table(table: &Table) -> Map<String, Value> {
    let mut object = Map::new();
    object.insert("type".to_owned(), json!("object"));
    let properties: Map<String, Value> = table.keys.iter().map(|key| (key.name.to_owned(), property(key))).collect();
    object.insert("properties".to_owned(), Value::Object(properties));
    if !table.required.is_empty() {
        object.insert("required".to_owned(), json!(table.required));
    }
    object.insert("additionalProperties".to_owned(), json!(false));
    object
}

fn property(key: &Key) -> Value {
    let levels = json!({"enum": LEVELS.map(|level| level.word())});
    let value = match key.kind {
        Kind::Text => json!({"type": "string"}),
        Kind::Texts | Kind::Rules => json!({"type": "array", "items": {"type": "string"}}),
        Kind::Switch => json!({"type": "boolean"}),
        Kind::Level => levels,
        Kind::Levels => json!({"type": "object", "additionalProperties": levels}),
        Kind::Named => json!({"type": "object", "additionalProperties": {"type": "string"}}),
        Kind::Table(below) => Value::Object(table(below)),
        Kind::Tables(below) => json!({"type": "array", "items": Value::Object(table(below))}),
    };
    let mut property = Map::from_iter([("description".to_owned(), json!(key.about))]);
    if let Value::Object(value) = value {
        property.extend(value);
    }
    Value::Object(property)
}
