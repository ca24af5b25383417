#!/bin/bash
# Starts a machine: systemd as the first process of namespaces of its own, on a root that tests/lab/root.sh prepared.
# The root itself stays as it is; what the machine writes, container images too, is on a tmpfs of its own.
# usage: machine.sh ROOT, which prints `ready PID` (that of the machine's systemd), `not run: WHY` or `failed: WHY`.
#
# The machine ends when standard input does, which is when the caller ends, however it ends. Should this shell be
# killed, too, then the kernel kills the rest: `unshare` gets the signal of setpriv's --pdeathsig, systemd that of
# --kill-child, and with systemd go all processes, mounts and networks of its namespaces.
set -euo pipefail
export LC_ALL=C
root=$1

# Inside the namespaces: puts the machine's file system together and becomes its systemd.
if [ "${2:-}" = inside ]; then
    give_up() { echo "not run: $1"; exit 77; }
    top=${root%/*}/.mnt
    mount -t tmpfs -o mode=755 lab "$top"
    mkdir "$top"/{above,work,root}
    mount -t overlay -o "lowerdir=$root,upperdir=$top/above,workdir=$top/work" lab "$top/root" 2>/dev/null ||
        give_up 'no overlay file systems here'
    cd "$top/root"
    mount -t proc proc proc
    # Only the network's settings are the machine's own; the others are those of the whole computer.
    mount --bind proc/sys proc/sys
    mount -o remount,bind,ro proc/sys
    mount --bind /proc/sys/net proc/sys/net
    mount -t sysfs -o ro sysfs sys
    mount -t cgroup2 cgroup2 sys/fs/cgroup || give_up 'control groups cannot be mounted here'
    mount -t tmpfs -o mode=755 dev dev
    for device in null zero full random urandom tty; do
        touch dev/$device
        mount --bind /dev/$device dev/$device
    done
    mkdir dev/pts dev/shm
    mount -t devpts -o newinstance,ptmxmode=0666 devpts dev/pts
    ln -s pts/ptmx dev/ptmx
    ln -s /proc/self/fd dev/fd
    for folder in dev/shm run tmp var/lib/containers var/lib/docker; do
        mkdir -p $folder
        mount -t tmpfs -o mode=755 "${folder##*/}" $folder
    done
    chmod 1777 dev/shm tmp
    hostname lab
    : >etc/machine-id
    # They would set what belongs to the whole computer.
    ln -s /dev/null etc/systemd/system/systemd-sysctl.service
    ln -s /dev/null etc/systemd/system/systemd-modules-load.service
    pivot_root . .
    umount -l .
    # What containers need of the kernel, tried before anything counts as a failure. The programs are the root's own.
    ip link set lo up
    ip link add bridge0 type bridge && ip link del bridge0 || give_up 'no bridges here'
    ip link add veth0 type veth peer name veth1 && ip link del veth0 || give_up 'no pairs of network devices here'
    nft add table lab && nft delete table lab || give_up 'no packet filter here'
    exec env -i container=lab PATH=/usr/sbin:/usr/bin:/sbin:/bin \
        setpriv --bounding-set -sys_module,-sys_time,-sys_rawio \
        /lib/systemd/systemd --unit=basic.target --log-target=journal >/dev/null 2>&1
fi

say() { echo "$1"; exit 0; }
[ "$(id -u)" = 0 ] || say 'not run: it needs root'
[ -x "$root/lib/systemd/systemd" ] || say 'not run: no root to start from, which tests/lab/root.sh makes'
groups=$(awk '$3 == "cgroup2" {print $2; exit}' /proc/self/mounts)
[ -n "$groups" ] || say 'not run: no control groups of version 2 here'
root=$(realpath "$root")
mkdir -p "${root%/*}/.mnt"

# What a shell left behind that was killed.
remove() {
    # A group can be removed a moment after its last process.
    for _ in {1..50}; do
        find "$1" -depth -type d -exec rmdir {} + 2>/dev/null || true
        [ -d "$1" ] || return 0
        sleep 0.1
    done
}
for group in "$groups"/quadgen-lab.*/; do
    pid=${group##*quadgen-lab.}
    [ -e "/proc/${pid%/}" ] || remove "$group"
done

unshare --mount --net --pid --uts --ipc --fork --kill-child true 2>/dev/null || say 'not run: no namespaces here'
# nsenter goes to the root of the namespace, which a chroot hides, and there the machine would not be found.
here=$(stat -c %d:%i /)
[ "$(nsenter --mount=/proc/self/ns/mnt stat -c %d:%i / 2>/dev/null)" = "$here" ] || say 'not run: not in a chroot'
mine=$groups/quadgen-lab.$$
mkdir "$mine" 2>/dev/null || say 'not run: no control group can be made here'
end() {
    trap '' INT TERM HUP
    exec 2>/dev/null    # bash tells of every process that was killed
    echo 1 >"$mine/cgroup.kill" || kill -9 "$starter" || true
    wait
    remove "$mine"
}
trap end EXIT
trap 'exit 1' INT TERM HUP
(
    echo $BASHPID >"$mine/cgroup.procs"
    exec setpriv --pdeathsig KILL unshare --mount --net --pid --uts --ipc --cgroup --fork --kill-child \
        bash "$0" "$root" inside
) </dev/null &
starter=$!

# True once the machine's systemd has started all that it starts, whether or not all of it could be started.
started() {
    systemd=$(tr -d ' ' <"/proc/$starter/task/$starter/children")
    [ -n "$systemd" ] && [ -S "/proc/$systemd/root/run/systemd/private" ] &&
        nsenter --all --target "$systemd" systemctl is-system-running | grep -qE 'running|degraded'
} 2>/dev/null
SECONDS=0
until started; do
    if ! kill -0 $starter 2>/dev/null; then
        wait $starter || [ $? = 77 ] || echo 'failed: the machine did not come up'
        exit
    fi
    [ $SECONDS -lt 60 ] || say 'failed: systemd did not start within a minute'
    # A moment's wait, and the end if that is the caller's.
    read -r -t 0.1 _ || [ $? -gt 128 ] || exit
done
echo "ready $systemd"
while read -r _; do :; done
