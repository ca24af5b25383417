//! A tree of values, each with its place, and what plain values mean.

use crate::source::Span;

/// A value with its place.
#[derive(Clone, Debug)]
pub struct Node {
    /// The value as written, without its tag.
    pub span: Span,
    /// What it is.
    pub kind: Kind,
    /// A tag such as `!reset`, without the `!`; YAML's own tags are gone.
    pub tag: Option<Box<str>>,
    /// Whether variables were replaced in it, so that the text at its place is another one.
    pub interpolated: bool,
}

/// The three forms of a value.
#[derive(Clone, Debug)]
pub enum Kind {
    /// A text; `plain` says that it stood without quotes, so it may be a number, a boolean or null.
    Scalar {
        /// The text, unescaped.
        text: String,
        /// Without quotes.
        plain: bool,
    },
    /// A list.
    Sequence(Vec<Node>),
    /// Keys with values, in the order of the file.
    Mapping(Vec<Entry>),
}

/// One key with its value.
#[derive(Clone, Debug)]
pub struct Entry {
    /// The key's text.
    pub key: String,
    /// Where the key stands.
    pub key_span: Span,
    /// Its value.
    pub value: Node,
}

impl Node {
    pub(super) fn null(span: Span) -> Self {
        Node { span, kind: Kind::Scalar { text: String::new(), plain: true }, tag: None, interpolated: false }
    }

    /// A text that nobody wrote as such, with the place it comes from.
    pub fn made(text: impl Into<String>, span: Span) -> Self {
        Node { span, kind: Kind::Scalar { text: text.into(), plain: false }, tag: None, interpolated: true }
    }

    /// The text of a single value.
    pub fn text(&self) -> Option<&str> {
        match &self.kind {
            Kind::Scalar { text, .. } => Some(text),
            _ => None,
        }
    }

    /// The value under a key, if it is a mapping that has it.
    pub fn get(&self, key: &str) -> Option<&Node> {
        self.entries().iter().find(|entry| entry.key == key).map(|entry| &entry.value)
    }

    /// The entries, if it is a mapping.
    pub fn entries(&self) -> &[Entry] {
        match &self.kind {
            Kind::Mapping(entries) => entries,
            _ => &[],
        }
    }

    /// The items, if it is a list.
    pub fn items(&self) -> &[Node] {
        match &self.kind {
            Kind::Sequence(items) => items,
            _ => &[],
        }
    }

    /// What a single value without quotes is; a text where it has some, or is none of the others.
    pub fn plain(&self) -> Option<Plain> {
        match &self.kind {
            Kind::Scalar { text, plain: true } => Some(Plain::of(text)),
            Kind::Scalar { .. } => Some(Plain::Text),
            _ => None,
        }
    }

    /// Whether it is absent: empty, `~` or `null`.
    pub fn is_null(&self) -> bool {
        matches!(&self.kind, Kind::Scalar { text, plain: true } if matches!(text.as_str(), "" | "~" | "null" | "Null" | "NULL"))
    }

    /// What it is, for people.
    pub fn describe(&self) -> &'static str {
        match &self.kind {
            _ if self.is_null() => "nothing",
            Kind::Scalar { .. } => "a single value",
            Kind::Sequence(_) => "a list",
            Kind::Mapping(_) => "a mapping",
        }
    }

    pub(super) fn count(&self) -> usize {
        match &self.kind {
            Kind::Scalar { .. } => 1,
            Kind::Sequence(items) => 1 + items.iter().map(Node::count).sum::<usize>(),
            Kind::Mapping(entries) => 1 + entries.iter().map(|entry| entry.value.count()).sum::<usize>(),
        }
    }
}

/// What a value without quotes is, as Compose's YAML library sees it: YAML 1.2, and octal numbers of YAML 1.1.
#[derive(Clone, PartialEq, Debug)]
pub enum Plain {
    /// `null`, `~`, or nothing.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// A whole number, in decimal digits.
    Integer(String),
    /// Another number, as Go writes it in its shortest form.
    Float(String),
    /// Everything else.
    Text,
}

