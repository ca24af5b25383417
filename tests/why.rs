//! `quadgen why`, from outside: the exit code and what is said.

#![allow(clippy::unwrap_used, reason = "tests")]

use std::process::Command;

const STACK: &str = r#"
name: shop
platforms:
  cni: podman@4.6.2,cni,rootless
  new: podman@5.4,netavark@1.14,rootless
host_services:
  ollama: { port: 11434, listens: 0.0.0.0 }
  shy: { port: 8000, listens: 127.0.0.1 }
networks:
  front: {}
  back: { internal: true }
  apart: {}
services:
  web: { image: x, networks: [front, back], environment: { DB_PASSWORD: hunter2 } }
  db: { image: x, networks: { back: { aliases: [database] } }, ports: ["15432:5432"] }
  lone: { image: x, networks: [apart] }
  side: { image: x, network_mode: "service:web" }
  outer: { image: x, networks: [theirs] }
  other: { image: x, networks: [theirs] }
  literal: { image: x, networks: [front], environment: { U: "http://host.docker.internal:11434" } }
deny:
  - web -> lone
"#;

fn why(words: &[&str]) -> (Option<i32>, String) {
    let folder = tempfile::tempdir().unwrap();
    let stack = STACK.replace("  apart: {}", "  apart: {}\n  theirs: { external: true }");
    std::fs::write(folder.path().join("topology.yaml"), stack).unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_quadgen"));
    let output = command.arg("why").args(words).current_dir(folder.path()).output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap() + &String::from_utf8(output.stderr).unwrap();
    (output.status.code(), text)
}

#[test]
fn every_answer_has_its_exit_code_and_its_reason() {
    for (words, code, said) in [
        (&["web", "db", "--on", "new"][..], 0, "the DNS of `back` answers for it"),
        (&[".", "web", "db:5432", "--on", "new"], 0, "get to `db` on port 5432 over `back`"),
        (&["topology.yaml", "web", "database", "--on", "new"], 0, "`database` is an alias of `db`"),
        (&["web", "db:15432", "--on", "new"], 1, "use `db:5432`"),
        (&["web", "db", "--on", "cni"], 1, "QG10"),
        (&["web", "db"], 1, "new (Podman 5.4 with netavark 1.14, rootless): yes"),
        (&["web", "lone", "--on", "new"], 1, "they share no network"),
        // Podman alone writes the name of a container that joins a network into the hosts file.
        (&["web", "side", "--on", "new"], 0, "stands in the hosts file of the network of `web`"),
        (&["web", "side", "--on", "docker"], 1, "use `localhost`"),
        (&["web", "internet", "--on", "new"], 0, "leave over `front`"),
        (&["db", "internet", "--on", "new"], 1, "which is internal (topology.yaml:11:21)"),
        (&["web", "host.ollama", "--on", "new"], 0, "The URL is http://host.containers.internal:11434"),
        (&["web", "host.ollama", "--on", "podman@5.4,rootless,wsl2"], 0, "looks the address up at each start"),
        (&["web", "host.shy", "--on", "new"], 1, "QG305"),
        (&["db", "host.ollama", "--on", "new"], 1, "QG308"),
        (&["outer", "other", "--on", "new"], 1, "nobody knows"),
        (&["web", "host.ollama", "--on", "new"], 0, "If it says `{{ host.ollama.url }}`"),
        (&["literal", "host.ollama", "--on", "new"], 0, "names it as `host.docker.internal`"),
        (&["literal", "host.ollama", "--on", "docker"], 1, "QG302"),
        (&["literal", "host.ollama", "--on", "podman@5.4,rootless,wsl2"], 1, "QG301"),
        (&["web", "host"], 2, "host.ollama, host.shy"),
        (&["web", "internet:80", "--on", "new"], 0, "leave over `front`"),
        (&["web", "db", "--on", "host=127.0.0.1"], 2, "leads each container to itself"),
        (&["nobody", "db"], 2, "there is no service `nobody`"),
        (&["web", "dbb"], 2, "did you mean `db`?"),
        (&["web", "host.olama"], 2, "did you mean `host.ollama`?"),
        (&["web", "db:0"], 2, "is not a port"),
        (&["nothing.yaml", "web", "db"], 2, "there is no such file"),
        (&["web"], 2, "give FROM and TO, and before them a PATH if it is not here"),
        (&[".", "web", "db", "lone"], 2, "give FROM and TO, and before them a PATH if it is not here"),
        (&["web", "outer", "--on", "new"], 1, "Why: they share no network;"),
    ] {
        let (found, text) = why(words);
        assert_eq!(found, Some(code), "{words:?}:\n{text}");
        // A message is broken into lines where the terminal ends.
        let text = text.replace("\n  │ ", " ").replace("\n  ", " ");
        assert!(text.contains(said), "{words:?}: {said} is not in:\n{text}");
        assert!(!text.contains("hunter2"));
    }
}

