//! What the fuzz targets share: files in memory, and a look at a whole stack.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};

use quadgen::diagnostic::Sink;
use quadgen::model::{PlatformSpec, Stack};
use quadgen::network::Wiring;
use quadgen::platform::Platform;
use quadgen::read::Read;
use quadgen::report::{Format, Report, Summary};
use quadgen::rules::{self, Context};
use quadgen::source::{Files, SourceMap};

/// Files by path.
#[derive(Default)]
pub struct Memory(pub BTreeMap<PathBuf, Vec<u8>>);

impl Memory {
    /// Takes one input apart into files: a line `=== NAME` begins each; what stands before the first is `first`.
    pub fn of(input: &str, first: &str) -> Self {
        let mut files = BTreeMap::new();
        let (mut name, mut text) = (PathBuf::from(first), String::new());
        for line in input.split_inclusive('\n') {
            match line.strip_prefix("=== ") {
                Some(next) => {
                    files.insert(std::mem::replace(&mut name, PathBuf::from(next.trim())), std::mem::take(&mut text).into_bytes());
                }
                None => text.push_str(line),
            }
        }
        files.insert(name, text.into_bytes());
        Memory(files)
    }
}

impl Files for Memory {
    fn read(&self, path: &Path) -> io::Result<Vec<u8>> {
        self.0.get(path).cloned().ok_or_else(|| io::ErrorKind::NotFound.into())
    }

    fn is_dir(&self, path: &Path) -> bool {
        self.0.keys().any(|known| known != path && known.starts_with(path))
    }

    fn is_file(&self, path: &Path) -> bool {
        self.0.contains_key(path)
    }

    fn walk(&self, folder: &Path) -> Vec<PathBuf> {
        self.0.keys().filter(|path| path.starts_with(folder)).cloned().collect()
    }
}

/// Looks at what was read as `quadgen lint` does, and writes the report.
pub fn look(sources: &SourceMap, read: &Read) {
    let mut sink = Sink::default();
    sink.extend(read.diagnostics.iter().cloned());
    if let Some(stack) = &read.stack {
        lint(stack, &mut sink);
    }
    let findings = sink.finish(sources);
    for found in &findings {
        for label in &found.labels {
            let file = sources.file_of(label.span).expect("a place lies in a file");
            let inside = file.span().start <= label.span.start && label.span.end <= file.span().end;
            assert!(inside || label.span == Default::default(), "{} {:?}", found.message, label.span);
        }
    }
    let report = Report { sources, findings: &findings, summary: &Summary::default() };
    report.write(Format::Concise, false);
}

fn lint(stack: &Stack, sink: &mut Sink) {
    let platform = Platform::resolve("assumed", PlatformSpec::default(), stack.format);
    let wirings = [Wiring::new(stack, &platform)];
    rules::check(&Context::new(stack, &wirings), sink);
}
