#!/bin/sh
# C5: does a client that dies leave the server unharmed? Kills five of them.
set -eu
cd "$(dirname "$0")/../.."
# shellcheck source=scripts/lib/side-by-side.sh
. scripts/lib/side-by-side.sh

no_options "usage: ${0##*/}
Tests claim C5, one half of the article's fourth question: clients are killed while they send requests as fast as they
can. Another client asks all the while, and the first one comes back. Runs for 3 seconds." "$@"

build zmq_server zmq_client
here=tcp://127.0.0.1:5555

say 'A server, and a client that sends a request every 50 ms, all the while.'
start server zmq_server -q --echo --bind $here
count_in steady zmq_client --connect $here --message steady --count 0 --interval 50ms --timeout 2s
steady=$started

killed=0 answered=0
for round in 1 2 3 4 5; do
    say "Client $round sends requests as fast as it can, and is killed (SIGKILL) in the middle of it."
    count_in "victim$round" zmq_client --connect $here --message "client $round" --count 0
    wait_for_line "client $round" "victim$round"
    sleep 0.2
    kill -s KILL "$started"
    wait "$started" 2>/dev/null || killed=$((killed + 1))
    answered=$((answered + $(lines "client $round" "victim$round")))
    echo "client $round had $(lines "client $round" "victim$round") answers"
done

say 'It comes back.'
count_in back zmq_client --connect $here --message back --timeout 2s
if wait "$started"; then back=yes; else back=no; fi
before=$(lines steady steady)
sleep 0.5
after=$(lines steady steady)
kill -s INT "$steady"
# 1: an answer did not come in time.
if wait "$steady"; then unharmed=yes; else unharmed=no; fi

if [ $back$unharmed = yesyes ] && [ "$after" -gt "$before" ]; then
    say "C5 holds: $killed clients were killed after $answered answers, and the server went on." \
        "The other client had all its $after answers, and the client that came back had its own."
else
    say "C5 does not hold here: came back: $back, the other client had all its answers: $unharmed."
    exit 1
fi
