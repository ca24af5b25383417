//! Quotes, escapes and comments that make another value of a line than it looks like.

use super::load::Loaded;
use super::unit::Unit;
use crate::diagnostic::{Change, Diagnostic, Level, units};
use crate::maps::HashSet;
use crate::model::UnitKind;
use crate::platform::keys::{self, Repeat};
use crate::platform::{self, generator::Habit};
use crate::source::Span;
use crate::syntax::unit::{Entry, Escapes, Fault, faults};

/// How much of a comment a message shows.
const SHOWN: usize = 32;

/// What is found, and the value that it is about: nothing else has to be said of that.
pub(super) struct Found {
    pub finding: Diagnostic,
    pub value: Span,
}

/// Every value that is not what it looks like, once each: a drop-in may belong to several units.
pub(super) fn check(loaded: &Loaded) -> Vec<Found> {
    let mut seen = HashSet::default();
    let units = loaded.units.iter().filter(|unit| !unit.unquoted);
    let entries = units.flat_map(|unit| unit.entries.iter().map(move |entry| (unit, entry)));
    let found = entries.filter(|(unit, entry)| {
        let span = entry.value.span;
        unit.span.holds(span) || seen.insert(span)
    });
    let found = found.filter_map(|(unit, entry)| {
        let finding = of_entry(unit, entry)?;
        Some(Found { finding, value: entry.value.span })
    });
    found.collect()
}

fn of_entry(unit: &Unit, entry: &Entry) -> Option<Diagnostic> {
    // Nothing else makes another value of a line.
    if !entry.value.text.as_bytes().iter().any(|byte| matches!(byte, b'"' | b'\'' | b'\\' | b'#')) {
        return None;
    }
    let repeat = if entry.section == unit.own() || entry.section == "Quadlet" {
        let known = keys::find(&entry.section, &entry.key)?;
        if known.since() > unit.release {
            return None;
        }
        Some(known.repeat)
    } else if matches!(&*entry.section, "Unit" | "Service" | "Install") {
        None
    } else {
        return None;
    };
    if let Some(from) = comment(entry, repeat) {
        return Some(with_comment(unit, entry, from, repeat));
    }
    match repeat? {
        Repeat::Words => words(unit, entry, Escapes::Keep),
        Repeat::Args | Repeat::Keyval | Repeat::LastArgs => words(unit, entry, Escapes::Apply),
        Repeat::Last | Repeat::Bool | Repeat::Uint => single(unit, entry),
        Repeat::Lines => wrapped(unit, entry, &['"', '\'']),
    }
}

fn new(entry: &Entry, span: Span, message: String) -> Diagnostic {
    let whole = entry.key_span.to(entry.value.span);
    let finding = Diagnostic::new(&units::BROKEN_QUOTING, if span == entry.value.span { whole } else { span }, message);
    // A place in the value says little without its key, where that stands on another line.
    if span == entry.value.span || is_one_line(entry) {
        finding
    } else {
        finding.label(entry.key_span, "in this value")
    }
}

/// Whether parts of the value stand in the file as they are.
fn is_one_line(entry: &Entry) -> bool {
    (entry.value.span.end - entry.value.span.start) as usize == entry.value.text.len()
}

/// Whether a shell in the container reads the value.
fn is_for_a_shell(entry: &Entry) -> bool {
    matches!(entry.key.as_str(), "HealthCmd" | "HealthStartupCmd") && !entry.value.text.starts_with('[')
}

