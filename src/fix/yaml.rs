//! Edits of YAML, in the style that a file has: lists and mappings in lines, or in brackets.

use std::collections::BTreeSet;

use super::{Edit, page::Page};
use crate::source::Span;
use crate::syntax::yaml::{Entry, Kind, Node};

/// How far a value stands behind its key where the file does not show it.
const INDENT: usize = 2;

/// What can go: a key with its value, or the item of a list.
#[derive(Clone, Copy)]
enum Member<'n> {
    Entry(&'n Entry),
    Item(&'n Node),
}

impl<'n> Member<'n> {
    fn all(of: &'n Node) -> Vec<Member<'n>> {
        match &of.kind {
            Kind::Mapping(entries) => entries.iter().map(Member::Entry).collect(),
            Kind::Sequence(items) => items.iter().map(Member::Item).collect(),
            Kind::Scalar { .. } => Vec::new(),
        }
    }

    fn value(self) -> &'n Node {
        match self {
            Member::Entry(entry) => &entry.value,
            Member::Item(item) => item,
        }
    }

    fn start(self) -> u32 {
        match self {
            Member::Entry(entry) => entry.key_span.start,
            Member::Item(item) => item.span.start,
        }
    }

    /// Where its text ends.
    fn end(self, page: Page<'_>) -> usize {
        let key = match self {
            Member::Entry(entry) => page.local(entry.key_span.end),
            Member::Item(_) => 0,
        };
        end(page, self.value()).max(key)
    }
}

/// The keys that have a value, or those that have none, each with those above it.
pub(super) fn keys(node: &Node, with_value: bool) -> BTreeSet<String> {
    let of = |entry: &Entry| {
        let below = keys(&entry.value, with_value).into_iter().map(|below| format!("{}\n{below}", entry.key));
        let own = (entry.value.is_null() != with_value).then(|| entry.key.clone());
        below.chain(own).collect::<Vec<_>>()
    };
    node.entries().iter().flat_map(of).collect()
}

/// Where the text of a value ends: a block of lines with its last line, without line breaks behind it.
fn end(page: Page<'_>, node: &Node) -> usize {
    let own = match &node.kind {
        _ if is_flow(page, node) => page.local(node.span.end),
        Kind::Mapping(_) | Kind::Sequence(_) => {
            Member::all(node).last().map_or(page.local(node.span.end), |last| last.end(page))
        }
        Kind::Scalar { .. } => page.local(node.span.end),
    };
    let from = page.local(node.span.start).min(own);
    from + page.slice(from, own).trim_end().len()
}

/// Whether a list or mapping stands in brackets.
fn is_flow(page: Page<'_>, node: &Node) -> bool {
    let first = page.slice(page.local(node.span.start), page.text.len()).chars().next();
    match node.kind {
        Kind::Mapping(_) => first == Some('{'),
        Kind::Sequence(_) => first == Some('['),
        Kind::Scalar { .. } => false,
    }
}

fn holds(span: Span, at: Span) -> bool {
    span.start <= at.start && at.end <= span.end
}

/// What stands at a place gone: the lines of a key with its value or of a list's item, or its part of the brackets.
pub(super) fn remove(page: Page<'_>, root: &Node, at: Span) -> Option<Edit> {
    let mut way: Vec<(&Node, usize)> = Vec::new();
    let mut node = root;
    loop {
        let members = Member::all(node);
        let (index, member) = members.iter().enumerate().find(|(_, member)| match member {
            Member::Entry(entry) => holds(entry.key_span, at) || holds(entry.key_span.to(entry.value.span), at),
            Member::Item(item) => holds(item.span, at),
        })?;
        way.push((node, index));
        let whole = match member {
            Member::Entry(entry) => holds(entry.key_span, at) || entry.value.span == at,
            Member::Item(item) => item.span == at,
        };
        node = member.value();
        if whole || Member::all(node).is_empty() {
            break;
        }
    }
    // What would be left empty goes, too. A service, and the file, never do.
    while way.len() > 1 && way.last().is_some_and(|(of, _)| Member::all(of).len() == 1) {
        way.pop();
    }
    let top = way.first().and_then(|(_, at)| root.entries().get(*at));
    let is_service = way.len() < 3 && top.is_some_and(|top| top.key == "services");
    let (of, index) = way.pop()?;
    if is_service || (way.is_empty() && Member::all(of).len() == 1) {
        return None;
    }
    take(page, of, index)
}

/// A member out of its list or mapping.
fn take(page: Page<'_>, of: &Node, index: usize) -> Option<Edit> {
    let members = Member::all(of);
    let member = *members.get(index)?;
    let (start, end) = (page.local(member.start()), member.end(page));
    // An anchor that goes leaves its aliases without a meaning.
    if page.slice(start, end).contains(" &") || page.slice(start, end).starts_with('&') {
        return None;
    }
    if is_flow(page, of) {
        let neighbours = (index.checked_sub(1).and_then(|at| members.get(at)), members.get(index + 1));
        let (from, to) = match neighbours {
            (Some(before), _) => (before.end(page), end),
            (None, Some(next)) => (start, page.local(next.start())),
            (None, None) => (start, end),
        };
        let around = page.slice(from, start).to_owned() + page.slice(end, to.max(end));
        let plain = around.chars().all(|c| c.is_whitespace() || c == ',');
        return plain.then(|| page.edit(from, to, ""));
    }
    let before = page.before(start);
    match member {
        Member::Item(_) if before.trim() == "-" => Some(page.without_lines(start, end)),
        Member::Entry(_) if before.trim().is_empty() => Some(page.without_lines(start, end)),
        // The first key of an item stands behind its dash: the next one takes its place.
        Member::Entry(_) if before.trim() == "-" && index == 0 => {
            let next = page.local(members.get(1)?.start());
            (!page.slice(end, next).contains('#')).then(|| page.edit(start, next, ""))
        }
        _ => None,
    }
}

/// The value of a key below another one.
pub(super) fn set(page: Page<'_>, root: &Node, owner: Span, path: &[String], value: &str) -> Option<Edit> {
    let (entry, rest) = follow(root, owner, path)?;
    match rest {
        [] => replace(page, entry, value),
        [key, below @ ..] => add(page, root, entry, key, &Text::Value(value).below(below)),
    }
}

/// An item in a list below a key. Where the same stands as a mapping (`NAME=VALUE`, `HOST:ADDRESS`), a key in it.
pub(super) fn add_item(page: Page<'_>, root: &Node, owner: Span, path: &[String], item: &str) -> Option<Edit> {
    let (entry, rest) = follow(root, owner, path)?;
    if let [key, below @ ..] = rest {
        return add(page, root, entry, key, &Text::Item(item).below(below));
    }
    match &entry.value.kind {
        Kind::Sequence(items) => {
            let last = items.last();
            if is_flow(page, &entry.value) {
                return Some(in_brackets(page, &entry.value, item));
            }
            let start = page.local(last?.span.start);
            let dash = page.before(start);
            (dash.trim() == "-").then(|| {
                let lead = dash.get(..=dash.find('-').unwrap_or(0)).unwrap_or("- ");
                page.behind_line(Member::Item(last.unwrap_or(&entry.value)).end(page), &format!("{lead} {item}"))
            })
        }
        Kind::Mapping(_) => {
            let plain = item.trim_matches(['"', '\'']);
            let (key, value) = plain.split_once('=').or_else(|| plain.split_once(':'))?;
            let value = format!("\"{}\"", value.replace('\\', "\\\\").replace('"', "\\\""));
            add(page, root, entry, key, &Lines { flow: value.clone(), block: vec![value] })
        }
        Kind::Scalar { .. } if entry.value.is_null() => {
            under(page, entry, indent(page, root, parent_of(root, entry)?, entry), &format!("- {item}"))
        }
        Kind::Scalar { .. } => None,
    }
}

/// The entry that a path leads to from a key, as far as it is there, and the keys that are missing.
fn follow<'n, 'p>(root: &'n Node, owner: Span, path: &'p [String]) -> Option<(&'n Entry, &'p [String])> {
    let mut entry = find(root, owner)?;
    let mut rest = path;
    while let [key, below @ ..] = rest {
        match entry.value.entries().iter().find(|entry| entry.key == *key) {
            Some(next) => (entry, rest) = (next, below),
            // It may come from elsewhere, and a key of its own would hide that.
            None if entry.value.entries().iter().any(|entry| entry.key == "<<") => return None,
            None => break,
        }
    }
    Some((entry, rest))
}

/// Whether a place stands in a value with an anchor that something in the file refers to.
pub(super) fn is_aliased(page: Page<'_>, root: &Node, at: Span) -> bool {
    let mut node = root;
    loop {
        let members = Member::all(node);
        let next = members.into_iter().find(|member| match member {
            Member::Entry(entry) => holds(entry.key_span.to(entry.value.span), at),
            Member::Item(item) => holds(item.span, at),
        });
        let Some(next) = next else { return false };
        node = next.value();
        let from = match next {
            Member::Entry(entry) => page.local(entry.key_span.end),
            Member::Item(item) => page.line_start(page.local(item.span.start)),
        };
        let first = Member::all(node).first().map_or(node.span.start, |first| first.start());
        let before = page.slice(from, page.local(first.max(node.span.start)));
        let names = before.split_whitespace().filter_map(|word| word.strip_prefix('&'));
        if names.filter(|name| !name.is_empty()).any(|name| page.text.contains(&format!("*{name}"))) {
            return true;
        }
    }
}

/// The entry whose key stands at a place.
fn find(node: &Node, key: Span) -> Option<&Entry> {
    match &node.kind {
        Kind::Mapping(entries) => entries
            .iter()
            .find(|entry| entry.key_span == key)
            .or_else(|| entries.iter().find_map(|entry| find(&entry.value, key))),
        Kind::Sequence(items) => items.iter().find_map(|item| find(item, key)),
        Kind::Scalar { .. } => None,
    }
}

/// The mapping that an entry stands in.
fn parent_of<'n>(node: &'n Node, entry: &Entry) -> Option<&'n Node> {
    match &node.kind {
        Kind::Mapping(entries) if entries.iter().any(|own| own.key_span == entry.key_span) => Some(node),
        _ => Member::all(node).into_iter().find_map(|member| parent_of(member.value(), entry)),
    }
}

