#!/bin/bash
# Holds answers of `cellm serve` to many random JSON schemas. See --help.
set -euo pipefail

if [ "$#" -gt 2 ] || [ "${1:-}" = -h ] || [ "${1:-}" = --help ]; then
  cat <<'TEXT'
Usage: scripts/random_schemas.sh [COUNT [SEED]]

Builds cellm and asks cellm-tiny for an answer to each of COUNT (1000) random JSON schemas; SEED (1) says
which ones. It fails if jsonschema finds a finished answer wrong, or if a schema is refused. Needs
build/venv, which scripts/test.sh makes.
TEXT
  [ "$#" -le 2 ]
  exit
fi

cd -- "$(dirname -- "${BASH_SOURCE[0]}")/.."
. scripts/packages.sh
# shellcheck disable=SC2086  # a list of words
require_packages $build_packages python3
cmake --preset program
cmake --build --preset program
CELLM_BIN=build/program/bin CELLM_SCHEMAS=${1:-1000} CELLM_SEED=${2:-1} build/venv/bin/python tests/serve_random_schemas_test.py
