//! `render --prefix` and `--base`: names and paths move, and who resolves and reaches whom stays.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "tests")]

mod support;

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use quadgen::model::{Format, Stack};
use quadgen::network::{Wiring, judge};
use quadgen::platform::{Platform, parse_spec};
use quadgen::read::topology;
use quadgen::render::{Layout, lay_out};
use quadgen::source::SourceMap;
use support::{generate, missing, quadlet_generators};

const STACK: &str = r#"
name: shop
networks:
  front: {}
  back: { internal: true }
  theirs: { external: true, name: proxy }
services:
  web:
    build: ./web
    networks: { front: {}, back: { aliases: [shop-web] }, theirs: {} }
    depends_on: [db]
    env_file: web.env
    volumes: ["./conf:/etc/web:ro", "../shared/x:/x", "/srv/abs:/abs", "cache:/cache"]
    secrets: [key]
    connects: [db:5432]
  db:
    image: docker.io/library/postgres:17
    container_name: database
    networks: [back]
    volumes: [data:/var/lib/postgresql/data]
  side: { image: docker.io/library/busybox, network_mode: "service:web" }
  metrics: { image: docker.io/library/busybox, networks: [front] }
volumes:
  data: {}
  cache: { external: true }
secrets:
  key: { file: ./key.txt }
deny:
  - metrics -> db
  - front<->network:back
"#;

fn render(arguments: &[&str]) -> (tempfile::TempDir, Output) {
    render_stack(STACK, arguments)
}

fn render_stack(stack: &str, arguments: &[&str]) -> (tempfile::TempDir, Output) {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("topology.yaml"), stack).unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_quadgen"));
    let output = command.args(["render", "-qo", "out"]).args(arguments).current_dir(folder.path()).output().unwrap();
    (folder, output)
}

