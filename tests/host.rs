//! The question `host`: each platform that is known, as a table. A row is a platform, a service, a program on the host,
//! and by which name it is reached, what that stands for, what has to be written for it, and whether it leads there.

#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

use quadgen::model::Format;
use quadgen::network::{Address, HostWay, Setup, Verdict, Wiring};
use quadgen::platform::{Platform, parse_spec};
use quadgen::read::topology;
use quadgen::render::{Options, Target, render};
use quadgen::source::SourceMap;

/// Services by where they are; programs by where they run and listen.
const STACK: &str = r#"
host_services:
  ollama: { port: 11434 }
  all: { port: 1, listens: 0.0.0.0 }
  loop: { port: 11434, listens: 127.0.0.1 }
  docker0: { port: 3, listens: 172.17.0.1 }
  lan: { port: 4, listens: 203.0.113.2 }
  bridge: { port: 8, listens: 10.101.0.1 }
  linux: { port: 5, on: linux }
  windows: { port: 6, on: windows }
  mac: { port: 7, on: mac }
networks:
  neta: {}
  netb: {}
  neti: { internal: true }
  netk: { internal: true, ipam: { config: [{ subnet: 10.103.0.0/24 }] } }
services:
  a: { image: x, networks: [neta] }
  ab: { image: x, networks: [neta, netb] }
  i: { image: x, networks: [neti] }
  ai: { image: x, networks: [neta, neti] }
  default: { image: x, network_mode: bridge }
  hosted: { image: x, network_mode: host }
  none: { image: x, network_mode: none }
  pasta: { image: x, network_mode: pasta }
  forwarded: { image: x, network_mode: "pasta:-T,11434" }
  slirp: { image: x, network_mode: "slirp4netns:allow_host_loopback=true" }
  joined: { image: x, network_mode: "service:a" }
  pinned: { image: x, networks: [neta], extra_hosts: ["host.docker.internal:192.0.2.7"] }
  gateway: { image: x, networks: [neta], extra_hosts: ["host.docker.internal:10.89.0.1"] }
  itself: { image: x, networks: [neta], extra_hosts: ["host.docker.internal:127.0.0.1"] }
  usual: { image: x, networks: [neta], extra_hosts: ["host.docker.internal:169.254.1.2"] }
  forward: { image: x, networks: [neta], extra_hosts: ["host.docker.internal:10.0.2.2"] }
  opened: { image: x, network_mode: "slirp4netns:allow_host_loopback=true", extra_hosts: ["host.docker.internal:10.0.2.2"] }
  carried: { image: x, network_mode: slirp4netns, extra_hosts: ["host.docker.internal:192.0.2.7"] }
  inner: { image: x, networks: [netk], extra_hosts: ["host.docker.internal:10.103.0.1"] }
"#;

