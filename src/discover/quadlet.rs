//! Quadlet units: which of a repository are those of one host.
//!
//! A folder that Quadlet searches (`containers/systemd`) is one host, with its sub-folders. Elsewhere a folder is what
//! somebody copies there. Folders become one tree where a unit of one refers to a unit that lies only in another, unless
//! they exclude each other: the same file name, container name or host port in both says that they are variants of one
//! thing, or entries of a catalogue. What such a tree still lacks is then taken in unit by unit, so that a reference
//! that somebody defines nearby never dangles.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::path::{Component, Path, PathBuf, is_separator};

use super::units::{self, Unit};
use super::{Found, Options, is_drop_in, is_repository, name_of, text_of};
use crate::maps::{HashMap, HashSet};
use crate::model::UnitKind;
use crate::read::quadlet::{Known, Tree, is_systemd_unit, may_name_files};
use crate::source::Files;
use crate::syntax::unit;
use crate::threads::{self, MANY};

/// The units of a folder and those below it, as they are found.
#[derive(Default)]
pub(super) struct Units {
    /// The folder that was given, where all of it is one host.
    pub root: Option<PathBuf>,
    pub drop_ins: Vec<PathBuf>,
    /// Plain units of systemd, by their folder.
    plain: BTreeMap<PathBuf, Vec<PathBuf>>,
    /// What may be units.
    pub files: Vec<File>,
    /// What the text of each refers to and claims, once that is asked.
    units: Vec<Unit>,
}

/// What may be a unit.
pub(super) struct File {
    pub path: PathBuf,
    /// Nothing where it cannot be read, or is not UTF-8.
    pub text: Option<String>,
    /// Its lines, where they say the same for every release.
    lines: Option<unit::Tree>,
    may_name_files: bool,
}

/// What lies in one folder that Quadlet searches, or in one plain folder.
#[derive(Default)]
struct Group {
    root: PathBuf,
    rootful: Option<bool>,
    files: Vec<usize>,
    /// What excludes others: file names, services, container names, ports.
    claims: Claims,
}

/// Groups that are one host.
struct Part {
    groups: Vec<usize>,
    rootful: Option<bool>,
    claims: Claims,
    /// Units taken in from elsewhere.
    taken: Vec<usize>,
}

/// What excludes others.
type Claims = HashSet<String>;

/// Where the units of a name, or those that make a service, lie.
type Index<'a> = HashMap<&'a str, Vec<usize>>;

impl File {
    /// Reads a file, if it can be read.
    pub fn read(files: &dyn Files, path: &Path) -> File {
        let text = text_of(files, path);
        // While another file is being read, there is time.
        let lines = text.as_deref().and_then(unit::parse_alike);
        let may_name_files = text.as_deref().is_some_and(|text| may_name_files(text, lines.as_ref()));
        File { path: path.to_path_buf(), text, lines, may_name_files }
    }

    fn folder(&self) -> &Path {
        self.path.parent().unwrap_or(Path::new(""))
    }

    /// Its path in bytes: what leads to it, and its name.
    fn parts(&self) -> (&[u8], &[u8]) {
        let path = self.path.as_os_str().as_encoded_bytes();
        let name = path.iter().rposition(|byte| is_separator(char::from(*byte))).map_or(0, |at| at + 1);
        path.split_at(name)
    }

    fn name(&self) -> Cow<'_, str> {
        name_of(&self.path)
    }

    /// What was read, once.
    fn known(&mut self) -> Option<Known> {
        let (text, lines) = (self.text.take()?, self.lines.take());
        Some(Known { text, lines, may_name_files: self.may_name_files })
    }

    /// What could be read.
    pub fn text(&self) -> &str {
        self.text.as_deref().unwrap_or_default()
    }
}

impl Units {
    /// Whether a file with a unit's ending is one: all are where Quadlet searches.
    pub fn takes(&self, file: &File) -> bool {
        let kind = match file.name() {
            Cow::Borrowed(name) => UnitKind::of_file(name).map(|(_, kind)| kind),
            // One that is not UTF-8 is none that could be referred to.
            Cow::Owned(_) => None,
        };
        self.root.is_some()
            || kind.is_some_and(|kind| units::is_quadlet(file.text(), file.lines.as_ref(), kind))
            || search_root(&file.path).is_some()
    }

