//! Topology → units → model: what is rendered reads back as it was.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

#[path = "support/disk.rs"]
mod disk;
#[path = "support/fields.rs"]
mod fields;
#[path = "support/tree.rs"]
mod tree;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use disk::Disk;
use fields::{fields, network_fields, volume_fields};
use quadgen::model::Stack;
use quadgen::platform::{Platform, parse_spec};
use quadgen::read::{quadlet, topology};
use quadgen::render::{Options, Target, render};
use quadgen::source::{Files, SourceMap};
use tree::Memory;

/// A topology, the same rendered to units on a platform and read back, and whether the units say all of it.
fn there_and_back(text: &str, words: &str) -> Option<(Stack, Stack, bool)> {
    let mut sources = SourceMap::default();
    let file = sources.add("topology.yaml", text);
    let stack = topology::read(sources.file(file)).stack?;
    let platform = Platform::resolve("server", parse_spec(words).unwrap(), stack.format);
    let rendered = render(&stack, &platform, Target::Quadlet, &Options::default(), "topology.yaml").ok()?;
    let memory = Memory::new(rendered.files.iter().map(|file| (file.name.clone(), file.text.clone())));
    let parsed = quadlet::parse(&mut sources, &memory, memory.tree());
    let read = quadlet::lower(&parsed, &sources, platform.version);
    let said: Vec<&str> = read.diagnostics.iter().map(|found| found.message.as_str()).collect();
    assert!(said.is_empty(), "{said:?}");
    Some((stack, read.stack?, rendered.findings.is_empty()))
}

const WHOLE: &str = r#"
name: shop
networks:
  back: { internal: true }
  front:
    driver_opts: { mtu: "1400" }
    ipam: { config: [{ subnet: 10.89.5.0/24, gateway: 10.89.5.1 }] }
    labels: { team: web }
  outside: { external: true }
volumes:
  data: { labels: { a: b c } }
  gone: { external: true }
services:
  db:
    image: docker.io/library/postgres:16
    networks: { back: { aliases: [postgres, pg], ipv4_address: 10.1.2.3 } }
    environment: { POSTGRES_PASSWORD: "a b$c%d\"e", EMPTY: "" }
    volumes: ["data:/var/lib/postgresql/data:Z", "/srv/shop:/srv", "~/x:/home/x:ro", "./conf:/etc/conf"]
    healthcheck: { test: [CMD, pg_isready, -U, shop], interval: 10s, timeout: 5s, retries: 5, start_period: 30s }
    restart: always
    stop_grace_period: 1m
    ulimits: { nofile: { soft: 10, hard: 20 }, nproc: 5 }
    tmpfs: [/run]
  migrate:
    image: localhost/migrate:1
    command: [sh, -c, "echo \"hi\" && sleep 1\nexit 0"]
    depends_on: { db: { condition: service_healthy } }
    networks: [back]
  web:
    image: docker.io/library/nginx:1.27
    entrypoint: [/entry, "a b"]
    hostname: web.local
    networks: [front, outside]
    ports: ["8080:80", "127.0.0.1:53:53/udp"]
    env_file: [./web.env]
    depends_on:
      db: { condition: service_healthy, restart: true }
      migrate: { condition: service_completed_successfully }
      cache: {}
    cap_add: [NET_ADMIN]
    cap_drop: [ALL]
    dns: [1.1.1.1, 8.8.8.8]
    extra_hosts: ["a:1.2.3.4"]
    labels: { traefik.rule: "Host(`x`) && Path(`/a b`)" }
    user: "1000:1000"
    working_dir: /app
    read_only: true
    init: true
    privileged: true
    mem_limit: 512m
    cpus: "1.5"
    sysctls: { net.core.somaxconn: "1024" }
    logging: { driver: journald, options: { tag: web } }
    volumes: ["/var/run/docker.sock:/var/run/docker.sock", "gone:/gone"]
    healthcheck: { test: "curl -f http://localhost || exit 1" }
    restart: on-failure:3
    secrets: [token]
    connects: ["db:5432", host.ollama]
    deny: [back]
    quadlet: { Container: { AutoUpdate: registry }, Service: { Nice: "5" } }
  cache:
    image: docker.io/library/redis:7
    networks: [back]
    internet: deny
    host: deny
    healthcheck: { test: [CMD, redis-check] }
  sidecar:
    build: { context: ./sidecar, args: { A: b c }, target: prod }
    network_mode: service:web
    healthcheck: { disable: true }
  tools:
    build: ./tools
    network_mode: host
    profiles: [x]
host_services:
  ollama: { port: 11434 }
secrets:
  token: { external: true }
