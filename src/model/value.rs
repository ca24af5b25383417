//! A value of the source layer: what an attribute says that the core does not use.

use crate::source::Span;

/// A value with its place; equal to another by what it says.
#[derive(Clone, Debug)]
pub struct Value {
    /// Where it stands.
    pub span: Span,
    /// What it says.
    pub data: Data,
}

/// The forms a value has.
#[derive(Clone, PartialEq, Debug)]
pub enum Data {
    /// Nothing.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// A number, as written.
    Number(String),
    /// A text.
    Text(String),
    /// A list.
    List(Vec<Value>),
    /// Keys and values, in the order of the file.
    Map(Vec<(String, Value)>),
}

impl PartialEq for Value {
    fn eq(&self, other: &Self) -> bool {
        self.data == other.data
    }
}

impl Value {
    /// The text of a single value; none for null, lists and maps.
    pub fn scalar(&self) -> Option<String> {
        match &self.data {
            Data::Bool(value) => Some(value.to_string()),
            Data::Number(text) | Data::Text(text) => Some(text.clone()),
            Data::Null | Data::List(_) | Data::Map(_) => None,
        }
    }

    /// The single values of a list, or the one value that stands for a list of one.
    pub fn texts(&self) -> Vec<String> {
        match &self.data {
            Data::List(items) => items.iter().filter_map(Value::scalar).collect(),
            _ => self.scalar().into_iter().collect(),
        }
    }

    /// The value under a key of a map.
    pub fn get(&self, key: &str) -> Option<&Value> {
        match &self.data {
            Data::Map(entries) => entries.iter().find(|(name, _)| name == key).map(|(_, value)| value),
            _ => None,
        }
    }

    /// Whether a text anywhere in it, keys included, fulfils a condition.
    pub fn any_text(&self, condition: &impl Fn(&str) -> bool) -> bool {
        match &self.data {
            Data::Text(text) => condition(text),
            Data::List(items) => items.iter().any(|item| item.any_text(condition)),
            Data::Map(entries) => entries.iter().any(|(key, value)| condition(key) || value.any_text(condition)),
            Data::Null | Data::Bool(_) | Data::Number(_) => false,
        }
    }
}
