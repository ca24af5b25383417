//! How `quadgen render -o DIR` writes: whole sets or nothing, whoever ends it, writes at the same time or put a link
//! there; and never over somebody else's file. `QUADGEN_KILLS=300` ends more runs than the usual sixty.

#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::print_stderr, reason = "tests")]

use std::collections::BTreeMap;
use std::fs;
use std::io::Write;
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// A topology whose every file is another one in each version.
fn topology(services: usize, version: &str) -> String {
    let mut text = format!(
        "platforms: {{p: 'podman@5.4,rootless,systemd@257'}}\nnetworks: {{n: {{labels: {{v: '{version}'}}}}}}\nservices:\n"
    );
    for at in 0..services {
        text += &format!("  s{at}: {{image: 'x:{version}', networks: [n]}}\n");
    }
    text
}

fn start(arguments: &[&str], folder: &Path, topology: &str) -> Child {
    let mut child = Command::new(env!("CARGO_BIN_EXE_quadgen"))
        .args(["render", "-", "--stdin-filename", "topology.yaml"])
        .args(arguments)
        .current_dir(folder)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // Who ended it before it read all has not read all.
    let _ = child.stdin.take().unwrap().write_all(topology.as_bytes());
    child
}

fn read(output: &Output) -> (i32, String) {
    let text = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    (output.status.code().unwrap(), text.replace('│', " ").split_whitespace().collect::<Vec<_>>().join(" "))
}

fn render(arguments: &[&str], folder: &Path, topology: &str) -> (i32, String) {
    read(&start(arguments, folder, topology).wait_with_output().unwrap())
}

/// Everything in a folder that is a plain file, by name.
fn files(folder: &Path) -> BTreeMap<String, String> {
    let entries = fs::read_dir(folder).into_iter().flatten().map(Result::unwrap);
    let plain = entries.filter(|entry| entry.file_type().unwrap().is_file());
    plain.map(|entry| (entry.file_name().into_string().unwrap(), fs::read_to_string(entry.path()).unwrap())).collect()
}

/// The units of a folder, as Quadlet would read them.
fn units(folder: &Path) -> BTreeMap<String, String> {
    let mut files = files(folder);
    files.retain(|name, _| name.ends_with(".container") || name.ends_with(".network"));
    files
}

/// The names in a folder that begin with a dot.
fn hidden(folder: &Path) -> Vec<String> {
    let names = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    names.filter(|name| name.starts_with('.')).collect()
}

/// Tests that measure time, or take much of it, run one after the other.
fn alone() -> MutexGuard<'static, ()> {
    static ONE: Mutex<()> = Mutex::new(());
    ONE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Numbers that nobody chose, from 0 to 1.
struct Random(u64);

impl Random {
    fn next(&mut self) -> f64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) as f64 / (1u64 << 53) as f64
    }
}

/// What came of ending runs at random moments.
#[derive(Default, Debug)]
struct Tally {
    old: usize,
    new: usize,
    torn: usize,
    /// How many were ended while the new folder lay beside the old one.
    inside: usize,
}

/// Ends renders into `out` below `base` at moments that are spread evenly over their whole time.
fn kill(base: &Path, out: &str, beside: &str, services: usize, times: usize) -> Tally {
    let _alone = alone();
    let versions = ["1", "2"].map(|version| topology(services, version));
    let folder = base.join(out);
    let whole = versions.each_ref().map(|version| {
        assert_eq!(render(&["-o", out, "-q"], base, version).0, 0);
        units(&folder)
    });
    let mut whole_time = Duration::ZERO;
    let mut random = Random(std::process::id().into());
    let mut tally = Tally::default();
    let mut now = 1;
    for at in 0..times {
        if at % 5 == 0 {
            // How long a run takes depends on what else the machine does, and on what the last one left.
            let begin = Instant::now();
            assert_eq!(render(&["-o", out, "-q"], base, &versions[1 - now]).0, 0);
            whole_time = begin.elapsed();
            now = 1 - now;
        }
        let mut child = start(&["-o", out, "-q"], base, &versions[1 - now]);
        std::thread::sleep(whole_time.mul_f64(1.25 * random.next()));
        let _ = child.kill();
        child.wait().unwrap();
        tally.inside += usize::from(!hidden(&base.join(beside)).is_empty());
        match whole.iter().position(|whole| *whole == units(&folder)) {
            Some(same) if same == now => tally.old += 1,
            Some(other) => {
                tally.new += 1;
                now = other;
            }
            None => {
                tally.torn += 1;
                // A part of each set is the next run's to heal.
                assert_eq!(render(&["-o", out, "-q"], base, &versions[now]).0, 0);
                assert_eq!(units(&folder), whole[now]);
            }
        }
    }
    let (code, said) = render(&["-o", out, "-q"], base, &versions[now]);
    assert_eq!((code, said.as_str()), (0, ""));
    assert!(hidden(&base.join(beside)).is_empty(), "the next run tidies up");
    tally
}

