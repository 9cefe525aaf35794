// Publish-subscribe, the sending side.
"use strict"

const { setTimeout } = require("node:timers/promises")
const { zmq, flags, server } = require("./peer")

async function main() {
  const args = flags({ bind: "tcp://*:5555", topic: ["client1", "client2"] })
  const socket = new zmq.Publisher(server(args))
  await socket.bind(args.bind)

  for (;;) {
    for (const topic of args.topic) await socket.send([topic, `message for ${topic}`])
    await setTimeout(50)
  }
}

main()
