//! What `quadgen render -o DIR` says about a folder: `--check`, `--diff`, `--prune`, `--all-platforms`.

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

/// A text in one line, as the report's line breaks leave its words.
fn flat(text: &str) -> String {
    text.replace('│', " ").split_whitespace().collect::<Vec<_>>().join(" ")
}

const STACK: &str = "\
name: shop
platforms: {p: 'podman@5.4,rootless,systemd@257'}
networks: {front: {}, back: {internal: true}}
services:
  web:
    image: docker.io/library/nginx:1.27
    networks: [front]
    ports: ['8080:80']
    environment: {API_TOKEN: hunter2, URL: 'postgres://me:swordfish@db/x', MODE: a}
  db: {image: 'docker.io/library/postgres:17', networks: [back], volumes: ['data:/data']}
  job: {image: 'docker.io/library/busybox:1', networks: [back], depends_on: [db]}
volumes: {data: {}}
";

/// A folder with the stack, rendered into `out`.
fn rendered() -> tempfile::TempDir {
    let here = tempfile::tempdir().unwrap();
    fs::write(here.path().join("topology.yaml"), STACK).unwrap();
    let (code, _, said) = quadgen(&["render", "-o", "out"], here.path());
    assert_eq!(code, 0, "{said}");
    here
}

fn edit(path: &Path, from: &str, to: &str) {
    let text = fs::read_to_string(path).unwrap();
    assert!(text.contains(from), "{text}");
    fs::write(path, text.replace(from, to)).unwrap();
}

type Edit = (&'static str, fn(&Path), &'static str);

/// What somebody does to the units by hand, and the one line that tells of it.
const BY_HAND: [Edit; 11] = [
    ("a value", |out| edit(&out.join("web.container"), "nginx:1.27", "nginx:1.26"), "web.container: changed by hand"),
    (
        "a line more",
        |out| edit(&out.join("web.container"), "[Service]", "[Service]\nNice=1"),
        "web.container: changed by hand",
    ),
    ("a comment", |out| edit(&out.join("db.container"), "[Unit]", "# mine\n[Unit]"), "db.container: changed by hand"),
    (
        "a line above the marker",
        |out| edit(&out.join("db.container"), "# quadgen:", "# mine\n# quadgen:"),
        "db.container: changed by hand",
    ),
    ("the marker's hash", |out| edit(&out.join("db.container"), " body=", " body=0"), "db.container: changed by hand"),
    (
        "line ends",
        |out| edit(&out.join("db.container"), "\n", "\r\n"),
        "db.container: changed by hand: only its line ends",
    ),
    (
        "a file less",
        |out| fs::remove_file(out.join("job.container")).unwrap(),
        "job.container: missing: removed by hand",
    ),
    (
        "no marker",
        |out| {
            let text = fs::read_to_string(out.join("web.container")).unwrap();
            fs::write(out.join("web.container"), text.split_once('\n').unwrap().1).unwrap();
        },
        "web.container: not written by quadgen, or its marker was removed",
    ),
    (
        "empty",
        |out| fs::write(out.join("web.container"), "").unwrap(),
        "web.container: not written by quadgen, or its marker was removed",
    ),
    (
        "a link",
        |out| {
            fs::rename(out.join("web.container"), out.join("web")).unwrap();
            std::os::unix::fs::symlink("web", out.join("web.container")).unwrap();
        },
        "web.container: not a plain file",
    ),
    (
        "the marker's source",
        |out| edit(&out.join("web.container"), "source=../topology.yaml", "source=../other.yaml"),
        "web.container: rendered from another source, ../other.yaml",
    ),
];

/// What somebody does to the topology, and the lines that tell of it beside those about markers.
const IN_THE_SOURCE: [(&str, &str, &str, &[&str]); 6] = [
    ("an image", "nginx:1.27", "nginx:1.28", &["web.container: the source changed"]),
    ("a secret", "hunter2", "hunter3", &["web.container: the source changed"]),
    ("a port", "8080:80", "8081:80", &["web.container: the source changed"]),
    ("a network", "front: {}", "front: {labels: {a: b}}", &["front.network: the source changed"]),
    (
        "a service more",
        "volumes: {data: {}}",
        "  new: {image: x, networks: [back]}\nvolumes: {data: {}}",
        &["new.container: missing: new in the source"],
    ),
    (
        "a service less",
        "  job: {image: 'docker.io/library/busybox:1', networks: [back], depends_on: [db]}\n",
        "",
        &["job.container: left over: no longer in the source"],
    ),
];

