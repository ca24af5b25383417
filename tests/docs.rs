//! Every `console` block of the documentation is run, and its output compared. `UPDATE=1 cargo test` rewrites them.
//! Every `yaml` block of the README is a topology without findings.

#![allow(clippy::unwrap_used, clippy::print_stderr, reason = "tests")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

const PAGES: [&str; 4] = ["README.md", "CONTRIBUTING.md", "examples/open-webui/README.md", "examples/visp/README.md"];

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// What a person sees who types the line in the root of the repository.
fn run(line: &str) -> String {
    let bin = Path::new(env!("CARGO_BIN_EXE_quadgen")).parent().unwrap();
    let path = format!("{}:{}", bin.display(), std::env::var("PATH").unwrap());
    let output = Command::new("sh")
        .args(["-c", &format!("{{ {line}; }} 2>&1")])
        .env("PATH", path)
        .current_dir(root())
        .output()
        .unwrap();
    String::from_utf8(output.stdout).unwrap()
}

/// The page with each command's output as it is now.
fn with_outputs(page: &str) -> String {
    let mut fresh = String::new();
    let mut in_console = false;
    for line in page.lines() {
        if line.starts_with("```") {
            in_console = line == "```console";
        }
        if in_console && line.starts_with("$ ") {
            fresh += &format!("{line}\n{}", run(line.strip_prefix("$ ").unwrap()));
        } else if !in_console || line.starts_with("```") {
            fresh += &format!("{line}\n");
        }
    }
    fresh
}

#[test]
fn the_output_that_pages_show_is_what_quadgen_prints() {
    let mut commands = 0;
    for name in PAGES {
        let path = root().join(name);
        let page = fs::read_to_string(&path).unwrap();
        commands += page.lines().filter(|line| line.starts_with("$ ")).count();
        let fresh = with_outputs(&page);
        if std::env::var_os("UPDATE").is_some() {
            fs::write(&path, &fresh).unwrap();
        } else {
            assert!(page == fresh, "{name} is stale; `UPDATE=1 cargo test --test docs` rewrites it:\n{fresh}");
        }
    }
    assert!(commands > 4, "the pages show no commands any more");
}

#[test]
fn the_stacks_of_the_readme_are_clean() {
    let page = fs::read_to_string(root().join("README.md")).unwrap();
    let blocks = page.split("```yaml\n").skip(1).map(|rest| rest.split("```").next().unwrap());
    let mut stated = 0;
    for block in blocks.filter(|block| block.contains("services:")) {
        let folder = tempfile::tempdir().unwrap();
        let name = if block.contains("x-quadgen:") { "compose.yaml" } else { "topology.yaml" };
        fs::write(folder.path().join(name), block).unwrap();
        let output = Command::new(env!("CARGO_BIN_EXE_quadgen")).arg("lint").arg(folder.path()).output().unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        assert_eq!(output.status.code(), Some(0), "{text}");
        assert!(text.contains("Intents all proven"), "{text}");
        stated += 1;
    }
    assert!(stated > 1, "the README shows no topologies any more");
}
