#!/usr/bin/env python3
"""Line coverage of each reader's code by the inputs of the fuzz harnesses.

usage: fuzz_coverage.py [--missing]     (scripts/fuzz.sh --coverage builds what this needs)

Replays fuzz/corpus, fuzz/regressions and build/fuzz/corpus with build/coverage/bin/fuzz_replay. A line is covered if an
input of any harness reaches it: containers include configurations and tokenizers. --missing lists the lines that no
input reaches.
"""

import argparse
import os
import pathlib
import re
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent
REPLAY = ROOT / "build" / "coverage" / "bin" / "fuzz_replay"


def sources(folder):
    """Its source files, tests left out."""
    return [str(f.relative_to(ROOT)) for f in sorted((ROOT / folder).glob("*.cc")) if not f.stem.endswith("_test")]


# The code of each reader: whole files, or functions of a file that contains other code, too.
READERS = {
    "safetensors": ["src/io/safetensors.cc", "src/io/shape.cc"],
    "shard_index": ["src/io/shard_index.cc"],
    "hf_folder": ["src/io/hf_folder.cc", "src/io/stored_tensors.cc", "src/io/file_kind.cc",
                  *sources("src/io/quantized")],
    "lora": ["src/convert/lora_adapter.cc", "src/convert/lora_gguf.cc", "src/convert/lora_peft.cc"],
    "gguf": ["src/io/gguf_file.cc", "src/io/gguf_value.cc", "src/io/gguf_blocks.cc", "src/model/gguf/config.cc",
             "src/model/gguf/sizes.cc", "src/model/gguf/source.cc", "src/model/gguf/tensor_map.cc"],
    "cellm": ["src/io/cellm_file.cc", "src/io/cellm_quality.cc:Members", "src/io/cellm_quality.cc:parse_quality",
              "src/io/cellm_quality.cc:quality_summary"],
    "config": ["src/model/config.cc", "src/model/arch/llama.cc", "src/model/arch/qwen2.cc", "src/model/arch/qwen3.cc",
               "src/model/arch/qwen3_5.cc", "src/io/json.cc"],
    "generation_config": ["src/engine/generation_config.cc"],
    "tokenizer_json": ["src/tokenizer/tokenizer_document.cc", "src/tokenizer/tokenizer_json.cc", "src/tokenizer/spec.cc",
                       "src/tokenizer/piece_index.cc"],
    "compact_tokenizer": ["src/tokenizer/compact.cc"],
    "gguf_tokenizer": ["src/tokenizer/gguf_tokenizer.cc"],
    "tokenizer_text": ["src/tokenizer/tokenizer.cc", "src/tokenizer/pre_tokenizer.cc", "src/tokenizer/added_tokens.cc",
                       "src/tokenizer/bpe.cc", "src/tokenizer/byte_level.cc", "src/tokenizer/nfc.cc",
                       "src/tokenizer/unicode.cc", "src/tokenizer/stream_decoder.cc", "src/base/utf8.cc"],
    "pattern": ["src/tokenizer/regex.cc", "src/tokenizer/regex_syntax.cc"],
    "chat_template": sources("src/chat"),
    "conversation": ["src/engine/conversation_file.cc"],
    "tool_text": ["src/toolcall/argument_value.cc", "src/toolcall/call_reader.cc", "src/toolcall/json_scanner.cc",
                  "src/toolcall/tool_text.cc"],
    "tool_format": ["src/toolcall/derive_format.cc", "src/toolcall/probes.cc", "src/toolcall/tool_format.cc"],
    "tool_request": ["src/toolcall/request.cc"],
    "json_schema": ["src/constrain/json_grammar.cc", "src/constrain/json_pointer.cc", "src/constrain/json_strings.cc",
                    "src/constrain/decimal.cc", "src/constrain/schema.cc", "src/constrain/schema_compiler.cc",
                    "src/constrain/schema_document.cc", "src/constrain/schema_formats.cc", "src/constrain/schema_types.cc"],
    "regex": ["src/constrain/char_set.cc", "src/constrain/pattern.cc", "src/constrain/pattern_parser.cc",
              "src/constrain/regex.cc"],
    "gbnf": ["src/constrain/gbnf.cc", "src/constrain/grammar.cc", "src/constrain/grammar_analysis.cc",
             "src/constrain/states.cc", "src/constrain/token_masks.cc"],
    "api_request": ["src/serve/answer_fields.cc", "src/serve/fields.cc", "src/serve/chat_prompt.cc", "src/serve/chat_work.cc",
                    "src/serve/plain_work.cc", "src/serve/responses_items.cc", "src/serve/responses_work.cc",
                    "src/serve/text_prompts.cc", "src/serve/text_work.cc", "src/serve/tokenizer_api.cc"],
    "http_request": ["src/serve/access.cc", "src/serve/connection.cc", "src/serve/framing.cc", "src/serve/http_server.cc"],
    "hub_revision": ["src/hub/repository.cc"],
    "hub_headers": ["src/hub/headers.cc", "src/hub/hub_name.cc"],
    "choices": ["src/eval/choices.cc:parse_item", "src/eval/choices.cc:parse_choices",
                "src/eval/choices.cc:tokenize_choices"],
    "questions": ["src/eval/questions.cc:parse_question", "src/eval/questions.cc:is_right", "src/eval/questions.cc:has_words"],
    "study_step": ["src/study/step_store.cc:parse_step", "src/study/step_store.cc:step_text"],
    "session": ["src/engine/session_file.cc"],
    "values": ["src/format/format_choice.cc:parse_format_choice", "src/convert/name_pattern.cc",
               "src/convert/rules.cc:recipe_formats", "src/convert/rules.cc:parse_tensor_override",
               "src/cli/command.cc:parse_token_list", "src/ops/kv_cache.cc:parse_kv_encoding",
               "src/engine/engine.cc:parse_activations"],
}  # fmt: skip


