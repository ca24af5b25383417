//! What was found, read by the reader of its format.

use std::cell::LazyCell;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use quadgen::diagnostic::{Diagnostic, Level, input};
use quadgen::discover::Found;
use quadgen::maps::HashSet;
use quadgen::model::{Format, Version};
use quadgen::platform::Platform;
use quadgen::read::{Read, compose, quadlet, topology};
use quadgen::source::{Files, is_tidy};

use super::super::Common;
use super::{Input, Session, absolute, request};

/// A path from the root on; most are that already.
fn full(path: PathBuf) -> PathBuf {
    if path.is_absolute() && is_tidy(&path) { path } else { absolute(&path) }
}

impl Session {
    /// Reads a stack, unless it was already; `asked` limits its findings to one more file.
    pub(super) fn take(&mut self, found: Found, asked: Option<String>, common: &Common) {
        let Some(format) = found.format() else { return };
        // What is read now may have such comments, too.
        self.silencing.take();
        let files = found.files();
        let made_of = LazyCell::new(|| files.iter().map(|file| absolute(file)).collect::<Vec<PathBuf>>());
        let same = |known: &Input| known.made_of.len() == files.len() && known.made_of == *made_of;
        if let Some(known) = self.inputs.iter_mut().find(|known| known.format == format && same(known)) {
            match (&mut known.asked, asked) {
                (Some(files), Some(file)) => drop(files.insert(file)),
                (files, _) => *files = None,
            }
            return;
        }
        // A stack belongs to its folder, also where it is asked for from elsewhere.
        let home = match &found {
            Found::Quadlet { tree, .. } => absolute(&tree.root),
            _ => files.first().and_then(|file| absolute(file).parent().map(Path::to_path_buf)).unwrap_or_default(),
        };
        let config = self.config_of(&home);
        // A tree's files are shown as its reader shows them.
        let shown = files.iter().filter(|_| format != Format::Quadlet).map(|file| self.files.shown(file));
        let files: Vec<String> = shown.collect();
        let source = match &found {
            Found::Quadlet { tree, .. } => self.files.shown(&tree.root),
            _ => files.first().cloned().unwrap_or_default(),
        };
        let mut input = Input {
            label: String::new(),
            format,
            files: Arc::new(files),
            source,
            notes: Vec::new(),
            findings: Vec::new(),
            asked: asked.map(|file| BTreeSet::from([file])),
            config,
            rootful: None,
            made_of: Vec::new(),
            stacks: Vec::new(),
        };
        match found {
            Found::Topology(file) => {
                let read = self.topology(&file);
                input.made_of.push(full(file));
                self.keep(&mut input, None, read);
            }
            Found::Compose(files) => {
                input.made_of = files.iter().cloned().map(full).collect();
                let request = request::of(common, files, self.wants.samples);
                if common.no_env {
                    self.files.put(Path::new(request::NOTHING), Vec::new());
                }
                let read = compose::read(&mut self.sources, &self.files, &request);
                self.keep(&mut input, None, read);
            }
            Found::Quadlet { tree, rootful } => {
                input.rootful = rootful;
                let mut parsed = quadlet::parse(&mut self.sources, &self.files, tree);
                // Units are looked for from the root on, so these are their full paths.
                input.made_of = std::mem::take(&mut parsed.paths);
                let shown = parsed.files.iter().map(|file| self.sources.file(*file).name.clone());
                input.files = Arc::new(shown.collect());
                if self.wants.newest {
                    // What systemd fills in does not go into files that people commit.
                    parsed.forget_values();
                }
                for (release, platforms) in self.releases(common, config, rootful) {
                    let reader = if self.wants.newest { Platform::newest_podman() } else { release };
                    let mut read = quadlet::lower(&parsed, &self.sources, reader);
                    for finding in &mut read.diagnostics {
                        let found = std::mem::replace(finding, Diagnostic::new(finding.rule, finding.span(), ""));
                        *finding = platforms.iter().fold(found, |found, platform| found.on(platform));
                    }
                    self.keep(&mut input, Some(release), read);
                }
            }
            Found::Overlay { .. } | Found::Template(_) | Found::Rendered { .. } => {}
        }
        if input.stacks.is_empty() {
            self.findings.extend(input.findings);
        } else {
            self.inputs.push(input);
        }
    }

    fn topology(&mut self, path: &Path) -> Read {
        let name = self.files.shown(path);
        match self.sources.load(&self.files, path, &name) {
            Ok(loaded) => match loaded.not_utf8 {
                Some(at) => {
                    let message = "this is not UTF-8 text; quadgen reads UTF-8 only";
                    let finding = Diagnostic::new(&input::SYNTAX_ERROR, at, message);
                    Read { diagnostics: vec![finding], files: vec![loaded.file], ..Read::default() }
                }
                None => {
                    let read = topology::read(self.sources.file(loaded.file));
                    Read { files: vec![loaded.file], ..read }
                }
            },
            Err(reason) => {
                let at = self.argument(&path.to_string_lossy());
                let message = format!("cannot read `{name}`: {reason}");
                Read { diagnostics: vec![Diagnostic::new(&input::COULD_NOT_RUN, at, message)], ..Read::default() }
            }
        }
    }

    /// Takes over what a reader understood.
    fn keep(&mut self, input: &mut Input, release: Option<Version>, read: Read) {
        self.sources.hide(read.secrets);
        // Those of units are known already, in this order.
        let mut places = input.files.iter();
        let names = read.files.iter().map(|file| self.sources.file(*file).name.as_str());
        let others: Vec<&str> = names.filter(|name| places.next().is_none_or(|known| known != name)).collect();
        if !others.is_empty() {
            let mut known: HashSet<&str> = input.files.iter().map(String::as_str).collect();
            let new = others.into_iter().filter(|name| !name.ends_with("dev/null") && known.insert(name));
            let new: Vec<String> = new.map(str::to_owned).collect();
            Arc::make_mut(&mut input.files).extend(new);
        }
        input.notes.extend(read.notes);
        input.notes.dedup();
        // A stack that is not there must not look like one without faults.
        if read.stack.is_none() && !read.diagnostics.iter().any(|finding| finding.severity == Level::Error) {
            let at = self.argument(&input.source);
            let message = format!("`{}` holds nothing that could be read as a stack", input.source);
            self.findings.push(Diagnostic::new(&input::COULD_NOT_RUN, at, message));
        }
        input.findings.extend(read.diagnostics);
        input.stacks.extend(read.stack.map(|stack| (release, stack)));
    }
}
