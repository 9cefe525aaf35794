#!/bin/sh
# Makes CURVE keys, and prints them as the Secrets pipeline-server and pipeline-worker: keys.sh | kubectl apply -f -
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
curve_keygen server >&2
curve_keygen worker >&2

# Prints a Secret. $1: its name; then the files in it.
secret() {
    printf -- '---\napiVersion: v1\nkind: Secret\nmetadata:\n  name: %s\nstringData:\n' "$1"
    shift
    for file; do
        printf '  %s: |\n' "$file"
        sed 's/^/    /' "$file"
    done
}

secret pipeline-server server.key_secret server.key worker.key
secret pipeline-worker worker.key_secret server.key
