#!/bin/sh
# The whole check: scripts, format, lints, docs, build, and all tests.
set -eu
cd "$(dirname "$0")/.."

case ${1-} in
-h | --help)
    echo "usage: ${0##*/}
Checks everything, and stops at the first step that fails: the scripts, if shellcheck is installed; format,
lints and docs; all tests, also those with Python peers. Needs Rust, a C++ compiler, make and Python 3; sets up
the rest below target/, and on Debian with apt-get."
    exit 0
    ;;
?*) echo "error: '$1' is no option; ${0##*/} -h explains" >&2 && exit 2 ;;
esac

step() {
    printf '\n== %s\n' "$*"
    "$@"
}

if command -v shellcheck >/dev/null; then
    step shellcheck -x scripts/*.sh scripts/*/*.sh deploy/*/*.sh
fi
# A minimal toolchain lacks rustfmt and clippy.
if ! { cargo fmt --version && cargo clippy --version; } >/dev/null 2>&1; then
    step rustup component add rustfmt clippy
fi
step cargo fmt --all --check
step cargo fmt --manifest-path bench/peers/Cargo.toml --all --check
step cargo clippy --locked --workspace --all-targets -- -D warnings
# In the target folder of the tests, which also build the peers.
step cargo clippy --locked --manifest-path bench/peers/Cargo.toml --target-dir "${CARGO_TARGET_DIR:-target}" \
    --workspace -- -D warnings
# The oldest Rust that is promised, where rustup has it. Clippy (incompatible_msrv) and e2e/tests/versions.rs find most
# of what is newer.
oldest=$(sed -n 's/^rust-version = "\(.*\)"/\1/p' Cargo.toml)
if rustup toolchain list 2>/dev/null | grep -q "^$oldest"; then
    step cargo "+$oldest" check --locked --workspace --target-dir "${CARGO_TARGET_DIR:-target}/oldest"
fi
step env RUSTDOCFLAGS="-D warnings" cargo doc --locked --workspace --no-deps --quiet
step scripts/python.sh
# Without them, the tests say what they leave out, or fail where CI is set.
step scripts/foreign-peers.sh || :
step scripts/clean-root.sh || :
step cargo test --locked --workspace
printf '\nAll checks passed.\n'
