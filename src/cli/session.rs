//! One run: the files that were read, the stacks in them, and the platforms to look at.

mod config;
mod hosts;
mod ignores;
mod labels;
mod left;
mod platforms;
mod reading;
mod request;

use std::cell::OnceCell;
use std::collections::BTreeSet;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use quadgen::diagnostic::{Diagnostic, input};
use quadgen::discover::{self, Found, Options};
use quadgen::maps::{HashMap, HashSet};
use quadgen::model::{Format, Stack, UnitKind, Version};
use quadgen::platform::parse_spec;
use quadgen::report::NotRead;
use quadgen::source::{COMMAND_LINE, FileId, Files, SourceMap, Span, display_path, lies_below};

use super::Common;
use super::disk::{Disk, Given, absolute};

use config::Configs;
use hosts::Together;
pub(super) use platforms::{Part, Target};

/// What standard input is called where nobody gives it a name.
pub(super) const STDIN: &str = "standard input";

/// What a run has read so far.
pub(super) struct Session {
    pub sources: SourceMap,
    pub inputs: Vec<Input>,
    /// What was wrong with the input.
    pub findings: Vec<Diagnostic>,
    /// What was found and is no stack by itself.
    pub not_read: Vec<NotRead>,
    /// Which of the stacks share a host.
    pub together: Vec<Together>,
    pub wants: Wants,
    /// Whether everything was read that may have to do with what was read.
    pub sees_all: bool,
    /// What every `quadgen.toml` says.
    configs: Configs,
    files: Given,
    /// Which of the files may hold comments that silence, once that is asked.
    silencing: OnceCell<Vec<bool>>,
    /// What standard input is called, if it was read.
    stdin: Option<String>,
    /// The words of the command line, as a file that findings can point at.
    command_line: FileId,
}

/// What a command asks of its input.
#[derive(Clone, Default)]
pub(super) struct Wants {
    /// Whether a folder may hold no stack.
    pub allow_empty: bool,
    /// Whether rendered files are looked at like all others.
    pub rendered: bool,
    /// Whether `.env.example` may stand in for `.env`.
    pub samples: bool,
    /// The folder that is written to: what lies there comes out, and does not go in.
    pub output: Option<PathBuf>,
    /// Whether units are read as the newest Podman reads them: what they say, whatever runs what is made of them.
    pub newest: bool,
}

/// A stack with what it was read from.
pub(super) struct Input {
    /// Its name, with its folder where others have the same.
    pub label: String,
    pub format: Format,
    /// Its files as they are shown.
    pub files: Arc<Vec<String>>,
    /// Where it lies, as it is shown: its first file, or the folder of its units.
    pub source: String,
    pub notes: Vec<String>,
    /// What its reader said; it moves to the session's own once it is known which files are asked for.
    findings: Vec<Diagnostic>,
    /// The files that findings are limited to; nothing where all are asked for.
    asked: Option<BTreeSet<String>>,
    /// Which of the session's settings hold for it.
    config: Option<usize>,
    /// What a folder says about who runs it.
    rootful: Option<bool>,
    /// The files that make it, in the order of `files`, in which others follow them: by these it is known when it is asked
    /// for twice.
    made_of: Vec<PathBuf>,
    /// The stack; of units one for each release of Quadlet that is looked at.
    stacks: Vec<(Option<Version>, Stack)>,
}

impl Input {
    /// Whether a finding lies in a file that was asked for, or says that the stack could not be read.
    pub fn concerns(&self, sources: &SourceMap, finding: &Diagnostic) -> bool {
        let Some(asked) = &self.asked else { return true };
        // What goes wrong between two files concerns both; a unit's drop-ins are part of it.
        let mut files = finding.labels.iter().filter_map(|label| sources.file_of(label.span));
        let is_asked =
            |name: &str| asked.contains(name) || name.rsplit_once(".d/").is_some_and(|(unit, _)| asked.contains(unit));
        is_cut(finding) || files.any(|file| is_asked(&file.name))
    }
}

/// Whether a finding says that not everything could be read.
fn is_cut(finding: &Diagnostic) -> bool {
    [input::COULD_NOT_RUN.code, input::SYNTAX_ERROR.code].contains(&finding.rule.code)
}

/// Whether a drop-in may count for more than one unit: `container.d/`, `web-.container.d/`.
fn is_for_several(name: &str) -> bool {
    let Some((folder, _)) = name.rsplit_once('/') else { return false };
    let unit = folder.rsplit('/').next().and_then(|folder| folder.strip_suffix(".d"));
    unit.is_some_and(|unit| UnitKind::of_file(unit).is_none_or(|(stem, _)| stem.ends_with('-')))
}

