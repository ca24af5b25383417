//! `quadgen diff`, from outside: files, folders and revisions, every format as a snapshot, and the exit codes.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use serde_json::Value as Json;

const OLD: &str = r#"
name: shop
services:
  web: { image: x, networks: [front], ports: ["127.0.0.1:8080:80"] }
  app: { image: x, networks: [front, back] }
  db: { image: x, networks: { back: { aliases: [store] } }, ports: ["5432:5432"] }
  worker: { image: x, networks: [back] }
  old: { image: x, networks: [front] }
networks: { front: {}, back: { internal: true } }
"#;
const NEW: &str = r#"
name: shop
services:
  web: { image: x, networks: [front, back], ports: ["8080:80"] }
  app: { image: x, networks: [front, back] }
  db: { image: x, networks: { back: { aliases: [database] } } }
  worker: { image: x, networks: [back, front] }
  new: { image: x, networks: [back] }
networks: { front: {}, back: { internal: true } }
"#;

fn quadgen(here: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_quadgen")).args(arguments).current_dir(here).output().unwrap()
}

fn text(here: &Path, arguments: &[&str]) -> String {
    let output = quadgen(here, arguments);
    assert_eq!(output.status.code(), Some(0), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

fn git(here: &Path, arguments: &[&str]) {
    let mut command = Command::new("git");
    command.args(["-c", "user.name=t", "-c", "user.email=t@example.org", "-c", "init.defaultBranch=main"]);
    // What the person has configured, or a hook that runs this test, must not play a part.
    for (name, _) in std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("GIT_")) {
        command.env_remove(name);
    }
    command.env("GIT_CONFIG_GLOBAL", "/dev/null").env("GIT_CONFIG_SYSTEM", "/dev/null");
    let output = command.args(arguments).current_dir(here).output().unwrap();
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
}

fn put(here: &Path, name: &str, text: &str) {
    let path = here.join(name);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, text).unwrap();
}

/// A repository with a commit of the old state and a working tree with the new one.
fn repository() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    git(here, &["init", "-q"]);
    put(here, "compose.yaml", OLD);
    git(here, &["add", "-A"]);
    git(here, &["commit", "-qm", "old"]);
    put(here, "compose.yaml", NEW);
    folder
}

#[test]
fn what_changed_since_the_last_commit() {
    let folder = repository();
    let here = folder.path();
    for format in ["text", "json", "markdown"] {
        let shown = text(here, &["diff", "git:HEAD", ".", "--format", format]);
        assert!(!shown.contains(&*here.to_string_lossy()));
        insta::assert_snapshot!(format!("since-{format}"), shown);
    }
    let shown = text(here, &["diff", "git:HEAD", "."]);
    assert!(shown.lines().all(|line| line.chars().count() <= 80), "{shown}");
}

#[test]
fn an_example_and_its_mended_self() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    for format in ["text", "json", "markdown"] {
        let shown = text(root, &["diff", "examples/visp-workaround", "examples/visp", "--format", format]);
        insta::assert_snapshot!(format!("visp-{format}"), shown);
    }
}

