//! What is left to do after `quadgen render -o DIR`: the steps that a change needs, in their order.

#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

use std::fs;
use std::path::Path;
use std::process::Command;

fn quadgen(arguments: &[&str], folder: &Path) -> (i32, String, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_quadgen")).args(arguments).current_dir(folder).output().unwrap();
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    (output.status.code().unwrap(), text(&output.stdout), text(&output.stderr))
}

const STACK: &str = "\
name: shop
platforms: {p: 'podman@5.4,rootless,systemd@257'}
networks: {front: {}, back: {internal: true}}
services:
  web:
    image: docker.io/library/nginx:1.27
    networks: [front]
  db: {image: 'docker.io/library/postgres:17', networks: [back], volumes: ['data:/var/lib/postgresql/data']}
  job: {image: 'docker.io/library/busybox:1', networks: [back], depends_on: [db]}
volumes: {data: {}}
";

/// The line of one service.
const JOB: &str = "  job: {image: 'docker.io/library/busybox:1', networks: [back], depends_on: [db]}\n";

fn edit(path: &Path, from: &str, to: &str) {
    let text = fs::read_to_string(path).unwrap();
    assert!(text.contains(from), "{text}");
    fs::write(path, text.replace(from, to)).unwrap();
}

/// The steps of a render, without their numbers.
fn steps(arguments: &[&str], here: &Path) -> Vec<String> {
    let (code, _, said) = quadgen(&[&["render"][..], arguments].concat(), here);
    assert_eq!(code, 0, "{said}");
    let lines =
        said.lines().filter_map(|line| line.trim_start().split_once(". ").filter(|(at, _)| at.parse::<u32>().is_ok()));
    lines.map(|(_, step)| step.split("    #").next().unwrap().to_owned()).collect()
}

const LINGER: &str = "loginctl enable-linger";

#[test]
fn the_steps_are_those_that_the_change_needs() {
    let here = tempfile::tempdir().unwrap();
    let topology = here.path().join("topology.yaml");
    fs::write(&topology, STACK).unwrap();
    quadgen(&["render", "-o", "out"], here.path());
    let arguments = ["-o", "out", "--prune"];
    let (copy, reload) = ("copy the files to ~/.config/containers/systemd/", "systemctl --user daemon-reload");
    fs::write(&topology, STACK.replace("1.27", "1.28")).unwrap();
    assert_eq!(steps(&arguments, here.path()), [copy, reload, "systemctl --user restart web", LINGER]);
    assert_eq!(steps(&arguments, here.path()), [""; 0]);
    // A network: what uses it, and what stops with that.
    edit(&topology, "back: {internal: true}", "back: {internal: true, name: other}");
    assert_eq!(
        steps(&arguments, here.path()),
        [
            "systemctl --user stop db job back-network",
            "podman network rm back",
            copy,
            reload,
            "systemctl --user start db job",
            LINGER
        ]
    );
    // A service less and one more.
    edit(&topology, JOB, "  new: {image: x, networks: [back]}\n");
    assert_eq!(
        steps(&arguments, here.path()),
        [
            "systemctl --user stop job",
            copy,
            "remove from there: job.container",
            reload,
            "systemctl --user start new",
            LINGER
        ]
    );
    // From units to Compose and back.
    let composed = steps(&["-o", "out", "--prune", "--target", "compose"], here.path());
    assert_eq!(composed.first().unwrap(), "systemctl --user stop web db new back-network front-network");
    assert_eq!(composed.last().unwrap(), "podman compose up -d");
    assert_eq!(steps(&arguments, here.path())[0], "podman compose -p shop down");
}

#[test]
fn the_steps_know_where_quadlet_looks_and_what_things_are_called() {
    let here = tempfile::tempdir().unwrap();
    let topology = here.path().join("topology.yaml");
    fs::write(&topology, STACK.replace("podman@5.4,rootless", "podman@4.6,rootful")).unwrap();
    let arguments = ["-o", "etc/containers/systemd/shop"];
    assert_eq!(steps(&arguments, here.path()), ["systemctl daemon-reload", "systemctl start web db job"]);
    edit(&topology, "front: {}", "front: {labels: {a: b}}");
    assert_eq!(
        steps(&arguments, here.path()),
        [
            "systemctl stop web front-network",
            "podman network rm systemd-front",
            "systemctl daemon-reload",
            "systemctl start web"
        ]
    );
    // A user's units are not read from the system's folder.
    edit(&topology, "rootful", "rootless");
    fs::create_dir_all(here.path().join("home/.config/containers/systemd")).unwrap();
    assert_eq!(steps(&["-o", "home/.config/containers/systemd"], here.path())[0], "systemctl --user daemon-reload");
    assert!(steps(&["-o", "etc/containers/systemd/mine"], here.path())[0].starts_with("copy"));
}

#[test]
fn the_steps_of_compose() {
    let here = tempfile::tempdir().unwrap();
    let topology = here.path().join("topology.yaml");
    fs::write(&topology, STACK.replace("podman@5.4,rootless,systemd@257", "docker@28.5")).unwrap();
    let arguments = ["-o", "out"];
    assert_eq!(steps(&arguments, here.path()), ["docker compose up -d"]);
    edit(&topology, "nginx:1.27", "nginx:1.28");
    assert_eq!(steps(&arguments, here.path()), ["docker compose up -d"]);
    edit(&topology, "front: {}", "front: {internal: true}");
    assert_eq!(steps(&arguments, here.path()), ["docker compose down", "docker compose up -d"]);
    edit(&topology, JOB, "");
    assert_eq!(steps(&arguments, here.path()), ["docker compose up -d --remove-orphans"]);
    edit(&topology, "docker@28.5", "podman@5.4, podman-compose");
    assert_eq!(steps(&["-o", "new"], here.path()), ["podman-compose up -d"]);
}

#[test]
fn what_ran_on_a_platform_that_went_is_stopped() {
    let here = tempfile::tempdir().unwrap();
    let topology = here.path().join("topology.yaml");
    let platforms = "k: 'podman@5.4,rootless,systemd@257', r: 'podman@5.4,rootful', d: docker@28.5, \
                     c: 'podman@5.4, podman-compose'";
    let all = STACK.replace("p: 'podman@5.4,rootless,systemd@257'", &format!("p: docker@29.0, {platforms}"));
    fs::write(&topology, &all).unwrap();
    let arguments = ["--all-platforms", "-o", "out", "--prune"];
    steps(&arguments, here.path());
    edit(&topology, &format!(", {platforms}"), "");
    let (code, _, said) = quadgen(&["render", "--all-platforms", "-o", "out"], here.path());
    assert!(code == 0 && !said.contains("stop"), "{said}");
    let units = "remove from there: back.network data.volume db.container front.network job.container web.container";
    assert_eq!(
        steps(&arguments, here.path()),
        [
            "podman-compose -p shop down",
            "docker compose -p shop down",
            "systemctl --user stop web db job back-network front-network",
            "podman network rm back",
            "podman network rm front",
            units,
            "systemctl --user daemon-reload",
            "systemctl stop web db job back-network front-network",
            "podman network rm back",
            "podman network rm front",
            units,
            "systemctl daemon-reload",
        ]
    );
    assert_eq!(fs::read_dir(here.path().join("out")).unwrap().count(), 1);
}
