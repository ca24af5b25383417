//! Every pair's answers, one row after the other: a thousand services make a million rows, so none is kept.
//!
//! What is asked is always [`Wiring::resolves`] and [`Wiring::reaches`]. Pairs that are alike in everything those look
//! at ([`Side`], [`Names`], [`Way`]) are asked about once. Two services that share no network, say, get the same answer
//! for every name, whoever they are.

mod side;
mod why;

use std::net::Ipv4Addr;

use super::{Caller, HostWay, Verdict, Wiring};
use crate::maps::{HashMap, IndexSet};
use crate::model::{Format, HostOs, HostService, Port, Runtime, Service, Spanned, Target, Witness};
use crate::network::{DOCKER_NAME, PODMAN_NAME};
use side::{Lists, Names, Side, Way};

/// One row: what becomes of a connection by one name.
#[derive(Clone, Copy, Debug)]
pub struct Pair<'r> {
    /// Who opens it.
    pub from: &'r Service,
    /// Whom it is meant for.
    pub to: &'r Service,
    /// The name by which `to` is known or looked for.
    pub name: &'r str,
    /// Whether `from` looks for `to` by this name.
    pub sought: bool,
    /// Whether the name resolves.
    pub resolves: Verdict,
    /// Whether packets get there, by address.
    pub reaches: Verdict,
    /// Why.
    pub why: &'r str,
}

/// How a service gets to a program on the host.
#[derive(Clone, Debug)]
pub struct HostRow<'r> {
    /// Who opens the connection.
    pub service: &'r Service,
    /// The program, where the stack declares some; else any that listens on every address.
    pub program: Option<&'r HostService>,
    /// The name, what it stands for, and what becomes of it.
    pub way: HostWay,
    /// Whether packets get to programs on the host at all, by some address.
    pub by_address: Verdict,
}

/// Whether a published port answers a caller.
#[derive(Clone, Debug)]
pub struct PortRow<'r> {
    /// Whose it is.
    pub service: &'r Service,
    /// The port.
    pub port: &'r Spanned<Port>,
    /// Who calls.
    pub caller: Caller,
    /// Whether it answers.
    pub verdict: Verdict,
}

/// An answer to one of the two questions, and half of a reason.
#[derive(PartialEq, Eq, Hash)]
struct Answer {
    verdict: Verdict,
    why: String,
}

/// The answers for all pairs of a stack on one platform.
pub struct Matrix<'a> {
    wiring: &'a Wiring<'a>,
    sides: Vec<Side<'a>>,
    lists: Lists,
    /// Each once, however many pairs have it.
    answers: IndexSet<Answer>,
    names: HashMap<Names, usize>,
    ways: HashMap<Way, usize>,
    /// The reasons, and where each is by the two answers that it is made of.
    reasons: Vec<String>,
    reason_of: HashMap<(usize, usize), usize>,
}

impl<'a> Matrix<'a> {
    /// Looks at each service once.
    pub fn new(wiring: &'a Wiring<'a>) -> Self {
        let mut lists = Lists::default();
        Matrix {
            wiring,
            sides: side::sides(wiring, &mut lists),
            lists,
            answers: IndexSet::default(),
            names: HashMap::default(),
            ways: HashMap::default(),
            reasons: Vec::new(),
            reason_of: HashMap::default(),
        }
    }

    /// The stack and the platform.
    pub fn wiring(&self) -> &'a Wiring<'a> {
        self.wiring
    }