/// Where what is meant for a comment begins, with the blank in front of it.
fn comment(entry: &Entry, repeat: Option<Repeat>) -> Option<usize> {
    if !entry.value.text.contains('#') {
        return None;
    }
    // A description may hold anything, and a shell knows comments.
    if matches!(entry.key.as_str(), "Description" | "Documentation") || is_for_a_shell(entry) {
        return None;
    }
    let text = entry.value.text.as_str();
    // Where a value is made of words, one may begin with the sign.
    let words = match repeat {
        Some(repeat) => matches!(repeat, Repeat::Args | Repeat::Keyval | Repeat::LastArgs),
        None => entry.key.starts_with("Exec") || entry.key == "Environment",
    };
    let (mut quote, mut blank) = (None, false);
    let mut characters = text.char_indices();
    while let Some((at, c)) = characters.next() {
        match quote {
            // A quotation mark behind it ends nothing.
            Some('"') if c == '\\' => {
                characters.next();
            }
            Some(open) if c == open => quote = None,
            None if matches!(c, '"' | '\'') && repeat != Some(Repeat::Lines) => quote = Some(c),
            None if c == '#' && blank => {
                let rest = text.get(at + 1..).unwrap_or("");
                if !words || rest.is_empty() || rest.starts_with([' ', '\t']) || is_remark(rest) {
                    return Some(text.get(..at)?.trim_end().len());
                }
            }
            _ => {}
        }
        blank = quote.is_none() && c.is_whitespace();
    }
    None
}

/// Whether a text behind the sign of a comment is one also without a blank: a sentence, or words for quadgen.
fn is_remark(rest: &str) -> bool {
    let words: Vec<&str> = rest.split_whitespace().collect();
    let plain = |word: &&str| word.chars().all(|c| c.is_alphabetic() || ",.;:!?'()".contains(c));
    rest.starts_with("quadgen:") || (words.len() >= 3 && words.iter().all(plain))
}

/// Whether a word of a comment is a value that systemd can use.
fn counts(key: &str, word: &str) -> bool {
    match key {
        "Environment" => word.contains('='),
        "PassEnvironment" | "UnsetEnvironment" => false,
        _ if key.ends_with("Status") => word.starts_with(|c: char| c.is_ascii_digit() || c.is_ascii_uppercase()),
        _ => word.starts_with('/') || word.trim_end_matches(['.', ',', ':', ')']).contains('.'),
    }
}

fn with_comment(unit: &Unit, entry: &Entry, from: usize, repeat: Option<Repeat>) -> Diagnostic {
    let systemd = repeat.is_none();
    let text = entry.value.text.as_str();
    let written = text.get(from..).unwrap_or("").trim();
    let mut shown: String = written.chars().take(SHOWN).collect();
    if shown.len() < written.len() {
        shown.push('…');
    }
    let at = text.len() - text.get(from..).unwrap_or("").trim_start().len();
    let (key, file) = (&entry.key, &unit.file);
    // Quadlet throws words away that should be `NAME=VALUE` and are none.
    let harmless = repeat == Some(Repeat::Keyval) && !written.contains(['=', '"', '\'', '\\']);
    // systemd passes over them one by one.
    let passed_over = systemd
        && platform::systemd::is_by_word(&entry.section, key)
        && !written.split_whitespace().any(|word| counts(key, word));
    let message = if passed_over {
        format!(
            "`{key}=` of {file} ends in a comment, whose words count as further values, and are passed over: `{shown}`"
        )
    } else if harmless {
        format!("`{key}=` of {file} ends in a comment, whose words count as further values, and are none: `{shown}`")
    } else {
        format!("`{key}=` of {file} ends in a comment, which is part of the value: `{shown}`")
    };
    let mut finding = new(entry, entry.value.part(at, text.len()), message).here("not a comment").help(format!(
        "Why: {} has comments only where a line begins with one.",
        if systemd { "systemd" } else { "Podman" }
    ));
    if harmless || passed_over {
        finding = finding.severity(Level::Warning);
    }
    finding = finding.help(if passed_over && entry.section == "Install" {
        "What you see: nothing; the target in front of the comment counts.".to_owned()
    } else if passed_over {
        let said = match key.as_str() {
            "Environment" => "Invalid environment assignment, ignoring: #",
            "PassEnvironment" => "Invalid environment name for PassEnvironment, ignoring: #",
            _ if entry.section == "Unit" && !key.ends_with("MountsFor") => "Failed to add dependency on #, ignoring",
            _ => "ignoring: #",
        };
        format!("What you see: `{said}` in the journal, for each word; what stands in front of the comment counts.")
    } else if harmless {
        "What you see: nothing, until a word of the comment has a `=`: then it is one more value.".to_owned()
    } else if systemd {
        format!("What you see: the journal says that `{key}=` cannot be read, or the words become arguments.")
    } else if unit.kind == UnitKind::Network && matches!(key.as_str(), "Subnet" | "Gateway" | "IPRange") {
        format!(
            "What you see: `{}.service` fails, so the network is not made, and everything on it stays down.",
            unit.service
        )
    } else {
        format!("What you see: the words stand in `ExecStart=` of `systemctl cat {}`.", unit.service)
    });
    finding = finding.help("What helps: the comment on a line of its own, above.");
    if is_one_line(entry) {
        let line = entry.key_span.start;
        let changes = vec![
            Change::Replace { span: Span::new(line, line), text: format!("{written}\n") },
            Change::Replace { span: entry.value.part(from, text.len()), text: String::new() },
        ];
        finding = finding.fix("write the comment above the line", true, changes);
    }
    finding
}

