// Pipeline, the last step: count the results of each consumer.
"use strict"

const { zmq, flags, client } = require("./peer")

async function main() {
  const args = flags({ connect: "tcp://localhost:5578", count: "1000" })
  const socket = new zmq.Pull(client(args))
  socket.connect(args.connect)

  const counts = {}
  for (let received = 0; received < Number(args.count); received++) {
    const { consumer_id } = JSON.parse((await socket.receive())[0])
    counts[consumer_id] = (counts[consumer_id] ?? 0) + 1
  }
  console.log(JSON.stringify(counts))
}

main()
