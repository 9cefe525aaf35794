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

# Prints how many results the consumer $1 has in the collector's chart.
of() {
    sed -n "s/^consumer *$1  *\\([0-9]*\\) .*/\\1/p" "$folder/chart"
}

say 'A producer sends without end. Consumer 1 is killed (SIGKILL) after a second, and consumer 2 comes.'
count_in chart resultcollector --bind $results --count 0
collector=$started
start producer producer --bind $tasks --count 0
producer=$started
start 'consumer 1' consumer --id 1 --work 1ms --tasks-connect $tasks --results-connect $results
victim=$started
sleep 1
kill -s KILL "$victim"
wait "$victim" 2>/dev/null || :
start 'consumer 2' consumer --id 2 --work 1ms --tasks-connect $tasks --results-connect $results
sleep 1
kill -s KILL "$producer" "$started"
wait "$producer" "$started" 2>/dev/null || :
kill -s INT "$collector"
wait "$collector"
cat "$folder/chart"
first=$(of 1) second=$(of 2)

say 'Consumer 3 does 1000 tasks of a producer, which then ends, and 1000 of the next one.'
count_in chart resultcollector --bind $results --count 2000
collector=$started
start 'consumer 3' consumer --id 3 --tasks-connect $tasks --results-connect $results
for number in 1 2; do
    start "producer $number" producer --bind $tasks --count 1000
    wait "$started"
done
wait "$collector"
cat "$folder/chart"
third=$(of 3)

if [ "${first:-0}" -gt 0 ] && [ "${second:-0}" -gt 0 ] && [ "${third:-0}" = 2000 ]; then
    say "C13 holds: consumer 1 did $first tasks and was killed; the same producer went on, and consumer 2 did $second." \
        "Consumer 3 connected again by itself and did $third tasks of two producers. What consumer 1 still held is lost: C12."
else
    say "C13 does not hold here: ${first:-0}, ${second:-0} and ${third:-0} tasks were done."
    exit 1
fi
