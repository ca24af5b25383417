//! The schema of `quadgen.toml` and its reader say the same, and the documentation's examples are right.
//! `UPDATE=1 cargo test --test schema` rewrites the checked-in copy.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

mod support;

use std::fs;
use std::path::Path;
use std::process::Command;

use quadgen::config::{self, Catalogue};
use quadgen::rules;
use quadgen::source::SourceMap;
use serde_json::Value as Json;
use support::{missing, tools};

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Which of some texts the schema takes, by check-jsonschema; none where that is missing.
fn valid(texts: &[&str]) -> Option<Vec<bool>> {
    let program = tools().map(|tools| tools.join("ci/bin/check-jsonschema")).filter(|program| program.is_file());
    let Some(program) = program else {
        missing("the schema of quadgen.toml (no check-jsonschema)");
        return None;
    };
    let folder = tempfile::tempdir().unwrap();
    let schema = folder.path().join("schema.json");
    fs::write(&schema, config::schema()).unwrap();
    let run = |arguments: &[&Path]| Command::new(&program).arg("-o").arg("json").args(arguments).output().unwrap();
    let sound = run(&[Path::new("--check-metaschema"), &schema]);
    assert!(sound.status.success(), "{}", String::from_utf8_lossy(&sound.stdout));
    let files: Vec<_> = (0..texts.len()).map(|at| folder.path().join(format!("{at}.json"))).collect();
    for (file, text) in files.iter().zip(texts) {
        let value: toml::Table = toml::from_str(text).unwrap();
        fs::write(file, serde_json::to_string(&value).unwrap()).unwrap();
    }
    let mut arguments = vec![Path::new("--schemafile"), schema.as_path()];
    arguments.extend(files.iter().map(|file| file.as_path()));
    let output = run(&arguments);
    let report: Json = serde_json::from_slice(&output.stdout).unwrap();
    assert!(report["parse_errors"].as_array().is_none_or(Vec::is_empty), "{report}");
    let faults: Vec<&str> =
        report["errors"].as_array().into_iter().flatten().filter_map(|fault| fault["filename"].as_str()).collect();
    Some(files.iter().map(|file| !faults.contains(&file.to_str().unwrap())).collect())
}

/// What the reader finds, but for rules, patterns and words, which a schema does not know.
fn said(text: &str) -> Vec<String> {
    let (mut sources, rules) = (SourceMap::default(), rules::list());
    let file = sources.add("quadgen.toml", text);
    let found = config::read(sources.file(file), Catalogue(&rules)).diagnostics;
    found.into_iter().map(|found| format!("{} {}", found.rule.code, found.message)).collect()
}

fn fences(page: &str, language: &str) -> Vec<String> {
    let page = fs::read_to_string(root().join(page)).unwrap();
    let fence = format!("```{language}\n");
    let blocks = page.split(fence.as_str()).skip(1);
    blocks.map(|rest| rest.split("```").next().unwrap().to_owned()).collect()
}

#[test]
fn the_copy_is_what_quadgen_prints() {
    let path = root().join("docs/quadgen.schema.json");
    let output = Command::new(env!("CARGO_BIN_EXE_quadgen")).args(["schema", "config"]).output().unwrap();
    let fresh = String::from_utf8(output.stdout).unwrap();
    assert_eq!(fresh, config::schema());
    if std::env::var_os("UPDATE").is_some() {
        fs::write(&path, &fresh).unwrap();
    }
    assert!(fs::read_to_string(&path).unwrap() == fresh, "stale; `UPDATE=1 cargo test --test schema` rewrites it");
}

#[test]
fn examples_are_valid_for_both() {
    let texts: Vec<String> =
        ["README.md", "docs/configuration.md"].iter().flat_map(|page| fences(page, "toml")).collect();
    for text in &texts {
        assert_eq!(said(text), [""; 0], "{text}");
    }
    assert!(texts.len() > 1, "the pages show no quadgen.toml any more");
    let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
    for (text, valid) in texts.iter().zip(valid(&texts).unwrap_or_default()) {
        assert!(valid, "{text}");
    }
}

