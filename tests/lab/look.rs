//! What quadgen predicts for a stack, as questions that can be asked from inside its containers.

use std::collections::{BTreeMap, BTreeSet};

use quadgen::model::{HealthTest, HostService, Protocol, Service, ServiceKind, Spanned, Stack};
use quadgen::network::{Caller, DOCKER_NAME, Home, Machine, Matrix, PODMAN_NAME, SHORT_ID, Verdict, Wiring};
use quadgen::source::Span;

/// The image of all containers, which `tests/lab/root.sh` makes.
pub const IMAGE: &str = "localhost/quadgen-lab:1";
/// The page of the made-up internet.
const INTERNET: (&str, u16) = ("198.51.100.10", 80);
/// The name that the made-up internet knows.
const OUTSIDE_NAME: &str = "outside.example";
/// The port of the program on the host that listens on every address, and of that on 127.0.0.1 only.
const HOST_PORTS: (u16, u16) = (11434, 11435);
/// The host's own address.
pub const HOST_ADDRESS: &str = "203.0.113.2";

/// A question.
#[derive(Clone, Debug)]
pub enum Look {
    /// Which addresses a name has. It should be some of these.
    Name(String, BTreeSet<String>),
    /// Whether a page, on one of these addresses, says a word.
    Page(Vec<String>, u16, String),
}

/// Where a question is asked.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Place {
    /// In a container, by its name.
    Container(String),
    /// On the host.
    Host,
    /// On another machine of the LAN.
    Lan,
}

/// What a question is about, for counting.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum About {
    /// `resolves`, by the names that a service has.
    Names,
    /// `resolves`, by other names: with a suffix, in capitals, or ones that are none.
    OtherNames,
    /// `reaches`.
    Addresses,
    /// `internet`, by address and by name.
    Internet,
    /// `host`.
    Host,
    /// `published`.
    Ports,
}

/// A question, where it is asked, and the answer that quadgen predicts.
#[derive(Clone, Debug)]
pub struct Prediction {
    /// What it is about.
    pub about: About,
    /// In words, for people.
    pub says: String,
    /// Where it is asked.
    pub at: Place,
    /// The question.
    pub look: Look,
    /// The answer.
    pub verdict: Verdict,
    /// The services at whose start it is decided, where it changes from start to start.
    pub decided_by: Vec<String>,
}

/// A container's addresses by network, as the runtime says.
#[derive(Default, Clone, Debug)]
pub struct Addresses {
    /// Its own.
    pub own: BTreeMap<String, String>,
    /// What leads out of its networks.
    pub gateways: Vec<String>,
    /// The first letters of its identity that are a name, too.
    pub short_id: String,
}

/// Puts a program into every service that answers on the service's ports and on one of its own, in place of the real
/// images, which cannot be had here. Waits stay real: a health check is run as often, and says that all is well.
pub fn stand_in(stack: &mut Stack) {
    for (index, service) in stack.services.values_mut().enumerate() {
        let span = service.span();
        let text = |text: &str| Spanned::implied(text.to_owned(), span);
        let own = 7000 + index as u16;
        let mut words = vec![text("serve"), text(&service.name.value), text(&own.to_string())];
        words.extend(tcp_ports(service).map(|(_, port)| text(&port.to_string())));
        service.image = Some(Spanned::implied(IMAGE.parse().unwrap(), span));
        service.command = Some(words);
        service.entrypoint = None;
        service.attributes.shift_remove("build");
        if let Some(health) = &mut service.health
            && !matches!(health.value.test, Some(HealthTest::Disabled))
        {
            health.value.test = Some(HealthTest::Exec(vec![text("true")]));
        }
    }
}

/// What a service's page says, and a port of it that no other service has, since some share a network namespace: words
/// of its command.
pub fn page(service: &Service) -> (&str, u16) {
    match service.command.iter().flatten().map(|word| word.value.as_str()).collect::<Vec<_>>()[..] {
        ["serve", says, port, ..] => (says, port.parse().unwrap()),
        _ => panic!("`{}` serves nothing", service.name.value),
    }
}

/// Whether a service runs the lab's program; others end at once, and nothing is asked of them.
pub fn serves(service: &Service) -> bool {
    service.command.iter().flatten().next().is_some_and(|word| word.value == "serve")
}

/// The published TCP ports of a service one by one: on the host, unless the runtime picks it, and in the container.
fn tcp_ports(service: &Service) -> impl Iterator<Item = (Option<(String, u16)>, u16)> {
    service.ports.iter().map(|port| &port.value).filter(|port| port.protocol == Protocol::Tcp).flat_map(|port| {
        let address = port.address.map_or("0.0.0.0".to_owned(), |address| address.to_string());
        (0..port.container.len() as u16)
            .map(move |step| (port.host.map(|host| (address.clone(), host.first + step)), port.container.first + step))
    })
}

