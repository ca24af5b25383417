//! Many units are looked at on several threads, few of them on one: what is found must be the same, in the same order.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

mod support;

use std::ops::Range;
use std::path::Path;
use std::process::Command;

use serde_json::Value;

/// Containers that refer to the one before them within their ten, and some of which have a fault.
fn units(numbers: Range<usize>) -> Vec<(String, String)> {
    let mut files = Vec::new();
    for at in numbers {
        let before = if at % 10 == 0 { at } else { at - 1 };
        let network = if at % 7 == 0 { format!("gone{at}.network") } else { format!("net{}.network", at / 10) };
        let restart = if at % 9 == 0 { "sometimes" } else { "always" };
        // Of ten, two publish one port.
        let port = if at % 10 == 3 { at - 1 } else { at };
        let text = format!(
            "[Unit]\nAfter=unit{before}.service\nRequires=unit{before}.service\n[Container]\nImage=docker.io/library/app:1\n\
             ContainerName=unit{at}\nNetwork={network}\nPublishPort={}:80\nEnvironment=DB_HOST=unit{before}\n\
             Volume=data{}.volume:/data:Z\n[Service]\nRestart={restart}\n[Install]\nWantedBy=default.target\n",
            10_000 + port,
            at / 10
        );
        files.push((format!("unit{at}.container"), text));
        if at % 10 == 0 {
            files.push((format!("net{}.network", at / 10), "[Network]\nInternal=true\n".to_owned()));
            files.push((format!("data{}.volume", at / 10), "[Volume]\n".to_owned()));
        }
    }
    files
}

/// Code, file, line and message of each finding.
fn findings(folder: &Path) -> Vec<[String; 4]> {
    let output = Command::new(env!("CARGO_BIN_EXE_quadgen"))
        .args(["lint", "--format", "json", "--on", "podman@5.4.2,rootless", "."])
        .current_dir(folder)
        .output()
        .unwrap();
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    let found = report["findings"].as_array().unwrap();
    found.iter().map(|found| ["code", "file", "line", "message"].map(|key| found[key].to_string())).collect()
}

#[test]
fn many_units_are_looked_at_like_few() {
    let all = findings(support::folder(&units(0..400)).path());
    let parts = [0..100, 100..200, 200..300, 300..400];
    let few: Vec<[String; 4]> =
        parts.into_iter().flat_map(|part| findings(support::folder(&units(part)).path())).collect();
    let sorted = |found: &[[String; 4]]| {
        let mut found = found.to_vec();
        found.sort();
        found
    };
    assert!(all.len() > 100, "{}", all.len());
    assert_eq!(sorted(&all), sorted(&few));
    assert_eq!(all, findings(support::folder(&units(0..400)).path()));
    assert!(all.is_sorted_by_key(|found| found[1].clone()));
}
