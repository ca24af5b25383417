//! `quadgen lint`

mod baseline;
mod silence;

use std::collections::{BTreeMap, HashSet};
use std::path::PathBuf;

use clap::{Args, ValueEnum};
use quadgen::diagnostic::{Diagnostic, Sink, input};
use quadgen::model::Target as Goal;
use quadgen::network::{Intent, State, Wiring};
use quadgen::report::{Assumed, Format, Intents, Report, StackFiles, Summary};
use quadgen::rules::{self, Context, Member};

use super::session::{Session, Target, Wants};
use super::{CLEAN, Common, FAILED, FOUND, LevelName, output};

#[derive(Args)]
pub(super) struct Options {
    /// Topologies, Compose files, Quadlet units, folders that hold such, or `-` for standard input; here if left out
    #[arg(value_name = "PATH")]
    paths: Vec<PathBuf>,
    #[command(flatten)]
    common: Common,
    /// How findings are written
    #[arg(long, value_name = "FORMAT", default_value = "full")]
    format: FormatName,
    /// Exit with 1 from this level on [default: warning, or what quadgen.toml says]
    #[arg(long, value_name = "LEVEL")]
    fail_on: Option<LevelName>,
    /// Report these rules only, by code or name, also those that are off by default; or ALL
    #[arg(long, value_name = "RULE,…", value_delimiter = ',')]
    select: Vec<String>,
    /// Leave these rules out, by code or name
    #[arg(long, value_name = "RULE,…", value_delimiter = ',')]
    ignore: Vec<String>,
    /// Do not report what this file knows
    #[arg(long, value_name = "FILE")]
    baseline: Option<PathBuf>,
    /// Write everything that is reported into the baseline, so that it is known [default: quadgen-baseline.json]
    #[arg(long, value_name = "FILE", num_args = 0..=1, require_equals = true)]
    write_baseline: Option<Option<PathBuf>>,
    /// Be content where a folder holds no stack, as a hook for commits has to be
    #[arg(long)]
    allow_empty: bool,
    /// Look at rendered files like at all others, beside what they were rendered from
    #[arg(long)]
    include_rendered: bool,
    /// Print findings only, without a summary
    #[arg(short, long)]
    quiet: bool,
}

#[derive(Clone, Copy, PartialEq, ValueEnum)]
enum FormatName {
    /// The source with labels, and every explanation
    Full,
    /// One line for each finding
    Concise,
    /// JSON, version 1
    Json,
}

impl From<FormatName> for Format {
    fn from(name: FormatName) -> Self {
        match name {
            FormatName::Full => Format::Full,
            FormatName::Concise => Format::Concise,
            FormatName::Json => Format::Json,
        }
    }
}

pub(super) fn run(options: &Options) -> u8 {
    let wants =
        Wants { allow_empty: options.allow_empty, rendered: options.include_rendered, samples: true, output: None };
    let mut session = Session::new(wants);
    session.read(&options.paths, &options.common);
    check_rules(&mut session, options);
    let mut sink = Sink::default();
    let mut summary = summary(&session);
    match session.targets(&options.common) {
        Ok(targets) => {
            for target in &targets {
                look(&session, target, &mut sink, &mut summary);
            }
            compare(&session, &targets, &mut sink);
        }
        Err(finding) => {
            session.fail(Diagnostic { rule: &input::COULD_NOT_RUN, ..*finding });
        }
    }
    summary.complete = session.is_complete();
    sink.extend(std::mem::take(&mut session.findings));
    let mut findings = sink.finish(&session.sources);
    once_each(&session, &mut findings);
    let (errors, findings): (Vec<_>, Vec<_>) = silence::settle(&mut session, options, findings, &mut summary)
        .into_iter()
        // Programs get what was silenced, with the reason.
        .filter(|finding| finding.suppressed.is_none() || options.format == FormatName::Json)
        .partition(|finding| finding.rule.code == input::COULD_NOT_RUN.code && options.format != FormatName::Json);
    let code = report(options, &session, &errors, &findings, &mut summary);
    // The process ends here: taking thousands of services apart before would only cost time.
    std::mem::forget(session);
    code
}

/// What is known of the input before anything is looked at.
fn summary(session: &Session) -> Summary {
    let stacks = session.inputs.iter().map(|input| StackFiles {
        stack: input.label.clone(),
        format: input.format,
        files: input.files.clone(),
        notes: input.notes.clone(),
    });
    let not_read = session.not_read.clone();
    Summary { files: session.files(), stacks: stacks.collect(), not_read, ..Summary::default() }
}

/// Lets the rules look at one stack.
fn look(session: &Session, target: &Target<'_>, sink: &mut Sink, summary: &mut Summary) {
    let mut found = Sink::default();
    let mut states = States::new();
    for part in &target.parts {
        let wirings: Vec<Wiring<'_>> =
            part.platforms.iter().map(|platform| Wiring::new(part.stack, platform)).collect();
        let context = Context::new(part.stack, &wirings);
        rules::check(&context, &mut found);
        for platform in &part.platforms {
            if !summary.platforms.contains(&platform.name) {
                summary.platforms.push(platform.name.clone());
            }
            if !platform.assumed.is_empty() {
                summary.assumed.push(Assumed {
                    stack: target.input.label.clone(),
                    platform: platform.name.clone(),
                    words: platform.assumed_words(),
                });
            }
        }
        // Half a stack proves nothing.
        if part.stack.complete {
            judge_intents(&context, &mut states);
        }
    }
    count_intents(states, &mut summary.intents, (session.inputs.len() > 1).then_some(target.input.label.as_str()));
    for mut finding in found.finish(&session.sources) {
        if target.input.concerns(&session.sources, &finding) {
            finding.stack.clone_from(&target.input.label);
            sink.report(finding);
        }
    }
}

