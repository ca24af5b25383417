//! The option `isolate` on both, one, and in both forms: who reaches whom, by address and through published ports.

use super::{Row, Written, answer, hold};
use quadgen::network::Wiring;

/// Two networks, whose options stand for `A` and `B`; `ab` is on both.
const STACK: &str = r#"
networks:
  neta: { driver_opts: A }
  netb: { driver_opts: B }
services:
  a: { image: x, networks: [neta], ports: ["18001:80"] }
  a2: { image: x, networks: [neta] }
  b: { image: x, networks: [netb], ports: ["18002:80"] }
  ab: { image: x, networks: [neta, netb] }
  wan: { image: x, networks: [netb], ports: ["203.0.113.2:18003:80"] }
  own: { image: x, networks: [neta, netb], ports: ["203.0.113.2:18004:80"] }
  own1: { image: x, networks: [neta], ports: ["203.0.113.2:18005:80"] }
"#;

/// Holds whatever the networks' options are.
const ALWAYS: &[Row] = &[
    ("reaches a a2", "yy yy yy y ..."),
    ("reaches ab a", "yy yy yy y ..."),
    ("reaches ab b", "yy yy yy y ..."),
    ("reaches a ab on neta", "yy yy yy y ..."),
    ("internet a", "yy yy yy y ..."),
    ("outside-names a", "yy yy yy y ..."),
    ("resolves a ab", "yy yy yy y ..."),
    ("resolves a b", "nn nn nn n ..."),
    ("published b", "yy yy yy y ..."),
    ("answers b host", "yy yy yy y ..."),
    ("answers b lan", "yy yy yy y ..."),
    // A sibling on the same network, and oneself.
    ("through-host a2 a", "yy yy yy y ..."),
    ("through-host a a", "yy ny ny . ..."),
    ("through-host own1 own1", "yy ny ny . ..."),
    // By the gateway of the port's own network a container that is on it gets there at every start.
    ("through-host ab b", "yy yy yy y ..."),
];

/// Nothing keeps the networks apart.
const OPEN: &[Row] = &[
    ("reaches a b", "yy yy yy y ..."),
    ("reaches b a", "yy yy yy y ..."),
    ("reaches a ab on netb", "yy yy yy y ..."),
    ("through-host a b", "yy yy yy y ..."),
    ("through-host b a", "yy yy yy y ..."),
    ("through-host ab wan", "yy yy yy y ..."),
    // The way out is never the network whose port answers: 25 starts each.
    ("through-host own own", "yy yy yy . ..."),
];

/// `isolate=true` on both.
const BOTH: &[Row] = &[
    ("reaches a b", "nn nn nn n ..."),
    ("reaches b a", "nn nn nn n ..."),
    ("reaches a ab on netb", "nn nn nn n ..."),
    // Rootless the host's own address or name leads around.
    ("through-host a b", "ny ny ny . ..."),
    ("through-host b a", "ny ny ny . ..."),
    // By an address of the host alone it depends on the default route.
    ("through-host ab wan", "?y ?y ?. . ..."),
    ("through-host own own", ".y ny ny . ..."),
];

/// `isolate=strict` on one at least. Podman 4.3.1 refuses the word: there is no such network, so nothing is known of it.
const STRICT: &[Row] = &[
    ("reaches a b", "-- -- nn . ..."),
    ("reaches b a", "-- -- nn . ..."),
    ("reaches a ab on netb", "-- -- nn . ..."),
    ("through-host a b", ".. .. ny . ..."),
    ("through-host b a", ".. .. ny . ..."),
    ("through-host ab wan", ".. .. ?. . ..."),
];

fn stack(a: &str, b: &str) -> String {
    let options = |isolate: &str| match isolate {
        "" => "{}".to_owned(),
        isolate => format!("{{ isolate: \"{isolate}\" }}"),
    };
    STACK
        .replace("driver_opts: A", &format!("driver_opts: {}", options(a)))
        .replace("driver_opts: B", &format!("driver_opts: {}", options(b)))
}

#[test]
fn isolation_separates_as_it_was_measured() {
    for (a, b, rows) in [
        ("", "", OPEN),
        ("true", "true", BOTH),
        // On one network it has no effect.
        ("true", "", OPEN),
        ("", "true", OPEN),
        ("strict", "strict", STRICT),
        ("strict", "", STRICT),
        ("", "strict", STRICT),
        ("strict", "true", STRICT),
        ("true", "strict", STRICT),
    ] {
        let text = stack(a, b);
        let always = if rows == STRICT { &ALWAYS[..5] } else { ALWAYS };
        hold(Written::Topology(&text), always);
        hold(Written::Topology(&text), rows);
    }
}

#[test]
fn newer_releases_isolate_as_their_notes_say() {
    for (a, b, words, question, seen) in [
        ("strict", "", "podman@6.1,rootless", "reaches a b", 'n'),
        ("", "", "podman@6.1,rootful", "reaches a b", 'n'),
        // From netavark 2.1 on published ports are open to isolated networks.
        ("true", "true", "podman@6.2,netavark@2.1,rootful", "through-host a b", 'y'),
        ("true", "true", "podman@6.0,netavark@2.0,rootful", "through-host a b", 'n'),
    ] {
        let text = stack(a, b);
        let written = Written::Topology(&text);
        let platform = written.platform(words);
        let (stack, ..) = written.read(&platform);
        assert_eq!(answer(&Wiring::new(&stack, &platform), question), seen, "{a} and {b}: {question} on {words}");
    }
}
