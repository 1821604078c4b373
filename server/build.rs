//! Makes cargo notice a new migration: the macro that embeds them looks at files it knows only.

fn main() {
    println!("cargo:rerun-if-changed=../migrations");
}
