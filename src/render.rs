//! Stack × platform → files. Pure: it returns text and writes nothing.

mod compose;
mod drift;
mod host;
mod labels;
mod layout;
mod marker;
mod quadlet;
mod steps;
mod topology;
mod units;
pub(crate) mod words;
mod yaml;

pub(crate) use compose::{is_replicated, project};
pub use drift::{Change, Entry, Missing, Standing, There, changes, compare, left_over};
pub(crate) use host::{Filled, VARIABLE as AT_START_VARIABLE, fill, start_step};
pub use labels::labelled;
pub use layout::{Layout, lay_out};
pub use marker::{MARKER, Owner, Signed, owner, signed};
pub(crate) use quadlet::{
    container_name, content_step, count, fitted, hook_lines, is_folder, is_template, one_of_list, own_profiles, prefix,
    profile_target, pull, services,
};
pub use steps::{Next, Written, gone, next};
pub(crate) use units::for_compose;

use std::borrow::Cow;

use crate::diagnostic::{Diagnostic, input};
use crate::maps::HashSet;
use crate::model::{Deploy, Format, Stack};
use crate::platform::{Feature, Platform};
use crate::source::Span;

/// What a stack is rendered to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Target {
    /// Quadlet units.
    Quadlet,
    /// A Compose file.
    Compose,
    /// A topology, which is for every platform.
    Topology,
}

impl Target {
    /// How a stack is deployed that was rendered so; a topology is rendered once more before that.
    pub fn deploy(self) -> Option<Deploy> {
        match self {
            Target::Quadlet => Some(Deploy::Quadlet),
            Target::Compose => Some(Deploy::Compose),
            Target::Topology => None,
        }
    }

    /// What the platform's stacks are rendered to where nobody says.
    pub fn of(platform: &Platform) -> Self {
        match platform.spec.deploy {
            Some(Deploy::Quadlet) => Target::Quadlet,
            Some(_) => Target::Compose,
            None if refusal(platform, Target::Quadlet).is_none() => Target::Quadlet,
            None => Target::Compose,
        }
    }
}

/// How a stack is rendered where there is a choice.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// Write variables into units that came from `.env` or the environment.
    pub inline_env: bool,
    /// Keep variables of a Compose file, for systemd to fill in.
    pub keep_variables: bool,
    /// The sub-folder of the units where they are installed: empty, or with a `/` at its end.
    pub below: String,
    /// Put all containers of a stack into one pod.
    pub pod: bool,
    /// Templates of the house, in place of quadgen's own.
    pub templates: Vec<Template>,
}

/// A template for units, in the language of Jinja. It gets `file`, `kind`, `stack` and `sections`, each with a `name` and
/// `entries` of a `key` and a `value`, which is quoted and escaped already.
#[derive(Clone, Debug)]
pub struct Template {
    /// What it is for: `container`, `network` and so on, or `unit` for all that have none.
    pub name: String,
    /// Its text.
    pub text: String,
    /// Where the text stands.
    pub span: Span,
}

/// What templates can be for.
pub const TEMPLATES: [&str; 6] = ["unit", "container", "network", "volume", "build", "pod"];

/// A file that was rendered.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct File {
    /// Its name, without a folder.
    pub name: String,
    /// Its text, with the marker.
    pub text: String,
}

/// What came of a stack.
#[derive(Debug, Default)]
pub struct Rendered {
    /// The files, by name.
    pub files: Vec<File>,
    /// What was lost on the way.
    pub findings: Vec<Diagnostic>,
    /// What is worth knowing about the files, a sentence each.
    pub notes: Vec<String>,
    /// What the host needs before anything starts, a line each; [`next`] puts it among the other steps.
    pub steps: Vec<String>,
}

