#!/bin/sh
# C4: does each of many clients get its own answers? Fifty clients ask at a time.
set -eu
cd "$(dirname "$0")/../.."
# shellcheck source=scripts/lib/side-by-side.sh
. scripts/lib/side-by-side.sh

no_options "usage: ${0##*/}
Tests claim C4: fifty clients send twenty requests each to one server, which echoes them. Counts the answers, and
those that were meant for another client. Runs for 3 seconds." "$@"

build zmq_server zmq_client
here=tcp://127.0.0.1:5555

say 'One server sends every request back. Fifty clients send it twenty requests each, with their own names.'
start server zmq_server -q --echo --bind $here
clients=
for client in $(seq 50); do
    count_in "client$client" zmq_client --connect $here --count 20 --message "client $client."
    clients="$clients $started"
done
# shellcheck disable=SC2086 # a word each
wait $clients

answers=0 own=0
for client in $(seq 50); do
    answers=$((answers + $(wc -l <"$folder/client$client")))
    own=$((own + $(lines "client $client\\." "client$client")))
done
if [ $answers = 1000 ] && [ $own = 1000 ]; then
    say "C4 holds: 50 clients received $answers answers, and $((answers - own)) of them were another's."
else
    say "C4 does not hold here: of $answers answers, $((answers - own)) were another client's."
    exit 1
fi
