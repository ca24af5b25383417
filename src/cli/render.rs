//! `quadgen render`

mod folder;
mod templates;
mod words;

use std::borrow::Cow;
use std::cell::OnceCell;
use std::fmt::Write;
use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};
use quadgen::config::Choice;
use quadgen::diagnostic::{Diagnostic, Level, Sink, input, own};
use quadgen::model::{self, Deploy, PlatformSpec, Stack};
use quadgen::network::Wiring;
use quadgen::platform::Platform;
use quadgen::prove;
use quadgen::render::{self, Layout, Rendered};
use quadgen::report::{Format, Report, Summary};
use quadgen::rules::{self, Context};
use quadgen::source::{SourceMap, Span, display_path};
use quadgen::threads::{MANY, both};

use super::session::{Part, Session, Target, Wants};
use super::write::{Place, Refused};
use super::{CLEAN, Common, FAILED, FOUND, disk, output};

#[derive(Args)]
pub(super) struct Options {
    /// A topology, Compose file, Quadlet unit, a folder that holds such, or `-` for standard input; here if left out
    #[arg(value_name = "PATH")]
    path: Option<PathBuf>,
    #[command(flatten)]
    common: Common,
    /// What to write; units on Podman, Compose on Docker where nothing is said; `topology` needs no platform
    #[arg(long, value_name = "TARGET")]
    target: Option<TargetName>,
    /// Write the files into this folder instead of standard output, all or none
    #[arg(short, long, value_name = "DIR")]
    output: Option<PathBuf>,
    /// Write DIR/NAME/ for each platform of the file
    #[arg(long, requires = "output", conflicts_with = "on")]
    all_platforms: bool,
    /// Write nothing; exit with 1 and name each file of DIR that is not as it would be written
    #[arg(long, requires = "output")]
    check: bool,
    /// Write nothing; show what would change in DIR, with secrets masked
    #[arg(long, requires = "output")]
    diff: bool,
    /// Remove files of DIR that were rendered from this source and are no longer in it
    #[arg(long, requires = "output")]
    prune: bool,
    /// Put this before the names of units, containers, networks and volumes, such as `test-`
    #[arg(long, value_name = "NAME-", default_value = "", hide_default_value = true)]
    prefix: String,
    /// Where the project lies on the host, for relative paths: /srv/visp, or %h/visp below the user's home
    #[arg(long, value_name = "PATH")]
    base: Option<String>,
    /// Label what is mounted from the host for SELinux: `Z` for one container, `z` where several use it
    #[arg(long)]
    selinux: bool,
    /// Write variables that came from .env or the environment into the units, not into NAME.env beside them
    #[arg(long)]
    inline_env: bool,
    /// Keep variables of images, environments, labels, commands and ports for systemd to fill in, from PROJECT.env
    #[arg(long, conflicts_with = "inline_env")]
    keep_variables: bool,
    /// Put all containers into one pod, which has one network; refused where services are kept apart
    #[arg(long)]
    pod: bool,
    /// Lay units out by templates of DIR: container.j2, network.j2, volume.j2, build.j2, pod.j2, or unit.j2 for all
    #[arg(long, value_name = "DIR")]
    templates: Option<PathBuf>,
    /// Write nothing and exit with 1 on any finding of level warning or above; --check answers drift alone
    #[arg(long)]
    strict: bool,
    /// Write the files without reading them back first, to prove that they say what the source says
    #[arg(long)]
    no_verify: bool,
    /// No notes and steps
    #[arg(short, long)]
    quiet: bool,
}

#[derive(Clone, Copy, PartialEq, ValueEnum)]
enum TargetName {
    /// Quadlet units
    Quadlet,
    /// A Compose file
    Compose,
    /// A topology, which says the same for every platform
    Topology,
}

/// Where a command stops before its work is done.
type Stop = Box<Diagnostic>;

/// A stack as it is rendered for one platform.
struct Set<'s> {
    /// With its names and paths as they are there.
    stack: Cow<'s, Stack>,
    platform: Platform,
    target: render::Target,
    /// The folder it goes to; none for standard output.
    place: Option<Place>,
    rendered: Rendered,
}