/// The platform; then rows `SERVICE PROGRAM → NAME=ADDRESS SETUP VERDICT`. `SERVICE NAME! PROGRAM` asks for a name that
/// stands in a value.
const TABLE: &[(&str, &[(&str, &str)])] = &[
    // network-facts, section 2, from top to bottom.
    (
        "docker-desktop",
        &[
            ("a ollama", "host.docker.internal=proxy yes"),
            ("a loop", "host.docker.internal=proxy yes"),
            ("ab ollama", "host.docker.internal=proxy yes"),
            ("a windows", "host.docker.internal=proxy yes"),
            ("a mac", "host.docker.internal=proxy yes"),
            ("a linux", "host.docker.internal unknown Unknown"),
            ("i ollama", "host.docker.internal=proxy unknown Unknown"),
            ("hosted ollama", "host.docker.internal unknown Unknown"),
            ("none ollama", "host.docker.internal no NoNetwork"),
            ("a host.docker.internal! ollama", "host.docker.internal=proxy yes"),
            ("a host.containers.internal! ollama", "host.containers.internal no NoName"),
        ],
    ),
    (
        "docker-desktop,linux",
        &[
            ("a ollama", "host.docker.internal=proxy yes"),
            ("a linux", "host.docker.internal=proxy yes"),
            ("a windows", "host.docker.internal=proxy no NoSuchMachine"),
        ],
    ),
    ("docker@20.10.24", DOCKER_20),
    ("docker@26.1.5", DOCKER_26),
    ("docker@28.5.2", DOCKER_26),
    ("docker@24.0", &[("i ollama", "host.docker.internal=172.17.0.1 +host-gateway unknown Unknown")]),
    ("docker@19.3", &[("a ollama", "host.docker.internal no NoName")]),
    (
        "podman@5.4.2,netavark@1.14,rootless,pasta",
        &[
            ("a ollama", "host.containers.internal=169.254.1.2 yes"),
            ("a loop", "host.containers.internal=169.254.1.2 no Loopback"),
            ("a all", "host.containers.internal=169.254.1.2 yes"),
            ("a lan", "host.containers.internal=169.254.1.2 unknown OtherAddress"),
            ("a windows", "host.containers.internal=169.254.1.2 no NoSuchMachine"),
            ("ab ollama", "host.containers.internal=169.254.1.2 yes"),
            ("ai ollama", "host.containers.internal=169.254.1.2 yes"),
            ("i ollama", "host.containers.internal=169.254.1.2 no Internal"),
            ("default ollama", "host.containers.internal=169.254.1.2 yes"),
            ("pasta ollama", "host.containers.internal=169.254.1.2 yes"),
            ("forwarded loop", "127.0.0.1=127.0.0.1 yes"),
            ("slirp loop", "10.0.2.2=10.0.2.2 yes"),
            ("hosted ollama", "127.0.0.1=127.0.0.1 yes"),
            ("hosted loop", "127.0.0.1=127.0.0.1 yes"),
            ("hosted lan", "203.0.113.2=203.0.113.2 yes"),
            ("none ollama", "host.containers.internal no NoNetwork"),
            ("joined ollama", "host.containers.internal=169.254.1.2 yes"),
            ("a host.docker.internal! ollama", "host.docker.internal=169.254.1.2 yes"),
        ],
    ),
    (
        "podman@5.2,netavark,rootless",
        &[
            ("a ollama", "host.containers.internal=own unpredictable Elsewhere(Container)"),
            ("hosted ollama", "127.0.0.1=127.0.0.1 yes"),
            ("forwarded loop", "127.0.0.1=127.0.0.1 yes"),
        ],
    ),
    ("podman@5.0,rootless", &[("a ollama", "host.containers.internal=own unpredictable Elsewhere(Container)")]),
    (
        "podman@5.4.2,rootless,slirp4netns",
        &[
            ("a ollama", "host.containers.internal=own yes"),
            ("a loop", "host.containers.internal=own no Loopback"),
            ("slirp loop", "10.0.2.2=10.0.2.2 yes"),
        ],
    ),
    (
        "podman@5.4.2,podman-machine",
        &[
            ("a ollama", "host.containers.internal=192.168.127.254 yes"),
            ("a loop", "host.containers.internal=192.168.127.254 yes"),
            ("a mac", "host.containers.internal=192.168.127.254 yes"),
            ("ab ollama", "host.containers.internal=192.168.127.254 yes"),
            ("hosted ollama", "host.containers.internal=192.168.127.254 yes"),
            ("i ollama", "host.containers.internal=192.168.127.254 no Internal"),
            ("a linux", "host.containers.internal=192.168.127.254 no Elsewhere(Outside)"),
        ],
    ),
    // Names of the machine of the WSL provider mean its virtual machine before 6.1, so the route has to be looked up.
    (
        "podman@5.4.2,rootless,podman-machine,wsl2",
        &[
            ("a ollama", "host.docker.internal=route +start yes"),
            ("a loop", "host.docker.internal=route +start no Loopback"),
            ("a linux", "host.containers.internal=169.254.1.2 yes"),
            ("hosted ollama", "host.docker.internal=route +start yes"),
            ("i ollama", "host.docker.internal=route +start no Internal"),
            ("a mac", "host.containers.internal=169.254.1.2 no NoSuchMachine"),
        ],
    ),
    (
        "podman@5.4.2,rootful,podman-machine,wsl2",
        &[("a ollama", "host.docker.internal=route +start yes"), ("a linux", "host.containers.internal=gateway yes")],
    ),
    (
        "podman@6.1,rootless,podman-machine,wsl2",
        &[
            ("a ollama", "host.containers.internal=route yes"),
            ("a loop", "host.containers.internal=route no Loopback"),
            // In the host's network the name is 127.0.0.1, which is the machine.
            ("hosted ollama", "host.docker.internal=route +start yes"),
            ("i ollama", "host.containers.internal=route no Internal"),
        ],
    ),
    (
        "podman@6.2,rootless,podman-machine,wsl2,mirrored",
        &[
            ("a ollama", "host.containers.internal=route no Mirrored"),
            ("hosted ollama", "127.0.0.1=127.0.0.1 yes"),
            ("forwarded ollama", "127.0.0.1=127.0.0.1 yes"),
        ],
    ),
    (
        "podman@5.4.2,rootless,podman-machine,wsl2,user-mode-networking",
        &[
            ("a ollama", "host.containers.internal=192.168.127.254 yes"),
            ("a loop", "host.containers.internal=192.168.127.254 yes"),
            ("i ollama", "host.containers.internal=192.168.127.254 no Internal"),
        ],
    ),
    (
        "podman@5.8.1,rootless,podman-machine,wsl2,user-mode-networking",
        &[("a ollama", "host.containers.internal no NoName")],
    ),
    (
        "podman@5.4.2,rootless,wsl2",
        &[
            ("a ollama", "host.docker.internal=route +start yes"),
            ("a loop", "host.docker.internal=route +start no Loopback"),
            ("a linux", "host.containers.internal=169.254.1.2 yes"),
            ("i ollama", "host.docker.internal=route +start no Internal"),
            // Nothing in this stack uses the host by a template, so nothing is written.
            ("a host.docker.internal! ollama", "host.docker.internal=169.254.1.2 no Elsewhere(Linux)"),
            ("a host.containers.internal! linux", "host.containers.internal=169.254.1.2 yes"),
        ],
    ),
    (
        "podman@4.6.2,cni,rootless,wsl2",
        &[
            ("a ollama", "host.docker.internal=route +start yes"),
            ("a linux", "host.containers.internal=own yes"),
            ("a host.docker.internal! linux", "host.docker.internal no NoName"),
        ],
    ),
    (
        "docker,wsl2",
        &[
            ("a ollama", "host.docker.internal=route +start yes"),
            ("a linux", "host.docker.internal=172.17.0.1 +host-gateway yes"),
            ("hosted ollama", "host.docker.internal=route +start yes"),
        ],
    ),
    (
        "podman@5.4.2,rootless,wsl2,mirrored",
        &[
            ("a ollama", "host.containers.internal=169.254.1.2 no Mirrored"),
            ("ab ollama", "host.containers.internal=169.254.1.2 no Mirrored"),
            ("hosted ollama", "127.0.0.1=127.0.0.1 yes"),
            ("hosted loop", "127.0.0.1=127.0.0.1 yes"),
            ("forwarded ollama", "127.0.0.1=127.0.0.1 yes"),
            ("a linux", "host.containers.internal=169.254.1.2 yes"),
        ],
    ),
    (
        "docker,wsl2,mirrored",
        &[
            ("a ollama", "host.docker.internal=172.17.0.1 +host-gateway no Mirrored"),
            ("hosted ollama", "127.0.0.1=127.0.0.1 yes"),
        ],
    ),
    // The labs' host tables: 4.3.1 with CNI and with netavark 1.4, 5.4.2, 5.8.6.
    (
        "podman@4.3.1,cni,rootful",
        &[
            ("default ollama", "host.containers.internal=gateway yes"),
            ("a ollama", "host.containers.internal=gateway yes"),
            ("a loop", "host.containers.internal=gateway no Loopback"),
            ("i ollama", "host.containers.internal=gateway no Internal"),
            ("ab ollama", "host.containers.internal=gateway yes undecided"),
            ("ai ollama", "host.containers.internal=gateway unpredictable Internal"),
            ("hosted ollama", "127.0.0.1=127.0.0.1 yes"),
            ("hosted host.containers.internal! ollama", "host.containers.internal=own yes"),
            ("none ollama", "host.containers.internal no NoNetwork"),
            ("a host.docker.internal! ollama", "host.docker.internal no NoName"),
        ],
    ),
    (
        "podman@4.3.1,netavark@1.4,rootful",
        &[
            ("default ollama", "host.containers.internal=gateway yes"),
            ("a ollama", "host.containers.internal=gateway yes"),
            ("a loop", "host.containers.internal=gateway no Loopback"),
            ("i ollama", "host.containers.internal=gateway yes"),
            ("ab ollama", "host.containers.internal=gateway yes undecided"),
            ("ai ollama", "host.containers.internal=gateway yes undecided"),
            ("hosted host.containers.internal! ollama", "host.containers.internal=own yes"),
            ("none ollama", "host.containers.internal no NoNetwork"),
            ("a host.docker.internal! ollama", "host.docker.internal no NoName"),
        ],
    ),
    ("podman@5.4.2,netavark@1.14,rootful", PODMAN_ROOTFUL),
    ("podman@5.8.6,netavark@1.17,rootful", PODMAN_ROOTFUL),
    ("podman@4.3.1,cni,rootless", PODMAN_4_ROOTLESS),
    ("podman@4.3.1,netavark@1.4,rootless", PODMAN_4_ROOTLESS),
    // What somebody says goes before what quadgen knows.
    (
        "podman@5.4.2,rootless,wsl2,host=192.0.2.9",
        &[
            ("a ollama", "host.docker.internal=192.0.2.9 +entry yes"),
            ("i ollama", "host.docker.internal=192.0.2.9 +entry no Internal"),
        ],
    ),
    ("podman@5.4.2,rootless,wsl2,mirrored", &[("pinned ollama", "host.docker.internal=192.0.2.7 yes")]),
    (
        "docker",
        &[
            ("pinned ollama", "host.docker.internal=192.0.2.7 yes"),
            ("itself ollama", "host.docker.internal=127.0.0.1 no Elsewhere(Container)"),
            ("itself loop", "host.docker.internal=127.0.0.1 no Elsewhere(Container)"),
        ],
    ),
    // Only the runtime's own address is carried on to 127.0.0.1.
    ("docker-desktop", &[("pinned loop", "host.docker.internal=192.0.2.7 no Loopback")]),
    // Its own address is one that pasta gives the container, too; what else somebody writes may be a second one.
    (
        "podman@5.4.2,netavark@1.14,rootless,pasta",
        &[
            ("pinned ollama", "host.docker.internal=192.0.2.7 unpredictable Elsewhere(Container)"),
            (
                "pinned host.docker.internal! ollama",
                "host.docker.internal=192.0.2.7 +entry unpredictable Elsewhere(Container)",
            ),
            ("usual ollama", "host.docker.internal=169.254.1.2 yes"),
            ("carried ollama", "host.docker.internal=192.0.2.7 yes"),
            ("forward ollama", "host.docker.internal=10.0.2.2 no Elsewhere(Namespace)"),
        ],
    ),
    (
        "podman@5.4.2,rootless,host=203.0.113.2",
        &[("a ollama", "host.docker.internal=203.0.113.2 +entry unpredictable Elsewhere(Container)")],
    ),
    ("podman@5.4.2,rootless,slirp4netns", &[("pinned ollama", "host.docker.internal=192.0.2.7 yes")]),
    ("podman@5.1,rootless", &[("pinned ollama", "host.docker.internal=192.0.2.7 yes")]),
    ("podman@4.3.1,cni,rootless", &[("pinned ollama", "host.docker.internal=192.0.2.7 yes")]),
    ("podman@5.4.2,rootful", &[("pinned ollama", "host.docker.internal=192.0.2.7 yes")]),
    // Rootless, the gateway of a bridge is not the host.
    ("podman@4.3.1,cni,rootless", &[("gateway ollama", "host.docker.internal=10.89.0.1 no Elsewhere(Namespace)")]),
    (
        "podman@4.3.1,netavark@1.4,rootless",
        &[
            ("gateway ollama", "host.docker.internal=10.89.0.1 no Elsewhere(Namespace)"),
            ("inner ollama", "host.docker.internal=10.103.0.1 no Elsewhere(Namespace)"),
        ],
    ),
    ("podman@5.4.2,rootless", &[("gateway ollama", "host.docker.internal=10.89.0.1 no Elsewhere(Namespace)")]),
    ("podman@5.4.2,rootful", &[("gateway ollama", "host.docker.internal=10.89.0.1 yes")]),
    ("podman@5.4.2,rootless,host=192.0.2.9", &[("hosted loop", "127.0.0.1=127.0.0.1 yes")]),
    ("podman@5.4.2,rootless,wsl2,host=192.0.2.9", &[("a linux", "host.containers.internal=169.254.1.2 yes")]),
];

