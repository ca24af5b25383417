//! `.env` files, as Compose reads them: `NAME=value`, quotes, comments, `export`, variables in values.
//!
//! Source: the Compose specification, "Env_file format"; details tried with docker-compose 2.40.3.

use std::ops::Range;

use super::interpolation::{self, Fault};
use crate::diagnostic::{Diagnostic, input};
use crate::maps::IndexMap;
use crate::source::{SourceFile, Span, is_secret_name};

/// A line of the file.
#[derive(Clone, Debug)]
pub struct Variable {
    /// The value; none for a name alone, whose value is taken from where the stack is started.
    pub value: Option<String>,
    /// Where the value stands; the name where there is none.
    pub span: Span,
}

/// What was understood of a file.
#[derive(Debug, Default)]
pub struct Dotenv {
    /// By name, in the order of the file; of a name that stands twice the last value counts.
    pub variables: IndexMap<String, Variable>,
    /// Where values stand that look like secrets.
    pub secrets: Vec<Span>,
    /// Where comments stand, each from its `#` to the end of its line.
    pub comments: Vec<Span>,
    /// What could not be read, and variables without a value.
    pub diagnostics: Vec<Diagnostic>,
}

/// Reads a file. For variables in its values `lookup` goes before what the file sets itself, `earlier` behind it.
pub fn parse(
    file: &SourceFile,
    lookup: &dyn Fn(&str) -> Option<String>,
    earlier: &dyn Fn(&str) -> Option<String>,
) -> Dotenv {
    let mut reader = Reader { file, lookup, earlier, found: Dotenv::default() };
    let mut at = if file.text.starts_with('\u{feff}') { 3 } else { 0 };
    while let Some(next) = reader.statement(at) {
        at = next;
    }
    reader.found
}

/// Reads a file whose values are literal: everything behind the `=` up to the end of the line (`format: raw`).
pub fn parse_raw(file: &SourceFile) -> Dotenv {
    let mut found = Dotenv::default();
    let mut at = 0;
    for line in file.text.split_inclusive('\n') {
        let start = at;
        at += line.len();
        let line = line.trim_end_matches(['\n', '\r']);
        let text = line.trim_start();
        if text.is_empty() || text.starts_with('#') {
            continue;
        }
        let (name, value) = match text.split_once('=') {
            Some((name, value)) => (name, Some(value.to_owned())),
            None => (text, None),
        };
        let end = start + line.len();
        let from = value.as_ref().map_or(end - text.len(), |value| end - value.len());
        let span = file.span().part(from, end);
        found.take(name.trim(), value, span);
    }
    found
}

impl Dotenv {
    fn take(&mut self, name: &str, value: Option<String>, span: Span) {
        if is_secret_name(name) {
            self.secrets.push(span);
        }
        self.variables.insert(name.to_owned(), Variable { value, span });
    }
}

struct Reader<'a> {
    file: &'a SourceFile,
    lookup: &'a dyn Fn(&str) -> Option<String>,
    earlier: &'a dyn Fn(&str) -> Option<String>,
    found: Dotenv,
}

