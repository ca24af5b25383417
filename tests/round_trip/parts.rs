//! The parts of a service, in every form that Compose has for them.

use std::collections::BTreeMap;

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{select, subsequence};
use serde_json::{Value as Json, json};

use super::values::{Field, awkward, duration, field, object, one_of, several, some_of, text};

pub fn port() -> impl Strategy<Value = Json> {
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
pub fn mounts(volumes: &[&'static str]) -> BoxedStrategy<Json> {
    let targets = vec!["/data", "/var/lib/x y", "/etc/app.conf", "/a%b", "/srv/$x", "/run/ä"];
    let volumes = volumes.to_vec();
    let all = subsequence(targets, 1..4)
        .prop_flat_map(move |targets| targets.into_iter().map(|target| mount(&volumes, target)).collect::<Vec<_>>());
    all.prop_map(Json::Array).boxed()
}

pub fn mount(volumes: &[&'static str], at: &'static str) -> BoxedStrategy<Json> {
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

pub fn networks(networks: &[&'static str]) -> BoxedStrategy<Json> {
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

pub fn health() -> impl Strategy<Value = Json> {
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

pub fn depends_on(others: &[&'static str]) -> BoxedStrategy<Json> {
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

pub fn build() -> BoxedStrategy<Json> {
    let whole = object(vec![
        field(10, "context", one_of(&["./app", ".", "/srv/a b"])),
        field(5, "dockerfile", one_of(&["Dockerfile.prod", "docker/x y"])),
        field(5, "args", prop_oneof![Just(json!({"VERSION": "1.0 $x 50%", "N": 5})), Just(json!(["A=b c"]))]),
        field(2, "labels", Just(json!(["a=b c"]))),
        field(2, "target", one_of(&["prod"])),
        field(1, "no_cache", any::<bool>().prop_map(|it| json!(it))),
        field(1, "tags", Just(json!(["localhost/x:1"]))),
    ]);
    prop_oneof![1 => Just(json!("./app")), 4 => whole].boxed()
}

/// Compose's attributes that the core does not use.
pub fn attributes() -> Vec<Field> {
    let boolean = || any::<bool>().prop_map(|it| json!(it));
    vec![
        field(2, "cap_add", some_of(&["NET_ADMIN", "SYS_TIME"])),
        field(1, "cap_drop", one_of(&["ALL"]).prop_map(|cap| json!([cap]))),
        field(
            2,
            "labels",
            prop_oneof![
                vec(("[a-z.]{1,9}", awkward()), 1..4)
                    .prop_map(|pairs| json!(pairs.into_iter().collect::<BTreeMap<_, _>>())),
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
        // As below `deploy`: two places have to say the same.
        field(1, "mem_limit", one_of(&["512m"])),
        field(1, "pids_limit", Just(json!(100))),
        field(1, "cpus", one_of(&["0.5"])),
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
        field(1, "profiles", Just(json!(["debug"]))),
        field(1, "x-note", Just(json!({"anything": ["goes", 1, null]}))),
    ]
}

pub fn file_uses(names: &[&'static str]) -> BoxedStrategy<Json> {
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
