//! The same findings in every format: snapshots of one folder, and each format as those read it who it is for.
//! `INSTA_UPDATE=always cargo test --test formats` takes over what it says now.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

mod support;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use quadgen::diagnostic::{Change, Diagnostic};
use quadgen::report::{Format, Report, Summary};
use quadgen::rules;
use quadgen::source::{SourceMap, Span};
use serde_json::Value as Json;
use support::{missing, tools};

fn stacks() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/lint")
}

/// Lints in a folder: the exit code, standard output, standard error.
fn lint(folder: &Path, format: &str, more: &[&str]) -> (i32, String, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_quadgen"))
        .args(["lint", "--format", format])
        .args(more)
        .current_dir(folder)
        .output()
        .unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (output.status.code().unwrap(), text(output.stdout), text(output.stderr))
}

fn everything(folder: &Path, format: &str) -> String {
    let (code, out, err) = lint(folder, format, &["--select", "ALL"]);
    assert_eq!((code, err.as_str()), (1, ""), "{out}");
    out
}

fn json(text: &str) -> Json {
    serde_json::from_str(text).unwrap()
}

/// Every folder below `tests/lint/`.
fn all() -> Vec<PathBuf> {
    let mut all: Vec<PathBuf> = fs::read_dir(stacks()).unwrap().map(|entry| entry.unwrap().path()).collect();
    all.sort();
    assert!(all.len() > 5);
    all
}

fn folder(text: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("topology.yaml"), text).unwrap();
    folder
}

#[test]
fn one_folder_in_every_format() {
    let folder = stacks().join("formats");
    for format in ["full", "concise", "json", "sarif", "github", "gitlab", "junit"] {
        let mut text = everything(&folder, format);
        assert!(!text.contains("hunter"), "a secret shows in {format}:\n{text}");
        assert!(text.ends_with('\n') && !text.contains('\u{1b}'), "{format}");
        assert_eq!(text, everything(&folder, format), "{format}: not the same twice");
        if format == "sarif" {
            // The pages have tests of their own, and the version is another one with each release.
            let mut log = json(&text);
            let driver = &mut log["runs"][0]["tool"]["driver"];
            driver["semanticVersion"] = "…".into();
            for rule in driver["rules"].as_array_mut().unwrap() {
                assert_eq!(rule["help"]["text"], rule["help"]["markdown"]);
                rule["help"] = "…".into();
            }
            text = serde_json::to_string_pretty(&log).unwrap();
        }
        let mut settings = insta::Settings::clone_current();
        settings.set_snapshot_path(&folder);
        settings.set_prepend_module_to_snapshot(false);
        settings.set_omit_expression(true);
        // The first three are in `tests/lint.rs` as well, with the exit code.
        if ["sarif", "github", "gitlab", "junit"].contains(&format) {
            settings.bind(|| insta::assert_snapshot!(format, text));
        }
    }
}

#[test]
fn every_format_tells_of_every_finding() {
    for folder in all() {
        let findings = json(&everything(&folder, "json"))["findings"].as_array().unwrap().clone();
        let codes: Vec<&str> = findings.iter().map(|finding| finding["code"].as_str().unwrap()).collect();
        let lines: Vec<u64> = findings.iter().map(|finding| finding["line"].as_u64().unwrap()).collect();

        let sarif = json(&everything(&folder, "sarif"));
        let run = &sarif["runs"][0];
        let results = run["results"].as_array().unwrap();
        let told = |result: &Json| {
            let rule = &run["tool"]["driver"]["rules"][result["ruleIndex"].as_u64().unwrap() as usize];
            assert_eq!(rule["id"], result["ruleId"]);
            result["ruleId"].as_str().unwrap().to_owned()
        };
        assert_eq!(results.iter().map(told).collect::<Vec<_>>(), codes, "{}", folder.display());

        let gitlab = json(&everything(&folder, "gitlab"));
        let begin = |issue: &Json| issue["location"]["lines"]["begin"].as_u64().unwrap();
        assert_eq!(gitlab.as_array().unwrap().iter().map(begin).collect::<Vec<_>>(), lines);

        let github = everything(&folder, "github");
        let titles = github.lines().map(|line| line.split_once("title=").unwrap().1.split(' ').next().unwrap());
        assert_eq!(titles.collect::<Vec<_>>(), codes);

        let junit = everything(&folder, "junit");
        let tree = roxmltree::Document::parse(&junit).unwrap();
        let cases = tree.descendants().filter(|node| node.has_tag_name("testcase"));
        let names = cases.map(|case| case.attribute("name").unwrap().split(' ').next().unwrap().to_owned());
        assert_eq!(names.collect::<Vec<_>>(), codes);
    }
}

