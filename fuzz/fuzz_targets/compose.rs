#![no_main]

use std::path::PathBuf;

use libfuzzer_sys::fuzz_target;
use quadgen::read::compose;
use quadgen::source::SourceMap;
use quadgen_fuzz::{Memory, look};

fuzz_target!(|text: &str| {
    let files = Memory::of(text, "compose.yaml");
    let over = PathBuf::from("compose.override.yaml");
    let mut wanted = vec![PathBuf::from("compose.yaml")];
    wanted.extend(files.0.contains_key(&over).then_some(over));
    let mut sources = SourceMap::default();
    sources.add("command line", "quadgen");
    let request = compose::Request { files: wanted, samples: true, ..compose::Request::default() };
    let read = compose::read(&mut sources, &files, &request);
    look(&sources, &read);
});
