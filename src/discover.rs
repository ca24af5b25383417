//! Which files of a folder make which stack, and which stack a file belongs to.
//!
//! Names decide first (`topology.yaml`, `compose.yaml`, `web.container`), then what stands in a file. Nothing here
//! reads a stack: it looks at as much of a file as tells what it is, and `read` does the rest.

mod compose;
mod look;
mod quadlet;
mod units;

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::path::{Component, Path, PathBuf};

use memchr::memrchr;

use crate::model::{Format, UnitKind};
use crate::read::quadlet::{Tree, is_systemd_unit};
use crate::read::topology::is_topology_name;
use crate::render::{MARKER, Owner, owner, signed};
use crate::source::{Files, is_tidy, tidy};
use crate::threads::{self, MANY};

use compose::Candidate;
use look::Look;

/// What was found.
#[derive(Clone, Debug)]
pub enum Found {
    /// A topology.
    Topology(PathBuf),
    /// A Compose project: its files in the order in which they are merged.
    Compose(Vec<PathBuf>),
    /// The units of one host.
    Quadlet {
        /// The units. Where Quadlet searches, `root` ends in `containers/systemd` or lies below such a folder; elsewhere
        /// the folders of the units are only where a repository keeps them, and say nothing about how they are installed.
        tree: Tree,
        /// Whether they are the system's (`etc/containers/systemd`) or a user's (`.config/containers/systemd`); nothing
        /// where no folder says so.
        rootful: Option<bool>,
    },
    /// A Compose file that only changes others: not a stack by itself.
    Overlay {
        /// The file.
        file: PathBuf,
        /// The project of its folder, if there is one.
        base: Option<PathBuf>,
    },
    /// A template that something else fills in: not read.
    Template(PathBuf),
    /// Files that quadgen rendered from a source that is there: they belong to its stack.
    Rendered {
        /// The files.
        files: Vec<PathBuf>,
        /// What they were rendered from.
        source: PathBuf,
        /// Those of them that somebody changed since.
        changed: Vec<PathBuf>,
    },
}

/// What to look for.
#[derive(Clone, Copy, Debug, Default)]
pub struct Options {
    /// Stacks of this format only; a file is taken for one of it.
    pub only: Option<Format>,
    /// Whether rendered files are looked at like all others.
    pub rendered: bool,
    /// Whether the folder is one that Quadlet searches, or lies in one: then all its units are those of one host.
    pub search_root: bool,
}

impl Found {
    /// Its files, the one that stands for it first. A stack may be of more files than these: what a Compose file
    /// includes is known once it is read.
    pub fn files(&self) -> Vec<&Path> {
        match self {
            Found::Topology(file) | Found::Template(file) | Found::Overlay { file, .. } => vec![file],
            Found::Compose(files) | Found::Rendered { files, .. } => files.iter().map(PathBuf::as_path).collect(),
            Found::Quadlet { tree, .. } => tree.units.iter().chain(&tree.drop_ins).map(PathBuf::as_path).collect(),
        }
    }

    /// The format of the stack, if it is one.
    pub fn format(&self) -> Option<Format> {
        match self {
            Found::Topology(_) => Some(Format::Topology),
            Found::Compose(_) => Some(Format::Compose),
            Found::Quadlet { .. } => Some(Format::Quadlet),
            Found::Overlay { .. } | Found::Template(_) | Found::Rendered { .. } => None,
        }
    }
}

/// Everything below a folder, sorted by the first file.
pub fn find(files: &dyn Files, folder: &Path, options: &Options) -> Vec<Found> {
    let mut sorter =
        Sorter { files, options, found: Vec::new(), compose: Vec::new(), units: quadlet::Units::default() };
    if options.search_root {
        sorter.units.root = Some(tidy(folder));
    }
    let mut units = Vec::new();
    for path in files.walk(folder) {
        sorter.take(if is_tidy(&path) { path } else { tidy(&path) }, &mut units);
    }
    sorter.above(&tidy(folder));
    sorter.units(units);
    sorter.finish()
}

/// The same in a folder of a repository, where a tree whose units refer to others is looked for in all of it.
pub fn find_in_repository(files: &dyn Files, folder: &Path, options: &Options) -> Vec<Found> {
    let found = find(files, folder, options);
    let dangles = |found: &&Found| matches!(found, Found::Quadlet { tree, .. } if quadlet::dangles(files, tree));
    let repository = folder.ancestors().find(|above| is_repository(files, above)).filter(|above| *above != folder);
    let Some(repository) = repository.filter(|_| !options.search_root && found.iter().any(|it| dangles(&it))) else {
        return found;
    };
    let whole = find(files, repository, &Options { only: Some(Format::Quadlet), ..*options });
    let inside = |found: &Found| found.files().iter().any(|file| file.starts_with(folder));
    let others = found.into_iter().filter(|found| !matches!(found, Found::Quadlet { .. }));
    let mut all: Vec<Found> = others.chain(whole.into_iter().filter(inside)).collect();
    all.sort_by(|a, b| a.files().first().cmp(&b.files().first()));
    all
}

