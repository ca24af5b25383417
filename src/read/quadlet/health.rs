//! `HealthCmd=` and its times → the health check.

use super::values::{Given, Values};
use crate::model::{Health, HealthTest, Spanned, Text};

pub(super) fn health(values: &mut Values<'_>) -> Option<Spanned<Health>> {
    let command = values.take_last("HealthCmd");
    let off = values.take_last("--no-healthcheck");
    let mut at = off.as_ref().or(command.as_ref()).map(Given::span);
    let test = if off.is_some() { Some(HealthTest::Disabled) } else { command.as_ref().and_then(test) };
    let mut health = Health { test, ..Health::default() };
    for (key, place) in [
        ("HealthInterval", &mut health.interval),
        ("HealthTimeout", &mut health.timeout),
        ("HealthStartPeriod", &mut health.start_period),
    ] {
        let Some(given) = values.take_last(key) else { continue };
        match given.word.text.parse() {
            Ok(time) => *place = Some(Spanned::written(time, given.span())),
            Err(_) => values.leave(key, &given),
        }
        at = at.or(place.as_ref().map(Spanned::span));
    }
    if let Some(given) = values.take_last("HealthRetries") {
        match given.word.text.parse() {
            Ok(retries) => health.retries = Some(Spanned::written(retries, given.span())),
            Err(_) => values.leave("HealthRetries", &given),
        }
        at = at.or(health.retries.as_ref().map(Spanned::span));
    }
    start_interval(values, command.as_ref(), &mut health);
    at.map(|span| Spanned::written(health, span))
}

/// A check of its own for the start that only has another pace.
fn start_interval(values: &mut Values<'_>, command: Option<&Given<'_>>, health: &mut Health) {
    let Some(own) = values.take_last("HealthStartupCmd") else { return };
    let pace = values.take_last("HealthStartupInterval");
    let timeout = values.take_last("HealthStartupTimeout");
    let interval = pace.as_ref().and_then(|given| given.word.text.parse().ok());
    let same_time = timeout
        .as_ref()
        .is_none_or(|given| given.word.text.parse().ok() == health.timeout.as_ref().map(|timeout| timeout.value));
    if let (Some(pace), Some(interval), true) = (&pace, interval, same_time)
        && command.is_some_and(|command| command.word.text == own.word.text)
    {
        health.start_interval = Some(Spanned::written(interval, pace.span()));
        return;
    }
    values.leave("HealthStartupCmd", &own);
    pace.iter().for_each(|given| values.leave("HealthStartupInterval", given));
    timeout.iter().for_each(|given| values.leave("HealthStartupTimeout", given));
}

/// What Podman makes of a command: JSON is a list of words, `CMD`, `CMD-SHELL` and `none` mean what they mean in
/// Compose, and everything else is a line for the shell. Source: Podman, `makeHealthCheckFromCli`.
fn test(given: &Given<'_>) -> Option<HealthTest> {
    let text = given.word.text.trim();
    let word = |text: &str| -> Text { Spanned::written(text.to_owned(), given.span()) };
    let list: Option<Vec<String>> =
        text.trim_start().starts_with('[').then(|| serde_json::from_str(text).ok()).flatten();
    let first = match &list {
        Some(words) => words.first().map_or("", String::as_str),
        None => text.split(' ').next().unwrap_or(""),
    };
    let shell = |line: &str| Some(HealthTest::Shell(word(line)));
    match (first.to_uppercase().as_str(), &list) {
        ("NONE", _) => Some(HealthTest::Disabled),
        ("CMD", None) => {
            let words: Vec<Text> = text.split_whitespace().skip(1).map(word).collect();
            (!words.is_empty()).then_some(HealthTest::Exec(words))
        }
        ("CMD-SHELL", None) => shell(text.get(first.len()..).unwrap_or("").trim()),
        ("CMD", Some(words)) => {
            let words: Vec<Text> = words.iter().skip(1).map(|text| word(text)).collect();
            (!words.is_empty()).then_some(HealthTest::Exec(words))
        }
        ("CMD-SHELL", Some(words)) => shell(words.get(1)?),
        (_, Some(words)) => match words.as_slice() {
            [] => None,
            // One word would be run by a shell.
            [only] => shell(only),
            words => Some(HealthTest::Exec(words.iter().map(|text| word(text)).collect())),
        },
        (_, None) => shell(text),
    }
}
