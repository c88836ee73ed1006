#!/usr/bin/env bash
# install.sh build|test|model|zookeeper|bench: installs what is missing of what building (testing, checking the model, a ZooKeeper server, measuring) needs: Debian packages, and a Python environment in .venv.
set -euo pipefail
cd "$(dirname "$0")/.."

build_packages=(libuv1-dev pkg-config)
test_packages=("${build_packages[@]}" binutils iproute2 nftables python3 python3-venv wrk default-jre-headless libzookeeper-java gcc libc6-dev valgrind)
model_packages=(spin gcc libc6-dev)
zookeeper_packages=(default-jre-headless libzookeeper-java)
bench_packages=(linux-perf memcached nginx-light redis-server)

case "${1:-}" in
build) packages=("${build_packages[@]}") ;;
test) packages=("${test_packages[@]}") ;;
model) packages=("${model_packages[@]}") ;;
zookeeper) packages=("${zookeeper_packages[@]}") ;;
bench) packages=("${bench_packages[@]}") ;;
*) echo "usage: $0 build|test|model|zookeeper|bench" >&2; exit 2 ;;
esac

if [ "$1" != model ] && ! command -v swift >/dev/null; then
    echo "swift is not on the PATH: install a toolchain first (https://www.swift.org/install), 6.2 or later" >&2
    exit 1
fi

missing=()
for package in "${packages[@]}"; do
    dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null | grep -qx installed || missing+=("$package")
done
if [ ${#missing[@]} -gt 0 ]; then
    echo "installing ${missing[*]}"
    as_root=()
    if [ "$(id -u)" -ne 0 ]; then
        command -v sudo >/dev/null || {
            echo "neither root nor sudo here; run this as root: apt-get install ${missing[*]}" >&2
            exit 1
        }
        as_root=(sudo)
    fi
    "${as_root[@]}" apt-get update -qq
    DEBIAN_FRONTEND=noninteractive "${as_root[@]}" apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
    # Debian starts a server when it is installed; these are for the benchmarks, which start their own.
    if [ "$1" = bench ] && [ -d /run/systemd/system ]; then
        for service in nginx memcached redis-server; do
            [[ " ${missing[*]} " != *" $service"* ]] || "${as_root[@]}" systemctl --quiet disable --now "$service"
        done
    fi
fi

if [ "$1" = test ]; then
    requirements=Tests/ClusterTests/requirements.txt
    if ! cmp -s "$requirements" .venv/installed.txt; then
        echo "installing the tests' Python packages into .venv"
        /usr/bin/python3 -m venv --clear .venv
        .venv/bin/python -m pip install --quiet --disable-pip-version-check -r "$requirements"
        cp "$requirements" .venv/installed.txt
    fi
fi
