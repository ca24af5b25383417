//! Whatever a topology says comes back from each format that it is rendered to, as far as that format can say it.
//!
//! `PROPTEST_CASES=20000 cargo test --release --test round_trip` tries more.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

#[path = "round_trip/cannot.rs"]
mod cannot;
#[path = "round_trip/parts.rs"]
mod parts;
#[path = "round_trip/plain.rs"]
mod plain;
#[path = "round_trip/strategy.rs"]
mod strategy;
mod support;
#[path = "support/tree.rs"]
mod tree;
#[path = "round_trip/units.rs"]
mod units;
#[path = "round_trip/values.rs"]
mod values;

use std::path::{Path, PathBuf};

use proptest::prelude::*;
use proptest::test_runner::TestCaseResult;
use quadgen::diagnostic::{Diagnostic, Level};
use quadgen::model::{Format, Stack};
use quadgen::platform::{Platform, parse_spec};
use quadgen::prove::prove;
use quadgen::read::{Read, compose, quadlet, topology};
use quadgen::render::{File, Options, Rendered, Target, render};
use quadgen::source::{Files, SourceMap};
use similar::TextDiff;
use support::disk::Disk;
use support::{missing, say};
use tree::Memory;

/// The files, as they lie in one folder.
fn in_memory(files: &[File]) -> Memory {
    Memory::new(files.iter().map(|file| (file.name.clone(), file.text.clone())))
}

fn platform(words: &str) -> Platform {
    Platform::resolve("here", parse_spec(words).unwrap(), Format::Topology)
}

fn read_topology(text: &str) -> (Read, SourceMap) {
    let mut sources = SourceMap::default();
    let file = sources.add("topology.yaml", text);
    let read = topology::read(sources.file(file));
    (read, sources)
}

/// The stack of a read without faults.
fn whole(read: Read, text: &str) -> Result<Stack, TestCaseError> {
    // What the renderer has to write as an argument is information (QG712).
    let said = read.diagnostics.iter().filter(|found: &&Diagnostic| found.severity > Level::Info);
    let said: Vec<&String> = said.map(|found| &found.message).collect();
    prop_assert!(said.is_empty(), "{said:#?}\n{text}");
    let stack = read.stack.unwrap();
    prop_assert!(stack.complete, "not complete\n{text}");
    Ok(stack)
}

/// Both say the same.
fn equal(before: &Stack, after: &Stack, files: &[File]) -> TestCaseResult {
    let (before, after) = (plain::text(before), plain::text(after));
    if before != after {
        let diff = TextDiff::from_lines(&before, &after).unified_diff().context_radius(12).to_string();
        let files: String = files.iter().map(|file| format!("# {}\n{}\n", file.name, file.text)).collect();
        return Err(TestCaseError::fail(format!("{diff}\n{files}")));
    }
    Ok(())
}

/// What was rendered says what the stack says, or tells what it does not.
fn proven(stack: &Stack, platform: &Platform, target: Target, rendered: &Rendered) -> TestCaseResult {
    let found = prove(stack, platform, target, rendered);
    if found.is_empty() {
        return Ok(());
    }
    let said: Vec<&String> = found.iter().map(|found| &found.message).collect();
    let files: String = rendered.files.iter().map(|file| format!("# {}\n{}\n", file.name, file.text)).collect();
    Err(TestCaseError::fail(format!("{said:#?}\n{files}")))
}

/// topology → topology
fn to_topology(text: &str) -> TestCaseResult {
    let before = whole(read_topology(text).0, text)?;
    let rendered = render(&before, &platform("docker"), Target::Topology, &Options::default(), "x").unwrap();
    prop_assert!(rendered.findings.is_empty(), "{:#?}", rendered.findings);
    let written = &rendered.files[0].text;
    let after = whole(read_topology(written).0, written)?;
    equal(&plain::plain(&before), &plain::plain(&after), &rendered.files)?;
    // What was put in order once stays as it is.
    let again = render(&after, &platform("docker"), Target::Topology, &Options::default(), "x").unwrap();
    prop_assert_eq!(written, &again.files[0].text);
    Ok(())
}

