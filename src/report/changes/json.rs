//! Version 1 of the changes as JSON. These structs are the contract: fields are added, never changed.

use serde::Serialize;

use super::Stack;
use crate::network::{Comparison, Link};

#[derive(Serialize)]
struct Root<'r> {
    version: u8,
    changed: bool,
    stacks: Vec<StackOut<'r>>,
}

#[derive(Serialize)]
struct StackOut<'r> {
    stack: &'r str,
    /// `added`, `removed`, or `kept`.
    fate: &'static str,
    /// What it was called before, where that is another name.
    #[serde(skip_serializing_if = "Option::is_none")]
    was: Option<&'r str>,
    /// Platforms that only the old side names.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    platforms_gone: Vec<&'r str>,
    differences: Vec<Difference<'r>>,
}

#[derive(Serialize)]
struct Difference<'r> {
    platforms: Vec<&'r str>,
    services: Services<'r>,
    pairs: Vec<Pair<'r>>,
    internet: Vec<Internet<'r>>,
    published: Vec<Published<'r>>,
}

#[derive(Serialize)]
struct Services<'r> {
    added: &'r [String],
    removed: &'r [String],
}

#[derive(Serialize)]
struct Pair<'r> {
    from: &'r str,
    to: &'r str,
    /// `gained`, `changed` or `lost`, as a whole.
    change: &'static str,
    reaches: Both,
    names: Vec<Name<'r>>,
}

#[derive(Serialize)]
struct Name<'r> {
    name: &'r str,
    #[serde(flatten)]
    resolves: Both,
}

#[derive(Serialize)]
struct Internet<'r> {
    service: &'r str,
    by_address: Both,
    by_name: Both,
}

#[derive(Serialize)]
struct Published<'r> {
    service: &'r str,
    port: &'r str,
    from: &'static str,
    #[serde(flatten)]
    verdict: Both,
}

/// A verdict before and after; what is not there is `no`.
#[derive(Serialize)]
struct Both {
    old: &'static str,
    new: &'static str,
}

impl From<Link> for Both {
    fn from(link: Link) -> Self {
        Both { old: link.old.word(), new: link.new.word() }
    }
}

pub(super) fn write(stacks: &[Stack]) -> String {
    let out = stacks.iter().map(|stack| StackOut {
        stack: stack.label(),
        fate: match (&stack.old, &stack.new) {
            (None, _) => "added",
            (_, None) => "removed",
            _ => "kept",
        },
        was: stack.renamed(),
        platforms_gone: stack.gone.iter().map(|(name, _)| name.as_str()).collect(),
        differences: stack.differences.iter().map(difference).collect(),
    });
    let root = Root { version: 1, changed: super::is_changed(stacks), stacks: out.collect() };
    // Texts only: nothing here can fail to be written.
    let mut text = serde_json::to_string_pretty(&root).unwrap_or_default();
    text.push('\n');
    text
}

fn difference(found: &super::Difference) -> Difference<'_> {
    let Comparison { added, removed, pairs, internet, ports } = &found.comparison;
    let pairs = pairs.iter().map(|pair| Pair {
        from: &pair.from,
        to: &pair.to,
        change: pair.change().word(),
        reaches: pair.reaches.into(),
        names: pair.names.iter().map(|(name, link)| Name { name, resolves: (*link).into() }).collect(),
    });
    let internet = internet.iter().map(|way| Internet {
        service: &way.service,
        by_address: way.by_address.into(),
        by_name: way.by_name.into(),
    });
    let published = ports.iter().map(|port| Published {
        service: &port.service,
        port: &port.port,
        from: port.caller.word(),
        verdict: port.answers.into(),
    });
    Difference {
        platforms: found.platforms.iter().map(|(name, _)| name.as_str()).collect(),
        services: Services { added, removed },
        pairs: pairs.collect(),
        internet: internet.collect(),
        published: published.collect(),
    }
}
