//! Compose projects: the names that Compose makes, networks in another's network, links, and the way out.

use super::{COMPOSE_LABS, Row, Written, hold};
use quadgen::diagnostic::{Level, Sink};
use quadgen::network::Wiring;
use quadgen::rules::{self, Context};

/// One network that nobody names. The project is `p`.
const DEFAULT: &str = r#"
services:
  web: { image: x, hostname: hostweb }
  db: { image: x, container_name: mydb, networks: { default: { aliases: [database, database] } } }
  cli: { image: x, networks: { default: { aliases: [clialias] } } }
  b.c: { image: x }
  my_svc: { image: x }
  UP: { image: x }
  many: { image: x, scale: 3 }
  shadow: { image: x, networks: { default: { aliases: [a] } } }
  a: { image: x }
  dns: { image: x, dns: [10.9.9.9] }
"#;

const DEFAULT_TABLE: &[Row] = &[
    ("resolves cli web", "yyy y"),
    ("resolves cli web as p-web-1", "yyy y"),
    ("resolves cli web as hostweb", "yyy y"),
    ("resolves cli web as short-id", "yyy y"),
    ("resolves cli web as WEB", "yyy ."),
    ("resolves cli web as web.p_default", "yyy n"),
    ("resolves cli web as web.default", "nnn n"),
    // Compose of the first generation had such names.
    ("resolves cli web as p_web_1", "nnn ."),
    ("resolves cli db", "yyy y"),
    ("resolves cli db as mydb", "yyy y"),
    ("resolves cli db as database", "yyy y"),
    // `container_name` takes the place of the name that Compose makes.
    ("resolves cli db as p-db-1", "nnn n"),
    ("resolves web cli as clialias", "yyy y"),
    ("resolves cli cli", "yyy y"),
    ("resolves my_svc b.c", "yyy ."),
    ("resolves my_svc UP", "yyy ."),
    ("resolves my_svc UP as up", "yyy ."),
    ("resolves my_svc my_svc as p-my_svc-1", "yyy ."),
    // The addresses of all three, which are one service.
    ("resolves cli many", "yyy ."),
    // An alias that is another service's name is its name as well.
    ("resolves cli shadow as a", "??? ."),
    ("resolves cli a", "??? ."),
    ("resolves cli shadow", "yyy ."),
    ("resolves dns web", "yyy ."),
];

#[test]
fn the_names_that_compose_makes_resolve() {
    hold(Written::Compose(DEFAULT), DEFAULT_TABLE);
}

/// `web` is on both networks, and so is `d`'s alias `both`.
const TWO: &str = r#"
services:
  web: { image: x, networks: [front, back] }
  cli: { image: x, networks: [front] }
  db: { image: x, container_name: mydb, hostname: dbhost, networks: { back: { aliases: [database] } } }
  dual: { image: x, networks: { front: { aliases: [both] }, back: { aliases: [both, one] } } }
  other: { image: x, networks: { back: { aliases: [both] } } }
networks: { front: {}, back: {} }
"#;

const TWO_TABLE: &[Row] = &[
    ("resolves web db", "yyy y"),
    ("resolves cli db", "nnn n"),
    ("resolves web db as mydb", "yyy y"),
    ("resolves cli db as mydb", "nnn n"),
    ("resolves web db as database", "yyy y"),
    ("resolves cli db as database", "nnn n"),
    ("resolves web db as dbhost", "yyy y"),
    ("resolves cli db as dbhost", "nnn n"),
    ("resolves cli web as p-web-1", "yyy y"),
    ("resolves web cli", "yyy y"),
    ("resolves cli dual as both", "yyy ."),
    // Two have it there.
    ("resolves db dual as both", "??? ."),
    // `p_back` goes before `p_front`, and there both have it.
    ("resolves web dual as both", "??? ."),
    ("resolves cli dual as one", "nnn ."),
    // By address: docker-compose has Podman isolate what it makes.
    ("reaches cli db", "nnn ."),
    ("reaches web db", "yyy ."),
];

#[test]
fn names_of_two_networks_stay_on_theirs() {
    hold(Written::Compose(TWO), TWO_TABLE);
}