/// What came of a run.
struct Done {
    /// For standard output.
    text: String,
    /// For people, behind the findings.
    notes: String,
    /// Whether the folder holds something else than would be written.
    drift: bool,
}

pub(super) fn run(options: &Options) -> u8 {
    let mut session = Session::new(Wants { output: options.output.clone(), newest: true, ..Wants::default() });
    let code = work(&mut session, options);
    // The process ends here: taking thousands of services apart before would only cost time.
    std::mem::forget(session);
    code
}

fn work(session: &mut Session, options: &Options) -> u8 {
    session.read(options.path.as_slice(), &options.common);
    let mut how = render::Options {
        inline_env: options.inline_env,
        keep_variables: options.keep_variables,
        pod: options.pod,
        ..render::Options::default()
    };
    if let Some(folder) = &options.templates {
        match templates::read(session, folder) {
            Ok(templates) => how.templates = templates,
            Err(stop) => session.findings.push(*stop),
        }
    }
    let mut sink = Sink::default();
    let (mut prepared, labelled) = (None, OnceCell::new());
    // Files are made of the whole stack, or not at all.
    let is_whole = session.is_complete() && !has_errors(&session.findings);
    let mut findings = std::mem::take(&mut session.findings);
    if is_whole {
        match prepare(session, options, &how, &labelled, &mut sink) {
            Ok(ready) => prepared = Some(ready),
            Err(stops) => findings.extend(stops.into_iter().map(|stop| *stop)),
        }
    }
    sink.extend(findings);
    let mut found = sink.finish(&session.sources);
    // What keeps files from being made is told in any case.
    if prepared.is_some() {
        session.silence(&mut found, &options.common, false);
        session.select(&mut found, &Choice::default());
    }
    found.retain(|finding| finding.severity > Level::Info && finding.suppressed.is_none());
    let too_bad = options.strict && found.iter().any(|finding| finding.severity >= Level::Warning);
    let done = match prepared {
        Some(_) if too_bad && options.writes() => None,
        Some(prepared) => match prepared.finish(options) {
            Ok(done) => Some(done),
            Err(refused) => {
                found.push(*refusal(session, options, refused));
                None
            }
        },
        None => None,
    };
    let summary = Summary::default();
    let report = Report { sources: &session.sources, findings: &found, summary: &summary };
    output::err(&report.write_quiet(Format::Full, output::colour(options.common.color, true)));
    let Some(done) = done else {
        let strictly = too_bad && found.iter().all(|finding| finding.rule.code != input::COULD_NOT_RUN.code);
        output::err(match (options.writes(), strictly) {
            (true, true) => "Nothing was rendered: with --strict, nothing may be found.\n",
            (true, false) => "Nothing was rendered.\n",
            (false, _) => "Nothing was compared.\n",
        });
        return if strictly { FOUND } else { FAILED };
    };
    if !output::out(&done.text) {
        return FAILED;
    }
    if !options.quiet {
        output::err(&done.notes);
    }
    if options.check {
        return if done.drift { FOUND } else { CLEAN };
    }
    if too_bad { FOUND } else { CLEAN }
}

impl Options {
    /// Whether files are written, or only compared.
    fn writes(&self) -> bool {
        !self.check && !self.diff
    }
}

/// Whether a value could not be taken in: a file without it would do something else than was written.
fn has_errors(findings: &[Diagnostic]) -> bool {
    // A rule that quadgen.toml misspells has nothing to do with what is rendered.
    let about_rules = |finding: &Diagnostic| finding.rule.code == own::UNKNOWN_RULE.code;
    findings.iter().any(|finding| finding.severity == Level::Error && !about_rules(finding))
}

/// Everything that is rendered before anything is written.
struct Prepared<'s> {
    base: Option<Place>,
    sets: Vec<Set<'s>>,
    /// What was not read, or counts as empty, and so is not in the files.
    notes: String,
}

impl Prepared<'_> {
    /// Writes, compares or prints the sets.
    fn finish(self, options: &Options) -> Result<Done, Refused> {
        let done = match &self.base {
            None => printed(&self.sets),
            Some(base) => folder::run(options, base, &self.sets)?,
        };
        Ok(Done { notes: self.notes + &done.notes, ..done })
    }
}

