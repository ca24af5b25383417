//! `quadgen lint` of ten services beside `cat` of the same file, run in turn: the time that the look itself takes, free
//! of the machine's own. `cargo bench` prints medians, their difference, and the peak of memory.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::print_stdout, reason = "a benchmark")]

use std::fmt::Write;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use nix::sys::resource::{UsageWho, getrusage};

const ROUNDS: usize = 300;

/// Ten services on three networks, with the attributes that stacks have.
fn topology() -> String {
    let mut text = "name: bench\nplatforms: {server: 'podman@5.4,netavark@1.14,rootless', docker: docker@28.5}\nnetworks: {front: {}, mid: {}, back: {internal: true}}\nservices:\n".to_owned();
    for at in 0..10 {
        let networks = ["front", "front, mid", "mid, back", "back"][at % 4];
        let next = (at + 4) % 10;
        writeln!(
            text,
            "  s{at}:\n    image: docker.io/library/app:{at}\n    networks: [{networks}]\n    environment: {{ URL: \"http://s{next}:80{at}0\", LEVEL: info }}\n    volumes: [data{at}:/data]\n    healthcheck: {{ test: [CMD, \"true\"], interval: 10s }}\n    restart: always"
        )
        .unwrap();
        if at % 4 != 3 {
            writeln!(text, "    ports: [\"{}:80\"]", 8000 + at).unwrap();
        }
    }
    text.push_str("volumes:\n");
    (0..10).for_each(|at| writeln!(text, "  data{at}: {{}}").unwrap());
    text
}

fn time(program: &Path, arguments: &[&str]) -> Duration {
    let start = Instant::now();
    Command::new(program).args(arguments).stdout(Stdio::null()).stderr(Stdio::null()).status().unwrap();
    start.elapsed()
}

fn median(mut times: Vec<Duration>) -> f64 {
    times.sort();
    times[times.len() / 2].as_secs_f64() * 1000.0
}

fn main() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("topology.yaml");
    std::fs::write(&file, topology()).unwrap();
    let file = file.to_str().unwrap();
    let quadgen = Path::new(env!("CARGO_BIN_EXE_quadgen"));
    let (lint, cat) = (["lint", "--format", "concise", file], [file]);
    time(quadgen, &lint);
    // The largest of all children so far; so far there was this one only.
    let peak = getrusage(UsageWho::RUSAGE_CHILDREN).unwrap().max_rss();
    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        ours.push(time(quadgen, &lint));
        theirs.push(time(Path::new("/bin/cat"), &cat));
    }
    let (ours, theirs) = (median(ours), median(theirs));
    println!("lint of 10 services: median {ours:.2} ms, cat {theirs:.2} ms, difference {:.2} ms", ours - theirs);
    println!("peak memory: {:.1} MB", peak as f64 / 1024.0);
}
