#!/bin/sh
# C7: a server that dies between receiving and answering leaves the client waiting for ever.
set -eu
cd "$(dirname "$0")/../.."
# shellcheck source=scripts/lib/side-by-side.sh
. scripts/lib/side-by-side.sh

no_options "usage: ${0##*/}
Shows claim C7: a server dies between receiving a request and answering it; another takes its place; the
client waits on. Then the remedy: a client that asks again after a time-out. Takes 3 seconds." "$@"

build zmq_server zmq_client
expects_failures=yes
here=tcp://127.0.0.1:5555

say 'The server receives the request, and dies before it answers.'
start 'server 1' zmq_server --bind $here --exit-before-reply 1
server=$started
start client zmq_client -v --connect $here
client=$started
wait "$server" || :

say 'A second server takes its place. The client connects to it. Look: it sends nothing, and waits on.'
start 'server 2' zmq_server --bind $here
server=$started
sleep 2
if kill -s TERM "$client" 2>/dev/null; then waits=yes; else waits=no; fi
wait "$client" || :
kill "$server"
wait "$server"

say 'The same once more, and the remedy: this client asks again after 300 ms without an answer.'
start 'server 3' zmq_server --bind $here --exit-before-reply 1
server=$started
start 'client 2' zmq_client --connect $here --timeout 300ms --retries 20
client=$started
wait "$server" || :
start 'server 4' zmq_server --bind $here
if wait "$client"; then answered=yes; else answered=no; fi

if [ $waits = yes ]; then
    say 'C7 holds: without a time-out the client waited until it was ended, though a server was there.'
else
    say 'C7 does not hold here: the client ended by itself.'
fi
if [ $answered = yes ]; then
    say 'The remedy works: with --timeout 300ms --retries 20 the client had its answer from the next server.'
else
    say 'The remedy does not work here: the client had no answer.'
fi
[ $waits$answered = yesyes ]
