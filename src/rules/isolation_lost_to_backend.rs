//! QG202: an isolation intent that the backend cannot keep together with DNS.

use super::context::{Context, Need, View, list, why};
use super::internal_network_without_dns::needs_on;
use crate::diagnostic::{Diagnostic, Fixable, Level, Rule, Sink};
use crate::model::{Network, Service};
use crate::network::Verdict;
use crate::platform::Question;

pub static RULE: Rule = Rule {
    code: "QG202",
    name: "isolation-lost-to-backend",
    summary: "an isolation intent that this backend cannot keep together with DNS",
    level: Level::Error,
    since: "0.1.0",
    fixable: Fixable::Never,
    page: include_str!("isolation_lost_to_backend.md"),
};

pub fn check(context: &Context<'_>, sink: &mut Sink) {
    for view in &context.views {
        let known = view.wiring.platform.ask(Question::InternalNetworkDns);
        if Verdict::from(known.fact.is) == Verdict::Yes {
            continue;
        }
        for network in context.stack.networks.values().filter(|network| network.is_internal()) {
            let needs = needs_on(view, network);
            if !applies(view, network, &needs) {
                continue;
            }
            let isolated = isolated(view, network);
            let mut finding = Diagnostic::new(
                &RULE,
                network.internal_span(),
                format!(
                    "`{}` can be internal or have DNS here, not both: {} must not reach the internet, and {} must be resolved",
                    network.name.value,
                    list(isolated.iter().map(|service| &service.name.value)),
                    list(needs.iter().map(|need| &need.connection.name)),
                ),
            )
            .here("internal: no DNS under CNI");
            for service in &isolated {
                if let Some(span) = service.internet_denied {
                    finding = finding.label(span, "the intent that needs the network to be internal");
                }
            }
            for need in &needs {
                finding = finding.label(need.connection.span, need.label());
            }
            let target = needs.first().map_or("NAME", |need| need.connection.name.as_str());
            let mut ways = vec![
                "1. Move Podman to netavark: it has DNS on internal networks. Save what is only there (`podman volume \
                 export`), `podman system reset`, which deletes all containers, images, networks and volumes, then \
                 install netavark and aardvark-dns and set `network_backend = \"netavark\"` in containers.conf. \
                 `quadgen explain QG202` has the steps."
                    .to_owned(),
                format!(
                    "2. Stay internal, and look nothing up: a fixed `ipv4_address` for `{target}` on `{}` and \
                     `extra_hosts: [\"{target}:ADDRESS\"]` in those that need it.",
                    network.name.value
                ),
            ];
            ways.push(if view.wiring.platform.rootless {
                "3. A host firewall is no way out here: rootless, a rule on the host has no effect, and one in Podman's \
                 own namespace is gone when the last container stops."
                    .to_owned()
            } else {
                "3. An ordinary network and a host firewall that drops what leaves its subnet. It does not mend a client \
                 on several networks, and names of the internet still resolve."
                    .to_owned()
            });
            ways.push(
                "4. A proxy as the only one on both networks keeps the wall, but it cannot look the service up either: it \
                 needs the fixed address of 2. A firewall inside the container is no wall: what must be kept in could \
                 take it down."
                    .to_owned(),
            );
            let finding =
                finding.help(why(&known)).help(format!("Ways out:\n{}", ways.join("\n"))).assuming(&known.assumed);
            view.report(sink, finding);
        }
    }
}

/// Whether a network has a member that must not reach the internet, and a name on it is needed.
pub fn applies(view: &View<'_>, network: &Network, needs: &[&Need<'_>]) -> bool {
    !needs.is_empty() && !isolated(view, network).is_empty()
}

fn isolated<'v>(view: &'v View<'_>, network: &'v Network) -> Vec<&'v Service> {
    view.wiring.members(&network.name.value).filter(|service| service.internet_denied.is_some()).collect()
}
