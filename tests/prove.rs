//! What is rendered says what its source says: `prove` finds nothing in what was rendered of real stacks, and names each
//! line that was spoilt.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

mod support;
#[path = "support/tree.rs"]
mod tree;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use quadgen::diagnostic::{Diagnostic, Level};
use quadgen::model::{Format, Stack};
use quadgen::platform::{Platform, parse_spec};
use quadgen::prove::prove;
use quadgen::read::{Read, compose, quadlet, topology};
use quadgen::render::{Layout, Options, Rendered, Target, lay_out, render};
use quadgen::rules::{self, Context};
use quadgen::source::{Files, SourceMap};
use support::disk::Disk;
use support::{missing, say};
use tree::Memory;

/// Platforms and what is rendered for them.
const PLATFORMS: [(&str, Target); 6] = [
    ("podman@5.4.2,rootless", Target::Quadlet),
    ("podman@5.8.6,netavark@1.17,rootful,systemd@257", Target::Quadlet),
    ("podman@4.9.4,rootless", Target::Quadlet),
    ("podman@4.4,rootless", Target::Quadlet),
    ("docker@28.5", Target::Compose),
    ("podman@5.4.2,rootless", Target::Compose),
];

fn platform(words: &str, target: Target, format: Format) -> Platform {
    let platform = Platform::resolve("here", parse_spec(words).unwrap(), format);
    Platform { deploy: target.deploy().unwrap_or(platform.deploy), ..platform }
}

/// A stack that can be rendered: whole, and without errors.
fn whole(read: Read) -> Option<Stack> {
    let faults = read.diagnostics.iter().any(|found| found.severity == Level::Error);
    let stack = read.stack.filter(|stack| stack.complete && !faults && !stack.services.is_empty())?;
    Some(stack)
}

/// What is wrong with what was rendered of a stack; nothing where it cannot be rendered.
fn proof(stack: &Stack, words: &str, target: Target) -> Option<Vec<Diagnostic>> {
    let platform = platform(words, target, stack.format);
    let wirings = [quadgen::network::Wiring::new(stack, &platform)];
    let mut found = quadgen::diagnostic::Sink::default();
    rules::check(&Context::new(stack, &wirings), &mut found);
    let nowhere = |found: &Diagnostic| found.rule.code == rules::UNDEFINED_REFERENCE.code;
    if found.finish(&SourceMap::default()).iter().any(nowhere) {
        return None;
    }
    let stack = lay_out(stack, &platform, &Layout::default()).ok()?;
    let rendered = render(&stack, &platform, target, &Options::default(), "x").ok()?;
    Some(prove(&stack, &platform, target, &rendered))
}

/// Every Compose file of the corpus.
fn real() -> Option<Vec<(String, Stack)>> {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/corpus");
    let corpus = fs::canonicalize(corpus).ok()?;
    let mut stacks = Vec::new();
    let mut repositories: Vec<PathBuf> = fs::read_dir(&corpus).unwrap().map(|entry| entry.unwrap().path()).collect();
    repositories.sort();
    for repository in repositories.iter().filter(|path| path.is_dir()) {
        let is_compose = |path: &PathBuf| {
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            name.contains("compose") && (name.ends_with(".yaml") || name.ends_with(".yml"))
        };
        for file in Disk.walk(repository).into_iter().filter(is_compose) {
            let mut sources = SourceMap::default();
            let name = file.strip_prefix(&corpus).unwrap().display().to_string();
            let request = compose::Request { files: vec![file], samples: true, ..Default::default() };
            stacks.extend(whole(compose::read(&mut sources, &Disk, &request)).map(|stack| (name, stack)));
        }
    }
    Some(stacks)
}

#[test]
fn real_stacks_are_proven() {
    let mut failed = Vec::new();
    for (words, target) in PLATFORMS {
        let Some(stacks) = real() else {
            return missing("the proof of what is rendered of real stacks (no corpus beside the repository)");
        };
        let mut counts: BTreeMap<String, (usize, usize)> = BTreeMap::new();
        for (name, stack) in &stacks {
            let Some(found) = proof(stack, words, target) else { continue };
            let count = counts.entry(format!("{:?}", stack.format)).or_default();
            count.0 += 1;
            count.1 += usize::from(found.is_empty());
            failed.extend(found.iter().map(|found| format!("{words} {target:?} {name}: {}", found.message)));
        }
        for (format, (rendered, proven)) in counts {
            say(&format!("proof: {proven} of {rendered} stacks in {format} as {target:?} on {words}"));
        }
    }
    assert!(failed.is_empty(), "{}\n{}", failed.len(), failed.join("\n"));
}