/// Two networks on which somebody else is called `app`: Docker asks the first by name.
const FIRST: &str = r#"
services:
  c: { image: x, networks: [aaa, zzz] }
  one: { image: x, networks: { aaa: { aliases: [app] } } }
  two: { image: x, networks: { zzz: { aliases: [app] } } }
  c1: { image: x, networks: [aaa] }
  c2: { image: x, networks: [zzz] }
networks: { aaa: NAME, zzz: {} }
"#;

#[test]
fn the_first_network_by_name_answers() {
    let rows = |one, two| {
        [
            ("resolves c one as app", one),
            ("resolves c two as app", two),
            ("resolves c1 one as app", "yyy y"),
            ("resolves c2 two as app", "yyy y"),
            // Its own names lead to it as ever.
            ("resolves c two", "yyy y"),
        ]
    };
    hold(Written::Compose(&FIRST.replace("NAME", "{}")), &rows("yyy ?", "nnn ?"));
    // The project stands before the names of networks, and not before those that are given.
    hold(Written::Compose(&FIRST.replace("NAME", "{ name: shared }")), &rows("nnn ?", "yyy ?"));
}

/// Networks in a service's, the host's, the default one, and `links`.
const MODES: &str = r#"
services:
  x: { image: x, ports: ["18230:80"] }
  s: { image: x, network_mode: "service:x" }
  cli: { image: x }
  h: { image: x, network_mode: host }
  t: { image: x, network_mode: bridge }
  u: { image: x, network_mode: bridge }
  linking: { image: x, links: ["cli:database"] }
  far: { image: x, networks: [n] }
  waits: { image: x, networks: [n], depends_on: [cli] }
networks: { n: {} }
"#;

const MODES_TABLE: &[Row] = &[
    // The sidecar is known by the other's names only.
    ("resolves cli x", "yyy ."),
    ("resolves cli s as x", "yyy ."),
    ("resolves cli s", "nnn ."),
    ("resolves cli s as p-s-1", "nnn ."),
    ("resolves s cli", "yyy ."),
    ("resolves s x", "yyy ."),
    ("resolves s s", "nnn ."),
    ("reaches cli s", "yyy ."),
    ("reaches s x", "yyy ."),
    ("published x", "yyy ."),
    ("answers x host", "yyy ."),
    // the host's network
    ("resolves cli h", "nnn ."),
    ("resolves h cli", "nnn ."),
    // the default one
    ("resolves t u", "nnn ."),
    ("resolves t cli", "nnn ."),
    ("resolves cli t", "nnn ."),
    // Others do not see an alias of `links`. Whose it is for who links is not looked into: it may lead to others, too.
    ("resolves x cli as database", "nnn ."),
    ("resolves far cli as database", "nnn ."),
    ("resolves far cli", "nnn ."),
    ("resolves linking cli as database", "--- ."),
    // Order gives no name.
    ("resolves waits cli", "nnn ."),
];

#[test]
fn network_modes_and_links_are_as_measured() {
    hold(Written::Compose(MODES), MODES_TABLE);
}

/// A default network that is internal.
const INTERNAL: &str = r#"
services:
  a: { image: x, ports: ["18240:80"] }
  b: { image: x }
networks: { default: { internal: true } }
"#;

/// A network that is there already.
const SHARED: &str = r#"
services:
  app: { image: x, networks: [shared, default] }
  c: { image: x, networks: [shared] }
  d: { image: x }
networks: { shared: { external: true } }
"#;

#[test]
fn internal_and_external_networks_are_as_measured() {
    let internal: &[Row] =
        &[("resolves b a", "yyy y"), ("outside-names b", "?nn n"), ("internet b", "nnn n"), ("published a", "nnn n")];
    hold(Written::Compose(INTERNAL), internal);
    let shared: &[Row] = &[
        // With two projects on it `c` got the addresses of both `app`s: who else is there is not in the file.
        ("resolves c app", "--- ."),
        ("resolves app c", "--- ."),
        ("resolves d app", "yyy y"),
        ("resolves d c", "nnn n"),
    ];
    hold(Written::Compose(SHARED), shared);
}

