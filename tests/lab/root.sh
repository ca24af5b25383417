#!/bin/bash
# Prepares the root file system that tests/lab.rs starts machines from: Debian trixie with systemd, Podman and Docker
# Engine, below target/lab. Nothing is installed on this machine but debootstrap, if it is missing. The root's name
# holds the versions of what it is for, so that a newer package makes a new root. What cannot be had is reported in
# one line, and the lab does not run.
set -euo pipefail
export LC_ALL=C
cd "$(dirname "$0")/../.."
lab=${CARGO_TARGET_DIR:-target}/lab
mkdir -p "$lab"
lab=$(cd "$lab" && pwd)

# What is tried; the packages whose versions make a root another one.
tried=(podman netavark aardvark-dns crun conmon docker.io docker-cli docker-compose containerd runc systemd)
# What that needs, and what the tests use: names and pages for the made-up internet, the programs of the image.
around=(systemd-sysv dbus catatonit nftables iptables iproute2 dnsmasq-base busybox-static)

. tests/debian.sh

# A root that is there is used where no newer one can be had.
not_run() {
    if [ -d "$lab/root/etc" ]; then
        echo "note: the lab stays at $(readlink "$lab/root"): $1"
    else
        echo "not run: the lab ($1)"
    fi
    exit 0
}
[ "$(id -u)" = 0 ] || not_run 'it needs root'

# Two calls at a time would build the same root, and what a call left that was killed is nobody's when the lock is free.
exec 9>"$lab/.lock"
flock 9
rm -rf --one-file-system "$lab"/.new.*
new=$(mktemp -d "$lab/.new.XXXXXX")
trap 'kill -9 $(jobs -p) 2>/dev/null || true; wait; rm -rf --one-file-system "$new"' EXIT
trap 'exit 1' INT TERM HUP

open trixie || not_run "$why"
uris=$("${apt[@]}" download --print-uris "${tried[@]}" 2>/dev/null) || not_run 'trixie lacks a package'
packages=$(sed -E "s/^'[^']*' (\S+).*/\1/" <<<"$uris"; printf '%s\n' "${around[@]}")
version=$(sed -nE 's/^podman_([0-9.]+).*/\1/p' <<<"$packages")
name=trixie-podman-$version-$(sha256sum <<<"$packages" | cut -c1-8)

build() {
    if ! runs command -v debootstrap; then
        runs apt-get -qq update || true
        DEBIAN_FRONTEND=noninteractive runs apt-get -qq install -y --no-install-recommends debootstrap ||
            not_run "debootstrap cannot be installed from this machine's package sources"
    fi
    runs unshare --mount --pid --fork --kill-child true || not_run 'namespaces cannot be made here'
    local mirror root=$new/root
    mirror=$(sed -E 's/^deb \[[^]]*\] (\S+) .*/\1/' "$new/trixie/sources.list")
    # In namespaces that end with this shell, and with them debootstrap's mounts and processes. Not in the foreground,
    # where bash would keep signals waiting.
    setpriv --pdeathsig KILL unshare --mount --pid --fork --kill-child --mount-proc \
        debootstrap --variant=minbase --keyring="$keyring" --include="$(IFS=,; echo "${tried[*]},${around[*]}")" \
        trixie "$root" "$mirror" >"$new/log" 2>&1 9>&- &
    wait $! || not_run "debootstrap failed: $(grep -E '^(E|W): ' "$new/log" | tail -n 1)"
    rm -rf "$root"/var/cache/apt/* "$root"/var/lib/apt/lists/* "$root"/usr/share/{doc,man,locale}/*
    mv "$root" "$lab/$name"
}

[ -d "$lab/$name" ] || build
ln -sfn "$name" "$lab/root"
for old in "$lab"/trixie-*; do
    [ "$old" = "$lab/$name" ] || rm -rf --one-file-system "$old"
done
echo "lab: $name in $lab"