    /// Shows every row, in the order of the file: for each service every other one, and for each of those its names.
    ///
    /// # Errors
    /// The first that `visit` returns; it ends the visit.
    pub fn pairs<E>(&mut self, mut visit: impl FnMut(&Pair<'_>) -> Result<(), E>) -> Result<(), E> {
        for from in 0..self.sides.len() {
            self.row(from, &mut visit)?;
        }
        Ok(())
    }

    /// The rows of one service, by where it stands in the stack; see [`Matrix::pairs`].
    ///
    /// # Errors
    /// The first that `visit` returns.
    pub fn row<E>(&mut self, from: usize, mut visit: impl FnMut(&Pair<'_>) -> Result<(), E>) -> Result<(), E> {
        let Some(opener) = self.sides.get(from).map(|side| side.service) else { return Ok(()) };
        let sought = sought(opener);
        (0..self.sides.len()).try_for_each(|to| self.cell(from, to, &sought, &mut visit))
    }

    /// The rows from one service to another, by where they stand in the stack; see [`Matrix::pairs`].
    ///
    /// # Errors
    /// The first that `visit` returns.
    pub fn between<E>(
        &mut self,
        from: usize,
        to: usize,
        visit: impl FnMut(&Pair<'_>) -> Result<(), E>,
    ) -> Result<(), E> {
        let Some(opener) = self.sides.get(from).map(|side| side.service) else { return Ok(()) };
        self.cell(from, to, &sought(opener), visit)
    }

    /// The same, where it is known already which names are looked for.
    fn cell<E>(
        &mut self,
        from: usize,
        to: usize,
        sought: &HashMap<&str, Vec<&str>>,
        mut visit: impl FnMut(&Pair<'_>) -> Result<(), E>,
    ) -> Result<(), E> {
        let (Some(a), Some(b)) = (self.sides.get(from), self.sides.get(to)) else { return Ok(()) };
        if from == to {
            return Ok(());
        }
        let (opener, target, shared) = (a.service, b.service, self.lists.shared(a, b));
        let wanted = sought.get(target.name.value.as_str()).map_or(&[][..], Vec::as_slice);
        let way = self.way(from, to, shared);
        for at in 0..self.sides.get(to).map_or(0, |side| side.names.len()) {
            let answer = self.name(from, to, at, shared);
            let reason = self.reason(answer, way);
            let name = self.sides.get(to).and_then(|side| side.names.get(at)).map_or("", |known| &known.text);
            let sought = wanted.iter().any(|wanted| wanted.eq_ignore_ascii_case(name));
            visit(&self.pair(opener, target, name, sought, [answer, way, reason]))?;
        }
        for name in wanted {
            let known = |side: &Side<'_>| side.names.iter().any(|known| known.text.eq_ignore_ascii_case(name));
            if !self.sides.get(to).is_some_and(known) {
                let answer = self.ask_name(from, to, name);
                let reason = self.reason(answer, way);
                visit(&self.pair(opener, target, name, true, [answer, way, reason]))?;
            }
        }
        Ok(())
    }

    fn pair<'r>(
        &'r self,
        from: &'r Service,
        to: &'r Service,
        name: &'r str,
        sought: bool,
        [answer, way, reason]: [usize; 3],
    ) -> Pair<'r> {
        let verdict = |at: usize| self.answers.get_index(at).map_or(Verdict::Unknown, |answer| answer.verdict);
        let why = self.reasons.get(reason).map_or("", String::as_str);
        Pair { from, to, name, sought, resolves: verdict(answer), reaches: verdict(way), why }
    }

    /// The answer to `reaches`.
    fn way(&mut self, from: usize, to: usize, shared: Option<usize>) -> usize {
        let (Some(a), Some(b)) = (self.sides.get(from), self.sides.get(to)) else { return 0 };
        let key = side::way(a, b, shared);
        if let Some(known) = self.ways.get(&key) {
            return *known;
        }
        let reach = self.wiring.reaches(a.service, b.service, None);
        let why = why::way(a, b, &reach);
        let (at, _) = self.answers.insert_full(Answer { verdict: reach.verdict, why });
        self.ways.insert(key, at);
        at
    }

    /// The answer to `resolves` for a name by which the target is known.
    fn name(&mut self, from: usize, to: usize, name: usize, shared: Option<usize>) -> usize {
        let (Some(a), Some(b)) = (self.sides.get(from), self.sides.get(to)) else { return 0 };
        let Some(known) = b.names.get(name) else { return 0 };
        let key = side::names(a, b, name, shared);
        if let Some(answer) = key.as_ref().and_then(|key| self.names.get(key)) {
            return *answer;
        }
        let text = known.text.clone();
        let answer = self.ask_name(from, to, &text);
        self.names.extend(key.map(|key| (key, answer)));
        answer
    }

    fn ask_name(&mut self, from: usize, to: usize, name: &str) -> usize {
        let (Some(a), Some(b)) = (self.sides.get(from), self.sides.get(to)) else { return 0 };
        let resolution = self.wiring.resolves(a.service, b.service, name);
        let why = why::name(a, &resolution);
        self.answers.insert_full(Answer { verdict: resolution.verdict, why }).0
    }

    /// The whole reason of two answers.
    fn reason(&mut self, name: usize, way: usize) -> usize {
        if let Some(known) = self.reason_of.get(&(name, way)) {
            return *known;
        }
        let why = |at: usize| self.answers.get_index(at).map_or("", |answer| answer.why.as_str());
        let reason = match (why(name), why(way)) {
            (why, "") | ("", why) => why.to_owned(),
            (one, other) if one == other => one.to_owned(),
            (one, other) => format!("{one}; {other}"),
        };
        self.reasons.push(reason);
        let at = self.reasons.len() - 1;
        self.reason_of.insert((name, way), at);
        at
    }

    /// Whether each service gets to the internet by address, and whether it resolves names of the internet.
    pub fn internet(&self) -> impl Iterator<Item = (&'a Service, Verdict, Verdict)> + '_ {
        let wiring = self.wiring;
        let services = wiring.stack.services.values();
        services.map(|service| (service, wiring.internet(service).verdict, wiring.outside_names(service).0))
    }

    /// How each service gets to each program on the host, by each name that it uses for it, else by the usual one.
    pub fn host(&self) -> impl Iterator<Item = HostRow<'a>> + '_ {
        let wiring = self.wiring;
        wiring.stack.services.values().flat_map(move |service| {
            let by_address = wiring.host(service).verdict;
            let row = move |program, way| HostRow { service, program, way, by_address };
            let programs: Vec<_> = wiring.stack.host_services.values().map(Some).collect();
            let programs = if programs.is_empty() { vec![None] } else { programs };
            programs.into_iter().flat_map(move |program| {
                wiring.ways_to(service, program).into_iter().map(move |way| row(program, way)).collect::<Vec<_>>()
            })
        })
    }

    /// Whether each published port answers, from each of three places.
    pub fn published(&self) -> impl Iterator<Item = PortRow<'a>> + '_ {
        let wiring = self.wiring;
        let ports =
            wiring.stack.services.values().flat_map(|service| service.ports.iter().map(move |it| (service, it)));
        ports.flat_map(move |(service, port)| {
            Caller::ALL.into_iter().map(move |caller| {
                let verdict = wiring.port_answers(service, &port.value, caller).verdict;
                PortRow { service, port, caller, verdict }
            })
        })
    }
}

/// The names by which a service looks for others, by service. What is merely started after them is not looked for.
fn sought(service: &Service) -> HashMap<&str, Vec<&str>> {
    let mut sought: HashMap<&str, Vec<&str>> = HashMap::default();
    for connection in service.connections.iter().filter(|connection| connection.witness != Witness::DependsOn) {
        if let Target::Service(to) = &connection.to {
            let names = sought.entry(to).or_default();
            if !names.iter().any(|known| known.eq_ignore_ascii_case(&connection.name)) {
                names.push(&connection.name);
            }
        }
    }
    sought
}

impl Wiring<'_> {
    /// The ways of a service to a program on the host: the one that quadgen writes for a topology, and one for each
    /// name of the host that stands in a value of the service.
    fn ways_to(&self, service: &Service, program: Option<&HostService>) -> Vec<HostWay> {
        let anybody = self.anybody();
        let host = program.unwrap_or(&anybody);
        let mut ways: Vec<HostWay> = Vec::new();
        if self.stack.format == Format::Topology && program.is_some() {
            ways.push(self.host_way(service, host));
        }
        let port = host.port.map(|port| port.value);
        let used = service.endpoints.iter().filter(|endpoint| port.is_none() || endpoint.port == port);
        for endpoint in used {
            let name = [DOCKER_NAME, PODMAN_NAME].into_iter().find(|name| endpoint.host.eq_ignore_ascii_case(name));
            if let Some(name) = name.filter(|name| ways.iter().all(|way| way.name != *name)) {
                ways.push(self.alias_way(service, name, host));
            }
        }
        if ways.is_empty() {
            let usual = if self.platform.is_podman() { PODMAN_NAME } else { DOCKER_NAME };
            ways.push(self.alias_way(service, usual, host));
        }
        ways
    }

    /// A program on the host that nobody declared: it listens wherever it is called. Who works in a WSL distribution
    /// means that one.
    fn anybody(&self) -> HostService {
        let nowhere = crate::source::Span::default();
        let in_wsl = self.platform.host_os == HostOs::Wsl2 && self.platform.runtime != Runtime::DockerDesktop;
        HostService {
            name: Spanned::implied("host".to_owned(), nowhere),
            port: None,
            on: in_wsl.then(|| Spanned::implied("linux".to_owned(), nowhere)),
            listens: Some(Spanned::implied(Ipv4Addr::UNSPECIFIED.into(), nowhere)),
            scheme: None,
        }
    }
}
