#!/bin/bash
# Makes the files of a release. See --help.
set -euo pipefail

usage='usage: scripts/release.sh TAG [FOLDER]   (--help says more)'
case ${1---} in
  -h | --help)
    cat <<'TEXT'
Usage: scripts/release.sh TAG [FOLDER]

Builds a release from a tag, or any commit, of this repository in a temporary
clone, and puts its files into FOLDER (default: build/release-TAG):

  cellm-VERSION.tar.gz      the sources
  cellm_engine-….whl        the Python package with the program
  *.deb                     the program, the shared library, the development files
  SHA256SUMS                the checksums of these

The time of the commit is the time in all of them, so that the same commit, built
twice on one system, gives the same source archive and Debian packages.
DEBFULLNAME and DEBEMAIL name the maintainer of the Debian packages.

Example: scripts/release.sh v0.2.0
Exit code 0 if all files were made, 1 otherwise, 2 for wrong arguments.
TEXT
    exit 0
    ;;
  -*)
    echo "$usage" >&2
    exit 2
    ;;
esac
if [ "$#" -gt 2 ]; then
  echo "$usage" >&2
  exit 2
fi

tag=$1
cd -- "$(dirname -- "${BASH_SOURCE[0]}")/.."
git rev-parse --quiet --verify "$tag^{commit}" >/dev/null || {
  echo "$tag is no tag or commit of this repository" >&2
  exit 2
}
. scripts/packages.sh
# shellcheck disable=SC2086  # lists of words
require_packages $build_packages $package_packages

output=${2:-build/release-$tag}
mkdir -p "$output"
output=$(cd "$output" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

git clone --quiet --no-checkout . "$work/cellm"
git -C "$work/cellm" checkout --quiet --detach "$(git rev-parse "$tag^{commit}")"
cd "$work/cellm"
SOURCE_DATE_EPOCH=$(git log -1 --format=%ct)
export SOURCE_DATE_EPOCH CCACHE_BASEDIR=$PWD CCACHE_NOHASHDIR=1 CXX=c++
version=$(sed -nE 's/^project\(cellm VERSION ([0-9.]+).*/\1/p' CMakeLists.txt)

echo "== Sources"
git archive --format=tar --prefix="cellm-$version/" HEAD | gzip -9n >"$work/cellm-$version.tar.gz"

echo "== Debian packages"
cmake --preset debian >/dev/null
cmake --build --preset debian
contact=()
if [ -n "${DEBEMAIL-}" ]; then contact=(-D "CPACK_PACKAGE_CONTACT=${DEBFULLNAME-cellm maintainers} <$DEBEMAIL>"); fi
(cd build/debian && cpack -B "$work/packages" "${contact[@]}")

echo "== Python package"
python3 -m venv "$work/venv"
"$work/venv/bin/pip" wheel --quiet --no-deps --wheel-dir "$work" .

cp "$work"/*.tar.gz "$work"/*.whl "$work"/packages/*.deb "$output"
cd "$output"
sha256sum -- *.tar.gz *.whl *.deb >SHA256SUMS
cat SHA256SUMS
