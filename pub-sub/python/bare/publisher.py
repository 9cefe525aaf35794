"""The article's second zmq_server.py. It sends as fast as it can. ../publisher.py adds flags."""

import zmq

context = zmq.Context()
socket = context.socket(zmq.PUB)
socket.bind("tcp://*:5555")

while True:
    for topic in ["client1", "client2"]:
        data = f"message for {topic}"
        message = [topic.encode(), data.encode()]
        print(message)
        socket.send_multipart(message)
