"""Request-reply, the asking side. Twin of ../zmq_client."""

import argparse
import signal

import kinds
import zmq

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("--connect", default="tcp://localhost:5555")
parser.add_argument("--message", default="a message")
parser.add_argument("--as", dest="kind", choices=kinds.KINDS, default="bytes")
args = parser.parse_args()

signal.signal(signal.SIGINT, signal.SIG_DFL)  # Ctrl-C ends the program in any call

context = zmq.Context()
socket = context.socket(zmq.REQ)
socket.connect(args.connect)

kinds.send(socket, args.kind, args.message)
print(kinds.receive(socket, args.kind))
