#!/bin/bash
# Runs inside a machine: gives it a made-up internet and programs on the host.
set -euo pipefail

# What answers for names out there, and what asks for those who are no container.
tar -C /run -xf /run/image.tar ./bin/names-musl ./bin/ask-musl

# Another network namespace is the internet: a router, a page at 198.51.100.10, and a DNS server at 198.51.100.53 that
# knows one name. It leads nowhere else, so that nothing leaves the machine.
ip netns add internet
ip link add uplink type veth peer name downlink netns internet
ip address add 203.0.113.2/24 dev uplink
ip link set uplink up
ip route add default via 203.0.113.1
outside() { ip netns exec internet "$@"; }
outside ip link set lo up
outside ip address add 198.51.100.10/32 dev lo
outside ip address add 198.51.100.53/32 dev lo
# 203.0.113.9 is a second router, for those who change the default route.
outside ip address add 203.0.113.1/24 dev downlink
outside ip address add 203.0.113.9/24 dev downlink
outside ip link set downlink up
echo nameserver 198.51.100.53 >/etc/resolv.conf
# As on every host that has run a container since it booted. What an internal network does without is a fact of its own.
echo 1 >/proc/sys/net/ipv4/ip_forward

# page UNIT WHAT ADDRESS:PORT [PROPERTY…]: a web server whose only page says WHAT.
page() {
    mkdir "/run/$1"
    echo "$2" >"/run/$1/index.html"
    systemd-run --quiet --unit="$1" "${@:4}" busybox httpd -f -p "$3" -h "/run/$1"
}
there=--property=NetworkNamespacePath=/run/netns/internet
page internet internet 198.51.100.10:80 "$there"
systemd-run --quiet --unit=names "$there" /run/bin/names-musl 198.51.100.53 outside.example 198.51.100.10
# The same port on the host, and on the routers: where the host is a virtual machine, they are the computer around it.
page host-program host 0.0.0.0:11434
page loopback-program loopback 127.0.0.1:11435
page router-program router 0.0.0.0:11434 "$there"
