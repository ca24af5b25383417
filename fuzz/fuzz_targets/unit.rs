#![no_main]

use libfuzzer_sys::fuzz_target;
use quadgen::source::SourceMap;
use quadgen::syntax::unit::{Dialect, parse};

fuzz_target!(|text: &str| {
    let mut sources = SourceMap::default();
    let id = sources.add("x.container", text);
    for dialect in [Dialect::Raw, Dialect::Trimmed, Dialect::Joined] {
        parse(sources.file(id), dialect);
    }
});
