//! `{{ host.NAME.url }}`: what stands for a program outside of the stack, in a text of a service.

use std::ops::Range;

use super::{Data, HealthTest, Service, Value};
use crate::source::Span;

/// Stands in a text of the renderer for an address that is only known when a container starts. It is no character
/// (Unicode keeps U+FDD0 for the inside of programs), so no text that somebody wrote holds it.
pub const AT_START: char = '\u{fdd0}';

/// Stands in a path of the renderer for the home of the user whose units they are; no character, either (U+FDD1).
pub const HOME: char = '\u{fdd1}';

/// Stand in a text of the renderer before and behind the name of a variable that Compose fills in; no characters,
/// either (U+FDD2, U+FDD3).
pub const VARIABLE: [char; 2] = ['\u{fdd2}', '\u{fdd3}'];

/// Whether a character is one of those that stand for something else in texts of the renderer.
pub fn is_mark(c: char) -> bool {
    c == AT_START || c == HOME || VARIABLE.contains(&c)
}

/// What of a host service a template stands for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum HostPart {
    /// `scheme://host:port`.
    Url,
    /// The name or address that leads there.
    Host,
    /// The port.
    Port,
    /// The address as a number.
    Address,
}

impl HostPart {
    /// The words for all parts.
    pub const WORDS: [&str; 4] = ["url", "host", "port", "address"];

    fn from_word(word: &str) -> Option<HostPart> {
        match word {
            "url" => Some(HostPart::Url),
            "host" => Some(HostPart::Host),
            "port" => Some(HostPart::Port),
            "address" => Some(HostPart::Address),
            _ => None,
        }
    }
}

/// A template in a text.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct HostTemplate {
    /// Where it stands in the text, braces included, in bytes.
    pub range: Range<usize>,
    /// The name of the host service.
    pub name: String,
    /// What it stands for; where there is no such part, the word as written.
    pub part: Result<HostPart, String>,
}

/// The templates of a text. Every other `{{…}}` is literal text.
pub fn host_templates(text: &str) -> Vec<HostTemplate> {
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(open) = text.get(at..).and_then(|rest| rest.find("{{")).map(|open| at + open) {
        at = open + 2;
        let Some(close) = text.get(at..).and_then(|rest| rest.find("}}")) else { break };
        let inner = text.get(at..at + close).unwrap_or("").trim();
        let Some((name, part)) = inner.strip_prefix("host.").and_then(|rest| rest.rsplit_once('.')) else { continue };
        let plain = |word: &str| !word.is_empty() && !word.contains(|c: char| c.is_whitespace() || "{}|()".contains(c));
        if plain(name) && plain(part) {
            found.push(HostTemplate {
                range: open..at + close + 2,
                name: name.to_owned(),
                part: HostPart::from_word(part).ok_or_else(|| part.to_owned()),
            });
            at += close + 2;
        }
    }
    found
}

impl Service {
    /// Every text in which templates are replaced: environment, command, entry point, labels and health check. With
    /// each its place, and the name of the variable if it is one.
    pub fn templated(&self) -> Vec<(&str, Span, Option<&str>)> {
        let mut texts = Vec::new();
        for (name, variable) in &self.environment {
            texts.extend(variable.value.as_deref().map(|value| (value, variable.span(), Some(name.as_str()))));
        }
        for word in self.command.iter().chain(&self.entrypoint).flatten() {
            texts.push((word.value.as_str(), word.span(), None));
        }
        match self.health.as_ref().and_then(|health| health.value.test.as_ref()) {
            Some(HealthTest::Exec(words)) => {
                texts.extend(words.iter().map(|word| (word.value.as_str(), word.span(), None)));
            }
            Some(HealthTest::Shell(line)) => texts.push((line.value.as_str(), line.span(), None)),
            Some(HealthTest::Disabled) | None => {}
        }
        if let Some((_, labels)) = self.attributes.get("labels") {
            leaves(labels, &mut |text, span| texts.push((text, span, None)));
        }
        texts
    }

    /// Replaces every text of [`Service::templated`] by what `fill` makes of it.
    pub fn fill(&mut self, mut fill: impl FnMut(&str, Span) -> String) {
        let body = &mut **self;
        for variable in body.environment.values_mut() {
            let span = variable.span();
            variable.value = variable.value.as_deref().map(|value| fill(value, span));
        }
        let mut words: Vec<&mut super::Text> = body.command.iter_mut().chain(&mut body.entrypoint).flatten().collect();
        match body.health.as_mut().and_then(|health| health.value.test.as_mut()) {
            Some(HealthTest::Exec(test)) => words.extend(test),
            Some(HealthTest::Shell(line)) => words.push(line),
            Some(HealthTest::Disabled) | None => {}
        }
        for word in words {
            let span = word.span();
            word.value = fill(&word.value, span);
        }
        if let Some((_, labels)) = self.attributes.get_mut("labels") {
            fill_leaves(labels, &mut fill);
        }
    }
}

fn leaves<'v>(value: &'v Value, look: &mut impl FnMut(&'v str, Span)) {
    match &value.data {
        Data::Text(text) => look(text, value.span),
        Data::List(items) => items.iter().for_each(|item| leaves(item, look)),
        Data::Map(entries) => entries.iter().for_each(|(_, value)| leaves(value, look)),
        Data::Null | Data::Bool(_) | Data::Number(_) => {}
    }
}

fn fill_leaves(value: &mut Value, fill: &mut impl FnMut(&str, Span) -> String) {
    let span = value.span;
    match &mut value.data {
        Data::Text(text) => *text = fill(text, span),
        Data::List(items) => items.iter_mut().for_each(|item| fill_leaves(item, fill)),
        Data::Map(entries) => entries.iter_mut().for_each(|(_, value)| fill_leaves(value, fill)),
        Data::Null | Data::Bool(_) | Data::Number(_) => {}
    }
}

#[cfg(test)]
mod tests {
    use super::{HostPart, host_templates};

    #[test]
    fn templates_are_found_and_everything_else_is_text() {
        let found =
            host_templates("a {{ host.ollama.url }}/v1 {{host.x-y.port}} {{ .Names }} {{ host.z.uri }} {{ host.q");
        let parts: Vec<_> = found.iter().map(|template| (template.name.as_str(), template.part.clone())).collect();
        assert_eq!(parts, [("ollama", Ok(HostPart::Url)), ("x-y", Ok(HostPart::Port)), ("z", Err("uri".to_owned()))]);
        assert_eq!(found[0].range, 2..23);
        for literal in ["{{ hosts.x.url }}", "{{host}}", "{{ host.x }}", "{{ host.x.url | upper }}", "{{", "}}{{"] {
            assert!(host_templates(literal).is_empty(), "{literal}");
        }
    }
}
