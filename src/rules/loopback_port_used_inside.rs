//! QG407: a port published for the host only, which another container tries through the host.

use std::net::IpAddr;

use super::context::{Context, View, seen, why};
use super::host;
use crate::diagnostic::{Diagnostic, Fixable, Level, Rule, Sink};
use crate::model::{Endpoint, Port, Service, Spanned};
use crate::network::{Home, Verdict};
use crate::platform::Question;

pub static RULE: Rule = Rule {
    code: "QG407",
    name: "loopback-port-used-inside",
    summary: "a port published on 127.0.0.1 that another container tries through the host",
    level: Level::Warning,
    since: "0.1.0",
    fixable: Fixable::Never,
    page: include_str!("loopback_port_used_inside.md"),
};

pub fn check(context: &Context<'_>, sink: &mut Sink) {
    for view in &context.views {
        for client in context.stack.services.values() {
            for endpoint in &client.endpoints {
                let Some((publisher, port)) = loopback_port(view, client, endpoint) else { continue };
                view.report(sink, finding(view, client, endpoint, publisher, port));
            }
        }
    }
}

/// Whether this rule, and not another about addresses of the host, says why an address does not answer.
pub fn explains(view: &View<'_>, client: &Service, endpoint: &Endpoint) -> bool {
    loopback_port(view, client, endpoint).is_some()
}

/// The port, published on the loopback address only, that an address of the host means.
fn loopback_port<'a>(
    view: &'a View<'_>,
    client: &Service,
    endpoint: &Endpoint,
) -> Option<(&'a Service, &'a Spanned<Port>)> {
    let wiring = view.wiring;
    let wanted = endpoint.port?;
    let loopback = wiring.ask(Question::HostLoopbackFromNetwork);
    if Verdict::from(loopback.fact.is) != Verdict::No || wiring.home(client) != Home::Networks {
        return None;
    }
    // A host service that the file declares is another program.
    if host::meant(wiring, endpoint).is_some() || !leads_to_host(view, client, endpoint) {
        return None;
    }
    let all = wiring.stack.services.values().flat_map(|service| service.ports.iter().map(move |port| (service, port)));
    // A port that nobody gets to is QG402's and QG403's.
    let counts =
        |service: &Service| wiring.ignored_ports(service).is_none() && wiring.published(service).verdict != Verdict::No;
    let mut found = all.filter(|(service, port)| port.value.behind(wanted).is_some() && counts(service));
    let first = found.next()?;
    let all_loopback = first.1.value.is_loopback() && found.all(|(_, port)| port.value.is_loopback());
    (all_loopback && first.0.name != client.name).then_some(first)
}

/// Whether an address is one of the machine that runs the containers, and leads there.
fn leads_to_host(view: &View<'_>, client: &Service, endpoint: &Endpoint) -> bool {
    if let Ok(address) = endpoint.host.parse::<IpAddr>() {
        return view.wiring.is_bridge_gateway(address);
    }
    view.host_needs_of(client).iter().any(|need| {
        need.span == endpoint.host_span
            && matches!(need.used, host::HostUse::Alias(_))
            && need.way.verdict == Verdict::Yes
    })
}

fn finding(
    view: &View<'_>,
    client: &Service,
    endpoint: &Endpoint,
    publisher: &Service,
    port: &Spanned<Port>,
) -> Diagnostic {
    let known = view.wiring.ask(Question::HostLoopbackFromNetwork);
    let (name, target, host) = (&client.name.value, &publisher.name.value, &endpoint.host);
    let wanted = endpoint.port.unwrap_or_default();
    let own = port.value.behind(wanted).unwrap_or(wanted);
    let address = port.value.address.map(|address| address.to_string()).unwrap_or_default();
    let message = format!(
        "`{host}:{wanted}` in `{name}` does not answer: `{target}` publishes {wanted} on {address}, for the host only"
    );
    Diagnostic::new(&RULE, endpoint.host_span, message)
        .here("through the host")
        .label(port.span(), format!("published on {address} only"))
        .help(why(&known))
        .help(seen(&known, None))
        .help(format!(
            "What helps: put `{name}` and `{target}` on one network and use `{target}:{own}`, which needs no published \
             port; or publish {wanted} on an address that containers reach, and so does everyone else."
        ))
        .assuming(&known.assumed)
}
