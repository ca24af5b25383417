//! `lint --fix` and `--diff`: what they change, and that they change nothing else.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "tests")]

mod support;

use std::collections::BTreeMap;
use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use quadgen::rules::RULES;
use serde_json::Value;
use support::folder;
use support::page::{fences, section};

fn quadgen(folder: &Path, words: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_quadgen"));
    command.args(words).current_dir(folder).output().unwrap()
}

fn stdout(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

fn texts(folder: &Path) -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    for entry in fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
        if entry.is_dir() {
            let name = entry.file_name().unwrap().to_str().unwrap().to_owned();
            found.extend(texts(&entry).into_iter().map(|(below, text)| (format!("{name}/{below}"), text)));
        } else {
            let name = entry.file_name().unwrap().to_str().unwrap().to_owned();
            found.insert(name, fs::read_to_string(&entry).unwrap());
        }
    }
    found
}

/// The rule's code, its files, and the words for the platform where the files name none.
type Example = (String, Vec<(String, String)>, Option<String>);

/// Every example of every page.
fn examples() -> Vec<Example> {
    let mut all: Vec<Example> = Vec::new();
    for (rule, _) in RULES {
        for heading in ["Wrong", "Right"] {
            for fence in fences(&section(rule.page, heading)) {
                let words: Vec<&str> = fence.info.split(' ').collect();
                match words.as_slice() {
                    ["ini", name, platform] => {
                        all.push((rule.code.into(), vec![((*name).into(), fence.text)], Some((*platform).into())));
                    }
                    ["ini", name] => all.last_mut().unwrap().1.push(((*name).into(), fence.text)),
                    ["yaml", ..] => all.push((rule.code.into(), vec![("topology.yaml".into(), fence.text)], None)),
                    _ => {}
                }
            }
        }
    }
    all
}

/// Whether every comment of a text is in another one: lines of their own all, those behind something unless that went.
/// What silenced nothing goes.
fn keeps_comments(old: &str, new: &str) -> Result<(), String> {
    let lines: Vec<&str> = new.lines().map(str::trim).collect();
    for line in old.lines().map(str::trim).filter(|line| line.contains("# ") && !line.contains("quadgen:")) {
        let comment = line.split_once("# ").map_or("", |(_, comment)| comment);
        let kept =
            if line.starts_with('#') { lines.contains(&line) } else { !lines.contains(&line) || new.contains(comment) };
        if !kept {
            return Err(format!("lost the comment {comment}"));
        }
    }
    Ok(())
}

