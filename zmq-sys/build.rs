//! Builds libzmq from the sources in the crate zeromq-src, with `patches/` applied to them and with
//! the libsodium that libsodium-sys-stable has built. It is compiled as one file: the compiler then
//! sees through libzmq's many small functions, as with link-time optimisation, and is done sooner
//! than with a hundred files.

use std::error::Error;
use std::ffi::OsStr;
use std::fmt::Write as _;
use std::panic::Location;
use std::path::{Path, PathBuf};
use std::{env, fs, io};

use diffy::patch_set::{FileOperation, ParseOptions, PatchSet};
use zeromq_src::LibLocation;

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed=patches");
    let vendor = vendor()?;
    let out = PathBuf::from(env::var("OUT_DIR")?);
    let sources = out.join("src");
    copy_files(&vendor.join("src"), &sources)?;
    for folder in ["patches/fixes", "patches/tuning"] {
        for patch in paths(Path::new(folder))? {
            apply(&patch, &out).map_err(|error| format!("{}: {error}", patch.display()))?;
        }
    }
    // A Makefile or CMake would write what it has found out about the system; here that is said
    // below.
    fs::write(out.join("platform.hpp"), "")?;

    let mut build = cc::Build::new();
    build.cpp(true).std("c++11").warnings(false).include(&out);
    // Nothing of it is replaced when the program is loaded: calls within it may be inlined.
    build.flag_if_supported("-fno-semantic-interposition").flag_if_supported("-fvisibility=hidden");
    build.include(vendor.join("include"));
    build.include(env::var("DEP_SODIUM_INCLUDE")?);
    for name in defines(&env::var("CARGO_CFG_TARGET_OS")?)? {
        build.define(name, "1");
    }

    build.opt_level(2).file(translation_unit(&sources, &out)?);
    // -O2 inlines functions of at most 15 instructions, and stops when the file has grown by 40 %.
    // 30 is the limit of -O3, and the file has room for all of them.
    build.flag_if_supported("--param=max-inline-insns-auto=30");
    build.flag_if_supported("--param=inline-unit-growth=200");
    build.compile("zmq");
    Ok(())
}

/// The folder of libzmq in zeromq-src.
///
/// The crate has no function for that. But its `LibLocation::new` calls `into` on what it is given,
/// and an `into` may ask for the path of the source file that calls it.
fn vendor() -> Result<PathBuf, Box<dyn Error>> {
    struct PathOfCaller;
    #[expect(clippy::from_over_into, reason = "`into` itself is to be called, not the library's")]
    impl Into<PathBuf> for PathOfCaller {
        #[track_caller]
        fn into(self) -> PathBuf {
            Location::caller().file().into()
        }
    }
    let location = LibLocation::new(PathOfCaller, "");
    // The path of src/lib.rs.
    let vendor = location.lib_dir().ancestors().nth(2).map(|package| package.join("vendor"));
    vendor.filter(|vendor| vendor.is_dir()).ok_or_else(|| {
        format!("zeromq-src's sources are not beside {}", location.lib_dir().display()).into()
    })
}

/// What is in `folder`, in the order of the names.
fn paths(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let entries: io::Result<Vec<_>> = fs::read_dir(folder)?.collect();
    let mut paths: Vec<_> = entries?.iter().map(fs::DirEntry::path).collect();
    paths.sort();
    Ok(paths)
}

fn copy_files(from: &Path, to: &Path) -> io::Result<()> {
    fs::create_dir_all(to)?;
    for path in paths(from)? {
        if let Some(name) = path.file_name() {
            fs::copy(&path, to.join(name))?;
        }
    }
    Ok(())
}

/// Applies a patch in git's format to the files below `root`.
fn apply(patch: &Path, root: &Path) -> Result<(), Box<dyn Error>> {
    let text = fs::read_to_string(patch)?;
    let files: Vec<_> =
        PatchSet::parse(&text, ParseOptions::gitdiff()).collect::<Result<_, _>>()?;
    if files.is_empty() {
        return Err("holds no patch".into());
    }
    for file in files {
        let (FileOperation::Modify { modified, .. }, Some(hunks)) =
            (file.operation().strip_prefix(1), file.patch().as_text())
        else {
            return Err("only files that are there can be patched".into());
        };
        let source = root.join(&*modified);
        fs::write(&source, diffy::apply(&fs::read_to_string(&source)?, hunks)?)?;
    }
    Ok(())
}

/// All of libzmq, but for `ws://` and `wss://`, which are drafts.
fn is_compiled(path: &Path) -> bool {
    let name = path.file_stem().and_then(OsStr::to_str).unwrap_or_default();
    path.extension().is_some_and(|extension| extension == "cpp") && !name.starts_with("ws")
}

/// Writes a file that includes all that is compiled of `sources`.
fn translation_unit(sources: &Path, out: &Path) -> Result<PathBuf, Box<dyn Error>> {
    let mut unit = String::new();
    for source in paths(sources)?.iter().filter(|path| is_compiled(path)) {
        writeln!(unit, "#include \"{}\"", source.display())?;
    }
    let path = out.join("libzmq.cpp");
    fs::write(&path, unit)?;
    Ok(path)
}

/// What libzmq is built with, and what it finds on the system. `HAVE_FORK` is left out: with it, each
/// wake-up asks the system for the process's number, for the sake of forked processes that use their
/// parent's sockets, as no program here does.
fn defines(system: &str) -> Result<Vec<&'static str>, Box<dyn Error>> {
    let mut defines = vec![
        "ZMQ_STATIC",
        "ZMQ_USE_LIBSODIUM",
        "ZMQ_HAVE_CURVE",
        "ZMQ_HAVE_IPC",
        "ZMQ_USE_CV_IMPL_STL11",
        "ZMQ_POLL_BASED_ON_POLL",
        "ZMQ_HAVE_UIO",
        "ZMQ_HAVE_STRUCT_SOCKADDR_UN",
        "ZMQ_HAVE_SO_KEEPALIVE",
        // Without it the socket of `ipc://*` is left behind.
        "HAVE_MKDTEMP",
        "HAVE_STRNLEN",
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
