#!/bin/bash
# Runs inside a machine: gives it a made-up internet, a program on the host, and the image of all containers.
set -euo pipefail

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

# page UNIT WHAT ADDRESS:PORT [PROPERTY…]: a web server whose only page says WHAT.
page() {
    mkdir "/run/$1"
    echo "$2" >"/run/$1/index.html"
    systemd-run --quiet --unit="$1" "${@:4}" busybox httpd -f -p "$3" -h "/run/$1"
}
there=--property=NetworkNamespacePath=/run/netns/internet
page internet internet 198.51.100.10:80 "$there"
systemd-run --quiet --unit=names "$there" dnsmasq --keep-in-foreground --conf-file=/dev/null --no-resolv --no-hosts \
    --bind-interfaces --listen-address=198.51.100.53 --address=/outside.example/198.51.100.10 --local=/#/
# The same port on the host, and on the routers: where the host is a virtual machine, they are the computer around it.
page host-program host 0.0.0.0:11434
page loopback-program host 127.0.0.1:11435
page router-program router 0.0.0.0:11434 "$there"

# The image has no more than what listens and what looks: busybox, and glibc's own resolver behind getent and bash.
image=/run/image
mkdir -p $image/{bin,etc,tmp,proc,sys,dev,run,www}
cp /usr/bin/busybox $image/bin/
for applet in sh sleep cat true ip timeout mkdir tail tr; do
    ln -s busybox $image/bin/$applet
done
for file in /usr/bin/getent /usr/bin/bash $(ldd /usr/bin/getent /usr/bin/bash | grep -o '/[^ :]*' | sort -u); do
    [ -e "$image$file" ] || install -D "$file" "$image$file"
done
echo 'hosts: files dns' >$image/etc/nsswitch.conf
echo 'root:x:0:0::/:/bin/sh' >$image/etc/passwd
# serve NAME PORT…: a page on each port that says NAME, until it is told to stop.
cat >$image/bin/serve <<'SERVE'
#!/bin/sh
mkdir -p /dev/shm/www
echo "$1" >/dev/shm/www/index.html
shift
for port; do busybox httpd -p "$port" -h /dev/shm/www; done
trap 'exit 0' TERM
sleep 1000000 &
wait
SERVE
chmod +x $image/bin/serve
tar -C $image -cf /run/image.tar .

# Without a pids controller, which computers with mixed control groups lack, Podman's limit would be refused.
printf '[containers]\npids_limit=0\n' >/etc/containers/containers.conf
