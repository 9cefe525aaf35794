"""Pipeline, the last step: count the results of every consumer. Twin of ../resultcollector."""

import argparse
import signal

import zmq

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("--connect", default="tcp://localhost:5578")
parser.add_argument("--bind", help="listen for consumers that connect, instead of --connect")
parser.add_argument("--count", type=int, default=1000)
args = parser.parse_args()

signal.signal(signal.SIGINT, signal.SIG_DFL)  # Ctrl-C ends the program in any call

context = zmq.Context()
socket = context.socket(zmq.PULL)
if args.bind:
    socket.bind(args.bind)
else:
    socket.connect(args.connect)

# The article's collector receives once, before its loop, and then counts that one result 1000 times.
# This one receives each result that it counts.
counts = {}
for _ in range(args.count):
    consumer_id = socket.recv_json()["consumer_id"]
    counts[consumer_id] = counts.get(consumer_id, 0) + 1
print(counts)
