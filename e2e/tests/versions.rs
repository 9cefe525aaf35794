//! One version in every place, and the oldest Rust that is promised.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::process::Command;

use e2e::root;
use serde_json::Value;

fn read(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap()
}

/// The packages of a workspace and all that they depend on.
fn packages(manifest: &str) -> Vec<Value> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let output = Command::new(cargo)
        .args(["metadata", "--locked", "--format-version", "1", "--manifest-path", manifest])
        .current_dir(root())
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let metadata: Value = serde_json::from_slice(&output.stdout).unwrap();
    metadata["packages"].as_array().unwrap().clone()
}

/// zmq-sys has the version of the crate that it replaces.
#[test]
fn every_package_has_the_version_that_the_changelog_describes() {
    let version = env!("CARGO_PKG_VERSION");
    for manifest in ["Cargo.toml", "bench/peers/Cargo.toml"] {
        let packages = packages(manifest);
        let ours = packages.iter().filter(|it| it["source"].is_null() && it["name"] != "zmq-sys");
        for package in ours {
            assert_eq!(package["version"], version, "{} of {manifest}", package["name"]);
        }
    }
    let changelog = read("CHANGELOG.md");
    let newest = changelog.lines().filter(|line| line.starts_with("## [")).nth(1).unwrap();
    assert!(newest.starts_with(&format!("## [{version}] - 20")), "{newest}");
}

/// The parts of a version, such as 1.89.
fn parts(version: &str) -> [u32; 2] {
    let parts = version.split('.').map(|part| part.parse().unwrap());
    parts.take(2).collect::<Vec<_>>().try_into().unwrap()
}

/// Clippy finds what in our own code the promised Rust does not have yet (`incompatible_msrv`).
#[test]
fn no_dependency_needs_a_newer_rust_than_is_promised() {
    let promised = env!("CARGO_PKG_RUST_VERSION");
    for package in packages("Cargo.toml") {
        let Some(needed) = package["rust_version"].as_str() else { continue };
        assert!(parts(needed) <= parts(promised), "{} needs {needed}", package["name"]);
    }
    for readme in ["README.md", "README.zh-TW.md"] {
        assert!(read(readme).contains(promised), "{readme} does not promise Rust {promised}");
    }
}

/// A script builds what the tests have tested, not what is newest today.
#[test]
fn scripts_build_what_is_locked() {
    let folders = ["scripts", "scripts/lib", "scripts/experiments"];
    let files = folders.iter().flat_map(|folder| fs::read_dir(root().join(folder)).unwrap());
    let scripts = files.map(|entry| entry.unwrap().path());
    for script in scripts.filter(|path| path.extension().is_some_and(|it| it == "sh")) {
        let text = fs::read_to_string(&script).unwrap();
        for line in text.lines().filter(|line| !line.trim_start().starts_with('#')) {
            let resolves = ["build", "run", "test", "clippy", "doc", "check", "metadata"]
                .iter()
                .any(|command| line.contains(&format!("cargo {command} ")));
            let asked = line.contains("--locked") || line.contains("--version");
            assert!(!resolves || asked, "{}: {line}", script.display());
        }
    }
}

/// What is built with its features, given the packages that are chosen.
fn built(packages: &[&str], edges: &str) -> BTreeSet<String> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let output = Command::new(cargo)
        .args(["tree", "--locked", "--edges", edges, "--prefix", "none", "--no-dedupe"])
        .args(["--format", "{p} {f}"])
        .args(packages)
        .current_dir(root())
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap().lines().map(str::to_owned).collect()
}

/// Otherwise the same program would be built again for each script, over the one that a test runs.
#[test]
fn scripts_build_what_the_workspace_builds() {
    let whole = built(&["--workspace"], "normal,build,dev");
    for packages in [&[][..], &["-p", "zmq_server"], &["-p", "sink"], &["-p", "lab"]] {
        let other: Vec<_> = built(packages, "normal,build").difference(&whole).cloned().collect();
        assert_eq!(other, [""; 0], "of {packages:?}");
    }
}

/// The benchmarks' peers then share what is built, and are measured on the same.
#[test]
fn peers_have_the_versions_of_the_programs() {
    let versions = |manifest: &str| {
        let mut all = BTreeMap::<String, BTreeSet<String>>::new();
        for package in packages(manifest).iter().filter(|package| package["source"].is_string()) {
            let [name, version] =
                ["name", "version"].map(|key| package[key].as_str().unwrap().to_owned());
            all.entry(name).or_default().insert(version);
        }
        all
    };
    let (programs, peers) = (versions("Cargo.toml"), versions("bench/peers/Cargo.toml"));
    for (name, ours) in programs {
        let theirs = peers.get(&name);
        assert!(theirs.is_none_or(|theirs| ours.is_subset(theirs)), "{name}: {ours:?} {theirs:?}");
    }
}
