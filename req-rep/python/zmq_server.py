"""Request-reply, the replying side. Twin of ../zmq_server."""

import argparse

import kinds
import zmq

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("--bind", default="tcp://*:5555")
parser.add_argument("--reply", default="new message")
parser.add_argument("--as", dest="kind", choices=kinds.KINDS, default="bytes")
args = parser.parse_args()

context = zmq.Context()
socket = context.socket(zmq.REP)
socket.bind(args.bind)

while True:
    message = kinds.receive(socket, args.kind)
    print(type(message))
    print("received:", message)
    kinds.send(socket, args.kind, args.reply)
