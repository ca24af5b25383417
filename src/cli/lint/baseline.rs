//! `--baseline` and `--write-baseline`: findings that are known already.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use quadgen::config::{Baseline, Choice, Known, can_be_silenced};
use quadgen::diagnostic::{Diagnostic, input};
use quadgen::report::{Masked, Summary};
use quadgen::rules;
use quadgen::source::{Span, display_path, tidy};

use super::super::disk::{self, relative, shown};
use super::super::session::Session;
use super::Options;

/// The file's name where nobody gives it another.
const NAME: &str = "quadgen-baseline.json";

/// A path from the root on, as paths are compared here.
fn absolute(path: &Path) -> PathBuf {
    tidy(&disk::absolute(path))
}

/// A baseline that the run goes by.
#[derive(Default)]
struct Book {
    /// What it knew when it was read, and what of that was not found yet.
    known: Baseline,
    left: Baseline,
    /// What is there now.
    found: Baseline,
    /// What is there, and nobody wants to see it this time.
    unwanted: Baseline,
}

/// Takes out what a baseline knows, or writes all that there is into one. What was found and is not wanted this time is
/// not gone.
pub(super) fn leave_out(
    session: &mut Session,
    options: &Options,
    choice: &Choice,
    unwanted: &[Diagnostic],
    findings: &mut Vec<Diagnostic>,
    summary: &mut Summary,
) {
    let mut books: BTreeMap<PathBuf, Book> = BTreeMap::new();
    let mut bad = Vec::new();
    for (path, at) in asked_for(session, options) {
        match open(session, &path, at, options.write_baseline.is_some()) {
            Ok(known) => drop(books.insert(path, Book { left: known.clone(), known, ..Book::default() })),
            Err(finding) => bad.push(*finding),
        }
    }
    if !bad.is_empty() {
        // Whoever has a baseline does not want to see everything because it could not be read.
        summary.complete = false;
        findings.retain(|finding| !can_be_silenced(finding.rule));
        findings.extend(bad);
        return;
    }
    if options.write_baseline.is_none() && books.is_empty() {
        return;
    }
    if options.write_baseline.is_some() && !summary.complete {
        let at = session.argument("--write-baseline");
        let message = "no baseline was written, because not everything could be read";
        findings.push(Diagnostic::new(&input::COULD_NOT_RUN, at, message).help("Mend what could not be read first."));
        return;
    }
    let masked = Masked::new(&session.sources);
    findings.retain(|finding| {
        if finding.suppressed.is_some() || !can_be_silenced(finding.rule) {
            return true;
        }
        let Some((path, file)) = place(session, options, finding.span()) else { return true };
        let known = Known::new(finding.rule.code, &from(&path, &file), masked.part(finding.span()));
        if options.write_baseline.is_some() {
            let book = books.entry(path).or_default();
            *book.found.0.entry(known).or_default() += 1;
            return false;
        }
        !books.get_mut(&path).is_some_and(|book| book.left.strike(&known))
    });
    for finding in unwanted.iter().filter(|finding| finding.suppressed.is_none() && can_be_silenced(finding.rule)) {
        let Some((path, file)) = place(session, options, finding.span()) else { continue };
        let known = Known::new(finding.rule.code, &from(&path, &file), masked.part(finding.span()));
        if let Some(book) = books.get_mut(&path) {
            *book.unwanted.0.entry(known).or_default() += 1;
        }
    }
    let judged = Judged::new(session, options, choice);
    // Where quadgen.toml has its own baseline, one here is made for what lies elsewhere only.
    let only = books.len() == 1;
    books.retain(|_, book| only || !(book.known.is_empty() && book.found.is_empty()));
    for (path, book) in &mut books {
        let name = display_path(&shown(path));
        let gone = book.left.0.iter().filter(|(known, _)| judged.holds(path, known));
        let unwanted = |known: &Known| book.unwanted.0.get(known).copied().unwrap_or(0);
        let gone: usize = gone.map(|(known, count)| count.saturating_sub(unwanted(known))).sum();
        if options.write_baseline.is_some() {
            write(session, path, book, &judged, findings, summary);
            continue;
        }
        let known = book.known.len() - book.left.len();
        if known > 0 {
            summary.notes.push(format!("Known, and not shown: {} of {name}.", findings_of(known)));
        }
        if gone > 0 {
            let text = format!("No longer there: {} of {name}; `--write-baseline` takes them out.", findings_of(gone));
            summary.notes.push(text);
        }
    }
}

fn findings_of(count: usize) -> String {
    if count == 1 { "1 finding".to_owned() } else { format!("{count} findings") }
}

/// The baselines that are asked for, and where.
fn asked_for(session: &Session, options: &Options) -> BTreeMap<PathBuf, Span> {
    if let Some(Some(path)) = &options.write_baseline {
        return BTreeMap::from([(absolute(path), session.argument("--write-baseline"))]);
    }
    if let Some(path) = &options.baseline {
        return BTreeMap::from([(absolute(path), session.argument(&path.to_string_lossy()))]);
    }
    let mut asked: BTreeMap<PathBuf, Span> =
        session.all_settings().filter_map(|settings| settings.baseline()).collect();
    if options.write_baseline.is_some() {
        for settings in session.all_settings().filter(|settings| settings.baseline().is_none()) {
            asked.insert(settings.home.join(NAME), session.argument("--write-baseline"));
        }
        asked.entry(absolute(Path::new(NAME))).or_insert_with(|| session.argument("--write-baseline"));
    }
    asked
}

