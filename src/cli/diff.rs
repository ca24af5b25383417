//! `quadgen diff`: what changed between two states in who resolves and reaches whom.

use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};
use quadgen::diagnostic::{Diagnostic, input};
use quadgen::model::{Format as Input, PlatformSpec, Stack};
use quadgen::network::{Wiring, compare};
use quadgen::platform::Platform;
use quadgen::report::changes::{self, Difference, Format};
use quadgen::source::Files;

use super::git::Tree;
use super::session::{Session, Target, Wants};
use super::{CLEAN, Common, FAILED, FOUND, output};

#[derive(Args)]
pub(super) struct Options {
    /// What was: a file, a folder, or git:REVISION[:PATH]
    #[arg(value_name = "OLD")]
    old: String,
    /// What is: the same
    #[arg(value_name = "NEW")]
    new: String,
    #[command(flatten)]
    common: Common,
    /// How the changes are written
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    format: FormatName,
    /// Exit with 1 if something changed
    #[arg(long)]
    exit_code: bool,
}

#[derive(Clone, Copy, PartialEq, ValueEnum)]
enum FormatName {
    /// Lists for a terminal
    Text,
    /// JSON, version 1
    Json,
    /// For a comment on a change
    Markdown,
}

impl From<FormatName> for Format {
    fn from(name: FormatName) -> Self {
        match name {
            FormatName::Text => Format::Text,
            FormatName::Json => Format::Json,
            FormatName::Markdown => Format::Markdown,
        }
    }
}

pub(super) fn run(options: &Options) -> u8 {
    if !options.common.files.is_empty() {
        output::err("error: diff compares OLD with NEW, and takes no -f\n");
        return FAILED;
    }
    let mut old = read(&options.old, &options.new, &options.common);
    let mut new = read(&options.new, &options.old, &options.common);
    // What only the new side calls so is looked at on both.
    let mut common = options.common.clone();
    common.on.retain(|name| old.names_platform(name) || !new.names_platform(name));
    let found = match (old.targets(&common), new.targets(&options.common)) {
        (Ok(before), Ok(after)) if is_whole(&old, &before) && is_whole(&new, &after) => {
            Ok(stacks(options, &before, &after))
        }
        (before, after) => Err((
            before.map_or_else(Some, |targets| nothing(&old, &targets, &options.old)),
            after.map_or_else(Some, |targets| nothing(&new, &targets, &options.new)),
        )),
    };
    let stacks = match found {
        Ok(stacks) => stacks,
        Err((before, after)) => {
            for (session, finding, side, word) in
                [(&mut old, before, "OLD", &options.old), (&mut new, after, "NEW", &options.new)]
            {
                let complete = session.is_complete() && finding.is_none();
                session.findings.extend(finding.map(|finding| *finding));
                if !complete {
                    output::err(&format!("{side}, {word}:\n"));
                    output::failure(session, options.common.color);
                }
            }
            return FAILED;
        }
    };
    let code = match output::out(&changes::write(&stacks, options.format.into())) {
        false => FAILED,
        true if options.exit_code && changes::is_changed(&stacks) => FOUND,
        true => CLEAN,
    };
    std::mem::forget((old, new));
    code
}

