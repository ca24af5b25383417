//! What was found and makes no stack by itself.

use std::path::{Path, PathBuf};

use quadgen::diagnostic::{Diagnostic, input};
use quadgen::discover::Found;
use quadgen::report::NotRead;
use quadgen::source::Files;

use super::Session;

impl Session {
    /// A folder in which there is nothing to look at.
    pub(super) fn no_stack(&mut self, folder: &Path, found: &[Found]) {
        let argument = folder.to_string_lossy();
        let (shown, at) = (self.as_typed(folder, &argument), self.argument(&argument));
        let message = format!("no stack in `{shown}`: no topology, no Compose file and no Quadlet unit below it");
        let mut finding = Diagnostic::new(&input::COULD_NOT_RUN, at, message);
        for left in found.iter().filter_map(|found| self.leave(found)) {
            finding = finding.help(left.text());
        }
        if found.iter().any(|found| matches!(found, Found::Rendered { .. })) {
            finding = finding.help("Look at what they were rendered from, or at them with `lint --include-rendered`.");
        }
        self.fail(finding.help("`quadgen explain QG000` says what a folder needs."));
    }

    /// What is to be said about files that make no stack.
    pub(super) fn leave(&self, found: &Found) -> Option<NotRead> {
        let shown = |files: &[PathBuf]| files.iter().map(|file| self.files.shown(file)).collect::<Vec<_>>();
        let (files, why) = match found {
            Found::Overlay { file, base } => {
                let own = self.files.shown(file);
                let base = base.as_ref().map_or_else(|| "FILE".to_owned(), |base| self.files.shown(base));
                let why = format!("changes another Compose file, and is read with it by `-f {base} -f {own}`");
                (vec![own], why)
            }
            Found::Template(file) => {
                (vec![self.files.shown(file)], "a template, which something else fills in".to_owned())
            }
            Found::Rendered { files, source, changed } => {
                let mut why = format!(
                    "rendered from {}; `quadgen render --check` tells whether it still fits",
                    self.files.shown(source)
                );
                if !changed.is_empty() {
                    why = format!("{why}; changed by hand since: {}", shown(changed).join(", "));
                }
                (shown(files), why)
            }
            Found::Topology(_) | Found::Compose(_) | Found::Quadlet { .. } => return None,
        };
        Some(NotRead { files, why })
    }
}
