#!/bin/sh
# CURVE: only clients with an allowed key get in.
set -eu
cd "$(dirname "$0")/../.."
# shellcheck source=scripts/lib/side-by-side.sh
. scripts/lib/side-by-side.sh

no_options "usage: ${0##*/}
Locks request-reply with CURVE: makes keys for a server, alice and mallory, allows alice, and shows who gets an
answer: alice, mallory, a client without keys, and mallory again after his key is allowed. Runs for 3 seconds." "$@"

build curve_keygen zmq_server zmq_client
expects_failures=yes
here=tcp://127.0.0.1:5555

say 'Everybody makes keys. The server gets the public key of alice, and the clients get that of the server.'
for name in server alice mallory; do
    "$bin/curve_keygen" "$folder/$name"
done
mkdir "$folder/allowed"
cp "$folder/alice.key" "$folder/allowed"
start server zmq_server --bind $here --curve-secret "$folder/server.key_secret" --curve-allow "$folder/allowed"

# $1: whose keys.
ask() {
    start "$1" zmq_client --connect $here --timeout 1s \
        --curve-secret "$folder/$1.key_secret" --curve-server "$folder/server.key"
    wait "$started"
}

say 'alice sends a request, then mallory, then a client without keys.'
if ask alice; then alice=in; else alice=out; fi
if ask mallory; then mallory=in; else mallory=out; fi
start nobody zmq_client --connect $here --timeout 1s
if wait "$started"; then nobody=in; else nobody=out; fi

say 'The public key of mallory is added to the folder, while the server keeps running.'
cp "$folder/mallory.key" "$folder/allowed"
if ask mallory; then later=in; else later=out; fi

say "alice is $alice, mallory is $mallory, the client without keys is $nobody; once allowed, mallory is $later."
[ $alice$mallory$nobody$later = inoutoutin ]