/// Each key of the schema, with what leads to it: `lint.paths.0.ignore`.
fn keys(schema: &Json, path: &str, found: &mut Vec<(String, Json)>) {
    let below = schema.get("items").filter(|items| items.get("properties").is_some());
    let (schema, path) = match below {
        Some(items) => (items, format!("{path}0.")),
        None => (schema, path.to_owned()),
    };
    for (name, property) in schema["properties"].as_object().into_iter().flatten() {
        found.push((format!("{path}{name}"), property.clone()));
        keys(property, &format!("{path}{name}."), found);
    }
}

#[test]
fn every_key_of_the_schema_is_taken_by_the_reader_and_no_other() {
    let schema: Json = serde_json::from_str(&config::schema()).unwrap();
    let mut all = Vec::new();
    keys(&schema, "", &mut all);
    // The documentation has an example of every key, and the reader takes it.
    let example = fences("docs/configuration.md", "toml").concat();
    for (path, property) in &all {
        let name = path.rsplit('.').next().unwrap();
        let shown = example.contains(&format!("{name} =")) || example.contains(&format!("{name}]"));
        assert!(shown, "docs/configuration.md has no example of `{path}`");
        assert!(property["description"].as_str().is_some_and(|text| text.ends_with('.')), "{path}");
    }
    assert!(all.len() > 15, "{all:?}");
    // A key beside those of a table is none for either.
    let wrong = ["x = 1", "[lint]\nx = 1", "[[host]]\nname = 'a'\nx = 1", "[[lint.paths]]\npaths = []\nx = 1"];
    for wrong in wrong {
        assert!(said(wrong).iter().any(|found| found.contains("has no key `x`")), "{wrong}");
    }
    for (wrong, valid) in wrong.iter().zip(valid(&wrong).unwrap_or_default()) {
        assert!(!valid, "{wrong}");
    }
}

#[test]
fn what_is_out_of_form_is_so_for_both() {
    let texts = [
        "extend = 1",
        "on = 'podman'",
        "on = [1]",
        "platforms = []",
        "[platforms]\na = 1",
        "host = {}",
        "host = [1]",
        "[[host]]",
        "[[host]]\nname = 1",
        "[[host]]\nname = 'a'\nstacks = 'b'",
        "lint = []",
        "[lint]\nselect = 'ALL'",
        "[lint]\nignore = [1]",
        "[lint]\npedantic = 1",
        "[lint]\nfail-on = 'fatal'",
        "[lint]\nbaseline = []",
        "[lint.levels]\nQG404 = 'off'",
        "[lint.levels]\nQG404 = 1",
        "[[lint.paths]]",
        "[[lint.paths]]\npaths = 1",
        "[[lint.paths]]\npaths = []\nselect = 'a'",
        "[[lint.paths]]\npaths = []\nignore = 'a'",
        "[[lint.paths]]\npaths = []\nlevels = []",
        "[lint]\npaths = {}",
    ];
    for text in texts {
        assert!(!said(text).is_empty(), "the reader takes: {text}");
    }
    for (text, valid) in texts.iter().zip(valid(&texts).unwrap_or_default()) {
        assert!(!valid, "the schema takes: {text}");
    }
}

#[test]
fn the_comments_of_the_documentation_silence() {
    for (language, name) in [("yaml", "topology.yaml"), ("ini", "proxy.container")] {
        for text in fences("docs/configuration.md", language) {
            let folder = tempfile::tempdir().unwrap();
            if language == "ini" {
                // A unit does not say what it runs on.
                fs::write(folder.path().join("quadgen.toml"), "on = ['podman@5.4,rootless']").unwrap();
            }
            let run = |text: &str| {
                fs::write(folder.path().join(name), text).unwrap();
                let output = Command::new(env!("CARGO_BIN_EXE_quadgen"))
                    .arg("lint")
                    .current_dir(folder.path())
                    .output()
                    .unwrap();
                (output.status.code(), String::from_utf8(output.stdout).unwrap())
            };
            let (code, out) = run(&text);
            assert_eq!(code, Some(0), "{out}");
            assert!(!out.contains("QG"), "{out}");
            // Without the comments there is something to silence.
            let (code, out) = run(&text.replace("quadgen:", ""));
            assert_eq!(code, Some(1), "{out}");
        }
    }
}
