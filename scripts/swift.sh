#!/usr/bin/env bash
# swift.sh build|test [ARG...]: the Swift package manager, quiet while all goes well.
set -uo pipefail
cd "$(dirname "$0")/.."
log=$(mktemp)
trap 'rm -f "$log"' EXIT
echo "swift $*"
if [ "$1" = test ]; then
    swift "$@" -j "$(nproc)" 2>&1 | tee "$log" | grep -aE --line-buffered '^✘|recorded an issue|Test run with|^Executed'
    status=${PIPESTATUS[0]}
else
    swift "$@" -j "$(nproc)" >"$log" 2>&1
    status=$?
fi
[ "$status" -eq 0 ] || { tail -60 "$log"; echo "swift $1 failed" >&2; }
exit "$status"
