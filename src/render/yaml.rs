//! YAML as a person writes it: short things in one line, blank lines between services, comments above what they are
//! about. `serde-saphyr` quotes the texts.

use std::fmt::Write;

use serde_saphyr::FlowSeq;

use crate::model::{Data, Value};

/// How wide a line becomes before a list or mapping is written over several.
const WIDTH: usize = 100;

/// A value.
#[derive(Clone, PartialEq, Debug)]
pub(super) enum Yaml {
    Null,
    /// YAML as it stands: a number, a boolean.
    Plain(String),
    Text(String),
    List(Vec<Yaml>),
    /// A list of which each item has its own line.
    Lines(Vec<Yaml>),
    Map(Map),
}

/// Keys and values, in order.
#[derive(Clone, PartialEq, Default, Debug)]
pub(super) struct Map {
    entries: Vec<Entry>,
    /// Whether it stands in one line, if it fits.
    short: bool,
}

#[derive(Clone, PartialEq, Debug)]
struct Entry {
    key: String,
    value: Yaml,
    comments: Vec<String>,
    gap: bool,
}

impl Map {
    /// A mapping of which each entry has its own line.
    pub fn new() -> Self {
        Map::default()
    }

    /// A mapping in one line, if it fits.
    pub fn short() -> Self {
        Map { short: true, ..Map::default() }
    }

    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    pub fn put(&mut self, key: impl Into<String>, value: impl Into<Yaml>) {
        self.put_below(Vec::new(), key, value);
    }

    /// The same with comments above it.
    pub fn put_below(&mut self, comments: Vec<String>, key: impl Into<String>, value: impl Into<Yaml>) {
        self.entries.push(Entry { key: key.into(), value: value.into(), comments, gap: false });
    }

    /// Puts a blank line before each entry but the first.
    pub fn spaced(mut self) -> Self {
        self.entries.iter_mut().skip(1).for_each(|entry| entry.gap = true);
        self
    }
}

impl Yaml {
    /// A text without anything to escape, in quotation marks also where YAML needs none, as people write ports.
    pub fn quoted(text: &str) -> Self {
        Yaml::Plain(format!("\"{text}\""))
    }

    /// The same list with a line for each item.
    pub fn lines(self) -> Self {
        match self {
            Yaml::List(items) => Yaml::Lines(items),
            other => other,
        }
    }
}

impl From<&str> for Yaml {
    fn from(text: &str) -> Self {
        Yaml::Text(text.to_owned())
    }
}

impl From<String> for Yaml {
    fn from(text: String) -> Self {
        Yaml::Text(text)
    }
}

impl From<bool> for Yaml {
    fn from(value: bool) -> Self {
        Yaml::Plain(value.to_string())
    }
}

impl From<u32> for Yaml {
    fn from(number: u32) -> Self {
        Yaml::Plain(number.to_string())
    }
}

impl From<Map> for Yaml {
    fn from(map: Map) -> Self {
        Yaml::Map(map)
    }
}

impl<T: Into<Yaml>> FromIterator<T> for Yaml {
    fn from_iter<I: IntoIterator<Item = T>>(items: I) -> Self {
        Yaml::List(items.into_iter().map(Into::into).collect())
    }
}

impl From<&Value> for Yaml {
    /// A value of the source layer, as it stands.
    fn from(value: &Value) -> Self {
        match &value.data {
            Data::Null => Yaml::Null,
            Data::Bool(value) => Yaml::from(*value),
            Data::Number(number) if number.bytes().all(|byte| byte.is_ascii_digit() || b".-".contains(&byte)) => {
                Yaml::Plain(number.clone())
            }
            Data::Number(text) | Data::Text(text) => Yaml::Text(text.clone()),
            Data::List(items) => items.iter().collect(),
            Data::Map(entries) => {
                let plain = |value: &Value| !matches!(value.data, Data::List(_) | Data::Map(_));
                let short = entries.len() < 4 && entries.iter().all(|(_, value)| plain(value));
                let mut map = if short { Map::short() } else { Map::new() };
                entries.iter().for_each(|(key, value)| map.put(key, value));
                Yaml::Map(map)
            }
        }
    }
}

