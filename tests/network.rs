//! What was measured on real containers, as tables: names, addresses, the internet, the host, published ports. A row is
//! a stack, a question and the answer seen on each lab. Where the answer changes by chance, `?` stands.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "tests")]

use quadgen::model::{Deploy, Format, Service, Stack};
use quadgen::network::{Verdict, Wiring};
use quadgen::platform::{Platform, parse_spec};
use quadgen::read::topology;
use quadgen::source::SourceMap;

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

/// What was asked about. The 4.3.1 labs were run by `podman run`, which routes and names as Quadlet does.
const STACK: &str = include_str!("lab/networks.topology.yaml");

/// Question, then one letter for each lab: y, n, `?`.
const TABLE: &[(&str, &str)] = &[
    // names                      cni  nv1.4 1.14 .17 docker
    ("resolves oa2 oa", "yy yy yy y yyy"),
    ("resolves oa2 ob", "nn nn nn n nnn"),
    ("resolves mab oa", "?? yy yy y yyy"),
    ("resolves mab ob", "?? yy yy y yyy"),
    // A name that both networks' servers know is found whichever is asked.
    ("resolves mab both", "yy yy yy y yyy"),
    ("resolves oa mab", "yy yy yy y yyy"),
    ("resolves oi2 oi", "nn yy yy y yyy"),
    ("resolves mai oi", "nn yy yy y yyy"),
    ("resolves mai oa", "yy yy yy y yyy"),
    ("resolves mij oi", "nn yy yy y yyy"),
    ("resolves mij oj", "nn yy yy y yyy"),
    ("resolves oa named", "yy yy yy y yyy"),
    ("resolves oa named as alias", "yy yy yy y yyy"),
    ("resolves oa named as ALIAS", "yy yy yy y yyy"),
    ("resolves oa named as hosty", "nn nn yy y yyy"),
    ("resolves ob named as alias", "nn nn nn n nnn"),
    ("resolves hosted oa", "nn nn nn n nnn"),
    ("resolves oa hosted", "nn nn nn n nnn"),
    // addresses
    ("reaches oa oa2", "yy yy yy y yyy"),
    ("reaches oa ob", "yy yy yy y nnn"),
    ("reaches oi oi2", "yy yy yy y yyy"),
    ("reaches oi oa", "nn nn nn n nnn"),
    ("reaches oa oi", "nn nn nn n nnn"),
    ("reaches oi oj", "nn nn nn n nnn"),
    ("reaches mai oi", "yy yy yy y yyy"),
    ("reaches mab ob", "yy yy yy y yyy"),
    ("reaches joined oa", "yy yy yy y yyy"),
    ("reaches joined oa2", "yy yy yy y yyy"),
    ("reaches joined ob", "yy yy yy y nnn"),
    ("reaches none oa", "nn nn nn n nnn"),
    ("reaches hosted oa", "yn yn yn y yyy"),
    ("reaches hosted oi", "nn yn yn y yyy"),
    // the internet, by address and by name
    ("internet oa", "yy yy yy y yyy"),
    ("internet oi", "nn nn nn n nnn"),
    ("internet mai", "yy yy yy y yyy"),
    ("internet mij", "nn nn nn n nnn"),
    ("internet hosted", "yy yy yy y yyy"),
    ("internet none", "nn nn nn n nnn"),
    ("outside-names oa", "yy yy yy y yyy"),
    // Docker 20.10 asks the host's server if that is a local one, and not otherwise.
    ("outside-names oi", "nn yy nn n ?nn"),
    ("outside-names mai", "yy yy yy y yyy"),
    // services of the host that listen on every address
    ("host oa", "yy yy yy y yyy"),
    ("host oi", "nn yn yn y yyy"),
    ("host mai", "yy yy yy y yyy"),
    // published ports: from the host, and from other containers
    ("published pa", "yy yy yy y yyy"),
    ("published pi", "ny ny ny n nnn"),
    // Dead after 3 of 24 starts.
    ("published pai", "?y yy yy y yyy"),
    ("through-host ob pa", "yy yy yy y yyy"),
    ("through-host oa2 pa", "yy yy yy y yyy"),
    ("through-host oi pa", "nn nn nn n nnn"),
    ("through-host ob lo", "nn nn nn n nnn"),
    ("through-host ob pi", "ny ny ny n nnn"),
];

/// The same with `isolate=true` on both, one, and `isolate=strict` on one of the ordinary networks; Podman only.
const ISOLATED: &[(&str, &str, &str, &str)] = &[
    ("true", "true", "reaches oa ob", "nn nn nn n"),
    ("true", "true", "reaches mab ob", "yy yy yy y"),
    ("true", "true", "through-host ob pa", "ny ny ny n"),
    ("true", "true", "internet oa", "yy yy yy y"),
    ("true", "", "reaches oa ob", "yy yy yy y"),
    ("", "true", "reaches oa ob", "yy yy yy y"),
];

