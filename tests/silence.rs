//! Silencing findings: comments, `quadgen.toml`, a baseline, and what is said of entries that do nothing.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

mod support;

use std::fs;
use std::path::Path;
use std::process::Command;

use serde_json::Value as Json;
use support::folder;

fn quadgen(arguments: &[&str], folder: &Path) -> (i32, String, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_quadgen")).args(arguments).current_dir(folder).output().unwrap();
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    (output.status.code().unwrap(), text(&output.stdout), text(&output.stderr))
}

/// Each finding as `file:line CODE`, what lint says in all, and the exit code.
fn lint(arguments: &[&str], folder: &Path) -> (i32, Vec<String>, String) {
    let arguments: Vec<&str> = ["lint", "--format", "concise"].iter().chain(arguments).copied().collect();
    let (code, out, err) = quadgen(&arguments, folder);
    let place = |line: &str| {
        let (place, rest) = line.split_once(": ")?;
        let (file, at) = place.rsplit_once(':')?.0.rsplit_once(':')?;
        let code = rest.split(' ').find(|word| word.starts_with("QG"))?;
        at.parse::<u32>().ok().map(|line| format!("{file}:{line} {code}"))
    };
    (code, out.lines().filter_map(place).collect(), out + &err)
}

/// What lint says about one file of a folder.
fn said(name: &str, text: &str) -> Vec<String> {
    // What units run on stands nowhere else.
    let here = folder(&[(name, text), ("quadgen.toml", "on = ['podman@5.4,rootless']\n")]);
    let (_, found, _) = lint(&[], here.path());
    found
        .into_iter()
        .map(|found| found.strip_prefix(name).unwrap_or(&found).trim_start_matches(':').to_owned())
        .collect()
}

/// Port 80 without root is QG404, a misspelt key QG002.
fn topology(lines: &str) -> String {
    format!(
        "platforms: {{p: 'podman@5.4,rootless'}}\nservices:\n  web:\n    image: docker.io/library/nginx:1.27\n{lines}"
    )
}

#[test]
fn a_comment_silences_its_line_or_the_next() {
    let none: [&str; 0] = [];
    let port = |lines: &str| said("topology.yaml", &topology(lines));
    assert_eq!(port("    ports: ['80:80']\n"), ["5 QG404"]);
    for lines in [
        "    ports: ['80:80'] # quadgen: ignore[QG404] the host allows it\n",
        "    ports: ['80:80'] #quadgen:ignore[privileged-port]\n",
        "    ports: ['80:80'] # quadgen: ignore[qg404]: the host allows it",
        "    # quadgen: ignore[QG404]\n    ports: ['80:80']\n",
        "    # quadgen: ignore[QG404]\n    # and more words\n    ports: ['80:80']\n",
        "    ports:\n      # quadgen: ignore[QG404]\n      - '80:80'\n",
        "    ports:\n      - 80:80 # quadgen: ignore[QG404]\n",
        "    ports:\r\n      - 80:80 # quadgen: ignore[QG404]\r\n",
        "    ports: ['80:80']\n# quadgen: ignore-file[QG404] all of it\n",
        "    port: ['80:80'] # quadgen: ignore[QG404, unknown-key] both\n    # quadgen: ignore[QG404]\n    ports: ['80:80']\n",
    ] {
        let found = port(lines);
        // The last one has a rule too many.
        assert!(found == none || (lines.contains("port:") && found == ["5 QG901"]), "{lines}: {found:?}");
    }
    for (lines, expected) in [
        // No comments, but values.
        ("    ports: ['80:80']\n    command: 'x # quadgen: ignore-file[QG404]'\n", &["5 QG404"][..]),
        ("    ports: ['80:80']\n    command: |\n      # quadgen: ignore-file[QG404]\n", &["5 QG404"]),
        ("    ports: ['80:80']\n    command: \"\n      # quadgen: ignore-file[QG404]\"\n", &["5 QG404"]),
        // Somewhere else.
        ("    # quadgen: ignore[QG404]\n\n    ports: ['80:80']\n", &["5 QG901", "7 QG404"]),
        ("    ports: ['80:80']\n    # quadgen: ignore[QG404]\n", &["5 QG404", "6 QG901"]),
        // Out of form.
        ("    ports: ['80:80'] # quadgen: ignore\n", &["5 QG404", "5 QG003"]),
        ("    ports: ['80:80'] # quadgen: ignore[]\n", &["5 QG404", "5 QG003"]),
        ("    ports: ['80:80'] # quadgen: ignore QG404\n", &["5 QG404", "5 QG003"]),
        ("    ports: ['80:80'] # quadgen: disable[QG404]\n", &["5 QG404", "5 QG003"]),
        ("    ports: ['80:80'] # quadgen: ignore-file[QG404]\n", &["5 QG404", "5 QG003"]),
        ("    ports: ['80:80'] # quadgen: writes this [sometimes]\n", &["5 QG404"]),
        // What does not exist, and what cannot be.
        ("    ports: ['80:80'] # quadgen: ignore[QG404, QG4]\n", &["5 QG902"]),
        ("    ports: ['8080:80'] # quadgen: ignore[QG001]\n", &["5 QG901"]),
        // Rules about comments can be silenced like others.
        ("    # quadgen: ignore[QG901]\n    ports: ['8080:80'] # quadgen: ignore[QG404]\n", &[]),
        ("    ports: ['8080:80'] # quadgen: ignore[QG404, QG901]\n", &[]),
        ("    ports: ['8080:80'] # quadgen: ignore[QG999]\n# quadgen: ignore-file[QG902]\n", &[]),
    ] {
        assert_eq!(port(lines), expected, "{lines}");
    }
}

