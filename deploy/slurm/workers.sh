#!/bin/bash
# Workers of the reliable pipeline, as a Slurm job array:
#
#   sbatch --array=1-N workers.sh JOB COMMAND...
#
# JOB is the id of the job that runs pipeline.sh. KEYS is a folder with CURVE keys, if any.
#SBATCH --job-name=workers
#SBATCH --output=%x-%A_%a.log
#SBATCH --open-mode=append
#SBATCH --cpus-per-task=1
#SBATCH --time=04:00:00
#SBATCH --requeue
set -eu
pipeline=$1
shift
keys=()
if [ "${KEYS-}" ]; then
    keys=(--curve-secret "$KEYS/worker.key_secret" --curve-server "$KEYS/server.key")
fi
port=$((10000 + pipeline % 5000 * 4))

# While the pipeline's job is in the queue: when Slurm moves it to another host, its workers follow.
while host=$(squeue --noheader --jobs="$pipeline" --states=PENDING,RUNNING --format=%B) && [ "$host" ]; do
    if [ "$host" != n/a ]; then
        worker --id "${SLURM_ARRAY_TASK_ID:-1}" --jobs "$SLURM_CPUS_PER_TASK" --idle-timeout 30s \
            --connect "tcp://$host:$port" --results-connect "tcp://$host:$((port + 1))" "${keys[@]}" -- "$@"
    fi
    sleep 5
done