/// The text of a document.
///
/// # Errors
/// A text cannot be written.
pub(super) fn write(root: &Map) -> Result<String, String> {
    let mut out = String::new();
    map(&mut out, root, 0).map_err(|error| error.to_string())?;
    Ok(out)
}

/// Lines of a comment, without its `#`.
pub(super) fn comment(text: &str) -> Vec<String> {
    let plain: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    // A name with hyphens stays whole.
    let options = textwrap::Options::new(WIDTH - 10).break_words(false);
    let options = options.word_splitter(textwrap::WordSplitter::NoHyphenation);
    textwrap::wrap(&plain, options).into_iter().map(Into::into).collect()
}

type Written = Result<(), serde_saphyr::ser::Error>;

fn map(out: &mut String, map: &Map, indent: usize) -> Written {
    let margin = " ".repeat(indent);
    for entry in &map.entries {
        if entry.gap {
            out.push('\n');
        }
        entry.comments.iter().for_each(|line| out.extend([&margin, "# ", line, "\n"]));
        let start = out.len();
        out.push_str(&margin);
        out.push_str(&single(&entry.key)?);
        out.push(':');
        let used = out.len() - start;
        value(out, &entry.value, indent, used)?;
    }
    Ok(())
}

/// What follows a colon or a dash, with the line's end. `used` is how much of the line is taken.
fn value(out: &mut String, value: &Yaml, indent: usize, used: usize) -> Written {
    if let Some(line) = flow(value)?
        && (used + line.len() < WIDTH || matches!(value, Yaml::Null | Yaml::Plain(_) | Yaml::Text(_)))
    {
        if !line.is_empty() {
            out.extend([" ", &line]);
        }
        out.push('\n');
        return Ok(());
    }
    match value {
        Yaml::Text(text) => block(out, text, indent + 2),
        Yaml::List(items) | Yaml::Lines(items) => {
            out.push('\n');
            for item in items {
                self::item(out, item, indent + 2)?;
            }
        }
        Yaml::Map(map) => {
            out.push('\n');
            self::map(out, map, indent + 2)?;
        }
        Yaml::Null | Yaml::Plain(_) => {}
    }
    Ok(())
}

fn item(out: &mut String, item: &Yaml, indent: usize) -> Written {
    let start = out.len();
    if let Yaml::Map(map) = item
        && flow(item)?.is_none_or(|line| indent + 2 + line.len() >= WIDTH)
    {
        self::map(out, map, indent + 2)?;
        // The first key stands beside the dash.
        out.replace_range(start + indent..start + indent + 2, "- ");
        return Ok(());
    }
    let _ = write!(out, "{}-", " ".repeat(indent));
    value(out, item, indent, indent + 1)
}

/// A value in one line, if it can stand in one.
fn flow(value: &Yaml) -> Result<Option<String>, serde_saphyr::ser::Error> {
    Ok(match value {
        Yaml::Null => Some(String::new()),
        Yaml::Plain(text) => Some(text.clone()),
        Yaml::Text(text) if is_block(text) => None,
        Yaml::Text(text) => Some(single(text)?),
        Yaml::List(items) => {
            let items: Option<Vec<String>> = items.iter().map(inner).collect::<Result<_, _>>()?;
            items.map(|items| format!("[{}]", items.join(", ")))
        }
        Yaml::Map(map) if map.is_empty() => Some("{}".to_owned()),
        Yaml::Map(map) if map.short && map.entries.iter().all(|entry| entry.comments.is_empty()) => {
            let mut entries = Vec::new();
            for entry in &map.entries {
                let key = quoted(&entry.key)?;
                let Some(value) = inner(&entry.value)? else { return Ok(None) };
                entries.push(format!("{key}: {value}"));
            }
            Some(format!("{{ {} }}", entries.join(", ")))
        }
        Yaml::Lines(_) | Yaml::Map(_) => None,
    })
}

