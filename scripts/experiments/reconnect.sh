#!/bin/sh
# C13: does sending go on after a reconnect? Kills a consumer, then restarts a producer.
set -eu
cd "$(dirname "$0")/../.."
# shellcheck source=scripts/lib/side-by-side.sh
. scripts/lib/side-by-side.sh

no_options "usage: ${0##*/}
Tests claim C13: a consumer is killed, and the producer goes on with the next one; a producer ends, and the consumer
goes on with the next one. Nobody else is restarted. Runs for 5 seconds." "$@"

build producer consumer resultcollector
tasks=tcp://127.0.0.1:5577 results=tcp://127.0.0.1:5578

# Starts a collector of $1 results.
collect() {
    count_in chart resultcollector --bind $results --count "$1"
    collector=$started
}

# Waits until it has them, and stores in $done_by how many of them the consumer $1 has sent.
collected_from() {
    wait "$collector"
    cat "$folder/chart"
    done_by=$(sed -n "s/^consumer *$1  *\([0-9]*\) .*/\1/p" "$folder/chart")
}

say 'A producer sends without end. Consumer 1 does 300 tasks, and is killed (SIGKILL).'
start producer producer --bind $tasks --count 0
producer=$started
start 'consumer 1' consumer --id 1 --work 1ms --tasks-connect $tasks --results-connect $results
victim=$started
collect 300
collected_from 1
first=$done_by
kill -s KILL "$victim"
wait "$victim" 2>/dev/null || :

say 'Consumer 2 comes. Nobody has told the producer.'
start 'consumer 2' consumer --id 2 --work 1ms --tasks-connect $tasks --results-connect $results
victim=$started
collect 300
collected_from 2
second=$done_by
kill -s KILL "$producer" "$victim"
wait "$producer" "$victim" 2>/dev/null || :

say 'Consumer 3 does 1000 tasks of a producer, which then ends, and 1000 of the next one.'
start 'consumer 3' consumer --id 3 --tasks-connect $tasks --results-connect $results
collect 2000
for number in 1 2; do
    start "producer $number" producer --bind $tasks --count 1000
    wait "$started"
done
collected_from 3
third=$done_by

if [ "${first:-0}" -gt 0 ] && [ "${second:-0}" -gt 0 ] && [ "${third:-0}" = 2000 ]; then
    say "C13 holds: consumer 1 did $first tasks and was killed; the same producer went on, and consumer 2 did $second." \
        "Consumer 3 connected again by itself and did $third tasks of two producers. What consumer 1 still held is lost: C12."
else
    say "C13 does not hold here: ${first:-0}, ${second:-0} and ${third:-0} tasks were done."
    exit 1
fi
