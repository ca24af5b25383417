//! Files that systemd's `EnvironmentFile=` names: `NAME=value`, with quotes, escapes and comments of its own.
//!
//! Source: systemd.exec(5), "EnvironmentFile=", and systemd 257's `env-file.c`.

use std::iter::Peekable;
use std::str::Chars;

/// What has to be escaped between double quotation marks.
const ESCAPED: [char; 4] = ['"', '\\', '`', '$'];

/// Names with their values, in the order of the file; of a name that stands twice the last one counts.
pub fn parse(text: &str) -> Vec<(String, String)> {
    let mut chars = text.chars().peekable();
    let mut found = Vec::new();
    while let Some(c) = chars.peek() {
        match c {
            // Before systemd 254 a backslash at its end took the next line in.
            '#' | ';' => drop(chars.by_ref().find(|c| is_end(*c))),
            c if c.is_ascii_whitespace() => {
                chars.next();
            }
            _ => {
                let name = name(&mut chars);
                found.extend(name.map(|name| (name, value(&mut chars))));
            }
        }
    }
    found
}

/// A line of such a file; nothing where none can say the value.
pub fn line(name: &str, value: &str) -> Option<String> {
    // Source: systemd, `env_value_is_valid`.
    if value.chars().any(|c| c.is_ascii_control() && !matches!(c, '\t' | '\n')) {
        return None;
    }
    let plain = |c: char| c.is_ascii_alphanumeric() || "_-+=./:,@%".contains(c);
    if value.chars().all(plain) {
        return Some(format!("{name}={value}\n"));
    }
    let mut line = format!("{name}=\"");
    for c in value.chars() {
        if ESCAPED.contains(&c) {
            line.push('\\');
        }
        line.push(c);
    }
    line.push_str("\"\n");
    Some(line)
}

fn is_end(c: char) -> bool {
    matches!(c, '\n' | '\r')
}

/// What stands before the `=`, of which nothing was read; nothing if the line ends before one.
fn name(chars: &mut Peekable<Chars<'_>>) -> Option<String> {
    let mut name = String::new();
    loop {
        match chars.next().filter(|c| !is_end(*c))? {
            '=' => return Some(name.trim_end().to_owned()),
            c => name.push(c),
        }
    }
}

/// Pieces with and without quotation marks, up to the end of the line.
fn value(chars: &mut Peekable<Chars<'_>>) -> String {
    let mut value = String::new();
    // Up to where blanks count, because they were quoted.
    let mut kept = 0;
    let mut starts = true;
    while let Some(c) = chars.next().filter(|c| !is_end(*c)) {
        match c {
            '\'' if starts => {
                value.extend(chars.by_ref().take_while(|c| *c != '\''));
                kept = value.len();
            }
            '"' if starts => {
                quoted(chars, &mut value);
                kept = value.len();
            }
            c if starts && c.is_ascii_whitespace() => {}
            '\\' => {
                starts = false;
                value.extend(chars.next().filter(|c| !is_end(*c)));
                kept = value.len();
            }
            c => {
                starts = false;
                value.push(c);
            }
        }
    }
    let end = value.trim_end_matches(|c: char| c.is_ascii_whitespace()).len().max(kept);
    value.truncate(end);
    value
}

/// What stands between double quotation marks, of which the first was read.
fn quoted(chars: &mut Peekable<Chars<'_>>, value: &mut String) {
    while let Some(c) = chars.next().filter(|c| *c != '"') {
        match (c, chars.peek()) {
            ('\\', Some('\n')) => {
                chars.next();
            }
            ('\\', Some(next)) if ESCAPED.contains(next) => value.extend(chars.next()),
            _ => value.push(c),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{line, parse};

    #[test]
    fn it_is_read_as_systemd_does() {
        let text = "# c=1\\\n;x\nA=1 \n B = a b\nC=\"x\\\"y\\n\" 'z'w\nD='it'\nnone\nE=\nF=a\\\nb\\ \n";
        let found = parse(text);
        let found: Vec<(&str, &str)> = found.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        let expected = [("A", "1"), ("B", "a b"), ("C", "x\"y\\nzw"), ("D", "it"), ("E", ""), ("F", "ab ")];
        assert_eq!(found, expected);
    }

    #[test]
    fn what_is_written_comes_back() {
        for value in ["", "a", "a b", " x ", "\"'`$\\", "a\nb", "#", "50%", "é", "\\n\\\\"] {
            assert_eq!(parse(&line("X", value).unwrap()), [("X".to_owned(), value.to_owned())], "{value}");
        }
        assert_eq!(line("X", "a\rb"), None);
    }
}
