#!/bin/sh
# Sets up the programs that the benchmark `commands` compares the reliable pipeline with, and prints the path of a
# Python that has the packages of bench/runners/requirements.txt.
set -eu

usage="usage: ${0##*/}
Installs GNU parallel and moreutils with apt-get where they are missing, and HyperQueue and NATS JetStream in a virtual
environment in target/. Prints the path of that environment's Python."

case ${1-} in
-h | --help) echo "$usage" && exit 0 ;;
?*) echo "$usage" >&2 && exit 2 ;;
esac

cd "$(dirname "$0")/.."
# shellcheck source=scripts/lib/venv.sh
. scripts/lib/venv.sh

# Beside GNU parallel Debian calls that of moreutils `parallel.moreutils`.
if ! { command -v parallel && command -v parallel.moreutils; } >/dev/null; then
    if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then
        echo "error: GNU parallel or moreutils is missing; on Debian: apt-get install parallel moreutils" >&2
        exit 1
    fi
    { apt-get update && apt-get install -y --no-install-recommends parallel moreutils; } >&2
fi
venv runners bench/runners/requirements.txt
echo "$venv/bin/python"
