//! Topologies of every kind: data that is written to text. JSON is YAML, and quotes everything in the plainest way.

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{select, subsequence};
use serde_json::{Value as Json, json};

use super::parts::{attributes, build, depends_on, file_uses, health, mounts, networks, port};
use super::values::{Field, duration, field, object, one_of, several, variables, words};

const SERVICES: [&str; 8] = ["web", "db-1", "x", "Api_2", "0cache", "q--r", "data", "front"];
const NETWORKS: [&str; 6] = ["front", "back", "data", "net_4", "default", "N-5"];
const VOLUMES: [&str; 4] = ["data", "logs", "v_3", "9.v"];
const SECRETS: [&str; 3] = ["cert", "db_password", "s-3"];
const HOSTS: [&str; 2] = ["ollama", "smtp"];

/// The names that a topology defines, and that its parts refer to.
#[derive(Clone, Debug)]
struct Names {
    services: Vec<&'static str>,
    networks: Vec<&'static str>,
    volumes: Vec<&'static str>,
    secrets: Vec<&'static str>,
    configs: Vec<&'static str>,
    hosts: Vec<&'static str>,
}
/// `NAME`, `NAME:PORT`, `host.NAME`.
fn connects(names: &Names, own: &str) -> BoxedStrategy<Json> {
    let mut all: Vec<String> = Vec::new();
    for name in names.services.iter().filter(|name| **name != own) {
        all.extend([(*name).to_owned(), format!("{name}:80"), format!("{name}:5432")]);
    }
    all.extend(names.hosts.iter().map(|name| format!("host.{name}")));
    if all.is_empty() {
        return Just(json!([])).boxed();
    }
    let most = all.len().min(4);
    subsequence(all, 1..=most).prop_map(|items| json!(items)).boxed()
}

/// The parties of a denial, each by a name that says which it means.
fn parties(names: &Names, with_outside: bool) -> Vec<String> {
    let of = |own: &[&'static str], others: &[&'static str], word: &str| {
        let own =
            own.iter().map(|name| if others.contains(name) { format!("{word}:{name}") } else { (*name).to_owned() });
        own.collect::<Vec<_>>()
    };
    let mut all = of(&names.services, &names.networks, "service");
    all.extend(of(&names.networks, &names.services, "network"));
    if with_outside {
        all.extend(["internet".to_owned(), "host".to_owned()]);
    }
    all
}

fn service(names: &Names, own: &'static str) -> BoxedStrategy<(String, Json)> {
    let others: Vec<&'static str> = names.services.iter().copied().filter(|name| *name != own).collect();
    let mut modes: Vec<String> =
        ["host", "none", "bridge", "pasta:-T,11434", "slirp4netns", "container:elsewhere"].map(str::to_owned).into();
    modes.extend(others.iter().map(|name| format!("service:{name}")));
    let mode = field(10, "network_mode", select(modes).prop_map(|mode| json!(mode)));
    let nothing = || Just(None).boxed();
    let place = match names.networks.as_slice() {
        [] => prop_oneof![3 => nothing(), 1 => mode].boxed(),
        all => prop_oneof![2 => nothing(), 1 => mode, 6 => field(10, "networks", networks(all))].boxed(),
    };
    let name_of_container = prop_oneof![
        Just(Json::Null),
        Just(json!(own)),
        Just(json!(format!("c-{own}"))),
        Just(json!(format!("systemd-{own}"))),
    ];
    let denied = parties(names, true);
    let image = one_of(&["docker.io/library/nginx:1.27", "postgres", "localhost/own:latest", "ghcr.io/a/b@sha256:0"]);
    let origin = prop_oneof![9 => field(10, "image", image), 1 => field(10, "build", build())];
    let mut fields = vec![
        origin.boxed(),
        field(3, "container_name", name_of_container),
        field(2, "hostname", one_of(&["web-host", "h.example.org"])),
        place,
        field(4, "ports", several(port())),
        field(5, "environment", variables(&names.hosts)),
        field(
            2,
            "env_file",
            prop_oneof![
                Just(json!("./app.env")),
                Just(json!(["a.env", {"path": "b.env", "required": false}, {"path": "c d.env", "format": "raw"}])),
            ],
        ),
        field(3, "command", words()),
        field(2, "entrypoint", words()),
        field(4, "volumes", mounts(&names.volumes)),
        field(3, "healthcheck", health()),
        field(4, "restart", one_of(&["no", "always", "unless-stopped", "on-failure", "on-failure:3"])),
        field(2, "stop_grace_period", duration()),
        field(2, "internet", one_of(&["deny", "deny", "allow"])),
        field(2, "host", one_of(&["deny"])),
        field(3, "connects", connects(names, own)),
        field(2, "deny", subsequence(denied.clone(), 1..=denied.len().min(3)).prop_map(|parties| json!(parties))),
        field(
            2,
            "quadlet",
            Just(
                json!({"Container": {"AutoUpdate": "registry", "PodmanArgs": ["--foo=a b", "--bar"]}, "Service": {"Nice": 5}, "Unit": {"Documentation": "https://example.org/%20"}}),
            ),
        ),
    ];
    if !others.is_empty() {
        fields.push(field(3, "depends_on", depends_on(&others)));
    }
    for (key, known) in [("secrets", &names.secrets), ("configs", &names.configs)] {
        if !known.is_empty() {
            fields.push(field(2, key, file_uses(known)));
        }
    }
    fields.extend(attributes());
    object(fields).prop_map(move |service| (own.to_owned(), service)).boxed()
}

