#!/usr/bin/env python3
"""Makes fuzz/data and the hand-made seeds of fuzz/corpus: small valid inputs of every kind.

usage: make_fuzz_corpus.py [--bin build/release/bin]     (needs the built cellm, for .cellm files)

Inputs found by fuzzing (scripts/fuzz.sh --keep) are stored beside the seeds and are not changed.
"""

import argparse
import pathlib

from fuzz_corpus.chat_seeds import chat_seeds, conversation_seeds
from fuzz_corpus.cellm_seeds import cellm_seeds, compact_seeds, session_seeds
from fuzz_corpus.constrain_seeds import constrain_seeds
from fuzz_corpus.gguf_seeds import gguf_seeds
from fuzz_corpus.input_seeds import input_seeds
from fuzz_corpus.model_seeds import config_seeds, container_seeds
from fuzz_corpus.result_seeds import command_line_seeds, hub_seeds, result_seeds
from fuzz_corpus.seeds import FUZZ, ROOT
from fuzz_corpus.serve_seeds import serve_seeds
from fuzz_corpus.tokenizer_seeds import tokenizer_seeds
from fuzz_corpus.tool_seeds import tool_seeds


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bin", type=pathlib.Path, default=ROOT / "build" / "release" / "bin")
    options = parser.parse_args()
    tokenizer_seeds()
    chat_seeds()
    conversation_seeds()
    tool_seeds()
    constrain_seeds()
    config_seeds()
    models = container_seeds()
    gguf_seeds()
    input_seeds()
    compact_seeds(cellm_seeds(options.bin, models))
    result_seeds()
    hub_seeds()
    session_seeds()
    command_line_seeds()
    serve_seeds()
    files = [f for f in (FUZZ / "corpus").rglob("*") if f.is_file()]
    print(f"{len(files)} inputs, {sum(f.stat().st_size for f in files)} bytes")


if __name__ == "__main__":
    main()
