#![no_main]

use libfuzzer_sys::fuzz_target;
use quadgen::model::{UnitKind, Version};
use quadgen::read::quadlet;
use quadgen::source::SourceMap;
use quadgen_fuzz::{Memory, look};

fuzz_target!(|text: &str| {
    let files = Memory::of(text, "web.container");
    let is_unit = |path: &&std::path::PathBuf| {
        path.file_name().is_some_and(|name| UnitKind::of_file(&name.to_string_lossy()).is_some())
    };
    let (units, rest): (Vec<_>, Vec<_>) = files.0.keys().partition(is_unit);
    let is_plain = |path: &&std::path::PathBuf| {
        path.file_name().is_some_and(|name| quadlet::is_systemd_unit(&name.to_string_lossy()))
    };
    let tree = quadlet::Tree {
        plain: files.0.keys().filter(is_plain).cloned().collect(),
        units: units.into_iter().cloned().collect(),
        drop_ins: rest.into_iter().filter(|path| path.extension().is_some_and(|end| end == "conf")).cloned().collect(),
        ..quadlet::Tree::default()
    };
    let mut sources = SourceMap::default();
    sources.add("command line", "quadgen");
    let parsed = quadlet::parse(&mut sources, &files, tree);
    for release in [Version::new(4, 4), Version::new(5, 4), Version::new(6, 0)] {
        let read = quadlet::lower(&parsed, &sources, release);
        look(&sources, &read);
    }
});