/// The lines of `--check` about files, without the folder's name and without markers that are only old.
fn check(here: &Path) -> (i32, Vec<String>) {
    let (code, out, said) = quadgen(&["render", "-o", "out", "--check"], here);
    assert!(code != 2, "{said}");
    let lines = out.lines().map(|line| line.strip_prefix("out/").unwrap().to_owned());
    (code, lines.filter(|line| !line.contains("only its marker is old")).collect())
}

#[test]
fn a_check_tells_an_edit_by_hand_from_a_changed_source() {
    for (what, change, line) in BY_HAND {
        let here = rendered();
        assert_eq!(check(here.path()), (0, Vec::new()));
        change(&here.path().join("out"));
        let found = check(here.path());
        // The text that a link leads to is ours under another name.
        let expected: Vec<&str> =
            if what == "a link" { vec!["web: left over: no longer in the source", line] } else { vec![line] };
        assert_eq!((found.0, found.1.iter().map(String::as_str).collect()), (1, expected), "{what}");
    }
    for (what, from, to, lines) in IN_THE_SOURCE {
        let here = rendered();
        edit(&here.path().join("topology.yaml"), from, to);
        let (code, found) = check(here.path());
        assert_eq!((code, found), (1, lines.iter().map(|line| (*line).to_owned()).collect()), "{what}");
    }
    // Each of both at once is told as both where it is the same file, and apart where it is not.
    for (what, change, line) in BY_HAND.iter().take(2) {
        for (from, to, expected) in [
            ("nginx:1.27", "nginx:1.28", "web.container: changed by hand, and the source changed"),
            ("postgres:17", "postgres:18", line),
        ] {
            let here = rendered();
            change(&here.path().join("out"));
            edit(&here.path().join("topology.yaml"), from, to);
            assert!(check(here.path()).1.contains(&expected.to_owned()), "{what} and {to}: {:?}", check(here.path()));
        }
    }
}

#[test]
fn a_check_answers_drift_alone_and_writes_nothing() {
    let here = tempfile::tempdir().unwrap();
    let warned =
        "platforms: {p: 'podman@5.4,rootless,systemd@257'}\nservices: {a: {image: x, ports: ['8000-8009:80']}}\n";
    fs::write(here.path().join("topology.yaml"), warned).unwrap();
    let (code, out, said) = quadgen(&["render", "-o", "out", "--check"], here.path());
    assert_eq!((code, out.lines().next().unwrap()), (1, "out/a.container: missing: nothing was rendered here yet"));
    assert!(said.contains("QG801"), "{said}");
    assert!(!here.path().join("out").exists());
    quadgen(&["render", "-o", "out"], here.path());
    for more in [&[][..], &["--strict"], &["--diff"]] {
        let (code, out, said) = quadgen(&[&["render", "-o", "out", "--check"][..], more].concat(), here.path());
        assert_eq!((code, out.as_str()), (0, ""), "{said}");
        assert!(said.contains("QG801") && said.contains("Everything is as it would be written"), "{said}");
    }
    for (arguments, code) in [
        (&["render", "--check"][..], 2),
        (&["render", "--prune"], 2),
        (&["render", "--all-platforms"], 2),
        (&["render", "nothing.yaml", "-o", "out", "--check"], 2),
        (&["render", "-o", "topology.yaml", "--check"], 2),
        (&["render", "--all-platforms", "--on", "p", "-o", "out"], 2),
    ] {
        assert_eq!(quadgen(arguments, here.path()).0, code, "{arguments:?}");
    }
}

