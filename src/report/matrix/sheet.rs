//! What the formats for people show: one mark for each pair, and everything else in groups.

use std::convert::Infallible;

use super::{Stack, host_why};
use crate::maps::{HashSet, IndexMap, IndexSet};
use crate::model::ServiceKind;
use crate::network::{Address, Caller, Matrix, Verdict, Wiring};
use crate::platform::Platform;

/// What becomes of connections from one service to another, by whatever name.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) enum Cell {
    /// A name resolves, and packets get there.
    Both,
    /// Packets get there, and no name resolves.
    Address,
    /// A name resolves, and packets do not get there.
    Name,
    /// It changes from start to start.
    Changes,
    /// Nobody knows.
    Unknown,
    /// The one looks for the other by a name that does not work.
    Vain,
    /// Nothing gets there.
    Nothing,
}

impl Cell {
    pub(super) const ALL: [Cell; 7] =
        [Cell::Both, Cell::Address, Cell::Name, Cell::Changes, Cell::Unknown, Cell::Vain, Cell::Nothing];

    pub(super) fn mark(self) -> char {
        match self {
            Cell::Both => '+',
            Cell::Address => 'a',
            Cell::Name => 'n',
            Cell::Changes => '~',
            Cell::Unknown => '?',
            Cell::Vain => '!',
            Cell::Nothing => '.',
        }
    }

    pub(super) fn words(self) -> &'static str {
        match self {
            Cell::Both => "by name and address",
            Cell::Address => "by address only",
            Cell::Name => "the name resolves, packets do not get there",
            Cell::Changes => "changes from start to start",
            Cell::Unknown => "nobody knows",
            Cell::Vain => "looked for in vain (see below)",
            Cell::Nothing => "not at all",
        }
    }

    /// What one name more makes of it.
    fn of(resolves: Verdict, reaches: Verdict) -> Cell {
        match (resolves, reaches) {
            (Verdict::Yes, Verdict::Yes) => Cell::Both,
            (Verdict::Unpredictable, Verdict::Yes) | (_, Verdict::Unpredictable) => Cell::Changes,
            (Verdict::Unknown, Verdict::Yes) | (_, Verdict::Unknown) => Cell::Unknown,
            (Verdict::No, Verdict::Yes) => Cell::Address,
            (Verdict::Yes, Verdict::No) => Cell::Name,
            (_, Verdict::No) => Cell::Nothing,
        }
    }

    /// Of several names the one that works best counts; one that changes goes before none.
    fn rank(self) -> u8 {
        match self {
            Cell::Vain => 0,
            Cell::Both => 0,
            Cell::Changes => 1,
            Cell::Unknown => 2,
            Cell::Address => 3,
            Cell::Name => 4,
            Cell::Nothing => 5,
        }
    }
}

/// Those whose connections get to the same others in one way.
pub(super) struct Openers<'s> {
    pub from: Vec<&'s str>,
    /// Whether each of them gets to all the others of them.
    pub each_other: bool,
    /// Whom they get to besides.
    pub to: Vec<&'s str>,
}

impl Openers<'_> {
    /// Whom they get to, in few words; where that is nearly everybody, those who are left out.
    pub(super) fn goal(&self, sheet: &Sheet<'_>, names: impl Fn(&[&str]) -> String) -> String {
        let (all, told) = (sheet.services.len(), self.from.len() + self.to.len());
        let few = all > 3 && self.to.len() > 2 * all.saturating_sub(told);
        let named: HashSet<&str> = self.from.iter().chain(&self.to).copied().collect();
        let left = sheet.services.iter().filter(|name| few && !named.contains(*name));
        let left: Vec<&str> = left.copied().collect();
        let and = |one: &str, others: &[&str]| match others {
            [] => one.to_owned(),
            others => format!("{one}, {}", names(others)),
        };
        match (few, self.each_other) {
            (false, true) => and("each other", &self.to),
            (false, false) => names(&self.to),
            (true, false) if self.from.len() > 1 => and("all but each other", &left),
            (true, _) if left.is_empty() => "all others".to_owned(),
            (true, _) => format!("all others but {}", names(&left)),
        }
    }
}

/// A heading, and who stands below it.
pub(super) type Group<'a> = (String, Vec<&'a str>);