const DOCKER_20: &[(&str, &str)] = &[
    ("a ollama", "host.docker.internal=172.17.0.1 +host-gateway yes"),
    ("a loop", "host.docker.internal=172.17.0.1 +host-gateway no Loopback"),
    ("a docker0", "host.docker.internal=172.17.0.1 +host-gateway yes"),
    ("a lan", "host.docker.internal=172.17.0.1 +host-gateway no OtherAddress"),
    ("i ollama", "host.docker.internal=172.17.0.1 +host-gateway yes"),
    ("ab ollama", "host.docker.internal=172.17.0.1 +host-gateway yes"),
    ("default ollama", "host.docker.internal=172.17.0.1 +host-gateway yes"),
    ("none ollama", "host.docker.internal no NoNetwork"),
    ("a bridge", "host.docker.internal=172.17.0.1 +host-gateway no OtherAddress"),
    ("ai ollama", "host.docker.internal=172.17.0.1 +host-gateway yes"),
    ("hosted ollama", "127.0.0.1=127.0.0.1 yes"),
    ("a host.docker.internal! ollama", "host.docker.internal no NoName"),
    ("a gateway.docker.internal! ollama", "gateway.docker.internal no NoName"),
    ("hosted host.docker.internal! ollama", "host.docker.internal no NoName"),
];