    /// The folder whose units are one host with those of this path, and whether it is the system's.
    fn home(&self, path: &Path) -> (PathBuf, Option<bool>) {
        let folder = path.parent().unwrap_or(Path::new(""));
        let folder = if is_drop_in(path) { folder.parent().unwrap_or(Path::new("")) } else { folder };
        search_root(path).or_else(|| self.root.clone().map(|root| (root, None))).unwrap_or((folder.to_path_buf(), None))
    }

    /// The trees, each once, by folder.
    pub fn trees(mut self) -> Vec<Found> {
        // The generator goes through folders by name, and takes the first file of a name.
        self.files.sort_by(|a, b| match (a.parts(), b.parts()) {
            // Most lie in one folder.
            ((of_a, a), (of_b, b)) if of_a == of_b => a.cmp(b),
            ((_, name), (_, other)) => a.folder().cmp(b.folder()).then_with(|| name.cmp(other)),
        });
        self.drop_ins.sort();
        let mut groups: BTreeMap<PathBuf, Group> = BTreeMap::new();
        // Those of one folder stand together.
        for files in self.folders() {
            let Some(first) = files.clone().next().and_then(|at| self.files.get(at)) else { continue };
            let (root, rootful) = self.home(&first.path);
            let group = groups.entry(root.clone()).or_insert_with(|| Group { root, rootful, ..Group::default() });
            group.files.extend(files);
        }
        let mut groups: Vec<Group> = groups.into_values().collect();
        // What units refer to and claim plays no part where there is one folder.
        let parts = if groups.len() > 1 { self.parts(&mut groups) } else { own_parts(&mut groups) };
        parts.iter().map(|part| self.found(&groups, part)).collect()
    }

    /// Takes a plain unit of systemd in.
    pub fn add_plain(&mut self, path: PathBuf) {
        let folder = path.parent().unwrap_or(Path::new("")).to_path_buf();
        self.plain.entry(folder).or_default().push(path);
    }

    /// The plain units of systemd that lie in the root or beside some units.
    fn plain_of(&self, root: &Path, units: &[PathBuf]) -> Vec<PathBuf> {
        if self.plain.is_empty() {
            return Vec::new();
        }
        let folders: BTreeSet<&Path> = units.iter().filter_map(|unit| unit.parent()).chain([root]).collect();
        folders.into_iter().filter_map(|folder| self.plain.get(folder)).flatten().cloned().collect()
    }

    /// Looks at what each unit refers to and claims.
    fn look(&mut self) {
        let many = self.files.len() > MANY;
        self.units = threads::map(many, &self.files, |file| units::read(&file.name(), file.text()));
    }

    /// The groups, joined where units of one refer to those of another.
    fn parts(&mut self, groups: &mut [Group]) -> Vec<Part> {
        self.look();
        for group in groups.iter_mut() {
            group.claims = group.files.iter().flat_map(|at| self.claims(*at)).collect();
        }
        let index = self.index();
        let mut parts = self.join(groups, &index);
        for part in &mut parts {
            self.take_in(groups, part, &index);
        }
        parts
    }

    /// The files of each folder, which stand together.
    fn folders(&self) -> Vec<Range<usize>> {
        let mut folders: Vec<Range<usize>> = Vec::new();
        let mut last = None;
        for (at, file) in self.files.iter().enumerate() {
            let folder = Some(file.parts().0);
            match folders.last_mut().filter(|_| last == folder) {
                Some(files) => files.end = at + 1,
                None => folders.push(at..at + 1),
            }
            last = folder;
        }
        folders
    }

