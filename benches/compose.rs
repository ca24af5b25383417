//! `quadgen lint` of Compose files of 1,000 and 10,000 services, run in turn with `podlet compose` of the same file where
//! podlet is on the path: medians, their ratio, how the time grows with the file, and the peak of memory.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::print_stdout, reason = "a benchmark")]

use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use nix::sys::resource::{UsageWho, getrusage};

/// Services on two of their networks each, every one with ports, variables, a volume and a health check: about fourteen
/// lines a service, all of which podlet understands.
fn compose(services: usize) -> String {
    let (networks, volumes) = (services / 10, services / 5);
    let mut text = "name: bench\nservices:\n".to_owned();
    for at in 0..services {
        let (one, other, port) = (at % networks, (at + 1) % networks, 10_000 + at);
        write!(
            text,
            "  s{at}:\n    image: docker.io/library/app{at}:1.2.3\n    container_name: s{at}\n    restart: unless-stopped\n    \
             networks: [n{one}, n{other}]\n    ports: [\"127.0.0.1:{port}:8080\"]\n    environment:\n      LEVEL: info\n      \
             DB_HOST: s{}\n    volumes: [\"v{}:/data\"]\n    healthcheck:\n      test: [CMD-SHELL, \"curl -f http://localhost:8080\"]\n      \
             interval: 30s\n",
            at.saturating_sub(1),
            at % volumes
        )
        .unwrap();
        if at % 5 != 0 {
            writeln!(text, "    depends_on: [s{}]", at - 1).unwrap();
        }
    }
    text.push_str("networks:\n");
    (0..networks).for_each(|at| writeln!(text, "  n{at}: {{}}").unwrap());
    text.push_str("volumes:\n");
    (0..volumes).for_each(|at| writeln!(text, "  v{at}: {{}}").unwrap());
    text
}

fn time(program: &Path, arguments: &[&str]) -> Duration {
    let start = Instant::now();
    let status = Command::new(program).args(arguments).stdout(Stdio::null()).stderr(Stdio::null()).status().unwrap();
    assert!(status.success(), "{} fails", program.display());
    start.elapsed()
}

fn median(mut times: Vec<Duration>) -> f64 {
    times.sort();
    times[times.len() / 2].as_secs_f64() * 1000.0
}

fn main() {
    let folder = tempfile::tempdir().unwrap();
    let quadgen = Path::new(env!("CARGO_BIN_EXE_quadgen"));
    let path = std::env::var_os("PATH").unwrap_or_default();
    let podlet: Option<PathBuf> =
        std::env::split_paths(&path).map(|folder| folder.join("podlet")).find(|it| it.is_file());
    let mut medians = Vec::new();
    for (services, rounds) in [(1_000, 40), (10_000, 7)] {
        let file = folder.path().join(format!("compose-{services}.yaml"));
        // podlet takes ports up to 65535, as everybody does.
        std::fs::write(&file, compose(services)).unwrap();
        let file = file.to_str().unwrap();
        let lint = ["lint", "--format", "concise", "--fail-on", "error", file];
        time(quadgen, &lint);
        // The largest of all children so far; podlet has not run yet, and the smaller file came first.
        let peak = getrusage(UsageWho::RUSAGE_CHILDREN).unwrap().max_rss() as f64 / 1024.0;
        let (mut ours, mut theirs) = (Vec::new(), Vec::new());
        for _ in 0..rounds {
            ours.push(time(quadgen, &lint));
            // Once is enough to compare with.
            theirs
                .extend(podlet.as_deref().filter(|_| services == 1_000).map(|podlet| time(podlet, &["compose", file])));
        }
        let ours = median(ours);
        println!("lint of {services} services in Compose: median {ours:.1} ms, peak memory {peak:.1} MB");
        if !theirs.is_empty() {
            let theirs = median(theirs);
            println!("podlet compose of the same: median {theirs:.1} ms; quadgen takes {:.2} of it", ours / theirs);
        }
        medians.push(ours);
    }
    if podlet.is_none() {
        println!("not run: the comparison with podlet (it is not on the path)");
    }
    println!("ten times the services take {:.1} times as long", medians[1] / medians[0]);
}