fn kills() -> usize {
    std::env::var("QUADGEN_KILLS").map_or(60, |number| number.parse().unwrap())
}

#[test]
fn a_run_that_is_ended_leaves_a_whole_set() {
    let base = tempfile::tempdir().unwrap();
    fs::create_dir(base.path().join("out")).unwrap();
    fs::write(base.path().join("out/notes.txt"), "mine").unwrap();
    let tally = kill(base.path(), "out", ".", 12, kills());
    eprintln!("{} kills: {tally:?}", kills());
    assert_eq!(tally.torn, 0, "{tally:?}");
    assert!(tally.old > 0 && tally.inside > 0, "{tally:?}");
    assert_eq!(fs::read_to_string(base.path().join("out/notes.txt")).unwrap(), "mine");
}

#[test]
fn nothing_half_made_lies_where_quadlet_looks() {
    let base = tempfile::tempdir().unwrap();
    let searched = "etc/containers/systemd";
    fs::create_dir_all(base.path().join(searched).join("web")).unwrap();
    let seen = AtomicBool::new(false);
    let stop = AtomicBool::new(false);
    let tally = std::thread::scope(|scope| {
        scope.spawn(|| {
            while !stop.load(Ordering::Relaxed) {
                let names = fs::read_dir(base.path().join(searched)).unwrap().map(|entry| entry.unwrap().file_name());
                seen.fetch_or(names.into_iter().any(|name| name != "web"), Ordering::Relaxed);
            }
        });
        let tally = kill(base.path(), "etc/containers/systemd/web", "etc/containers", 12, kills() / 4);
        stop.store(true, Ordering::Relaxed);
        tally
    });
    assert_eq!(tally.torn, 0, "{tally:?}");
    assert!(!seen.load(Ordering::Relaxed));
}

#[test]
fn where_a_folder_cannot_be_exchanged_the_next_run_heals() {
    let base = tempfile::tempdir().unwrap();
    fs::create_dir_all(base.path().join("out/s0.container.d")).unwrap();
    let many = std::env::var_os("QUADGEN_KILLS").is_some();
    let tally = kill(base.path(), "out", "out", if many { 120 } else { 12 }, if many { kills() } else { 10 });
    eprintln!("file by file: {tally:?}");
    assert!(base.path().join("out/s0.container.d").is_dir());
}

#[test]
fn two_at_once_do_not_mix() {
    let _alone = alone();
    let versions = ["1", "2"].map(|version| topology(8, version));
    for folders in [&["out"][..], &["out", "out/drop-in.d"]] {
        let base = tempfile::tempdir().unwrap();
        let out = base.path().join("out");
        let whole = versions.each_ref().map(|version| {
            assert_eq!(render(&["-o", "out"], base.path(), version).0, 0);
            units(&out)
        });
        fs::remove_dir_all(&out).unwrap();
        for round in 0..40 {
            // Every other time the folder is new.
            if round % 2 == 0 {
                fs::remove_dir_all(&out).unwrap_or(());
                folders.iter().skip(1).for_each(|folder| fs::create_dir_all(base.path().join(folder)).unwrap());
            }
            let running: Vec<Child> = (0..4).map(|at| start(&["-o", "out"], base.path(), &versions[at % 2])).collect();
            for child in running {
                let (code, said) = read(&child.wait_with_output().unwrap());
                assert_eq!(code, 0, "{said}");
            }
            assert!(whole.contains(&units(&out)), "round {round}: {:?}", units(&out).keys());
            assert!(hidden(base.path()).is_empty() && hidden(&out).is_empty());
        }
    }
}

