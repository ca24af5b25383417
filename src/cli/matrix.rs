//! `quadgen matrix`: every pair's verdicts.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use quadgen::diagnostic::{Diagnostic, input};
use quadgen::network::Wiring;
use quadgen::report::matrix::{self, Stack};

use super::session::{Session, Target, Wants};
use super::{CLEAN, Common, FAILED, output};

#[derive(Args)]
pub(super) struct Options {
    /// A topology, a Compose file, a Quadlet unit, a folder that holds such, or `-` for standard input; here if left out
    #[arg(value_name = "PATH")]
    path: Option<PathBuf>,
    #[command(flatten)]
    common: Common,
    /// How the verdicts are written
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    format: FormatName,
}

#[derive(Clone, Copy, PartialEq, ValueEnum)]
enum FormatName {
    /// A small table for each platform, or a list where it would be wide
    Text,
    /// JSON, version 1
    Json,
    /// A row for each pair
    Csv,
    /// Tables and lists for a page or a comment
    Markdown,
}

impl From<FormatName> for matrix::Format {
    fn from(name: FormatName) -> Self {
        match name {
            FormatName::Text => matrix::Format::Text,
            FormatName::Json => matrix::Format::Json,
            FormatName::Csv => matrix::Format::Csv,
            FormatName::Markdown => matrix::Format::Markdown,
        }
    }
}

pub(super) fn run(options: &Options) -> u8 {
    let mut session = Session::new(Wants { samples: true, ..Wants::default() });
    session.read(options.path.as_slice(), &options.common);
    let code = match session.targets(&options.common) {
        Ok(targets) if session.is_complete() => write(&session, &targets, options),
        Ok(_) => Err(None),
        Err(finding) => Err(Some(finding)),
    };
    let code = code.unwrap_or_else(|finding| {
        session.findings.extend(finding.map(|finding| *finding));
        output::failure(&mut session, options.common.color);
        FAILED
    });
    // The process ends here: taking thousands of services apart before would only cost time.
    std::mem::forget(session);
    code
}

fn write(session: &Session, targets: &[Target<'_>], options: &Options) -> Result<u8, Option<Box<Diagnostic>>> {
    if targets.iter().flat_map(|target| &target.parts).all(|part| part.platforms.is_empty()) {
        let path = options.path.as_ref().map(|path| path.to_string_lossy().into_owned()).unwrap_or_default();
        let finding = match targets {
            [] => Diagnostic::new(&input::COULD_NOT_RUN, session.argument(&path), "there is no stack to look at"),
            _ => Diagnostic::new(&input::COULD_NOT_RUN, session.argument("--on"), "no stack has such a platform")
                .help("Choose another with --on."),
        };
        return Err(Some(Box::new(finding)));
    }
    let stacks = targets.iter().map(|target| Stack {
        label: &target.input.label,
        wirings: target
            .parts
            .iter()
            .flat_map(|part| part.platforms.iter().map(|platform| Wiring::new(part.stack, platform)))
            .collect(),
    });
    let stacks: Vec<Stack<'_>> = stacks.collect();
    let written = output::stream(|out| matrix::write(&stacks, options.format.into(), out));
    std::mem::forget(stacks);
    Ok(if written { CLEAN } else { FAILED })
}
