//! `quadgen lint`

mod baseline;
mod mend;
mod silence;
mod watch;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use clap::{Args, ValueEnum};
use quadgen::diagnostic::{Change, Diagnostic, Level, Sink, input, own};
use quadgen::fix;
use quadgen::maps::HashSet;
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
    /// Mend what can be mended without changing what is meant, and report what is left
    #[arg(long)]
    fix: bool,
    /// With --fix or --diff: also mends that somebody should look at
    #[arg(long = "unsafe")]
    unsafe_too: bool,
    /// Show what --fix would change, and change nothing; exits with 1 if there is something
    #[arg(long, conflicts_with = "fix")]
    diff: bool,
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
    #[arg(long, value_name = "FILE", num_args = 0..=1, require_equals = true, conflicts_with_all = ["fix", "diff"])]
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
    /// Look again whenever a file changes that was read, or one comes or goes, until Ctrl-C
    #[arg(long, conflicts_with_all = ["fix", "diff"])]
    watch: bool,
}

#[derive(Clone, Copy, PartialEq, ValueEnum)]
enum FormatName {
    /// The source with labels, and every explanation
    Full,
    /// One line for each finding
    Concise,
    /// JSON, version 1
    Json,
    /// SARIF 2.1.0, for code scanning
    Sarif,
    /// Workflow commands, which GitHub shows beside the lines of a change
    Github,
    /// A code quality report of GitLab
    Gitlab,
    /// JUnit's XML, a case for each finding
    Junit,
}

impl From<FormatName> for Format {
    fn from(name: FormatName) -> Self {
        match name {
            FormatName::Full => Format::Full,
            FormatName::Concise => Format::Concise,
            FormatName::Json => Format::Json,
            FormatName::Sarif => Format::Sarif,
            FormatName::Github => Format::Github,
            FormatName::Gitlab => Format::Gitlab,
            FormatName::Junit => Format::Junit,
        }
    }
}

impl Options {
    /// Whether the process ends once everything was looked at.
    fn ends(&self) -> bool {
        !(self.watch || self.fix || self.diff)
    }
}

/// Texts in place of what files hold, by their names.
type Texts = BTreeMap<String, String>;

impl FormatName {
    /// Whether it is kept for another program, while the log shows what goes to standard error.
    fn is_for_files(self) -> bool {
        matches!(self, FormatName::Sarif | FormatName::Gitlab | FormatName::Junit)
    }
}

pub(super) fn run(options: &Options) -> u8 {
    if options.watch {
        return watch::run(options);
    }
    if options.fix || options.diff {
        return mend::run(options);
    }
    let examined = examine(options, Session::new(wants(options)));
    let code = examined.report(options, output::out);
    // The process ends here: taking thousands of services apart before would only cost time.
    std::mem::forget(examined);
    code
}

fn wants(options: &Options) -> Wants {
    Wants { allow_empty: options.allow_empty, rendered: options.include_rendered, samples: true, ..Wants::default() }
}

/// What was found.
struct Examined {
    session: Session,
    /// What kept quadgen from working; for programs it stands with the others.
    errors: Vec<Diagnostic>,
    findings: Vec<Diagnostic>,
    summary: Summary,
}

