//! Has the linker keep every constant apart.

fn main() {
    // Constants that share bytes cannot be given to the pieces which need them: all of them would come with every page.
    if std::env::var("CARGO_CFG_TARGET_FAMILY").is_ok_and(|family| family.contains("wasm")) {
        println!("cargo::rustc-link-arg-cdylib=-O0");
    }
}