#[test]
fn a_comment_in_a_unit_stands_before_the_key() {
    let unit = |lines: &str| {
        let head = "[Container]\nImage=docker.io/library/nginx:1.27\nContainerName=web";
        said("web.container", &format!("{head}\n{lines}[Install]\nWantedBy=default.target\n"))
    };
    assert_eq!(unit("PublishPort=80:80\n"), ["4 QG404"]);
    assert_eq!(unit("# quadgen: ignore[QG404] reason\nPublishPort=80:80\n"), [""; 0]);
    assert_eq!(unit("# quadgen: ignore-file[QG404]\n\nPublishPort=80:80\n"), [""; 0]);
    // At the end of a line it is a part of the value, and silences nothing.
    let found = unit("PublishPort=80:80\nUser=a # quadgen: ignore-file[QG404]\n");
    assert_eq!(found, ["4 QG404", "5 QG706"]);
    // What is absent lies on the section's header.
    let head = |lines: &str| {
        said("db.container", &format!("{lines}[Container]\nExec=x\n[Install]\nWantedBy=default.target\n"))
    };
    assert_eq!(head(""), ["1 QG703"]);
    assert_eq!(head("# quadgen: ignore[QG703] rootfs comes from a drop-in\n"), [""; 0]);
}

#[test]
fn a_comment_between_the_lines_of_a_value_counts_for_nothing() {
    let text = "[Container]\nImage=docker.io/library/nginx:1.27\nContainerName=web\nEnvironment=A=1 \\\n# quadgen: ignore[QG404]\n  B=2\n";
    let here = folder(&[("web.container", text)]);
    let (_, _, out) = lint(&[], here.path());
    assert!(
        out.contains("5:1: warning QG901 unused-suppression: the ignore of `QG404` stands inside of a value"),
        "{out}"
    );
}

