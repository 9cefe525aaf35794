#!/bin/sh
# Request-reply: zmq_server, and a zmq_client that asks it.
set -eu
cd "$(dirname "$0")/.."
# shellcheck source=scripts/lib/side-by-side.sh
. scripts/lib/side-by-side.sh

no_options "usage: ${0##*/}
Runs the article's request-reply programs: zmq_server, then zmq_client, which asks it once. Each line
is prefixed by its program. The script ends with the client, or with Ctrl-C, and ends the server." "$@"

build zmq_server zmq_client
start zmq_server zmq_server
start zmq_client zmq_client
wait "$started"
