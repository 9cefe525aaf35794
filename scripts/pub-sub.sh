#!/bin/sh
# Publish-subscribe: a publisher of two topics, and a subscriber to each.
set -eu
cd "$(dirname "$0")/.."
# shellcheck source=scripts/lib/side-by-side.sh
. scripts/lib/side-by-side.sh

no_options "usage: ${0##*/}
Runs the article's publish-subscribe programs: a publisher, then a subscriber to each of its two topics,
client1 and client2. Each line is prefixed with its program. The script ends all programs when both
subscribers have received their message, or on Ctrl-C." "$@"

build publisher subscriber
start publisher publisher
start "subscriber 1" subscriber client1
first=$started
start "subscriber 2" subscriber client2
wait "$first"
wait "$started"
