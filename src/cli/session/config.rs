//! `quadgen.toml`: which one holds for a folder, what it takes over from others, and its platforms.

use std::path::{Path, PathBuf};
use std::rc::Rc;

use memchr::memrchr;
use quadgen::config::{self, Catalogue, Config, Policy};
use quadgen::diagnostic::{Diagnostic, Level, input};
use quadgen::discover;
use quadgen::maps::HashMap;
use quadgen::model::{PlatformSpec, Text};
use quadgen::platform::parse_spec;
use quadgen::read::topology;
use quadgen::rules;
use quadgen::source::{Files, Span, tidy};

use super::super::Common;
use super::{Session, absolute};

/// A `quadgen.toml` together with those that it extends.
pub(in crate::cli) struct Settings {
    /// Its folder.
    pub home: PathBuf,
    /// From the one that is extended to its own, each with its folder.
    pub layers: Vec<(PathBuf, Rc<Config>)>,
    /// Which findings are reported.
    pub policy: Policy,
    /// The platforms of stacks that name none.
    pub platforms: Vec<(String, PlatformSpec)>,
    /// Whether the run looks at everything that it may speak of.
    pub is_whole: bool,
    /// All platforms that have a name.
    named: Vec<(String, PlatformSpec)>,
    /// Whether it holds platforms that are none.
    broken: bool,
}

impl Settings {
    /// Whether it says anything of platforms.
    pub fn names_platforms(&self) -> bool {
        self.broken || !self.platforms.is_empty()
    }

    /// The baseline's path.
    pub fn baseline(&self) -> Option<(PathBuf, Span)> {
        let said = self.layers.iter().rev().find_map(|(home, config)| Some((home, config.lint.baseline.as_ref()?)));
        said.map(|(home, path)| (tidy(&home.join(&path.value)), path.span()))
    }
}

/// Every `quadgen.toml` of a run.
#[derive(Default)]
pub(super) struct Configs {
    /// The texts, by path: a file that others extend is read once.
    read: HashMap<PathBuf, Option<Rc<Config>>>,
    settings: Vec<Rc<Settings>>,
    /// Which settings hold for a folder.
    of: HashMap<PathBuf, Option<usize>>,
}

impl Configs {
    pub fn get(&self, at: Option<usize>) -> Option<&Settings> {
        self.settings.get(at?).map(Rc::as_ref)
    }

    pub fn all(&self) -> Vec<Rc<Settings>> {
        self.settings.clone()
    }

    /// A platform that the settings of a stack call so.
    pub fn platform(&self, at: Option<usize>, name: &str) -> Option<&PlatformSpec> {
        self.get(at)?.named.iter().find(|(known, _)| known == name).map(|(_, spec)| spec)
    }

    pub fn platform_names(&self) -> impl Iterator<Item = &str> {
        self.settings.iter().flat_map(|settings| settings.named.iter().map(|(name, _)| name.as_str()))
    }

    pub fn names_platform(&self, name: &str) -> bool {
        self.platform_names().any(|known| known == name)
    }

    /// Whether every platform is one.
    pub fn are_whole(&self) -> bool {
        self.settings.iter().all(|settings| !settings.broken)
    }
}

