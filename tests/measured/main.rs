//! What was measured on real containers, as tables: names, addresses, the internet, the host, published ports. A row is
//! a question and the answer that was seen on each lab; above it stands the stack that was asked about. What leads to
//! the host by which name is in tests/host.rs.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "tests")]

mod aliases;
mod isolation;
mod names;
mod networks;
mod ports;
mod projects;
#[path = "../support/tree.rs"]
mod tree;

use quadgen::diagnostic::{Diagnostic, Level};
use quadgen::model::{Deploy, Format, Service, Stack, Version};
use quadgen::network::{Caller, SHORT_ID, Verdict, Wiring};
use quadgen::platform::{Platform, parse_spec};
use quadgen::read::{compose, quadlet, topology};
use quadgen::source::SourceMap;
use tree::Memory;

/// The labs, in the order of the columns.
const LABS: [&str; 10] = [
    "podman@4.3.1,cni,rootful",
    "podman@4.3.1,cni,rootless",
    "podman@4.3.1,netavark@1.4,rootful",
    "podman@4.3.1,netavark@1.4,rootless",
    "podman@5.4.2,netavark@1.14,rootful,quadlet",
    "podman@5.4.2,netavark@1.14,rootless,quadlet",
    "podman@5.8.6,netavark@1.17,rootful,quadlet",
    "docker@20.10.24",
    "docker@26.1.5",
    "docker@28.5.2",
];

/// The labs with docker-compose: Docker Engine's and, over its socket, Podman's.
const COMPOSE_LABS: [&str; 4] =
    ["docker@20.10.24", "docker@26.1.5", "docker@28.5.2", "podman@5.4.2,netavark@1.14,rootful,compose"];

/// A question, and one letter for each lab: y, n, `?` where the answer changes by chance, `-` where the model says that
/// it does not know (the row says why), `.` where nobody measured it. Blanks are for the eye.
type Row = (&'static str, &'static str);

/// How a stack is written.
#[derive(Clone, Copy)]
enum Written<'a> {
    Topology(&'a str),
    /// A project `p`.
    Compose(&'a str),
    /// The files of units.
    Units(&'a [(&'a str, &'a str)]),
}

impl Written<'_> {
    fn labs(self) -> &'static [&'static str] {
        match self {
            Written::Compose(_) => &COMPOSE_LABS,
            Written::Topology(_) => &LABS,
            Written::Units(_) => &LABS[..7],
        }
    }

    fn platform(self, words: &str) -> Platform {
        let format = match self {
            Written::Topology(_) => Format::Topology,
            Written::Compose(_) => Format::Compose,
            Written::Units(_) => Format::Quadlet,
        };
        let mut platform = Platform::resolve(words, parse_spec(words).unwrap(), format);
        if platform.is_podman() && !matches!(self, Written::Compose(_)) && !words.contains("compose") {
            // The 4.3.1 labs were run by `podman run`, which routes and names as Quadlet does.
            platform.deploy = Deploy::Quadlet;
        }
        platform
    }

    /// The stack, what its reader found, and the source.
    fn read(self, platform: &Platform) -> (Stack, Vec<Diagnostic>, SourceMap) {
        let mut sources = SourceMap::default();
        let (stack, found) = match self {
            Written::Topology(text) => {
                let file = sources.add("topology.yaml", text);
                let read = topology::read(sources.file(file));
                (read.stack, read.diagnostics)
            }
            Written::Compose(text) => {
                let memory = Memory::new([("compose.yaml", text)]);
                let files = vec!["/units/compose.yaml".into()];
                let request = compose::Request { files, project: Some("p".to_owned()), ..compose::Request::default() };
                let read = compose::read(&mut sources, &memory, &request);
                (read.stack, read.diagnostics)
            }
            Written::Units(files) => {
                let memory = Memory::new(files.iter().copied());
                let parsed = quadlet::parse(&mut sources, &memory, memory.tree());
                // What the older labs were told is what a newer generator tells Podman.
                let read = quadlet::lower(&parsed, &sources, platform.version.max(Version::new(5, 4)));
                (read.stack, read.diagnostics)
            }
        };
        (stack.unwrap(), found, sources)
    }
}

/// Compares a table with the model.
fn hold(written: Written<'_>, rows: &[Row]) {
    let mut wrong = Vec::new();
    for (at, lab) in written.labs().iter().enumerate() {
        let platform = written.platform(lab);
        let (stack, mut found, _) = written.read(&platform);
        found.retain(|found| found.severity > Level::Info);
        assert!(found.is_empty(), "{found:?}");
        let wiring = Wiring::new(&stack, &platform);
        for (question, letters) in rows {
            let letters: Vec<char> = letters.chars().filter(|letter| *letter != ' ').collect();
            assert_eq!(letters.len(), written.labs().len(), "{question}");
            let said = answer(&wiring, question);
            if letters[at] != '.' && letters[at] != said {
                wrong.push(format!("{question} on {lab}: {said} instead of {}", letters[at]));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// The answer to a question, as a letter.
fn answer(wiring: &Wiring<'_>, question: &str) -> char {
    let words: Vec<&str> = question.split(' ').collect();
    let service = |at: usize| -> &Service {
        let services = &wiring.stack.services;
        services.get(words[at]).unwrap_or_else(|| panic!("no {} among {:?}", words[at], services.keys()))
    };
    let verdict = match words[0] {
        // resolves CLIENT TARGET, or resolves CLIENT TARGET as NAME
        "resolves" => {
            let name = match words.get(4) {
                None => words[2],
                Some(&"short-id") => SHORT_ID,
                Some(name) => name,
            };
            wiring.resolves(service(1), service(2), name).verdict
        }
        // reaches CLIENT TARGET, or reaches CLIENT TARGET on NETWORK
        "reaches" => wiring.reaches(service(1), service(2), words.get(4).copied()).verdict,
        "internet" => wiring.internet(service(1)).verdict,
        "outside-names" => wiring.outside_names(service(1)).0,
        "host" => wiring.host(service(1)).verdict,
        "published" => wiring.published(service(1)).verdict,
        // Whether a service reaches a port that another publishes, by an address of the host.
        "through-host" => wiring.host_port(service(1), service(2)).map_or(Verdict::No, |through| through.verdict),
        // Whether a service's first port answers the host, the lan or a container.
        "answers" => {
            let caller = Caller::ALL.into_iter().find(|caller| caller.word() == words[2]).unwrap();
            wiring.port_answers(service(1), &service(1).ports[0].value, caller).verdict
        }
        // Whether a service goes out by the same network at each start.
        "same-way-out" => wiring.routes(service(1)).map_or(Verdict::Yes, |routes| routes.known.fact.is.into()),
        other => panic!("{other}"),
    };
    match verdict {
        Verdict::Yes => 'y',
        Verdict::No => 'n',
        Verdict::Unpredictable => '?',
        Verdict::Unknown => '-',
    }
}
