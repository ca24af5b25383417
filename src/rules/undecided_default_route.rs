//! QG506: a service on several ordinary networks, whose way out nothing decides.

use super::context::{Context, View, list, seen, why};
use super::mend;
use crate::diagnostic::{Diagnostic, Fixable, Level, Rule, Sink};
use crate::model::{Format, Network, Service};
use crate::network::{Routes, Unheeded};
use crate::platform::{Is, Question};

pub static RULE: Rule = Rule {
    code: "QG506",
    name: "undecided-default-route",
    summary: "a service on several ordinary networks, whose way out changes from start to start",
    level: Level::Info,
    since: "0.1.0",
    fixable: Fixable::Unsafe,
    page: include_str!("undecided_default_route.md"),
};

pub fn check(context: &Context<'_>, sink: &mut Sink) {
    for view in &context.views {
        // Services with the same ways out have one cause.
        let mut groups: Vec<(Vec<&Service>, Routes<'_>)> = Vec::new();
        let mut chosen = Chosen::default();
        for service in context.stack.services.values() {
            // Who shares another's network namespace goes out as that does.
            if view.wiring.owner(service).name != service.name {
                continue;
            }
            // What nothing decides is for those who want to know; what was decided in vain for all.
            let decides = || service.networks.iter().any(|attachment| !attachment.attributes.is_empty());
            if context.lowest > RULE.level && !decides() {
                continue;
            }
            let Some(routes) = view.wiring.routes(service) else { continue };
            if let Some(stated) = &routes.unheeded {
                view.report(sink, unheeded(context, view, service, &routes, stated, &mut chosen));
                continue;
            }
            let same = |(_, known): &&mut (Vec<&Service>, Routes<'_>)| {
                known.equal.iter().map(|network| &network.name).eq(routes.equal.iter().map(|network| &network.name))
            };
            match groups.iter_mut().find(same) {
                Some((services, _)) => services.push(service),
                None => groups.push((vec![service], routes)),
            }
        }
        for (services, routes) in groups.iter().filter(|(_, routes)| routes.known.fact.is == Is::Unpredictable) {
            if let Some(finding) = by_chance(context, view, services, routes, &mut chosen) {
                view.report(sink, finding);
            }
        }
    }
}

/// The networks that a change makes the way out, each for those who have it among several: two of one service would leave
/// it undecided.
#[derive(Default)]
struct Chosen {
    taken: Vec<(Vec<String>, String)>,
}

impl Chosen {
    /// The way out of who has several: the one that is wanted, else the first that does not undo another choice.
    fn choose<'a>(&mut self, view: &View<'_>, routes: &Routes<'a>) -> Option<&'a Network> {
        let equal: Vec<&'a Network> = routes.equal.clone();
        let names: Vec<String> = equal.iter().map(|network| network.name.value.clone()).collect();
        let wanted: Vec<&'a Network> = routes.unheeded.as_ref().map_or(equal, |unheeded| vec![unheeded.wanted]);
        let fits = |network: &&&'a Network| {
            let name = &network.name.value;
            let has_metric = |other: &str| {
                other != name
                    && view.wiring.stack.networks.get(other).is_some_and(|on| on.options.contains_key("metric"))
            };
            let mut members = view.wiring.members(name);
            !members.any(|member| view.wiring.attachments(member).any(|on| has_metric(&on.network.value)))
                && self
                    .taken
                    .iter()
                    .all(|(others, other)| name == other || (!others.contains(name) && !names.contains(other)))
        };
        let network = *wanted.iter().find(fits)?;
        self.taken.push((names, network.name.value.clone()));
        Some(network)
    }
}

