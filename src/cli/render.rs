//! `quadgen render`

use std::fmt::Write;
use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};
use quadgen::diagnostic::{Diagnostic, Level, Sink, input};
use quadgen::network::Wiring;
use quadgen::platform::Platform;
use quadgen::render::{self, Rendered};
use quadgen::report::{Format, Report, Summary};
use quadgen::rules::{self, Context};
use quadgen::source::{Span, display_path};

use super::session::{Session, Target};
use super::write::{self, Refused};
use super::{CLEAN, Common, FAILED, FOUND, disk, output};

#[derive(Args)]
pub(super) struct Options {
    /// A topology file, a folder that holds one, or `-` for standard input
    #[arg(value_name = "PATH", default_value = ".")]
    path: PathBuf,
    #[command(flatten)]
    common: Common,
    /// What to write; units on Podman, Compose on Docker where nothing is said
    #[arg(long, value_name = "TARGET")]
    target: Option<TargetName>,
    /// Write the files into this folder instead of standard output
    #[arg(short, long, value_name = "DIR")]
    output: Option<PathBuf>,
    /// Exit with 1 on any finding of level warning or above
    #[arg(long)]
    strict: bool,
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
}

/// Where a command stops before its work is done.
type Stop = Box<Diagnostic>;

pub(super) fn run(options: &Options) -> u8 {
    let mut session = Session::new();
    session.read(std::slice::from_ref(&options.path), &options.common);
    let mut sink = Sink::default();
    let mut written = None;
    // Files are made of the whole stack, or not at all.
    if session.is_complete() && !has_errors(&session.findings) {
        match work(&session, options, &mut sink) {
            Ok(done) => written = Some(done),
            Err(stops) => session.findings.extend(stops.into_iter().map(|stop| *stop)),
        }
    }
    sink.extend(std::mem::take(&mut session.findings));
    let found = sink.finish(&session.sources);
    let found: Vec<Diagnostic> = found.into_iter().filter(|finding| finding.severity > Level::Info).collect();
    let summary = Summary::default();
    let report = Report { sources: &session.sources, findings: &found, summary: &summary };
    output::err(&report.write_quiet(Format::Full, output::colour(options.common.color, true)));
    match written {
        None => {
            output::err("Nothing was rendered.\n");
            FAILED
        }
        Some(rendered) => {
            if !options.quiet {
                output::err(&notes(&rendered, options));
            }
            if options.strict && found.iter().any(|finding| finding.severity >= Level::Warning) { FOUND } else { CLEAN }
        }
    }
}

/// Whether a value could not be taken in: a file without it would do something else than was written.
fn has_errors(findings: &[Diagnostic]) -> bool {
    findings.iter().any(|finding| finding.severity == Level::Error)
}