#[test]
fn a_difference_is_shown_without_secrets() {
    let here = rendered();
    let out = here.path().join("out");
    edit(&here.path().join("topology.yaml"), "hunter2", "correct-horse");
    edit(&here.path().join("topology.yaml"), "MODE: a", "MODE: b");
    edit(&out.join("db.container"), "postgres:17", "postgres:16");
    let before = fs::read_to_string(out.join("db.container")).unwrap();
    let (code, text, _) = quadgen(&["render", "-o", "out", "--diff"], here.path());
    assert_eq!(code, 0);
    for shown in [
        "--- out/web.container\n+++ out/web.container\n@@ ",
        "-Environment=API_TOKEN=*******\n",
        "+Environment=API_TOKEN=*************\n",
        " Environment=URL=postgres://me:*********@db/x\n",
        "-Environment=MODE=a\n+Environment=MODE=b\n",
        "-Image=docker.io/library/postgres:16\n+Image=docker.io/library/postgres:17\n",
    ] {
        assert!(text.contains(shown), "{shown}\n{text}");
    }
    for secret in ["hunter2", "correct-horse", "swordfish", "\u{1b}"] {
        assert!(!text.contains(secret), "{secret}\n{text}");
    }
    let files: Vec<&str> = text.lines().filter_map(|line| line.strip_prefix("+++ ")).collect();
    assert!(files.is_sorted(), "{files:?}");
    assert_eq!(fs::read_to_string(out.join("db.container")).unwrap(), before);
    // With --check the exit code is that of the check, and colour is for those who ask.
    let (code, text, _) = quadgen(&["render", "-o", "out", "--diff", "--check", "--color", "always"], here.path());
    assert_eq!(code, 1);
    assert!(text.contains("out/db.container: changed by hand\n") && text.contains("\u{1b}[32m+"), "{text}");
    // The same for Compose.
    quadgen(&["render", "-o", "compose", "--target", "compose"], here.path());
    edit(&here.path().join("topology.yaml"), "correct-horse", "hunter2");
    let (_, text, _) = quadgen(&["render", "-o", "compose", "--target", "compose", "--diff"], here.path());
    assert!(text.contains("-      API_TOKEN: *************\n+      API_TOKEN: *******\n"), "{text}");
    assert!(!text.contains("hunter2") && !text.contains("swordfish"), "{text}");
}

#[test]
fn what_is_left_over_is_named_and_removed_on_request() {
    let here = rendered();
    let out = here.path().join("out");
    fs::write(out.join("mine.container"), "[Container]\nImage=x\n").unwrap();
    fs::write(
        here.path().join("other.topology.yaml"),
        STACK
            .replace("web", "site")
            .replace("db", "d")
            .replace("job", "j")
            .replace("front", "f")
            .replace("back", "b")
            .replace("data", "v"),
    )
    .unwrap();
    let (code, _, said) = quadgen(&["render", "other.topology.yaml", "-o", "out"], here.path());
    assert_eq!(code, 0, "{said}");
    let (_, from, to, _) = IN_THE_SOURCE[5];
    edit(&here.path().join("topology.yaml"), from, to);
    let (code, _, said) = quadgen(&["render", "topology.yaml", "-o", "out"], here.path());
    assert_eq!(code, 0);
    assert!(
        flat(&said).contains(
            "Left over, because the source has no such file any more: out/job.container. `--prune` removes it."
        ),
        "{said}"
    );
    assert!(out.join("job.container").exists());
    assert!(!quadgen(&["render", "topology.yaml", "-o", "out", "-q"], here.path()).2.contains("Left over"));
    // An edit by hand is not thrown away.
    let ours = fs::read_to_string(out.join("job.container")).unwrap();
    fs::write(out.join("job.container"), format!("{ours}# mine\n")).unwrap();
    let (code, _, said) = quadgen(&["render", "topology.yaml", "-o", "out", "--prune"], here.path());
    assert_eq!(code, 2);
    assert!(flat(&said).contains("`out/job.container` is left over, and was changed by hand"), "{said}");
    fs::write(out.join("job.container"), ours).unwrap();
    let (code, _, said) = quadgen(&["render", "topology.yaml", "-o", "out", "--prune"], here.path());
    assert_eq!(code, 0, "{said}");
    let names = |name: &str| out.join(name).exists();
    assert!(!names("job.container") && names("web.container") && names("mine.container"));
    assert!(names("j.container") && names("site.container"), "another source's files stay");
    // A file of another source is not written over.
    fs::write(here.path().join("other.topology.yaml"), STACK).unwrap();
    let (code, _, said) = quadgen(&["render", "other.topology.yaml", "-o", "out"], here.path());
    assert_eq!(code, 2);
    assert!(flat(&said).contains("was rendered from another source, `../topology.yaml`"), "{said}");
}

