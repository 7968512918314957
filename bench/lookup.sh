#!/bin/bash
# Measures prompt lookup. See --help.
set -euo pipefail

if [ "${1-}" = --help ] || [ "${1-}" = -h ]; then
  cat <<'TEXT'
Usage: bench/lookup.sh

For random weights of SHAPE (default qwen3.5-0.8b) in FORMATS (default int4-g32
int8 t2 f16), on THREADS threads (default 2):

- the speed of steps that read 0, 1, 2, 3, 5, 8, 12 and 16 tokens ahead, of
  which all or none are right: the cost of verification (`cellm bench --draft`);
- an answer that repeats 1,000 tokens of its prompt with one change, with lookup
  and without (`lookup_benchmark`), alternating, medians of five.

For a machine that does nothing else. Builds both programs first.
TEXT
  exit 0
fi

cd -- "$(dirname -- "${BASH_SOURCE[0]}")/.."
shape=${SHAPE:-qwen3.5-0.8b} threads=${THREADS:-2} formats=${FORMATS:-int4-g32 int8 t2 f16}
cmake --preset release >/dev/null
cmake --build --preset release --target cellm lookup_benchmark >/dev/null
bin=build/release/bin

for format in $formats; do
  embedding=$format
  case $format in f16 | int8) ;; *) embedding=int8 ;; esac
  for right in 63 0; do
    "$bin/cellm" bench --shape "$shape" --format "$format" --embedding "$embedding" --threads "$threads" \
      -p 0 -n 128 --draft 0,1,2,3,5,8,12,16 --right "$right"
  done
  "$bin/lookup_benchmark" "$shape" "$format" "$embedding" "$threads"
done
