//! An intent is proven only where it holds: stacks in which it does not, or in which nobody can tell.

#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

use quadgen::diagnostic::{Level, Sink};
use quadgen::model::Format;
use quadgen::network::{State, Wiring, judge};
use quadgen::platform::{Platform, parse_spec};
use quadgen::read::topology;
use quadgen::rules::{self, Context};
use quadgen::source::SourceMap;

const P: &str = "podman@5.4.2,netavark@1.14,rootful";
const PR: &str = "podman@5.4.2,netavark@1.14,rootless";
const D: &str = "docker@28.5";

use State::{Broken, Proven, Unknown};

/// The services and networks, platforms, and the state of the worst intent.
const INTO_INTERNAL: &str = "networks: {a: {internal: true}, b: {}}\nservices: {w: {N: [a]}, x: {N: [b], deny: [w]}}";

const CASES: &[(&str, &[&str], State)] = &[
    // The wall of an internal network falls where the host does not forward before it is set up.
    (INTO_INTERNAL, &[P, "podman@5.8.6,netavark@1.17,rootful"], Unknown),
    (INTO_INTERNAL, &["podman@5.4.2,netavark@1.14,rootful,ip-forward", "podman@4.3.1,netavark@1.4,rootful", D], Proven),
    // A program may leave by another network than that of the default route.
    (
        "networks: {a: {driver_opts: {isolate: 'true', metric: '10'}}, b: {driver_opts: {isolate: 'false'}}, \
         c: {driver_opts: {isolate: 'true'}}}\nservices: {w: {N: [a, b], deny: [db]}, db: {N: [c]}}",
        &[P],
        Broken,
    ),
    // Who may change its network, or shares it with somebody who may.
    (
        "networks: {a: {internal: true}}\nservices: {w: {N: [a], internet: deny, cap_add: [NET_ADMIN]}}",
        &[PR, D],
        Unknown,
    ),
    (
        "networks: {a: {internal: true}}\nservices: {w: {N: [a], internet: deny}, \
         side: {network_mode: 'service:w', cap_add: [NET_ADMIN]}}",
        &[PR, D],
        Unknown,
    ),
    // Apart by an internal network; by isolation that quadgen writes; by Docker.
    ("networks: {a: {internal: true}, b: {}}\nservices: {w: {N: [a], deny: [db]}, db: {N: [b]}}", &[P, PR, D], Proven),
    ("networks: {a: {}, b: {}}\nservices: {w: {N: [a], deny: [db]}, db: {N: [b]}}", &[P, PR, D], Proven),
    // One network.
    ("networks: {a: {}}\nservices: {w: {N: [a], deny: [db]}, db: {N: [a]}}", &[P, PR, D], Broken),
    // A published port: open to isolated networks on Docker and rootless, closed rootful.
    (
        "networks: {a: {}, b: {}}\nservices: {w: {N: [a], deny: [db]}, db: {N: [b], ports: ['8080:80']}}",
        &[PR, D],
        Broken,
    ),
    ("networks: {a: {}, b: {}}\nservices: {w: {N: [a], deny: [db]}, db: {N: [b], ports: ['8080:80']}}", &[P], Proven),
    // On loopback only the host's own programs reach it, which a host-mode service is; Docker Desktop carries it.
    (
        "networks: {a: {}, b: {}}\nservices: {w: {N: [a], deny: [db]}, db: {N: [b], ports: ['127.0.0.1:8080:80']}}",
        &[PR, D],
        Proven,
    ),
    (
        "networks: {b: {}}\nservices: {w: {network_mode: host, deny: [db]}, db: {N: [b], ports: ['127.0.0.1:8080:80']}}",
        &[PR],
        Broken,
    ),
    (
        "networks: {a: {}, b: {}}\nservices: {w: {N: [a], deny: [db]}, db: {N: [b], ports: ['127.0.0.1:8080:80']}}",
        &["docker-desktop", "podman@5.4,rootless,podman-machine"],
        Broken,
    ),
    // The runtime's default network: a route when rootful, a published port everywhere, nothing known rootless.
    ("networks: {a: {}}\nservices: {w: {N: [a], deny: [db]}, db: {network_mode: bridge}}", &[P], Broken),
    ("networks: {a: {}}\nservices: {w: {N: [a], deny: [db]}, db: {network_mode: bridge}}", &[PR], Unknown),
    (
        "networks: {a: {}}\nservices: {w: {N: [a], deny: [db]}, db: {network_mode: bridge, ports: ['8080:80']}}",
        &[P, PR, D],
        Broken,
    ),
    ("networks: {a: {}}\nservices: {db: {network_mode: bridge, deny: [w]}, w: {N: [a]}}", &[P], Broken),
    // A way to deploy that does not isolate, and isolation that somebody switched off.
    (
        "networks: {a: {}, b: {}}\nservices: {w: {N: [a], deny: [db]}, db: {N: [b]}}",
        &["podman@5.4.2,rootful,podman-compose"],
        Broken,
    ),
    (
        "networks: {a: {driver_opts: {isolate: 'false'}}, b: {}}\nservices: {w: {N: [a], deny: [db]}, db: {N: [b]}}",
        &["podman@6.1,rootful"],
        Unknown,
    ),
    (
        "networks: {a: {}, b: {}}\nservices: {w: {N: [a], deny: [db]}, db: {N: [b]}}",
        &["podman@4.3.1,cni,rootful"],
        Unknown,
    ),
    // Networks that exist elsewhere, or are not bridges.
    ("networks: {a: {external: true, internal: true}}\nservices: {w: {N: [a], internet: deny}}", &[P, D], Unknown),
    (
        "networks: {a: {external: true, name: podman}}\nservices: {w: {N: [a], connects: [db]}, db: {N: [a]}}",
        &[D],
        Unknown,
    ),
    // Of Podman's own network one thing is known: it has no DNS.
    (
        "networks: {a: {external: true, name: podman}}\nservices: {w: {N: [a], connects: [db]}, db: {N: [a]}}",
        &[P],
        Broken,
    ),
    ("networks: {a: {name: podman, internal: true}}\nservices: {w: {N: [a], internet: deny}}", &[P], Unknown),
    (
        "networks: {a: {driver: macvlan, internal: true}}\nservices: {w: {N: [a], internet: deny, connects: [db]}, db: {N: [a]}}",
        &[D],
        Unknown,
    ),
    // Nor has a macvlan network of Podman.
    (
        "networks: {a: {driver: macvlan, internal: true}}\nservices: {w: {N: [a], internet: deny, connects: [db]}, db: {N: [a]}}",
        &[P],
        Broken,
    ),
    ("networks: {a: {driver_opts: {no_default_route: '1'}}}\nservices: {w: {N: [a], internet: deny}}", &[P], Unknown),
    // Somebody else's namespace, and one's own rights.
    ("services: {w: {network_mode: 'container:foo', internet: deny, host: deny}}", &[P, D], Unknown),
    ("networks: {a: {internal: true}}\nservices: {w: {N: [a], internet: deny, privileged: true}}", &[PR, D], Unknown),
    (
        "networks: {a: {internal: true}}\nservices: {w: {N: [a], internet: deny, volumes: ['/var/run/docker.sock:/s']}}",
        &[PR, D],
        Unknown,
    ),
    (
        "networks: {a: {internal: true}}\nservices: {w: {N: [a], internet: deny, quadlet: {Container: {PodmanArgs: --network=host}}}}",
        &[PR],
        Unknown,
    ),
    (
        "networks: {a: {internal: true}}\nservices: {w: {N: [a], internet: deny, quadlet: {Container: {PodmanArgs: --cpus=2}}}}",
        &[PR],
        Proven,
    ),
    (
        "networks: {a: {internal: true}}\nservices: {w: {N: [a], internet: deny, quadlet: {Container: {PodmanArgs: '\"--network=host\"'}}}}",
        &[PR],
        Unknown,
    ),
    ("networks: {a: {internal: true}}\nservices: {w: {N: [a], internet: deny, privileged: 'yes'}}", &[PR, D], Unknown),
    (
        "networks: {a: {internal: true}}\nservices: {w: {N: [a], internet: deny, volumes: ['/run/user/1000/podman:/p']}}",
        &[PR],
        Unknown,
    ),
    ("networks: {a: {internal: true}}\nservices: {w: {N: [a], internet: deny, use_api_socket: true}}", &[D], Unknown),
    (
        "networks: {a: {internal: true}}\nservices: {w: {N: [a], internet: deny, pid: host, cap_add: [ALL]}}",
        &[PR],
        Unknown,
    ),
    (
        "networks: {a: {driver_opts: {com.docker.network.bridge.gateway_mode_ipv4: routed}}, b: {}}\nservices: {w: {N: [b], deny: [db]}, db: {N: [a]}}",
        &[D],
        Unknown,
    ),
    (
        "networks: {b: {internal: true}}\nservices: {w: {network_mode: host, deny: [db]}, db: {N: [b]}}",
        &["docker-desktop"],
        Unknown,
    ),
    // An internal network beside does not open what isolation closes.
    (
        "networks: {a: {}, b: {}, c: {internal: true}}\nservices: {w: {N: [a, c], deny: [db]}, db: {N: [b], ports: ['8080:80']}}",
        &[P],
        Proven,
    ),
    // One name of two.
    (
        "networks: {a: {}}\nservices: {w: {N: [a], connects: [db]}, db: {N: [a]}, z: {N: {a: {aliases: [db]}}}}",
        &[P, PR, D],
        Broken,
    ),
    (
        "networks: {a: {}}\nservices: {w: {N: [a], connects: [db], links: ['z:db']}, db: {N: [a]}, z: {N: [a]}}",
        &[D],
        Unknown,
    ),
    (
        "networks: {a: {}}\nservices: {w: {N: [a], connects: [db], extra_hosts: {DB: ['192.0.2.1']}}, db: {N: [a]}}",
        &[PR, D],
        Unknown,
    ),
    (
        "networks: {a: {}}\nservices: {w: {N: [a], connects: ['db:8080']}, db: {N: [a], ports: ['8080:80'], expose: [8080]}}",
        &[PR, D],
        Proven,
    ),
    // Names: a sidecar has none of its own; a hosts file is right if its address is.
    (
        "networks: {a: {}}\nservices: {w: {N: [a], connects: ['side:90']}, db: {N: [a]}, side: {network_mode: 'service:db'}}",
        &[PR, D],
        Broken,
    ),
    (
        "networks: {a: {}}\nservices: {w: {N: [a], connects: [db], extra_hosts: ['db:192.0.2.1']}, db: {N: [a]}}",
        &[PR, D],
        Unknown,
    ),
    (
        "networks: {a: {internal: true, ipam: {config: [{subnet: 10.9.9.0/24}]}}}\nservices: {w: {N: [a], connects: [db], extra_hosts: ['db:10.9.9.9']}, db: {N: {a: {ipv4_address: 10.9.9.9}}}}",
        &["podman@4.6.2,cni,rootless"],
        Proven,
    ),
    (
        "networks: {a: {}}\nservices: {w: {N: [a], connects: [db], dns: [192.0.2.1]}, db: {N: [a]}}",
        &["podman@4.6.2,cni,rootful"],
        Unknown,
    ),
    // Members of both networks belong to neither side, and that says nothing about a service that is named.
    (
        "networks: {a: {}, b: {}}\nservices: {t: {N: [a, b]}, o: {N: [a]}, w: {N: [b]}}\ndeny: ['[a, w] -> b']",
        &[D],
        Broken,
    ),
    (
        "networks: {a: {}, b: {}}\nservices: {t: {N: [a, b]}, o: {N: [a]}, w: {N: [b]}}\ndeny: ['a <-> b']",
        &[D, P],
        Proven,
    ),
    ("networks: {a: {}}\nservices: {w: {N: [a]}}\ndeny: ['w -> internet, host']", &[P, PR, D], Broken),
    // Before netavark an internal network had no DNS.
    (
        "networks: {a: {internal: true}}\nservices: {w: {N: [a], connects: [db]}, db: {N: [a]}}",
        &["podman@3.4,rootful"],
        Broken,
    ),
    // The port that a container only has on the host.
    (
        "networks: {a: {}}\nservices: {w: {N: [a], connects: ['db:8080']}, db: {N: [a], ports: ['8080:80']}}",
        &[PR, D],
        Broken,
    ),
    (
        "networks: {a: {}}\nhost_services: {o: {port: 80}}\nservices: {w: {N: [a], connects: [host.o]}}",
        &[PR, D],
        Proven,
    ),
    (
        "networks: {a: {}}\nhost_services: {o: {port: 80, listens: 127.0.0.1}}\nservices: {w: {N: [a], connects: [host.o]}}",
        &[PR, D],
        Broken,
    ),
];

