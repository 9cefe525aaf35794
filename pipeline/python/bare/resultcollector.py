"""The article's resultcollector.py, except that it receives each result that it counts. ../resultcollector.py adds flags."""

import zmq

context = zmq.Context()
results = context.socket(zmq.PULL)
results.connect("tcp://localhost:5578")

counts = {}
for _ in range(1000):
    result = results.recv_json()
    consumer_id = result["consumer_id"]
    counts[consumer_id] = counts.get(consumer_id, 0) + 1
print(counts)