/// A value between brackets or braces.
fn inner(value: &Yaml) -> Result<Option<String>, serde_saphyr::ser::Error> {
    Ok(match value {
        Yaml::Null => Some("null".to_owned()),
        Yaml::Text(text) if !is_block(text) => Some(quoted(text)?),
        value => flow(value)?,
    })
}

/// A text between brackets or braces, where a comma would end it.
fn quoted(text: &str) -> Result<String, serde_saphyr::ser::Error> {
    let list = serde_saphyr::to_string_with_options(&FlowSeq([text]), options())?;
    let list = list.trim_end_matches('\n');
    Ok(list.strip_prefix('[').and_then(|list| list.strip_suffix(']')).unwrap_or(list).to_owned())
}

/// A text in one line.
fn single(text: &str) -> Result<String, serde_saphyr::ser::Error> {
    let written = serde_saphyr::to_string_with_options(&text, options())?;
    Ok(written.strip_suffix('\n').map(str::to_owned).unwrap_or(written))
}

fn options() -> serde_saphyr::SerializerOptions {
    serde_saphyr::ser_options! { prefer_block_scalars: false }
}

/// Whether a text reads better over several lines, and is the same text there.
fn is_block(text: &str) -> bool {
    let plain = |line: &str| {
        !line.ends_with([' ', '\t']) && !line.starts_with('\t') && line.chars().all(|c| c == '\t' || is_visible(c))
    };
    let lines = text.strip_suffix('\n').unwrap_or(text);
    text.contains('\n')
        && !text.starts_with([' ', '\t', '\n', '#', '-', '%', '.'])
        && !lines.ends_with('\n')
        && lines.split('\n').all(plain)
}

/// Whether a character stands for itself in every reader of YAML.
fn is_visible(c: char) -> bool {
    !c.is_control() && !matches!(c, '\u{feff}' | '\u{2028}' | '\u{2029}' | '\u{fffe}' | '\u{ffff}')
}

/// A text over several lines, from the colon on.
fn block(out: &mut String, text: &str, indent: usize) {
    out.push_str(if text.ends_with('\n') { " |\n" } else { " |-\n" });
    for line in text.strip_suffix('\n').unwrap_or(text).split('\n') {
        if !line.is_empty() {
            out.extend([&*" ".repeat(indent), line]);
        }
        out.push('\n');
    }
}

#[cfg(test)]
mod tests {
    use super::{Map, Yaml, comment, write};

    #[test]
    fn short_things_stand_in_one_line() {
        let mut short = Map::short();
        short.put("internal", true);
        let mut long = Map::new();
        long.put_below(comment("why"), "A", "x y");
        long.put("B", Yaml::Null);
        let mut deep = Map::short();
        deep.put("test", ["CMD", "a, b", "[c]"].into_iter().collect::<Yaml>());
        let mut root = Map::new();
        root.put("networks", short);
        root.put("ports", ["8080:80", "22:22", "x"].into_iter().map(Yaml::quoted).collect::<Yaml>());
        root.put("environment", long);
        root.put("script", "if a; then\n  b\nfi\n");
        root.put("healthcheck", deep);
        root.put(
            "mounts",
            Yaml::List(vec![{
                let mut mount = Map::new();
                mount.put("type", "bind");
                mount.put("bind", Map::new());
                mount.into()
            }]),
        );
        let text = write(&root.spaced()).unwrap();
        let expected = "networks: { internal: true }\n\nports: [\"8080:80\", \"22:22\", \"x\"]\n\nenvironment:\n  # why\n  \
                        A: x y\n  B:\n\nscript: |\n  if a; then\n    b\n  fi\n\nhealthcheck: { test: [CMD, \"a, b\", \
                        \"[c]\"] }\n\nmounts:\n  - type: bind\n    bind: {}\n";
        assert_eq!(text, expected);
    }
}