/// Renders a stack for a platform that is deployed as the target says ([`Target::deploy`]); for a topology it plays no
/// part. `source` is the way from the files to the stack's file, for the marker.
///
/// # Errors
/// What keeps the stack from being rendered at all; then there are no files.
pub fn render(
    stack: &Stack,
    platform: &Platform,
    target: Target,
    options: &Options,
    source: &str,
) -> Result<Rendered, Vec<Diagnostic>> {
    let mut notes = Vec::new();
    let (fitted, losses) = match target {
        Target::Compose if stack.format == Format::Quadlet => {
            let (stack, losses) = units::for_compose(stack, platform)?;
            (Cow::Owned(stack), losses)
        }
        Target::Quadlet => {
            let in_words = fitted(stack);
            notes = in_words.notes;
            (in_words.stack, in_words.lost)
        }
        _ => (Cow::Borrowed(stack), Vec::new()),
    };
    let fill = || host::fill(fitted, platform);
    let (mut rendered, steps) = match target {
        Target::Topology => (topology::render(stack)?, Vec::new()),
        Target::Quadlet if stack.format == Format::Quadlet => (units::edit(stack, platform)?, Vec::new()),
        Target::Quadlet => {
            fill().and_then(|filled| Ok((quadlet::render(&filled, platform, options)?, filled.steps)))?
        }
        Target::Compose => fill().and_then(|filled| Ok((compose::render(&filled, platform)?, filled.steps)))?,
    };
    rendered.files.sort_by(|a, b| a.name.cmp(&b.name));
    marker::sign(&mut rendered.files, source);
    rendered.steps = steps;
    rendered.findings.extend(losses);
    rendered.notes.splice(0..0, notes);
    // What concerns several services is said once.
    let mut said = HashSet::default();
    rendered.notes.retain(|note| said.insert(note.clone()));
    for finding in &mut rendered.findings {
        finding.stack.clone_from(&stack.name.value);
        finding.platforms = if target == Target::Topology { Vec::new() } else { vec![platform.name.clone()] };
        let platforms = finding.platforms.clone();
        finding.help.iter_mut().for_each(|help| help.platforms.clone_from(&platforms));
    }
    Ok(rendered)
}

/// Why a platform cannot run a target, if it cannot.
pub fn refusal(platform: &Platform, target: Target) -> Option<String> {
    match target {
        Target::Quadlet if !platform.is_podman() => {
            Some(format!("{} does not run Quadlet units: they are Podman's", platform.describe()))
        }
        Target::Quadlet if platform.has(Feature::Quadlet) != Some(true) => Some(format!(
            "Podman {} does not run Quadlet units: they came with Podman {}",
            platform.version,
            Feature::Quadlet.first_podman()
        )),
        _ => None,
    }
}

/// A finding about something the target cannot say.
fn lost(span: Span, message: impl Into<String>) -> Diagnostic {
    Diagnostic::new(&input::LOST_ON_TARGET, span, message)
}

/// An error that keeps a stack from being rendered.
fn refuse(span: Span, message: impl Into<String>) -> Diagnostic {
    Diagnostic::new(&input::COULD_NOT_RUN, span, message)
}

/// A map, or a list of `NAME=VALUE`, as pairs; a name without a value has an empty one.
fn pairs(value: &crate::model::Value) -> Vec<(String, String)> {
    pairs_at(value).into_iter().map(|(name, value, _)| (name, value)).collect()
}

/// The same, each with its place.
fn pairs_at(value: &crate::model::Value) -> Vec<(String, String, Span)> {
    use crate::model::Data;
    match &value.data {
        Data::Map(entries) => {
            entries.iter().map(|(name, value)| (name.clone(), value.scalar().unwrap_or_default(), value.span)).collect()
        }
        Data::List(items) => items
            .iter()
            .filter_map(|item| Some((item.scalar()?, item.span)))
            .map(|(item, at)| match item.split_once('=') {
                Some((name, value)) => (name.to_owned(), value.to_owned(), at),
                None => (item, String::new(), at),
            })
            .collect(),
        _ => Vec::new(),
    }
}
