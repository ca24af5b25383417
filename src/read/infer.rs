//! Connections that nobody stated: a URL, `host:port` or `{{ host.NAME.… }}` in an environment value or a command, and
//! `depends_on`.

use std::borrow::Cow;
use std::sync::LazyLock;

use super::reader::part;
use crate::maps::HashMap;
use crate::model::{
    Condition, Connection, ContainerName, Endpoint, Format, Service, Spanned, Stack, Target, Witness, host_templates,
};
use crate::threads::{self, MANY};

/// Parts of the names of variables whose values look like addresses and are not called: tags, names that a service
/// answers to, and addresses that it listens on.
const NOT_CALLED: [&str; 14] = [
    "IMAGE",
    "TAG",
    "VERSION",
    "ALLOWED",
    "TRUSTED",
    "VIRTUAL_HOST",
    "LETSENCRYPT",
    "NO_PROXY",
    "CORS",
    "BIND",
    "LISTEN",
    "ADVERTISED",
    "PUBLIC_HOST",
    "ALLOW_HOST",
];
/// The letters of each of them.
static LETTERS: LazyLock<[u32; NOT_CALLED.len()]> = LazyLock::new(|| NOT_CALLED.map(letters));
/// How the names of variables end whose values are hosts without a port.
const HOST_ENDS: [&str; 10] =
    ["HOST", "HOSTS", "HOSTNAME", "SERVER", "SERVERS", "ADDR", "ADDRESS", "NODES", "BROKERS", "ENDPOINT"];

/// Services by what they may be called.
struct Names<'s> {
    known: HashMap<Cow<'s, str>, &'s str>,
    format: Format,
}

impl<'s> Names<'s> {
    /// The service that a name means.
    fn get(&self, name: &str) -> Option<&'s str> {
        // What Podman would call it if the unit named nothing: whoever writes it means this unit.
        let implied = || {
            let unit = name.strip_prefix("systemd-").filter(|_| self.format == Format::Quadlet)?;
            self.known.get(unit).filter(|called| **called == unit)
        };
        self.known.get(name).or_else(implied).copied()
    }
}

/// Adds what each service seems to talk to beyond what is stated.
pub(super) fn connections(stack: &mut Stack) {
    let names = names(stack);
    let services: Vec<&Service> = stack.services.values().collect();
    let looks = threads::map(services.len() > MANY, &services, |service| {
        let (mut found, endpoints) = of_service(service, &names);
        // In Compose files and units braces are text.
        if names.format == Format::Topology {
            found.extend(templates(service));
        }
        (with_new(&service.connections, found), endpoints)
    });
    for (service, (connections, endpoints)) in stack.services.values_mut().zip(looks) {
        (service.connections, service.endpoints) = (connections, endpoints);
    }
}

/// Connections with what was found beyond them: the same again says nothing new, nor does the same with less; another name
/// or port does.
fn with_new(stated: &[Connection], found: Vec<Connection>) -> Vec<Connection> {
    let mut all = Vec::with_capacity(stated.len() + found.len());
    all.extend_from_slice(stated);
    for found in found {
        let known = |known: &Connection| {
            known.to == found.to
                && (found.witness == Witness::DependsOn
                    || (known.name == found.name && (found.port.is_none() || known.port == found.port)))
        };
        if !all.iter().any(known) {
            all.push(found);
        }
    }
    all
}

/// Every name that could mean a service of the stack, and every fixed address.
fn names(stack: &Stack) -> Names<'_> {
    let mut names: HashMap<Cow<'_, str>, &str> = HashMap::default();
    names.reserve(stack.services.len());
    for service in stack.services.values() {
        let name = service.name.value.as_str();
        names.insert(Cow::Borrowed(name), name);
    }
    for service in stack.services.values() {
        let called = service.name.value.as_str();
        let aliases = service.networks.iter().flat_map(|attachment| &attachment.aliases).map(|alias| &alias.value);
        let own = match &service.container_name {
            ContainerName::Named(text) => Some(&text.value),
            _ => None,
        };
        for name in own.into_iter().chain(aliases) {
            names.entry(Cow::Borrowed(name)).or_insert(called);
        }
        let addresses = service.networks.iter().flat_map(|attachment| [&attachment.ipv4, &attachment.ipv6]).flatten();
        for address in addresses {
            names.entry(Cow::Owned(address.value.to_string())).or_insert(called);
        }
    }
    Names { known: names, format: stack.format }
}

