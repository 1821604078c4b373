//! The binary `devsquad`.

/// Requests and ticks allocate much and in small pieces, and free on another thread: a quarter of a creation's time in the system's
/// allocator. Without huge pages: touching a new one stops whoever touches it until two megabytes are there, which on a virtual machine
/// took 8 ms as a rule and up to 70; a small one takes microseconds.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() {
    std::process::exit(server::cli::main());
}