fn prepare<'s>(
    session: &'s Session,
    options: &Options,
    how: &render::Options,
    labelled: &'s OnceCell<Stack>,
    sink: &mut Sink,
) -> Result<Prepared<'s>, Vec<Stop>> {
    let targets = session
        .targets(&options.common)
        .map_err(|found| vec![Box::new(Diagnostic { rule: &input::COULD_NOT_RUN, ..*found })])?;
    let (chosen, part) = chosen(session, options, &targets).map_err(|stop| vec![stop])?;
    let platforms = &part.platforms;
    let stack = if options.selinux { labelled.get_or_init(|| render::labelled(part.stack)) } else { part.stack };
    let platforms: Vec<(Platform, render::Target)> = if options.target == Some(TargetName::Topology) {
        vec![every(stack)]
    } else {
        let platforms = platforms.iter().map(|platform| deployed(session, options, platform));
        platforms.collect::<Result<_, _>>().map_err(|stop| vec![stop])?
    };
    if !platforms.iter().any(|(_, target)| *target == render::Target::Quadlet) {
        let only_for_units = [("--pod", options.pod), ("--keep-variables", options.keep_variables)];
        if let Some((option, _)) = only_for_units.into_iter().find(|(_, given)| *given) {
            let message = format!("`{option}` is for Quadlet units, and none are written here");
            let stop = Diagnostic::new(&input::COULD_NOT_RUN, session.argument(option), message);
            return Err(vec![Box::new(stop.help("`--target quadlet` on a platform with Podman writes units."))]);
        }
    }
    if options.selinux && stack.format == model::Format::Quadlet {
        let message = "`--selinux` writes no labels into units that are there";
        let stop = Diagnostic::new(&input::COULD_NOT_RUN, session.argument("--selinux"), message);
        let help = "`quadgen lint --select QG610 --fix --unsafe` does, on a platform with the word `selinux`.";
        return Err(vec![Box::new(stop.help(help))]);
    }
    let (mut lost, sources) = (Sink::default(), &session.sources);
    // Nothing below a warning is shown, unless somebody's settings make one of it.
    let lowest = if session.all_settings().next().is_some() { Level::Info } else { Level::Warning };
    // Neither needs what comes of the other.
    let (found, made) = both(
        stack.services.len() > MANY,
        || judged(stack, &platforms, lowest, sources),
        || sets(session, options, how, stack, &platforms, &chosen.input.source, &mut lost),
    );
    // What refers to nothing would be left out of the files, and a service without its network lands on another.
    if found.iter().any(|finding| finding.rule.code == rules::UNDEFINED_REFERENCE.code) {
        return Err(found.into_iter().map(Box::new).collect());
    }
    sink.extend(found);
    sink.extend(lost.into_found());
    let (base, sets) = made?;
    Ok(Prepared { base, sets, notes: words::notes(&chosen.input.notes) })
}

/// What the rules find on the platforms that a stack is rendered for.
fn judged(
    stack: &Stack,
    platforms: &[(Platform, render::Target)],
    lowest: Level,
    sources: &SourceMap,
) -> Vec<Diagnostic> {
    // What a platform makes of it plays no part in a topology.
    let judged = platforms.iter().filter(|(_, target)| *target != render::Target::Topology);
    let wirings: Vec<Wiring<'_>> = judged.map(|(platform, _)| Wiring::new(stack, platform)).collect();
    let mut found = Sink::default();
    rules::check(&Context { lowest, ..Context::new(stack, &wirings) }, &mut found);
    found.finish(sources)
}

