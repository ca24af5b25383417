//! Which rules speak about how units start, wait, restart and keep their data, and where they stay silent.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

#[path = "support/tree.rs"]
mod tree;

use quadgen::diagnostic::{Change, Diagnostic, Sink};
use quadgen::model::Format;
use quadgen::network::Wiring;
use quadgen::platform::{Platform, parse_spec};
use quadgen::read::{quadlet, topology};
use quadgen::rules::{self, Context};
use quadgen::source::SourceMap;
use tree::Memory;

const NEW: &str = "podman@5.8,rootless";
const OLD: &str = "podman@5.4,rootless";
const ROOTFUL: &str = "podman@5.8,rootful";
const C: &str = "[Container]\nImage=docker.io/library/nginx:1\n";

/// The codes that this file is about.
const CODES: [&str; 11] =
    ["QG602", "QG603", "QG604", "QG605", "QG606", "QG607", "QG609", "QG610", "QG611", "QG612", "QG804"];

/// What is found in units, and what their files say at a place.
fn found(files: &[(&str, &str)], platform: &str) -> (SourceMap, Vec<Diagnostic>) {
    let files = files.iter().map(|(name, text)| (*name, text.replace("C;", C).replace("; ", "\n")));
    let memory = Memory::new(files);
    let mut sources = SourceMap::default();
    let parsed = quadlet::parse(&mut sources, &memory, memory.tree());
    let platform = Platform::resolve("p", parse_spec(platform).unwrap(), Format::Quadlet);
    let read = quadlet::lower(&parsed, &sources, platform.version);
    let stack = read.stack.unwrap();
    let wirings = [Wiring::new(&stack, &platform)];
    let mut sink = Sink::default();
    rules::check(&Context::new(&stack, &wirings), &mut sink);
    let mut found = sink.finish(&sources);
    found.retain(|found| CODES.contains(&found.rule.code));
    (sources, found)
}

/// `file:line 602 error`, of the rules with some codes.
fn told(files: &[(&str, &str)], platform: &str, codes: &[&str]) -> Vec<String> {
    let (sources, found) = found(files, platform);
    let shown = |found: &Diagnostic| {
        let file = sources.file_of(found.span()).unwrap();
        let line = file.position(found.span().start).line;
        format!("{}:{line} {} {}", file.name, &found.rule.code[2..], found.severity.word())
    };
    found.iter().filter(|found| codes.contains(&found.rule.code)).map(shown).collect()
}

