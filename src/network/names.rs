//! The question `resolves`: by which name does a service find another?

use std::borrow::Cow;
use std::net::IpAddr;

use smallvec::SmallVec;

use super::hosts_file::Entry;
use super::opaque::host_entry;
use super::wiring::Called;
use super::{Home, Opaque, Verdict, Wiring};
use crate::model::{Backend, ContainerName, Deploy, Format, Network, Service};
use crate::platform::{Known, Question};

/// How many networks a service is on, mostly.
pub(super) const FEW: usize = 4;

/// Stands for the first twelve digits of a container's identity, which are a name, too. Only the runtime knows them.
pub const SHORT_ID: &str = "<short id>";

/// What makes a name.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum NameKind {
    /// The container's name.
    Container,
    /// The service's name, which Compose makes an alias.
    Service,
    /// An alias on one network.
    Alias,
    /// The host name.
    Host,
}

/// A name by which a service is known.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Name<'a> {
    /// The name.
    pub text: Cow<'a, str>,
    /// What makes it.
    pub kind: NameKind,
    /// The one network it counts on; all of the service's where there is none.
    pub network: Option<&'a str>,
}

/// Why a name resolves or does not.
#[derive(Clone, Debug)]
pub enum Cause {
    /// A network with DNS knows it.
    Found {
        /// Which.
        networks: Vec<String>,
    },
    /// `extra_hosts` of the client writes it into its hosts file.
    HostsFile,
    /// Podman writes it into the hosts file that both share with their network.
    SharedHostsFile,
    /// It rests on something that quadgen cannot look into.
    Unknown {
        /// Why: a clause that can follow "because".
        why: String,
    },
    /// No resolver asks for such a name.
    NotAName {
        /// Why.
        known: Known,
    },
    /// One of the two is not on a network of the stack.
    NotOnNetworks {
        /// The service that is not.
        service: String,
        /// Where it is instead.
        home: Home,
    },
    /// Another service has the name, too.
    Ambiguous {
        /// Which.
        other: String,
        /// Where both have it.
        networks: Vec<String>,
    },
    /// On another network of the client another service has the name, and that one answers, or may.
    OnAnotherNetwork {
        /// Which.
        other: String,
        /// Where it has it.
        networks: Vec<String>,
        /// Why that matters.
        known: Known,
    },
    /// They share no network.
    NoSharedNetwork,
    /// They share a network with DNS, where the service is known by other names only.
    OtherName {
        /// The names that would work.
        works: Vec<String>,
    },
    /// The networks they share have no DNS.
    NoDns {
        /// Which.
        networks: Vec<String>,
        /// The client's networks that have DNS; it asks there, and they do not know the name.
        asked: Vec<String>,
        /// Why they have none; nothing where it is switched off in the file.
        known: Option<Known>,
    },
    /// The networks they share never have DNS: the runtime's default network, or one that goes past the host.
    NoNames {
        /// Which.
        networks: Vec<String>,
        /// Why.
        known: Known,
    },
    /// The client asks one of several servers, and not all of them know the name.
    SeveralServers {
        /// The networks whose server knows it.
        answers: Vec<String>,
        /// The networks whose server does not.
        others: Vec<String>,
        /// Why that matters.
        known: Known,
    },
}

/// The answer to `resolves`.
#[derive(Clone, Debug)]
pub struct Resolution {
    /// Whether the name resolves.
    pub verdict: Verdict,
    /// Why.
    pub cause: Cause,
}

/// Whether resolvers ask for a name: each part between dots has 63 characters at most and begins with no hyphen.
pub fn is_host_name(name: &str) -> bool {
    // fact: no-host-name
    name.split('.').all(|label| label.len() <= 63 && !label.starts_with('-'))
}

impl<'a> Wiring<'a> {
    /// Every name of a service on this platform.
    pub fn names(&self, service: &Service) -> &[Name<'a>] {
        // Who lives in another's network is known by the other's names only.
        let owner = self.stack.services.get_index_of(&self.owner(service).name.value);
        owner.and_then(|owner| self.names.get(owner)).map_or(&[], Vec::as_slice)
    }

