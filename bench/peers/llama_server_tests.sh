#!/bin/bash
# Runs llama.cpp's own tests of its server against cellm serve. See --help.
set -euo pipefail

if [ "$#" -lt 1 ] || [ "$1" = -h ] || [ "$1" = --help ]; then
  cat <<'TEXT'
Usage: bench/peers/llama_server_tests.sh LLAMA_CPP [PYTEST_ARGUMENT...]

LLAMA_CPP: a checkout of llama.cpp, such as the git bundle in npm's node-llama-cpp. Runs those tests of
tools/server/tests that are about the protocol, or what the further arguments say, against cellm serve
with cellm-tiny, by a wrapper that translates the flags. Not all can pass: docs/log has the list. Python needs
pytest, openai, requests, aiohttp, filelock, numpy, prometheus-client and wget (PYTHON=build/venv/bin/python).
TEXT
  exit $(($# < 1))
fi

root=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")/../.." && pwd)
tests=$1/tools/server/tests
shift
if [ "$#" -eq 0 ]; then
  set -- unit/test_basic.py unit/test_security.py unit/test_chat_completion.py unit/test_completion.py unit/test_ignore_eos.py \
    unit/test_metrics.py unit/test_compat_oai_responses.py unit/test_tokenize.py unit/test_stream.py
fi
cd -- "$tests"
PYTHONPATH=.:$root/bench/peers:${PYTHONPATH:-} CELLM_BIN=${CELLM_BIN:-$root/build/release/bin} \
  LLAMA_SERVER_BIN_PATH=$root/bench/peers/llama_server.py \
  "${PYTHON:-$root/build/venv/bin/python}" -m pytest -p llama_server_plugin -p no:schemathesis -m 'not slow' -q -rA --tb=line "$@"
