"""Request-reply, the asking side: ask, and wait for the answer. Twin of ../zmq_client."""

import argparse
import itertools
import json
import signal
import time

import kinds
import zmq

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("--connect", action="append", help="endpoint of a server; repeatable (default: tcp://localhost:5555)")
parser.add_argument("--message", default="a message")
parser.add_argument("--as", dest="kind", choices=kinds.KINDS, default="bytes")
parser.add_argument("--count", type=int, default=1, help="0 = until interrupted")
parser.add_argument("--interval", type=float, default=0, help="pause after an answer, in seconds")
parser.add_argument("--latency", action="store_true", help="print the round-trip times at the end, not the answers")
args = parser.parse_args()

signal.signal(signal.SIGINT, signal.SIG_DFL)  # Ctrl-C ends the program in any call

context = zmq.Context()
socket = context.socket(zmq.REQ)
for endpoint in args.connect or ["tcp://localhost:5555"]:
    socket.connect(endpoint)

round_trips = []
for _ in range(args.count) if args.count else itertools.count():
    asked = time.perf_counter_ns()
    kinds.send(socket, args.kind, args.message)
    answer = kinds.receive(socket, args.kind)
    round_trips.append(time.perf_counter_ns() - asked)
    if not args.latency:
        print(answer)
    if args.interval:
        time.sleep(args.interval)

if args.latency:
    buckets = [[nanoseconds, 1] for nanoseconds in round_trips]
    print(json.dumps({"round_trip": {"buckets": buckets}}))
