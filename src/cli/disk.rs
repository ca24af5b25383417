//! The real file system.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::env;
use std::ffi::{OsStr, OsString};
use std::fs;
use std::io::{self, Read};
use std::path::{Component, Path, PathBuf};
use std::sync::LazyLock;

use quadgen::model::UnitKind;
use quadgen::platform;
use quadgen::read::quadlet::is_systemd_unit;
use quadgen::source::{Files, MAX_FILE_BYTES, display_path, is_tidy, tidy};
use quadgen::threads::{self, MANY};

/// The working directory, which nothing in this program changes.
static HERE: LazyLock<Option<PathBuf>> = LazyLock::new(|| env::current_dir().ok());

/// Whether git may ignore files in all repositories, by what `gitconfig_excludes_path` of `ignore` 0.4.34 looks at. No is
/// certain, and spares the regular expression by which that reads settings: it takes longer than the walk of a folder.
fn has_global_ignores() -> bool {
    let named = |name| env::var_os(name).filter(|path| !path.is_empty()).map(PathBuf::from);
    let home = env::home_dir();
    let own = named("XDG_CONFIG_HOME").or_else(|| Some(home.as_ref()?.join(".config"))).map(|own| own.join("git"));
    let settings = [
        named("GIT_CONFIG_GLOBAL"),
        home.map(|home| home.join(".gitconfig")),
        own.as_ref().map(|own| own.join("config")),
        named("GIT_CONFIG_SYSTEM").or_else(|| Some(PathBuf::from("/etc/gitconfig"))),
    ];
    let key = b"excludesfile";
    let has_key = |text: Vec<u8>| text.windows(key.len()).any(|word| word.eq_ignore_ascii_case(key));
    own.is_some_and(|own| own.join("ignore").is_file())
        || settings.into_iter().flatten().any(|path| fs::read(path).is_ok_and(has_key))
}

/// As many bytes as most units and Compose files have, at most.
const USUAL_BYTES: usize = 4096;

/// Reads what is on disk.
pub(super) struct Disk;

impl Files for Disk {
    fn read(&self, path: &Path) -> io::Result<Vec<u8>> {
        let file = fs::File::open(path)?;
        // One byte more than is allowed, so that the reader sees that it is too much.
        let most = MAX_FILE_BYTES as u64 + 1;
        // Most files fit; to be told that one has ended costs less than to ask for its size.
        let mut bytes = Vec::with_capacity(USUAL_BYTES);
        file.take(most).read_to_end(&mut bytes)?;
        bytes.shrink_to_fit();
        Ok(bytes)
    }

    fn is_dir(&self, path: &Path) -> bool {
        path.is_dir()
    }

    fn is_file(&self, path: &Path) -> bool {
        path.is_file()
    }

    fn folder_name(&self, folder: &Path) -> String {
        let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
        let full = std::path::absolute(folder).ok().filter(|full| full.file_name().is_some());
        let full = full.or_else(|| folder.canonicalize().ok()).unwrap_or_default();
        full.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default()
    }

    fn shown(&self, path: &Path) -> String {
        display_path(&shown(path))
    }

    fn walk(&self, folder: &Path) -> Vec<PathBuf> {
        let mut walk = ignore::WalkBuilder::new(folder);
        walk.require_git(false).hidden(false).follow_links(true).filter_entry(is_seen);
        walk.git_global(has_global_ignores());
        let mut links = Vec::new();
        let mut files = Vec::new();
        let mut units = 0;
        for entry in walk.build().filter_map(Result::ok) {
            if entry.path_is_symlink() && entry.depth() > 0 {
                links.push(entry.path().to_path_buf());
            }
            if entry.file_type().is_some_and(|kind| !kind.is_dir()) {
                if units < MANY && entry.file_name().to_str().and_then(UnitKind::of_file).is_some() {
                    units += 1;
                    if units == MANY {
                        // They will all be asked for what stands in tables, which another thread reads meanwhile.
                        threads::beside(platform::prepare);
                    }
                }
                files.push(entry.into_path());
            }
        }
        if !links.is_empty() {
            once_each(folder, &links, &mut files);
        }
        // Paths are compared part by part, which is the order of their bytes where the signs between parts go first.
        let separator = |byte: &u8| if std::path::is_separator(char::from(*byte)) { 0 } else { *byte };
        files.sort_by_cached_key(|path| -> Vec<u8> {
            path.as_os_str().as_encoded_bytes().iter().map(separator).collect()
        });
        files
    }

