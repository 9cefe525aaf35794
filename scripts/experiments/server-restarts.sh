#!/bin/sh
# C6: can a server that dies after answering be restarted? Kills it between two requests.
set -eu
cd "$(dirname "$0")/../.."
# shellcheck source=scripts/lib/side-by-side.sh
. scripts/lib/side-by-side.sh

no_options "usage: ${0##*/}
Tests claim C6, the other half of the article's fourth question: a server is killed after it has answered, and another
one replaces it. The client knows nothing of it. (server-dies.sh kills it before it answers.) Runs for 4 seconds." "$@"

build zmq_server zmq_client
here=tcp://127.0.0.1:5555

say 'A client sends two requests, with three seconds between them. The first server answers the first.'
start 'server 1' zmq_server --bind $here --reply 'from server 1'
server=$started
count_in answers zmq_client -v --connect $here --count 2 --interval 3s
client=$started
wait_for_line 'from server 1' answers

say 'The server has answered, and is killed (SIGKILL). A second one takes its place.'
kill -s KILL "$server"
wait "$server" 2>/dev/null || :
start 'server 2' zmq_server --bind $here --reply 'from server 2'
wait "$client"
cat "$folder/answers"

first=$(lines 'from server 1' answers) second=$(lines 'from server 2' answers)
if [ "$first $second" = '1 1' ]; then
    say "C6 holds: the client had $first answer of the first server and $second of the second, and connected again by itself."
else
    say "C6 does not hold here: $first answers of the first server, $second of the second."
    exit 1
fi
