//! The `quadgen` program: arguments, files, standard output. Everything else is the library.

mod cli;

// A stack is many small texts, and the allocator of the C library takes several times as long for them. With the GNU C
// library mimalloc stands in its place and is asked by `malloc`: asked by Rust's own interface, which names an alignment,
// it takes the long way for most sizes, and more memory.
#[cfg(all(target_os = "linux", target_env = "gnu"))]
use mimalloc as _;

#[cfg(not(all(target_os = "linux", target_env = "gnu")))]
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> std::process::ExitCode {
    cli::run()
}