#[test]
fn env_files_and_files_of_several_stacks() {
    let compose = |port: u16| {
        format!(
            "services:\n  web:\n    extends: {{file: ../common.yaml, service: base}}\n    ports: ['127.0.0.1:{port}:80']\n    env_file: [../x.env]\n"
        )
    };
    let base = "services:\n  base:\n    image: docker.io/library/nginx:1.27\n    enviroment: {A: b} # quadgen: ignore[QG002] old\n";
    let here = folder(&[
        (".git/HEAD", ""),
        ("a/compose.yaml", &compose(8081)),
        ("b/compose.yaml", &compose(8082)),
        ("common.yaml", base),
        ("x.env", "A=1 # quadgen: ignore[QG404]\nB=${ # quadgen: ignore[QG001]\n"),
    ]);
    let (code, found, out) = lint(&[], here.path());
    // A syntax error keeps everything from being seen, so only what can never be silenced is told.
    assert_eq!(
        (code, found),
        (2, vec!["a/../x.env:2 QG001".to_owned(), "a/../x.env:2 QG901".to_owned(), "b/../x.env:2 QG001".to_owned()]),
        "{out}"
    );
    fs::write(here.path().join("x.env"), "A=1 # quadgen: ignore[QG404]\n").unwrap();
    let (_, found, out) = lint(&[], here.path());
    assert_eq!(found, ["a/../x.env:1 QG901"], "{out}");
    // Others may need what stands in a file that was not asked for.
    let (_, found, out) = lint(&["a"], here.path());
    assert_eq!(found, [""; 0], "{out}");
}

#[test]
fn an_ignore_is_unused_only_where_its_rule_looked_everywhere() {
    let text = "platforms: {a: 'podman@5.4,rootless', b: 'podman@5.4,rootful'}\nservices:\n  web:\n    image: docker.io/library/nginx:1.27\n    \
                ports: ['80:80'] # quadgen: ignore[QG404] for a\n    cap_add: [] # quadgen: ignore[QG404, QG801]\n";
    let here = folder(&[("topology.yaml", text)]);
    assert_eq!(lint(&[], here.path()).1, ["topology.yaml:6 QG901"]);
    assert_eq!(lint(&["--on", "a", "--on", "b"], here.path()).1, ["topology.yaml:6 QG901"]);
    for arguments in [&["--on", "b"][..], &["--stack", "x"], &["--as", "topology"], &["--ignore", "QG901"]] {
        assert!(!lint(arguments, here.path()).1.iter().any(|found| found.contains("QG901")), "{arguments:?}");
    }
    // A rule that is left out has looked all the same: what it found was needed.
    assert_eq!(lint(&["--ignore", "QG404"], here.path()).1, ["topology.yaml:6 QG901"]);
    // A service that its profile leaves out was not looked at.
    let off = "services:\n  web:\n    image: docker.io/library/nginx:1.27\n    profiles: [x]\n    networks: [gone] # quadgen: ignore[QG006]\n  a: {image: docker.io/library/nginx:1.27}\n";
    assert!(!said("compose.yaml", off).iter().any(|found| found.contains("QG901")));
}

#[test]
fn programs_get_what_was_silenced_with_its_reason() {
    let here = folder(&[(
        "topology.yaml",
        &topology("    ports: ['80:80'] # quadgen: ignore[QG404] PASSWORD=hunter2 is old\n"),
    )]);
    let (code, out, _) = quadgen(&["lint", "--format", "json"], here.path());
    let root: Json = serde_json::from_str(&out).unwrap();
    let found = root["findings"].as_array().unwrap();
    assert_eq!(
        (code, found.len(), &root["summary"]["warnings"], &root["summary"]["errors"]),
        (0, 1, &Json::from(0), &Json::from(0))
    );
    assert_eq!(found[0]["suppressed"]["reason"], "PASSWORD=******* ** ***");
    assert!(!out.contains("hunter2"));
    let (code, out, _) = quadgen(&["lint", "--fail-on", "info", "--select", "ALL", "--format", "full"], here.path());
    assert!(code == 0 && !out.contains("QG404"), "{out}");
}

