# shellcheck shell=sh
# Sourced by scripts that need programs which are not everywhere.

# Fails unless a command exists. As root on Debian, installs its packages first. $1: the command, or the path of a
# file; then the packages.
need() {
    wanted=$1
    shift
    if command -v "$wanted" >/dev/null || [ -e "$wanted" ]; then return; fi
    if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
        echo "installing $*" >&2
        export DEBIAN_FRONTEND=noninteractive
        # Somebody else may be installing, and the lists of packages may be missing or old.
        set -- -qq --no-install-recommends -o DPkg::Lock::Timeout=300 "$@"
        apt-get install "$@" >&2 || { apt-get update -qq && apt-get install "$@"; } >&2
    else
        echo "error: $wanted is missing; on Debian: apt-get install $*" >&2
        exit 1
    fi
}
