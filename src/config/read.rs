//! The text of `quadgen.toml` → what it says. The table in `keys.rs` tells which keys there are and what each takes.

use std::borrow::Cow;

use toml::Spanned as Toml;
use toml::de::{DeTable, DeValue};

use super::keys::{Kind, LEVELS, TOP, Table};
use super::names::{Catalogue, Selector, unknown};
use super::suppress::can_be_silenced;
use super::{Config, Glob, Host, Levels, Lint, PathRules};
use crate::diagnostic::{Change, Diagnostic, Level, Rule, input, own};
use crate::model::{Spanned, Text};
use crate::source::{SourceFile, Span};

type Value<'t> = Toml<DeValue<'t>>;

/// Reads the file. What cannot be read is reported and left out.
pub fn read(file: &SourceFile, rules: Catalogue<'_>) -> Config {
    let mut reader = Reader { file, rules, skipped: 0, diagnostics: Vec::new() };
    let text = file.text.strip_prefix('\u{feff}').unwrap_or(&file.text);
    reader.skipped = file.text.len() - text.len();
    let mut config = match DeTable::parse(text) {
        Ok(top) => reader.top(top.get_ref()),
        Err(error) => {
            let at = reader.span(error.span().unwrap_or_default());
            let message = format!("cannot read this as TOML: {}", error.message());
            let finding = Diagnostic::new(&input::SYNTAX_ERROR, at, message);
            reader.diagnostics.push(finding.help("Nothing of this file counts until then."));
            Config::default()
        }
    };
    config.diagnostics = reader.diagnostics;
    config
}

struct Reader<'a> {
    file: &'a SourceFile,
    rules: Catalogue<'a>,
    /// How many bytes stand before the text that TOML's reader gets.
    skipped: usize,
    diagnostics: Vec<Diagnostic>,
}