fn work(session: &Session, options: &Options, sink: &mut Sink) -> Result<Rendered, Vec<Stop>> {
    let stop = |finding: Diagnostic| vec![Box::new(finding)];
    let targets =
        session.targets(&options.common).map_err(|found| stop(Diagnostic { rule: &input::COULD_NOT_RUN, ..*found }))?;
    let (stack, platform) = one(session, options, &targets).map_err(|finding| vec![finding])?;
    let target = match options.target {
        Some(TargetName::Quadlet) => render::Target::Quadlet,
        Some(TargetName::Compose) => render::Target::Compose,
        None => render::Target::of(platform),
    };
    if let Some(message) = render::refusal(platform, target) {
        let at = session.argument("quadlet");
        return Err(stop(
            Diagnostic::new(&input::COULD_NOT_RUN, at, message).help("`--target compose` writes a Compose file."),
        ));
    }
    // What is deployed is what is rendered, whatever the platform's words say.
    let platform = Platform { deploy: target.deploy(), ..platform.clone() };
    let wirings = [Wiring::new(stack, &platform)];
    let mut found = Sink::default();
    rules::check(&Context::new(stack, &wirings), &mut found);
    let found = found.finish(&session.sources);
    // What refers to nothing would be left out of the files, and a service without its network lands on another.
    if found.iter().any(|finding| finding.rule.code == rules::UNDEFINED_REFERENCE.code) {
        return Err(found.into_iter().map(Box::new).collect());
    }
    sink.extend(found);
    let source = source(session, stack.name.span(), options.output.as_deref());
    let mut rendered = render::render(stack, &platform, target, &source)
        .map_err(|refused| refused.into_iter().map(Box::new).collect::<Vec<_>>())?;
    sink.extend(std::mem::take(&mut rendered.findings));
    match &options.output {
        None => {
            let mut text = String::new();
            for file in &rendered.files {
                let _ = write!(text, "# {}\n{}\n", file.name, file.text);
            }
            // One file is the file itself, so that it can be piped.
            if let [only] = rendered.files.as_slice() {
                text.clone_from(&only.text);
            }
            output::out(text.trim_end_matches('\n'));
            output::out("\n");
        }
        Some(folder) => {
            write::set(folder, &rendered.files).map_err(|refused| {
                let at = session.argument(&folder.to_string_lossy());
                let (message, help) = match refused {
                    Refused::NotOurs(message) => (
                        message,
                        "quadgen writes over its own files only: move that file away, or choose another folder.",
                    ),
                    Refused::Failed(path, error) => {
                        let error = error.to_string();
                        let error = error.split(" (os error").next().unwrap_or(&error).to_owned();
                        (format!("cannot write `{}`: {error}", path.display()), "The other files are as they were.")
                    }
                };
                stop(Diagnostic::new(&input::COULD_NOT_RUN, at, message).help(help))
            })?;
        }
    }
    Ok(rendered)
}

/// The one stack and the one platform that a render is for.
fn one<'t>(
    session: &Session,
    options: &Options,
    targets: &'t [Target<'_>],
) -> Result<(&'t quadgen::model::Stack, &'t Platform), Stop> {
    let fail = |at: Span, message: String, help: String| {
        Box::new(Diagnostic::new(&input::COULD_NOT_RUN, at, message).help(help))
    };
    let at = session.argument(&options.path.to_string_lossy());
    let [target] = targets else {
        let names: Vec<&str> = targets.iter().map(|target| target.stack.name.value.as_str()).collect();
        let message = if names.is_empty() {
            "there is no stack to render"
        } else {
            "a render is of one stack, and here are several"
        };
        return Err(fail(at, message.to_owned(), format!("Choose with --stack: {}.", names.join(", "))));
    };
    match target.platforms.as_slice() {
        [platform] => Ok((target.stack, platform)),
        [] => {
            Err(fail(at, format!("`{}` has no such platform", target.stack.name.value), "Choose with --on.".to_owned()))
        }
        several => {
            let names: Vec<&str> = several.iter().map(|platform| platform.name.as_str()).collect();
            let message = format!("a render is for one platform, and `{}` has several", target.stack.name.value);
            Err(fail(at, message, format!("Choose with --on: {}.", names.join(", "))))
        }
    }
}

/// The way from the files to the stack's file.
fn source(session: &Session, span: Span, folder: Option<&Path>) -> String {
    let name = session.sources.file_of(span).map_or("", |file| file.name.as_str());
    let Some(folder) = folder.filter(|_| name != super::session::STDIN) else {
        return name.rsplit('/').next().unwrap_or(name).to_owned();
    };
    let absolute = |path: &Path| std::path::absolute(path).unwrap_or_else(|_| path.to_path_buf());
    display_path(&disk::relative(&absolute(folder), &absolute(Path::new(name))))
}

fn notes(rendered: &Rendered, options: &Options) -> String {
    let mut text = String::new();
    for note in &rendered.notes {
        let _ = writeln!(text, "{}", quadgen::report::wrap(&format!("note: {note}")));
    }
    if let Some(folder) = &options.output {
        let files =
            if rendered.files.len() == 1 { "1 file".to_owned() } else { format!("{} files", rendered.files.len()) };
        let _ = writeln!(text, "{files} in {}. Next:", display_path(folder));
        for (at, step) in rendered.steps.iter().enumerate() {
            let _ = writeln!(text, "  {}. {step}", at + 1);
        }
    }
    text
}