/// The projects that the lab starts (`tests/lab/deployed.rs`), where there is none.
#[test]
fn projects_of_the_lab_are_proven() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/deployed");
    let mut count = 0;
    for entry in fs::read_dir(folder).unwrap() {
        let folder = entry.unwrap().path();
        // `--pod` is not of the file.
        if folder.ends_with("pod") {
            continue;
        }
        let mut sources = SourceMap::default();
        let request = compose::Request { files: vec![folder.join("compose.yaml")], ..Default::default() };
        let stack = compose::read(&mut sources, &Disk, &request).stack.unwrap();
        let found = proof(&stack, "podman@5.4.2,netavark@1.14,rootful,systemd@257", Target::Quadlet).unwrap();
        assert!(found.is_empty(), "{}: {found:?}", folder.display());
        count += 1;
    }
    assert!(count > 0);
}

/// Stacks that something was once found wrong with.
const SMALL: [&str; 5] = [
    "services: {a: {provider: {type: model}}, b: {image: x, depends_on: [a]}}",
    "services: {a: {image: x, logging: {options: {max-size: 50m}}}}",
    // One image, built once.
    "services: {a: {image: y, build: ./a}, b: {image: y}, c: {image: y, build: ./c}}",
    // What pulls in several units beside those that are waited for.
    "services: {app: {image: x}, w: {image: x, depends_on: [app], scale: 3}}",
    "services: {a: {image: x, scale: 2}, z: {image: x}, w: {image: x, depends_on: [a, z]}}",
];

#[test]
fn small_stacks_are_proven() {
    for text in SMALL {
        let folder = support::folder(&[("compose.yaml", text)]);
        let mut sources = SourceMap::default();
        let request = compose::Request { files: vec![folder.path().join("compose.yaml")], ..Default::default() };
        let stack = whole(compose::read(&mut sources, &Disk, &request)).unwrap();
        for (words, target) in PLATFORMS {
            let found = proof(&stack, words, target).unwrap();
            assert!(found.is_empty(), "{text} on {words}: {found:#?}");
        }
    }
}

/// Everything that units and Compose can both say.
const SHOP: &str = r#"
name: shop
networks:
  back:
    ipam: { config: [{ subnet: 10.89.5.0/24, gateway: 10.89.5.1 }] }
    labels: { team: web }
  front: { driver_opts: { mtu: "1400" } }
  inside: { internal: true }
  outside: { external: true }
volumes:
  data: { labels: { a: b } }
services:
  db:
    image: docker.io/library/postgres:16
    networks: { back: { aliases: [postgres], ipv4_address: 10.89.5.3 }, inside: {} }
    environment: { POSTGRES_PASSWORD: "a b$c%d\"e", EMPTY: "" }
    volumes: ["data:/var/lib/postgresql/data:Z", "/srv/shop:/srv:ro", "/cache", "./conf:/etc/conf"]
    healthcheck: { test: [CMD, pg_isready, -U, shop], interval: 10s, timeout: 5s, retries: 5, start_period: 30s }
    restart: always
    stop_grace_period: 1m
    ulimits: { nproc: 5 }
  migrate:
    image: localhost/migrate:1
    command: [sh, -c, "sleep 1"]
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
      migrate: { condition: service_completed_successfully }
      cache: { condition: service_started, restart: true }
    cap_add: [NET_ADMIN]
    dns: [1.1.1.1]
    extra_hosts: ["a:1.2.3.4"]
    labels: { rule: "Host(`x`)" }
    user: "1000:1000"
    working_dir: /app
    read_only: true
    init: true
    privileged: true
    mem_limit: 512m
    sysctls: { net.core.somaxconn: "1024" }
    logging: { driver: journald, options: { tag: web } }
    restart: on-failure:3
    secrets: [token]
    connects: ["cache:6379"]
  cache:
    image: docker.io/library/redis:7
    networks: [front]
    internet: deny
    host: deny
    stop_signal: SIGINT
  sidecar:
    build: { context: ./sidecar, args: { A: b c }, target: prod }
    network_mode: service:web
    healthcheck: { disable: true }
secrets:
  token: { external: true }
deny:
  - front -> back
"#;

/// Lines of units that say nothing of the source: quadgen writes them by itself, and whoever takes one away changes how
/// the service is looked after, not what it is.
const BESIDE: [&str; 8] = [
    "Description=",
    "TimeoutStartSec=",
    "TimeoutStopSec=",
    "RestartSec=",
    "RestartMode=",
    // Without it an image that is only here is looked for, and then found here.
    "Pull=never",
    "RemainAfterExit=",
    // A volume that had no name keeps its data under whatever name it has.
    "VolumeName=db-cache",
];

