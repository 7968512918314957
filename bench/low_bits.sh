#!/bin/bash
# Measures calibration and tuning of each low-bit format in a study. See --help.
set -euo pipefail

if [ "$#" -lt 4 ]; then
  cat <<'TEXT'
Usage: bench/low_bits.sh MODEL FOLDER CALIBRATION_TEXT TEXT...

Converts a model to formats of 4 bits and less in three ways: rounded without
data, calibrated on CALIBRATION_TEXT (a file or "default"), and calibrated and
tuned. Measures all of them on the other texts with `cellm study` and writes its
report into FOLDER. Existing files are kept, so an interrupted run resumes.

EMBEDDING (default f16) is the format of the embedding, FORMATS are those of the
layers (default: t4 t3 t2 t1h t1 int4-g32 int4 int2 q1), TUNE_TOKENS (default
60000) the number of training tokens, STUDY_FLAGS go to `cellm study`.

SmolLM2-135M takes about two hours on two cores:

  bench/low_bits.sh models/smollm2/SmolLM2-135M-Instruct.Q4_1.gguf build/low_bits \
    calibration.txt eval-novel.txt eval-speech.txt
TEXT
  if [ "${1-}" = --help ] || [ "${1-}" = -h ]; then exit 0; fi
  exit 2
fi

model=$1 folder=$2 calibration=$3
shift 3
bin=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")/.." && pwd)/build/release/bin
embedding=${EMBEDDING:-f16} tokens=${TUNE_TOKENS:-60000}
mkdir -p "$folder"

files=()
# make NAME COMMAND...: runs the command that writes the file of this name, unless it exists.
make() {
  local file=$folder/$1.cellm start
  shift
  files+=(--file "$file")
  if [ -f "$file" ]; then return; fi
  start=$SECONDS
  "$@" "$folder/making.cellm"
  mv -- "$folder/making.cellm" "$file"
  printf '%s\t%s s\n' "$file" $((SECONDS - start)) >>"$folder/times.tsv"
}

for format in ${FORMATS:-t4 t3 t2 t1h t1 int4-g32 int4 int2 q1}; do
  convert=("$bin/convert" --quiet --input "$model" --format "$format" --embedding "$embedding")
  make "$format-rounded" "${convert[@]}" --output
  make "$format-calibrated" "${convert[@]}" --calibrate "$calibration" --output
  make "$format-tuned" "$bin/cellm" tune --quiet "$folder/$format-calibrated.cellm" --reference "$model" \
    --text "$calibration" --text self --text chat --tokens "$tokens" --output
done

texts=()
for text in "$@"; do texts+=(--text "$text"); done
# shellcheck disable=SC2086  # a list of flags
"$bin/cellm" study --source "$model" --output "$folder/study" --formats f16 "${texts[@]}" "${files[@]}" ${STUDY_FLAGS:-}
