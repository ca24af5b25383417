//! Keys and arguments → Compose's attributes, by the table in `data/`: the way back of what is rendered.

use std::sync::LazyLock;

use super::values::{Given, Values};
use crate::model::{Data, Keys, Service, Value};
use crate::platform::attributes::{self, Attribute, Shape};
use crate::source::Span;

/// An attribute of a service that a key or an argument says.
struct FromKey {
    name: &'static str,
    shape: Shape,
    /// The key, else the argument.
    key: &'static str,
    is_key: bool,
    /// All keys that are looked at for it first.
    keys: Keys,
}

/// By name.
static SAID: LazyLock<Vec<FromKey>> = LazyLock::new(|| {
    let names = attributes::below("services.*").into_iter();
    let found = names.filter_map(|name| said(name, attributes::find(&format!("services.*.{name}"))?));
    found.collect()
});

fn said(name: &'static str, attribute: &'static Attribute) -> Option<FromKey> {
    let (shape, key) = (attribute.shape?, attribute.key.as_deref().or(attribute.flag.as_deref())?);
    // A log has options without a driver, too.
    let keys = if shape == Shape::Logging { Keys::of(&["LogDriver", "LogOpt"]) } else { Keys::of(&[key]) };
    Some(FromKey { name, shape, key, is_key: attribute.key.is_some(), keys })
}

pub(super) fn attributes(values: &mut Values<'_>, service: &mut Service) {
    let untaken = values.untaken();
    for said in SAID.iter() {
        if untaken.may_share(said.keys)
            && let Some((span, data)) = value(values, said.name, said.key, said.shape)
        {
            service.attributes.insert(said.name.to_owned(), (span, Value { span, data }));
        }
    }
}

/// How an attribute is written that only an argument says.
pub(super) fn shape_of(flag: &str) -> Option<Shape> {
    SAID.iter().find(|said| !said.is_key && said.key == flag).map(|said| said.shape)
}

fn value(values: &mut Values<'_>, name: &str, key: &str, shape: Shape) -> Option<(Span, Data)> {
    match shape {
        Shape::Text => {
            let given = values.take_last(key)?;
            let (span, mut text) = (given.span(), given.word.text.into_owned());
            if name == "user"
                && let Some(group) = values.take_last("Group")
            {
                text = format!("{text}:{}", group.word.text);
            }
            Some((span, Data::Text(text)))
        }
        Shape::List | Shape::Hosts => {
            let mut found = values.take(key);
            // A device that may be missing is something Compose cannot say.
            if name == "devices" {
                let is_optional = |given: &Given| given.word.text.starts_with('-');
                found.iter().filter(|given| is_optional(given)).for_each(|given| values.leave(key, given));
                found.retain(|given| !is_optional(given));
            }
            let span = span_of(&found)?;
            Some((span, Data::List(found.into_iter().map(Given::into_value).collect())))
        }
        Shape::Pairs => {
            let found = values.take(key);
            let span = span_of(&found)?;
            let mut entries: Vec<(String, Value)> = Vec::new();
            for given in &found {
                let (name, value) = given.word.text.split_once('=').unwrap_or((&given.word.text, ""));
                entries.retain(|(known, _)| known != name);
                entries.push((name.to_owned(), Value { span: given.span(), data: Data::Text(value.to_owned()) }));
            }
            Some((span, Data::Map(entries)))
        }
        Shape::Bool | Shape::Switch => {
            let given = values.take_last(key)?;
            let on = ["1", "yes", "true", "on"].iter().any(|word| given.word.text.eq_ignore_ascii_case(word));
            if !on {
                values.leave(key, &given);
                return None;
            }
            Some((given.span(), Data::Bool(true)))
        }
        Shape::Pull => {
            let given = values.take_last(key)?;
            if !matches!(&*given.word.text, "always" | "missing" | "never") {
                values.leave(key, &given);
                return None;
            }
            Some((given.span(), given.into_value().data))
        }
        Shape::Ulimits => {
            let found = values.take(key);
            let span = span_of(&found)?;
            let mut entries = Vec::new();
            for given in &found {
                match ulimit(given) {
                    Some(entry) => entries.push(entry),
                    None => values.leave(key, given),
                }
            }
            (!entries.is_empty()).then_some((span, Data::Map(entries)))
        }
        Shape::Logging => {
            let driver = values.take_last("LogDriver");
            let options = values.take("LogOpt");
            let span = driver.as_ref().map(Given::span).or_else(|| span_of(&options))?;
            let mut entries = Vec::new();
            entries.extend(driver.map(|given| ("driver".to_owned(), given.into_value())));
            if let Some(at) = span_of(&options) {
                let option = |given: &Given<'_>| {
                    let (name, value) = given.word.text.split_once('=').unwrap_or((&given.word.text, ""));
                    (name.to_owned(), Value { span: given.span(), data: Data::Text(value.to_owned()) })
                };
                let data = Data::Map(options.iter().map(option).collect());
                entries.push(("options".to_owned(), Value { span: at, data }));
            }
            Some((span, Data::Map(entries)))
        }
        // Its limits are attributes of their own, too.
        Shape::Deploy => None,
    }
}

fn span_of(found: &[Given<'_>]) -> Option<Span> {
    found.first().map(Given::span)
}

/// `NAME=SOFT:HARD`, or one number for both.
fn ulimit(given: &Given<'_>) -> Option<(String, Value)> {
    let span = given.span();
    let number = |text: &str| {
        let good = text.strip_prefix('-').unwrap_or(text).bytes().all(|byte| byte.is_ascii_digit()) && !text.is_empty();
        good.then(|| Value { span, data: Data::Number(text.to_owned()) })
    };
    let (name, limits) = given.word.text.split_once('=')?;
    let data = match limits.split_once(':') {
        Some((soft, hard)) => Data::Map(vec![("soft".to_owned(), number(soft)?), ("hard".to_owned(), number(hard)?)]),
        None => number(limits)?.data,
    };
    Some((name.to_owned(), Value { span, data }))
}