/// What a file is, with everything that belongs to its stack. `path` is there and readable, or it stands for itself.
pub fn of_file(files: &dyn Files, path: &Path, options: &Options) -> Found {
    let path = &path.components().filter(|part| *part != Component::CurDir).collect::<PathBuf>();
    let text = text_of(files, path).unwrap_or_default();
    let name = name_of(path);
    // A topology has braces of its own; what makes one is called otherwise.
    if is_template_name(&name).is_some() || (!is_topology_name(&name) && look::is_template(&text)) {
        return Found::Template(path.to_path_buf());
    }
    if let Some(source) = rendered_from(files, path, &text).filter(|_| !options.rendered) {
        return rendered(path, &text, source);
    }
    let format = options.only.unwrap_or_else(|| format_of(path, &text));
    match format {
        Format::Topology => Found::Topology(path.to_path_buf()),
        Format::Compose => compose::of_file(files, path),
        Format::Quadlet => quadlet::of_file(files, path, options),
    }
}

/// The format of a file: by its name, then by what stands in it, else Compose.
fn format_of(path: &Path, text: &str) -> Format {
    let name = name_of(path);
    if UnitKind::of_file(&name).is_some() || is_drop_in(path) {
        Format::Quadlet
    } else if is_topology_name(&name) {
        Format::Topology
    } else if compose::is_main(&name) || compose::is_override(&name) {
        Format::Compose
    } else if look::may_be_topology(text)
        && (matches!(look::yaml(text, false), Look::Topology) || look::has_topology_head(text))
    {
        Format::Topology
    } else {
        Format::Compose
    }
}

/// Puts the files of a folder where they belong.
struct Sorter<'a> {
    files: &'a dyn Files,
    options: &'a Options,
    found: Vec<Found>,
    compose: Vec<Candidate>,
    units: quadlet::Units,
}

impl Sorter<'_> {
    fn wants(&self, format: Format) -> bool {
        self.options.only.is_none_or(|only| only == format)
    }

    /// Quadlet may search from a folder above on: what lies right in that may start the units of this one.
    fn above(&mut self, folder: &Path) {
        let above = quadlet::searched(folder).filter(|above| above != folder && self.wants(Format::Quadlet));
        let Some(above) = above else { return };
        for path in self.files.list(&above).into_iter().filter(|path| is_systemd_unit(&name_of(path))) {
            self.units.add_plain(path);
        }
    }

    /// Takes a file; what may be a unit is left for all of them to be read together.
    fn take(&mut self, path: PathBuf, units: &mut Vec<PathBuf>) {
        let name = name_of(&path);
        if let Some(inner) = is_template_name(&name).map(str::to_owned) {
            self.template(path, &inner);
        } else if is_yaml(&name) {
            let name = name.into_owned();
            self.yaml(path, &name);
        } else if UnitKind::of_file(&name).is_some() && self.wants(Format::Quadlet) {
            units.push(path);
        } else if is_drop_in(&path) && self.wants(Format::Quadlet) {
            self.units.drop_ins.push(path);
        } else if is_systemd_unit(&name) {
            self.units.add_plain(path);
        }
    }

    fn yaml(&mut self, path: PathBuf, name: &str) {
        let is_main = compose::is_main(name) || compose::is_override(name);
        // A file that cannot be read is none that could be told by what stands in it; its reader says why.
        let text = text_of(self.files, &path);
        let known = text.as_deref().unwrap_or_default();
        if is_topology_name(name) {
            if self.wants(Format::Topology) && !self.is_other(&path, known) {
                self.found.push(Found::Topology(path));
            }
        } else if is_main {
            // Ansible calls lists of tasks so, too.
            let tasks = !look::has_head(known) && look::is_template(known);
            if self.wants(Format::Compose) && !tasks && !self.is_other(&path, known) {
                let look = if look::may_refer(known) || compose::is_override(name) {
                    look::yaml(known, true)
                } else {
                    Look::Nothing
                };
                let facts = if let Look::Compose(facts) = look { facts } else { look::Facts::new_whole() };
                self.compose.push(Candidate { path, facts });
            }
        } else {
            match look::yaml(known, name.contains("compose")) {
                Look::Nothing => {}
                Look::Template => self.found.push(Found::Template(path)),
                Look::Topology if self.wants(Format::Topology) && !self.is_other(&path, known) => {
                    self.found.push(Found::Topology(path));
                }
                Look::Compose(facts) if self.wants(Format::Compose) && !self.is_other(&path, known) => {
                    self.compose.push(Candidate { path, facts });
                }
                Look::Topology | Look::Compose(_) => {}
            }
        }
    }

    /// Takes the files that may be units.
    fn units(&mut self, paths: Vec<PathBuf>) {
        let (files, units, many) = (self.files, &self.units, paths.len() > MANY);
        let read = threads::map(many, &paths, |path| {
            let file = quadlet::File::read(files, path);
            let text = file.text();
            let takes = text.starts_with(MARKER) || units.takes(&file);
            let may_be_other = takes && (is_marked(text) || look::is_template(text));
            (file, takes, may_be_other)
        });
        // Collected out of what was read, files stay where they are.
        let taken = read.into_iter().filter_map(|(file, takes, may_be_other)| {
            let mut is_other = |text: &str| may_be_other && self.is_other(&file.path, text);
            // Text that is not UTF-8 may still be a unit; its reader says so.
            file.text.as_deref().is_none_or(|text| takes && !is_other(text)).then_some(file)
        });
        self.units.files = taken.collect();
    }

    /// A file whose name says that it is a template: it is listed where it would make a stack's file.
    fn template(&mut self, path: PathBuf, inner: &str) {
        let is_unit = UnitKind::of_file(inner).is_some();
        let is_stack = || text_of(self.files, &path).is_some_and(|text| look::has_head(&text));
        if is_unit || (is_yaml(inner) && is_stack()) {
            self.found.push(Found::Template(path));
        }
    }

    /// Whether a file is a template or rendered, and so no source of its own.
    fn is_other(&mut self, path: &Path, text: &str) -> bool {
        if !self.options.rendered
            && let Some(source) = rendered_from(self.files, path, text)
        {
            self.found.push(rendered(path, text, source));
            return true;
        }
        let template = !is_topology_name(&name_of(path)) && look::is_template(text);
        if template {
            self.found.push(Found::Template(path.to_path_buf()));
        }
        template
    }

    fn finish(self) -> Vec<Found> {
        let mut found: Vec<Found> = Vec::new();
        // One entry for each source.
        let mut by_source: BTreeMap<PathBuf, (Vec<PathBuf>, Vec<PathBuf>)> = BTreeMap::new();
        for one in self.found {
            match one {
                Found::Rendered { files, source, changed } => {
                    let all = by_source.entry(source).or_default();
                    all.0.extend(files);
                    all.1.extend(changed);
                }
                other => found.push(other),
            }
        }
        let rendered = by_source.into_iter();
        found.extend(rendered.map(|(source, (files, changed))| Found::Rendered { files, source, changed }));
        found.extend(compose::projects(self.files, self.compose));
        found.extend(self.units.trees());
        found.sort_by_cached_key(|found| found.files().first().map(|path| path.to_path_buf()));
        found
    }
}

