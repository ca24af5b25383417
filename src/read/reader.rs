//! What every reader needs: values out of a tree, and findings where they are out of form.

use std::str::FromStr;

use crate::diagnostic::{Change, Diagnostic, input};
use crate::maps::HashSet;
use crate::model::{Data, Origin, Spanned, Text, Value, is_mark, is_name};
use crate::source::Span;
use crate::suggest;
use crate::syntax::yaml::{Entry, Kind, Node};

/// Collects findings while values are read.
#[derive(Default)]
pub(super) struct Reader {
    pub diagnostics: Vec<Diagnostic>,
    /// Whether something was left out that others may refer to, or that may hold much: a whole list, a named object.
    pub partial: bool,
    /// Whether the runtime is handed what stands in the file, so that any name goes which it may take: in a Compose
    /// file, but not in a topology, whose names become files and units.
    pub lenient: bool,
}

impl Reader {
    pub fn invalid(&mut self, span: Span, message: impl Into<String>) {
        self.diagnostics.push(Diagnostic::new(&input::INVALID_VALUE, span, message));
    }

    /// A key that the place does not have.
    pub fn unknown(&mut self, entry: &Entry, place: &str, known: &[&str]) {
        let mut found = Diagnostic::new(
            &input::UNKNOWN_KEY,
            entry.key_span,
            format!("{place} has no key `{}`", entry.key.escape_debug()),
        );
        match suggest::nearest(&entry.key, known.iter().copied()) {
            Some(near) => {
                let change = Change::Replace { span: entry.key_span, text: near.to_owned() };
                found = found.here(format!("did you mean `{near}`?")).fix(
                    format!("rename to `{near}`"),
                    true,
                    vec![change],
                );
            }
            None if known.len() <= 12 => found = found.help(format!("It has: {}.", known.join(", "))),
            None => {}
        }
        self.diagnostics.push(found);
    }

    /// The entries of a mapping; nothing stands for an empty one.
    pub fn entries<'n>(&mut self, node: &'n Node, what: &str) -> &'n [Entry] {
        match &node.kind {
            Kind::Mapping(entries) => entries,
            _ if node.is_null() => &[],
            _ => {
                self.partial = true;
                self.invalid(node.span, format!("{what} must be a mapping, and here is {}", node.describe()));
                &[]
            }
        }
    }

    /// Reports what no text holds, anywhere in a tree: a NUL, with which no program gets a text, and what stands for
    /// something else in the renderer's texts.
    pub fn characters(&mut self, node: &Node, what: &str) {
        match &node.kind {
            Kind::Scalar { text, .. } => self.no_character(text, node.span, what),
            Kind::Sequence(items) => items.iter().for_each(|item| self.characters(item, what)),
            Kind::Mapping(entries) => {
                for entry in entries {
                    self.no_character(&entry.key, entry.key_span, if what.is_empty() { "a key" } else { what });
                    self.characters(&entry.value, &entry.key);
                }
            }
        }
    }

    fn no_character(&mut self, text: &str, span: Span, what: &str) {
        if let Some(bad) = no_character(text) {
            let (what, bad) = (what.escape_debug(), bad.escape_unicode());
            self.invalid(span, format!("{what} holds {bad}, which is no character of a text"));
        }
    }

    /// The items of a list; nothing stands for an empty one.
    pub fn items<'n>(&mut self, node: &'n Node, what: &str) -> &'n [Node] {
        match &node.kind {
            Kind::Sequence(items) => items,
            _ if node.is_null() => &[],
            _ => {
                self.partial = true;
                self.invalid(node.span, format!("{what} must be a list, and here is {}", node.describe()));
                &[]
            }
        }
    }

    /// The items of a list, or the one value that stands for a list of one.
    pub fn items_or_one<'n>(&mut self, node: &'n Node, what: &str) -> &'n [Node] {
        match &node.kind {
            Kind::Scalar { .. } if !node.is_null() => std::slice::from_ref(node),
            _ => self.items(node, what),
        }
    }

    /// A text; numbers and booleans count as what they look like.
    pub fn text(&mut self, node: &Node, what: &str) -> Option<Text> {
        match &node.kind {
            Kind::Scalar { text, .. } if !node.is_null() => {
                // Reported by `characters`.
                if no_character(text).is_some() {
                    return None;
                }
                Some(Spanned { value: text.clone(), origin: origin(node) })
            }
            _ => {
                self.invalid(node.span, format!("{what} must be a text, and here is {}", node.describe()));
                None
            }
        }
    }

    /// A value that parses itself.
    pub fn parsed<T: FromStr<Err = String>>(&mut self, node: &Node, what: &str) -> Option<Spanned<T>> {
        let text = self.text(node, what)?;
        match text.value.parse() {
            Ok(value) => Some(Spanned { value, origin: origin(node) }),
            Err(message) => {
                self.invalid(node.span, format!("{what}: {message}"));
                None
            }
        }
    }

    /// A value that Rust's own types parse; `form` says what is right.
    pub fn simple<T: FromStr>(&mut self, node: &Node, what: &str, form: &str) -> Option<Spanned<T>> {
        let text = self.text(node, what)?;
        match text.value.parse() {
            Ok(value) => Some(Spanned { value, origin: origin(node) }),
            Err(_) => {
                self.invalid(node.span, format!("{what}: `{}` is not {form}", text.value.escape_debug()));
                None
            }
        }
    }

    /// `true` or `false`.
    pub fn boolean(&mut self, node: &Node, what: &str) -> Option<Spanned<bool>> {
        let value = match scalar(node) {
            Some(("true" | "True" | "TRUE", true)) => Some(true),
            Some(("false" | "False" | "FALSE", true)) => Some(false),
            _ => None,
        };
        if value.is_none() {
            self.invalid(node.span, format!("{what} must be true or false"));
        }
        value.map(|value| Spanned { value, origin: origin(node) })
    }

    /// A name that is safe as a file's, a unit's and a container's name.
    pub fn name(&mut self, text: &str, span: Span, what: &str) -> bool {
        if self.lenient || is_name(text) {
            return true;
        }
        self.partial = true;
        self.invalid(
            span,
            format!(
                "{what} `{}` is not a name: a letter or digit, then letters, digits, `_`, `.`, `-`",
                text.escape_debug()
            ),
        );
        false
    }

    /// A list of texts, of which each stands once.
    pub fn names(&mut self, node: &Node, what: &str) -> Vec<Text> {
        let mut seen = HashSet::default();
        let items = self.items(node, what);
        items.iter().filter_map(|item| self.text(item, what)).filter(|text| seen.insert(text.value.clone())).collect()
    }
}

