//! QG408: a port of the host that several containers of one service want.

use super::context::{Context, View, seen, why};
use super::duplicate_host_port::takes_ports;
use crate::diagnostic::{Diagnostic, Fixable, Level, Rule, Sink};
use crate::model::{Deploy, Port, Service, Spanned, Value};
use crate::network::Verdict;
use crate::platform::Question;
use crate::source::Span;

pub static RULE: Rule = Rule {
    code: "QG408",
    name: "replicated-host-port",
    summary: "a fixed port of the host for a service with several replicas",
    level: Level::Error,
    since: "0.1.0",
    fixable: Fixable::Never,
    page: include_str!("replicated_host_port.md"),
};

pub fn check(context: &Context<'_>, sink: &mut Sink) {
    for view in &context.views {
        for service in context.stack.services.values() {
            let Some(replicas) = replicas(view, service).filter(|_| takes_ports(view, service)) else { continue };
            let ports = service.ports.iter().filter(|port| !is_enough(&port.value, replicas.value));
            let ports: Vec<&Spanned<Port>> = ports.collect();
            if let Some(finding) = finding(view, service, &replicas, &ports) {
                view.report(sink, finding);
            }
        }
    }
}

/// How many containers a service has, where that is stated and more than one.
pub(super) fn replicas(view: &View<'_>, service: &Service) -> Option<Spanned<u64>> {
    // What quadgen makes of a service for Quadlet is one container.
    if view.wiring.platform.deploy == Deploy::Quadlet {
        return None;
    }
    let deploy = service.attributes.get("deploy").map(|(_, value)| value);
    if deploy.and_then(|deploy| deploy.get("mode")?.scalar()).is_some_and(|mode| mode != "replicated") {
        return None;
    }
    let number = |value: &Value, span: Span| Some(Spanned::written(value.scalar()?.parse::<u64>().ok()?, span));
    let scale = service.attributes.get("scale").and_then(|(_, value)| number(value, value.span));
    let replicas = deploy.and_then(|deploy| deploy.get("replicas")).and_then(|value| number(value, value.span));
    scale.or(replicas).filter(|replicas| replicas.value > 1)
}

/// Whether a mapping has a port of the host for each of some containers.
fn is_enough(port: &Port, replicas: u64) -> bool {
    match port.host {
        None => true,
        // Several ports for one are a choice: each container takes a free one.
        Some(host) => port.container.len() == 1 && host.len() > 1 && u64::from(host.len()) >= replicas,
    }
}

fn finding(
    view: &View<'_>,
    service: &Service,
    replicas: &Spanned<u64>,
    ports: &[&Spanned<Port>],
) -> Option<Diagnostic> {
    let (first, more) = ports.split_first()?;
    let known = view.wiring.ask(Question::TwoContainersOnOnePort);
    if Verdict::from(known.fact.is) != Verdict::No {
        return None;
    }
    let name = &service.name.value;
    let (host, count) = (first.value.host?, replicas.value);
    let only =
        if host.len() == 1 { "only one of them gets it".to_owned() } else { format!("they are {} ports", host.len()) };
    let message = format!("{count} containers of `{name}` are to publish host port {host}, and {only}");
    let mut finding = Diagnostic::new(&RULE, first.span(), message)
        .here("a fixed port of the host")
        .label(replicas.span(), format!("{count} containers"));
    for port in more {
        finding = finding.label(port.span(), "this one, too");
    }
    let range = format!("{}-{}:{}", host.first, u64::from(host.first) + count - 1, first.value.container);
    let finding = finding.help(why(&known)).help(seen(&known, None).replace("PORT", &host.to_string())).help(format!(
        "What helps: no fixed port of the host (`{}`), a range to choose from (`{range}`), or a proxy that publishes the \
         port and spreads what comes in.",
        first.value.container
    ));
    Some(finding.assuming(&known.assumed))
}