/// Another value for a key that has a single one, or none.
fn replace(page: Page<'_>, entry: &Entry, value: &str) -> Option<Edit> {
    let Kind::Scalar { .. } = entry.value.kind else { return None };
    let (start, end) = (page.local(entry.value.span.start), end(page, &entry.value));
    if page.slice(start, end).is_empty() {
        let behind = page.local(entry.key_span.end);
        let colon = page.slice(behind, page.text.len()).starts_with(':').then_some(behind + 1)?;
        return Some(page.edit(colon, colon, format!(" {value}")));
    }
    // An alias, or a text of several lines, is more than this value.
    let simple = !page.slice(start, end).starts_with(['*', '|', '>']) && !page.slice(start, end).contains('\n');
    simple.then(|| page.edit(start, end, value))
}

/// What stands behind a new key, in brackets and in lines.
struct Lines {
    flow: String,
    /// The first stands on the key's line, if it is the only one; else all stand below it, with their indentation.
    block: Vec<String>,
}

enum Text<'a> {
    Value(&'a str),
    Item(&'a str),
}

impl Text<'_> {
    /// Below keys that are missing.
    fn below(&self, keys: &[String]) -> Lines {
        let mut lines = match self {
            Text::Value(value) => Lines { flow: (*value).to_owned(), block: vec![(*value).to_owned()] },
            Text::Item(item) => Lines { flow: format!("[{item}]"), block: vec![String::new(), format!("- {item}")] },
        };
        for key in keys.iter().rev() {
            let name = key_text(key);
            lines.flow = format!("{{{name}: {}}}", lines.flow);
            let (first, rest) = lines.block.split_first().map_or(("", &[][..]), |(first, rest)| (first.as_str(), rest));
            let head = format!("{name}: {first}").trim_end().to_owned();
            let deeper = rest.iter().map(|line| format!("{:INDENT$}{line}", ""));
            lines.block = [String::new(), head].into_iter().chain(deeper).collect();
        }
        lines
    }
}