    /// The names of a service whose network is its own.
    pub(super) fn own_names(&self, service: &'a Service) -> Vec<Name<'a>> {
        let name = |text: &'a str, kind, network| Name { text: Cow::Borrowed(text), kind, network };
        let aliases = service.networks.iter().map(|attachment| attachment.aliases.len()).sum::<usize>();
        let mut names: Vec<Name<'a>> = Vec::with_capacity(aliases + 2);
        let mut add = |name: Name<'a>| {
            if names.iter().all(|known| known.text != name.text || known.network != name.network) {
                names.push(name);
            }
        };
        add(Name { text: self.container_name(service), kind: NameKind::Container, network: None });
        // Compose makes it one; from a Compose file quadgen writes it as an alias wherever it is deployed.
        if self.yes(Question::ServiceNameIsAName) || self.stack.format == Format::Compose {
            add(name(&service.name.value, NameKind::Service, None));
        }
        if let Some(hostname) = &service.hostname
            && self.yes(Question::HostNameIsAName)
        {
            add(name(&hostname.value, NameKind::Host, None));
        }
        for attachment in &service.networks {
            let network = attachment.network.value.as_str();
            attachment.aliases.iter().for_each(|alias| add(name(&alias.value, NameKind::Alias, Some(network))));
        }
        names
    }

