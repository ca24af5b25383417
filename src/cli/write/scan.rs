//! What is in a folder before anything is written there.

use std::collections::BTreeMap;
use std::fs::{self, File as Open};
use std::io::{self, Read};
use std::path::Path;

use quadgen::render::{self, Entry, File, MARKER, There};
use quadgen::source::MAX_FILE_BYTES;

use super::{Place, Refused, in_place};

/// A marker is the first line; somebody who moved it did not move it far.
const HEAD: u64 = 16 * 1024;

/// Compares a set with what is in its folder.
pub(in crate::cli) fn look(place: &Place, files: &[File]) -> Result<Vec<Entry>, Refused> {
    let wanted = |name: &str| files.iter().any(|file| file.name == name);
    let there = there(place, &wanted).map_err(|(name, error)| Refused::Failed(place.file(&name), error))?;
    Ok(render::compare(&there, files))
}

/// The files of a folder if every one of them was rendered from this source.
pub(in crate::cli) fn look_at_left_over_folder(place: &Place, source: &str) -> Option<Vec<Entry>> {
    let there = there(place, &|_| true).ok()?;
    let entries = render::left_over(&there, source);
    (!there.is_empty() && entries.len() == there.len()).then_some(entries)
}

/// The names of the folders in a folder, without links and hidden ones.
pub(in crate::cli) fn sub_folders(place: &Place) -> Vec<String> {
    let entries = fs::read_dir(&place.real).into_iter().flatten().filter_map(Result::ok);
    let folders = entries.filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir()));
    let mut names: Vec<String> = folders.filter_map(|entry| entry.file_name().into_string().ok()).collect();
    names.retain(|name| !name.starts_with('.'));
    names.sort();
    names
}

/// What stands under the wanted names, and every other file with a marker.
fn there(place: &Place, wanted: &dyn Fn(&str) -> bool) -> Result<BTreeMap<String, There>, (String, io::Error)> {
    let mut there = BTreeMap::new();
    let entries = match fs::read_dir(&place.real) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(there),
        Err(error) => return Err((String::new(), error)),
    };
    for entry in entries {
        let entry = entry.map_err(|error| (String::new(), error))?;
        // The names of rendered files are text.
        let (name, is_text) = match entry.file_name().into_string() {
            Ok(name) => (name, true),
            Err(name) => (name.to_string_lossy().into_owned(), false),
        };
        let is_plain = is_text && entry.file_type().is_ok_and(|kind| kind.is_file());
        if is_plain && in_place::is_staged(&name) {
            continue;
        }
        match (wanted(&name), is_plain) {
            // A link may lead anywhere: nothing is read or written through it.
            (true, false) => drop(there.insert(name, There::NoFile)),
            (true, true) => {
                let text = text(&entry.path()).map_err(|error| (name.clone(), error))?;
                there.insert(name, There::Text(text));
            }
            (false, true) if has_marker(&entry.path()) => {
                // What cannot be read is nobody's left-over.
                if let Ok(text) = text(&entry.path()) {
                    there.insert(name, There::Text(text));
                }
            }
            (false, _) => {}
        }
    }
    Ok(there)
}

fn text(path: &Path) -> io::Result<String> {
    let mut bytes = Vec::new();
    Open::open(path)?.take(MAX_FILE_BYTES as u64 + 1).read_to_end(&mut bytes)?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

fn has_marker(path: &Path) -> bool {
    let mut head = Vec::new();
    let read = Open::open(path).and_then(|file| file.take(HEAD).read_to_end(&mut head));
    read.is_ok() && String::from_utf8_lossy(&head).contains(MARKER)
}
