"""Pipeline, the middle step: receive tasks, send results. Twin of ../consumer.

The article's consumer always binds its results port, so a host has room for one, and nothing runs in
parallel there. With --results-connect any number of consumers run: then the collector binds.
"""

import argparse
import random
import signal
import time

import zmq

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("--tasks-connect", default="tcp://localhost:5577")
parser.add_argument("--results-bind", default="tcp://*:5578")
parser.add_argument("--results-connect", help="connect to a collector that binds, instead of --results-bind")
parser.add_argument("--id", type=int, default=random.randint(1, 1000))
parser.add_argument("--work", type=float, default=0, help="time spent on each task, in seconds")
args = parser.parse_args()

signal.signal(signal.SIGINT, signal.SIG_DFL)  # Ctrl-C ends the program in any call

context = zmq.Context()

tasks = context.socket(zmq.PULL)
tasks.connect(args.tasks_connect)

results = context.socket(zmq.PUSH)
if args.results_connect:
    results.connect(args.results_connect)
else:
    results.bind(args.results_bind)

while True:
    task = tasks.recv_json()
    if args.work:
        time.sleep(args.work)
    results.send_json({"consumer_id": args.id, "num": task["num"]})
