"""The article's zmq_client.py. ../zmq_client.py adds flags."""

import zmq

context = zmq.Context()
socket = context.socket(zmq.REQ)
socket.connect("tcp://localhost:5555")

socket.send(b"a message")
reply = socket.recv()
print(reply)