/// What the authors of the deployment found by trial, and why: on their server, on netavark, on Docker; as it was meant,
/// and with what they changed to make it work.
#[test]
fn a_real_deployment_is_answered_as_its_authors_found_it() {
    for (example, words, code, said) in [
        (
            "visp",
            "session-manager whisper:7860 --on server",
            1,
            "the dnsname plugin and internal networks are incompatible",
        ),
        ("visp", "session-manager whisper:7860 --on next", 0, "the DNS of `whisper-net` answers for it"),
        ("visp", "session-manager whisper:7860 --on docker", 0, "the DNS of `whisper-net` answers for it"),
        ("visp", "whisper internet --on server", 1, "`whisper` is on `whisper-net`, which is internal"),
        ("visp", "whisper internet --on next", 1, "`whisper` is on `whisper-net`, which is internal"),
        ("visp", "whisper internet --on docker", 1, "`whisper` is on `whisper-net`, which is internal"),
        (
            "visp-workaround",
            "session-manager whisper:7860 --on server",
            1,
            "takes the first one's \"no such name\" as final",
        ),
        ("visp-workaround", "session-manager mongo --on server", 1, "after some starts, and not after others"),
        ("visp-workaround", "session-manager whisper:7860 --on next", 0, "the DNS of `whisper-net` answers for it"),
        ("visp-workaround", "session-manager whisper:7860 --on docker", 0, "the DNS of `whisper-net` answers for it"),
        ("visp-workaround", "whisper internet --on server", 0, "leave over `whisper-net`"),
        ("visp-workaround", "whisper internet --on next", 0, "leave over `whisper-net`"),
        ("visp-workaround", "whisper internet --on docker", 0, "leave over `whisper-net`"),
    ] {
        let mut command = Command::new(env!("CARGO_BIN_EXE_quadgen"));
        command.current_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/examples"));
        let output = command.args(["why", example]).args(words.split(' ')).output().unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        assert_eq!(output.status.code(), Some(code), "{example} {words}:\n{text}");
        let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(text.contains(said), "{example} {words}: {said} is not in:\n{text}");
    }
}

#[test]
fn sample_files_stand_in_for_what_is_not_there_and_nothing_else_is_said() {
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    let run = |words: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_quadgen"));
        let output = command.arg("why").args(words).current_dir(here).output().unwrap();
        let text = String::from_utf8(output.stdout).unwrap() + &String::from_utf8(output.stderr).unwrap();
        (output.status.code(), text)
    };
    let stack = "services:\n  web: { image: 'x:${NONE}', env_file: app.env }\n  db: { image: 'x:1', container_name: '${NAME:-store}' }\n";
    std::fs::write(here.join("compose.yaml"), stack).unwrap();
    assert_eq!((run(&["web", "store"]).0, run(&["web", "database"]).0), (Some(0), Some(2)));
    std::fs::write(here.join(".env.example"), "NAME=database\n").unwrap();
    let (code, said) = run(&["web", "database"]);
    assert_eq!(code, Some(0), "{said}");
    // That a file is not there does not keep anybody from answering.
    let (code, said) = run(&["web", "dbb"]);
    assert!(code == Some(2) && said.contains("did you mean `db`?"), "{said}");
    assert_eq!(said.matches("QG").count(), 1, "{said}");
}
