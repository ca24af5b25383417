//! QG206: an internal network that leads to programs on the host all the same.

use super::context::{Context, View, list, why};
use super::host;
use crate::diagnostic::{Diagnostic, Fixable, Level, Rule, Sink};
use crate::model::{Network, Service};
use crate::network::{Breach, Judgement, Step, Verdict};
use crate::platform::{Known, Question};

pub static RULE: Rule = Rule {
    code: "QG206",
    name: "host-reachable-from-internal",
    summary: "an internal network whose gateway is the host, so that programs on the host answer there",
    level: Level::Info,
    since: "0.1.0",
    fixable: Fixable::Never,
    page: include_str!("host_reachable_from_internal.md"),
};

pub fn check(context: &Context<'_>, sink: &mut Sink) {
    for view in &context.views {
        let known = view.wiring.ask(Question::HostFromInternalNetwork);
        if Verdict::from(known.fact.is) != Verdict::Yes {
            continue;
        }
        // The networks of which a broken intent tells.
        let mut told: Vec<&str> = Vec::new();
        for judgement in &view.judgements {
            let breaches: Vec<&Breach<'_>> = judgement.breaches.iter().filter(|b| explains(view, b)).collect();
            if !breaches.is_empty() {
                let networks = breaches.iter().flat_map(|breach| internal(view, breach.from));
                told.extend(networks.map(|network| network.name.value.as_str()));
                view.report(sink, broken(view, judgement, &breaches, &known));
            }
        }
        if let Some(finding) = unstated(view, &told, &known) {
            view.report(sink, finding);
        }
    }
}

/// Whether this rule, and not QG210, says how a service reaches the host: by the gateway of an internal network, and
/// it is on no other.
pub fn explains(view: &View<'_>, breach: &Breach<'_>) -> bool {
    breach.to.is_none()
        && matches!(breach.path.as_slice(), [Step::Network(_), Step::Host])
        && view.wiring.only_internal(breach.from)
}

/// Whether a network is an internal one whose containers reach the host, if any do.
fn leads_there(view: &View<'_>, network: &Network) -> bool {
    let name = &network.name.value;
    view.wiring.opaque_network(name).is_none() && view.wiring.host_question(name) == Question::HostFromInternalNetwork
}

fn internal<'a>(view: &View<'a>, service: &Service) -> Vec<&'a Network> {
    let networks = view.wiring.attachments(service).filter_map(|a| view.wiring.stack.networks.get(&a.network.value));
    networks.filter(|network| leads_there(view, network)).collect()
}

fn broken(view: &View<'_>, judgement: &Judgement<'_>, breaches: &[&Breach<'_>], known: &Known) -> Diagnostic {
    let place = host::linux(view.wiring.platform);
    let mut services: Vec<&Service> = breaches.iter().map(|breach| breach.from).collect();
    services.dedup_by(|a, b| a.name == b.name);
    let names = list(services.iter().map(|service| &service.name.value));
    let mut networks: Vec<&Network> = services.iter().flat_map(|service| internal(view, service)).collect();
    networks.sort_by_key(|network| network.internal_span());
    networks.dedup_by(|a, b| a.name == b.name);
    let (reaches, they_are) = if services.len() == 1 { ("reaches", "it is") } else { ("reach", "they are") };
    let message = format!("{names} {reaches} programs on {place}, although {they_are} on internal networks only");
    let mut finding =
        Diagnostic::new(&RULE, judgement.intent.span(), message).severity(Level::Error).here("must not reach the host");
    for network in networks {
        finding = finding.label(network.internal_span(), format!("internal, and its gateway is {place}"));
    }
    help(view, finding, known)
}

/// No intent is broken, but somebody may think that an internal network leads nowhere.
fn unstated(view: &View<'_>, told: &[&str], known: &Known) -> Option<Diagnostic> {
    let place = host::linux(view.wiring.platform);
    // Who needs a program there is not surprised.
    let uses_host = |service: &Service| !view.host_needs_of(service).is_empty();
    let counts = |service: &&Service| view.wiring.only_internal(service) && !uses_host(service);
    let reached = |network: &&Network| {
        leads_there(view, network)
            && !told.contains(&network.name.value.as_str())
            && view.wiring.members(&network.name.value).any(|service| counts(&service))
    };
    let networks: Vec<&Network> = view.wiring.stack.networks.values().filter(reached).collect();
    let first = networks.first()?;
    let names = list(networks.iter().map(|network| &network.name.value));
    let (are, their) = if networks.len() == 1 { ("is", "its") } else { ("are", "their") };
    let message = format!("{names} {are} internal, and {their} members reach programs on {place} all the same");
    let mut finding = Diagnostic::new(&RULE, first.internal_span(), message).here(format!("its gateway is {place}"));
    for network in networks.iter().skip(1) {
        finding = finding.label(network.internal_span(), format!("its gateway is {place}"));
    }
    Some(help(view, finding, known))
}

fn help(view: &View<'_>, finding: Diagnostic, known: &Known) -> Diagnostic {
    let place = host::linux(view.wiring.platform);
    let what_helps = if view.wiring.platform.is_podman() {
        format!(
            "What helps: rootless Podman, where no internal network leads to {place}; a firewall on {place} that drops \
             what comes in from the network's bridge, except to port 53, where the names are served; or programs that \
             listen on 127.0.0.1 only."
        )
    } else {
        format!(
            "What helps: a firewall on {place} that drops what comes in from the network's bridge; or programs that \
             listen on 127.0.0.1 only."
        )
    };
    finding
        .help(why(known))
        .help(format!(
            "What you see: a connection from such a container to the gateway's address succeeds, if a program on {place} \
             listens on every address or on that one."
        ))
        .help(what_helps)
        .assuming(&known.assumed)
}
