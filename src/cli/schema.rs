//! `quadgen schema`

use clap::{Args, ValueEnum};

use super::{CLEAN, FAILED, output};

#[derive(Args)]
pub(super) struct Options {
    /// Which file the schema is of
    #[arg(value_name = "FILE")]
    of: Of,
}

#[derive(Clone, Copy, PartialEq, ValueEnum)]
enum Of {
    /// quadgen.toml
    Config,
}

pub(super) fn run(options: &Options) -> u8 {
    let text = match options.of {
        Of::Config => quadgen::config::schema(),
    };
    if output::out(&text) { CLEAN } else { FAILED }
}