/// The first character that no text holds.
fn no_character(text: &str) -> Option<char> {
    // In UTF-8 the other ones begin with this byte, which few texts have.
    let is_suspect = text.bytes().any(|byte| matches!(byte, b'\0' | 0xef));
    if is_suspect { text.chars().find(|c| *c == '\0' || is_mark(*c)) } else { None }
}

/// The text of a single value, and whether it stood without quotes.
pub(super) fn scalar(node: &Node) -> Option<(&str, bool)> {
    match &node.kind {
        Kind::Scalar { text, plain } if !node.is_null() => Some((text, *plain)),
        _ => None,
    }
}

/// Where a value came from.
pub(super) fn origin(node: &Node) -> Origin {
    if node.interpolated { Origin::Interpolated(node.span) } else { Origin::Written(node.span) }
}

/// The place of a part of a value; the whole value where quotes or escapes hide the part.
pub(super) fn part(text: &Spanned<impl AsRef<str>>, from: usize, to: usize) -> Span {
    let span = text.span();
    if matches!(text.origin, Origin::Interpolated(_)) {
        return span;
    }
    let width = (span.end - span.start) as usize;
    match width.checked_sub(text.value.as_ref().len()) {
        Some(0) => span.part(from, to),
        Some(2) => span.part(from + 1, to + 1),
        _ => span,
    }
}

/// A tree as a value of the source layer.
pub(super) fn value(node: &Node) -> Value {
    let data = match &node.kind {
        _ if node.is_null() => Data::Null,
        Kind::Scalar { text, plain } => match text.as_str() {
            "true" | "True" | "TRUE" if *plain => Data::Bool(true),
            "false" | "False" | "FALSE" if *plain => Data::Bool(false),
            _ if *plain && is_number(text) => Data::Number(text.clone()),
            _ => Data::Text(text.clone()),
        },
        Kind::Sequence(items) => Data::List(items.iter().map(value).collect()),
        Kind::Mapping(entries) => {
            Data::Map(entries.iter().map(|entry| (entry.key.clone(), value(&entry.value))).collect())
        }
    };
    Value { span: node.span, data }
}

fn is_number(text: &str) -> bool {
    let digits = text.strip_prefix('-').unwrap_or(text);
    let plain = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    // `0755` is text to one reader and octal to another, so it keeps its form as a text.
    (plain && (digits == "0" || !digits.starts_with('0')))
        || (digits.contains('.')
            && !digits.starts_with('.')
            && !digits.ends_with('.')
            && digits.parse::<f64>().is_ok()
            && digits.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.'))
}
