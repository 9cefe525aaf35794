#!/bin/bash
# Dispatcher and sink of the reliable pipeline, as a Slurm job:
#
#   sbatch pipeline.sh TASKS.jsonl RESULTS.jsonl [DISPATCHER'S FLAGS...]
#
# Started again, by Slurm or by you, it continues where RESULTS.jsonl ends. KEYS is a folder with CURVE keys, if any.
#SBATCH --job-name=pipeline
#SBATCH --output=%x-%j.log
#SBATCH --open-mode=append
#SBATCH --time=24:00:00
#SBATCH --requeue
#SBATCH --signal=B:USR1@120
set -eu
tasks=$1 results=$2
shift 2
bind=() connect=()
if [ "${KEYS-}" ]; then
    bind=(--curve-secret "$KEYS/server.key_secret" --curve-allow "$KEYS/allowed")
    connect=(--curve-server "$KEYS/server.key")
fi
# Ports of this job's own: the host may run others. workers.sh has the same sum.
port=$((10000 + SLURM_JOB_ID % 5000 * 4))

# Two minutes before its time limit (--signal above) this job goes back into the queue.
go_on_later() {
    scontrol requeue "$SLURM_JOB_ID"
    exit
}
trap go_on_later USR1
trap 'kill $(jobs -p) 2>/dev/null || :; wait' EXIT

dispatcher --bind "tcp://*:$port" --acks-bind "tcp://127.0.0.1:$((port + 2))" \
    --progress-bind "tcp://*:$((port + 3))" --input "$tasks" "${bind[@]}" "$@" &
sink --bind "tcp://*:$((port + 1))" --acks-connect "tcp://127.0.0.1:$((port + 2))" \
    --output "$results" "${bind[@]}" "${connect[@]}" &
sink=$!
# Both end together. If one fails, the other would wait in vain; if the sink is done, all is.
wait -n || { failed=$? && sleep 2 && exit "$failed"; }
wait "$sink"
