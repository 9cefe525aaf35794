#!/bin/sh
# Kills and pauses the processes of the reliable pipeline, a dispatcher, a sink and three workers, while it runs.
set -eu
cd "$(dirname "$0")/../.."
# shellcheck source=scripts/lib/side-by-side.sh
. scripts/lib/side-by-side.sh

usage="usage: ${0##*/} [--kills N] [--pauses N] [--tasks N] [--seed N]
Runs the reliable pipeline with three workers. Every few milliseconds it kills one of the five processes at
random (SIGKILL) and starts it again; now and then it pauses one (SIGSTOP) for 2 s, twice its lease. At the end
it counts the tasks in the output. Defaults: --kills 100, --pauses 5, --tasks 5000, --seed 1. The seed decides
which process is killed or paused when."
kills=100 pauses=5 tasks=5000 seed=1
while [ $# -gt 0 ]; do
    case $1 in
    -h | --help) help "$usage" ;;
    --kills | --pauses | --tasks | --seed)
        case ${2-} in '' | *[!0-9]*) wrong_usage "$1 needs a number" ;; esac
        eval "${1#--}=\$2"
        shift 2
        ;;
    *) wrong_usage "'$1' is no option" ;;
    esac
done

build dispatcher worker sink
expects_failures=yes
output=$folder/results.jsonl
work=tcp://127.0.0.1:5577 results=tcp://127.0.0.1:5578 acks=tcp://127.0.0.1:5579

# $1: one of dispatcher, sink, worker_1, worker_2, worker_3.
start_role() {
    case $1 in
    dispatcher)
        start dispatcher dispatcher -q --bind $work --acks-bind $acks --progress-bind tcp://127.0.0.1:5580 \
            --count "$tasks" --lease 1s
        ;;
    sink) start sink sink -q --bind $results --acks-connect $acks --output "$output" ;;
    *)
        start "$1" worker -q --connect $work --results-connect $results --id "${1#worker_}" --work 2ms
        ;;
    esac
    eval "$1=\$started"
}

say "$tasks tasks, $kills kills and $pauses pauses with the seed $seed."
for role in dispatcher sink worker_1 worker_2 worker_3; do
    start_role $role
    eval "killed_$role=0"
done
awk -v seed="$seed" -v kills="$kills" -v pauses="$pauses" 'BEGIN {
    srand(seed)
    split("dispatcher sink worker_1 worker_2 worker_3", roles, " ")
    for (left = kills + pauses; left > 0; left--) {
        what = rand() * left < pauses ? "pause" : "kill"
        if (what == "pause") pauses--
        printf "%s %s %.3f\n", what, roles[1 + int(5 * rand())], 0.005 + 0.025 * rand()
    }
}' >"$folder/storm"
paused=0 paused_role='' resumed=
while read -r what role pause; do
    sleep "$pause"
    if [ "$what" = pause ]; then
        # One at a time, and whole.
        [ -z "$resumed" ] || wait "$resumed"
        eval "victim=\$$role"
        # shellcheck disable=SC2154 # eval has set it
        if kill -s STOP "$victim" 2>/dev/null; then
            paused=$((paused + 1)) paused_role=$role
            (
                sleep 2
                kill -s CONT "$victim"
            ) &
            resumed=$!
        fi
        continue
    fi
    if [ "$role" = "$paused_role" ] && kill -s 0 "$resumed" 2>/dev/null; then
        case $role in dispatcher) role=sink ;; sink) role=worker_1 ;; *) role=dispatcher ;; esac
    fi
    eval "victim=\$$role"
    if kill -s KILL "$victim" 2>/dev/null; then eval "killed_$role=\$((killed_$role + 1))"; fi
    wait "$victim" || :
    start_role "$role"
done <"$folder/storm"

# shellcheck disable=SC2154 # eval has set them
wait "$sink" && wait "$dispatcher"
lines=$(($(wc -l <"$output") - 1))
distinct=$(tail -n +2 "$output" | sed 's/^{"num":\([0-9]*\),.*/\1/' | sort -un | wc -l)
failed=$(grep -c '^{"num":[0-9]*,"worker_id":[0-9]*,"failed"' "$output" || :)
# shellcheck disable=SC2154 # eval has set them
workers=$((killed_worker_1 + killed_worker_2 + killed_worker_3))
# shellcheck disable=SC2154 # eval has set them
say "$((killed_dispatcher + killed_sink + workers)) processes were killed ($killed_dispatcher dispatchers, $killed_sink sinks, $workers workers), and $paused paused."
say "Of $tasks tasks, $distinct are in the output, in $lines lines. $failed were given up."
[ "$lines" = "$tasks" ] && [ "$distinct" = "$tasks" ] && [ "$failed" = 0 ]
