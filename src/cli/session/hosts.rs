//! Which stacks `quadgen.toml` puts on one host.

use std::collections::BTreeSet;
use std::path::Path;

use quadgen::config::{Glob, Host};
use quadgen::diagnostic::{Diagnostic, Level};
use quadgen::rules;
use quadgen::source::tidy;

use super::{Input, Session, absolute};

/// The stacks of a host, by where they stand among the inputs.
pub(in crate::cli) struct Together {
    pub members: Vec<usize>,
}

impl Session {
    /// Puts the stacks of every host together that `quadgen.toml` names.
    pub(super) fn group_hosts(&mut self) {
        for settings in self.configs.all() {
            for (home, config) in &settings.layers {
                // What another file takes over may be meant for others.
                let whole = settings.is_whole && *home == settings.home;
                for host in &config.hosts {
                    self.group(home, host, whole);
                }
            }
        }
    }

    /// Puts the stacks of a host together. An entry that stands for nothing is a finding where everything was read.
    fn group(&mut self, home: &Path, host: &Host, whole: bool) {
        let mut members = BTreeSet::new();
        for entry in &host.stacks {
            let all = self.inputs.iter().enumerate();
            let matching: Vec<usize> =
                all.filter(|(_, input)| is_meant(home, entry, input)).map(|(at, _)| at).collect();
            if matching.is_empty() && whole {
                let message = format!("`{}` of host `{}` is no stack here", entry.text.value, host.name.value);
                let finding = Diagnostic::new(&rules::UNDEFINED_REFERENCE, entry.text.span(), message);
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
fn is_meant(home: &Path, pattern: &Glob, input: &Input) -> bool {
    let folder = absolute(Path::new(&input.source));
    let files = input.made_of.iter().flat_map(|file| [Some(file.as_path()), file.parent()]).flatten();
    let mut paths = files.chain([folder.as_path()]).map(tidy);
    paths.any(|path| path.strip_prefix(home).is_ok_and(|path| pattern.is(path)))
}
