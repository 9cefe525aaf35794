# shellcheck shell=sh
# Sourced, in the workspace's folder, by the scripts that run a pattern. Builds programs, and runs them
# side by side, each line prefixed by its program. When the script ends, it ends the programs that still run.

# The profile of `cargo run` and `cargo test`, so that libzmq and libsodium are built once for all of them.
bin=${CARGO_TARGET_DIR:-target}/debug
folder=$(mktemp -d)
programs=

# Does what every script does for -h and for wrong usage. $1: the text of the help.
help() {
    echo "$1"
    exit 0
}

# For a script without options of its own. $1: the text of the help; then the script's arguments.
no_options() {
    case ${2-} in
    -h | --help) help "$1" ;;
    ?*) wrong_usage "'$2' is no option" ;;
    esac
}

wrong_usage() {
    echo "error: $1; ${0##*/} -h explains" >&2
    exit 2
}

# Builds the programs of these names.
build() {
    for name; do
        set -- "$@" -p "$name"
        shift
    done
    cargo build "$@"
}

# Starts a program in the background, by the command $with if there is one, and leaves its process id in
# $started. $1: the label of its lines; then the program and its arguments.
with=
start() {
    label=$1 program=$2
    shift 2
    # A pipe with both ends open here and now: a reader or a writer that opened its end by itself would wait
    # for the other one, and for ever where that never comes.
    mkfifo "$folder/pipe"
    # shellcheck disable=SC2094 # that is what a pipe is for
    exec 3<>"$folder/pipe" 4<"$folder/pipe" 5>"$folder/pipe" 3>&-
    rm "$folder/pipe"
    (exec <&4 4<&- 5>&- && prefix "$label") &
    # shellcheck disable=SC2086 # a command and its arguments
    $with "$bin/$program" "$@" >&5 2>&1 4<&- 5>&- &
    started=$!
    programs="$programs $started"
    exec 4<&- 5>&-
}

# A program that fails says so in a line of its own, and the others would wait for it in vain: the script
# ends, unless it expects failures.
expects_failures=
prefix() {
    trap '' PIPE
    while IFS= read -r line; do
        # Nobody reads on: the program will see so itself.
        printf '%-15s | %s\n' "$1" "$line" 2>/dev/null || break
        case $line in
        "error: interrupted by SIGINT"*) ;; # Ctrl-C, which ends the script with 130
        "error: "*) [ "$expects_failures" ] || kill -s USR1 $$ ;;
        esac
    done
}

# Prints the time in milliseconds.
now() {
    echo $(($(date +%s%N) / 1000000))
}

# Says what the script does, or has seen.
say() {
    printf '\n== %s\n' "$@"
}

# Ends all programs, and waits until their last lines are printed.
end() {
    trap '' EXIT INT TERM USR1
    exec 4<&- 5>&-
    # The signal that ended the script may have come before the last program, if any, was in the list.
    set +u
    programs="$programs $!"
    # shellcheck disable=SC2086 # a word each
    kill $programs 2>/dev/null || :
    for program in $programs; do
        # The signal is lost on a program that was only about to start, so again until it is gone.
        (while sleep 0.1 && kill "$program" 2>/dev/null; do :; done) &
        wait "$program" || :
    done
    wait
    rm -rf "$folder"
}

trap end EXIT
trap 'exit 1' USR1
trap 'exit 130' INT
trap 'exit 143' TERM
