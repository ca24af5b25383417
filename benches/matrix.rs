//! `quadgen matrix --format json` of 1,000 services on 100 networks, a million pairs, beside `quadgen lint` of the same
//! file, run in turn: medians, their ratio, and the peak of memory. Once on a ring, where many services are alike, and
//! once on networks chosen here and there, where hardly two are.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::print_stdout, reason = "a benchmark")]

use std::fmt::Write;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use nix::sys::resource::{UsageWho, getrusage};

const SERVICES: usize = 1_000;
const NETWORKS: usize = 100;
const ROUNDS: usize = 15;

/// The networks of a service: two neighbours on the ring, or one to three by a fixed sequence of numbers.
fn networks(at: usize, ring: bool) -> Vec<usize> {
    if ring {
        return vec![at % NETWORKS, (at + 1) % NETWORKS];
    }
    let mut found = Vec::new();
    let mut number = at as u64 + 1;
    for _ in 0..=at % 3 {
        number = number.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let network = (number >> 33) as usize % NETWORKS;
        if !found.contains(&network) {
            found.push(network);
        }
    }
    found
}

fn stack(ring: bool) -> String {
    let mut text = "name: bench\nservices:\n".to_owned();
    for at in 0..SERVICES {
        let networks: Vec<String> = networks(at, ring).iter().map(|network| format!("n{network}")).collect();
        let networks = networks.join(", ");
        writeln!(
            text,
            "  s{at}:\n    image: docker.io/library/app{at}:1.2.3\n    container_name: s{at}\n    networks: [{networks}]\n    \
             ports: [\"127.0.0.1:{}:8080\"]\n    environment:\n      DB_HOST: s{}",
            10_000 + at,
            (at * 7) % SERVICES
        )
        .unwrap();
    }
    text.push_str("networks:\n");
    (0..NETWORKS).for_each(|at| writeln!(text, "  n{at}: {{}}").unwrap());
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
    let quadgen = Path::new(env!("CARGO_BIN_EXE_quadgen"));
    for (ring, what) in [(true, "a ring"), (false, "networks here and there")] {
        let file = folder.path().join("compose.yaml");
        std::fs::write(&file, stack(ring)).unwrap();
        let file = file.to_str().unwrap();
        for platform in ["docker@28.5", "podman@5.4,netavark@1.14,rootless"] {
            let lint = ["lint", "--format", "concise", "--on", platform, file];
            let matrix = ["matrix", "--format", "json", "--on", platform, file];
            let (mut looks, mut matrices) = (Vec::new(), Vec::new());
            for _ in 0..ROUNDS {
                looks.push(time(quadgen, &lint));
                matrices.push(time(quadgen, &matrix));
            }
            // The largest of all children so far.
            let peak = getrusage(UsageWho::RUSAGE_CHILDREN).unwrap().max_rss() as f64 / 1024.0;
            let (look, matrix) = (median(looks), median(matrices));
            println!(
                "matrix of {SERVICES} services on {what}, {platform}: median {matrix:.0} ms, lint {look:.0} ms, \
                 {:.1} times as long; peak memory {peak:.1} MB",
                matrix / look
            );
        }
    }
}
