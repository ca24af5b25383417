//! A tree against the schema: forms, unknown keys, and texts that have to be numbers.

use super::super::reader::Reader;
use crate::maps::HashSet;
use crate::model::Duration;
use crate::platform::schema::{Below, Cast, Form, Schema, fits};
use crate::syntax::yaml::{Entry, Kind, Node, Plain};

impl Reader {
    /// Reports what is out of form, and turns texts into what they have to be.
    pub(super) fn check(&mut self, node: &mut Node, schema: &Schema, name: &str) {
        let schema = schema.resolved();
        if let Some(cast) = schema.cast
            && !self.cast(node, cast, name)
        {
            return;
        }
        if !schema.one_of.is_empty() {
            return self.one_of(node, &schema.one_of, name);
        }
        let forms = schema.forms();
        if !forms.is_empty() && !forms.iter().any(|form| has_form(node, *form)) {
            return self.wrong_form(node, forms, name);
        }
        match &mut node.kind {
            Kind::Mapping(entries) => {
                let mut good = true;
                for entry in entries.iter_mut() {
                    match schema.below(&entry.key) {
                        Below::Schema(below) => self.check(&mut entry.value, below, &entry.key),
                        Below::Anything => {}
                        Below::Unknown => {
                            good = false;
                            self.unknown_key(entry, schema, name);
                        }
                    }
                }
                let missing = schema.required.iter().find(|key| entries.iter().all(|entry| entry.key != **key));
                // A misspelt key may be the one that is missing.
                if let Some(key) = missing.filter(|_| good) {
                    self.invalid(node.span, format!("`{name}` needs `{key}`"));
                }
            }
            Kind::Sequence(items) => {
                let unique = schema.unique_items && items.len() > 1;
                let mut seen = HashSet::default();
                for item in items.iter_mut() {
                    if let Some(schema) = &schema.items
                        && !self.is_text_with_colon(item, schema, name)
                    {
                        self.check(item, schema, name);
                    }
                    let text = item.text().filter(|_| unique);
                    if text.is_some_and(|text| !seen.insert(text.to_owned())) {
                        let text = item.text().unwrap_or("").escape_debug().to_string();
                        self.invalid(item.span, format!("`{text}` stands twice in `{name}`"));
                    }
                }
            }
            Kind::Scalar { text, .. } => {
                let known = schema.words.is_empty() || schema.words.contains(&text.as_str());
                if !known {
                    self.invalid(node.span, format!("`{name}` must be one of: {}", schema.words.join(", ")));
                } else if schema.pattern.as_deref().is_some_and(|pattern| !fits(pattern, text)) {
                    self.invalid(node.span, format!("`{}` cannot be `{name}`", text.escape_debug()));
                } else if let (true, Ok(number)) = (node_is_number(node), node.text().unwrap_or("").parse::<f64>()) {
                    let (low, high) = (schema.minimum, schema.maximum);
                    if low.is_some_and(|low| number < low) || high.is_some_and(|high| number > high) {
                        self.invalid(node.span, format!("`{name}` cannot be {number}"));
                    }
                }
            }
        }
    }

    fn unknown_key(&mut self, entry: &Entry, schema: &Schema, name: &str) {
        let known: Vec<&str> = schema.properties.keys().copied().collect();
        if known.is_empty() {
            return self
                .invalid(entry.key_span, format!("`{}` cannot be a name in `{name}`", entry.key.escape_debug()));
        }
        let place = if name.is_empty() { "a Compose file".to_owned() } else { format!("`{name}`") };
        self.unknown(entry, &place, &known);
    }

    /// Checks against the one of several forms that the value has.
    fn one_of(&mut self, node: &mut Node, schemas: &[Schema], name: &str) {
        let fits = |schema: &&Schema| {
            let schema = schema.resolved();
            let castable = schema.cast.is_some() && node.text().is_some();
            schema.forms().is_empty() || castable || schema.forms().iter().any(|form| has_form(node, *form))
        };
        // A text may be a number that has bounds, too: the first form that it has decides.
        match schemas.iter().find(fits) {
            Some(schema) => self.check(node, schema, name),
            None => {
                let forms: Vec<Form> = schemas.iter().flat_map(|schema| schema.resolved().forms()).copied().collect();
                self.wrong_form(node, &forms, name);
            }
        }
    }

