//! The house rules that a program can check: layers, sizes, unsafe, stubs, documents.

use std::fs;
use std::path::{Path, PathBuf};

/// Which crates of ours each crate may name. The root package may name all.
const EDGES: [(&str, &[&str]); 6] = [
    ("mmu", &[]),
    ("snapshots", &[]),
    ("cpu", &["mmu"]),
    ("chipset", &["mmu"]),
    ("bios", &["mmu"]),
    ("debugger", &["cpu", "mmu"]),
];

/// Longest source file; tables and tests are exempt.
const MOST_LINES: usize = 600;

/// A digest in lower-case hexadecimal.
fn sha256(bytes: &[u8]) -> String {
    use sha2::Digest;
    sha2::Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    let entries = fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    for entry in entries.map(|entry| entry.expect("a folder entry can be read").path()) {
        if entry.is_dir() {
            sources(&entry, found);
        } else if entry.extension().is_some_and(|kind| kind == "rs") {
            found.push(entry);
        }
    }
}

fn all_sources() -> Vec<(PathBuf, String)> {
    let mut found = Vec::new();
    for (name, _) in EDGES {
        sources(&root().join(name).join("src"), &mut found);
    }
    for folder in ["src", "tests", "benches"] {
        sources(&root().join(folder), &mut found);
    }
    found.sort();
    found.into_iter().map(|path| (path.clone(), fs::read_to_string(path).expect("a source file is text"))).collect()
}

fn shown(path: &Path) -> String {
    path.strip_prefix(root()).unwrap_or(path).display().to_string().replace('\\', "/")
}

#[test]
fn crates_name_only_the_layers_below_them() {
    for (name, allowed) in EDGES {
        let manifest = fs::read_to_string(root().join(name).join("Cargo.toml")).expect("every part has a manifest");
        let dependencies = manifest.split("[dependencies]").nth(1).unwrap_or_default();
        for (other, _) in EDGES {
            let named = dependencies.contains(&format!("ringwalk-{other}"));
            assert!(!named || allowed.contains(&other), "{name} must not depend on {other}: see ARCHITECTURE.md");
        }
    }
}

#[test]
fn source_files_have_a_head_and_a_bearable_length() {
    for (path, text) in all_sources() {
        let name = shown(&path);
        assert!(text.starts_with("//!"), "{name} begins with what the file is");
        let is_table = name.starts_with("cpu/src/isa/") || name.starts_with("tests/") || name.contains("tests.rs");
        let code = text.split("#[cfg(test)]\nmod tests {").next().unwrap_or_default().lines().count();
        assert!(is_table || code <= MOST_LINES, "{name} has {code} lines of code: split it by meaning");
    }
}

#[test]
fn unsafe_code_and_stubs_stay_out() {
    for (path, text) in all_sources() {
        let name = shown(&path);
        if name == "tests/it/tidy.rs" {
            continue;
        }
        let engine = name == "cpu/src/run.rs" || name.starts_with("cpu/src/fast/") || name == "mmu/src/ram.rs";
        let at_home = engine || name.starts_with("tests/silicon/") || name.starts_with("tests/it/silicon/");
        let outside_text = text.lines().filter(|line| !line.trim_start().starts_with("//"));
        for (number, line) in outside_text.enumerate() {
            let has = |word: &str| line.contains(word);
            assert!(at_home || !has("unsafe {") && !has("unsafe fn"), "{name}: unsafe code near line {number}");
            let stub = has("todo!(") || has("unimplemented!(") || has("#[ignore") || has("dbg!(");
            assert!(!stub, "{name}: a stub near line {number}: {line}");
        }
    }
}

/// Copies of the descriptor caches are kept up to date by the one function that loads them; the short ways between
/// privilege levels have one of their own, for what changes no copy.
#[test]
fn segment_registers_are_loaded_in_one_place() {
    for (path, text) in all_sources() {
        let name = shown(&path);
        let code = text.split("#[cfg(test)]").next().unwrap_or_default();
        let homes = ["cpu/src/state.rs", "cpu/src/exec/mod.rs", "cpu/src/exec/testing.rs", "cpu/src/fast/gates.rs"];
        let at_home = homes.contains(&name.as_str());
        if !name.starts_with("cpu/src/") || at_home {
            continue;
        }
        for (number, line) in code.lines().enumerate() {
            let writes = line.contains("segments.iter_mut") || line.contains(".segments[") && line.contains("] = ");
            assert!(!writes, "{name}: line {number} loads a segment register past Exec::set_segment");
        }
    }
}

#[test]
fn state_uses_ordered_maps() {
    for (path, text) in all_sources() {
        let name = shown(&path);
        let state = ["cpu/", "mmu/", "chipset/", "snapshots/"].iter().any(|part| name.starts_with(part));
        let code = text.split("#[cfg(test)]").next().unwrap_or_default();
        let mut lines = code.lines().filter(|line| !line.trim_start().starts_with("//"));
        assert!(
            !state || !lines.any(|line| line.contains("HashMap")),
            "{name}: the order of a HashMap leaks into hashes and files"
        );
    }
}

#[test]
fn known_failures_have_reasons() {
    let list = fs::read_to_string(root().join("tests/known_failures.txt")).expect("the list exists, if only empty");
    for line in list.lines().filter(|line| !line.trim().is_empty() && !line.starts_with('#')) {
        assert!(line.split_once(" : ").is_some_and(|(_, reason)| reason.len() > 10), "a reason is missing: {line}");
    }
}

#[test]
fn documents_are_there_and_name_the_two_commands() {
    for name in ["README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "CHANGELOG.md", "LICENSE-MIT", "LICENSE-APACHE"] {
        assert!(root().join(name).exists(), "{name} is missing");
    }
    let readme = fs::read_to_string(root().join("README.md")).expect("the README is text");
    assert!(readme.contains("cargo run --release") && readme.contains("cargo test"));
}

#[test]
fn roms_match_their_sums() {
    let sums = fs::read_to_string(root().join("roms/SHA256SUMS")).expect("roms/SHA256SUMS names sources and binaries");
    let mut checked = 0;
    for line in sums.lines() {
        let (sum, name) =
            line.split_once("  ").unwrap_or_else(|| panic!("roms/SHA256SUMS has a line without a name: {line}"));
        let bytes = fs::read(root().join(name)).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(sha256(&bytes), sum, "{name} is not what roms/SHA256SUMS says: run roms/build.sh");
        checked += 1;
    }
    assert!(checked >= 6, "sources and binaries of BIOS, VGA BIOS and tour are all named");
}
