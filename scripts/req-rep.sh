#!/bin/sh
# Request-reply: zmq_server, and a zmq_client that asks it.
set -eu
# shellcheck source=scripts/side-by-side.sh
. "$(dirname "$0")/side-by-side.sh"

no_options "usage: ${0##*/}
Runs the article's request-reply programs: zmq_server, then zmq_client, which asks it once. Each line
is prefixed by its program. The script ends with the client, or with Ctrl-C, and ends the server." "$@"

build zmq_server zmq_client
start zmq_server zmq_server
start zmq_client zmq_client
wait "$started"