/// A stack on one platform.
#[derive(PartialEq)]
pub(super) struct Sheet<'a> {
    pub services: Vec<&'a str>,
    /// A row for each service that opens connections, a cell for each that they lead to.
    pub cells: Vec<Vec<Cell>>,
    /// Names that are looked for and do not work: who, whom, by which name, and why.
    pub vain: Vec<[String; 4]>,
    /// Names that are looked for and work at some starts, or nobody knows.
    pub unsure: Vec<[String; 4]>,
    pub internet: Vec<Group<'a>>,
    pub host: Vec<Group<'a>>,
    /// Who gets an answer, and from which services' ports.
    pub ports: Vec<(String, Vec<(&'a str, String)>)>,
}

/// The sheets of a stack; platforms with the same one stand together.
pub(super) fn sheets<'a>(stack: &'a Stack<'a>) -> Vec<(Vec<&'a Platform>, Sheet<'a>)> {
    let mut sheets: Vec<(Vec<&Platform>, Sheet<'_>)> = Vec::new();
    for wiring in &stack.wirings {
        let sheet = sheet(wiring);
        match sheets.iter_mut().find(|(_, known)| *known == sheet) {
            Some((platforms, _)) => platforms.push(wiring.platform),
            None => sheets.push((vec![wiring.platform], sheet)),
        }
    }
    sheets
}

fn sheet<'a>(wiring: &'a Wiring<'a>) -> Sheet<'a> {
    let mut matrix = Matrix::new(wiring);
    // In a pod itself nothing runs: its containers are those who talk.
    let talking = wiring.stack.services.values().filter(|service| service.kind != ServiceKind::Pod);
    let services: IndexSet<&str> = talking.map(|service| service.name.value.as_str()).collect();
    let mut cells = vec![vec![Cell::Nothing; services.len()]; services.len()];
    let (mut vain, mut unsure, mut sought) = (Vec::new(), Vec::new(), Vec::new());
    let Ok(()) = matrix.pairs(|pair| {
        let (from, to) = (&pair.from.name.value, &pair.to.name.value);
        let new = Cell::of(pair.resolves, pair.reaches);
        let at = services.get_index_of(from.as_str()).zip(services.get_index_of(to.as_str()));
        if let Some((from, to)) = at
            && let Some(cell) = cells.get_mut(from).and_then(|row| row.get_mut(to))
            && new.rank() < cell.rank()
        {
            *cell = new;
        }
        if !pair.sought || new == Cell::Both {
            return Ok::<(), Infallible>(());
        }
        let line = |why: String| [from.clone(), to.clone(), pair.name.to_owned(), why];
        let fails = pair.resolves == Verdict::No || pair.reaches == Verdict::No;
        if fails {
            vain.push(line(pair.why.to_owned()));
        } else {
            unsure.push(line(format!("{}: {}", new.words(), pair.why)));
        }
        sought.extend(at.map(|at| (at, if fails { Cell::Vain } else { new })));
        Ok(())
    });
    // What is looked for counts more than a name that nobody uses, and of several the one that works least.
    sought.sort_by_key(|(_, cell)| *cell);
    for ((from, to), new) in sought {
        if let Some(cell) = cells.get_mut(from).and_then(|row| row.get_mut(to)) {
            *cell = new;
        }
    }
    let mut internet = Vec::new();
    for (service, address, name) in matrix.internet().filter(|(service, ..)| service.kind != ServiceKind::Pod) {
        put(&mut internet, way_out(address, name), &service.name.value);
    }
    let mut host = Vec::new();
    for row in matrix.host().filter(|row| row.service.kind != ServiceKind::Pod) {
        let stands_for = row.way.address.map(|it| format!(" ({})", stands_for(it))).unwrap_or_default();
        let name = format!("`{}`{stands_for}", row.way.name);
        let why = host_why(wiring, &row);
        put(&mut host, format!("{name}: {}: {why}", row.way.verdict.word()), &row.service.name.value);
    }
    let services = services.into_iter().collect();
    Sheet { services, cells, vain, unsure, internet, host, ports: ports(&matrix) }
}

/// What a name of the host stands for, in words.
fn stands_for(address: Address) -> String {
    match address {
        Address::Fixed(address) => address.to_string(),
        Address::Gateway => "the gateway of a network of the container".to_owned(),
        Address::Own => "the host's own address".to_owned(),
        Address::Route => "the gateway of the host's default route".to_owned(),
        Address::Proxy => "an address that only Docker Desktop knows".to_owned(),
    }
}

fn put<'a>(groups: &mut Vec<Group<'a>>, heading: String, service: &'a str) {
    match groups.iter_mut().find(|(known, _)| *known == heading) {
        Some((_, services)) => services.push(service),
        None => groups.push((heading, vec![service])),
    }
}