impl Session {
    pub fn new(wants: Wants) -> Self {
        Session::over(wants, Box::new(Disk))
    }

    /// A run that reads other files than those of the disk.
    pub fn over(wants: Wants, files: Box<dyn Files>) -> Self {
        let mut sources = SourceMap::default();
        let words: Vec<String> = std::env::args_os().skip(1).map(|word| word.to_string_lossy().into_owned()).collect();
        let command_line = sources.add(COMMAND_LINE, format!("quadgen {}", words.join(" ")));
        Session {
            sources,
            inputs: Vec::new(),
            findings: Vec::new(),
            not_read: Vec::new(),
            together: Vec::new(),
            wants,
            sees_all: false,
            configs: Configs::default(),
            files: Given::over(files),
            silencing: OnceCell::new(),
            stdin: None,
            command_line,
        }
    }

    /// Reads every stack of the paths; this folder's where there is no path and no `-f`.
    pub fn read(&mut self, paths: &[PathBuf], common: &Common) {
        if let Some(found) = self.merged(common) {
            self.take(found, None, common);
        }
        let here = [PathBuf::from(".")];
        let paths = if paths.is_empty() && common.files.is_empty() { &here } else { paths };
        for path in paths {
            if path.as_os_str() == "-" {
                let name = common.stdin_filename.clone().unwrap_or_else(|| PathBuf::from(STDIN));
                if self.read_stdin(&name) {
                    self.read_file(&name, "-", common);
                }
            } else if self.files.is_dir(path) {
                self.read_folder(path, common);
            } else {
                self.read_file(path, &path.to_string_lossy(), common);
            }
        }
        labels::tell_apart(&mut self.inputs);
        self.choose(common);
        for input in &mut self.inputs {
            let found = std::mem::take(&mut input.findings);
            self.findings.extend(found.into_iter().filter(|finding| input.concerns(&self.sources, finding)));
        }
        self.read_config(paths, common);
        if common.verbose {
            self.say();
        }
    }

    /// The Compose project of `-f`, if there is one.
    fn merged(&mut self, common: &Common) -> Option<Found> {
        let mut files = Vec::new();
        for file in &common.files {
            let stdin = file.as_os_str() == "-";
            let path = if stdin { PathBuf::from(STDIN) } else { file.clone() };
            if (stdin && !self.read_stdin(&path)) || !self.is_readable(&path, &file.to_string_lossy()) {
                return None;
            }
            files.push(absolute(&path));
        }
        (!files.is_empty()).then_some(Found::Compose(files))
    }

    fn options(&self, common: &Common) -> Options {
        Options { only: common.format_as.map(Format::from), rendered: self.wants.rendered, search_root: false }
    }

    fn read_folder(&mut self, folder: &Path, common: &Common) {
        let full = absolute(folder);
        let parts: Vec<_> = full.components().map(|part| part.as_os_str()).collect();
        let search_root = parts.windows(2).any(|pair| pair == ["containers", "systemd"]);
        let options = Options { search_root, ..self.options(common) };
        // From the root on, so that a stack is called after its folder also where that is this one.
        let mut found = discover::find_in_repository(&self.files, &full, &options);
        if let Some(output) = self.wants.output.as_deref().map(absolute).filter(|output| *output != full) {
            found.retain(|found| !found.files().iter().all(|file| absolute(file).starts_with(&output)));
        }
        if options.only.is_none_or(|only| only == Format::Compose)
            && let Some(named) = request::files_of_environment(common)
        {
            // The environment says which files are the project here; none of them is one by itself.
            let own = |found: &Found| {
                let here = |file: &&Path| absolute(file).parent() == Some(full.as_path());
                let own = found.files().iter().any(|file| named.contains(&absolute(file)) || here(file));
                own && matches!(found, Found::Compose(_) | Found::Overlay { .. })
            };
            found.retain(|found| !own(found));
            found.insert(0, Found::Compose(named));
        }
        let is_stack = |found: &Found| found.format().is_some();
        if !self.wants.allow_empty && !found.iter().any(is_stack) {
            self.no_stack(folder, &found);
        }
        for mut found in found {
            // What lies outside of the folder belongs to a stack and was not asked for.
            let is_inside = |file: &Path| lies_below(file, &full) || absolute(file).starts_with(&full);
            let outside = !found.files().into_iter().all(is_inside);
            if is_stack(&found) && outside && matches!(found, Found::Quadlet { .. }) {
                let inside = found.files().into_iter().filter(|file| is_inside(file));
                let inside: Vec<String> = inside.map(|file| self.files.shown(file)).collect();
                // What is asked for several times is read when it is taken.
                if let Found::Quadlet { tree, .. } = &mut found {
                    tree.known.clear();
                }
                for file in inside {
                    self.take(found.clone(), Some(file), common);
                }
            } else if is_stack(&found) {
                self.take(found, None, common);
            } else {
                self.not_read.extend(self.leave(&found));
            }
        }
    }

