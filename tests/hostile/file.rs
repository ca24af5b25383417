//! A file with a value at a place, and where that place is.

use std::ops::Range;

use serde_json::{Map, Value as Json, json};

/// Stands where a value comes from outside of the file.
pub const OUTSIDE: &str = "${OUT}";

/// A project of a service, a network and a volume, with what a row puts over it.
pub fn project(over: &Json) -> Json {
    let mut file = json!({
        "name": "pID", "services": {"svcID": {"image": "docker.io/library/x:1", "networks": ["netID"]}},
        "networks": {"netID": {}}, "volumes": {"volID": {}},
    });
    merge(&mut file, over);
    let service = file["services"]["svcID"].as_object_mut().unwrap();
    if service.contains_key("network_mode") {
        service.remove("networks");
    }
    file
}

fn merge(into: &mut Json, over: &Json) {
    let (Json::Object(into), Json::Object(over)) = (&mut *into, over) else {
        *into = over.clone();
        return;
    };
    for (key, value) in over {
        match value {
            Json::Null => drop(into.remove(key)),
            Json::Object(_) if into.get(key).is_none_or(Json::is_object) => {
                merge(into.entry(key).or_insert_with(|| json!({})), value)
            }
            value => drop(into.insert(key.clone(), value.clone())),
        }
    }
}

/// The text of a file with a value in its place, and where the entries are that hold it. `dollar` is what stands for a
/// `$` in values.
pub fn text(file: &Json, id: &str, value: &str, dollar: &str) -> (String, Vec<Range<usize>>) {
    let mut writer = Writer { out: String::new(), places: Vec::new(), id, value, dollar };
    writer.map(file.as_object().unwrap(), 0);
    writer.out.push('\n');
    (writer.out, writer.places)
}

struct Writer<'a> {
    out: String,
    places: Vec<Range<usize>>,
    id: &'a str,
    value: &'a str,
    dollar: &'a str,
}

impl Writer<'_> {
    fn map(&mut self, entries: &Map<String, Json>, depth: usize) {
        self.out.push('{');
        for (at, (key, value)) in entries.iter().enumerate() {
            self.out.push_str(if at > 0 { ", " } else { "" });
            let start = self.out.len();
            self.string(key, "$");
            self.out.push_str(": ");
            self.any(value, depth + 1);
            let holds = |text: &str| text.contains("@@") || text.contains(OUTSIDE);
            // An attribute of an object, or the whole object that is called so.
            let is_place = match value {
                Json::Object(_) if depth < 2 => holds(key),
                value => depth <= 2 && (holds(key) || holds(&value.to_string())),
            };
            if is_place {
                self.places.push(start..self.out.len());
            }
        }
        self.out.push('}');
    }

    fn any(&mut self, value: &Json, depth: usize) {
        match value {
            Json::Object(entries) => self.map(entries, depth),
            Json::Array(items) => {
                self.out.push('[');
                for (at, item) in items.iter().enumerate() {
                    self.out.push_str(if at > 0 { ", " } else { "" });
                    self.any(item, depth);
                }
                self.out.push(']');
            }
            Json::String(text) => self.string(text, self.dollar),
            other => self.out.push_str(&other.to_string()),
        }
    }

    fn string(&mut self, text: &str, dollar: &str) {
        let text = text.replace("ID", self.id).replace("@@", &self.value.replace('$', dollar));
        self.out.push('"');
        for c in text.chars() {
            match c {
                '"' | '\\' => self.out.extend(['\\', c]),
                ' '..='~' => self.out.push(c),
                c => self.out.push_str(&format!("\\U{:08x}", u32::from(c))),
            }
        }
        self.out.push('"');
    }
}