/// A stack rendered for each platform, and the folder that the sets are for. What is lost on the way goes to `lost`.
fn sets<'s>(
    session: &Session,
    options: &Options,
    how: &render::Options,
    stack: &'s Stack,
    platforms: &[(Platform, render::Target)],
    file: &str,
    lost: &mut Sink,
) -> Result<(Option<Place>, Vec<Set<'s>>), Vec<Stop>> {
    let refused = |refused| vec![refusal(session, options, refused)];
    let layout = Layout::new(&options.prefix, options.base.as_deref()).map_err(|message| {
        let at =
            session.argument(if message.starts_with(&format!("`{}`", options.prefix)) { "--prefix" } else { "--base" });
        vec![Box::new(Diagnostic::new(&input::COULD_NOT_RUN, at, message))]
    })?;
    let base = options.output.as_deref().map(Place::of).transpose().map_err(refused)?;
    let mut sets = Vec::new();
    for (platform, target) in platforms.iter().cloned() {
        let place = match &base {
            Some(base) if options.all_platforms => Some(base.join(&platform.name).map_err(refused)?),
            base => base.clone(),
        };
        let below = place.as_ref().map(|place| place.below.clone()).unwrap_or_default();
        let how = &render::Options { below, ..how.clone() };
        let source = source(file, place.as_ref());
        let boxed = |refused: Vec<Diagnostic>| refused.into_iter().map(Box::new).collect::<Vec<_>>();
        let laid_out = render::lay_out(stack, &platform, &layout).map_err(boxed)?;
        let mut rendered = render::render(&laid_out, &platform, target, how, &source).map_err(boxed)?;
        if !options.no_verify {
            // A pod takes what concerns the network out of its containers' units, which are proven as they are without.
            let podless = render::Options { pod: false, ..how.clone() };
            let podless = how.pod.then(|| render::render(&laid_out, &platform, target, &podless, &source));
            let podless = podless.transpose().map_err(boxed)?;
            let found = prove::prove(&laid_out, &platform, target, podless.as_ref().unwrap_or(&rendered));
            if !found.is_empty() {
                return Err(boxed(found));
            }
        }
        lost.extend(std::mem::take(&mut rendered.findings));
        sets.push(Set { stack: laid_out, platform, target, place, rendered });
    }
    Ok((base, sets))
}

/// The sets on standard output.
fn printed(sets: &[Set<'_>]) -> Done {
    let mut text = String::new();
    let mut notes = String::new();
    for set in sets {
        let start = text.len();
        match set.rendered.files.as_slice() {
            // One file is the file itself, so that it can be piped.
            [only] => text.push_str(&only.text),
            files => {
                text.reserve(files.iter().map(|file| file.name.len() + file.text.len() + 4).sum());
                files.iter().for_each(|file| text.extend(["# ", &file.name, "\n", &file.text, "\n"]));
            }
        }
        let end = text.get(start..).map_or(0, |files| files.trim_end_matches('\n').len());
        text.truncate(start + end);
        text.push('\n');
        notes.push_str(&words::notes(&set.rendered.notes));
        // What the host needs counts wherever the files go; commands stay in one line, so that they can be copied.
        for step in &set.rendered.steps {
            let _ = writeln!(notes, "note: {step}");
        }
    }
    Done { text, notes, drift: false }
}

/// The platform as it will be once it is deployed from what is rendered, whatever its own words say.
fn deployed(session: &Session, options: &Options, platform: &Platform) -> Result<(Platform, render::Target), Stop> {
    let target = match options.target {
        Some(TargetName::Quadlet) => render::Target::Quadlet,
        Some(TargetName::Compose) => render::Target::Compose,
        Some(TargetName::Topology) => render::Target::Topology,
        None => render::Target::of(platform),
    };
    if let Some(message) = render::refusal(platform, target) {
        let at = session.argument("quadlet");
        let message = if options.all_platforms { format!("platform `{}`: {message}", platform.name) } else { message };
        let stop =
            Diagnostic::new(&input::COULD_NOT_RUN, at, message).help("`--target compose` writes a Compose file.");
        return Err(Box::new(stop));
    }
    let deploy = match (target, platform.deploy) {
        (render::Target::Compose, Deploy::PodmanCompose) => Deploy::PodmanCompose,
        _ => target.deploy().unwrap_or(platform.deploy),
    };
    Ok((Platform { deploy, ..platform.clone() }, target))
}

/// What stands for every platform, where none plays a part. Only units know the home of who runs them.
fn every(stack: &Stack) -> (Platform, render::Target) {
    let platform = Platform::resolve("every", PlatformSpec::default(), stack.format);
    (Platform { deploy: Deploy::Compose, ..platform }, render::Target::Topology)
}

/// The one stack and the platforms that a render is for.
fn chosen<'t, 's>(
    session: &Session,
    options: &Options,
    targets: &'t [Target<'s>],
) -> Result<(&'t Target<'s>, &'t Part<'s>), Stop> {
    let fail = |at: Span, message: String, help: String| {
        Box::new(Diagnostic::new(&input::COULD_NOT_RUN, at, message).help(help))
    };
    let at = session.argument(&options.path.as_deref().unwrap_or(Path::new(".")).to_string_lossy());
    let [target] = targets else {
        let names: Vec<&str> = targets.iter().map(|target| target.input.label.as_str()).collect();
        let message = if names.is_empty() {
            "there is no stack to render"
        } else {
            "a render is of one stack, and here are several"
        };
        return Err(fail(at, message.to_owned(), format!("Choose with --stack: {}.", names.join(", "))));
    };
    let is_for_every = options.target == Some(TargetName::Topology);
    if is_for_every && options.all_platforms {
        let message = "a topology is for all platforms: there is one, not one for each".to_owned();
        return Err(fail(session.argument("--all-platforms"), message, "Leave `--all-platforms` out.".to_owned()));
    }
    let with_platform = target.parts.iter().find(|part| !part.platforms.is_empty());
    let Some(part) = with_platform.or(target.parts.first().filter(|_| is_for_every)) else {
        let message = format!("`{}` has no such platform", target.input.label);
        return Err(fail(at, message, "Choose with --on.".to_owned()));
    };
    if options.all_platforms {
        if part.stack.platforms.is_empty() {
            let message = format!("`{}` names no platforms", target.input.label);
            return Err(fail(at, message, "Write them under `platforms:`, or take one with --on.".to_owned()));
        }
        return Ok((target, part));
    }
    let platforms = target.parts.iter().flat_map(|part| &part.platforms);
    let names: Vec<&str> = platforms.map(|platform| platform.name.as_str()).collect();
    match names.as_slice() {
        _ if is_for_every => Ok((target, part)),
        [_] => Ok((target, part)),
        names => {
            let message = format!("a render is for one platform, and `{}` has several", target.input.label);
            let all = "`--all-platforms -o DIR` writes one folder for each.";
            Err(fail(at, message, format!("Choose with --on: {}. {all}", names.join(", "))))
        }
    }
}

