//! Plain units of systemd that lie beside Quadlet's → the services that they start.

use std::collections::BTreeSet;

use super::Tree;
use crate::source::Files;

/// The kinds of units that start others.
const KINDS: [&str; 5] = ["timer", "socket", "path", "target", "service"];
/// The keys by which they do.
const KEYS: [&str; 9] =
    ["Unit", "Service", "Wants", "Requires", "BindsTo", "Upholds", "OnFailure", "OnSuccess", "Requisite"];

/// Whether a file has the name of a plain unit of systemd that may start others.
pub fn is_systemd_unit(name: &str) -> bool {
    name.rsplit_once('.').is_some_and(|(_, kind)| KINDS.contains(&kind))
}

/// The services, each without `.service`, and the files of Quadlet that are named instead.
pub(super) fn activated(files: &dyn Files, tree: &Tree) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    // One that is masked is a link to /dev/null, and starts nothing.
    for path in tree.plain.iter().filter(|path| files.is_file(path)) {
        let name = path.file_name().and_then(|name| name.to_str());
        let Some((stem, kind)) = name.and_then(|name| name.rsplit_once('.')) else { continue };
        if matches!(kind, "timer" | "socket" | "path") {
            found.insert(stem.to_owned());
        }
        let Ok(bytes) = files.read(path) else { continue };
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
