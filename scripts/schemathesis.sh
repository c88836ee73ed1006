#!/usr/bin/env bash
# schemathesis.sh EXAMPLES: asks a root, started for this alone, what its own /openapi.json allows and forbids, with every check that
# schemathesis (PyPI) has; about so many requests for each operation that takes anything.
set -euo pipefail
cd "$(dirname "$0")/.."
venv=.venv-schemathesis
port=${PORT:-5990}
log=$(mktemp)

[ -x "$venv/bin/schemathesis" ] || {
    echo "installing schemathesis into $venv"
    /usr/bin/python3 -m venv --clear "$venv"
    "$venv/bin/python" -m pip install --quiet --disable-pip-version-check schemathesis==4.32.5
}

"${CANOPY_BIN_DIR:-.build/release}/cachenode" --name NODE-1 --depth 16 --listen "127.0.0.1:$port" --advertise "127.0.0.1:$port" \
    >"$log" 2>&1 &
node=$!
trap 'kill "$node" 2>/dev/null; wait "$node" 2>/dev/null; rm -f "$log"' EXIT
export SCHEMATHESIS_HOOKS=schemathesis_hooks PYTHONPATH=scripts
"$venv/bin/schemathesis" --config-file scripts/schemathesis.toml run "http://127.0.0.1:$port/openapi.json" --checks all --max-examples "$1" --seed 9110 \
    --wait-for-schema 10 --no-color || { tail -20 "$log"; exit 1; }
kill -0 "$node"