    /// A text in place of what a file holds.
    pub fn put(&mut self, path: &Path, text: Vec<u8>) {
        self.files.put(path, text);
    }

    /// Takes standard input as a file of that name.
    fn read_stdin(&mut self, name: &Path) -> bool {
        self.stdin = Some(self.files.shown(&absolute(name)));
        if self.files.holds(name) {
            return true;
        }
        let mut bytes = Vec::new();
        let limit = quadgen::source::MAX_FILE_BYTES as u64 + 1;
        if let Err(error) = std::io::stdin().lock().take(limit).read_to_end(&mut bytes) {
            let at = self.argument("-");
            let message = format!("cannot read standard input: {error}");
            self.fail(Diagnostic::new(&input::COULD_NOT_RUN, at, message));
            return false;
        }
        self.files.put(name, bytes);
        true
    }

    /// Whether a file is there; says so if it is not.
    fn is_readable(&mut self, path: &Path, argument: &str) -> bool {
        // The text is read once more by the format's reader; what it needs is known only then.
        let mut probe = SourceMap::default();
        let Err(reason) = probe.load(&self.files, path, "") else { return true };
        let at = self.argument(argument);
        let message = format!("cannot read `{}`: {reason}", self.as_typed(path, argument));
        self.fail(Diagnostic::new(&input::COULD_NOT_RUN, at, message));
        false
    }

    /// A path as it was typed, so that it is known again; as it is shown where nobody typed it.
    fn as_typed(&self, path: &Path, argument: &str) -> String {
        let typed = argument != "-" && std::env::args_os().any(|word| word.to_string_lossy() == argument);
        if typed { display_path(Path::new(argument)) } else { self.files.shown(path) }
    }

    /// Reads the stack of a file; `argument` is the word of the command line that asked for it.
    fn read_file(&mut self, path: &Path, argument: &str, common: &Common) {
        if !self.is_readable(path, argument) {
            return;
        }
        let path = absolute(path);
        let shown = self.files.shown(&path);
        let options = self.options(common);
        if options.only == Some(Format::Quadlet) && shown == STDIN {
            let at = self.argument(argument);
            let message = "the text of a unit needs the name of its file, whose ending says what it is";
            return self.fail(
                Diagnostic::new(&input::COULD_NOT_RUN, at, message)
                    .help("Give it with --stdin-filename web.container."),
            );
        }
        let mut found = discover::of_file(&self.files, &path, &options);
        if let Found::Rendered { source, .. } = &found {
            let source = source.clone();
            self.not_read.extend(self.leave(&found));
            if self.files.is_dir(&source) {
                return;
            }
            found = discover::of_file(&self.files, &source, &options);
        }
        if let Found::Template(_) = found {
            let at = self.argument(argument);
            let message = format!("`{shown}` is a template, and quadgen reads what is made of it");
            return self.fail(Diagnostic::new(&input::COULD_NOT_RUN, at, message));
        }
        self.take(found, Some(shown), common);
    }

    /// Keeps the stack of `--stack`.
    fn choose(&mut self, common: &Common) {
        let Some(name) = &common.stack else { return };
        let all: Vec<String> = self.inputs.iter().map(|input| input.label.clone()).collect();
        let plain = |input: &Input| input.stacks.first().is_some_and(|(_, stack)| stack.name.value == *name);
        let exact = all.contains(name);
        self.inputs.retain(|input| if exact { input.label == *name } else { plain(input) });
        if self.inputs.is_empty() && !all.is_empty() {
            let at = self.argument(name);
            self.fail(
                Diagnostic::new(&input::COULD_NOT_RUN, at, format!("there is no stack `{name}` here"))
                    .help(format!("There is: {}.", all.join(", "))),
            );
        }
    }