fn read(text: &str) -> Stack {
    let mut sources = SourceMap::default();
    let file = sources.add("topology.yaml", text);
    let read = topology::read(sources.file(file));
    assert!(read.diagnostics.is_empty(), "{:?}", read.diagnostics);
    read.stack.unwrap()
}

fn answer(wiring: &Wiring<'_>, question: &str) -> char {
    let words: Vec<&str> = question.split(' ').collect();
    let service = |at: usize| -> &Service { &wiring.stack.services[words[at]] };
    let verdict = match words[0] {
        "resolves" => {
            let name = words.get(4).copied().unwrap_or(words[2]);
            wiring.resolves(service(1), service(2), name).verdict
        }
        "reaches" => wiring.reaches(service(1), service(2), None).verdict,
        "internet" => wiring.internet(service(1)).verdict,
        "outside-names" => wiring.outside_names(service(1)).0,
        "host" => wiring.host(service(1)).verdict,
        "published" => wiring.published(service(1)).verdict,
        "through-host" if wiring.through_host(service(1), service(2)).is_some() => Verdict::Yes,
        "through-host" => Verdict::No,
        other => panic!("{other}"),
    };
    match verdict {
        Verdict::Yes => 'y',
        Verdict::No => 'n',
        Verdict::Unpredictable => '?',
        Verdict::Unknown => '-',
    }
}

fn compare(stack: &str, question: &str, measured: &str) {
    let stack = read(stack);
    for (lab, seen) in LABS.iter().zip(measured.chars().filter(|c| *c != ' ')) {
        let mut platform = Platform::resolve(*lab, parse_spec(lab).unwrap(), Format::Topology);
        if platform.is_podman() {
            // The labs were run by `podman run`, also where Podman is older than Quadlet.
            platform.deploy = Deploy::Quadlet;
        }
        let wiring = Wiring::new(&stack, &platform);
        assert_eq!(answer(&wiring, question), seen, "{question} on {lab}");
    }
}

#[test]
fn the_answers_are_those_that_were_measured() {
    for (question, measured) in TABLE {
        assert_eq!(measured.chars().filter(|c| *c != ' ').count(), LABS.len(), "{question}");
        compare(STACK, question, measured);
    }
}

#[test]
fn isolation_separates_as_it_was_measured() {
    for (a, b, question, measured) in ISOLATED {
        let options = |isolate: &str| match isolate {
            "" => "{}".to_owned(),
            isolate => format!("{{ driver_opts: {{ isolate: \"{isolate}\" }} }}"),
        };
        let stack = STACK
            .replace("neta: {}", &format!("neta: {}", options(a)))
            .replace("netb: {}", &format!("netb: {}", options(b)));
        compare(&stack, question, measured);
    }
    // `strict` on one of the two is enough, from netavark 1.7 on.
    let strict = STACK.replace("neta: {}", "neta: { driver_opts: { isolate: strict } }");
    for (lab, seen) in [("podman@5.4.2,netavark@1.14,rootful", 'n'), ("podman@6.1,rootless", 'n')] {
        let (stack, platform) = (read(&strict), Platform::resolve("x", parse_spec(lab).unwrap(), Format::Topology));
        assert_eq!(answer(&Wiring::new(&stack, &platform), "reaches oa ob"), seen, "{lab}");
    }
}

#[test]
fn deployment_and_release_decide_about_routes_and_names() {
    for (words, reaches, name) in [
        ("podman@5.4.2,rootless,quadlet", 'y', 'n'),
        // docker-compose over Podman's socket makes isolated networks, and service names are aliases.
        ("podman@5.4.2,rootless,compose", 'n', 'y'),
        ("podman@6.0,rootless,quadlet", 'n', 'n'),
        ("docker@28.5.2", 'n', 'y'),
    ] {
        let text = STACK.replace("oa: { image: x,", "oa: { image: x, container_name: null,");
        let (stack, platform) = (read(&text), Platform::resolve("x", parse_spec(words).unwrap(), Format::Topology));
        let wiring = Wiring::new(&stack, &platform);
        assert_eq!(answer(&wiring, "reaches oa ob"), reaches, "{words}");
        assert_eq!(answer(&wiring, "resolves oa2 oa"), name, "{words}");
        if name == 'n' {
            assert_eq!(answer(&wiring, "resolves oa2 oa as systemd-oa"), 'y', "{words}");
        }
    }
}
