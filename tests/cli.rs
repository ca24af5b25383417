//! The contract of the command line: exit codes, bad input, output that other programs read, files that are written.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

mod support;

use std::fs;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use serde_json::Value as Json;
use support::folder;

fn quadgen(arguments: &[&str], folder: &Path) -> (i32, String, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_quadgen")).args(arguments).current_dir(folder).output().unwrap();
    read(&output)
}

fn read(output: &Output) -> (i32, String, String) {
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    (output.status.code().unwrap(), text(&output.stdout), text(&output.stderr))
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

const CLEAN: &str = "platforms: {p: 'podman@5.4,rootless'}\nservices: {a: {image: x}}\n";
const BROKEN: &str = "platforms: {p: 'podman@5.4,rootless'}\nservices: {a: {image: x, networks: [n]}}\n";

#[test]
fn exit_codes() {
    let here = folder(&[
        ("topology.yaml", CLEAN),
        ("broken.topology.yaml", BROKEN),
        ("cut.topology.yaml", "services: {"),
        ("none/readme.txt", ""),
    ]);
    for (arguments, code) in [
        (&["lint", "topology.yaml"][..], 0),
        (&["lint", "broken.topology.yaml"], 1),
        (&["lint", "broken.topology.yaml", "--ignore", "QG006"], 0),
        (&["lint", "broken.topology.yaml", "--ignore", "undefined-reference"], 0),
        (&["lint", "broken.topology.yaml", "--select", "QG101"], 0),
        (&["lint", "cut.topology.yaml"], 2),
        (&["lint", "cut.topology.yaml", "--ignore", "ALL"], 2),
        (&["lint"], 2),
        (&["lint", "none"], 2),
        (&["lint", "none", "--allow-empty"], 0),
        (&["lint", "none", "nowhere.yaml", "--allow-empty"], 2),
        (&["lint", "topology.yaml", "none", "--allow-empty"], 0),
        (&["lint", "broken.topology.yaml", "none", "--allow-empty"], 1),
        (&["lint", "cut.topology.yaml", "none", "--allow-empty"], 2),
        (&["render", "topology.yaml"], 0),
        (&["render", "topology.yaml", "--target", "compose"], 0),
        (&["render", "broken.topology.yaml"], 2),
        (&["render", "cut.topology.yaml"], 2),
        (&["rules"], 0),
        (&["explain", "qg101"], 0),
        (&["explain", "multi-homed-dns"], 0),
        (&["explain", "QG999"], 2),
        (&["--version"], 0),
        (&["--help"], 0),
        (&["lint", "--help"], 0),
        (&["nonsense"], 2),
        (&[], 2),
    ] {
        let (found, out, err) = quadgen(arguments, here.path());
        assert_eq!(found, code, "{arguments:?}\n{out}{err}");
    }
}

#[test]
fn the_level_that_fails_can_be_set() {
    let warned = "platforms: {p: 'podman@5.4,rootless'}\nnetworks: {n: {}, m: {}}\nservices:\n  a: {image: x, networks: [n], environment: {U: 'http://b:80'}}\n  b: {image: x, networks: [m]}\n";
    let here = folder(&[("topology.yaml", warned)]);
    for (arguments, code) in [
        (&["lint"][..], 1),
        (&["lint", "--fail-on", "error"], 0),
        (&["lint", "--fail-on", "info"], 1),
        (&["lint", "--ignore", "QG104", "--fail-on", "info"], 0),
        (&["lint", "--ignore", "QG104", "--select", "QG203", "--fail-on", "info"], 1),
    ] {
        assert_eq!(quadgen(arguments, here.path()).0, code, "{arguments:?}");
    }
}

#[test]
fn bad_input_says_what_is_wrong_and_writes_nothing() {
    let here = folder(&[
        ("topology.yaml", CLEAN),
        ("empty/readme.txt", ""),
        ("two/topology.yaml", "platforms: {a: podman@5.4, b: docker}\nservices: {a: {image: x}}\n"),
        ("docker/topology.yaml", "platforms: {a: docker@28.5}\nservices: {a: {image: x}}\n"),
        ("old/topology.yaml", "platforms: {a: podman@4.3.1}\nservices: {a: {image: x}}\n"),
        (
            "host/topology.yaml",
            "platforms: {a: podman@5.4}\nservices: {a: {image: x, environment: {U: '{{ host.o.url }}'}}}\n",
        ),
        ("words/topology.yaml", "platforms: {a: 'docker, cni'}\nservices: {a: {image: x}}\n"),
        ("latin.topology.yaml", ""),
    ]);
    fs::write(here.path().join("latin.topology.yaml"), b"services: {a: {image: \xe4}}\n").unwrap();
    for (arguments, said) in [
        (&["lint", "nothing.yaml"][..], "cannot read `nothing.yaml`: there is no such file"),
        (&["lint", "empty"], "no stack in `empty`"),
        (&["lint", "compose.prod.yml"], "cannot read `compose.prod.yml`: there is no such file"),
        (&["lint", "web.container"], "cannot read `web.container`: there is no such file"),
        (&["lint", "latin.topology.yaml"], "not UTF-8"),
        (&["lint", "--on", "podmann"], "did you mean `podman`?"),
        (&["lint", "--on", "docker,cni"], "Docker has neither CNI nor netavark"),
        (&["lint", "words"], "Docker has neither CNI nor netavark"),
        (&["lint", "--stack", "other"], "there is no stack `other`"),
        (&["lint", "--select", "QG9"], "there is no rule `QG9`"),
        (&["render", "two", "-o", "out"], "Choose with --on: a, b"),
        (&["render", "docker", "--target", "quadlet", "-o", "out"], "does not run Quadlet units"),
        (&["render", "old", "--target", "quadlet", "-o", "out"], "they came with Podman 4.4"),
        (&["render", "host", "-o", "out"], "there is no host service `o`"),
        (&["render", "words", "-o", "out"], "Nothing was rendered"),
        (&["render", "empty", "-o", "out"], "no stack in `empty`"),
    ] {
        let (code, out, err) = quadgen(arguments, here.path());
        // The report breaks lines; the words stay in order.
        let text = format!("{out}{err}").replace('│', " ").split_whitespace().collect::<Vec<_>>().join(" ");
        assert_eq!(code, 2, "{arguments:?}\n{text}");
        assert!(text.contains(said), "{arguments:?} does not say {said:?}:\n{text}");
        assert!(!text.contains("No problems"), "{arguments:?} sounds like an all-clear:\n{text}");
        assert!(!here.path().join("out").exists(), "{arguments:?} wrote something");
    }
}

#[test]
fn what_a_unit_cannot_hold_is_refused() {
    for (service, said) in [
        ("volumes: [{type: bind, source: '~/x:/etc', target: /data}]", "a colon separates paths"),
        ("networks: [nowhere]", "there is no network `nowhere`"),
        ("secrets: [{source: k, target: 'x,uid=0'}]", "cannot hold a comma"),
        ("networks: {default: {interface_name: 'eth0,alias=db'}}", "cannot hold a comma"),
        ("network_mode: host, networks: [default]", "one excludes the other"),
        ("network_mode: foo.network", "network_mode must be"),
        ("image: ';'", "is not an image"),
        ("container_name: ../x", "is not a name"),
        ("networks: {default: {aliases: ['a:ip=1']}}", "is not a name"),
        ("quadlet: {Service: {ExecStartPre: '/bin/true \\'}}", "joins the next"),
        ("quadlet: {Service: {ExecStartPre: \"/bin/true\\nExecStart=/x\"}}", "a value of a unit is one line"),
        ("quadlet: {Container: {Network: host}}", "write `networks` or `network_mode`"),
        ("quadlet: {'Service]': {A: b}}", "has no key"),
    ] {
        let image = if service.starts_with("image") { "" } else { "image: x, " };
        let text = format!(
            "platforms: {{p: 'podman@5.4,rootless'}}\nsecrets: {{k: {{external: true}}}}\nservices: {{a: {{{image}{service}}}}}\n"
        );
        let here = folder(&[("topology.yaml", &text)]);
        let (code, _, err) = quadgen(&["render", "-o", "out"], here.path());
        assert_eq!(code, 2, "{service}\n{err}");
        // The report breaks lines; the words stay in order.
        let err = err.replace('│', " ").split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(err.contains(said), "{service} does not say {said:?}: {err}");
        assert!(!here.path().join("out").exists(), "{service}");
    }
}

/// Podman would read the file otherwise than Compose, so what it says is written for the unit.
#[test]
fn what_stands_for_something_else_is_refused_in_an_env_file_too() {
    let compose = "services: {a: {image: docker.io/library/a:1, env_file: a.env}}\n";
    let here = folder(&[("compose.yaml", compose), ("a.env", "A=\"x\u{fdd0}\"\n")]);
    let (code, _, err) = quadgen(&["render", "--on", "podman@5.4,rootless", "-o", "out"], here.path());
    assert_eq!(code, 2, "{err}");
    assert!(err.contains("U+FDD0") && err.contains("a.env:1:"), "{err}");
}

#[test]
fn what_a_target_cannot_say_is_reported() {
    for (target, service, said) in [
        ("quadlet", "healthcheck: {start_interval: 1s}", "the times of a check that the image has"),
        ("quadlet", "build: {context: ., cache_from: ['a/b:1']}", "a repository without a tag"),
        ("quadlet", "command: []", "take the image's command away"),
        ("quadlet", "gpus: [{driver: other}]", "names none"),
        (
            "quadlet",
            "volumes: [{type: volume, source: v, target: /v, volume: {labels: {a: b}}}]",
            "cannot say `labels`",
        ),
        ("quadlet", "ports: ['8000-8009:80']", "no choice of host ports"),
        ("compose", "volumes: ['v:/v:z']", "Compose has no `z`"),
    ] {
        let text = format!(
            "platforms: {{p: 'podman@5.4,rootless'}}\nsecrets: {{k: {{external: true}}}}\nvolumes: {{v: {{}}}}\nservices: {{aa: {{image: x, {service}}}}}\n"
        );
        let here = folder(&[("topology.yaml", &text)]);
        let (code, _, err) = quadgen(&["render", "--target", target, "-o", "out"], here.path());
        assert_eq!(code, 0, "{service}\n{err}");
        let err = err.replace('│', " ").split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(err.contains("QG801") && err.contains(said), "{service} does not say {said:?}: {err}");
        assert_eq!(quadgen(&["render", "--target", target, "--strict"], here.path()).0, 1, "{service}");
    }
}

#[test]
fn only_quadgens_own_files_are_written_over() {
    let here =
        folder(&[("topology.yaml", CLEAN), ("out/a.container", "[Container]\nImage=mine\n"), ("out/notes.txt", "")]);
    let arguments = ["render", "-o", "out"];
    let names = || {
        let mut names: Vec<String> = fs::read_dir(here.path().join("out"))
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    };
    let (code, _, err) = quadgen(&arguments, here.path());
    assert_eq!(code, 2, "{err}");
    assert!(err.contains("a.container` was not written by quadgen"), "{err}");
    assert_eq!(names(), ["a.container", "notes.txt"], "nothing else was written");
    fs::remove_file(here.path().join("out/a.container")).unwrap();
    assert_eq!(quadgen(&arguments, here.path()).0, 0);
    assert_eq!(names(), ["a.container", "default.network", "notes.txt"]);
    let unit = here.path().join("out/a.container");
    let first = fs::read_to_string(&unit).unwrap();
    assert!(first.starts_with("# quadgen: source=../topology.yaml model="), "{first}");
    // A changed source is written over the old set, an edit by hand is not.
    fs::write(here.path().join("topology.yaml"), CLEAN.replace('x', "y")).unwrap();
    assert_eq!(quadgen(&arguments, here.path()).0, 0);
    assert_ne!(fs::read_to_string(&unit).unwrap(), first);
    fs::write(&unit, first.replace("Image=", "Image=other/")).unwrap();
    let (code, _, err) = quadgen(&arguments, here.path());
    assert_eq!(code, 2);
    assert!(err.contains("was changed by hand"), "{err}");
}

#[cfg(unix)]
#[test]
fn nothing_is_written_through_a_link() {
    let here = folder(&[("topology.yaml", CLEAN), ("elsewhere/file", "mine"), ("out/keep", "")]);
    std::os::unix::fs::symlink("../elsewhere/file", here.path().join("out/a.container")).unwrap();
    let (code, _, err) = quadgen(&["render", "-o", "out"], here.path());
    assert_eq!(code, 2, "{err}");
    assert_eq!(fs::read_to_string(here.path().join("elsewhere/file")).unwrap(), "mine");
}

#[test]
fn json_keeps_the_form_of_version_1() {
    let here = folder(&[(
        "sub/topology.yaml",
        "platforms: {p: podman@5.4}\nnetworks: {net: {labels: {a: ä}}}\nservices:\n  a: {image: x, networks: [nett], internet: deny}\n",
    )]);
    let (code, out, _) = quadgen(&["lint", "sub", "--format", "json"], here.path());
    assert_eq!(code, 1);
    let root: Json = serde_json::from_str(&out).unwrap();
    assert_eq!(root["version"], 1);
    let finding = root["findings"].as_array().unwrap().iter().find(|finding| finding["code"] == "QG006").unwrap();
    let keys: Vec<&str> = finding.as_object().unwrap().keys().map(String::as_str).collect();
    let contract = "code name severity message stack platforms file line column end_line end_column help url labels fixes suppressed";
    assert_eq!(keys, contract.split(' ').collect::<Vec<_>>());
    assert_eq!(
        (&finding["file"], &finding["line"], &finding["column"], &finding["end_column"]),
        (&"sub/topology.yaml".into(), &4.into(), &28.into(), &32.into())
    );
    let edit = &finding["fixes"][0]["edits"][0];
    let source = fs::read_to_string(here.path().join("sub/topology.yaml")).unwrap();
    let (start, end) = (edit["start"].as_u64().unwrap() as usize, edit["end"].as_u64().unwrap() as usize);
    assert_eq!((&source[start..end], &edit["text"]), ("nett", &"net".into()));
    let summary: Vec<&str> = root["summary"].as_object().unwrap().keys().map(String::as_str).collect();
    let contract = "files errors warnings infos complete assumed intents stacks not_read";
    assert_eq!(summary, contract.split(' ').collect::<Vec<_>>());
    let intents: Vec<&str> = root["summary"]["intents"].as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(intents, ["stated", "proven", "broken", "unknown"]);
    // What kept it from working is a finding, too.
    let (code, out, err) = quadgen(&["lint", "nothing", "--format", "json"], here.path());
    let root: Json = serde_json::from_str(&out).unwrap();
    assert_eq!((code, root["findings"][0]["code"].as_str(), err.as_str()), (2, Some("QG000"), ""));
    assert_eq!(root["summary"]["complete"], false);
}

#[test]
fn the_list_of_rules_is_json_too() {
    let (code, out, _) = quadgen(&["rules", "--format", "json"], root());
    let list: Json = serde_json::from_str(&out).unwrap();
    assert_eq!((code, list["version"].as_u64()), (0, Some(1)));
    let rules = list["rules"].as_array().unwrap();
    for rule in rules {
        let keys: Vec<&str> = rule.as_object().unwrap().keys().map(String::as_str).collect();
        assert_eq!(keys, ["code", "name", "summary", "level", "fixable", "since", "url", "page"]);
        // As long as the package has no address.
        assert!(rule["url"].is_null() || rule["url"].as_str().unwrap().contains(rule["code"].as_str().unwrap()));
        assert!(rule["page"].as_str().unwrap().starts_with(&format!("# {}", rule["code"].as_str().unwrap())));
    }
    let codes: Vec<&str> = rules.iter().map(|rule| rule["code"].as_str().unwrap()).collect();
    let mut sorted = codes.clone();
    sorted.sort_unstable();
    sorted.dedup();
    assert_eq!(codes, sorted, "by code, each once");
}

#[test]
fn colour_is_for_terminals_and_those_who_ask() {
    let here = folder(&[("topology.yaml", BROKEN)]);
    let coloured = |arguments: &[&str], variable: Option<(&str, &str)>| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_quadgen"));
        command.args(arguments).current_dir(here.path()).env_remove("NO_COLOR").env_remove("CLICOLOR_FORCE");
        if let Some((name, value)) = variable {
            command.env(name, value);
        }
        read(&command.output().unwrap()).1.contains('\u{1b}')
    };
    assert!(!coloured(&["lint"], None));
    assert!(coloured(&["lint", "--color", "always"], None));
    assert!(coloured(&["lint", "--color", "always"], Some(("NO_COLOR", "1"))));
    assert!(!coloured(&["lint"], Some(("NO_COLOR", "1"))));
    assert!(!coloured(&["lint", "--color", "never"], Some(("CLICOLOR_FORCE", "1"))));
    assert!(!coloured(&["lint", "--format", "json", "--color", "always"], None));
}

