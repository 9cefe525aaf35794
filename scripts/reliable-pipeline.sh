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
# The script runs in the workspace's folder, but paths are relative to the caller's.
case $output in /*) ;; *) output=$OLDPWD/$output ;; esac
case $input$tasks in --count* | --input/*) ;; *) tasks=$OLDPWD/$tasks ;; esac

build dispatcher worker sink
expects_failures=yes
# On this machine alone.
work=tcp://127.0.0.1:5577 results=tcp://127.0.0.1:5578 acks=tcp://127.0.0.1:5579
start dispatcher dispatcher --bind $work --acks-bind $acks --progress-bind tcp://127.0.0.1:5580 "$input" "$tasks"
dispatcher=$started
number=0
while [ $number -lt "$workers" ]; do
    number=$((number + 1))
    start "worker $number" worker --connect $work --results-connect $results --id $number -- "$@"
done
start sink sink --bind $results --acks-connect $acks --output "$output"
failed=0
wait "$started" || failed=1
wait "$dispatcher" || failed=1
exit $failed
