#!/bin/sh
# C8: a publisher broadcasts to all, but a late subscriber misses messages.
set -eu
cd "$(dirname "$0")/../.."
# shellcheck source=scripts/lib/side-by-side.sh
. scripts/lib/side-by-side.sh

no_options "usage: ${0##*/}
Shows the limit of claim C8: a subscriber that is still connecting misses the messages published meanwhile. Then
the remedy: a publisher that waits for it. Runs for 5 seconds." "$@"

build publisher subscriber
here=tcp://127.0.0.1:5555

# Publishes 100 rounds half a second after the subscriber has started, and counts what it receives. The
# arguments are further flags of the publisher.
receive() {
    (sleep 0.5 && exec "$bin/publisher" -q --bind $here --count 100 --interval 0 --topic news "$@") >&2 &
    publisher=$!
    # 124 and 130: the time was up.
    received=$(timeout -s INT 2.5 "$bin/subscriber" -q --connect $here --count 0 news) || [ $? -eq 124 ]
    kill -s INT $publisher 2>/dev/null || :
    wait $publisher || [ $? -eq 130 ]
    received=${received#messages received: }
    echo "subscriber: received $received of 100 messages"
}

say 'A subscriber runs, and tries to connect. A publisher starts, publishes 100 messages, and ends.'
receive
late=$received
say 'The same with --wait-for 1: the publisher waits for a subscription before its first message.'
receive --wait-for 1

say "The slow joiner: $((100 - late)) of 100 messages were lost, though the subscriber started first."
say "The remedy: with --wait-for 1, $((100 - received)) were lost."
[ "$late" -lt 100 ] && [ "$received" -eq 100 ]
