//! Every folder below `tests/lint/` is a stack; what quadgen says about it is a snapshot in the formats that people and
//! quadgen's own contract have. `tests/formats.rs` holds the others.
//! `INSTA_UPDATE=always cargo test --test lint` takes over what it says now.

#![allow(clippy::unwrap_used, reason = "tests")]

use std::process::Command;

#[test]
fn what_quadgen_says_about_each_stack() {
    insta::glob!("lint/*/topology.yaml", |path| {
        let folder = path.parent().unwrap();
        for format in ["full", "concise", "json"] {
            let output = Command::new(env!("CARGO_BIN_EXE_quadgen"))
                .args(["lint", "--select", "ALL", "--format", format, "topology.yaml"])
                .current_dir(folder)
                .output()
                .unwrap();
            let text = String::from_utf8(output.stdout).unwrap();
            assert!(!text.contains("hunter"), "a secret shows in {format}:\n{text}");
            assert!(!text.contains('\u{1b}'), "colour without a terminal");
            let code = output.status.code().unwrap();
            let mut settings = insta::Settings::clone_current();
            settings.set_snapshot_path(folder);
            settings.set_prepend_module_to_snapshot(false);
            settings.set_omit_expression(true);
            settings.set_snapshot_suffix("");
            settings.bind(|| insta::assert_snapshot!(format, format!("exit {code}\n{text}")));
        }
    });
}