/// The text after the safe fixes of its findings, as `--format json` gives them.
fn mended(name: &str, text: &str) -> String {
    let here = folder(&[(name, text)]);
    let (_, out, _) = quadgen(&["lint", "--format", "json"], here.path());
    let root: Json = serde_json::from_str(&out).unwrap();
    let fixes = root["findings"].as_array().unwrap().iter().flat_map(|found| found["fixes"].as_array().unwrap());
    let edits = fixes.filter(|fix| fix["safe"] == true).flat_map(|fix| fix["edits"].as_array().unwrap());
    let mut edits: Vec<(usize, usize, &str)> = edits
        .map(|edit| {
            let at = |key: &str| usize::try_from(edit[key].as_u64().unwrap()).unwrap();
            (at("start"), at("end"), edit["text"].as_str().unwrap())
        })
        .collect();
    edits.sort_unstable();
    let mut text = text.to_owned();
    for (start, end, new) in edits.into_iter().rev() {
        text.replace_range(start..end, new);
    }
    text
}

#[test]
fn fixes_take_away_what_is_of_no_use() {
    for (lines, expected) in [
        ("    ports: ['8080:80']  # quadgen: ignore[QG404] x\r\n", "    ports: ['8080:80']\r\n"),
        ("    # quadgen: ignore[QG404] x\n    ports: ['8080:80']\n", "    ports: ['8080:80']\n"),
        (
            "    ports: ['80:80'] # quadgen: ignore[QG101, QG404,QG006] x",
            "    ports: ['80:80'] # quadgen: ignore[QG404] x",
        ),
        ("    ports: ['8080:80']\n# quadgen: ignore-file[QG404]", "    ports: ['8080:80']\n"),
        (
            "    ports: ['80:80'] # quadgen: ignore[priviledged-port]\n",
            "    ports: ['80:80'] # quadgen: ignore[privileged-port]\n",
        ),
        (
            "    ports: ['8080:80'] # quadgen: ignore[QG404, QG4]\n",
            "    ports: ['8080:80'] # quadgen: ignore[QG404, QG4]\n",
        ),
    ] {
        assert_eq!(mended("topology.yaml", &topology(lines)), topology(expected), "{lines}");
    }
}

#[test]
fn quadgen_toml_chooses_levels_and_rules_by_path() {
    let web = topology("    ports: ['80:80']\n");
    let here = folder(&[
        (
            "quadgen.toml",
            "[lint]\nfail-on = \"error\"\n[lint.levels]\nprivileged-port = \"warning\"\n\
             [[lint.paths]]\npaths = [\"legacy/**\"]\nignore = [\"QG404\"]\n[[lint.paths]]\npaths = [\"gone/*\"]\nlevels = { QG404 = \"error\" }\n",
        ),
        ("legacy/a/topology.yaml", &web),
        ("new/topology.yaml", &web),
    ]);
    let (code, found, out) = lint(&[], here.path());
    assert_eq!(
        (code, found),
        (0, vec!["new/topology.yaml:5 QG404".to_owned(), "quadgen.toml:9 QG006".to_owned()]),
        "{out}"
    );
    // A file that is often not part of a checkout is not missed, and nothing is where not all could be read.
    let with_env =
        folder(&[("quadgen.toml", "[[lint.paths]]\npaths = [\"*/.env\"]\nignore = []\n"), ("topology.yaml", &web)]);
    assert_eq!(lint(&[], with_env.path()).1, ["topology.yaml:5 QG404"]);
    let cut =
        folder(&[("quadgen.toml", "[[lint.paths]]\npaths = [\"x\"]\nignore = []\n"), ("topology.yaml", "services: {")]);
    assert_eq!(lint(&[], cut.path()).1, ["topology.yaml:1 QG001"]);
    // From everywhere the same; what is elsewhere is not missed.
    let (code, found, out) = lint(&["."], &here.path().join("legacy"));
    assert_eq!((code, found), (0, vec![]), "{out}");
    assert_eq!(lint(&["../legacy/a/topology.yaml"], &here.path().join("new")).1, [""; 0]);
    // The command line goes before the file.
    assert_eq!(lint(&["new", "--fail-on", "warning"], here.path()).0, 1);
    assert_eq!(lint(&["legacy", "--select", "QG404"], here.path()).1, ["legacy/a/topology.yaml:5 QG404"]);
    assert_eq!(
        lint(&["legacy", "--select", "ALL", "--ignore", "QG205"], here.path())
            .1
            .iter()
            .filter(|found| found.contains("QG404"))
            .count(),
        0
    );
}

