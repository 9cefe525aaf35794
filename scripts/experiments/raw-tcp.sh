#!/bin/sh
# C0: is ZeroMQ built on TCP? Asks a server with a plain TCP stream, then over ipc://.
set -eu
cd "$(dirname "$0")/../.."
# shellcheck source=scripts/lib/side-by-side.sh
. scripts/lib/side-by-side.sh

no_options "usage: ${0##*/}
Tests claim C0: sends a request to zmq_server with a plain TCP stream, without any ZeroMQ library, and prints every
byte. Then the same two programs talk over ipc://, without TCP. Runs for 2 seconds." "$@"

build zmq_server zmq_client
cargo build --locked -p zmq_client --example raw_tcp_client
here=127.0.0.1:5555

say 'A server, and a client that knows ZeroMQ.'
start zmq_server zmq_server --bind tcp://$here
start zmq_client zmq_client --connect tcp://$here
wait "$started"

say 'A client that knows only TCP: it sends the bytes of the protocol, ZMTP, by itself.'
count_in bytes examples/raw_tcp_client $here
wait "$started"
cat "$folder/bytes"
# The bytes of a dump are in its first 16 columns of two digits.
bytes() {
    awk -v way="$1:" '/^[a-z]/ { counts = $1 == way } /^    / && counts { sum += split(substr($0, 5, 47), _) }
        END { print sum + 0 }' "$folder/bytes"
}
sent=$(bytes sent) received=$(bytes received)
reply=$(sed -n 's/^reply: //p' "$folder/bytes")

say 'The same server and client over ipc://, a file on this host.'
start 'server, ipc' zmq_server --bind "ipc://$folder/socket"
count_in answer zmq_client --connect "ipc://$folder/socket"
wait "$started"
cat "$folder/answer"

if [ "$reply" = '"new message"' ] && [ "$(cat "$folder/answer")" = 'b"new message"' ]; then
    say "C0 holds over tcp://: a plain TCP stream sent $sent bytes, received $received, and with them the answer $reply." \
        'But ZeroMQ needs no TCP: over ipc:// the same programs had the same answer.'
else
    say "C0 does not hold here: over TCP the answer was ${reply:-missing}."
    exit 1
fi
