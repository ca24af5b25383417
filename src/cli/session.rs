//! One run: the files that were read, the stacks in them, and the platforms to look at.

use std::io::Read;
use std::path::{Path, PathBuf};

use quadgen::diagnostic::{Diagnostic, input};
use quadgen::discover;
use quadgen::model::{PlatformSpec, Spanned, Stack, Text};
use quadgen::platform::{Platform, parse_spec};
use quadgen::read::topology;
use quadgen::source::{FileId, Files, Loaded, SourceMap, Span, display_path};

use super::Common;
use super::disk::{Disk, shown};

/// What standard input is called where nobody gives it a name.
pub(super) const STDIN: &str = "standard input";

/// What a run has read so far.
pub(super) struct Session {
    pub sources: SourceMap,
    pub stacks: Vec<Stack>,
    /// What was wrong with the input.
    pub findings: Vec<Diagnostic>,
    /// How many files were read.
    pub files: usize,
    /// Whether a folder may hold no stack.
    pub allow_empty: bool,
    /// The words of the command line, as a file that findings can point at.
    command_line: FileId,
}

/// A stack on the platforms that were asked for.
pub(super) struct Target<'a> {
    pub stack: &'a Stack,
    pub platforms: Vec<Platform>,
}

impl Session {
    pub fn new() -> Self {
        let mut sources = SourceMap::default();
        let words: Vec<String> = std::env::args_os().skip(1).map(|word| word.to_string_lossy().into_owned()).collect();
        let command_line = sources.add("command line", format!("quadgen {}", words.join(" ")));
        Session { sources, stacks: Vec::new(), findings: Vec::new(), files: 0, allow_empty: false, command_line }
    }

    /// Reads every stack of the paths.
    pub fn read(&mut self, paths: &[PathBuf], common: &Common) {
        for path in paths {
            if path.as_os_str() == "-" {
                self.read_stdin(common);
            } else if Disk.is_dir(path) {
                let found = discover::stacks(&Disk, path);
                if found.is_empty() && !self.allow_empty {
                    let at = self.argument(&path.to_string_lossy());
                    self.fail(
                        Diagnostic::new(
                            &input::COULD_NOT_RUN,
                            at,
                            format!(
                                "no stack in `{}`: it holds no topology.yaml and no *.topology.yaml",
                                display_path(path)
                            ),
                        )
                        .help("quadgen 0.1 reads topology files; `quadgen explain QG000` says what a folder needs."),
                    );
                }
                for path in found {
                    self.read_file(&path);
                }
            } else {
                self.read_file(path);
            }
        }
        if let Some(name) = &common.stack {
            let all: Vec<String> = self.stacks.iter().map(|stack| stack.name.value.clone()).collect();
            self.stacks.retain(|stack| stack.name.value == *name);
            if self.stacks.is_empty() && !all.is_empty() {
                let at = self.argument(name);
                self.fail(
                    Diagnostic::new(&input::COULD_NOT_RUN, at, format!("there is no stack `{name}` here"))
                        .help(format!("There is: {}.", all.join(", "))),
                );
            }
        }
    }

    fn read_file(&mut self, path: &Path) {
        let display = shown(path);
        if let Some(kind) = path.file_name().and_then(|name| discover::not_read_yet(&name.to_string_lossy())) {
            let at = self.argument(&path.to_string_lossy());
            let message = format!("`{}` is {kind}, and quadgen 0.1 reads topologies only", display_path(&display));
            return self.fail(Diagnostic::new(&input::COULD_NOT_RUN, at, message));
        }
        let name = display_path(&display);
        let loaded = self.sources.load(&Disk, path, &name);
        self.take(loaded, &path.to_string_lossy(), &name);
    }

    fn read_stdin(&mut self, common: &Common) {
        let mut bytes = Vec::new();
        let limit = quadgen::source::MAX_FILE_BYTES as u64 + 1;
        if let Err(error) = std::io::stdin().lock().take(limit).read_to_end(&mut bytes) {
            let at = self.argument("-");
            return self.fail(Diagnostic::new(
                &input::COULD_NOT_RUN,
                at,
                format!("cannot read standard input: {error}"),
            ));
        }
        let name = common.stdin_filename.as_ref().map_or_else(|| STDIN.to_owned(), |path| display_path(&shown(path)));
        let loaded = self.sources.take(name.clone(), bytes);
        self.take(loaded, "-", &name);
    }

