//! Connections that nobody stated: a URL, `host:port` or `{{ host.NAME.… }}` in an environment value or a command, and
//! `depends_on`.

use std::collections::HashMap;

use super::reader::part;
use crate::model::{
    Condition, Connection, ContainerName, Endpoint, Service, Spanned, Stack, Target, Text, Witness, host_templates,
};

/// Adds what each service seems to talk to beyond what is stated.
pub(super) fn connections(stack: &mut Stack) {
    let names = names(stack);
    for service in stack.services.values_mut() {
        let (mut found, endpoints) = of_service(service, &names);
        found.extend(templates(service));
        service.endpoints = endpoints;
        for found in found {
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

/// What a service seems to talk to, and everything in its values that has the form of an address.
fn of_service(service: &Service, names: &HashMap<String, String>) -> (Vec<Connection>, Vec<Endpoint>) {
    let mut found = Vec::new();
    let mut endpoints = Vec::new();
    let mut take = |endpoint: Endpoint| {
        if let Some(target) = names.get(&endpoint.host).filter(|target| **target != service.name.value) {
            found.push(Connection {
                to: Target::Service(target.clone()),
                name: endpoint.host.clone(),
                port: endpoint.port,
                witness: Witness::Url,
                span: endpoint.span,
            });
        }
        endpoints.push(endpoint);
    };
    for (key, variable) in &service.environment {
        let Some(value) = &variable.value else { continue };
        let text = Spanned { value: value.clone(), origin: variable.origin };
        let upper = key.to_uppercase();
        // `IMAGE=mongo:6` looks like a port and is a tag.
        if !["IMAGE", "TAG", "VERSION"].iter().any(|word| upper.contains(word)) {
            look(&text, Some(key), &mut take);
        }
        let is_host = ["HOST", "HOSTNAME", "SERVER", "ADDR", "ADDRESS"].iter().any(|end| upper.ends_with(end));
        if is_host && !value.is_empty() && value.chars().all(|c| c.is_ascii_alphanumeric() || "-_.".contains(c)) {
            take(Endpoint {
                host: value.clone(),
                port: None,
                variable: Some(key.clone()),
                value: value.clone(),
                span: variable.span(),
                host_span: part(&text, 0, value.len()),
            });
        }
    }
    let words = service.command.iter().chain(&service.entrypoint).flatten();
    words.for_each(|word| look(word, None, &mut take));
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
    (found, endpoints)
}

/// The host services that a service's templates name.
fn templates(service: &Service) -> Vec<Connection> {
    let mut found = Vec::new();
    for (text, span, _) in service.templated() {
        let whole = Spanned::written(text.to_owned(), span);
        for template in host_templates(text) {
            found.push(Connection {
                name: format!("host.{}", template.name),
                to: Target::Host(template.name),
                port: None,
                witness: Witness::Url,
                span: part(&whole, template.range.start, template.range.end),
            });
        }
    }
    found
}

fn look(text: &Text, variable: Option<&str>, take: &mut impl FnMut(Endpoint)) {
    endpoints(text, &mut |host, port, start, end| {
        take(Endpoint {
            host: host.to_owned(),
            port,
            variable: variable.map(str::to_owned),
            value: text.value.clone(),
            span: part(text, start, end),
            host_span: part(text, start, start + host.len()),
        });
    });
}

/// Gives every `scheme://host[:port]` and `host:port` of a text, with where it begins and ends.
fn endpoints(text: &Text, take: &mut impl FnMut(&str, Option<u16>, usize, usize)) {
    let value = &text.value;
    let mut at = 0;
    for token in value.split_inclusive(|c: char| c.is_whitespace() || ",;\"'()[]{}|<>=&".contains(c)) {
        let start = at;
        at += token.len();
        let token = token.trim_end_matches(|c: char| c.is_whitespace() || ",;\"'()[]{}|<>=&".contains(c));
        let (begin, is_url) = token.find("://").map_or((0, false), |scheme| (scheme + 3, true));
        let authority = token.get(begin..).unwrap_or("").split(['/', '?', '#']).next().unwrap_or("");
        let host_port = authority.rsplit('@').next().unwrap_or("");
        let (host, port) = match host_port.split_once(':') {
            Some((host, port)) => match port.parse::<u16>() {
                Ok(port) if port > 0 => (host, Some(port)),
                _ => continue,
            },
            None if is_url => (host_port, None),
            None => continue,
        };
        if !host.is_empty() {
            // Behind the user and the password, if there are any.
            let end = start + begin + authority.len();
            take(host, port, end - host_port.len(), end);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::endpoints;
    use crate::model::Spanned;
    use crate::source::Span;

    fn found(value: &str) -> Vec<(String, Option<u16>, usize)> {
        let text = Spanned::written(value.to_owned(), Span::new(0, value.len() as u32));
        let mut found = Vec::new();
        endpoints(&text, &mut |host, port, start, _| found.push((host.to_owned(), port, start)));
        found
    }

    #[test]
    fn urls_and_pairs_are_found_with_their_place() {
        assert_eq!(found("http://whisper:7860/x"), [("whisper".into(), Some(7860), 7)]);
        assert_eq!(found("mongodb://u:p@a:1,b:2/db?x=y"), [("a".into(), Some(1), 14), ("b".into(), Some(2), 18)]);
        assert_eq!(found("http://web"), [("web".into(), None, 7)]);
        assert_eq!(found("x http://h/http"), [("h".into(), None, 9)]);
        assert_eq!(found("--db=mongo:27017"), [("mongo".into(), Some(27017), 5)]);
        for nothing in ["mongo", "a:b", "12:30:00", "http://", "x:0", ""] {
            assert!(found(nothing).iter().all(|(host, ..)| host == "12"), "{nothing}");
        }
    }
}
