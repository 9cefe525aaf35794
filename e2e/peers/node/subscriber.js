// Publish-subscribe, the receiving side: prints one message.
"use strict"

const { zmq, flags, client, show } = require("./peer")

async function main() {
  const args = flags({ connect: "tcp://localhost:5555", topic: "client1" })
  const socket = new zmq.Subscriber(client(args))
  socket.subscribe(args.topic)
  socket.connect(args.connect)

  console.log(show("multipart", await socket.receive()))
}

main()