/// The baseline that a finding belongs to, and its file.
fn place(session: &Session, options: &Options, span: Span) -> Option<(PathBuf, PathBuf)> {
    let file = absolute(Path::new(&session.sources.file_of(span)?.name));
    let given = options.write_baseline.as_ref().and_then(Option::as_ref);
    if let Some(path) = given.or(options.baseline.as_ref()) {
        return Some((absolute(path), file));
    }
    let settings = session.settings_of(&file);
    let said = settings.and_then(|settings| settings.baseline()).map(|(path, _)| path);
    let usual = || settings.map_or_else(|| absolute(Path::new(NAME)), |settings| settings.home.join(NAME));
    let path = said.or_else(|| options.write_baseline.is_some().then(usual))?;
    Some((path, file))
}

/// A file's path as the baseline has it.
fn from(baseline: &Path, file: &Path) -> String {
    display_path(&relative(baseline.parent().unwrap_or(Path::new("")), file))
}

/// Reads a baseline; one that is to be written may be missing.
fn open(session: &mut Session, path: &Path, at: Span, may_be_missing: bool) -> Result<Baseline, Box<Diagnostic>> {
    if may_be_missing && !path.exists() {
        return Ok(Baseline::default());
    }
    let name = display_path(&shown(path));
    match session.load(path, &name) {
        Ok(file) => Baseline::read(session.sources.file(file)),
        Err(reason) => {
            let finding = Diagnostic::new(&input::COULD_NOT_RUN, at, format!("cannot read `{name}`: {reason}"));
            Err(Box::new(finding.help("`quadgen lint --write-baseline` writes one.")))
        }
    }
}

/// What a run can tell of: it has no word on files, rules and platforms that it did not look at.
struct Judged<'a> {
    session: &'a Session,
    choice: &'a Choice,
    narrow: bool,
    files: BTreeSet<PathBuf>,
}

impl<'a> Judged<'a> {
    fn new(session: &'a Session, options: &Options, choice: &'a Choice) -> Self {
        let common = &options.common;
        let chosen = common.stack.is_some() || common.format_as.is_some() || common.project.is_some() || common.no_env;
        let lists = [&common.files, &common.env_file];
        let listed = !(common.on.is_empty() && common.profile.is_empty()) || lists.iter().any(|list| !list.is_empty());
        let files = session.asked_files().map(|name| absolute(Path::new(name))).collect();
        Judged { session, choice, narrow: chosen || listed, files }
    }

    /// Whether the run would have found this again.
    fn holds(&self, baseline: &Path, known: &Known) -> bool {
        let list = rules::list();
        let rule = quadgen::config::Catalogue(&list).find(&known.code);
        let file = tidy(&baseline.parent().unwrap_or(Path::new("")).join(&known.file));
        let seen = self.files.contains(&file) || (self.session.sees_all && !file.exists());
        !self.narrow && seen && rule.is_none_or(|rule| self.session.looks_for(rule, &file, self.choice))
    }
}

/// Writes what there is; what the run cannot tell of stays.
fn write(
    session: &Session,
    path: &Path,
    book: &Book,
    judged: &Judged<'_>,
    findings: &mut Vec<Diagnostic>,
    summary: &mut Summary,
) {
    let mut new = book.found.clone();
    let stays = |known: &Known| book.unwanted.0.contains_key(known) || !judged.holds(path, known);
    for (known, count) in book.known.0.iter().filter(|(known, _)| stays(known)) {
        let now = new.0.entry(known.clone()).or_default();
        *now = (*now).max(*count);
    }
    let name = display_path(&shown(path));
    match put(path, &new.write()) {
        Ok(()) => {
            let mut said = format!("Wrote {} to {name}.", findings_of(new.len()));
            if !session.all_settings().any(|settings| settings.baseline().is_some_and(|(own, _)| own == path)) {
                said += &format!(" `--baseline {name}`, or `baseline` in quadgen.toml, goes by it.");
            }
            summary.notes.push(said);
        }
        Err(error) => {
            let at = session.argument("--write-baseline");
            let reason = error.to_string();
            let reason = reason.split(" (os error").next().unwrap_or(&reason);
            findings.push(Diagnostic::new(&input::COULD_NOT_RUN, at, format!("cannot write `{name}`: {reason}")));
        }
    }
}

/// Writes a file in one step.
fn put(path: &Path, text: &str) -> io::Result<()> {
    if std::fs::read(path).is_ok_and(|old| old == text.as_bytes()) {
        return Ok(());
    }
    let mut builder = tempfile::Builder::new();
    #[cfg(unix)]
    let builder = builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
    let mut file = builder.tempfile_in(path.parent().unwrap_or(Path::new(".")))?;
    file.write_all(text.as_bytes())?;
    file.persist(path).map_err(|error| error.error)?;
    Ok(())
}
