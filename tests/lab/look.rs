//! What quadgen predicts for a stack, as questions that can be asked from inside its containers.

use std::collections::{BTreeMap, BTreeSet};

use quadgen::model::{HealthTest, Protocol, Service, Spanned, Stack};
use quadgen::network::{Home, Machine, Verdict, Wiring};

/// The image of all containers, which `tests/lab/prepare.sh` makes.
const IMAGE: &str = "localhost/quadgen-lab:1";
/// The page of the made-up internet, and what it says.
const INTERNET: (&str, u16) = ("198.51.100.10", 80);
/// The port of the program on the host.
const HOST_PORT: u16 = 11434;
/// What [`Look::lines`] need before them: `page ADDRESS PORT` prints the last line of a page. A connection alone says
/// little, since runtimes hold ports open that lead nowhere.
pub const READS_A_PAGE: &str = r#"
    page() { timeout 5 bash -c "$get" "$@" | tr '\n' ' '; }
    get='exec 3<>/dev/tcp/$0/$1 && printf "GET / HTTP/1.0\r\n\r\n" >&3 && tail -n 1 <&3'
"#;
/// The host's own address.
const HOST_ADDRESS: &str = "203.0.113.2";

/// A question.
pub enum Look {
    /// Which addresses a name has. It should be one of these.
    Name(String, BTreeSet<String>),
    /// Whether a page, on one of these addresses, says a word.
    Page(Vec<String>, u16, String),
}

/// A question, where it is asked, and the answer that quadgen predicts.
pub struct Prediction {
    /// In words, for people.
    pub says: String,
    /// The container; on the host itself where there is none.
    pub container: Option<String>,
    /// The question.
    pub look: Look,
    /// The answer.
    pub verdict: Verdict,
}

/// A container's addresses and gateways by network, as the runtime says.
#[derive(Default)]
pub struct Addresses {
    /// Its own.
    pub own: BTreeMap<String, String>,
    /// What leads out of its networks.
    pub gateways: Vec<String>,
}

/// Puts a program into every service that answers on the service's ports and on one of its own, in place of the real
/// images, which cannot be had here. Waits stay real: a health check is run as often, and says that all is well.
pub fn stand_in(stack: &mut Stack) {
    let ports: Vec<u16> = (0..stack.services.len()).map(own_port).collect();
    for (service, own) in stack.services.values_mut().zip(ports) {
        let span = service.span();
        let text = |text: &str| Spanned::implied(text.to_owned(), span);
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

/// A port that no other service has, since some share a network namespace.
pub fn own_port(index: usize) -> u16 {
    7000 + index as u16
}

/// The published TCP ports of a service one by one: on the host, unless the runtime picks it, and in the container.
fn tcp_ports(service: &Service) -> impl Iterator<Item = (Option<(String, u16)>, u16)> {
    service.ports.iter().map(|port| &port.value).filter(|port| port.protocol == Protocol::Tcp).flat_map(|port| {
        let address = port.address.map_or("127.0.0.1".to_owned(), |address| address.to_string());
        (0..port.container.len() as u16)
            .map(move |step| (port.host.map(|host| (address.clone(), host.first + step)), port.container.first + step))
    })
}

/// Everything that quadgen predicts about a stack whose containers have these addresses.
pub fn predictions(wiring: &Wiring, addresses: &BTreeMap<String, Addresses>) -> Vec<Prediction> {
    let mut all = Vec::new();
    let services = &wiring.stack.services;
    for from in services.values() {
        let name = &from.name.value;
        let container = Some(wiring.container_name(from));
        let gateways = match wiring.home(from) {
            Home::Host => vec!["127.0.0.1".to_owned()],
            _ => addresses[&wiring.owner(from).name.value].gateways.clone(),
        };
        let mut ask = |says: String, look, verdict| {
            all.push(Prediction { says: format!("`{name}` {says}"), container: container.clone(), look, verdict });
        };
        for (index, to) in services.values().enumerate().filter(|(_, to)| to.name != from.name) {
            let target = &addresses[&wiring.owner(to).name.value];
            for known in wiring.names(to) {
                let verdict = wiring.resolves(from, to, &known.text).verdict;
                let look = Look::Name(known.text.clone(), target.own.values().cloned().collect());
                ask(format!("resolves {:?} to `{}`", known.text, to.name.value), look, verdict);
            }
            for (network, address) in &target.own {
                let verdict = wiring.reaches(from, to, Some(network)).verdict;
                let look = Look::Page(vec![address.clone()], own_port(index), to.name.value.clone());
                ask(format!("reaches `{}` on {network}", to.name.value), look, verdict);
            }
            if wiring.home(to) == Home::Host {
                let verdict = wiring.reaches(from, to, None).verdict;
                let look = Look::Page(gateways.clone(), own_port(index), to.name.value.clone());
                ask(format!("reaches `{}` on the host", to.name.value), look, verdict);
            }
        }
        let page = Look::Page(vec![INTERNET.0.to_owned()], INTERNET.1, "internet".to_owned());
        ask("reaches the internet".to_owned(), page, wiring.internet(from).verdict);
        ask(
            "reaches the host".to_owned(),
            Look::Page(gateways, HOST_PORT, "host".to_owned()),
            wiring.host(from).verdict,
        );
        for program in wiring.host_uses(wiring.owner(from)) {
            let way = wiring.host_way(from, program);
            let there = if wiring.platform.machine_of(program) == Machine::Linux { "host" } else { "router" };
            let port = program.port.unwrap().value;
            let says = format!("reaches `{}` as {}", program.name.value, way.name);
            ask(says, Look::Page(vec![way.name], port, there.to_owned()), way.verdict);
        }
        let outside = Look::Name("outside.example".to_owned(), BTreeSet::from([INTERNET.0.to_owned()]));
        ask("resolves names of the internet".to_owned(), outside, wiring.outside_names(from).0);
        for (address, port) in tcp_ports(from).filter_map(|(host, _)| host) {
            let verdict = wiring.published(from).verdict;
            let all_addresses =
                if address == "127.0.0.1" { vec![address, HOST_ADDRESS.to_owned()] } else { vec![address] };
            let look = Look::Page(all_addresses, port, name.clone());
            all.push(Prediction { says: format!("port {port} of `{name}` answers"), container: None, look, verdict });
        }
    }
    all
}

impl Look {
    /// Lines of bash that print the answer, to be read by [`Look::seen`].
    pub fn lines(&self) -> String {
        match self {
            Look::Name(name, _) => format!("timeout 30 getent ahostsv4 '{name}' | tr '\\n' ' '"),
            Look::Page(addresses, port, _) => {
                addresses.iter().map(|address| format!("page {address} {port}; ")).collect()
            }
        }
    }

    /// The answer in what was printed; nothing where it is neither yes nor no.
    pub fn seen(&self, printed: &str) -> Option<Verdict> {
        let words: Vec<&str> = printed.split_whitespace().collect();
        let right = |word: &&&str| match self {
            Look::Name(_, addresses) => addresses.contains(**word),
            Look::Page(_, _, says) => says == **word,
        };
        // Of a name's lines only the addresses count: `10.89.0.2 STREAM w.dns.podman 10.89.0.2 DGRAM …`
        let is_address = |word: &&str| word.parse::<std::net::Ipv4Addr>().is_ok();
        let answers: Vec<&str> = match self {
            Look::Name(..) => words.into_iter().filter(is_address).collect(),
            Look::Page(..) => words,
        };
        match answers.iter().filter(right).count() {
            0 => Some(Verdict::No),
            count if count == answers.len() => Some(Verdict::Yes),
            _ => None,
        }
    }
}