#[test]
fn what_others_do_meanwhile_is_not_lost() {
    let _alone = alone();
    let base = tempfile::tempdir().unwrap();
    let out = base.path().join("out");
    let versions = ["1", "2"].map(|version| topology(8, version));
    assert_eq!(render(&["-o", "out"], base.path(), &versions[0]).0, 0);
    let stop = AtomicBool::new(false);
    let made: usize = std::thread::scope(|scope| {
        let writer = scope.spawn(|| {
            let mut made = 0;
            while !stop.load(Ordering::Relaxed) {
                fs::write(out.join(format!("note-{made}.txt")), made.to_string()).unwrap();
                // Saved as editors do: another file in its place.
                let aside = base.path().join("aside");
                fs::write(&aside, made.to_string()).unwrap();
                fs::rename(&aside, out.join("latest.txt")).unwrap();
                if made >= 100 {
                    fs::remove_file(out.join(format!("note-{}.txt", made - 100))).unwrap_or(());
                }
                made += 1;
            }
            made
        });
        for round in 0..60 {
            let (code, said) = render(&["-o", "out"], base.path(), &versions[round % 2]);
            assert_eq!(code, 0, "{said}");
        }
        stop.store(true, Ordering::Relaxed);
        writer.join().unwrap()
    });
    let files = files(&out);
    assert_eq!(files["latest.txt"], (made - 1).to_string());
    for at in made.saturating_sub(100)..made {
        assert_eq!(files.get(&format!("note-{at}.txt")), Some(&at.to_string()), "of {made}");
    }
}

#[test]
fn what_is_not_ours_stays_as_it_was() {
    let base = tempfile::tempdir().unwrap();
    let out = base.path().join("out");
    fs::create_dir(&out).unwrap();
    fs::set_permissions(&out, fs::Permissions::from_mode(0o2750)).unwrap();
    fs::write(out.join("notes.txt"), "mine").unwrap();
    symlink("../elsewhere", out.join("link")).unwrap();
    let before = fs::metadata(out.join("notes.txt")).unwrap();
    assert_eq!(render(&["-o", "out"], base.path(), &topology(8, "1")).0, 0);
    fs::set_permissions(out.join("s1.container"), fs::Permissions::from_mode(0o600)).unwrap();
    let first = fs::metadata(&out).unwrap().ino();
    assert_eq!(render(&["-o", "out"], base.path(), &topology(8, "2")).0, 0);
    let after = fs::metadata(out.join("notes.txt")).unwrap();
    assert_eq!((before.ino(), before.mtime_nsec(), after.nlink()), (after.ino(), after.mtime_nsec(), 1));
    assert_eq!(fs::read_link(out.join("link")).unwrap(), Path::new("../elsewhere"));
    let folder = fs::metadata(&out).unwrap();
    assert_ne!(folder.ino(), first, "it is another folder");
    assert_eq!(folder.mode() & 0o7777, 0o2750, "with the same rights");
    assert_eq!(fs::metadata(out.join("s1.container")).unwrap().mode() & 0o777, 0o600, "and so are its files");
    assert!(hidden(base.path()).is_empty());
}

#[test]
fn what_does_not_change_is_not_touched() {
    let base = tempfile::tempdir().unwrap();
    let out = base.path().join("out");
    let state = || {
        let folder = fs::metadata(&out).unwrap();
        let file = fs::metadata(out.join("s1.container")).unwrap();
        (folder.ino(), folder.mtime(), folder.mtime_nsec(), file.ino(), file.mtime(), file.mtime_nsec())
    };
    assert_eq!(render(&["-o", "out"], base.path(), &topology(8, "1")).0, 0);
    let before = state();
    let (code, said) = render(&["-o", "out"], base.path(), &topology(8, "1"));
    assert_eq!((code, said.as_str()), (0, "9 files in out: nothing changed."));
    assert_eq!(state(), before);
    // Where one file changes, the folder stays the same one.
    let (one, two) = (topology(1, "1"), topology(1, "2"));
    for text in [&one, &two] {
        assert_eq!(render(&["-o", "compose", "--target", "compose"], base.path(), text).0, 0);
        fs::write(base.path().join("compose/.keep"), "").unwrap();
    }
    let folder = fs::metadata(base.path().join("compose")).unwrap().ino();
    assert_eq!(render(&["-o", "compose", "--target", "compose"], base.path(), &one).0, 0);
    assert_eq!(fs::metadata(base.path().join("compose")).unwrap().ino(), folder);
}

#[test]
fn a_folder_that_cannot_be_exchanged_is_written_in_place() {
    let base = tempfile::tempdir().unwrap();
    let out = base.path().join("out");
    for prepare in [
        (|out| fs::create_dir(out.join("s1.container.d")).unwrap()) as fn(&Path),
        |out| drop(std::os::unix::net::UnixListener::bind(out.join("socket")).unwrap()),
        |_| {},
    ] {
        fs::create_dir(&out).unwrap();
        prepare(&out);
        let is_plain = fs::read_dir(&out).unwrap().count() == 0;
        // In the last case the folder is where the program runs.
        let (here, arguments) = if is_plain { (out.as_path(), ["-o", "."]) } else { (base.path(), ["-o", "out"]) };
        let folder = fs::metadata(&out).unwrap().ino();
        for version in ["1", "2"] {
            assert_eq!(render(&arguments, here, &topology(8, version)).0, 0);
            assert_eq!(fs::metadata(&out).unwrap().ino(), folder);
            assert!(units(&out).values().all(|text| text.contains(&format!(":{version}")) || text.contains("v=")));
        }
        assert_eq!(units(&out).len(), 9);
        assert!(hidden(&out).is_empty());
        fs::remove_dir_all(&out).unwrap();
    }
}