fn network(name: &'static str) -> BoxedStrategy<(String, Json)> {
    let subnet = object(vec![
        field(10, "subnet", one_of(&["10.88.7.0/24", "fd00:7::/64"])),
        field(5, "gateway", one_of(&["10.88.7.1", "fd00:7::1"])),
        field(3, "ip_range", one_of(&["10.88.7.128/25"])),
        field(1, "aux_addresses", Just(json!({"router": "10.88.7.5"}))),
    ]);
    let own = object(vec![
        field(2, "name", Just(json!(format!("object-{name}")))),
        field(3, "internal", any::<bool>().prop_map(|it| json!(it))),
        field(2, "driver", one_of(&["bridge", "macvlan"])),
        field(
            2,
            "driver_opts",
            prop_oneof![Just(json!({"mtu": "1400"})), Just(json!({"isolate": "true", "mtu": 9000}))],
        ),
        field(1, "enable_ipv6", any::<bool>().prop_map(|it| json!(it))),
        field(
            3,
            "ipam",
            object(vec![
                field(9, "config", vec(subnet, 1..3).prop_map(Json::Array)),
                field(1, "driver", one_of(&["default", "host-local"])),
            ]),
        ),
        field(2, "labels", Just(json!({"note": "50% of $HOME"}))),
        field(2, "quadlet", Just(json!({"Network": {"DisableDNS": true}}))),
    ]);
    let foreign = Just(json!({"external": true, "name": format!("outside-{name}")}));
    prop_oneof![1 => Just(json!({})), 1 => Just(Json::Null), 6 => own, 1 => foreign]
        .prop_map(move |network| (name.to_owned(), network))
        .boxed()
}

fn volume(name: &'static str) -> BoxedStrategy<(String, Json)> {
    let own = object(vec![
        field(3, "name", Just(json!(format!("object-{name}")))),
        field(3, "labels", prop_oneof![Just(json!({"a": "b c"})), Just(json!(["a=b c"]))]),
        field(3, "driver", one_of(&["local"])),
        field(3, "driver_opts", Just(json!({"type": "nfs", "o": "addr=192.0.2.1,rw", "device": ":/x"}))),
    ]);
    prop_oneof![2 => Just(json!({})), 2 => own, 1 => Just(json!({"external": true})), 1 => Just(Json::Null)]
        .prop_map(move |volume| (name.to_owned(), volume))
        .boxed()
}

