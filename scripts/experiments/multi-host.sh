#!/bin/sh
# Runs the programs on several hosts, and pulls cables.
set -eu
cd "$(dirname "$0")/../.."
# shellcheck source=scripts/lib/side-by-side.sh
. scripts/lib/side-by-side.sh

no_options "usage: ${0##*/}
Runs the programs on four hosts made of network namespaces, each with its own address, and pulls a cable for
three seconds: first between a client and a server, then in the pipeline. Prints how long recovery took, and
what was lost. Needs root. Runs for 15 seconds." "$@"

net=zmq-$$
trap 'end; scripts/lib/hosts.sh down "$net"' EXIT
scripts/lib/hosts.sh up "$net" 4
build zmq_server zmq_client producer consumer resultcollector

# Makes the programs that are started next run on host $1.
on() {
    with="scripts/lib/hosts.sh run $net $1"
}

# Pulls the cable of host $1 for three seconds. Then waits until file $3 in $folder has another line with $2, and stores
# in $recovery how many milliseconds that took.
pull_for_a_while() {
    say "The cable of host $1 is pulled for three seconds."
    scripts/lib/hosts.sh pull "$net" "$1"
    sleep 3
    before=$(lines "$2" "$3")
    scripts/lib/hosts.sh plug "$net" "$1"
    plugged=$(now)
    say 'The cable is plugged in again.'
    while [ "$(lines "$2" "$3")" -le "$before" ]; do sleep 0.02; done
    recovery=$(($(now) - plugged))
}

say 'A client on host 2 sends a hundred requests per second to a server on host 1. It notices the break, and goes on.'
on 1
start 'zmq_server' zmq_server -q --bind tcp://10.99.0.1:5555 --heartbeat 500ms
server=$started
on 2
$with "$bin/zmq_client" --connect tcp://10.99.0.1:5555 --count 0 --interval 10ms \
    --timeout 300ms --retries 1000 --heartbeat 500ms >"$folder/answers" 2>/dev/null &
client=$!
programs="$programs $client"
sleep 1
pull_for_a_while 1 'new message' answers
kill "$client" "$server"
wait "$client" "$server"
asking=$recovery

say 'The pipeline: a producer on host 1, consumers on 2 and 3, a collector on 4; 2000 tasks of 2 ms.'
on 1
start producer producer --bind tcp://10.99.0.1:5577 --wait-for 2 --heartbeat 500ms
for host in 2 3; do
    on $host
    start "consumer $host" consumer --id $host --work 2ms --heartbeat 500ms \
        --tasks-connect tcp://10.99.0.1:5577 --results-bind "tcp://10.99.0.$host:5578"
done
on 4
$with "$bin/resultcollector" -v --connect tcp://10.99.0.2:5578 --connect tcp://10.99.0.3:5578 --count 0 \
    --heartbeat 500ms >"$folder/counts" 2>"$folder/log" &
collector=$!
programs="$programs $collector"
sleep 0.7
pull_for_a_while 2 ' connected to tcp://10.99.0.2' log
# The time that consumer 2 needs for its remaining tasks.
sleep 4
kill "$collector"
wait "$collector"
cat "$folder/counts"
collected=$(sed -n 's/^results collected: //p' "$folder/counts")

say "The client had its next answer $asking ms after the cable was back, and lost nothing: it resends." \
    "The collector was connected again $recovery ms after the cable was back." \
    "$((2000 - collected)) of 2000 tasks were lost: what was on its way between two hosts is lost with their connection."