/// What a service seems to talk to, and everything in its values that has the form of an address.
fn of_service(service: &Service, names: &Names<'_>) -> (Vec<Connection>, Vec<Endpoint>) {
    let mut found = Vec::new();
    let mut endpoints = Vec::new();
    let mut take = |endpoint: Endpoint| {
        if let Some(target) = names.get(&endpoint.host).filter(|target| *target != service.name.value) {
            found.push(Connection {
                to: Target::Service(target.to_owned()),
                name: endpoint.host.clone(),
                port: endpoint.port,
                witness: Witness::Url,
                span: endpoint.span,
            });
        }
        endpoints.push(endpoint);
    };
    // Without files, no name stands twice.
    let variables: Vec<_> = if service.env_files.iter().all(|file| file.variables.is_none()) {
        service.environment.iter().map(|(name, variable)| (name.as_str(), variable)).collect()
    } else {
        service.variables().into_iter().collect()
    };
    for (key, variable) in &variables {
        let Some(value) = &variable.value else { continue };
        let upper = capitals(key);
        let stem = HOST_ENDS.iter().find_map(|end| upper.strip_suffix(end));
        // Most values hold no address at all.
        if (stem.is_none() && !may_hold_address(value)) || !is_called(&upper) {
            continue;
        }
        let text = Spanned { value: value.as_str(), origin: variable.origin };
        look(text, Some(key), &mut take);
        let Some(stem) = stem else { continue };
        // `PGHOST` is a host, and `RABBITMQ_VHOST` is none.
        if stem.ends_with(|c: char| c.is_alphanumeric()) && !["PG", "DB", "MYSQL", "REDIS"].contains(&stem) {
            continue;
        }
        let port = |(name, port): &(&str, &Spanned<Option<String>>)| {
            let same = capitals(name).strip_suffix("PORT").is_some_and(|before| before == stem);
            port.value.as_ref().filter(|_| same)?.trim().parse().ok()
        };
        let port = variables.iter().find_map(port);
        let mut at = 0;
        for name in value.split_inclusive(',') {
            let start = at + name.len() - name.trim_start().len();
            at += name.len();
            let name = name.trim_end_matches(',').trim();
            if !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || "-_.".contains(c)) {
                let host_span = part(&text, start, start + name.len());
                take(Endpoint {
                    host: name.to_owned(),
                    port,
                    variable: Some((*key).to_owned()),
                    value: value.clone(),
                    span: if value.contains(',') { host_span } else { variable.span() },
                    host_span,
                });
            }
        }
    }
    let words = service.command.iter().chain(&service.entrypoint).flatten();
    words.for_each(|word| look(Spanned { value: &word.value, origin: word.origin }, None, &mut take));
    for dependency in &service.depends_on {
        let name = &dependency.service.value;
        if dependency.condition.value != Condition::Completed
            && names.get(name.as_str()).is_some_and(|target| target == name)
            && *name != service.name.value
        {
            found.push(Connection {
                to: Target::Service(name.clone()),
                name: name.clone(),
                port: None,
                witness: Witness::DependsOn,
                span: dependency.service.span(),
            });
        }
    }
    // Most have one, and it stays.
    endpoints.shrink_to_fit();
    (found, endpoints)
}

/// Whether the address in a variable of that name, in capitals, is one that is called.
fn is_called(name: &str) -> bool {
    let own = letters(name);
    !NOT_CALLED.iter().zip(*LETTERS).any(|(part, letters)| letters & !own == 0 && name.contains(part))
}

/// Which letters a text has, a bit each: what lacks one that a part has does not hold the part.
fn letters(text: &str) -> u32 {
    text.bytes().fold(0, |all, letter| all | 1 << (letter % 32))
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

/// A name in capitals; most stand in them.
fn capitals(name: &str) -> Cow<'_, str> {
    let other = |byte: &u8| byte.is_ascii_lowercase() || !byte.is_ascii();
    if name.as_bytes().iter().any(other) { Cow::Owned(name.to_uppercase()) } else { Cow::Borrowed(name) }
}

/// Whether there may be a URL or `host:port` in a text; no is certain.
fn may_hold_address(text: &str) -> bool {
    text.as_bytes().iter().any(|byte| matches!(byte, b':' | b'/'))
}

fn look(text: Spanned<&str>, variable: Option<&str>, take: &mut impl FnMut(Endpoint)) {
    if !may_hold_address(text.value) {
        return;
    }
    endpoints(text.value, &mut |host, port, start, end| {
        take(Endpoint {
            host: host.to_owned(),
            port,
            variable: variable.map(str::to_owned),
            value: text.value.to_owned(),
            span: part(&text, start, end),
            host_span: part(&text, start, start + host.len()),
        });
    });
}

/// What ends a word that may be an address.
fn ends_word(c: char) -> bool {
    c.is_whitespace() || ",;\"'()[]{}|<>=&`".contains(c)
}