impl Session {
    /// Reads the settings of the paths and of every file that was read, and groups hosts.
    pub(super) fn read_config(&mut self, paths: &[PathBuf], common: &Common) {
        let own = |name: &&str| *name != self.sources.file(self.command_line).name;
        let mut files: Vec<&str> = self.sources.files().map(|file| file.name.as_str()).filter(own).collect();
        // Those of one folder mostly stand together.
        files.dedup_by_key(|name| memrchr(b'/', name.as_bytes()).and_then(|at| name.get(..=at)));
        let mut folders: Vec<PathBuf> =
            files.into_iter().filter_map(|name| absolute(Path::new(name)).parent().map(Path::to_path_buf)).collect();
        folders.dedup();
        let given: Vec<PathBuf> = paths.iter().map(|path| tidy(&absolute(path))).collect();
        folders.extend(given.iter().map(|full| {
            let folder = if self.files.is_dir(full) { full.as_path() } else { full.parent().unwrap_or(full) };
            folder.to_path_buf()
        }));
        for folder in folders {
            self.config_of(&folder);
        }
        let all = common.stack.is_none() && common.format_as.is_none() && common.files.is_empty();
        self.sees_all = all && given.iter().all(|full| self.files.is_dir(full) && self.is_all(full));
        let looked: Vec<PathBuf> = given.into_iter().filter(|full| all && self.files.is_dir(full)).collect();
        for settings in &mut self.configs.settings {
            if looked.iter().any(|folder| settings.home.starts_with(folder))
                && let Some(settings) = Rc::get_mut(settings)
            {
                settings.is_whole = true;
            }
        }
        self.group_hosts();
        self.look_for_idle_paths();
    }

    /// The settings that hold for a file of the run.
    pub fn settings_of(&self, file: &Path) -> Option<&Settings> {
        self.configs.get(*self.configs.of.get(&tidy(file.parent()?))?)
    }

    /// The settings of the run.
    pub fn all_settings(&self) -> impl Iterator<Item = &Settings> {
        self.configs.settings.iter().map(Rc::as_ref)
    }

    /// The settings of the nearest file upwards, to the root of the repository.
    pub(super) fn config_of(&mut self, folder: &Path) -> Option<usize> {
        let folder = tidy(folder);
        if let Some(known) = self.configs.of.get(&folder) {
            return *known;
        }
        let file = folder.join(config::NAME);
        let found = if self.files.is_file(&file) {
            self.settings(&file)
        } else if discover::is_repository(&self.files, &folder) {
            None
        } else {
            folder.parent().and_then(|above| self.config_of(above))
        };
        self.configs.of.insert(folder, found);
        found
    }

    fn settings(&mut self, file: &Path) -> Option<usize> {
        let home = file.parent().unwrap_or(Path::new("")).to_path_buf();
        let layers = self.layers(file, None, &mut Vec::new());
        if layers.is_empty() {
            return None;
        }
        let on = layers.iter().rev().find_map(|(_, config)| config.on.clone());
        let (mut named, mut broken): (Vec<(String, PlatformSpec)>, bool) = (Vec::new(), false);
        let all: Vec<(Text, Text)> = layers.iter().flat_map(|(_, config)| config.platforms.clone()).collect();
        for (name, words) in &all {
            match self.platform_words(words) {
                Some(spec) => match named.iter_mut().find(|(known, _)| *known == name.value) {
                    Some((_, known)) => *known = spec,
                    None => named.push((name.value.clone(), spec)),
                },
                None => broken = true,
            }
        }
        let mut platforms = Vec::new();
        for words in on.iter().flatten() {
            let known = named.iter().find(|(name, _)| *name == words.value).cloned();
            let spec = known.or_else(|| Some((words.value.clone(), self.platform_words(words)?)));
            broken |= spec.is_none();
            platforms.extend(spec);
        }
        if on.is_none() {
            platforms.clone_from(&named);
        }
        let policy =
            Policy { layers: layers.iter().map(|(home, config)| (home.clone(), config.lint.clone())).collect() };
        self.configs.settings.push(Rc::new(Settings {
            home,
            layers,
            policy,
            platforms,
            is_whole: false,
            named,
            broken,
        }));
        Some(self.configs.settings.len() - 1)
    }

    fn platform_words(&mut self, words: &Text) -> Option<PlatformSpec> {
        match parse_spec(&words.value) {
            Ok(spec) => Some(spec),
            Err(error) => {
                self.fail(topology::platform_error(words, &error));
                None
            }
        }
    }