fn file_object(name: &'static str) -> BoxedStrategy<(String, Json)> {
    prop_oneof![Just(json!({"file": format!("./{name}.pem")})), Just(json!({"external": true}))]
        .prop_map(move |object| (name.to_owned(), object))
        .boxed()
}

fn host_service(name: &'static str) -> BoxedStrategy<(String, Json)> {
    object(vec![
        field(10, "port", one_of(&["11434"])),
        field(3, "on", one_of(&["windows", "linux"])),
        field(3, "listens", one_of(&["0.0.0.0", "127.0.0.1"])),
        field(3, "scheme", one_of(&["http", "redis"])),
    ])
    .prop_map(move |host| (name.to_owned(), host))
    .boxed()
}

fn denials(names: &Names) -> BoxedStrategy<Json> {
    let (inside, all) = (parties(names, false), parties(names, true));
    let side = |all: Vec<String>| {
        subsequence(all.clone(), 1..=all.len().min(2)).prop_map(|names| match names.as_slice() {
            [only] => only.clone(),
            several => format!("[{}]", several.join(", ")),
        })
    };
    let one = prop_oneof![
        (side(inside.clone()), side(all)).prop_map(|(from, to)| format!("{from} -> {to}")),
        (side(inside.clone()), side(inside)).prop_map(|(from, to)| format!("{from} <-> {to}")),
    ];
    vec(one, 1..4).prop_map(|denials| json!(denials)).boxed()
}

fn section(key: &str, entries: Vec<BoxedStrategy<(String, Json)>>) -> Field {
    let there = !entries.is_empty();
    let key = key.to_owned();
    let whole = entries.prop_map(|entries| Json::Object(entries.into_iter().collect()));
    whole.prop_map(move |whole| there.then(|| (key.clone(), whole))).boxed()
}

/// JSON in which characters that YAML wants escaped are so, too.
fn yaml(value: &Json) -> String {
    let escaped = |c: char| (c.is_control() && c != '\n') || matches!(c, '\u{feff}' | '\u{fffe}' | '\u{ffff}');
    let text = serde_json::to_string_pretty(value).unwrap();
    text.chars().map(|c| if escaped(c) { format!("\\u{:04x}", u32::from(c)) } else { c.to_string() }).collect()
}

/// A whole topology, as text.
pub fn topology() -> impl Strategy<Value = String> {
    let names = (
        // Most are small, so that many can be tried.
        prop_oneof![3 => subsequence(SERVICES.to_vec(), 1..=3), 1 => subsequence(SERVICES.to_vec(), 4..=8)],
        subsequence(NETWORKS.to_vec(), 0..=4),
        subsequence(VOLUMES.to_vec(), 0..=3),
        subsequence(SECRETS.to_vec(), 0..=2),
        subsequence(SECRETS.to_vec(), 0..=2),
        subsequence(HOSTS.to_vec(), 0..=2),
    );
    let names = names.prop_map(|(services, networks, volumes, secrets, configs, hosts)| Names {
        services,
        networks,
        volumes,
        secrets,
        configs,
        hosts,
    });
    names.prop_flat_map(|names| {
        let platforms = Just(json!({"old": "podman@4.6.2,cni,rootless,wsl2", "laptop": "docker-desktop"}));
        let fields = vec![
            field(10, "name", one_of(&["shop", "Shop.2", "a_b"])),
            field(3, "platforms", platforms),
            section("host_services", names.hosts.iter().map(|name| host_service(name)).collect()),
            section("networks", names.networks.iter().map(|name| network(name)).collect()),
            section("services", names.services.iter().map(|name| service(&names, name)).collect()),
            field(3, "deny", denials(&names)),
            section("volumes", names.volumes.iter().map(|name| volume(name)).collect()),
            section("secrets", names.secrets.iter().map(|name| file_object(name)).collect()),
            section("configs", names.configs.iter().map(|name| file_object(name)).collect()),
        ];
        object(fields).prop_map(|topology| yaml(&topology))
    })
}