#[test]
fn what_ended_runs_left_is_taken_away_and_what_is_not_ours_is_not() {
    let base = tempfile::tempdir().unwrap();
    let out = base.path().join("out");
    assert_eq!(render(&["-o", "out"], base.path(), &topology(8, "1")).0, 0);
    fs::write(out.join("notes.txt"), "mine").unwrap();
    fs::write(out.join(".quadgen-aB3dE6"), "half a un").unwrap();
    fs::write(out.join(".quadgen-notes"), "mine").unwrap();
    // One that never got its place, and one that lost it.
    let never = base.path().join(".out.quadgen-1-aB3dE6.d");
    fs::create_dir(&never).unwrap();
    fs::write(never.join("s0.container"), "half a un").unwrap();
    fs::hard_link(out.join("notes.txt"), never.join("notes.txt")).unwrap();
    let old = base.path().join("old");
    fs::create_dir(&old).unwrap();
    fs::copy(out.join("s1.container"), old.join("s1.container")).unwrap();
    fs::hard_link(out.join("notes.txt"), old.join("notes.txt")).unwrap();
    fs::write(old.join("only-copy.txt"), "mine").unwrap();
    let lost = base.path().join(format!(".out.quadgen-{:x}-aB3dE6.d", fs::metadata(&old).unwrap().ino()));
    fs::rename(&old, &lost).unwrap();
    let other = base.path().join(".other.quadgen-1-aB3dE6.d");
    fs::create_dir(&other).unwrap();
    let (code, said) = render(&["-o", "out"], base.path(), &topology(8, "1"));
    assert_eq!(code, 0);
    let name = lost.file_name().unwrap().to_str().unwrap();
    assert!(said.contains(&format!("{name}/only-copy.txt")), "{said}");
    assert!(!never.exists() && other.exists());
    assert_eq!(files(&lost).keys().collect::<Vec<_>>(), ["only-copy.txt"]);
    assert_eq!(hidden(&out), [".quadgen-notes"]);
    assert_eq!(files(&out)["notes.txt"], "mine");
}

#[test]
fn links_are_followed_to_the_folder_and_nowhere_from_there() {
    let base = tempfile::tempdir().unwrap();
    let here = base.path();
    let text = topology(8, "1");
    fs::create_dir_all(here.join("real/out")).unwrap();
    symlink("real/out", here.join("out")).unwrap();
    assert_eq!(render(&["-o", "out"], here, &text).0, 0);
    assert!(fs::symlink_metadata(here.join("out")).unwrap().is_symlink());
    assert_eq!(units(&here.join("real/out")).len(), 9);
    // The folder is the same by both ways.
    assert_eq!(
        render(&["-o", "real/out", "--check"], here, &text),
        (0, "Everything is as it would be written.".into())
    );
    // A link in the place of a file.
    fs::rename(here.join("real/out/s0.container"), here.join("mine")).unwrap();
    symlink("../../mine", here.join("real/out/s0.container")).unwrap();
    let before = fs::read_to_string(here.join("mine")).unwrap();
    let (code, said) = render(&["-o", "out"], here, &topology(8, "2"));
    assert_eq!(code, 2);
    assert!(said.contains("`out/s0.container` is not a plain file"), "{said}");
    assert_eq!(fs::read_to_string(here.join("mine")).unwrap(), before);
    // A link in the place of a platform's folder, and one that leads nowhere.
    fs::create_dir_all(here.join("all")).unwrap();
    symlink("../real", here.join("all/p")).unwrap();
    symlink("nowhere", here.join("gone")).unwrap();
    for (arguments, part) in [
        (&["--all-platforms", "-o", "all"][..], "`all/p` is a link"),
        (&["-o", "gone"], "is a link that leads nowhere"),
        (&["-o", "mine"], "`mine` is not a folder"),
        (&["-o", "mine/x"], "cannot write"),
    ] {
        let (code, said) = render(arguments, here, &text);
        assert_eq!(code, 2, "{arguments:?}");
        assert!(said.contains(part), "{arguments:?}: {said}");
    }
    assert_eq!(files(&here.join("real")).len(), 0);
    assert!(!here.join("nowhere").exists());
}
