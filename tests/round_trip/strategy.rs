//! Topologies of every kind: data that is written to text. JSON is YAML, and quotes everything in the plainest way.

use proptest::collection::vec;
use proptest::option::weighted;
use proptest::prelude::*;
use proptest::sample::{select, subsequence};
use serde_json::{Map, Value as Json, json};

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

type Field = BoxedStrategy<Option<(String, Json)>>;

/// A key that is there in so many of ten cases.
fn field(tenths: u32, key: &str, value: impl Strategy<Value = Json> + 'static) -> Field {
    let key = key.to_owned();
    let value = value.prop_map(move |value| (key.clone(), value));
    if tenths < 10 { weighted(f64::from(tenths) / 10.0, value).boxed() } else { value.prop_map(Some).boxed() }
}

fn object(fields: Vec<Field>) -> impl Strategy<Value = Json> {
    fields.prop_map(|fields| Json::Object(fields.into_iter().flatten().collect()))
}

/// A text that is easily broken on its way.
fn awkward() -> impl Strategy<Value = String> {
    let samples = select(vec![
        "",
        " ",
        "  in and out  ",
        "say \"hi\" and 'ho'",
        "\"quoted\"",
        "'",
        "\"",
        "$HOME ${HOME} $$x $",
        "100% %h %%",
        "a # b ; c",
        "#",
        ";",
        "a=b=c",
        "=",
        "C:\\new\\table\\",
        "\\",
        "\\\\x41",
        "ä→𝄞",
        "\u{85}x",
        "\u{feff}",
        "one\ntwo\n",
        "one\n  two\n\nthree",
        "\n",
        "tab\there",
        "on",
        "no",
        "null",
        "~",
        "0755",
        "1.10",
        "1e3",
        "22:22",
        "-",
        "- a",
        "? b",
        "{{ .Name }} {% x %}",
        "[a, b]",
        "{a: b}",
        "*a",
        "&a",
        "!t",
        "| x",
        "> y",
        "@x",
        "`x`",
        "a: b",
        "a:",
        ",",
        "true",
        "http://web:80/x?y=z",
        "mongodb://u:p@db-1:27017/x",
        "db-1:5432",
        "--flag=value",
        "--",
        "%",
        "\\n",
        "\u{7f}",
        "\u{1}",
    ]);
    prop_oneof![3 => samples.prop_map(str::to_owned), 1 => "[ -~]{0,12}", 1 => "\\PC{0,6}", 1 => "[a-z]{1,8}"]
}

/// Some, of which no two say the same.
fn several(item: impl Strategy<Value = Json>) -> impl Strategy<Value = Json> {
    vec(item, 1..4).prop_map(|mut items| {
        let mut seen = Vec::new();
        items.retain(|item| {
            let item = item.get("source").or(item.get("target")).unwrap_or(item).to_string().replace("/tcp", "");
            let is_new = !seen.contains(&item);
            seen.push(item);
            is_new
        });
        Json::Array(items)
    })
}

fn text(strategy: impl Strategy<Value = String> + 'static) -> BoxedStrategy<Json> {
    strategy.prop_map(Json::String).boxed()
}

