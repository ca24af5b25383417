#!/bin/bash
# Prepares what tests/lab.rs starts machines from, below target/lab: a root file system of each Debian whose Podman or
# Docker Engine is tried, and the image of all containers. Nothing is installed on this machine but debootstrap, if it is
# missing. A root's name holds the versions of what it is for, so that a newer package makes a new root. What cannot be
# had is reported in one line, and the lab does not run on it.
set -euo pipefail
export LC_ALL=C
cd "$(dirname "$0")/../.."
lab=${CARGO_TARGET_DIR:-target}/lab
mkdir -p "$lab"
lab=$(cd "$lab" && pwd)

. tests/debian.sh

not_run() { echo "not run: the lab ($1)"; exit 0; }
[ "$(id -u)" = 0 ] || not_run 'it needs root'

# Two calls at a time would build the same root, and what a call left that was killed is nobody's when the lock is free.
exec 9>"$lab/.lock"
flock 9
rm -rf --one-file-system "$lab"/.new.*
new=$(mktemp -d "$lab/.new.XXXXXX")
trap 'kill -9 $(jobs -p) 2>/dev/null || true; wait; rm -rf --one-file-system "$new"' EXIT
trap 'exit 1' INT TERM HUP

# What every machine needs, and what the tests use.
around=(systemd-sysv dbus catatonit nftables iptables iproute2 busybox-static)

# debootstrap SUITE: fills $new/SUITE.root; else $why says why it cannot be.
bootstrap() {
    local suite=$1 mirror script=/usr/share/debootstrap/scripts/$1
    if ! runs command -v debootstrap; then
        runs apt-get -qq update || true
        DEBIAN_FRONTEND=noninteractive runs apt-get -qq install -y --no-install-recommends debootstrap ||
            { why="debootstrap cannot be installed from this machine's package sources"; return 1; }
    fi
    runs unshare --mount --pid --fork --kill-child true || { why='namespaces cannot be made here'; return 1; }
    # A suite that this debootstrap is too old to know is made like the newest.
    [ -e "$script" ] || script=/usr/share/debootstrap/scripts/sid
    mirror=$(sed -E 's/^deb \[[^]]*\] (\S+) .*/\1/' "$new/$suite/sources.list")
    # In namespaces that end with this shell, and with them debootstrap's mounts and processes. Not in the foreground,
    # where bash would keep signals waiting.
    setpriv --pdeathsig KILL unshare --mount --pid --fork --kill-child --mount-proc \
        debootstrap --variant=minbase --keyring="$keyring" --include="$(IFS=,; echo "${tried[*]},${around[*]}")" \
        "$suite" "$new/$suite.root" "$mirror" "$script" >"$new/$suite.log" 2>&1 9>&- &
    wait $! || { why="debootstrap of $suite failed: $(grep -E '^(E|W): ' "$new/$suite.log" | tail -n 1)"; return 1; }
}

# root SUITE PACKAGE…: makes $lab/SUITE a link to a root with these packages, whose versions make it another one. One
# that is there is used where no newer one can be had.
root() {
    local suite=$1 uris packages version name old
    tried=("${@:2}")
    if ! { open "$suite" && uris=$("${apt[@]}" download --print-uris "${tried[@]}" 2>/dev/null); }; then
        if [ -d "$lab/$suite/etc" ]; then
            echo "note: the lab stays at $(readlink "$lab/$suite"): ${why:-$suite lacks a package}"
        else
            echo "not run: the lab on $suite (${why:-it lacks a package})"
        fi
        return
    fi
    packages=$(sed -E "s/^'[^']*' (\S+).*/\1/" <<<"$uris"; printf '%s\n' "${around[@]}")
    version=$(sed -nE 's/^podman_([0-9.]+).*/\1/p' <<<"$packages")
    name=$suite-podman-$version-$(sha256sum <<<"$packages" | cut -c1-8)
    if [ ! -d "$lab/$name" ]; then
        bootstrap "$suite" || { echo "not run: the lab on $suite ($why)"; return; }
        rm -rf "$new/$suite.root"/var/{cache/apt,lib/apt/lists}/* "$new/$suite.root"/usr/share/{doc,man,locale}/*
        mv "$new/$suite.root" "$lab/$name"
    fi
    ln -sfn "$name" "$lab/$suite"
    for old in "$lab/$suite"-*; do
        [ "$old" = "$lab/$name" ] || rm -rf --one-file-system "$old"
    done
    echo "lab: $name in $lab"
}

# The image has a shell, something that listens, and the program that asks, once with glibc and once with musl.
image() {
    local at=$new/image musl crt
    local made_of=(tests/lab/{ask.c,names.c,root.sh})
    [ "$(cat "${made_of[@]}" | sha256sum)" != "$(cat "$lab/image.of" 2>/dev/null)" ] || return 0
    { open trixie && (cd "$new/trixie" && runs "${apt[@]}" download musl-dev/trixie busybox-static/trixie); } ||
        not_run "musl cannot be had: ${why:-trixie lacks it}"
    for deb in "$new/trixie"/{musl-dev,busybox-static}_*.deb; do dpkg-deb -x "$deb" "$new/unpacked"; done
    mkdir -p "$at"/{bin,etc,tmp,proc,sys,dev,run}
    cp "$new"/unpacked/{usr/,}bin/busybox "$at/bin/" 2>/dev/null || true
    for applet in sh sleep cat true ip mkdir; do ln -s busybox "$at/bin/$applet"; done
    cc -O1 -pthread -o "$at/bin/ask-glibc" tests/lab/ask.c
    for file in $(ldd "$at/bin/ask-glibc" | grep -o '/[^ :]*' | sort -u); do install -D "$file" "$at$file"; done
    musl=$(echo "$new"/unpacked/usr/include/*-musl)
    crt=$(echo "$new"/unpacked/usr/lib/*-musl)
    for program in ask names; do
        cc -O1 -static -no-pie -fno-pie -fno-stack-protector -nostdlib -nostdinc -isystem "$musl" \
            -o "$at/bin/$program-musl" "$crt"/crt1.o "$crt"/crti.o tests/lab/$program.c "$crt"/libc.a -lgcc "$crt"/crtn.o
    done
    echo 'hosts: files dns' >"$at/etc/nsswitch.conf"
    echo 'root:x:0:0::/:/bin/sh' >"$at/etc/passwd"
    # serve NAME PORT…: a page on each port that says NAME, until it is told to stop.
    cat >"$at/bin/serve" <<'SERVE'
#!/bin/sh
# What a pod's containers write there they all see.
www=/dev/shm/$1
mkdir -p "$www"
echo "$1" >"$www/index.html"
shift
for port; do busybox httpd -p "$port" -h "$www"; done
trap 'exit 0' TERM
sleep 1000000 &
wait
SERVE
    chmod +x "$at/bin/serve"
    tar -C "$at" -cf "$new/image.tar" .
    mv "$new/image.tar" "$lab/image.tar"
    cat "${made_of[@]}" | sha256sum >"$lab/image.of"
}

image
root bookworm podman netavark aardvark-dns crun conmon containernetworking-plugins \
    golang-github-containernetworking-plugin-dnsname dnsmasq-base systemd
# debootstrap is there now, and unpacks most of the time.
root trixie podman netavark aardvark-dns crun conmon docker.io docker-cli docker-compose containerd runc systemd &
root forky podman netavark aardvark-dns crun conmon systemd &
wait
