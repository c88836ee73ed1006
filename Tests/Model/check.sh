#!/usr/bin/env bash
# check.sh: lets spin search both models completely, then once without each rule; needs spin and gcc (`make model` installs spin).
# A rule whose removal spin doesn't notice means that the model is wrong.
set -uo pipefail
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
passed=0 failed=0

# run NAME MODEL EXPECTED FLAG...: EXPECTED is `holds` or `violated`.
run() {
    local name=$1 model=$2 expected=$3 found errors states
    shift 3
    mkdir "$work/$name"
    (
        cd "$work/$name" || exit
        spin "$@" -a "$here/$model.pml" >log 2>&1 || exit
        gcc -O2 -w -DSAFETY -DVECTORSZ=2048 -DHC4 -DMEMLIM=9000 -o pan pan.c >>log 2>&1 || exit
        ./pan -m2000000 -w26 >out 2>&1
    )
    errors=$(sed -nE 's/.*errors: ([0-9]+).*/\1/p' "$work/$name/out" 2>/dev/null)
    states=$(sed -nE 's/^ *([0-9.e+]+) states, stored.*/\1/p' "$work/$name/out" 2>/dev/null)
    case "$errors" in
    0) found=holds ;;
    '') found="not checked" ;;
    *) found=violated ;;
    esac
    # A search that stopped at its depth or memory proves nothing.
    if [ "$found" = holds ] && grep -qE 'max search depth too small|out of memory|memory limit' "$work/$name/out"; then
        found="not complete"
    fi
    if [ "$found" = "$expected" ]; then
        passed=$((passed + 1))
        printf '%-28s %-9s %s states\n' "$name" "$found" "$states"
    else
        failed=$((failed + 1))
        printf '%-28s %s, expected %s: WRONG\n' "$name" "$found" "$expected"
        tail -3 "$work/$name/log" 2>/dev/null
    fi
    rm -rf "${work:?}/$name"
}

few=(-DWRITES=2 -DREADS=3 -DEVICTIONS=2 -DDROPS=1 -DCRASHES=1)
tags=(-DTAGS -DWRITES=2 -DREADS=3 -DEVICTIONS=2 -DDROPS=1 -DCRASHES=0)

run chain link holds "${few[@]}"
run deep link holds "${few[@]}" -DPARENT_OF_3=1
run lagging-uncle link holds "${few[@]}" -DNEXT_PARENT=3
run silent-evictions link holds "${few[@]}" -DSILENT -DPARENT_OF_3=1
run tags link holds "${tags[@]}"
run two-drops link holds -DWRITES=2 -DREADS=2 -DEVICTIONS=1 -DDROPS=2 -DCRASHES=1
for rule in 1 2 3 5 6 7 8 9; do run "without-rule-$rule" link violated "${few[@]}" -DWITHOUT=$rule; done
run without-rule-4 link violated "${tags[@]}" -DWITHOUT=4
run without-rule-10 link violated "${few[@]}" -DNEXT_PARENT=3 -DWITHOUT=10

run freshness fresh holds
for change in FROM_RECEIPT NO_AGE OUT_OF_BAND FORGETFUL_FILL; do run "freshness-$change" fresh violated -D$change; done

echo "$passed as expected, $failed not"
[ "$failed" -eq 0 ]
