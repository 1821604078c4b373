//! The browser's half of the pages, built by cargo-leptos, and other files that never change under their name.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::Context as _;
use app::SiteFiles;

/// What cargo-leptos built.
pub struct Site {
    /// Where it lies.
    pub dir: PathBuf,
    /// The names, with their hashes, that every page begins with.
    pub files: Arc<SiteFiles>,
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
        let files = files(&dir.join("pkg"))?;
        if files.wasm.is_empty() {
            tracing::warn!(site = %dir.display(), "no pages are built there: they come without their style and do not react");
        }
        Ok(Site { dir, files: Arc::new(files) })
    }
}

/// The hashed names in `pkg`; empty where nothing is built, which is good enough for tests of the server alone.
fn files(pkg: &Path) -> anyhow::Result<SiteFiles> {
    let mut files = SiteFiles::default();
    let entries = std::fs::read_dir(pkg).into_iter().flatten().flatten();
    for name in entries.map(|entry| entry.file_name().to_string_lossy().into_owned()) {
        let (stem, extension) = (name.split('.').next(), name.rsplit('.').next());
        match (stem.unwrap_or_default(), extension.unwrap_or_default()) {
            ("devsquad", "js") => files.js = path(&name),
            ("devsquad", "wasm") => files.wasm = path(&name),
            ("devsquad", "css") => files.css = path(&name),
            ("__wasm_split", "js") => files.split = path(&name),
            ("__wasm_split_manifest", "json") => {
                let text = std::fs::read(pkg.join(&name)).with_context(|| format!("cannot read {name}"))?;
                files.pieces = pieces(&text).with_context(|| format!("cannot understand {name}"))?;
            }
            _ => {}
        }
    }
    Ok(files)
}

fn path(name: &str) -> String {
    format!("/pkg/{name}")
}

/// Which files a piece is made of: `{"overview": ["split_overview.a1", "chunk_3.b2"]}`.
fn pieces(manifest: &[u8]) -> anyhow::Result<BTreeMap<String, Vec<String>>> {
    let manifest: BTreeMap<String, Vec<String>> = serde_json::from_slice(manifest)?;
    let paths = |files: Vec<String>| files.into_iter().map(|file| path(&format!("{file}.wasm"))).collect();
    Ok(manifest.into_iter().map(|(name, files)| (name, paths(files))).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hashed_names_are_found_and_their_compressed_forms_are_not() {
        let site = tempfile::tempdir().expect("a directory");
        let pkg = site.path().join("pkg");
        std::fs::create_dir(&pkg).expect("made");
        for name in
            ["devsquad.a1.js", "devsquad.b2.wasm", "devsquad.c3.css", "devsquad.b2.wasm.br", "split_run.d4.wasm"]
        {
            std::fs::write(pkg.join(name), "").expect("written");
        }
        std::fs::write(pkg.join("__wasm_split.e5.js"), "").expect("written");
        let manifest = r#"{"run": ["split_run.d4", "chunk_3.f6"]}"#;
        std::fs::write(pkg.join("__wasm_split_manifest.g7.json"), manifest).expect("written");
        let found = Site::find(Some(site.path())).expect("found").files;
        assert_eq!(found.js, "/pkg/devsquad.a1.js");
        assert_eq!(found.wasm, "/pkg/devsquad.b2.wasm");
        assert_eq!(found.css, "/pkg/devsquad.c3.css");
        assert_eq!(found.split, "/pkg/__wasm_split.e5.js");
        assert_eq!(found.pieces["run"], ["/pkg/split_run.d4.wasm", "/pkg/chunk_3.f6.wasm"]);
    }
}
