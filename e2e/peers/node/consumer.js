// Pipeline, the middle step: receive tasks, send results.
"use strict"

const { zmq, flags, server, client } = require("./peer")

async function main() {
  const args = flags({ "tasks-connect": "tcp://localhost:5577", "results-bind": "tcp://*:5578", id: "1" })
  const tasks = new zmq.Pull(client(args))
  tasks.connect(args["tasks-connect"])
  const results = new zmq.Push(server(args))
  await results.bind(args["results-bind"])

  for await (const [task] of tasks) {
    const { num } = JSON.parse(task)
    await results.send(JSON.stringify({ consumer_id: Number(args.id), num }))
  }
}

main()
