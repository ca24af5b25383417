//! A thousand broken topologies: no panic, a place, exit code 2 where they cannot be read, below 100 MB and a second
//! each. The address space is limited by the shell, so a run that would take more fails.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

mod support;

use std::io::Write;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use support::say;

const VISP: &str = include_str!("../examples/visp/topology.yaml");

/// A small generator of numbers that are the same in every run.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % limit as u64) as usize
    }
}

/// Exit code, both outputs and the time of a run on standard input.
fn lint(input: &[u8]) -> (Option<i32>, String, Duration) {
    let start = Instant::now();
    let mut child = Command::new("sh")
        .args([
            "-c",
            "ulimit -v 102400; exec \"$0\" lint --as topology --format concise -",
            env!("CARGO_BIN_EXE_quadgen"),
        ])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // A program that has read enough may close its input: that is its right.
    let _ = child.stdin.take().unwrap().write_all(input);
    let output = child.wait_with_output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    (output.status.code(), text, start.elapsed())
}

/// Runs one input. Returns whether it could not be read.
fn check(input: &[u8], what: &str) -> bool {
    let (code, text, time) = lint(input);
    assert!(matches!(code, Some(0..=2)), "{what}: exit {code:?}\n{text}\n{}", String::from_utf8_lossy(input));
    assert!(!text.contains("panicked"), "{what}: {text}");
    // Far more than a second is a hang; the exact time is a matter of the benchmark.
    assert!(time < Duration::from_secs(5), "{what} took {time:?}");
    if code == Some(2) {
        let place = text.lines().next().unwrap_or("");
        let has_place = place.split(':').skip(1).take(2).all(|number| number.parse::<usize>().is_ok());
        assert!(has_place, "{what}: no place in {text}");
    }
    code == Some(2)
}

#[test]
fn truncated_files() {
    let mut unread = 0;
    for at in 0..250 {
        let mut end = VISP.len() * at / 250;
        while !VISP.is_char_boundary(end) {
            end -= 1;
        }
        unread += usize::from(check(&VISP.as_bytes()[..end], &format!("cut at {end}")));
    }
    say(&format!("truncated: {unread} of 250 could not be read, the others are whole topologies by chance"));
    assert!(unread > 40);
}

#[test]
fn mutated_files() {
    let mut numbers = Numbers(0x5eed);
    let mut unread = 0;
    let spice = b"\"'{}[]:,-#&*!|>%@`\t\n \x00\xff?~<=$.";
    for round in 0..400 {
        let mut bytes = VISP.as_bytes().to_vec();
        for _ in 0..=numbers.below(8) {
            let at = numbers.below(bytes.len());
            match numbers.below(4) {
                0 => bytes[at] = spice[numbers.below(spice.len())],
                1 => bytes.insert(at, spice[numbers.below(spice.len())]),
                2 => {
                    bytes.remove(at);
                }
                _ => {
                    let end = (at + numbers.below(60)).min(bytes.len());
                    let part = bytes[at..end].to_vec();
                    let to = numbers.below(bytes.len());
                    bytes.splice(to..to, part);
                }
            }
        }
        unread += usize::from(check(&bytes, &format!("mutation {round}")));
    }
    say(&format!("mutated: {unread} of 400 could not be read"));
    assert!(unread > 100);
}

#[test]
fn random_bytes() {
    let mut numbers = Numbers(0xbad);
    for round in 0..250 {
        let length = 1 + numbers.below(4000);
        let bytes: Vec<u8> = (0..length).map(|_| numbers.below(256) as u8).collect();
        assert!(check(&bytes, &format!("random {round}")), "random bytes {round} passed for a topology");
    }
}

#[test]
fn deep_nesting_and_alias_bombs() {
    for depth in [90, 101, 1_000, 100_000] {
        for (open, close) in [("[", "]"), ("{a: ", "}"), ("- ", ""), ("? ", "")] {
            let bytes = format!("services: {}{}", open.repeat(depth), close.repeat(depth));
            let unread = check(bytes.as_bytes(), &format!("{depth} times {open}"));
            assert!(unread || depth < 100, "{depth} times {open} passed for a topology");
            check(open.repeat(depth).as_bytes(), &format!("{depth} times {open} alone"));
        }
        let indented: String = (0..depth.min(2_000)).map(|at| format!("{}a:\n", " ".repeat(at))).collect();
        check(indented.as_bytes(), &format!("{depth} levels"));
    }
    for (width, height) in [(2, 20), (10, 9), (100, 4), (5, 30)] {
        let mut bomb = "x-0: &a0 [lol]\n".to_owned();
        for level in 1..height {
            let below = vec![format!("*a{}", level - 1); width].join(", ");
            bomb += &format!("x-{level}: &a{level} [{below}]\n");
        }
        let services = "services: {a: {image: b}}\n";
        assert!(check((bomb.clone() + services).as_bytes(), &format!("bomb {width}^{height}")));
        let merged = bomb.replace('[', "{<<: [").replace(']', "]}");
        check((merged + services).as_bytes(), &format!("merge bomb {width}^{height}"));
    }
    for odd in [
        "services: &a {b: *a}\n",
        "services: {a: *nothing}\n",
        "\u{feff}services: {a: {image: b}}\n",
        "services:\r\n  a:\r\n    image: b\r\n    ports: [banana]\r\n",
        "--- \nservices: {a: {image: b}}\n---\nservices: {}\n",
        "%YAML 9.9\n---\nservices: 1\n",
        "services: {? [a, b] : c}\n",
        "{",
        "",
        "\n",
        "null",
        "- a",
        "services:",
        "name: x\u{0}y\n",
    ] {
        check(odd.as_bytes(), odd);
    }
}

/// Not one of the thousand, but what all of them share: the place is right with a BOM and CRLF before it.
#[test]
fn places_are_right_behind_a_bom_and_crlf() {
    let (_, text, _) = lint("\u{feff}services:\r\n  ä:\r\n    image: b\r\n".as_bytes());
    assert!(text.starts_with("standard input:2:3: error QG003"), "{text}");
    let (_, text, _) = lint("\u{feff}servises: {}\r\n".as_bytes());
    assert!(text.starts_with("standard input:1:1: error"), "{text}");
    let (_, text, _) = lint("services:\r\n  a: {image: b, ports: ['80', 'x:y']}\r\n".as_bytes());
    assert!(text.starts_with("standard input:2:31: error QG003"), "{text}");
}