impl Reader<'_> {
    fn top(&mut self, top: &DeTable<'_>) -> Config {
        let mut config = Config::default();
        for (key, value) in self.checked(top, &TOP, "") {
            match key {
                "extend" => config.extend = self.text(value),
                "on" => config.on = Some(self.texts(value)),
                "platforms" => config.platforms = self.named(value),
                "host" => config.hosts = self.each(value, &TOP, key, "host", Reader::host),
                "lint" => config.lint = self.lint(value),
                _ => {}
            }
        }
        config
    }

    fn host(&mut self, keys: &[(&str, &Value<'_>)]) -> Host {
        let mut host = Host { name: Spanned::written(String::new(), Span::default()), stacks: Vec::new() };
        for (key, value) in keys {
            match *key {
                "name" => host.name = self.text(value).unwrap_or_else(|| host.name.clone()),
                "stacks" => host.stacks = self.globs(value),
                _ => {}
            }
        }
        host
    }

    fn lint(&mut self, value: &Value<'_>) -> Lint {
        let mut lint = Lint::default();
        let (DeValue::Table(table), Some(known)) = (value.get_ref(), below(&TOP, "lint")) else { return lint };
        for (key, value) in self.checked(table, known, "lint.") {
            match key {
                "select" => lint.select = Some(self.selectors(value)),
                "ignore" => lint.ignore = self.ignored(value),
                "pedantic" => lint.pedantic = value.get_ref().as_bool(),
                "fail-on" => lint.fail_on = self.level(value),
                "baseline" => lint.baseline = self.text(value),
                "levels" => lint.levels = self.levels(value),
                "paths" => lint.paths = self.each(value, known, key, "lint.paths", Reader::paths),
                _ => {}
            }
        }
        lint
    }

    fn paths(&mut self, keys: &[(&str, &Value<'_>)]) -> PathRules {
        let mut rules = PathRules::default();
        for (key, value) in keys {
            match *key {
                "paths" => rules.paths = self.globs(value),
                "select" => rules.select = Some(self.selectors(value)),
                "ignore" => rules.ignore = self.ignored(value),
                "levels" => rules.levels = self.levels(value),
                _ => {}
            }
        }
        rules
    }

    /// The keys of a table that it may have, with values of the right form.
    fn checked<'t, 'v>(
        &mut self,
        table: &'t DeTable<'v>,
        known: &'static Table,
        path: &str,
    ) -> Vec<(&'static str, &'t Value<'v>)> {
        let mut good = Vec::new();
        for (key, value) in table {
            let Some(own) = known.keys.iter().find(|own| own.name == key.get_ref().as_ref()) else {
                self.unknown(key, known);
                continue;
            };
            let fits = match (own.kind, value.get_ref()) {
                (Kind::Text | Kind::Level, DeValue::String(_))
                | (Kind::Texts | Kind::Rules, DeValue::Array(_))
                | (Kind::Switch, DeValue::Boolean(_))
                | (Kind::Levels | Kind::Named | Kind::Table(_), DeValue::Table(_)) => true,
                (Kind::Tables(_), DeValue::Array(all)) => {
                    all.iter().all(|one| matches!(one.get_ref(), DeValue::Table(_)))
                }
                _ => false,
            };
            if fits {
                good.push((own.name, value));
            } else {
                let message = own.kind.words(own.name, &format!("{path}{}", own.name));
                self.invalid(value, &message, own.about);
            }
        }
        good
    }

    /// Every table of a list; one that lacks what it needs is reported and left out.
    fn each<T>(
        &mut self,
        list: &Value<'_>,
        known: &'static Table,
        key: &str,
        path: &str,
        take: fn(&mut Self, &[(&str, &Value<'_>)]) -> T,
    ) -> Vec<T> {
        let (DeValue::Array(list), Some(known)) = (list.get_ref(), below(known, key)) else { return Vec::new() };
        let mut taken = Vec::new();
        for one in list {
            let DeValue::Table(table) = one.get_ref() else { continue };
            let keys = self.checked(table, known, &format!("{path}."));
            let lacks = known.required.iter().find(|name| table.keys().all(|key| key.get_ref() != **name));
            if let Some(name) = lacks {
                let about = known.keys.iter().find(|key| key.name == *name).map_or("", |key| key.about);
                self.invalid(one, &format!("{} needs a `{name}`", known.called), about);
            } else if known.required.iter().all(|name| keys.iter().any(|(key, _)| key == name)) {
                taken.push(take(self, &keys));
            }
        }
        taken
    }

    fn text(&mut self, value: &Value<'_>) -> Option<Text> {
        match value.get_ref() {
            DeValue::String(text) => Some(Spanned::written(text.to_string(), self.inner(value, text))),
            _ => {
                self.invalid(value, "this must be a text", "Put it in quotes.");
                None
            }
        }
    }

    fn texts(&mut self, value: &Value<'_>) -> Vec<Text> {
        let DeValue::Array(items) = value.get_ref() else { return Vec::new() };
        items.iter().filter_map(|item| self.text(item)).collect()
    }

    fn named(&mut self, value: &Value<'_>) -> Vec<(Text, Text)> {
        let DeValue::Table(table) = value.get_ref() else { return Vec::new() };
        let pair = |(key, value): (&Toml<Cow<'_, str>>, &Value<'_>)| {
            let name = Spanned::written(key.get_ref().to_string(), self.span(key.span()));
            Some((name, self.text(value)?))
        };
        table.iter().filter_map(pair).collect()
    }

    fn globs(&mut self, value: &Value<'_>) -> Vec<Glob> {
        let mut globs = Vec::new();
        for text in self.texts(value) {
            match Glob::new(text.clone()) {
                Ok(glob) => globs.push(glob),
                Err(error) => {
                    let message = format!("`{}` is no pattern: {error}", text.value.escape_debug());
                    let finding = Diagnostic::new(&input::INVALID_VALUE, text.span(), message);
                    self.diagnostics.push(finding.help("`*` and `?` stay within a folder, `**` does not."));
                }
            }
        }
        globs
    }

    fn level(&mut self, value: &Value<'_>) -> Option<Level> {
        let text = value.get_ref().as_str()?;
        let level = LEVELS.into_iter().find(|level| level.word() == text);
        if level.is_none() {
            let span = self.inner(value, text);
            let message = format!("there is no level `{}`", text.escape_debug());
            let finding = Diagnostic::new(&input::INVALID_VALUE, span, message);
            let words = LEVELS.map(Level::word);
            self.diagnostics.push(match crate::nearest(text, words) {
                Some(near) => finding.here(format!("did you mean `{near}`?")),
                None => finding.help(format!("The levels are: {}.", words.join(", "))),
            });
        }
        level
    }

    fn selectors(&mut self, value: &Value<'_>) -> Vec<Selector> {
        let rules = self.rules;
        let mut selectors = Vec::new();
        for text in self.texts(value) {
            match Selector::parse(&text.value, rules) {
                Some(selector) => selectors.push(selector),
                None => self.diagnostics.push(unknown(&text.value, text.span(), rules)),
            }
        }
        selectors
    }

    /// The rules to leave out; two of them cannot be.
    fn ignored(&mut self, value: &Value<'_>) -> Vec<Selector> {
        let rules = self.rules;
        for text in self.texts(value) {
            if let Some(rule) = rules.find(&text.value).filter(|rule| !can_be_silenced(rule)) {
                let message = format!("{} cannot be silenced, because quadgen then did not see everything", rule.code);
                let finding = Diagnostic::new(&own::UNUSED_SUPPRESSION, text.span(), message);
                self.diagnostics.push(finding.help("What helps: take it out of the list."));
            }
        }
        self.selectors(value)
    }

    fn levels(&mut self, value: &Value<'_>) -> Levels {
        let DeValue::Table(table) = value.get_ref() else { return Levels::new() };
        let mut levels = Levels::new();
        for (key, value) in table {
            let (name, at) = (key.get_ref().as_ref(), self.span(key.span()));
            let rule: Option<&'static Rule> = self.rules.find(name);
            match rule {
                None => self.diagnostics.push(unknown(name, at, self.rules)),
                Some(rule) if !can_be_silenced(rule) => {
                    let message = format!("the level of {} cannot be changed", rule.code);
                    let finding = Diagnostic::new(&input::INVALID_VALUE, at, message);
                    self.diagnostics.push(finding.help("quadgen then did not see everything, and exits with 2."));
                }
                Some(rule) if matches!(value.get_ref(), DeValue::String(_)) => {
                    levels.extend(self.level(value).map(|level| (rule.code, level)));
                }
                Some(_) => {
                    let words = Kind::Level.words(name, "");
                    self.invalid(value, &words, "It is the level that the rule's findings get.");
                }
            }
        }
        levels
    }

    fn invalid(&mut self, value: &Value<'_>, message: &str, help: &str) {
        let at = self.span(value.span());
        self.diagnostics.push(Diagnostic::new(&input::INVALID_VALUE, at, message).help(help));
    }

    fn unknown(&mut self, key: &Toml<Cow<'_, str>>, place: &Table) {
        let (at, name) = (self.span(key.span()), key.get_ref().as_ref());
        let message = format!("{} has no key `{}`", place.called, name.escape_debug());
        let finding = Diagnostic::new(&input::UNKNOWN_KEY, at, message);
        let known: Vec<&str> = place.keys.iter().map(|key| key.name).collect();
        let finding = match crate::nearest(name, known.iter().copied()) {
            Some(near) => {
                let change = Change::Replace { span: at, text: near.to_owned() };
                finding.here(format!("did you mean `{near}`?")).fix(format!("rename to `{near}`"), true, vec![change])
            }
            None => finding,
        };
        self.diagnostics.push(finding.help(format!("It has: {}.", known.join(", "))));
    }

    /// The place of a text within its quotes, so that a fix keeps them; the whole value where escapes stand in it.
    fn inner(&self, value: &Value<'_>, text: &str) -> Span {
        let range = value.span();
        let within = range.start + 1..range.end.saturating_sub(1);
        let start = self.skipped;
        let written = self.file.text.get(within.start + start..within.end + start);
        self.span(if written == Some(text) { within } else { range })
    }

    fn span(&self, range: std::ops::Range<usize>) -> Span {
        self.file.span().part(range.start + self.skipped, range.end + self.skipped)
    }
}

/// The table that a key holds.
fn below(table: &'static Table, name: &str) -> Option<&'static Table> {
    table.keys.iter().find(|key| key.name == name).and_then(|key| match key.kind {
        Kind::Table(below) | Kind::Tables(below) => Some(below),
        _ => None,
    })
}
