//! Where a set goes: the real folder behind the path that was given, and where a new one can be made beside it.

use std::ffi::OsStr;
use std::fs;
use std::io;
use std::path::{Component, Path, PathBuf};

use super::Refused;

/// The folder of a set.
#[derive(Clone, Debug)]
pub(in crate::cli) struct Place {
    /// As people see it: as it was given.
    pub shown: PathBuf,
    /// Where it really is, without links.
    pub real: PathBuf,
    /// Where a new folder is made before it takes the place of the old one; locked while one writes.
    pub beside: PathBuf,
    /// Whose units are read from it, if Quadlet reads it on this machine or on the one it is copied to.
    pub read_by: Option<Reader>,
    /// Its way from the folder that Quadlet searches: empty, or with a `/` at its end.
    pub below: String,
}

/// Which of the two generators.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(in crate::cli) enum Reader {
    /// That of a user.
    Rootless,
    /// That of the system.
    Rootful,
}

impl Place {
    /// Follows the path once; from then on only the real folder counts.
    pub fn of(given: &Path) -> Result<Place, Refused> {
        let failed = |error| Refused::Failed(given.to_path_buf(), error);
        let real = match fs::canonicalize(given) {
            Ok(real) if real.is_dir() => real,
            Ok(_) => return Err(Refused::NotOurs(format!("`{}` is not a folder", given.display()))),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                // Another run may have made the folder since.
                if fs::symlink_metadata(given).is_ok_and(|metadata| metadata.is_symlink()) {
                    return Err(Refused::NotOurs(format!("`{}` is a link that leads nowhere", given.display())));
                }
                future(&std::path::absolute(given).map_err(failed)?).map_err(failed)?
            }
            Err(error) => return Err(failed(error)),
        };
        Ok(Place::at(given.to_path_buf(), real))
    }

    fn at(shown: PathBuf, real: PathBuf) -> Place {
        let root = search_root(&real);
        // Quadlet reads the sub-folders of its own folders too, hidden ones as well: nothing half-made may lie there.
        let highest = root.as_ref().map_or(real.as_path(), |(root, _)| root.as_path());
        let beside = highest.parent().unwrap_or(&real).to_path_buf();
        let below = root.as_ref().and_then(|(root, _)| real.strip_prefix(root).ok());
        let below = below.map_or(String::new(), |below| {
            below.components().map(|part| format!("{}/", part.as_os_str().to_string_lossy())).collect()
        });
        Place { shown, beside, read_by: root.and_then(|(_, reader)| reader), below, real }
    }

    /// A sub-folder, which must not be a link: that would lead out of the folder.
    pub fn join(&self, name: &str) -> Result<Place, Refused> {
        let shown = self.shown.join(name);
        match fs::symlink_metadata(self.real.join(name)) {
            Ok(metadata) if metadata.is_symlink() => Err(Refused::NotOurs(format!(
                "`{}` is a link, and nothing is written through links inside of a folder",
                shown.display()
            ))),
            Ok(metadata) if !metadata.is_dir() => {
                Err(Refused::NotOurs(format!("`{}` is not a folder", shown.display())))
            }
            _ => Ok(Place::at(shown, self.real.join(name))),
        }
    }

    /// A file of the folder, as people see it.
    pub fn file(&self, name: &str) -> PathBuf {
        self.shown.join(name)
    }
}

/// Where a folder will be that does not exist yet: its nearest existing parent without links, and the rest by name.
fn future(path: &Path) -> io::Result<PathBuf> {
    let mut rest = Vec::new();
    for parent in path.ancestors() {
        match fs::canonicalize(parent) {
            Ok(mut real) => {
                for part in rest.iter().rev() {
                    match part {
                        Component::ParentDir => drop(real.pop()),
                        part => real.push(part),
                    }
                }
                return Ok(real);
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => rest.extend(parent.components().next_back()),
            Err(error) => return Err(error),
        }
    }
    Ok(path.to_path_buf())
}

/// The highest folder above (or at) a path that Quadlet searches with everything below it, and whose it is.
fn search_root(real: &Path) -> Option<(PathBuf, Option<Reader>)> {
    linked_roots().find(|(root, _)| real.starts_with(root)).or_else(|| {
        let parts: Vec<Component<'_>> = real.components().collect();
        let named = |at: usize, name: &str| parts.get(at).is_some_and(|part| part.as_os_str() == OsStr::new(name));
        let at = (0..parts.len()).find(|at| named(*at, "containers") && named(at + 1, "systemd"))?;
        let before = |name| at > 0 && named(at - 1, name);
        let of_user = at > 1 && named(at - 2, "user");
        let reader = if before(".config") || of_user || named(at + 2, "users") {
            Some(Reader::Rootless)
        } else if before("etc") || before("run") || before("share") {
            Some(Reader::Rootful)
        } else {
            None
        };
        Some((parts.get(..at + 2)?.iter().collect(), reader))
    })
}

/// The folders that Quadlet searches on this machine, where links lead to.
fn linked_roots() -> impl Iterator<Item = (PathBuf, Option<Reader>)> {
    let variable = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    let config = variable("XDG_CONFIG_HOME").or_else(|| variable("HOME").map(|home| home.join(".config")));
    let users = [config, variable("XDG_RUNTIME_DIR")].into_iter().flatten();
    let users = users.map(|folder| (folder.join("containers/systemd"), Reader::Rootless));
    let system = ["/etc/containers/systemd", "/run/containers/systemd", "/usr/share/containers/systemd"];
    let system = system.into_iter().map(|folder| (PathBuf::from(folder), Reader::Rootful));
    let of_users = std::iter::once((PathBuf::from("/etc/containers/systemd/users"), Reader::Rootless));
    let linked = of_users.chain(users).chain(system).filter_map(|(folder, reader)| {
        let real = fs::canonicalize(&folder).ok()?;
        // A folder that is where its name says is known by its name.
        (real != folder).then_some((real, Some(reader)))
    });
    linked.collect::<Vec<_>>().into_iter()
}

#[cfg(test)]
mod tests {
    use std::path::{Path, PathBuf};

    use super::{Reader, search_root};

    #[test]
    fn the_folders_of_quadlet_are_known_by_name() {
        for (path, root, reader) in [
            ("/h/me/.config/containers/systemd", "/h/me/.config/containers/systemd", Some(Reader::Rootless)),
            ("/h/me/.config/containers/systemd/a/b", "/h/me/.config/containers/systemd", Some(Reader::Rootless)),
            ("/r/etc/containers/systemd/a", "/r/etc/containers/systemd", Some(Reader::Rootful)),
            ("/r/etc/containers/systemd/users/7", "/r/etc/containers/systemd", Some(Reader::Rootless)),
            ("/run/user/7/containers/systemd", "/run/user/7/containers/systemd", Some(Reader::Rootless)),
            ("/x/containers/systemd", "/x/containers/systemd", None),
        ] {
            assert_eq!(search_root(Path::new(path)), Some((PathBuf::from(root), reader)), "{path}");
        }
        assert_eq!(search_root(Path::new("/x/containers/units")), None);
    }
}
