//! Which language a file is written in, by its name.

use super::name;

/// What a language's files hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sort {
    /// Programs.
    Code,
    /// Text for people, markup and styles.
    Prose,
    /// Data, settings, lock files.
    Data,
}

/// (name, sort, extensions, whole names)
type Row = (&'static str, Sort, &'static [&'static str], &'static [&'static str]);

const LANGUAGES: [Row; 53] = [
    ("Rust", Sort::Code, &["rs"], &[]),
    ("JavaScript", Sort::Code, &["js", "mjs", "cjs", "jsx"], &[]),
    ("TypeScript", Sort::Code, &["ts", "tsx", "mts", "cts"], &[]),
    ("Python", Sort::Code, &["py", "pyi", "pyw"], &[]),
    ("Go", Sort::Code, &["go"], &[]),
    ("Java", Sort::Code, &["java"], &[]),
    ("Kotlin", Sort::Code, &["kt", "kts"], &[]),
    ("Scala", Sort::Code, &["scala", "sc"], &[]),
    ("C", Sort::Code, &["c", "h"], &[]),
    ("C++", Sort::Code, &["cc", "cpp", "cxx", "hh", "hpp", "hxx", "ipp"], &[]),
    ("C#", Sort::Code, &["cs"], &[]),
    ("F#", Sort::Code, &["fs", "fsi", "fsx"], &[]),
    ("Objective-C", Sort::Code, &["m", "mm"], &[]),
    ("Swift", Sort::Code, &["swift"], &[]),
    ("Dart", Sort::Code, &["dart"], &[]),
    ("Ruby", Sort::Code, &["rb", "rake", "gemspec"], &["rakefile", "gemfile"]),
    ("PHP", Sort::Code, &["php"], &[]),
    ("Perl", Sort::Code, &["pl", "pm", "t"], &[]),
    ("Lua", Sort::Code, &["lua"], &[]),
    ("R", Sort::Code, &["r"], &[]),
    ("Julia", Sort::Code, &["jl"], &[]),
    ("Haskell", Sort::Code, &["hs", "lhs"], &[]),
    ("OCaml", Sort::Code, &["ml", "mli"], &[]),
    ("Elixir", Sort::Code, &["ex", "exs"], &[]),
    ("Erlang", Sort::Code, &["erl", "hrl"], &[]),
    ("Clojure", Sort::Code, &["clj", "cljs", "cljc", "edn"], &[]),
    ("Zig", Sort::Code, &["zig"], &[]),
    ("Nim", Sort::Code, &["nim"], &[]),
    ("Shell", Sort::Code, &["sh", "bash", "zsh", "fish", "ksh"], &[]),
    ("PowerShell", Sort::Code, &["ps1", "psm1"], &[]),
    ("Batch", Sort::Code, &["bat", "cmd"], &[]),
    ("SQL", Sort::Code, &["sql"], &[]),
    ("Assembly", Sort::Code, &["s", "asm"], &[]),
    ("Vue", Sort::Code, &["vue"], &[]),
    ("Svelte", Sort::Code, &["svelte"], &[]),
    ("GraphQL", Sort::Code, &["graphql", "gql"], &[]),
    ("Protocol Buffers", Sort::Code, &["proto"], &[]),
    ("Terraform", Sort::Code, &["tf", "hcl"], &[]),
    ("Nix", Sort::Code, &["nix"], &[]),
    ("CMake", Sort::Code, &["cmake"], &["cmakelists.txt"]),
    ("Makefile", Sort::Code, &["mk"], &["makefile", "gnumakefile", "justfile"]),
    ("Dockerfile", Sort::Code, &["dockerfile"], &["dockerfile", "containerfile"]),
    ("HTML", Sort::Prose, &["html", "htm", "xhtml"], &[]),
    ("CSS", Sort::Prose, &["css", "scss", "sass", "less"], &[]),
    ("Markdown", Sort::Prose, &["md", "markdown", "mdx"], &[]),
    ("Text", Sort::Prose, &["txt", "rst", "adoc", "tex", "org"], &[]),
    ("JSON", Sort::Data, &["json", "jsonc", "json5", "jsonl", "ndjson", "geojson"], &[]),
    ("YAML", Sort::Data, &["yaml", "yml"], &[]),
    ("TOML", Sort::Data, &["toml"], &[]),
    ("XML", Sort::Data, &["xml", "xsd", "xsl", "svg", "csproj", "plist"], &[]),
    ("CSV", Sort::Data, &["csv", "tsv"], &[]),
    ("INI", Sort::Data, &["ini", "cfg", "conf", "properties", "env"], &[]),
    ("Notebook", Sort::Data, &["ipynb"], &[]),
];

/// Files that tools write to hold versions fast; their lines are nobody's work.
const LOCKFILES: [&str; 13] = [
    "cargo.lock",
    "package-lock.json",
    "npm-shrinkwrap.json",
    "yarn.lock",
    "pnpm-lock.yaml",
    "poetry.lock",
    "uv.lock",
    "pipfile.lock",
    "go.sum",
    "gemfile.lock",
    "composer.lock",
    "flake.lock",
    "bun.lock",
];

/// The language's name and sort; "Other" when the name tells nothing.
pub fn of(path: &[u8]) -> (&'static str, Sort) {
    let base = String::from_utf8_lossy(name::base(path)).to_ascii_lowercase();
    if LOCKFILES.contains(&base.as_str()) {
        return ("Lock file", Sort::Data);
    }
    let extension = name::extension(path);
    let by_name = LANGUAGES.iter().find(|(_, _, _, names)| names.contains(&base.as_str()));
    let row =
        by_name.or_else(|| LANGUAGES.iter().find(|(_, _, extensions, _)| extensions.contains(&extension.as_str())));
    row.map_or(("Other", Sort::Data), |(name, sort, _, _)| (name, *sort))
}

/// What files of the named language hold.
pub fn sort_of(language: &str) -> Sort {
    LANGUAGES.iter().find(|(name, ..)| *name == language).map_or(Sort::Data, |(_, sort, ..)| *sort)
}

/// Written by a tool, or packed for machines: not read for what people wrote.
pub fn is_generated(path: &[u8]) -> bool {
    let base = String::from_utf8_lossy(name::base(path)).to_ascii_lowercase();
    LOCKFILES.contains(&base.as_str())
        || [".min.js", ".min.css", ".map", ".bundle.js", ".snap", ".pb.go", "_pb2.py", ".g.dart", ".svg"]
            .iter()
            .any(|end| base.ends_with(end))
        || name::is_under(path, &["dist", "generated", "__generated__", "__snapshots__", "snapshots"])
        || name::is_under(path, &name::VENDORED)
}

#[cfg(test)]
mod tests {
    use super::{Sort, of};

    #[test]
    fn names_tell_languages() {
        assert_eq!(of(b"src/main.rs"), ("Rust", Sort::Code));
        assert_eq!(of(b"a/Dockerfile").0, "Dockerfile");
        assert_eq!(of(b"package-lock.json").0, "Lock file");
        assert_eq!(of(b"CMakeLists.txt").0, "CMake");
        assert_eq!(of(b"LICENSE").0, "Other");
    }
}
