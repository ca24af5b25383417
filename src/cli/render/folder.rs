//! Sets of files and the folders they are for: compared, or written.

use std::fmt::Write;

use quadgen::render::{self, Entry, Standing, Written, changes, signed};
use quadgen::report;
use quadgen::source::display_path;

use super::{Done, Options, Set, words};
use crate::cli::disk;
use crate::cli::output;
use crate::cli::write::{self, Locks, Place, Reader, Refused};

/// A set, its folder, and what is there.
struct Case<'a> {
    set: &'a Set<'a>,
    place: &'a Place,
    entries: Vec<Entry>,
    locked: bool,
}

/// The folder of a platform that the source does not have any more.
struct Old {
    name: String,
    place: Place,
    entries: Vec<Entry>,
}

/// Compares or writes all sets, in order; nothing is written before everything was looked at.
pub(super) fn run(options: &Options, base: &Place, sets: &[Set<'_>]) -> Result<Done, Refused> {
    let mut locks = Locks::default();
    let mut kept = Vec::new();
    let writes = options.writes();
    // From the top down, so that no two runs wait for each other.
    lock(&mut locks, base, writes)?;
    let mut cases = Vec::new();
    for set in sets {
        let Some(place) = &set.place else { continue };
        let locked = lock(&mut locks, place, writes)?;
        if writes {
            kept.extend(write::tidy(place));
        }
        cases.push(Case { set, place, entries: Vec::new(), locked });
    }
    if writes && options.all_platforms {
        kept.extend(write::tidy_below(base));
    }
    for case in &mut cases {
        case.entries = write::look(case.place, &case.set.rendered.files)?;
    }
    let old = if options.all_platforms { old_platforms(base, sets)? } else { Vec::new() };
    if !writes {
        return Ok(compare(options, &cases, &old));
    }
    for case in &cases {
        write::refusal(case.place, &case.entries, options.prune).map_or(Ok(()), Err)?;
    }
    for old in old.iter().filter(|_| options.prune) {
        write::refusal(&old.place, &old.entries, true).map_or(Ok(()), Err)?;
    }
    let mut notes = String::new();
    for case in &cases {
        kept.extend(write::put(case.place, &case.entries, options.prune, case.locked)?);
        notes.push_str(&told(options, case));
    }
    let mut left_over = Vec::new();
    for old in &old {
        if options.prune {
            kept.extend(write::remove_folder(&old.place)?);
            notes.push_str(&told_of_old(sets, old));
        } else {
            left_over.push(format!("{}/", display_path(&old.place.shown)));
        }
    }
    let kept: Vec<String> = kept.iter().map(|path| display_path(&disk::shown(path))).collect();
    let more: Vec<String> = [words::left_over(&left_over), words::kept(&kept)].into_iter().flatten().collect();
    notes.push_str(&words::notes(&more));
    Ok(Done { text: String::new(), notes, drift: false })
}

fn lock(locks: &mut Locks, place: &Place, writes: bool) -> Result<bool, Refused> {
    if writes {
        return write::lock(locks, place);
    }
    locks.shared(&place.beside).map_err(|error| Refused::Failed(place.shown.clone(), error))
}

/// What was done with a set, and what is left to do.
fn told(options: &Options, case: &Case<'_>) -> String {
    let set = case.set;
    let changes = changes(&case.entries, options.prune);
    let reader = if set.platform.rootless { Reader::Rootless } else { Reader::Rootful };
    let written = Written { changes: &changes, installed: case.place.read_by == Some(reader) };
    let next = render::next(&set.stack, &set.platform, set.target, &set.rendered, &written);
    let left_over = case.entries.iter().filter(|entry| entry.is_left_over() && !options.prune);
    let left_over: Vec<String> = left_over.map(|entry| display_path(&case.place.file(&entry.name))).collect();
    let mut notes = set.rendered.notes.clone();
    notes.extend(words::left_over(&left_over));
    words::notes(&notes) + &words::written(set, case.place, &changes, &next, options.all_platforms)
}

/// What was removed with the folder of a platform, and what still runs there.
fn told_of_old(sets: &[Set<'_>], old: &Old) -> String {
    let changes = changes(&old.entries, true);
    let written = Written { changes: &changes, installed: old.place.read_by.is_some() };
    let next = sets.first().map(|set| render::gone(&set.stack, &old.name, &written)).unwrap_or_default();
    words::removed(&old.place, &next)
}

/// The folders beside those of the platforms that hold nothing but what was rendered from this source.
fn old_platforms(base: &Place, sets: &[Set<'_>]) -> Result<Vec<Old>, Refused> {
    // The way to the source is the same from every platform's folder.
    let first = sets.iter().find_map(|set| set.rendered.files.first());
    let Some(source) = first.and_then(|file| signed(&file.text)).map(|signed| signed.source) else {
        return Ok(Vec::new());
    };
    let mut found = Vec::new();
    for name in write::sub_folders(base) {
        if sets.iter().any(|set| set.platform.name == name) {
            continue;
        }
        let place = base.join(&name)?;
        if let Some(entries) = write::look_at_left_over_folder(&place, source) {
            found.push(Old { name, place, entries });
        }
    }
    Ok(found)
}

/// Tells what would change, and how it came to that.
fn compare(options: &Options, cases: &[Case<'_>], old: &[Old]) -> Done {
    let colour = output::colour(options.common.color, false);
    let mut done = Done { text: String::new(), notes: String::new(), drift: false };
    let cases = cases.iter().map(|case| (case.place, &case.entries));
    for (place, entries) in cases.chain(old.iter().map(|old| (&old.place, &old.entries))) {
        for entry in entries {
            let path = display_path(&place.file(&entry.name));
            let Some(words) = words::standing(&entry.standing) else { continue };
            done.drift = true;
            if options.check {
                let _ = writeln!(done.text, "{path}: {words}");
            }
            if options.diff && entry.standing == Standing::NoFile && !options.check {
                let _ = writeln!(done.text, "{path}: {words}");
            } else if options.diff && (options.prune || !entry.is_left_over()) {
                done.text.push_str(&report::diff(&path, entry.old.as_deref(), entry.new.as_deref(), colour));
            }
        }
    }
    if !done.drift {
        done.notes = "Everything is as it would be written.\n".to_owned();
    }
    done
}
