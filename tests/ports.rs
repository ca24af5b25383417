//! Published ports: one cause gives one finding, whatever keeps a port from being published; and a fix mends.

#![allow(clippy::unwrap_used, reason = "tests")]

use quadgen::diagnostic::{Change, Diagnostic, Level, Sink};
use quadgen::model::Format;
use quadgen::network::Wiring;
use quadgen::platform::{Platform, parse_spec};
use quadgen::read::topology;
use quadgen::rules::{self, Context};
use quadgen::source::SourceMap;

const ROOTFUL: &str = "podman@5.4.2,netavark@1.14,rootful";
const ROOTLESS: &str = "podman@5.4.2,netavark@1.14,rootless";
const CNI: &str = "podman@4.3.1,cni,rootful";
const DOCKER: &str = "docker@28.5";

/// What is found on a platform, and the source.
fn findings(text: &str, words: &str) -> (Vec<Diagnostic>, SourceMap) {
    let mut sources = SourceMap::default();
    let file = sources.add("topology.yaml", text);
    let read = topology::read(sources.file(file));
    assert!(read.diagnostics.is_empty(), "{text}\n{:?}", read.diagnostics);
    let stack = read.stack.unwrap();
    let platform = Platform::resolve(words, parse_spec(words).unwrap(), Format::Topology);
    let wirings = [Wiring::new(&stack, &platform)];
    let mut sink = Sink::default();
    rules::check(&Context::new(&stack, &wirings), &mut sink);
    (sink.finish(&sources), sources)
}

fn codes(text: &str, words: &str) -> Vec<(&'static str, Level)> {
    let (found, _) = findings(text, words);
    // What is said about networks and volumes is no matter of ports.
    let of_others = ["QG007", "QG203", "QG206", "QG804"];
    let of_ports = found.iter().filter(|found| !of_others.contains(&found.rule.code));
    of_ports.map(|found| (found.rule.code, found.severity)).collect()
}

#[test]
fn a_port_that_is_not_published_is_one_finding() {
    let warning = ("QG403", Level::Warning);
    let refused = ("QG403", Level::Error);
    for (service, words, expected) in [
        ("network_mode: host", ROOTFUL, &[warning][..]),
        ("network_mode: host", ROOTLESS, &[warning]),
        ("network_mode: host", DOCKER, &[warning]),
        ("network_mode: host", "docker-desktop", &[warning]),
        ("network_mode: none", CNI, &[warning]),
        ("network_mode: none", DOCKER, &[warning]),
        ("network_mode: 'service:o'", ROOTLESS, &[warning]),
        ("network_mode: 'service:o'", "podman@5.4,rootless,compose", &[warning]),
        ("network_mode: 'service:o'", DOCKER, &[refused]),
        ("network_mode: 'container:o'", DOCKER, &[refused]),
        // The version is assumed, and every version does the same.
        ("network_mode: 'container:o'", "docker", &[refused]),
        ("networks: [lan]", ROOTFUL, &[warning]),
        ("networks: [lan]", CNI, &[warning]),
        ("networks: [lan]", DOCKER, &[warning]),
        // What becomes of the port nobody measured; the network itself leads nowhere.
        ("networks: [lan]", ROOTLESS, &[("QG411", Level::Warning)]),
        // A bridge carries the port as well.
        ("networks: [lan, n]", ROOTFUL, &[]),
        ("networks: [lan, n]", DOCKER, &[]),
        ("network_mode: bridge", DOCKER, &[]),
        // Nobody knows what it is like, but it carries ports.
        ("networks: [out]", ROOTFUL, &[]),
        // QG402's.
        ("networks: [in]", DOCKER, &[("QG402", Level::Error)]),
    ] {
        // Neither the privileged port nor the open database is said of a port that is not there.
        for port in ["8080:80", "80:80", "5432:5432"] {
            let text = format!(
                "networks: {{n: {{}}, lan: {{driver: macvlan}}, in: {{internal: true}}, out: {{external: true}}}}\n\
                 services: {{o: {{image: x, networks: [n]}}, w: {{image: postgres, {service}, ports: ['{port}']}}}}\n"
            );
            let found = codes(&text, words);
            let expected: Vec<_> = match (expected, port) {
                ([], "5432:5432") if !(service == "networks: [lan]" && words == ROOTLESS) => {
                    vec![("QG405", Level::Warning)]
                }
                _ => expected.to_vec(),
            };
            assert_eq!(found, expected, "{text}\non {words}");
        }
    }
}

