#!/bin/sh
# C10: does the pipeline balance the load over its consumers? One of three is ten times slower.
set -eu
cd "$(dirname "$0")/../.."
# shellcheck source=scripts/lib/side-by-side.sh
. scripts/lib/side-by-side.sh

no_options "usage: ${0##*/}
Tests claim C10: three consumers share 2000 tasks, and one is ten times slower than the others. Counts the tasks
of each, and measures the total time. Runs for 8 seconds." "$@"

build producer consumer resultcollector
tasks=tcp://127.0.0.1:5577 results=tcp://127.0.0.1:5578

say 'Three consumers share 2000 tasks: 1 and 2 work for 1 ms per task, 3 for 10 ms. Note that each gets the same number.'
start producer producer --bind $tasks --wait-for 3
begun=$(now)
for consumer in '1 1ms' '2 1ms' '3 10ms'; do
    id=${consumer% *} work=${consumer#* }
    start "consumer $id" consumer --id "$id" --work "$work" --tasks-connect $tasks --results-connect $results
done
run resultcollector --bind $results --count 2000
taken=$(($(now) - begun))

# 1000, 1000 and 100 tasks per second.
ideal=$((2000 * 1000 / 2100))
times=$((10 * taken / ideal))
say "The job took $taken ms; with tasks shared by the consumers' rates, the ideal is $ideal ms."
if [ $times -ge 20 ]; then
    say "C10 holds by count alone: by time, the slow consumer made the job last $((times / 10)).$((times % 10)) times the ideal."
else
    say "C10 held this time: $((times / 10)).$((times % 10)) times the ideal."
    exit 1
fi
