#![no_main]

use libfuzzer_sys::fuzz_target;
use quadgen::source::SourceMap;
use quadgen::syntax::yaml;

fuzz_target!(|text: &str| {
    let mut sources = SourceMap::default();
    let id = sources.add("x.yaml", text);
    yaml::parse(sources.file(id));
});
