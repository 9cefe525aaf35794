#!/bin/sh
# Prints the path of a Python that has the packages of e2e/requirements.txt. It is in a virtual environment in
# target/, which this script makes when it is missing or out of date. The tests run the Python twins with it.
set -eu

usage() {
    echo "usage: ${0##*/}"
    echo "Prints the path of a Python that has the pinned packages, and sets it up first if necessary."
}

case ${1-} in
-h | --help) usage && exit 0 ;;
?*) usage >&2 && exit 2 ;;
esac

cd "$(dirname "$0")/.."
requirements=e2e/requirements.txt
venv=$PWD/target/python

if ! cmp -s "$requirements" "$venv/requirements.txt"; then
    new=$venv.$$
    trap 'rm -rf "$new"' EXIT
    mkdir -p target
    echo "setting up a virtual environment in $venv" >&2
    if ! log=$(python3 -m venv "$new" 2>&1); then
        # Debian and Ubuntu have this part of Python in a separate package.
        rm -rf "$new"
        if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
            { apt-get update && apt-get install -y python3-venv; } >&2
            python3 -m venv "$new" >&2
        else
            printf '%s\n' "$log" "error: python3 -m venv fails; on Debian: apt-get install python3-venv" >&2
            exit 1
        fi
    fi
    "$new/bin/python" -m pip install --quiet --disable-pip-version-check -r "$requirements" >&2
    cp "$requirements" "$new/requirements.txt"
    rm -rf "$venv"
    mv "$new" "$venv"
fi
echo "$venv/bin/python"
