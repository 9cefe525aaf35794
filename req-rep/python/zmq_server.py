"""Request-reply, the replying side: answer every request, once. Twin of ../zmq_server."""

import argparse
import signal

import kinds
import zmq

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("--bind", default="tcp://*:5555")
parser.add_argument("--reply", default="new message")
parser.add_argument("--as", dest="kind", choices=kinds.KINDS, default="bytes")
parser.add_argument("-q", "--quiet", action="store_true", help="print no lines per request")
args = parser.parse_args()

signal.signal(signal.SIGINT, signal.SIG_DFL)  # Ctrl-C ends the program in any call

context = zmq.Context()
socket = context.socket(zmq.REP)
socket.bind(args.bind)

while True:
    message = kinds.receive(socket, args.kind)
    if not args.quiet:
        print(type(message))
        print("received:", message)
    kinds.send(socket, args.kind, args.reply)
