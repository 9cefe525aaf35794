#!/bin/sh
# The pipeline: a producer, one or more consumers, a result collector.
set -eu
cd "$(dirname "$0")/.."
# shellcheck source=scripts/lib/side-by-side.sh
. scripts/lib/side-by-side.sh

consumers=1 count=
while [ $# -gt 0 ]; do
    case $1 in
    -h | --help)
        help "usage: ${0##*/} [--consumers N] [--count N]
Runs the article's pipeline in its order: producer, consumer, resultcollector. Each line is prefixed with its
program. The script ends all programs when the results are collected, or on Ctrl-C.

  --consumers N  run N consumers (default 1). With more than one, they connect to the collector, which binds and
                 collects every result, and the producer waits for all of them before its first task
  --count N      send N tasks and collect N results (default 2000 tasks; 1000 results with one consumer, as in
                 the article, else all)"
        ;;
    --consumers | --count)
        case ${2-} in
        "" | 0 | *[!0-9]*) wrong_usage "$1 needs a number from 1" ;;
        esac
        if [ "$1" = --count ]; then count=$2; else consumers=$2; fi
        shift 2
        ;;
    *) wrong_usage "'$1' is no option" ;;
    esac
done

build producer consumer resultcollector
if [ "$consumers" -eq 1 ]; then
    start producer producer ${count:+--count "$count"}
    start consumer consumer
    start resultcollector resultcollector ${count:+--count "$count"}
else
    start producer producer --wait-for "$consumers" ${count:+--count "$count"}
    number=1
    while [ "$number" -le "$consumers" ]; do
        start "consumer $number" consumer --results-connect tcp://localhost:5578
        number=$((number + 1))
    done
    # All results: the first thousand may come only from the consumers that connected first.
    start resultcollector resultcollector --bind 'tcp://*:5578' --count "${count:-2000}"
fi
wait "$started"