/// Everything that quadgen predicts about a stack whose containers have these addresses.
pub fn predictions(wiring: &Wiring, addresses: &BTreeMap<String, Addresses>) -> Vec<Prediction> {
    let mut all = Vec::new();
    // What `quadgen matrix` says about each pair, by the names that it has for it.
    let mut matrix: BTreeMap<(String, String), BTreeMap<String, (Verdict, Verdict)>> = BTreeMap::new();
    let rows = Matrix::new(wiring).pairs(|row| -> Result<(), ()> {
        let names = matrix.entry((row.from.name.value.clone(), row.to.name.value.clone())).or_default();
        names.insert(row.name.to_owned(), (row.resolves, row.reaches));
        Ok(())
    });
    rows.unwrap();
    let services = &wiring.stack.services;
    // Who answers for a service: itself, or the first container of a pod.
    let answers = |service: &Service| match service.kind {
        ServiceKind::Pod => {
            services.values().find(|one| one.kind == ServiceKind::Container && wiring.owner(one).name == service.name)
        }
        _ => services.get(&service.name.value),
    };
    // Who answers on a port of a network namespace.
    let behind = |service: &Service, port: u16| {
        let mut all = services.values().filter(|one| serves(one));
        let own = all.find(|one| wiring.owner(one).name == wiring.owner(service).name && page(one).1 == port);
        own.or_else(|| answers(service)).map_or(String::new(), |one| page(one).0.to_owned())
    };
    for from in services.values().filter(|service| serves(service)) {
        let name = &from.name.value;
        let at = Place::Container(wiring.container_name(from).into_owned());
        let own = &addresses[&wiring.owner(from).name.value];
        let gateways = match wiring.home(from) {
            Home::Host => vec!["127.0.0.1".to_owned()],
            _ => own.gateways.clone(),
        };
        let mut ask = |about, says: String, look, verdict, by: Option<&Service>| {
            let says = format!("`{name}` {says}");
            let decided_by = [from].into_iter().chain(by).map(|service| service.name.value.clone()).collect();
            all.push(Prediction { about, says, at: at.clone(), look, verdict, decided_by });
        };
        for to in services.values().filter(|to| to.name != from.name && (serves(to) || to.kind == ServiceKind::Pod)) {
            let target = &addresses[&wiring.owner(to).name.value];
            let mut own_addresses: BTreeSet<String> = target.own.values().cloned().collect();
            if wiring.owner(to).name == wiring.owner(from).name {
                own_addresses.insert("127.0.0.1".to_owned());
            }
            let rows = &matrix[&(name.clone(), to.name.value.clone())];
            let target_id = &addresses[&to.name.value].short_id;
            for known in candidates(wiring, to, target_id) {
                let asked = if known == *target_id { SHORT_ID } else { known.as_str() };
                let look = Look::Name(known.clone(), own_addresses.clone());
                let (about, verdict) = match rows.get(asked) {
                    Some((resolves, _)) => (About::Names, *resolves),
                    None => (About::OtherNames, wiring.resolves(from, to, asked).verdict),
                };
                ask(about, format!("resolves {known:?} to `{}`", to.name.value), look, verdict, None);
            }
            let Some((says, port)) = answers(to).map(page) else { continue };
            for (network, address) in &target.own {
                let on = wiring.stack.networks.contains_key(network).then_some(network.as_str());
                let verdict = wiring.reaches(from, to, on).verdict;
                let look = Look::Page(vec![address.clone()], port, says.to_owned());
                ask(About::Addresses, format!("reaches `{}` on {network}", to.name.value), look, verdict, None);
            }
            // What the matrix says is about all addresses: in the host's network those of the host.
            let anywhere = match wiring.home(to) {
                Home::Host => gateways.clone(),
                _ if own_addresses.contains("127.0.0.1") => vec!["127.0.0.1".to_owned()],
                _ => target.own.values().cloned().collect(),
            };
            if let Some((_, reaches)) = rows.values().next().filter(|_| !anywhere.is_empty()) {
                let look = Look::Page(anywhere, port, says.to_owned());
                ask(About::Addresses, format!("reaches `{}` at all", to.name.value), look, *reaches, None);
            }
            let mut everywhere = gateways.clone();
            everywhere.push(HOST_ADDRESS.to_owned());
            for (host, own) in tcp_ports(to).filter_map(|(host, own)| Some((host?.1, own))) {
                let verdict = wiring.through_host(from, to).map_or(Verdict::No, |through| through.verdict);
                let look = Look::Page(everywhere.clone(), host, behind(to, own));
                let says = format!("reaches `{}` through port {host} of the host", to.name.value);
                ask(About::Ports, says, look, verdict, Some(to));
            }
        }
        let page = Look::Page(vec![INTERNET.0.to_owned()], INTERNET.1, "internet".to_owned());
        ask(About::Internet, "reaches the internet".to_owned(), page, wiring.internet(from).verdict, None);
        let outside = Look::Name(OUTSIDE_NAME.to_owned(), BTreeSet::from([INTERNET.0.to_owned()]));
        let verdict = wiring.outside_names(from).0;
        ask(About::Internet, "resolves names of the internet".to_owned(), outside, verdict, None);
        let mut host = gateways.clone();
        host.push(HOST_ADDRESS.to_owned());
        let page = Look::Page(host, HOST_PORTS.0, "host".to_owned());
        ask(About::Host, "reaches the host".to_owned(), page, wiring.host(from).verdict, None);
        for program in wiring.host_uses(wiring.owner(from)) {
            let way = wiring.host_way(from, program);
            let there = if wiring.platform.machine_of(program) == Machine::Linux { "host" } else { "router" };
            let there = if program.is_on_loopback() { "loopback" } else { there };
            let port = program.port.unwrap().value;
            let says = format!("reaches `{}` as {}", program.name.value, way.name);
            ask(About::Host, says, Look::Page(vec![way.name], port, there.to_owned()), way.verdict, None);
        }
        if !wiring.platform.has_outside() {
            for (alias, port, says) in [
                (PODMAN_NAME, HOST_PORTS.0, "host"),
                (DOCKER_NAME, HOST_PORTS.0, "host"),
                (PODMAN_NAME, HOST_PORTS.1, "loopback"),
                (DOCKER_NAME, HOST_PORTS.1, "loopback"),
            ] {
                let way = wiring.alias_way(from, alias, &program(port));
                let look = Look::Page(vec![alias.to_owned()], port, says.to_owned());
                ask(About::Host, format!("reaches port {port} of {alias}"), look, way.verdict, None);
            }
        }
    }
    for service in services.values().filter(|service| serves(service) || service.kind == ServiceKind::Pod) {
        for mapping in service.ports.iter().map(|port| &port.value) {
            let mut ask = |caller, at: Place, addresses: &[&str]| {
                for port in mapping.host.iter().flat_map(|host| host.first..=host.last) {
                    let addresses = addresses.iter().map(|address| (*address).to_owned()).collect();
                    let own = mapping.behind(port).unwrap_or(port);
                    let look = Look::Page(addresses, port, behind(service, own));
                    let says = format!("port {mapping} of `{}` answers to {at:?}", service.name.value);
                    let verdict = wiring.port_answers(service, mapping, caller).verdict;
                    let decided_by = vec![service.name.value.clone()];
                    all.push(Prediction { about: About::Ports, says, at: at.clone(), look, verdict, decided_by });
                }
            };
            ask(Caller::Host, Place::Host, &["127.0.0.1", HOST_ADDRESS]);
            ask(Caller::Lan, Place::Lan, &[HOST_ADDRESS]);
        }
    }
    all
}

