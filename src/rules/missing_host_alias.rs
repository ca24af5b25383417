//! QG302: a name of the host that a container does not have.

use super::context::{Context, View, seen, why};
use super::host::HostNeed;
use crate::diagnostic::{Diagnostic, Fixable, Level, Rule, Sink};
use crate::network::{DOCKER_NAME, HostCause, PODMAN_NAME};
use crate::platform::{Aspect, Feature};

pub static RULE: Rule = Rule {
    code: "QG302",
    name: "missing-host-alias",
    summary: "a name of the host that a container does not have",
    level: Level::Error,
    since: "0.1.0",
    fixable: Fixable::Safe,
    page: include_str!("missing_host_alias.md"),
};

pub fn check(context: &Context<'_>, sink: &mut Sink) {
    for view in &context.views {
        for need in view.host_needs.iter().filter(|need| need.way.cause == HostCause::NoName) {
            // QG301 says what a broken release does.
            if !need.way.known.iter().any(|known| known.fact.broken) {
                view.report(sink, missing(context, view, need));
            }
        }
    }
}

fn missing(context: &Context<'_>, view: &View<'_>, need: &HostNeed<'_>) -> Diagnostic {
    let platform = view.wiring.platform;
    let (client, name) = (&need.client.name.value, &need.way.name);
    let message = format!("`{client}` does not resolve `{name}`: there is no such name");
    let mut finding = Diagnostic::new(&RULE, need.span, message).severity(need.level()).here(need.label());
    finding = need.label_host(finding, "the program it means");
    for known in &need.way.known {
        finding = finding.help(why(known)).assuming(&known.assumed);
    }
    let old = platform.is_podman() && name.eq_ignore_ascii_case(DOCKER_NAME);
    if old {
        finding = finding.help(format!(
            "Why: Podman has `{DOCKER_NAME}` from {} on; before, only `{PODMAN_NAME}`.",
            Feature::HostDockerInternal.first_podman()
        ));
        finding = finding.assuming(&platform.assumed.get(&Aspect::Version).cloned().into_iter().collect::<Vec<_>>());
    }
    let symptom = need.way.known.iter().find(|known| !known.fact.symptom.is_empty());
    finding = match symptom {
        Some(known) => finding.help(seen(known, Some(name))),
        None => finding.help("What you see: `Name or service not known`."),
    };
    need.helped(context, view, finding, true)
}