fn by_chance(
    context: &Context<'_>,
    view: &View<'_>,
    services: &[&Service],
    routes: &Routes<'_>,
    chosen: &mut Chosen,
) -> Option<Diagnostic> {
    let first = services.first()?;
    let go = if services.len() == 1 { "goes" } else { "go" };
    let names = list(services.iter().map(|service| &service.name.value));
    let networks: Vec<String> = routes.equal.iter().map(|network| format!("`{}`", network.name.value)).collect();
    let message =
        format!("{names} {go} out by {}, and which one it is changes from start to start", networks.join(" or "));
    let mut finding = Diagnostic::new(&RULE, first.span(), message).here("on several ordinary networks");
    for service in services.iter().skip(1) {
        finding = finding.label(service.span(), "the same");
    }
    for network in &routes.equal {
        finding = finding.label(network.name.span(), "a way out");
    }
    let finding = finding.help(why(&routes.known)).help(seen(&routes.known, None));
    Some(what_helps(context, view, finding, routes, chosen).assuming(&routes.known.assumed))
}

/// Somebody stated the way out in words that do not count here.
fn unheeded(
    context: &Context<'_>,
    view: &View<'_>,
    service: &Service,
    routes: &Routes<'_>,
    unheeded: &Unheeded<'_>,
    chosen: &mut Chosen,
) -> Diagnostic {
    let name = &service.name.value;
    let wanted = &unheeded.wanted.name.value;
    let instead = match unheeded.taken {
        Some(taken) => format!("by `{}`", taken.name.value),
        None if routes.known.fact.is == Is::Unpredictable => "by one network or another, as chance has it".to_owned(),
        None => "as it would without".to_owned(),
    };
    let message =
        format!("`{name}` is to go out by `{wanted}`, and goes out {instead}: `gw_priority` does not count here");
    // Rootless, all ways lead through one namespace and leave the host by the same address.
    let level = if view.wiring.platform.rootless { Level::Info } else { Level::Warning };
    let mut finding =
        Diagnostic::new(&RULE, unheeded.span, message).severity(level).here("does not count").label(service.span(), "");
    for network in &routes.equal {
        finding = finding.label(network.name.span(), "a way out");
    }
    let finding = finding.help(why(&unheeded.known)).help(why(&routes.known));
    let mut assumed = unheeded.known.assumed.to_vec();
    assumed.extend_from_slice(&routes.known.assumed);
    what_helps(context, view, finding, routes, chosen).assuming(&assumed)
}

fn what_helps(
    context: &Context<'_>,
    view: &View<'_>,
    finding: Diagnostic,
    routes: &Routes<'_>,
    chosen: &mut Chosen,
) -> Diagnostic {
    let platform = view.wiring.platform;
    if !platform.is_podman() {
        return finding.help(
            "What helps: Docker Engine 28 or newer with Compose 2.33.1 or newer; or a name (`name:`) for the network of the \
             way out that comes before the other ones in the alphabet.",
        );
    }
    if view.wiring.ask(Question::RouteMetric).fact.is != Is::Yes {
        return finding.help(
            "What helps: one ordinary network for what goes out, and `internal: true` on the others; or a newer netavark, \
             which takes the option `metric` of a network.",
        );
    }
    let wanted = routes.unheeded.as_ref().map(|unheeded| unheeded.wanted);
    let choice = chosen.choose(view, routes);
    let network = choice.or(wanted).or(routes.equal.first().copied());
    let name = network.map_or("NAME", |network| network.name.value.as_str());
    let is_unit = view.wiring.stack.format == Format::Quadlet;
    let option = if is_unit { "`Options=metric=50`" } else { "`driver_opts: {metric: \"50\"}`" };
    let finding = finding.help(format!(
        "What helps: {option} on the network of the way out (on `{name}`, if that is it): the lowest metric goes first, \
         for every service on it. A network that exists has to be removed first. Or `internal: true` on those that need no \
         way out."
    ));
    let counts = context
        .views
        .iter()
        .all(|view| view.wiring.platform.is_podman() && view.wiring.ask(Question::RouteMetric).fact.is == Is::Yes);
    let change = choice.and_then(|network| mend::option(context.stack, network, "metric", "50"));
    match change.filter(|_| counts) {
        Some(change) => finding.fix(format!("let what is on `{name}` go out by it"), false, vec![change]),
        None => finding,
    }
}
