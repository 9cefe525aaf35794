"""The article's zmq_client.py. ../zmq_client.py has flags, too."""

import zmq

context = zmq.Context()
socket = context.socket(zmq.REQ)
socket.connect("tcp://localhost:5555")

socket.send(b"a message")
reply = socket.recv()
print(reply)
