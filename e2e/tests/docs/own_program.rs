//! The page on one's own program: the package that it shows is built outside the workspace, and run.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use e2e::{DefaultPorts, Stream, root, rust, shell};

use crate::markdown::{Block, blocks, document};

/// The folder that the tests were built in.
fn target() -> PathBuf {
    // target/<profile>/deps/<test>
    std::env::current_exe().unwrap().ancestors().nth(3).unwrap().to_owned()
}

/// Builds the package whose `Cargo.toml` and `main.rs` these are, and returns the program.
fn build(manifest: &str, main: &str, folder: &tempfile::TempDir) -> PathBuf {
    let manifest = manifest.replace("../zmq-patterns/", &format!("{}/", root().display()));
    fs::write(folder.path().join("Cargo.toml"), manifest).unwrap();
    fs::create_dir(folder.path().join("src")).unwrap();
    fs::write(folder.path().join("src/main.rs"), main).unwrap();
    // The versions that are there already.
    fs::copy(root().join("Cargo.lock"), folder.path().join("Cargo.lock")).unwrap();
    let built = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
        .args(["build", "--quiet", "--target-dir"])
        .arg(target())
        // As the workspace has it, so that libsodium is not built again. And libzmq is built sooner
        // when it is not optimised.
        .env("CARGO_PROFILE_DEV_BUILD_OVERRIDE_DEBUG", "false")
        .env("CXXFLAGS", "-O0")
        .current_dir(folder.path())
        .output()
        .unwrap();
    assert!(built.status.success(), "{}", String::from_utf8_lossy(&built.stderr));
    target().join("debug/hello")
}

#[test]
fn a_package_outside_the_workspace_builds_and_is_answered() {
    let blocks = blocks(&document("OWN-PROGRAM.md"));
    let find = |language: &str| -> Vec<&Block> {
        blocks.iter().filter(|block| block.language == language).collect()
    };
    let [manifest] = find("toml")[..] else { panic!("one Cargo.toml") };
    let [main] = find("rust")[..] else { panic!("one main.rs") };
    let folder = tempfile::tempdir().unwrap();
    let program = build(&manifest.text, &main.text, &folder);

    let _ports = DefaultPorts::take();
    let [server, own] = find("console")[..] else { panic!("two terminals") };
    let (_, seen) = server.text.split_once('\n').unwrap();
    let server = rust("zmq_server").arg("-v").start();
    server.wait_until_listening();
    let ended = shell(program.to_str().unwrap(), folder.path()).start().wait();
    assert_eq!(own.text, format!("$ cargo run -q\n{}", ended.stdout), "{ended:?}");
    server.wait_for(Stream::Stdout, seen.trim_end());
}
