//! One Compose file over another, and a service over the one it extends.
//!
//! Source: the Compose specification, "Merge"; details tried with docker-compose 2.40.3.

use crate::diagnostic::{Diagnostic, input};
use crate::maps::HashMap;
use crate::model::Mount;
use crate::source::Span;
use crate::syntax::yaml::{Entry, Kind, Node, Plain};

/// How two values at one place become one.
#[derive(Clone, Copy)]
enum Rule {
    /// The later value stands.
    Replace,
    /// `NAME=VALUE` lists or mappings, put one behind the other.
    Pairs(char),
    /// A list, or the one value that stands for a list of one, put one behind the other.
    Lists,
    /// A mapping; a list of names stands for one with nothing below each.
    Named,
    /// A mapping; a text stands for one with this key.
    Under(&'static str),
    /// A mapping where both name one driver, else the later.
    SameDriver,
    /// A list of mappings, in which those with one subnet are one.
    Subnets,
}

/// Where the values are not simply put together. `*` is any key.
const RULES: &[(&str, Rule)] = &[
    ("networks.*.ipam.config", Rule::Subnets),
    ("networks.*.labels", Rule::Pairs('=')),
    ("volumes.*.labels", Rule::Pairs('=')),
    ("services.*.annotations", Rule::Pairs('=')),
    ("services.*.build", Rule::Under("context")),
    ("services.*.build.args", Rule::Pairs('=')),
    ("services.*.build.additional_contexts", Rule::Pairs('=')),
    ("services.*.build.extra_hosts", Rule::Pairs('=')),
    ("services.*.build.labels", Rule::Pairs('=')),
    ("services.*.command", Rule::Replace),
    ("services.*.depends_on", Rule::Named),
    ("services.*.deploy.labels", Rule::Pairs('=')),
    ("services.*.dns", Rule::Lists),
    ("services.*.dns_opt", Rule::Lists),
    ("services.*.dns_search", Rule::Lists),
    ("services.*.entrypoint", Rule::Replace),
    ("services.*.env_file", Rule::Lists),
    ("services.*.label_file", Rule::Lists),
    ("services.*.environment", Rule::Pairs('=')),
    ("services.*.extra_hosts", Rule::Pairs('=')),
    ("services.*.healthcheck.test", Rule::Replace),
    ("services.*.labels", Rule::Pairs('=')),
    ("services.*.logging", Rule::SameDriver),
    ("services.*.models", Rule::Named),
    ("services.*.networks", Rule::Named),
    ("services.*.sysctls", Rule::Pairs('=')),
    ("services.*.tmpfs", Rule::Lists),
];

/// What makes an item of a list the same as another, of which the later stands.
#[derive(Clone, Copy)]
enum Identity {
    /// The text in front of the first `=`.
    Name,
    /// The text.
    Text,
    /// The path in the container.
    Target,
    /// The path of an env file.
    Path,
    /// Where a port is published.
    Port,
}

/// Lists in which an item stands once.
const ONCE: &[(&str, Identity)] = &[
    ("networks.*.labels", Identity::Name),
    ("volumes.*.labels", Identity::Name),
    ("services.*.annotations", Identity::Name),
    ("services.*.build.args", Identity::Name),
    ("services.*.build.additional_contexts", Identity::Name),
    ("services.*.build.labels", Identity::Name),
    ("services.*.build.tags", Identity::Text),
    ("services.*.build.platforms", Identity::Text),
    ("services.*.cap_add", Identity::Text),
    ("services.*.cap_drop", Identity::Text),
    ("services.*.configs", Identity::Target),
    ("services.*.deploy.labels", Identity::Name),
    ("services.*.dns", Identity::Text),
    ("services.*.dns_opt", Identity::Text),
    ("services.*.dns_search", Identity::Text),
    ("services.*.environment", Identity::Name),
    ("services.*.env_file", Identity::Path),
    ("services.*.expose", Identity::Text),
    ("services.*.extra_hosts", Identity::Text),
    ("services.*.labels", Identity::Name),
    ("services.*.links", Identity::Text),
    ("services.*.networks.*.aliases", Identity::Text),
    ("services.*.networks.*.link_local_ips", Identity::Text),
    ("services.*.ports", Identity::Port),
    ("services.*.profiles", Identity::Text),
    ("services.*.secrets", Identity::Target),
    ("services.*.sysctls", Identity::Name),
    ("services.*.tmpfs", Identity::Text),
    ("services.*.volumes", Identity::Target),
];

/// The keys on the way to a value.
pub(super) type Path<'a> = Vec<&'a str>;

/// Whether a way is the one of a pattern.
pub(super) fn matches(pattern: &str, path: &[&str]) -> bool {
    let mut parts = pattern.split('.');
    path.iter().all(|key| parts.next().is_some_and(|part| part == "*" || part == *key)) && parts.next().is_none()
}

fn rule(path: &[&str]) -> Option<Rule> {
    RULES.iter().find(|(pattern, _)| matches(pattern, path)).map(|(_, rule)| *rule)
}

fn is_tagged(node: &Node, tag: &str) -> bool {
    node.tag.as_deref() == Some(tag)
}

/// Puts a value over another one.
pub(super) fn merge<'a>(base: Node, over: Node, path: &mut Path<'a>, found: &mut Vec<Diagnostic>) -> Node {
    if is_tagged(&over, "reset") || is_tagged(&over, "override") || is_tagged(&base, "reset") {
        return over;
    }
    let tag = over.tag.clone().or_else(|| base.tag.clone());
    let mut merged = match rule(path) {
        Some(Rule::Replace) => over,
        Some(Rule::Pairs(separator)) => lists(pairs(base, separator), pairs(over, separator)),
        Some(Rule::Lists) => lists(listed(base), listed(over)),
        Some(Rule::Named) => plainly(named(base, path), named(over, path), path, found),
        Some(Rule::Under(key)) => plainly(under(base, key), under(over, key), path, found),
        Some(Rule::SameDriver) => {
            let driver = |node: &Node| node.get("driver").and_then(Node::text).map(str::to_owned);
            match (driver(&base), driver(&over)) {
                (Some(a), Some(b)) if a != b => over,
                _ => plainly(base, over, path, found),
            }
        }
        Some(Rule::Subnets) => subnets(base, over, path, found),
        None => plainly(base, over, path, found),
    };
    merged.tag = tag;
    merged
}

