#!/bin/sh
# C2 and C3: a server answers once, and a client waits for its answer. Tries to do otherwise.
set -eu
cd "$(dirname "$0")/../.."
# shellcheck source=scripts/lib/side-by-side.sh
. scripts/lib/side-by-side.sh

no_options "usage: ${0##*/}
Tests claims C2 and C3: a server tries to answer twice, and a client to send a second request before its answer. Our
programs never do, so this one is in Python, with the calls of the article. Runs for 1 second." "$@"

python=$(scripts/python.sh)
"$python" - <<'PYTHON' | tee "$folder/lines"
import zmq

context = zmq.Context()
server = context.socket(zmq.REP)
server.bind("tcp://127.0.0.1:5555")
client = context.socket(zmq.REQ)
client.connect("tcp://127.0.0.1:5555")


def attempt(who, what, socket):
    try:
        socket.send(what)
        print(f"{who} sends {what}: sent")
    except zmq.ZMQError as error:
        print(f"{who} sends {what}: refused ({errno(error)}: {error})")


def errno(error):
    return "EFSM" if error.errno == zmq.EFSM else error.errno


attempt("client", b"a request", client)
attempt("client", b"another request", client)
print("server receives", server.recv())
attempt("server", b"an answer", server)
attempt("server", b"another answer", server)
print("client receives", client.recv())
attempt("client", b"the next request", client)
context.destroy(linger=0)
PYTHON

# Prints whether what $1 says was refused.
verdict() {
    if [ "$(lines "$1: refused (EFSM" lines)" = 1 ]; then echo holds; else echo 'does not hold here'; fi
}
answer=$(verdict "server sends b'another answer'") request=$(verdict "client sends b'another request'")
say "C2 $answer: a server that has answered cannot answer again." \
    "C3 $request: a client cannot send another request before it has its answer."
[ "$answer$request" = holdsholds ] && [ "$(lines "next request': sent" lines)" = 1 ]
