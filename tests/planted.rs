//! Planted faults: `tests/planted/CASE/wrong` is a small stack as people write it, with one fault, `right` the same without
//! it. `cases.json` names the platform, the rules that may speak, at which levels, and the places where the finding may
//! lie. Nothing else may be found in `wrong`, and nothing in `right`, at warning or above.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

use std::fs;
use std::path::Path;
use std::process::Command;

use serde_json::Value;

fn texts(list: &Value) -> Vec<String> {
    list.as_array().unwrap().iter().map(|text| text.as_str().unwrap().to_owned()).collect()
}

/// The findings of a folder: code, level, place and message.
fn findings(folder: &Path, on: &str) -> Vec<(String, String, String, String)> {
    let output = Command::new(env!("CARGO_BIN_EXE_quadgen"))
        .args(["lint", "--select", "ALL", "--format", "json", "--on", on, "."])
        .current_dir(folder)
        .output()
        .unwrap();
    let report: Value = serde_json::from_slice(&output.stdout).unwrap_or_default();
    let found = report["findings"].as_array().cloned().unwrap_or_default();
    let text = |found: &Value, key: &str| found[key].as_str().unwrap_or("").to_owned();
    let heard = found.iter().filter(|found| found["suppressed"].is_null());
    heard
        .map(|found| {
            let place = format!("{}:{}", text(found, "file"), found["line"]);
            (text(found, "code"), text(found, "severity"), place, text(found, "message"))
        })
        .collect()
}

#[test]
fn every_fault_is_found_at_its_place_and_nothing_else() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/planted");
    let cases: Value = serde_json::from_str(&fs::read_to_string(root.join("cases.json")).unwrap()).unwrap();
    let cases = cases.as_array().unwrap();
    let mut wrong = Vec::new();
    for case in cases {
        let name = case["case"].as_str().unwrap();
        let on = case["on"].as_str().unwrap();
        let (codes, levels, places) = (texts(&case["codes"]), texts(&case["levels"]), texts(&case["places"]));
        let (hits, others): (Vec<_>, Vec<_>) = findings(&root.join(name).join("wrong"), on)
            .into_iter()
            .partition(|(code, _, place, _)| codes.contains(code) && places.contains(place));
        if !hits.iter().any(|(_, level, ..)| levels.contains(level)) {
            wrong.push(format!("{name}: not found on {on}: {hits:?}"));
        }
        wrong.extend(
            others.iter().filter(|found| found.1 != "info").map(|found| format!("{name}: too much: {found:?}")),
        );
        // What is left may still be worth knowing.
        let told = findings(&root.join(name).join("right"), on);
        let told =
            told.iter().filter(|(code, level, ..)| level != "info" || (codes.contains(code) && levels == ["info"]));
        wrong.extend(told.map(|found| format!("{name}: the twin: {found:?}")));
    }
    assert!(wrong.is_empty(), "{} of {}:\n{}", wrong.len(), cases.len(), wrong.join("\n"));
    let folders = fs::read_dir(&root).unwrap().filter(|entry| entry.as_ref().unwrap().path().is_dir()).count();
    assert_eq!(folders, cases.len(), "a folder without a case");
}
