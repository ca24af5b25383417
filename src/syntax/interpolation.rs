//! `$X` and `${X:-default}` in a text, as Compose replaces them.
//!
//! Source: the Compose specification, "Interpolation"; details tried with docker-compose 2.40.3.

use std::ops::Range;

/// How deep expressions may stand in each other's defaults.
const MAX_DEPTH: usize = 50;
/// How long a text may become, in bytes.
const MAX_LENGTH: usize = 1024 * 1024;

/// Why a text cannot be replaced. Ranges are bytes of the outermost text.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Fault {
    /// Braces that are not closed, or that hold no variable.
    Invalid(Range<usize>),
    /// `${X?message}` and X has no value.
    Required {
        /// The variable.
        name: String,
        /// What the file says about it.
        message: String,
        /// The expression.
        range: Range<usize>,
    },
    /// The text grows beyond every bound, or nests too deep.
    TooLarge(Range<usize>),
}

/// A text with its variables replaced.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Expanded {
    /// What it became.
    pub text: String,
    /// Where in it stands what came of which variable: its value, or its default. Not what `${X:+…}` gives, which is
    /// neither.
    pub variables: Vec<(Range<usize>, String)>,
}

/// Where variables come from, and who wants to know of those that are not set.
pub trait Variables {
    /// The value of a variable.
    fn value(&mut self, name: &str) -> Option<String>;

    /// A variable without a value and without a default became nothing. The range is that of its expression.
    fn unset(&mut self, name: &str, range: Range<usize>);
}

/// What a text becomes; nothing where it holds no `$`.
///
/// # Errors
/// The first expression that cannot be replaced.
pub fn replace(text: &str, variables: &mut dyn Variables) -> Result<Option<Expanded>, Fault> {
    if !text.contains('$') {
        return Ok(None);
    }
    expand(text, 0..text.len(), None, variables, 0).map(Some)
}

/// Replaces the expressions of `text[part]`. `outer` is the expression that this is a default of.
fn expand(
    text: &str,
    part: Range<usize>,
    outer: Option<&Range<usize>>,
    variables: &mut dyn Variables,
    depth: usize,
) -> Result<Expanded, Fault> {
    let place = |range: Range<usize>| outer.cloned().unwrap_or(range);
    if depth > MAX_DEPTH {
        return Err(Fault::TooLarge(place(part)));
    }
    let (mut out, mut found) = (String::new(), Vec::new());
    let mut at = part.start;
    while let Some(next) = text.get(at..part.end).and_then(|rest| rest.find('$')) {
        let start = at + next;
        out.push_str(text.get(at..start).unwrap_or(""));
        let rest = text.get(start + 1..part.end).unwrap_or("");
        at = if rest.starts_with('$') {
            out.push('$');
            start + 2
        } else if rest.starts_with('{') {
            let Some(end) = closing(rest) else { return Err(Fault::Invalid(place(start..part.end))) };
            let range = start..start + 1 + end + 1;
            let inner = start + 2..start + 1 + end;
            let from = out.len();
            let (value, name) = braced(text, inner, place(range.clone()), variables, depth)?;
            out.push_str(&value);
            found.extend(name.map(|name| (from..out.len(), name.to_owned())));
            range.end
        } else {
            let length = name_length(rest);
            if length == 0 {
                // No variable begins here, so it is a dollar. Tried with docker-compose 2.40.3.
                out.push('$');
                at = start + 1;
                continue;
            }
            let (name, range) = (rest.get(..length).unwrap_or(""), start..start + 1 + length);
            let from = out.len();
            match variables.value(name) {
                Some(value) => out.push_str(&value),
                None => variables.unset(name, place(range.clone())),
            }
            found.push((from..out.len(), name.to_owned()));
            range.end
        };
        if out.len() > MAX_LENGTH {
            return Err(Fault::TooLarge(place(start..at)));
        }
    }
    out.push_str(text.get(at..part.end).unwrap_or(""));
    Ok(Expanded { text: out, variables: found })
}

/// What stands for the expression between two braces, and whose value or default that is.
fn braced<'t>(
    text: &'t str,
    inner: Range<usize>,
    range: Range<usize>,
    variables: &mut dyn Variables,
    depth: usize,
) -> Result<(String, Option<&'t str>), Fault> {
    let content = text.get(inner.clone()).unwrap_or("");
    let length = name_length(content);
    let (name, rest) = content.split_at(length);
    let operator = [":-", "-", ":?", "?", ":+", "+"].into_iter().find(|operator| rest.starts_with(operator));
    let (Some(operator), true) = (operator, length > 0) else {
        if length == 0 || !rest.is_empty() {
            return Err(Fault::Invalid(range));
        }
        let value = variables.value(name);
        if value.is_none() {
            variables.unset(name, range);
        }
        return Ok((value.unwrap_or_default(), Some(name)));
    };
    let value = variables.value(name);
    let given = if operator.starts_with(':') { value.as_ref().is_some_and(|v| !v.is_empty()) } else { value.is_some() };
    let word = inner.start + length + operator.len()..inner.end;
    let replaces = operator.ends_with('+') == given;
    let whose = (!operator.ends_with('+')).then_some(name);
    match (operator.ends_with('+'), replaces) {
        (true, false) => Ok((String::new(), whose)),
        (false, false) => Ok((value.unwrap_or_default(), whose)),
        _ => {
            let word = expand(text, word, Some(&range), variables, depth + 1)?.text;
            if operator.ends_with('?') {
                return Err(Fault::Required { name: name.to_owned(), message: word, range });
            }
            Ok((word, whose))
        }
    }
}

