//! Arguments in `PodmanArgs=` for which the release has a key.

use super::key::{OTHER_MEANING, has_meaning_in_keys};
use super::load::Loaded;
use super::unit::Unit;
use super::values::{meaning, quoted};
use crate::diagnostic::{Change, Diagnostic, units};
use crate::maps::HashSet;
use crate::model::UnitKind;
use crate::platform::keys::{self, Repeat};
use crate::source::Span;
use crate::syntax::unit::{Entry, Escapes, split};

/// Keys that exclude each other or are put together to one argument.
const MAPPINGS: [&str; 9] =
    ["UserNS", "UIDMap", "GIDMap", "SubUIDMap", "SubGIDMap", "RemapUsers", "RemapUid", "RemapGid", "RemapUidSize"];

/// An argument with the key that does the same.
struct Argument {
    flag: String,
    key: String,
    repeat: Repeat,
    value: String,
    span: Span,
}

pub(super) fn check(loaded: &Loaded) -> Vec<Diagnostic> {
    let mut seen = HashSet::default();
    let mut found = Vec::new();
    for unit in loaded.units.iter().filter(|unit| unit.keys.may_hold("PodmanArgs")) {
        let lines = unit.entries.iter().filter(|entry| entry.section == unit.own() && entry.key == "PodmanArgs");
        // A drop-in may belong to several units.
        for entry in lines.filter(|entry| seen.insert(entry.value.span)) {
            found.extend(of_line(unit, entry));
        }
    }
    found
}

fn of_line(unit: &Unit, entry: &Entry) -> Option<Diagnostic> {
    let (arguments, rest) = arguments(unit, entry)?;
    let (first, more) = arguments.split_first()?;
    let message =
        format!("`PodmanArgs=` of {} gives `{}`, and there is a key for it: `{}=`", unit.file, first.flag, first.key);
    let label = |argument: &Argument| format!("`{}=`", argument.key);
    let mut finding = Diagnostic::new(&units::ARGUMENT_WITH_A_KEY, first.span, message).here(label(first));
    for argument in more {
        finding = finding.label(argument.span, label(argument));
    }
    let mut lines: Vec<String> = arguments.iter().filter_map(|argument| line(unit, argument)).collect();
    let whole = lines.len() == arguments.len();
    let keys: Vec<String> = lines.iter().map(|line| format!("`{line}`")).collect();
    finding = finding.help("Why: what stands in `PodmanArgs=` is looked at by nobody before the container starts.");
    if !whole {
        return Some(finding.help(format!("What helps: `{}=`.", first.key)));
    }
    finding = finding.help(format!("What helps: {}.", keys.join(", ")));
    let single = |key: &str| arguments.iter().filter(|argument| argument.key == key).count() == 1;
    let kept = |argument: &Argument| is_same(unit, argument, single(&argument.key));
    if arguments.iter().all(kept) {
        if !rest.is_empty() {
            lines.push(format!("PodmanArgs={}", rest.join(" ")));
        }
        let change = Change::Replace { span: entry.key_span.to(entry.value.span), text: lines.join("\n") };
        finding = finding.fix("write it as a key", true, vec![change]);
    }
    Some(finding)
}

/// The arguments of a line that the release has keys for, and the words of the others.
fn arguments(unit: &Unit, entry: &Entry) -> Option<(Vec<Argument>, Vec<String>)> {
    let mut words = split(&entry.value, Escapes::Apply).ok()?.into_iter();
    let (mut found, mut rest) = (Vec::new(), Vec::new());
    while let Some(word) = words.next() {
        let (flag, value) = match word.text.split_once('=') {
            Some((flag, value)) if flag.starts_with("--") => (flag, Some(value.to_owned())),
            _ => (&*word.text, None),
        };
        let meant = meaning(unit.own(), flag);
        // A switch without a value is one.
        let apart = value.is_none() && meant.as_ref().is_some_and(|(_, switch)| !switch);
        let value = if apart {
            words.next().map(|next| (next.text.into_owned(), word.span.to(next.span)))
        } else {
            value.map(|value| (value, word.span))
        };
        let known = meant.and_then(|(key, _)| {
            let known = keys::find(unit.own(), &key)?;
            let usable = known.since() <= unit.release && !known.is_deprecated();
            (usable && !OTHER_MEANING.contains(&key.as_str())).then_some((key, known.repeat))
        });
        let (text, span) = match (&value, apart) {
            (Some((value, span)), _) => (value.clone(), *span),
            (None, false) => ("true".to_owned(), word.span),
            // Its value is missing.
            (None, true) => (String::new(), word.span),
        };
        match known {
            Some((key, repeat)) if !text.is_empty() => {
                found.push(Argument { flag: flag.to_owned(), key, repeat, value: text, span });
            }
            _ => {
                rest.push(quoted(&word.text));
                rest.extend(value.filter(|_| apart).map(|(value, _)| quoted(&value)));
            }
        }
    }
    Some((found, rest))
}

/// The line that says the same; nothing where a value cannot be written for its key.
fn line(unit: &Unit, argument: &Argument) -> Option<String> {
    let Argument { key, value, .. } = argument;
    let awkward = value.trim() != value
        || value.contains(['\n', '\\'])
        || value.starts_with(['"', '\'', '['])
        || value.ends_with(['"', '\'']);
    let text = match argument.repeat {
        Repeat::Bool => match value.as_str() {
            "true" | "1" | "t" | "T" | "TRUE" | "True" => "true".to_owned(),
            "false" | "0" | "f" | "F" | "FALSE" | "False" => "false".to_owned(),
            _ => return None,
        },
        Repeat::Last | Repeat::Uint | Repeat::Lines if !awkward => value.clone(),
        Repeat::Last | Repeat::Uint | Repeat::Lines => return None,
        Repeat::Words if value.contains(['"', '\'', '\\']) => return None,
        Repeat::Words | Repeat::Args | Repeat::LastArgs => quoted(value),
        // One without a value is taken from the host, which only new releases do.
        Repeat::Keyval if !value.contains('=') => return None,
        Repeat::Keyval => quoted(value),
    };
    (!has_meaning_in_keys(key, value) && unit.kind != UnitKind::Kube).then(|| format!("{key}={text}"))
}

/// Whether the key in place of the argument changes nothing for certain, beside what the unit says.
fn is_same(unit: &Unit, argument: &Argument, single: bool) -> bool {
    let own = unit.own();
    let said = |key: &str| unit.entries.iter().any(|entry| entry.section == own && entry.key == key);
    let key = argument.key.as_str();
    match argument.repeat {
        _ if MAPPINGS.contains(&key) => !MAPPINGS.iter().any(|key| said(key)),
        // Aliases of one network and aliases of all are not mixed.
        _ if key == "NetworkAlias" || key == "Network" => {
            !unit.lines(own, "Network").iter().any(|line| line.text.contains("alias="))
                && !argument.value.contains("alias=")
        }
        // Before 4.8 the part behind the colon was lost.
        _ if key == "User" => !said(key) && !argument.value.contains(':'),
        Repeat::Last | Repeat::Bool | Repeat::Uint | Repeat::LastArgs => !said(key) && single,
        Repeat::Keyval => {
            let name = argument.value.split('=').next().unwrap_or("");
            !unit.words(own, key, Escapes::Apply).iter().any(|word| word.text.split('=').next() == Some(name))
        }
        Repeat::Words | Repeat::Args | Repeat::Lines => true,
    }
}
