//! QG304: `localhost` in a container where a program outside of it is meant.

use super::context::{Context, View};
use super::host;
use crate::diagnostic::{Diagnostic, Fixable, Level, Rule, Sink};
use crate::model::{Endpoint, HostService, Port, Service, Spanned, Target};
use crate::network::{Cause, Home, Wiring};
use crate::source::Span;

pub static RULE: Rule = Rule {
    code: "QG304",
    name: "localhost-in-container",
    summary: "`localhost` in a container where a program outside of it is meant",
    level: Level::Warning,
    since: "0.1.0",
    fixable: Fixable::Unsafe,
    page: include_str!("localhost_in_container.md"),
};

/// Parts of names whose addresses are meant for a browser.
const FOR_BROWSERS: [&str; 11] = [
    "ORIGIN", "CORS", "PUBLIC", "EXTERNAL", "SITE", "APP_URL", "NEXTAUTH", "REDIRECT", "DOMAIN", "CALLBACK", "FRONTEND",
];

/// What a port on `localhost` belongs to in truth.
enum Meant<'a> {
    Host(&'a HostService),
    Sibling(&'a Service, u16),
    /// A published port: an address that a browser on the host can use. And the container's own port.
    Published(&'a Service, Span, u16),
}

pub fn check(context: &Context<'_>, sink: &mut Sink) {
    for view in &context.views {
        for service in context.stack.services.values() {
            for endpoint in service.endpoints.iter().filter(|endpoint| is_loopback(&endpoint.host)) {
                if let Some(finding) = look(view, service, endpoint) {
                    view.report(sink, finding);
                }
            }
        }
    }
}

fn is_loopback(host: &str) -> bool {
    host.eq_ignore_ascii_case("localhost") || host.parse::<std::net::Ipv4Addr>().is_ok_and(|ip| ip.is_loopback())
}

fn look(view: &View<'_>, service: &Service, endpoint: &Endpoint) -> Option<Diagnostic> {
    let wiring = view.wiring;
    let port = endpoint.port?;
    // Only a namespace of its own has a localhost of its own.
    let shares = wiring
        .stack
        .services
        .values()
        .any(|other| other.name != service.name && wiring.owner(other).name == wiring.owner(service).name);
    if shares || !matches!(wiring.home(service), Home::Networks | Home::Default | Home::Nowhere) {
        return None;
    }
    let words = endpoint.variable.as_ref().unwrap_or(&endpoint.value).to_uppercase();
    if FOR_BROWSERS.iter().any(|word| words.contains(word)) || listens(wiring, service, port) {
        return None;
    }
    let host = &endpoint.host;
    let name = &service.name.value;
    let new = |message: String| {
        Diagnostic::new(&RULE, endpoint.host_span, message)
            .help("Why: each container has a loopback device of its own; `localhost` in it is the container.")
            .help("What you see: `Connection refused`.")
    };
    Some(match meant(view, service, port)? {
        Meant::Host(program) => {
            let finding = new(format!(
                "`{host}:{port}` in `{name}` is the container itself, and `{}` runs on {}",
                program.name.value,
                host::place(view, program)
            ));
            let finding =
                finding.here("the container itself").label(program.name.span(), "the program it seems to mean");
            host::template_fix(view, finding, (service, program), endpoint, false)
        }
        Meant::Sibling(sibling, port) => {
            let other = &sibling.name.value;
            let answers = name_of(wiring, service, sibling);
            let finding =
                new(format!("`{host}:{port}` in `{name}` is the container itself, and `{other}` listens on {port}"));
            let finding = finding.here("the container itself").label(sibling.span(), format!("listens on {port}"));
            let finding = finding
                .help(format!("What helps: write `{answers}` in place of `{host}`, on a network that both share."));
            host::replace_host(finding, endpoint, &answers, false)
        }
        Meant::Published(sibling, span, own) => {
            let finding = new(format!(
                "`{host}:{port}` in `{name}` is the container itself; on the host it is a port of `{}`",
                sibling.name.value
            ))
            .severity(Level::Info)
            .here("right for a browser on the host, wrong for the container")
            .label(span, "published here");
            let inside = if sibling.name == service.name {
                format!("`{host}:{own}`")
            } else {
                format!("`{}:{own}`, on a network that both share", name_of(wiring, service, sibling))
            };
            finding
                .help(format!("What helps: leave it, if it is for a browser; if `{name}` itself opens it, {inside}."))
        }
    })
}

/// The name by which a service finds another: its own, or one that works.
fn name_of(wiring: &Wiring<'_>, service: &Service, sibling: &Service) -> String {
    let name = &sibling.name.value;
    let works = match wiring.resolves(service, sibling, name).cause {
        Cause::OtherName { works } => works.into_iter().next(),
        _ => None,
    };
    works.unwrap_or_else(|| name.clone())
}

fn meant<'a>(view: &View<'a>, service: &Service, port: u16) -> Option<Meant<'a>> {
    let stack = view.wiring.stack;
    let others = || stack.services.values().filter(|other| other.name != service.name);
    let host = stack.host_services.values().find(|host| host.port.is_some_and(|own| own.value == port));
    let published = stack.services.values().find_map(|other| {
        let found = |published: &Spanned<Port>| Some((published.span(), published.value.behind(port)?));
        let (span, own) = other.ports.iter().find_map(found)?;
        Some(Meant::Published(other, span, own))
    });
    let sibling = others().find(|other| listens(view.wiring, other, port));
    match (host, published, sibling) {
        (Some(host), ..) => Some(Meant::Host(host)),
        (None, Some(published), _) => Some(published),
        (None, None, Some(sibling)) => Some(Meant::Sibling(sibling, port)),
        (None, None, None) => None,
    }
}

/// Whether the stack says that a service listens on a port: it publishes or exposes it, or another connects to it.
fn listens(wiring: &Wiring<'_>, service: &Service, port: u16) -> bool {
    let mut connections = wiring.stack.services.values().flat_map(|other| &other.connections);
    service.container_ports().iter().any(|own| own.contains(port))
        || connections.any(|connection| {
            connection.to == Target::Service(service.name.value.clone()) && connection.port == Some(port)
        })
}
