//! Values made of what breaks out of things, at every place of a stack that ends up in a unit: the container gets the
//! same bytes, or quadgen refuses, or it reports at that place what it leaves out. No unit gains a line.
//!
//! What should arrive is what arrives of a harmless value at the same place, with the other value in its place, and both
//! go through the real generators. `PROPTEST_CASES=500 cargo test --release --test hostile` tries more.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

#[path = "hostile/file.rs"]
mod file;
mod support;
#[path = "hostile/table.rs"]
mod table;
#[path = "support/tree.rs"]
mod tree;
#[path = "hostile/trial.rs"]
mod trial;
#[path = "hostile/words.rs"]
mod words;

use std::collections::BTreeSet;

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use support::{missing, quadlet_generators, say};
use table::Row;
use trial::{Bench, Case, Where};

/// What values are made of.
const PIECES: [&str; 78] = [
    "a",
    "0",
    "ä→",
    "\n",
    "\r",
    "\r\n",
    "\0",
    "\t",
    "\u{1}",
    "\u{1b}",
    "\u{7f}",
    "\u{85}",
    "\u{9b}",
    "%",
    "%%",
    "%h",
    "%n",
    "%i",
    "$",
    "$$",
    "${A}",
    "$A",
    "${HOME}",
    "\"",
    "'",
    "\\",
    "\\\\",
    "\\n",
    "\\x41",
    "\\u0041",
    "\\d",
    "]",
    "[",
    "[Service]",
    "\n[Service]\nExecStart=/bin/x\n",
    "#",
    ";",
    " ; ",
    "=",
    ":",
    ",",
    " ",
    "  ",
    "-",
    "--",
    "-v",
    "--privileged",
    "/",
    "..",
    ".",
    "~",
    "@",
    "{",
    "}",
    "{{ x }}",
    "{% x %}",
    "|",
    "&",
    ">",
    "*",
    "?",
    "!",
    "`",
    "\u{feff}",
    "\u{2028}",
    "\u{a0}",
    "🦀",
    "\u{fdd0}",
    "\u{fdd1}",
    "\u{fdd2}",
    "\u{fdd3}",
    "\u{fdd7}",
    "\u{ffff}",
    "none",
    "CMD",
    ".volume",
    ".network",
    ".build",
];

fn rows() -> Vec<Row> {
    [table::derived(), table::by_hand()].concat()
}

#[test]
fn every_carried_attribute_has_a_row() {
    let rows = rows();
    let known: BTreeSet<&str> = rows.iter().map(|row| row.path.as_str()).collect();
    let attributes: serde_json::Value = serde_json::from_str(include_str!("../data/compose-attributes.json")).unwrap();
    let carried =
        attributes.as_array().unwrap().iter().filter(|it| !matches!(it["level"].as_str(), Some("none" | "ignore")));
    let carried: BTreeSet<&str> = carried.map(|it| it["path"].as_str().unwrap()).collect();
    let listed: BTreeSet<&str> = table::WITHOUT_TEXT.iter().chain(&table::NEVER).copied().collect();
    let forgotten: Vec<_> = carried.iter().filter(|path| !known.contains(*path) && !listed.contains(*path)).collect();
    assert!(forgotten.is_empty(), "without a row in tests/hostile/table.rs: {forgotten:#?}");
    let stale: Vec<_> = listed.iter().filter(|path| !carried.contains(*path) || known.contains(*path)).collect();
    assert!(stale.is_empty(), "listed as without a row, and not carried or with one: {stale:#?}");
    say(&format!("hostile values: {} places of {} attributes", rows.len(), known.len()));
}

/// A value, as the pieces it is made of.
type Pieces = Vec<&'static str>;

fn value() -> impl Strategy<Value = Pieces> {
    prop_oneof![
        // One thing alone, before, behind and between what is harmless.
        4 => (select(&PIECES[..]), 0..4usize).prop_map(|(piece, at)| match at {
            0 => vec![piece],
            1 => vec![piece, "a"],
            2 => vec!["a", piece],
            _ => vec!["a", piece, "b"],
        }),
        1 => Just(vec![]),
        6 => vec(select(&PIECES[..]), 2..6),
    ]
}

fn rounds() -> u32 {
    std::env::var("PROPTEST_CASES").ok().and_then(|cases| cases.parse().ok()).unwrap_or(8)
}

/// Where the longest value is tried, beside those that are merely too long.
const LONG: [&str; 4] = ["services.*.command", "services.*.environment", "services.*.labels", "configs.*.content"];

