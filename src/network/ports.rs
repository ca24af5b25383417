//! The question `ports`: what keeps a service's ports from being published at all?

use super::Wiring;
use crate::model::{Network, NetworkMode, Service, Spanned};
use crate::platform::{Is, Known, Question};

/// What keeps a service's ports from being published.
#[derive(Clone, Debug)]
pub enum Because<'a> {
    /// It is in the network of the host or of another container, or in none: here it says so.
    Mode(&'a Spanned<NetworkMode>),
    /// It is on networks only that go past the host.
    Networks(Vec<&'a Network>),
}

/// That a service's ports are not published.
#[derive(Clone, Debug)]
pub struct Ignored<'a> {
    /// What keeps them.
    pub because: Because<'a>,
    /// What becomes of the ports; nobody may have measured it.
    pub known: Known,
    /// Why the container does not start at all, if it does not.
    pub refused: Option<Known>,
}

impl Ignored<'_> {
    /// Whether the port of the host is free for others all the same.
    pub fn leaves_port_free(&self, wiring: &Wiring<'_>) -> bool {
        match self.because {
            Because::Mode(_) => true,
            // fact: podman-macvlan-port-dead
            Because::Networks(_) => !wiring.platform.is_podman(),
        }
    }
}

impl Wiring<'_> {
    /// What keeps a service's ports from being published, if anything does: internal networks are another question,
    /// see [`Wiring::published`].
    pub fn ignored_ports<'s>(&'s self, service: &'s Service) -> Option<Ignored<'s>> {
        if let Some(mode) = &service.network_mode {
            let another = match mode.value {
                NetworkMode::Host | NetworkMode::None => false,
                NetworkMode::Service(_) | NetworkMode::Container(_) => true,
                NetworkMode::Bridge | NetworkMode::Other(_) => return None,
            };
            let start = another.then(|| self.ask(Question::StartWithPortInAnotherNetwork));
            return Some(Ignored {
                because: Because::Mode(mode),
                known: self.ask(Question::PublishedPortWithoutOwnNetwork),
                refused: start.filter(|known| known.fact.is == Is::No),
            });
        }
        let networks: Option<Vec<&Network>> = service
            .networks
            .iter()
            .map(|attachment| self.stack.networks.get(&attachment.network.value))
            .map(|network| network.filter(|network| network.goes_past_the_host() && !network.external))
            .collect();
        let networks = networks.filter(|networks| !networks.is_empty())?;
        Some(Ignored {
            because: Because::Networks(networks),
            known: self.ask(Question::PublishedPortOnMacvlan),
            refused: None,
        })
    }
}
