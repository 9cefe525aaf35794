#!/bin/sh
# Prints the path of a folder with what the tests talk to in other languages: the C programs of e2e/peers/c, built
# with CZMQ, and node_modules for the Node.js programs of e2e/peers/node. The folder is in target/; this script makes
# it when it is missing or out of date.
set -eu

usage() {
    echo "usage: ${0##*/}
Prints the path of a folder with the C peers, and the node_modules of the Node.js peers, and sets it up first if
necessary. Installs what is missing as root on Debian: Node.js, npm, CZMQ and cJSON."
}

case ${1-} in
-h | --help) usage && exit 0 ;;
?*) usage >&2 && exit 2 ;;
esac

cd "$(dirname "$0")/.."
# shellcheck source=scripts/lib/need.sh
. scripts/lib/need.sh
peers=$PWD/target/foreign-peers

# All that the folder is made from.
made_from() {
    cat e2e/peers/c/* e2e/peers/node/package-lock.json scripts/foreign-peers.sh
}

if ! made_from | cmp -s - "$peers/made-from"; then
    need node nodejs
    need npm npm
    need pkg-config pkg-config
    need /usr/include/czmq.h libczmq-dev
    need /usr/include/cjson/cJSON.h libcjson-dev
    echo "setting up peers in $peers" >&2
    new=$peers.$$
    trap 'rm -rf "$new"' EXIT
    mkdir -p "$new"
    libraries=$(pkg-config --cflags --libs libczmq libzmq libcjson)
    for source in e2e/peers/c/*.c; do
        program=${source##*/}
        # shellcheck disable=SC2086 # a word each
        "${CC:-cc}" -O1 -Wall -Wextra -Werror -o "$new/${program%.c}" "$source" $libraries
    done
    cp e2e/peers/node/package.json e2e/peers/node/package-lock.json "$new"
    # The package brings libzmq, built for the common systems.
    npm ci --prefix "$new" --ignore-scripts --no-audit --no-fund --loglevel error >&2
    made_from >"$new/made-from"
    rm -rf "$peers"
    mv "$new" "$peers"
fi
echo "$peers"
