// What the Node.js peers share: the command line, CURVE, and the kinds of payload.
"use strict"

const fs = require("node:fs")
const path = require("node:path")
const { parseArgs } = require("node:util")
const zmq = require("zeromq")

/** The flags of the command line: the given ones, each with its default, and those of CURVE. */
function flags(defaults) {
  const names = { ...defaults, "curve-secret": "", "curve-server": "", "curve-allow": "" }
  const options = Object.entries(names).map(([name, value]) =>
    [name, { type: "string", default: value, multiple: Array.isArray(value) }])
  return parseArgs({ options: Object.fromEntries(options) }).values
}

/** The keys in a certificate of CZMQ's format. */
function certificate(file) {
  const text = fs.readFileSync(file, "utf8")
  const key = (name) => text.match(new RegExp(`${name}-key = "(.{40})"`))?.[1]
  return { publicKey: key("public"), secretKey: key("secret") }
}

/** The options of a socket that binds. Only peers whose keys are in the folder may connect. */
function server(args) {
  if (!args["curve-secret"]) return {}
  const folder = args["curve-allow"]
  const allowed = fs.readdirSync(folder).map((name) => certificate(path.join(folder, name)).publicKey)
  void authenticate(allowed)
  return { curveServer: true, curveSecretKey: certificate(args["curve-secret"]).secretKey }
}

/** Answers libzmq's questions who may connect (ZAP, RFC 27). */
async function authenticate(allowed) {
  const questions = new zmq.Reply()
  await questions.bind("inproc://zeromq.zap.01")
  for await (const [version, id, , , , , key] of questions) {
    const answer = allowed.includes(z85(key)) ? ["200", "OK"] : ["400", "not allowed"]
    await questions.send([version, id, ...answer, "", ""])
  }
}

/** A key as text (RFC 32). */
function z85(key) {
  const digits = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ.-:+=^!/*?&<>()[]{}@%$#"
  let text = ""
  for (let at = 0; at < key.length; at += 4) {
    const number = key.readUInt32BE(at)
    for (const power of [4, 3, 2, 1, 0]) text += digits[Math.floor(number / 85 ** power) % 85]
  }
  return text
}

/** The options of a socket that connects. */
function client(args) {
  if (!args["curve-secret"]) return {}
  const { publicKey, secretKey } = certificate(args["curve-secret"])
  return {
    curvePublicKey: publicKey,
    curveSecretKey: secretKey,
    curveServerKey: certificate(args["curve-server"]).publicKey,
  }
}

/** The frames that carry texts as `kind`: bytes, json or multipart. */
function encode(kind, texts) {
  return kind === "json" ? [JSON.stringify(JSON.parse(texts[0]))] : texts
}

/** How received frames are printed. */
function show(kind, frames) {
  const texts = frames.map((frame) => frame.toString())
  if (kind === "multipart") return JSON.stringify(texts)
  return kind === "json" ? JSON.stringify(JSON.parse(texts[0])) : texts[0]
}

module.exports = { zmq, flags, server, client, encode, show }