#[test]
fn the_nearest_quadgen_toml_holds_and_may_extend_another() {
    let web = topology("    ports: ['80:80']\n");
    let here = folder(&[
        (".git/HEAD", ""),
        ("quadgen.toml", "[lint]\nignore = [\"QG404\"]\n"),
        ("topology.yaml", &web),
        ("a/quadgen.toml", ""),
        ("a/topology.yaml", &web),
        ("b/quadgen.toml", "extend = \"../quadgen.toml\"\n"),
        ("b/topology.yaml", &web),
    ]);
    assert_eq!(lint(&[], here.path()).1, ["a/topology.yaml:5 QG404"]);
    for (own, base, code, expected) in [
        ("extend = \"../gone.toml\"\n", "", 2, "cannot read `gone.toml`: there is no such file"),
        ("extend = \"../../out.toml\"\n", "", 1, "`../../out.toml` leads out of the repository, and is not read"),
        ("extend = \"../quadgen.toml\"\n", "extend = \"b/quadgen.toml\"\n", 1, "extends itself"),
        ("extend = \"quadgen.toml\"\n", "", 1, "`b/quadgen.toml` extends itself, by way of this line"),
    ] {
        fs::write(here.path().join("b/quadgen.toml"), own).unwrap();
        fs::write(here.path().join("quadgen.toml"), base).unwrap();
        let (found, _, out) = lint(&["b"], here.path());
        assert!(found == code && out.contains(expected), "{own}: {found} {out}");
    }
}

#[test]
fn platforms_of_quadgen_toml_come_behind_those_of_the_file() {
    let compose = "services:\n  web:\n    image: docker.io/library/nginx:1.27\n    ports: ['80:80']\n";
    let unit = "[Container]\nImage=docker.io/library/nginx:1.27\nContainerName=web\nPublishPort=80:80\n\
                [Install]\nWantedBy=default.target\n";
    let here = folder(&[
        ("quadgen.toml", "[platforms]\nserver = \"podman@4.6,rootless\"\nroot = \"podman@5.4,rootful\"\n"),
        ("c/compose.yaml", compose),
        ("u/web.container", unit),
        ("t/topology.yaml", &topology("")),
    ]);
    let platforms = |arguments: &[&str]| {
        let (_, out, err) = quadgen(&[&["lint", "--format", "json"], arguments].concat(), here.path());
        let root: Json = serde_json::from_str(&out).unwrap_or_else(|_| panic!("{out}{err}"));
        let found = root["findings"].as_array().unwrap().iter();
        let found = found.map(|found| {
            format!(
                "{} {} {}",
                found["code"].as_str().unwrap(),
                found["severity"].as_str().unwrap(),
                found["platforms"]
            )
        });
        (found.collect::<Vec<_>>(), root["summary"]["assumed"].to_string())
    };
    let (found, _) = platforms(&["c"]);
    assert_eq!(found, ["QG404 warning [\"server\"]"]);
    let (found, _) = platforms(&["u"]);
    assert_eq!(found, ["QG404 warning [\"server\"]"]);
    assert_eq!(platforms(&["c", "--on", "root"]).0, [""; 0]);
    assert_eq!(platforms(&["u", "--on", "root"]).0, [""; 0]);
    assert_eq!(platforms(&["c", "--on", "podman@5.4,rootless"]).0, ["QG404 warning [\"podman@5.4,rootless\"]"]);
    // The topology has its own.
    let (_, out, _) = quadgen(&["lint", "t"], here.path());
    assert!(out.contains("on p."), "{out}");
    fs::write(
        here.path().join("quadgen.toml"),
        "on = [\"root\", \"docker\"]\n[platforms]\nroot = \"podman@5.4,rootful\"\n",
    )
    .unwrap();
    let (_, out, _) = quadgen(&["lint", "c"], here.path());
    assert!(out.contains("on root, docker."), "{out}");
    fs::write(here.path().join("quadgen.toml"), "on = [\"podmn\"]\n").unwrap();
    let (code, found, out) = lint(&["c"], here.path());
    assert_eq!((code, found), (2, vec!["quadgen.toml:1 QG003".to_owned()]), "{out}");
}

