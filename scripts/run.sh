#!/usr/bin/env bash
# run.sh DEPTH BASE_PORT COHERENCE: starts a tree on this machine, shows it, writes and reads through it, and stops it on Ctrl-C.
set -euo pipefail
cd "$(dirname "$0")/.."
depth=$1 base_port=$2 coherence=$3
bin=$PWD/.build/release
last=$(((1 << depth) - 1))
kvctl=("$bin/kvctl")

say() { printf '\n\033[1m$ %s\033[0m\n' "$*"; }
try() {
    say "kvctl $*"
    "${kvctl[@]}" "$@" --base-port "$base_port"
}

trap 'echo; "${kvctl[@]}" cluster down --base-port "$base_port"; exit 0' INT TERM
trap 'echo; "${kvctl[@]}" cluster down --base-port "$base_port" >/dev/null 2>&1 || true' ERR
"${kvctl[@]}" cluster up --depth "$depth" --base-port "$base_port" --coherence "$coherence" --cachenode "$bin/cachenode"
try tree
try put "NODE-$(((last + 1) / 2))" hello world
sleep 0.2 # the write climbs its last hop in the background
try get "NODE-$last" hello
cat <<TEXT

The tree runs. In another terminal:

  curl -X PUT localhost:$((base_port + last))/kv/greeting --data-binary 'hello'   # write at a leaf
  curl localhost:$((base_port + 1))/kv/greeting                                   # read at the root
  $bin/kvctl --help
  open http://localhost:$((base_port + 1))/docs                                   # every endpoint, to try

Ctrl-C stops it.
TEXT
while :; do sleep 3600 & wait $!; done
