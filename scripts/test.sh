#!/bin/sh
# The whole check: scripts, format, lints, docs, build, and all tests.
set -eu
cd "$(dirname "$0")/.."

case ${1-} in
-h | --help)
    echo "usage: ${0##*/}
Checks everything, and stops at the first step that fails: the scripts, if shellcheck is installed; format,
lints and docs; all tests, also those with Python peers. Needs Rust, a C++ compiler, make and Python 3; sets up
the rest below target/, and on Debian with apt-get. The steps are in scripts/test.mk."
    exit 0
    ;;
?*) echo "error: '$1' is no option; ${0##*/} -h explains" >&2 && exit 2 ;;
esac

# A minimal toolchain lacks rustfmt and clippy.
if ! { cargo fmt --version && cargo clippy --version; } >/dev/null 2>&1; then
    rustup component add rustfmt clippy
fi
# A clean checkout is built once.
if [ -n "${CI-}" ]; then export CARGO_INCREMENTAL=0; fi
make --file scripts/test.mk --jobs 3 --output-sync=target
printf '\nAll checks passed.\n'
