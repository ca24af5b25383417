//! Two answers side by side: what changed in who resolves and reaches whom, in published ports, in ways to the internet.
//!
//! The same questions are asked of both sides, and services are the same if they have the same name.

use super::{Caller, Matrix, Verdict, Wiring};
use crate::maps::{IndexMap, IndexSet};
use crate::model::{ContainerName, Named, Service};

/// An answer before and after. What is not there works no more than what does not work.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Link {
    /// Before.
    pub old: Verdict,
    /// After.
    pub new: Verdict,
}

/// What became of something.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Change {
    /// It works now.
    Gained,
    /// It changes from start to start now, or did before.
    Changed,
    /// Nobody knows any more.
    Clouded,
    /// Nobody knew.
    Cleared,
    /// It worked.
    Lost,
}

impl Change {
    /// The word for it in every output for programs.
    pub fn word(self) -> &'static str {
        match self {
            Change::Gained => "gained",
            // The form of the words is frozen, and the answers themselves say it.
            Change::Changed | Change::Clouded | Change::Cleared => "changed",
            Change::Lost => "lost",
        }
    }
}

impl Link {
    /// What became of it, if anything did.
    pub fn change(self) -> Option<Change> {
        match (self.old, self.new) {
            (old, new) if old == new => None,
            (_, Verdict::Unknown) => Some(Change::Clouded),
            (Verdict::Unknown, _) => Some(Change::Cleared),
            (Verdict::No, Verdict::Yes) => Some(Change::Gained),
            (Verdict::Yes, Verdict::No) => Some(Change::Lost),
            _ => Some(Change::Changed),
        }
    }
}

/// A pair of services between which something changed.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Pairing {
    /// Who opens connections.
    pub from: String,
    /// Whom they lead to.
    pub to: String,
    /// Whether both were there before and are there now.
    pub both_stay: bool,
    /// Whether packets get there, by address.
    pub reaches: Link,
    /// The names of which the answer changed.
    pub names: Vec<(String, Link)>,
}

impl Pairing {
    /// What became of the pair as a whole.
    pub fn change(&self) -> Change {
        let mut names = self.names.iter().filter_map(|(_, link)| link.change());
        // Packets go before names.
        match (self.reaches.change(), names.next()) {
            (Some(change), _) => change,
            (None, Some(first)) if names.all(|change| change == first) => first,
            (None, _) => Change::Changed,
        }
    }
}

/// A service whose way to the internet changed.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct WayOut {
    /// Which.
    pub service: String,
    /// Whether packets get there.
    pub by_address: Link,
    /// Whether names of the internet resolve.
    pub by_name: Link,
}

/// A published port that answers others than before.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct PortChange {
    /// Whose it is.
    pub service: String,
    /// The port, as Compose writes it.
    pub port: String,
    /// Who calls: the host, or other machines.
    pub caller: Caller,
    /// Whether it answers.
    pub answers: Link,
}

/// What changed between two stacks.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Comparison {
    /// Services that are new.
    pub added: Vec<String>,
    /// Services that are gone.
    pub removed: Vec<String>,
    /// Pairs of services, in the order of the new file and then of the old one.
    pub pairs: Vec<Pairing>,
    /// Ways to the internet.
    pub internet: Vec<WayOut>,
    /// Published ports.
    pub ports: Vec<PortChange>,
}

impl Comparison {
    /// Whether nothing changed.
    pub fn is_empty(&self) -> bool {
        *self == Comparison::default()
    }
}

/// Compares two stacks, each on its platform.
pub fn compare(old: &Wiring<'_>, new: &Wiring<'_>) -> Comparison {
    let (before, after) = (&old.stack.services, &new.stack.services);
    let names: IndexSet<&str> = after.keys().chain(before.keys()).map(String::as_str).collect();
    let missing = |from: &Named<Service>, here: &Named<Service>| {
        here.keys().filter(|name| !from.contains_key(*name)).cloned().collect::<Vec<_>>()
    };
    let mut found =
        Comparison { added: missing(before, after), removed: missing(after, before), ..Comparison::default() };
    // What a runtime calls after the project is called after another one, and is the same.
    let renamed = old.stack.name != new.stack.name;
    let (mut a, mut b) = (Matrix::new(old), Matrix::new(new));
    for from in &names {
        let (was, is) = (row(&mut a, from, renamed), row(&mut b, from, renamed));
        let stays = |to: &str| [*from, to].iter().all(|it| before.contains_key(*it) && after.contains_key(*it));
        for to in names.iter().filter(|to| *to != from) {
            let both_stay = stays(to);
            found.pairs.extend(pairing(from, to, both_stay, was.get(*to), is.get(*to)));
        }
    }
    found.internet = ways_out(&a, &b, &names);
    found.ports = ports(&a, &b);
    found
}

/// The answers from one service to another.
struct Answers {
    reaches: Verdict,
    names: IndexMap<String, (String, Verdict)>,
}

