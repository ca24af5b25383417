//! Which stacks `quadgen.toml` puts on one host.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use quadgen::config::{self, Host};
use quadgen::diagnostic::{Diagnostic, Level, input};
use quadgen::discover;
use quadgen::rules;
use quadgen::source::Files;

use super::super::Common;
use super::{Input, Session, absolute};

/// The stacks of a host, by where they stand among the inputs.
pub(in crate::cli) struct Together {
    pub members: Vec<usize>,
}

impl Session {
    /// Reads the settings that hold for the paths.
    pub(super) fn read_config(&mut self, paths: &[PathBuf], common: &Common) {
        let all = common.stack.is_none() && common.format_as.is_none();
        let mut read = BTreeSet::new();
        for path in paths {
            let full = absolute(path);
            let folder = if self.files.is_dir(&full) { full.as_path() } else { full.parent().unwrap_or(&full) };
            let Some(file) = self.config_of(folder).filter(|file| read.insert(file.clone())) else { continue };
            let name = self.files.shown(&file);
            let loaded = match self.sources.load(&self.files, &file, &name) {
                Ok(loaded) => loaded,
                Err(reason) => {
                    let at = self.argument(&name);
                    self.fail(Diagnostic::new(&input::COULD_NOT_RUN, at, format!("cannot read `{name}`: {reason}")));
                    continue;
                }
            };
            let found = config::read(self.sources.file(loaded.file));
            self.findings.extend(found.diagnostics);
            let home = file.parent().unwrap_or(Path::new("")).to_path_buf();
            for host in found.hosts {
                self.group(&home, &host, all && folder == home);
            }
        }
    }

    /// The nearest file upwards, to the root of the repository.
    fn config_of(&self, folder: &Path) -> Option<PathBuf> {
        for above in folder.ancestors() {
            let file = above.join(config::NAME);
            if self.files.is_file(&file) {
                return Some(file);
            }
            if discover::is_repository(&self.files, above) {
                return None;
            }
        }
        None
    }

    /// Puts the stacks of a host together. An entry that stands for nothing is a finding where everything was read.
    fn group(&mut self, home: &Path, host: &Host, whole: bool) {
        let mut members = BTreeSet::new();
        for entry in &host.stacks {
            let pattern = globset::GlobBuilder::new(entry.value.trim_start_matches("./").trim_end_matches('/'))
                .literal_separator(true)
                .build();
            let pattern = match pattern {
                Ok(pattern) => pattern.compile_matcher(),
                Err(error) => {
                    let message = format!("`{}` is no pattern: {}", entry.value, error.kind());
                    self.fail(Diagnostic::new(&input::INVALID_VALUE, entry.span(), message));
                    continue;
                }
            };
            let all = self.inputs.iter().enumerate();
            let matching: Vec<usize> =
                all.filter(|(_, input)| is_meant(home, &pattern, input)).map(|(at, _)| at).collect();
            if matching.is_empty() && whole {
                let message = format!("`{}` of host `{}` is no stack here", entry.value, host.name.value);
                let finding = Diagnostic::new(&rules::UNDEFINED_REFERENCE, entry.span(), message);
                self.fail(finding.severity(Level::Warning).help("A path is that of a stack's file or of its folder."));
            }
            members.extend(matching);
        }
        if members.len() > 1 {
            self.together.push(Together { members: members.into_iter().collect() });
        }
    }
}

/// Whether a pattern is that of a file of the stack or of the folder it lies in.
fn is_meant(home: &Path, pattern: &globset::GlobMatcher, input: &Input) -> bool {
    let folder = absolute(Path::new(&input.source));
    let files = input.made_of.iter().flat_map(|file| [Some(file.as_path()), file.parent()]).flatten();
    let mut paths = files.chain([folder.as_path()]).filter_map(|path| path.strip_prefix(home).ok());
    paths.any(|path| pattern.is_match(path))
}
