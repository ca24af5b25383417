//! How a unit is laid out: as quadgen does it, or by a template of the house.

use minijinja::syntax::SyntaxConfig;
use minijinja::{AutoEscape, Environment, ErrorKind, Value, context};

use super::unit::Unit;
use crate::diagnostic::Diagnostic;
use crate::render::{Template, refuse};
use crate::source::Span;

/// The template that is for all kinds of units.
const COMMON: &str = "unit";

/// Said of a value that would not stay in its line.
const BREAKS: &str = "a value holds a line break";

/// How the units of a render are laid out.
pub(super) struct Templates<'a> {
    environment: Environment<'a>,
    own: &'a [Template],
}

impl<'a> Templates<'a> {
    /// The templates of a house; where it has none for a kind of unit, quadgen's layout.
    ///
    /// # Errors
    /// A template that is not well-formed, with the line.
    pub fn new(own: &'a [Template]) -> Result<Self, Vec<Diagnostic>> {
        let mut environment = Environment::new();
        let syntax = SyntaxConfig::builder().trim_blocks(true).lstrip_blocks(true).keep_trailing_newline(true).build();
        if let Ok(syntax) = syntax {
            environment.set_syntax(syntax);
        }
        environment.set_auto_escape_callback(|_| AutoEscape::None);
        environment.set_formatter(|out, state, value| {
            if value.as_str().is_some_and(breaks) {
                return Err(minijinja::Error::new(ErrorKind::InvalidOperation, BREAKS));
            }
            minijinja::escape_formatter(out, state, value)
        });
        let mut refused = Vec::new();
        for template in own {
            if let Err(error) = environment.add_template(&template.name, &template.text) {
                refused.push(wrong(template, &error));
            }
        }
        if refused.is_empty() { Ok(Templates { environment, own }) } else { Err(refused) }
    }

    /// The text of a unit.
    ///
    /// # Errors
    /// A value holds a line break, or a template of the house failed.
    pub fn write(&self, name: &str, stack: &str, unit: &Unit) -> Result<String, Box<Diagnostic>> {
        let kind = unit.kind().to_lowercase();
        let own = self.own.iter().find(|own| own.name == kind).or(self.own.iter().find(|own| own.name == COMMON));
        let Some(own) = own else { return plain(unit) };
        let sections = unit.sections().into_iter().map(|(name, entries)| {
            let entries: Vec<Value> = entries.into_iter().map(|(key, value)| context! { key, value }).collect();
            context! { name, entries }
        });
        let sections: Vec<Value> = sections.collect();
        let template = self.environment.get_template(&own.name);
        let text = template.and_then(|template| template.render(context! { file => name, kind, stack, sections }));
        text.map_err(|error| Box::new(wrong(own, &error)))
    }
}

/// quadgen's layout; `templates/unit.j2` is the same, for houses to begin with.
fn plain(unit: &Unit) -> Result<String, Box<Diagnostic>> {
    let mut text = String::new();
    for (name, entries) in unit.sections() {
        if !text.is_empty() {
            text.push('\n');
        }
        text.extend(["[", name, "]\n"]);
        for (key, value) in entries {
            if breaks(key) || breaks(value) {
                return Err(Box::new(refuse(Span::default(), BREAKS)));
            }
            text.extend([key, "=", value, "\n"]);
        }
    }
    Ok(text)
}

/// The last wall: whatever is written into a line stays in that line.
fn breaks(text: &str) -> bool {
    text.bytes().any(|byte| matches!(byte, b'\n' | b'\r' | b'\0'))
}

/// What is wrong with a template, at its line.
fn wrong(template: &Template, error: &minijinja::Error) -> Diagnostic {
    let line = error.line().unwrap_or(1).saturating_sub(1);
    let before: usize = template.text.split_inclusive('\n').take(line).map(str::len).sum();
    let length = template.text.get(before..).and_then(|rest| rest.lines().next()).map_or(0, str::len);
    let what = error.detail().map_or_else(|| error.kind().to_string(), str::to_owned);
    refuse(template.span.part(before, before + length), format!("this template cannot be used: {what}"))
}

#[cfg(test)]
mod tests {
    use super::super::unit::Unit;
    use super::{Template, Templates};
    use crate::model::Version;
    use crate::source::Span;

    #[test]
    fn the_template_for_houses_is_quadgens_layout() {
        let text = include_str!("../../../templates/unit.j2").to_owned();
        let own = [Template { name: "unit".to_owned(), text, span: Span::default() }];
        let mut unit = Unit::new("Container", Version::new(5, 4));
        let write = |own: &[Template], unit: &Unit| Templates::new(own).unwrap().write("a.container", "s", unit);
        assert_eq!(write(&own, &unit).unwrap(), write(&[], &unit).unwrap());
        unit.text("Unit", "Description", "a {{ b }} <c>");
        unit.own("Image", "a");
        unit.own("Exec", "b 'c' \"d\"");
        unit.text("Service", "Restart", "");
        assert_eq!(write(&own, &unit).unwrap(), write(&[], &unit).unwrap());
        unit.raw("Service", "ExecStart", "a\nb");
        assert_eq!(write(&own, &unit).is_err(), write(&[], &unit).is_err());
    }
}