/// Gives every `scheme://host[:port]`, each host of `scheme://a:1,b:2`, and every `host:port` of a text, with where it
/// begins and ends.
fn endpoints(value: &str, take: &mut impl FnMut(&str, Option<u16>, usize, usize)) {
    let mut at = 0;
    // URLs first: what stands in one is no word of its own, and its password may hold anything.
    while let Some(found) = value.get(at..).and_then(|rest| rest.find("//")) {
        let start = at + found + 2;
        // `//` opens an authority behind a scheme, and behind `@` in the addresses of Oracle's JDBC driver.
        let opens = value.get(..at + found).is_some_and(|before| before.ends_with([':', '@']));
        let rest = value.get(start..).unwrap_or("");
        if !opens {
            words(value, at, start, take);
            at = start;
            continue;
        }
        words(value, at, at + found, take);
        let ends = |c: char| c.is_whitespace() || "/?#\"'`<>".contains(c);
        let authority = rest.get(..rest.find(ends).unwrap_or(rest.len())).unwrap_or("");
        let credentials = authority.rfind('@').map_or(0, |at| at + 1);
        let hosts = authority.get(credentials..).unwrap_or("");
        let closing = hosts.find([';', ')', ']', '}', '|', '&', '=']).unwrap_or(hosts.len());
        let mut host_at = start + credentials;
        for host in hosts.get(..closing).unwrap_or("").split_inclusive(',') {
            let name = host.trim_end_matches(',');
            match name.split_once(':') {
                Some((name, port)) => match port.parse::<u16>() {
                    Ok(port) if port > 0 => taken(name, Some(port), host_at, host_at + name_len(host), take),
                    _ => {}
                },
                None => taken(name, None, host_at, host_at + name_len(host), take),
            }
            host_at += host.len();
        }
        // A further URL behind a comma: `amqp://a:1,amqp://b:2`.
        if authority.ends_with(':') && rest.get(authority.len()..).is_some_and(|rest| rest.starts_with("//")) {
            at = start + authority.len();
            continue;
        }
        at = start + credentials + closing;
        // The path and the query of the URL, up to where it ends.
        let path = value.get(at..).unwrap_or("");
        at += path.find(ends_word).unwrap_or(path.len());
    }
    words(value, at, value.len(), take);
}

fn name_len(host: &str) -> usize {
    host.trim_end_matches(',').len()
}

fn taken(
    host: &str,
    port: Option<u16>,
    from: usize,
    to: usize,
    take: &mut impl FnMut(&str, Option<u16>, usize, usize),
) {
    if !host.is_empty() {
        take(host, port, from, to);
    }
}

/// Gives every `host:port` between two bytes of a text.
fn words(value: &str, from: usize, to: usize, take: &mut impl FnMut(&str, Option<u16>, usize, usize)) {
    let mut at = from;
    for word in value.get(from..to).unwrap_or("").split_inclusive(ends_word) {
        let start = at;
        at += word.len();
        let word = word.trim_end_matches(ends_word);
        let address = word.split(['/', '?', '#']).next().unwrap_or("");
        let skipped = address.rfind('@').map_or(0, |at| at + 1);
        let address = address.get(skipped..).unwrap_or("");
        if let Some((host, port)) = address.split_once(':')
            && let Ok(port) = port.parse::<u16>()
            && port > 0
        {
            taken(host, Some(port), start + skipped, start + skipped + address.len(), take);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::endpoints;

    fn found(value: &str) -> Vec<(String, Option<u16>, usize)> {
        let mut found = Vec::new();
        endpoints(value, &mut |host, port, start, _| found.push((host.to_owned(), port, start)));
        found
    }

    #[test]
    fn urls_and_pairs_are_found_with_their_place() {
        assert_eq!(found("http://whisper:7860/x"), [("whisper".into(), Some(7860), 7)]);
        assert_eq!(found("mongodb://u:p@a:1,b:2/db?x=y"), [("a".into(), Some(1), 14), ("b".into(), Some(2), 18)]);
        assert_eq!(found("http://web"), [("web".into(), None, 7)]);
        assert_eq!(found("x http://h/http"), [("h".into(), None, 9)]);
        assert_eq!(found("--db=mongo:27017"), [("mongo".into(), Some(27017), 5)]);
        let hosts = |value: &str| found(value).into_iter().map(|(host, port, _)| (host, port)).collect::<Vec<_>>();
        let pair = |host: &str, port| (host.to_owned(), port);
        for (value, expected) in [
            ("jdbc:postgresql://db:5432/app?user=x", vec![pair("db", Some(5432))]),
            ("jdbc:sqlserver://db:1433;databaseName=x", vec![pair("db", Some(1433))]),
            ("jdbc:oracle:thin:@//db:1521/x", vec![pair("db", Some(1521))]),
            ("amqp://u:p,a;s=s@mq:5672/v", vec![pair("mq", Some(5672))]),
            ("amqp://a:1,amqp://b:2", vec![pair("a", Some(1)), pair("b", Some(2))]),
            ("mongodb://a,b,c/db?replicaSet=rs0", vec![pair("a", None), pair("b", None), pair("c", None)]),
            ("redis://:secret@cache:6379/0", vec![pair("cache", Some(6379))]),
            ("postgres://u:p@ss@db:5432/x", vec![pair("db", Some(5432))]),
            ("PLAINTEXT://kafka:9092,SSL://kafka:9093", vec![pair("kafka", Some(9092)), pair("kafka", Some(9093))]),
            ("a:1,b:2;c:3", vec![pair("a", Some(1)), pair("b", Some(2)), pair("c", Some(3))]),
            ("http://a/x:1/b:2", vec![pair("a", None)]),
            ("user@db:5432/x", vec![pair("db", Some(5432))]),
        ] {
            assert_eq!(hosts(value), expected, "{value}");
        }
        for nothing in ["mongo", "a:b", "12:30:00", "http://", "x:0", ""] {
            assert!(found(nothing).iter().all(|(host, ..)| host == "12"), "{nothing}");
        }
    }
}
