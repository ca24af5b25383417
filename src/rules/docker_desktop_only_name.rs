//! QG303: a name that only Docker Desktop knows.

use super::context::{Context, View};
use super::host;
use crate::diagnostic::{Diagnostic, Fixable, Level, Rule, Sink};
use crate::model::{Endpoint, Runtime, Service};

pub static RULE: Rule = Rule {
    code: "QG303",
    name: "docker-desktop-only-name",
    summary: "a name that only Docker Desktop knows",
    level: Level::Error,
    since: "0.1.0",
    fixable: Fixable::Safe,
    page: include_str!("docker_desktop_only_name.md"),
};

/// The names. Source: the networking page of Docker Desktop; absent on Docker Engine 20.10.24, 26.1.5 and 28.5.2.
const NAMES: [&str; 2] = [GATEWAY, "kubernetes.docker.internal"];
const GATEWAY: &str = "gateway.docker.internal";

pub fn check(context: &Context<'_>, sink: &mut Sink) {
    for view in context.views.iter().filter(|view| view.wiring.platform.runtime != Runtime::DockerDesktop) {
        for service in context.stack.services.values() {
            let named = service
                .endpoints
                .iter()
                .filter(|endpoint| NAMES.iter().any(|name| endpoint.host.eq_ignore_ascii_case(name)));
            // Somebody may have given it that name.
            let given = |endpoint: &Endpoint| {
                let services = context.stack.services.values();
                let mut names = services.flat_map(|service| view.wiring.names(service));
                view.wiring.has_host_entry(service, &endpoint.host) || names.any(|name| name.text == endpoint.host)
            };
            for endpoint in named.filter(|endpoint| !given(endpoint)) {
                view.report(sink, finding(context, view, service, endpoint));
            }
        }
    }
}

fn finding(context: &Context<'_>, view: &View<'_>, service: &Service, endpoint: &Endpoint) -> Diagnostic {
    let name = &endpoint.host;
    let message = format!("`{}` does not resolve `{name}`: only Docker Desktop has that name", service.name.value);
    let finding = Diagnostic::new(&RULE, endpoint.host_span, message)
        .here("a name of Docker Desktop")
        .help("Why: outside of Docker Desktop nothing answers for it.")
        .help("What you see: `Name or service not known`.");
    match host::meant(view.wiring, endpoint) {
        Some(program) => {
            let finding = finding.label(program.name.span(), "the program it seems to mean");
            host::template_fix(view, finding, (service, program), endpoint, true)
        }
        None => {
            let declare = format!(
                "What helps: declare the program under `host_services` and write `{{{{ host.NAME.host }}}}` in place of \
                 `{name}`: quadgen then writes what works on each platform."
            );
            // The other name is one of a cluster, which may run anywhere.
            if !name.eq_ignore_ascii_case(GATEWAY) {
                return finding.help(declare);
            }
            let host = host::undeclared(endpoint);
            match host::other_way(context, finding, (service, &host), endpoint, true) {
                Ok(finding) => finding,
                Err(finding) => finding.help(declare),
            }
        }
    }
}
