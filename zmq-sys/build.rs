//! Builds libzmq out of zeromq-src, with the libsodium that libsodium-sys-stable has built.

use std::env;

use zeromq_src::{Build, LibLocation};

fn main() -> Result<(), env::VarError> {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-env-changed=CXXFLAGS");
    let flags = env::var("CXXFLAGS").unwrap_or_default();
    // Without the compiler's warnings, which are not about this project.
    // SAFETY: this is the only thread.
    unsafe { env::set_var("CXXFLAGS", format!("{flags} -w")) };

    let libsodium = LibLocation::new(env::var("DEP_SODIUM_LIB")?, env::var("DEP_SODIUM_INCLUDE")?);
    Build::new().with_libsodium(Some(libsodium)).build();
    Ok(())
}
