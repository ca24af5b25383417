//! The `quadgen` program: arguments, files, standard output. Everything else is the library.

mod cli;

fn main() -> std::process::ExitCode {
    cli::run()
}
