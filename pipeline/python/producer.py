"""Pipeline, the first step: send tasks to the consumers, round-robin. Twin of ../producer."""

import argparse
import signal

import zmq

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("--bind", default="tcp://*:5577")
parser.add_argument("--count", type=int, default=2000)
args = parser.parse_args()

signal.signal(signal.SIGINT, signal.SIG_DFL)  # Ctrl-C ends the program in any call

context = zmq.Context()
socket = context.socket(zmq.PUSH)
socket.bind(args.bind)

for num in range(args.count):
    socket.send_json({"num": num})
