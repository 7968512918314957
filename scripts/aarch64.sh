#!/bin/bash
# Cross-builds cellm for 64-bit ARM and tests it under qemu-user. See --help.
set -euo pipefail

usage='usage: scripts/aarch64.sh [--kernels | --all]   (--help says more)'
case ${1-} in
  -h | --help)
    cat <<'TEXT'
Usage: scripts/aarch64.sh [--kernels | --all]

Cross-builds cellm for 64-bit ARM into build/aarch64 and runs tests of it under
qemu-user:

  the tests of the kernels on three processors: with products of byte matrices
  (target neoni8mm), with dot products only (neon), and with neither (scalar)

  logits of the test models against those of transformers, with the best target
  of each of these processors

--kernels stops after the first part; --all adds all unit tests, on the first
processor.

Installs the Debian packages that are missing: the cross compiler and the
emulator. The libraries for arm64 are downloaded from the same archive and
unpacked into build/aarch64-sysroot; the system itself stays without that
architecture. CMAKE_BUILD_PARALLEL_LEVEL=N builds N at a time (default: one per
CPU).

Exit code 0 if nothing failed, 1 otherwise, 2 for wrong arguments.
TEXT
    exit 0
    ;;
  '' | --kernels | --all) ;;
  *)
    echo "$usage" >&2
    exit 2
    ;;
esac
if [ "$#" -gt 1 ]; then
  echo "$usage" >&2
  exit 2
fi
part=${1-}

cd -- "$(dirname -- "${BASH_SOURCE[0]}")/.."
. scripts/packages.sh
# shellcheck disable=SC2086  # lists of words
require_packages $build_packages $aarch64_packages

export CCACHE_BASEDIR=$PWD CCACHE_NOHASHDIR=1
export CMAKE_BUILD_PARALLEL_LEVEL=${CMAKE_BUILD_PARALLEL_LEVEL:-$(nproc)}

# make_sysroot FOLDER PACKAGE...: the packages for arm64 and what they depend on, unpacked. apt resolves them in a state
# of its own, as if nothing was installed. Made anew if the list changes.
make_sysroot() {
  local folder=$1 packages archive
  shift
  packages=$*
  if [ "$(cat "$folder/packages.txt" 2>/dev/null)" = "$packages" ]; then return 0; fi
  rm -rf "$folder"
  mkdir -p "$folder"/apt/{lists/partial,archives/partial} "$folder"/usr/{bin,lib,sbin}
  : >"$folder/apt/status"
  # The merged folders that Debian's packages expect.
  for name in bin lib sbin; do ln -s "usr/$name" "$folder/$name"; done
  local apt=(apt-get -qq -o APT::Architecture=arm64 -o APT::Architectures::=arm64
    -o Dir::State="$PWD/$folder/apt" -o Dir::State::status="$PWD/$folder/apt/status"
    -o Dir::Cache="$PWD/$folder/apt" -o APT::Sandbox::User="$(id -un)" -o Debug::NoLocking=1)
  "${apt[@]}" update || true  # archives without arm64 may be listed, too
  # shellcheck disable=SC2086  # a list of words
  "${apt[@]}" install --yes --no-install-recommends --download-only $packages >/dev/null
  for archive in "$folder"/apt/archives/*.deb; do
    dpkg-deb --fsys-tarfile "$archive" | tar -x --keep-directory-symlink -C "$folder"
  done
  rm -rf "$folder/apt"
  printf '%s' "$packages" >"$folder/packages.txt"
}

step() { printf '\n== %s\n' "$*"; }

step 'Libraries for arm64'
# shellcheck disable=SC2086  # a list of words
make_sysroot build/aarch64-sysroot $aarch64_libraries

# Processors, and the best target that each must have. Signatures of pointers as ARM defines them would take minutes to
# emulate.
processors='max,pauth-impdef=on:neoni8mm neoverse-n1:neon cortex-a72:scalar'

# emulate PROCESSOR PROGRAM ARGUMENT...
emulate() {
  QEMU_CPU=$1 qemu-aarch64 -L build/aarch64-sysroot "${@:2}"
}

step 'Building the tests of the kernels'
cmake --preset aarch64 >/dev/null
cmake --build --preset aarch64 --target kernels_test
tests=build/aarch64/bin/kernels_test
for item in $processors; do
  processor=${item%:*} target=${item#*:}
  step "Kernels on $processor"
  # The tests of a suite are listed in the order of its targets, best last.
  best=$(emulate "$processor" $tests --gtest_list_tests --gtest_filter='*/EveryTarget.MatmulAgreesWithDouble/*' |
    sed -nE 's|^ +[A-Za-z]+/([a-z0-9]+) .*|\1|p' | tail -n 1)
  if [ "$best" != "$target" ]; then
    echo "the best target of $processor is \"$best\", not $target" >&2
    exit 1
  fi
  emulate "$processor" $tests --gtest_brief=1 --gtest_filter="*$target*:KernelTable*:HalfSums*"
done
if [ "$part" = --kernels ]; then exit 0; fi

step 'Building the comparison with reference logits'
cmake --build --preset aarch64 --target reference_test
for item in $processors; do
  step "Reference logits on ${item%:*}"
  emulate "${item%:*}" build/aarch64/bin/reference_test --gtest_brief=1
done
if [ "$part" != --all ]; then exit 0; fi

step 'All unit tests'
cmake --build --preset aarch64
first=${processors%% *}
QEMU_CPU=${first%:*} ctest --preset aarch64 --parallel "$CMAKE_BUILD_PARALLEL_LEVEL" --label-regex '^unit$'
