//! QG111: a client setting that names a host outside, in a container that has no way out.

use std::net::IpAddr;

use super::context::{Context, View, list, seen, why};
use crate::diagnostic::{Diagnostic, Fixable, Level, Rule, Sink};
use crate::model::{Endpoint, Service};
use crate::network::{Verdict, host_entries};
use crate::platform::Question;

pub static RULE: Rule = Rule {
    code: "QG111",
    name: "external-name-on-internal-network",
    summary: "a setting that names an outside host, in a container on internal networks only",
    level: Level::Info,
    since: "0.1.0",
    fixable: Fixable::Never,
    page: include_str!("external_name_on_internal_network.md"),
};

/// Parts of the names of variables whose value is what a program connects to.
const CLIENT: [&str; 28] = [
    "SMTP",
    "IMAP",
    "MAIL",
    "MAILER",
    "EMAIL",
    "S3",
    "AWS",
    "MINIO",
    "AZURE",
    "DSN",
    "SENTRY",
    "LDAP",
    "DB",
    "DATABASE",
    "POSTGRES",
    "PG",
    "MYSQL",
    "MARIADB",
    "MONGO",
    "MONGODB",
    "REDIS",
    "AMQP",
    "RABBITMQ",
    "KAFKA",
    "ELASTICSEARCH",
    "OPENSEARCH",
    "OPENAI",
    "OLLAMA",
];
/// Parts of the names of variables whose value is where the program itself is found.
const OWN: [&str; 12] = [
    "ORIGIN",
    "ORIGINS",
    "CORS",
    "PUBLIC",
    "EXTERNAL",
    "SITE",
    "DOMAIN",
    "REDIRECT",
    "CALLBACK",
    "FRONTEND",
    "ADVERTISED",
    "HOSTNAME",
];
/// Ends of names that are not looked up outside.
const INSIDE: [&str; 8] = [".internal", ".local", ".localhost", ".localdomain", ".lan", ".home", ".test", ".invalid"];

pub fn check(context: &Context<'_>, sink: &mut Sink) {
    for view in &context.views {
        let egress = view.wiring.ask(Question::EgressFromInternalNetwork);
        if Verdict::from(egress.fact.is) != Verdict::No {
            continue;
        }
        for service in context.stack.services.values() {
            if let Some(finding) = look(view, service) {
                view.report(sink, finding);
            }
        }
    }
}

fn look(view: &View<'_>, service: &Service) -> Option<Diagnostic> {
    if !view.wiring.only_internal(service) || !view.wiring.opaque(&[service]).is_empty() {
        return None;
    }
    // With a proxy of the stack, that is who asks.
    if service.variables().keys().any(|name| name.to_uppercase().ends_with("_PROXY")) {
        return None;
    }
    let mut found: Vec<&Endpoint> = Vec::new();
    for endpoint in
        service.endpoints.iter().filter(|endpoint| is_client(endpoint) && is_outside(view, service, endpoint))
    {
        if found.iter().all(|known| known.host_span != endpoint.host_span) {
            found.push(endpoint);
        }
    }
    let first = found.first()?;
    let name = &service.name.value;
    let mut hosts: Vec<&str> = found.iter().map(|endpoint| endpoint.host.as_str()).collect();
    hosts.sort_unstable();
    hosts.dedup();
    let networks: Vec<&str> = view.wiring.attachments(service).map(|a| a.network.value.as_str()).collect();
    let message = format!(
        "`{name}` is on {} only, {}, and its settings name {} outside",
        list(&networks),
        if networks.len() == 1 { "which is internal" } else { "which are internal" },
        list(&hosts)
    );
    let mut finding = Diagnostic::new(&RULE, first.host_span, message).here("cannot be reached from here");
    for endpoint in found.iter().skip(1) {
        finding = finding.label(endpoint.host_span, "nor can this");
    }
    for network in networks.iter().filter_map(|network| view.wiring.stack.networks.get(*network)) {
        finding = finding.label(network.internal_span(), "internal");
    }
    let egress = view.wiring.ask(Question::EgressFromInternalNetwork);
    let names = view.wiring.ask(Question::OutsideNamesOnInternalNetwork);
    finding = finding.help(why(&egress));
    finding = match Verdict::from(names.fact.is) {
        Verdict::No => finding.help(
            "What you see: the name does not resolve: `Name or service not known`, or `Temporary failure in name resolution`.",
        ),
        _ => finding.help(seen(&egress, None)),
    };
    Some(finding.help(format!(
        "What helps: if `{name}` needs it, an ordinary network as well, or a proxy that is on both; else leave the setting \
         out."
    )))
}

/// Whether an address stands in a variable that says what a program connects to.
fn is_client(endpoint: &Endpoint) -> bool {
    let Some(variable) = endpoint.variable.as_ref().map(|name| name.to_uppercase()) else { return false };
    let parts = || variable.split(['_', '.', '-']).filter(|part| !part.is_empty());
    parts().any(|part| CLIENT.contains(&part)) && !parts().any(|part| OWN.contains(&part))
}

/// Whether it is the name of a host of the internet, as far as that can be told.
fn is_outside(view: &View<'_>, service: &Service, endpoint: &Endpoint) -> bool {
    let host = endpoint.host.to_ascii_lowercase();
    let hosts = view.wiring.owner(service).attributes.get("extra_hosts");
    let written = hosts.is_some_and(|(_, hosts)| host_entries(hosts).iter().any(|(name, _)| *name == host));
    host.contains('.')
        && host.ends_with(|c: char| c.is_ascii_alphabetic())
        && host.parse::<IpAddr>().is_err()
        && !INSIDE.iter().any(|end| host.ends_with(end))
        && !written
        && !view.wiring.is_known(&host)
        // `db.example_default` is a name of Docker's, with the network's behind the dot.
        && !host.contains('_')
}
