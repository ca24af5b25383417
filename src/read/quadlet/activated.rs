//! Plain units of systemd that lie beside Quadlet's → the services that they start.

use std::collections::BTreeSet;
use std::path::{Path, is_separator};

use super::Tree;
use crate::source::Files;

/// The kinds of units that start others.
const KINDS: [&str; 5] = ["timer", "socket", "path", "target", "service"];
/// The keys by which they do.
const KEYS: [&str; 9] =
    ["Unit", "Service", "Wants", "Requires", "BindsTo", "Upholds", "OnFailure", "OnSuccess", "Requisite"];

/// The services, each without `.service`, and the files of Quadlet that are named instead.
///
/// A repository keeps such units beside those of Quadlet or in a folder of their own, so the whole tree is looked at,
/// and the folder above each unit's.
pub(super) fn activated(files: &dyn Files, tree: &Tree) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let mut roots = BTreeSet::from([tree.root.as_path()]);
    // Units of one folder stand together, so it is named once.
    let mut last = None;
    for unit in &tree.units {
        let path = unit.as_os_str().as_encoded_bytes();
        let folder = path.iter().rposition(|byte| is_separator(char::from(*byte))).and_then(|end| path.get(..end));
        if last.replace(folder) != Some(folder) {
            roots.insert(unit.parent().unwrap_or(Path::new("")));
        }
    }
    for (root, name) in roots.iter().flat_map(|root| files.names(root).into_iter().map(move |name| (root, name))) {
        let Some((stem, kind)) = name.to_str().and_then(|name| name.rsplit_once('.')) else { continue };
        let path = if KINDS.contains(&kind) { root.join(&name) } else { continue };
        if !files.is_file(&path) {
            continue;
        }
        if matches!(kind, "timer" | "socket" | "path") {
            found.insert(stem.to_owned());
        }
        let Ok(bytes) = files.read(&path) else { continue };
        for line in String::from_utf8_lossy(&bytes).lines() {
            let Some((key, value)) = line.split_once('=') else { continue };
            let starts = KEYS.contains(&key.trim()) || (key.starts_with("Exec") && value.contains("systemctl"));
            if starts {
                let words = value.split(|c: char| c.is_whitespace() || matches!(c, '"' | '\'' | ';'));
                let words = words.filter(|word| !word.is_empty());
                found.extend(words.map(|word| word.strip_suffix(".service").unwrap_or(word).to_owned()));
            }
        }
    }
    found
}