/// Whether everything of a side was read, and something is there.
fn is_whole(session: &Session, targets: &[Target<'_>]) -> bool {
    session.is_complete() && !targets.is_empty()
}

/// What to say of a side in which there is no stack.
fn nothing(session: &Session, targets: &[Target<'_>], word: &str) -> Option<Box<Diagnostic>> {
    let said = !targets.is_empty() || !session.is_complete();
    let finding = || Diagnostic::new(&input::COULD_NOT_RUN, session.argument(word), "there is no stack to look at");
    (!said).then(|| Box::new(finding()))
}

/// Reads a side. A revision without a path means what the other side is, if that lies in the repository, else all of it.
/// Rendered files belong to their source; where there is nothing else, they are meant themselves.
fn read(word: &str, other: &str, common: &Common) -> Session {
    let found = read_as(word, other, common, false);
    if !found.inputs.is_empty() || word == "-" {
        return found;
    }
    let rendered = read_as(word, other, common, true);
    if rendered.inputs.is_empty() { found } else { rendered }
}

fn read_as(word: &str, other: &str, common: &Common, rendered: bool) -> Session {
    let wants = Wants { samples: true, rendered, ..Wants::default() };
    let Some(named) = word.strip_prefix("git:") else {
        let mut session = Session::new(wants);
        session.read(&[PathBuf::from(word)], common);
        return session;
    };
    let (revision, path) = named.split_once(':').map_or((named, None), |(revision, path)| (revision, Some(path)));
    // Where the other side is a revision, too, nothing but the working directory says which repository.
    let beside = Some(Path::new(other)).filter(|_| !other.starts_with("git:"));
    match Tree::of(revision, beside) {
        Ok(tree) => {
            let path = match path {
                // As git reads it: from the root of the repository, or with a dot from here.
                Some(path) if path.starts_with("./") || path.starts_with("../") => PathBuf::from(path),
                Some(path) => tree.root().join(path),
                None => Some(Path::new(other))
                    .filter(|path| !other.starts_with("git:") && (tree.is_dir(path) || tree.is_file(path)))
                    .map_or_else(|| tree.root().to_path_buf(), Path::to_path_buf),
            };
            let mut session = Session::over(wants, Box::new(tree));
            session.read(&[path], common);
            session
        }
        Err(reason) => {
            let mut session = Session::new(wants);
            let at = session.argument(word);
            session.fail(Diagnostic::new(&input::COULD_NOT_RUN, at, format!("cannot read `{word}`: {reason}")));
            session
        }
    }
}

/// The stacks of both sides next to each other: by name, then by being the only one.
fn stacks(options: &Options, old: &[Target<'_>], new: &[Target<'_>]) -> Vec<changes::Stack> {
    let label = |target: &Target<'_>, side: &str| {
        let label = &target.input.label;
        // Where folders tell stacks apart, those of a side begin with the side itself.
        let own = label.strip_prefix(side.trim_end_matches('/')).and_then(|rest| rest.strip_prefix('/'));
        own.unwrap_or(label).to_owned()
    };
    let mut left: Vec<&Target<'_>> = old.iter().collect();
    let mut pairs: Vec<(Option<&Target<'_>>, Option<&Target<'_>>)> = Vec::new();
    for target in new {
        let wanted = label(target, &options.new);
        let same = left.iter().position(|other| label(other, &options.old) == wanted);
        pairs.push((same.map(|at| left.remove(at)), Some(target)));
    }
    let mut single = pairs.iter_mut().filter(|(old, _)| old.is_none());
    if let (Some(only), None, [last]) = (single.next(), single.next(), left.as_slice()) {
        only.0 = Some(last);
        left.clear();
    }
    pairs.extend(left.into_iter().map(|target| (Some(target), None)));
    pairs
        .into_iter()
        .map(|(old, new)| changes::Stack {
            old: old.map(|target| label(target, &options.old)),
            new: new.map(|target| label(target, &options.new)),
            differences: differences(old, new),
            gone: if options.common.on.is_empty() { gone(old, new) } else { Vec::new() },
        })
        .collect()
}

/// What changed on each platform; platforms with the same changes stand together.
fn differences(old: Option<&Target<'_>>, new: Option<&Target<'_>>) -> Vec<Difference> {
    let (before, after) = (looked(old), looked(new));
    // A stack of one side only is compared with nothing.
    let absent =
        |stack: &Stack| Stack { platforms: stack.platforms.clone(), ..Stack::new(stack.name.clone(), stack.format) };
    let mut found: Vec<Difference> = Vec::new();
    let mut put = |platform: &Platform, before: &Platform, comparison| {
        let (what, was) = (platform.describe(), before.describe());
        let what = if was == what { what } else { format!("{what}; before {was}") };
        let named = (platform.name.clone(), what);
        match found.iter_mut().find(|known| known.comparison == comparison) {
            Some(known) => known.platforms.push(named),
            None => found.push(Difference { platforms: vec![named], comparison }),
        }
    };
    if new.is_none() {
        for (stack, platform) in &before {
            let nothing = absent(stack);
            put(platform, platform, compare(&Wiring::new(stack, platform), &Wiring::new(&nothing, platform)));
        }
    }
    for (stack, platform) in &after {
        let nothing = absent(stack);
        let same = before.iter().find(|(_, known)| known.name == platform.name);
        // What the old side does not speak of is a platform for it all the same. Its units are read for one release.
        let (was, on) = match (same, before.first()) {
            (Some((was, on)), _) => (*was, (*on).clone()),
            (None, Some((was, _))) => (*was, deployed_as(was.format, platform)),
            (None, None) => (&nothing, (*platform).clone()),
        };
        put(platform, &on, compare(&Wiring::new(was, &on), &Wiring::new(stack, platform)));
    }
    found
}

/// The stack of a side with each of its platforms.
fn looked<'a>(target: Option<&'a Target<'_>>) -> Vec<(&'a Stack, &'a Platform)> {
    let parts = target.into_iter().flat_map(|target| &target.parts);
    parts.flat_map(|part| part.platforms.iter().map(|platform| (part.stack, platform))).collect()
}

/// A platform as it runs what is of another format.
fn deployed_as(format: Input, platform: &Platform) -> Platform {
    let (runtime, version) = (Some(platform.runtime), Some(platform.version));
    let spec = PlatformSpec { runtime, version, ..platform.spec.clone() };
    Platform { deploy: Platform::resolve("", spec, format).deploy, ..platform.clone() }
}

/// The platforms that only the old side names.
fn gone(old: Option<&Target<'_>>, new: Option<&Target<'_>>) -> Vec<(String, String)> {
    let after = looked(new);
    let gone = looked(old).into_iter().filter(|(stack, platform)| {
        let named = stack.platforms.contains_key(&platform.name);
        named && !after.is_empty() && after.iter().all(|(_, known)| known.name != platform.name)
    });
    gone.map(|(_, platform)| (platform.name.clone(), platform.describe())).collect()
}
