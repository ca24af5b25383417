//! How a unit is laid out: the built-in template, or the house's own.

use minijinja::syntax::SyntaxConfig;
use minijinja::{AutoEscape, Environment, ErrorKind, Value, context};

use super::unit::Unit;
use crate::diagnostic::Diagnostic;
use crate::render::{Template, refuse};
use crate::source::Span;

/// The one that is taken where there is no other.
const COMMON: &str = "unit";

/// The templates of a render, by what they are for.
pub(super) struct Templates<'a> {
    environment: Environment<'a>,
    own: &'a [Template],
}

impl<'a> Templates<'a> {
    /// The built-in template and those of a house.
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
        // The last wall: whatever is written into a line stays in that line.
        environment.set_formatter(|out, state, value| {
            if value.as_str().is_some_and(|text| text.contains(['\n', '\r', '\0'])) {
                return Err(minijinja::Error::new(ErrorKind::InvalidOperation, "a value holds a line break"));
            }
            minijinja::escape_formatter(out, state, value)
        });
        let mut refused = Vec::new();
        let built_in = environment.add_template(COMMON, include_str!("../../../templates/unit.j2"));
        debug_assert!(built_in.is_ok(), "templates/unit.j2 is well-formed");
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
        let sections = unit.sections().into_iter().map(|(name, entries)| {
            let entries: Vec<Value> = entries.into_iter().map(|(key, value)| context! { key, value }).collect();
            context! { name, entries }
        });
        let sections: Vec<Value> = sections.collect();
        let template = self.environment.get_template(own.map_or(COMMON, |own| own.name.as_str()));
        let text = template.and_then(|template| template.render(context! { file => name, kind, stack, sections }));
        text.map_err(|error| match own {
            Some(own) => Box::new(wrong(own, &error)),
            None => Box::new(refuse(Span::default(), error.detail().unwrap_or("it has a bad value").to_owned())),
        })
    }
}

/// What is wrong with a template, at its line.
fn wrong(template: &Template, error: &minijinja::Error) -> Diagnostic {
    let line = error.line().unwrap_or(1).saturating_sub(1);
    let before: usize = template.text.split_inclusive('\n').take(line).map(str::len).sum();
    let length = template.text.get(before..).and_then(|rest| rest.lines().next()).map_or(0, str::len);
    let what = error.detail().map_or_else(|| error.kind().to_string(), str::to_owned);
    refuse(template.span.part(before, before + length), format!("this template cannot be used: {what}"))
}