fn plainly<'a>(base: Node, over: Node, path: &mut Path<'a>, found: &mut Vec<Diagnostic>) -> Node {
    match (base.kind, over.kind) {
        (Kind::Mapping(entries), Kind::Mapping(more)) => {
            Node { kind: Kind::Mapping(mappings(entries, more, path, found)), ..over }
        }
        (Kind::Sequence(mut items), Kind::Sequence(more)) => {
            items.extend(more);
            Node { kind: Kind::Sequence(items), ..over }
        }
        // Nothing said over something changes nothing.
        (kind @ (Kind::Mapping(_) | Kind::Sequence(_)), more) if is_nothing(&more) => Node { kind, ..base },
        (Kind::Mapping(_) | Kind::Sequence(_), kind) => {
            let name = path.last().copied().unwrap_or("the file");
            found.push(
                Diagnostic::new(&input::INVALID_VALUE, over.span, format!("`{name}` has another form here"))
                    .label(base.span, "and this one where it is merged into"),
            );
            Node { kind, ..over }
        }
        (_, kind) => Node { kind, ..over },
    }
}

fn is_nothing(kind: &Kind) -> bool {
    matches!(kind, Kind::Scalar { text, plain: true } if Plain::of(text) == Plain::Null)
}

fn mappings<'a>(base: Vec<Entry>, over: Vec<Entry>, path: &mut Path<'a>, found: &mut Vec<Diagnostic>) -> Vec<Entry> {
    let mut at: HashMap<String, usize> = base.iter().enumerate().map(|(at, entry)| (entry.key.clone(), at)).collect();
    let mut merged: Vec<Option<Entry>> = base.into_iter().map(Some).collect();
    for entry in over {
        let slot = at.get(&entry.key).and_then(|at| merged.get_mut(*at));
        match slot {
            Some(slot) if !entry.key.starts_with("x-") => {
                if let Some(present) = slot.take() {
                    let value = below(present.value, entry.value, &entry.key, path, found);
                    *slot = Some(Entry { key: entry.key, key_span: entry.key_span, value });
                }
            }
            Some(slot) => *slot = Some(entry),
            None => {
                at.insert(entry.key.clone(), merged.len());
                merged.push(Some(entry));
            }
        }
    }
    merged.into_iter().flatten().collect()
}

