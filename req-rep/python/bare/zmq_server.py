"""The article's zmq_server.py. ../zmq_server.py adds flags."""

import zmq

context = zmq.Context()
socket = context.socket(zmq.REP)
socket.bind("tcp://*:5555")

while True:
    message = socket.recv()
    print(type(message))
    print("received:", message)
    socket.send(b"new message")
