#!/bin/bash
# The hook for pre-commit, as somebody uses it who commits: the real pre-commit (tests/tools.sh fetches it) installs it
# from this checkout, with everything that is not committed yet, and runs it in a small repository. cargo builds offline
# from what `cargo test` has fetched, without optimisation, and what it builds of other crates is kept in target/hook.
set -eu
export LC_ALL=C
cd "$(dirname "$0")/.."
target=${CARGO_TARGET_DIR:-target}
mkdir -p "$target/hook"
target=$(cd "$target" && pwd)
pre_commit=${QUADGEN_TOOLS:-$target/tools}/pre-commit/bin/pre-commit
not_run() { echo "not run: the hook for pre-commit ($1)"; exit 0; }
command -v git >/dev/null || not_run 'no git'
[ -x "$pre_commit" ] || not_run 'no pre-commit'

work=$(mktemp -d)
# The path of a crate is part of its name there, so quadgen itself is built anew each time.
clean() { rm -rf "$work" "$target"/hook/release/{quadgen*,libquadgen*,deps/*quadgen-*,.fingerprint/quadgen-*}; }
trap clean EXIT
unset $(git rev-parse --local-env-vars)
export PRE_COMMIT_HOME=$work/cache PRE_COMMIT_COLOR=never CARGO_NET_OFFLINE=true CARGO_TARGET_DIR=$target/hook
export CARGO_PROFILE_RELEASE_OPT_LEVEL=0 CARGO_PROFILE_RELEASE_LTO=off CARGO_PROFILE_RELEASE_CODEGEN_UNITS=16
export GIT_CONFIG_NOSYSTEM=1 GIT_CONFIG_GLOBAL=$work/gitconfig
printf '[user]\nname = test\nemail = test@example.org\n[init]\ndefaultBranch = main\n' >"$work/gitconfig"

hooks=$PWD/.pre-commit-hooks.yaml

# This checkout as one commit of a repository of its own.
here=(git --git-dir "$work/quadgen.git" --work-tree .)
git init -q --bare "$work/quadgen.git"
"${here[@]}" add -A
"${here[@]}" commit -qm 'the working tree'

git init -q "$work/repo"
cd "$work/repo"
cat >.pre-commit-config.yaml <<CONFIG
repos:
  - repo: $work/quadgen.git
    rev: $(git --git-dir "$work/quadgen.git" rev-parse HEAD)
    hooks:
      - id: quadgen
CONFIG
mkdir -p deploy/shop
good="platforms: {server: 'podman@5.4,rootless'}
services: {web: {image: docker.io/library/nginx:1.27}}"
bad="platforms: {server: 'podman@5.4,rootless'}
services: {web: {image: docker.io/library/nginx:1.27, networks: [front]}}"

said=$work/said
fail() { echo "tests/hook.sh: $1"; cat "$said"; exit 1; }
# commit PASSES|STOPPED WHAT TEXT: commits what is staged, and looks for the text in what pre-commit says.
commit() {
    local before after expected=moves
    before=$(git rev-parse -q --verify HEAD || true)
    git commit -m "$2" >"$said" 2>&1 && result=passes || result=stopped
    after=$(git rev-parse -q --verify HEAD || true)
    [ "$result" = "$1" ] || fail "$2: the commit $result"
    [ "$1" = passes ] || expected=stays
    [ "$([ "$before" = "$after" ] && echo stays || echo moves)" = "$expected" ] || fail "$2: HEAD does not as it should"
    grep -qE "$3" "$said" || fail "$2: nothing says $3"
}

start=$SECONDS
"$pre_commit" install --install-hooks >"$said" 2>&1 || fail 'the hook cannot be installed'
built=$((SECONDS - start))

printf '%s\n' "$good" >deploy/shop/topology.yaml
echo 'TAG=1' >deploy/shop/.env
echo 'A shop.' >README.md
git add -A
commit passes 'a good stack' 'quadgen lint\.*Passed'

printf '%s\n' "$bad" >deploy/shop/topology.yaml
git add -A
commit stopped 'a bad stack' 'deploy/shop/topology\.yaml:2'
grep -q 'QG006' "$said" || fail 'the finding is not shown'

# What is wrong lies in a file that the next commits leave alone.
git commit -q --no-verify -m 'past the hook'
echo 'TAG=2' >deploy/shop/.env
git add -A
commit stopped 'an env file beside a bad stack' 'deploy/shop/topology\.yaml:2'
git reset -q --hard

echo 'A better shop.' >README.md
git add -A
commit passes 'no file of a stack' 'no files to check\)Skipped'

git rm -q deploy/shop/topology.yaml
echo 'TAG=3' >deploy/shop/.env
git add -A
commit passes 'the last stack goes' 'quadgen lint\.*Passed'

# Two files that are good by themselves, and wrong together: a port of a base and of its override, and a unit of a tree
# whose network goes away.
cat >deploy/shop/compose.yaml <<'COMPOSE'
services:
  web: {image: docker.io/library/nginx:1.27, ports: ["8080:80"]}
COMPOSE
mkdir -p units
printf '[Container]\nImage=docker.io/library/nginx:1.27\nContainerName=web\nNetwork=front.network\n' >units/web.container
printf '[Install]\nWantedBy=default.target\n' >>units/web.container
printf '[Network]\n' >units/front.network
git add -A
commit passes 'a Compose file and units' 'quadgen lint\.*Passed'
cat >deploy/shop/compose.override.yaml <<'OVERRIDE'
services:
  admin: {image: docker.io/library/nginx:1.27, ports: ["8080:80"]}
OVERRIDE
git add -A
commit stopped 'an override that takes a port' 'deploy/shop/compose\.override\.yaml:2.*QG401|QG401'
git reset -q --hard
# pre-commit is not asked about a file that only goes away; this one gets another name.
git mv units/front.network units/back.network
commit stopped 'a network that units need is called otherwise' 'QG006'
git reset -q --hard

# Which files make it run.
"$(dirname "$pre_commit")/python" - "$hooks" >"$said" 2>&1 <<'PYTHON' || fail 'not the right files make it run'
import re, sys, yaml
files = yaml.safe_load(open(sys.argv[1]))[0]["files"]
runs = """topology.yaml a/b/shop.topology.yml compose.yaml docker-compose.prod.yml a/prod.compose.yaml .env a/.env.local
db.env web.container web.container.d/10-ports.conf container.d/x.conf web-.container.d/y.conf x.artifact a/back.network quadgen.toml pod.kube"""
does_not = """README.md topology.md mytopology.yaml src/composer.yaml decompose.yaml environment.yaml a.envrc Containerfile
container a.conf web.service x.containers network/main.tf"""
wrong = [name for name in runs.split() if not re.search(files, name)]
wrong += [name for name in does_not.split() if re.search(files, name)]
sys.exit(" ".join(wrong) or 0)
PYTHON
echo "the hook for pre-commit: 8 commits as they should be with $("$pre_commit" --version); built in $built s"
