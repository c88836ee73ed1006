#!/usr/bin/env bash
# cluster-test.sh PATH...: the tests of real processes; first, some at a time, those that may run beside each other, then each of the rest alone.
set -uo pipefail
cd "$(dirname "$0")/.."
export CANOPY_BIN_DIR=$PWD/.build/release

# Prints nothing and answers 5, as pytest does, if none of the tests is of this kind.
tests() {
    local kind=$1
    shift
    .venv/bin/python -m pytest -q -m "$kind" --collect-only "${paths[@]}" >/dev/null 2>&1
    [ $? -ne 5 ] || return 5
    .venv/bin/python -m pytest -q -m "$kind" "$@" "${paths[@]}"
}

paths=("$@")
# They wait more than they compute.
tests "not alone" -n "$((2 * $(nproc)))" --dist worksteal
together=$?
tests alone
alone=$?
for status in "$together" "$alone"; do
    [ "$status" -eq 0 ] || [ "$status" -eq 5 ] || exit "$status"
done
if [ "$together" -eq 5 ] && [ "$alone" -eq 5 ]; then
    echo "there are no tests in ${paths[*]}" >&2
    exit 5
fi