#[test]
fn sarif_is_what_its_schema_says() {
    let tools = tools().map(|tools| (tools.join("ci/bin/check-jsonschema"), tools.join("sarif-schema-2.1.0.json")));
    let Some((check, schema)) = tools.filter(|(check, schema)| check.is_file() && schema.is_file()) else {
        return missing("the checks of SARIF against its schema");
    };
    let work = tempfile::tempdir().unwrap();
    let validate = |name: &str, text: &str| {
        let file = work.path().join(name);
        fs::write(&file, text).unwrap();
        let mut check = Command::new(&check);
        check.args(["--schemafile".as_ref(), schema.as_os_str(), file.as_os_str()]).output().unwrap()
    };
    let clean = folder("platforms: {p: 'podman@5.4,rootless'}\nservices: {a: {image: x}}\n");
    let mut texts: Vec<String> = all().iter().map(|folder| everything(folder, "sarif")).collect();
    texts.push(lint(clean.path(), "sarif", &[]).1);
    texts.push(lint(clean.path(), "sarif", &["nothing.yaml"]).1);
    for (at, text) in texts.iter().enumerate() {
        let output = validate(&format!("{at}.json"), text);
        assert!(output.status.success(), "{}\n{text}", String::from_utf8_lossy(&output.stdout));
    }
    // A checker that sees no mistake would be none.
    let mut wrong = json(&texts[0]);
    wrong["runs"][0]["results"][0]["level"] = "info".into();
    assert!(!validate("wrong.json", &wrong.to_string()).status.success());
}

/// The text between two places as SARIF counts them: lines and Unicode scalars from 1, the end exclusive.
fn region(text: &str, region: &Json) -> String {
    let at = |line: &str, column: &str| {
        let (line, column) = (region[line].as_u64().unwrap() as usize, region[column].as_u64().unwrap() as usize);
        let start: usize = text.split_inclusive('\n').take(line - 1).map(str::len).sum();
        start + text[start..].chars().take(column - 1).map(char::len_utf8).sum::<usize>()
    };
    text[at("startLine", "startColumn")..at("endLine", "endColumn")].to_owned()
}

#[test]
fn places_and_fixes_of_sarif_fit_the_source() {
    let text = fs::read_to_string(stacks().join("formats/topology.yaml")).unwrap();
    let log = json(&everything(&stacks().join("formats"), "sarif"));
    let results = log["runs"][0]["results"].as_array().unwrap();
    let place = |result: &Json| region(&text, &result["locations"][0]["physicalLocation"]["region"]);
    let of = |code: &str| results.iter().find(|result| result["ruleId"] == code).unwrap();
    // Behind characters of several bytes, and of two units in UTF-16.
    assert_eq!(place(of("QG104")), "db:5432");
    assert_eq!(place(of("QG002")), "enviroment");
    let change = &of("QG002")["fixes"][0]["artifactChanges"][0];
    assert_eq!(change["artifactLocation"]["uri"], "topology.yaml");
    assert_eq!(region(&text, &change["replacements"][0]["deletedRegion"]), "enviroment");
    assert_eq!(change["replacements"][0]["insertedContent"]["text"], "environment");
    assert_eq!(of("QG203")["level"], "note");
    assert_eq!(of("QG401")["relatedLocations"][0]["id"], 1);
}

#[test]
fn names_of_files_become_uris() {
    let here = tempfile::tempdir().unwrap();
    let name = "a b/50%#ä:x.topology.yaml";
    fs::create_dir(here.path().join("a b")).unwrap();
    fs::write(here.path().join(name), "services: {a: {image: x, networks: [n]}}\n").unwrap();
    let log = json(&everything(here.path(), "sarif"));
    let place = &log["runs"][0]["results"][0]["locations"][0]["physicalLocation"]["artifactLocation"];
    assert_eq!(place["uri"], "a%20b/50%25%23%C3%A4%3Ax.topology.yaml");
    let out = everything(here.path(), "github");
    assert!(out.starts_with("::error file=a b/50%25#ä%3Ax.topology.yaml,line=1,endLine=1,col="), "{out}");
}