/// A program on the host that listens on a port: on every address, but for the second of the two.
fn program(port: u16) -> HostService {
    let span = Span::default();
    let listens = if port == HOST_PORTS.0 { "0.0.0.0" } else { "127.0.0.1" };
    HostService {
        name: Spanned::implied("program".to_owned(), span),
        port: Some(Spanned::implied(port, span)),
        on: None,
        listens: Some(Spanned::implied(listens.parse().unwrap(), span)),
        scheme: None,
    }
}

/// Every name by which a service could be looked for, whether or not it answers to it.
fn candidates(wiring: &Wiring, to: &Service, id: &str) -> BTreeSet<String> {
    let mut names: BTreeSet<String> = wiring.names(to).iter().map(|name| name.text.to_string()).collect();
    names.insert(to.name.value.clone());
    names.insert(wiring.container_name(to).into_owned());
    names.insert(format!("systemd-{}", to.name.value));
    if to.kind == ServiceKind::Pod {
        names.insert(format!("{}-infra", wiring.container_name(to)));
    }
    names.extend(to.hostname.iter().map(|name| name.value.clone()));
    names.extend(to.networks.iter().flat_map(|on| &on.aliases).map(|alias| alias.value.clone()));
    names.extend(wiring.names(to).first().map(|name| name.text.to_uppercase()));
    if wiring.platform.is_podman() {
        names.extend(wiring.names(to).iter().map(|name| format!("{}.dns.podman", name.text)));
    } else {
        for name in wiring.names(to) {
            names.extend(
                wiring
                    .attachments(to)
                    .map(|on| format!("{}.{}", name.text, wiring.stack.networks[&on.network.value].object())),
            );
        }
    }
    names.insert(id.to_owned());
    names.remove("");
    names
}

impl Look {
    /// The lines that ask it.
    pub fn lines(&self) -> Vec<String> {
        match self {
            Look::Name(name, _) => vec![format!("name {name}")],
            Look::Page(addresses, port, _) => {
                addresses.iter().map(|address| format!("page {address} {port}")).collect()
            }
        }
    }

    /// The answer in what came back, a line for each line that asked.
    pub fn seen(&self, lines: &[&str]) -> Verdict {
        match self {
            Look::Name(_, addresses) => {
                let found: Vec<&str> = lines.iter().flat_map(|line| line.split(' ')).filter(|a| *a != "-").collect();
                match found.iter().filter(|address| addresses.contains(**address)).count() {
                    0 => Verdict::No,
                    count if count == found.len() => Verdict::Yes,
                    _ => Verdict::Unpredictable,
                }
            }
            Look::Page(_, _, says) => {
                if lines.contains(&says.as_str()) {
                    Verdict::Yes
                } else {
                    Verdict::No
                }
            }
        }
    }
}
