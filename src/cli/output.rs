//! Standard output and standard error. A closed pipe is no error.

use std::io::{self, Write};
use std::sync::atomic::{AtomicBool, Ordering};

use anstream::ColorChoice;
use quadgen::diagnostic::Sink;
use quadgen::report::{Format, Report, Summary};

use super::Colour;
use super::session::Session;

/// Whether a write to standard output found that nobody reads it any more.
static CLOSED: AtomicBool = AtomicBool::new(false);

/// Whether somebody still reads standard output, as far as the last write tells.
pub(super) fn is_open() -> bool {
    !CLOSED.load(Ordering::Relaxed)
}

/// Writes to standard output; `false` if somebody has to know that it did not get there.
pub(super) fn out(text: &str) -> bool {
    let mut stdout = io::stdout().lock();
    match stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush()) {
        Ok(()) => true,
        Err(error) => {
            let closed = error.kind() == io::ErrorKind::BrokenPipe;
            CLOSED.fetch_or(closed, Ordering::Relaxed);
            closed
        }
    }
}

/// Writes to standard output piece by piece; `false` if somebody has to know that not all of it got there.
pub(super) fn stream(write: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> bool {
    let mut stdout = io::BufWriter::with_capacity(1 << 16, io::stdout().lock());
    match write(&mut stdout).and_then(|()| stdout.flush()) {
        Ok(()) => true,
        Err(error) => {
            // What is left in the buffer would be tried once more.
            let _ = stdout.into_parts();
            error.kind() == io::ErrorKind::BrokenPipe
        }
    }
}

/// Says on standard error what kept a command from doing its work.
pub(super) fn failure(session: &mut Session, wanted: Colour) {
    let mut sink = Sink::default();
    sink.extend(std::mem::take(&mut session.findings));
    let mut found = sink.finish(&session.sources);
    // What is merely worth saying kept nobody from anything.
    if let Some(worst) = found.iter().map(|finding| finding.severity).max() {
        found.retain(|finding| finding.severity == worst);
    }
    let summary = Summary::default();
    let report = Report { sources: &session.sources, findings: &found, summary: &summary };
    err(&report.write_quiet(Format::Full, colour(wanted, true)));
}

/// Writes to standard error, as far as that goes.
pub(super) fn err(text: &str) {
    let _ = io::stderr().lock().write_all(text.as_bytes());
}

/// Whether standard output (or standard error) gets colour.
pub(super) fn colour(wanted: Colour, on_stderr: bool) -> bool {
    match wanted {
        Colour::Always => true,
        Colour::Never => false,
        Colour::Auto if on_stderr => anstream::AutoStream::choice(&io::stderr()) != ColorChoice::Never,
        Colour::Auto => anstream::AutoStream::choice(&io::stdout()) != ColorChoice::Never,
    }
}
