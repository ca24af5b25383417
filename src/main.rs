//! The `quadgen` program: arguments, files, standard output. Everything else is the library.

mod cli;

/// A stack is many small texts, and the allocator of the C library takes several times as long for them. With the GNU C
/// library mimalloc stands in its place and is asked by `malloc`: asked by Rust's own interface, which names an alignment,
/// it takes the long way for most sizes, and more memory. Nobody calls it by this name, which keeps linkers from leaving it
/// out.
#[cfg(all(target_os = "linux", target_env = "gnu"))]
#[used]
static MALLOC: unsafe extern "C" fn(usize) -> *mut core::ffi::c_void = libmimalloc_sys::mi_malloc;

#[cfg(not(all(target_os = "linux", target_env = "gnu")))]
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> std::process::ExitCode {
    cli::run()
}
