//! The binary `devsquad`.

/// Requests and ticks allocate much and in small pieces, and free on another thread: a quarter of a creation's time in the system's
/// allocator.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() {
    std::process::exit(server::cli::main());
}
