//! Comments that silence: which files may hold them, and whether one was needed.

use std::path::{Path, PathBuf};

use quadgen::config::{self, Catalogue, Choice, Ignores, Policy, can_be_silenced};
use quadgen::diagnostic::{Diagnostic, Rule, Sink, own};
use quadgen::model::Format;
use quadgen::rules;
use quadgen::source::{Files, SourceFile, tidy};
use quadgen::syntax::comments::Syntax;
use quadgen::threads::{self, MANY};

use super::super::Common;
use super::{Input, Session, absolute};

impl Session {
    /// The files that may hold such comments. It is asked twice: whether there are any, and for what they say.
    pub fn silencing(&self) -> impl Iterator<Item = &SourceFile> {
        let found = self.silencing.get_or_init(|| {
            let files: Vec<&SourceFile> = self.sources.files().collect();
            threads::map(files.len() > MANY, &files, |file| Ignores::may_be_in(&file.text))
        });
        // A file that came later belongs to no stack.
        self.sources.files().zip(found).filter(|(_, may)| **may).map(|(file, _)| file)
    }

    /// Silences what comments are about, and adds what is wrong with the comments.
    pub fn silence(&self, findings: &mut Vec<Diagnostic>, common: &Common, complete: bool) {
        let mut ignores = Ignores::default();
        let list = rules::list();
        for file in self.silencing() {
            if let Some(syntax) = self.syntax_of(&file.name) {
                ignores.read(file, syntax, Catalogue(&list));
            }
        }
        ignores.silence(findings);
        let mut told = std::mem::take(&mut ignores.diagnostics);
        told.extend(ignores.unused(&self.sources, |file, rule| self.has_looked(file, rule, common, complete)));
        told.retain_mut(|finding| {
            let Some(file) = self.sources.file_of(finding.span()) else { return false };
            let mut of = self.inputs.iter().filter(|input| input.files.contains(&file.name));
            let asked = of.clone().any(|input| input.concerns(&self.sources, finding));
            if let (Some(only), None) = (of.next(), of.next()) {
                finding.stack.clone_from(&only.label);
            }
            asked
        });
        if told.is_empty() {
            return;
        }
        ignores.silence(&mut told);
        let mut sink = Sink::default();
        sink.extend(std::mem::take(findings));
        sink.extend(told);
        *findings = sink.finish(&self.sources);
    }

    /// Keeps what the command line and `quadgen.toml` want to see, at the level that they give it; the rest is given back.
    pub fn select(&self, findings: &mut Vec<Diagnostic>, choice: &Choice) -> Vec<Diagnostic> {
        let nothing = Policy::default();
        // Where nobody settles anything, it is all the same where a file lies.
        if self.all_settings().next().is_none() {
            return findings.extract_if(.., |finding| !nothing.take(finding, Path::new(""), choice)).collect();
        }
        // Findings of one file stand together.
        let mut last: Option<(&str, PathBuf, &Policy)> = None;
        let unwanted = findings.extract_if(.., |finding| {
            let name = self.sources.file_of(finding.span()).map_or("", |file| file.name.as_str());
            let (_, path, policy) = match &mut last {
                Some(known) if known.0 == name => known,
                last => {
                    let path = tidy(&absolute(Path::new(name)));
                    let policy = self.settings_of(&path).map_or(&nothing, |settings| &settings.policy);
                    last.insert((name, path, policy))
                }
            };
            !policy.take(finding, path, choice)
        });
        unwanted.collect()
    }

    /// Whether a rule is looked for in a file.
    pub fn looks_for(&self, rule: &Rule, file: &Path, choice: &Choice) -> bool {
        let nothing = Policy::default();
        self.settings_of(file).map_or(&nothing, |settings| &settings.policy).looks_for(rule, file, choice)
    }

    /// How a file that was read writes its comments; nothing for what is no file of a stack.
    fn syntax_of(&self, name: &str) -> Option<Syntax> {
        let mut of = self.inputs.iter().filter(|input| input.files.iter().any(|file| file == name));
        let input = of.next()?;
        let ending = name.rsplit(['.', '/']).next().unwrap_or(name);
        let full = absolute(Path::new(name));
        Some(match (ending, input.format) {
            ("yaml" | "yml" | "json", _) => Syntax::Yaml,
            (_, Format::Topology | Format::Compose) if input.made_of.contains(&full) => Syntax::Yaml,
            (_, Format::Quadlet) if input.made_of.contains(&full) || ending == "conf" => Syntax::Unit,
            _ => Syntax::Dotenv,
        })
    }

    /// Whether a rule looked at all of a file, on every platform that the file has.
    fn has_looked(&self, file: &str, rule: &Rule, common: &Common, complete: bool) -> bool {
        if !can_be_silenced(rule) {
            return true;
        }
        let about_comments = [own::UNUSED_SUPPRESSION.code, own::UNKNOWN_RULE.code].contains(&rule.code);
        let chosen = common.stack.is_some()
            || common.format_as.is_some()
            || common.no_env
            || common.project.is_some()
            || !(common.env_file.is_empty() && common.profile.is_empty());
        if about_comments || !rules::is_of_lint(rule) || chosen || !complete {
            return false;
        }
        // Stacks of one host are compared only where all of them were read.
        let apart = self
            .all_settings()
            .any(|settings| !settings.is_whole && settings.layers.iter().any(|(_, config)| !config.hosts.is_empty()));
        if apart && rules::compares(rule) {
            return false;
        }
        let full = absolute(Path::new(file));
        let mut of = self.inputs.iter().filter(|input| input.files.iter().any(|own| own == file)).peekable();
        of.peek().is_some()
            && of.all(|input| {
                // What others refer to may be needed by a stack that was not asked for.
                let own = input.made_of.contains(&full) || self.sees_all;
                own && self.is_seen_whole(input, common)
            })
    }

    /// Whether all of a stack was looked at, on all of its platforms.
    fn is_seen_whole(&self, input: &Input, common: &Common) -> bool {
        let is_on = |name: &String| common.on.contains(name);
        input.stacks.iter().all(|(_, stack)| {
            let on_all = if !stack.platforms.is_empty() {
                stack.platforms.keys().all(is_on)
            } else {
                let settings = self.configs.get(input.config).map(|settings| settings.platforms.as_slice());
                let named = settings.unwrap_or_default();
                // Where nobody names a platform, the one that is asked for is all there is.
                named.iter().all(|(name, _)| is_on(name))
            };
            stack.complete && stack.disabled.is_empty() && (common.on.is_empty() || on_all)
        })
    }

    /// Whether folders are all that a run may know of: a repository, what a `quadgen.toml` holds for, or a lone folder.
    pub(super) fn is_all(&self, folder: &Path) -> bool {
        let root = |folder: &Path| quadgen::discover::is_repository(&self.files, folder);
        self.files.is_file(&folder.join(config::NAME)) || root(folder) || !folder.ancestors().any(root)
    }
}
