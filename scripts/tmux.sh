#!/bin/sh
# Opens the programs of a pattern in tmux, each in its own pane.
set -eu
cd "$(dirname "$0")/.."

usage="usage: ${0##*/} req-rep|pub-sub|pipeline
Opens the pattern's programs in tmux, in the article's order, each in its own pane. A pane stays open when its
program has ended. Ctrl-b and an arrow key change the pane, Ctrl-c ends its program, Ctrl-b & closes all panes."

case ${1-} in
req-rep) set -- zmq_server zmq_client ;;
pub-sub) set -- publisher "subscriber client1" "subscriber client2" ;;
pipeline) set -- producer consumer resultcollector ;;
-h | --help) echo "$usage" && exit 0 ;;
*) echo "$usage" >&2 && exit 2 ;;
esac
if ! command -v tmux >/dev/null; then
    echo "error: tmux is not installed; scripts/req-rep.sh, pub-sub.sh and pipeline.sh do without it" >&2
    exit 1
fi

packages=
for program; do
    packages="$packages -p ${program%% *}"
done
# shellcheck disable=SC2086 # a word each
cargo build --locked $packages
bin=$(cd "${CARGO_TARGET_DIR:-target}/debug" && pwd)

# What a pane runs: the program, then a prompt, so that its last lines stay visible. Ctrl-C ends the program only.
# The path is quoted for the shell in the pane.
quoted="'$(printf %s "$bin" | sed "s/'/'\\\\''/g")'"
pane() {
    # shellcheck disable=SC2016 # for the shell in the pane
    printf '%s; %s; %s' 'trap : INT' "$quoted/$1" \
        'printf "[ended with status %s: Enter closes this pane] " "$?"; read -r enter'
}

# The programs from top to bottom, each under its name, in a window of the current session, or of a new one.
window=
for program; do
    if [ -n "$window" ]; then
        tmux split-window -t "$window" "$(pane "$program")"
        tmux select-layout -t "$window" even-vertical
    elif [ -n "${TMUX-}" ]; then
        window=$(tmux new-window -P -F '#{window_id}' "$(pane "$program")")
    else
        window=$(tmux new-session -d -P -F '#{window_id}' "$(pane "$program")")
    fi
    tmux select-pane -t "$window" -T "$program"
done
tmux set-option -w -t "$window" pane-border-status top
tmux set-option -w -t "$window" pane-border-format ' #{pane_title} '
[ -n "${TMUX-}" ] || exec tmux attach-session -t "$window"
