"""The article's producer.py. ../producer.py adds flags."""

import zmq

context = zmq.Context()
tasks = context.socket(zmq.PUSH)
tasks.bind("tcp://*:5577")

for num in range(2000):
    task = {"num": num}
    tasks.send_json(task)
