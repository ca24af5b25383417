//! The ways through the host: by a port that somebody publishes there.

use super::route::hides_route;
use super::{Home, Reach, Verdict, Wiring};
use crate::model::{Network, Port, Service, Spanned};
use crate::platform::{Known, Question};

/// A way through a port that the target publishes on the host.
#[derive(Clone, Debug)]
pub struct ThroughHost<'a> {
    /// The port.
    pub port: &'a Spanned<Port>,
    /// Why it is open.
    pub known: Known,
    /// Whether it is always open, or by chance.
    pub verdict: Verdict,
}

impl Wiring<'_> {
    /// The way from `from` to `to` through a port that `to` publishes on an address that it reaches, if one is open at
    /// some starts at least.
    pub fn through_host<'s>(&'s self, from: &Service, to: &'s Service) -> Option<ThroughHost<'s>> {
        self.host_port(from, to).filter(|through| matches!(through.verdict, Verdict::Yes | Verdict::Unpredictable))
    }

    /// The same for a program that wants to get there; see [`Wiring::reaches_at_will`].
    pub fn through_host_at_will<'s>(&'s self, from: &Service, to: &'s Service) -> Option<ThroughHost<'s>> {
        let leaves = self.all_outs(from);
        let all = self.host_ports(from, to, leaves);
        all.into_iter().find(|through| matches!(through.verdict, Verdict::Yes | Verdict::Unpredictable))
    }

    /// The most open of the ports that `to` publishes, open or not.
    pub fn host_port<'s>(&'s self, from: &Service, to: &'s Service) -> Option<ThroughHost<'s>> {
        self.host_ports(from, to, self.outs(from)).into_iter().next()
    }

    /// Every port that `to` publishes, as `from` finds it through the host, the most open first. Packets leave by one of
    /// some networks.
    fn host_ports<'s>(&'s self, from: &Service, to: &'s Service, leaves: Option<Vec<&str>>) -> Vec<ThroughHost<'s>> {
        let home = self.home(from);
        let published = self.published(to);
        let dead = published.verdict == Verdict::No && !self.has_no_way_out(to);
        if !matches!(self.home(to), Home::Networks | Home::Default) || dead {
            return Vec::new();
        }
        let loopback = home == Home::Host || self.yes(Question::HostLoopbackFromNetwork);
        let ports = self.owner(to).ports.iter().filter(|port| loopback || !port.value.is_loopback());
        let by_chance = published.known.first().filter(|_| published.verdict == Verdict::Unpredictable);
        let mut found: Vec<ThroughHost<'_>> = Vec::new();
        // What has no way out gets to the gateways of its networks only.
        let nowhere = self.has_no_way_out(from);
        for port in ports.filter(|port| !nowhere || by_gateway(&port.value)) {
            let (question, at_some_starts) = match home {
                Home::Nowhere | Home::Elsewhere => continue,
                Home::Networks if self.owner(from).name == self.owner(to).name => self.to_itself(from, &port.value),
                Home::Host => (Question::PublishedPortFromNetwork, false),
                Home::Networks if self.only_internal(from) => (Question::PublishedPortFromInternalNetwork, false),
                Home::Networks | Home::Default => self.between_networks(from, to, &port.value, leaves.as_deref()),
            };
            let known = self.ask(question);
            let verdict = Verdict::from(known.fact.is);
            found.push(match by_chance {
                Some(known) if verdict == Verdict::Yes => {
                    ThroughHost { port, known: known.clone(), verdict: Verdict::Unpredictable }
                }
                _ if at_some_starts && verdict == Verdict::No => {
                    ThroughHost { port, known, verdict: Verdict::Unpredictable }
                }
                _ => ThroughHost { port, known, verdict },
            });
        }
        let openness = [Verdict::Yes, Verdict::Unpredictable, Verdict::Unknown, Verdict::No];
        found.sort_by_key(|through| openness.iter().position(|verdict| *verdict == through.verdict));
        found
    }

    /// Whether a service is on networks that are not internal, and none of them is a way out. Others reach it all the
    /// same: the host puts the address of its own gateway on what it carries over.
    pub(super) fn has_no_way_out(&self, service: &Service) -> bool {
        self.are_no_way_out(&self.networks(service))
    }

    fn are_no_way_out(&self, networks: &[&Network]) -> bool {
        let is_no_way = |network: &Network| {
            (network.is_internal() && !network.external)
                || (hides_route(network) && self.opaque_inside(network).is_none())
        };
        networks.iter().all(|network| is_no_way(network)) && !networks.iter().all(|network| network.is_internal())
    }

    /// Which question decides about a port that a service publishes itself, and whether it answers at some starts only.
    fn to_itself(&self, service: &Service, port: &Port) -> (Question, bool) {
        let own = Question::OwnPublishedPort;
        if self.yes(own) {
            return (own, false);
        }
        // What leaves by one network comes back by another.
        let all = self.attachments(service).map(|attachment| attachment.network.value.as_str());
        let networks: Vec<&str> = all.filter(|network| !self.is_internal(network)).collect();
        let open =
            |into: &&str| networks.iter().any(|out| out != into && self.crossing(out, into).verdict == Verdict::Yes);
        match networks.iter().filter(|into| open(into)).count() {
            0 => (own, false),
            count if count == networks.len() && by_gateway(port) => (Question::PublishedPortFromNetwork, false),
            _ if by_gateway(port) || !self.yes(Question::OwnPortByAnotherNetwork) => (own, true),
            // A packet to another address of the host leaves by the default route.
            _ => {
                let Some(outs) = self.outs(service) else { return (own, true) };
                let pairs = outs.iter().flat_map(|out| networks.iter().map(move |into| (out, into)));
                let pairs = pairs.filter(|(out, into)| out != into || outs.len() == 1);
                let is_open =
                    |(out, into): (&&str, &&str)| out != into && self.crossing(out, into).verdict == Verdict::Yes;
                let (open, closed): (Vec<bool>, Vec<bool>) = pairs.map(is_open).partition(|open| *open);
                if closed.is_empty() { (Question::PublishedPortFromNetwork, false) } else { (own, !open.is_empty()) }
            }
        }
    }

    /// Which question decides about a published port of `to` for packets of `from`, and whether isolation closes it at
    /// some starts only: a packet to one address of the host leaves by whichever network has the default route then.
    fn between_networks(&self, from: &Service, to: &Service, port: &Port, leaves: Option<&[&str]>) -> (Question, bool) {
        // Internal networks forward nothing, so only the others count. No name is that of the default network.
        let ordinary = |service| -> Vec<Option<&str>> {
            if self.home(service) == Home::Default {
                return vec![None];
            }
            let all = self.attachments(service).map(|attachment| attachment.network.value.as_str());
            all.filter(|network| !self.is_internal(network)).map(Some).collect()
        };
        let (own, enters) = (ordinary(from), ordinary(to));
        let leaves = match leaves {
            Some(leaves) if self.home(from) == Home::Networks => leaves.iter().copied().map(Some).collect(),
            _ => own.clone(),
        };
        let shut =
            |out: &Option<&str>, into: &Option<&str>| out != into && self.crosses(*out, *into).verdict == Verdict::No;
        let shut_anywhere = |out: &Option<&str>| enters.iter().any(|into| shut(out, into));
        if enters.is_empty() || !leaves.iter().any(shut_anywhere) {
            return (Question::PublishedPortFromNetwork, false);
        }
        // The port leads to one of the target's networks, and a packet to a gateway leaves by the gateway's.
        if by_gateway(port) && enters.iter().all(|into| own.iter().any(|out| !shut(out, into))) {
            return (Question::PublishedPortFromNetwork, false);
        }
        let somewhere = leaves.iter().any(|out| enters.iter().any(|into| !shut(out, into)));
        (Question::PublishedPortBetweenIsolatedNetworks, somewhere)
    }

    /// Where a port is one that a service only has on the host: the mapping, and the container's own port behind it.
    /// Containers reach each other on their own ports, so a connection to it is refused.
    pub fn host_port_only<'s>(&'s self, service: &'s Service, wanted: u16) -> Option<(&'s Spanned<Port>, u16)> {
        let service = self.owner(service);
        if service.container_ports().iter().any(|own| own.contains(wanted)) {
            return None;
        }
        service.ports.iter().find_map(|port| Some((port, port.value.behind(wanted)?)))
    }

    /// Whether a service's published ports answer on the host.
    pub fn published(&self, service: &Service) -> Reach {
        let simply = |verdict| Reach { verdict, path: Vec::new(), known: Vec::new() };
        match self.home(service) {
            Home::Networks => {}
            Home::Default => return simply(Verdict::Yes),
            _ => return simply(Verdict::Unknown),
        }
        let networks = self.networks(service);
        let internal = networks.iter().filter(|network| network.is_internal()).count();
        let question = match internal {
            _ if networks.is_empty() => return simply(Verdict::Yes),
            _ if networks.iter().all(|network| self.opaque_inside(network).is_some()) => {
                return simply(Verdict::Unknown);
            }
            _ if internal == networks.len() => Question::PublishedPortOnInternalNetwork,
            _ if self.are_no_way_out(&networks) => Question::PublishedPortWithoutDefaultRoute,
            0 => return simply(Verdict::Yes),
            _ => Question::PublishedPortOnMixedNetworks,
        };
        let known = self.ask(question);
        Reach { verdict: known.fact.is.into(), path: Vec::new(), known: vec![known] }
    }
}

/// Whether a port answers on the gateway of each network, too, which is an address of the host.
fn by_gateway(port: &Port) -> bool {
    port.address.is_none_or(|address| address.is_unspecified())
}
