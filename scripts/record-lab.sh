#!/bin/sh
# Records the lab's experiments, for the book.
set -eu
cd "$(dirname "$0")/.."
# shellcheck source=scripts/lib/side-by-side.sh
. scripts/lib/side-by-side.sh

usage="usage: ${0##*/} [EXPERIMENT...]
Runs experiments of the lab (default: all, c0 to c13), one after the other, and writes what happened to
lab/recordings/EXPERIMENT.jsonl. Prints each verdict. All of them run for two and a half minutes."
for argument; do
    case $argument in
    -h | --help) help "$usage" ;;
    c[0-9] | c1[0-3]) ;;
    *) wrong_usage "'$argument' is no experiment" ;;
    esac
done
[ $# -gt 0 ] || set -- c0 c1 c2 c3 c4 c5 c6 c7 c8 c9 c10 c11 c12 c13

for experiment; do
    scripts/lab.sh --record "$experiment" --output "lab/recordings/$experiment.jsonl"
done
