#!/usr/bin/env bash
# images.sh source|prebuilt: builds the container images canopy and canopy-zookeeper. "source" compiles in an image that has Swift;
# "prebuilt" takes what `make build` has made here, which runs in the image if this machine is a Debian 12.
set -euo pipefail
cd "$(dirname "$0")/.."
binaries=${1:?usage: $0 source|prebuilt}
version=0.1.0

if [ "$binaries" = prebuilt ]; then
    mkdir -p .build/prebuilt
    for program in cachenode kvctl; do strip -o ".build/prebuilt/$program" ".build/release/$program"; done
fi
# BuildKit leaves out the stage that isn't asked for; docker before 23 has to be told to use it.
export DOCKER_BUILDKIT=1
docker build --quiet --tag "canopy:$version" --file images/canopy/Dockerfile --build-arg "BINARIES=$binaries" . >/dev/null
docker build --quiet --tag "canopy-zookeeper:$version" images/zookeeper >/dev/null
docker images --filter "reference=canopy*:$version" --format '{{.Repository}}:{{.Tag}} {{.Size}}'
