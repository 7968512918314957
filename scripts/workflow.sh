#!/bin/bash
# The Snakemake workflow of python/cellm/workflow on cellm-tiny. See --help.
set -euo pipefail

case ${1:-} in
  '') ;;
  -h | --help)
    cat <<'TEXT'
Usage: scripts/workflow.sh

Runs a study of models/cellm-tiny in six formats by `snakemake -j2`, kills it twice, repeats it,
and compares its results with those of one process, byte by byte; makes a dry run of the profile
for Slurm. Needs a release build. Snakemake is installed into build/workflow-venv; once that is
there, ctest runs a short form (python.workflow).
TEXT
    exit 0
    ;;
  *)
    echo 'usage: scripts/workflow.sh (no arguments; --help says what it does)' >&2
    exit 2
    ;;
esac

cd -- "$(dirname -- "${BASH_SOURCE[0]}")/.."
venv=build/workflow-venv
requirements=python/tests/workflow_requirements.txt
if ! cmp -s "$requirements" "$venv/requirements.txt"; then
  python3 -m venv --clear "$venv"
  "$venv/bin/pip" install --quiet --requirement "$requirements"
  cp "$requirements" "$venv/requirements.txt"
fi
CELLM_WORKFLOW=long exec "$venv/bin/python" tests/workflow_test.py "$@"
