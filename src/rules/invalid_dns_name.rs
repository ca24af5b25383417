//! QG108: names that no resolver asks for, and names that clients of the web refuse.

use super::context::{Context, Need, View, list, seen, why};
use crate::diagnostic::{Diagnostic, Fixable, Level, Rule, Sink};
use crate::maps::IndexMap;
use crate::model::{ContainerName, Service, Text};
use crate::network::{Cause, NameKind, Verdict, is_host_name};
use crate::platform::Question;
use crate::source::Span;

pub static RULE: Rule = Rule {
    code: "QG108",
    name: "invalid-dns-name",
    summary: "a name that resolvers or clients refuse: over 63 characters, a leading hyphen, `_` in a URL",
    level: Level::Error,
    since: "0.1.0",
    fixable: Fixable::Never,
    page: include_str!("invalid_dns_name.md"),
};

pub fn check(context: &Context<'_>, sink: &mut Sink) {
    for view in &context.views {
        for service in context.stack.services.values() {
            for (name, kind) in unasked_names(view, service) {
                view.report(sink, unasked(view, service, name, kind));
            }
        }
        underscores(view, sink);
    }
}

/// The names of a service that somebody wrote and that no resolver asks for, as far as they are names on this platform.
fn unasked_names<'a>(view: &View<'_>, service: &'a Service) -> Vec<(&'a Text, NameKind)> {
    let mut found: Vec<(&Text, NameKind)> = Vec::new();
    let mut add = |text: &'a Text, kind| {
        // What a colon made one name of is QG109's.
        if !is_host_name(&text.value) && !text.is_implied() && !text.value.contains(':') {
            let counts = view.wiring.names(service).iter().any(|name| name.text == text.value);
            if counts && found.iter().all(|(known, _)| *known != text) {
                found.push((text, kind));
            }
        }
    };
    add(&service.name, NameKind::Service);
    if let ContainerName::Named(name) = &service.container_name {
        add(name, NameKind::Container);
    }
    service.hostname.iter().for_each(|name| add(name, NameKind::Host));
    service.networks.iter().flat_map(|a| &a.aliases).for_each(|name| add(name, NameKind::Alias));
    found
}

fn unasked(view: &View<'_>, service: &Service, name: &Text, kind: NameKind) -> Diagnostic {
    let known = view.wiring.ask(Question::NameThatIsNoHostName);
    let same = |need: &&Need<'_>| {
        matches!(need.resolution.cause, Cause::NotAName { .. })
            && need.target.name == service.name
            && need.connection.name.eq_ignore_ascii_case(&name.value)
    };
    let failing: Vec<&Need<'_>> = view.needs.iter().filter(same).collect();
    let what = match kind {
        NameKind::Container => "the container name",
        NameKind::Service => "the service's name",
        NameKind::Alias => "the alias",
        NameKind::Host => "the host name",
    };
    let fault = if name.value.split('.').any(|label| label.starts_with('-')) {
        "it begins with a hyphen".to_owned()
    } else {
        format!("it has {} characters, and 63 are the most", longest(&name.value))
    };
    let message = format!("{what} `{}` never resolves: {fault}", name.value);
    // A container may have other names, which its peers use.
    let only_a_name = kind == NameKind::Container && failing.is_empty();
    let level = if only_a_name { Level::Warning } else { Level::Error };
    let mut finding = Diagnostic::new(&RULE, name.span(), message).severity(level).here("no resolver asks for this");
    for need in failing {
        finding = finding.label(need.connection.span, need.label());
    }
    finding
        .help(why(&known))
        .help(seen(&known, Some(&name.value)))
        .help("What helps: a name of letters, digits and hyphens, 63 characters at most, that begins with a letter or digit.")
        .assuming(&known.assumed)
}

fn longest(name: &str) -> usize {
    name.split('.').map(|label| label.chars().count()).max().unwrap_or_default()
}

/// One finding for each name with `_` that stands in URLs of the web.
fn underscores(view: &View<'_>, sink: &mut Sink) {
    let mut found: IndexMap<(&str, &str), Vec<(&Service, Span)>> = IndexMap::default();
    for client in view.wiring.stack.services.values() {
        for endpoint in client.endpoints.iter().filter(|endpoint| endpoint.host.contains('_')) {
            let mut needs = view.needs_of(client).filter(|need| need.looks_up());
            let need = needs.find(|need| need.connection.name == endpoint.host);
            // Where it does not even resolve, another rule says so.
            let Some(need) = need.filter(|need| need.resolution.verdict != Verdict::No) else { continue };
            if is_of_the_web(&endpoint.value, &endpoint.host) {
                let name = (endpoint.host.as_str(), need.target.name.value.as_str());
                found.entry(name).or_default().push((client, endpoint.host_span));
            }
        }
    }
    for ((name, target), places) in found {
        let Some(((_, first), more)) = places.split_first() else { continue };
        let mut clients: Vec<&str> = places.iter().map(|(client, _)| client.name.value.as_str()).collect();
        clients.dedup();
        let message = format!(
            "`{name}` in a URL of {} has an underscore: it resolves, but many programs refuse it as a host's name",
            list(clients)
        );
        let mut finding =
            Diagnostic::new(&RULE, *first, message).severity(Level::Warning).here("an underscore in a host's name");
        for (_, span) in more {
            finding = finding.label(*span, "here, too");
        }
        let finding = finding
            .help(
                "Why: a host's name has letters, digits and hyphens (RFC 952, RFC 1123). DNS itself takes underscores, so \
                 look-ups work.",
            )
            .help(
                "What you see: `Bad Request` (400) from Apache httpd, Tomcat and Django, which check the header `Host`; \
                 in Java `java.net.URI` finds no host in it, and RFC-strict parsers call the URL invalid. Others, such as \
                 curl, take it.",
            )
            .help(format!("What helps: an alias with a hyphen for `{target}`: `{}`.", name.replace('_', "-")));
        view.report(sink, finding);
    }
}

/// Whether a value holds an http URL with a host.
fn is_of_the_web(value: &str, host: &str) -> bool {
    value.match_indices("//").any(|(at, _)| {
        let before = value.get(..at).unwrap_or_default().to_ascii_lowercase();
        let after = value.get(at + 2..).unwrap_or_default();
        let authority = after.split(['/', '?', '#', '"', '\'', ' ', ',', ';']).next().unwrap_or_default();
        let place = authority.rsplit('@').next().unwrap_or_default();
        (before.ends_with("http:") || before.ends_with("https:")) && place.split(':').next() == Some(host)
    })
}