fn way_out(address: Verdict, name: Verdict) -> String {
    match (address, name) {
        (Verdict::Yes, Verdict::Yes) => "by address and name".to_owned(),
        (Verdict::Yes, Verdict::No) => "by address, names do not resolve".to_owned(),
        (Verdict::No, Verdict::Yes) => "not by address, but its names resolve, and data can leave in them".to_owned(),
        (Verdict::No, Verdict::No) => "not at all".to_owned(),
        (address, name) => format!("by address: {}, by name: {}", address.word(), name.word()),
    }
}

/// Published ports, those together that answer the same callers.
fn ports<'a>(matrix: &Matrix<'a>) -> Vec<(String, Vec<(&'a str, String)>)> {
    let rows: Vec<_> = matrix.published().collect();
    let mut groups: Vec<(String, Vec<(&str, String)>)> = Vec::new();
    for rows in rows.chunks(Caller::ALL.len()) {
        let Some(first) = rows.first() else { continue };
        let who = |caller: Caller| match caller {
            Caller::Host => "the host",
            Caller::Lan => "other machines",
            Caller::Container => "containers",
        };
        let answered = rows.iter().filter(|row| row.verdict == Verdict::Yes).map(|row| who(row.caller).to_owned());
        let unsure = rows.iter().filter(|row| !matches!(row.verdict, Verdict::Yes | Verdict::No));
        let unsure = unsure.map(|row| format!("{}: {}", who(row.caller), row.verdict.word()));
        let says: Vec<String> = answered.chain(unsure).collect();
        let says = if says.is_empty() { "nobody".to_owned() } else { says.join(", ") };
        let port = (first.service.name.value.as_str(), first.port.value.to_string());
        match groups.iter_mut().find(|(known, _)| *known == says) {
            Some((_, ports)) => ports.push(port),
            None => groups.push((says, vec![port])),
        }
    }
    groups
}

/// Who gets to whom in one way; those who get to the same others stand together.
pub(super) fn openers<'s>(sheet: &'s Sheet<'_>, way: Cell) -> Vec<Openers<'s>> {
    let others = |from: usize| -> Vec<usize> {
        let row = sheet.cells.get(from).map_or(&[][..], Vec::as_slice);
        (0..row.len()).filter(|to| *to != from && row.get(*to) == Some(&way)).collect()
    };
    // Those on one network get to the same ones but for themselves.
    let mut circles: IndexMap<Vec<usize>, Vec<usize>> = IndexMap::default();
    let mut alike: IndexMap<Vec<usize>, Vec<usize>> = IndexMap::default();
    for from in 0..sheet.services.len() {
        let to = others(from);
        if !to.is_empty() {
            let mut circle = to.clone();
            circle.push(from);
            circle.sort_unstable();
            circles.entry(circle).or_default().push(from);
            alike.entry(to).or_default().push(from);
        }
    }
    let names = |all: &mut dyn Iterator<Item = usize>| -> Vec<&'s str> {
        all.filter_map(|at| sheet.services.get(at).copied()).collect()
    };
    let mut found: Vec<(usize, Openers<'s>)> = Vec::new();
    let mut told: IndexSet<usize> = IndexSet::default();
    for (circle, from) in circles.iter().filter(|(_, from)| from.len() > 1) {
        told.extend(from);
        let to = names(&mut circle.iter().copied().filter(|at| !from.contains(at)));
        let first = from.first().copied().unwrap_or_default();
        found.push((first, Openers { from: names(&mut from.iter().copied()), each_other: true, to }));
    }
    for (to, from) in &alike {
        let from: Vec<usize> = from.iter().copied().filter(|from| !told.contains(from)).collect();
        if let Some(first) = from.first() {
            let to = names(&mut to.iter().copied());
            found.push((*first, Openers { from: names(&mut from.iter().copied()), each_other: false, to }));
        }
    }
    found.sort_by_key(|(first, _)| *first);
    found.into_iter().map(|(_, openers)| openers).collect()
}

/// The marks that a sheet uses.
pub(super) fn used(sheet: &Sheet<'_>) -> Vec<Cell> {
    let mut found = [false; Cell::ALL.len()];
    for (from, row) in sheet.cells.iter().enumerate() {
        for (_, cell) in row.iter().enumerate().filter(|(to, _)| *to != from) {
            if let Some(found) = found.get_mut(*cell as usize) {
                *found = true;
            }
        }
    }
    Cell::ALL.into_iter().zip(found).filter(|(_, found)| *found).map(|(cell, _)| cell).collect()
}
