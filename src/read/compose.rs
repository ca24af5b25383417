//! Compose files: load → interpolate → merge → lower.

mod check;
mod colon;
mod load;
mod lower;
mod merge;
mod paths;
mod unset;
mod variables;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use self::load::{Asked, Loader};
use self::variables::{Replaced, Variables};
use super::quadlet::literal_variables;
use super::reader::{Reader, origin};
use super::{Read, infer};
use crate::diagnostic::{Diagnostic, Help, Level, input};
use crate::maps::IndexMap;
use crate::model::{Origin, ServiceBody, Spanned, Stack, Text};
use crate::platform::schema;
use crate::source::{Files, SourceMap, Span};
use crate::syntax::yaml::Node;

/// What to read, and what its variables stand for.
#[derive(Clone, Debug, Default)]
pub struct Request {
    /// The files, in the order in which they are merged. The first one's folder is the project's.
    pub files: Vec<PathBuf>,
    /// The project's name (`-p`); else the file's `name`, `COMPOSE_PROJECT_NAME`, or the folder's name.
    pub project: Option<String>,
    /// Files with variables (`--env-file`); where there is none, `.env` in the project's folder.
    pub env_files: Vec<PathBuf>,
    /// The variables of the process, which win over those of files.
    pub environment: BTreeMap<String, String>,
    /// Profiles to switch on; `*` is all of them.
    pub profiles: Vec<String>,
    /// Whether `.env.example` and the like stand in for a `.env` that is not there.
    pub samples: bool,
    /// Whether a variable that has to have a value (`${X:?}`) may go without. Only where nothing is made of the stack:
    /// what stands in for the value is nobody's.
    pub lenient: bool,
}

/// The names a `.env` has in repositories that do not hold the real one.
const SAMPLES: [&str; 4] = [".env.example", ".env.sample", ".env.dist", ".env.template"];

/// Reads one project.
pub fn read(sources: &mut SourceMap, files: &dyn Files, request: &Request) -> Read {
    let Some(first) = request.files.first() else { return Read::default() };
    let folder = first.parent().map(Path::to_path_buf).unwrap_or_default();
    let mut loader = Loader::new(sources, files, folder);
    loader.replaced.lenient = request.lenient;
    let mut notes = Vec::new();
    let mut variables = Variables::new(request.environment.clone());
    let env_file = dot_env(&mut loader, request, &mut variables, &mut notes);
    let name = project_name(&mut loader, request, &variables);
    if variables.get("COMPOSE_PROJECT_NAME").is_none() {
        variables.add("COMPOSE_PROJECT_NAME", name.value.clone());
    }
    let root = loader.model(&request.files, Path::new(""), &variables, Asked::ByUser, &mut Vec::new());
    let mut stack = None;
    // What was not read may hold what seems to be missing.
    let mut reader = Reader { lenient: true, partial: !loader.complete, ..Reader::default() };
    if let Some(mut root) = root {
        let own = own_words(&root);
        reader.characters(&root, "");
        reader.check(&mut root, schema::compose(), "");
        let checked = reader.diagnostics.len();
        let mut project = reader.project(&root, name, &profiles(request, &variables));
        one_finding_each(&mut reader.diagnostics, checked);
        follow_no_other(&mut reader.diagnostics, &loader);
        environment(&mut loader, &mut project, &variables, request, &mut notes);
        // What could not be read may set them.
        if loader.complete {
            unset::report(&loader.replaced.unset, &variables, env_file.as_deref(), &mut reader.diagnostics);
        }
        refused(&mut reader.diagnostics, &own);
        project.complete = loader.complete && !reader.partial;
        infer::connections(&mut project);
        project.interpolated = std::mem::take(&mut loader.replaced.texts);
        if !project.disabled.is_empty() {
            let names: Vec<&str> = project.disabled.keys().map(String::as_str).collect();
            notes.push(format!("behind profiles, and not looked at: {} (`--profile NAME`)", names.join(", ")));
        }
        stack = Some(project);
    }
    let mut diagnostics = loader.diagnostics;
    diagnostics.append(&mut loader.replaced.faults);
    diagnostics.append(&mut reader.diagnostics);
    variables.hide_secrets(&mut diagnostics);
    Read { stack, diagnostics, secrets: loader.secrets, files: loader.read, notes }
}