#[test]
fn json_tells_each_change_once_with_both_verdicts() {
    let folder = repository();
    let root: Json =
        serde_json::from_str(&text(folder.path(), &["diff", "git:HEAD", ".", "--format", "json"])).unwrap();
    assert_eq!((&root["version"], &root["changed"]), (&Json::from(1), &Json::from(true)));
    let stack = &root["stacks"][0];
    assert_eq!((stack["stack"].as_str(), stack["fate"].as_str()), (Some("shop"), Some("kept")));
    let found = &stack["differences"][0];
    assert_eq!(found["platforms"], serde_json::json!(["docker"]));
    assert_eq!(found["services"], serde_json::json!({ "added": ["new"], "removed": ["old"] }));
    let pair = |from: &str, to: &str| {
        let pairs = found["pairs"].as_array().unwrap();
        let mut pairs = pairs.iter().filter(|pair| pair["from"] == from && pair["to"] == to);
        let first = pairs.next().cloned();
        assert!(pairs.next().is_none(), "{from} -> {to} stands twice");
        first
    };
    let gained = pair("web", "db").unwrap();
    assert_eq!((&gained["change"], &gained["reaches"]["old"]), (&Json::from("gained"), &Json::from("no")));
    let names: Vec<&str> = gained["names"].as_array().unwrap().iter().map(|it| it["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["shop-db-1", "db", "database"]);
    // The alias has another name now, and everything else is as it was.
    let renamed = pair("app", "db").unwrap();
    assert_eq!(renamed["reaches"], serde_json::json!({ "old": "yes", "new": "yes" }));
    let database = serde_json::json!({ "name": "database", "old": "no", "new": "yes" });
    let store = serde_json::json!({ "name": "store", "old": "yes", "new": "no" });
    assert_eq!(
        (renamed["change"].as_str(), &renamed["names"]),
        (Some("changed"), &serde_json::json!([database, store]))
    );
    assert_eq!(pair("web", "app"), None);
    assert_eq!(pair("web", "old").unwrap()["change"], "lost");
    let link = |old: &str, new: &str| serde_json::json!({ "old": old, "new": new });
    let way = |service: &str, old: &str, new: &str| serde_json::json!({ "service": service, "by_address": link(old, new), "by_name": link(old, new) });
    assert_eq!(found["internet"][0], way("worker", "no", "yes"));
    let port = |service: &str, port: &str, from: &str, old: &str, new: &str| serde_json::json!({ "service": service, "port": port, "from": from, "old": old, "new": new });
    let ports = [
        port("web", "8080:80", "host", "no", "yes"),
        port("web", "8080:80", "lan", "no", "yes"),
        port("web", "127.0.0.1:8080:80", "host", "yes", "no"),
    ];
    // A port of a container on internal networks only was never published.
    assert_eq!(found["published"], Json::from(ports.to_vec()));
}

#[test]
fn the_exit_code_tells_of_changes_only_where_it_is_asked_to() {
    let folder = repository();
    let here = folder.path();
    let code = |arguments: &[&str]| quadgen(here, arguments).status.code();
    assert_eq!(code(&["diff", "git:HEAD", "."]), Some(0));
    assert_eq!(code(&["diff", "git:HEAD", ".", "--exit-code"]), Some(1));
    assert_eq!(code(&["diff", ".", ".", "--exit-code"]), Some(0));
    assert_eq!(code(&["diff", "git:HEAD", "git:HEAD", "--exit-code"]), Some(0));
    for (arguments, said) in [
        (&["diff", "git:nowhere", "."][..], "OLD, git:nowhere"),
        (&["diff", ".", "git:nowhere"], "no such revision"),
        (&["diff", ".", "git:--help"], "no name of a revision"),
        (&["diff", "git:HEAD:nothing.yaml", "."], "there is no such file"),
        (&["diff", "nothing.yaml", "."], "OLD, nothing.yaml"),
        (&["diff", ".", "nothing.yaml"], "NEW, nothing.yaml"),
        (&["diff", ".", ".", "--on", "nope"], "no platform word"),
        (&["diff", ".", ".", "-f", "compose.yaml"], "takes no -f"),
        (&["diff", "."], "required"),
    ] {
        let output = quadgen(here, arguments);
        let text = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {text}");
        assert!(output.stdout.is_empty() && text.contains(said), "{arguments:?}: {text}");
    }
    let outside = tempfile::tempdir().unwrap();
    put(outside.path(), "compose.yaml", NEW);
    let output = quadgen(outside.path(), &["diff", "git:HEAD", "."]);
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&output.stderr).contains("not a git repository"));
}

#[test]
fn no_change_is_one_line() {
    let folder = repository();
    for format in ["text", "markdown"] {
        let shown = text(folder.path(), &["diff", ".", "compose.yaml", "--format", format]);
        assert_eq!(shown, "No change in who resolves and reaches whom, in published ports, or in internet access.\n");
    }
    let root: Json = serde_json::from_str(&text(folder.path(), &["diff", ".", ".", "--format", "json"])).unwrap();
    assert_eq!(root["changed"], false);
}