/// The fingerprints of a folder, of SARIF and of GitLab, which are the same.
fn fingerprints(folder: &Path) -> Vec<String> {
    let text = |value: &Json| value.as_str().unwrap().to_owned();
    let sarif = json(&everything(folder, "sarif"));
    let results = sarif["runs"][0]["results"].as_array().unwrap();
    let of_sarif = results.iter().map(|result| text(&result["partialFingerprints"]["quadgenFinding/v1"]));
    let of_sarif: Vec<String> = of_sarif.collect();
    let gitlab = json(&everything(folder, "gitlab"));
    let of_gitlab: Vec<String> = gitlab.as_array().unwrap().iter().map(|issue| text(&issue["fingerprint"])).collect();
    assert_eq!(of_sarif, of_gitlab);
    of_sarif
}

#[test]
fn a_fingerprint_is_one_of_a_kind_and_stays_when_lines_move() {
    for stack in all() {
        let before = fingerprints(&stack);
        assert_eq!(before.iter().collect::<BTreeSet<_>>().len(), before.len(), "{}", stack.display());
        let text = fs::read_to_string(stack.join("topology.yaml")).unwrap();
        let moved = folder(&format!("# One line more.\n\n{text}"));
        assert_eq!(fingerprints(moved.path()), before, "{}", stack.display());
    }
    // Twice the same, word by word.
    let double = "services:\n  a: {image: x, volums: [n]}\n  b: {image: x, volums: [n]}\n";
    let both = fingerprints(folder(double).path());
    assert_eq!(both.len(), 2, "{both:?}");
    assert_ne!(both[0], both[1]);
    // What is found elsewhere is another finding.
    let other = fingerprints(folder("services:\n  b: {image: x, networsk: [m]}\n").path());
    assert!(!both.contains(&other[0]));
}

#[test]
fn gitlab_gets_what_it_documents() {
    for folder in all() {
        for issue in json(&everything(&folder, "gitlab")).as_array().unwrap() {
            let keys: Vec<&str> = issue.as_object().unwrap().keys().map(String::as_str).collect();
            assert_eq!(keys, ["description", "check_name", "fingerprint", "severity", "location"]);
            for key in ["description", "check_name", "fingerprint"] {
                assert!(!issue[key].as_str().unwrap().is_empty());
            }
            let severities = ["info", "minor", "major", "critical", "blocker"];
            assert!(severities.contains(&issue["severity"].as_str().unwrap()));
            // GitLab finds the file by a path from the repository's root on, without `./`.
            assert_eq!(issue["location"]["path"], "topology.yaml");
            assert!(issue["location"]["lines"]["begin"].as_u64().unwrap() >= 1);
        }
    }
    let clean = folder("platforms: {p: 'podman@5.4,rootless'}\nservices: {a: {image: x}}\n");
    assert_eq!(lint(clean.path(), "gitlab", &[]), (0, "[]\n".to_owned(), String::new()));
}

#[test]
fn workflow_commands_stay_one_line_each() {
    for folder in all() {
        for line in everything(&folder, "github").lines() {
            let (command, message) = line.strip_prefix("::").unwrap().split_once("::").unwrap();
            let (kind, properties) = command.split_once(' ').unwrap();
            assert!(["error", "warning", "notice"].contains(&kind), "{line}");
            let names: Vec<&str> = properties.split(',').map(|pair| pair.split_once('=').unwrap().0).collect();
            assert!(names.starts_with(&["file", "line", "endLine"]) && names.ends_with(&["title"]), "{line}");
            for percent in message.split('%').skip(1) {
                assert!(["25", "0A", "0D"].contains(&percent.get(..2).unwrap()), "{line}");
            }
        }
    }
    // Nothing of a stack's texts begins a line of its own.
    let here = folder("services: {a: {image: x, networks: [\"n\\n::error::gotcha\\r::x\"]}}\n");
    let out = everything(here.path(), "github");
    assert!(out.lines().count() == 1 && !out.contains('\r') && out.contains("%0A::error::gotcha%0D::x"), "{out}");
}

#[test]
fn junit_is_read_by_a_parser_whatever_stands_in_it() {
    let here = folder("services: {a: {image: x, networks: [\"n\\a\\e[31m<&]]>\\n'\\\"\\uFFFE\"]}}\n");
    let out = everything(here.path(), "junit");
    let tree = roxmltree::Document::parse(&out).unwrap();
    let failure = tree.descendants().find(|node| node.has_tag_name("failure")).unwrap();
    let said = "there is no network `n\u{fffd}\u{fffd}[31m<&]]>\n'\"\u{fffd}`";
    assert!(failure.attribute("message").unwrap().starts_with(said), "{out}");
    assert!(failure.text().unwrap().contains(said), "{out}");
}

