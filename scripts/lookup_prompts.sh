#!/bin/bash
# Compares answers with prompt lookup and without. See --help.
set -euo pipefail

if [ "$#" -gt 3 ] || [ "${1:-}" = -h ] || [ "${1:-}" = --help ]; then
  cat <<'TEXT'
Usage: scripts/lookup_prompts.sh [COUNT [SEED [MODEL]]]

Builds cellm and asks MODEL (cellm-tiny) COUNT (1000) questions, greedy and sampled, under constraints, with
stop strings and penalties, of a server with prompt lookup and of one without; SEED (1) says which ones. It
fails if an answer or a log probability differs.
TEXT
  [ "$#" -le 3 ]
  exit
fi

cd -- "$(dirname -- "${BASH_SOURCE[0]}")/.."
. scripts/packages.sh
# shellcheck disable=SC2086  # a list of words
require_packages $build_packages python3
cmake --preset program
cmake --build --preset program
CELLM_BIN=build/program/bin CELLM_PROMPTS=${1:-1000} CELLM_SEED=${2:-1} CELLM_MODEL=${3:-models/cellm-tiny} python3 tests/serve_lookup_test.py
