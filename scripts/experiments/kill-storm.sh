#!/bin/sh
# Kills the processes of the reliable pipeline, a dispatcher, a sink and three workers, while it runs.
set -eu
cd "$(dirname "$0")/../.."
# shellcheck source=scripts/lib/side-by-side.sh
. scripts/lib/side-by-side.sh

usage="usage: ${0##*/} [--kills N] [--tasks N] [--seed N]
Runs the reliable pipeline with three workers. Every few milliseconds it kills one of the five processes at
random (SIGKILL) and starts it again; at the end it counts the tasks in the output. Defaults: --kills 100,
--tasks 5000, --seed 1. The seed decides which process is killed when."
kills=100 tasks=5000 seed=1
while [ $# -gt 0 ]; do
    case $1 in
    -h | --help) help "$usage" ;;
    --kills | --tasks | --seed)
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

say "$tasks tasks, and $kills kills with the seed $seed."
for role in dispatcher sink worker_1 worker_2 worker_3; do
    start_role $role
done
awk -v seed="$seed" -v kills="$kills" 'BEGIN {
    srand(seed)
    split("dispatcher sink worker_1 worker_2 worker_3", roles, " ")
    for (kill = 0; kill < kills; kill++) printf "%s %.3f\n", roles[1 + int(5 * rand())], 0.005 + 0.025 * rand()
}' >"$folder/kills"
killed=0
while read -r role pause; do
    sleep "$pause"
    eval "victim=\$$role"
    # shellcheck disable=SC2154 # eval has set it
    if kill -s KILL "$victim" 2>/dev/null; then killed=$((killed + 1)); fi
    wait "$victim" || :
    start_role "$role"
done <"$folder/kills"

# shellcheck disable=SC2154 # eval has set them
wait "$sink" && wait "$dispatcher"
lines=$(($(wc -l <"$output") - 1))
distinct=$(tail -n +2 "$output" | sed 's/^{"num":\([0-9]*\),.*/\1/' | sort -un | wc -l)
say "$killed processes were killed. Of $tasks tasks, $distinct are in the output, in $lines lines."
[ "$lines" = "$tasks" ] && [ "$distinct" = "$tasks" ]