impl Reader<'_> {
    fn span(&self, range: Range<usize>) -> Span {
        self.file.span().part(range.start, range.end)
    }

    fn error(&mut self, range: Range<usize>, message: impl Into<String>) {
        let span = self.span(range);
        self.found.diagnostics.push(Diagnostic::new(&input::SYNTAX_ERROR, span, message));
    }

    /// Where the line ends that a byte is on, its break not included.
    fn line_end(&self, at: usize) -> usize {
        self.file.text.get(at..).and_then(|rest| rest.find('\n')).map_or(self.file.text.len(), |end| at + end)
    }

    /// Reads what begins at a byte; where the next begins, unless the file ends.
    fn statement(&mut self, at: usize) -> Option<usize> {
        let text = &self.file.text;
        let rest = text.get(at..)?;
        let start = at + rest.find(|c: char| !c.is_whitespace())?;
        let rest = text.get(start..)?;
        if rest.starts_with('#') {
            let end = self.line_end(start);
            let comment = self.span(start..end);
            self.found.comments.push(comment);
            return Some(end);
        }
        let exported = rest.strip_prefix("export").filter(|rest| rest.starts_with([' ', '\t']));
        let start = exported.map_or(start, |rest| text.len() - rest.trim_start_matches([' ', '\t']).len());
        let end = self.line_end(start);
        let line = text.get(start..end)?;
        let stop = line.find(['=', ':']).unwrap_or(line.len());
        let name = line.get(..stop)?.trim_end();
        if let Some(bad) = name.find(|c: char| !(c.is_alphanumeric() || "_.-[]".contains(c))) {
            let c = name.get(bad..)?.chars().next()?;
            let message = format!("{} cannot stand in a variable's name", shown(c));
            self.error(start + bad..start + bad + c.len_utf8(), message);
            return Some(end);
        }
        if stop == line.len() {
            let (span, value) = (self.span(start..start + name.len()), (self.lookup)(name));
            self.found.take(name, value, span);
            return Some(end);
        }
        if name.is_empty() {
            self.error(start..start + 1, "a variable's name is missing here");
            return Some(end);
        }
        let blanks = |c: char| c != '\n' && c.is_whitespace();
        let behind = text.get(start + stop + 1..)?;
        let value_at = text.len() - behind.trim_start_matches(blanks).len();
        match text.get(value_at..)?.chars().next() {
            Some(quote @ ('"' | '\'')) => self.quoted(name, quote, value_at),
            _ => {
                let line = text.get(value_at..end)?;
                let comment = if line.starts_with('#') { Some(0) } else { line.find(" #") };
                if let Some(at) = comment {
                    let at = value_at + at + usize::from(at > 0);
                    let comment = self.span(at..end);
                    self.found.comments.push(comment);
                }
                let value = comment.and_then(|at| line.get(..at)).unwrap_or(line).trim_end();
                self.expanded(name, value, value_at..value_at + value.len());
                Some(end)
            }
        }
    }

    fn quoted(&mut self, name: &str, quote: char, at: usize) -> Option<usize> {
        let body = self.file.text.get(at + 1..)?;
        let mut escaped = false;
        let end = body.find(|c: char| {
            let closes = c == quote && !escaped;
            escaped = c == '\\' && !escaped;
            closes
        });
        let Some(end) = end else {
            let line = self.line_end(at);
            if is_secret_name(name) {
                // Nobody knows where it was to end.
                let rest = self.span(at + 1..self.file.text.len());
                self.found.secrets.push(rest);
            }
            self.error(at..at + 1, format!("this {} is never closed", shown(quote)));
            return Some(line);
        };
        let (value, range) = (body.get(..end)?, at + 1..at + 1 + end);
        if quote == '"' {
            self.expanded(name, &unescaped(value), range);
        } else {
            let span = self.span(range);
            self.found.take(name, Some(value.to_owned()), span);
        }
        Some(at + 1 + end + 1)
    }

    fn expanded(&mut self, name: &str, value: &str, range: Range<usize>) {
        let span = self.span(range);
        let mut variables = Scope { known: &self.found.variables, lookup: self.lookup, earlier: self.earlier };
        match interpolation::replace(value, &mut variables) {
            Ok(replaced) => self.found.take(name, Some(replaced.map_or_else(|| value.to_owned(), |it| it.text)), span),
            Err(fault) => {
                if is_secret_name(name) {
                    self.found.secrets.push(span);
                }
                self.found.diagnostics.push(fault_found(&fault, span));
            }
        }
    }
}

/// What goes before the file's own variables, those it set so far, and what comes behind them.
struct Scope<'a> {
    known: &'a IndexMap<String, Variable>,
    lookup: &'a dyn Fn(&str) -> Option<String>,
    earlier: &'a dyn Fn(&str) -> Option<String>,
}

impl interpolation::Variables for Scope<'_> {
    fn value(&mut self, name: &str) -> Option<String> {
        let own = || self.known.get(name)?.value.clone();
        (self.lookup)(name).or_else(own).or_else(|| (self.earlier)(name))
    }

    fn unset(&mut self, _: &str, _: Range<usize>) {}
}

