//! QG307: `host-gateway` on a platform that does not know it.

use super::context::{Context, seen, why};
use crate::diagnostic::{Diagnostic, Fixable, Level, Rule, Sink};
use crate::network::{PODMAN_NAME, host_entries};
use crate::platform::{Is, Question};

pub static RULE: Rule = Rule {
    code: "QG307",
    name: "unsupported-host-gateway",
    summary: "`host-gateway` on a platform that does not know it",
    level: Level::Error,
    since: "0.1.0",
    fixable: Fixable::Never,
    page: include_str!("unsupported_host_gateway.md"),
};

pub fn check(context: &Context<'_>, sink: &mut Sink) {
    for view in &context.views {
        let known = view.wiring.ask(Question::HostGatewayWord);
        if known.fact.is != Is::No {
            continue;
        }
        for service in context.stack.services.values() {
            let Some((span, hosts)) = service.attributes.get("extra_hosts") else { continue };
            let mut entries = host_entries(hosts).into_iter();
            let Some((name, _)) = entries.find(|(_, address)| address == "host-gateway") else { continue };
            let message = format!("`{}` does not start, because `host-gateway` is not known", service.name.value);
            let mut finding = Diagnostic::new(&RULE, *span, message)
                .here(format!("`{name}` gets `host-gateway`"))
                .help(why(&known))
                .assuming(&known.assumed);
            if !known.fact.symptom.is_empty() {
                finding = finding.help(seen(&known, None));
            }
            let finding = if view.wiring.platform.is_podman() {
                finding.help(format!(
                    "What helps: take the entry away. `{PODMAN_NAME}` means the host without it; where a host service \
                     is declared, `{{{{ host.NAME.url }}}}` writes what works on each platform."
                ))
            } else {
                finding.help("What helps: Docker Engine 20.10 or newer.")
            };
            view.report(sink, finding);
        }
    }
}
