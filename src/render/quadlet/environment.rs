//! Variables: in the unit, in the files that people wrote, and in a file of the service's own.
//!
//! A unit is committed, copied and shown by `systemctl cat`. So what came from `.env` or from where quadgen runs goes into
//! `NAME.env` beside it, which only its owner may read.

use indexmap::IndexMap;

use super::Context;
use super::quote::Specifiers;
use super::unit::Unit;
use crate::model::{EnvFile, HOME, Origin, Service, Spanned};
use crate::platform::Feature;
use crate::render::File;

/// What fits into a line that Podman reads, with its name. Source: Go, `bufio.MaxScanTokenSize`, 64 KiB.
const LONGEST: usize = 60 * 1024;

pub(super) fn environment(context: &mut Context<'_>, service: &Service, unit: &mut Unit) {
    let mut own: IndexMap<&str, &str> = IndexMap::new();
    service.env_files.iter().for_each(|file| env_file(context, service, file, unit));
    for (name, variable) in &service.environment {
        match &variable.value {
            Some(value) if came_from_outside(variable) && fits(value) && !context.options.inline_env => {
                own.insert(name, value);
            }
            value => {
                unit.at(Some(variable.span()));
                put(context, name, value.as_deref(), unit);
            }
        }
    }
    unit.at(None);
    if own.is_empty() {
        return;
    }
    let name = name(context, service);
    match context.has(Feature::RelativePaths) {
        true => unit.own("EnvironmentFile", &format!("./{name}")),
        // Where the steps say that the files belong.
        false => unit.own_with("EnvironmentFile", &format!("%E/containers/systemd/{name}"), Specifiers::Meant),
    }
    let note = "Variables that came from .env or the environment are in files called *.env, which only their owner may \
                read and which are not for a repository; `--inline-env` writes them into the units.";
    context.notes.push(note.to_owned());
    let text = own.iter().map(|(name, value)| format!("{name}={value}\n")).collect();
    context.files.push(File { name, text });
}

fn name(context: &Context<'_>, service: &Service) -> String {
    format!("{}.env", context.unit(&service.name.value))
}

/// Whether a value stands in no file that belongs to the stack's own.
fn came_from_outside(variable: &Spanned<Option<String>>) -> bool {
    matches!(variable.origin, Origin::Interpolated(_))
}

/// Whether a line of a file that is read literally can hold it.
fn fits(value: &str) -> bool {
    value.len() < LONGEST && !value.chars().any(|c| matches!(c, '\n' | '\r' | '\0'))
}

fn put(context: &Context<'_>, name: &str, value: Option<&str>, unit: &mut Unit) {
    match value {
        Some(value) => unit.own("Environment", &format!("{name}={value}")),
        None if context.has(Feature::BareEnvironment) => unit.own("Environment", name),
        None => unit.argument(&format!("--env={name}"), Specifiers::Literal),
    }
}

/// A file that is read as it is.
fn env_file(context: &mut Context<'_>, service: &Service, file: &EnvFile, unit: &mut Unit) {
    let path = &file.path.value;
    let path = path.strip_prefix("~/").map_or_else(|| path.clone(), |rest| format!("{HOME}/{rest}"));
    unit.at(Some(file.path.span()));
    unit.own("EnvironmentFile", &path);
    unit.at(None);
    if file.variables.is_none() {
        let note = format!(
            "Podman reads `{}` literally: quotes, comments behind values and ${{…}} become part of the value.",
            file.path.value
        );
        context.notes.push(note);
    }
    if file.required {
        return;
    }
    if path.starts_with(['/', HOME]) {
        // What does not fit was reported with the file's own line.
        if super::quote::unfit(&path).is_none() {
            unit.raw("Service", "ExecStartPre", touch_step(&path));
        }
    } else if file.variables.is_none() {
        let name = &service.name.value;
        context.lose(
            file.path.span(),
            format!(
                "a unit cannot say that an env file may be missing: without it `{name}` fails to start (with `--base` the unit makes an empty one)"
            ),
        );
    }
}

/// Makes an env file that may be missing: Podman wants every file that is named.
pub(crate) fn touch_step(path: &str) -> String {
    format!("-/usr/bin/touch {}", super::quote::word(path, Specifiers::Literal))
}