/// Compares the stacks that share a host; of units, those of the first release.
fn compare(session: &Session, targets: &[Target<'_>], sink: &mut Sink) {
    for together in &session.together {
        let targets: Vec<&Target<'_>> = together.members.iter().filter_map(|at| targets.get(*at)).collect();
        let parts = targets.iter().filter_map(|target| Some((target.input, target.parts.first()?)));
        let parts: Vec<_> = parts.collect();
        let wirings: Vec<Vec<Wiring<'_>>> = parts
            .iter()
            .map(|(_, part)| part.platforms.iter().map(|platform| Wiring::new(part.stack, platform)).collect())
            .collect();
        let contexts: Vec<Context<'_>> =
            parts.iter().zip(&wirings).map(|((_, part), wirings)| Context::new(part.stack, wirings)).collect();
        let members = parts.iter().zip(&contexts).map(|((input, _), context)| Member { label: &input.label, context });
        let members: Vec<Member<'_>> = members.collect();
        let mut found = Sink::default();
        rules::check_together(&members, &mut found);
        let asked =
            |finding: &Diagnostic| targets.iter().any(|target| target.input.concerns(&session.sources, finding));
        sink.extend(found.finish(&session.sources).into_iter().filter(asked));
    }
}

/// A file that belongs to several stacks has the same faults in each: told once.
fn once_each(session: &Session, findings: &mut Vec<Diagnostic>) {
    if session.inputs.len() < 2 {
        return;
    }
    let mut told = HashSet::new();
    let sources = &session.sources;
    findings.retain(|finding| {
        let places = finding.labels.iter().map(|label| (sources.place(label.span), label.message.clone()));
        let places: Vec<(String, String)> = places.collect();
        told.insert((finding.rule.code, finding.message.clone(), finding.platforms.clone(), places))
    });
}

fn report(
    options: &Options,
    session: &Session,
    errors: &[Diagnostic],
    found: &[Diagnostic],
    summary: &mut Summary,
) -> u8 {
    let sources = &session.sources;
    summary.count(found);
    if !errors.is_empty() {
        let report = Report { sources, findings: errors, summary };
        output::err(&report.write_quiet(Format::Full, output::colour(options.common.color, true)));
    }
    let report = Report { sources, findings: found, summary };
    let colour = output::colour(options.common.color, false);
    // Counts of half a run would read like an all-clear.
    let text = if options.format == FormatName::Json || (!options.quiet && errors.is_empty()) {
        report.write(options.format.into(), colour)
    } else {
        report.write_quiet(options.format.into(), colour)
    };
    let written = output::out(&text);
    let fail_on = silence::fail_on(session, options);
    if !summary.complete || !written || !errors.is_empty() {
        FAILED
    } else if found.iter().any(|finding| finding.severity >= fail_on && finding.suppressed.is_none()) {
        FOUND
    } else {
        CLEAN
    }
}

/// A rule that nobody knows would silence nothing, or everything.
fn check_rules(session: &mut Session, options: &Options) {
    for wanted in options.select.iter().chain(&options.ignore) {
        if wanted.eq_ignore_ascii_case("all") || rules::find(wanted).is_some() {
            continue;
        }
        let at = session.argument(wanted);
        let finding = Diagnostic::new(&input::COULD_NOT_RUN, at, format!("there is no rule `{wanted}`"));
        session.fail(finding.help("`quadgen rules` lists them all."));
    }
}

/// What became of each intent, by its place and words.
type States = BTreeMap<(quadgen::source::Span, String), State>;

/// An intent is proven if it holds on every platform, and broken if it does not on one.
fn judge_intents(context: &Context<'_>, states: &mut States) {
    for view in &context.views {
        for judgement in &view.judgements {
            let key = (judgement.intent.span(), words(&judgement.intent));
            let state = states.entry(key).or_insert(judgement.state);
            *state = (*state).max(judgement.state);
        }
    }
}

/// Counts the intents of a stack; its name stands before them where there are several.
fn count_intents(states: States, counted: &mut Intents, stack: Option<&str>) {
    for ((_, text), state) in states {
        let text = stack.map_or(text.clone(), |stack| format!("{stack}: {text}"));
        match state {
            State::Proven => counted.proven.push(text),
            State::Broken => counted.broken.push(text),
            State::Unknown => counted.unknown.push(text),
        }
    }
}

fn words(intent: &Intent<'_>) -> String {
    match intent {
        Intent::Internet(service, _) => format!("{} internet: deny", service.name.value),
        Intent::Host(service, _) => format!("{} host: deny", service.name.value),
        Intent::Connects(service, connection) => {
            let to = match &connection.to {
                Goal::Service(name) => name.clone(),
                Goal::Host(name) => format!("host.{name}"),
            };
            let port = connection.port.map(|port| format!(":{port}")).unwrap_or_default();
            format!("{} connects {to}{port}", service.name.value)
        }
        Intent::Deny(deny) => format!("deny {}", deny.text.value),
    }
}