/// What once went wrong: what happened, the attribute, the value.
const KNOWN: &[(&str, &str, &str)] = &[
    ("the next line became a part of it", "services.*.cap_add", "x\\"),
    ("its quote stayed open", "services.*.cap_add", "a b\\"),
    ("Podman took it for two", "services.*.dns_search", "a,b"),
    ("Podman took it for two", "services.*.sysctls", "8080,9148"),
    ("Podman read no CSV", "services.*.group_add", "a\"b"),
    ("systemd ignored the line", "services.*.labels", "\u{ffff}"),
    ("systemd ignored the line", "services.*.command", "\u{fdd7}"),
    ("it became the home", "services.*.links", "\u{fdd1}"),
    ("the line was dropped", "services.*.labels", "\0"),
    ("a control character stood in the unit", "services.*.environment", "\u{9b}"),
    ("the name ended there", "services.*.labels", "a=b"),
    ("the name ended there", "networks.*.driver_opts", "a=b"),
    ("the name ended there", "services.*.build.args", "a=b"),
    ("a path was refused, or read as two", "services.*.volumes", "a:b"),
    ("a path was refused, or read as two", "secrets.*.file", "a:b"),
    ("an alias became an option", "services.*.networks.*.aliases", "x,ip=192.0.2.1"),
    ("Podman ran no check", "services.*.healthcheck.test", "none"),
    ("Podman ran another check", "services.*.healthcheck.test", "CMD a b"),
    ("Podman ran another check", "services.*.healthcheck.test", "[\"a\", \"b\"]"),
    ("the generator looked for a unit", "networks.*.name", "x.network"),
    ("the generator looked for a unit", "volumes.*.name", "x.volume"),
    ("the generator looked for a unit", "services.*.network_mode", "x.network"),
    ("the generator looked for a unit", "services.*.image", "x.build"),
    ("the generator left it out", "services.*.devices", "-x"),
    ("the generator looked for a unit", "services.*.volumes", ".volume"),
    ("a service lost its networks", "networks.*.name", "none"),
    ("the generator refused the unit", "services.*.expose", "a"),
    ("its name became an option", "volumes.*.name", "-x"),
    ("the unit had no line for the folder", "services.*.build.context", "\u{a0}"),
    ("the blank was cut off", "services.*.volumes", "\u{a0}"),
    ("the template refused the whole stack", "x-quadgen.deny", "a\nb"),
];

#[test]
fn hostile_values_arrive_or_are_refused() {
    if quadlet_generators().is_empty() {
        return missing("hostile values through the real Quadlet generators");
    }
    let rows = rows();
    let began = std::time::Instant::now();
    let mut bench = Bench::new(&rows);
    // The same values each time, until somebody asks for others.
    let asked = std::env::var_os("PROPTEST_CASES").is_some();
    let mut runner = if asked { TestRunner::default() } else { TestRunner::deterministic() };
    let mut failed: Vec<String> = Vec::new();
    let mut seen = BTreeSet::new();
    let mut cases = Vec::new();
    let mut names = Vec::new();
    for (name, path, value) in KNOWN {
        let of_path: Vec<usize> = (0..rows.len()).filter(|row| rows[*row].path == *path).collect();
        assert!(!of_path.is_empty(), "{name}: no row {path}");
        for (place, row) in Where::ALL.iter().flat_map(|place| of_path.iter().map(move |row| (*place, *row))) {
            cases.push(Case { row, value: (*value).to_owned(), place });
            names.push(*name);
        }
    }
    for (at, message) in bench.try_all(&cases) {
        let (row, place) = (&rows[cases[at].row], cases[at].place);
        failed.push(format!("{}: {} {} {place:?} {:?}\n    {message}", names[at], row.path, row.file, cases[at].value));
    }
    let began_long = std::time::Instant::now();
    let long = "x".repeat(1 << 17);
    let first_of_path = |row: &usize| *row == 0 || rows[*row - 1].path != rows[*row].path;
    for row in (0..rows.len()).filter(first_of_path) {
        failed.extend(bench.too_long(row, &long, Where::ALL[1]));
    }
    let longest = "x\"$%\\\n é".repeat(1 << 17);
    for row in (0..rows.len()).filter(first_of_path).filter(|row| LONG.contains(&rows[*row].path.as_str())) {
        failed.extend(bench.too_long(row, &longest, Where::ALL[0]));
    }
    say(&format!(
        "hostile values: {:?} until the random ones, {:?} for long ones",
        began.elapsed(),
        began_long.elapsed()
    ));
    for _ in 0..rounds() {
        let strategy = vec((value(), select(&Where::ALL[..])), rows.len());
        let drawn = strategy.new_tree(&mut runner).unwrap().current();
        let cases: Vec<Case> = drawn
            .iter()
            .enumerate()
            .map(|(row, (pieces, place))| Case { row, value: pieces.concat(), place: *place })
            .collect();
        for (at, _) in bench.try_all(&cases) {
            let (pieces, place) = &drawn[at];
            let (pieces, message) = shrunk(&mut bench, at, pieces.clone(), *place);
            let row = &rows[at];
            if seen.insert((row.path.clone(), row.file.to_string(), pieces.concat())) {
                failed.push(format!("{} {} {place:?} {:?}\n    {message}", row.path, row.file, pieces.concat()));
            }
        }
    }
    say(&bench.summary());
    let unproven: BTreeSet<&str> = bench.unproven.iter().map(String::as_str).collect();
    assert_eq!(unproven, NAMES_NOTHING.into(), "the proof refuses even harmless values");
    assert!(failed.is_empty(), "{} failed:\n{}", failed.len(), failed.join("\n"));
}

/// Attributes whose harmless value names something of the stack that is not there.
const NAMES_NOTHING: [&str; 2] = ["services.*.volumes_from", "x-quadgen.deny"];

/// The fewest pieces of a value that still fail, and how.
fn shrunk(bench: &mut Bench<'_>, row: usize, mut pieces: Pieces, place: Where) -> (Pieces, String) {
    let mut fails = |pieces: &Pieces| {
        let case = Case { row, value: pieces.concat(), place };
        bench.try_all(&[case]).pop().map(|(_, message)| message)
    };
    let mut message = fails(&pieces).unwrap_or_else(|| "fails among others only".to_owned());
    let mut at = 0;
    while at < pieces.len() {
        let mut fewer = pieces.clone();
        fewer.remove(at);
        match fails(&fewer) {
            Some(said) => (pieces, message) = (fewer, said),
            None => at += 1,
        }
    }
    (pieces, message)
}