/// Mends a folder and looks at what came of it: nothing is left to mend, comments stand where they stood, no connection
/// and no port is lost, and none is opened that was not there.
fn mend(what: &str, before: &Path, on: &[&str]) -> usize {
    let after = tempfile::tempdir().unwrap();
    let old = texts(before);
    for (name, text) in &old {
        fs::create_dir_all(after.path().join(name).parent().unwrap()).unwrap();
        fs::write(after.path().join(name), text).unwrap();
    }
    let words = |more: &[&'static str]| [&["lint", "--select", "ALL", "--allow-empty"], more, on].concat();
    let fixed = quadgen(after.path(), &words(&["--fix", "--format", "json"]));
    let report: Value = serde_json::from_slice(&fixed.stdout).unwrap_or_else(|_| panic!("{what}: {fixed:?}"));
    let left: Vec<&Value> =
        report["findings"].as_array().unwrap().iter().filter(|finding| finding["suppressed"].is_null()).collect();
    let safe = |finding: &&&Value| finding["fixes"].as_array().unwrap().iter().any(|fix| fix["safe"] == true);
    let unmended: Vec<_> = left.iter().filter(safe).map(|finding| &finding["message"]).collect();
    assert!(unmended.is_empty(), "{what}: left to mend: {unmended:?}\n{:?}", texts(after.path()));
    let new = texts(after.path());
    if new == old {
        return 0;
    }
    let again = quadgen(after.path(), &words(&["--diff"]));
    assert_eq!((stdout(&again), again.status.code()), (String::new(), Some(0)), "{what}: not mended in one run");
    for (name, text) in &new {
        assert_eq!(keeps_comments(&old[name], text), Ok(()), "{what}: {name}");
    }
    // Before and after, as `quadgen diff` sees them. What cannot be deployed as it stands connects nothing yet.
    let was = quadgen(before, &words(&["--format", "json"]));
    let was: Value = serde_json::from_slice(&was.stdout).unwrap();
    if was["findings"].as_array().unwrap().iter().any(|finding| finding["code"].as_str().unwrap().starts_with("QG00")) {
        return 1;
    }
    let both = tempfile::tempdir().unwrap();
    for (side, files) in [("old", &old), ("new", &new)] {
        for (name, text) in files {
            let path = both.path().join(side).join("stack").join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
    }
    let words = [&["diff", "old/stack", "new/stack", "--format", "text"], on].concat();
    let compared = stdout(&quadgen(both.path(), &words));
    for worse in ["Connections lost", "Ports closed", "Ports opened", "Internet access gained"] {
        assert!(!compared.contains(worse), "{what}: {compared}");
    }
    1
}

#[test]
fn safe_fixes_of_all_pages_converge_and_change_nothing_else() {
    let mut mended = 0;
    for (code, files, platform) in examples() {
        let folder = folder(&files);
        let on: Vec<&str> = platform.iter().flat_map(|words| ["--on", words]).collect();
        mended += mend(&code, folder.path(), &on);
    }
    assert!(mended > 5, "only {mended} pages have something to mend");
}

/// The files of a repository that may hold a stack, copied.
fn copy(from: &Path, to: &Path) {
    for entry in fs::read_dir(from).unwrap().map(|entry| entry.unwrap().path()) {
        let to = to.join(entry.file_name().unwrap());
        if entry.is_dir() {
            copy(&entry, &to);
        } else if let Ok(text) = fs::read_to_string(&entry) {
            fs::create_dir_all(to.parent().unwrap()).unwrap();
            fs::write(to, text).unwrap();
        }
    }
}

#[test]
fn safe_fixes_of_real_files_converge_and_change_nothing_else() {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/corpus");
    if !corpus.is_dir() {
        return support::missing("fixes of real files (no corpus beside the repository)");
    }
    let (mut changed, mut compared) = (0, 0);
    let mut repositories: Vec<_> = fs::read_dir(corpus).unwrap().map(|entry| entry.unwrap().path()).collect();
    repositories.retain(|path| path.is_dir());
    repositories.sort();
    for repository in repositories {
        let here = tempfile::tempdir().unwrap();
        for side in ["old", "new"] {
            copy(&repository, &here.path().join(side));
        }
        let new = here.path().join("new");
        let what = repository.file_name().unwrap().to_string_lossy().into_owned();
        let lint = |more: &[&'static str]| {
            quadgen(&new, &[&["lint", "--select", "ALL", "--allow-empty", "--quiet"], more].concat())
        };
        lint(&["--fix"]);
        assert_eq!(stdout(&lint(&["--diff"])), "", "{what}: not mended in one run");
        let (before, after) = (texts(&here.path().join("old")), texts(&new));
        let edited: Vec<&String> =
            after.iter().filter(|(name, text)| before[*name] != **text).map(|(name, _)| name).collect();
        changed += edited.len();
        for name in &edited {
            assert_eq!(keeps_comments(&before[*name], &after[*name]), Ok(()), "{what}: {name}");
        }
        let folders: std::collections::BTreeSet<&str> =
            edited.iter().map(|name| name.rsplit_once('/').map_or(".", |(folder, _)| folder)).collect();
        for folder in folders {
            // What cannot be deployed as it stands connects nothing yet.
            let old = format!("old/{folder}");
            let was = quadgen(here.path(), &["lint", &old, "--format", "json", "--allow-empty"]);
            let was: Value = serde_json::from_slice(&was.stdout).unwrap();
            let findings = was["findings"].as_array().unwrap();
            if findings.iter().any(|finding| finding["severity"] == "error") {
                continue;
            }
            let told = stdout(&quadgen(here.path(), &["diff", &old, &format!("new/{folder}"), "--format", "text"]));
            // Two projects of one folder are called by their files, and are not held against each other.
            if told.contains("which is new") {
                continue;
            }
            for worse in ["Connections lost", "Ports closed", "Ports opened", "Internet access gained"] {
                assert!(!told.contains(worse), "{what}: {folder}: {told}");
            }
            compared += 1;
        }
    }
    support::say(&format!("{changed} real files mended, {compared} folders of them compared"));
    assert!(changed > 50 && compared > 20, "{changed} {compared}");
}

#[test]
fn a_diff_shows_what_fix_does_and_changes_nothing() {
    let text = "# mine\nservices:\n  web: # the front\n    imge: nginx\n    ports: [\"80:80\"]\n";
    let files = [("compose.yaml".to_owned(), text.to_owned())];
    let folder = folder(&files);
    let words = ["lint", "--on", "docker", "--diff"];
    let output = quadgen(folder.path(), &words);
    assert_eq!(output.status.code(), Some(1));
    let shown = stdout(&output);
    assert!(shown.contains("-    imge: nginx\n+    image: nginx\n"), "{shown}");
    assert_eq!(fs::read_to_string(folder.path().join("compose.yaml")).unwrap(), text);

    let output = quadgen(folder.path(), &["lint", "--on", "docker", "--fix"]);
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    assert_eq!(String::from_utf8_lossy(&output.stderr), "Mended 1 finding in 1 file.\n");
    assert_eq!(fs::read_to_string(folder.path().join("compose.yaml")).unwrap(), text.replace("imge", "image"));
    let output = quadgen(folder.path(), &words);
    assert_eq!((stdout(&output), output.status.code()), (String::new(), Some(0)));
}

#[test]
fn a_link_stays_a_link_and_permissions_stay() {
    use std::os::unix::fs::PermissionsExt;
    let folder = folder(&[("real/stack.yaml".to_owned(), "services:\n  web:\n    imge: nginx\n".to_owned())]);
    std::os::unix::fs::symlink("real/stack.yaml", folder.path().join("compose.yaml")).unwrap();
    let real = folder.path().join("real/stack.yaml");
    fs::set_permissions(&real, fs::Permissions::from_mode(0o640)).unwrap();
    let output = quadgen(folder.path(), &["lint", "compose.yaml", "--on", "docker", "--fix"]);
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    assert!(fs::symlink_metadata(folder.path().join("compose.yaml")).unwrap().is_symlink());
    assert!(fs::read_to_string(&real).unwrap().contains("image: nginx"));
    assert_eq!(fs::metadata(&real).unwrap().permissions().mode() & 0o777, 0o640);
}

#[test]
fn bytes_that_are_not_utf8_are_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let text = b"[Container]\nImage=docker.io/library/nginx:1\nEnvironmnt=A=\xff\n";
    fs::write(folder.path().join("web.container"), text).unwrap();
    let output = quadgen(folder.path(), &["lint", "--on", "podman@5.4", "--fix", "--unsafe"]);
    assert_eq!(fs::read(folder.path().join("web.container")).unwrap(), text, "{output:?}");
}

#[test]
fn standard_input_is_mended_on_standard_output() {
    let here = folder(&[("compose.yaml".to_owned(), "services: {}\n".to_owned())]);
    let whole = here.path().join("compose.yaml");
    for name in ["compose.yaml", whole.to_str().unwrap()] {
        let mut command = Command::new(env!("CARGO_BIN_EXE_quadgen"));
        command.current_dir(here.path());
        command.args(["lint", "-", "--stdin-filename", name, "--on", "docker", "--fix"]);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        child.stdin.take().unwrap().write_all(b"services:\n  web:\n    imge: nginx\n").unwrap();
        let output = child.wait_with_output().unwrap();
        assert_eq!(stdout(&output), "services:\n  web:\n    image: nginx\n");
        assert!(String::from_utf8_lossy(&output.stderr).contains("No problems"), "{output:?}");
        assert_eq!(output.status.code(), Some(0));
        assert_eq!(fs::read_to_string(&whole).unwrap(), "services: {}\n");
    }
}

/// Every finding at warning or error level: its code and what it says.
fn alarms(folder: &Path, on: &[&str]) -> Vec<(String, String)> {
    let words = [&["lint", "--select", "ALL", "--format", "json"], on].concat();
    let output = quadgen(folder, &words);
    let report: Value = serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{output:?}"));
    let text = |finding: &Value, key: &str| finding[key].as_str().unwrap().to_owned();
    let findings = report["findings"].as_array().unwrap().iter().filter(|finding| finding["severity"] != "info");
    findings.map(|finding| (text(finding, "code"), text(finding, "message"))).collect()
}

/// Each folder below `tests/fix/` is a stack with what one rule finds, which the folder's name begins with. The snapshot
/// is what `--diff --unsafe` shows for that rule. `platform` says where the stack is deployed, if it does not itself.
/// In a folder that ends in `-partly` something stays on purpose, and in one that ends in `-never` everything.
#[test]
fn each_rule_mends_what_it_finds() {
    let mut settings = insta::Settings::clone_current();
    let all = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fix");
    let mut cases: Vec<_> = fs::read_dir(all).unwrap().map(|case| case.unwrap().path()).collect();
    cases.sort();
    let mut wrong = Vec::new();
    for case in cases {
        let name = case.file_name().unwrap().to_str().unwrap().to_owned();
        let code = name.split('-').next().unwrap().to_uppercase();
        let platform = fs::read_to_string(case.join("platform")).unwrap_or_default();
        let on: Vec<&str> = platform.split_whitespace().flat_map(|words| ["--on", words]).collect();
        let files: Vec<_> =
            texts(&case).into_iter().filter(|(file, _)| file != "platform" && file != "diff.snap").collect();
        let folder = folder(&files);
        let words = |more: &[&'static str]| [&["lint", "--select", &code], more, &on].concat();

        let before = alarms(folder.path(), &on);
        let concise = words(&["--format", "concise"]);
        let said = stdout(&quadgen(folder.path(), &concise));
        let shown = stdout(&quadgen(folder.path(), &words(&["--diff", "--unsafe"])));
        let never = name.ends_with("-never");
        if shown.is_empty() != never {
            wrong.push(format!("{name}: this is mended:\n{shown}"));
        }
        settings.set_snapshot_path(&case);
        settings.set_prepend_module_to_snapshot(false);
        settings.set_omit_expression(true);
        if !never {
            settings.bind(|| insta::assert_snapshot!("diff", shown));
        }

        quadgen(folder.path(), &words(&["--fix", "--unsafe"]));
        let left = stdout(&quadgen(folder.path(), &concise));
        // What it says now must be another thing.
        let message = |line: &str| line.split_once(&code).map(|(_, message)| message.to_owned());
        let known: Vec<String> = said.lines().filter_map(message).collect();
        let same: Vec<String> = left.lines().filter_map(message).filter(|line| known.contains(line)).collect();
        let partly = never || name.ends_with("-partly");
        if known.is_empty() || same.is_empty() == partly {
            wrong.push(format!("{name}: {code} still says {same:?} of {known:?}"));
        }
        let new: Vec<_> = alarms(folder.path(), &on).into_iter().filter(|alarm| !before.contains(alarm)).collect();
        if !new.is_empty() {
            wrong.push(format!("{name}: new findings: {new:?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn several_that_go_leave_no_empty_key() {
    let compose = "services:\n  web:\n    image: docker.io/library/nginx:1.27\nnetworks:\n  a: {}\n  b: {}\nvolumes:\n  c:\n  d:\n";
    let folder = folder(&[("compose.yaml".to_owned(), compose.to_owned())]);
    let output = quadgen(folder.path(), &["lint", "--on", "docker", "--select", "ALL", "--fix"]);
    let text = fs::read_to_string(folder.path().join("compose.yaml")).unwrap();
    assert_eq!(text, "services:\n  web:\n    image: docker.io/library/nginx:1.27\n", "{output:?}");
}

#[test]
fn what_counts_elsewhere_too_is_left_alone() {
    let unit = |more: &str| {
        format!(
            "[Container]\nImage=docker.io/library/nginx:1.27\nContainerName={more}\n\n[Install]\nWantedBy=default.target\n"
        )
    };
    let base = "services:\n  base:\n    image: docker.io/library/nginx:1.27\n    ports: [\"8080:80\"]\n";
    let app = "services:\n  one:\n    extends: {file: ../shared/base.yaml, service: base}\n    network_mode: host\n  two:\n    extends: {file: ../shared/base.yaml, service: base}\n";
    let files = [
        ("units/a.container".to_owned(), unit("a\nNetwork=host")),
        ("units/b.container".to_owned(), unit("b")),
        ("units/container.d/10.conf".to_owned(), "[Container]\nPublishPort=8080:80\n".to_owned()),
        ("shared/base.yaml".to_owned(), base.to_owned()),
        ("app/compose.yaml".to_owned(), app.to_owned()),
    ];
    let folder = folder(&files);
    for (path, on) in [("units", "podman@5.4,rootless"), ("app", "docker")] {
        quadgen(folder.path(), &["lint", path, "--on", on, "--select", "ALL", "--fix", "--unsafe"]);
    }
    let left = texts(folder.path());
    for name in ["units/container.d/10.conf", "shared/base.yaml"] {
        assert_eq!(left[name], files.iter().find(|(file, _)| file == name).unwrap().1, "{name}");
    }
}

#[test]
fn names_of_one_file_are_mended_once() {
    let text =
        "[Container]\nImage=docker.io/library/nginx:1.27\nContainerName=web-%i\n\n[Service]\nRestart=unless-stopped\n";
    let folder = folder(&[("web@.container".to_owned(), text.to_owned())]);
    for instance in ["web@1.container", "web@2.container"] {
        std::os::unix::fs::symlink("web@.container", folder.path().join(instance)).unwrap();
    }
    let output = quadgen(folder.path(), &["lint", "--on", "podman@5.4,rootless", "--fix"]);
    let mended = fs::read_to_string(folder.path().join("web@.container")).unwrap();
    assert!(mended.contains("Restart=always") && output.status.code() != Some(2), "{output:?}");
    assert!(fs::symlink_metadata(folder.path().join("web@1.container")).unwrap().is_symlink());
    fs::hard_link(folder.path().join("web@.container"), folder.path().join("other.txt")).unwrap();
    fs::write(folder.path().join("web@.container"), text).unwrap();
    let output = quadgen(folder.path(), &["lint", "--on", "podman@5.4,rootless", "--fix"]);
    assert!(
        output.status.code() == Some(2) && String::from_utf8_lossy(&output.stderr).contains("hard link"),
        "{output:?}"
    );
}

#[test]
fn lines_end_as_those_of_the_file() {
    let text = "[Container]\r\nImage=docker.io/library/nginx:1.27\r\nContainerName=web\r\nPublishPort=8080:80 # the front\r\n\r\n[Install]\r\nWantedBy=default.target\r\n";
    let folder = folder(&[("web.container".to_owned(), text.to_owned())]);
    quadgen(folder.path(), &["lint", "--on", "podman@5.8,rootless", "--fix"]);
    let mended = fs::read_to_string(folder.path().join("web.container")).unwrap();
    assert!(mended.contains("# the front\r\nPublishPort=8080:80\r\n"), "{mended:?}");
}