const DOCKER_26: &[(&str, &str)] = &[
    ("a ollama", "host.docker.internal=172.17.0.1 +host-gateway yes"),
    ("a loop", "host.docker.internal=172.17.0.1 +host-gateway no Loopback"),
    ("a docker0", "host.docker.internal=172.17.0.1 +host-gateway yes"),
    ("i ollama", "host.docker.internal=172.17.0.1 +host-gateway no Internal"),
    ("ai ollama", "host.docker.internal=172.17.0.1 +host-gateway yes"),
    ("default ollama", "host.docker.internal=172.17.0.1 +host-gateway yes"),
    ("i loop", "host.docker.internal=172.17.0.1 +host-gateway no Internal"),
    ("a bridge", "host.docker.internal=172.17.0.1 +host-gateway no OtherAddress"),
    ("a gateway.docker.internal! ollama", "gateway.docker.internal no NoName"),
    ("hosted host.docker.internal! ollama", "host.docker.internal no NoName"),
    ("ab ollama", "host.docker.internal=172.17.0.1 +host-gateway yes"),
    ("hosted ollama", "127.0.0.1=127.0.0.1 yes"),
    ("none ollama", "host.docker.internal no NoNetwork"),
    ("a host.docker.internal! ollama", "host.docker.internal no NoName"),
];

