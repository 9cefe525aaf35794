#!/bin/sh
# C12: is no data lost when a connection drops? Kills a consumer, and counts its tasks.
set -eu
cd "$(dirname "$0")/../.."
# shellcheck source=scripts/lib/side-by-side.sh
. scripts/lib/side-by-side.sh

no_options "usage: ${0##*/}
Tests claim C12: two consumers share 2000 tasks, and one of them is killed while it works. Counts the tasks
that are lost with it. Runs for 6 seconds." "$@"

build producer consumer resultcollector
tasks=tcp://127.0.0.1:5577 results=tcp://127.0.0.1:5578

say 'Two consumers share 2000 tasks of 1 ms each.'
start producer producer --bind $tasks --wait-for 2
start 'consumer 1' consumer --id 1 --work 1ms --tasks-connect $tasks --results-connect $results
start 'consumer 2' consumer --id 2 --work 1ms --tasks-connect $tasks --results-connect $results
victim=$started
say 'In half a second consumer 2 is killed (SIGKILL). Note that the producer has already sent everything.'
(sleep 0.5 && kill -s KILL "$victim") &
# More time than the other consumer needs for its thousand tasks.
collected=$(timeout -s INT 6 "$bin/resultcollector" --bind $results --count 0) || [ $? -eq 124 ]
echo "$collected"
case $collected in
*"consumer 1  1000 "*) ;;
*)
    say 'Consumer 1 has not finished its thousand tasks in time, so those of consumer 2 cannot be judged.'
    exit 1
    ;;
esac
collected=${collected##*results collected: }

lost=$((2000 - collected))
if [ "$lost" -gt 0 ]; then
    say "C12 is false as stated: $lost of 2000 tasks were lost with the consumer that they had been sent to."
else
    say 'C12 held this time: nothing was lost.'
    exit 1
fi
