//! The browser's half of the pages, built by cargo-leptos, and other files that never change under their name.

use std::path::{Path, PathBuf};

use anyhow::Context as _;
use app::SiteFiles;

/// What cargo-leptos built.
pub struct Site {
    /// Where it lies.
    pub dir: PathBuf,
    /// The names, with their hashes, that every page begins with.
    pub files: SiteFiles,
}

impl Site {
    /// In the directory given, else in `../site` beside the binary (`target/release/devsquad` → `target/site`).
    pub fn find(given: Option<&Path>) -> anyhow::Result<Site> {
        let dir = match given {
            Some(dir) => dir.to_owned(),
            None => {
                let binary = std::env::current_exe().context("where this binary lies")?;
                binary.parent().and_then(Path::parent).context("a binary lies in a directory")?.join("site")
            }
        };
        let files = files(&dir.join("pkg"));
        if files.wasm.is_empty() {
            tracing::warn!(site = %dir.display(), "no pages are built there: they come without their style and do not react");
        }
        Ok(Site { dir, files })
    }
}

/// The hashed names in `pkg`; empty where nothing is built, which is good enough for tests of the server alone.
fn files(pkg: &Path) -> SiteFiles {
    let mut files = SiteFiles::default();
    let entries = std::fs::read_dir(pkg).into_iter().flatten().flatten();
    for name in entries.map(|entry| entry.file_name().to_string_lossy().into_owned()) {
        let slot = match Path::new(&name).extension().and_then(|extension| extension.to_str()) {
            Some("js") => &mut files.js,
            Some("wasm") => &mut files.wasm,
            Some("css") => &mut files.css,
            _ => continue,
        };
        *slot = format!("/pkg/{name}");
    }
    files
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hashed_names_are_found_and_their_compressed_forms_are_not() {
        let site = tempfile::tempdir().expect("a directory");
        let pkg = site.path().join("pkg");
        std::fs::create_dir(&pkg).expect("made");
        for name in ["devsquad.a1.js", "devsquad.b2.wasm", "devsquad.c3.css", "devsquad.b2.wasm.br"] {
            std::fs::write(pkg.join(name), "").expect("written");
        }
        let found = Site::find(Some(site.path())).expect("found").files;
        assert_eq!(found.js, "/pkg/devsquad.a1.js");
        assert_eq!(found.wasm, "/pkg/devsquad.b2.wasm");
        assert_eq!(found.css, "/pkg/devsquad.c3.css");
    }
}
