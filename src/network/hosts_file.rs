//! The names that containers have in the hosts file that they share with a network.

use super::names::SHORT_ID;
use super::{Home, Wiring};
use crate::model::{Service, ServiceKind};
use crate::platform::Question;

/// How a name stands in a hosts file.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Entry {
    /// As it is asked for.
    Exact,
    /// In another case: glibc finds it, and musl does not.
    OtherCase,
}

impl Wiring<'_> {
    /// How a name stands in the hosts file that two services share, which leads to the network that they share.
    pub(super) fn in_shared_hosts_file(&self, from: &Service, to: &Service, name: &str) -> Option<Entry> {
        let owner = self.owner(from);
        let in_one = owner.name == self.owner(to).name && matches!(self.home(from), Home::Networks | Home::Default);
        if !in_one || !self.yes(Question::NamesInSharedHostsFile) {
            return None;
        }
        if name == SHORT_ID {
            // What has no host name has its identity in place of one; a pod's containers have the pod's.
            let has = to.hostname.is_none() && to.kind == ServiceKind::Container && owner.kind != ServiceKind::Pod;
            return has.then_some(Entry::Exact);
        }
        let mut names = Vec::new();
        for service in [from].into_iter().chain(self.neighbours(from)) {
            let container = self.container_name(service).into_owned();
            let hostname = service.hostname.as_ref().map(|hostname| hostname.value.clone());
            match service.kind {
                ServiceKind::Pod => {
                    names.extend([format!("{container}-infra"), hostname.unwrap_or(container)]);
                }
                _ if owner.kind == ServiceKind::Pod => names.push(container),
                _ => names.extend([container].into_iter().chain(hostname)),
            }
        }
        let exact = names.iter().any(|known| known == name);
        let entry = if exact { Entry::Exact } else { Entry::OtherCase };
        names.iter().any(|known| known.eq_ignore_ascii_case(name)).then_some(entry)
    }
}
