//! The `quadgen` program: arguments, files, standard output. Everything else is the library.

mod cli;

/// A stack is many small texts, and the allocator of the C library takes several times as long for them.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> std::process::ExitCode {
    cli::run()
}
