//! Published ports: which collide, and whom those answer that do not.

use super::{Row, Written, hold};
use quadgen::network::Wiring;
use quadgen::rules::{self, Context, Member};

use quadgen::diagnostic::Sink;

const STACK: &str = r#"
networks:
  neta: {}
  netb: {}
  neti: { internal: true }
services:
  all: { image: x, networks: [neta], ports: ["18095:80"] }
  loop: { image: x, networks: [neta], ports: ["127.0.0.1:18096:80"] }
  wan: { image: x, networks: [neta], ports: ["203.0.113.2:18094:80"] }
  dead: { image: x, networks: [neti], ports: ["18080:80"] }
  mixed: { image: x, networks: [neta, neti], ports: ["18083:80"] }
  default: { image: x, network_mode: bridge, ports: ["18081:80"] }
  hosted: { image: x, network_mode: host, ports: ["18227:80"] }
  same: { image: x, network_mode: host, ports: ["8888:8888"] }
  none: { image: x, network_mode: none, ports: ["18228:80"] }
  peer: { image: x, networks: [neta] }
  other: { image: x, networks: [netb] }
  inside: { image: x, networks: [neti] }
"#;

const TABLE: &[Row] = &[
    ("answers all host", "yy yy yy y yyy"),
    // On Docker also past a firewall that drops what comes in.
    ("answers all lan", "yy yy yy . yyy"),
    ("answers all container", "yy yy yy . yyy"),
    ("answers default host", "yy yy yy y yyy"),
    // oneself, on the same network, on another, and on an internal one
    ("through-host all all", "yy ny ny . yyy"),
    ("through-host peer all", "yy yy yy y yyy"),
    ("through-host other all", "yy yy yy y yyy"),
    ("through-host inside all", "nn .n .n . nnn"),
    // published on the loopback address only
    ("answers loop host", "yy yy yy y yyy"),
    ("answers loop lan", ".. .. .. . nnn"),
    ("answers loop container", "nn nn nn n nnn"),
    ("through-host loop loop", ".. .. .. . nnn"),
    ("through-host peer loop", "nn nn nn n nnn"),
    ("through-host other loop", "nn nn nn n nnn"),
    // on one address of the host
    ("answers wan host", "yy .. .. . yyy"),
    ("through-host other wan", "yy .. .. . yyy"),
    // on internal networks only, and on both kinds
    ("answers dead host", "ny ny ny n nnn"),
    ("answers dead lan", "n. n. n. n nnn"),
    ("through-host other dead", "ny ny ny n nnn"),
    ("answers mixed host", "?y yy yy y yyy"),
    // without a network of its own
    ("answers hosted host", "nn nn nn n nnn"),
    ("through-host other hosted", "nn nn nn n nnn"),
    ("answers same host", "yy yy yy y yyy"),
    // It answered; on which addresses another program listens only that one says.
    ("answers same container", "-- -- -- - ---"),
    ("answers none host", "nn nn nn n nnn"),
];

#[test]
fn a_published_port_answers_whom_it_was_measured_to_answer() {
    hold(Written::Topology(STACK), TABLE);
}

/// Services, and whether the second cannot have its port on Docker and on Podman; `.` where nobody measured it.
const COLLISIONS: &[(&str, &str)] = &[
    ("a: { image: x, ports: ['18220:80'] }\n  b: { image: x, ports: ['18220:80'] }", "yy"),
    // an address against all of them, in two containers and in one
    ("a: { image: x, ports: ['127.0.0.1:18221:80'] }\n  b: { image: x, ports: ['18221:80'] }", "yy"),
    ("a: { image: x, ports: ['18221:80'] }\n  b: { image: x, ports: ['127.0.0.1:18221:80'] }", "yy"),
    ("a: { image: x, ports: ['127.0.0.1:18221:80', '18221:80'] }", "y."),
    ("a: { image: x, ports: ['127.0.0.1:18225:80'] }\n  b: { image: x, ports: ['203.0.113.2:18225:80'] }", "n."),
    ("a: { image: x, ports: ['18224:80'] }\n  b: { image: x, ports: ['18224:80/udp'] }", "n."),
    // docker-compose drops the second of two that are alike, `docker run` does not.
    ("a: { image: x, ports: ['18222:80', '18222:80'] }", "n."),
    ("a: { image: x, ports: ['18223:80', '18223:81'] }", "y."),
    // none is published
    ("a: { image: x, network_mode: host, ports: ['18227:80'] }\n  b: { image: x, ports: ['18227:80'] }", "nn"),
    ("a: { image: x, network_mode: none, ports: ['18227:80'] }\n  b: { image: x, ports: ['18227:80'] }", "nn"),
    // Podman listens on a port that is dead; Docker does not.
    ("a: { image: x, networks: [neti], ports: ['18210:80'] }\n  b: { image: x, ports: ['18210:80'] }", "ny"),
];

