#!/usr/bin/env bash
# run.sh DEPTH BASE_PORT COHERENCE [ZOOKEEPER]: starts a tree on this machine, shows it, writes and reads through it, and stops it on Ctrl-C.
# ZOOKEEPER is HOST:PORT of the server that is to record the tree; with 1 one is started too, at port BASE_PORT, and stopped with the tree.
set -euo pipefail
cd "$(dirname "$0")/.."
depth=$1 base_port=$2 coherence=$3 zookeeper=${4:-}
bin=$PWD/.build/release
last=$(((1 << depth) - 1))
kvctl=("$bin/kvctl")
options=()
server= folder=

say() { printf '\n\033[1m$ %s\033[0m\n' "$*"; }
try() {
    say "kvctl $*"
    "${kvctl[@]}" "$@" --base-port "$base_port"
}

answers() { (exec 3<>"/dev/tcp/127.0.0.1/$1" && printf srvr >&3 && timeout 2 grep -q '^Mode:' <&3) 2>/dev/null; }
start_zookeeper() {
    if (exec 3<>"/dev/tcp/127.0.0.1/$base_port") 2>/dev/null; then
        echo "port $base_port for ZooKeeper is in use: choose another BASE_PORT, or ZOOKEEPER=HOST:PORT for a server that runs" >&2
        exit 1
    fi
    folder=$(mktemp -d)
    scripts/zookeeper.sh "$base_port" "$folder" >"$folder/log" 2>&1 </dev/null &
    server=$!
    for _ in {1..300}; do
        if answers "$base_port"; then
            echo "ZooKeeper serves at 127.0.0.1:$base_port"
            return
        fi
        kill -0 "$server" 2>/dev/null || break
        sleep 0.1
    done
    tail -20 "$folder/log" >&2
    echo "ZooKeeper did not start" >&2
    exit 1
}
stop_zookeeper() {
    if [ -n "$server" ]; then kill "$server" 2>/dev/null && wait "$server" 2>/dev/null || true; fi
    if [ -n "$folder" ]; then rm -rf "$folder"; fi
}

trap stop_zookeeper EXIT
trap 'echo; "${kvctl[@]}" cluster down --base-port "$base_port"; exit 0' INT TERM
trap 'echo; "${kvctl[@]}" cluster down --base-port "$base_port" >/dev/null 2>&1 || true' ERR
case "$zookeeper" in
"" | 0) ;;
1) start_zookeeper && options=(--zookeeper "127.0.0.1:$base_port") ;;
*) options=(--zookeeper "$zookeeper") ;;
esac
"${kvctl[@]}" cluster up --depth "$depth" --base-port "$base_port" --coherence "$coherence" --cachenode "$bin/cachenode" "${options[@]}"
try tree
if [ ${#options[@]} -gt 0 ]; then try nodes; fi
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
