//! Paths in the lines of units that are meant from the unit's folder.

use crate::model::{INSTALLED, MAKES_FILE, MAKES_FOLDER};

/// Keys that hold a path of the host, or several, and where a bare name is one, too.
const PATHS: [&str; 6] = ["EnvironmentFile", "Yaml", "ConfigMap", "File", "IgnoreFile", "SetWorkingDirectory"];

/// Changes each relative path in a line of a unit.
pub(in crate::render) fn each_path(section: &str, key: &str, value: &mut String, change: &mut dyn FnMut(&mut String)) {
    // The steps that make a folder or a file go with it.
    let step = [MAKES_FOLDER, MAKES_FILE].into_iter().find(|step| value.starts_with(step));
    if let Some(step) = step.filter(|_| section == "Service" && key == "ExecStartPre") {
        let rest = value.get(step.len()..).unwrap_or("");
        if let Some(path) = rest.strip_prefix(INSTALLED).filter(|path| !path.contains(['"', '\'', '%', ' '])) {
            let mut path = format!("./{path}");
            change(&mut path);
            let path = path.strip_prefix("./").map_or_else(|| path.clone(), |path| format!("{INSTALLED}{path}"));
            *value = format!("{step}{path}");
        }
        return;
    }
    let own = ["Container", "Pod", "Kube", "Build", "Volume"];
    if !own.contains(&section) {
        return;
    }
    let is_dotted = |path: &str| path.starts_with("./") || path.starts_with("../") || path == "." || path == "..";
    match key {
        "Volume" => {
            let (source, rest) = value.split_once(':').unwrap_or((value, ""));
            if is_dotted(source) && !rest.is_empty() {
                let mut path = source.to_owned();
                change(&mut path);
                *value = format!("{path}:{rest}");
            }
        }
        "Mount" => {
            let field = |field: &str| {
                let Some((name @ ("source" | "src"), path)) = field.split_once('=') else { return field.to_owned() };
                let mut path = path.to_owned();
                if is_dotted(&path) {
                    change(&mut path);
                }
                format!("{name}={path}")
            };
            *value = value.split(',').map(field).collect::<Vec<_>>().join(",");
        }
        // Words that say from where, not what.
        "SetWorkingDirectory" if ["unit", "file", "yaml"].iter().any(|word| value.eq_ignore_ascii_case(word)) => {}
        key if PATHS.contains(&key) => {
            let relative = is_dotted(value) || (key != "SetWorkingDirectory" && is_bare(value));
            if relative && !value.contains(['"', '\'', ' ']) {
                change(value);
            }
        }
        _ => {}
    }
}

/// A path that begins with a name.
fn is_bare(path: &str) -> bool {
    path.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '.') && !path.contains("://")
}
