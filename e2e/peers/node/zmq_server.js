// Request-reply, the replying side.
"use strict"

const { zmq, flags, server, encode, show } = require("./peer")

async function main() {
  const args = flags({ bind: "tcp://*:5555", reply: "new message", as: "bytes" })
  const socket = new zmq.Reply(server(args))
  await socket.bind(args.bind)

  for await (const request of socket) {
    console.log(show(args.as, request))
    await socket.send(encode(args.as, [args.reply]))
  }
}

main()