/// The brace that closes the one a text begins with.
fn closing(text: &str) -> Option<usize> {
    let mut open = 1;
    let mut before = '{';
    for (at, c) in text.char_indices().skip(1) {
        match c {
            '}' => open -= 1,
            '{' if before == '$' => open += 1,
            _ => {}
        }
        if open == 0 {
            return Some(at);
        }
        before = c;
    }
    None
}

/// How many bytes of a text's beginning are a variable's name.
fn name_length(text: &str) -> usize {
    let begins = text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_');
    let ends = text.find(|c: char| !(c.is_ascii_alphanumeric() || c == '_')).unwrap_or(text.len());
    if begins { ends } else { 0 }
}

#[cfg(test)]
mod tests {
    use super::{Fault, Variables, replace};
    use std::ops::Range;

    struct Seen(Vec<String>);

    impl Variables for Seen {
        fn value(&mut self, name: &str) -> Option<String> {
            match name {
                "A" => Some("a".to_owned()),
                "EMPTY" => Some(String::new()),
                "DOLLAR" => Some("$A".to_owned()),
                _ => None,
            }
        }

        fn unset(&mut self, name: &str, range: Range<usize>) {
            self.0.push(format!("{name} {range:?}"));
        }
    }

    #[test]
    fn every_form_is_replaced() {
        for (text, becomes) in [
            ("$A-${A}", "a-a"),
            ("$$A $${A}", "$A ${A}"),
            ("${A:-d}${EMPTY:-d}${NO:-d}", "add"),
            ("${A-d}${EMPTY-d}${NO-d}", "ad"),
            ("${A:+x}${EMPTY:+x}${NO:+x}", "x"),
            ("${A+x}${EMPTY+x}${NO+x}", "xx"),
            ("${A:?no}${EMPTY?no}", "a"),
            ("${NO:-${EMPTY:-${A}}}!", "a!"),
            ("${NO:-a}}", "a}"),
            ("${NO:-a{b}c}", "a{bc}"),
            ("$DOLLAR", "$A"),
            ("a$ $1 $(x) ${A}$", "a$ $1 $(x) a$"),
            ("${NO:-http://x:1/?a=b-c}", "http://x:1/?a=b-c"),
        ] {
            assert_eq!(replace(text, &mut Seen(Vec::new())).unwrap().unwrap().text, becomes, "{text}");
        }
        assert_eq!(replace("plain", &mut Seen(Vec::new())), Ok(None));
    }

    #[test]
    fn it_is_known_what_came_of_which_variable() {
        let expanded = replace("$$x-${A}:${NO:-${EMPTY:-d}}${A:+x}$A", &mut Seen(Vec::new())).unwrap().unwrap();
        let parts: Vec<_> =
            expanded.variables.iter().map(|(range, name)| (name.as_str(), &expanded.text[range.clone()])).collect();
        assert_eq!((expanded.text.as_str(), parts), ("$x-a:dxa", vec![("A", "a"), ("NO", "d"), ("A", "a")]));
    }

    #[test]
    fn what_is_unset_or_wrong_has_a_place() {
        let mut seen = Seen(Vec::new());
        replace("x $NO ${NOT} ${A:+$X}", &mut seen).unwrap();
        assert_eq!(seen.0, ["NO 2..5", "NOT 6..12", "X 13..21"]);
        for (text, range) in [("x${A", 1..4), ("${}", 0..3), ("${A!}", 0..5)] {
            assert_eq!(replace(text, &mut Seen(Vec::new())), Err(Fault::Invalid(range)), "{text}");
        }
        let required = Fault::Required { name: "NO".into(), message: "say a".into(), range: 1..16 };
        assert_eq!(replace("x${NO:?say ${A}}", &mut Seen(Vec::new())), Err(required));
    }

    #[test]
    fn nothing_grows_without_end() {
        let deep = "${NO:-".repeat(10_000) + &"}".repeat(10_000);
        assert!(matches!(replace(&deep, &mut Seen(Vec::new())), Err(Fault::TooLarge(_))));
    }
}
