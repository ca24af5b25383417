//! QG401: two published ports that collide on the host.

use super::context::{Context, View, seen};
use crate::diagnostic::{Diagnostic, Fixable, Level, Rule, Sink};
use crate::model::{Deploy, Port, Service, Spanned};
use crate::network::Verdict;
use crate::platform::Question;

pub static RULE: Rule = Rule {
    code: "QG401",
    name: "duplicate-host-port",
    summary: "two published ports that collide on the host",
    level: Level::Error,
    since: "0.1.0",
    fixable: Fixable::Never,
    page: include_str!("duplicate_host_port.md"),
};

pub fn check(context: &Context<'_>, sink: &mut Sink) {
    for view in &context.views {
        let services = context.stack.services.values().filter(|service| takes_ports(view, service));
        let ports: Vec<(&Service, &Spanned<Port>)> =
            services.flat_map(|service| service.ports.iter().map(move |port| (service, port))).collect();
        for (at, (second, later)) in ports.iter().enumerate() {
            // One finding for each port that comes too late, against the first that has it.
            let taken = ports.iter().take(at).find_map(|(first, earlier)| {
                // Compose drops a mapping that stands twice in one service.
                let repeated = first.name == second.name && earlier.value == later.value;
                if repeated && view.wiring.platform.deploy != Deploy::Quadlet {
                    return None;
                }
                Some((*first, *earlier, collision(&earlier.value, &later.value)?))
            });
            let Some((first, earlier, port)) = taken else { continue };
            let known = view.wiring.platform.ask(Question::TwoContainersOnOnePort);
            let both = if first.name == second.name {
                format!("`{}` publishes it twice", first.name.value)
            } else {
                format!("`{}` and `{}` both publish it", first.name.value, second.name.value)
            };
            let finding = Diagnostic::new(&RULE, later.span(), format!("host port {port} is taken twice: {both}"))
                .here(format!("`{}` publishes {port} here", second.name.value))
                .label(earlier.span(), format!("`{}` publishes {port} here", first.name.value))
                .help(seen(&known, None).replace("PORT", &port))
                .help("What helps: another host port for one of them, or addresses that differ.");
            view.report(sink, finding);
        }
    }
}

/// Whether a service's ports are taken on the host: QG402 and QG403 say where they are not.
fn takes_ports(view: &View<'_>, service: &Service) -> bool {
    let dead = view.wiring.published(service).verdict == Verdict::No;
    let ignored = view.wiring.ignored_ports(service);
    // Podman holds also a port open that never answers.
    (view.wiring.platform.is_podman() || !dead) && ignored.is_none_or(|ignored| !ignored.leaves_port_free(view.wiring))
}

/// The ports that both want, as text.
fn collision(a: &Port, b: &Port) -> Option<String> {
    let same_address = match (a.address, b.address) {
        (None, _) | (_, None) => true,
        (Some(a), Some(b)) => a == b || (a.is_ipv4() == b.is_ipv4() && (a.is_unspecified() || b.is_unspecified())),
    };
    // A range for one container port is a choice: the runtime takes a free one.
    let fixed = |port: &Port| port.host.filter(|host| host.len() == port.container.len());
    let shared = fixed(a)?.overlap(fixed(b)?)?;
    (same_address && a.protocol == b.protocol).then(|| shared.to_string())
}