/// A value that is split into words.
fn words(unit: &Unit, entry: &Entry, escapes: Escapes) -> Option<Diagnostic> {
    let faults = faults(&entry.value, escapes);
    let (key, file) = (&entry.key, &unit.file);
    let bad: Vec<Span> =
        faults.iter().filter_map(|fault| if let Fault::Escape(span) = fault { Some(*span) } else { None }).collect();
    if let Some((first, more)) = bad.split_first() {
        let message = format!("`{key}=` of {file} holds an escape that there is not: Podman drops the whole line");
        let mut finding = new(entry, *first, message).here("no escape");
        for span in more {
            finding = finding.label(*span, "no escape");
        }
        let double = |span: &Span| {
            let backslash = Span::new(span.start, span.start + 1);
            Change::Replace { span: backslash, text: "\\\\".to_owned() }
        };
        return Some(
            finding
                .help("Why: a backslash in this value begins an escape as in C (`\\n`, `\\t`, `\\x20`, …).")
                .help(format!("What you see: `{key}=` has no effect, and old releases do not say a word."))
                .help("What helps: `\\\\` for a backslash.")
                .fix("double the backslash", true, bad.iter().map(double).collect()),
        );
    }
    match faults.first()? {
        Fault::Open(span) if escapes == Escapes::Keep => {
            let message = format!("`{key}=` of {file} holds a quote that is not closed: Podman drops the whole line");
            let finding = new(entry, *span, message).here("not closed");
            let finding =
                finding.help(format!("What you see: `{key}=` has no effect, and old releases do not say a word."));
            Some(finding.help("What helps: close it, or take it away."))
        }
        Fault::Open(span) => {
            let message =
                format!("`{key}=` of {file} holds a quote that is not closed: everything behind it is one word");
            let finding = new(entry, *span, message).here("not closed");
            let finding = finding.help(format!(
                "What you see: the quote is gone from `ExecStart=` of `systemctl cat {}`.",
                unit.service
            ));
            Some(finding.help("What helps: close it, or write `\\'` or `\\\"` where the sign itself is meant."))
        }
        Fault::Empty(span) if *span != entry.value.span => {
            let message =
                format!("`{key}=` of {file} ends at an empty pair of quotes: Podman drops them and what follows");
            let finding = new(entry, *span, message).here("the value ends here");
            let finding = finding.help("Why: the generator takes an empty word for the end of the line.");
            let finding = finding.help(format!(
                "What you see: the rest is missing in `ExecStart=` of `systemctl cat {}`.",
                unit.service
            ));
            Some(finding.help("What helps: say it without an empty word, such as `--option=`."))
        }
        Fault::Empty(_) | Fault::Escape(_) => None,
    }
}

