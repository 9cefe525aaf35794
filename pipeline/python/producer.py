"""Pipeline, the first step: send tasks to the consumers, round-robin. Twin of ../producer."""

import argparse
import signal

import zmq

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("--bind", default="tcp://*:5577")
parser.add_argument("--count", type=int, default=2000)
parser.add_argument("--wait-for", type=int, default=0, help="wait for this many consumers before the first task")
args = parser.parse_args()

signal.signal(signal.SIGINT, signal.SIG_DFL)  # Ctrl-C ends the program in any call

context = zmq.Context()
socket = context.socket(zmq.PUSH)
connections = socket.get_monitor_socket(zmq.EVENT_HANDSHAKE_SUCCEEDED)
socket.bind(args.bind)

for _ in range(args.wait_for):
    connections.recv_multipart()
socket.disable_monitor()

for num in range(args.count):
    socket.send_json({"num": num})