/// What is wrong with an expression, for people.
pub fn fault_found(fault: &Fault, span: Span) -> Diagnostic {
    match fault {
        Fault::Invalid(_) => Diagnostic::new(&input::SYNTAX_ERROR, span, "this is no variable, and a brace opens it")
            .help("Write `${NAME}` for a variable, and `$$` for a dollar."),
        Fault::Required { name, message, .. } => {
            let says = if message.is_empty() { String::new() } else { format!(": {message}") };
            Diagnostic::new(&input::INVALID_VALUE, span, format!("the variable `{name}` has to have a value{says}"))
                .help(format!("Set `{name}` in `.env`, in the environment, or in a file given with `--env-file`."))
        }
        Fault::TooLarge(_) => {
            Diagnostic::new(&input::SYNTAX_ERROR, span, "this grows beyond every bound when its variables are replaced")
        }
    }
}

/// The escapes of a value in double quotes: `\n`, `\r`, `\t`; every other character stands for itself, `$` for `$$`.
fn unescaped(value: &str) -> String {
    let mut out = String::with_capacity(value.len());
    let mut chars = value.chars();
    while let Some(c) = chars.next() {
        if c != '\\' {
            out.push(c);
            continue;
        }
        match chars.next() {
            Some('n') => out.push('\n'),
            Some('r') => out.push('\r'),
            Some('t') => out.push('\t'),
            Some('$') => out.push_str("$$"),
            Some(other) => out.push(other),
            None => out.push('\\'),
        }
    }
    out
}

fn shown(c: char) -> String {
    format!("`{}`", c.escape_debug())
}

#[cfg(test)]
mod tests {
    use super::{parse, parse_raw};
    use crate::source::SourceMap;

    fn read(text: &str, raw: bool) -> (Vec<(String, Option<String>, String)>, usize) {
        let mut sources = SourceMap::default();
        let id = sources.add(".env", text);
        let lookup = |name: &str| (name == "HOME").then(|| "/root".to_owned());
        let found = if raw { parse_raw(sources.file(id)) } else { parse(sources.file(id), &lookup, &|_| None) };
        let lines = found.variables.into_iter();
        let lines = lines.map(|(name, it)| (name, it.value, sources.text(it.span).to_owned())).collect();
        (lines, found.diagnostics.len())
    }

    #[test]
    fn values_are_read_as_compose_reads_them() {
        let text = "# head\nA=1\nexport B = two words # note\nC='$A #'\nD=\"x\\n${A}\\$\"\nE=$HOME/$A\nF: yaml\nHOME\nNONE\nG=a#b\nH=\n";
        let (lines, faults) = read(text, false);
        let values: Vec<(&str, Option<&str>)> = lines.iter().map(|(n, v, _)| (n.as_str(), v.as_deref())).collect();
        let expected = [
            ("A", Some("1")),
            ("B", Some("two words")),
            ("C", Some("$A #")),
            ("D", Some("x\n1$")),
            ("E", Some("/root/1")),
            ("F", Some("yaml")),
            ("HOME", Some("/root")),
            ("NONE", None),
            ("G", Some("a#b")),
            ("H", Some("")),
        ];
        assert_eq!((values, faults), (expected.to_vec(), 0));
        assert_eq!(lines[1].2, "two words");
        assert_eq!(lines[4].2, "$HOME/$A");
    }

    #[test]
    fn faults_have_a_place_and_the_rest_is_read() {
        let (lines, faults) = read("A B=1\nC=\"open\nD=2\n=x\nE=${\n", false);
        assert_eq!((lines.iter().map(|(name, ..)| name.as_str()).collect::<Vec<_>>(), faults), (vec!["D"], 4));
    }

    #[test]
    fn raw_values_are_literal() {
        let (lines, _) = read("A=\"x\" # y\r\n# no\nB\n", true);
        assert_eq!(lines[0].1.as_deref(), Some("\"x\" # y"));
        assert_eq!(lines[1].1, None);
    }
}