/// A key as YAML writes it.
fn key_text(key: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.' | '/');
    if !key.is_empty() && key.chars().all(plain) && !key.starts_with('-') {
        key.to_owned()
    } else {
        format!("\"{}\"", key.replace('\\', "\\\\").replace('"', "\\\""))
    }
}

/// A key with its value in the mapping of an entry.
fn add(page: Page<'_>, root: &Node, entry: &Entry, key: &str, lines: &Lines) -> Option<Edit> {
    let name = key_text(key);
    let value = &entry.value;
    match &value.kind {
        Kind::Mapping(_) if is_flow(page, value) => Some(in_brackets(page, value, &format!("{name}: {}", lines.flow))),
        Kind::Mapping(entries) => {
            let (first, last) = (entries.first()?, entries.last()?);
            let lead = page.before(page.local(first.key_span.start));
            // Behind the dash of an item, or behind nothing.
            let width = lead.trim().is_empty() || lead.trim() == "-";
            let block = block(&name, lines, lead.chars().count());
            width.then(|| page.behind_line(Member::Entry(last).end(page), &block))
        }
        Kind::Scalar { .. } if value.is_null() => {
            let parent = parent_of(root, entry)?;
            let indent = indent(page, root, parent, entry);
            let text = block(&name, lines, indent);
            under(page, entry, 0, &text)
        }
        Kind::Sequence(items) => keyed(page, value, items, key, lines),
        Kind::Scalar { .. } => None,
    }
}

