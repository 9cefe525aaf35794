"""The article's zmq_client1.py; its zmq_client2.py subscribes to client2. ../subscriber.py adds flags."""

import zmq

context = zmq.Context()
socket = context.socket(zmq.SUB)
socket.subscribe("client1")
socket.connect("tcp://localhost:5555")

message = socket.recv_multipart()
print(message)
