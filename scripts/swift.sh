#!/usr/bin/env bash
# swift.sh build|test [ARG...]: the Swift package manager, quiet while all goes well.
set -uo pipefail
cd "$(dirname "$0")/.."
log=$(mktemp)
trap 'rm -f "$log"' EXIT
echo "swift $*"
# Debug builds would write an index for editors, which takes time.
options=(--disable-index-store -j "$(nproc)")
if [ "$1" = test ]; then
    swift "$@" "${options[@]}" 2>&1 | tee "$log" | grep -aE --line-buffered '^✘|recorded an issue|Test run with|^Executed'
    status=${PIPESTATUS[0]}
else
    swift "$@" "${options[@]}" >"$log" 2>&1
    status=$?
fi
[ "$status" -eq 0 ] || { tail -60 "$log"; echo "swift $1 failed" >&2; }
exit "$status"
