#!/usr/bin/env bash
# fuzz.sh NAME SECONDS [libFuzzer option...]: builds the fuzz target Tests/Fuzz/NAME under the address sanitizer and runs it for so long.
# It begins with the inputs in Tests/Fuzz/Corpus/NAME; those that it finds are in .build-fuzz/NAME/found, and what made it crash is in
# .build-fuzz/NAME. NAME "all" runs every target for SECONDS each.
#
# A target is a folder of Swift files that define LLVMFuzzerTestOneInput. The line "// modules: A B" in one of them names the modules
# of Sources/ that it imports, in the order in which they must be compiled.
set -euo pipefail
cd "$(dirname "$0")/.."

name=${1:?usage: $0 NAME SECONDS}
seconds=${2:?usage: $0 NAME SECONDS}
shift 2

if [ "$name" = all ]; then
    for target in Tests/Fuzz/*/; do
        target=$(basename "$target")
        [ "$target" = Corpus ] || "$0" "$target" "$seconds" "$@"
    done
    exit
fi

build=$PWD/.build-fuzz/$name
corpus=Tests/Fuzz/Corpus/$name
mkdir -p "$build/found" "$corpus"
# Optimized, but with all of Swift's own checks, which end the process where C's behaviour would be undefined: swiftc has no
# -sanitize=undefined for Linux.
flags=(-O -sanitize=fuzzer,address -enforce-exclusivity=checked -assert-config Debug
    -parse-as-library -enable-testing -wmo -I Sources/CLibUV -I "$build"
    -Xfrontend -disable-implicit-concurrency-module-import -Xfrontend -disable-implicit-string-processing-module-import)

objects=()
for module in $(sed -n 's|^// modules: ||p' Tests/Fuzz/"$name"/*.swift); do
    find "Sources/$module" -name '*.swift' -print0 | xargs -0 swiftc "${flags[@]}" -emit-module -emit-module-path "$build/$module.swiftmodule" \
        -module-name "$module" -c -o "$build/$module.o"
    objects+=("$build/$module.o")
done
swiftc "${flags[@]}" -module-name "Fuzz_$name" Tests/Fuzz/"$name"/*.swift "${objects[@]}" -luv -o "$build/$name"

ASAN_OPTIONS=detect_leaks=1 "$build/$name" -max_total_time="$seconds" -max_len=4096 -timeout=10 -rss_limit_mb=2048 \
    -print_final_stats=1 -artifact_prefix="$build/" "$@" "$build/found" "$corpus"
