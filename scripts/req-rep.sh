#!/bin/sh
# Request-reply: zmq_server, and a zmq_client that sends it a request.
set -eu
cd "$(dirname "$0")/.."
# shellcheck source=scripts/lib/side-by-side.sh
. scripts/lib/side-by-side.sh

no_options "usage: ${0##*/}
Runs the article's request-reply programs: zmq_server, then zmq_client, which sends one request. Each line
is prefixed with its program. The script ends both when the client has its answer, or on Ctrl-C." "$@"

build zmq_server zmq_client
start zmq_server zmq_server
start zmq_client zmq_client
wait "$started"
