//! QG005: variables that nothing gives a value, where a Compose file needs one.

use super::variables::{Unset, Variables};
use crate::diagnostic::{Diagnostic, Level, input};
use crate::maps::IndexMap;
use crate::source::Span;

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
    // What stands in for a value that has to be given need not have the form.
    found.retain(|finding| finding.rule.code != input::INVALID_VALUE.code || !is_in_required(unset, finding.span()));
    let is_open = |(name, places): &Open<'_>| {
        let empty = variables.get(name).is_none() || required(places).is_some();
        empty && !OF_SHELLS.contains(name)
    };
    let mut open: Vec<Open<'_>> = unset.iter().map(|(name, places)| (name.as_str(), places.as_slice())).collect();
    open.retain(|open| is_open(open) && !is_told(open.0, open.1, found));
    match env_file {
        Some(file) => found.extend(open.iter().filter_map(|open| lacking(file, open))),
        None => found.extend(waiting(&open)),
    }
}

/// What the file says of a variable that has to have a value.
fn required(places: &[Unset]) -> Option<&str> {
    places.iter().find_map(|unset| unset.required.as_deref())
}

fn is_in_required(unset: &IndexMap<String, Vec<Unset>>, at: Span) -> bool {
    let mut required = unset.values().flatten().filter(|unset| unset.required.is_some());
    required.any(|unset| unset.whole.start <= at.start && at.end <= unset.whole.end)
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
    let rank = |unset: &&Unset| if unset.required.is_some() { 0 } else { 1 + u8::from(!unset.vital) };
    let first = places.iter().min_by_key(rank)?;
    let what = if first.required.is_some() {
        "has no value, and docker-compose does not start without"
    } else {
        "has no value and counts as empty"
    };
    let message = format!("`{name}` {what}: {file} does not set it");
    let finding = Diagnostic::new(&input::UNSET_VARIABLE, first.span, message).here(word(first));
    let finding = places.iter().take(SHOWN).fold(finding, |finding, unset| finding.label(unset.span, "here, too"));
    Some(match &first.required {
        Some(says) => demanded(finding, name, says),
        None => explained(finding, name),
    })
}

/// Variables that nothing sets, where no file does that is there.
fn waiting(open: &[Open<'_>]) -> Option<Diagnostic> {
    // One that has to be given breaks nothing: nothing starts without it.
    let is_vital = |unset: &&Unset| unset.vital && unset.required.is_none();
    let vital = open.iter().filter(|(_, places)| places.iter().any(|unset| is_vital(&unset))).copied();
    let vital: Vec<Open<'_>> = vital.collect();
    let (shown, level) = if vital.is_empty() { (open, Level::Info) } else { (&vital[..], Level::Warning) };
    let (name, first) = shown.first()?;
    let mut places = shown.iter().filter_map(|(_, places)| places.iter().find(is_vital).or(places.first()));
    let names: Vec<String> = shown.iter().take(SHOWN).map(|(name, _)| format!("`{name}`")).collect();
    let more = shown.len().saturating_sub(SHOWN);
    let names = names.join(", ") + &if more > 0 { format!(" and {more} more") } else { String::new() };
    let one = shown.len() == 1;
    let (have, count) = if one { ("has", "counts") } else { ("have", "count") };
    let demands = shown.iter().filter(|(_, places)| required(places).is_some()).count();
    let what = if level == Level::Warning {
        format!(" and {count} as empty, in an image, a port, a volume or a network")
    } else if demands == shown.len() {
        ", and docker-compose does not start without".to_owned()
    } else if demands > 0 {
        format!(" and {count} as empty, or docker-compose does not start without")
    } else {
        format!(" and {count} as empty")
    };
    let message = format!("{names} {have} no value here{what}");
    let start = places.next()?;
    let finding = Diagnostic::new(&input::UNSET_VARIABLE, start.span, message).severity(level).here(word(start));
    let finding =
        places.take(SHOWN).fold(finding, |finding, unset| finding.label(unset.span, format!("{}, too", word(unset))));
    Some(match required(first) {
        Some(says) if demands == shown.len() => demanded(finding, name, says),
        _ => explained(finding, name),
    })
}

fn word(unset: &Unset) -> &'static str {
    if unset.required.is_some() { "has to be given" } else { "empty" }
}

/// Help on a variable that has to have a value.
fn demanded(finding: Diagnostic, name: &str, says: &str) -> Diagnostic {
    let says = if says.is_empty() { String::new() } else { format!(": {}", says.escape_debug()) };
    finding
        .help(format!(
            "What you see: docker-compose refuses the file, `required variable {name} is missing a value{says}`."
        ))
        .help(format!("What helps: `{name}=…` in `.env` beside the Compose file, or in the environment."))
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