#[test]
fn ports_collide_as_measured() {
    for (services, collide) in COLLISIONS {
        let text = format!("networks: {{ neti: {{ internal: true }} }}\nservices:\n  {services}\n");
        for (words, collide) in [
            ("docker@20.10.24", 0),
            ("docker@26.1.5", 0),
            ("docker@28.5.2", 0),
            ("podman@4.3.1,netavark@1.4,rootful,compose", 1),
            ("podman@5.4.2,netavark@1.14,rootful,compose", 1),
            ("podman@5.8.6,netavark@1.17,rootful,compose", 1),
        ]
        .map(|(words, at)| (words, collide.chars().nth(at).unwrap()))
        {
            let found = codes(Written::Compose(&text), words).contains(&"QG401");
            assert!(collide == '.' || found == (collide == 'y'), "{text}\non {words}");
        }
    }
}

/// A program of the host that has the port already.
#[test]
fn a_port_that_a_program_of_the_host_has_is_taken() {
    for (program, port, collide) in [
        ("port: 18098", "18098:80", true),
        ("port: 18098, listens: 0.0.0.0", "18098:80", true),
        ("port: 18098, listens: 127.0.0.1", "18098:80", true),
        ("port: 18098, listens: 127.0.0.1", "203.0.113.2:18098:80", false),
        ("port: 18099", "18098:80", false),
    ] {
        let text = format!(
            "host_services: {{ program: {{ {program} }} }}\nservices: {{ a: {{ image: x, ports: ['{port}'] }} }}\n"
        );
        for words in super::LABS {
            let found = codes(Written::Topology(&text), words).contains(&"QG401");
            assert_eq!(found, collide, "{text}\non {words}");
        }
    }
}

#[test]
fn two_projects_on_one_host_collide() {
    let text = "services: { a: { image: x, ports: ['18229:80'] } }";
    for words in ["docker@20.10.24", "docker@26.1.5", "docker@28.5.2"] {
        let written = Written::Compose(text);
        let platform = written.platform(words);
        let ((one, ..), (other, ..)) = (written.read(&platform), written.read(&platform));
        let wirings = [[Wiring::new(&one, &platform)], [Wiring::new(&other, &platform)]];
        let contexts = [Context::new(&one, &wirings[0]), Context::new(&other, &wirings[1])];
        let members: Vec<Member<'_>> =
            ["p1", "p2"].into_iter().zip(&contexts).map(|(label, context)| Member { label, context }).collect();
        let mut sink = Sink::default();
        rules::check_together(&members, &mut sink);
        let (.., sources) = written.read(&platform);
        let found = sink.finish(&sources);
        assert!(found.iter().any(|found| found.rule.code == "QG401"), "{words}: {found:?}");
    }
}

/// The codes of what is found.
fn codes(written: Written<'_>, words: &str) -> Vec<&'static str> {
    let platform = written.platform(words);
    let (stack, found, sources) = written.read(&platform);
    assert!(found.is_empty(), "{found:?}");
    let wirings = [Wiring::new(&stack, &platform)];
    let mut sink = Sink::default();
    rules::check(&Context::new(&stack, &wirings), &mut sink);
    sink.finish(&sources).iter().map(|found| found.rule.code).collect()
}