/// Merges what stands under a key. Keys of the tree do not live as long as the path, so known ones are looked up.
fn below(base: Node, over: Node, key: &str, path: &mut Path<'_>, found: &mut Vec<Diagnostic>) -> Node {
    let mut path: Path<'_> = path.clone();
    path.push(key);
    merge(base, over, &mut path, found)
}

fn lists(base: Node, over: Node) -> Node {
    match (base.kind, over.kind) {
        (Kind::Sequence(mut items), Kind::Sequence(more)) => {
            items.extend(more);
            Node { kind: Kind::Sequence(items), ..over }
        }
        (_, kind) => Node { kind, ..over },
    }
}

/// A mapping as a list of `NAME=VALUE`, in the order of the names.
fn pairs(node: Node, separator: char) -> Node {
    let Kind::Mapping(entries) = node.kind else { return listed(node) };
    let mut items: Vec<Node> = Vec::new();
    for entry in entries {
        let span = entry.key_span.to(entry.value.span);
        match &entry.value.kind {
            Kind::Sequence(values) => {
                let texts = values.iter().filter_map(Node::text);
                items.extend(texts.map(|text| Node::made(format!("{}{separator}{text}", entry.key), span)));
            }
            _ if entry.value.is_null() => items.push(Node::made(entry.key, entry.key_span)),
            _ => {
                let text = entry.value.text().unwrap_or("");
                items.push(Node::made(format!("{}{separator}{text}", entry.key), span));
            }
        }
    }
    items.sort_by(|a, b| a.text().cmp(&b.text()));
    Node { kind: Kind::Sequence(items), ..node }
}

/// One value as a list of one.
fn listed(node: Node) -> Node {
    match node.kind {
        Kind::Scalar { .. } if node.is_null() => Node { kind: Kind::Sequence(Vec::new()), ..node },
        Kind::Scalar { .. } => {
            Node { span: node.span, kind: Kind::Sequence(vec![node]), tag: None, interpolated: false }
        }
        _ => node,
    }
}

/// A list of names as a mapping.
fn named(node: Node, path: &[&str]) -> Node {
    let Kind::Sequence(items) = node.kind else { return node };
    let entries = items.into_iter().filter_map(|item| {
        let span = item.span;
        let key = item.text()?.to_owned();
        let value = if path.last() == Some(&"depends_on") {
            let condition = Node::made("service_started", span);
            let entry = Entry { key: "condition".to_owned(), key_span: span, value: condition };
            Node { span, kind: Kind::Mapping(vec![entry]), tag: None, interpolated: true }
        } else {
            Node { span, kind: Kind::Scalar { text: String::new(), plain: true }, tag: None, interpolated: true }
        };
        Some(Entry { key, key_span: span, value })
    });
    Node { kind: Kind::Mapping(entries.collect()), ..node }
}

/// A text as a mapping with one key.
fn under(node: Node, key: &str) -> Node {
    match node.kind {
        Kind::Scalar { .. } if !node.is_null() => {
            let span = node.span;
            let entry = Entry { key: key.to_owned(), key_span: span, value: node };
            Node { span, kind: Kind::Mapping(vec![entry]), tag: None, interpolated: false }
        }
        _ => node,
    }
}

fn subnets<'a>(base: Node, over: Node, path: &mut Path<'a>, found: &mut Vec<Diagnostic>) -> Node {
    let (Kind::Sequence(mut items), Kind::Sequence(more)) = (base.kind, over.kind.clone()) else { return over };
    for item in more {
        let subnet = item.get("subnet").and_then(Node::text).map(str::to_owned);
        let same = items
            .iter()
            .position(|known| subnet.is_some() && known.get("subnet").and_then(Node::text) == subnet.as_deref());
        match same {
            Some(at) => {
                let known = items.remove(at);
                items.insert(at, plainly(known, item, path, found));
            }
            None => items.push(item),
        }
    }
    Node { kind: Kind::Sequence(items), ..over }
}