#[test]
fn two_ports_collide_where_both_are_taken() {
    for (first, second, words, collide) in [
        ("networks: [n]", "networks: [n]", ROOTFUL, true),
        // A port that is left out collides with nothing, and hides no collision behind it.
        ("network_mode: host", "networks: [n]", ROOTFUL, false),
        ("networks: [n]", "network_mode: none", DOCKER, false),
        // Podman holds a port open that never answers; Docker does not.
        ("networks: [lan]", "networks: [n]", ROOTFUL, true),
        ("networks: [lan]", "networks: [n]", DOCKER, false),
        ("networks: [in]", "networks: [n]", ROOTFUL, true),
        ("networks: [in]", "networks: [n]", DOCKER, false),
    ] {
        let text = format!(
            "networks: {{n: {{}}, lan: {{driver: macvlan}}, in: {{internal: true}}}}\n\
             services: {{a: {{image: x, {first}, ports: ['8080:80']}}, b: {{image: x, {second}, ports: ['8080:80']}}}}\n"
        );
        let found = codes(&text, words);
        assert_eq!(found.contains(&("QG401", Level::Error)), collide, "{text}\non {words}: {found:?}");
    }
    let hidden = "networks: {n: {}}\nservices:\n  a: {image: x, network_mode: host, ports: ['8080:80']}\n  b: {image: x, networks: [n], ports: ['8080:80']}\n  c: {image: x, networks: [n], ports: ['8080:80']}\n";
    assert!(codes(hidden, DOCKER).contains(&("QG401", Level::Error)));
}

#[test]
fn a_privileged_port_depends_on_what_the_host_allows() {
    for (words, port, expected) in [
        (ROOTLESS, "80:80", Some(Level::Warning)),
        (ROOTLESS, "127.0.0.1:1023:80/udp", Some(Level::Warning)),
        (ROOTLESS, "1023-1025:80-82", Some(Level::Warning)),
        (ROOTLESS, "1024:80", None),
        (ROOTLESS, "80", None),
        (ROOTFUL, "80:80", None),
        (DOCKER, "80:80", None),
        ("podman@5.4", "80:80", Some(Level::Info)),
        ("podman@5.4,rootless,unprivileged-ports=80", "80:80", None),
        ("podman@5.4,rootless,unprivileged-ports=80", "79:80", Some(Level::Warning)),
        ("podman@5.4,rootless,unprivileged-ports=0", "1:80", None),
    ] {
        let found = codes(&format!("services: {{w: {{image: x, ports: ['{port}']}}}}\n"), words);
        let expected: Vec<_> = expected.map(|level| ("QG404", level)).into_iter().collect();
        assert_eq!(found, expected, "{port} on {words}");
    }
}

#[test]
fn a_fixed_datastore_is_no_finding() {
    for port in ["5432", "'5432'", "\"5432:5432\"", "5432:5432", "'0.0.0.0:5432:5432'", "'[::]:5432:5432'"] {
        let text = format!("services: {{w: {{image: postgres, ports: [{port}]}}}}\n");
        let (found, sources) = findings(&text, DOCKER);
        let change = found.iter().flat_map(|found| &found.fixes).flat_map(|fix| &fix.changes).next();
        let Some(Change::Replace { span, text: new }) = change else { unreachable!("no fix for {port}") };
        let start = sources.file_of(*span).unwrap().span().start;
        let mut mended = text.clone();
        mended.replace_range((span.start - start) as usize..(span.end - start) as usize, new);
        assert_eq!(codes(&mended, DOCKER), [], "{mended}");
    }
    // Several keys: where an address goes is left to people.
    let long = "services: {w: {image: postgres, ports: [{target: 5432, published: 5432}]}}\n";
    assert!(findings(long, DOCKER).0.iter().all(|found| found.fixes.is_empty()));
    assert_eq!(codes(long, DOCKER), [("QG405", Level::Warning)]);
    for port in ["15672:15672", "5432:5432/udp", "127.0.0.1:5432:5432", "192.0.2.1:5432:5432"] {
        let text = format!("services: {{w: {{image: postgres, ports: ['{port}']}}}}\n");
        assert_eq!(codes(&text, DOCKER), [], "{port}");
    }
    let bound = "networks: {n: {driver_opts: {com.docker.network.bridge.host_binding_ipv4: 127.0.0.1}}}\nservices: {w: {image: postgres, networks: [n], ports: ['5432:5432']}}\n";
    assert_eq!(codes(bound, DOCKER), []);
}
