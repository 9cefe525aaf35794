// Request-reply, the asking side.
"use strict"

const { zmq, flags, client, encode, show } = require("./peer")

async function main() {
  const args = flags({ connect: "tcp://localhost:5555", message: ["a message"], as: "bytes" })
  const socket = new zmq.Request(client(args))
  socket.connect(args.connect)

  await socket.send(encode(args.as, args.message))
  console.log(show(args.as, await socket.receive()))
}

main()
