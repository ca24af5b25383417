//! QG304: `localhost` in a container where a program outside of it is meant.

use std::cell::LazyCell;

use super::context::{Context, View};
use super::host;
use crate::diagnostic::{Diagnostic, Fixable, Level, Rule, Sink};
use crate::maps::{HashMap, HashSet, IndexMap};
use crate::model::{Connection, Endpoint, HostService, Port, PortRange, Service, Spanned, Target};
use crate::network::{Cause, Home, Verdict, Wiring};
use crate::platform::datastore;
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

/// What a stack says about who listens where.
struct Listeners<'a> {
    /// The ports that each service publishes or exposes, by its name.
    open: IndexMap<&'a str, (&'a Service, Vec<PortRange>)>,
    /// The ports of services that somebody connects to.
    connected: HashSet<(&'a str, u16)>,
    /// How many services live in the namespace of one.
    lodgers: HashMap<&'a str, usize>,
}

impl<'a> Listeners<'a> {
    fn of(wiring: &'a Wiring<'a>) -> Self {
        let services = || wiring.stack.services.values();
        let mut lodgers: HashMap<&str, usize> = HashMap::default();
        for service in services() {
            *lodgers.entry(wiring.owner(service).name.value.as_str()).or_default() += 1;
        }
        let target = |connection: &'a Connection| match &connection.to {
            Target::Service(name) => Some((name.as_str(), connection.port?)),
            Target::Host(_) => None,
        };
        Listeners {
            open: services().map(|own| (own.name.value.as_str(), (own, own.container_ports()))).collect(),
            connected: services().flat_map(|own| &own.connections).filter_map(target).collect(),
            lodgers,
        }
    }

    /// Whether the stack says that a service listens on a port: it publishes or exposes it, another connects to it, or
    /// its image is that of a database with this port.
    fn listens(&self, service: &str, port: u16) -> bool {
        let known = |service: &Service| {
            let image = service.image.as_ref().and_then(|image| datastore::find(&image.value));
            image.is_some_and(|store| store.listens(port))
        };
        self.open.get(service).is_some_and(|(own, open)| open.iter().any(|own| own.contains(port)) || known(own))
            || self.connected.contains(&(service, port))
    }

    /// The first service but one that listens on a port.
    fn other(&self, than: &Service, port: u16) -> Option<&'a Service> {
        let mut others = self.open.values().map(|(service, _)| *service).filter(|other| other.name != than.name);
        others.find(|other| self.listens(&other.name.value, port))
    }
}

pub fn check(context: &Context<'_>, sink: &mut Sink) {
    for view in &context.views {
        let listeners = LazyCell::new(|| Listeners::of(view.wiring));
        for service in context.stack.services.values() {
            for endpoint in service.endpoints.iter().filter(|endpoint| is_loopback(&endpoint.host)) {
                if let Some(finding) = look(context, view, &listeners, service, endpoint) {
                    view.report(sink, finding);
                }
            }
        }
    }
}

fn is_loopback(host: &str) -> bool {
    host.eq_ignore_ascii_case("localhost") || host.parse::<std::net::Ipv4Addr>().is_ok_and(|ip| ip.is_loopback())
}

fn look(
    context: &Context<'_>,
    view: &View<'_>,
    listeners: &Listeners<'_>,
    service: &Service,
    endpoint: &Endpoint,
) -> Option<Diagnostic> {
    let wiring = view.wiring;
    let port = endpoint.port?;
    // Only a namespace of its own has a localhost of its own.
    let shares = listeners.lodgers.get(wiring.owner(service).name.value.as_str()).is_some_and(|lodgers| *lodgers > 1);
    if shares || !matches!(wiring.home(service), Home::Networks | Home::Default | Home::Nowhere) {
        return None;
    }
    let words = endpoint.variable.as_ref().unwrap_or(&endpoint.value).to_uppercase();
    if FOR_BROWSERS.iter().any(|word| words.contains(word)) || listeners.listens(&service.name.value, port) {
        return None;
    }
    let host = &endpoint.host;
    let name = &service.name.value;
    let new = |message: String| {
        Diagnostic::new(&RULE, endpoint.host_span, message)
            .help("Why: each container has a loopback device of its own; `localhost` in it is the container.")
            .help("What you see: `Connection refused`.")
    };
    Some(match meant(view, listeners, service, port)? {
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
            let finds = |view: &View<'_>| {
                view.wiring.resolves(service, sibling, &answers).verdict == Verdict::Yes
                    && view.wiring.reaches(service, sibling, None).verdict == Verdict::Yes
            };
            if !context.views.iter().all(finds) {
                return Some(finding);
            }
            host::replace_host(view, finding, service, endpoint, &answers, false)
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

fn meant<'a>(view: &View<'a>, listeners: &Listeners<'a>, service: &Service, port: u16) -> Option<Meant<'a>> {
    let stack = view.wiring.stack;
    let mut host_services = stack.host_services.values();
    if let Some(host) = host_services.find(|host| host.port.is_some_and(|own| own.value == port)) {
        return Some(Meant::Host(host));
    }
    let published = stack.services.values().find_map(|other| {
        let found = |published: &Spanned<Port>| Some((published.span(), published.value.behind(port)?));
        let (span, own) = other.ports.iter().find_map(found)?;
        Some(Meant::Published(other, span, own))
    });
    published.or_else(|| Some(Meant::Sibling(listeners.other(service, port)?, port)))
}
