#!/bin/sh
# A Slurm cluster on one machine: a login host and two nodes, each with its own address, name and processes.
set -eu

usage() {
    echo "usage: ${0##*/} install         install Slurm and munge on Debian
       ${0##*/} start DIR       run a cluster until this is interrupted; DIR is for its logs
       ${0##*/} run DIR CMD...  run a command, such as sbatch or squeue, on the login host
       ${0##*/} kill DIR NODE   cut node1 or node2 off and kill all of its processes, as if its power failed
Prints 'ready' when both nodes are idle. The hosts are login (10.99.0.1), node1 (10.99.0.2) and node2 (10.99.0.3).
Needs root and network namespaces."
}

fail() {
    echo "error: $1" >&2
    exit 1
}

here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=scripts/lib/need.sh
. "$here/need.sh"
export SLURM_CONF=/run/slurm/slurm.conf

install() {
    [ "$(id -u)" = 0 ] || fail "a cluster needs root: run this as root"
    need slurmctld slurm-wlm
    need slurmd slurm-wlm
    need munged munge
    need ip iproute2
}

start() {
    install
    mkdir -p "$1"
    # What this cluster mounts is its own, and goes with its last process. It ends with who has started it.
    exec setpriv --pdeathsig TERM unshare --mount "$0" cluster "$(cd "$1" && pwd)"
}

# Becomes a daemon on a host. $1: the host's number; $2: its name; $3: flags of unshare; then the daemon.
become() {
    number=$1 name=$2 flags=$3
    shift 3
    # shellcheck disable=SC2086,SC2016 # a word each; for the host's shell
    exec nsenter --net="/run/netns/slurm-$number" unshare --uts $flags \
        sh -c 'echo "$0" >/proc/sys/kernel/hostname && exec "$@"' "$name" "$@"
}

cluster() {
    dir=$1 daemons=
    # shellcheck disable=SC2086 # a word each
    trap 'kill -KILL $daemons 2>/dev/null || :' EXIT
    trap 'exit 130' INT
    trap 'exit 143' TERM
    mount -t tmpfs tmpfs /run
    configure
    "$here/hosts.sh" up slurm 3
    munged --foreground --force --key-file=/run/slurm/key --seed-file=/run/slurm/seed \
        --log-file=/run/slurm/munged.log >"$dir/munged.log" 2>&1 &
    daemons=$!
    become 1 login "" slurmctld -D -c >"$dir/slurmctld.log" 2>&1 &
    daemons="$daemons $!"
    echo $! >"$dir/login.pid"
    for number in 1 2; do
        # When the first process of a node is killed, the kernel kills all others.
        become $((number + 1)) node$number "--pid --fork --kill-child --mount-proc" slurmd -D \
            >"$dir/node$number.log" 2>&1 &
        daemons="$daemons $!"
        echo $! >"$dir/node$number.pid"
    done
    until [ "$(run "$dir" sinfo --noheader --format=%D:%T 2>/dev/null)" = 2:idle ]; do
        for daemon in $daemons; do
            kill -0 "$daemon" 2>/dev/null || fail "a daemon has ended: $(cat "$dir"/*.log)"
        done
        sleep 0.2
    done
    echo ready
    wait
}

# Debian's Slurm with what is not its default. Two nodes share the machine's processors and its cgroups.
configure() {
    mkdir -p /run/netns /run/munge /run/slurm/state /run/slurm/spool/node1 /run/slurm/spool/node2
    printf '%s\n' "127.0.0.1 localhost" "10.99.0.1 login" "10.99.0.2 node1" "10.99.0.3 node2" >/run/slurm/hosts
    mount --bind /run/slurm/hosts /etc/hosts
    (umask 077 && head -c 128 /dev/urandom >/run/slurm/key)
    printf '%s\n' CgroupPlugin=cgroup/v1 CgroupAutomount=no ConstrainCores=no >/run/slurm/cgroup.conf
    cat >$SLURM_CONF <<END
ClusterName=test
SlurmctldHost=login
AuthInfo=cred_expire=5
SlurmUser=root
StateSaveLocation=/run/slurm/state
SlurmdSpoolDir=/run/slurm/spool/%n
SlurmctldPidFile=/run/slurm/slurmctld.pid
SlurmdPidFile=/run/slurm/slurmd.%n.pid
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
MpiDefault=none
SchedulerParameters=bf_interval=2
ReturnToService=2
SlurmdParameters=config_overrides
KillWait=2
SlurmdTimeout=10
NodeName=node1,node2 CPUs=4
PartitionName=all Nodes=ALL Default=YES MaxTime=INFINITE State=UP
END
}

# What runs on the login host sees its mounts, name and network.
run() {
    login=$(cat "$1/login.pid")
    shift
    # shellcheck disable=SC2016 # for the login host's shell
    nsenter --target "$login" --mount --uts --net sh -c 'cd "$0" && exec "$@"' "$PWD" "$@"
}

kill_node() {
    nsenter --target "$(cat "$1/login.pid")" --mount "$here/hosts.sh" pull slurm $((${2#node} + 1))
    kill -KILL "$(cat "$1/$2.pid")"
}

case $#-${1-} in
*-h | *--help) usage ;;
1-install | 2-start | 2-cluster) "$@" ;;
3-kill) kill_node "$2" "$3" ;;
[3-9]-run | [1-9][0-9]*-run)
    shift
    run "$@"
    ;;
*)
    echo "error: wrong arguments; ${0##*/} -h explains" >&2
    exit 2
    ;;
esac
