#!/bin/sh
# Packs the programs: a tarball and a Debian package.
set -eu
cd "$(dirname "$0")/.."
# shellcheck source=scripts/lib/need.sh
. scripts/lib/need.sh

usage="usage: ${0##*/} [--profile PROFILE] [--to DIR]
Builds all programs, and packs them with their man pages, completions for bash, zsh and fish, and the licences of all
that they are linked with: a tarball, a Debian package and SHA256SUMS, in DIR. The Debian package is checked with
lintian. Needs Debian or Ubuntu; the package runs there from this release on. As root, installs what is missing.

  --profile PROFILE  Cargo's profile (default release)
  --to DIR           where to write (default target/dist)"

wrong_usage() {
    echo "error: $1; ${0##*/} -h explains" >&2
    exit 2
}

profile=release target=${CARGO_TARGET_DIR:-target}
to=$target/dist
while [ $# -gt 0 ]; do
    case $1 in
    -h | --help) echo "$usage" && exit 0 ;;
    --profile | --to) [ "${2-}" ] || wrong_usage "$1 needs a value" ;;
    *) wrong_usage "'$1' is no option" ;;
    esac
    if [ "$1" = --profile ]; then profile=$2; else to=$2; fi
    shift 2
done
need dpkg-shlibdeps dpkg-dev
need strip binutils
need lintian lintian

cargo build --locked --profile "$profile"
case $profile in dev) bin=$target/debug ;; *) bin=$target/$profile ;; esac
programs=$(cargo metadata --locked --no-deps --format-version 1 | python3 -c '
import json, sys
metadata = json.load(sys.stdin)
packages = [package for package in metadata["packages"] if package["id"] in metadata["workspace_default_members"]]
print(*[target["name"] for package in packages for target in package["targets"] if "bin" in target["kind"]])')
version=$("$bin/curve_keygen" --version)
version=${version##* }
machine=$(rustc -vV | sed -n 's/^host: //p')
# The same time in every file: that of the commit.
SOURCE_DATE_EPOCH=$(git log -1 --format=%ct)
export SOURCE_DATE_EPOCH
author="zmq-patterns developers <${DEBEMAIL:-$(git log -1 --format=%ae)}>"

# Packed well, or soon.
case $profile in release) level=9 ;; *) level=1 ;; esac

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# The tree of the tarball, for /usr/local or ~/.local.
tree=$work/zmq-patterns-$version-$machine
share=$tree/share doc=$tree/share/doc/zmq-patterns
for folder in bin share/man/man1 share/bash-completion/completions share/zsh/site-functions \
    share/fish/vendor_completions.d share/doc/zmq-patterns; do
    install -d "$tree/$folder"
done
for program in $programs; do
    install -m 755 "$bin/$program" "$tree/bin"
    "$bin/$program" --man | gzip -9n >"$share/man/man1/$program.1.gz"
    "$bin/$program" --completions bash >"$share/bash-completion/completions/$program"
    "$bin/$program" --completions zsh >"$share/zsh/site-functions/_$program"
    "$bin/$program" --completions fish >"$share/fish/vendor_completions.d/$program.fish"
done
strip --strip-unneeded --remove-section=.comment --remove-section=.note "$tree"/bin/*
python3 scripts/lib/licences.py >"$doc/copyright"
cp "$(rustc --print sysroot)/share/doc/rust/COPYRIGHT-library.html" "$doc/rust-standard-library.html"
cp README.md README.zh-TW.md CHANGELOG.md "$doc"
chmod -R u=rwX,go=rX "$tree"

mkdir -p "$to"
rm -f "$to"/zmq-patterns[-_]*
tar -C "$work" --sort=name --owner=0 --group=0 --numeric-owner --mtime="@$SOURCE_DATE_EPOCH" -c "${tree##*/}" |
    gzip "-$level" -n >"$to/${tree##*/}.tar.gz"

# The tree of the Debian package: the same, in Debian's places.
root=$work/root
install -d "$root/DEBIAN"
mv "$tree" "$root/usr"
share=$root/usr/share doc=$root/usr/share/doc/zmq-patterns
mv "$share/zsh/site-functions" "$share/zsh/vendor-completions"
gzip -9n <"$doc/CHANGELOG.md" >"$doc/changelog.gz"
rm "$doc/CHANGELOG.md"
gzip -9n >"$doc/changelog.Debian.gz" <<END
zmq-patterns ($version-1) unstable; urgency=medium

  * The changes are in changelog.gz.

 -- $author  $(date -u -R -d "@$SOURCE_DATE_EPOCH")
END
# dpkg-shlibdeps expects the sources of a package around it.
mkdir "$work/debian"
printf 'Source: zmq-patterns\n\nPackage: zmq-patterns\nArchitecture: any\n' >"$work/debian/control"
depends=$(cd "$work" && dpkg-shlibdeps -O root/usr/bin/* | sed -n 's/^shlibs:Depends=//p')
architecture=$(dpkg --print-architecture)
cat >"$root/DEBIAN/control" <<END
Package: zmq-patterns
Version: $version-1
Architecture: $architecture
Maintainer: $author
Installed-Size: $(du -sk --apparent-size "$root/usr" | cut -f1)
Depends: $depends
Section: net
Priority: optional
Description: ZeroMQ's patterns as small programs, and a reliable pipeline
 Request-reply (zmq_server, zmq_client), publish-subscribe (publisher,
 subscriber) and pipeline (producer, consumer, resultcollector), as programs
 that can be tried in terminals and used in scripts; a pipeline that loses no
 task (dispatcher, worker, sink); and CURVE keys (curve_keygen).
 .
 The programs bring their own libzmq 4.3.5.
END
(cd "$root" && find usr -type f -exec md5sum {} +) >"$root/DEBIAN/md5sums"
package=$to/zmq-patterns_$version-1_$architecture.deb
dpkg-deb --root-owner-group "-z$level" --build "$root" "$package" >/dev/null
(cd "$to" && sha256sum zmq-patterns[-_]* >SHA256SUMS)

lintian --fail-on error --tag-display-limit 0 "$package"
echo "depends on: $depends"
ls -l "$to"