const PODMAN_ROOTFUL: &[(&str, &str)] = &[
    ("default ollama", "host.containers.internal=gateway yes"),
    ("a ollama", "host.containers.internal=gateway yes"),
    ("a loop", "host.containers.internal=gateway no Loopback"),
    ("i ollama", "host.containers.internal=gateway yes"),
    ("ab ollama", "host.containers.internal=gateway yes undecided"),
    ("ai ollama", "host.containers.internal=gateway yes undecided"),
    ("i loop", "host.containers.internal=gateway no Loopback"),
    ("hosted ollama", "127.0.0.1=127.0.0.1 yes"),
    ("hosted host.containers.internal! ollama", "host.containers.internal=own yes"),
    ("hosted host.docker.internal! ollama", "host.docker.internal=own yes"),
    ("none ollama", "host.containers.internal no NoNetwork"),
    ("a host.docker.internal! ollama", "host.docker.internal=gateway yes"),
];

const PODMAN_4_ROOTLESS: &[(&str, &str)] = &[
    ("default ollama", "host.containers.internal=own yes"),
    ("a ollama", "host.containers.internal=own yes"),
    ("ab ollama", "host.containers.internal=own yes"),
    ("a loop", "host.containers.internal=own no Loopback"),
    ("i ollama", "host.containers.internal=own no Internal"),
    ("ai ollama", "host.containers.internal=own yes"),
    ("slirp loop", "10.0.2.2=10.0.2.2 yes"),
    ("slirp ollama", "10.0.2.2=10.0.2.2 yes"),
    ("forward ollama", "host.docker.internal=10.0.2.2 no Elsewhere(Namespace)"),
    ("opened ollama", "host.docker.internal=10.0.2.2 yes"),
    ("opened loop", "host.docker.internal=10.0.2.2 yes"),
    ("hosted ollama", "127.0.0.1=127.0.0.1 yes"),
    ("a host.docker.internal! ollama", "host.docker.internal no NoName"),
];

