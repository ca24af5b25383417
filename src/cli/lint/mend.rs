//! `quadgen lint --fix` and `--diff`.

use std::collections::BTreeMap;
use std::fs;
use std::io::{self, Write};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use quadgen::diagnostic::{Diagnostic, input};
use quadgen::fix;
use quadgen::report::diff;
use tempfile::NamedTempFile;

use super::super::{CLEAN, FAILED, FOUND, output, session};
use super::{Examined, Options, Texts, examine, wants};

/// How often is looked again. A mend can make room for another one; real files need two rounds.
const ROUNDS: usize = 10;

pub(super) fn run(options: &Options) -> u8 {
    let mut texts = Texts::new();
    // What the files held at first.
    let mut before = Texts::new();
    let mut mended = 0;
    let mut examined = again(options, &texts);
    for _ in 0..ROUNDS {
        if !examined.errors.is_empty() {
            break;
        }
        let (files, fixes) = fix::apply(&examined.session.sources, &examined.findings, options.unsafe_too);
        if files.is_empty() {
            break;
        }
        mended += fixes;
        for (name, text) in files {
            before.entry(name.clone()).or_insert_with(|| text_of(&examined, &name).unwrap_or_default().to_owned());
            texts.insert(name, text);
        }
        examined = again(options, &texts);
    }
    texts.retain(|name, text| before.get(name) != Some(text));
    let code = if options.diff {
        show(options, &examined, &before, &texts)
    } else {
        put(options, &mut examined, &before, &texts, mended)
    };
    std::mem::forget(examined);
    code
}

/// Looks at the files with other texts in their place.
fn again(options: &Options, texts: &Texts) -> Examined {
    let mut session = session::Session::new(wants(options));
    for (name, text) in texts {
        session.put(Path::new(name), text.clone().into_bytes());
    }
    examine(options, session)
}

fn text_of<'a>(examined: &'a Examined, name: &str) -> Option<&'a str> {
    examined.session.sources.files().find(|file| file.name == name).map(|file| file.text.as_str())
}

/// The report on standard error, because something else goes to standard output.
fn report_aside(options: &Options, examined: &Examined) -> u8 {
    examined.report(options, |text| {
        output::err(text);
        true
    })
}

fn show(options: &Options, examined: &Examined, before: &Texts, texts: &Texts) -> u8 {
    let colour = output::colour(options.common.color, false);
    let old = |name: &str| before.get(name).map(String::as_str);
    let shown: String = texts.iter().map(|(name, text)| diff(name, old(name), Some(text), colour)).collect();
    let incomplete = !examined.errors.is_empty() || !examined.summary.complete;
    if incomplete {
        report_aside(options, examined);
    }
    match (output::out(&shown) && !incomplete, texts.is_empty()) {
        (false, _) => FAILED,
        (true, true) => CLEAN,
        (true, false) => FOUND,
    }
}

fn put(options: &Options, examined: &mut Examined, before: &Texts, texts: &Texts, mended: usize) -> u8 {
    let stdin = examined.session.stdin().map(str::to_owned);
    let mut files = 0;
    // Several names may lead to one file, as with the instances of a template.
    let mut written: BTreeMap<PathBuf, &String> = BTreeMap::new();
    for (name, text) in texts.iter().filter(|(name, _)| Some(*name) != stdin.as_ref()) {
        let real = fs::canonicalize(name).unwrap_or_else(|_| PathBuf::from(name));
        let done = match written.get(&real) {
            Some(other) if *other == text => continue,
            Some(_) => Err("another name of it was mended in another way".to_owned()),
            None => replace(&real, before.get(name).map_or("", String::as_str), text),
        };
        match done {
            Ok(()) => {
                files += 1;
                written.insert(real, text);
            }
            Err(reason) => {
                let file = examined.session.sources.files().find(|file| file.name == *name);
                let place = file.map(|file| file.span().part(0, 0)).unwrap_or_default();
                let message = format!("`{name}` was not changed: {reason}");
                examined.errors.push(Diagnostic::new(&input::COULD_NOT_RUN, place, message));
            }
        }
    }
    if !options.quiet && files > 0 {
        let count = |count: usize, what: &str| format!("{count} {what}{}", if count == 1 { "" } else { "s" });
        output::err(&format!("Mended {} in {}.\n", count(mended, "finding"), count(files, "file")));
    }
    let Some(name) = stdin else { return examined.report(options, output::out) };
    // What came in goes out, whether or not something was mended.
    let text = texts.get(&name).map(String::as_str).or_else(|| text_of(examined, &name)).unwrap_or_default();
    let written = output::out(text);
    let code = report_aside(options, examined);
    if written { code } else { FAILED }
}

/// Another text in a file (no link to one), in one step. The file must still hold what was read, byte for byte.
fn replace(path: &Path, old: &str, new: &str) -> Result<(), String> {
    let told = |error: io::Error| {
        let text = error.to_string();
        text.split(" (os error").next().unwrap_or(&text).to_owned()
    };
    let real = path;
    if fs::read(real).map_err(told)? != old.as_bytes() {
        return Err("it holds bytes that are not UTF-8, or somebody changed it meanwhile".to_owned());
    }
    let folder = real.parent().ok_or("it lies in no folder")?;
    let mut staged = NamedTempFile::new_in(folder).map_err(told)?;
    staged.write_all(new.as_bytes()).map_err(told)?;
    let old = fs::metadata(real).map_err(told)?;
    if old.nlink() > 1 {
        return Err("it has another name (a hard link), which would keep the old text".to_owned());
    }
    let new = staged.as_file().metadata().map_err(told)?;
    if (old.uid(), old.gid()) != (new.uid(), new.gid()) {
        std::os::unix::fs::fchown(staged.as_file(), Some(old.uid()), Some(old.gid()))
            .map_err(|_| "it belongs to somebody else, and would not any more".to_owned())?;
    }
    staged.as_file().set_permissions(old.permissions()).map_err(told)?;
    staged.as_file().sync_all().map_err(told)?;
    staged.persist(real).map_err(|error| told(error.error))?;
    Ok(())
}