impl Plain {
    /// What a text is.
    pub fn of(text: &str) -> Plain {
        match text {
            "" | "~" | "null" | "Null" | "NULL" => return Plain::Null,
            "true" | "True" | "TRUE" => return Plain::Bool(true),
            "false" | "False" | "FALSE" => return Plain::Bool(false),
            _ => {}
        }
        if !text.starts_with(|c: char| c.is_ascii_digit() || matches!(c, '+' | '-' | '.')) {
            return Plain::Text;
        }
        let digits = text.replace('_', "");
        let (minus, unsigned) = match digits.strip_prefix('-') {
            Some(rest) => ("-", rest),
            None => ("", digits.strip_prefix('+').unwrap_or(&digits)),
        };
        let radix = |prefix: [&str; 2], radix| {
            let rest = unsigned.strip_prefix(prefix[0]).or_else(|| unsigned.strip_prefix(prefix[1]))?;
            u64::from_str_radix(rest, radix).ok()
        };
        let whole = radix(["0x", "0X"], 16)
            .or_else(|| radix(["0o", "0O"], 8))
            .or_else(|| radix(["0b", "0B"], 2))
            .or_else(|| match unsigned.strip_prefix('0') {
                Some(rest) if !rest.is_empty() => u64::from_str_radix(rest, 8).ok(),
                _ => unsigned.parse().ok(),
            });
        let signed_twice = unsigned.starts_with(['+', '-']);
        if let Some(whole) = whole.filter(|_| !signed_twice) {
            return Plain::Integer(format!("{}{whole}", if whole == 0 { "" } else { minus }));
        }
        let of_a_float = |c: char| c.is_ascii_digit() || matches!(c, '.' | 'e' | 'E' | '+' | '-');
        match digits.parse::<f64>() {
            Ok(number) if digits.chars().all(of_a_float) && number.is_finite() => Plain::Float(shortest(number)),
            _ => match unsigned {
                ".inf" | ".Inf" | ".INF" => Plain::Float(format!("{}Inf", if minus.is_empty() { "+" } else { minus })),
                ".nan" | ".NaN" | ".NAN" => Plain::Float("NaN".to_owned()),
                _ => Plain::Text,
            },
        }
    }
}

/// A number as Go's `%v` writes it: small and large ones with an exponent of two digits.
fn shortest(number: f64) -> String {
    let scientific = format!("{number:e}");
    let Some((digits, exponent)) = scientific.split_once('e') else { return scientific };
    match exponent.parse::<i32>() {
        Ok(exponent) if !(-4..6).contains(&exponent) => {
            let sign = if exponent < 0 { '-' } else { '+' };
            format!("{digits}e{sign}{:02}", exponent.abs())
        }
        _ => number.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::Plain;

    #[test]
    fn plain_values_are_what_compose_takes_them_for() {
        let whole = |text: &str| Plain::Integer(text.to_owned());
        let float = |text: &str| Plain::Float(text.to_owned());
        for (text, plain) in [
            ("0755", whole("493")),
            ("0o17", whole("15")),
            ("0x1F", whole("31")),
            ("-5", whole("-5")),
            ("1_000", whole("1000")),
            ("08", float("8")),
            ("1.50", float("1.5")),
            ("3.0", float("3")),
            ("1e3", float("1000")),
            ("1234567.891", float("1.234567891e+06")),
            ("0.00001", float("1e-05")),
            ("1e21", float("1e+21")),
            ("-.inf", float("-Inf")),
            ("1e400", Plain::Text),
            ("22:22", Plain::Text),
            ("1.2.3", Plain::Text),
            ("yes", Plain::Text),
            ("-", Plain::Text),
            ("--1", Plain::Text),
            ("True", Plain::Bool(true)),
            ("~", Plain::Null),
        ] {
            assert_eq!(Plain::of(text), plain, "{text}");
        }
    }
}
