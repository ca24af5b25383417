//! How a value is written so that the container gets exactly it.
//!
//! It passes two readers: the generator, which splits and unquotes by the kind of its key, and systemd, which expands
//! `%` and `$` in the `ExecStart=` that the generator makes. Checked with the generators of 5.4.2 and 5.8.6.

use crate::model::{AT_START, HOME};
use crate::platform::keys::Repeat;
use crate::render::host::VARIABLE;

/// Whether `%` begins a specifier of systemd.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Specifiers {
    /// No: it is text.
    Literal,
    /// Yes: `%h` and `%t` are meant.
    Meant,
}

/// A value for a key of one kind; nothing if that kind cannot hold it.
pub(super) fn value(repeat: Repeat, text: &str, specifiers: Specifiers) -> Option<String> {
    // A word of its own, it would begin another command: the generator takes every quotation mark around it away.
    if text == ";" {
        return None;
    }
    let written = match repeat {
        Repeat::Args | Repeat::Keyval | Repeat::LastArgs => return Some(word(text, specifiers)),
        Repeat::Words => {
            let quoted = text.contains(char::is_whitespace);
            match (quoted, text.contains('"'), text.contains('\'')) {
                _ if text.is_empty() || text.chars().any(|c| c.is_control()) => return None,
                (false, false, false) => text.to_owned(),
                (_, false, _) => format!("\"{text}\""),
                (_, true, false) => format!("'{text}'"),
                (_, true, true) => return None,
            }
        }
        Repeat::Bool | Repeat::Uint | Repeat::Lines => plain(text)?.to_owned(),
        // A pair of quotes around it would go, and some releases take a lone one at the end, too.
        Repeat::Last if text.starts_with(['"', '\'']) || text.ends_with(['"', '\'']) => return None,
        Repeat::Last => plain(text)?.to_owned(),
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
    let safe =
        |c: char| c.is_alphanumeric() || "_-+=./:,@%$*?!~^#()[]{}<>&;|".contains(c) || matches!(c, AT_START | HOME);
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
                c => written.push(c),
            }
        }
        written.push('"');
    }
    expand(&written, specifiers)
}

fn expand(text: &str, specifiers: Specifiers) -> String {
    // What is only known at the start is a variable of systemd's.
    let text = text.replace('$', "$$").replace(AT_START, &format!("${{{VARIABLE}}}"));
    let text = if specifiers == Specifiers::Literal { text.replace('%', "%%") } else { text };
    text.replace(HOME, "%h")
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