fn one_of(words: &[&'static str]) -> BoxedStrategy<Json> {
    select(words.to_vec()).prop_map(|word| json!(word)).boxed()
}

fn some_of(words: &[&'static str]) -> BoxedStrategy<Json> {
    subsequence(words.to_vec(), 1..=words.len()).prop_map(|words| json!(words)).boxed()
}

fn variables(hosts: &[&'static str]) -> impl Strategy<Value = Json> + use<> {
    let host = match hosts.first() {
        Some(name) => text(Just(format!("a {{{{ host.{name}.url }}}}/v1"))),
        None => text(Just("no host".to_owned())),
    };
    let value = prop_oneof![
        1 => host,
        6 => text(awkward()),
        1 => Just(Json::Null),
        1 => any::<u16>().prop_map(|number| json!(number)),
        1 => any::<bool>().prop_map(|value| json!(value)),
    ];
    let pairs = vec(("[A-Z][A-Z_0-9]{0,7}|path|x\\.y|DB_PASSWORD", value), 1..6);
    prop_oneof![
        4 => pairs.clone().prop_map(|pairs| Json::Object(pairs.into_iter().collect())),
        1 => pairs.prop_map(|pairs| {
            let map: Map<String, Json> = pairs.into_iter().collect();
            let item = |(name, value): (String, Json)| match value {
                Json::Null => name,
                Json::String(value) => format!("{name}={value}"),
                value => format!("{name}={value}"),
            };
            map.into_iter().map(item).collect()
        }),
    ]
}

fn words() -> impl Strategy<Value = Json> {
    prop_oneof![
        4 => vec(awkward(), 0..5).prop_map(|words| json!(words)),
        1 => Just(json!("sh -c 'echo \"a b\" && exit 0'")),
        1 => Just(json!([])),
    ]
}

fn duration() -> impl Strategy<Value = Json> {
    one_of(&["0s", "1s", "90s", "1m30s", "2h", "500ms", "1.5s", "1d"])
}

fn port() -> impl Strategy<Value = Json> {
    let short = (
        select(vec!["", "127.0.0.1:", "[::1]:", "0.0.0.0:", "10.0.0.7:"]),
        select(vec!["8080:80", "443:443", ":80", "3000-3005:3000-3005", "9090-9091:80", "53:53"]),
        select(vec!["", "/udp", "/tcp", "/sctp"]),
    );
    let short = short.prop_map(|(address, ports, protocol)| {
        let ports = if address.is_empty() { ports.trim_start_matches(':') } else { ports };
        json!(format!("{address}{ports}{protocol}"))
    });
    let long = object(vec![
        field(10, "target", (1u16..).prop_map(|port| json!(port))),
        field(7, "published", one_of(&["8081", "9000-9002"])),
        field(5, "host_ip", one_of(&["127.0.0.1", "::1"])),
        field(5, "protocol", one_of(&["tcp", "udp"])),
        field(2, "name", one_of(&["http", "a b"])),
        field(2, "app_protocol", one_of(&["http"])),
    ]);
    prop_oneof![3 => short, 1 => long]
}

/// Mounts, each at a path of its own.
fn mounts(volumes: &[&'static str]) -> BoxedStrategy<Json> {
    let targets = vec!["/data", "/var/lib/x y", "/etc/app.conf", "/a%b", "/srv/$x", "/run/ä"];
    let volumes = volumes.to_vec();
    let all = subsequence(targets, 1..4)
        .prop_flat_map(move |targets| targets.into_iter().map(|target| mount(&volumes, target)).collect::<Vec<_>>());
    all.prop_map(Json::Array).boxed()
}

fn mount(volumes: &[&'static str], at: &'static str) -> BoxedStrategy<Json> {
    let target = move || Just(at);
    let path =
        || select(vec!["./conf", "../up", "/srv/data", "/etc/localtime", "~/x", "/srv/a b", "/var/run/docker.sock"]);
    let options = || select(vec!["", ":ro", ":rw", ":z", ":Z", ":ro,z", ":U", ":rshared,ro", ":nocopy"]);
    let bind =
        (path(), target(), options()).prop_map(|(path, target, options)| json!(format!("{path}:{target}{options}")));
    let anonymous = target().prop_map(|target| json!(target));
    let long_bind = object(vec![
        field(10, "type", one_of(&["bind"])),
        field(10, "source", path().prop_map(|path| json!(path))),
        field(10, "target", target().prop_map(|target| json!(target))),
        field(5, "read_only", any::<bool>().prop_map(|it| json!(it))),
        field(
            7,
            "bind",
            object(vec![
                field(5, "create_host_path", any::<bool>().prop_map(|it| json!(it))),
                field(5, "selinux", one_of(&["z", "Z"])),
                field(5, "propagation", one_of(&["rshared", "private"])),
                field(1, "recursive", one_of(&["disabled"])),
            ]),
        ),
    ]);
    let memory = object(vec![
        field(10, "type", one_of(&["tmpfs"])),
        field(10, "target", target().prop_map(|target| json!(target))),
        field(
            7,
            "tmpfs",
            object(vec![
                field(5, "size", one_of(&["64m", "1048576"])),
                field(5, "mode", one_of(&["0755", "1777", "511"])),
            ]),
        ),
    ]);
    if volumes.is_empty() {
        return prop_oneof![bind, anonymous, long_bind, memory].boxed();
    }
    let volumes = volumes.to_vec();
    let named = (select(volumes.clone()), target(), options())
        .prop_map(|(volume, target, options)| json!(format!("{volume}:{target}{options}")));
    let long_volume = object(vec![
        field(10, "type", one_of(&["volume"])),
        field(9, "source", select(volumes).prop_map(|volume| json!(volume))),
        field(10, "target", target().prop_map(|target| json!(target))),
        field(5, "read_only", any::<bool>().prop_map(|it| json!(it))),
        field(
            5,
            "volume",
            object(vec![
                field(5, "nocopy", any::<bool>().prop_map(|it| json!(it))),
                field(3, "subpath", one_of(&["a/b"])),
            ]),
        ),
    ]);
    prop_oneof![named, bind, anonymous, long_bind, long_volume, memory].boxed()
}

fn networks(networks: &[&'static str]) -> BoxedStrategy<Json> {
    let settings = || {
        prop_oneof![
            2 => Just(Json::Null),
            3 => object(vec![
                field(6, "aliases", some_of(&["alias", "a.b.example", "Other_1"])),
                field(3, "ipv4_address", one_of(&["10.88.7.9", "172.20.0.5"])),
                field(3, "ipv6_address", one_of(&["fd00:7::9"])),
                field(2, "mac_address", one_of(&["02:42:ac:11:00:02"])),
                field(1, "priority", Just(json!(100))),
            ]),
        ]
    };
    let all = networks.to_vec();
    let chosen = move || subsequence(all.clone(), 1..=all.len());
    prop_oneof![
        chosen().prop_map(|names| json!(names)),
        chosen().prop_flat_map(move |names| {
            vec(settings(), names.len()).prop_map(move |settings| {
                let named = names.iter().map(|name| (*name).to_owned());
                Json::Object(named.zip(settings).collect())
            })
        }),
    ]
    .boxed()
}

fn health() -> impl Strategy<Value = Json> {
    let test = prop_oneof![
        text(awkward().prop_filter("an empty line is no check", |line| !line.trim().is_empty())),
        (select(vec!["pg_isready", "/bin/a b"]), vec(awkward(), 0..3)).prop_map(|(program, words)| {
            let words = words.into_iter().map(Json::String);
            Json::Array([json!("CMD"), json!(program)].into_iter().chain(words).collect())
        }),
        Just(json!(["CMD-SHELL", "curl -f \"http://localhost/\" || exit 1"])),
        Just(json!(["NONE"])),
    ];
    object(vec![
        field(9, "test", test),
        field(4, "interval", duration()),
        field(4, "timeout", duration()),
        field(4, "retries", (0u32..20).prop_map(|number| json!(number))),
        field(3, "start_period", duration()),
        field(2, "start_interval", duration()),
        field(1, "disable", any::<bool>().prop_map(|it| json!(it))),
    ])
}

fn depends_on(others: &[&'static str]) -> BoxedStrategy<Json> {
    let others = others.to_vec();
    let chosen = move || subsequence(others.clone(), 1..=others.len());
    let settings = || {
        object(vec![
            field(9, "condition", one_of(&["service_started", "service_healthy", "service_completed_successfully"])),
            field(2, "restart", any::<bool>().prop_map(|it| json!(it))),
            field(2, "required", any::<bool>().prop_map(|it| json!(it))),
        ])
    };
    prop_oneof![
        chosen().prop_map(|names| json!(names)),
        chosen().prop_flat_map(move |names| {
            vec(settings(), names.len()).prop_map(move |settings| {
                Json::Object(names.iter().map(|name| (*name).to_owned()).zip(settings).collect())
            })
        }),
    ]
    .boxed()
}

/// Compose's attributes that the core does not use.
fn attributes() -> Vec<Field> {
    let boolean = || any::<bool>().prop_map(|it| json!(it));
    vec![
        field(2, "cap_add", some_of(&["NET_ADMIN", "SYS_TIME"])),
        field(1, "cap_drop", one_of(&["ALL"]).prop_map(|cap| json!([cap]))),
        field(
            2,
            "labels",
            prop_oneof![
                vec(("[a-z.]{1,9}", awkward()), 1..4)
                    .prop_map(|pairs| json!(pairs.into_iter().collect::<std::collections::BTreeMap<_, _>>())),
                Just(json!(["a=b c", "traefik.http.routers.x.rule=Host(`x`)", "bare"])),
            ],
        ),
        field(1, "annotations", Just(json!({"io.x": "y z"}))),
        field(2, "ulimits", Just(json!({"nofile": {"soft": 1024, "hard": 4096}, "nproc": 65535}))),
        field(2, "dns", prop_oneof![Just(json!("9.9.9.9")), Just(json!(["9.9.9.9", "1.1.1.1"]))]),
        field(1, "dns_search", Just(json!(["example.org"]))),
        field(1, "dns_opt", Just(json!(["ndots:2"]))),
        field(
            2,
            "extra_hosts",
            prop_oneof![
                Just(json!(["somewhere:192.0.2.7", "gateway=host-gateway"])),
                Just(json!({"somewhere": "192.0.2.7", "six": "::1"})),
            ],
        ),
        field(
            2,
            "sysctls",
            prop_oneof![Just(json!({"net.core.somaxconn": 1024})), Just(json!(["net.ipv4.ip_forward=1"]))],
        ),
        field(2, "user", one_of(&["1000", "999:999", "postgres"])),
        field(2, "working_dir", one_of(&["/srv/app", "/a b", "/%x"])),
        field(2, "init", boolean()),
        field(2, "read_only", boolean()),
        field(1, "privileged", boolean()),
        field(1, "tty", boolean()),
        field(1, "stdin_open", boolean()),
        field(2, "shm_size", prop_oneof![one_of(&["128mb", "64m"]), Just(json!(67108864))]),
        field(1, "stop_signal", one_of(&["SIGINT", "SIGTERM"])),
        field(1, "tmpfs", prop_oneof![Just(json!("/run")), Just(json!(["/run", "/tmp:size=64m,noexec"]))]),
        field(1, "expose", Just(json!(["8080", 9090]))),
        field(1, "devices", Just(json!(["/dev/fuse", "/dev/ttyUSB0:/dev/tty0:rw"]))),
        field(1, "group_add", Just(json!(["audio", 998]))),
        field(1, "security_opt", Just(json!(["no-new-privileges:true", "label=disable"]))),
        field(1, "mem_limit", one_of(&["512m", "1g"])),
        field(1, "pids_limit", Just(json!(100))),
        field(1, "cpus", one_of(&["0.5", "2"])),
        field(1, "pull_policy", one_of(&["always", "missing", "never"])),
        field(1, "userns_mode", one_of(&["host", "keep-id"])),
        field(1, "platform", one_of(&["linux/amd64"])),
        field(1, "logging", Just(json!({"driver": "journald", "options": {"tag": "a b"}}))),
        field(
            1,
            "deploy",
            Just(
                json!({"resources": {"limits": {"cpus": "0.5", "memory": "512M"}, "reservations": {"memory": "64M"}}}),
            ),
        ),
        field(1, "x-note", Just(json!({"anything": ["goes", 1, null]}))),
    ]
}

fn file_uses(names: &[&'static str]) -> BoxedStrategy<Json> {
    let long = |name: &'static str| {
        object(vec![
            field(10, "source", Just(json!(name))),
            field(6, "target", Just(json!(format!("/etc/{name} y.conf")))),
            field(2, "mode", one_of(&["0440"])),
            field(1, "uid", one_of(&["1000"])),
        ])
    };
    let item =
        prop_oneof![select(names.to_vec()).prop_map(|name| json!(name)), select(names.to_vec()).prop_flat_map(long),];
    several(item).boxed()
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
    let mut fields = vec![
        field(
            10,
            "image",
            one_of(&["docker.io/library/nginx:1.27", "postgres", "localhost/own:latest", "ghcr.io/a/b@sha256:0"]),
        ),
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
        subsequence(SERVICES.to_vec(), 1..=8),
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
