//! Every attribute that quadgen carries into units, with where a value stands in a project and how podman sees it.

use quadgen::platform::attributes::Shape;
use serde_json::{Value as Json, json};

/// A value that is none of the things that mean something.
pub const PLAIN: &str = "zq7w";

/// An attribute with a place for a value.
#[derive(Clone, Debug)]
pub struct Row {
    /// As `data/compose-attributes.json` has it; `x-quadgen.…` and `quadlet` are of quadgen's own.
    pub path: String,
    /// The file, with `@@` where the value stands; over a service, a network and a volume that are there anyhow.
    pub file: Json,
    /// What the words that podman gets hold where the value is `plain`; empty where it shows elsewhere.
    pub shows: String,
    /// A harmless value that can stand there.
    pub plain: &'static str,
    /// Whether names of files are made from the value.
    pub names: bool,
    /// Characters that mean something at this place in the file's own format, so that values with them are other ones.
    pub apart: &'static str,
}

fn row(path: &str, shows: &str, file: Json) -> Row {
    Row { path: path.to_owned(), file, shows: shows.to_owned(), plain: PLAIN, names: false, apart: "" }
}

/// The same attribute of a service.
fn own(name: &str, shows: &str, value: Json) -> Row {
    row(&format!("services.*.{name}"), shows, service(&[(name.split('.').next().unwrap(), value)]))
}

fn service(entries: &[(&str, Json)]) -> Json {
    let entries: serde_json::Map<String, Json> =
        entries.iter().map(|(key, value)| ((*key).to_owned(), value.clone())).collect();
    json!({"services": {"svcID": entries}})
}

/// Rows that follow from the table of attributes.
pub fn derived() -> Vec<Row> {
    let table: Json = serde_json::from_str(include_str!("../../data/compose-attributes.json")).unwrap();
    let mut rows = Vec::new();
    for attribute in table.as_array().unwrap() {
        let text = |key: &str| attribute[key].as_str().unwrap_or("").to_owned();
        let path = text("path");
        let shape = attribute.get("shape").map(|shape| serde_json::from_value::<Shape>(shape.clone()).unwrap());
        let (Some(name), Some(shape)) = (path.strip_prefix("services.*."), shape) else { continue };
        // What stands deeper has rows that are written down.
        if name.contains('.') {
            continue;
        }
        let flag = text("flag");
        let plain = plain(name);
        let values: Vec<(Json, &str)> = match shape {
            Shape::Text => vec![(json!("@@"), "@@"), (json!("a@@"), "a@@")],
            Shape::List if name == "security_opt" => vec![],
            Shape::List if name == "tmpfs" => vec![(json!(["/@@"]), "/@@"), (json!(["/a:@@"]), "@@")],
            Shape::List => vec![(json!(["@@"]), "@@"), (json!(["a@@"]), "a@@")],
            Shape::Pairs => {
                vec![(json!({"k": "@@"}), "@@"), (json!({"@@": "v"}), "@@"), (json!(["k=@@"]), "@@")]
            }
            Shape::Hosts => vec![
                (json!({"@@": "192.0.2.1"}), "@@"),
                (json!({"h": "@@"}), "@@"),
                (json!(["@@=192.0.2.1"]), "@@"),
                (json!(["h:@@"]), "@@"),
            ],
            Shape::Ulimits => vec![(json!({"@@": 7}), "@@"), (json!({"nofile": "@@"}), "@@")],
            Shape::Bool | Shape::Switch | Shape::Pull | Shape::Logging | Shape::Deploy => vec![],
        };
        for (value, shows) in values {
            // A number has nothing before it.
            if plain != PLAIN && value.to_string().contains("a@@") {
                continue;
            }
            let plain = if value.to_string().contains("nofile") { "7531" } else { plain };
            let shows = shows.replace("@@", plain);
            let apart = if name == "tmpfs" { ":" } else { "" };
            rows.push(Row { plain, apart, ..own(name, &format!("{flag} {shows}"), value) });
        }
    }
    rows
}

/// What is no text has to look like what it is.
fn plain(name: &str) -> &'static str {
    match name {
        "cpu_period" | "cpu_quota" | "cpu_rt_period" | "cpu_rt_runtime" | "cpu_shares" | "cpus" | "pids_limit"
        | "expose" | "mem_swappiness" => "7531",
        "oom_score_adj" => "753",
        "cgroup" => "private",
        "mem_limit" | "mem_reservation" | "memswap_limit" | "shm_size" => "7531m",
        _ => PLAIN,
    }
}

