#!/bin/sh
# The lab: a page on which the programs run, and can be watched and broken.
set -eu
cd "$(dirname "$0")/.."
# shellcheck source=scripts/lib/side-by-side.sh
. scripts/lib/side-by-side.sh

case ${1-} in
-h | --help)
    help "usage: ${0##*/} [--port N] [--no-open] [--replay FILE] [--record EXPERIMENT --output FILE]
Builds the lab and the programs, starts the lab, prints the address of its page and opens it where there is a
browser. Ctrl-C ends the lab and all that it started. The options are those of the lab; target/debug/lab --help
explains them. scripts/python.sh sets up the Python twins, which are optional."
    ;;
esac

build lab zmq_server zmq_client publisher subscriber producer consumer resultcollector dispatcher worker sink
cargo build --quiet -p zmq_client --example raw_tcp_client
# In the caller's folder, for FILE.
cd "$OLDPWD"
rmdir "$folder"
exec "$bin/lab" --bin "$bin" "$@"