    fn wrong_form(&mut self, node: &Node, forms: &[Form], name: &str) {
        let mut words: Vec<&str> = forms.iter().map(|form| word(*form)).collect();
        words.dedup();
        let words = match words.split_last() {
            Some((last, rest)) if !rest.is_empty() => format!("{} or {last}", rest.join(", ")),
            Some((only, _)) => (*only).to_owned(),
            None => String::new(),
        };
        self.partial |= !matches!(node.kind, Kind::Scalar { .. });
        let here = match node.plain() {
            Some(Plain::Integer(_) | Plain::Float(_)) => "a number",
            Some(Plain::Bool(_)) => "a boolean",
            Some(Plain::Text) => "a text",
            Some(Plain::Null) | None => node.describe(),
        };
        self.invalid(node.span, format!("`{name}` must be {words}, and here is {here}"));
    }

    /// Turns a text into what it has to be; `false` where it cannot be.
    fn cast(&mut self, node: &mut Node, cast: Cast, name: &str) -> bool {
        let Kind::Scalar { text, plain } = &mut node.kind else { return true };
        if *plain && Plain::of(text) == Plain::Null {
            return true;
        }
        let whole = |text: &str| text.strip_prefix(['+', '-']).unwrap_or(text).parse::<u64>().is_ok();
        let (good, form) = match cast {
            Cast::Boolean => match boolean(text) {
                Some(value) => {
                    *text = value.to_string();
                    *plain = true;
                    (true, "")
                }
                None => (false, "true or false"),
            },
            Cast::Integer => (whole(text), "a whole number"),
            Cast::Number => (text.parse::<f64>().is_ok(), "a number"),
            Cast::Bytes => (is_size(text), "a number of bytes, or one with b, k, m, g or t"),
            Cast::Duration => (text.parse::<Duration>().is_ok(), "a time such as 30s or 1m30s"),
        };
        if !good {
            let text = text.escape_debug().to_string();
            self.invalid(node.span, format!("`{name}` must be {form}, and here is `{text}`"));
        } else if matches!(cast, Cast::Integer | Cast::Number) {
            *plain = true;
        }
        good
    }
}

/// What Compose takes for a boolean. Source: tried with docker-compose 2.40.3.
fn boolean(text: &str) -> Option<bool> {
    match text.to_lowercase().as_str() {
        "true" | "1" | "t" | "yes" | "y" | "on" => Some(true),
        "false" | "0" | "f" | "no" | "n" | "off" => Some(false),
        _ => None,
    }
}

/// Whether a text is a size as Docker writes it: `64m`, `1.5 GiB`.
fn is_size(text: &str) -> bool {
    let lower = text.to_lowercase();
    let end = lower.find(|c: char| !(c.is_ascii_digit() || c == '.' || c == '-')).unwrap_or(lower.len());
    let (number, unit) = lower.split_at(end);
    let units = ["", "b", "k", "kb", "kib", "m", "mb", "mib", "g", "gb", "gib", "t", "tb", "tib", "p", "pb", "pib"];
    number.parse::<f64>().is_ok() && units.contains(&unit.trim_start())
}

fn node_is_number(node: &Node) -> bool {
    matches!(node.plain(), Some(Plain::Integer(_) | Plain::Float(_)))
}

fn has_form(node: &Node, form: Form) -> bool {
    match (form, node.plain()) {
        (Form::Array, None) => matches!(node.kind, Kind::Sequence(_)),
        (Form::Object, None) => matches!(node.kind, Kind::Mapping(_)),
        (Form::Null, Some(Plain::Null)) => true,
        (Form::Boolean, Some(Plain::Bool(_))) => true,
        (Form::Integer | Form::Number, Some(Plain::Integer(_))) => true,
        (Form::Number, Some(Plain::Float(_))) => true,
        (Form::String, Some(Plain::Text)) => true,
        _ => false,
    }
}

fn word(form: Form) -> &'static str {
    match form {
        Form::Null => "nothing",
        Form::Boolean => "true or false",
        Form::Integer => "a whole number",
        Form::Number => "a number",
        Form::String => "a text",
        Form::Array => "a list",
        Form::Object => "a mapping",
    }
}

/// Writes plain numbers and booleans as Compose prints them (`0755` is 493), in a whole tree.
pub(super) fn canonical(node: &mut Node) {
    match &mut node.kind {
        Kind::Scalar { text, plain: true } => {
            let shown = match Plain::of(text) {
                Plain::Bool(value) => value.to_string(),
                Plain::Integer(text) | Plain::Float(text) => text,
                Plain::Null | Plain::Text => return,
            };
            if *text != shown {
                *text = shown;
                node.interpolated = true;
            }
        }
        Kind::Scalar { .. } => {}
        Kind::Sequence(items) => items.iter_mut().for_each(canonical),
        Kind::Mapping(entries) => entries.iter_mut().for_each(|entry| canonical(&mut entry.value)),
    }
}
