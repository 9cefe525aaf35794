// Pipeline, the first step: send tasks.
"use strict"

const { zmq, flags, server } = require("./peer")

async function main() {
  const args = flags({ bind: "tcp://*:5577", count: "2000" })
  const socket = new zmq.Push(server(args))
  await socket.bind(args.bind)

  for (let num = 0; num < Number(args.count); num++) await socket.send(JSON.stringify({ num }))
}

main()
