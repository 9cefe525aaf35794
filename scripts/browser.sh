#!/bin/sh
# Prints the path of a node_modules folder that has the packages of lab/package.json, with which scripts
# drive the browser `chromium`. It is in target/, and this script makes it when it is missing or out of date. What
# comes from Debian is installed where it is missing: chromium, a font with Chinese characters, node and npm.
set -eu

usage() {
    echo "usage: ${0##*/}
Prints the path of the node_modules folder with the pinned playwright-core, and sets it up first if necessary; so too
chromium and a font with Chinese characters."
}

case ${1-} in
-h | --help) usage && exit 0 ;;
?*) usage >&2 && exit 2 ;;
esac

cd "$(dirname "$0")/.."
# shellcheck source=scripts/lib/need.sh
. scripts/lib/need.sh
pinned=lab
folder=$PWD/target/browser

need chromium chromium
need node nodejs
need npm npm
# Any font that has the Chinese character for "one" will do.
if ! fc-list ':charset=4e00' 2>/dev/null | grep -q .; then
    need /usr/share/fonts/truetype/wqy/wqy-zenhei.ttc fontconfig fonts-wqy-zenhei
fi

if ! cmp -s "$pinned/package-lock.json" "$folder/package-lock.json"; then
    new=$folder.$$
    trap 'rm -rf "$new"' EXIT
    mkdir -p "$new"
    echo "setting up playwright-core in $folder" >&2
    cp "$pinned/package.json" "$pinned/package-lock.json" "$new"
    npm ci --prefix "$new" --ignore-scripts --no-audit --no-fund --loglevel error >&2
    rm -rf "$folder"
    mv "$new" "$folder"
fi
echo "$folder/node_modules"
