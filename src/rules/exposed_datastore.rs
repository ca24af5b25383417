//! QG405: a database, cache or queue that everyone who reaches the host reaches, too.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::context::{Context, View, seen, why};
use crate::diagnostic::{Change, Diagnostic, Fixable, Level, Rule, Sink};
use crate::model::{Origin, Port, Protocol, Service, Spanned};
use crate::network::Verdict;
use crate::platform::{Question, datastore};
use crate::source::Span;

pub static RULE: Rule = Rule {
    code: "QG405",
    name: "exposed-datastore",
    summary: "a database, cache or queue that is published on every address of the host",
    level: Level::Warning,
    since: "0.1.0",
    fixable: Fixable::Unsafe,
    page: include_str!("exposed_datastore.md"),
};

/// Says on which address a network of Docker publishes what names none.
const BINDING: &str = "com.docker.network.bridge.host_binding_ipv4";

pub fn check(context: &Context<'_>, sink: &mut Sink) {
    for view in &context.views {
        let known = view.wiring.ask(Question::PortOnEveryAddress);
        for service in context.stack.services.values().filter(|service| !service.ports.is_empty()) {
            let Some(store) = service.image.as_ref().and_then(|image| datastore::find(&image.value)) else { continue };
            for port in service.ports.iter().filter(|port| is_open(view, service, &port.value)) {
                if port.value.protocol != Protocol::Tcp || !store.serves(port.value.container) {
                    continue;
                }
                let name = &service.name.value;
                let message = format!(
                    "{} of `{name}` is open to everyone who reaches the host: port `{}` is published on every address",
                    store.name, port.value
                );
                let local = on_loopback(&port.value);
                let shown = port.value.host.map_or_else(|| "PORT".to_owned(), |host| host.to_string());
                let mut finding = Diagnostic::new(&RULE, port.span(), message)
                    .here("published on every address")
                    .help(why(&known))
                    .help(seen(&known, None).replace("PORT", &shown))
                    .help(format!(
                        "What helps: `{local}`, which only the host itself reaches, or no `ports` at all: services on one \
                         network reach `{name}` on {} without.",
                        port.value.container
                    ));
                if let Some(span) = short_form(port) {
                    let change = Change::Replace { span, text: local.to_string() };
                    finding = finding.fix(format!("publish it as `{local}`"), false, vec![change]);
                }
                view.report(sink, finding.assuming(&known.assumed));
            }
        }
    }
}

/// Whether a port is published on every address.
fn is_open(view: &View<'_>, service: &Service, port: &Port) -> bool {
    let published =
        view.wiring.ignored_ports(service).is_none() && view.wiring.published(service).verdict != Verdict::No;
    let mut networks =
        view.wiring.attachments(service).filter_map(|a| view.wiring.stack.networks.get(&a.network.value));
    published
        && match port.address {
            Some(address) => address.is_unspecified(),
            None => !networks.any(|network| network.options.contains_key(BINDING)),
        }
}

/// The same port for the host only.
fn on_loopback(port: &Port) -> Port {
    let address = match port.address {
        Some(IpAddr::V6(_)) => IpAddr::V6(Ipv6Addr::LOCALHOST),
        Some(IpAddr::V4(_)) | None => IpAddr::V4(Ipv4Addr::LOCALHOST),
    };
    Port { address: Some(address), ..port.clone() }
}

/// The place of a port's text without its quotes, where it stands as one text: the long form, a mapping of several
/// keys, is always wider than what it says. A text with variables in it is another one than what it came to.
pub(super) fn short_form(port: &Spanned<Port>) -> Option<Span> {
    let Origin::Written(span) = port.origin else { return None };
    let (width, written) = ((span.end - span.start) as usize, port.value.to_string().len());
    match width.checked_sub(written) {
        Some(0) => Some(span),
        Some(2) => Some(span.part(1, 1 + written)),
        _ => None,
    }
}
