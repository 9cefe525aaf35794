"""Runs a command for each line of a file with HyperQueue, and prints the seconds from submission to the last end.

The server and one worker of two processors run inside this process, as HyperQueue's Python package offers.
"""

import sys
import tempfile
import time

from hyperqueue import Job, LocalCluster
from hyperqueue.cluster import WorkerConfig

slots, command, path = int(sys.argv[1]), sys.argv[2], sys.argv[3]
with open(path) as lines:
    arguments = [line.strip() for line in lines]

with tempfile.TemporaryDirectory() as folder, LocalCluster(folder) as cluster:
    cluster.start_worker(WorkerConfig(cores=slots))
    client = cluster.client()
    job = Job()
    for argument in arguments:
        job.program([command, argument], stdout=None, stderr=None)
    start = time.monotonic()
    client.wait_for_jobs([client.submit(job)])
    print(time.monotonic() - start)
