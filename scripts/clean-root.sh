#!/bin/sh
# Prints the path of a root folder of this machine's Debian or Ubuntu, in which nothing is installed but the least, and
# man and bash's completions. It is in target/; this script makes it when it is missing.
set -eu

usage() {
    echo "usage: ${0##*/}
Prints the path of a folder with a minimal system of this machine's release, for chroot, and makes it first if
necessary. Needs root, and Debian or Ubuntu; installs debootstrap."
}

case ${1-} in
-h | --help) usage && exit 0 ;;
?*) usage >&2 && exit 2 ;;
esac

cd "$(dirname "$0")/.."
# shellcheck source=scripts/lib/need.sh
. scripts/lib/need.sh
if [ "$(id -u)" != 0 ]; then
    echo "error: a system of its own needs root: run this as root" >&2
    exit 1
fi
# shellcheck source=/dev/null
release=$(. /etc/os-release && echo "$VERSION_CODENAME")
folder=$PWD/target/root-$release

if [ ! -d "$folder" ]; then
    need debootstrap debootstrap
    new=$folder.$$
    # Nothing that debootstrap may have mounted there.
    trap 'rm -rf --one-file-system "$new"' EXIT
    echo "setting up $release in $folder" >&2
    debootstrap --variant=minbase --include=man-db,bash-completion "$release" "$new" >"$folder.log" || {
        tail -n 5 "$folder.log" >&2
        exit 1
    }
    rm -rf "$new"/var/cache/apt/* "$new"/var/lib/apt/lists/*
    mv "$new" "$folder"
fi
echo "$folder"
