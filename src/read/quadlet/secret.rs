//! Where secrets stand in units and env files, so that no report shows them.

use memchr::memchr3;

use super::Parsed;
use super::env_file::variables;
use super::load::{Loaded, dialect};
use crate::maps::HashSet;
use crate::model::Version;
use crate::source::{SourceMap, Span, has_secret_word, is_secret_name};
use crate::syntax::unit::{Entry, Escapes, parse, split};

/// Keys with such a name whose values are names or paths.
const NAMES: [&str; 3] = ["Secret", "PassEnvironment", "UnsetEnvironment"];

pub(super) fn secrets(parsed: &Parsed, sources: &SourceMap, loaded: &Loaded, release: Version) -> Vec<Span> {
    let mut found = Vec::new();
    for unit in &loaded.units {
        // `of_entry` hides what a secret word names. Without quotes and backslashes such a word stands in the file.
        let text = sources.text(unit.span);
        let unquoted = unit.unquoted || memchr3(b'\\', b'"', b'\'', text.as_bytes()).is_none();
        let plain = unquoted && !has_secret_word(text);
        let entries = unit.entries.iter().filter(|entry| !(plain && unit.span.holds(entry.key_span)));
        entries.for_each(|entry| of_entry(entry, &mut found));
    }
    // Files that do not count in this release are shown in findings, too.
    let counted: HashSet<u32> = loaded.units.iter().map(|unit| unit.span.start).collect();
    let others = parsed.units.iter().filter(|source| !counted.contains(&sources.file(source.file).span().start));
    for source in others.chain(&parsed.drop_ins) {
        let tree = parse(sources.file(source.file), dialect(release));
        tree.entries.iter().for_each(|entry| of_entry(entry, &mut found));
    }
    for file in parsed.env_files.values() {
        let variables = variables(sources.file(*file));
        let secret = variables.iter().filter(|(name, value)| is_secret_name(name) && value.value.is_some());
        found.extend(secret.map(|(_, value)| value.span()));
    }
    found.sort_unstable();
    found.dedup();
    found
}

fn of_entry(entry: &Entry, found: &mut Vec<Span>) {
    if is_secret_name(&entry.key) && !NAMES.contains(&entry.key.as_str()) {
        found.push(entry.value.span);
        return;
    }
    let text = entry.value.text.as_str();
    let is_quote = |byte: &u8| matches!(byte, b'\\' | b'"' | b'\'');
    // What is hidden stands behind `=` or an option.
    if !text.as_bytes().iter().any(|byte| matches!(byte, b'=' | b'-') || is_quote(byte)) {
        return;
    }
    // Without quotes, every word stands in the text as it is.
    if !text.as_bytes().iter().any(is_quote) && !has_secret_word(text) {
        return;
    }
    let Ok(words) = split(&entry.value, Escapes::Apply) else {
        // What cannot be taken apart is hidden as a whole where it may hold one.
        if entry.value.text.split_whitespace().any(is_secret_name) && entry.value.text.contains('=') {
            found.push(entry.value.span);
        }
        return;
    };
    let mut after_option = false;
    for word in words {
        if std::mem::take(&mut after_option) && !word.text.starts_with("--") {
            found.push(word.span);
            continue;
        }
        match word.text.split_once('=') {
            // `type=env,target=DB_PASSWORD` names a variable, and `--secret=name` a secret.
            Some((name, value)) if is_secret_name(name) && name != "--secret" && !value.is_empty() => {
                found.push(word.part(name.len() + 1, word.text.len()));
            }
            Some(("--env" | "--label" | "--annotation", pair)) => {
                if let Some((name, _)) = pair.split_once('=').filter(|(name, _)| is_secret_name(name)) {
                    let from = word.text.len() - pair.len() + name.len() + 1;
                    found.push(word.part(from, word.text.len()));
                }
            }
            None => after_option = word.text.starts_with("--") && is_secret_name(&word.text) && word.text != "--secret",
            Some(_) => {}
        }
    }
}
