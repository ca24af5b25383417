//! What of the findings is reported: comments silence, `quadgen.toml` and the command line choose, a baseline knows.

use quadgen::config::{Catalogue, Choice, Selector};
use quadgen::diagnostic::{Diagnostic, Level};
use quadgen::report::Summary;
use quadgen::rules;

use super::super::session::Session;
use super::{Options, baseline};

/// Everything that is reported, with what comments silenced.
pub(super) fn settle(
    session: &mut Session,
    options: &Options,
    mut findings: Vec<Diagnostic>,
    summary: &mut Summary,
) -> Vec<Diagnostic> {
    session.silence(&mut findings, &options.common, summary.complete);
    let list = rules::list();
    let catalogue = Catalogue(&list);
    let chosen = |words: &[String]| words.iter().filter_map(|word| Selector::parse(word, catalogue)).collect();
    let choice = Choice { select: chosen(&options.select), ignore: chosen(&options.ignore) };
    let unwanted = session.select(&mut findings, &choice);
    baseline::leave_out(session, options, &choice, &unwanted, &mut findings, summary);
    findings
}

/// The lowest level that anybody will see. Comments are judged, and baselines are made, by all that there is.
pub(super) fn lowest(session: &Session, options: &Options) -> Level {
    let chosen = !options.select.is_empty() || options.baseline.is_some() || options.write_baseline.is_some();
    let settled = session.all_settings().next().is_some();
    if chosen || settled || session.silencing().next().is_some() { Level::Info } else { Level::Warning }
}

/// From which level on the exit code is 1: what the command line says, else the strictest of the files.
pub(super) fn fail_on(session: &Session, options: &Options) -> Level {
    let of_files = || session.all_settings().filter_map(|settings| settings.policy.fail_on()).min();
    options.fail_on.map(Level::from).or_else(of_files).unwrap_or(Level::Warning)
}