    fn list(&self, folder: &Path) -> Vec<PathBuf> {
        let entries = fs::read_dir(if folder.as_os_str().is_empty() { Path::new(".") } else { folder });
        let mut names: Vec<OsString> = entries.into_iter().flatten().flatten().map(|entry| entry.file_name()).collect();
        names.sort_unstable();
        names.into_iter().map(|name| folder.join(name)).collect()
    }
}

/// The real file system or a revision, with some texts in place of what it holds: standard input under the name of a
/// file.
pub(super) struct Given {
    base: Box<dyn Files>,
    texts: BTreeMap<PathBuf, Vec<u8>>,
}

impl Given {
    pub fn over(base: Box<dyn Files>) -> Self {
        Given { base, texts: BTreeMap::new() }
    }

    pub fn put(&mut self, path: &Path, text: Vec<u8>) {
        self.texts.insert(absolute(path), text);
    }

    /// Whether a text stands in place of a file.
    pub fn holds(&self, path: &Path) -> bool {
        self.get(path).is_some()
    }

    fn get(&self, path: &Path) -> Option<&Vec<u8>> {
        if self.texts.is_empty() { None } else { self.texts.get(&absolute(path)) }
    }
}

impl Files for Given {
    fn read(&self, path: &Path) -> io::Result<Vec<u8>> {
        self.get(path).map_or_else(|| self.base.read(path), |text| Ok(text.clone()))
    }

    fn is_dir(&self, path: &Path) -> bool {
        self.get(path).is_none() && self.base.is_dir(path)
    }

    fn is_file(&self, path: &Path) -> bool {
        self.get(path).is_some() || self.base.is_file(path)
    }

    fn walk(&self, folder: &Path) -> Vec<PathBuf> {
        self.base.walk(folder)
    }

    fn list(&self, folder: &Path) -> Vec<PathBuf> {
        self.base.list(folder)
    }

    fn shown(&self, path: &Path) -> String {
        self.base.shown(path)
    }

    fn folder_name(&self, folder: &Path) -> String {
        self.base.folder_name(folder)
    }
}

/// A path from the root on. `x/..` goes; links are looked at only where one stands before a `..`.
pub(super) fn absolute(path: &Path) -> PathBuf {
    if let Some(here) = HERE.as_deref().filter(|_| !path.as_os_str().is_empty()) {
        // The system says without links where it is, so each `..` in front is the folder above.
        let (mut folder, mut rest) = (here, path);
        while rest.as_os_str().as_encoded_bytes().starts_with(b"../")
            && let (Some(above), Ok(below)) = (folder.parent(), rest.strip_prefix(".."))
        {
            (folder, rest) = (above, below);
        }
        if is_tidy(rest) && !rest.as_os_str().is_empty() {
            return folder.join(rest);
        }
    }
    let full = std::path::absolute(path).unwrap_or_else(|_| path.to_path_buf());
    if !full.components().any(|part| part == Component::ParentDir) {
        return full;
    }
    let tidy = tidy(&full);
    match fs::canonicalize(&full) {
        Ok(real) if fs::canonicalize(&tidy).ok().as_ref() != Some(&real) => real,
        _ => tidy,
    }
}

/// Hidden files and folders are none of ours, but where a home keeps its units.
fn is_seen(entry: &ignore::DirEntry) -> bool {
    let above = || entry.path().parent().and_then(Path::file_name);
    let in_config = entry.depth() > 1 && above().is_some_and(|above| above == ".config");
    let own = entry.file_name();
    if entry.depth() == 0 || (in_config && own == "containers") {
        return true;
    }
    !in_config && (own == ".config" || !own.as_encoded_bytes().starts_with(b"."))
}

/// A file that links lead to as well is taken once: below a folder that Quadlet searches if one way leads there, else
/// where it really is. Under another name it is another unit, and what starts units does so in each folder.
fn once_each(folder: &Path, links: &[PathBuf], files: &mut Vec<PathBuf>) {
    let root = fs::canonicalize(folder).unwrap_or_else(|_| folder.to_path_buf());
    let is_linked = |path: &Path| links.iter().any(|link| path.starts_with(link));
    let real = |path: &PathBuf| match path.strip_prefix(folder) {
        Ok(below) if !is_linked(path) => root.join(below),
        _ => fs::canonicalize(path).unwrap_or_else(|_| path.clone()),
    };
    let searched = |path: &Path| {
        let parts: Vec<_> = path.components().map(Component::as_os_str).collect();
        parts.windows(2).any(|pair| pair == ["containers", "systemd"])
    };
    let rank = |path: &PathBuf| (!searched(path), is_linked(path), path.clone());
    let mut best: BTreeMap<(PathBuf, OsString), PathBuf> = BTreeMap::new();
    let mut starters = Vec::new();
    for path in files.drain(..) {
        if path.file_name().and_then(OsStr::to_str).is_some_and(is_systemd_unit) {
            starters.push(path);
            continue;
        }
        let key = (real(&path), path.file_name().unwrap_or_default().to_owned());
        match best.entry(key) {
            Entry::Vacant(free) => drop(free.insert(path)),
            Entry::Occupied(mut taken) if rank(&path) < rank(taken.get()) => drop(taken.insert(path)),
            Entry::Occupied(_) => {}
        }
    }
    files.extend(best.into_values());
    files.extend(starters);
}