fn words(way: &HostWay) -> String {
    let address = match way.address {
        None => String::new(),
        Some(Address::Fixed(address)) => format!("={address}"),
        Some(address) => format!("={address:?}").to_lowercase(),
    };
    let setup = match way.setup {
        Setup::Nothing => "",
        Setup::Entry(_) => " +entry",
        Setup::HostGateway => " +host-gateway",
        Setup::StartStep => " +start",
    };
    let verdict = match way.verdict {
        Verdict::Yes if way.undecided.is_some() => "yes undecided".to_owned(),
        Verdict::Yes => "yes".to_owned(),
        verdict => format!("{} {:?}", format!("{verdict:?}").to_lowercase(), way.cause),
    };
    format!("{}{address}{setup} {verdict}", way.name)
}

#[test]
fn the_host_is_reached_as_known() {
    let mut sources = SourceMap::default();
    let file = sources.add("topology.yaml", STACK);
    let stack = topology::read(sources.file(file)).stack.unwrap();
    let mut wrong = Vec::new();
    let mut asked = 0;
    for (platform_words, rows) in TABLE {
        let spec = parse_spec(platform_words).unwrap();
        let platform = Platform::resolve(*platform_words, spec, Format::Topology);
        let wiring = Wiring::new(&stack, &platform);
        for (question, expected) in *rows {
            let question_words: Vec<&str> = question.split(' ').collect();
            let way = match question_words.as_slice() {
                [service, program] => wiring.host_way(&stack.services[*service], &stack.host_services[*program]),
                [service, name, program] => {
                    let name = name.trim_end_matches('!');
                    wiring.alias_way(&stack.services[*service], name, &stack.host_services[*program])
                }
                _ => panic!("{question}"),
            };
            asked += 1;
            if words(&way) != *expected {
                wrong.push(format!("{platform_words}: {question}: {} instead of {expected}", words(&way)));
            }
        }
    }
    assert!(wrong.is_empty(), "{} of {asked} differ:\n{}", wrong.len(), wrong.join("\n"));
}

