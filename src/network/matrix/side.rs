//! What the questions about a pair look at, so that pairs that are alike in it are asked about once.

use crate::maps::{HashMap, IndexSet};
use crate::model::Service;
use crate::network::opaque::host_entries;
use crate::network::{Home, Isolation, Wiring, is_host_name};
use crate::platform::Question;

/// What the questions look at in a service.
pub(super) struct Side<'a> {
    pub service: &'a Service,
    /// Where it stands in the stack.
    at: usize,
    /// Whose network it lives in, by where that one stands in the stack.
    owner: usize,
    pub home: Home,
    /// Why its network cannot be known.
    pub opaque: Option<String>,
    /// What makes its look-ups differ from those of others.
    special: Special,
    /// The names in its hosts file, in lower case.
    entries: Vec<String>,
    /// Its networks, by where they stand in the stack.
    networks: Vec<usize>,
    /// The number of that list.
    list: usize,
    /// The same, a bit for each.
    bits: Vec<u64>,
    /// The number of the list of kinds of its networks, each once: the first of them gives the reason.
    kinds: usize,
    /// The same of those that may be its way out; nothing where that cannot be known.
    outs: Option<usize>,
    /// How many of its networks have DNS.
    with_dns: usize,
    /// The first of its networks that cannot be looked into, by where it stands in the stack, and why.
    pub opaque_network: Option<(usize, String)>,
    /// Every name that it is known by, once.
    pub names: Vec<Known>,
}

/// A name by which a service is known.
pub(super) struct Known {
    pub text: String,
    /// The number of the list of networks it counts on; all of the service's where there is none.
    scope: Option<usize>,
    /// The one name of all that it is, where answers depend on more than on its scope: others have it, too.
    alone: Option<usize>,
}

#[derive(Clone, Copy)]
enum Special {
    Nothing,
    Links,
    Dns,
}

/// All that `resolves` looks at for one name; equal keys have equal answers.
#[derive(PartialEq, Eq, Hash)]
pub(super) enum Names {
    /// This one's network cannot be known.
    Opaque(usize),
    /// They live in one network, and this is who asks other servers, the target, and the number of its name.
    Same(Option<usize>, usize, usize),
    /// This one asks other servers than those of its networks.
    OwnServers(usize),
    /// At least one is not on networks of the stack.
    Homes(Home, Home),
    Apart,
    Shared {
        /// The number of the list of networks that both are on.
        shared: usize,
        with_dns: usize,
        opaque_network: Option<usize>,
        scope: Option<usize>,
        alone: Option<usize>,
        /// The number of the list of networks of the client, where others have the name: they may be on any of them.
        own: Option<usize>,
    },
}

/// The kinds of networks that `reaches` looks at: all of the client's, its ways out, all of the target's.
type Kinds = (usize, Option<usize>, usize);

/// All that `reaches` looks at.
#[derive(PartialEq, Eq, Hash)]
pub(super) enum Way {
    Opaque(usize),
    Same,
    Homes(Home, Home, Kinds),
    Shared,
    Apart(Kinds),
}

/// Lists of networks and of their kinds, each with a number, so that keys are small.
#[derive(Default)]
pub(super) struct Lists {
    all: IndexSet<Vec<usize>>,
    /// The networks that two lists have in common, by their numbers.
    shared: HashMap<(usize, usize), usize>,
}

impl Lists {
    fn number(&mut self, list: Vec<usize>) -> usize {
        self.all.insert_full(list).0
    }

    /// The number of the list of networks of `to` that `from` is on, too; nothing where there are none.
    pub(super) fn shared(&mut self, from: &Side<'_>, to: &Side<'_>) -> Option<usize> {
        if !from.bits.iter().zip(&to.bits).any(|(a, b)| a & b != 0) {
            return None;
        }
        let key = (from.list, to.list);
        if let Some(known) = self.shared.get(&key) {
            return Some(*known);
        }
        let is_on = |network: &usize| from.bits.get(network / 64).is_some_and(|word| word >> (network % 64) & 1 == 1);
        let number = self.number(to.networks.iter().copied().filter(is_on).collect());
        self.shared.insert(key, number);
        Some(number)
    }
}

