# Packages of Debian through apt, which checks them, without installing any: for tests/tools.sh and tests/lab/root.sh.
# The caller sets $new, a folder that ends with it. What cannot be had leaves the reason in $why.

runs() { "$@" >/dev/null 2>&1; }

# The machine's own mirrors of Debian. apt lists them itself, in whatever form and file they are written.
mirrors() {
    apt-get update --print-uris 2>/dev/null |
        sed -nE "s#^'(.*)/dists/($codename|stable|oldstable|testing|unstable|sid)/InRelease'.*#\1#p" | sort -u
}

# True if packages can be fetched here at all; else $why says why not.
debian() {
    codename=$(. /etc/os-release 2>/dev/null && [ "$ID" = debian ] && echo "${VERSION_CODENAME:-}") &&
        runs command -v apt-get || { why='this machine is not Debian'; return 1; }
    for keyring in /usr/share/keyrings/debian-archive-keyring.{gpg,pgp} ''; do
        [ ! -r "$keyring" ] || break
    done
    [ -n "$keyring" ] || { why='no debian-archive-keyring on this machine'; return 1; }
    [ -n "$(mirrors)" ] || { why='no Debian package sources on this machine'; return 1; }
}

# Points $apt at one suite, on the first of the machine's mirrors that has it signed by Debian; tries each suite once.
open() {
    local dir=$new/$1 mirror
    apt=(apt-get -qq -o Dir::Etc::SourceList="$dir/sources.list" -o Dir::Etc::SourceParts=/dev/null
        -o Dir::State::Lists="$dir/lists" -o Dir::Cache::pkgcache= -o Dir::Cache::srcpkgcache=
        -o APT::Sandbox::User= -o APT::Update::Error-Mode=any -o Acquire::Languages=none
        -o Acquire::Retries=1 -o Acquire::http::Timeout=20 -o Acquire::https::Timeout=20)
    if [ -e "$dir/why" ]; then why=$(<"$dir/why"); return 1; fi
    [ ! -d "$dir" ] || return 0
    debian || return 1
    mkdir -p "$dir/lists/partial"
    for mirror in $(mirrors); do
        echo "deb [signed-by=$keyring] $mirror $1 main" >"$dir/sources.list"
        ! "${apt[@]}" update >>"$dir/log" 2>&1 || return 0
    done
    why="$1 cannot be fetched from this machine's package sources"
    ! grep -q NO_PUBKEY "$dir/log" || why="this machine's Debian keyring has no key for $1"
    echo "$why" >"$dir/why"
    return 1
}

# fetch SUITE PACKAGE FILE: leaves the package's FILE at $got.
fetch() {
    open "$1" || return 1
    (cd "$new/$1" && runs "${apt[@]}" download "$2/$1") ||
        { why="no package $2 for $(dpkg --print-architecture) from $1"; return 1; }
    dpkg-deb --fsys-tarfile "$new/$1/$2"_*.deb | tar -x -C "$new/$1" "./$3" ||
        { why="the package $2 of $1 has no $3"; return 1; }
    got=$new/$1/$3
    # Should the caller find that it does not run:
    why="$2 of $1 does not run on Debian $(</etc/debian_version)"
}