/// Takes the variables of `.env`, or of the files that stand in for it; gives the last file that is really there.
fn dot_env(
    loader: &mut Loader<'_>,
    request: &Request,
    variables: &mut Variables,
    notes: &mut Vec<String>,
) -> Option<String> {
    for path in &request.env_files {
        loader.variables_of(path, Asked::ByUser, variables);
    }
    let own = loader.folder.join(".env");
    if let Some(last) = request.env_files.last() {
        Some(loader.files.shown(last))
    } else if loader.files.is_file(&own) {
        loader.variables_of(&own, Asked::ByUser, variables);
        Some(loader.files.shown(&own))
    } else {
        if let Some(sample) = sample(loader, &own, request) {
            notes.push(format!("there is no `.env`: {} stands in for it", loader.files.shown(&sample)));
            loader.variables_of(&sample, Asked::ByUser, variables);
            // A sample names variables and leaves their values to whoever deploys.
            loader.replaced.lenient = true;
        }
        None
    }
}

/// What stands in for a file with variables that is not there.
fn sample(loader: &Loader<'_>, path: &Path, request: &Request) -> Option<PathBuf> {
    let name = path.file_name()?.to_string_lossy().into_owned();
    let stem = SAMPLES.iter().filter_map(|sample| Some(format!("{name}{}", sample.strip_prefix(".env")?)));
    let mut samples = stem.map(|name| path.with_file_name(name)).filter(|_| request.samples);
    samples.find(|sample| loader.files.is_file(sample))
}

/// What the project is called: as asked for, as the environment or the last file says, else after its folder.
fn project_name(loader: &mut Loader<'_>, request: &Request, variables: &Variables) -> Text {
    let start = Span::default();
    let asked = request.project.as_deref().or(variables.get("COMPOSE_PROJECT_NAME"));
    if let Some(name) = asked.filter(|name| !name.is_empty()) {
        return Spanned::implied(name.to_owned(), start);
    }
    for path in request.files.iter().rev() {
        if let Some(mut name) = loader.name_of(path) {
            variables::interpolate(&mut name, variables, &mut Replaced::default());
            let value = name.text().map(normal).filter(|text| !text.is_empty());
            if let Some(value) = value {
                return Spanned { value, origin: origin(&name) };
            }
        }
    }
    let kept = normal(&loader.files.folder_name(&loader.folder));
    Spanned::implied(if kept.is_empty() { "default".to_owned() } else { kept }, start)
}

