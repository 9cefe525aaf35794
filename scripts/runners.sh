#!/bin/sh
# Sets up the programs that the benchmark `commands` compares the reliable pipeline with, and strace for `slow-disk`, and
# prints the path of a Python that has the packages of bench/runners/requirements.txt.
set -eu

usage="usage: ${0##*/}
Installs GNU parallel, moreutils and strace with apt-get where they are missing, and HyperQueue and NATS JetStream in a
virtual environment in target/. Prints the path of that environment's Python."

case ${1-} in
-h | --help) echo "$usage" && exit 0 ;;
?*) echo "$usage" >&2 && exit 2 ;;
esac

cd "$(dirname "$0")/.."
# shellcheck source=scripts/lib/need.sh
. scripts/lib/need.sh
# shellcheck source=scripts/lib/venv.sh
. scripts/lib/venv.sh

# Beside GNU parallel Debian calls that of moreutils `parallel.moreutils`: who has this has both.
need parallel.moreutils parallel moreutils
need strace strace
venv runners bench/runners/requirements.txt
echo "$venv/bin/python"
