#!/bin/bash
# Runs the soak test of `cellm serve` for a long time. See --help.
set -euo pipefail

if [ "$#" -gt 1 ] || [ "${1:-}" = -h ] || [ "${1:-}" = --help ]; then
  cat <<'TEXT'
Usage: scripts/soak.sh [SECONDS]

Builds cellm and lets random clients ask, cancel, stall and send rubbish for SECONDS (1800). It fails if
an answer differs from that of the same request alone, if the server fails, or if its memory does not
come back within the cache's budget. CELLM_SEED=N repeats a run.
TEXT
  [ "$#" -le 1 ]
  exit
fi

cd -- "$(dirname -- "${BASH_SOURCE[0]}")/.."
. scripts/packages.sh
# shellcheck disable=SC2086  # a list of words
require_packages $build_packages python3
cmake --preset program
cmake --build --preset program
CELLM_BIN=build/program/bin CELLM_SOAK_SECONDS=${1:-1800} python3 tests/serve_soak_test.py
