//! Whether a lead gets to the program: the machine, the networks on the way, and where the program listens.

use super::lead::Lead;
use super::{Address, HostCause, HostWay, Machine, Setup};
use crate::model::{HostService, Service};
use crate::network::{Home, Verdict, Wiring};
use crate::platform::{Is, Leads, Question};

impl Wiring<'_> {
    /// What becomes of a lead on the way to a program.
    pub(super) fn judge_lead(&self, service: &Service, host: &HostService, wanted: Machine, lead: Lead) -> HostWay {
        let own_network =
            matches!(self.home(service), Home::Networks | Home::Default) || self.carrier(service).is_some();
        let mut way = HostWay {
            name: lead.name,
            address: Some(lead.address),
            setup: lead.setup,
            verdict: Verdict::Yes,
            cause: HostCause::Leads,
            known: lead.known,
            undecided: None,
        };
        let stop = |way: HostWay, verdict, cause| HostWay { verdict, cause, ..way };
        if wanted == Machine::Absent {
            return stop(way, Verdict::No, HostCause::NoSuchMachine);
        }
        if !meets(lead.leads, wanted) {
            let mirrored = self.platform.spec.mirrored && wanted == Machine::Outside && own_network;
            let cause = if mirrored { HostCause::Mirrored } else { HostCause::Elsewhere(lead.leads) };
            let by_chance = way.known.iter().any(|known| known.fact.is == Is::Unpredictable);
            return stop(way, if by_chance { Verdict::Unpredictable } else { Verdict::No }, cause);
        }
        if self.home(service) == Home::Networks && self.only_internal(service) {
            // An address that somebody wrote rests on no fact.
            let outside = matches!(lead.setup, Setup::Entry(_) | Setup::StartStep) || way.known.is_empty();
            let mut networks = self.on(service).map(|(_, network)| network);
            let question = match outside {
                true => Question::EgressFromInternalNetwork,
                false if networks.all(|network| self.is_dns_off(network)) => Question::HostOnInternalNetworkWithoutDns,
                false => Question::HostNameFromInternalNetwork,
            };
            let known = self.ask(question);
            let verdict = Verdict::from(known.fact.is);
            way.known.push(known);
            if verdict != Verdict::Yes {
                let cause = if verdict == Verdict::Unknown { HostCause::Unknown } else { HostCause::Internal };
                return stop(way, verdict, cause);
            }
        }
        let opaque = self.carrier(service).is_none() && self.opaque_service(service).is_some();
        if opaque || self.on(service).any(|(_, network)| self.opaque_inside(network).is_some()) {
            return stop(way, Verdict::Unknown, HostCause::Unknown);
        }
        if lead.address == Address::Gateway && self.attachments(service).count() > 1 {
            let known = self.ask(Question::HostNameOnSeveralNetworks);
            way.undecided = (known.fact.is != Is::Yes).then_some(known);
            // The gateway of an internal network may be no way to the host.
            if way.undecided.is_some() && self.attachments(service).any(|a| self.is_internal(&a.network.value)) {
                let known = self.ask(Question::HostNameFromInternalNetwork);
                if known.fact.is != Is::Yes {
                    let way = self.judge_listening(host, way);
                    return match way.verdict {
                        Verdict::Yes => {
                            let known = way.known.iter().cloned().chain([known]).collect();
                            HostWay { verdict: Verdict::Unpredictable, cause: HostCause::Internal, known, ..way }
                        }
                        _ => way,
                    };
                }
            }
        }
        self.judge_listening(host, way)
    }

    /// Whether the program listens where the name leads.
    fn judge_listening(&self, host: &HostService, mut way: HostWay) -> HostWay {
        let Some(listens) = host.listens.map(|listens| listens.value).filter(|listens| !listens.is_unspecified())
        else {
            return way;
        };
        let is_loopback = |address: Option<Address>| matches!(address, Some(Address::Fixed(ip)) if ip.is_loopback());
        if way.address == Some(Address::Fixed(listens)) || is_loopback(way.address) && listens.is_loopback() {
            return way;
        }
        if listens.is_loopback() {
            if way.known.iter().any(|known| known.fact.carries_loopback) {
                return way;
            }
            let known = self.ask(Question::HostLoopbackFromNetwork);
            // Only the runtime's own address of the host is carried on to 127.0.0.1, none that somebody wrote.
            let verdict = if way.known.is_empty() { Verdict::No } else { known.fact.is.into() };
            if known.fact.is == Is::No {
                way.known.push(known);
            }
            return match verdict {
                Verdict::Yes => way,
                verdict => HostWay { verdict, cause: HostCause::Loopback, ..way },
            };
        }
        match way.address {
            // The name stands for one address, and nothing listens there.
            Some(Address::Fixed(_)) if way.setup == Setup::HostGateway => {
                HostWay { verdict: Verdict::No, cause: HostCause::OtherAddress, ..way }
            }
            _ => HostWay { verdict: Verdict::Unknown, cause: HostCause::OtherAddress, ..way },
        }
    }
}

/// Whether a name leads to a machine.
pub(super) fn meets(leads: Leads, wanted: Machine) -> bool {
    matches!((leads, wanted), (Leads::Linux, Machine::Linux) | (Leads::Outside, Machine::Outside))
}