/// A value that is taken as a whole, but for quotation marks around it, which differ by release.
fn single(unit: &Unit, entry: &Entry) -> Option<Diagnostic> {
    let whole = entry.value.text.trim_end();
    let inner = |sign: char| whole.strip_prefix(sign).and_then(|rest| rest.strip_suffix(sign));
    let pair = inner('"').is_some_and(|inner| !inner.contains('"'));
    let trimmed = Habit::TrimmedQuotes.of(unit.release);
    let bare = if trimmed { whole.trim_matches('"') } else { inner('"').unwrap_or(whole) };
    let (trims, pairs) = (trimmed, Habit::PairedQuotes.of(unit.release));
    if !trims && !pairs {
        return wrapped(unit, entry, &['"', '\'']);
    }
    if pair || bare == whole {
        return wrapped(unit, entry, &['\'']);
    }
    let (key, file, release) = (&entry.key, &unit.file, unit.release);
    let which = if trims { "every quotation mark at its ends" } else { "the quotation marks around it" };
    let message = format!("`{key}=` of {file} loses quotation marks that are part of it");
    let lost = if whole.ends_with('"') && !bare.ends_with('"') { "the last mark goes" } else { "the first mark goes" };
    let mut finding = new(entry, entry.value.span, message)
        .here(lost)
        .help(format!("Why: Podman {release} takes {which} away from a value."))
        .help(if is_for_a_shell(entry) {
            "What you see: the health check fails with `Unterminated quoted string` or the like.".to_owned()
        } else {
            format!("What you see: the value without them in `ExecStart=` of `systemctl cat {}`.", unit.service)
        });
    finding = finding.help("What helps: `'…'` at the ends in place of `\"…\"`.");
    let changes = is_for_a_shell(entry).then(|| other_quotes(entry, whole, trims)).flatten();
    if let Some(changes) = changes {
        finding = finding.fix("write single quotes", true, changes);
    }
    Some(finding)
}

/// Single quotes for what stands in double ones at the ends of a shell's command, where they say the same.
fn other_quotes(entry: &Entry, whole: &str, both: bool) -> Option<Vec<Change>> {
    let plain = |text: &str| !text.contains(['$', '`', '\\', '\'', '"', '!']);
    let marks: Vec<usize> = whole.match_indices('"').map(|(at, _)| at).collect();
    if !is_one_line(entry) || !marks.len().is_multiple_of(2) {
        return None;
    }
    let (first, last) = (marks.first_chunk::<2>()?, marks.last_chunk::<2>()?);
    let mut ends = Vec::new();
    if last[1] + 1 == whole.len() {
        ends.push(last);
    }
    // A lone mark at the beginning goes only where all do.
    if first[0] == 0 && (both || ends.is_empty()) && first != last {
        ends.push(first);
    }
    let changes = ends.iter().map(|[from, to]| {
        plain(whole.get(from + 1..*to)?).then(|| {
            [*from, *to].map(|at| Change::Replace { span: entry.value.part(at, at + 1), text: "'".to_owned() })
        })
    });
    Some(changes.collect::<Option<Vec<_>>>()?.into_iter().flatten().collect())
}

/// A value that is taken with the quotation marks around it.
fn wrapped(unit: &Unit, entry: &Entry, signs: &[char]) -> Option<Diagnostic> {
    let whole = entry.value.text.trim_end();
    let sign = *signs.iter().find(|sign| whole.len() > 2 && whole.starts_with(**sign) && whole.ends_with(**sign))?;
    let inner = whole.get(1..whole.len() - 1)?;
    if inner.contains(sign) || (is_for_a_shell(entry) && !inner.contains(char::is_whitespace)) {
        return None;
    }
    let (key, file) = (&entry.key, &unit.file);
    let message = format!("`{key}=` of {file} stands in quotation marks, which are part of the value");
    let finding = new(entry, entry.value.span, message)
        .help(format!("Why: Podman {} does not take `{sign}` away from `{key}=`.", unit.release))
        .help("What you see: Podman refuses the value when the service starts, or uses it with the marks.")
        .help("What helps: the value without them; blanks need no quotes here.");
    let end = whole.len();
    let changes = [(0, 1), (end - 1, end)]
        .map(|(from, to)| Change::Replace { span: entry.value.part(from, to), text: String::new() });
    Some(finding.fix("take the quotation marks away", true, changes.to_vec()))
}