/// Attributes that hold nothing but a number, a word of a few, a switch, or that only hold others.
pub const WITHOUT_TEXT: [&str; 51] = [
    "services.*.build",
    "services.*.blkio_config",
    "services.*.build.no_cache",
    "services.*.build.pull",
    "services.*.deploy",
    "services.*.deploy.replicas",
    "services.*.deploy.restart_policy.condition",
    "services.*.deploy.restart_policy.delay",
    "services.*.deploy.restart_policy.max_attempts",
    "services.*.deploy.restart_policy.window",
    "services.*.depends_on.*.required",
    "services.*.depends_on.*.restart",
    "services.*.healthcheck",
    "services.*.healthcheck.disable",
    "services.*.healthcheck.interval",
    "services.*.healthcheck.timeout",
    "services.*.healthcheck.retries",
    "services.*.healthcheck.start_period",
    "services.*.healthcheck.start_interval",
    "services.*.init",
    "services.*.logging",
    "services.*.networks.*.priority",
    "services.*.networks.*.gw_priority",
    "services.*.oom_kill_disable",
    "services.*.ports.*.published",
    "services.*.ports.*.target",
    "services.*.ports.*.protocol",
    "services.*.privileged",
    "services.*.pull_policy",
    "services.*.read_only",
    "services.*.restart",
    "services.*.scale",
    "services.*.stdin_open",
    "services.*.tty",
    "services.*.stop_grace_period",
    "services.*.use_api_socket",
    "services.*.volumes.*.read_only",
    "services.*.volumes.*.bind.create_host_path",
    "services.*.volumes.*.bind.recursive",
    "services.*.volumes.*.volume.nocopy",
    "services.*.volumes.*.tmpfs.size",
    "services.*.volumes.*.tmpfs.mode",
    "networks.*.enable_ipv6",
    "networks.*.external",
    "networks.*.internal",
    "networks.*.ipam",
    "networks.*.ipam.config.*.subnet",
    "networks.*.ipam.config.*.gateway",
    "networks.*.ipam.config.*.ip_range",
    "volumes.*.external",
    "secrets.*.external",
];

/// Attributes that a unit never says, whatever their level in the table: a finding says so.
pub const NEVER: [&str; 13] = [
    "services.*.build.secrets",
    "services.*.build.ssh",
    "services.*.build.extra_hosts",
    "services.*.build.ulimits",
    "services.*.build.additional_contexts",
    "services.*.gpus",
    "services.*.runtime",
    "services.*.storage_opt",
    "services.*.volumes.*.volume.labels",
    "networks.*.external.name",
    "volumes.*.external.name",
    "secrets.*.driver",
    "secrets.*.driver_opts",
];

