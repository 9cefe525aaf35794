# shellcheck shell=sh
# Sourced, in the workspace's folder, by the scripts that run a pattern. Builds programs and runs them side by
# side, each line prefixed with its program. When the script ends, it ends the programs that are still running.

# The profile of `cargo run` and `cargo test`, so that libzmq and libsodium are built once for all of them.
bin=${CARGO_TARGET_DIR:-target}/debug
case $bin in /*) ;; *) bin=$PWD/$bin ;; esac
folder=$(mktemp -d)
programs=

# Prints the help that every script has for -h. $1: its text.
help() {
    echo "$1"
    exit 0
}

# Parses the arguments of a script that only has -h. $1: the text of the help; then the script's arguments.
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
    cargo build --locked "$@"
}

# Starts a program in the background, with the command $with if it is set, and stores its process id in
# $started. $1: the label of its lines; then the program and its arguments.
with=
# The folder that programs are started in.
start_in=.
start() {
    label=$1 program=$2
    shift 2
    # Opens both ends of the pipe here: a reader or a writer that opened only its own end would block until the
    # other one came, and indefinitely if it never did.
    mkfifo "$folder/pipe"
    # shellcheck disable=SC2094 # a pipe is read and written
    exec 3<>"$folder/pipe" 4<"$folder/pipe" 5>"$folder/pipe" 3>&-
    rm "$folder/pipe"
    (exec <&4 4<&- 5>&- && prefix "$label") &
    # shellcheck disable=SC2086 # a command and its arguments
    (cd "$start_in" && exec $with "$bin/$program" "$@") >&5 2>&1 4<&- 5>&- &
    started=$!
    programs="$programs $started"
    exec 4<&- 5>&-
}

# Runs a program to its end. It is waited for in the background: while it was in the foreground, the script would not
# learn that another program has failed. $1: the program; then its arguments.
run() {
    program=$1
    shift
    "$bin/$program" "$@" &
    programs="$programs $!"
    wait $!
}

# Starts a program in the background, and stores its process id in $started. What it prints is for the script to
# count. $1: the file in $folder for its stdout; then the program and its arguments.
count_in() {
    file=$folder/$1 program=$2
    shift 2
    "$bin/$program" "$@" >"$file" &
    started=$!
    programs="$programs $started"
}

# Prints how many lines of the file $2 in $folder contain $1.
lines() {
    grep -c -e "$1" "$folder/$2" || :
}

# Waits until the file $2 in $folder has a line with $1, at most 10 seconds.
wait_for_line() {
    patience=200
    while [ "$(lines "$1" "$2")" = 0 ]; do
        patience=$((patience - 1))
        if [ $patience = 0 ]; then
            echo "error: no '$1' came in 10 seconds" >&2
            exit 1
        fi
        sleep 0.05
    done
}

# A program that fails prints an error line, and the others would wait for it in vain. So the script ends,
# unless it expects failures. No script expects that a port is taken: whatever it measured would be of others.
expects_failures=
prefix() {
    trap '' PIPE
    while IFS= read -r line; do
        # The reader closed stdout: the program will notice when it writes.
        printf '%-15s | %s\n' "$1" "$line" 2>/dev/null || break
        case $line in
        "error: interrupted by SIGINT"*) ;; # Ctrl-C, which ends the script with 130
        "error: cannot bind "*) kill -s USR1 $$ ;;
        "error: "*) [ "$expects_failures" ] || kill -s USR1 $$ ;;
        esac
    done
}

# Prints the time in milliseconds.
now() {
    echo $(($(date +%s%N) / 1000000))
}

# Prints what the script does, or has measured.
say() {
    printf '\n== %s\n' "$@"
}

# Ends all programs, and waits until their last lines are printed.
end() {
    trap '' EXIT INT TERM USR1
    exec 4<&- 5>&-
    # The signal that ended the script may have arrived before the last program was added to the list.
    set +u
    programs="$programs $!"
    # shellcheck disable=SC2086 # a word each
    kill $programs 2>/dev/null || :
    for program in $programs; do
        # A program that is just starting may miss the signal, so send it again until the program is gone.
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