struct Rendering {
    stack: Stack,
    platform: Platform,
    target: Target,
    rendered: Rendered,
}

fn shop(words: &str, target: Target) -> Rendering {
    let mut sources = SourceMap::default();
    let file = sources.add("topology.yaml", SHOP);
    let read = topology::read(sources.file(file));
    assert!(read.diagnostics.is_empty(), "{:#?}", read.diagnostics);
    proven(read.stack.unwrap(), words, target)
}

/// The same read from units.
fn shop_of_units(words: &str, target: Target) -> Rendering {
    let units = shop("podman@5.8.6,netavark@1.17,rootless,systemd@257", Target::Quadlet).rendered.files;
    let memory = Memory::new(units.into_iter().map(|file| (file.name, file.text)));
    let mut sources = SourceMap::default();
    let parsed = quadlet::parse(&mut sources, &memory, memory.tree());
    proven(quadlet::lower(&parsed, &sources, Platform::newest_podman()).stack.unwrap(), words, target)
}

fn proven(stack: Stack, words: &str, target: Target) -> Rendering {
    let platform = platform(words, target, stack.format);
    let rendered = render(&stack, &platform, target, &Options::default(), "topology.yaml").unwrap();
    let found = prove(&stack, &platform, target, &rendered);
    assert!(found.is_empty(), "{:#?}", found.iter().map(|found| &found.message).collect::<Vec<_>>());
    Rendering { stack, platform, target, rendered }
}

impl Rendering {
    /// What the proof says where a file has another text.
    fn spoilt(&mut self, file: usize, text: String) -> Vec<String> {
        let whole = std::mem::replace(&mut self.rendered.files[file].text, text);
        let found = prove(&self.stack, &self.platform, self.target, &self.rendered);
        self.rendered.files[file].text = whole;
        found.into_iter().map(|found| found.message).collect()
    }
}

#[test]
fn no_line_of_a_unit_can_go_or_change() {
    let words = "podman@5.8.6,netavark@1.17,rootless,systemd@257";
    for mut shop in [shop(words, Target::Quadlet), shop_of_units(words, Target::Quadlet)] {
        no_line_can_go_or_change(&mut shop);
    }
}

fn no_line_can_go_or_change(shop: &mut Rendering) {
    let mut missed = Vec::new();
    for file in 0..shop.rendered.files.len() {
        let text = shop.rendered.files[file].text.clone();
        let name = shop.rendered.files[file].name.clone();
        for (at, line) in text.lines().enumerate() {
            if !line.contains('=') || line.starts_with('#') || BESIDE.iter().any(|key| line.starts_with(key)) {
                continue;
            }
            let with = |other: Option<String>| {
                let lines = text.lines().enumerate();
                let lines: Vec<String> = lines
                    .filter_map(|(here, line)| if here == at { other.clone() } else { Some(line.to_owned()) })
                    .collect();
                lines.join("\n") + "\n"
            };
            for (how, other) in [("dropped", None), ("changed", Some(format!("{line}x")))] {
                if shop.spoilt(file, with(other)).is_empty() {
                    missed.push(format!("{name}: {line} ({how})"));
                }
            }
        }
    }
    let from = shop.stack.format;
    assert!(missed.is_empty(), "of {from:?}: {}\n{}", missed.len(), missed.join("\n"));
}

#[test]
fn no_line_of_a_compose_file_can_go() {
    for mut shop in [shop("docker@28.5", Target::Compose), shop_of_units("docker@28.5", Target::Compose)] {
        no_line_of_one_can_go(&mut shop);
    }
}

fn no_line_of_one_can_go(shop: &mut Rendering) {
    let text = shop.rendered.files[0].text.clone();
    let mut missed = Vec::new();
    for (at, line) in text.lines().enumerate() {
        // The marker, and two lines that say what holds without them. A secret from outside is reported as lost.
        let is_told = shop.stack.format == Format::Quadlet && line == "secrets:";
        if line.starts_with('#') || is_told || ["required: true", "name: outside"].contains(&line.trim()) {
            continue;
        }
        let lines: Vec<&str> = text.lines().enumerate().filter(|(here, _)| *here != at).map(|(_, line)| line).collect();
        if shop.spoilt(0, lines.join("\n") + "\n").is_empty() {
            missed.push(format!("{}: {line}", at + 1));
        }
    }
    assert!(missed.is_empty(), "{}\n{}\n{text}", missed.len(), missed.join("\n"));
}