/// The way from the files to what the stack was read from. Both are followed to where they really are, so that a folder tells the
/// same source by whatever way it is reached.
fn source(name: &str, place: Option<&Place>) -> String {
    let path = Path::new(name);
    let (Some(place), Some(file)) = (place.filter(|_| name != super::session::STDIN), path.file_name()) else {
        return name.rsplit('/').next().unwrap_or(name).to_owned();
    };
    let above = path.parent().filter(|above| !above.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let above = above.canonicalize().or_else(|_| std::path::absolute(above)).unwrap_or_else(|_| above.to_path_buf());
    display_path(&disk::relative(&place.real, &above.join(file)))
}

fn refusal(session: &Session, options: &Options, refused: Refused) -> Stop {
    let folder = options.output.as_deref().unwrap_or(Path::new("."));
    let at = session.argument(&folder.to_string_lossy());
    let (message, help) = match refused {
        Refused::NotOurs(message) => (
            message,
            "quadgen writes over its own files only: move that file away, or choose another folder. `--diff` shows \
             what would change.",
        ),
        Refused::OtherSource(message) => (
            message,
            "Each source has files of its own: choose another folder. If the source was renamed, remove what was \
             rendered from it first.",
        ),
        Refused::Failed(path, error) => {
            let error = error.to_string();
            let error = error.split(" (os error").next().unwrap_or(&error).to_owned();
            let word = if options.writes() { "write" } else { "read" };
            let help = if options.all_platforms && options.writes() {
                "Each platform's folder is whole: as it was, or as it is rendered now."
            } else {
                "The other files are as they were."
            };
            (format!("cannot {word} `{}`: {error}", display_path(&path)), help)
        }
    };
    Box::new(Diagnostic::new(&input::COULD_NOT_RUN, at, message).help(help))
}