fn text(folder: &Path, name: &str) -> String {
    fs::read_to_string(folder.join("out").join(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

fn has(text: &str, lines: &[&str]) {
    for line in lines {
        assert!(text.lines().any(|found| found.trim() == *line), "{line} is not in:\n{text}");
    }
}

#[test]
fn names_get_the_prefix_and_stay_known_by_the_old_ones() {
    let (folder, output) = render(&["--on", "podman@5.4,rootless", "--prefix", "test-"]);
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    let web = text(folder.path(), "test-web.container");
    has(
        &web,
        &[
            "Wants=test-db.service",
            "ContainerName=test-web",
            "Image=test-web.build",
            "Network=test-front.network:alias=web",
            "Network=test-back.network:alias=shop-web,alias=web",
            // What exists outside keeps its name, and there the original is `web`.
            "Network=proxy",
            "Volume=cache:/cache",
            "Connects=test-db:5432",
        ],
    );
    has(
        &text(folder.path(), "test-db.container"),
        &["ContainerName=test-database", "Volume=test-data.volume:/var/lib/postgresql/data"],
    );
    has(&text(folder.path(), "test-side.container"), &["Network=test-web.container"]);
    has(&text(folder.path(), "test-back.network"), &["NetworkName=test-back", "Internal=true"]);
    has(&text(folder.path(), "test-metrics.container"), &["Deny=test-db.container"]);
    has(&text(folder.path(), "test-data.volume"), &["VolumeName=test-data"]);
    let (folder, output) = render(&["--on", "docker@28.5", "--prefix", "test-"]);
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    let compose = text(folder.path(), "compose.yaml");
    has(
        &compose,
        &["name: test-shop", "container_name: test-web", "- metrics -> db"]
            .map(|line| line.replace("metrics -> db", "test-metrics -> test-db"))
            .iter()
            .map(String::as_str)
            .collect::<Vec<_>>(),
    );
    has(&compose, &["- test-front<->network:test-back", "name: proxy"]);
}

const NAMES: &str = r#"
name: shop
networks:
  back: { quadlet: { Unit: { After: db-volume.service data-volume.service } } }
  theirs: { external: true }
services:
  db: { image: docker.io/library/postgres:17, volumes: ["data:/data"] , networks: [back] }
  named: { image: docker.io/library/busybox:1, container_name: other, networks: [back] }
  debug:
    image: docker.io/library/busybox:1
    networks: [back]
    pid: service:db
    ipc: container:other
    links: []
    volumes_from: []
    quadlet:
      Unit: { After: "db.service theirs-network.service x-db.service back-network.service" , Wants: db.service }
      Container: { PodmanArgs: "--cgroupns=container:other --label=/etc/db.service" }
  side: { image: docker.io/library/busybox:1, network_mode: "container:other" }
  alien: { image: docker.io/library/busybox:1, network_mode: "container:db2" }
  built: { build: { context: ., additional_contexts: { base: "service:db", res: ./res } } , networks: [back], external_links: [other, "far:x"] }
volumes: { data: {} }
"#;

#[test]
fn no_name_points_at_the_original() {
    let (folder, output) = render_stack(NAMES, &["--on", "podman@5.4,rootless", "--prefix", "test-"]);
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    let debug = text(folder.path(), "test-debug.container");
    has(
        &debug,
        &[
            "After=test-db.service theirs-network.service x-db.service test-back-network.service",
            "Wants=test-db.service",
            "PodmanArgs=--cgroupns=container:test-other --label=/etc/db.service",
        ],
    );
    has(&text(folder.path(), "test-back.network"), &["After=db-volume.service test-data-volume.service"]);
    has(&text(folder.path(), "test-side.container"), &["Network=test-named.container"]);
    has(&text(folder.path(), "test-alien.container"), &["Network=container:db2"]);
    let (folder, output) = render_stack(NAMES, &["--on", "docker@28.5", "--prefix", "test-"]);
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    let compose = text(folder.path(), "compose.yaml");
    has(
        &compose,
        &[
            "pid: service:test-db",
            "ipc: container:test-other",
            "network_mode: container:test-other",
            "network_mode: container:db2",
            "base: service:test-db",
            "- test-other:other",
            "- far:x",
        ],
    );
}

const PATHS: &str = r#"
name: shop
services:
  web:
    build: { additional_contexts: { res: ./res, up: ../up, base: "docker-image://x", other: "service:db" } }
    label_file: [./labels, /abs/labels]
    develop: { watch: [{ path: ./src, action: rebuild }] }
    volumes: ["real:/real", "far:/far"]
  db: { build: { context: ./db, additional_contexts: ["res=./res"] } , label_file: labels }
volumes:
  real: { driver_opts: { type: none, o: "bind,ro", device: ./real } }
  far: { driver_opts: { type: nfs, o: "addr=192.0.2.1", device: "./far" } }
"#;

#[test]
fn paths_of_every_kind_begin_at_the_base() {
    let (folder, output) = render_stack(PATHS, &["--on", "docker@28.5", "--base", "/srv/shop"]);
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    has(
        &text(folder.path(), "compose.yaml"),
        &[
            "context: /srv/shop",
            "context: /srv/shop/db",
            "res: /srv/shop/res",
            "- res=/srv/shop/res",
            "up: /srv/up",
            "base: docker-image://x",
            "other: service:db",
            "- /srv/shop/labels",
            "- /abs/labels",
            "label_file: /srv/shop/labels",
            "- path: /srv/shop/src",
            "device: /srv/shop/real",
            "device: ./far",
        ],
    );
    let (folder, output) = render_stack(PATHS, &["--on", "podman@5.4,rootless", "--base", "%h/shop"]);
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    has(&text(folder.path(), "real.volume"), &["Device=%h/shop/real"]);
    // Above the home nothing has a name.
    let (folder, output) = render_stack(PATHS, &["--on", "podman@5.4,rootless", "--base", "%h"]);
    let stderr = String::from_utf8_lossy(&output.stderr).replace("\n  │ ", " ");
    assert_eq!(output.status.code(), Some(2), "{stderr}");
    assert!(stderr.contains("`../up` leads above `%h`") && stderr.contains("topology.yaml:5:"), "{stderr}");
    assert!(!folder.path().join("out").exists());
}

#[test]
fn relative_paths_begin_at_the_base() {
    for (base, words, home) in [("/srv/shop", "podman@5.4,rootful", "/srv"), ("%h/shop/", "podman@5.4,rootless", "%h")]
    {
        let (folder, output) = render(&["--on", words, "--base", base]);
        assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
        let web = text(folder.path(), "web.container");
        let lines = [
            format!("Volume={home}/shop/conf:/etc/web:ro"),
            format!("Volume={home}/shared/x:/x"),
            "Volume=/srv/abs:/abs".to_owned(),
            format!("Volume={home}/shop/key.txt:/run/secrets/key:ro"),
            format!("EnvironmentFile={home}/shop/web.env"),
            format!("ExecStartPre=-/usr/bin/mkdir -p {home}/shop/conf"),
        ];
        has(&web, &lines.iter().map(String::as_str).collect::<Vec<_>>());
        has(&text(folder.path(), "web.build"), &[&format!("SetWorkingDirectory={home}/shop/web")]);
        let generators = quadlet_generators();
        if generators.is_empty() {
            missing("units with --base through the Quadlet generators");
        }
        for (version, generator) in generators {
            let made = generate(&generator, &folder.path().join("out"), words.ends_with("rootless"));
            assert!(made.status.success(), "{version}: {}", made.stderr);
            let command = made.services["web.service"].command().join(" ");
            assert!(command.contains(&format!("-v {home}/shop/conf:/etc/web:ro")), "{version}: {command}");
        }
    }
    let (folder, output) = render(&["--on", "docker@28.5", "--base", "/srv/shop"]);
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    let compose = text(folder.path(), "compose.yaml");
    has(
        &compose,
        &["source: /srv/shop/conf", "- path: /srv/shop/web.env", "build: /srv/shop/web", "file: /srv/shop/key.txt"],
    );
}

#[test]
fn bad_words_are_refused() {
    for (arguments, said) in [
        (["--on", "podman@5.4,rootful", "--base", "%h/x"], "write an absolute path"),
        (["--on", "docker", "--base", "%h/x"], "write an absolute path"),
        (["--on", "docker", "--base", "x"], "is not an absolute path"),
        (["--on", "docker", "--prefix", "a b"], "cannot stand before a name"),
    ] {
        let (folder, output) = render(&arguments);
        let stderr = String::from_utf8_lossy(&output.stderr).replace("\n  │ ", " ");
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {stderr}");
        assert!(stderr.contains(said), "{arguments:?}: {stderr}");
        assert!(!folder.path().join("out").exists());
    }
}

fn read(path: &str) -> Stack {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
    let mut sources = SourceMap::default();
    let file = sources.add("topology.yaml", fs::read_to_string(path).unwrap());
    topology::read(sources.file(file)).stack.unwrap()
}

/// Whatever resolved, reached and was proven does so under the new names.
#[test]
fn a_prefix_changes_no_verdict() {
    let layout = Layout::new("test-", None).unwrap();
    for file in ["examples/visp/topology.yaml", "examples/open-webui/topology.yaml", "tests/lab/networks.topology.yaml"]
    {
        let stack = read(file);
        for words in ["podman@4.6.2,cni,rootless", "podman@5.4,netavark@1.14,rootful", "docker@28.5"] {
            let platform = Platform::resolve(words, parse_spec(words).unwrap(), Format::Topology);
            let moved = lay_out(&stack, &platform, &layout).unwrap();
            let (old, new) = (Wiring::new(&stack, &platform), Wiring::new(&moved, &platform));
            for from in stack.services.values() {
                let from_new = &moved.services[&format!("test-{}", from.name.value)];
                assert_eq!(old.internet(from).verdict, new.internet(from_new).verdict);
                // Its own name stands in a container's hosts file, and an alias does not.
                for to in stack.services.values().filter(|to| to.name != from.name) {
                    let to_new = &moved.services[&format!("test-{}", to.name.value)];
                    assert_eq!(old.reaches(from, to, None).verdict, new.reaches(from_new, to_new, None).verdict);
                    for name in old.names(to) {
                        let (was, is) =
                            (old.resolves(from, to, &name.text), new.resolves(from_new, to_new, &name.text));
                        assert_eq!(was.verdict, is.verdict, "{file} {words}: {} → {}", from.name.value, name.text);
                    }
                }
            }
            let states = |wiring: &Wiring<'_>| judge(wiring).iter().map(|judged| judged.state).collect::<Vec<_>>();
            assert_eq!(states(&old), states(&new), "{file} {words}");
        }
    }
}
