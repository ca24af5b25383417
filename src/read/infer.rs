//! Connections that nobody stated: a URL or `host:port` in an environment value or a command, and `depends_on`.

use std::collections::HashMap;

use super::reader::part;
use crate::model::{Condition, Connection, ContainerName, Service, Spanned, Stack, Target, Text, Witness};
use crate::source::Span;

/// Adds what each service seems to talk to beyond what is stated.
pub(super) fn connections(stack: &mut Stack) {
    let names = names(stack);
    for service in stack.services.values_mut() {
        for found in of_service(service, &names) {
            // The same again says nothing new, nor does the same with less; another name or port does.
            let known = |known: &Connection| {
                known.to == found.to
                    && (found.witness == Witness::DependsOn
                        || (known.name == found.name && (found.port.is_none() || known.port == found.port)))
            };
            if !service.connections.iter().any(known) {
                service.connections.push(found);
            }
        }
    }
}

/// Every name that could mean a service of the stack.
fn names(stack: &Stack) -> HashMap<String, String> {
    let mut names = HashMap::new();
    for service in stack.services.values() {
        let name = &service.name.value;
        names.insert(name.clone(), name.clone());
    }
    for service in stack.services.values() {
        let aliases = service.networks.iter().flat_map(|attachment| &attachment.aliases).map(|alias| &alias.value);
        let own = match &service.container_name {
            ContainerName::Named(text) => Some(&text.value),
            _ => None,
        };
        for name in own.into_iter().chain(aliases) {
            names.entry(name.clone()).or_insert_with(|| service.name.value.clone());
        }
    }
    names
}

fn of_service(service: &Service, names: &HashMap<String, String>) -> Vec<Connection> {
    let mut found = Vec::new();
    let mut take = |name: &str, port: Option<u16>, span: Span| {
        if let Some(target) = names.get(name).filter(|target| **target != service.name.value) {
            found.push(Connection {
                to: Target::Service(target.clone()),
                name: name.to_owned(),
                port,
                witness: Witness::Url,
                span,
            });
        }
    };
    for (key, variable) in &service.environment {
        let Some(value) = &variable.value else { continue };
        let text = Spanned { value: value.clone(), origin: variable.origin };
        // `IMAGE=mongo:6` looks like a port and is a tag.
        if !["IMAGE", "TAG", "VERSION"].iter().any(|word| key.to_uppercase().contains(word)) {
            endpoints(&text, &mut take);
        }
        if ["HOST", "HOSTNAME", "SERVER", "ADDR", "ADDRESS"].iter().any(|end| key.to_uppercase().ends_with(end)) {
            take(value, None, variable.span());
        }
    }
    let words = service.command.iter().chain(&service.entrypoint).flatten();
    words.for_each(|word| endpoints(word, &mut take));
    for dependency in &service.depends_on {
        let name = &dependency.service.value;
        if dependency.condition != Condition::Completed
            && let Some(target) = names.get(name).filter(|target| *target == name && *name != service.name.value)
        {
            found.push(Connection {
                to: Target::Service(target.clone()),
                name: name.clone(),
                port: None,
                witness: Witness::DependsOn,
                span: dependency.service.span(),
            });
        }
    }
    found
}

/// Gives every `scheme://host[:port]` and `host:port` of a text, with its place.
fn endpoints(text: &Text, take: &mut impl FnMut(&str, Option<u16>, Span)) {
    let value = &text.value;
    let mut at = 0;
    for token in value.split_inclusive(|c: char| c.is_whitespace() || ",;\"'()[]{}|<>=&".contains(c)) {
        let start = at;
        at += token.len();
        let token = token.trim_end_matches(|c: char| c.is_whitespace() || ",;\"'()[]{}|<>=&".contains(c));
        let (authority, is_url) = match token.find("://") {
            Some(scheme) => (token.get(scheme + 3..).unwrap_or(""), true),
            None => (token, false),
        };
        let authority = authority.split(['/', '?', '#']).next().unwrap_or("");
        let host_port = authority.rsplit('@').next().unwrap_or("");
        let (host, port) = match host_port.split_once(':') {
            Some((host, port)) => match port.parse::<u16>() {
                Ok(port) if port > 0 => (host, Some(port)),
                _ => continue,
            },
            None if is_url => (host_port, None),
            None => continue,
        };
        let offset = start + token.find(host_port).unwrap_or(0);
        take(host, port, part(text, offset, offset + host_port.len()));
    }
}

#[cfg(test)]
mod tests {
    use super::endpoints;
    use crate::model::Spanned;
    use crate::source::Span;

    fn found(value: &str) -> Vec<(String, Option<u16>, u32)> {
        let text = Spanned::written(value.to_owned(), Span::new(0, value.len() as u32));
        let mut found = Vec::new();
        endpoints(&text, &mut |host, port, span| found.push((host.to_owned(), port, span.start)));
        found
    }

    #[test]
    fn urls_and_pairs_are_found_with_their_place() {
        assert_eq!(found("http://whisper:7860/x"), [("whisper".into(), Some(7860), 7)]);
        assert_eq!(found("mongodb://u:p@a:1,b:2/db?x=y"), [("a".into(), Some(1), 14), ("b".into(), Some(2), 18)]);
        assert_eq!(found("http://web"), [("web".into(), None, 7)]);
        assert_eq!(found("--db=mongo:27017"), [("mongo".into(), Some(27017), 5)]);
        for nothing in ["mongo", "a:b", "12:30:00", "http://", "x:0", ""] {
            assert!(found(nothing).iter().all(|(host, ..)| host.is_empty() || host == "12"), "{nothing}");
        }
    }
}
