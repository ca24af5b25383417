//! What the formats for people show: one mark for each pair, and everything else in groups.

use std::convert::Infallible;

use super::{Stack, address, host_why};
use crate::network::{Caller, Matrix, Verdict, Wiring};
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
    let all = &wiring.stack.services;
    let mut cells = vec![vec![Cell::Nothing; all.len()]; all.len()];
    let mut vain = Vec::new();
    let Ok(()) = matrix.pairs(|pair| {
        let at = |name: &str| all.get_index_of(name).unwrap_or(usize::MAX);
        let (from, to) = (at(&pair.from.name.value), at(&pair.to.name.value));
        let vainly = pair.sought && (pair.resolves, pair.reaches) != (Verdict::Yes, Verdict::Yes);
        if let Some(cell) = cells.get_mut(from).and_then(|row| row.get_mut(to)) {
            let new = Cell::of(pair.resolves, pair.reaches);
            if vainly {
                *cell = Cell::Vain;
            } else if new.rank() < cell.rank() {
                *cell = new;
            }
        }
        if vainly {
            let (from, to) = (pair.from.name.value.clone(), pair.to.name.value.clone());
            vain.push([from, to, pair.name.to_owned(), pair.why.to_owned()]);
        }
        Ok::<(), Infallible>(())
    });
    let mut internet = Vec::new();
    for (service, address, name) in matrix.internet() {
        put(&mut internet, way_out(address, name), &service.name.value);
    }
    let mut host = Vec::new();
    for row in matrix.host() {
        let stands_for = row.way.address.map(|it| format!(" ({})", address(it))).unwrap_or_default();
        let name = format!("`{}`{stands_for}", row.way.name);
        let why = host_why(&row);
        put(&mut host, format!("{name}: {}: {why}", row.way.verdict.word()), &row.service.name.value);
    }
    let services = all.keys().map(String::as_str).collect();
    Sheet { services, cells, vain, internet, host, ports: ports(&matrix) }
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

/// The others that connections of one service get to in one way.
pub(super) fn others<'s>(sheet: &'s Sheet<'_>, from: usize, way: Cell) -> Vec<&'s str> {
    let row = sheet.cells.get(from).map_or(&[][..], Vec::as_slice);
    let others = row.iter().zip(&sheet.services).enumerate().filter(|(to, (cell, _))| *to != from && **cell == way);
    others.map(|(_, (_, name))| *name).collect()
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
