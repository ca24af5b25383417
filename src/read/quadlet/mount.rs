//! `Volume=`, `Mount=` and `Tmpfs=` → mounts.

use super::super::relative::joined;
use super::stack::Names;
use super::unit::Unit;
use super::values::{Given, Values};
use crate::model::{Data, Mount, MountKind, Spanned, Value};
use crate::platform::generator::Habit;
use crate::source::Span;

/// The specifiers of systemd that stand for folders.
const FOLDERS: &str = "htSECLTVdDy";

/// All mounts of a unit, in the order `Volume=`, `Mount=`, `Tmpfs=`.
pub(super) fn mounts(values: &mut Values<'_>, names: &mut Names<'_>) -> Vec<Spanned<Mount>> {
    let unit = values.unit;
    let volumes = values.take("Volume");
    let mut mounts = Vec::with_capacity(volumes.len());
    for given in volumes {
        mounts.extend(volume(unit, &given, names));
    }
    for given in values.take("Mount") {
        match fields(&given.word.text).and_then(|fields| mount(unit, &given, fields, names)) {
            Some(mount) => mounts.push(Spanned::written(mount, given.span())),
            None => values.leave("Mount", &given),
        }
    }
    for given in values.take("Tmpfs") {
        let (target, options) = given.word.text.split_once(':').unwrap_or((&given.word.text, ""));
        let mut mount = Mount { target: target.to_owned(), ..empty(MountKind::Tmpfs) };
        options_of(&mut mount, options);
        mounts.push(Spanned::written(mount, given.span()));
    }
    mounts
}

fn empty(kind: MountKind) -> Mount {
    Mount {
        kind,
        source: String::new(),
        target: String::new(),
        read_only: false,
        create: false,
        options: Vec::new(),
        extra: Vec::new(),
    }
}

fn options_of(mount: &mut Mount, options: &str) {
    if !options.is_empty() {
        mount.options.reserve_exact(options.split(',').count());
    }
    for option in options.split(',') {
        match option {
            "ro" => mount.read_only = true,
            "" | "rw" => {}
            option => mount.options.push(option.to_owned()),
        }
    }
}

/// `[SOURCE:]TARGET[:OPTIONS]`; nothing where it refers to a unit that is not there and that was reported.
fn volume(unit: &Unit, given: &Given<'_>, names: &mut Names<'_>) -> Option<Spanned<Mount>> {
    let text = &given.word.text;
    let mut parts = text.splitn(3, ':');
    let (first, second) = (parts.next().unwrap_or(""), parts.next());
    let mut mount = match second {
        None => Mount { target: first.to_owned(), ..empty(MountKind::Anonymous) },
        Some(target) => {
            let at = given.word.part(0, first.len());
            Mount { target: target.to_owned(), ..source(unit, first, at, names)? }
        }
    };
    options_of(&mut mount, parts.next().unwrap_or(""));
    Some(Spanned::written(mount, given.span()))
}

/// What a source stands for.
fn source(unit: &Unit, source: &str, span: Span, names: &mut Names<'_>) -> Option<Mount> {
    if source.is_empty() {
        return Some(empty(MountKind::Anonymous));
    }
    let specifier = source.strip_prefix('%').is_some_and(|rest| rest.starts_with(|c| FOLDERS.contains(c)));
    if source.starts_with(['/', '.', '~']) || specifier || source.contains('/') {
        let path = match source.strip_prefix("%h") {
            Some(rest) if rest.is_empty() || rest.starts_with('/') => format!("~{rest}"),
            _ if source.starts_with('.') => rebased(&unit.folder, source),
            _ => source.to_owned(),
        };
        return Some(Mount { source: path, ..empty(MountKind::Bind) });
    }
    let key = match source.strip_suffix(".volume") {
        Some(stem) if names.loaded.by_file.contains_key(source) => stem.to_owned(),
        // A unit that is not there: a release that does not look for it takes the name for one.
        Some(_) if Habit::UnitsMustExist.of(unit.release) => return None,
        Some(stem) => stem.to_owned(),
        None => names.volume(source, span),
    };
    Some(Mount { source: key, ..empty(MountKind::Volume) })
}