"#;

fn denials(stack: &Stack) -> BTreeSet<String> {
    stack.deny.iter().flat_map(|deny| deny.to.iter().map(move |to| format!("{:?} {to:?}", deny.from))).collect()
}

#[test]
fn a_rendered_topology_reads_back_as_it_was() {
    for words in
        ["podman@5.2,rootless", "podman@5.4,rootless", "podman@5.8.6,rootless,systemd@255", "podman@6.0,rootless"]
    {
        let (stack, read, _) = there_and_back(WHOLE, words).unwrap();
        assert_eq!(stack.name, read.name);
        assert_eq!(stack.services.len(), read.services.len());
        for (key, service) in &stack.services {
            assert_eq!(fields(service), fields(&read.services[key]), "{words}: {key}");
        }
        let networks = |stack: &Stack| {
            stack.networks.iter().map(|(k, n)| (k.clone(), network_fields(n))).collect::<BTreeMap<_, _>>()
        };
        assert_eq!(networks(&stack), networks(&read), "{words}");
        let volumes = |stack: &Stack| {
            stack.volumes.iter().map(|(k, v)| (k.clone(), volume_fields(v))).collect::<BTreeMap<_, _>>()
        };
        assert_eq!(volumes(&stack), volumes(&read), "{words}");
        assert_eq!(denials(&stack), denials(&read), "{words}");
    }
}

#[test]
fn an_old_release_says_what_it_can() {
    let (stack, read, _) = there_and_back(WHOLE, "podman@4.8,rootless,netavark").unwrap();
    for (key, service) in &stack.services {
        let (mut ours, mut theirs) = (fields(service), fields(&read.services[key]));
        for fields in [&mut ours, &mut theirs] {
            // There are no build units yet, and nothing waits for health.
            fields.remove("attribute build");
            fields.entry("depends_on".to_owned()).and_modify(|text| *text = text.replace("Healthy", "Started"));
            fields.retain(|field, _| field != "image" || service.image.is_some());
        }
        assert_eq!(ours, theirs, "{key}");
    }
}

/// Every topology of the rules' pages and of the tests for `lint`.
fn topologies() -> Vec<(String, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut found = Vec::new();
    for rule in quadgen::rules::RULES.iter().map(|(rule, _)| rule) {
        // What is nowhere is in no unit.
        if rule.code == "QG006" {
            continue;
        }
        let fences = rule.page.split("```yaml").skip(1).filter_map(|rest| rest.split_once('\n')?.1.split("```").next());
        found.extend(fences.map(|text| (rule.code.to_owned(), text.to_owned())));
    }
    for folder in ["examples", "tests/lint"] {
        for path in Disk.walk(&root.join(folder)) {
            // Of what is nowhere nothing comes back.
            let whole = !path.ends_with("tests/lint/formats/topology.yaml");
            if whole && topology::is_topology_name(&path.file_name().unwrap().to_string_lossy()) {
                found.push((path.display().to_string(), std::fs::read_to_string(&path).unwrap()));
            }
        }
    }
    found
}

#[test]
fn every_example_reads_back_as_it_was() {
    let mut count = 0;
    for (name, text) in topologies() {
        for words in ["podman@5.4,rootless", "podman@5.8.6,rootful,systemd@255"] {
            let made = there_and_back(&text, words).filter(|(stack, _, whole)| stack.complete && *whole);
            let Some((stack, read, _)) = made else { continue };
            count += 1;
            for (key, service) in &stack.services {
                let (mut ours, mut theirs) = (fields(service), fields(&read.services[key]));
                // A host service's address is filled in, and Quadlet knows no difference between two ways to restart.
                if text.contains("{{ host.") {
                    for fields in [&mut ours, &mut theirs] {
                        fields.remove("environment");
                    }
                }
                ours.entry("restart".to_owned()).and_modify(|text| *text = text.replace("UnlessStopped", "Always"));
                assert_eq!(ours, theirs, "{name} on {words}: {key}");
            }
            for (key, network) in &stack.networks {
                // Written where networks have to be kept apart.
                let theirs = network_fields(&read.networks[key]);
                let theirs = if network.options.is_empty() { theirs.replace("\"isolate=true\"", "") } else { theirs };
                assert_eq!(network_fields(network), theirs, "{name} on {words}: {key}");
            }
            for (key, volume) in &stack.volumes {
                assert_eq!(volume_fields(volume), volume_fields(&read.volumes[key]), "{name} on {words}: {key}");
            }
            assert_eq!(denials(&stack), denials(&read), "{name} on {words}");
        }
    }
    assert!(count > 100, "{count}");
}