    /// What no other unit of its host may have.
    fn claims(&self, at: usize) -> impl Iterator<Item = String> + '_ {
        self.units.get(at).into_iter().flat_map(|unit| {
            let own = [format!("file {}", unit.name), format!("service {}", unit.service)];
            own.into_iter().chain(unit.claims.iter().cloned())
        })
    }

    /// Units by file name, and by the service that is made of them.
    fn index(&self) -> Index<'_> {
        let mut index = Index::default();
        for (at, unit) in self.units.iter().enumerate() {
            index.entry(&unit.name).or_default().push(at);
            index.entry(&unit.service).or_default().push(at);
        }
        index
    }

    /// Joins groups that refer to each other. References to units go before services, which have foreign names too.
    fn join(&self, groups: &mut [Group], index: &Index<'_>) -> Vec<Part> {
        let of_file: BTreeMap<usize, usize> =
            groups.iter().enumerate().flat_map(|(at, group)| group.files.iter().map(move |file| (*file, at))).collect();
        let mut part_of: Vec<usize> = (0..groups.len()).collect();
        let mut parts: Vec<Option<Part>> = own_parts(groups).into_iter().map(Some).collect();
        for services in [false, true] {
            for (at, (file, unit)) in self.files.iter().zip(&self.units).enumerate() {
                let names = if services { &unit.depends } else { &unit.refers };
                for name in names {
                    let Some(own) = of_file.get(&at).and_then(|group| part_of.get(*group)).copied() else { continue };
                    let near = self.near(file, name, index);
                    let home = |other: &usize| of_file.get(other).and_then(|group| part_of.get(*group)).copied();
                    let homes: Vec<usize> = near.iter().filter_map(home).collect();
                    if homes.contains(&own) {
                        continue;
                    }
                    let fits = |other: &usize| match (parts.get(own), parts.get(*other)) {
                        (Some(Some(a)), Some(Some(b))) => {
                            a.claims.is_disjoint(&b.claims) && same_user(a.rootful, b.rootful)
                        }
                        _ => false,
                    };
                    let Some(other) = homes.iter().copied().find(|other| fits(other)) else { continue };
                    let Some(joined) = parts.get_mut(other).and_then(Option::take) else { continue };
                    part_of.iter_mut().filter(|part| **part == other).for_each(|part| *part = own);
                    if let Some(Some(part)) = parts.get_mut(own) {
                        part.groups.extend(joined.groups);
                        part.claims.extend(joined.claims);
                        part.rootful = part.rootful.or(joined.rootful);
                    }
                }
            }
        }
        parts.into_iter().flatten().collect()
    }

    /// The units that a reference may mean, the nearest first.
    fn near(&self, from: &File, name: &str, index: &Index<'_>) -> Vec<usize> {
        let found = index.get(name).or_else(|| index.get(template_of(name)?.as_str()));
        let mut found: Vec<usize> = found.cloned().unwrap_or_default();
        if found.len() < 2 {
            return found;
        }
        found.sort_by_cached_key(|at| {
            let path = self.files.get(*at).map(|file| file.path.clone()).unwrap_or_default();
            (distance(&from.path, &path), path)
        });
        found
    }

    /// Takes in what a tree refers to and lacks, with what that refers to.
    fn take_in(&self, groups: &[Group], part: &mut Part, index: &Index<'_>) {
        let own = part.groups.iter().filter_map(|at| groups.get(*at)).flat_map(|group| group.files.iter().copied());
        let mut queue: Vec<usize> = own.collect();
        let mut known: BTreeSet<usize> = queue.iter().copied().collect();
        while let Some((file, unit)) = queue.pop().and_then(|at| self.files.get(at).zip(self.units.get(at))) {
            for name in unit.refers.iter().chain(&unit.depends) {
                let near = self.near(file, name, index);
                if near.iter().any(|at| known.contains(at)) {
                    continue;
                }
                let fits = |at: &&usize| {
                    self.files.get(**at).is_some_and(|file| {
                        same_user(self.home(&file.path).1, part.rootful)
                            && self.claims(**at).all(|claim| !part.claims.contains(&claim))
                    })
                };
                let Some(at) = near.iter().find(fits).copied() else { continue };
                part.claims.extend(self.claims(at));
                part.taken.push(at);
                known.insert(at);
                queue.push(at);
            }
        }
    }

    /// The tree of a part, with the texts of those of its units that no tree before it has.
    fn found(&mut self, groups: &[Group], part: &Part) -> Found {
        let own: Vec<&Group> = part.groups.iter().filter_map(|at| groups.get(*at)).collect();
        let root = own.iter().map(|group| group.root.clone()).reduce(|a, b| shared(&a, &b)).unwrap_or_default();
        let mut all: Vec<usize> = own.iter().flat_map(|group| group.files.iter().copied()).collect();
        all.sort_unstable();
        // Its own go first, so that what was taken in stands behind.
        let mut taken = part.taken.clone();
        taken.sort_unstable();
        all.extend(taken.iter().copied());
        let paths = |all: &[usize]| -> Vec<PathBuf> {
            all.iter().filter_map(|at| self.files.get(*at)).map(|file| file.path.clone()).collect()
        };
        let taken = paths(&taken);
        let drop_ins = self.drop_ins.iter().filter(|drop_in| {
            let home = self.home(drop_in).0;
            let of = drop_in.parent().map(|folder| folder.with_extension("")).unwrap_or_default();
            own.iter().any(|group| group.root == home) || taken.contains(&of)
        });
        let drop_ins: Vec<PathBuf> = drop_ins.cloned().collect();
        let searched = self.root.is_some() || searched(&root).is_some();
        let units = match groups {
            // Nobody else asks where they lie.
            [_] => self.files.iter_mut().map(|file| std::mem::take(&mut file.path)).collect(),
            _ => paths(&all),
        };
        let plain = self.plain_of(&root, &units);
        let known = match groups {
            // Nor what was read of them, which stays where it is.
            [_] => std::mem::take(&mut self.files).into_iter().map(|mut file| file.known()).collect(),
            _ => all.iter().map(|at| self.files.get_mut(*at)?.known()).collect(),
        };
        Found::Quadlet { tree: Tree { root, searched, units, drop_ins, plain, known }, rootful: part.rootful }
    }
}