/// A path as it is shown: relative to the working directory, so that output is the same on every machine.
pub(super) fn shown(path: &Path) -> PathBuf {
    match HERE.as_deref() {
        Some(here) if path.is_absolute() => relative(here, path),
        _ => path.to_path_buf(),
    }
}

/// The way from one absolute folder to another path, where both are written as plainly as they can be.
fn plainly(from: &Path, to: &Path) -> Option<String> {
    let below = || to.to_str()?.strip_prefix(from.to_str()?)?.strip_prefix('/');
    if let Some(below) = below().filter(|below| !below.is_empty() && is_tidy(Path::new(below))) {
        return Some(below.to_owned());
    }
    if !from.is_absolute() || !is_tidy(from) {
        return None;
    }
    let (from, to) = (from.to_str()?.trim_end_matches('/'), to.to_str()?);
    let alike = from.bytes().zip(to.bytes()).take_while(|(a, b)| a == b).count();
    let ends = |path: &str| path.as_bytes().get(alike).is_none_or(|next| *next == b'/');
    // The nearest folder that holds both.
    let folder = if ends(from) && ends(to) { alike } else { from.get(..alike)?.rfind('/')? };
    let up = from.get(folder..)?.bytes().filter(|byte| *byte == b'/').count();
    let below = to.get(folder..)?.strip_prefix('/').filter(|below| !below.is_empty() && is_tidy(Path::new(below)))?;
    Some(["../".repeat(up).as_str(), below].concat())
}

/// The way from one absolute folder to another path, by their names alone.
pub(super) fn relative(from: &Path, to: &Path) -> PathBuf {
    if let Some(way) = plainly(from, to) {
        return PathBuf::from(way);
    }
    let parts = |path: &Path| {
        path.components()
            .filter(|part| *part != Component::CurDir)
            .map(|part| part.as_os_str().to_owned())
            .collect::<Vec<_>>()
    };
    let (from, to) = (parts(from), parts(to));
    let shared = from.iter().zip(&to).take_while(|(a, b)| a == b).count();
    let up = from.iter().skip(shared).map(|_| Component::ParentDir.as_os_str().to_owned());
    let way: PathBuf = up.chain(to.iter().skip(shared).cloned()).collect();
    if way.as_os_str().is_empty() { PathBuf::from(".") } else { way }
}

#[cfg(test)]
mod tests {
    use super::{HERE, absolute, relative};
    use std::path::{Path, PathBuf};

    #[test]
    fn the_way_goes_by_the_nearest_folder_that_holds_both() {
        for (from, to, way) in [
            ("/a/b", "/a/b/c/d", "c/d"),
            ("/a/b", "/a/bc/d", "../bc/d"),
            ("/a/b/c", "/a/x", "../../x"),
            ("/a/b/c", "/a/b", ".."),
            ("/a/b", "/a/b", "."),
            ("/a/b", "/c", "../../c"),
            ("/", "/c/d", "c/d"),
            ("/a/.b", "/a/c", "../c"),
            ("/a/b", "/a/.c/d", "../.c/d"),
            ("/a/b", "/a/./c//d", "../c/d"),
        ] {
            assert_eq!(relative(Path::new(from), Path::new(to)), PathBuf::from(way), "{from} {to}");
        }
    }

    #[test]
    fn a_way_up_begins_where_the_program_runs() {
        let here = HERE.clone().unwrap();
        assert_eq!(absolute(Path::new("a/b")), here.join("a/b"));
        assert_eq!(absolute(Path::new("../a")), here.parent().unwrap().join("a"));
        assert_eq!(absolute(Path::new("../../a/../b")), here.ancestors().nth(2).unwrap().join("b"));
        assert_eq!(absolute(Path::new("/a/b")), PathBuf::from("/a/b"));
    }
}