#[test]
fn a_revision_is_read_without_a_checkout_and_from_anywhere() {
    let folder = repository();
    let here = folder.path();
    fs::remove_file(here.join("compose.yaml")).unwrap();
    // What the other side is, what is named, and the whole.
    put(here, "elsewhere/topology.yaml", "name: other\nservices: { a: { image: x } }\n");
    git(here, &["add", "elsewhere"]);
    git(here, &["commit", "-qm", "another stack"]);
    put(here, "elsewhere/topology.yaml", "name: other\nservices: { a: { image: x }, b: { image: x } }\n");
    let below = here.join("elsewhere");
    let shown = text(&below, &["diff", "git:HEAD", "."]);
    assert!(
        shown.contains("other on") && shown.contains("Services added\n    b") && !shown.contains("shop"),
        "{shown}"
    );
    let shown = text(&below, &["diff", "git:HEAD~1:compose.yaml", "git:HEAD:./topology.yaml"]);
    assert!(shown.contains("Services added"), "{shown}");
    let shown = text(&below, &["diff", "git:HEAD~1", "git:HEAD"]);
    assert!(shown.starts_with("other, which is new, on"), "{shown}");
    assert!(!here.join("compose.yaml").exists());
    assert_eq!(text(&below, &["diff", "git:HEAD:compose.yaml", "git:HEAD~1"]).lines().count(), 1);
}

#[test]
fn units_and_included_files_of_a_revision_are_read_with_it() {
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    git(here, &["init", "-q"]);
    put(
        here,
        "containers/systemd/web.container",
        "[Container]\nImage=docker.io/library/nginx:1.27\nNetwork=front.network\n",
    );
    put(here, "containers/systemd/front.network", "[Network]\n");
    put(here, "containers/systemd/web.container.d/name.conf", "[Container]\nContainerName=web\n");
    put(here, "shop/compose.yaml", "name: shop\ninclude: [db.yaml]\nservices: { app: { image: x } }\n");
    put(here, "shop/db.yaml", "services: { db: { image: x } }\n");
    #[cfg(unix)]
    std::os::unix::fs::symlink("shop/db.yaml", here.join("linked.yaml")).unwrap();
    git(here, &["add", "-A"]);
    git(here, &["commit", "-qm", "first"]);
    let same = text(here, &["diff", "git:HEAD", "."]);
    assert_eq!(same.lines().count(), 1, "{same}");
    put(here, "containers/systemd/front.network", "[Network]\nInternal=true\n");
    put(here, "shop/db.yaml", "services: { db: { image: x, ports: ['5432:5432'] } }\n");
    let shown = text(here, &["diff", "git:HEAD", "."]);
    assert!(shown.contains("Internet access lost\n    web"), "{shown}");
    assert!(shown.contains("Ports opened\n    db 5432:5432: to the host and to other machines"), "{shown}");
    #[cfg(unix)]
    {
        // Where a link leads is read in the same revision.
        let linked = text(here, &["diff", "git:HEAD", "linked.yaml"]);
        assert!(linked.contains("Ports opened") && !linked.contains("Services added"), "{linked}");
    }
}

#[test]
fn projects_without_a_name_are_the_same_in_another_folder() {
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    let plain = |text: &str| text.replace("name: shop\n", "");
    put(here, "before/compose.yaml", &plain(OLD));
    put(here, "after/compose.yaml", &plain(OLD));
    let shown = text(here, &["diff", "before", "after"]);
    assert_eq!(shown.lines().count(), 1, "{shown}");
    put(here, "after/compose.yaml", &plain(NEW));
    let shown = text(here, &["diff", "before", "after"]);
    assert!(shown.contains("Internet access gained\n    worker"), "{shown}");
}

#[test]
fn platforms_are_compared_with_their_like() {
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    let stack = |platforms: &str| {
        format!(
            "name: s\nplatforms: {{ {platforms} }}\nnetworks: {{ a: {{}}, b: {{}} }}\nservices:\n  x: {{ image: x, networks: [a] }}\n  y: {{ image: x, networks: [b] }}\n"
        )
    };
    put(here, "old.topology.yaml", &stack("server: 'podman@5.4,rootful'"));
    put(here, "new.topology.yaml", &stack("server: 'podman@6.1,rootful', docker: docker@28.5"));
    // Podman 6 keeps networks apart, and Docker did so before it was named.
    let shown = text(here, &["diff", "old.topology.yaml", "new.topology.yaml"]);
    assert!(shown.contains("s on server (Podman 6.1"), "{shown}");
    assert!(shown.contains("Connections lost\n    x -> y: by address\n    y -> x: by address"), "{shown}");
    assert_eq!(shown.matches("Connections").count(), 1, "{shown}");
    let stacks: Json =
        serde_json::from_str(&text(here, &["diff", "old.topology.yaml", "new.topology.yaml", "--format", "json"]))
            .unwrap();
    let platforms: Vec<&Json> =
        stacks["stacks"][0]["differences"].as_array().unwrap().iter().map(|it| &it["platforms"]).collect();
    assert_eq!(platforms, [&serde_json::json!(["server"]), &serde_json::json!(["docker"])]);
}

