//! QG005: variables that nothing gives a value, where a Compose file needs one.

use indexmap::IndexMap;

use super::variables::{Unset, Variables};
use crate::diagnostic::{Diagnostic, Level, input};

/// What every shell hands on to the programs that it starts.
const OF_SHELLS: [&str; 8] = ["HOME", "USER", "LOGNAME", "PWD", "PATH", "SHELL", "LANG", "TERM"];
/// How many names and places one finding shows.
const SHOWN: usize = 5;

/// A variable's name and its places.
type Open<'a> = (&'a str, &'a [Unset]);

/// Reports variables without a value: each by itself where a file with variables is there and lacks them, else all
/// that wait for such a file in one. What is out of form because of one is said in the same words.
pub(super) fn report(
    unset: &IndexMap<String, Vec<Unset>>,
    variables: &Variables,
    env_file: Option<&str>,
    found: &mut Vec<Diagnostic>,
) {
    let is_open = |name: &str| variables.get(name).is_none() && !OF_SHELLS.contains(&name);
    let mut open: Vec<Open<'_>> = unset.iter().map(|(name, places)| (name.as_str(), places.as_slice())).collect();
    open.retain(|(name, places)| is_open(name) && !is_told(name, places, found));
    // What cannot be read of it may set them.
    if found.iter().any(|finding| finding.rule.code == input::SYNTAX_ERROR.code) {
        return;
    }
    match env_file {
        Some(file) => found.extend(open.iter().filter_map(|open| lacking(file, open))),
        None => found.extend(waiting(&open)),
    }
}

/// Gives a value that is out of form its cause: the variable in it has no value.
fn is_told(name: &str, places: &[Unset], found: &mut [Diagnostic]) -> bool {
    let mut told = false;
    for finding in found.iter_mut().filter(|finding| finding.rule.code == input::INVALID_VALUE.code) {
        let at = finding.span();
        let within = |unset: &&Unset| unset.whole.start <= at.start && at.end <= unset.whole.end;
        if places.iter().any(|unset| within(&unset)) {
            finding.rule = &input::UNSET_VARIABLE;
            finding.message = format!("`{name}` has no value and counts as empty: {}", finding.message);
            *finding = explained(finding.clone(), name);
            told = true;
        }
    }
    told
}

/// A variable that a file with variables does not have.
fn lacking(file: &str, (name, places): &Open<'_>) -> Option<Diagnostic> {
    let first = places.iter().find(|unset| unset.vital).or(places.first())?;
    let message = format!("`{name}` has no value and counts as empty: {file} does not set it");
    let finding = Diagnostic::new(&input::UNSET_VARIABLE, first.span, message).here("empty");
    let finding = places.iter().take(SHOWN).fold(finding, |finding, unset| finding.label(unset.span, "here, too"));
    Some(explained(finding, name))
}

/// Variables that nothing sets, where no file does that is there.
fn waiting(open: &[Open<'_>]) -> Option<Diagnostic> {
    let vital = open.iter().filter(|(_, places)| places.iter().any(|unset| unset.vital)).copied();
    let vital: Vec<Open<'_>> = vital.collect();
    let (shown, level) = if vital.is_empty() { (open, Level::Info) } else { (&vital[..], Level::Warning) };
    let (name, _) = shown.first()?;
    let places = |(_, places): &Open<'_>| places.iter().find(|unset| unset.vital).or(places.first()).copied();
    let mut spans = shown.iter().filter_map(places).map(|unset| unset.span);
    let names: Vec<String> = shown.iter().take(SHOWN).map(|(name, _)| format!("`{name}`")).collect();
    let more = shown.len().saturating_sub(SHOWN);
    let names = names.join(", ") + &if more > 0 { format!(" and {more} more") } else { String::new() };
    let (have, count) = if shown.len() == 1 { ("has", "counts") } else { ("have", "count") };
    let what = if level == Level::Warning { ", in an image, a port, a volume or a network" } else { "" };
    let message = format!("{names} {have} no value here and {count} as empty{what}");
    let finding = Diagnostic::new(&input::UNSET_VARIABLE, spans.next()?, message).severity(level).here("empty");
    let finding = spans.take(SHOWN).fold(finding, |finding, span| finding.label(span, "empty, too"));
    Some(explained(finding, name))
}

fn explained(finding: Diagnostic, name: &str) -> Diagnostic {
    finding
        .help(format!(
            "What you see: a warning, `The \"{name}\" variable is not set. Defaulting to a blank string.`, and whatever an \
             empty text does there."
        ))
        .help(format!(
            "What helps: `{name}=…` in `.env` beside the Compose file, or a default in the file, `${{{name}:-…}}`; \
             `${{{name}:?}}` ends with an error instead."
        ))
}