    /// Says which files make which stack.
    fn say(&self) {
        for input in &self.inputs {
            super::output::err(&format!("stack {}: {}\n", input.label, input.files.join(", ")));
        }
        for left in &self.not_read {
            super::output::err(&format!("not read: {}: {}\n", left.files.join(", "), left.why));
        }
    }

    /// Reads one more file, which belongs to no stack.
    pub fn load(&mut self, path: &Path, name: &str) -> Result<FileId, String> {
        Ok(self.sources.load(&self.files, path, name)?.file)
    }

    /// The files that findings are asked for.
    pub fn asked_files(&self) -> impl Iterator<Item = &String> {
        self.inputs.iter().flat_map(|input| {
            let asked = |name: &&String| input.asked.as_ref().is_none_or(|asked| asked.contains(*name));
            input.files.iter().filter(asked)
        })
    }

    /// Which of some files a fix may change: those that were asked for and that count for one stack, and for one unit of it,
    /// only. A base that others extend, what several units share and what lies elsewhere stay as they are.
    pub fn editable<'n>(&self, files: &HashSet<&'n str>) -> HashSet<&'n str> {
        let known = |input: &Input| -> Vec<(usize, &'n str)> {
            let all = input.files.iter().enumerate();
            all.filter_map(|(at, file)| Some((at, *files.get(file.as_str())?))).collect()
        };
        let known: Vec<Vec<(usize, &str)>> = self.inputs.iter().map(known).collect();
        // A tree of units has each of its files once, and there is nothing to count.
        let may_share = known.len() > 1 || self.inputs.iter().any(|input| input.format != Format::Quadlet);
        let mut counts: HashMap<&str, usize> = HashMap::default();
        for (_, file) in known.iter().flatten().filter(|_| may_share) {
            *counts.entry(file).or_default() += 1;
        }
        let mut editable = HashSet::default();
        editable.reserve(files.len());
        for (input, known) in self.inputs.iter().zip(known) {
            let own = known.into_iter().filter(|(at, name)| {
                let asked = input.asked.as_ref().is_none_or(|asked| asked.contains(*name));
                // Behind those that make the stack stands what they name.
                let settings =
                    || name.rsplit('/').next().is_some_and(|file| file.contains(".env") || file.ends_with("env"));
                let made_of = *at < input.made_of.len() || settings();
                let single = !may_share || counts.get(name) == Some(&1);
                asked && made_of && single && !name.contains("../") && !is_for_several(name)
            });
            editable.extend(own.map(|(_, name)| name));
        }
        // What is wrong with quadgen.toml is mended there.
        let config = |name: &&&str| name.ends_with(quadgen::config::NAME) && !name.contains("../");
        editable.extend(files.iter().filter(config));
        editable
    }

    /// What standard input is called in reports, if it was read.
    pub fn stdin(&self) -> Option<&str> {
        self.stdin.as_deref()
    }

    /// How many files the stacks are made of.
    pub fn files(&self) -> usize {
        match self.inputs.as_slice() {
            // A tree of units has each of its files once.
            [only] if only.format == Format::Quadlet => only.files.len(),
            all => all.iter().flat_map(|input| &*input.files).collect::<HashSet<_>>().len(),
        }
    }

    /// Reports what kept the command from doing its work.
    pub fn fail(&mut self, finding: Diagnostic) {
        self.findings.push(finding);
    }

    /// Every stack that was read; of units one for each release.
    fn stacks(&self) -> impl Iterator<Item = &Stack> {
        self.inputs.iter().flat_map(|input| input.stacks.iter().map(|(_, stack)| stack))
    }

    /// Whether a stack calls a platform so.
    pub fn names_platform(&self, name: &str) -> bool {
        self.stacks().any(|stack| stack.platforms.contains_key(name)) || self.configs.names_platform(name)
    }

    /// Whether something kept quadgen from seeing everything it was asked to look at.
    pub fn is_complete(&self) -> bool {
        let mut words = self.stacks().flat_map(|stack| stack.platforms.values());
        // A platform that is none is not looked at.
        let all_platforms = words.all(|words| parse_spec(&words.value).is_ok());
        all_platforms
            && self.configs.are_whole()
            && self.stacks().all(|stack| stack.complete)
            && !self.findings.iter().any(is_cut)
    }

    /// The place of a word of the command line; its beginning if the word was not typed.
    pub fn argument(&self, word: &str) -> Span {
        let file = self.sources.file(self.command_line);
        let start = file.text.find(&format!(" {word}")).map_or(0, |at| at + 1);
        let length = if start == 0 { "quadgen".len() } else { word.len() };
        file.span().part(start, start + length)
    }
}