const THREE: &str = "\
platforms: {server: 'podman@5.4,rootful,systemd@257', laptop: docker@28.5, old: 'podman@4.4,rootless,systemd@257'}
services: {web: {image: 'docker.io/library/nginx:1.27'}}
";

#[test]
fn every_platform_gets_a_folder_of_its_own() {
    let here = tempfile::tempdir().unwrap();
    let topology = here.path().join("topology.yaml");
    fs::write(&topology, THREE).unwrap();
    let all = ["render", "--all-platforms", "-o", "all"];
    let (code, out, said) = quadgen(&all, here.path());
    assert_eq!((code, out.as_str()), (0, ""), "{said}");
    let heads: Vec<&str> = said.lines().filter(|line| line.contains(" in all/")).collect();
    assert_eq!(
        heads,
        [
            "server: 2 files in all/server. Next:",
            "laptop: 1 file in all/laptop. Next:",
            "old: 2 files in all/old. Next:"
        ]
    );
    assert!(
        fs::read_to_string(here.path().join("all/laptop/compose.yaml"))
            .unwrap()
            .starts_with("# quadgen: source=../../topology.yaml ")
    );
    assert_eq!(quadgen(&["render", "--all-platforms", "-o", "all", "--check"], here.path()).0, 0);
    // One that cannot be written keeps all from being written.
    edit(&topology, "nginx:1.27", "nginx:1.28");
    let unit = here.path().join("all/old/web.container");
    edit(&unit, "[Unit]", "[Unit]\n# mine");
    let (code, _, said) = quadgen(&all, here.path());
    assert_eq!(code, 2);
    assert!(flat(&said).contains("`all/old/web.container` was changed by hand"), "{said}");
    assert!(fs::read_to_string(here.path().join("all/server/web.container")).unwrap().contains("nginx:1.27"));
    edit(&unit, "\n# mine", "");
    // A platform that the source does not have any more.
    edit(&topology, ", old: 'podman@4.4,rootless,systemd@257'", "");
    let (_, _, said) = quadgen(&all, here.path());
    assert!(flat(&said).contains("no such file any more: all/old/. `--prune` removes it."), "{said}");
    let (code, out, _) = quadgen(&["render", "--all-platforms", "-o", "all", "--check"], here.path());
    assert_eq!((code, out.lines().next()), (1, Some("all/old/default.network: left over: no longer in the source")));
    fs::write(here.path().join("all/old/mine"), "").unwrap();
    assert_eq!(quadgen(&["render", "--all-platforms", "-o", "all", "--prune"], here.path()).0, 0);
    assert!(unit.exists(), "somebody's file is in there");
    fs::remove_file(here.path().join("all/old/mine")).unwrap();
    let (code, _, said) = quadgen(&["render", "--all-platforms", "-o", "all", "--prune"], here.path());
    assert_eq!(code, 0);
    assert!(said.contains("all/old: removed."), "{said}");
    assert_eq!(fs::read_dir(here.path().join("all")).unwrap().count(), 2);
    // What cannot be.
    for (platforms, arguments, part) in [
        ("{a: podman@5.4, b: docker@28.5}", &["--target", "quadlet"][..], "platform `b`: Docker Engine 28.5 with"),
        ("{'../a': podman@5.4}", &[], "the platform `../a` is not a name"),
        ("{}", &[], "names no platforms"),
    ] {
        fs::write(&topology, format!("platforms: {platforms}\nservices: {{web: {{image: x}}}}\n")).unwrap();
        let (code, _, said) =
            quadgen(&[&["render", "--all-platforms", "-o", "none"][..], arguments].concat(), here.path());
        let part = part.trim_end_matches(" with");
        assert_eq!(code, 2, "{platforms}");
        assert!(flat(&said).contains(part), "{platforms}: {said}");
        assert!(!here.path().join("none").exists());
    }
}