/// Looks at every service of a stack.
pub(super) fn sides<'a>(wiring: &Wiring<'a>, lists: &mut Lists) -> Vec<Side<'a>> {
    let stack = wiring.stack;
    let mut kinds: Vec<(Option<usize>, Question, Isolation)> = Vec::new();
    let of_networks: Vec<(usize, Option<String>, bool)> = stack
        .networks
        .values()
        .enumerate()
        .map(|(at, network)| {
            let name = network.name.value.as_str();
            let opaque = wiring.opaque_network(name).map(|opaque| opaque.why);
            let isolation = wiring.isolations.get(name).copied().unwrap_or(Isolation::None);
            // What cannot be looked into is like nothing else.
            let own = (opaque.is_some().then_some(at), wiring.host_question(name), isolation);
            let at = kinds.iter().position(|kind| *kind == own).unwrap_or_else(|| {
                kinds.push(own);
                kinds.len() - 1
            });
            (at, opaque, wiring.has_dns(name).is_ok())
        })
        .collect();
    let mut all_names = 0;
    let sides = stack.services.values().enumerate().map(|(at, service)| {
        let owner = wiring.owner(service);
        let attachments = wiring.attachments(service);
        let networks: Vec<usize> = attachments.filter_map(|a| stack.networks.get_index_of(&a.network.value)).collect();
        let mut bits = vec![0; stack.networks.len().div_ceil(64)];
        for network in &networks {
            if let Some(word) = bits.get_mut(network / 64) {
                *word |= 1_u64 << (network % 64);
            }
        }
        let qualities = || networks.iter().filter_map(|network| of_networks.get(*network));
        let hosts = owner.attributes.get("extra_hosts").map(|(_, hosts)| host_entries(hosts)).unwrap_or_default();
        Side {
            service,
            at,
            owner: stack.services.get_index_of(&owner.name.value).unwrap_or(usize::MAX),
            home: wiring.home(service),
            opaque: wiring.opaque_service(service).map(|opaque| opaque.why),
            special: if service.attributes.contains_key("links") {
                Special::Links
            } else if wiring.is_cni() && owner.attributes.contains_key("dns") {
                Special::Dns
            } else {
                Special::Nothing
            },
            entries: hosts.into_iter().map(|(name, _)| name.to_ascii_lowercase()).collect(),
            bits,
            kinds: lists.number(each_once(qualities().map(|(kind, ..)| *kind))),
            outs: wiring.outs(owner).map(|outs| {
                let outs = outs.iter().filter_map(|name| of_networks.get(stack.networks.get_index_of(*name)?));
                lists.number(each_once(outs.map(|(kind, ..)| *kind)))
            }),
            with_dns: qualities().filter(|(.., dns)| *dns).count(),
            opaque_network: networks.iter().find_map(|at| Some((*at, of_networks.get(*at)?.1.clone()?))),
            list: lists.number(networks.clone()),
            networks,
            names: known(wiring, service, &mut all_names, lists),
        }
    });
    sides.collect()
}

fn each_once(kinds: impl Iterator<Item = usize>) -> Vec<usize> {
    kinds.collect::<IndexSet<_>>().into_iter().collect()
}

/// Every name of a service once, with the networks it counts on.
fn known(wiring: &Wiring<'_>, service: &Service, all: &mut usize, lists: &mut Lists) -> Vec<Known> {
    let mut found: Vec<Known> = Vec::new();
    // Names are looked up without regard to case.
    let mut scopes: HashMap<String, Option<Vec<usize>>> = HashMap::default();
    for name in wiring.names(service) {
        let network = name.network.and_then(|network| wiring.stack.networks.get_index_of(network));
        let scope = scopes.entry(name.text.to_ascii_lowercase()).or_insert_with(|| Some(Vec::new()));
        match (scope.as_mut(), &name.network) {
            (Some(scope), Some(_)) => scope.extend(network),
            (_, None) => *scope = None,
            (None, _) => {}
        }
        if found.iter().all(|known| known.text != name.text) {
            *all += 1;
            let holders = wiring.called(&name.text).count();
            let alone = (holders > 1 || name.text.contains('.')).then_some(*all);
            found.push(Known { text: name.text.to_string(), scope: None, alone });
        }
    }
    for known in &mut found {
        // An alias on a network that the service is not on counts nowhere, which is not everywhere.
        let scope = scopes.get(&known.text.to_ascii_lowercase()).cloned().flatten();
        known.scope = scope.map(|scope| lists.number(scope));
    }
    found
}

/// The key of `resolves`; nothing where only asking helps.
pub(super) fn names(from: &Side<'_>, to: &Side<'_>, name: usize, shared: Option<usize>) -> Option<Names> {
    let known = to.names.get(name)?;
    if let Some(side) = opaque(from, to) {
        return Some(Names::Opaque(side.at));
    }
    if !is_host_name(&known.text) {
        return None;
    }
    let in_hosts_file = !from.entries.is_empty() && from.entries.contains(&known.text.to_ascii_lowercase());
    if in_hosts_file {
        return None;
    }
    match from.special {
        // The reason is of this one name.
        Special::Links => return None,
        Special::Dns if from.owner == to.owner => return Some(Names::Same(Some(from.at), to.at, name)),
        Special::Dns => return Some(Names::OwnServers(from.at)),
        Special::Nothing => {}
    }
    if from.owner == to.owner {
        return Some(Names::Same(None, to.at, name));
    }
    if from.home != Home::Networks || to.home != Home::Networks {
        return Some(Names::Homes(from.home, to.home));
    }
    let Some(shared) = shared else { return Some(Names::Apart) };
    let opaque_network = from.opaque_network.as_ref().map(|(at, _)| *at);
    let (with_dns, scope, alone) = (from.with_dns, known.scope, known.alone);
    let own = alone.map(|_| from.list);
    Some(Names::Shared { shared, with_dns, opaque_network, scope, alone, own })
}

/// The key of `reaches`.
pub(super) fn way(from: &Side<'_>, to: &Side<'_>, shared: Option<usize>) -> Way {
    if let Some(side) = opaque(from, to) {
        Way::Opaque(side.at)
    } else if from.owner == to.owner {
        Way::Same
    } else if from.home != Home::Networks || to.home != Home::Networks {
        Way::Homes(from.home, to.home, (from.kinds, from.outs, to.kinds))
    } else if shared.is_some() {
        Way::Shared
    } else {
        Way::Apart((from.kinds, from.outs, to.kinds))
    }
}

/// The first of the two whose network cannot be known.
fn opaque<'s, 'a>(from: &'s Side<'a>, to: &'s Side<'a>) -> Option<&'s Side<'a>> {
    [from, to].into_iter().find(|side| side.opaque.is_some())
}