/// Whether a folder is a repository's root; in a second working copy `.git` is a file.
pub fn is_repository(files: &dyn Files, folder: &Path) -> bool {
    let git = folder.join(".git");
    files.is_dir(&git) || files.is_file(&git)
}

/// Whether a text has the marker of a rendered file at its head.
fn is_marked(text: &str) -> bool {
    text.contains(MARKER) && text.lines().take(5).any(|line| line.trim_start_matches('\u{feff}').starts_with(MARKER))
}

/// What a rendered file was rendered from, if that is there.
fn rendered_from(files: &dyn Files, path: &Path, text: &str) -> Option<PathBuf> {
    if !is_marked(text) {
        return None;
    }
    let source = signed(text)?.source;
    let source = tidy(&path.parent().unwrap_or(Path::new("")).join(source));
    // Units that were rendered have their folder for a source.
    (files.is_file(&source) || files.is_dir(&source)).then_some(source)
}

fn rendered(path: &Path, text: &str, source: PathBuf) -> Found {
    let changed = (owner(text) == Owner::Changed).then(|| path.to_path_buf()).into_iter().collect();
    Found::Rendered { files: vec![path.to_path_buf()], source, changed }
}

fn text_of(files: &dyn Files, path: &Path) -> Option<String> {
    String::from_utf8(files.read(path).ok()?).ok()
}

fn name_of(path: &Path) -> Cow<'_, str> {
    // Where `/` alone parts folders, the name is sooner found behind the last one than by taking all parts apart.
    let behind = |path: &'_ str| memrchr(b'/', path.as_bytes()).map_or(0, |at| at + 1);
    let plain = path.to_str().filter(|_| !cfg!(windows)).and_then(|path| path.get(behind(path)..));
    if let Some(name) = plain.filter(|name| !matches!(*name, "" | "." | "..")) {
        return Cow::Borrowed(name);
    }
    let name = path.file_name().unwrap_or_default();
    name.to_str().map_or_else(|| name.to_string_lossy(), Cow::Borrowed)
}

fn is_yaml(name: &str) -> bool {
    name.ends_with(".yaml") || name.ends_with(".yml")
}

/// The name of what a template makes: `web.container` for `web.container.j2`.
fn is_template_name(name: &str) -> Option<&str> {
    [".j2", ".jinja", ".jinja2"].iter().find_map(|ending| name.strip_suffix(ending))
}

/// Whether a file lies in a folder of drop-ins for units: `x.container.d/y.conf`, `container.d/y.conf`.
fn is_drop_in(path: &Path) -> bool {
    let folder = path.parent().map(name_of).unwrap_or_default();
    let of = folder.strip_suffix(".d").filter(|_| name_of(path).ends_with(".conf"));
    of.is_some_and(|of| UnitKind::of_file(of).is_some() || UnitKind::ALL.iter().any(|kind| kind.extension() == of))
}
