//! `EnvironmentFile=`, which Podman reads literally.

use super::mount::rebased;
use super::stack::Names;
use super::unit::Unit;
use crate::maps::IndexMap;
use crate::model::{EnvFile, INSTALLED, Spanned, Text};
use crate::source::{SourceFile, Span};

/// Variables of a file by name; one without a value is taken from the host.
pub(in crate::read) type Variables = IndexMap<String, Spanned<Option<String>>>;

pub(super) fn env_file(unit: &Unit, path: Text, names: &Names<'_>) -> EnvFile {
    let variables = inside(&unit.folder, &path.value)
        .and_then(|path| names.parsed.env_files.get(&path))
        .map(|file| variables(names.sources.file(*file)));
    let dotted = if path.value.starts_with(['/', '.', '%']) || unit.folder.is_empty() {
        path.value.clone()
    } else {
        format!("./{}", path.value)
    };
    let value = match dotted.strip_prefix("%h/") {
        Some(rest) => format!("~/{rest}"),
        None => rebased(&unit.folder, &dotted),
    };
    let path = Spanned { value, origin: path.origin };
    EnvFile { path, required: true, format: None, variables, reads_otherwise: false }
}

/// The path from the root of the tree, if the file lies on this machine: not one that is absolute or only known later.
pub(super) fn inside(folder: &str, path: &str) -> Option<String> {
    // Where the units themselves lie, once they are installed.
    if let Some(path) = path.strip_prefix(INSTALLED) {
        return inside("", path);
    }
    if path.is_empty() || path.starts_with(['/', '%', '~', '$']) {
        return None;
    }
    let whole = format!("{folder}{path}");
    let mut parts: Vec<&str> = Vec::new();
    for part in whole.split('/') {
        match part {
            "" | "." => {}
            ".." if parts.last().is_some_and(|last| *last != "..") => {
                parts.pop();
            }
            part => parts.push(part),
        }
    }
    Some(parts.join("/"))
}

/// The same for a file that systemd reads, which has no relative paths: only what lies where units are installed counts,
/// and a repository may keep it beside the unit. Where it may be, the likeliest first.
pub(super) fn of_service(folder: &str, path: &str) -> Vec<String> {
    let path = path.trim();
    let Some(path) = path.strip_prefix('-').unwrap_or(path).strip_prefix(INSTALLED) else { return Vec::new() };
    let name = path.rsplit('/').next().unwrap_or(path);
    [inside("", path), inside(folder, name)].into_iter().flatten().collect()
}

/// Each line is a name and what stands behind its first `=`, with quotes, comments and blanks at the end. Only a `#` in
/// front of a line begins a comment. Source: Podman, `pkg/env`.
pub(in crate::read) fn variables(file: &SourceFile) -> Variables {
    let mut variables = Variables::default();
    let mut offset = file.span().start;
    for line in file.text.split('\n') {
        let start = offset;
        offset += line.len() as u32 + 1;
        let line = line.strip_suffix('\r').unwrap_or(line);
        let bare = line.trim_start();
        if bare.is_empty() || bare.starts_with(['#', '=']) {
            continue;
        }
        let from = start + (line.len() - bare.len()) as u32;
        let value = match bare.split_once('=') {
            Some((name, value)) => {
                let at = from + name.len() as u32 + 1;
                let span = Span::new(at, at + value.len() as u32);
                (name, Spanned::written(Some(value.to_owned()), span))
            }
            None => (bare, Spanned::written(None, Span::new(from, from + bare.len() as u32))),
        };
        variables.insert(value.0.to_owned(), value.1);
    }
    variables
}

#[cfg(test)]
mod tests {
    use super::variables;
    use crate::source::SourceMap;

    #[test]
    fn env_files_are_read_literally() {
        let mut sources = SourceMap::default();
        let file = sources.add("x.env", "# no\n A=\"b\" # c\nB\n=x\nC=1=2\r\n");
        let found: Vec<_> = variables(sources.file(file)).into_iter().map(|(name, v)| (name, v.value)).collect();
        let text = |text: &str| Some(text.to_owned());
        assert_eq!(found, [("A".to_owned(), text("\"b\" # c")), ("B".to_owned(), None), ("C".to_owned(), text("1=2"))]);
    }
}