    /// A file with those that it extends, those first; `below` are the files that led here.
    fn layers(&mut self, file: &Path, asked: Option<Span>, below: &mut Vec<PathBuf>) -> Vec<(PathBuf, Rc<Config>)> {
        let Some(config) = self.load_config(file, asked) else { return Vec::new() };
        let home = file.parent().unwrap_or(Path::new("")).to_path_buf();
        below.push(file.to_path_buf());
        let mut layers = match &config.extend {
            Some(path) => self.extended(&home, path, below),
            None => Vec::new(),
        };
        layers.push((home, config));
        layers
    }

    fn extended(&mut self, home: &Path, path: &Text, below: &mut Vec<PathBuf>) -> Vec<(PathBuf, Rc<Config>)> {
        let target = tidy(&home.join(&path.value));
        let shown = self.files.shown(&target);
        let root = home.ancestors().find(|above| discover::is_repository(&self.files, above));
        let fault = |message: String| Diagnostic::new(&input::INVALID_VALUE, path.span(), message);
        if root.is_some_and(|root| !target.starts_with(root)) {
            let finding = fault(format!("`{}` leads out of the repository, and is not read", path.value));
            self.fail(finding.help("Another checkout does not have what lies there. Extend a file of the repository."));
        } else if below.contains(&target) {
            let finding = fault(format!("`{shown}` extends itself, by way of this line"));
            self.fail(finding.help("Take `extend` out of one of the files. Here it counts for nothing."));
        } else {
            return self.layers(&target, Some(path.span()), below);
        }
        Vec::new()
    }

    fn load_config(&mut self, file: &Path, asked: Option<Span>) -> Option<Rc<Config>> {
        if let Some(known) = self.configs.read.get(file) {
            return known.clone();
        }
        let name = self.files.shown(file);
        let config = match self.sources.load(&self.files, file, &name) {
            Ok(loaded) => {
                let list = rules::list();
                let mut config = config::read(self.sources.file(loaded.file), Catalogue(&list));
                self.findings.append(&mut config.diagnostics);
                Some(Rc::new(config))
            }
            Err(reason) => {
                let at = asked.unwrap_or_else(|| self.argument(&name));
                let finding = Diagnostic::new(&input::COULD_NOT_RUN, at, format!("cannot read `{name}`: {reason}"));
                self.fail(match asked {
                    Some(_) => finding.help("A path counts from the folder of the file that it stands in."),
                    None => finding,
                });
                None
            }
        };
        self.configs.read.insert(file.to_path_buf(), config.clone());
        config
    }

    /// Reports patterns of `[[lint.paths]]` that no file has, where everything was looked at.
    fn look_for_idle_paths(&mut self) {
        if self.findings.iter().any(super::is_cut) || !self.configs.all().iter().any(|settings| settings.is_whole) {
            return;
        }
        // What was found and left aside is there, too.
        let aside = self.not_read.iter().flat_map(|left| &left.files);
        let names = self.sources.files().map(|file| &file.name).chain(aside);
        let files: Vec<PathBuf> = names.map(|name| tidy(&absolute(Path::new(name)))).collect();
        for settings in self.configs.all() {
            let Some((home, config)) = settings.layers.last().filter(|_| settings.is_whole) else { continue };
            let below: Vec<&Path> = files.iter().filter_map(|file| file.strip_prefix(home).ok()).collect();
            for glob in config.lint.paths.iter().flat_map(|rules| &rules.paths) {
                // Env files are often not part of a checkout.
                let is_of_env = glob.text.value.rsplit('/').next().is_some_and(|name| name.contains("env"));
                if !is_of_env && !below.iter().any(|file| glob.holds(file)) {
                    let message = format!("`{}` is none of the files that were looked at", glob.text.value);
                    let finding = Diagnostic::new(&rules::UNDEFINED_REFERENCE, glob.text.span(), message);
                    let help = "Paths count from this file's folder on. `lint --verbose` lists the files.";
                    self.fail(finding.severity(Level::Warning).help(help));
                }
            }
        }
    }
}
