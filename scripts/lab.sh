#!/bin/sh
# The lab: a page on which the programs run, and can be watched and broken.
set -eu
cd "$(dirname "$0")/.."
# shellcheck source=scripts/lib/side-by-side.sh
. scripts/lib/side-by-side.sh

usage="usage: ${0##*/} [--port N] [--no-open] [--replay FILE | --record EXPERIMENT --output FILE]
Builds the lab and the programs, starts the lab, prints the address of its page, and opens it where there is a
browser. Ctrl-C ends the lab and all that it has started. --port chooses the port (default: a free one), --no-open
opens no browser. --replay plays a saved recording. --record runs one experiment, such as c12, without a page, saves
what happened, and prints the verdict. scripts/python.sh sets up the Python twins, which are optional."
for argument; do
    case $argument in
    -h | --help) help "$usage" ;;
    --port | --no-open | --replay | --record | --output | [!-]*) ;;
    *) wrong_usage "'$argument' is no option" ;;
    esac
done

# The example speaks to a server without ZeroMQ.
cargo build --locked -p lab -p zmq_server -p zmq_client -p publisher -p subscriber -p producer -p consumer -p resultcollector \
    -p dispatcher -p worker -p sink --bins --example raw_tcp_client
# FILE is relative to the caller's folder. The lab takes this process over: nothing is left to be ended here.
cd "$OLDPWD"
rmdir "$folder"
exec "$bin/lab" --bin "$bin" "$@"
