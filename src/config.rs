//! `quadgen.toml`: what a repository says about all of its stacks. Today that is which of them share a host.

use toml::Spanned as Toml;
use toml::de::{DeArray, DeTable, DeValue};

use crate::diagnostic::{Change, Diagnostic, input};
use crate::model::{Spanned, Text};
use crate::source::{SourceFile, Span};

/// The file's name.
pub const NAME: &str = "quadgen.toml";

/// What the file says.
#[derive(Clone, Debug, Default)]
pub struct Config {
    /// The hosts, `[[host]]`, in the order of the file.
    pub hosts: Vec<Host>,
    /// What is wrong with it.
    pub diagnostics: Vec<Diagnostic>,
}

/// A host that several stacks run on.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Host {
    /// Its name, for people.
    pub name: Text,
    /// Its stacks: paths of files or folders from the file's folder on, with `*`, `**` and `?`.
    pub stacks: Vec<Text>,
}

/// Reads the file. What cannot be read is reported and left out.
pub fn read(file: &SourceFile) -> Config {
    let mut reader = Reader { file, config: Config::default() };
    match DeTable::parse(&file.text) {
        Ok(top) => reader.top(top.get_ref()),
        Err(error) => {
            let at = reader.span(error.span().unwrap_or_default());
            let message = format!("cannot read this as TOML: {}", error.message());
            reader.report(Diagnostic::new(&input::SYNTAX_ERROR, at, message));
        }
    }
    reader.config
}

struct Reader<'a> {
    file: &'a SourceFile,
    config: Config,
}

impl Reader<'_> {
    fn top(&mut self, top: &DeTable<'_>) {
        for (key, value) in top {
            match (key.get_ref().as_ref(), value.get_ref()) {
                ("host", DeValue::Array(hosts)) => self.hosts(hosts),
                ("host", _) => self.invalid(value, "`host` is a list of tables: write `[[host]]`"),
                _ => self.unknown(key, "quadgen.toml", &["host"]),
            }
        }
    }

    fn hosts(&mut self, hosts: &DeArray<'_>) {
        for host in hosts {
            let DeValue::Table(table) = host.get_ref() else {
                self.invalid(host, "`host` is a list of tables: write `[[host]]`");
                continue;
            };
            let (mut name, mut stacks) = (None, Vec::new());
            for (key, value) in table {
                match (key.get_ref().as_ref(), value.get_ref()) {
                    ("name", _) => name = self.text(value, "`name`"),
                    ("stacks", DeValue::Array(items)) => {
                        stacks.extend(items.iter().filter_map(|item| self.text(item, "a stack of a host")));
                    }
                    ("stacks", _) => self.invalid(value, "`stacks` is a list of paths"),
                    _ => self.unknown(key, "a host", &["name", "stacks"]),
                }
            }
            let at = self.span(host.span());
            match name {
                Some(name) => self.config.hosts.push(Host { name, stacks }),
                None => self.report(Diagnostic::new(&input::INVALID_VALUE, at, "a host needs a `name`")),
            }
        }
    }

    fn text(&mut self, value: &Toml<DeValue<'_>>, what: &str) -> Option<Text> {
        match value.get_ref() {
            DeValue::String(text) => Some(Spanned::written(text.to_string(), self.span(value.span()))),
            _ => {
                self.invalid(value, &format!("{what} must be a text"));
                None
            }
        }
    }

    fn invalid(&mut self, value: &Toml<DeValue<'_>>, message: &str) {
        let at = self.span(value.span());
        self.report(Diagnostic::new(&input::INVALID_VALUE, at, message));
    }

    fn unknown(&mut self, key: &Toml<std::borrow::Cow<'_, str>>, place: &str, known: &[&str]) {
        let (at, name) = (self.span(key.span()), key.get_ref().as_ref());
        let mut finding =
            Diagnostic::new(&input::UNKNOWN_KEY, at, format!("{place} has no key `{}`", name.escape_debug()));
        finding = match crate::nearest(name, known.iter().copied()) {
            Some(near) => {
                let change = Change::Replace { span: at, text: near.to_owned() };
                finding.here(format!("did you mean `{near}`?")).fix(format!("rename to `{near}`"), true, vec![change])
            }
            None => finding.help(format!("It has: {}.", known.join(", "))),
        };
        self.report(finding);
    }

    fn report(&mut self, finding: Diagnostic) {
        self.config.diagnostics.push(finding);
    }

    fn span(&self, range: std::ops::Range<usize>) -> Span {
        self.file.span().part(range.start, range.end)
    }
}

#[cfg(test)]
mod tests {
    use super::read;
    use crate::source::SourceMap;

    fn said(text: &str) -> (usize, Vec<String>) {
        let mut sources = SourceMap::default();
        let file = sources.add("quadgen.toml", text);
        let config = read(sources.file(file));
        let said = config
            .diagnostics
            .iter()
            .map(|found| format!("{} {} {}", sources.place(found.span()), found.rule.code, found.message));
        (config.hosts.len(), said.collect())
    }

    #[test]
    fn hosts_are_read_and_faults_have_a_place() {
        assert_eq!(said("[[host]]\nname = \"a\"\nstacks = [\"x/*\", \"y\"]\n[[host]]\nname = \"b\"\n"), (2, vec![]));
        assert_eq!(said(""), (0, vec![]));
        for (text, hosts, expected) in [
            ("[[host]]\nnam = \"a\"\nname = \"b\"\n", 1, "quadgen.toml:2:1 QG002 a host has no key `nam`"),
            ("hosts = 1\n", 0, "quadgen.toml:1:1 QG002 quadgen.toml has no key `hosts`"),
            ("[host]\nname = \"a\"\n", 0, "quadgen.toml:1:1 QG003 `host` is a list of tables: write `[[host]]`"),
            ("[[host]]\nstacks = []\n", 0, "quadgen.toml:1:1 QG003 a host needs a `name`"),
            ("[[host]]\nname = \"a\"\nstacks = [1]\n", 1, "quadgen.toml:3:11 QG003 a stack of a host must be a text"),
            ("[[host]\n", 0, "quadgen.toml:1:8 QG001 cannot read this as TOML: unclosed array table, expected `]`"),
        ] {
            assert_eq!(said(text), (hosts, vec![expected.to_owned()]), "{text}");
        }
    }
}
