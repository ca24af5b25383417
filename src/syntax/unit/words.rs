//! A value split into words, with systemd's quotes and escapes, as the generator does it.

use std::borrow::Cow;

use smallvec::SmallVec;

use super::Value;
use crate::source::Span;

/// What a backslash is in a value that is split into words.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Escapes {
    /// A character like others; quotes must be closed.
    Keep,
    /// The beginning of an escape as in C; a quote may stay open.
    Apply,
}

/// One word of a value.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Word<'v> {
    /// The word without quotes and escapes: most have neither, and are a part of the value.
    pub text: Cow<'v, str>,
    /// Where it stands, with its quotes.
    pub span: Span,
    /// Whether the source says it letter for letter, so that parts of it have places.
    pub plain: bool,
}

impl Word<'_> {
    /// The place of a part of the word, by bytes; the whole word where quotes or escapes hide the part.
    pub fn part(&self, from: usize, to: usize) -> Span {
        if self.plain { self.span.part(from, to) } else { self.span }
    }

    /// The same word, whatever becomes of its value.
    pub fn into_owned(self) -> Word<'static> {
        Word { text: Cow::Owned(self.text.into_owned()), span: self.span, plain: self.plain }
    }
}

/// Several words: most values have one or two, which lie in here.
pub type Words<'v> = SmallVec<[Word<'v>; 2]>;

/// The words of a value.
///
/// An empty word (`""`) ends the value: the generator takes it for the end.
///
/// # Errors
/// The place of an escape that there is not, or of a quote that is not closed: the generator drops the whole line.
pub fn split(value: &Value, escapes: Escapes) -> Result<Words<'_>, Span> {
    let mut words = Words::new();
    split_onto(value, escapes, &mut words)?;
    Ok(words)
}

/// The same, behind other words.
///
/// # Errors
/// As for [`split`]; the words in front of the place were added.
pub fn split_onto<'v>(value: &'v Value, escapes: Escapes, words: &mut Words<'v>) -> Result<(), Span> {
    let text = value.text.as_str();
    let mut at = 0;
    while let Some(skipped) = text.get(at..).and_then(|rest| rest.as_bytes().iter().position(|byte| !is_blank(*byte))) {
        let start = at + skipped;
        let (word, end) = word(text, start, escapes).map_err(|bad| value.part(bad, bad + 1))?;
        if word.is_empty() {
            break;
        }
        let span = value.part(start, end);
        let as_written = matches!(word, Cow::Borrowed(_)) || text.get(start..end) == Some(&*word);
        let plain = as_written && (span.end - span.start) as usize == word.len();
        words.push(Word { text: word, span, plain });
        at = end;
    }
    Ok(())
}

/// What keeps a value from being split as it looks.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Fault {
    /// An escape that there is not: its backslash and what follows.
    Escape(Span),
    /// A quote that is not closed.
    Open(Span),
    /// An empty word, which ends the value.
    Empty(Span),
}

/// Everything that keeps a value from being split as it looks; nothing behind an empty word, which is dropped.
pub fn faults(value: &Value, escapes: Escapes) -> Vec<Fault> {
    let text = value.text.as_str();
    let mut faults = Vec::new();
    if !text.contains(['"', '\'', '\\']) {
        return faults;
    }
    let mut quote: Option<(char, usize)> = None;
    // Where the word begins, and whether it holds anything.
    let mut word: Option<(usize, bool)> = None;
    let mut at = 0;
    while let Some(c) = text.get(at..).and_then(|rest| rest.chars().next()) {
        let here = at;
        at += c.len_utf8();
        let begun = word.map_or(here, |(start, _)| start);
        match (quote, c) {
            (_, '\\') if escapes == Escapes::Apply => {
                let rest = text.get(at..).unwrap_or("");
                match (unescape(rest), rest.chars().next()) {
                    (Some((_, length)), _) => at += length,
                    (None, Some(next)) => faults.push(Fault::Escape(value.part(here, at + next.len_utf8()))),
                    (None, None) => {}
                }
                word = Some((begun, true));
            }
            (Some((open, _)), c) if c == open => quote = None,
            (None, '"' | '\'') => {
                quote = Some((c, here));
                word = Some((begun, word.is_some_and(|(_, holds)| holds)));
            }
            (None, ' ' | '\t' | '\n' | '\r') => {
                if let Some((start, false)) = word.take() {
                    faults.push(Fault::Empty(value.part(start, here)));
                    return faults;
                }
            }
            _ => word = Some((begun, true)),
        }
    }
    match (quote, word) {
        (Some((_, open)), _) => faults.push(Fault::Open(value.part(open, open + 1))),
        (None, Some((start, false))) => faults.push(Fault::Empty(value.part(start, text.len()))),
        _ => {}
    }
    faults
}

#[inline]
fn is_blank(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\n' | b'\r')
}

