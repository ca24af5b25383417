//! The steps for a Compose file.

use super::Next;
use crate::model::Format;
use crate::platform::{Platform, parse_spec};
use crate::render::Change;

/// Takes down what a removed Compose file brought up. Its project goes by its name, since the file is gone.
pub(super) fn gone(changes: &[&Change], tool: &str, next: &mut Next) {
    for old in changes.iter().filter(|change| change.new.is_none()).filter_map(|change| change.old.as_deref()) {
        let name = old.lines().find_map(|line| line.strip_prefix("name: "));
        let project = name.map_or_else(String::new, |name| format!(" -p {name}"));
        next.steps.push(format!("{tool}{project} down"));
    }
}

/// The platform of a name, as a Compose file states it under `x-quadgen`.
pub(super) fn platform(text: &str, name: &str) -> Option<Platform> {
    let lines = text.lines().skip_while(|line| *line != "x-quadgen:").skip_while(|line| *line != "  platforms:");
    let words = lines.skip(1).take_while(|line| line.starts_with("    ")).find_map(|line| {
        let (key, words) = line.trim().split_once(": ")?;
        (key == name).then(|| words.trim_matches(['"', '\'']))
    })?;
    Some(Platform::resolve(name, parse_spec(words).ok()?, Format::Topology))
}

/// Brings the project to what the file says now.
pub(super) fn steps(changes: &[&Change], tool: &str, next: &mut Next) {
    let mut orphans = "";
    for change in changes {
        let (Some(old), Some(new)) = (&change.old, &change.new) else { continue };
        let (before, after) = (section(old, "networks"), section(new, "networks"));
        // A network that is not used any more is as good as none.
        if before.iter().any(|(name, text)| after.iter().any(|(other, now)| name == other && text != now)) {
            next.steps.push(format!("{tool} down    # a network that exists is never changed"));
        }
        let after = section(new, "services");
        if section(old, "services").iter().any(|(name, _)| after.iter().all(|(other, _)| name != other)) {
            orphans = " --remove-orphans";
        }
    }
    next.steps.push(format!("{tool} up -d{orphans}"));
}

/// The entries of a top-level mapping as quadgen writes it: two blanks, a name, and the lines below it.
fn section<'t>(text: &'t str, name: &str) -> Vec<(&'t str, String)> {
    let mut entries: Vec<(&str, String)> = Vec::new();
    let head = format!("{name}:");
    let lines = text.lines().skip_while(|line| **line != *head).skip(1);
    for line in lines.take_while(|line| line.starts_with(' ') || line.is_empty()) {
        match (line.strip_prefix("  ").filter(|rest| !rest.starts_with(' ')), entries.last_mut()) {
            (Some(entry), _) => {
                let (name, rest) = entry.split_once(':').unwrap_or((entry, ""));
                entries.push((name, rest.to_owned()));
            }
            (None, Some((_, text))) => *text += line,
            (None, None) => {}
        }
    }
    entries
}
