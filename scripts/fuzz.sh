#!/usr/bin/env bash
# fuzz.sh SECONDS [TARGET...]: builds the fuzz targets under the address sanitizer and runs each for so long, JOBS (1) at a time; without TARGET
# all of them. With 0 SECONDS it only builds; OPTIONS holds further options for libFuzzer. The exit status is 1 if one found something.
#
# A target is a folder in Tests/Fuzz whose files define LLVMFuzzerTestOneInput. The line "// modules: A B" in one of them names the modules
# of Sources/ that it imports, in the order in which they must be compiled; "// sources: FILE" further files. A run begins with the inputs in
# Tests/Fuzz/Corpus/TARGET and those that earlier runs found, which are kept in .build-fuzz/found/TARGET; what ends it with an error is
# in .build-fuzz/crashes, and said.
set -euo pipefail
cd "$(dirname "$0")/.."

seconds=${1:?usage: $0 SECONDS [TARGET...]}
shift
targets=("$@")
if [ ${#targets[@]} -eq 0 ]; then
    for folder in Tests/Fuzz/*/; do
        [ "$(basename "$folder")" = Corpus ] || targets+=("$(basename "$folder")")
    done
fi
for target in "${targets[@]}"; do
    [ -d "Tests/Fuzz/$target" ] && [ "$target" != Corpus ] || {
        echo "there is no target $target; there are: $(ls Tests/Fuzz | grep -v -e Corpus -e swift | xargs)" >&2
        exit 2
    }
done

build=$PWD/.build-fuzz
mkdir -p "$build/crashes"
# Optimized, but with all of Swift's own checks, which end the process where C's behaviour would be undefined: swiftc has no
# -sanitize=undefined for Linux.
flags=(-O -sanitize=fuzzer,address -enforce-exclusivity=checked -assert-config Debug
    -parse-as-library -package-name canopy -enable-testing -wmo -I Sources/CLibUV -I "$build"
    -Xfrontend -disable-implicit-concurrency-module-import -Xfrontend -disable-implicit-string-processing-module-import)

# is_older FILE PATH...: true when FILE is missing, or a file in one of the paths, or this script, is newer.
is_older() {
    local file=$1
    shift
    [ ! -e "$file" ] || [ -n "$(find "$@" scripts/fuzz.sh -newer "$file" -print -quit)" ]
}

# One module for all targets that import it; and those that import one that was compiled again.
compile() {
    local module=$1 object=$build/$1.o inputs=("Sources/$1")
    shift
    for earlier in "$@"; do inputs+=("$build/$earlier.o"); done
    is_older "$object" "${inputs[@]}" || return 0
    echo "compiling $module"
    find "Sources/$module" -name '*.swift' -not -path '*/Main/*' -print0 | xargs -0 swiftc "${flags[@]}" -emit-module \
        -emit-module-path "$build/$module.swiftmodule" -module-name "$module" -c -o "$object.new"
    mv "$object.new" "$object"
}

link() {
    local target=$1 modules sources objects=() earlier=()
    modules=$(sed -n 's|^// modules: ||p' "Tests/Fuzz/$target"/*.swift)
    sources=$(sed -n 's|^// sources: ||p' "Tests/Fuzz/$target"/*.swift)
    for module in $modules; do
        compile "$module" "${earlier[@]}"
        earlier+=("$module")
        objects+=("$build/$module.o")
    done
    # shellcheck disable=SC2086
    is_older "$build/$target" "${objects[@]}" "Tests/Fuzz/$target" Tests/Fuzz/FuzzInput.swift $sources || return 0
    echo "building $target"
    # shellcheck disable=SC2086
    swiftc "${flags[@]}" -module-name "Fuzz_${target//-/_}" Tests/Fuzz/FuzzInput.swift "Tests/Fuzz/$target"/*.swift $sources \
        "${objects[@]}" -luv -use-ld=lld -o "$build/$target.new"
    mv "$build/$target.new" "$build/$target"
}

run() {
    local target=$1 found=$build/found/$1 log=$build/$1.log status=0 dictionary=Tests/Fuzz/$1/dictionary options=()
    mkdir -p "$found"
    [ ! -e "$dictionary" ] || options=(-dict="$dictionary")
    # shellcheck disable=SC2086
    ASAN_OPTIONS=detect_leaks=1 "$build/$target" -max_total_time="$seconds" -max_len=4096 -timeout=10 -rss_limit_mb=2048 \
        -print_final_stats=1 -artifact_prefix="$build/crashes/$target-" "${options[@]}" ${OPTIONS:-} "$found" "Tests/Fuzz/Corpus/$target" \
        >"$log" 2>&1 || status=$?
    if [ "$status" -ne 0 ]; then
        tail -60 "$log"
        echo "fuzz $target: failed with status $status; its log is $log" >&2
        return 1
    fi
    echo "fuzz $target: $(sed -n 's/^stat::number_of_executed_units: *//p' "$log") inputs in $seconds s, nothing found"
}

for target in "${targets[@]}"; do link "$target"; done
[ "$seconds" -gt 0 ] || exit 0
failed=0
for target in "${targets[@]}"; do
    # JOBS of them at a time.
    while [ "$(jobs -rp | wc -l)" -ge "${JOBS:-1}" ]; do wait -n || failed=1; done
    run "$target" &
done
while [ -n "$(jobs -p)" ]; do wait -n || failed=1; done
exit "$failed"
