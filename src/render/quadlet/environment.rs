//! Variables: in the unit, in the files that people wrote, and in a file of the service's own.
//!
//! A unit is committed, copied and shown by `systemctl cat`. So what came from `.env` or from where quadgen runs goes into
//! `NAME.env` beside it, which only its owner may read.

use super::Context;
use super::quote::Specifiers;
use super::unit::Unit;
use crate::maps::IndexMap;
use crate::model::{EnvFile, HOME, MAKES_FILE, Origin, Service, Spanned};
use crate::platform::Feature;
use crate::render::File;

/// What fits into a line that Podman reads, with its name. Source: Go, `bufio.MaxScanTokenSize`, 64 KiB.
const LONGEST: usize = 60 * 1024;

pub(super) fn environment(context: &mut Context<'_>, service: &Service, unit: &mut Unit) {
    let mut own: IndexMap<&str, &str> = IndexMap::default();
    service.env_files.iter().for_each(|file| env_file(context, file, unit));
    for (name, variable) in &service.environment {
        unit.at(Some(variable.span()));
        match &variable.value {
            Some(value)
                if came_from_outside(context, variable)
                    && fits(value)
                    && !context.options.inline_env
                    && unit.marked("Environment", &format!("{name}={value}")).is_none() =>
            {
                own.insert(name, value);
            }
            value => {
                put(context, name, value.as_deref(), unit);
            }
        }
    }
    unit.at(None);
    if own.is_empty() {
        return;
    }
    let name = context.own_env_file(&context.unit(&service.name.value));
    match context.has(Feature::RelativePaths) {
        true => unit.own("EnvironmentFile", &format!("./{name}")),
        // Where the steps say that the files belong.
        false => unit.own_with("EnvironmentFile", &context.installed(&name), Specifiers::Meant),
    }
    let note = "Variables that came from .env or the environment are in files called *.env, which only their owner may \
                read and which are not for a repository; `--inline-env` writes them into the units.";
    context.notes.push(note.to_owned());
    let text = own.iter().map(|(name, value)| format!("{name}={value}\n")).collect();
    context.files.push(File { name, text });
}

/// Whether a value stands in no file that belongs to the stack's own. `$$` alone brings nothing in.
fn came_from_outside(context: &Context<'_>, variable: &Spanned<Option<String>>) -> bool {
    let text = || context.stack.interpolated.get(&variable.span());
    matches!(variable.origin, Origin::Interpolated(_)) && text().is_none_or(|text| !text.variables.is_empty())
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
fn env_file(context: &mut Context<'_>, file: &EnvFile, unit: &mut Unit) {
    let path = &file.path.value;
    let path = path.strip_prefix("~/").map_or_else(|| path.clone(), |rest| format!("{HOME}/{rest}"));
    unit.at(Some(file.path.span()));
    unit.own("EnvironmentFile", &path);
    unit.at(None);
    if file.variables.is_none() {
        let note = format!(
            "Podman reads `{}` literally: quotes, comments behind values and ${{…}} become part of the value.",
            file.path.value.replace(HOME, "%h")
        );
        context.notes.push(note);
    }
    if file.required {
        if !path.starts_with(['/', HOME]) && !context.folders.contains(&path) {
            context.folders.push(path);
        }
        return;
    }
    // Podman wants every file that is named. What does not fit was reported with the file's own line.
    if super::quote::unfit(&path).is_none() {
        unit.raw("Service", "ExecStartPre", format!("{MAKES_FILE}{}", context.place(&path)));
    }
}