    /// The services that have a name, on whichever network.
    pub fn called(&self, name: &str) -> impl Iterator<Item = &'a Service> {
        self.called.get(&*lower(name.into())).into_iter().flat_map(Called::all)
    }

    /// Whether services that do not live in one network have a name in common, on whichever networks.
    pub fn shares_names(&self) -> bool {
        let several = |Called { first, others }: &Called<'_>| {
            others.iter().any(|other| self.owner(other).name != self.owner(first).name)
        };
        self.called.values().any(several)
    }

    /// The container's name on this platform.
    pub fn container_name<'s>(&self, service: &'s Service) -> Cow<'s, str> {
        match &service.container_name {
            ContainerName::Named(text) => Cow::Borrowed(&text.value),
            ContainerName::ByService => Cow::Borrowed(&service.name.value),
            ContainerName::ByRuntime(_) if self.platform.deploy == Deploy::Quadlet => {
                // fact: quadlet-no-service-name
                format!("systemd-{}", service.name.value).into()
            }
            ContainerName::ByRuntime(_) => format!("{}-{}-1", self.stack.name.value, service.name.value).into(),
        }
    }

    /// Whether a network has a DNS server, and why not.
    pub fn has_dns(&self, network: &str) -> Result<(), Option<Known>> {
        self.stack.networks.get(network).map_or(Err(None), |network| self.dns_of(network))
    }

    /// The same of a network at hand.
    pub fn dns_of(&self, network: &Network) -> Result<(), Option<Known>> {
        if self.is_dns_off(network) {
            return Err(None);
        }
        if let Some(known) = self.never_has_dns(network) {
            return Err(Some(known));
        }
        if network.is_internal() {
            let known = self.ask(Question::InternalNetworkDns);
            if Verdict::from(known.fact.is) != Verdict::Yes {
                return Err(Some(known));
            }
        }
        Ok(())
    }

    /// Why a network has no DNS whatever is set: it is the runtime's default network, or goes past the host.
    pub fn never_has_dns(&self, network: &Network) -> Option<Known> {
        let question = if self.is_default(network) {
            Question::DefaultNetworkDns
        } else if !network.external && network.goes_past_the_host() {
            Question::MacvlanDns
        } else {
            return None;
        };
        Some(self.ask(question)).filter(|known| Verdict::from(known.fact.is) == Verdict::No)
    }

    /// Whether a network is the one that containers are on for which nothing is said.
    pub fn is_default(&self, network: &Network) -> bool {
        network.object() == if self.platform.is_podman() { "podman" } else { "bridge" }
    }

    /// Whether `from` resolves `name` to `to`.
    pub fn resolves(&self, from: &Service, to: &Service, name: &str) -> Resolution {
        let entry = self.in_shared_hosts_file(from, to, name);
        let by_hosts_file = |verdict| Resolution { verdict, cause: Cause::SharedHostsFile };
        if entry == Some(Entry::Exact) {
            return by_hosts_file(Verdict::Yes);
        }
        let by_dns = self.resolves_by_dns(from, to, name);
        match entry {
            Some(_) if by_dns.verdict == Verdict::No => by_hosts_file(Verdict::Unpredictable),
            _ => by_dns,
        }
    }

    fn resolves_by_dns(&self, from: &Service, to: &Service, name: &str) -> Resolution {
        // Nobody is asked for an address.
        if name.parse::<IpAddr>().is_ok() {
            return Resolution { verdict: Verdict::Yes, cause: Cause::HostsFile };
        }
        let no = |cause| Resolution { verdict: Verdict::No, cause };
        let unknown = |opaque: Option<Opaque>| {
            let why = opaque.map_or_else(String::new, |opaque| opaque.why);
            Resolution { verdict: Verdict::Unknown, cause: Cause::Unknown { why } }
        };
        if let Some(opaque) = self.opaque_service(from).or_else(|| self.opaque_service(to)) {
            return unknown(Some(opaque));
        }
        let own_attributes = &self.owner(from).attributes;
        if from.attributes.contains_key("links") {
            return unknown(self.opaque_names(from, name));
        }
        if let Some(address) = own_attributes.get("extra_hosts").and_then(|(_, hosts)| host_entry(hosts, name)) {
            // The hosts file goes before DNS, so the address had better be the target's.
            let shared = |network: &str| self.attachments(from).any(|a| a.network.value == network);
            let on_shared = self.attachments(to).filter(|a| shared(&a.network.value));
            let mut fixed = on_shared.flat_map(|a| [&a.ipv4, &a.ipv6]).flatten();
            let own = address.parse::<IpAddr>().is_ok_and(|address| fixed.any(|fixed| fixed.value == address));
            return if own {
                Resolution { verdict: Verdict::Yes, cause: Cause::HostsFile }
            } else {
                unknown(self.opaque_names(from, name))
            };
        }
        if !is_host_name(name) {
            return no(Cause::NotAName { known: self.ask(Question::NameThatIsNoHostName) });
        }
        // fact: with `dns` of its own a container under CNI no longer asks as it was measured.
        if self.is_cni() && own_attributes.contains_key("dns") {
            return unknown(self.opaque_names(from, name));
        }
        for service in [from, to] {
            let home = self.home(service);
            if home != Home::Networks {
                return no(Cause::NotOnNetworks { service: service.name.value.clone(), home });
            }
        }
        let own = self.networks(from);
        let is_own = |network: &&Network| own.iter().any(|own| own.name.value == network.name.value);
        let shared: SmallVec<[&Network; FEW]> = self.on(to).map(|(_, network)| network).filter(is_own).collect();
        if shared.is_empty() {
            return no(Cause::NoSharedNetwork);
        }
        let called = |networks: &[&Network]| -> Vec<String> {
            networks.iter().map(|network| network.name.value.clone()).collect()
        };
        // Of these one thing is known, whatever else they are like.
        let mut silent = shared.iter().map(|network| self.never_has_dns(network));
        if let Some(Some(known)) = silent.next()
            && silent.all(|known| known.is_some())
        {
            return no(Cause::NoNames { networks: called(&shared), known });
        }
        let names = self.names(to);
        if let Some(opaque) = own.iter().find_map(|network| self.opaque_inside(network)) {
            let certain = |network: &&&Network| self.opaque_inside(network).is_none() && self.dns_of(network).is_ok();
            let knows = |network: &&Network| names.iter().any(|known| self.means(known, name, &network.name.value));
            let found = shared.iter().filter(certain).any(knows);
            return if found && self.yes(Question::NamesOnSeveralNetworks) {
                Resolution { verdict: Verdict::Yes, cause: Cause::Found { networks: called(&shared) } }
            } else {
                unknown(Some(opaque))
            };
        }
        let with_dns: SmallVec<[&str; FEW]> = own
            .iter()
            .filter(|network| self.dns_of(network).is_ok())
            .map(|network| network.name.value.as_str())
            .collect();
        let owned = |networks: &[&str]| networks.iter().map(|network| (*network).to_owned()).collect::<Vec<_>>();
        let shared_names = shared.iter().map(|network| network.name.value.as_str());
        let candidates: SmallVec<[&str; FEW]> = shared_names.filter(|network| with_dns.contains(network)).collect();
        if candidates.is_empty() {
            let known = shared.iter().find_map(|network| self.dns_of(network).err().flatten());
            return no(Cause::NoDns { networks: called(&shared), asked: owned(&with_dns), known });
        }
        let own_network = self.owner(to).name == to.name;
        let knows = |network: &str| {
            let by_id = name == SHORT_ID && own_network && self.yes(Question::ShortIdIsAName);
            by_id || names.iter().any(|known| self.means(known, name, network))
        };
        let answers: SmallVec<[&str; FEW]> = candidates.iter().copied().filter(|network| knows(network)).collect();
        if answers.is_empty() {
            let here = |known: &&Name<'_>| known.network.is_none_or(|only| candidates.contains(&only));
            let works = names.iter().filter(here).map(|known| known.text.to_string()).collect();
            return no(Cause::OtherName { works });
        }
        if let Some(other) = self.namesake(to, name, &with_dns) {
            if let Some(resolution) = self.among_networks(to, name, other, &answers, &with_dns) {
                return resolution;
            }
            if let Some(other) = self.namesake(to, name, &answers) {
                let cause = Cause::Ambiguous { other, networks: owned(&answers) };
                return Resolution { verdict: Verdict::Unpredictable, cause };
            }
        }
        let suffixed = names.iter().all(|known| !known.text.eq_ignore_ascii_case(name)) && name != SHORT_ID;
        let several = self.ask(match suffixed && self.yes(Question::DnsPodmanSuffix) {
            true => Question::DnsPodmanSuffixOnSeveralNetworks,
            false => Question::NamesOnSeveralNetworks,
        });
        if answers.len() < with_dns.len() && Verdict::from(several.fact.is) != Verdict::Yes {
            let others: Vec<&str> = with_dns.iter().copied().filter(|network| !answers.contains(network)).collect();
            let cause =
                Cause::SeveralServers { answers: owned(&answers), others: owned(&others), known: several.clone() };
            return Resolution { verdict: several.fact.is.into(), cause };
        }
        Resolution { verdict: Verdict::Yes, cause: Cause::Found { networks: owned(&answers) } }
    }

    /// Whether somebody who asks for a name on a network gets who is known by another.
    fn means(&self, known: &Name<'_>, asked: &str, network: &str) -> bool {
        if known.network.is_some_and(|only| only != network) {
            return false;
        }
        let Some(rest) = strip_prefix(asked, &known.text) else { return false };
        let Some(suffix) = rest.strip_prefix('.') else { return rest.is_empty() };
        let is_network = |suffix: &str| {
            let network = self.stack.networks.get(network);
            network.is_some_and(|network| suffix.eq_ignore_ascii_case(&self.real_name(network)))
        };
        (self.yes(Question::DnsPodmanSuffix) && suffix.eq_ignore_ascii_case("dns.podman"))
            || (self.yes(Question::NetworkSuffix) && is_network(suffix))
    }

    /// Another service that has a name on one of some networks.
    pub(super) fn namesake(&self, service: &Service, name: &str, networks: &[&str]) -> Option<String> {
        let owner = &self.owner(service).name;
        // Names may have dots, and a suffix begins with one.
        let lower = lower(name.into());
        let dots = lower.match_indices('.').map(|(at, _)| at);
        let bare = dots.chain([lower.len()]).filter_map(|end| self.called.get(lower.get(..end)?));
        let mut same = bare.flat_map(Called::all).filter(|other| self.owner(other).name != *owner).filter(|other| {
            let asked = networks.iter().filter(|network| self.is_member(other, network));
            self.names(other).iter().any(|known| asked.clone().any(|network| self.means(known, name, network)))
        });
        same.next().map(|other| other.name.value.clone())
    }

    /// Whether names of the internet resolve in a service.
    pub fn outside_names(&self, service: &Service) -> (Verdict, Option<Known>) {
        match self.home(service) {
            Home::Nowhere => (Verdict::No, None),
            Home::Elsewhere => (Verdict::Unknown, None),
            Home::Networks => {
                let networks = || self.attachments(service).map(|attachment| attachment.network.value.as_str());
                // One that exists outside of the stack may be internal, or not.
                let certain = |network: &&str| self.opaque_network(network).is_none();
                let mut asked =
                    networks().filter(|network| certain(network) && self.has_dns(network).is_ok()).peekable();
                match (asked.peek().is_some(), asked.all(|network| self.is_internal(network))) {
                    (true, false) => (Verdict::Yes, None),
                    _ if networks().any(|network| !certain(&network)) => (Verdict::Unknown, None),
                    (true, true) => {
                        let known = self.ask(Question::OutsideNamesOnInternalNetwork);
                        (known.fact.is.into(), Some(known))
                    }
                    // No network has a DNS server, so the container asks the host's.
                    (false, _) => {
                        let reach = self.internet(service);
                        (reach.verdict, reach.known.into_iter().next())
                    }
                }
            }
            _ => (Verdict::Yes, None),
        }
    }

    /// Whether the platform's backend is CNI.
    pub fn is_cni(&self) -> bool {
        self.platform.backend == Some(Backend::Cni)
    }
}

/// A name in lower case, as which it is looked up.
pub(super) fn lower(name: Cow<'_, str>) -> Cow<'_, str> {
    if name.bytes().any(|byte| byte.is_ascii_uppercase()) { name.to_ascii_lowercase().into() } else { name }
}

/// What follows a beginning, in any case.
fn strip_prefix<'t>(text: &'t str, beginning: &str) -> Option<&'t str> {
    let (begins, rest) = text.split_at_checked(beginning.len())?;
    begins.eq_ignore_ascii_case(beginning).then_some(rest)
}