/// Files, a platform, and what is told.
type Case<'a> = (&'a [(&'a str, &'a str)], &'a str, &'a [&'a str]);

fn check(codes: &[&str], cases: &[Case<'_>]) {
    for (files, platform, expected) in cases {
        assert_eq!(told(files, platform, codes), *expected, "{files:?} on {platform}");
    }
}

/// The texts that all fixes of a finding write, in order.
fn written(files: &[(&str, &str)], platform: &str, code: &str) -> Vec<String> {
    let (_, found) = found(files, platform);
    let fixes = found.iter().filter(|found| found.rule.code == code).flat_map(|found| &found.fixes);
    let text = |change: &Change| match change {
        Change::Replace { text, .. } | Change::AddSection { text, .. } => text.clone(),
        Change::AddLine { line, .. } => line.clone(),
        _ => String::new(),
    };
    fixes.flat_map(|fix| &fix.changes).map(text).collect()
}

#[test]
fn a_name_that_no_service_has_is_told_where_the_tree_has_what_is_meant() {
    let net = ("app.network", "[Network]");
    check(
        &["QG602"],
        &[
            (&[("w.container", "[Unit]; Requires=app.service; C;"), net], NEW, &["w.container:2 602 error"]),
            (&[("w.container", "[Unit]; After=app.service; C;"), net], NEW, &["w.container:2 602 warning"]),
            // One finding for all keys, at the one that hurts most.
            (
                &[("w.container", "[Unit]; After=x.service app.service; Requires=app.service; C;"), net],
                NEW,
                &["w.container:3 602 error"],
            ),
            (&[("w.container", "[Unit]; Requires=app-network.service; C;"), net], NEW, &[]),
            // Nobody in the tree is called so: the host has units of its own.
            (&[("w.container", "[Unit]; Requires=docker.service apps.service; C;"), net], NEW, &[]),
            // A container has that service.
            (&[("w.container", "[Unit]; Requires=app.service; C;"), ("app.container", "C;"), net], NEW, &[]),
            (
                &[
                    ("w.container", "[Unit]; Requires=app.service; C;"),
                    ("x.container", "C;[Install]; Alias=app.service"),
                    net,
                ],
                NEW,
                &[],
            ),
            // So has a plain unit beside them.
            (&[("w.container", "[Unit]; Requires=app.service; C;"), net, ("app.timer", "[Timer]")], NEW, &[]),
            // By the names of what units make.
            (
                &[("w.container", "[Unit]; Wants=mydb.service; C;"), ("db.container", "C;ContainerName=mydb")],
                NEW,
                &["w.container:2 602 warning"],
            ),
            (
                &[("w.container", "[Unit]; Wants=db.service; C;"), ("db.container", "C;ServiceName=other")],
                NEW,
                &["w.container:2 602 warning"],
            ),
            // Two could be meant.
            (
                &[("w.container", "[Unit]; Wants=a.service; C;"), ("a.network", "[Network]"), ("a.volume", "[Volume]")],
                NEW,
                &[],
            ),
            // What the generator translates, and what it hands on.
            (&[("w.container", "[Unit]; Requires=db.container; C;"), ("db.container", "C;")], NEW, &[]),
            (
                &[("w.container", "[Unit]; Requires=db.container; C;"), ("db.container", "C;")],
                OLD,
                &["w.container:2 602 warning"],
            ),
        ],
    );
    let files = [("w.container", "[Unit]; After=app.service; Requires=app.service; C;"), net];
    assert_eq!(written(&files, NEW, "QG602"), ["app-network.service"; 2]);
}

#[test]
fn a_wait_for_health_needs_a_check() {
    check(
        &["QG603"],
        &[
            (&[("w.container", "C;Notify=healthy")], NEW, &["w.container:3 603 warning"]),
            (&[("w.container", "C;Notify=healthy; HealthCmd=none")], NEW, &["w.container:3 603 error"]),
            (&[("w.container", "C;Notify=healthy; HealthCmd=true")], NEW, &[]),
            // Who sets its times knows that the image has one.
            (&[("w.container", "C;Notify=healthy; HealthInterval=5s")], NEW, &[]),
            // Before Podman 5 nobody waits.
            (&[("w.container", "C;Notify=healthy")], "podman@4.9,rootless", &[]),
            (&[("w.container", "C;Notify=true")], NEW, &[]),
            (
                &[
                    ("w.container", "[Container]; Image=b.build; Notify=healthy"),
                    ("b.build", "[Build]; ImageTag=localhost/b; SetWorkingDirectory=unit"),
                ],
                NEW,
                &["w.container:3 603 error"],
            ),
            (
                &[
                    ("w.container", "[Container]; Image=b.build; Notify=healthy"),
                    ("b.build", "[Build]; ImageTag=localhost/b; SetWorkingDirectory=unit; PodmanArgs=--format docker"),
                ],
                NEW,
                &["w.container:3 603 warning"],
            ),
        ],
    );
}

#[test]
fn what_nothing_starts_is_told_once() {
    let pod = ("p.pod", "[Pod]");
    check(
        &["QG604"],
        &[
            (&[("w.container", "C;")], NEW, &["w.container:1 604 warning"]),
            (&[("w.container", "C;[Install]; Alias=x.service")], NEW, &["w.container:3 604 warning"]),
            // That is QG002.
            (&[("w.container", "C;[Install]; WWantedBy=default.target")], NEW, &[]),
            (&[("w.container", "C;[Install]; RequiredBy=x.target")], NEW, &[]),
            // Switched off on purpose; other comments are none.
            (&[("w.container", "C;#[Install]; #WantedBy=default.target")], NEW, &[]),
            (&[("w.container", "C;## [Install]")], NEW, &[]),
            (&[("w.container", "C;[Install]; # RequiredBy = x.target")], NEW, &["w.container:3 604 warning"]),
            (&[("p.pod", "[Pod]; # [Install]")], NEW, &[]),
            (&[("w.container", "C;# Alias=x.service")], NEW, &["w.container:1 604 warning"]),
            (&[("w.container", "C;# [Install] comes later")], NEW, &["w.container:1 604 warning"]),
            (&[("w.container", "C;"), ("w.container.d/10.conf", "# [Install]")], NEW, &["w.container:1 604 warning"]),
            (&[("w.container", "C;[Service]; Type=oneshot")], NEW, &[]),
            (&[("w@.container", "C;")], NEW, &[]),
            (&[("w.container", "C;"), ("w.container.d/10.conf", "[Install]; WantedBy=default.target")], NEW, &[]),
            // Another unit starts it; to be ordered behind it starts nothing.
            (
                &[
                    ("w.container", "[Unit]; Wants=db.service; C;[Install]; WantedBy=default.target"),
                    ("db.container", "C;"),
                ],
                NEW,
                &[],
            ),
            (
                &[
                    ("w.container", "[Unit]; Wants=db.container; C;[Install]; WantedBy=default.target"),
                    ("db.container", "C;"),
                ],
                NEW,
                &[],
            ),
            (
                &[
                    ("w.container", "[Unit]; After=db.service; C;[Install]; WantedBy=default.target"),
                    ("db.container", "C;"),
                ],
                NEW,
                &["db.container:1 604 warning"],
            ),
            (
                &[
                    ("w.container", "C;Network=vpn.container; [Install]; WantedBy=default.target"),
                    ("vpn.container", "C;"),
                ],
                NEW,
                &[],
            ),
            // A pod starts its containers, and each of them the pod.
            (&[("w.container", "C;Pod=p.pod"), pod], NEW, &["p.pod:1 604 warning"]),
            (&[("w.container", "C;Pod=p.pod; [Install]; WantedBy=default.target"), pod], NEW, &[]),
            (
                &[
                    ("w.container", "C;Pod=p.pod; StartWithPod=false"),
                    ("p.pod", "[Pod]; [Install]; WantedBy=default.target"),
                ],
                NEW,
                &["w.container:1 604 warning"],
            ),
            // Plain units of systemd beside them.
            (&[("w.container", "C;"), ("w.timer", "[Timer]; OnCalendar=daily")], NEW, &[]),
            (&[("w.container", "C;"), ("daily.timer", "[Timer]; Unit=w.service")], NEW, &[]),
            (&[("w.container", "C;"), ("all.target", "[Unit]; Wants=a.service w.service")], NEW, &[]),
            (&[("w.container", "C;"), ("go.service", "[Service]; ExecStart=/bin/sh -c 'systemctl start w'")], NEW, &[]),
            (
                &[("w.container", "C;"), ("go.service", "[Unit]; Description=w.service")],
                NEW,
                &["w.container:1 604 warning"],
            ),
            // What nobody starts by itself.
            (&[("n.network", "[Network]"), ("v.volume", "[Volume]")], NEW, &[]),
        ],
    );
    assert_eq!(written(&[("w.container", "C;")], NEW, "QG604"), ["[Install]\nWantedBy=default.target"]);
    assert_eq!(written(&[("w.container", "C;")], ROOTFUL, "QG604"), ["[Install]\nWantedBy=multi-user.target"]);
}

#[test]
fn a_users_unit_needs_a_users_target() {
    let unit = |target: &str| format!("C;[Install]; WantedBy={target}");
    for (target, platform, expected) in [
        ("multi-user.target", NEW, 1),
        ("multi-user.target graphical.target", NEW, 1),
        ("multi-user.target default.target", NEW, 0),
        ("default.target", NEW, 0),
        ("own.target", NEW, 0),
        ("multi-user.target", ROOTFUL, 0),
        // Nobody said who runs it.
        ("multi-user.target", "podman@5.8", 0),
    ] {
        let text = unit(target);
        let found = told(&[("w.container", &text)], platform, &["QG605"]);
        assert_eq!(found.len(), expected, "{target} on {platform}");
    }
    assert_eq!(written(&[("w.container", &unit("multi-user.target"))], NEW, "QG605"), ["default.target"]);
}

#[test]
fn systemd_takes_its_own_words_only() {
    let install = "[Install]; WantedBy=default.target";
    let of = |file: &str, text: &str, platform: &str| {
        let text = format!("{text}; {install}");
        told(&[(file, &text)], platform, &["QG606"])
    };
    for (value, meant) in [
        ("unless-stopped", Some("always")),
        ("Always", Some("always")),
        ("\"always\"", Some("always")),
        ("on-failure:3", Some("on-failure")),
        ("on-falure", Some("on-failure")),
        ("never", Some("no")),
        ("whenever-it-likes", None),
    ] {
        let text = format!("C;[Service]; Restart={value}");
        assert_eq!(of("w.container", &text, NEW), ["w.container:4 606 error"], "{value}");
        let fixed = written(&[("w.container", &text)], NEW, "QG606");
        assert_eq!(fixed, meant.into_iter().collect::<Vec<_>>(), "{value}");
    }
    for value in ["no", "always", "on-failure", "on-success", "on-abnormal", "on-watchdog", "on-abort"] {
        assert!(of("w.container", &format!("C;[Service]; Restart={value}"), NEW).is_empty(), "{value}");
    }
    for (file, text, platform, expected) in [
        ("w.container", "C;[Service]; Type=oneshot; Restart=always", NEW, 1),
        ("w.container", "C;[Service]; Type=oneshot; Restart=on-success", NEW, 1),
        ("w.container", "C;[Service]; Type=oneshot; Restart=on-failure", NEW, 0),
        // What systemd does not know takes nothing back.
        ("w.container", "C;[Service]; Type=oneshot; Restart=always; Restart=no", NEW, 0),
        ("w.container", "C;[Service]; Type=oneshot; Restart=always; Restart=sometimes", NEW, 2),
        ("n.network", "[Network]; [Service]; Restart=always", NEW, 1),
        ("n.network", "[Network]; [Service]; Restart=on-failure", NEW, 0),
        // The generator writes another one over it.
        ("p.pod", "[Pod]; [Service]; Restart=unless-stopped", NEW, 0),
        ("p.pod", "[Pod]; [Service]; Restart=unless-stopped", "podman@6.0,rootless", 1),
        // A comment in the value is another fault.
        ("w.container", "C;[Service]; Restart=always # note", NEW, 0),
    ] {
        assert_eq!(of(file, text, platform).len(), expected, "{text} on {platform}");
    }
}

#[test]
fn a_start_has_to_hold_its_wait_and_its_pull() {
    let of = |lines: &str| told(&[("w.container", lines)], NEW, &["QG607"]);
    let healthy = "C;Notify=healthy; HealthCmd=true";
    for (more, expected) in [
        // Checks that count come too late: at 60 + 2 * 30.
        ("HealthStartPeriod=60s; [Service]; TimeoutStartSec=119", "w.container:7 607 warning"),
        // Only what is behind the last of them.
        ("HealthStartPeriod=60s; [Service]; TimeoutStartSec=120", "w.container:7 607 info"),
        ("HealthStartPeriod=60s; [Service]; TimeoutStartSec=150", "w.container:7 607 info"),
        ("HealthStartPeriod=60s; [Service]; TimeoutStartSec=151", ""),
        ("HealthInterval=10s; HealthRetries=2; [Service]; TimeoutStartSec=1min", ""),
        // Room for the first check only.
        ("HealthRetries=2; [Service]; TimeoutStartSec=30", "w.container:7 607 warning"),
        ("HealthRetries=2; [Service]; TimeoutStartSec=31", "w.container:7 607 info"),
        ("HealthRetries=1; [Service]; TimeoutStartSec=30", "w.container:7 607 info"),
        ("[Service]; TimeoutStartSec=1min 30s", "w.container:6 607 info"),
        ("[Service]; TimeoutStartSec=59", "w.container:6 607 warning"),
        ("[Service]; TimeoutStartSec=infinity", ""),
        ("[Service]; TimeoutStartSec=0", ""),
        // What is absent has its place in [Service], else at the head.
        ("HealthStartPeriod=60s", "w.container:1 607 warning"),
        ("HealthStartPeriod=60s; [Service]; Restart=no", "w.container:6 607 warning"),
        ("HealthInterval=30s", "w.container:1 607 info"),
        // Only defaults meet.
        ("", "w.container:1 607 info"),
        ("HealthInterval=10s", "w.container:1 607 info"),
        ("HealthStartPeriod=5m; HealthStartupCmd=true; [Service]; TimeoutStartSec=60", ""),
    ] {
        let found = of(&format!("{healthy}; {more}"));
        assert_eq!(found.first().map_or("", String::as_str), expected, "{more}");
    }
    let limit = |more: &str| written(&[("w.container", &format!("{healthy}; {more}"))], NEW, "QG607");
    // What the checks take and a pull, in whole minutes.
    assert_eq!(limit("HealthStartPeriod=60s; [Service]; TimeoutStartSec=60"), ["480"]);
    assert_eq!(limit("HealthStartPeriod=60s"), ["[Service]\nTimeoutStartSec=480"]);
    let waits = |text: &str| of(text).is_empty();
    // Not a wait, or no pull.
    assert!(waits("C;HealthCmd=true; HealthStartPeriod=10m; [Service]; TimeoutStartSec=60"));
    assert!(waits("[Container]; Image=localhost/x:1"));
    assert!(waits("C;Pull=never"));
    assert!(waits("C;[Service]; Type=oneshot"));
    // One for all.
    let two = [("a.container", "C;"), ("b.container", "C;[Service]; Restart=no")];
    assert_eq!(told(&two, NEW, &["QG607"]), ["a.container:1 607 info"]);
    assert_eq!(written(&two, NEW, "QG607"), ["[Service]\nTimeoutStartSec=900", "TimeoutStartSec=900"]);
}

#[test]
fn a_registry_updates_what_it_has() {
    for (image, policy, expected) in [
        ("docker.io/library/nginx:1", "registry", ""),
        ("nginx:1", "registry", "error"),
        ("library/nginx:1", "image", "error"),
        ("nginx:1", "local", ""),
        ("localhost/nginx:1", "registry", "warning"),
        ("docker.io/library/nginx@sha256:00", "registry", "warning"),
        ("docker://docker.io/library/nginx:1", "registry", ""),
        ("host:5000/nginx", "registry", ""),
    ] {
        let text = format!("[Container]; Image={image}; AutoUpdate={policy}");
        let found = told(&[("w.container", &text)], NEW, &["QG609"]);
        let level = found.first().map_or("", |found| found.rsplit(' ').next().unwrap());
        assert_eq!(level, expected, "{image} {policy}");
    }
}

#[test]
fn labels_are_for_those_who_share() {
    let two = |a: &str, b: &str, platform: &str| {
        let (a, b) = (format!("C;Volume={a}"), format!("C;Volume={b}"));
        told(&[("a.container", &a), ("b.container", &b)], platform, &["QG610"])
    };
    let hit = ["b.container:3 610 warning"];
    assert_eq!(two("/d/x:/x:Z", "/d/x/:/y:ro,Z", NEW), hit);
    assert_eq!(two("v:/x:Z", "v:/y:Z", NEW), hit);
    for (a, b, platform) in [
        ("/d/x:/x:z", "/d/x:/y:z", NEW),
        ("/d/x:/x:Z", "/d/y:/y:Z", NEW),
        ("/d/x:/x:Z", "/d/x:/y:Z", "podman@5.8,rootless,wsl2"),
        ("/d/x:/x:Z; SecurityLabelDisable=true", "/d/x:/y:Z", NEW),
        ("/d/x:/x:Z; Pod=p.pod", "/d/x:/y:Z; Pod=p.pod", NEW),
        ("/d/x:/x:Z", "/d/x:/y:Z; [Service]; Type=oneshot", NEW),
    ] {
        let pod = ("p.pod", "[Pod]");
        let (a, b) = (format!("C;Volume={a}"), format!("C;Volume={b}"));
        let found = told(&[("a.container", &a), ("b.container", &b), pod], platform, &["QG610"]);
        assert!(found.is_empty(), "{a} {b}: {found:?}");
    }
    let one = |volume: &str, platform: &str| {
        let text = format!("C;Volume={volume}");
        (
            told(&[("a.container", &text)], platform, &["QG610"]).len(),
            written(&[("a.container", &text)], platform, "QG610"),
        )
    };
    let on = "podman@5.8,rootless,selinux";
    for (volume, platform, count, fixed) in [
        ("/etc/localtime:/etc/localtime:ro,z", NEW, 1, "/etc/localtime:/etc/localtime:ro"),
        ("%t/podman/podman.sock:/s:z", NEW, 1, "%t/podman/podman.sock:/s"),
        ("%h:/h:Z", NEW, 1, "%h:/h"),
        ("/etc/app:/etc/app:Z", NEW, 0, ""),
        ("%h/x:/x", NEW, 0, ""),
        ("%h/x:/x", on, 1, "%h/x:/x:z"),
        ("%h/x:/x:ro", on, 1, "%h/x:/x:ro,z"),
        ("%h/x:/x:Z", on, 0, ""),
        ("/etc/localtime:/etc/localtime:ro", on, 0, ""),
        ("v:/x", on, 0, ""),
    ] {
        let (found, texts) = one(volume, platform);
        assert_eq!((found, texts.concat()), (count, fixed.to_owned()), "{volume} on {platform}");
    }
}

#[test]
fn a_user_and_a_bind_need_a_mapping() {
    for (lines, platform, expected) in [
        ("User=1000; Volume=%h/d:/d", NEW, 1),
        ("User=app; Volume=%h/d:/d", NEW, 1),
        ("User=0; Volume=%h/d:/d", NEW, 0),
        ("User=%U; Volume=%h/d:/d", NEW, 0),
        ("User=1000; Volume=%h/d:/d", ROOTFUL, 0),
        ("User=1000; Volume=%h/d:/d:ro", NEW, 0),
        ("User=1000; Volume=%h/d:/d:U", NEW, 0),
        ("User=1000; Volume=d:/d", NEW, 0),
        ("User=1000; Volume=/etc/localtime:/etc/localtime", NEW, 0),
        ("User=1000; UserNS=keep-id; Volume=%h/d:/d", NEW, 0),
        ("User=1000; UIDMap=0:1:1; Volume=%h/d:/d", NEW, 0),
        ("User=1000; PodmanArgs=--userns=keep-id; Volume=%h/d:/d", NEW, 0),
    ] {
        let text = format!("C;{lines}");
        assert_eq!(told(&[("w.container", &text)], platform, &["QG611"]).len(), expected, "{lines} on {platform}");
    }
}

#[test]
fn five_quick_starts_are_the_end() {
    for (lines, expected) in [
        ("[Service]; Restart=always", 1),
        ("[Service]; Restart=always; RestartSec=1", 1),
        ("[Service]; Restart=always; RestartSec=500ms", 1),
        ("[Service]; Restart=always; RestartSec=2", 0),
        ("[Service]; Restart=always; RestartSec=1min", 0),
        ("[Service]; Restart=on-failure", 0),
        ("[Service]; Restart=always; [Unit]; StartLimitIntervalSec=0", 0),
        ("[Service]; Restart=always; Restart=unless-stopped", 1),
    ] {
        let text = format!("C;{lines}");
        assert_eq!(told(&[("w.container", &text)], NEW, &["QG612"]).len(), expected, "{lines}");
    }
    let fixed = |lines: &str| written(&[("w.container", &format!("C;{lines}"))], NEW, "QG612");
    assert_eq!(fixed("[Service]; Restart=always"), ["RestartSec=5"]);
    assert_eq!(fixed("[Service]; Restart=always; RestartSec=1"), ["5"]);
}

#[test]
fn data_without_a_name_goes() {
    let of = |image: &str, lines: &str| {
        let text = format!("[Container]; Image=docker.io/library/{image}; {lines}");
        told(&[("db.container", &text)], NEW, &["QG804"]).len()
    };
    for (image, lines, expected) in [
        ("postgres:16", "", 1),
        ("postgres:16", "Volume=/var/lib/postgresql/data", 1),
        ("postgres:16", "Volume=d:/var/lib/postgresql/data", 0),
        ("postgres:18", "Volume=d:/var/lib/postgresql", 0),
        ("postgres:16", "Volume=%h/d:/var/lib/postgresql/data/pgdata", 0),
        ("postgres:16", "Mount=type=volume,source=d,destination=/var/lib/postgresql/data", 0),
        ("postgres:16", "Tmpfs=/var/lib/postgresql/data", 0),
        ("postgres:16", "Volume=./init.sql:/docker-entrypoint-initdb.d/init.sql", 1),
        ("postgres:16", "Volume=./init:/docker-entrypoint-initdb.d", 1),
        // It may lie elsewhere.
        ("postgres:16", "Volume=d:/elsewhere", 0),
        ("postgres:16", "Environment=PGDATA=/elsewhere", 0),
        ("postgres:16", "Exec=postgres -D /elsewhere", 0),
        ("postgres:16", "Exec=-c max_connections=200", 1),
        // A client, a job.
        ("postgres:16", "Exec=pg_dump -h db", 0),
        ("postgres:16", "Entrypoint=/bin/sh", 0),
        ("postgres:16", "[Service]; Type=oneshot", 0),
        // Caches.
        ("redis:7", "", 0),
        ("memcached:1", "", 0),
        ("nginx:1", "", 0),
        ("nginx:1", "Volume=/data", 1),
        ("nginx:1", "Volume=/data; Volume=/more; Volume=x:/y", 2),
    ] {
        assert_eq!(of(image, lines), expected, "{image} {lines}");
    }
    let named = written(&[("w.container", "C;Volume=/var/data")], NEW, "QG804");
    assert_eq!(named, ["w-var-data:/var/data"]);
}

/// `606 error`, sorted, of a topology.
fn of_topology(text: &str, platform: &str) -> Vec<String> {
    let mut sources = SourceMap::default();
    let file = sources.add("topology.yaml", text);
    let read = topology::read(sources.file(file));
    let stack = read.stack.unwrap();
    let platform = Platform::resolve("p", parse_spec(platform).unwrap(), Format::Topology);
    let wirings = [Wiring::new(&stack, &platform)];
    let mut sink = Sink::default();
    rules::check(&Context::new(&stack, &wirings), &mut sink);
    let found = sink.finish(&sources);
    let found = found.iter().filter(|found| CODES.contains(&found.rule.code));
    let mut told: Vec<String> =
        found.map(|found| format!("{} {}", &found.rule.code[2..], found.severity.word())).collect();
    told.sort();
    told
}

#[test]
fn topologies_say_it_in_their_words() {
    let docker = "docker@28.5.2";
    let waits = "services: {w: {image: x, depends_on: {db: {condition: service_healthy}}}, db: {DB}}";
    for (text, platform, expected) in [
        (waits.replace("DB", "image: y"), NEW, vec!["603 warning"]),
        (waits.replace("DB", "image: y"), docker, vec!["603 warning"]),
        (waits.replace("DB", "image: y"), "podman@4.9,rootless", vec![]),
        (waits.replace("DB", "image: y"), "podman@5.8,rootless,podman-compose", vec![]),
        (waits.replace("DB", "build: ./db"), NEW, vec!["603 error"]),
        (waits.replace("DB", "build: ./db"), docker, vec!["603 warning"]),
        (waits.replace("DB", "image: y, healthcheck: {disable: true}"), docker, vec!["603 error"]),
        (waits.replace("DB", "image: y, healthcheck: {test: 'true'}"), NEW, vec![]),
        (waits.replace("DB", "image: y, healthcheck: {interval: 5s}"), NEW, vec![]),
        (waits.replace("service_healthy", "service_started").replace("DB", "image: y"), NEW, vec![]),
        // What is rendered starts at boot, waits and restarts as it should.
        ("services: {w: {image: x, restart: always}}".to_owned(), NEW, vec![]),
        ("services: {w: {image: x, quadlet: {Service: {Restart: Always}}}}".to_owned(), NEW, vec!["606 error"]),
        ("services: {w: {image: x, quadlet: {Service: {Restart: Always}}}}".to_owned(), docker, vec![]),
        ("services: {w: {image: mongo}}".to_owned(), NEW, vec!["804 warning"]),
        ("services: {w: {image: mongo}}".to_owned(), docker, vec!["804 warning"]),
        ("services: {w: {image: mongo, volumes: [/data/db]}}".to_owned(), NEW, vec![]),
        ("services: {w: {image: x, volumes: [/data]}}".to_owned(), NEW, vec![]),
        // What is rendered has a name; a stopped container of Compose keeps it.
        ("services: {w: {image: mongo, volumes: [/data/db]}}".to_owned(), docker, vec![]),
        ("services: {w: {image: mongo, volumes: ['a:b:c:d']}}".to_owned(), docker, vec![]),
        ("services: {w: {image: mongo, volumes: ['d:/data/db']}}\nvolumes: {d: {}}".to_owned(), NEW, vec![]),
    ] {
        assert_eq!(of_topology(&text, platform), expected, "{text} on {platform}");
    }
}
