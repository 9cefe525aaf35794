"""Publish-subscribe, the sending side: send every message to all subscribers of its topic. Twin of ../publisher."""

import argparse
import signal
import time

import zmq

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("--bind", default="tcp://*:5555")
parser.add_argument("--topic", action="append", help="topic to publish on; repeatable (default: client1 and client2)")
parser.add_argument("--interval", type=float, default=0.5, help="pause between rounds, in seconds (0 = none: the article's flood)")
parser.add_argument("--hwm", type=int, default=1000)
parser.add_argument("--as", dest="form", choices=["bytes", "string"], default="bytes")
parser.add_argument("-q", "--quiet", action="store_true", help="print no line per message")
args = parser.parse_args()

signal.signal(signal.SIGINT, signal.SIG_DFL)  # Ctrl-C ends the program in any call

context = zmq.Context()
socket = context.socket(zmq.PUB)
socket.sndhwm = args.hwm
socket.bind(args.bind)

while True:
    for topic in args.topic or ["client1", "client2"]:
        message = [topic.encode(), f"message for {topic}".encode()]
        if not args.quiet:
            print(message if args.form == "bytes" else b" ".join(message).decode())
        socket.send_multipart(message)
    if args.interval:
        time.sleep(args.interval)
