//! The question `route`: by which of its networks does a service go out?

use super::{Home, Wiring};
use crate::model::{Attachment, Data, Format, Network, Service};
use crate::platform::{Is, Known, Question};
use crate::source::Span;

/// The metric of a default route about which nothing is said. // fact: netavark-metric
const USUAL_METRIC: u32 = 100;

/// The ways out of a service on several ordinary networks.
#[derive(Clone, Debug)]
pub struct Routes<'a> {
    /// The networks of which none goes before the others, in the order in which they are declared: two or more.
    pub equal: Vec<&'a Network>,
    /// Whether the same one is taken at each start.
    pub known: Known,
    /// What somebody stated and the platform does not heed.
    pub unheeded: Option<Unheeded<'a>>,
}

/// A `gw_priority` that does not count.
#[derive(Clone, Debug)]
pub struct Unheeded<'a> {
    /// The network that would be the way out.
    pub wanted: &'a Network,
    /// The one that is, where that is known.
    pub taken: Option<&'a Network>,
    /// Where the priority stands.
    pub span: Span,
    /// Why it does not count.
    pub known: Known,
}

impl<'a> Wiring<'a> {
    /// The networks by which packets of a service go out that are for none of its own networks: several where nothing
    /// says which. Nothing where that cannot be known.
    pub(super) fn outs(&self, service: &Service) -> Option<Vec<&'a str>> {
        let ordinary = self.ordinary(service)?;
        let names =
            |networks: Vec<&'a Network>| networks.into_iter().map(|network| network.name.value.as_str()).collect();
        match ordinary.as_slice() {
            [] => Some(Vec::new()),
            [(_, only)] => Some(vec![only.name.value.as_str()]),
            _ => self.foremost(&ordinary).map(names),
        }
    }

    /// The same for a program that picks one: every network that brings a default route.
    pub(super) fn all_outs(&self, service: &Service) -> Option<Vec<&'a str>> {
        let ordinary = self.ordinary(service)?;
        Some(ordinary.into_iter().map(|(_, network)| network.name.value.as_str()).collect())
    }

    /// The ways out of a service, if it has several of which none goes before the others, or a stated one does not count.
    /// Nothing where one of them cannot be looked into.
    pub fn routes(&self, service: &Service) -> Option<Routes<'a>> {
        let ordinary = self.ordinary(service)?;
        if ordinary.len() < 2 {
            return None;
        }
        let unheeded = self.unheeded(&ordinary);
        let known = self.ask(Question::DefaultRouteOnSeveralNetworks);
        let equal = self.foremost(&ordinary)?;
        (equal.len() > 1).then_some(Routes { equal, known, unheeded })
    }

    /// The networks of a service that may be its way out; nothing where one cannot be looked into.
    pub(super) fn ordinary<'s>(&'s self, service: &'s Service) -> Option<Vec<(&'s Attachment, &'a Network)>> {
        if self.home(service) != Home::Networks {
            return None;
        }
        let mut ordinary: Vec<(&Attachment, &'a Network)> = Vec::new();
        for (attachment, network) in self.on(service) {
            if network.is_internal() && !network.external {
                continue;
            }
            if self.opaque_inside(network).is_some() {
                return None;
            }
            if !hides_route(network) {
                ordinary.push((attachment, network));
            }
        }
        Some(ordinary)
    }

    /// Those of several networks that no other goes before, in the order in which they are declared.
    fn foremost(&self, ordinary: &[(&Attachment, &'a Network)]) -> Option<Vec<&'a Network>> {
        let networks = ordinary.iter().map(|(_, network)| *network);
        // A metric that may count or not.
        let says = networks.clone().any(|network| network.options.contains_key("metric"));
        if says && self.ask(Question::RouteMetric).fact.is != Is::Yes {
            return None;
        }
        let lowest = networks.clone().map(metric).collect::<Option<Vec<u32>>>()?.into_iter().min()?;
        let mut equal: Vec<&Network> = networks.filter(|network| metric(network) == Some(lowest)).collect();
        equal.sort_by_key(|network| self.stack.networks.get_index_of(&network.name.value));
        equal.dedup_by(|a, b| a.name == b.name);
        Some(equal)
    }

    /// The priority that somebody gave one network before all others, where it does not count.
    fn unheeded(&self, ordinary: &[(&Attachment, &'a Network)]) -> Option<Unheeded<'a>> {
        let known = self.ask(Question::NetworkPriority);
        if known.fact.is != Is::No {
            return None;
        }
        let priority = |attachment: &Attachment| match attachment.attributes.get("gw_priority") {
            Some((_, value)) => match &value.data {
                Data::Number(text) | Data::Text(text) => text.parse::<i64>().ok(),
                _ => None,
            },
            None => Some(0),
        };
        let given: Vec<(i64, &Attachment, &Network)> = ordinary
            .iter()
            .map(|(attachment, network)| Some((priority(attachment)?, *attachment, *network)))
            .collect::<Option<_>>()?;
        let highest = given.iter().map(|(priority, ..)| *priority).max()?;
        let mut first = given.iter().filter(|(priority, ..)| *priority == highest);
        let (_, attachment, wanted) = first.next().filter(|_| first.next().is_none())?;
        // Every other one may have been pushed back by a negative priority.
        let own = attachment.attributes.get("gw_priority");
        let mut others = given.iter().filter_map(|(_, attachment, _)| attachment.attributes.get("gw_priority"));
        let (span, _) = own.or_else(|| others.next())?;
        let by_name = self.ask(Question::DefaultRouteOnSeveralNetworks).fact.is == Is::Yes;
        let taken = ordinary.iter().map(|(_, network)| *network).min_by_key(|network| self.real_name(network));
        let taken = taken.filter(|_| by_name);
        if taken.is_some_and(|taken| taken.name == wanted.name) {
            return None;
        }
        Some(Unheeded { wanted, taken, span: *span, known })
    }

    /// What a network is called in the runtime.
    pub(super) fn real_name(&self, network: &Network) -> String {
        match (&network.object_name, self.stack.format) {
            (None, Format::Compose) if !network.external => {
                format!("{}_{}", self.stack.name.value, network.name.value)
            }
            _ => network.object().to_owned(),
        }
    }
}

/// The metric of a network's default route; nothing where it is out of form.
fn metric(network: &Network) -> Option<u32> {
    network.options.get("metric").map_or(Some(USUAL_METRIC), |option| option.value.parse().ok())
}

/// Whether a network is no way out by its own option, where that is known at all.
pub(super) fn hides_route(network: &Network) -> bool {
    network.options.get("no_default_route").is_some_and(|option| option.value == "true")
}
