#!/bin/sh
# C11: does the pipeline keep tasks until a consumer takes them? Counts how many it accepts.
set -eu
cd "$(dirname "$0")/../.."
# shellcheck source=scripts/lib/side-by-side.sh
. scripts/lib/side-by-side.sh

no_options "usage: ${0##*/}
Tests claim C11: sends tasks while nobody works on them, and counts how many are accepted before PUSH waits: by a
producer that binds, by one that connects, and with a consumer that never ends its first task, over tcp:// and over
ipc://. Runs for 8 seconds." "$@"

build producer consumer
tasks=tcp://127.0.0.1:5577

# Stores in $accepted how many of $2 tasks a producer sends in $1 seconds. The rest: its flags.
accept() {
    seconds=$1 count=$2
    shift 2
    status=0
    timeout -s INT "$seconds" "$bin/producer" --count "$count" "$@" >"$folder/sent" 2>&1 || status=$?
    cat "$folder/sent"
    accepted=$(sed -n 's/^tasks sent: //p' "$folder/sent")
    # The time is up. Otherwise it has failed: nothing accepts so many.
    [ $status = 124 ]
}

say 'The producer binds, as in the article, and no consumer comes.'
accept 1 2000 --bind $tasks
nobody=$accepted

say 'The producer connects, and nobody is there yet.'
accept 1 2000 --connect $tasks
unconnected=$accepted

# Never ends its first task.
busy() {
    start 'busy consumer' consumer -q --id 1 --work 1h --tasks-connect "$1" --results-connect tcp://127.0.0.1:5578
}
say 'The producer binds, and one consumer is busy with its first task.'
busy $tasks
accept 2 1000000 --bind $tasks
over_tcp=$accepted
kill "$started"
wait "$started" || :

say 'The same over ipc://, where the OS has smaller buffers.'
busy "ipc://$folder/tasks"
accept 2 1000000 --bind "ipc://$folder/tasks"
over_ipc=$accepted

if [ "$nobody" = 0 ] && [ "$unconnected" = 1000 ] && [ "$over_tcp" -gt 1000 ] && [ "$over_ipc" -gt 1000 ]; then
    say "C11 depends on who binds: a PUSH that binds buffers $nobody of 2000 tasks before a consumer comes, one that connects $unconnected." \
        "And on what lies between: with one busy consumer $over_tcp tasks fit into queues and TCP buffers, $over_ipc over ipc://. Then PUSH waits."
else
    say "C11 was not measured: $nobody, $unconnected, $over_tcp and $over_ipc tasks were accepted."
    exit 1
fi
