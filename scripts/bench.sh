#!/bin/sh
# Measures the programs side by side with their peers, and writes the results into BENCHMARKS.md.
set -eu
cd "$(dirname "$0")/.."

usage="usage: ${0##*/} [--quick]
Builds the programs and their peers in release (5 to 10 minutes the first time), runs all benchmarks (35 minutes; run
nothing else meanwhile), prints the tables, and writes bench/results/ and the tables of BENCHMARKS.md. With --quick it
runs a little of each in half a minute once all is built, as a smoke test, and writes only below target/. To run a
single benchmark, see target/release/zmq_bench -h after this script has built it."

case ${1-} in
-h | --help) echo "$usage" && exit 0 ;;
'' | --quick) ;;
*) echo "error: '$1' is no option; ${0##*/} -h explains" >&2 && exit 2 ;;
esac

target=${CARGO_TARGET_DIR:-target}
cargo build --release --locked --workspace --exclude lab --exclude tap
# zmq_bench expects them beside the programs.
cargo build --release --locked --manifest-path bench/peers/Cargo.toml --target-dir "$target"
scripts/python.sh >/dev/null
scripts/runners.sh >/dev/null
if [ "${1-}" = --quick ]; then
    exec "$target/release/zmq_bench" all --quick --json "$target/bench.json" --plot "$target/bench"
fi
"$target/release/zmq_bench" all --json bench/results/results.json --plot bench/results
"$target/release/zmq_bench" report bench/results/results.json --into BENCHMARKS.md
