//! Whatever a topology says comes back from each format that it is rendered to, as far as that format can say it.
//!
//! `PROPTEST_CASES=20000 cargo test --release --test round_trip` tries more.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

#[path = "round_trip/plain.rs"]
mod plain;
#[path = "round_trip/strategy.rs"]
mod strategy;

use proptest::prelude::*;
use proptest::test_runner::TestCaseResult;
use quadgen::diagnostic::Diagnostic;
use quadgen::model::{Format, Stack};
use quadgen::platform::{Platform, parse_spec};
use quadgen::read::{Read, topology};
use quadgen::render::{File, Target, render};
use quadgen::source::SourceMap;
use similar::TextDiff;

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
    let said: Vec<&String> = read.diagnostics.iter().map(|found: &Diagnostic| &found.message).collect();
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

/// topology → topology
fn to_topology(text: &str) -> TestCaseResult {
    let before = whole(read_topology(text).0, text)?;
    let rendered = render(&before, &platform("docker"), Target::Topology, "x").unwrap();
    prop_assert!(rendered.findings.is_empty(), "{:#?}", rendered.findings);
    let written = &rendered.files[0].text;
    let after = whole(read_topology(written).0, written)?;
    equal(&plain::plain(&before), &plain::plain(&after), &rendered.files)?;
    // What was put in order once stays as it is.
    let again = render(&after, &platform("docker"), Target::Topology, "x").unwrap();
    prop_assert_eq!(written, &again.files[0].text);
    Ok(())
}

fn config() -> ProptestConfig {
    ProptestConfig { failure_persistence: None, max_shrink_iters: 2000, ..ProptestConfig::default() }
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn a_topology_comes_back_from_a_topology(text in strategy::topology()) {
        to_topology(&text)?;
    }
}