/// The answers of one service by the other one's name; nothing where it is not there.
fn row(matrix: &mut Matrix<'_>, from: &str, renamed: bool) -> IndexMap<String, Answers> {
    let mut row: IndexMap<String, Answers> = IndexMap::default();
    let wiring = matrix.wiring();
    let Some(at) = wiring.stack.services.get_index_of(from) else { return row };
    let visited: Result<(), std::convert::Infallible> = matrix.row(at, |pair| {
        let to = &pair.to.name.value;
        // What leads nowhere is like what is not there.
        if pair.reaches == Verdict::No && pair.resolves == Verdict::No {
            return Ok(());
        }
        let answers = match row.get_mut(to) {
            Some(answers) => answers,
            None => row.entry(to.clone()).or_insert(Answers { reaches: pair.reaches, names: IndexMap::default() }),
        };
        let made = renamed && is_made(wiring, pair.to, pair.name);
        let key = if made { String::new() } else { pair.name.to_ascii_lowercase() };
        answers.names.insert(key, (pair.name.to_owned(), pair.resolves));
        Ok(())
    });
    let Ok(()) = visited;
    row
}

/// Whether a name is one that the runtime makes, or Compose does.
fn is_made(wiring: &Wiring<'_>, service: &Service, name: &str) -> bool {
    let owner = wiring.owner(service);
    let made = match &owner.container_name {
        ContainerName::ByRuntime(_) => true,
        ContainerName::Named(text) => text.is_implied(),
        ContainerName::ByService => false,
    };
    made && wiring.container_name(owner) == name
}

fn pairing(from: &str, to: &str, both_stay: bool, was: Option<&Answers>, is: Option<&Answers>) -> Option<Pairing> {
    if was.is_none() && is.is_none() {
        return None;
    }
    let reaches = |answers: Option<&Answers>| answers.map_or(Verdict::No, |answers| answers.reaches);
    let reaches = Link { old: reaches(was), new: reaches(is) };
    let mut names = Vec::new();
    let keys: IndexSet<&String> = [is, was].into_iter().flatten().flat_map(|answers| answers.names.keys()).collect();
    for key in keys {
        let known = |answers: Option<&Answers>| answers.and_then(|answers| answers.names.get(key)).cloned();
        let (old, new) = (known(was), known(is));
        let text = new.as_ref().or(old.as_ref()).map(|(text, _)| text.clone()).unwrap_or_default();
        let verdict = |known: Option<(String, Verdict)>| known.map_or(Verdict::No, |(_, verdict)| verdict);
        let link = Link { old: verdict(old), new: verdict(new) };
        if link.change().is_some() {
            names.push((text, link));
        }
    }
    let changed = reaches.change().is_some() || !names.is_empty();
    changed.then(|| Pairing { from: from.to_owned(), to: to.to_owned(), both_stay, reaches, names })
}

fn ways_out(old: &Matrix<'_>, new: &Matrix<'_>, services: &IndexSet<&str>) -> Vec<WayOut> {
    let ways = |matrix: &Matrix<'_>| -> IndexMap<String, (Verdict, Verdict)> {
        matrix.internet().map(|(service, address, name)| (service.name.value.clone(), (address, name))).collect()
    };
    let (old, new) = (ways(old), ways(new));
    let none = (Verdict::No, Verdict::No);
    let ways = services.iter().map(|service| {
        let (was, is) = (*old.get(*service).unwrap_or(&none), *new.get(*service).unwrap_or(&none));
        let (by_address, by_name) = (Link { old: was.0, new: is.0 }, Link { old: was.1, new: is.1 });
        WayOut { service: (*service).to_owned(), by_address, by_name }
    });
    ways.filter(|way| way.by_address.change().or(way.by_name.change()).is_some()).collect()
}

/// Ports that other containers reach show among the pairs, or concern nobody.
fn ports(old: &Matrix<'_>, new: &Matrix<'_>) -> Vec<PortChange> {
    let ports = |matrix: &Matrix<'_>| -> IndexMap<(String, String, Caller), Verdict> {
        let rows = matrix.published().filter(|row| row.caller != Caller::Container);
        rows.map(|row| ((row.service.name.value.clone(), row.port.value.to_string(), row.caller), row.verdict))
            .collect()
    };
    let (old, new) = (ports(old), ports(new));
    let all: IndexSet<&(String, String, Caller)> = new.keys().chain(old.keys()).collect();
    let changes = all.into_iter().map(|key| {
        let verdict = |ports: &IndexMap<_, Verdict>| ports.get(key).copied().unwrap_or(Verdict::No);
        let answers = Link { old: verdict(&old), new: verdict(&new) };
        let (service, port, caller) = key.clone();
        PortChange { service, port, caller, answers }
    });
    changes.filter(|port| port.answers.change().is_some()).collect()
}
