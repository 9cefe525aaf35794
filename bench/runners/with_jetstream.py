"""Runs a command for each line of a file with NATS JetStream, and prints the seconds from the workers' first request to
the last acknowledgement.

The tasks are in a work queue on disk before the time starts; each worker is a process that takes tasks in batches, runs
the command, and acknowledges each task when it is done. No output is kept.
"""

import asyncio
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time

import nats
from nats.js.api import AckPolicy, ConsumerConfig, RetentionPolicy, StorageType, StreamConfig

BATCH = 50


async def worker(server, command):
    connection = await nats.connect(server)
    stream = connection.jetstream()
    tasks = await stream.pull_subscribe("tasks", "workers")
    print("ready", flush=True)
    sys.stdin.readline()
    while True:
        try:
            batch = await tasks.fetch(BATCH, timeout=0.5)
        except nats.errors.TimeoutError:
            break
        for task in batch:
            subprocess.run([command, task.data.decode()], stdin=subprocess.DEVNULL, check=True)
            await task.ack()
        await connection.flush()
        print(time.monotonic(), flush=True)
    await connection.close()


async def fill(server, lines, slots):
    connection = await nats.connect(server)
    stream = connection.jetstream()
    await stream.add_stream(
        StreamConfig(
            name="TASKS", subjects=["tasks"], retention=RetentionPolicy.WORK_QUEUE, storage=StorageType.FILE
        )
    )
    await stream.add_consumer(
        "TASKS",
        ConsumerConfig(durable_name="workers", ack_policy=AckPolicy.EXPLICIT, max_ack_pending=BATCH * slots * 2),
    )
    for line in lines:
        await stream.publish("tasks", line.strip().encode())
    await connection.close()


def wait_until_listening(port):
    while True:
        try:
            return socket.create_connection(("127.0.0.1", port)).close()
        except ConnectionRefusedError:
            time.sleep(0.01)


async def left(server):
    connection = await nats.connect(server)
    info = await connection.jetstream().stream_info("TASKS")
    await connection.close()
    return info.state.messages


def main():
    slots, command, path = int(sys.argv[1]), sys.argv[2], sys.argv[3]
    with open(path) as file:
        lines = file.readlines()
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    url = f"nats://127.0.0.1:{port}"
    program = shutil.which("nats-server", path=os.path.dirname(sys.executable) + ":" + os.environ["PATH"])
    with tempfile.TemporaryDirectory() as folder:
        serve = [program, "-js", "-a", "127.0.0.1", "-p", str(port), "-sd", folder]
        server = subprocess.Popen(serve, stderr=subprocess.DEVNULL)
        workers = []
        try:
            wait_until_listening(port)
            asyncio.run(fill(url, lines, slots))
            work = [sys.executable, __file__, "--worker", url, command]
            for _ in range(slots):
                workers.append(subprocess.Popen(work, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True))
            for one in workers:
                assert one.stdout.readline() == "ready\n"
            start = time.monotonic()
            for one in workers:
                one.stdin.write("\n")
                one.stdin.flush()
            ends = [float(line) for one in workers for line in one.stdout.read().split()]
            assert asyncio.run(left(url)) == 0, "tasks are left"
            print(max(ends) - start)
        finally:
            for one in [*workers, server]:
                one.kill()
                one.wait()


if sys.argv[1] == "--worker":
    asyncio.run(worker(sys.argv[2], sys.argv[3]))
else:
    main()
