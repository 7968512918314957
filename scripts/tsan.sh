#!/bin/bash
# Runs the tests of code shared by threads under ThreadSanitizer. See --help.
set -euo pipefail

if [ "$#" -ne 0 ]; then
  case $1 in
    -h | --help)
      cat <<'TEXT'
Usage: scripts/tsan.sh

Builds the programs and the tests of some folders with ThreadSanitizer and runs
those that share data between threads: the thread pool, values made once or shared
until written, several writers to one file, one tokenizer and one constraint for
several threads, prefill, decoding, two sessions at once on one engine, snapshots of
several threads, a scheduler with many callers, and a server with random clients. A
data race fails the test.

Exit code 0 if nothing failed. CMAKE_BUILD_PARALLEL_LEVEL=N builds N at a time
(default: one per CPU).
TEXT
      exit 0
      ;;
    *)
      echo 'usage: scripts/tsan.sh (no arguments; --help says what it does)' >&2
      exit 2
      ;;
  esac
fi

cd -- "$(dirname -- "${BASH_SOURCE[0]}")/.."
. scripts/packages.sh
# shellcheck disable=SC2086  # lists of words
require_packages $build_packages $test_packages

export CCACHE_BASEDIR=$PWD CCACHE_NOHASHDIR=1
export CMAKE_BUILD_PARALLEL_LEVEL=${CMAKE_BUILD_PARALLEL_LEVEL:-$(nproc)}

cmake --preset tsan >/dev/null
cmake --build --preset tsan --target base_test tokenizer_test constrain_test engine_test convert_test schedule_test cellm
# g++ 12's runtime cannot place its shadow memory if the kernel randomizes addresses by more than 28
# bits; without randomization it can.
runner=()
if setarch --addr-no-randomize true 2>/dev/null; then runner=(setarch --addr-no-randomize); fi
export CELLM_SOAK_MARGIN_MB=1024  # shadow memory
export TSAN_OPTIONS="halt_on_error=1 second_deadlock_stack=1 suppressions=$PWD/scripts/tsan_suppressions.txt ${TSAN_OPTIONS-}"
"${runner[@]}" ctest --preset tsan --parallel "$CMAKE_BUILD_PARALLEL_LEVEL" --no-tests=error \
  --tests-regex '^(base\.(ThreadPool|AtomicFileTest|CopyOnWrite|Lazy)|(tokenizer|constrain)\..*ServesThreadsAtOnce$|engine\..*Sessions|convert\.(BadValues|Convert)\.Thread|schedule\..*(SchedulerTest|ServiceTest|Restart|Company)\b.*qwen3_5_text|serve\.soak$)'
