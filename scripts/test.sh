#!/bin/bash
# Builds cellm and runs all tests. See --help.
set -euo pipefail

if [ "$#" -ne 0 ]; then
  case $1 in
    -h | --help)
      cat <<'TEXT'
Usage: scripts/test.sh

Installs the Debian packages that are missing, builds cellm twice and checks it:

  release   all tests, as users run it
  dev       all tests but those labelled slow, under AddressSanitizer and
            UndefinedBehaviorSanitizer
  style     format, includes, symbols and clang-tidy

The last line is "N passed, N failed". Exit code 0 if nothing failed, 1 otherwise.
The first run takes some minutes; later ones build and check only what changed.
CMAKE_BUILD_PARALLEL_LEVEL=N builds and tests N at a time (default: one per CPU).
TEXT
      exit 0
      ;;
    *)
      echo 'usage: scripts/test.sh (no arguments; --help says what it does)' >&2
      exit 2
      ;;
  esac
fi

cd -- "$(dirname -- "${BASH_SOURCE[0]}")/.."
. scripts/packages.sh
# shellcheck disable=SC2086  # lists of words
require_packages $build_packages $test_packages $check_packages

# Lets clones in other folders share the compiler cache.
export CCACHE_BASEDIR=$PWD CCACHE_NOHASHDIR=1
export CMAKE_BUILD_PARALLEL_LEVEL=${CMAKE_BUILD_PARALLEL_LEVEL:-$(nproc)}

# make_environment FOLDER REQUIREMENTS: an environment with packages from the Python package index, made anew if the
# requirements have changed. Fails if they cannot be installed.
make_environment() {
  if cmp -s "$2" "$1/requirements.txt"; then return 0; fi
  python3 -m venv --clear "$1" && "$1/bin/pip" install --quiet --requirement "$2" && cp "$2" "$1/requirements.txt"
}

# Clients of the server; without them their tests are skipped.
make_environment build/venv tests/requirements.txt ||
  echo "The clients of tests/requirements.txt could not be installed; their tests are skipped." >&2
# What builds and tests the Python package.
with_python=OFF
if make_environment build/python-venv python/tests/requirements.txt; then
  with_python=ON
else
  echo "python/tests/requirements.txt could not be installed; the Python package is not built and not tested." >&2
fi

passed=0
failed=0
skipped=0

step() { printf '\n== %s\n' "$*"; }

# Prints the summary of an aborted run.
give_up() {
  printf '\n%s\n' "$1" >&2
  echo "$passed passed, $((failed + 1)) failed"
  exit 1
}

build() {
  local preset=$1
  shift
  step "Building $preset"
  cmake --preset "$preset" "$@" >/dev/null || give_up "Configuring $preset failed; the reason is above."
  cmake --build --preset "$preset" || give_up "Building $preset failed; the reason is above."
}

# check PRESET NAME CTEST_ARGUMENT...: runs tests, prints failed ones, adds to the totals.
check() {
  local preset=$1 log=build/$1/ctest-$2.log counts
  shift 2
  ctest --preset "$preset" --parallel "$CMAKE_BUILD_PARALLEL_LEVEL" "$@" 2>&1 | tee "$log" |
    { grep -vE '^ *Start +[0-9]+:|^ *[0-9]+/[0-9]+ Test +#[0-9]+: .* Passed +[0-9]' || true; } || true
  counts=$(sed -nE 's/^[0-9]+% tests passed, ([0-9]+) tests? failed out of ([0-9]+)$/\1 \2/p' "$log")
  if [ -z "$counts" ]; then
    echo "ctest ran no tests of $preset"
    failed=$((failed + 1))
    return
  fi
  local bad=${counts% *} all=${counts#* } left_out
  left_out=$(grep -cE '\*\*\*Skipped' "$log" || true)
  passed=$((passed + all - bad - left_out))
  failed=$((failed + bad))
  skipped=$((skipped + left_out))
}

build release -D CELLM_UNITS=TESTS -D CELLM_PYTHON=$with_python -D Python_EXECUTABLE="$PWD/build/python-venv/bin/python"
build dev -D CELLM_UNITS=ALL  # the release build compiles the sources of the libraries alone
step 'Tests, release'
check release tests --label-exclude style
step 'Tests, dev (sanitizers)'
check dev tests --label-exclude slow
step 'Style (clang-tidy takes minutes on sources that it has not seen)'
check release style --label-regex style

echo
if [ "$skipped" -ne 0 ]; then echo "$skipped skipped, see above"; fi
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
