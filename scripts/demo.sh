#!/bin/bash
# Shows one small model in six formats: their sizes and their answers. See --help.
set -euo pipefail

if [ "$#" -ne 0 ]; then
  case $1 in
    -h | --help)
      cat <<'TEXT'
Usage: scripts/demo.sh

Installs the Debian packages that are missing, builds cellm and converts
models/cellm-tiny, a hybrid model of 8 million weights, to six formats from 16
bits to 1 bit per weight. Then prints the sizes and lets each format answer the
same three prompts. Needs no network beyond the packages. What is there already
is not built or converted again.

The result goes to stdout, progress to stderr. The files are in build/demo.
TEXT
      exit 0
      ;;
    *)
      echo 'usage: scripts/demo.sh (no arguments; --help says what it does)' >&2
      exit 2
      ;;
  esac
fi

cd -- "$(dirname -- "${BASH_SOURCE[0]}")/.."
. scripts/packages.sh
# shellcheck disable=SC2086  # lists of words
require_packages $build_packages $demo_packages

export CCACHE_BASEDIR=$PWD CCACHE_NOHASHDIR=1  # as in test.sh: shared with clones in other folders
formats='f16 int8 int4-g32 int4 int2 q1'
question='Hello, who are you?'
messages=('What is the capital of France?' 'And of Italy?' 'Thank you!')
beginnings=('The capital of France is' 'Explain what a computer is:')
cellm=build/program/bin/cellm
model=models/cellm-tiny

say() { printf '%s\n' "$*" >&2; }
file_of() { printf 'build/demo/cellm-tiny-%s.cellm' "$1"; }

say 'Building'
cmake --preset program -D CELLM_UNITS=ALL >/dev/null
cmake --build --preset program --target cellm --parallel "${CMAKE_BUILD_PARALLEL_LEVEL:-$(nproc)}" >&2

mkdir -p build/demo
for format in $formats; do
  file=$(file_of "$format")
  if [ "$file" -nt "$cellm" ] && [ "$file" -nt "$model/model.safetensors" ]; then continue; fi
  say "Converting to $format"
  "$cellm" convert --input "$model" --output "$file" --format "$format" --quiet
done

cat <<'TEXT'
cellm-tiny in six formats

format             bytes       MiB  bits/weight  of f16
-------------------------------------------------------
TEXT
f16_bytes=$(stat --format=%s "$(file_of f16)")
for format in $formats; do
  file=$(file_of "$format")
  bytes=$(stat --format=%s "$file")
  # The line "total TENSORS WEIGHTS BYTES BITS" of inspect.
  bits=$("$cellm" inspect "$file" | awk '$1 == "total" { print $5 }')
  awk -v format="$format" -v bytes="$bytes" -v bits="$bits" -v f16="$f16_bytes" 'BEGIN {
    printf "%-10s %13d %9.1f %12.2f %6.0f%%\n", format, bytes, bytes / 1048576, bits, 100 * bytes / f16
  }'
done
cat <<'TEXT'

The format is that of the layers; the embedding, an eighth of the weights, has
8 bits in all but f16.
TEXT

# show FORMAT: prints stdin after the name of the format, with long lines wrapped.
show() {
  python3 -c '
import sys, textwrap
first, indent = sys.argv[1].ljust(11), " " * 11
text = sys.stdin.buffer.read().decode("utf-8", "replace").rstrip("\n")
for line in text.split("\n"):
    line = "".join(c if c.isprintable() else ascii(c)[1:-1] for c in line)
    for piece in textwrap.wrap(line, 68) or [""]:
        print((first + piece).rstrip())
        first = indent
' "$1"
}

# answers ARGUMENT...: the greedy answer of each format.
answers() {
  local format
  for format in $formats; do
    "$cellm" infer --model "$(file_of "$format")" --temperature 0 --quiet "$@" | show "$format"
  done
}

printf '\nThe answer to "%s", at most 40 tokens:\n\n' "$question"
answers --chat --prompt "$question" --gen 40
for beginning in "${beginnings[@]}"; do
  printf '\nHow the text "%s" goes on, 32 tokens:\n\n' "$beginning"
  answers --prompt "$beginning" --gen 32
done

printf '\nA conversation, with 4 bits:\n\n'
for message in "${messages[@]}"; do printf '%s\n' "$message"; done |
  "$cellm" chat "$(file_of int4-g32)" --temperature 0 |
  for message in "${messages[@]}"; do
    read -r answer
    printf '> %s\n%s\n' "$message" "$answer"
  done

cat <<TEXT

With 8 and with 4 bits the model speaks as with 16. With 2 bits, rounded without
calibration, it loses the thread; with 1 bit nothing of it is left.

Talk with it yourself:

  $cellm chat $(file_of int4-g32)
TEXT
