"""Publish-subscribe, the receiving side: receive the topics subscribed to. Twin of ../subscriber."""

import argparse
import itertools
import signal

import zmq

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("topics", nargs="*", default=["client1"])
parser.add_argument("--connect", default="tcp://localhost:5555")
parser.add_argument("--count", type=int, default=1, help="0 = until interrupted")
parser.add_argument("--hwm", type=int, default=1000)
parser.add_argument("--as", dest="form", choices=["bytes", "string"], default="bytes")
parser.add_argument("-q", "--quiet", action="store_true", help="print no line per message")
args = parser.parse_args()

signal.signal(signal.SIGINT, signal.SIG_DFL)  # Ctrl-C ends the program in any call

context = zmq.Context()
socket = context.socket(zmq.SUB)
socket.rcvhwm = args.hwm
for topic in args.topics:
    socket.subscribe(topic)
socket.connect(args.connect)

for _ in range(args.count) if args.count else itertools.count():
    message = socket.recv_multipart()
    if not args.quiet:
        print(message if args.form == "bytes" else b" ".join(message).decode())