#[test]
fn rendered_units_are_compared_with_what_they_were_rendered_from() {
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    let on = "podman@5.4,netavark@1.14,rootless";
    put(here, "topology.yaml", &OLD.replace("image: x", "image: docker.io/library/x:1"));
    text(here, &["render", "--target", "quadlet", "--on", on, "-o", "units", "-q"]);
    let shown = text(here, &["diff", "topology.yaml", "units", "--on", on]);
    assert_eq!(shown.lines().count(), 1, "{shown}");
    // Where the source is looked at, what was made of it is no stack of its own.
    let shown = text(here, &["diff", ".", ".", "--on", on, "--format", "json"]);
    let stacks: Json = serde_json::from_str(&shown).unwrap();
    assert_eq!(stacks["stacks"].as_array().unwrap().len(), 1);
}

#[test]
fn what_nobody_knows_is_neither_gained_nor_lost() {
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    let stack = |network: &str| {
        format!(
            "name: s\nplatforms: {{ p: 'podman@5.4,rootful' }}\nnetworks: {{ n: {{ {network} }} }}\nservices:\n  x: {{ image: x, networks: [n], ports: ['80:80'] }}\n  y: {{ image: x, networks: [n] }}\n"
        )
    };
    put(here, "clear/topology.yaml", &stack(""));
    put(here, "cloudy/topology.yaml", &stack("external: true"));
    let shown = text(here, &["diff", "clear", "cloudy"]);
    for said in [
        "Connections not known now\n    x -> y: by its name: unknown instead of yes",
        "Internet access not known now\n    x, y: by address: unknown instead of yes",
        "Ports not known to answer now\n    x 80:80: to the host: unknown instead of yes",
    ] {
        assert!(shown.contains(said), "{said} is not in:\n{shown}");
    }
    let back = text(here, &["diff", "cloudy", "clear"]);
    for said in [
        "Connections known now\n    x -> y: by its name: yes instead of unknown",
        "Internet access known now",
        "Ports known now",
    ] {
        assert!(back.contains(said), "{said} is not in:\n{back}");
    }
    for word in ["lost", "closed", "gained", "opened"] {
        assert!(!shown.contains(word) && !back.contains(word), "{word}:\n{shown}\n{back}");
    }
    let root: Json = serde_json::from_str(&text(here, &["diff", "clear", "cloudy", "--format", "json"])).unwrap();
    let pairs = root["stacks"][0]["differences"][0]["pairs"].as_array().unwrap();
    assert!(pairs.len() == 2 && pairs.iter().all(|pair| pair["change"] == "changed"), "{root}");
    // A service that is new has no past of which to speak.
    let more = stack("external: true") + "  z: { image: x, networks: [n] }\n";
    put(here, "more/topology.yaml", &more);
    let shown = text(here, &["diff", "cloudy", "more"]);
    assert!(
        shown.contains("Services added\n    z\n")
            && shown.contains("z -> x, y: by address, whether by name nobody knows"),
        "{shown}"
    );
    let shown = text(here, &["diff", "more", "cloudy"]);
    assert!(shown.contains("Services removed\n    z") && !shown.contains("known now"), "{shown}");
}

#[test]
fn what_changes_from_start_to_start_is_changed() {
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    let stack = |networks: &str| {
        format!(
            "name: s\nplatforms: {{ p: 'podman@4.6.2,cni,rootful' }}\nnetworks: {{ n: {{}}, m: {{}} }}\nservices:\n  x: {{ image: x, networks: [{networks}] }}\n  y: {{ image: x, networks: [n] }}\n"
        )
    };
    put(here, "one/topology.yaml", &stack("n"));
    put(here, "two/topology.yaml", &stack("n, m"));
    let shown = text(here, &["diff", "one", "two"]);
    assert!(
        shown.contains("Connections changed\n    x -> y: by its name: changing from start to start instead of yes"),
        "{shown}"
    );
    let shown = text(here, &["diff", "two", "one"]);
    assert!(
        shown.contains("Connections changed\n    x -> y: by its name: yes instead of changing from start to start"),
        "{shown}"
    );
}

