//! Volumes, binds and temporary file systems.

use std::str::FromStr;

use super::Value;
use crate::source::Span;

/// What is mounted.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum MountKind {
    /// A named volume.
    Volume,
    /// A volume without a name; it goes with the container.
    Anonymous,
    /// A file or folder of the host.
    Bind,
    /// Memory.
    Tmpfs,
    /// Something else that a runtime can mount (`image`, `npipe`, …); `extra` holds its `type`.
    Other,
}

/// Something that is seen at a path of the container.
#[derive(Clone, PartialEq, Debug)]
pub struct Mount {
    /// What.
    pub kind: MountKind,
    /// The volume's name or the host's path; empty where there is none.
    pub source: String,
    /// The path in the container.
    pub target: String,
    /// Whether it cannot be written.
    pub read_only: bool,
    /// Whether a missing host path is made (the short form on Docker).
    pub create: bool,
    /// More options, in Podman's spelling: `z`, `Z`, `U`, `nocopy`, `rshared`, `size=…`.
    pub options: Vec<String>,
    /// Source layer: Compose's settings that the core does not use, as `bind`, `volume` and so on hold them.
    pub extra: Vec<(String, Span, Value)>,
}

/// Options that are said elsewhere in the model, or that change nothing on Linux.
const IDLE: [&str; 5] = ["ro", "rw", "cached", "delegated", "consistent"];

impl FromStr for Mount {
    type Err = String;

    /// The short form: `[SOURCE:]TARGET[:OPTION,…]`. A source with a `/`, `.` or `~` in front is a host path.
    fn from_str(text: &str) -> Result<Self, String> {
        // The colon of a drive is none between two parts.
        let drive = drive(text);
        let parts: Vec<&str> = text.get(drive..).unwrap_or(text).split(':').collect();
        let (source, target, options) = match parts.as_slice() {
            [_, target] if drive > 0 => (windows(text, drive), *target, ""),
            [_, target, options] if drive > 0 => (windows(text, drive), *target, *options),
            [target] => ("", *target, ""),
            ["", ..] if parts.len() > 1 => return Err(format!("`{text}` has nothing before its first colon")),
            [source, target] if target.starts_with('/') => (*source, *target, ""),
            [target, options] if target.starts_with('/') => ("", *target, *options),
            [source, target, options] => (*source, *target, *options),
            _ => return Err(format!("`{text}` is not a volume such as data:/var/lib/data or ./conf:/etc/conf:ro")),
        };
        if !target.starts_with('/') {
            return Err(format!("`{target}` is not an absolute path in the container"));
        }
        let kind = match source.chars().next() {
            None => MountKind::Anonymous,
            Some('/' | '.' | '~' | '\\') => MountKind::Bind,
            Some(_) if drive > 0 => MountKind::Bind,
            Some(_) if source.contains('/') => {
                return Err(format!("`{source}` is neither a volume's name nor a path: write ./{source}"));
            }
            Some(_) => MountKind::Volume,
        };
        let options: Vec<&str> = options.split(',').filter(|option| !option.is_empty()).collect();
        Ok(Mount {
            kind,
            source: source.to_owned(),
            target: target.to_owned(),
            read_only: options.contains(&"ro"),
            create: kind == MountKind::Bind,
            options: options.iter().filter(|o| !IDLE.contains(o)).map(|o| (*o).to_owned()).collect(),
            extra: Vec::new(),
        })
    }
}

/// How long the drive is that a Windows path begins with: `C:`. A volume may have a name of one letter, too; behind a
/// path there is another colon, and a path of the container.
fn drive(text: &str) -> usize {
    let mut chars = text.chars();
    let letter = chars.next().is_some_and(|c| c.is_ascii_alphabetic());
    let path = letter && chars.next() == Some(':') && matches!(chars.next(), Some('/' | '\\'));
    let mut behind = text.get(2..).unwrap_or("").split(':').skip(1);
    if path && behind.next().is_some_and(|target| target.starts_with('/')) { 2 } else { 0 }
}

/// A Windows path with its drive, up to the colon behind it.
fn windows(text: &str, drive: usize) -> &str {
    let end = text.get(drive..).and_then(|rest| rest.find(':')).map_or(text.len(), |at| drive + at);
    text.get(..end).unwrap_or(text)
}

#[cfg(test)]
mod tests {
    use super::{Mount, MountKind};

    #[test]
    fn the_short_form_tells_volumes_from_paths() {
        let kind = |text: &str| text.parse::<Mount>().map(|mount| mount.kind);
        assert_eq!(kind("data:/x"), Ok(MountKind::Volume));
        assert_eq!(kind("/x"), Ok(MountKind::Anonymous));
        assert_eq!(kind("./a:/x:ro,z"), Ok(MountKind::Bind));
        assert_eq!(kind("~/a:/x"), Ok(MountKind::Bind));
        assert_eq!(kind("C:/a:/x:ro"), Ok(MountKind::Bind));
        assert_eq!(kind("v:/x:z"), Ok(MountKind::Volume));
        assert_eq!("C:\\a b:/x:ro".parse::<Mount>().unwrap().source, "C:\\a b");
        assert_eq!(kind("\\\\srv\\share:/x"), Ok(MountKind::Bind));
        assert!(kind("%h/a:/x").is_err());
        assert!("./a:/x:ro,z".parse::<Mount>().unwrap().read_only);
        for bad in ["", "a:b", "a/b:/x", "a:/b:c:d"] {
            assert!(kind(bad).is_err(), "{bad}");
        }
    }
}
