"""Publish-subscribe, the receiving side. Twin of ../subscriber."""

import argparse
import signal

import zmq

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("topics", nargs="*", default=["client1"])
parser.add_argument("--connect", default="tcp://localhost:5555")
args = parser.parse_args()

signal.signal(signal.SIGINT, signal.SIG_DFL)  # Ctrl-C ends the program in any call

context = zmq.Context()
socket = context.socket(zmq.SUB)
for topic in args.topics:
    socket.subscribe(topic)
socket.connect(args.connect)

print(socket.recv_multipart())
