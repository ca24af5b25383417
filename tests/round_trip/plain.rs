//! A stack as it is compared: without places, and with one spelling for what can be said in several.

use std::fmt::Write;

use quadgen::model::{ContainerName, Data, Deny, Format, Spanned, Stack, Value};

/// The stack without what depends on where and how it was written.
pub fn plain(stack: &Stack) -> Stack {
    let mut stack = stack.clone();
    // Where variables stood plays no part: a topology has none.
    stack.interpolated.clear();
    stack.format = Format::Topology;
    stack.units.clear();
    for network in stack.networks.values_mut() {
        network.object_name.take_if(|object| object.value == network.name.value);
        network.internal.take_if(|internal| !internal.value);
        network.options.sort_unstable_keys();
        network.attributes.sort_unstable_keys();
    }
    for volume in stack.volumes.values_mut() {
        volume.object_name.take_if(|object| object.value == volume.name.value);
        volume.attributes.sort_unstable_keys();
    }
    for service in stack.services.values_mut() {
        if matches!(&service.container_name, ContainerName::Named(name) if name.value == service.name.value) {
            service.container_name = ContainerName::ByService;
        }
        // Those are inferred from the rest.
        service.connections.retain(|connection| connection.is_stated());
        service.endpoints.clear();
        service.networks.sort_by(|a, b| a.network.value.cmp(&b.network.value));
        service.environment.sort_unstable_keys();
        // Keys `x-…` mean nothing; a topology's are not even kept.
        service.attributes.retain(|name, _| !name.starts_with("x-"));
        service.attributes.sort_unstable_keys();
        service.attributes.values_mut().for_each(|(_, value)| as_texts(value));
        for attachment in &mut service.networks {
            attachment.attributes.values_mut().for_each(|(_, value)| as_texts(value));
        }
        service.depends_on.sort_by(|a, b| a.service.value.cmp(&b.service.value));
        service.quadlet.sort_by(|a, b| (&a.section, &a.key.value).cmp(&(&b.section, &b.key.value)));
    }
    stack.deny = denials(&stack);
    stack.services.sort_unstable_keys();
    stack.networks.sort_unstable_keys();
    stack.volumes.sort_unstable_keys();
    stack.secrets.sort_unstable_keys();
    stack.configs.sort_unstable_keys();
    stack.platforms.sort_unstable_keys();
    stack.host_services.sort_unstable_keys();
    stack
}

/// A number is what its text is, as Compose reads it too.
fn as_texts(value: &mut Value) {
    match &mut value.data {
        Data::Number(text) => value.data = Data::Text(std::mem::take(text)),
        Data::List(items) => items.iter_mut().for_each(as_texts),
        Data::Map(entries) => entries.iter_mut().for_each(|(_, value)| as_texts(value)),
        Data::Null | Data::Bool(_) | Data::Text(_) => {}
    }
}

/// One denial for each pair: who is named together changes nothing.
fn denials(stack: &Stack) -> Vec<Deny> {
    let mut pairs: Vec<_> = Vec::new();
    for deny in &stack.deny {
        pairs.extend(deny.from.iter().flat_map(|from| deny.to.iter().map(move |to| (from.clone(), to.clone()))));
    }
    pairs.sort();
    pairs.dedup();
    let text = || Spanned::written(String::new(), stack.name.span());
    pairs.into_iter().map(|(from, to)| Deny { from: vec![from], to: vec![to], text: text() }).collect()
}

/// What the stack says, without its places: lines that two of them are compared by.
pub fn text(stack: &Stack) -> String {
    let mut out = String::new();
    let whole = format!("{stack:#?}");
    let mut lines = whole.lines();
    while let Some(line) = lines.next() {
        let said = line.trim();
        if ["origin: Written(", "origin: Implied(", "origin: Interpolated("].contains(&said) {
            lines.by_ref().take(2).for_each(drop);
            continue;
        }
        let value = said.strip_prefix("span: ").unwrap_or(said).trim_end_matches(',');
        let is_span = value
            .split_once("..")
            .is_some_and(|(start, end)| start.parse::<u32>().is_ok() && end.parse::<u32>().is_ok());
        if !is_span {
            let _ = writeln!(out, "{line}");
        }
    }
    out
}
