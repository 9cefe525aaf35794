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
# shellcheck source=scripts/lib/venv.sh
. scripts/lib/venv.sh
venv python e2e/requirements.txt
echo "$venv/bin/python"