/// Each group by itself.
fn own_parts(groups: &mut [Group]) -> Vec<Part> {
    let part = |(at, group): (usize, &mut Group)| {
        let claims = std::mem::take(&mut group.claims);
        Part { groups: vec![at], rootful: group.rootful, claims, taken: Vec::new() }
    };
    groups.iter_mut().enumerate().map(part).collect()
}

/// Whether units of both may be of one user.
fn same_user(a: Option<bool>, b: Option<bool>) -> bool {
    a.is_none() || b.is_none() || a == b
}

/// `x@.service` for `x@1.service`.
fn template_of(name: &str) -> Option<String> {
    let (stem, rest) = name.split_once('@')?;
    let (_, extension) = rest.rsplit_once('.')?;
    Some(format!("{stem}@.{extension}"))
}

/// The folder that Quadlet searches and that a folder lies in, or is.
pub(super) fn searched(folder: &Path) -> Option<PathBuf> {
    search_root(&folder.join("unit")).map(|(root, _)| root)
}

/// The folder of a path that Quadlet searches, and whether it is the system's: up to `containers/systemd`, and below
/// `etc` and `share` each user's own of `users/UID`.
fn search_root(path: &Path) -> Option<(PathBuf, Option<bool>)> {
    let parts: Vec<&str> = path.components().filter_map(|part| part.as_os_str().to_str()).collect();
    let at = parts.windows(2).rposition(|pair| pair == ["containers", "systemd"])?;
    let above = at.checked_sub(1).and_then(|above| parts.get(above)).copied();
    let system = matches!(above, Some("etc" | "share"));
    let mut length = at + 2;
    // The last component is the file itself.
    let folders = parts.len().saturating_sub(1);
    if length > folders {
        return None;
    }
    let users = system && folders > length && parts.get(length) == Some(&"users");
    if users {
        let uid = parts.get(length + 1).filter(|_| folders > length + 1);
        length += if uid.is_some_and(|uid| uid.bytes().all(|byte| byte.is_ascii_digit())) { 2 } else { 1 };
    }
    let rootful = match above {
        Some(".config") => Some(false),
        _ if users => Some(false),
        _ if system => Some(true),
        _ => None,
    };
    Some((path.components().take(length).collect(), rootful))
}

/// How many folders lie between two files.
fn distance(a: &Path, b: &Path) -> usize {
    let shared = shared(a, b).components().count();
    a.components().count() + b.components().count() - 2 * shared
}

