#!/bin/sh
# C9: do topics match by prefix? Publishes five topics to a subscriber of one.
set -eu
cd "$(dirname "$0")/../.."
# shellcheck source=scripts/lib/side-by-side.sh
. scripts/lib/side-by-side.sh

no_options "usage: ${0##*/}
Tests claim C9: a subscriber to client1, and five topics, one of which is client1client2. Counts what it receives.
Runs for 2 seconds." "$@"

build publisher subscriber
here=tcp://127.0.0.1:5555

say 'A subscriber to client1. A publisher waits for it, and publishes one message on each of five topics.'
count_in received subscriber --connect $here --count 0 client1
subscriber=$started
start publisher publisher --bind $here --wait-for 1 --count 1 \
    --topic client --topic client1 --topic client1client2 --topic client2 --topic xclient1
wait "$started"
wait_for_line client1client2 received
kill -s INT "$subscriber"
wait "$subscriber"
say 'It received:'
cat "$folder/received"

received=$(lines '^\[' received)
if [ "$received $(lines '^\[b"client1", ' received) $(lines '^\[b"client1client2", ' received)" = '2 1 1' ]; then
    say "C9 holds: $received of 5 topics begin with client1, and it received those: client1 and client1client2."
else
    say "C9 does not hold here: it received $received messages."
    exit 1
fi