#[test]
fn a_platform_that_only_one_side_names_is_looked_at_on_both_or_is_gone() {
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    let stack = |platforms: &str| {
        format!(
            "name: s\nplatforms: {{ {platforms} }}\nnetworks: {{ n: {{ internal: true }} }}\nservices:\n  x: {{ image: x, networks: [n] }}\n  y: {{ image: x, networks: [n] }}\n"
        )
    };
    put(here, "old.topology.yaml", &stack("server: 'podman@4.6.2,cni,rootless'"));
    put(here, "new.topology.yaml", &stack("next: 'podman@5.4,rootless'"));
    // The names of an internal network resolve on the one and not on the other, and that is no change in the stack.
    let shown = text(here, &["diff", "old.topology.yaml", "new.topology.yaml"]);
    assert!(shown.starts_with("s on next (Podman 5.4") && shown.contains("  No change in"), "{shown}");
    assert!(
        shown.contains("Platforms that are no longer named\n    server (Podman 4.6.2 with CNI, rootless)\n"),
        "{shown}"
    );
    let shown = text(here, &["diff", "old.topology.yaml", "new.topology.yaml", "--format", "markdown"]);
    assert!(shown.contains("* `server` (Podman 4.6.2"), "{shown}");
    let root: Json =
        serde_json::from_str(&text(here, &["diff", "old.topology.yaml", "new.topology.yaml", "--format", "json"]))
            .unwrap();
    assert_eq!(
        (&root["changed"], &root["stacks"][0]["platforms_gone"]),
        (&Json::from(true), &serde_json::json!(["server"]))
    );
    let shown = text(here, &["diff", "old.topology.yaml", "new.topology.yaml", "--on", "next"]);
    assert_eq!(shown.lines().count(), 1, "{shown}");
    // One of the same name is another one: that is said.
    put(here, "newer.topology.yaml", &stack("server: 'podman@5.4,rootless'"));
    let shown = text(here, &["diff", "old.topology.yaml", "newer.topology.yaml"]);
    let shown = shown.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(
        shown.starts_with(
            "s on server (Podman 5.4 with netavark 1.14, rootless; before Podman 4.6.2 with CNI, rootless)"
        ),
        "{shown}"
    );
    assert!(shown.contains("Connections gained x -> y: by its name"), "{shown}");
}

#[test]
fn stacks_that_are_alone_are_compared_by_both_names_on_one_platform() {
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    put(here, "old/compose.yaml", "name: notes\nservices: { a: { image: x }, b: { image: x } }\n");
    put(
        here,
        "new/topology.yaml",
        "name: paste\nnetworks: { n: {} }\nservices: { a: { image: x, networks: [n] }, c: { image: x, networks: [n] } }\n",
    );
    let shown = text(here, &["diff", "old", "new"]);
    assert!(shown.starts_with("notes -> paste on podman (Podman") && !shown.contains("before"), "{shown}");
    let shown = text(here, &["diff", "new", "old", "--format", "markdown"]);
    assert!(shown.contains("### `paste` → `notes` on `docker` (Docker Engine") && !shown.contains("before"), "{shown}");
    let root: Json = serde_json::from_str(&text(here, &["diff", "old", "new", "--format", "json"])).unwrap();
    assert_eq!((&root["stacks"][0]["stack"], &root["stacks"][0]["was"]), (&Json::from("paste"), &Json::from("notes")));
}

#[test]
fn a_revision_is_one_of_the_repository_of_the_other_side() {
    let folder = repository();
    let outside = tempfile::tempdir().unwrap();
    for side in [folder.path().to_path_buf(), folder.path().join("compose.yaml")] {
        let shown = text(outside.path(), &["diff", "git:HEAD", side.to_str().unwrap()]);
        assert!(shown.contains("Internet access gained\n    worker"), "{shown}");
    }
    let shown = text(outside.path(), &["diff", folder.path().to_str().unwrap(), "git:HEAD:compose.yaml"]);
    assert!(shown.contains("Internet access lost\n    worker"), "{shown}");
    // With two revisions there is no other side.
    let output = quadgen(outside.path(), &["diff", "git:HEAD", "git:HEAD"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&output.stderr).contains("not a git repository"));
}
