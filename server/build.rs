//! Makes cargo notice a new migration: the macro that embeds them looks at files it knows only.

#[expect(clippy::print_stdout, reason = "this is how a build script speaks to cargo")]
fn main() {
    println!("cargo:rerun-if-changed=../migrations");
}