/// Networks of a service as they are written, and by which of them it goes out on each lab where a priority says
/// something: nothing stands for one that the runtime heeds, or that changes nothing.
#[test]
fn the_way_out_is_the_first_network_by_name_unless_a_priority_counts() {
    let plain = "a: {}, z: {}";
    for (networks, service, ways) in [
        (plain, "[z, a]", ["", "", ""]),
        // Another priority is no priority of the gateway.
        (plain, "{ a: {}, z: { priority: 1000 } }", ["", "", ""]),
        // From 28 on it counts.
        (plain, "{ a: {}, z: { gw_priority: 1 } }", ["a", "a", ""]),
        (plain, "{ a: { gw_priority: -1 }, z: {} }", ["a", "a", ""]),
        (plain, "{ a: { gw_priority: 1 }, z: {} }", ["", "", ""]),
        // `z` is called `aa`, and `a` is `p_a`.
        ("a: {}, z: { name: aa }", "{ a: { gw_priority: 1 }, z: {} }", ["z", "z", ""]),
        // An internal network is no way out, whatever its priority.
        ("a: {}, z: {}, i: { internal: true }", "{ a: {}, z: {}, i: { gw_priority: 9 } }", ["", "", ""]),
    ] {
        let text = format!("services: {{ s: {{ image: x, networks: {service} }} }}\nnetworks: {{ {networks} }}\n");
        for (lab, way) in COMPOSE_LABS.iter().zip(ways) {
            let written = Written::Compose(&text);
            let platform = written.platform(lab);
            let (stack, ..) = written.read(&platform);
            let wiring = Wiring::new(&stack, &platform);
            let routes = wiring.routes(&stack.services["s"]).unwrap();
            assert_eq!(format!("{:?}", routes.known.fact.is), "Yes", "{text}\non {lab}");
            let taken = routes.unheeded.and_then(|unheeded| unheeded.taken).map_or("", |taken| &taken.name.value);
            assert_eq!(taken, way, "{text}\non {lab}");
        }
    }
}

/// What docker-compose or the engine refuses about networks, names and ports, and by which rule it is told.
const REFUSED: &[(&str, &str)] = &[
    ("services: {a: {image: x, networks: [n, n]}}\nnetworks: {n: {}}", "QG003"),
    ("services: {a: {image: x, networks: [nope]}}", "QG006"),
    ("services: {a: {image: x, depends_on: [zz]}}", "QG006"),
    ("services: {a: {image: x, network_mode: 'service:zz'}}", "QG006"),
    ("services: {x: {image: x}, a: {image: x, network_mode: 'service:x', networks: [n]}}\nnetworks: {n: {}}", "QG710"),
    ("services: {x: {image: x}, a: {image: x, network_mode: 'service:x', ports: ['18231:80']}}", "QG403"),
    ("services: {a: {image: x, container_name: x}}", "QG003"),
    ("services: {a: {image: x, container_name: same}, b: {image: x, container_name: same}}", "QG107"),
    ("services: {a: {image: x, ports: ['99999:80']}}", "QG003"),
    ("services: {a: {image: x, scale: 2, ports: ['18226:80']}}", "QG408"),
    (
        "services: {a: {image: x, networks: {n: {ipv4_address: 10.200.0.5}}}}\nnetworks: {n: {ipam: {config: [{subnet: 10.201.0.0/24}]}}}",
        "QG502",
    ),
    ("services: {a: {image: x, networks: {n: {ipv4_address: 10.200.0.5}}}}\nnetworks: {n: {}}", "QG502"),
    (
        "services: {a: {image: x, networks: [n, m]}}\nnetworks: {n: {ipam: {config: [{subnet: 10.202.0.0/24}]}}, m: {ipam: {config: [{subnet: 10.202.0.0/24}]}}}",
        "QG501",
    ),
];

#[test]
fn what_is_refused_is_an_error() {
    for (text, code) in REFUSED {
        for lab in &COMPOSE_LABS[..3] {
            let written = Written::Compose(text);
            let platform = written.platform(lab);
            let (stack, mut found, sources) = written.read(&platform);
            let wirings = [Wiring::new(&stack, &platform)];
            let mut sink = Sink::default();
            rules::check(&Context::new(&stack, &wirings), &mut sink);
            found.extend(sink.finish(&sources));
            let told = found.iter().find(|found| found.rule.code == *code);
            assert_eq!(told.map(|found| found.severity), Some(Level::Error), "{text}\non {lab}: {found:?}");
        }
    }
}
