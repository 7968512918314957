#!/bin/bash
# Builds the engines that cellm is compared with. See --help.
set -euo pipefail

package=node-llama-cpp
version=3.22.1
bundle_sha256=5f5d1105d5df040738d87b8290e5d17e7362131cdcfdb0831618e0ea528b4a51
tools='llama-bench llama-quantize llama-perplexity'

usage() {
  cat <<'TEXT'
Usage: bench/peers/build_peers.sh FOLDER [IK_CHECKOUT]

Builds llama-bench, llama-quantize and llama-perplexity of llama.cpp v0.5.0, for this machine's
processor, in FOLDER/llama.cpp/build/bin. The source is the git bundle inside the npm package
node-llama-cpp 3.22.1. IK_CHECKOUT is a checkout of ik_llama.cpp, whose llama-bench is then built in
FOLDER/ik_llama.cpp/build/bin, without its flash attention kernels, which take long to compile: use
it with -fa 0.

Needs git, npm, cmake, ninja and g++. Takes a quarter of an hour on two cores the first time, nothing later.
TEXT
}

case ${1:-} in
  -h | --help)
    usage
    exit 0
    ;;
  '' | -*)
    usage >&2
    exit 2
    ;;
esac
for name in git npm cmake ninja c++ sha256sum; do
  command -v "$name" >/dev/null || { echo "build_peers: $name is missing" >&2; exit 1; }
done
mkdir -p -- "$1"
folder=$(cd -- "$1" && pwd)
ik=${2:+$(cd -- "$2" && pwd)}

# build SOURCE BUILD TARGETS OPTION...
build() {
  local source=$1 out=$2 targets=$3
  shift 3
  # The configure checks leave an a.out in the current folder.
  (cd "$folder" && cmake -G Ninja -S "$source" -B "$out" -DCMAKE_BUILD_TYPE=Release -DGGML_NATIVE=ON "$@" >/dev/null)
  # shellcheck disable=SC2086  # a list of words
  cmake --build "$out" --target $targets
}

if [ ! -d "$folder/llama.cpp/.git" ]; then
  (cd "$folder" && npm pack --silent "$package@$version" >/dev/null)
  tar -xzf "$folder/$package-$version.tgz" -C "$folder" package/llama/gitRelease.bundle
  echo "$bundle_sha256  $folder/package/llama/gitRelease.bundle" | sha256sum --check --status ||
    { echo "build_peers: the bundle of $package $version has another SHA-256 than expected" >&2; exit 1; }
  git clone --quiet "$folder/package/llama/gitRelease.bundle" "$folder/llama.cpp"
fi
build "$folder/llama.cpp" "$folder/llama.cpp/build" "$tools" \
  -DLLAMA_CURL=OFF -DLLAMA_OPENSSL=OFF -DLLAMA_BUILD_SERVER=OFF -DLLAMA_BUILD_TESTS=OFF -DLLAMA_BUILD_EXAMPLES=OFF
if [ -n "$ik" ]; then
  # Without the kernels their symbols are missing, which only matters with -fa 1.
  unused=-Wl,--unresolved-symbols=ignore-all
  build "$ik" "$folder/ik_llama.cpp/build" llama-bench \
    -DLLAMA_CURL=OFF -DLLAMA_BUILD_SERVER=OFF -DLLAMA_BUILD_TESTS=OFF -DGGML_IQK_FLASH_ATTENTION=OFF \
    -DCMAKE_SHARED_LINKER_FLAGS="$unused" -DCMAKE_EXE_LINKER_FLAGS="$unused"
fi
