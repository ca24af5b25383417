//! Keys and arguments → Compose's attributes, by the table in `data/`: the way back of what is rendered.

use std::sync::LazyLock;

use super::values::{Given, Values};
use crate::model::{Data, Service, Value};
use crate::platform::attributes::{self, Attribute, Shape};
use crate::source::Span;

/// Compose's attributes of a service that a key or an argument says, by name.
static SAID: LazyLock<Vec<(&str, &Attribute)>> = LazyLock::new(|| {
    let names = attributes::below("services.*").into_iter();
    let found = names.filter_map(|name| Some((name, attributes::find(&format!("services.*.{name}"))?)));
    found.filter(|(_, attribute)| attribute.shape.is_some()).collect()
});

pub(super) fn attributes(values: &mut Values<'_>, service: &mut Service) {
    for (name, attribute) in SAID.iter() {
        let (Some(shape), Some(key)) = (attribute.shape, attribute.key.as_ref().or(attribute.flag.as_ref())) else {
            continue;
        };
        // A log has options without a driver, too.
        if !values.may_hold(key) && shape != Shape::Logging {
            continue;
        }
        if let Some((span, data)) = value(values, name, key, shape) {
            service.attributes.insert((*name).to_owned(), (span, Value { span, data }));
        }
    }
}

/// How an attribute is written that only an argument says.
pub(super) fn shape_of(flag: &str) -> Option<Shape> {
    let by_flag = |attribute: &Attribute| attribute.key.is_none() && attribute.flag.as_deref() == Some(flag);
    SAID.iter().find(|(_, attribute)| by_flag(attribute)).and_then(|(_, attribute)| attribute.shape)
}

fn value(values: &mut Values<'_>, name: &str, key: &str, shape: Shape) -> Option<(Span, Data)> {
    match shape {
        Shape::Text => {
            let given = values.take_last(key)?;
            let mut text = given.word.text.clone();
            if name == "user"
                && let Some(group) = values.take_last("Group")
            {
                text = format!("{text}:{}", group.word.text);
            }
            Some((given.span(), Data::Text(text)))
        }
        Shape::List | Shape::Hosts => {
            let mut found = values.take(key);
            // A device that may be missing is something Compose cannot say.
            if name == "devices" {
                let optional: Vec<Given> = found.extract_if(.., |given| given.word.text.starts_with('-')).collect();
                optional.iter().for_each(|given| values.leave(key, given));
            }
            let span = span_of(&found)?;
            Some((span, Data::List(found.iter().map(text).collect())))
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
            if !matches!(given.word.text.as_str(), "always" | "missing" | "never") {
                values.leave(key, &given);
                return None;
            }
            Some((given.span(), Data::Text(given.word.text)))
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
            entries.extend(driver.iter().map(|given| ("driver".to_owned(), text(given))));
            if let Some(at) = span_of(&options) {
                let option = |given: &Given| {
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

fn text(given: &Given) -> Value {
    Value { span: given.span(), data: Data::Text(given.word.text.clone()) }
}

fn span_of(found: &[Given]) -> Option<Span> {
    found.first().map(Given::span)
}

/// `NAME=SOFT:HARD`, or one number for both.
fn ulimit(given: &Given) -> Option<(String, Value)> {
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
