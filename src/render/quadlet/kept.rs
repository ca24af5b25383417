//! `--keep-variables`: what Compose fills in when it reads its file stays a variable, which systemd fills in when the unit
//! starts. Today's values stand in one file beside the units.

use std::collections::{BTreeMap, BTreeSet};

use super::Context;
use super::quote::unfit;
use super::unit::Unit;
use crate::maps::HashSet;
use crate::model::{Interpolated, Stack, VARIABLE, Version};
use crate::platform::generator::Habit;
use crate::platform::variables::is_for_programs;
use crate::render::File;
use crate::source::Span;
use crate::syntax::systemd_env;

/// Keys whose values reach Podman as they are, so that systemd may fill something in behind the generator.
const KEYS: [&str; 8] = ["Environment", "Exec", "HealthCmd", "HostName", "Image", "Label", "PublishPort", "WorkingDir"];

/// The texts of a stack that can keep their variables, by their places.
#[derive(Debug, Default)]
pub(super) struct Kept(BTreeMap<Span, Interpolated>);

impl Kept {
    pub fn new(stack: &Stack) -> Self {
        let mut values: BTreeMap<&str, HashSet<&str>> = BTreeMap::new();
        for (name, value) in stack.interpolated.values().flat_map(Interpolated::values) {
            values.entry(name).or_default().insert(value);
        }
        // Two defaults of one variable are two values, and the file has one for it.
        let can = |(name, value): (&str, &str)| {
            !is_for_programs(name)
                && values.get(name).is_some_and(|values| values.len() == 1)
                && systemd_env::line(name, value).is_some()
                && unfit(value).is_none()
        };
        let texts = stack.interpolated.iter().filter(|(_, text)| !text.variables.is_empty() && text.values().all(can));
        Kept(texts.map(|(span, text)| (*span, text.clone())).collect())
    }

    /// The value of a key with the variables of the text at a place, if that is what the value ends with.
    pub fn marked(&self, at: Span, key: &str, value: &str, release: Version) -> Option<String> {
        let text = self.0.get(&at)?;
        let before = value.strip_suffix(text.text.as_str())?;
        // What was put before a name is no part of another one.
        let name = text.text.find(['/', ':']).unwrap_or(text.text.len());
        let begins = text.variables.iter().any(|(range, _)| range.start < name);
        if key == "Image" && !before.is_empty() && begins {
            return None;
        }
        let is_read = match key {
            "PublishPort" => Habit::PortsChecked.of(release),
            // In a list, as JSON, a value would have to be quoted.
            "HealthCmd" => value.starts_with('['),
            _ => !KEYS.contains(&key),
        };
        let [open, close] = VARIABLE;
        (!is_read).then(|| format!("{before}{}", text.with(|name| format!("{open}{name}{close}"))))
    }
}

/// Where systemd looks for the file.
fn folder(context: &Context<'_>) -> String {
    let home = if context.platform.rootless { "~/.config" } else { "/etc" };
    format!("{home}/containers/systemd/{}", context.options.below)
}

/// Writes the file with the values of what is in the units, and names it there.
pub(super) fn values(context: &mut Context<'_>, units: &mut [(String, Unit)]) {
    let texts = &context.kept.0;
    let used: BTreeSet<Span> = units.iter().flat_map(|(_, unit)| unit.kept()).collect();
    let values: BTreeMap<&str, &str> =
        used.iter().filter_map(|span| texts.get(span)).flat_map(Interpolated::values).collect();
    // As it may be written in a line, and nothing else is: a dollar that is meant stands twice.
    let holds = |value: &str| {
        let bare = value.replace("$$", "");
        values.keys().any(|name| bare.contains(&format!("${{{name}}}")))
    };
    let file = context.own_env_file(&context.stack.name.value);
    let path = context.installed(&file);
    for (_, unit) in units.iter_mut().filter(|(_, unit)| unit.values().any(holds)) {
        unit.raw("Service", "EnvironmentFile", &path);
    }
    let resolved: BTreeSet<&str> = context
        .stack
        .interpolated
        .iter()
        .filter(|(span, _)| !used.contains(span))
        .flat_map(|(_, text)| text.values())
        .map(|(name, _)| name)
        .collect();
    if !resolved.is_empty() {
        let names: Vec<&str> = resolved.into_iter().collect();
        context.notes.push(format!(
            "Resolved where a unit's line cannot keep a variable, or where it has two defaults: {}. After a change render \
             again.",
            names.join(", ")
        ));
    }
    if values.is_empty() {
        return;
    }
    let text = values.iter().filter_map(|(name, value)| systemd_env::line(name, value)).collect();
    context.notes.push(format!(
        "{file} holds the values of the variables that systemd fills in, which looks for it in {}. Only its owner may read \
         it, and it is not for a repository. After a change there restart the services.",
        folder(context)
    ));
    context.files.push(File { name: file, text });
}