#[test]
fn intents_are_proven_only_where_they_hold() {
    for (text, platforms, expected) in CASES {
        let text = text
            .replace("N:", "networks:")
            .replace(": {networks", ": {image: x, networks")
            .replace(": {network_mode", ": {image: x, network_mode");
        let mut sources = SourceMap::default();
        let file = sources.add("topology.yaml", text.clone());
        let read = topology::read(sources.file(file));
        assert!(read.diagnostics.is_empty(), "{text}\n{:?}", read.diagnostics);
        let stack = read.stack.unwrap();
        for words in *platforms {
            let platform = Platform::resolve(*words, parse_spec(words).unwrap(), Format::Topology);
            let wirings = [Wiring::new(&stack, &platform)];
            let worst = judge(&wirings[0]).iter().map(|judgement| judgement.state).max().unwrap();
            assert_eq!(worst, *expected, "{text}\non {words}");
            // What is not proven is reported, and what is proven is not.
            let mut sink = Sink::default();
            rules::check(&Context::new(&stack, &wirings), &mut sink);
            let found = sink.finish(&sources);
            let loud = found.iter().filter(|finding| finding.severity > Level::Info).count();
            assert_eq!(loud > 0, *expected != Proven, "{text}\non {words}: {found:#?}");
        }
    }
}