    /// Reads the stack of a file; `argument` is the word of the command line that asked for it.
    fn take(&mut self, loaded: Result<Loaded, String>, argument: &str, name: &str) {
        match loaded {
            Ok(loaded) => {
                self.files += 1;
                if let Some(at) = loaded.not_utf8 {
                    let message = "this is not UTF-8 text; quadgen reads UTF-8 only";
                    return self.fail(Diagnostic::new(&input::SYNTAX_ERROR, at, message));
                }
                let read = topology::read(self.sources.file(loaded.file));
                self.sources.hide(read.secrets);
                self.findings.extend(read.diagnostics);
                self.stacks.extend(read.stack);
            }
            Err(reason) => {
                let at = self.argument(argument);
                self.fail(Diagnostic::new(&input::COULD_NOT_RUN, at, format!("cannot read `{name}`: {reason}")));
            }
        }
    }

    /// Reports what kept the command from doing its work.
    pub fn fail(&mut self, finding: Diagnostic) {
        self.findings.push(finding);
    }

    /// Whether something kept quadgen from seeing everything it was asked to look at.
    pub fn is_complete(&self) -> bool {
        let cut =
            |finding: &Diagnostic| [input::COULD_NOT_RUN.code, input::SYNTAX_ERROR.code].contains(&finding.rule.code);
        let mut words = self.stacks.iter().flat_map(|stack| stack.platforms.values());
        // A platform that is none is not looked at.
        let all_platforms = words.all(|words| parse_spec(&words.value).is_ok());
        all_platforms && self.stacks.iter().all(|stack| stack.complete) && !self.findings.iter().any(cut)
    }

    /// The place of a word of the command line; its beginning if the word was not typed.
    pub fn argument(&self, word: &str) -> Span {
        let file = self.sources.file(self.command_line);
        let start = file.text.find(&format!(" {word}")).map_or(0, |at| at + 1);
        let length = if start == 0 { "quadgen".len() } else { word.len() };
        file.span().part(start, start + length)
    }

    /// Each stack with the platforms to look at: those of `--on`, else those of the file, else an assumed one.
    pub fn targets(&self, common: &Common) -> Result<Vec<Target<'_>>, Box<Diagnostic>> {
        let mut targets = Vec::new();
        for stack in &self.stacks {
            let mut platforms = Vec::new();
            if common.on.is_empty() {
                let written = stack.platforms.iter();
                // Words that make no platform were reported.
                let specs = written.filter_map(|(name, words)| Some((name.clone(), parse_spec(&words.value).ok()?)));
                platforms.extend(specs.map(|(name, spec)| Platform::resolve(name, spec, stack.format)));
                if stack.platforms.is_empty() {
                    platforms.push(Platform::resolve("podman", PlatformSpec::default(), stack.format));
                }
            }
            for wanted in &common.on {
                let platform = match stack.platforms.get(wanted) {
                    Some(words) => parse_spec(&words.value).ok().map(|spec| (wanted.clone(), spec)),
                    None if self.stacks.iter().any(|other| other.platforms.contains_key(wanted)) => None,
                    None => Some((wanted.clone(), self.spec(wanted)?)),
                };
                platforms.extend(platform.map(|(name, spec)| Platform::resolve(name, spec, stack.format)));
            }
            targets.push(Target { stack, platforms });
        }
        Ok(targets)
    }

    fn spec(&self, words: &str) -> Result<PlatformSpec, Box<Diagnostic>> {
        parse_spec(words).map_err(|error| {
            let text: Text = Spanned::written(words.to_owned(), self.argument(words));
            let mut names: Vec<&str> =
                self.stacks.iter().flat_map(|stack| stack.platforms.keys().map(String::as_str)).collect();
            names.sort_unstable();
            names.dedup();
            let mut found = topology::platform_error(&text, &error);
            if let Some(near) = quadgen::nearest(words, names.iter().copied()) {
                found = found.here(format!("did you mean `{near}`?"));
            }
            Box::new(if names.is_empty() {
                found
            } else {
                found.help(format!("Platforms of the file: {}.", names.join(", ")))
            })
        })
    }
}
