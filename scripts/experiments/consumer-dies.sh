#!/bin/sh
# C12: is no data lost when a connection drops? Kills a consumer, and counts its tasks.
set -eu
cd "$(dirname "$0")/../.."
# shellcheck source=scripts/lib/side-by-side.sh
. scripts/lib/side-by-side.sh

no_options "usage: ${0##*/}
Tests claim C12: a consumer is killed while it works, first the article's only one, then one of two. Counts the tasks
that are lost with it. Runs for 8 seconds." "$@"

build producer consumer resultcollector
tasks=tcp://127.0.0.1:5577 results=tcp://127.0.0.1:5578

say "The article's pipeline: one consumer, 2000 tasks of 1 ms each. The producer has sent all, and ends."
count_in chart resultcollector --connect $results --count 0
collector=$started
start producer producer --bind $tasks
producer=$started
start 'consumer 1' consumer --id 1 --work 1ms --tasks-connect $tasks --results-bind $results
victim=$started
wait "$producer"
sleep 0.5
say 'The consumer is killed (SIGKILL). The next one finds nothing to do, for nobody has the tasks any more.'
kill -s KILL "$victim"
wait "$victim" 2>/dev/null || :
start 'consumer 2' consumer --id 2 --tasks-connect $tasks --results-bind $results
sleep 1
kill -s INT "$started" "$collector"
wait "$started" "$collector"
cat "$folder/chart"
lost_of_one=$((2000 - $(sed -n 's/^results collected: //p' "$folder/chart")))

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
if [ "$lost_of_one" -gt 0 ] && [ "$lost" -gt 0 ]; then
    say "C12 is false as stated: $lost_of_one of 2000 tasks were lost with the article's single consumer." \
        "And $lost of 2000 tasks were lost with one of two. It holds for tasks not yet sent to the consumer that is lost."
else
    say "C12 held this time: $lost_of_one and $lost of 2000 tasks were lost."
    exit 1
fi
