#!/bin/sh
# Several hosts on one machine: network namespaces, joined by a switch.
set -eu

usage() {
    echo "usage: ${0##*/} up NET COUNT         make the hosts 1 to COUNT of the network NET
       ${0##*/} run NET HOST CMD...  run a command on a host
       ${0##*/} pull NET HOST        pull the cable of a host; the host sees its link go down
       ${0##*/} drop NET HOST        drop all packets of a host; the host notices nothing
       ${0##*/} plug NET HOST        undo pull and drop
       ${0##*/} down NET             remove the network and its hosts
Makes hosts out of network namespaces. Each has an address, 10.99.0.HOST, that only this network can reach.
Needs root and iproute2; installs iproute2 on Debian."
}

fail() {
    echo "error: $1" >&2
    exit 1
}

# shellcheck source=scripts/lib/need.sh
. "$(dirname "$0")/need.sh"

# In the switch's namespace, host N is connected to port$N.
up() {
    net=$1 count=$2
    if [ "$(id -u)" != 0 ]; then
        fail "network namespaces need root: run this as root"
    fi
    need ip iproute2
    ip netns add "$net-switch" || fail "cannot make network namespaces here"
    ip -n "$net-switch" link add switch type bridge
    ip -n "$net-switch" link set switch up
    host=1
    while [ "$host" -le "$count" ]; do
        ip netns add "$net-$host"
        ip link add name "port$host" netns "$net-switch" type veth peer name eth0 netns "$net-$host"
        ip -n "$net-$host" addr add "10.99.0.$host/24" dev eth0
        ip -n "$net-$host" link set lo up
        ip -n "$net-$host" link set eth0 up
        plug "$net" "$host"
        host=$((host + 1))
    done
}

pull() {
    ip -n "$1-switch" link set "port$2" down
}

drop() {
    ip -n "$1-switch" link set "port$2" nomaster
}

plug() {
    ip -n "$1-switch" link set "port$2" master switch up
}

down() {
    # Without it there is nothing to remove.
    command -v ip >/dev/null || return 0
    ip netns list | while read -r name _id; do
        case $name in
        "$1"-*) ip netns del "$name" ;;
        esac
    done
}

case $#-${1-} in
*-h | *--help) usage ;;
3-up | 3-pull | 3-drop | 3-plug | 2-down) "$@" ;;
[4-9]-run | [1-9][0-9]*-run)
    net=$2 host=$3
    shift 3
    exec ip netns exec "$net-$host" "$@"
    ;;
*)
    echo "error: wrong arguments; ${0##*/} -h explains" >&2
    exit 2
    ;;
esac
