//! The tables of `data/`, which the build script hands on as JSON.
//!
//! Names in them are `&'static str`: they are parts of the text that is compiled in. Sentences are `Cow`, because one with a
//! quote or a backslash stands in JSON in another form.

use serde::Deserialize;

/// A table of `data/` by its file's name without ending, as what it is read into.
macro_rules! table {
    ($name:literal) => {
        $crate::platform::table::read($name, include_str!(concat!(env!("OUT_DIR"), "/", $name, ".json")))
    };
}

/// Reads a table that is part of the program.
pub(super) fn read<T: Deserialize<'static>>(name: &str, text: &'static str) -> T {
    #[allow(clippy::panic, reason = "each is part of the program, and a test reads it")]
    serde_json::from_str(text).unwrap_or_else(|error| {
        panic!("the table {name} is out of form: {error} (a text with quotes or backslashes is a Cow)")
    })
}
