//! QG105: names that are needed on a network that never has DNS: the runtime's default network, or macvlan.

use indexmap::IndexMap;

use super::alias_without_effect;
use super::context::{Context, Need, View, list, seen, why};
use crate::diagnostic::{Diagnostic, Fixable, Level, Rule, Sink};
use crate::model::Spanned;
use crate::network::{Cause, Home, Verdict};
use crate::platform::{Known, Question};

pub static RULE: Rule = Rule {
    code: "QG105",
    name: "default-network-without-dns",
    summary: "names that are needed on a network that never has DNS: the runtime's default one, or macvlan",
    level: Level::Error,
    since: "0.1.0",
    fixable: Fixable::Never,
    page: include_str!("default_network_without_dns.md"),
};

/// Where a name is looked for in vain.
#[derive(PartialEq, Eq, Hash)]
enum Place<'a> {
    /// A service is on the runtime's default network.
    Default(&'a str),
    /// The networks that both are on.
    Networks(&'a [String]),
}

pub fn check(context: &Context<'_>, sink: &mut Sink) {
    for view in &context.views {
        let mut found: IndexMap<(&str, Place<'_>), Vec<&Need<'_>>> = IndexMap::new();
        for need in view.needs.iter().filter(|need| need.looks_up() && explains(need)) {
            // Without a way by address either, QG208 says it; and an alias of that network is QG109's.
            if need.reach.verdict == Verdict::No || alias_without_effect::explains(view, need) {
                continue;
            }
            let place = match &need.resolution.cause {
                Cause::NotOnNetworks { service, .. } => Place::Default(service),
                Cause::NoNames { networks, .. } => Place::Networks(networks),
                _ => continue,
            };
            found.entry((&need.client.name.value, place)).or_default().push(need);
        }
        for ((_, place), needs) in &found {
            if let Some(finding) = look(view, place, needs) {
                view.report(sink, finding);
            }
        }
    }
}

/// Whether this rule, and not QG104, explains why a need's name does not resolve.
pub fn explains(need: &Need<'_>) -> bool {
    matches!(need.resolution.cause, Cause::NotOnNetworks { home: Home::Default, .. } | Cause::NoNames { .. })
}

fn look(view: &View<'_>, place: &Place<'_>, needs: &[&Need<'_>]) -> Option<Diagnostic> {
    let (first, more) = needs.split_first()?;
    let client = &first.client.name.value;
    let (known, place_text) = describe(view, place, first)?;
    let mut names: Vec<&str> = needs.iter().map(|need| need.connection.name.as_str()).collect();
    names.sort_unstable();
    names.dedup();
    let verb = if names.len() == 1 { "does" } else { "do" };
    let message = format!("{} {verb} not resolve in `{client}`: {place_text}, where no names are served", list(&names));
    let stated = needs.iter().any(|need| need.connection.is_stated());
    let level = if stated { Level::Error } else { Level::Warning };
    let mut finding = Diagnostic::new(&RULE, first.connection.span, message).severity(level).here(first.label());
    for need in more {
        finding = finding.label(need.connection.span, need.label());
    }
    finding = match place {
        Place::Default(service) => {
            let mode = view.wiring.owner(view.wiring.stack.services.get(*service)?).network_mode.as_ref()?;
            let text = if mode.is_implied() { "no network is said here" } else { "the default network" };
            finding.label(mode.span(), text)
        }
        Place::Networks(networks) => {
            for network in networks.iter().filter_map(|network| view.wiring.stack.networks.get(network)) {
                let span = network.driver.as_ref().map_or(network.name.span(), Spanned::span);
                finding = finding.label(span, "never has DNS");
            }
            finding
        }
    };
    let mut all: Vec<&str> = needs.iter().map(|need| need.target.name.value.as_str()).collect();
    all.sort_unstable();
    all.dedup();
    all.insert(0, client);
    Some(
        finding
            .help(why(&known))
            .help(seen(&known, names.first().copied()))
            .help(format!("What helps: put {} on one bridge network of the stack, which has DNS.", list(all)))
            .assuming(&known.assumed),
    )
}

/// The fact, and where the services are: a clause.
fn describe(view: &View<'_>, place: &Place<'_>, need: &Need<'_>) -> Option<(Known, String)> {
    let wiring = view.wiring;
    Some(match place {
        Place::Default(service) => {
            let mode = wiring.owner(wiring.stack.services.get(*service)?).network_mode.as_ref()?;
            let who = if need.client.name.value == **service { "it".to_owned() } else { format!("`{service}`") };
            let text = if mode.is_implied() && wiring.platform.rootless {
                format!("{who} is on no network")
            } else {
                format!("{who} is on the runtime's default network")
            };
            (wiring.ask(Question::DefaultNetworkDns), text)
        }
        Place::Networks(networks) => {
            let Cause::NoNames { known, .. } = &need.resolution.cause else { return None };
            let network = wiring.stack.networks.get(networks.first()?)?;
            let kind = if wiring.is_default(network) { "the runtime's default network" } else { network.driver() };
            (known.clone(), format!("they share {} only, which is {kind}", list(networks.iter())))
        }
    })
}