/// A list of names made a mapping, in which one of them has a value: Compose takes both for `networks`.
fn keyed(page: Page<'_>, list: &Node, items: &[Node], key: &str, lines: &Lines) -> Option<Edit> {
    let names: Vec<&str> = items.iter().filter_map(Node::text).collect();
    let at = names.iter().position(|name| *name == key).filter(|_| names.len() == items.len())?;
    if is_flow(page, list) {
        let named = names.iter().enumerate().map(|(other, name)| {
            let value = if other == at { lines.flow.as_str() } else { "{}" };
            format!("{}: {value}", key_text(name))
        });
        let (start, end) = (page.local(list.span.start), page.local(list.span.end));
        let plain = !page.slice(start, end).contains('#');
        return plain.then(|| page.edit(start, end, format!("{{{}}}", named.collect::<Vec<_>>().join(", "))));
    }
    let dash = page.before(page.local(items.first()?.span.start));
    let indent = dash.find('-').filter(|_| dash.trim() == "-")?;
    let start = page.line_start(page.local(items.first()?.span.start));
    let (mut text, mut done) = (String::new(), start);
    for (other, (item, name)) in items.iter().zip(&names).enumerate() {
        let (from, to) = (page.local(item.span.start), page.local(item.span.end));
        if page.before(from).trim() != "-" {
            return None;
        }
        text.push_str(page.slice(done, page.line_start(from)));
        text.push_str(&format!("{:indent$}{}:", "", key_text(name)));
        text.push_str(page.slice(to, page.line_end(to)));
        done = page.line_end(to);
        if other == at {
            let below = block(&key_text(name), lines, indent);
            let (_, below) = below.split_once('\n')?;
            text.push_str(page.line_break());
            text.push_str(&below.replace('\n', page.line_break()));
        }
    }
    Some(page.edit(start, done, text))
}

/// A key with its value, line by line.
fn block(name: &str, lines: &Lines, indent: usize) -> String {
    let (first, rest) = lines.block.split_first().map_or(("", &[][..]), |(first, rest)| (first.as_str(), rest));
    let mut text = format!("{:indent$}{name}: {first}", "").trim_end().to_owned();
    for line in rest {
        text.push_str(&format!("\n{:indent$}{:INDENT$}{line}", "", ""));
    }
    text
}

/// Lines below a key that has no value.
fn under(page: Page<'_>, entry: &Entry, indent: usize, text: &str) -> Option<Edit> {
    let (start, end) = (page.local(entry.value.span.start), page.local(entry.value.span.end));
    // `~` and `null` are written values.
    if !page.slice(start, end).trim().is_empty() {
        return None;
    }
    let at = page.local(entry.key_span.end);
    let rest = page.slice(at, page.line_end(at)).strip_prefix(':')?.trim_start();
    (rest.is_empty() || rest.starts_with('#')).then(|| page.behind_line(at, &format!("{:indent$}{text}", "")))
}

/// How far the values of an entry without one stand from the left.
fn indent(page: Page<'_>, root: &Node, parent: &Node, entry: &Entry) -> usize {
    let column = |at: u32| page.before(page.local(at)).chars().count();
    let own = column(entry.key_span.start);
    let deeper = |of: &Node| {
        let of = of.entries().iter().filter(|other| !is_flow(page, &other.value));
        of.filter_map(|other| Some(column(other.value.entries().first()?.key_span.start))).find(|inner| *inner > own)
    };
    // As its siblings do it, else as the file does at its top.
    deeper(parent).unwrap_or_else(|| {
        let step = root.entries().iter().find_map(|top| Some(column(top.value.entries().first()?.key_span.start)));
        own + step.filter(|step| *step > 0).unwrap_or(INDENT)
    })
}

/// One more in a list or mapping in brackets.
fn in_brackets(page: Page<'_>, of: &Node, text: &str) -> Edit {
    match Member::all(of).last() {
        Some(last) => {
            let end = last.end(page);
            page.edit(end, end, format!(", {text}"))
        }
        None => {
            let start = page.local(of.span.start) + 1;
            page.edit(start, start, text)
        }
    }
}
