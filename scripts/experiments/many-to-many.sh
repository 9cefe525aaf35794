#!/bin/sh
# C1: are ZeroMQ's sockets many-to-many? Three clients, each connected to three servers.
set -eu
cd "$(dirname "$0")/../.."
# shellcheck source=scripts/lib/side-by-side.sh
. scripts/lib/side-by-side.sh

no_options "usage: ${0##*/}
Tests claim C1: three clients connect to three servers each, with one socket, and send six requests. Counts whose
answers each client has. Runs for 2 seconds." "$@"

build zmq_server zmq_client
set -- tcp://127.0.0.1:5555 tcp://127.0.0.1:5577 tcp://127.0.0.1:5578

say 'Three servers, each with an answer of its own.'
number=0
for endpoint; do
    number=$((number + 1))
    start "server $number" zmq_server -q --bind "$endpoint" --reply "from server $number"
done

say 'Three clients send six requests each. A client has one socket, connected to all three servers.'
clients=
for client in 1 2 3; do
    count_in "client$client" zmq_client --connect "$1" --connect "$2" --connect "$3" --count 6
    clients="$clients $started"
done
# shellcheck disable=SC2086 # a word each
wait $clients

each=yes
for client in 1 2 3; do
    counts=
    for server in 1 2 3; do
        count=$(lines "from server $server" "client$client")
        counts="$counts $count"
        [ "$count" -gt 0 ] || each=no
    done
    echo "client $client: answers from servers 1, 2 and 3:$counts"
done

if [ $each = yes ]; then
    say 'C1 holds: each of 3 clients was answered by each of 3 servers, over one socket.'
else
    say 'C1 does not hold here: a client was not answered by all three servers.'
    exit 1
fi