def lines_of_function(path, name):
    """First and last line of a function or class that starts at the left margin and ends with a brace there."""
    lines = path.read_text().splitlines()
    start = next(i for i, line in enumerate(lines) if re.match(rf"\S.*\b{name}\(|class {name}\b", line))
    end = next(i for i in range(start, len(lines)) if lines[i] in ("}", "};"))
    return start + 1, end + 1


def line_counts(profile):
    """Executions by source file and line number, of all files of the program."""
    export = subprocess.run(["llvm-cov-14", "export", "-format=lcov", f"-instr-profile={profile}", str(REPLAY)],
                            check=True, capture_output=True, text=True).stdout  # fmt: skip
    files = {}
    for record in export.split("end_of_record"):
        source = re.search(r"^SF:(.*)$", record, re.MULTILINE)
        if source:
            # Paths are relative to the build folder, which llvm-cov's own filter by file takes literally.
            lines = re.findall(r"^DA:(\d+),(\d+)", record, re.MULTILINE)
            files[os.path.normpath(source[1])] = {int(line): int(count) for line, count in lines}
    return files


def ranges(lines):
    text, start, last = [], None, None
    for line in [*lines, None]:
        if start is not None and line != last + 1 if line is not None else start is not None:
            text.append(str(start) if start == last else f"{start}-{last}")
            start = None
        if line is not None and start is None:
            start = line
        last = line
    return ", ".join(text)


def replay(name, folder):
    """Runs a harness on its stored inputs; returns the number of inputs and the raw profile."""
    folders = [ROOT / base / name for base in ("fuzz/corpus", "fuzz/regressions", "build/fuzz/corpus")]
    raw = pathlib.Path(folder) / name
    done = subprocess.run([REPLAY, "--harness", name, *(f for f in folders if f.is_dir())], check=True,
                          capture_output=True, text=True, env={"LLVM_PROFILE_FILE": str(raw)})  # fmt: skip
    return int(done.stdout.split()[0]), raw


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--missing", action="store_true")
    options = parser.parse_args()
    if not REPLAY.is_file():
        print(f"{REPLAY} is missing; scripts/fuzz.sh --coverage builds it", file=sys.stderr)
        return 1
    with tempfile.TemporaryDirectory() as work:
        replays = {name: replay(name, work) for name in READERS}
        profile = pathlib.Path(work) / "profile"
        raw_profiles = [raw for _, raw in replays.values()]
        subprocess.run(["llvm-profdata-14", "merge", "-sparse", *raw_profiles, "-o", profile], check=True)
        executed = line_counts(profile)
    print("| reader | lines | covered | inputs of its harness |\n|---|---:|---:|---:|")
    for name, readers in READERS.items():
        total = covered = 0
        missing = []
        for reader in readers:
            path, _, function = reader.partition(":")
            first, last = lines_of_function(ROOT / path, function) if function else (1, 1 << 30)
            found = {line: count for line, count in executed[str(ROOT / path)].items() if first <= line <= last}
            total += len(found)
            covered += sum(count > 0 for count in found.values())
            bare = [line for line, count in sorted(found.items()) if count == 0]
            if bare:
                missing.append(f"  {path}: {ranges(bare)}")
        print(f"| `{name}` | {total} | {100 * covered / max(total, 1):.1f} % | {replays[name][0]} |")
        if options.missing and missing:
            print("\n".join(missing))
    return 0


if __name__ == "__main__":
    sys.exit(main())