/// What stands in the files of examples/open-webui about the host, platform by platform.
#[test]
fn each_platform_gets_what_works_there() {
    const GATEWAY: [&str; 4] = [
        "QUADGEN_HOST=$$1",
        "ExecStartPre=/bin/sh -c 'set -- $$(ip -4 route show default",
        "EnvironmentFile=-%t/%N.host.env",
        "AddHost=host.docker.internal:${QUADGEN_HOST}",
    ];
    const VARIABLE: [&str; 2] =
        ["host.docker.internal:${QUADGEN_HOST:?see the head of this file}", "#   export QUADGEN_HOST="];
    const HOST_GATEWAY: &str = "host.docker.internal:host-gateway";
    const ARGUMENT: &str = "PodmanArgs=--add-host=host.docker.internal:${QUADGEN_HOST}";
    let docker = "http://host.docker.internal:11434";
    let podman = "http://host.containers.internal:11434";
    let text =
        std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/examples/open-webui/topology.yaml")).unwrap();
    let mut sources = SourceMap::default();
    let file = sources.add("topology.yaml", text);
    let stack = topology::read(sources.file(file)).stack.unwrap();
    let words = |name: &str| stack.platforms[name].value.clone();
    let quadlet = Target::Quadlet;
    for (words, target, url, wanted) in [
        (words("desktop"), Target::Compose, docker, vec![]),
        (words("linux"), Target::Compose, docker, vec![HOST_GATEWAY]),
        ("docker,wsl2".to_owned(), Target::Compose, docker, VARIABLE.to_vec()),
        (words("machine"), quadlet, docker, GATEWAY.to_vec()),
        (words("machine-6"), quadlet, podman, vec![]),
        ("podman@6.1,rootful,podman-machine,wsl2".to_owned(), quadlet, podman, vec![]),
        ("podman@5.4,podman-machine".to_owned(), quadlet, podman, vec![]),
        ("podman@5.4,podman-machine,wsl2,user-mode-networking".to_owned(), quadlet, podman, vec![]),
        (words("distribution"), quadlet, docker, GATEWAY.to_vec()),
        ("podman@5.4,rootful,wsl2".to_owned(), quadlet, docker, GATEWAY.to_vec()),
        ("podman@5.4,rootless,wsl2".to_owned(), Target::Compose, docker, VARIABLE.to_vec()),
        ("podman@5.1,rootless,wsl2".to_owned(), quadlet, docker, [&GATEWAY[..3], &[ARGUMENT]].concat()),
        ("podman@6.2,rootless,wsl2".to_owned(), quadlet, docker, GATEWAY.to_vec()),
        (words("mirrored"), quadlet, podman, vec![]),
        ("podman@5.4,rootless".to_owned(), quadlet, podman, vec![]),
        ("podman@4.6,cni,rootful".to_owned(), quadlet, podman, vec![]),
    ] {
        let spec = parse_spec(&words).unwrap();
        let mut platform = Platform::resolve(words.as_str(), spec, Format::Topology);
        platform.deploy = target.deploy().unwrap();
        let rendered = render(&stack, &platform, target, &Options::default(), "topology.yaml").unwrap();
        let all: Vec<&str> = rendered.files.iter().map(|file| file.text.as_str()).collect();
        let all = all.join("\n");
        for name in ["OLLAMA_BASE_URL", "OLLAMA_API_URL"] {
            let set = all.contains(&format!("{name}={url}\n")) || all.contains(&format!("{name}: {url}\n"));
            assert!(set, "{words}: {name} is not {url} in:\n{all}");
        }
        let every = GATEWAY.iter().chain(&VARIABLE).chain(&[HOST_GATEWAY, ARGUMENT]);
        for part in every {
            assert_eq!(all.contains(part), wanted.contains(part), "{words}: {part} in:\n{all}");
        }
        // Never an address that only holds on one machine, or until the next start.
        assert!(!all.contains("169.254.1.2") && !all.contains("172."), "{words}:\n{all}");
    }
}
