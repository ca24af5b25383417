//! One name that services on several networks of the asker have: whose address does it get?

use super::names::{Cause, Resolution};
use super::{Verdict, Wiring};
use crate::model::Service;
use crate::platform::Question;

impl Wiring<'_> {
    /// What becomes of a name of `to` where others have it, too, of whom `first_other` is one, and the asker is on several
    /// networks with DNS: `answers` are those of them on which `to` has it. Nothing where all of that is one network's
    /// matter.
    pub(super) fn among_networks(
        &self,
        to: &Service,
        name: &str,
        first_other: String,
        answers: &[&str],
        with_dns: &[&str],
    ) -> Option<Resolution> {
        if with_dns.len() < 2 {
            return None;
        }
        let known = self.ask(Question::SameNameOnSeveralNetworks);
        if Verdict::from(known.fact.is) != Verdict::Yes {
            // Two on one network, which is reason enough.
            if self.namesake(to, name, answers).is_some() {
                return None;
            }
            let has = |network: &&&str| self.namesake(to, name, &[network]).is_some();
            let networks = with_dns.iter().filter(has).map(|network| (*network).to_owned()).collect();
            let cause = Cause::OnAnotherNetwork { other: first_other, networks, known: known.clone() };
            return Some(Resolution { verdict: known.fact.is.into(), cause });
        }
        // fact: docker-first-network-with-name
        let mut by_name = with_dns.to_vec();
        by_name.sort_by_key(|network| {
            (self.is_internal(network), self.stack.networks.get(*network).map(|network| self.real_name(network)))
        });
        let found = by_name.into_iter().find_map(|network| {
            let other = self.namesake(to, name, &[network]);
            (answers.contains(&network) || other.is_some()).then_some((network, other))
        });
        let (network, other) = found?;
        let networks = vec![network.to_owned()];
        let (verdict, cause) = match other {
            None => (Verdict::Yes, Cause::Found { networks }),
            Some(other) if answers.contains(&network) => (Verdict::Unpredictable, Cause::Ambiguous { other, networks }),
            Some(other) => (Verdict::No, Cause::OnAnotherNetwork { other, networks, known }),
        };
        Some(Resolution { verdict, cause })
    }
}
