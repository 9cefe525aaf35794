"""Request-reply under CURVE: answer every request, once. Twin of ../zmq_server with --curve-secret and --curve-allow."""

import argparse
import signal

import zmq
import zmq.auth
from zmq.auth.thread import ThreadAuthenticator

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("--bind", default="tcp://*:5555")
parser.add_argument("--reply", default="new message")
parser.add_argument("--curve-secret", required=True, help="the server's own keys, a NAME.key_secret")
parser.add_argument("--curve-allow", required=True, help="a folder with the public keys of the clients that may connect")
args = parser.parse_args()

signal.signal(signal.SIGINT, signal.SIG_DFL)  # Ctrl-C ends the program in any call

context = zmq.Context()
authenticator = ThreadAuthenticator(context)  # without one, every client may connect
authenticator.start()
authenticator.configure_curve(domain="*", location=args.curve_allow)

socket = context.socket(zmq.REP)
socket.curve_publickey, socket.curve_secretkey = zmq.auth.load_certificate(args.curve_secret)
socket.curve_server = True
socket.bind(args.bind)

while True:
    print("received:", socket.recv())
    socket.send(args.reply.encode())
