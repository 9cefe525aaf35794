#!/bin/sh
# C7: a server that dies between receiving and answering leaves the client waiting indefinitely.
set -eu
cd "$(dirname "$0")/../.."
# shellcheck source=scripts/lib/side-by-side.sh
. scripts/lib/side-by-side.sh

no_options "usage: ${0##*/}
Shows claim C7: a server dies between receiving a request and answering it. Another one replaces it, but the
client keeps waiting. Then the remedy: a client that resends after a time-out. Runs for 3 seconds." "$@"

build zmq_server zmq_client
expects_failures=yes
here=tcp://127.0.0.1:5555

say 'The server receives the request, and dies before it answers.'
start 'server 1' zmq_server --bind $here --exit-before-reply 1
server=$started
start client zmq_client -v --connect $here
client=$started
wait "$server" || :

say 'A second server replaces it. The client connects to it, but sends nothing, and keeps waiting.'
start 'server 2' zmq_server --bind $here
server=$started
sleep 2
if kill -s TERM "$client" 2>/dev/null; then waits=yes; else waits=no; fi
wait "$client" || :
kill "$server"
wait "$server"

say 'The same again, with the remedy: this client resends after 300 ms without an answer.'
start 'server 3' zmq_server --bind $here --exit-before-reply 1
server=$started
start 'client 2' zmq_client --connect $here --timeout 300ms --retries 20
client=$started
wait "$server" || :
start 'server 4' zmq_server --bind $here
if wait "$client"; then answered=yes; else answered=no; fi

if [ $waits = yes ]; then
    say 'C7 holds: without a time-out the client waited until it was ended, though a server was running.'
else
    say 'C7 does not hold here: the client ended by itself.'
fi
if [ $answered = yes ]; then
    say 'The remedy works: with --timeout 300ms --retries 20 the client got its answer from the next server.'
else
    say 'The remedy does not work here: the client got no answer.'
fi
[ $waits$answered = yesyes ]
