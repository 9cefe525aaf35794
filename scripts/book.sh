#!/bin/sh
# Builds the book in both languages below target/book, and prints the path of its first page.
set -eu

usage="usage: ${0##*/}
Builds the book in English and in Traditional Chinese from the documents of this workspace, below target/book, and
prints the path of its first page. Sets up mdBook below target/ first, if it is missing there."

case ${1-} in
-h | --help) echo "$usage" && exit 0 ;;
?*) echo "$usage" >&2 && exit 2 ;;
esac

cd "$(dirname "$0")/.."
version=0.5.4
tools=$PWD/target/mdbook
book=$PWD/target/book

if [ "$("$tools/bin/mdbook" --version 2>/dev/null)" != "mdbook v$version" ]; then
    # Unoptimised: it is built more often than the book, which takes it a second.
    CARGO_PROFILE_DEV_DEBUG=false cargo install --debug --locked --quiet --root "$tools" --no-default-features --features search \
        mdbook --version $version >&2
fi
rm -rf "$book"
for language in en zh-TW; do
    "$tools/bin/mdbook" build "book/$language" --dest-dir "$book/$language" >&2
    python3 book/pages.py copy $language "$book/$language"
done
# What plays the lab's recordings.
mkdir "$book/lab"
cp lab/page/* lab/experiments.json "$book/lab"
if [ -d lab/recordings ]; then cp -r lab/recordings "$book/lab"; fi
cp book/index.html "$book"
echo "$book/index.html"
