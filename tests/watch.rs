//! `quadgen lint --watch`, as somebody uses it who edits: it looks again, and ends when it is told to.
#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

use std::fs;
use std::io::{BufRead, BufReader};
use std::os::unix::process::ExitStatusExt as _;
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

/// Long enough for a machine that does other things.
const PATIENCE: Duration = Duration::from_secs(60);

const CLEAN: &str = "platforms: {p: 'podman@5.4,netavark@1.14,rootless'}\nservices: {a: {image: x}}\n";
const BROKEN: &str = "platforms: {p: 'podman@5.4,netavark@1.14,rootless'}\nservices: {a: {image: x, networks: [n]}}\n";

/// A run, with the lines of standard output as they come. It ends with the test, however that ends.
struct Run {
    child: Child,
    lines: Receiver<String>,
}

impl Run {
    fn start(folder: &Path, arguments: &[&str]) -> Run {
        // Whoever runs the tests in the background has Ctrl-C ignored, and what is started would inherit that.
        let mut child = Command::new("env")
            .args(["--default-signal=INT", env!("CARGO_BIN_EXE_quadgen"), "lint", "--watch"])
            .args(arguments)
            .current_dir(folder)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let stdout = child.stdout.take().unwrap();
        let (send, lines) = channel();
        std::thread::spawn(move || {
            for line in BufReader::new(stdout).lines().map_while(Result::ok) {
                if send.send(line).is_err() {
                    break;
                }
            }
        });
        Run { child, lines }
    }

    /// The lines up to one with a text.
    fn until(&self, text: &str) -> Vec<String> {
        let mut seen: Vec<String> = Vec::new();
        while !seen.last().is_some_and(|line| line.contains(text)) {
            let next = self.lines.recv_timeout(PATIENCE);
            seen.push(next.unwrap_or_else(|_| panic!("nobody says {text:?} after {seen:#?}")));
        }
        seen
    }

    fn end(&mut self) -> ExitStatus {
        let start = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status;
            }
            assert!(start.elapsed() < PATIENCE, "it does not end");
            std::thread::sleep(Duration::from_millis(50));
        }
    }
}

impl Drop for Run {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn it_looks_again_when_a_file_changes_comes_or_goes_and_ends_on_ctrl_c() {
    let here = tempfile::tempdir().unwrap();
    let file = here.path().join("topology.yaml");
    fs::write(&file, CLEAN).unwrap();
    let mut run = Run::start(here.path(), &["--format", "concise"]);
    assert_eq!(run.until("file").len(), 1);

    fs::write(&file, BROKEN).unwrap();
    let lines = run.until("1 error");
    assert_eq!(lines.first().unwrap(), "---- topology.yaml changed ----");
    assert!(lines.iter().any(|line| line.starts_with("topology.yaml:2:37: error QG006")), "{lines:#?}");

    // Editors write beside a file and put the new one in its place.
    let new = here.path().join(".new");
    fs::write(&new, CLEAN).unwrap();
    fs::rename(&new, &file).unwrap();
    run.until("No problems in 1 file");

    // A stack that comes, with a variable file that is only looked for, and that then comes.
    fs::create_dir(here.path().join("shop")).unwrap();
    fs::write(here.path().join("shop/compose.yaml"), "services: {web: {image: 'nginx:${TAG:-1}'}}\n").unwrap();
    run.until("changed ----");
    run.until("No problems in 2 files");
    fs::write(here.path().join("shop/.env"), "TAG=2\n").unwrap();
    assert_eq!(run.until("changed ----").last().unwrap(), "---- shop/.env changed ----");
    run.until("No problems in 3 files");
    fs::remove_dir_all(here.path().join("shop")).unwrap();
    run.until("No problems in 1 file ");

    // A file that comes may be one of a stack. This one is not, so what happens in it later does not count.
    fs::write(here.path().join("notes.txt"), "x").unwrap();
    run.until("---- notes.txt changed ----");
    run.until("No problems in 1 file ");
    fs::write(here.path().join("notes.txt"), "xy").unwrap();
    for of_an_editor in [".topology.yaml.swp", "topology.yaml~", ".#topology.yaml"] {
        fs::write(here.path().join(of_an_editor), CLEAN).unwrap();
    }
    std::thread::sleep(Duration::from_secs(1));
    assert_eq!(run.lines.try_recv().ok(), None);

    let pid = run.child.id().to_string();
    assert!(Command::new("kill").args(["-INT", &pid]).status().unwrap().success());
    assert_eq!(run.end().signal(), Some(2));
}

#[test]
fn it_ends_when_nobody_reads_it_any_more() {
    let here = tempfile::tempdir().unwrap();
    let file = here.path().join("topology.yaml");
    fs::write(&file, CLEAN).unwrap();
    let mut run = Run::start(here.path(), &["--format", "json", "topology.yaml"]);
    // Nothing but reports, so that programs can read one after the other.
    assert_eq!(run.until("\"version\"").first().unwrap(), "{");
    let (_, nobody) = channel();
    drop(std::mem::replace(&mut run.lines, nobody));
    let start = Instant::now();
    let mut texts = [BROKEN, CLEAN].iter().cycle();
    while run.child.try_wait().unwrap().is_none() {
        assert!(start.elapsed() < PATIENCE, "it does not end");
        fs::write(&file, texts.next().unwrap()).unwrap();
        std::thread::sleep(Duration::from_millis(700));
    }
    assert!(run.end().code().is_some());
}

#[test]
fn standard_input_cannot_be_watched() {
    let here = tempfile::tempdir().unwrap();
    let mut run = Run::start(here.path(), &["-", "--stdin-filename", "topology.yaml"]);
    assert_eq!(run.end().code(), Some(2));
}
