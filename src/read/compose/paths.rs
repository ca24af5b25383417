//! Relative paths of a file that lies in another folder than the project.

use super::super::relative::joined;
use super::merge::matches;
use crate::syntax::yaml::{Kind, Node};

/// Where paths stand. `*` is any key, `[]` any item of a list.
const PATHS: &[&str] = &[
    "services.*.build",
    "services.*.build.context",
    "services.*.build.additional_contexts.*",
    "services.*.env_file",
    "services.*.env_file.[]",
    "services.*.env_file.[].path",
    "services.*.label_file",
    "services.*.label_file.[]",
    "services.*.extends.file",
    "services.*.develop.watch.[].path",
    "services.*.volumes.[]",
    "services.*.volumes.[].source",
    "configs.*.file",
    "secrets.*.file",
    "include.[]",
    "include.[].path",
    "include.[].path.[]",
    "include.[].project_directory",
    "include.[].env_file",
    "include.[].env_file.[]",
];

/// Puts a folder, which is itself relative to the project's, in front of every relative path of a tree.
pub(super) fn rebase(tree: &mut Node, folder: &str) {
    if !folder.is_empty() && folder != "." {
        walk(tree, folder, &mut Vec::new());
    }
}

fn walk(node: &mut Node, folder: &str, path: &mut Vec<String>) {
    let keys: Vec<&str> = path.iter().map(String::as_str).collect();
    let is_path = PATHS.iter().any(|pattern| matches(pattern, &keys));
    let is_volume = keys.get(2) == Some(&"volumes");
    // A volume of another type names no path of the project.
    if is_volume && keys.len() == 4 && node.get("type").is_some_and(|kind| kind.text() != Some("bind")) {
        return;
    }
    match &mut node.kind {
        Kind::Scalar { text, .. } if is_path => {
            let moved = match (is_volume, text.split_once(':')) {
                // The short form: what does not look like a path is a volume's name.
                (true, Some((source, rest))) if keys.len() == 4 => {
                    is_local(source).then(|| format!("{}:{rest}", joined(folder, source)))
                }
                (true, None) if keys.len() == 4 => None,
                _ => (!text.contains("://") && !text.starts_with("git@")).then(|| joined(folder, text)),
            };
            if let Some(moved) = moved.filter(|moved| moved != text) {
                *text = moved;
                node.interpolated = true;
            }
        }
        Kind::Sequence(items) if path.len() < 6 => {
            path.push("[]".to_owned());
            items.iter_mut().for_each(|item| walk(item, folder, path));
            path.pop();
        }
        Kind::Mapping(entries) if path.len() < 6 => {
            for entry in entries {
                path.push(entry.key.clone());
                walk(&mut entry.value, folder, path);
                path.pop();
            }
        }
        _ => {}
    }
}

/// Whether the source of a volume is a path relative to the project.
fn is_local(source: &str) -> bool {
    source.starts_with('.')
}
