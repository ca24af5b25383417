//! Standard output and standard error. A closed pipe is no error.

use std::io::{self, Write};

use anstream::ColorChoice;

use super::Colour;

/// Writes to standard output; `false` if somebody has to know that it did not get there.
pub(super) fn out(text: &str) -> bool {
    let mut stdout = io::stdout().lock();
    match stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush()) {
        Ok(()) => true,
        Err(error) => error.kind() == io::ErrorKind::BrokenPipe,
    }
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