/// A project's name as docker-compose makes it of a text: small letters, digits, `-` and `_`.
fn normal(text: &str) -> String {
    let lower = text.to_lowercase();
    let kept: String = lower.chars().filter(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_')).collect();
    kept.trim_start_matches(['-', '_']).to_owned()
}

/// The profiles that are on.
fn profiles(request: &Request, variables: &Variables) -> Vec<String> {
    let named = variables.get("COMPOSE_PROFILES").filter(|_| request.profiles.is_empty());
    let named = named.into_iter().flat_map(|names| names.split(',')).map(|name| name.trim().to_owned());
    request.profiles.iter().cloned().chain(named).collect()
}

/// Leaves out what the second reading of a value says where the schema spoke of it already.
fn one_finding_each(found: &mut Vec<Diagnostic>, checked: usize) {
    let later = found.split_off(checked.min(found.len()));
    let spoken: Vec<Span> = found.iter().map(Diagnostic::span).collect();
    let within = |span: Span| spoken.iter().any(|at| at.start <= span.start && span.end <= at.end.max(at.start + 1));
    let around = |span: Span| spoken.iter().any(|at| span.start <= at.start && at.end <= span.end);
    found.extend(later.into_iter().filter(|finding| !within(finding.span()) && !around(finding.span())));
}

/// Says what becomes of a file with an error of its own.
fn refused(found: &mut [Diagnostic], own: &[Span]) {
    let codes = [input::UNKNOWN_KEY.code, input::INVALID_VALUE.code];
    let is_own = |span: Span| own.iter().any(|own| own.start <= span.start && span.end <= own.end);
    for finding in found {
        let seen = finding.help.iter().any(|help| help.text.contains("What you see"));
        let concerned = finding.severity == Level::Error && codes.contains(&finding.rule.code);
        if concerned && !seen && !is_own(finding.span()) {
            // Reasons stay before, and remedies behind.
            let at = finding.help.iter().position(|help| !help.text.starts_with("Why:")).unwrap_or(finding.help.len());
            let text = "What you see: docker-compose refuses the file.".to_owned();
            finding.help.insert(at, Help { text, platforms: Vec::new() });
        }
    }
}

/// Where quadgen's own words stand, of which docker-compose takes no notice.
fn own_words(root: &Node) -> Vec<Span> {
    let services = root.get("services").map(Node::entries).unwrap_or_default().iter().map(|entry| &entry.value);
    services.chain([root]).filter_map(|node| node.get(lower::OWN)).map(|node| node.span).collect()
}

/// Leaves out what only follows from something that was said: values behind what is no YAML, or whose variables could not
/// be replaced.
fn follow_no_other(found: &mut Vec<Diagnostic>, loader: &Loader<'_>) {
    let broken = loader.diagnostics.iter().any(|finding| finding.rule.code == input::SYNTAX_ERROR.code);
    let faults: Vec<Span> = loader.replaced.faults.iter().map(Diagnostic::span).collect();
    let holds = |span: Span| faults.iter().any(|fault| span.start <= fault.start && fault.end <= span.end);
    found.retain(|finding| !broken && !holds(finding.span()));
}

/// Reads the env files of services, and gives variables the values that they have in the project's surroundings.
fn environment(
    loader: &mut Loader<'_>,
    stack: &mut Stack,
    variables: &Variables,
    request: &Request,
    notes: &mut Vec<String>,
) {
    for service in stack.services.values_mut().chain(stack.disabled.values_mut()) {
        let service: &mut ServiceBody = service;
        // A name alone gets the value that it has where the stack is started.
        for (name, variable) in service.environment.iter_mut().filter(|(_, variable)| variable.value.is_none()) {
            if let Some(value) = variables.get(name) {
                *variable = Spanned { value: Some(value.to_owned()), origin: Origin::Interpolated(variable.span()) };
            }
        }
        let mut known: IndexMap<String, String> = IndexMap::default();
        for file in &mut service.env_files {
            let mut path = loader.folder.join(&file.path.value);
            if !loader.files.is_file(&path) {
                let Some(sample) = sample(loader, &path, request) else {
                    if file.required {
                        notes.push(format!("there is no `{}`: its variables are not known", loader.files.shown(&path)));
                    }
                    continue;
                };
                let (missing, sample_name) = (loader.files.shown(&path), loader.files.shown(&sample));
                notes.push(format!("there is no `{missing}`: {sample_name} stands in for it"));
                path = sample;
            }
            let raw = file.format.as_ref().is_some_and(|format| format.value == "raw");
            let own = |name: &str| service.environment.get(name)?.value.clone();
            let lookup = |name: &str| own(name).or_else(|| variables.get(name).map(str::to_owned));
            let earlier = |name: &str| known.get(name).cloned();
            let by = format!("`env_file` of `{}`", service.name.value);
            let asked = Asked::ByFile(file.path.span(), &by);
            let Some(found) = loader.dotenv(&path, asked, raw, &lookup, &earlier) else { continue };
            known.extend(found.variables.iter().filter_map(|(name, it)| Some((name.clone(), it.value.clone()?))));
            let read = found.variables.into_iter();
            let read: IndexMap<_, _> = read.map(|(name, it)| (name, Spanned::written(it.value, it.span))).collect();
            let place = read.values().next().map(Spanned::span);
            let literal = place.and_then(|place| loader.sources.file_of(place)).map(literal_variables);
            file.reads_otherwise = literal.is_some_and(|literal| literal != read);
            file.variables = Some(read);
        }
    }
    notes.sort();
    notes.dedup();
}
