//! Who is on which networks, and what that means: names, addresses, the internet, the host, published ports.

use super::{Row, Written, answer, hold};
use quadgen::network::Wiring;

/// What was asked about.
const STACK: &str = include_str!("../lab/networks.topology.yaml");

const TABLE: &[Row] = &[
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
    // By which of two networks: the first by name on Docker, any of them on Podman.
    ("same-way-out mab", "?? ?? ?? ? yyy"),
    ("same-way-out mai", "yy yy yy y yyy"),
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

/// What lives outside of the stack's own networks: on the runtime's default one, or on one that it has from elsewhere.
const DEFAULT: &str = r#"
networks:
  podman: { external: true }
  bridge: { external: true }
  neta: {}
services:
  d1: { image: x, network_mode: bridge }
  d2: { image: x, network_mode: bridge, hostname: hd2, ports: ["18081:80"] }
  p1: { image: x, networks: [podman] }
  p2: { image: x, networks: { podman: { aliases: [zz] } } }
  b1: { image: x, networks: [bridge] }
  b2: { image: x, networks: { bridge: { aliases: [zz] } } }
  a: { image: x, networks: [neta] }
  on: { image: x, networks: [podman, neta] }
"#;

const DEFAULT_TABLE: &[Row] = &[
    ("resolves d1 d2", "nn nn nn n nnn"),
    ("resolves d1 d2 as hd2", "nn nn nn n nnn"),
    ("resolves d1 d2 as short-id", "nn nn nn n nnn"),
    ("resolves a d1", "nn nn nn n nnn"),
    ("resolves d1 a", "nn nn nn n nnn"),
    ("outside-names d1", "yy yy yy y yyy"),
    ("internet d1", "yy yy yy y yyy"),
    // Rootless, a container without a network is on none that another shares.
    ("reaches d1 d2", ".. .. .. . yyy"),
    ("reaches d1 a", ".. .. .. . nnn"),
    ("reaches a d1", ".. .. .. . nnn"),
    ("published d2", "yy yy yy y yyy"),
    ("through-host a d2", "yy yy yy y yyy"),
    // By its name: the network `podman` exists on Podman, `bridge` on Docker. An alias is taken, and useless.
    ("resolves p1 p2", "nn nn nn n ..."),
    ("resolves p1 p2 as zz", "nn nn nn n ..."),
    ("resolves b1 b2", ".. .. .. . nnn"),
    ("resolves b1 b2 as zz", ".. .. .. . nnn"),
    ("resolves p1 p2 as short-id", "nn nn nn n ..."),
    // Beside it an ordinary network has its names as ever.
    ("resolves on a", "yy yy yy y ..."),
    ("resolves a on", "yy yy yy y ..."),
];

/// An internal network without a gateway on the host, which 28.5.2 knows and 26.1.5 passes over.
const ISOLATED_GATEWAY: &str = r#"
networks: { neti: { internal: true, driver_opts: { com.docker.network.bridge.gateway_mode_ipv4: isolated } } }
services: { oi: { image: x, networks: [neti] } }
"#;

#[test]
fn options_that_are_not_looked_into_leave_the_answer_open() {
    // 26.1.5 reached the host, 28.5.2 did not: no option of that family is looked into.
    hold(Written::Topology(ISOLATED_GATEWAY), &[("host oi", ".. .. .. . .--")]);
}

#[test]
fn the_networks_of_a_stack_are_as_measured() {
    hold(Written::Topology(STACK), TABLE);
}

/// A setting about what members of one network may do to each other, and a network that goes past the host.
const NOT_LOOKED_INTO: &str = r#"
networks:
  quiet: { driver_opts: { com.docker.network.bridge.enable_icc: "false" } }
  lan: { driver: macvlan }
  theirs: { external: true }
services:
  a: { image: x, networks: [quiet] }
  b: { image: x, networks: [quiet] }
  app: { image: x, networks: [lan] }
  far: { image: x, networks: [theirs] }
  hosted: { image: x, network_mode: host }
"#;

const NOT_LOOKED_INTO_TABLE: &[Row] = &[
    ("reaches a b", "-- -- -- - ---"),
    ("reaches hosted app", "-- -- -- - ---"),
    ("reaches hosted far", "-- -- -- - ---"),
    ("outside-names far", "-- -- -- - ---"),
    ("internet far", "-- -- -- - ---"),
];

#[test]
fn what_is_not_looked_into_stays_open() {
    hold(Written::Topology(NOT_LOOKED_INTO), NOT_LOOKED_INTO_TABLE);
}

#[test]
fn the_default_network_is_as_measured() {
    hold(Written::Topology(DEFAULT), DEFAULT_TABLE);
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
        let written = Written::Topology(&text);
        let platform = written.platform(words);
        let (stack, ..) = written.read(&platform);
        let wiring = Wiring::new(&stack, &platform);
        assert_eq!(answer(&wiring, "reaches oa ob"), reaches, "{words}");
        assert_eq!(answer(&wiring, "resolves oa2 oa"), name, "{words}");
        if name == 'n' {
            assert_eq!(answer(&wiring, "resolves oa2 oa as systemd-oa"), 'y', "{words}");
        }
    }
}
