#![no_main]

use libfuzzer_sys::fuzz_target;
use quadgen::source::SourceMap;
use quadgen::syntax::dotenv;

fuzz_target!(|text: &str| {
    let mut sources = SourceMap::default();
    let id = sources.add(".env", text);
    dotenv::parse(sources.file(id), &|name| (name.len() % 3 == 0).then(|| name.to_owned()), &|_| None);
    dotenv::parse_raw(sources.file(id));
});
