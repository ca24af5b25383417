//! How a value is written so that the container gets exactly it.
//!
//! It passes two readers: the generator, which splits and unquotes by the kind of its key, and systemd, which expands
//! `%` and `$` in the `ExecStart=` that the generator makes. Checked with the generators of 5.4.2 and 5.8.6.

use std::borrow::Cow;

use crate::model::{AT_START, HOME, VARIABLE, Version, is_mark};
use crate::platform::keys::Repeat;
use crate::platform::options::is_list;
use crate::render::AT_START_VARIABLE;

/// Whether `%` begins a specifier of systemd.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Specifiers {
    /// No: it is text.
    Literal,
    /// Yes: `%h` and `%t` are meant.
    Meant,
}

/// From here on Linux starts no program with a word, in bytes: the NUL behind it counts. Source: `MAX_ARG_STRLEN` in
/// Linux's `binfmts.h`, 32 pages of 4 KiB.
const LONGEST_WORD: usize = 32 * 4096;

/// Why no line of a unit brings a text to Podman, whatever the quotes; nothing where one can.
pub(super) fn unfit(text: &str) -> Option<&'static str> {
    if text.contains('\0') {
        return Some("it holds a NUL, which ends every text");
    }
    // Source: systemd, `unichar_is_valid`. In UTF-8 all of them begin with such a byte, which few texts have.
    let is_none = |c: char| ('\u{fdd0}'..='\u{fdef}').contains(&c) || u32::from(c) & 0xfffe == 0xfffe;
    let is_suspect = text.bytes().any(|byte| byte >= 0xef);
    if is_suspect && text.chars().any(|c| is_none(c) && !is_mark(c)) {
        return Some("it holds what Unicode calls a noncharacter, and systemd ignores a line with one");
    }
    // Options stand before it in the same word.
    (text.len() + 64 >= LONGEST_WORD).then_some("it is too long: Linux takes 128 KiB in one word of a command")
}

/// A value of an option as Podman takes it for one; nothing if there is no way.
pub(crate) fn one_of_list<'t>(flag: &str, text: &'t str, version: Version) -> Option<Cow<'t, str>> {
    if !is_list(flag, version) {
        return Some(text.into());
    }
    // Go's reader of CSV makes one line break of both.
    if text.is_empty() || text.contains("\r\n") {
        return None;
    }
    Some(csv(text).into())
}

/// A field of a line of CSV.
pub(super) fn csv(text: &str) -> String {
    match text.contains([',', '"', '\n', '\r']) {
        true => format!("\"{}\"", text.replace('"', "\"\"")),
        false => text.to_owned(),
    }
}

/// A value for a key of one kind; nothing if that kind cannot hold it.
pub(super) fn value(repeat: Repeat, text: &str, specifiers: Specifiers) -> Option<String> {
    // A word of its own, it would begin another command: the generator takes every quotation mark around it away.
    if text == ";" {
        return None;
    }
    let written: Cow<'_, str> = match repeat {
        Repeat::Args | Repeat::Keyval | Repeat::LastArgs => return Some(word(text, specifiers)),
        Repeat::Words => {
            let quoted = text.contains(char::is_whitespace);
            match (quoted, text.contains('"'), text.contains('\'')) {
                // A backslash before a quotation mark or the end of the line would hide it.
                _ if text.is_empty() || text.contains('\\') || text.chars().any(|c| c.is_control()) => return None,
                (false, false, false) => text.into(),
                (_, false, _) => format!("\"{text}\"").into(),
                (_, true, false) => format!("'{text}'").into(),
                (_, true, true) => return None,
            }
        }
        Repeat::Bool | Repeat::Uint | Repeat::Lines => plain(text)?.into(),
        // A pair of quotes around it would go, and some releases take a lone one at the end, too.
        Repeat::Last if text.starts_with(['"', '\'']) || text.ends_with(['"', '\'']) => return None,
        Repeat::Last => plain(text)?.into(),
    };
    Some(expand(&written, specifiers))
}

/// A text that stays itself when it is read as the rest of a line.
fn plain(text: &str) -> Option<&str> {
    let broken = text.is_empty()
        || text.trim() != text
        // A backslash at the end joins the next line.
        || text.ends_with('\\')
        || text.chars().any(|c| c.is_control());
    (!broken).then_some(text)
}

/// One word of a value that is split into words, with C escapes.
pub(super) fn word(text: &str, specifiers: Specifiers) -> String {
    let safe = |c: char| c.is_alphanumeric() || "_-+=./:,@%$*?!~^#()[]{}<>&;|".contains(c) || is_mark(c);
    let bare = !text.is_empty() && text.chars().all(safe) && !text.starts_with(['#', ';']);
    let mut written = String::with_capacity(text.len() + 2);
    if bare {
        written.push_str(text);
    } else {
        written.push('"');
        for c in text.chars() {
            match c {
                '"' => written.push_str("\\\""),
                '\\' => written.push_str("\\\\"),
                '\n' => written.push_str("\\n"),
                '\t' => written.push_str("\\t"),
                '\r' => written.push_str("\\r"),
                c if c.is_ascii_control() => written.push_str(&format!("\\x{:02x}", u32::from(c))),
                c if c.is_control() => written.push_str(&format!("\\u{:04x}", u32::from(c))),
                c => written.push(c),
            }
        }
        written.push('"');
    }
    expand(&written, specifiers)
}

fn expand(text: &str, specifiers: Specifiers) -> String {
    let is_literal = specifiers == Specifiers::Literal;
    let [open, close] = VARIABLE;
    let expands = |c: char| c == '$' || is_mark(c) || (c == '%' && is_literal);
    let mut written = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((plain, from)) = rest.find(expands).map(|at| rest.split_at(at)) {
        written.push_str(plain);
        let mut chars = from.chars();
        match chars.next() {
            Some('$') => written.push_str("$$"),
            // What is only known at the start is a variable of systemd's.
            Some(AT_START) => written.extend(["${", AT_START_VARIABLE, "}"]),
            Some(HOME) => written.push_str("%h"),
            Some(c) if c == open => written.push_str("${"),
            Some(c) if c == close => written.push('}'),
            _ => written.push_str("%%"),
        }
        rest = chars.as_str();
    }
    written + rest
}

#[cfg(test)]
mod tests {
    use super::{Specifiers, value, word};
    use crate::platform::keys::Repeat;

    #[test]
    fn values_are_written_so_that_they_arrive_as_they_were() {
        let literal = |text: &str| word(text, Specifiers::Literal);
        assert_eq!(literal("A=b c"), "\"A=b c\"");
        assert_eq!(literal("50%$x"), "50%%$$x");
        assert_eq!(literal("a\"b\\c\nd"), "\"a\\\"b\\\\c\\nd\"");
        assert_eq!(literal(""), "\"\"");
        assert_eq!(word("%h/x", Specifiers::Meant), "%h/x");
        assert_eq!(value(Repeat::Last, "x = \"1\"", Specifiers::Literal), None);
        assert_eq!(value(Repeat::Last, ";", Specifiers::Literal), None);
        assert_eq!(value(Repeat::Lines, "a\nb", Specifiers::Literal), None);
        assert_eq!(value(Repeat::Lines, "/a b:/c", Specifiers::Literal).as_deref(), Some("/a b:/c"));
        assert_eq!(value(Repeat::Words, "a b", Specifiers::Literal).as_deref(), Some("\"a b\""));
    }
}