/// Reads everything and looks at it.
fn examine(options: &Options, mut session: Session) -> Examined {
    session.read(&options.paths, &options.common);
    check_rules(&mut session, options);
    let mut sink = Sink::default();
    let mut summary = summary(&session);
    match session.targets(&options.common) {
        Ok(targets) => {
            let lowest = silence::lowest(&session, options);
            for target in &targets {
                look(&session, options, target, lowest, &mut sink, &mut summary);
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
    let mut findings = silence::settle(&mut session, options, findings, &mut summary);
    // Programs get what was silenced, with the reason.
    let told = matches!(options.format, FormatName::Json | FormatName::Sarif);
    findings.retain(|finding| told || finding.suppressed.is_none());
    fix::settle(&session.sources, &mut findings);
    leave_out_of_reach(&session, &mut findings, options);
    let (errors, findings): (Vec<_>, Vec<_>) = findings
        .into_iter()
        .partition(|finding| finding.rule.code == input::COULD_NOT_RUN.code && format(options).is_for_people());
    summary.count(&findings);
    Examined { session, errors, findings, summary }
}

/// Keeps the fixes that change nothing but what was asked for.
fn leave_out_of_reach(session: &Session, findings: &mut [Diagnostic], options: &Options) {
    if findings.iter().all(|finding| finding.fixes.is_empty()) {
        return;
    }
    let places: Vec<&Change> =
        findings.iter().flat_map(|finding| &finding.fixes).flat_map(|fix| &fix.changes).collect();
    let mut files = HashSet::default();
    files.reserve(places.len());
    files.extend(places.into_iter().filter_map(|change| match change {
        Change::Replace { span, .. } => session.sources.file_of(*span).map(|file| file.name.as_str()),
        _ => None,
    }));
    let editable = session.editable(&files);
    let is_editable = |change: &Change| match change {
        Change::Replace { span, .. } => {
            session.sources.file_of(*span).is_some_and(|file| editable.contains(file.name.as_str()))
        }
        _ => false,
    };
    for finding in findings {
        finding.fixes.retain(|fix| fix.changes.iter().all(is_editable));
        // Another platform may need what silences nothing on the one that was asked for.
        if finding.rule.code == own::UNUSED_SUPPRESSION.code && !options.common.on.is_empty() {
            finding.fixes.iter_mut().for_each(|fix| fix.safe = false);
        }
    }
}

fn format(options: &Options) -> Format {
    options.format.into()
}

/// What is known of the input before anything is looked at.
fn summary(session: &Session) -> Summary {
    let stacks = session.inputs.iter().map(|input| StackFiles {
        stack: input.label.clone(),
        format: input.format,
        files: Arc::clone(&input.files),
        notes: input.notes.clone(),
    });
    let not_read = session.not_read.clone();
    Summary { files: session.files(), stacks: stacks.collect(), not_read, ..Summary::default() }
}

/// Lets the rules look at one stack; findings below the `lowest` level are left out.
fn look(
    session: &Session,
    options: &Options,
    target: &Target<'_>,
    lowest: Level,
    sink: &mut Sink,
    summary: &mut Summary,
) {
    let mut found = Sink::default();
    let mut states = States::new();
    for part in &target.parts {
        let wirings: Vec<Wiring<'_>> =
            part.platforms.iter().map(|platform| Wiring::new(part.stack, platform)).collect();
        let context = Context { lowest, ..Context::new(part.stack, &wirings) };
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
        if options.ends() {
            // As in `run`.
            std::mem::forget(context);
            std::mem::forget(wirings);
        }
    }
    count_intents(states, &mut summary.intents, (session.inputs.len() > 1).then_some(target.input.label.as_str()));
    for mut finding in found.finish(&session.sources) {
        if finding.severity >= lowest && target.input.concerns(&session.sources, &finding) {
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
    let mut told = HashSet::default();
    let sources = &session.sources;
    findings.retain(|finding| {
        let places = finding.labels.iter().map(|label| (sources.place(label.span), label.message.clone()));
        let places: Vec<(String, String)> = places.collect();
        told.insert((finding.rule.code, finding.message.clone(), finding.platforms.clone(), places))
    });
}

impl Examined {
    /// Tells of it: findings by `write`, and on standard error what kept quadgen from working.
    fn report(&self, options: &Options, write: impl FnOnce(&str) -> bool) -> u8 {
        let (sources, summary) = (&self.session.sources, &self.summary);
        // These formats go into files, and nobody would see in the log why there is an exit code of 2.
        let is_told =
            |finding: &&Diagnostic| finding.rule.code == input::COULD_NOT_RUN.code && options.format.is_for_files();
        let told: Vec<Diagnostic> = self.errors.iter().chain(self.findings.iter().filter(is_told)).cloned().collect();
        if !told.is_empty() {
            let report = Report { sources, findings: &told, summary };
            output::err(&report.write_quiet(Format::Full, output::colour(options.common.color, true)));
        }
        let report = Report { sources, findings: &self.findings, summary };
        let colour = output::colour(options.common.color, false);
        // Counts of half a run would read like an all-clear.
        let text = if options.quiet || !self.errors.is_empty() {
            report.write_quiet(format(options), colour)
        } else {
            report.write(format(options), colour)
        };
        let written = write(&text);
        let fail_on = silence::fail_on(&self.session, options);
        if !summary.complete || !written || !self.errors.is_empty() {
            FAILED
        } else if self.findings.iter().any(|finding| finding.severity >= fail_on && finding.suppressed.is_none()) {
            FOUND
        } else {
            CLEAN
        }
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
