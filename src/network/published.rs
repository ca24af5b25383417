//! The question `published`: from where does a published port answer?

use super::{Because, Verdict, Wiring};
use crate::model::{NetworkMode, Port, Runtime, Service};
use crate::platform::{Known, Question};

/// Who calls a published port.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Caller {
    /// A program on the host.
    Host,
    /// Another machine.
    Lan,
    /// A container on an ordinary network that it does not share with the target, through the host.
    Container,
}

impl Caller {
    /// Every caller.
    pub const ALL: [Caller; 3] = [Caller::Host, Caller::Lan, Caller::Container];

    /// The word for it in every output for programs.
    pub fn word(self) -> &'static str {
        match self {
            Caller::Host => "host",
            Caller::Lan => "lan",
            Caller::Container => "container",
        }
    }
}

/// Whether a published port answers, and the fact behind it.
#[derive(Clone, Debug)]
pub struct Answers {
    /// Whether it answers.
    pub verdict: Verdict,
    /// Why, where that is a fact about the platform.
    pub known: Option<Known>,
}

impl From<Known> for Answers {
    fn from(known: Known) -> Self {
        Answers { verdict: known.fact.is.into(), known: Some(known) }
    }
}

impl Wiring<'_> {
    /// Whether a port that a service publishes answers a caller.
    pub fn port_answers(&self, service: &Service, port: &Port, caller: Caller) -> Answers {
        let plain = |verdict| Answers { verdict, known: None };
        if self.opaque_service(service).is_some() {
            return plain(Verdict::Unknown);
        }
        if let Some(ignored) = self.ignored_ports(service) {
            let in_host = matches!(ignored.because, Because::Mode(mode) if mode.value == NetworkMode::Host);
            return if in_host { self.own_port(port, caller, ignored.known) } else { ignored.known.into() };
        }
        let published = self.published(service);
        let known = published.known.into_iter().next();
        let answers = match caller {
            Caller::Container if self.has_no_way_out(service) && !port.is_loopback() => {
                self.ask(self.question_of_other_networks(service)).into()
            }
            // By 127.0.0.1 the host comes as the gateway, which is on the network; nobody measured whether always.
            Caller::Host
                if self.has_no_way_out(service)
                    && port.address.is_none_or(|address| address.is_unspecified() || address.is_loopback()) =>
            {
                return plain(Verdict::Unknown);
            }
            _ if published.verdict == Verdict::No => return Answers { verdict: Verdict::No, known },
            Caller::Host => plain(Verdict::Yes),
            Caller::Lan if port.is_loopback() => plain(Verdict::No),
            // The address of a bridge is one of the host alone.
            Caller::Lan if port.address.is_some_and(|address| self.is_bridge_gateway(address)) => plain(Verdict::No),
            Caller::Lan => self.ask(Question::PublishedPortFromLan).into(),
            Caller::Container if port.is_loopback() && !self.yes(Question::HostLoopbackFromNetwork) => {
                self.ask(Question::HostLoopbackFromNetwork).into()
            }
            Caller::Container => self.ask(self.question_of_other_networks(service)).into(),
        };
        // Who would get an answer gets it by chance, where that is how the port is published.
        match answers.verdict {
            Verdict::Yes if published.verdict != Verdict::No => {
                Answers { verdict: published.verdict, known: known.or(answers.known) }
            }
            _ => answers,
        }
    }

    /// Which question decides about a service's ports for members of the stack's other ordinary networks: isolation may
    /// keep all of them out.
    fn question_of_other_networks(&self, service: &Service) -> Question {
        let own: Vec<&str> = self.attachments(service).map(|attachment| attachment.network.value.as_str()).collect();
        let enters: Vec<&str> = own.iter().copied().filter(|network| !self.is_internal(network)).collect();
        let shut = |out: &str| enters.iter().all(|into| self.crossing(out, into).verdict == Verdict::No);
        // Networks that are alike cross alike, so one of each kind says it.
        let others = self
            .kinds()
            .into_iter()
            .filter_map(|kind| kind.into_iter().find(|network| !own.contains(network) && !self.is_internal(network)));
        let others: Vec<&str> = others.collect();
        match !enters.is_empty() && !others.is_empty() && others.into_iter().all(shut) {
            true => Question::PublishedPortBetweenIsolatedNetworks,
            false => Question::PublishedPortFromNetwork,
        }
    }

    /// In the host's network nothing is published: the program itself is open there, on its own port. On which
    /// addresses it listens only the program says.
    fn own_port(&self, port: &Port, caller: Caller, known: Known) -> Answers {
        let own = port.host.is_none_or(|host| host == port.container);
        let verdict = match caller {
            _ if !own => return known.into(),
            // Host mode there is the network of a virtual machine, and nobody measured it.
            _ if self.platform.runtime == Runtime::DockerDesktop => Verdict::Unknown,
            Caller::Host => Verdict::Yes,
            Caller::Lan | Caller::Container => Verdict::Unknown,
        };
        Answers { verdict, known: None }
    }
}
