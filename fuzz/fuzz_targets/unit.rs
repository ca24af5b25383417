#![no_main]

use libfuzzer_sys::fuzz_target;
use quadgen::source::SourceMap;
use quadgen::syntax::unit;

fuzz_target!(|text: &str| {
    let mut sources = SourceMap::default();
    let id = sources.add("x.container", text);
    unit::parse(sources.file(id));
});