/// The word that begins at an offset, and where it ends; an offset where it cannot be read.
fn word(text: &str, start: usize, escapes: Escapes) -> Result<(Cow<'_, str>, usize), usize> {
    let rest = text.get(start..).unwrap_or("");
    let ends = |byte: &u8| matches!(byte, b' ' | b'\t' | b'\n' | b'\r' | b'"' | b'\'' | b'\\');
    let end = rest.as_bytes().iter().position(ends).unwrap_or(rest.len());
    // Most words hold neither quotes nor backslashes.
    if let Some((plain, behind)) = rest.split_at_checked(end)
        && behind.bytes().next().is_none_or(is_blank)
    {
        return Ok((Cow::Borrowed(plain), start + end));
    }
    let mut word = String::new();
    let mut quote: Option<(char, usize)> = None;
    let mut at = start;
    while let Some(c) = text.get(at..).and_then(|rest| rest.chars().next()) {
        let here = at;
        at += c.len_utf8();
        match (quote, c) {
            (_, '\\') if escapes == Escapes::Apply => {
                let rest = text.get(at..).unwrap_or("");
                // A backslash at the very end goes.
                if rest.is_empty() {
                    break;
                }
                let (meant, length) = unescape(rest).ok_or(here)?;
                word.push(meant);
                at += length;
            }
            (Some((open, _)), c) if c == open => quote = None,
            (None, '"' | '\'') => quote = Some((c, here)),
            (None, ' ' | '\t' | '\n' | '\r') => return Ok((Cow::Owned(word), here)),
            (_, c) => word.push(c),
        }
    }
    match quote {
        Some((_, open)) if escapes == Escapes::Keep => Err(open),
        _ => Ok((Cow::Owned(word), text.len())),
    }
}

/// The character that an escape stands for, and how many bytes it takes behind its backslash.
fn unescape(rest: &str) -> Option<(char, usize)> {
    let number = |from: usize, digits: usize, radix: u32| {
        let text = rest.get(from..from + digits)?;
        let good = text.chars().all(|c| c.is_digit(radix));
        let number = u32::from_str_radix(text, radix).ok().filter(|number| good && *number > 0)?;
        // Half a surrogate becomes the sign for what is no character, as in Go.
        let c = char::from_u32(number).or((number <= 0x10_FFFF).then_some(char::REPLACEMENT_CHARACTER));
        Some((c?, from + digits))
    };
    let plain = match rest.chars().next()? {
        'a' => '\x07',
        'b' => '\x08',
        'f' => '\x0c',
        'n' => '\n',
        'r' => '\r',
        't' => '\t',
        'v' => '\x0b',
        's' => ' ',
        c @ ('\\' | '"' | '\'') => c,
        'x' => return number(1, 2, 16),
        'u' => return number(1, 4, 16),
        'U' => return number(1, 8, 16),
        '0'..='7' => return number(0, 3, 8).filter(|(c, _)| u32::from(*c) <= 255),
        _ => return None,
    };
    Some((plain, 1))
}

#[cfg(test)]
mod tests {
    use super::{Escapes, Fault, faults, split};
    use crate::source::SourceMap;
    use crate::syntax::unit::{Dialect, parse};

    fn words(value: &str, escapes: Escapes) -> Result<Vec<String>, String> {
        let mut sources = SourceMap::default();
        let file = sources.add("x", format!("[A]\nK={value}\n"));
        let tree = parse(sources.file(file), Dialect::Joined);
        let split = split(&tree.entries.first().unwrap().value, escapes);
        split
            .map(|words| {
                for word in words.iter().filter(|word| word.plain) {
                    assert_eq!(sources.text(word.span), word.text);
                }
                words.into_iter().map(|word| word.text.into_owned()).collect()
            })
            .map_err(|span| sources.text(span).to_owned())
    }

    #[test]
    fn quotes_and_escapes_as_the_generator_takes_them() {
        let apply = |value: &str| words(value, Escapes::Apply);
        assert_eq!(apply("sh -c \"echo hi\"").unwrap(), ["sh", "-c", "echo hi"]);
        assert_eq!(apply("a'b c'd  e").unwrap(), ["ab cd", "e"]);
        assert_eq!(apply("a\\x20b \\101\\u00e9\\t").unwrap(), ["a b", "Aé\t"]);
        assert_eq!(apply("\"open to the end").unwrap(), ["open to the end"]);
        assert_eq!(apply("a \"\" b").unwrap(), ["a"]);
        assert_eq!(apply("grep \\d x").unwrap_err(), "\\");
        assert_eq!(apply("\\x00").unwrap_err(), "\\");
        assert_eq!(apply("\\400").unwrap_err(), "\\");
    }

    #[test]
    fn every_fault_of_a_value_has_its_place() {
        let found = |text: &str, escapes| {
            let mut sources = SourceMap::default();
            let file = sources.add("x", format!("[A]\nK={text}\n"));
            let tree = parse(sources.file(file), Dialect::Joined);
            let faults = faults(&tree.entries.first().unwrap().value, escapes);
            let shown = faults.into_iter().map(|fault| match fault {
                Fault::Escape(span) => format!("escape {}", sources.text(span)),
                Fault::Open(span) => format!("open {}", sources.text(span)),
                Fault::Empty(span) => format!("empty {}", sources.text(span)),
            });
            shown.collect::<Vec<_>>()
        };
        let apply = |text| found(text, Escapes::Apply);
        assert_eq!(apply("grep \\d \"\\.x\" \\n"), ["escape \\d", "escape \\."]);
        assert_eq!(apply("a '' \\d"), ["empty ''"]);
        assert_eq!(apply("a \"\""), ["empty \"\""]);
        assert_eq!(apply("it's"), ["open '"]);
        assert_eq!(apply("a=\"\" \"b 'c'\" d\\\"\\x20"), [""; 0]);
        assert_eq!(found("\\d \"x", Escapes::Keep), ["open \""]);
    }

    #[test]
    fn backslashes_stay_where_nothing_is_escaped() {
        let keep = |value: &str| words(value, Escapes::Keep);
        assert_eq!(keep("a\\d \"b c\"").unwrap(), ["a\\d", "b c"]);
        assert_eq!(keep("a \"b").unwrap_err(), "\"");
    }
}