#[test]
fn junit_counts_and_a_clean_file_passes() {
    for (folder, select) in all().into_iter().flat_map(|folder| [(folder.clone(), "ALL"), (folder, "QG001")]) {
        let (_, out, _) = lint(&folder, "junit", &["--select", select]);
        let tree = roxmltree::Document::parse(&out).unwrap();
        let count = |tag: &str| tree.descendants().filter(|node| node.has_tag_name(tag)).count().to_string();
        for node in [tree.root_element(), tree.root_element().first_element_child().unwrap()] {
            assert_eq!(node.attribute("tests"), Some(count("testcase").as_str()), "{out}");
            assert_eq!(node.attribute("failures"), Some(count("failure").as_str()), "{out}");
            assert_eq!(node.attribute("errors"), Some(count("error").as_str()), "{out}");
        }
        if select == "QG001" {
            assert!(out.contains("<testcase name=\"no findings\" classname=\"topology.yaml\"/>"), "{out}");
        }
    }
}

#[test]
fn what_could_not_be_looked_at_is_no_all_clear_in_any_format() {
    let here = folder("services: {");
    for (path, code) in [("nothing.yaml", "QG000"), ("topology.yaml", "QG001")] {
        for format in ["sarif", "github", "gitlab", "junit"] {
            let (exit, out, err) = lint(here.path(), format, &[path]);
            assert_eq!(exit, 2, "{format}");
            // A file keeps the report, so the log has to say why; GitHub's commands are in the log already.
            assert_eq!(err.contains(code), code == "QG000" && format != "github", "{format}: {err}");
            match format {
                "sarif" => {
                    let invocation = &json(&out)["runs"][0]["invocations"][0];
                    assert_eq!(invocation["executionSuccessful"], false);
                    let typed = &invocation["toolExecutionNotifications"][0]["message"]["text"];
                    assert_eq!(typed.as_str().is_some_and(|text| text.contains("nothing.yaml")), code == "QG000");
                }
                "github" => {
                    assert!(out.starts_with("::error ") && out.contains(&format!("title={code} ")), "{out}");
                    assert_eq!(out.contains("file="), code == "QG001", "the command line is no file: {out}");
                }
                "gitlab" => assert_eq!(json(&out)[0]["severity"], "blocker"),
                _ => assert!(out.contains("errors=\"1\"") && out.contains("<error "), "{out}"),
            }
        }
    }
}

#[test]
fn a_fix_is_whole_and_shows_no_secret_or_it_is_left_out() {
    let mut sources = SourceMap::default();
    let text = "a: b\nDB_PASSWORD: hunter2\n";
    let ids = [sources.add("a.yaml", text), sources.add("b c.yaml", text)];
    let [first, second] = ids.map(|id| sources.file(id).span());
    let replace = |span: Span, text: &str| Change::Replace { span, text: text.to_owned() };
    let secret = first.part(18, 25);
    assert_eq!(sources.text(secret), "hunter2");
    let finding = Diagnostic::new(rules::find("QG002").unwrap(), first.part(0, 1), "x")
        .fix("both", true, vec![replace(first.part(0, 1), "ä"), replace(second.part(0, 1), "c")])
        .fix("over a secret", true, vec![replace(first.part(0, 1), "c"), replace(secret, "x")])
        .fix("a secret comes", true, vec![replace(first.part(0, 1), "http://u:hunter3@x")])
        .fix("not yet a text", true, vec![replace(first.part(0, 1), "c"), Change::Remove { span: secret }]);
    let summary = Summary::default();
    let report = Report { sources: &sources, findings: &[finding], summary: &summary };
    let log = json(&report.write(Format::Sarif, false));
    let fixes = log["runs"][0]["results"][0]["fixes"].as_array().unwrap();
    assert_eq!(fixes.len(), 1, "{fixes:#?}");
    let change = |uri: &str, text: &str| {
        let region = serde_json::json!({"startLine": 1, "startColumn": 1, "endLine": 1, "endColumn": 2});
        serde_json::json!({
            "artifactLocation": {"uri": uri, "uriBaseId": "%SRCROOT%"},
            "replacements": [{"deletedRegion": region, "insertedContent": {"text": text}}],
        })
    };
    assert_eq!(fixes[0]["artifactChanges"], serde_json::json!([change("a.yaml", "ä"), change("b%20c.yaml", "c")]));
    assert_eq!(json(&report.write(Format::Json, false))["findings"][0]["fixes"].as_array().unwrap().len(), 1);
}
