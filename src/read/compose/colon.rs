//! Items of lists that are meant as texts, and that a `: ` in them makes mappings of.

use super::super::reader::Reader;
use crate::diagnostic::{Diagnostic, input};
use crate::platform::schema::{Form, Schema};
use crate::syntax::yaml::{Entry, Kind, Node};

/// How much of a text a message shows.
const SHOWN: usize = 60;

impl Reader {
    /// Reports an item that can be meant as a text only; whether it is one.
    pub(super) fn is_text_with_colon(&mut self, item: &Node, schema: &Schema, list: &str) -> bool {
        let Kind::Mapping(entries) = &item.kind else { return false };
        let [entry] = entries.as_slice() else { return false };
        let forms = forms(schema);
        let may_be_mapping = forms.contains(&Form::Object);
        if !forms.contains(&Form::String) || (may_be_mapping && !is_no_key(&entry.key)) {
            return false;
        }
        // What the item says is not known, so what follows from its absence is none.
        self.partial = true;
        let message = format!("`: ` makes a mapping of this item of `{list}`");
        let new = |message| Diagnostic::new(&input::INVALID_VALUE, item.span, message).here("meant as one text");
        let found = match entry.key.split_once(" ? ") {
            Some((_, then)) => {
                let then = shown(then.trim());
                new(format!("{message}, and Compose has no conditions (`a ? b : c`)"))
                    .help("Why: in YAML `: ` separates a key from its value; Compose knows defaults only, `${X:-default}`.")
                    .help(format!(
                        "What helps: one of the two, `- {then}`; with a variable for what differs, as in \
                         `- ${{X:-default}}:…`."
                    ))
            }
            None => new(message)
                .help("Why: in YAML `: ` separates a key from its value.")
                .help(format!("What helps: {}.", meant(list, entry))),
        };
        self.diagnostics.push(found);
        true
    }
}

/// The forms that an item may have.
fn forms(schema: &Schema) -> Vec<Form> {
    let schema = schema.resolved();
    let several = schema.one_of.iter().flat_map(|schema| schema.resolved().forms());
    schema.forms().iter().chain(several).copied().collect()
}

/// Whether no key of Compose is called so: it has blanks or signs, or is a port or an address.
fn is_no_key(key: &str) -> bool {
    key.contains(['/', '$', '?']) || key.contains(char::is_whitespace) || key.starts_with(|c: char| c.is_ascii_digit())
}

/// What to write. Values of variables may be secrets, so they are not shown.
fn meant(list: &str, entry: &Entry) -> String {
    let key = shown(&entry.key);
    match (list, entry.value.text()) {
        ("environment" | "labels" | "args", _) => format!("`- {key}=…`, with `=`; or a mapping without the `-`"),
        ("volumes" | "ports" | "extra_hosts" | "devices" | "tmpfs", Some(value)) if !value.is_empty() => {
            format!("`- \"{key}:{}\"`, without the blank", shown(value))
        }
        _ => format!("quotes around the whole item, `- \"{key}: …\"`"),
    }
}

fn shown(text: &str) -> String {
    let mut shown: String = text.chars().take(SHOWN).collect();
    if shown.len() < text.len() {
        shown.push('…');
    }
    shown.escape_debug().to_string()
}