/// The folder that holds both.
fn shared(a: &Path, b: &Path) -> PathBuf {
    a.components().zip(b.components()).take_while(|(a, b)| a == b).map(|(a, _)| a).collect()
}

/// The tree that a unit or a drop-in belongs to. Looked at are the folder that Quadlet searches, else the repository,
/// else, where there is none, the folder and those beside it.
pub(super) fn of_file(files: &dyn Files, path: &Path, options: &Options) -> Found {
    let folder = path.parent().unwrap_or(Path::new(""));
    let mut units = Units::default();
    let repository = folder.ancestors().find(|above| is_repository(files, above));
    let around = match (search_root(path), repository) {
        (None, None) => around(files, folder),
        // The repository holds the search root, and may hold more of the same host.
        (Some((root, _)), repository) if repository.is_none_or(|above| !root.starts_with(above)) => files.walk(&root),
        (_, Some(repository)) => files.walk(repository),
        (Some((root, _)), None) => files.walk(&root),
    };
    let mut around: BTreeSet<PathBuf> = around.into_iter().collect();
    if around.insert(path.to_path_buf()) {
        // It lies where nobody looks, in a hidden folder perhaps, with what starts it.
        around.extend(files.list(folder).into_iter().filter(|other| is_systemd_unit(&name_of(other))));
    }
    for other in around {
        if is_drop_in(&other) {
            units.drop_ins.push(other);
            continue;
        }
        if is_systemd_unit(&name_of(&other)) {
            units.add_plain(other.clone());
        }
        let asked = other == *path;
        if !asked && UnitKind::of_file(&name_of(&other)).is_none() {
            continue;
        }
        let file = File::read(files, &other);
        let own = super::look::is_template(file.text())
            || (!options.rendered && super::rendered_from(files, &other, file.text()).is_some());
        if asked || (!own && units.takes(&file)) {
            units.files.push(file);
        }
    }
    let units_of_it = vec![path.to_path_buf()];
    let plain = units.plain_of(folder, &units_of_it);
    let trees = units.trees();
    let mut holding = trees.into_iter().filter(|found| found.files().contains(&path));
    // Its own tree goes before those that took it in.
    let first = holding.next();
    let own = holding.find(|found| matches!(found, Found::Quadlet { tree, .. } if folder.starts_with(&tree.root)));
    let searched = search_root(path).is_some();
    let alone = Tree { root: folder.to_path_buf(), searched, units: units_of_it, plain, ..Tree::default() };
    match first {
        Some(first) if matches!(&first, Found::Quadlet { tree, .. } if folder.starts_with(&tree.root)) => first,
        first => own.or(first).unwrap_or(Found::Quadlet { tree: alone, rootful: None }),
    }
}

/// Whether a unit of a tree refers to one that the tree lacks.
pub(super) fn dangles(files: &dyn Files, tree: &Tree) -> bool {
    let mut known = tree.known.iter();
    let units = tree.units.iter().map(|path| {
        let known = known.next().and_then(Option::as_ref);
        let text = known
            .map(|known| Cow::Borrowed(known.text.as_str()))
            .or_else(|| text_of(files, path).map(Cow::Owned))
            .unwrap_or_default();
        units::read(&name_of(path), &text)
    });
    let units: Vec<Unit> = units.collect();
    let has = |wanted: &str| units.iter().any(|unit| unit.name == wanted);
    units.iter().flat_map(|unit| &unit.refers).any(|wanted| !has(wanted))
}

/// The files of a folder, of its parent and of the folders beside it.
fn around(files: &dyn Files, folder: &Path) -> Vec<PathBuf> {
    let mut all = files.walk(folder);
    let Some(parent) =
        folder.parent().filter(|parent| parent.components().any(|part| matches!(part, Component::Normal(_))))
    else {
        return all;
    };
    for entry in files.list(parent) {
        if !files.is_dir(&entry) {
            all.push(entry);
        } else if entry != folder {
            all.extend(files.list(&entry).into_iter().filter(|path| !files.is_dir(path)));
        }
    }
    all
}
