//! `quadgen completions`

use clap::{Args, CommandFactory};
use clap_complete::Shell;

use super::{CLEAN, Cli, FAILED, output};

#[derive(Args)]
pub(super) struct Options {
    /// The shell that is to complete quadgen's words
    #[arg(value_name = "SHELL")]
    shell: Shell,
}

/// Writes the script to standard output.
pub(super) fn run(options: &Options) -> u8 {
    let mut script = Vec::new();
    clap_complete::generate(options.shell, &mut Cli::command(), "quadgen", &mut script);
    if output::out(&String::from_utf8_lossy(&script)) { CLEAN } else { FAILED }
}