fn mount(unit: &Unit, given: &Given<'_>, fields: Fields, names: &mut Names<'_>) -> Option<Mount> {
    let kind = fields.kind.as_deref().unwrap_or("volume");
    let from = fields.source.flatten().unwrap_or_default();
    let mut mount = match kind {
        "bind" | "volume" => source(unit, &from, given.span(), names)?,
        "tmpfs" => empty(MountKind::Tmpfs),
        _ => {
            let kind = Value { span: given.span(), data: Data::Text(kind.to_owned()) };
            let source = if from.starts_with('.') { rebased(&unit.folder, &from) } else { from.clone() };
            Mount { source, extra: vec![("type".to_owned(), given.span(), kind)], ..empty(MountKind::Other) }
        }
    };
    for (name, value) in fields.rest {
        let on = value.as_deref().is_none_or(|value| value == "true");
        match (name.as_str(), value) {
            ("target" | "destination" | "dst" | "dest", Some(path)) => mount.target = path,
            ("ro" | "readonly", _) => mount.read_only = on,
            ("rw" | "readwrite", _) => mount.read_only = !on,
            ("relabel", Some(how)) => mount.options.push(if how == "shared" { "z" } else { "Z" }.to_owned()),
            ("U" | "chown", _) if on => mount.options.push("U".to_owned()),
            ("U" | "chown", _) => {}
            ("bind-propagation", Some(how)) => mount.options.push(how),
            ("subpath" | "volume-subpath" | "image-subpath", Some(path)) => {
                let part = Value { span: given.span(), data: Data::Text(path) };
                mount.extra.push(("subpath".to_owned(), given.span(), part));
            }
            ("tmpfs-size", Some(size)) => mount.options.push(format!("size={size}")),
            ("tmpfs-mode", Some(mode)) => mount.options.push(format!("mode={mode}")),
            (name, Some(value)) => mount.options.push(format!("{name}={value}")),
            (name, None) if !name.is_empty() => mount.options.push(name.to_owned()),
            _ => {}
        }
    }
    (!mount.target.is_empty()).then_some(mount)
}

/// A path that is meant from the folder of a unit, from the root of the tree.
pub(super) fn rebased(folder: &str, path: &str) -> String {
    if folder.is_empty() || !path.starts_with('.') {
        return path.to_owned();
    }
    joined(folder, path)
}

/// A value of `Mount=`, taken apart.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Fields {
    /// `type`, if it is said.
    pub kind: Option<String>,
    /// `source` or `src`, if it is said; its value, if it has one.
    pub source: Option<Option<String>>,
    /// Everything else: names with their values.
    pub rest: Vec<(String, Option<String>)>,
}

/// Takes comma-separated fields apart, as a reader of CSV does; nothing where that cannot be done.
pub(super) fn fields(text: &str) -> Option<Fields> {
    let mut fields = Fields::default();
    for field in csv(text)? {
        let (name, value) = match field.split_once('=') {
            Some((name, value)) => (name, Some(value.to_owned())),
            None => (field.as_str(), None),
        };
        match (name, &value) {
            ("type", Some(kind)) if fields.kind.is_none() && !kind.contains('=') => fields.kind = value,
            ("source" | "src", _) => fields.source = Some(value),
            _ => fields.rest.push((name.to_owned(), value)),
        }
    }
    Some(fields)
}

fn csv(text: &str) -> Option<Vec<String>> {
    if text.contains(['\n', '\r']) {
        return None;
    }
    let mut fields = Vec::new();
    let mut rest = text;
    loop {
        let Some(quoted) = rest.strip_prefix('"') else {
            let (field, behind) = rest.split_once(',').map_or((rest, None), |(field, behind)| (field, Some(behind)));
            if field.contains('"') {
                return None;
            }
            fields.push(field.to_owned());
            match behind {
                Some(behind) => rest = behind,
                None => return Some(fields),
            }
            continue;
        };
        let mut field = String::new();
        let mut behind = quoted;
        loop {
            let (part, after) = behind.split_once('"')?;
            field.push_str(part);
            match after.strip_prefix('"') {
                Some(after) => {
                    field.push('"');
                    behind = after;
                }
                None => {
                    behind = after;
                    break;
                }
            }
        }
        fields.push(field);
        match behind.strip_prefix(',') {
            Some(next) => rest = next,
            None if behind.is_empty() => return Some(fields),
            None => return None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{csv, fields, rebased};

    #[test]
    fn paths_count_from_the_root() {
        assert_eq!(rebased("", "./x"), "./x");
        assert_eq!(rebased("apps/web/", "./x/y"), "./apps/web/x/y");
        assert_eq!(rebased("apps/web/", "../../../x"), "../x");
        assert_eq!(rebased("apps/", "/x"), "/x");
    }

    #[test]
    fn fields_are_separated_by_commas_that_are_not_quoted() {
        assert_eq!(csv("a,b=c,").unwrap(), ["a", "b=c", ""]);
        assert_eq!(csv("a,\"b,\"\"c\"").unwrap(), ["a", "b,\"c"]);
        for bad in ["a\"b", "\"a", "\"a\"b"] {
            assert!(csv(bad).is_none(), "{bad}");
        }
        let mount = fields("type=bind,src=/a,ro,dst=/b").unwrap();
        assert_eq!((mount.kind.as_deref(), mount.source), (Some("bind"), Some(Some("/a".to_owned()))));
    }
}
