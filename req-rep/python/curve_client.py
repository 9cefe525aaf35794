"""Request-reply under CURVE: ask, and wait for the answer. Twin of ../zmq_client with --curve-secret and --curve-server."""

import argparse
import signal

import zmq
import zmq.auth

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("--connect", default="tcp://localhost:5555")
parser.add_argument("--message", default="a message")
parser.add_argument("--curve-secret", help="the client's own keys, a NAME.key_secret; without it, no CURVE")
parser.add_argument("--curve-server", help="the server's public key, a NAME.key")
args = parser.parse_args()

signal.signal(signal.SIGINT, signal.SIG_DFL)  # Ctrl-C ends the program in any call

context = zmq.Context()
socket = context.socket(zmq.REQ)
if args.curve_secret:
    socket.curve_publickey, socket.curve_secretkey = zmq.auth.load_certificate(args.curve_secret)
    socket.curve_serverkey, _ = zmq.auth.load_certificate(args.curve_server)
socket.connect(args.connect)

socket.send(args.message.encode())
print(socket.recv())
