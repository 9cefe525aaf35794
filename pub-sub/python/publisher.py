"""Publish-subscribe, the sending side. Twin of ../publisher."""

import argparse
import signal
import time

import zmq

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("--bind", default="tcp://*:5555")
parser.add_argument("--topic", action="append", help="may be repeated (default: client1 and client2)")
args = parser.parse_args()

signal.signal(signal.SIGINT, signal.SIG_DFL)  # Ctrl-C ends the program in any call

context = zmq.Context()
socket = context.socket(zmq.PUB)
socket.bind(args.bind)

while True:
    for topic in args.topic or ["client1", "client2"]:
        message = [topic.encode(), f"message for {topic}".encode()]
        print(message)
        socket.send_multipart(message)
    time.sleep(0.5)  # the article's publisher does not pause
