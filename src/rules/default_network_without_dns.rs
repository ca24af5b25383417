//! QG105: names that are needed on a network that never has DNS: the runtime's default network, or macvlan.

use super::context::{Context, Need, View, list, seen, why};
use super::unit_lines::unit_of;
use super::{alias_without_effect, mend};
use crate::diagnostic::{Change, Diagnostic, Fixable, Level, Rule, Sink};
use crate::maps::IndexMap;
use crate::model::{Format, Network, NetworkMode, Service, Spanned, Stack};
use crate::network::{Cause, Home, Verdict, Wiring};
use crate::platform::{Known, Question};

pub static RULE: Rule = Rule {
    code: "QG105",
    name: "default-network-without-dns",
    summary: "names that are needed on a network that never has DNS: the runtime's default one, or macvlan",
    level: Level::Error,
    since: "0.1.0",
    fixable: Fixable::Unsafe,
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
        let mut found: IndexMap<(&str, Place<'_>), Vec<&Need<'_>>> = IndexMap::default();
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
            if let Some(finding) = look(context, view, place, needs) {
                view.report(sink, finding);
            }
        }
    }
}

/// Whether this rule, and not QG104, explains why a need's name does not resolve.
pub fn explains(need: &Need<'_>) -> bool {
    matches!(need.resolution.cause, Cause::NotOnNetworks { home: Home::Default, .. } | Cause::NoNames { .. })
}

fn look(context: &Context<'_>, view: &View<'_>, place: &Place<'_>, needs: &[&Need<'_>]) -> Option<Diagnostic> {
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
    if let Some((network, changes)) = on_one_network(context, &all, needs) {
        finding = finding.fix(format!("put {} on the network `{network}`", list(&all)), false, changes);
    }
    Some(
        finding
            .help(why(&known))
            .help(seen(&known, names.first().copied()))
            .help(format!("What helps: put {} on one bridge network of the stack, which has DNS.", list(all)))
            .assuming(&known.assumed),
    )
}

/// Services moved from the runtime's default network to one of the stack: the one that the others are on, else the stack's
/// own, which only files have that quadgen or docker-compose makes networks for.
fn on_one_network(context: &Context<'_>, all: &[&str], needs: &[&Need<'_>]) -> Option<(String, Vec<Change>)> {
    let stack = context.stack;
    // A trial is a copy of the stack, and each finding has one.
    if stack.services.len() > MOST {
        return None;
    }
    let services = all.iter().map(|name| stack.services.get(*name)).collect::<Option<Vec<&Service>>>()?;
    let is_default =
        |service: &&&Service| service.network_mode.as_ref().is_some_and(|mode| mode.value == NetworkMode::Bridge);
    let (moved, others): (Vec<&Service>, Vec<&Service>) = (
        services.iter().filter(is_default).copied().collect(),
        services.iter().filter(|s| !is_default(s)).copied().collect(),
    );
    let serves = |name: &str| {
        stack.networks.get(name).is_some_and(|network| !network.is_internal())
            && context.views.iter().all(|view| view.wiring.has_dns(name).is_ok())
    };
    let network = match others.split_first() {
        Some((first, rest)) => {
            let on = |service: &Service, name: &str| service.networks.iter().any(|a| a.network.value == name);
            let mut names = first.networks.iter().map(|attachment| attachment.network.value.as_str());
            names.find(|name| serves(name) && rest.iter().all(|other| on(other, name)))?
        }
        None if stack.format == Format::Quadlet => return None,
        None => OWN,
    };
    if others.iter().any(|other| other.network_mode.is_some()) {
        return None;
    }
    let edit = |stack: &mut Stack| {
        for service in &moved {
            if let Some(service) = stack.services.get_mut(&service.name.value) {
                service.network_mode = None;
                service.networks = vec![mend::attachment(network, service.span())];
            }
        }
        let span = stack.name.span();
        let object_name = Spanned::implied(format!("{}_{network}", stack.name.value), span);
        let own =
            || Network { object_name: Some(object_name), ..Network::new(Spanned::implied(network.to_owned(), span)) };
        stack.networks.entry(network.to_owned()).or_insert_with(own);
    };
    let resolves = |wiring: &Wiring<'_>| {
        needs.iter().all(|need| {
            let of = |service: &Service| wiring.stack.services.get(&service.name.value);
            let (Some(client), Some(target)) = (of(need.client), of(need.target)) else { return false };
            wiring.resolves(client, target, &need.connection.name).verdict == Verdict::Yes
        })
    };
    if !mend::keeps(context, edit, resolves) {
        return None;
    }
    let mut changes = Vec::new();
    for service in moved {
        changes.extend(to_network(stack, service, network)?);
    }
    Some((network.to_owned(), changes))
}

/// A service on the runtime's default network, put on one of the stack.
fn to_network(stack: &Stack, service: &Service, network: &str) -> Option<Vec<Change>> {
    let mode = service.network_mode.as_ref()?;
    if stack.format != Format::Quadlet {
        let place = stack.networks.get(network).filter(|own| !own.name.is_implied());
        let mut changes = vec![Change::Remove { span: mode.span() }];
        changes.extend(place.map(|_| Change::AddItem {
            owner: service.span(),
            path: vec!["networks".to_owned()],
            item: network.to_owned(),
        }));
        return Some(changes);
    }
    let unit = unit_of(stack, service)?;
    let file = format!("{network}.network");
    let name = if stack.units.values().any(|unit| unit.file == file) { &file } else { network };
    let mut said = unit.all("Container", "Network");
    match (said.next(), said.next()) {
        (Some(entry), None) => Some(vec![mend::swap(entry.value.span(), &entry.value.value, name)]),
        (None, None) => Some(vec![mend::line_of(unit, format!("Network={name}"))?]),
        _ => None,
    }
}

/// The network that a service is on of which nothing is said.
const OWN: &str = "default";

/// In how many services a way to one network is tried.
const MOST: usize = 1000;

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