#[test]
fn a_closed_pipe_is_no_error() {
    let mut child = Command::new(env!("CARGO_BIN_EXE_quadgen"))
        .args(["explain", "QG202"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let (code, _, err) = read(&child.wait_with_output().unwrap());
    assert_eq!((code, err.as_str()), (0, ""));
}

#[test]
fn a_stack_is_judged_on_assumed_words_and_they_are_named() {
    let text = "networks: {n: {}, m: {}}\nservices:\n  a: {image: x, networks: [n], connects: [b]}\n  b: {image: x, networks: [m]}\n";
    let here = folder(&[("topology.yaml", text)]);
    let (code, out, _) = quadgen(&["lint", "--format", "concise"], here.path());
    assert_eq!(code, 1);
    assert!(out.contains("warning QG208"), "assumed, so at most a warning: {out}");
    assert!(out.contains("(assuming `podman@6.2`)") && out.contains("Assumed on podman: podman@6.2"), "{out}");
    let (_, out, _) = quadgen(&["lint", "--format", "concise", "--on", "podman@6.1,rootless"], here.path());
    assert!(out.contains("error QG208"), "{out}");
}

#[test]
fn several_stacks_of_a_folder_are_kept_apart() {
    let here = folder(&[
        ("a/topology.yaml", CLEAN),
        ("b/topology.yaml", BROKEN),
        (".hidden/topology.yaml", BROKEN),
        (".gitignore", "ignored\n"),
        ("ignored/topology.yaml", BROKEN),
    ]);
    let (code, out, _) = quadgen(&["lint", "--format", "concise"], here.path());
    assert_eq!(code, 1);
    assert!(out.contains("1 error in 2 files on p."), "{out}");
    assert_eq!(quadgen(&["lint", "--stack", "a"], here.path()).0, 0);
    let (code, _, err) = quadgen(&["render"], here.path());
    assert_eq!(code, 2);
    assert!(err.contains("Choose with --stack: a, b"), "{err}");
}

#[test]
fn what_git_ignores_everywhere_is_not_read() {
    let here = folder(&[
        ("a/topology.yaml", CLEAN),
        ("drafts/topology.yaml", BROKEN),
        ("none/readme", ""),
        ("default/git/ignore", "drafts\n"),
        ("settings/git/config", "[core]\nexcludesfile=own-ignore\n"),
        ("home/.gitconfig", "[core]\nexcludesfile=own-ignore\n"),
        ("other/.config/git/ignore", "drafts\n"),
        ("empty.conf", "[user]\nname = x\n"),
        ("names.conf", "[core]\n\tExcludesFile = own-ignore\n"),
        ("own-ignore", "drafts\n"),
    ]);
    let at = |name: &str| here.path().join(name);
    let codes = [("none", "empty.conf", 1), ("none", "names.conf", 0), ("default", "empty.conf", 0)];
    for (own, settings, code) in codes {
        for variable in ["GIT_CONFIG_GLOBAL", "GIT_CONFIG_SYSTEM"] {
            let mut lint = Command::new(env!("CARGO_BIN_EXE_quadgen"));
            lint.args(["lint", "--format", "concise"]).current_dir(here.path());
            lint.env("HOME", at("none")).env("XDG_CONFIG_HOME", at(own));
            for name in ["GIT_CONFIG_GLOBAL", "GIT_CONFIG_SYSTEM"] {
                lint.env(name, at(if name == variable { settings } else { "empty.conf" }));
            }
            let (found, out, _) = read(&lint.output().unwrap());
            assert_eq!(found, code, "{own}, {variable}={settings}: {out}");
        }
    }
    // Where no variable names a file of settings, they lie below the home.
    for (home, own, code) in
        [("none", "none", 1), ("home", "none", 0), ("none", "settings", 0), ("other", "", 0), ("none", "default", 0)]
    {
        let mut lint = Command::new(env!("CARGO_BIN_EXE_quadgen"));
        lint.args(["lint", "--format", "concise"]).current_dir(here.path());
        lint.env_remove("GIT_CONFIG_GLOBAL").env("GIT_CONFIG_SYSTEM", at("empty.conf"));
        lint.env("HOME", at(home)).env("XDG_CONFIG_HOME", if own.is_empty() { "".into() } else { at(own) });
        let (found, out, _) = read(&lint.output().unwrap());
        assert_eq!(found, code, "{home}, {own}: {out}");
    }
}

#[test]
fn what_systemd_fills_in_may_stand_in_a_drop_in_or_behind_an_escape() {
    let here = folder(&[
        ("a/web.container", "[Container]\nImage=docker.io/library/nginx:1\nEnvironment=A=x\n"),
        ("a/web.container.d/x.conf", "[Container]\nContainerName=%p-y\nEnvironment=B=%p\n"),
        ("a/db.container", "[Container]\nImage=docker.io/library/nginx:1\nEnvironment=C=\\x25p\n"),
    ]);
    let (code, out, err) = quadgen(&["render", "--target", "compose", "a"], here.path());
    assert_eq!(code, 0, "{err}");
    for said in ["container_name: web-y\n", "A: x\n", "B: web\n", "C: db\n"] {
        assert!(out.contains(said), "{said}{out}");
    }
}

#[test]
fn memory_comes_from_our_allocator() {
    let mut version = Command::new(env!("CARGO_BIN_EXE_quadgen"));
    let (code, _, err) = read(&version.arg("--version").env("MIMALLOC_VERBOSE", "1").output().unwrap());
    assert!(code == 0 && err.contains("mimalloc"), "{code}: {err}");
}

#[test]
fn completions_are_scripts_that_complete() {
    for (shell, beginning) in [
        ("bash", "_quadgen() {"),
        ("zsh", "#compdef quadgen"),
        ("fish", "# Print an optspec"),
        ("elvish", "\nuse builtin;"),
        ("powershell", "\nusing namespace"),
    ] {
        let (code, script, _) = quadgen(&["completions", shell], root());
        assert!(code == 0 && script.starts_with(beginning), "{shell}: {code}\n{script}");
    }
    let (_, script, _) = quadgen(&["completions", "bash"], root());
    let here = folder(&[("quadgen.bash", &script)]);
    let bash =
        |arguments: &[&str]| read(&Command::new("bash").args(arguments).current_dir(here.path()).output().unwrap());
    assert_eq!(bash(&["-n", "quadgen.bash"]), (0, String::new(), String::new()));
    // What bash does when somebody presses Tab behind the last word.
    let tab = r#"
        source ./quadgen.bash
        function=$(complete -p quadgen | sed -E 's/.* -F ([^ ]+) .*/\1/')
        COMP_WORDS=("$@") COMP_CWORD=$(($# - 1)) COMPREPLY=()
        "$function" quadgen "${COMP_WORDS[COMP_CWORD]}" "${COMP_WORDS[COMP_CWORD - 1]}"
        echo "${COMPREPLY[*]}"
    "#;
    for (words, completed) in [
        (&["li"][..], "lint"),
        (&["lint", "--for"], "--format"),
        (&["lint", "--format", ""], "full concise json sarif github gitlab junit"),
        (&["lint", "--format", "c"], "concise"),
        (&["lint", "--fail-on", ""], "error warning info"),
        (&["render", "--target", ""], "quadlet compose topology"),
        (&["completions", "z"], "zsh"),
    ] {
        let mut arguments = vec!["--norc", "-c", tab, "bash", "quadgen"];
        arguments.extend(words);
        assert_eq!(bash(&arguments), (0, format!("{completed}\n"), String::new()), "{words:?}");
    }
}

#[test]
fn a_path_that_is_not_there_is_shown_as_it_was_typed() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("empty")).unwrap();
    let typed = folder.path().join("empty").to_string_lossy().into_owned();
    for word in [format!("{typed}/nothing.yaml"), typed, "../nothing/here.yaml".to_owned()] {
        let output = Command::new(env!("CARGO_BIN_EXE_quadgen"))
            .args(["lint", &word])
            .current_dir(folder.path())
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&output.stderr).into_owned() + &String::from_utf8_lossy(&output.stdout);
        assert_eq!(output.status.code(), Some(2), "{said}");
        assert!(said.contains(&format!("`{word}`")), "{word} is not in:\n{said}");
    }
}