#[test]
fn files_may_carry_the_name_of_the_project() {
    let mut shop = shop("podman@5.8.6,netavark@1.17,rootless,systemd@257", Target::Quadlet);
    let names: Vec<String> = shop.rendered.files.iter().map(|file| file.name.clone()).collect();
    let services =
        names.iter().filter_map(|name| name.strip_suffix(".container")).map(|name| format!("{name}.service"));
    let words: Vec<String> = services.chain(names.iter().cloned()).collect();
    let is_name = |c: char| c.is_ascii_alphanumeric() || "-._@".contains(c);
    for file in &mut shop.rendered.files {
        file.name = format!("shop-{}", file.name);
        let mut text = String::new();
        let mut rest = file.text.as_str();
        while !rest.is_empty() {
            let (between, behind) = rest.split_at(rest.find(is_name).unwrap_or(rest.len()));
            let (word, behind) = behind.split_at(behind.find(|c| !is_name(c)).unwrap_or(behind.len()));
            let prefix = if words.iter().any(|known| known == word) { "shop-" } else { "" };
            text.extend([between, prefix, word]);
            rest = behind;
        }
        file.text = text;
    }
    let found = prove(&shop.stack, &shop.platform, shop.target, &shop.rendered);
    assert!(found.is_empty(), "{:#?}", found.iter().map(|found| &found.message).collect::<Vec<_>>());
    let web = shop.rendered.files.iter().position(|file| file.name == "shop-web.container").unwrap();
    let text = shop.rendered.files[web].text.replace("shop-front.network", "shop-back.network");
    let said = shop.spoilt(web, text);
    assert!(said.iter().any(|message| message.contains("`web`") && message.contains("network `front`")), "{said:#?}");
}

/// A file, what is taken out of it or put in its place, and what the proof must say.
const SPOILT: [(&str, &str, &str, &[&str]); 16] = [
    ("db.container", "Network=inside.network\n", "", &["`db`", "network `inside`"]),
    ("db.container", "alias=postgres,", "", &["`db`", "name on the network `back: postgres`"]),
    ("db.container", "Notify=healthy\n", "", &["`migrate`", "dependency `db`", "service_healthy"]),
    ("db.container", "EMPTY=", "EMPTY=1", &["`db`", "variable `EMPTY`"]),
    ("db.container", "/srv/shop:/srv:ro", "/srv/shop:/srv", &["`db`", "read-only mount `/srv`"]),
    ("db.container", "data.volume:/var/lib/postgresql/data:Z", "data.volume:/x:Z", &["`db`", "mount `/x`"]),
    ("db.container", "Restart=always", "Restart=no", &["`db`", "restart", "always"]),
    ("db.container", "HealthRetries=5", "HealthRetries=50", &["`db`", "retries", "50"]),
    ("web.container", "PublishPort=8080:80\n", "", &["`web`", "published port `8080:80`"]),
    (
        "web.container",
        "PublishPort=127.0.0.1:53:53/udp",
        "PublishPort=53:53/udp",
        &["`web`", "published port `53:53/udp`"],
    ),
    ("web.container", "After=migrate.service\n", "", &["`web`", "without waiting for `migrate`"]),
    (
        "web.container",
        "Image=docker.io/library/nginx:1.27",
        "Image=docker.io/library/nginx:1.26",
        &["`web`", "image", "1.26"],
    ),
    ("cache.container", "WantedBy=default.target\n", "", &["`cache`", "start with the machine"]),
    ("back.network", "Options=isolate=true\n", "", &["network `back`", "isolation", "true", "none"]),
    ("inside.network", "Internal=true\n", "", &["network `inside`", "internal"]),
    ("data.volume", "VolumeName=data", "VolumeName=other", &["volume `data`", "object", "other"]),
];

#[test]
fn what_is_spoilt_is_named_with_its_object() {
    let mut shop = shop("podman@5.8.6,netavark@1.17,rootless,systemd@257", Target::Quadlet);
    for (name, old, new, words) in SPOILT {
        let file = shop.rendered.files.iter().position(|file| file.name == name).unwrap();
        let text = shop.rendered.files[file].text.clone();
        // An order may stand in a line with others.
        let changed = text.replace(old, new);
        assert_ne!(text, changed, "{name} has no {old:?}:\n{text}");
        let said = shop.spoilt(file, changed);
        let named = said.iter().any(|message| words.iter().all(|word| message.contains(word)));
        assert!(named, "{name} without {old:?} is not told by {words:?}: {said:#?}");
    }
}