#[test]
fn a_baseline_holds_what_is_known() {
    let two = |port: &str| {
        format!(
            "    ports: ['80:80']\n    enviroment: {{PASSWORD: hunter2}}\n  two: {{image: docker.io/library/nginx:1.27, ports: ['{port}']}}\n"
        )
    };
    let here = folder(&[
        (".git/HEAD", ""),
        ("quadgen.toml", "[lint]\nbaseline = \"known.json\"\n"),
        ("a/topology.yaml", &topology(&two("81:81"))),
        ("b/topology.yaml", &topology("    ports: ['80:80']\n")),
    ]);
    let at = |name: &str| here.path().join(name);
    // A baseline that is not there is no empty one.
    let (code, _, out) = lint(&[], here.path());
    assert!(code == 2 && out.contains("cannot read `known.json`: there is no such file"), "{out}");
    let (code, found, out) = lint(&["--write-baseline"], here.path());
    assert_eq!((code, found), (0, vec![]), "{out}");
    assert!(out.contains("Wrote 4 findings to known.json."), "{out}");
    let text = fs::read_to_string(at("known.json")).unwrap();
    assert!(!text.contains("hunter2") && text.matches("\"count\":1").count() == 4, "{text}");
    let (code, found, out) = lint(&[], here.path());
    assert_eq!((code, found), (0, vec![]), "{out}");
    assert!(out.contains("Known, and not shown: 4 findings of known.json."), "{out}");
    // Lines move, and something new comes.
    fs::write(at("a/topology.yaml"), "\n# moved\n".to_owned() + &topology(&two("82:82"))).unwrap();
    let (code, found, out) = lint(&["."], &at("a"));
    assert_eq!((code, found), (1, vec!["topology.yaml:9 QG404".to_owned()]), "{out}");
    assert!(out.contains("No longer there: 1 finding of ../known.json"), "{out}");
    // A look at a part tells nothing of the rest, and takes nothing of it out.
    let (_, _, out) = lint(&["b"], here.path());
    assert!(!out.contains("No longer there"), "{out}");
    let (_, _, out) = lint(&["b", "--write-baseline"], here.path());
    assert!(out.contains("Wrote 4 findings") && fs::read_to_string(at("known.json")).unwrap() == text, "{out}");
    let (_, _, out) = lint(&["--write-baseline", "--select", "QG101"], here.path());
    assert!(fs::read_to_string(at("known.json")).unwrap() == text, "{out}");
    let (_, _, out) = lint(&["--write-baseline"], here.path());
    assert!(out.contains("Wrote 4 findings"), "{out}");
    assert_eq!(lint(&[], here.path()).1, [""; 0]);
    assert_ne!(fs::read_to_string(at("known.json")).unwrap(), text);
    // The same finding once more is new.
    fs::write(
        at("b/topology.yaml"),
        topology("    ports: ['80:80']\n  two: {image: docker.io/library/nginx:1.27, ports: ['127.0.0.1:80:80']}\n"),
    )
    .unwrap();
    assert_eq!(lint(&["b"], here.path()).0, 1);
    // One that cannot be read.
    fs::write(at("known.json"), "{\n  \"version\": one\n}\n").unwrap();
    let (code, found, out) = lint(&[], here.path());
    assert!(code == 2 && found == [""; 0] && out.contains("known.json:2:1"), "{out}");
    assert!(fs::read_to_string(at("known.json")).unwrap().contains("one"));
    let (code, ..) = lint(&["--write-baseline"], here.path());
    assert!(code == 2 && fs::read_to_string(at("known.json")).unwrap().contains("one"));
}

