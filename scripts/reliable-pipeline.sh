#!/bin/sh
# The reliable pipeline: dispatcher, workers and sink on one machine.
set -eu
cd "$(dirname "$0")/.."
# shellcheck source=scripts/lib/side-by-side.sh
. scripts/lib/side-by-side.sh

usage="usage: ${0##*/} [--workers N] [--output FILE] [--input FILE | --count N] [-- CMD ARGS...]
Runs the dispatcher, N workers (2) and the sink, until FILE (results.jsonl) has the result of every task. The tasks
are the lines of the input, one JSON value per line, or N tasks {\"num\": n} (2000). For each task a worker runs CMD,
which reads the task from stdin and writes the result to stdout. Start the script again with the same arguments to
continue where the output ends."
workers=2 output=results.jsonl input=--count tasks=2000
while [ $# -gt 0 ]; do
    case $1 in
    -h | --help) help "$usage" ;;
    --)
        shift
        break
        ;;
    --workers | --output | --input | --count) [ "${2-}" ] || wrong_usage "$1 needs a value" ;;
    *) wrong_usage "'$1' is no option" ;;
    esac
    case $1 in
    --workers) workers=$2 ;;
    --output) output=$2 ;;
    *) input=$1 tasks=$2 ;;
    esac
    shift 2
done
case $workers in '' | *[!0-9]* | 0) wrong_usage "--workers needs a number from 1" ;; esac
build dispatcher worker sink
# Paths and CMD are relative to the caller's folder.
start_in=$OLDPWD
expects_failures=yes
# On this machine alone.
work=tcp://127.0.0.1:5577 results=tcp://127.0.0.1:5578 acks=tcp://127.0.0.1:5579
start dispatcher dispatcher --bind $work --acks-bind $acks --progress-bind tcp://127.0.0.1:5580 "$input" "$tasks"
dispatcher=$started workers_started=
number=0
while [ $number -lt "$workers" ]; do
    number=$((number + 1))
    start "worker $number" worker --connect $work --results-connect $results --id $number -- "$@"
    workers_started="$workers_started $started"
done
start sink sink --bind $results --acks-connect $acks --output "$output"
sink=$started

# Whether any of these processes is running.
any_runs() {
    for process; do
        if kill -0 "$process" 2>/dev/null; then return 0; fi
    done
    return 1
}

# Dispatcher and sink end together. If one of them has failed, or all workers have, the others would wait in vain.
while any_runs "$dispatcher" && any_runs "$sink"; do
    # shellcheck disable=SC2086 # a word each
    if ! any_runs $workers_started; then
        sleep 3
        if any_runs "$dispatcher" && any_runs "$sink"; then
            echo "error: all workers have ended, and the job has not" >&2
            exit 1
        fi
    fi
    sleep 0.2
done
patience=25
while any_runs "$dispatcher" "$sink" && [ $patience -gt 0 ]; do
    patience=$((patience - 1))
    sleep 0.2
done
if any_runs "$dispatcher" "$sink"; then exit 1; fi
failed=0
wait "$sink" || failed=1
wait "$dispatcher" || failed=1
exit $failed
