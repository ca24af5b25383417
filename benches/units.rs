//! `quadgen lint --format concise` of a folder of 1,000 containers beside the dry run of Podman's own generator on the
//! same folder, run in turn: medians and their ratio. The generator comes from `tests/tools.sh`.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::print_stdout, reason = "a benchmark")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

const UNITS: usize = 1_000;
const ROUNDS: usize = 15;

/// Containers on two of a hundred networks each, with a volume, a port, and the one before them to start after.
fn write(folder: &Path) {
    let put = |name: String, text: String| fs::write(folder.join(name), text).unwrap();
    for at in 0..UNITS / 10 {
        put(format!("net{at}.network"), format!("[Network]\nNetworkName=net{at}\nSubnet=10.90.{at}.0/24\n"));
    }
    for at in 0..UNITS / 5 {
        put(format!("vol{at}.volume"), format!("[Volume]\nVolumeName=vol{at}\n"));
    }
    for at in 0..UNITS {
        let (before, net, next) = (at.saturating_sub(1), at % 100, (at + 1) % 100);
        let order = if at % 5 == 0 { String::new() } else { format!("After=svc{before}.service\n") };
        put(
            format!("svc{at}.container"),
            format!(
                "[Unit]\nDescription=service {at}\n{order}\n[Container]\nImage=docker.io/library/app{at}:1.2.3\n\
                 ContainerName=svc{at}\nNetwork=net{net}.network\nNetwork=net{next}.network\nNetworkAlias=svc{at}\n\
                 PublishPort=127.0.0.1:{}:8080\nEnvironment=A=1 B=2\nEnvironment=DB_HOST=svc{before}\n\
                 Volume=vol{}.volume:/data:Z\nHealthCmd=curl -f http://localhost:8080/health\nHealthInterval=30s\n\
                 Notify=healthy\n\n[Service]\nRestart=always\n\n[Install]\nWantedBy=default.target\n",
                10_000 + at,
                at % (UNITS / 5)
            ),
        );
    }
}

fn time(command: &mut Command) -> Duration {
    let start = Instant::now();
    command.stdout(Stdio::null()).stderr(Stdio::null()).status().unwrap();
    start.elapsed()
}

fn median(mut times: Vec<Duration>) -> f64 {
    times.sort();
    times[times.len() / 2].as_secs_f64() * 1000.0
}

fn main() {
    // A hidden folder is none to the generator.
    let folder = tempfile::Builder::new().prefix("units-").tempdir().unwrap();
    write(folder.path());
    let tools = std::env::var_os("QUADGEN_TOOLS")
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("target/tools"), PathBuf::from);
    for version in ["5.4.2", "5.8.6"] {
        let generator = tools.join(format!("quadlet-{version}"));
        if !generator.is_file() {
            println!("units: not run: there is no {} (tests/tools.sh fetches it)", generator.display());
            continue;
        }
        let (mut lints, mut dry_runs) = (Vec::new(), Vec::new());
        for _ in 0..ROUNDS {
            let on = format!("podman@{version},rootless");
            lints.push(time(
                Command::new(env!("CARGO_BIN_EXE_quadgen"))
                    .args(["lint", "--format", "concise", "--on", &on])
                    .arg(folder.path()),
            ));
            dry_runs.push(time(
                Command::new(&generator).args(["-user", "-dryrun"]).env("QUADLET_UNIT_DIRS", folder.path()),
            ));
        }
        let (lint, dry_run) = (median(lints), median(dry_runs));
        println!(
            "lint of {UNITS} units for {version}: median {lint:.0} ms, the generator's dry run {dry_run:.0} ms: {:.2} of it",
            lint / dry_run
        );
    }
}
