"""Pipeline, the middle step: receive tasks, send results. Twin of ../consumer.

The article's consumer always binds its results port, so a host has room for one, and nothing runs in
parallel there. With --results-connect any number of consumers run: then the collector binds.
"""

import argparse
import random
import signal

import zmq

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("--tasks-connect", default="tcp://localhost:5577")
parser.add_argument("--results-bind", default="tcp://*:5578")
parser.add_argument("--results-connect", help="connect to a collector that binds, instead of --results-bind")
args = parser.parse_args()

signal.signal(signal.SIGINT, signal.SIG_DFL)  # Ctrl-C ends the program in any call

context = zmq.Context()
consumer_id = random.randint(1, 1000)

tasks = context.socket(zmq.PULL)
tasks.connect(args.tasks_connect)

results = context.socket(zmq.PUSH)
if args.results_connect:
    results.connect(args.results_connect)
else:
    results.bind(args.results_bind)

while True:
    task = tasks.recv_json()
    results.send_json({"consumer_id": consumer_id, "num": task["num"]})
