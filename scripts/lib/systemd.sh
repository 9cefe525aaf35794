#!/bin/sh
# A systemd of our own: process 1 of namespaces, with no units but those that it is given.
set -eu

usage() {
    echo "usage: ${0##*/} install         install systemd on Debian
       ${0##*/} start DIR       run systemd with the units in DIR/units until this is interrupted
       ${0##*/} run DIR CMD...  run a command, such as systemctl, beside these units
There, DIR/bin is /usr/local/bin, and DIR/lib is /var/lib. Prints 'ready'. Needs root, namespaces and cgroups."
}

fail() {
    echo "error: $1" >&2
    exit 1
}

# shellcheck source=scripts/lib/need.sh
. "$(dirname "$0")/need.sh"

install() {
    [ "$(id -u)" = 0 ] || fail "systemd needs root: run this as root"
    need /lib/systemd/systemd systemd
    need systemctl systemd
    need systemd-analyze systemd
}

start() {
    install
    # It ends with who has started it.
    exec setpriv --pdeathsig TERM unshare --mount "$0" confine "$(cd "$1" && pwd)"
}

# Makes a group of processes for systemd, and removes it at the end.
confine() {
    mkdir -p "$1/cgroup"
    mount -t cgroup2 cgroup2 "$1/cgroup"
    group=$1/cgroup/zmq-patterns-$$ namespaces=
    mkdir "$group"
    trap remove_group EXIT
    trap 'exit 130' INT
    trap 'exit 143' TERM
    # shellcheck disable=SC2016 # for another shell
    sh -c 'echo $$ >"$0/cgroup.procs" && exec "$@"' "$group" \
        unshare --cgroup --net --uts --mount --pid --fork --kill-child --mount-proc "$0" boot "$1" &
    namespaces=$!
    echo $namespaces >"$1/pid"
    until run "$1" systemctl is-active basic.target >/dev/null 2>&1; do
        kill -0 "$namespaces" || fail "systemd does not run here"
        sleep 0.1
    done
    echo ready
    wait "$namespaces"
}

remove_group() {
    # Nobody may be left to read what this prints, and it is not to be interrupted.
    trap '' PIPE INT TERM
    if [ "$namespaces" ]; then kill -KILL "$namespaces" || :; fi
    # The kernel kills what is in the namespaces.
    while grep -q "populated 1" "$group/cgroup.events"; do sleep 0.1; done
    find "$group" -depth -type d -exec rmdir {} \;
}

# As process 1. It sees no cgroups but its own, and no /run.
boot() {
    # As on a real machine: services' mounts come from namespaces below.
    mount --make-rshared /
    mount -t tmpfs tmpfs /run
    mount -t cgroup2 cgroup2 /sys/fs/cgroup
    mount --bind "$1/bin" /usr/local/bin
    mount --bind "$1/lib" /var/lib
    # Nothing is for the machine's console.
    mount --bind /dev/null /dev/console
    mkdir -p /run/stubs
    for target in sysinit basic shutdown network-online multi-user; do
        printf '[Unit]\nDefaultDependencies=no\n' >/run/stubs/$target.target
    done
    exec env -i PATH="$PATH" container=zmq-patterns SYSTEMD_UNIT_PATH="$1/units:/run/stubs" \
        /lib/systemd/systemd --system --unit=basic.target
}

run() {
    # Of `unshare`, process 1 is the only child.
    first=$(cat "/proc/$(cat "$1/pid")/task/$(cat "$1/pid")/children")
    export SYSTEMD_UNIT_PATH="$1/units:/run/stubs"
    shift
    nsenter --target "${first% }" --all "$@"
}

case $#-${1-} in
*-h | *--help) usage ;;
1-install | 2-start | 2-confine | 2-boot) "$@" ;;
[3-9]-run | [1-9][0-9]*-run)
    dir=$(cd "$2" && pwd)
    shift 2
    run "$dir" "$@"
    ;;
*)
    echo "error: wrong arguments; ${0##*/} -h explains" >&2
    exit 2
    ;;
esac