#[test]
fn what_a_run_did_not_look_for_stays_in_a_baseline() {
    let text = topology("    ports: ['80:80']\n    volumes: ['data:/d']\nvolumes: {data: {}, spare: {}}\n");
    let here = folder(&[("quadgen.toml", "[lint]\nbaseline = \"known.json\"\n"), ("topology.yaml", &text)]);
    let known = || fs::read_to_string(here.path().join("known.json")).unwrap();
    let (_, _, out) = lint(&["--write-baseline", "--select", "ALL"], here.path());
    let whole = known();
    assert!(whole.matches("\"code\":\"QG404\"").count() == 1 && whole.contains("QG007"), "{out}{whole}");
    // Information is off by default, and a run may be about less than all.
    for words in [&[][..], &["--select", "QG404"], &["--ignore", "QG404"], &["--no-env"], &["-p", "x"]] {
        let (_, _, out) = lint(words, here.path());
        assert!(!out.contains("No longer there"), "{words:?}: {out}");
        lint(&[words, &["--write-baseline"]].concat(), here.path());
        assert_eq!(known(), whole, "{words:?}");
    }
    // What is gone for certain is.
    fs::write(here.path().join("topology.yaml"), text.replace("    ports: ['80:80']\n", "")).unwrap();
    let (_, _, out) = lint(&["--no-env"], here.path());
    assert!(!out.contains("No longer there"), "{out}");
    let (_, _, out) = lint(&[], here.path());
    assert!(out.contains("No longer there: 1 finding"), "{out}");
}

#[test]
fn a_baseline_may_be_named_on_the_command_line() {
    let here = folder(&[("topology.yaml", &topology("    ports: ['80:80'] # x\n"))]);
    let (_, _, out) = lint(&["--write-baseline"], here.path());
    assert!(out.contains("Wrote 1 finding to quadgen-baseline.json. `--baseline quadgen-baseline.json`"), "{out}");
    // It counts where somebody asks for it.
    assert_eq!(lint(&[], here.path()).0, 1);
    assert_eq!(lint(&["--baseline", "quadgen-baseline.json"], here.path()).0, 0);
    let (code, _, out) = lint(&["--write-baseline=sub.json"], here.path());
    assert!(code == 0 && here.path().join("sub.json").exists(), "{out}");
    // Nothing but a baseline is written over.
    let (code, _, out) = lint(&["--write-baseline=topology.yaml"], here.path());
    assert!(code == 2 && out.contains("cannot read this as a baseline"), "{out}");
    let (code, _, out) = lint(&["--baseline", "gone.json"], here.path());
    assert!(code == 2 && out.contains("gone.json"), "{out}");
    // What could not be read whole gives no baseline.
    fs::write(here.path().join("topology.yaml"), "services: {").unwrap();
    let (code, _, out) = lint(&["--write-baseline=new.json"], here.path());
    assert!(code == 2 && !here.path().join("new.json").exists(), "{out}");
}

#[test]
fn render_tells_what_is_not_silenced() {
    let web = |comment: &str| topology(&format!("    ports: ['80:80']{comment}\n"));
    let here = folder(&[("topology.yaml", web("").as_str()), ("quadgen.toml", "[lint]\nignore = [\"gone\"]\n")]);
    let (code, _, err) = quadgen(&["render", "--strict"], here.path());
    assert!(code == 1 && err.contains("QG404") && err.contains("QG902"), "{err}");
    fs::write(here.path().join("quadgen.toml"), "").unwrap();
    fs::write(here.path().join("topology.yaml"), web(" # quadgen: ignore[QG404]")).unwrap();
    let (code, _, err) = quadgen(&["render", "--strict"], here.path());
    assert!(code == 0 && !err.contains("QG404"), "{err}");
    // What keeps files from being made is told in any case.
    fs::write(here.path().join("topology.yaml"), web("\n    networks: [gone] # quadgen: ignore[QG006]")).unwrap();
    let (code, _, err) = quadgen(&["render"], here.path());
    assert!(code == 2 && err.contains("QG006"), "{err}");
}
