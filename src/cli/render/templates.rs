//! Templates of the house: the files of a folder.

use std::fs;
use std::path::Path;

use quadgen::diagnostic::{Diagnostic, input};
use quadgen::render::{TEMPLATES, Template};
use quadgen::source::display_path;

use super::Stop;
use crate::cli::disk;
use crate::cli::session::Session;

/// The templates of a folder, by name.
///
/// # Errors
/// The folder or a file cannot be read, holds none, or one is for nothing that quadgen writes.
pub(super) fn read(session: &mut Session, folder: &Path) -> Result<Vec<Template>, Stop> {
    let at = session.argument(&folder.to_string_lossy());
    let stop = |message: String, help: String| Box::new(Diagnostic::new(&input::COULD_NOT_RUN, at, message).help(help));
    let names: Vec<String> = TEMPLATES.iter().map(|name| format!("{name}.j2")).collect();
    let known = || format!("Templates are called {}.", names.join(", "));
    let shown = |path: &Path| display_path(&disk::shown(path));
    let failed = |path: &Path, error: std::io::Error| {
        let error = error.to_string();
        let error = error.split(" (os error").next().unwrap_or(&error).to_owned();
        stop(format!("cannot read `{}`: {error}", shown(path)), known())
    };
    let mut templates = Vec::new();
    let entries = fs::read_dir(folder).map_err(|error| failed(folder, error))?;
    let mut paths: Vec<_> = entries.filter_map(|entry| Some(entry.ok()?.path())).collect();
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "j2"));
    paths.sort();
    for path in paths {
        let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        if !TEMPLATES.contains(&name.as_str()) {
            return Err(stop(format!("`{}` is for nothing that quadgen writes", shown(&path)), known()));
        }
        let text = fs::read_to_string(&path).map_err(|error| failed(&path, error))?;
        let file = session.sources.add(shown(&path), text.clone());
        let span = session.sources.file(file).span();
        templates.push(Template { name, text, span });
    }
    if templates.is_empty() {
        return Err(stop(format!("`{}` holds no template", shown(folder)), known()));
    }
    Ok(templates)
}