/// topology → Compose
fn to_compose(text: &str) -> TestCaseResult {
    let before = whole(read_topology(text).0, text)?;
    let rendered = render(&before, &platform("docker@28.5"), Target::Compose, &Options::default(), "x").unwrap();
    proven(&before, &platform("docker@28.5"), Target::Compose, &rendered)?;
    let written = &rendered.files[0].text;
    let mut sources = SourceMap::default();
    let (files, profiles) = (vec!["/units/compose.yaml".into()], vec!["*".to_owned()]);
    let request = compose::Request { files, profiles, ..Default::default() };
    let after = whole(compose::read(&mut sources, &in_memory(&rendered.files), &request), written)?;
    let [before, after] = cannot::compose(&before, &after);
    equal(&plain::plain(&before), &plain::plain(&after), &rendered.files)
}

/// What keeps a stack from becoming units, in principle: words that no generator takes.
const REFUSED: [&str; 2] = ["a unit cannot hold", "would both become"];

/// topology → Quadlet
fn to_quadlet(text: &str) -> TestCaseResult {
    let before = whole(read_topology(text).0, text)?;
    let platform = platform("podman@5.8.6,netavark@1.17,rootless,systemd@257");
    let rendered = match render(&before, &platform, Target::Quadlet, &Options::default(), "x") {
        Ok(rendered) => rendered,
        Err(refused) => {
            let known = |found: &Diagnostic| REFUSED.iter().any(|known| found.message.contains(known));
            prop_assert!(refused.iter().all(known), "{refused:#?}");
            return Ok(());
        }
    };
    proven(&before, &platform, Target::Quadlet, &rendered)?;
    let mut sources = SourceMap::default();
    let memory = in_memory(&rendered.files);
    let parsed = quadlet::parse(&mut sources, &memory, memory.tree());
    let written: String = rendered.files.iter().map(|file| format!("# {}\n{}\n", file.name, file.text)).collect();
    let after = whole(quadlet::lower(&parsed, &sources, platform.version), &written)?;
    let [before, after] = units::units(&before, &after);
    equal(&plain::plain(&before), &plain::plain(&after), &rendered.files)
}

fn config() -> ProptestConfig {
    ProptestConfig { failure_persistence: None, ..ProptestConfig::default() }
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn a_topology_comes_back_from_a_topology(text in strategy::topology()) {
        to_topology(&text)?;
    }

    #[test]
    fn a_topology_comes_back_from_compose(text in strategy::topology()) {
        to_compose(&text)?;
    }

    #[test]
    fn a_topology_comes_back_from_units(text in strategy::topology()) {
        to_quadlet(&text)?;
    }
}

/// Compose → topology, for a project that was read without faults; whether it was.
fn from_compose(file: &Path) -> Result<bool, TestCaseError> {
    let mut sources = SourceMap::default();
    let request = compose::Request { files: vec![file.to_path_buf()], samples: true, ..Default::default() };
    let read = compose::read(&mut sources, &Disk, &request);
    let faults = read.diagnostics.iter().any(|found| found.severity == Level::Error);
    let Some(before) = read.stack.filter(|stack| stack.complete && !faults && !stack.services.is_empty()) else {
        return Ok(false);
    };
    let rendered = render(&before, &platform("docker"), Target::Topology, &Options::default(), "x").unwrap();
    let written = &rendered.files[0].text;
    let after = whole(read_topology(written).0, written)?;
    // Names that no topology has are others there.
    if before.services.keys().eq(after.services.keys()) {
        let [before, after] = cannot::topology(&before, &after);
        equal(&plain::plain(&before), &plain::plain(&after), &rendered.files)?;
    }
    Ok(true)
}

#[test]
fn real_compose_files_come_back_from_a_topology() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/corpus");
    if !folder.is_dir() {
        return missing("round trips of real Compose files (no corpus beside the repository)");
    }
    let is_compose = |path: &PathBuf| {
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        name.contains("compose") && (name.ends_with(".yaml") || name.ends_with(".yml"))
    };
    let files: Vec<PathBuf> = Disk.walk(&folder).into_iter().filter(is_compose).collect();
    let (mut equal, mut failed) = (0, Vec::new());
    for file in &files {
        match from_compose(file) {
            Ok(read) => equal += usize::from(read),
            Err(error) => failed.push(format!("{}: {error}", file.display())),
        }
    }
    assert!(failed.is_empty(), "{} of {}\n{}", failed.len(), files.len(), failed.join("\n\n"));
    say(&format!("round trips: {equal} of {} real Compose files come back from a topology", files.len()));
    assert!(equal > 250);
}