/// Rows that are written by hand.
pub fn by_hand() -> Vec<Row> {
    let network = |value: Json| json!({"services": {"svcID": {"networks": {"netID": value}}}});
    let volume = |value: Json| service(&[("volumes", json!([value]))]);
    let build = |value: Json| json!({"services": {"svcID": {"image": null, "build": value}}});
    let limits = |value: Json| service(&[("deploy", json!({"resources": value}))]);
    let file =
        |what: &str, used: Json, object: Json| json!({"services": {"svcID": {what: [used]}}, what: {"objID": object}});
    let blkio = |name: &str, value: Json| own(&format!("blkio_config.{name}"), "@@", json!({name: value}));
    let mut rows = vec![
        Row { names: true, ..row("name", "", json!({"name": "@@"})) },
        own("image", "@@", json!("docker.io/library/@@")),
        own("image", "@@", json!("@@")),
        own("container_name", "--name @@", json!("@@")),
        own("container_name", "--name a@@", json!("a@@")),
        own("hostname", "--hostname @@", json!("@@")),
        own("hostname", "--hostname a@@", json!("a@@")),
        row(
            "services.*.domainname",
            "--hostname h.@@",
            service(&[("hostname", json!("h")), ("domainname", json!("@@"))]),
        ),
        own("environment", "--env K @@", json!({"K": "@@"})),
        own("environment", "--env K a@@", json!({"K": "a@@"})),
        own("environment", "--env K @@", json!(["K=@@"])),
        own("environment", "--env @@ v", json!({"@@": "v"})),
        own("environment", "", json!({"@@": null})),
        own("environment", "", json!(["@@"])),
        own("environment", "--env K @@", json!({"K": "${OUT}"})),
        own("command", "@@", json!(["a", "${OUT}"])),
        own("labels", "--label k @@", json!({"k": "${OUT}"})),
        own("env_file", "--env-file @@", json!("/@@")),
        own("env_file", "--env-file @@", json!([{"path": "/@@", "required": false}])),
        own("env_file", "--env-file @@", json!("./@@")),
        own("command", "@@", json!(["a", "@@", "b"])),
        own("command", "@@", json!(["@@"])),
        own("command", "@@", json!(["sh", "-c", "a@@b"])),
        own("entrypoint", "--entrypoint @@", json!(["@@", "b"])),
        own("entrypoint", "--entrypoint @@", json!(["@@"])),
        own("entrypoint", "--entrypoint a@@", json!(["a@@"])),
        own("healthcheck.test", "--health-cmd CMD-SHELL @@", json!({"test": "@@"})),
        own("healthcheck.test", "--health-cmd CMD-SHELL a@@", json!({"test": "a@@"})),
        own("healthcheck.test", "--health-cmd CMD-SHELL @@", json!({"test": ["CMD-SHELL", "@@"]})),
        own("healthcheck.test", "--health-cmd CMD @@ b", json!({"test": ["CMD", "@@", "b"]})),
        own("healthcheck.test", "--health-cmd CMD a @@", json!({"test": ["CMD", "a", "@@"]})),
        own("healthcheck.test", "--health-cmd CMD @@", json!({"test": ["CMD", "@@"]})),
        own("healthcheck.test", "--health-startup-cmd", json!({"test": "@@", "start_interval": "1s"})),
        Row {
            plain: "127.5.3.1",
            ..own("ports.*.host_ip", "127.5.3.1", json!([{"target": 80, "published": "8080", "host_ip": "@@"}]))
        },
        Row { plain: "7531", ..own("ports", "7531", json!(["127.5.3.1:@@:80"])) },
        row("services.*.volumes", "--volume /@@ /t ro", volume(json!("/@@:/t:ro"))),
        row("services.*.volumes", "--volume /@@ /t", volume(json!({"type": "bind", "source": "/@@", "target": "/t"}))),
        row(
            "services.*.volumes",
            "--volume /a@@ /t",
            volume(json!({"type": "bind", "source": "/a@@", "target": "/t", "bind": {"create_host_path": true}})),
        ),
        row("services.*.volumes", "@@ /t", volume(json!({"type": "bind", "source": "./@@", "target": "/t"}))),
        row("services.*.volumes", "/@@ /t", volume(json!({"type": "bind", "source": "~/@@", "target": "/t"}))),
        row("services.*.volumes", "--volume /s /@@ ro", volume(json!("/s:/@@:ro"))),
        row("services.*.volumes", "--volume /s /@@", volume(json!({"type": "bind", "source": "/s", "target": "/@@"}))),
        row(
            "services.*.volumes",
            "--volume /s /a@@ ro",
            volume(json!({"type": "bind", "source": "/s", "target": "/a@@", "read_only": true})),
        ),
        row("services.*.volumes", "/@@", volume(json!({"type": "volume", "source": "volID", "target": "/@@"}))),
        row("services.*.volumes", "--volume /s /t @@", volume(json!("/s:/t:@@"))),
        Row { names: true, ..row("services.*.volumes", "/@@", volume(json!("/@@"))) },
        row("services.*.volumes", "--tmpfs /@@", volume(json!({"type": "tmpfs", "target": "/@@"}))),
        row(
            "services.*.volumes.*.bind.propagation",
            "",
            volume(json!({"type": "bind", "source": "/s", "target": "/t", "bind": {"propagation": "@@"}})),
        ),
        Row {
            plain: "z",
            ..row(
                "services.*.volumes.*.bind.selinux",
                "--volume /s /t z",
                volume(json!({"type": "bind", "source": "/s", "target": "/t", "bind": {"selinux": "@@"}})),
            )
        },
        row(
            "services.*.volumes.*.volume.subpath",
            "subpath=@@",
            volume(json!({"type": "volume", "source": "volID", "target": "/t", "volume": {"subpath": "@@"}})),
        ),
        row(
            "services.*.volumes.*.volume.subpath",
            "destination=/@@",
            volume(json!({"type": "volume", "source": "volID", "target": "/@@", "volume": {"subpath": "p"}})),
        ),
        row(
            "services.*.volumes.*.image.subpath",
            "subpath=@@",
            volume(
                json!({"type": "image", "source": "docker.io/library/x", "target": "/t", "image": {"subpath": "@@"}}),
            ),
        ),
        row(
            "services.*.volumes.*.image.subpath",
            "source=@@",
            volume(json!({"type": "image", "source": "@@", "target": "/t", "image": {"subpath": "p"}})),
        ),
        own("devices", "--device /@@", json!(["/@@"])),
        own("devices", "--device /a@@:/t", json!([{"source": "/a@@", "target": "/t"}])),
        own("devices", "--device /a:/@@", json!([{"source": "/a", "target": "/@@"}])),
        own("security_opt", "--security-opt seccomp @@", json!(["seccomp=@@"])),
        own("security_opt", "--security-opt apparmor @@", json!(["apparmor=@@"])),
        own("security_opt", "type:@@", json!(["label=type:@@"])),
        own("security_opt", "level:@@", json!(["label:level:@@"])),
        own("security_opt", "filetype:@@", json!(["label=filetype:@@"])),
        own("security_opt", "label @@", json!(["label=@@"])),
        own("security_opt", "mask @@", json!(["mask=@@"])),
        own("security_opt", "unmask @@", json!(["unmask=@@"])),
        own("security_opt", "proc-opts @@", json!(["proc-opts=@@"])),
        Row { plain: "journald", ..own("logging.driver", "--log-driver journald", json!({"driver": "@@"})) },
        own("logging.options", "--log-opt tag @@", json!({"driver": "journald", "options": {"tag": "@@"}})),
        own("logging.options", "--log-opt path @@", json!({"driver": "k8s-file", "options": {"path": "@@"}})),
        own("network_mode", "--network @@", json!("@@")),
        own("network_mode", "--network pasta @@", json!("pasta:@@")),
        own("network_mode", "--network container @@", json!("container:@@")),
        own("post_start", "@@", json!([{"command": ["a", "@@"]}])),
        own("post_start", "@@", json!([{"command": ["@@"]}])),
        own("post_start", "--user @@", json!([{"command": ["a"], "user": "@@"}])),
        own("post_start", "--workdir @@", json!([{"command": ["a"], "working_dir": "@@"}])),
        own("post_start", "--env K @@", json!([{"command": ["a"], "environment": {"K": "@@"}}])),
        own("post_start", "--env @@ v", json!([{"command": ["a"], "environment": {"@@": "v"}}])),
        own("pre_stop", "@@", json!([{"command": ["a", "@@"]}])),
        own("pre_stop", "--env K @@", json!([{"command": ["a"], "environment": ["K=@@"]}])),
        row("services.*.networks", "", json!({"services": {"svcID": {"networks": ["@@"]}}, "networks": {"@@": {}}})),
        row("services.*.networks.*.aliases", "alias=@@", network(json!({"aliases": ["@@"]}))),
        row("services.*.networks.*.aliases", "alias=a@@", network(json!({"aliases": ["a@@"]}))),
        Row {
            plain: "192.0.2.75",
            ..row("services.*.networks.*.ipv4_address", "ip=192.0.2.75", network(json!({"ipv4_address": "@@"})))
        },
        Row {
            plain: "2001:db8::75",
            ..row("services.*.networks.*.ipv6_address", "ip6=2001:db8::75", network(json!({"ipv6_address": "@@"})))
        },
        row("services.*.networks.*.mac_address", "mac=@@", network(json!({"mac_address": "@@"}))),
        row("services.*.networks.*.interface_name", "interface_name=@@", network(json!({"interface_name": "@@"}))),
        row(
            "services.*.links",
            "alias=@@",
            json!({"services": {"svcID": {"networks": ["netID"], "links": ["othID:@@"]}, "othID": {"image": "docker.io/library/x:1", "networks": ["netID"]}}}),
        ),
        row(
            "services.*.depends_on",
            "",
            json!({"services": {"svcID": {"depends_on": ["@@"]}, "@@": {"image": "docker.io/library/x:1"}}}),
        ),
        row("services.*.profiles", "", service(&[("profiles", json!(["@@"]))])),
        row(
            "services.*.secrets",
            "target=@@",
            file("secrets", json!({"source": "objID", "target": "@@"}), json!({"external": true})),
        ),
        row(
            "services.*.secrets",
            "uid=@@",
            file("secrets", json!({"source": "objID", "uid": "@@"}), json!({"external": true})),
        ),
        row(
            "services.*.secrets",
            "gid=@@",
            file("secrets", json!({"source": "objID", "gid": "@@"}), json!({"external": true})),
        ),
        Row {
            plain: "0751",
            ..row(
                "services.*.secrets",
                "mode=0751",
                file("secrets", json!({"source": "objID", "mode": "@@"}), json!({"external": true})),
            )
        },
        row("secrets.*.name", "--secret @@", file("secrets", json!("objID"), json!({"external": true, "name": "@@"}))),
        row("secrets.*.environment", "", file("secrets", json!("objID"), json!({"environment": "@@"}))),
        row("secrets.*.file", "--volume /@@", file("secrets", json!("objID"), json!({"file": "/@@"}))),
        row("secrets.*.file", "@@", file("secrets", json!("objID"), json!({"file": "./@@"}))),
        row(
            "secrets.*.file",
            "--volume /s /run/secrets/@@",
            file("secrets", json!({"source": "objID", "target": "@@"}), json!({"file": "/s"})),
        ),
        row(
            "services.*.configs",
            "--volume /s /@@",
            file("configs", json!({"source": "objID", "target": "/@@"}), json!({"file": "/s"})),
        ),
        row(
            "services.*.configs",
            "/@@",
            file("configs", json!({"source": "objID", "target": "/@@"}), json!({"content": "x"})),
        ),
        row("configs.*.content", "@@", file("configs", json!("objID"), json!({"content": "@@"}))),
        row("configs.*.content", "a@@", file("configs", json!("objID"), json!({"content": "a@@"}))),
        row("configs.*.file", "--volume /@@", file("configs", json!("objID"), json!({"file": "/@@"}))),
        row("services.*.deploy.resources.limits.cpus", "--cpus 7.531", limits(json!({"limits": {"cpus": "@@"}}))),
        row("services.*.deploy.resources.limits.memory", "--memory 7531m", limits(json!({"limits": {"memory": "@@"}}))),
        row("services.*.deploy.resources.limits.pids", "--pids-limit 7531", limits(json!({"limits": {"pids": "@@"}}))),
        row(
            "services.*.deploy.resources.reservations.memory",
            "--memory-reservation 7531m",
            limits(json!({"reservations": {"memory": "@@"}})),
        ),
        row(
            "services.*.deploy.resources.reservations.devices",
            "--device @@",
            limits(
                json!({"reservations": {"devices": [{"driver": "cdi", "device_ids": ["@@"], "capabilities": ["x"]}]}}),
            ),
        ),
        Row { plain: "753", ..blkio("weight", json!("@@")) },
        blkio("weight_device", json!([{"path": "@@", "weight": 7}])),
        blkio("device_read_bps", json!([{"path": "/d", "rate": "@@"}])),
        blkio("device_read_iops", json!([{"path": "@@", "rate": 7}])),
        blkio("device_write_bps", json!([{"path": "@@", "rate": "7m"}])),
        blkio("device_write_iops", json!([{"path": "@@", "rate": 7}])),
        row("services.*.build.context", "", build(json!({"context": "/@@"}))),
        row("services.*.build.context", "", build(json!("./@@"))),
        row("services.*.build.dockerfile", "@@", build(json!({"context": "/c", "dockerfile": "@@"}))),
        row("services.*.build.args", "--build-arg k @@", build(json!({"context": "/c", "args": {"k": "@@"}}))),
        row("services.*.build.args", "--build-arg @@ v", build(json!({"context": "/c", "args": {"@@": "v"}}))),
        row("services.*.build.labels", "--label k @@", build(json!({"context": "/c", "labels": {"k": "@@"}}))),
        row("services.*.build.labels", "--label @@ v", build(json!({"context": "/c", "labels": {"@@": "v"}}))),
        row("services.*.build.target", "--target @@", build(json!({"context": "/c", "target": "@@"}))),
        row("services.*.build.tags", "--tag @@", build(json!({"context": "/c", "tags": ["@@"]}))),
        row("services.*.build.network", "--network @@", build(json!({"context": "/c", "network": "@@"}))),
        row("services.*.build.cache_from", "--cache-from @@", build(json!({"context": "/c", "cache_from": ["@@"]}))),
        row("services.*.build.cache_to", "--cache-to @@", build(json!({"context": "/c", "cache_to": ["@@"]}))),
        row("services.*.build.platforms", "--platform @@", build(json!({"context": "/c", "platforms": ["@@"]}))),
        row("services.*.build.shm_size", "--shm-size @@", build(json!({"context": "/c", "shm_size": "@@"}))),
        row("networks.*.name", "@@", json!({"networks": {"netID": {"name": "@@"}}})),
        row(
            "networks.*.name",
            "--network @@",
            json!({"services": {"svcID": {"networks": ["netID"]}}, "networks": {"netID": {"name": "@@", "external": true}}}),
        ),
        row("networks.*.driver", "--driver @@", json!({"networks": {"netID": {"driver": "@@"}}})),
        Row {
            plain: "7531",
            ..row(
                "networks.*.driver_opts",
                "--opt mtu 7531",
                json!({"networks": {"netID": {"driver_opts": {"mtu": "@@"}}}}),
            )
        },
        row(
            "networks.*.driver_opts",
            "--opt @@ v",
            json!({"networks": {"netID": {"driver": "macvlan", "driver_opts": {"@@": "v"}}}}),
        ),
        row("networks.*.labels", "--label k @@", json!({"networks": {"netID": {"labels": {"k": "@@"}}}})),
        row("networks.*.labels", "--label @@ v", json!({"networks": {"netID": {"labels": {"@@": "v"}}}})),
        row("networks.*.ipam.driver", "--ipam-driver @@", json!({"networks": {"netID": {"ipam": {"driver": "@@"}}}})),
        row("volumes.*.name", "@@", json!({"volumes": {"volID": {"name": "@@"}}})),
        row(
            "volumes.*.name",
            "--volume @@",
            json!({"services": {"svcID": {"volumes": ["volID:/t"]}}, "volumes": {"volID": {"name": "@@", "external": true}}}),
        ),
        row("volumes.*.driver", "--driver @@", json!({"volumes": {"volID": {"driver": "@@"}}})),
        row(
            "volumes.*.driver_opts.type",
            "@@",
            json!({"volumes": {"volID": {"driver_opts": {"type": "@@", "device": "/d"}}}}),
        ),
        row("volumes.*.driver_opts.device", "@@", json!({"volumes": {"volID": {"driver_opts": {"device": "@@"}}}})),
        row(
            "volumes.*.driver_opts.o",
            "@@",
            json!({"volumes": {"volID": {"driver_opts": {"type": "none", "device": "/d", "o": "@@"}}}}),
        ),
        row("volumes.*.driver_opts", "--opt k @@", json!({"volumes": {"volID": {"driver_opts": {"k": "@@"}}}})),
        row("volumes.*.driver_opts", "--opt @@ v", json!({"volumes": {"volID": {"driver_opts": {"@@": "v"}}}})),
        row("volumes.*.labels", "--label k @@", json!({"volumes": {"volID": {"labels": {"k": "@@"}}}})),
        row("volumes.*.labels", "--label @@ v", json!({"volumes": {"volID": {"labels": {"@@": "v"}}}})),
        row("x-quadgen.connects", "", service(&[("x-quadgen", json!({"connects": ["@@"]}))])),
        row("x-quadgen.deny", "", service(&[("x-quadgen", json!({"deny": ["@@"]}))])),
    ];
    for row in &mut rows {
        let file = row.file.to_string();
        row.apart = match row.path.as_str() {
            "services.*.volumes" if file.contains("/s:/t:@@") => ",:",
            "services.*.build.dockerfile" => "/",
            "services.*.build.network" => ":",
            "services.*.network_mode" if file.contains("\"@@\"") => ":",
            "services.*.environment" if file.contains("[\"@@\"]") => "=",
            _ => row.apart,
        };
        row.plain = match row.path.as_str() {
            "services.*.deploy.resources.limits.cpus" => "7.531",
            "services.*.deploy.resources.limits.memory" | "services.*.deploy.resources.reservations.memory" => "7531m",
            "services.*.deploy.resources.limits.pids" => "7531",
            "services.*.blkio_config.device_read_bps" => "7531m",
            "services.*.build.shm_size" => "7531m",
            _ => row.plain,
        };
        row.shows = row.shows.replace("@@", row.plain);
    }
    rows
}
