//! Builds libzmq out of the sources in the crate zeromq-src, with the libsodium that
//! libsodium-sys-stable has built, as one file: the compiler then sees through libzmq's many small
//! functions, as with link-time optimisation, and is done sooner than with a hundred files.

use std::error::Error;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs, io};

// It is a dependency for its sources.
use zeromq_src as _;

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo::rerun-if-changed=build.rs");
    let vendor = sources()?;
    let out = PathBuf::from(env::var("OUT_DIR")?);
    let unit = out.join("libzmq.cpp");
    fs::write(&unit, translation_unit(&vendor.join("src"))?)?;
    // A Makefile or CMake would write what it has found out about the system; here that is said
    // below.
    fs::write(out.join("platform.hpp"), "")?;

    let mut build = cc::Build::new();
    build.cpp(true).std("c++11").opt_level(2).warnings(false).file(&unit).include(&out);
    // Nothing of it is replaced when the program is loaded: calls within it may be inlined.
    build.flag_if_supported("-fno-semantic-interposition").flag_if_supported("-fvisibility=hidden");
    for folder in ["src", "include", "external/sha1"] {
        build.include(vendor.join(folder));
    }
    build.include(env::var("DEP_SODIUM_INCLUDE")?);
    for name in defines(&env::var("CARGO_CFG_TARGET_OS")?)? {
        build.define(name, "1");
    }
    build.compile("zmq");
    cc::Build::new().warnings(false).file(vendor.join("external/sha1/sha1.c")).compile("zmq_sha1");
    Ok(())
}

/// The folder of libzmq in zeromq-src, which only cargo knows.
fn sources() -> Result<PathBuf, Box<dyn Error>> {
    let metadata =
        Command::new(env::var("CARGO")?).args(["metadata", "--format-version", "1"]).output()?;
    if !metadata.status.success() {
        return Err(String::from_utf8_lossy(&metadata.stderr).into());
    }
    let metadata: serde_json::Value = serde_json::from_slice(&metadata.stdout)?;
    let packages = metadata["packages"].as_array().into_iter().flatten();
    let manifest = packages
        .filter(|package| package["name"] == "zeromq-src")
        .find_map(|package| package["manifest_path"].as_str())
        .ok_or("zeromq-src is not among the dependencies")?;
    Ok(Path::new(manifest).with_file_name("vendor"))
}

/// All of libzmq, but for `wss://`, which needs another library.
fn translation_unit(sources: &Path) -> Result<String, Box<dyn Error>> {
    let entries: io::Result<Vec<_>> = fs::read_dir(sources)?.collect();
    let mut names: Vec<_> = entries?.iter().map(fs::DirEntry::file_name).collect();
    names.sort();
    let mut unit = String::new();
    for name in names {
        let name = name.to_str().ok_or("a file name that is not UTF-8")?;
        if Path::new(name).extension().is_some_and(|extension| extension == "cpp")
            && !name.starts_with("wss_")
        {
            writeln!(unit, "#include \"{name}\"")?;
        }
    }
    Ok(unit)
}

/// What libzmq is built with, and what it finds on the system.
fn defines(system: &str) -> Result<Vec<&'static str>, Box<dyn Error>> {
    let mut defines = vec![
        "ZMQ_STATIC",
        "ZMQ_USE_LIBSODIUM",
        "ZMQ_HAVE_CURVE",
        "ZMQ_HAVE_IPC",
        "ZMQ_HAVE_WS",
        "ZMQ_USE_BUILTIN_SHA1",
        "ZMQ_USE_CV_IMPL_STL11",
        "ZMQ_POLL_BASED_ON_POLL",
        "ZMQ_HAVE_UIO",
        "ZMQ_HAVE_STRUCT_SOCKADDR_UN",
        "ZMQ_HAVE_SO_KEEPALIVE",
        "HAVE_STRNLEN",
        "HAVE_FORK",
        "HAVE_CLOCK_GETTIME",
    ];
    defines.extend_from_slice(match system {
        "linux" => &[
            "ZMQ_HAVE_LINUX",
            "ZMQ_IOTHREAD_POLLER_USE_EPOLL",
            "ZMQ_IOTHREAD_POLLER_USE_EPOLL_CLOEXEC",
            // Without it each wake-up of a thread goes through a socket pair.
            "ZMQ_HAVE_EVENTFD",
            "ZMQ_HAVE_EVENTFD_CLOEXEC",
            "ZMQ_HAVE_SOCK_CLOEXEC",
            "ZMQ_HAVE_O_CLOEXEC",
            "HAVE_ACCEPT4",
            "ZMQ_HAVE_SO_BINDTODEVICE",
            "ZMQ_HAVE_SO_PRIORITY",
            "ZMQ_HAVE_TCP_KEEPCNT",
            "ZMQ_HAVE_TCP_KEEPIDLE",
            "ZMQ_HAVE_TCP_KEEPINTVL",
        ],
        "macos" | "freebsd" => &["ZMQ_IOTHREAD_POLLER_USE_KQUEUE", "ZMQ_HAVE_STRLCPY"],
        other => return Err(format!("libzmq is not set up here for {other}").into()),
    });
    Ok(defines)
}
