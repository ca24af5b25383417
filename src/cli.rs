//! Arguments and exit codes. The only room that touches files, the environment and standard output.

mod completions;
mod diff;
mod disk;
mod explain;
mod git;
mod lint;
mod matrix;
mod output;
mod render;
mod schema;
mod session;
mod watched;
mod why;
mod write;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Parser, Subcommand, ValueEnum};
use quadgen::diagnostic::Level;
use quadgen::model::Format;

/// Clean.
const CLEAN: u8 = 0;
/// Findings at or above `--fail-on`.
const FOUND: u8 = 1;
/// Could not run, or saw only part of the stack.
const FAILED: u8 = 2;

/// Tells before you deploy what goes wrong at run time, and writes what works.
#[derive(Parser)]
#[command(name = "quadgen", version, max_term_width = 100, disable_help_subcommand = true)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

// What a command takes is built for the one that is run.
#[derive(Subcommand)]
#[command(defer = true)]
enum Command {
    /// Look for what goes wrong at run time
    Lint(lint::Options),
    /// Write Quadlet units, a Compose file or a topology
    Render(render::Options),
    /// Tell whether a service resolves and reaches another, the internet or the host, and why
    #[command(override_usage = "quadgen why [OPTIONS] [PATH] <FROM> <TO[:PORT]>")]
    Why(why::Options),
    /// Show for every pair of services whether one resolves and reaches the other
    Matrix(matrix::Options),
    /// Show what changed between two states in who resolves and reaches whom, in ports, in internet access
    Diff(diff::Options),
    /// Show the page of a rule
    Explain(explain::Options),
    /// List all rules
    Rules(explain::ListOptions),
    /// Print the JSON schema of a file that quadgen reads, for editors
    Schema(schema::Options),
    /// Write a script with which a shell completes quadgen's words
    Completions(completions::Options),
}

// What every command about a stack takes. It would stand in the place of what each does, were it said to clap as well.
#[derive(Args, Clone)]
struct Common {
    /// Look at this platform: a name from the file, or words such as podman@4.6.2,cni,rootless
    #[arg(long, value_name = "PLATFORM")]
    on: Vec<String>,
    /// Look at this stack only, where there are several
    #[arg(long, value_name = "NAME")]
    stack: Option<String>,
    /// Read every PATH as this, and look in folders for nothing else
    #[arg(long = "as", value_name = "FORMAT")]
    format_as: Option<FormatName>,
    /// A Compose file; several are merged in this order into one project
    #[arg(short = 'f', long = "file", value_name = "FILE")]
    files: Vec<PathBuf>,
    /// The name of the Compose project
    #[arg(short, long, value_name = "PROJECT")]
    project: Option<String>,
    /// A file with variables for Compose files, in place of .env
    #[arg(long, value_name = "FILE")]
    env_file: Vec<PathBuf>,
    /// Take variables for Compose files neither from the environment nor from .env
    #[arg(long)]
    no_env: bool,
    /// Switch a profile of Compose files on; `*` is all of them
    #[arg(long, value_name = "NAME")]
    profile: Vec<String>,
    /// Say on standard error which files make which stack
    #[arg(short, long)]
    verbose: bool,
    /// When to use colour
    #[arg(long, value_name = "WHEN", default_value = "auto")]
    color: Colour,
    /// The name that standard input stands for, where PATH is `-`
    #[arg(long, value_name = "FILE")]
    stdin_filename: Option<PathBuf>,
}

#[derive(Clone, Copy, PartialEq, ValueEnum)]
enum FormatName {
    /// quadgen's own format
    Topology,
    /// A Compose project
    Compose,
    /// Quadlet units
    Quadlet,
}

impl From<FormatName> for Format {
    fn from(name: FormatName) -> Self {
        match name {
            FormatName::Topology => Format::Topology,
            FormatName::Compose => Format::Compose,
            FormatName::Quadlet => Format::Quadlet,
        }
    }
}

#[derive(Clone, Copy, PartialEq, ValueEnum)]
enum Colour {
    /// On a terminal, unless NO_COLOR is set
    Auto,
    /// Always
    Always,
    /// Never
    Never,
}

#[derive(Clone, Copy, ValueEnum)]
enum LevelName {
    /// Errors only
    Error,
    /// Errors and warnings
    Warning,
    /// Every finding
    Info,
}

impl From<LevelName> for Level {
    fn from(name: LevelName) -> Self {
        match name {
            LevelName::Error => Level::Error,
            LevelName::Warning => Level::Warning,
            LevelName::Info => Level::Info,
        }
    }
}

/// Runs the command of the command line.
pub fn run() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            // Help and version are no errors; clap knows where each goes.
            let code = if error.use_stderr() { FAILED } else { CLEAN };
            let _ = error.print();
            return ExitCode::from(code);
        }
    };
    ExitCode::from(match cli.command {
        Command::Lint(options) => lint::run(&options),
        Command::Render(options) => render::run(&options),
        Command::Why(options) => why::run(&options),
        Command::Matrix(options) => matrix::run(&options),
        Command::Diff(options) => diff::run(&options),
        Command::Explain(options) => explain::run(&options),
        Command::Rules(options) => explain::list(&options),
        Command::Schema(options) => schema::run(&options),
        Command::Completions(options) => completions::run(&options),
    })
}
