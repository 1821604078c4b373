//! The binary `devsquad`.

fn main() {
    std::process::exit(server::cli::main());
}
