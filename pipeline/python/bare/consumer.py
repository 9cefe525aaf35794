"""The article's consumer.py. ../consumer.py adds flags."""

import random

import zmq

context = zmq.Context()
consumer_id = random.randint(1, 1000)
tasks = context.socket(zmq.PULL)
tasks.connect("tcp://localhost:5577")
results = context.socket(zmq.PUSH)
results.bind("tcp://*:5578")

while True:
    task = tasks.recv_json()
    result = {"consumer_id": consumer_id, "num": task["num"]}
    results.send_json(result)