/// Removes what `!reset` takes away and items that stand twice in a list that holds each once: the later one stays, at
/// the place of the first.
pub(super) fn settle<'a>(node: &'a mut Node, path: &mut Path<'a>) {
    if is_tagged(node, "override") {
        node.tag = None;
    }
    match &mut node.kind {
        Kind::Mapping(entries) => {
            entries.retain(|entry| !is_tagged(&entry.value, "reset"));
            // Deeper than any list that holds each once.
            if path.len() < 6 {
                for Entry { key, value, .. } in entries {
                    path.push(key);
                    settle(value, path);
                    path.pop();
                }
            }
        }
        Kind::Sequence(items) if items.len() > 1 => {
            // The last key tells most lists apart before a pattern is looked at.
            let last = path.last().copied().unwrap_or("");
            let mut once_lists = ONCE.iter().filter(|(pattern, _)| pattern.ends_with(last));
            if let Some((_, identity)) = once_lists.find(|(pattern, _)| matches(pattern, path)) {
                once(items, *identity, last == "secrets");
            }
        }
        _ => {}
    }
}

fn once(items: &mut Vec<Node>, identity: Identity, secrets: bool) {
    let mut first: HashMap<String, usize> = HashMap::default();
    let mut kept: Vec<Node> = Vec::with_capacity(items.len());
    for item in items.drain(..) {
        let key = key_of(&item, identity, secrets);
        match key.as_ref().and_then(|key| first.get(key)).and_then(|at| kept.get_mut(*at)) {
            Some(known) => *known = item,
            None => {
                first.extend(key.map(|key| (key, kept.len())));
                kept.push(item);
            }
        }
    }
    *items = kept;
}

/// What makes an item itself; nothing where it is out of form.
fn key_of(item: &Node, identity: Identity, secrets: bool) -> Option<String> {
    let field = |name: &str| item.get(name).and_then(Node::text).map(str::to_owned);
    match (identity, item.text()) {
        (Identity::Name, Some(text)) => Some(text.split('=').next().unwrap_or(text).to_owned()),
        (Identity::Text, Some(text)) => Some(text.to_owned()),
        (Identity::Path, Some(text)) => Some(text.to_owned()),
        (Identity::Path, None) => field("path"),
        (Identity::Target, Some(text)) if text.contains(':') || text.starts_with('/') => {
            text.parse::<Mount>().ok().map(|mount| mount.target)
        }
        (Identity::Target, Some(text)) => Some(format!("{}/{text}", if secrets { "/run/secrets" } else { "" })),
        (Identity::Target, None) => field("target").or_else(|| field("source")),
        (Identity::Port, Some(text)) => Some(text.to_owned()),
        (Identity::Port, None) => {
            let or = |name: &str, default: &str| field(name).unwrap_or_else(|| default.to_owned());
            let (address, protocol) = (or("host_ip", "0.0.0.0"), or("protocol", "tcp"));
            Some(format!("{address}:{}:{}/{protocol}", or("published", ""), or("target", "")))
        }
        (Identity::Name | Identity::Text, None) => None,
    }
}

/// The place where two trees say different things under one name, if they do.
pub(super) fn difference(a: &Node, b: &Node) -> Option<(Span, Span)> {
    let differ = Some((a.span, b.span));
    match (&a.kind, &b.kind) {
        (Kind::Scalar { text: a, .. }, Kind::Scalar { text: b, .. }) if a == b => None,
        (Kind::Sequence(a), Kind::Sequence(b)) if a.len() == b.len() => {
            a.iter().zip(b).find_map(|(a, b)| difference(a, b))
        }
        (Kind::Mapping(x), Kind::Mapping(y)) if x.len() == y.len() => {
            x.iter().find_map(|entry| match b.get(&entry.key) {
                Some(other) => difference(&entry.value, other),
                None => differ,
            })
        }
        _ => differ,
    }
}
