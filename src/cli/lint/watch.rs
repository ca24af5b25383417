//! `quadgen lint --watch`: looks again and again.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread::sleep;
use std::time::{Duration, Instant};

use quadgen::source::Files as _;

use super::super::disk::Disk;
use super::super::session::Session;
use super::super::watched::{Seen, Watched};
use super::super::{FAILED, output};
use super::{Options, examine, format, wants};

/// Between two looks for a change.
const PAUSE: Duration = Duration::from_millis(300);
/// How much longer than a look the pause after it is, so that a large folder does not keep a core busy.
const REST: u32 = 20;
/// What an editor has to write a file to its end.
const SETTLE: Duration = Duration::from_millis(50);

/// Runs until somebody ends it, or until nobody reads any more what it says.
pub(super) fn run(options: &Options) -> u8 {
    let is_stdin = |path: &PathBuf| path.as_os_str() == "-";
    if options.paths.iter().chain(&options.common.files).any(is_stdin) {
        output::err("error: standard input comes once, and --watch looks again and again\n");
        return FAILED;
    }
    loop {
        let seen = Arc::new(Seen::default());
        let files = Box::new(Watched(Arc::clone(&seen)));
        let code = examine(options, Session::over(wants(options), files)).report(options, output::out);
        if !output::is_open() {
            return code;
        }
        let changed = wait(&seen);
        separate(options, &changed);
    }
}

/// Waits for a change, and then until things have come to rest.
fn wait(seen: &Seen) -> PathBuf {
    loop {
        let start = Instant::now();
        let changed = seen.changed();
        let took = start.elapsed();
        if let Some(changed) = changed {
            sleep(SETTLE);
            return changed;
        }
        sleep(PAUSE.max(took * REST));
    }
}

/// A line between two reports, which says what changed; what programs read has nothing but reports.
fn separate(options: &Options, changed: &Path) {
    let line = format!("---- {} changed ----\n", Disk.shown(changed));
    if format(options).is_for_people() {
        output::out(&line);
    } else {
        output::err(&line);
    }
}
