"""tokenizer.json files, texts, patterns and the tokenizers of GGUF files."""

import copy
import gzip
import json

from fuzz_corpus.seeds import FUZZ, ROOT, compact_json, seed
from harness import byte_tokenizer

PIECES = 400  # of SmolLM2's vocabulary, bytes included
QWEN = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)


def small_tokenizer():
    """The first merges of SmolLM2's tokenizer.json, and its missing bytes, so that every text can be encoded."""
    packed = ROOT / "testdata" / "tokenizers" / "smollm2.tokenizer.json.gz"
    whole = json.loads(gzip.decompress(packed.read_bytes()))
    vocab = whole["model"]["vocab"]
    merges = [m if isinstance(m, list) else m.split(" ") for m in whole["model"]["merges"]]
    alphabet = [piece for piece in vocab if len(piece) == 1]
    alphabet += [piece for piece in byte_tokenizer()["model"]["vocab"] if piece not in alphabet]
    kept, chosen = list(alphabet), []
    for left, right in merges:
        if len(kept) == PIECES:
            break
        if left in kept and right in kept:
            kept.append(left + right)
            chosen.append(f"{left} {right}")
    whole["model"]["vocab"] = {piece: i for i, piece in enumerate(kept)}
    whole["model"]["merges"] = chosen
    whole["added_tokens"] = [added(PIECES, "<|im_end|>", special=True)]
    return whole


def added(number, content, **options):
    token = {"id": number, "content": content, "single_word": False, "lstrip": False, "rstrip": False,
             "normalized": False, "special": False}  # fmt: skip
    token.update(options)
    return token


def byte_level(use_regex=True):
    return {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True, "use_regex": use_regex}


def split(pattern, behavior="Isolated", invert=False):
    return {"type": "Split", "pattern": pattern, "behavior": behavior, "invert": invert}


def tiny_tokenizer():
    """Few pieces, so that a change of any of them is likely to have an effect."""
    vocab = {piece: i for i, piece in enumerate(["a", "b", "c", "\u0120", "ab", "\u0120a", "abc"])}
    return {
        "version": "1.0", "truncation": None, "padding": None,
        "added_tokens": [added(7, "<s>", special=True), added(8, "<x>", lstrip=True, rstrip=True)],
        "normalizer": None, "pre_tokenizer": byte_level(), "post_processor": None, "decoder": byte_level(),
        "model": {"type": "BPE", "dropout": None, "unk_token": None, "continuing_subword_prefix": None,
                  "end_of_word_suffix": "", "fuse_unk": False, "byte_fallback": False, "ignore_merges": False,
                  "vocab": vocab, "merges": ["a b", ["\u0120", "a"], "ab c"]},
    }  # fmt: skip


def tokenizer_seeds():
    small = small_tokenizer()
    data = FUZZ / "data"
    data.mkdir(parents=True, exist_ok=True)
    (data / "small.tokenizer.json").write_text(compact_json(small))

    tiny = tiny_tokenizer()
    seed("tokenizer_json", "tiny", compact_json(tiny))
    variants = {"nfc": {"normalizer": {"type": "Sequence", "normalizers": [{"type": "NFC"}]}}}
    for i, behavior in enumerate(["Removed", "Isolated", "MergedWithPrevious", "MergedWithNext", "Contiguous"]):
        variants[behavior] = {
            "pre_tokenizer": {"type": "Sequence", "pretokenizers": [
                split({"Regex": QWEN} if i % 2 else {"String": "b"}, behavior, i == 2),
                {"type": "Digits", "individual_digits": i % 2 == 0}, byte_level(i == 3)]},
        }  # fmt: skip
    variants["template"] = {
        "post_processor": {"type": "Sequence", "processors": [byte_level(), {
            "type": "TemplateProcessing",
            "single": [{"SpecialToken": {"id": "<s>", "type_id": 0}}, {"Sequence": {"id": "A", "type_id": 0}}],
            "pair": [], "special_tokens": {"<s>": {"id": "<s>", "ids": [7], "tokens": ["<s>"]}}}]},
        "decoder": {"type": "Sequence", "decoders": [byte_level()]},
    }  # fmt: skip
    for name, changes in variants.items():
        seed("tokenizer_json", name, compact_json({**tiny, **changes}))
    for name, key, value in (
        ("unigram", "type", "Unigram"), ("dropout", "dropout", 0.5), ("prefix", "continuing_subword_prefix", "##"),
        ("unknown", "unk_token", "<unk>"), ("fallback", "byte_fallback", True), ("merge", "merges", ["a"]),
        ("version", "merges", ["#version: 0.2", "a b"]), ("triple", "merges", [["a", "b", "c"]]),
        ("number", "merges", [1]), ("empty", "vocab", {}), ("negative", "vocab", {"a": -1}),
        ("same", "vocab", {"a": 0, "b": 0}), ("list", "vocab", []), ("words", "merges", "a b"),
        ("piece", "vocab", {"": 0}), ("text", "vocab", {"a": "0"}), ("high", "vocab", {"a": 1 << 40}),
        ("float", "vocab", {"a": 0.5}), ("missing", "merges", ["a d"]), ("result", "merges", ["b a"]),
        ("twice", "merges", ["a b", "a b"]),
    ):  # fmt: skip
        changed = copy.deepcopy(tiny)
        changed["model"][key] = value
        seed("tokenizer_json", f"model-{name}", compact_json(changed))
    for name, key, value in (
        ("lowercase", "normalizer", {"type": "Lowercase"}), ("metaspace", "pre_tokenizer", {"type": "Metaspace"}),
        ("bert", "post_processor", {"type": "BertProcessing"}), ("wordpiece", "decoder", {"type": "WordPiece"}),
        ("none", "decoder", None), ("two", "decoder", {"type": "Sequence", "decoders": [byte_level(), byte_level()]}),
        ("behind", "post_processor", {"type": "TemplateProcessing", "special_tokens": {}, "single": [
            {"Sequence": {}}, {"SpecialToken": {"id": "<s>"}}]}),
        ("texts", "post_processor", {"type": "TemplateProcessing", "special_tokens": {}, "single": [
            {"Sequence": {}}, {"Sequence": {}}]}),
        ("textless", "post_processor", {"type": "TemplateProcessing", "special_tokens": {}, "single": []}),
        ("behavior", "pre_tokenizer", split({"String": "a"}, "Other")), ("steps", "pre_tokenizer",
            {"type": "Sequence", "pretokenizers": [byte_level()] * 33}),
        ("no-bytes", "pre_tokenizer", {"type": "Digits"}),
        ("added-twice", "added_tokens", [added(7, "<s>"), added(7, "<t>")]),
        ("added-same", "added_tokens", [added(7, "<s>"), added(8, "<s>")]),
        ("added-nfc", "added_tokens", [added(7, "e\u0301", normalized=True), added(8, "\u00e9", normalized=True)]),
        ("added-piece", "added_tokens", [added(0, "<s>")]), ("added-else", "added_tokens", [added(9, "ab")]),
        ("added-special", "added_tokens", [added(4, "ab", special=True)]),
        ("added-byte", "added_tokens", [added(0, "a", special=True)]),
        ("added-empty", "added_tokens", [added(9, "")]), ("added-long", "added_tokens", [added(9, "x" * 513)]),
        ("pattern-long", "pre_tokenizer", {"type": "Sequence", "pretokenizers": [
            split({"Regex": "x" * 16385}), byte_level()]}),
    ):  # fmt: skip
        seed("tokenizer_json", f"part-{name}", compact_json({**tiny, key: value}))
    deep = json.loads("[" * 63 + "]" * 63)
    seed("tokenizer_json", "deep", compact_json({**tiny, "truncation": deep}))
    seed("tokenizer_json", "deeper", compact_json({**tiny, "truncation": [[deep]]}))
    seed("tokenizer_json", "key-twice", '{"a":1,"a":2}')
    seed("tokenizer_json", "array", "[1,-1,0.5,null,true]")
    seed("tokenizer_json", "cut", compact_json(tiny)[:300])

    for name, text in {
        "words": "Hello world, it's 2026!\n\n  done", "accents": "cafe\u0301 caf\u00e9 \u1ebf a\u0327\u0301",
        "tokens": "a <|im_start|> <left>  <right>\t word keyword word", "cjk": "\u4f60\u597d \U0001f600\u200d\u0661\u0662",
        "marks": "a" + "\u0301\u0327\u0316" * 9, "new": "\u0897\u1c89\U0001e4f0\U0002ebf0 \U00010d40",
        "spaces": " \t\r\n\u00a0\u2003\u3000 ", "long": "abab" * 40, "invalid": "a", "hangul": "\u1112\u1161\u11ab",
    }.items():  # fmt: skip
        for rules in range(4):
            extra = b"\xff\xc3" if name == "invalid" else b""
            seed("tokenizer_text", f"{name}-{rules}", bytes([rules + (128 if len(name) % 2 else 0)]) + text.encode() + extra)

    for i, (pattern, text) in enumerate((
        (QWEN, "Hello world's 12\r\n  x"), (r"\s+(?!\S)|\s+", "a  b   "), (r"(?<=a)b|(?<!c)d|(?=e)e", "abcdde"),
        (r"[^\S\d]+?x{2,3}|\P{^Lu}{2}|\p{Han}*", "xx  xxx AB \u4f60"), (r"(?-i:a)(?>b+)\x{41}\u0042\x43", "abbABC"),
        (r"a*?|", "aaab"), (r"\v\t\f\a\e\r\n\\\.[\]\-]", "\v\t\f"), ("(?i:ss)", "ss"), ("(?i:\u00e9)", "e"),
        ("(?i:[\u00e9])", "e"), ("[[a]]", "a"), ("[a&&b]", "a"), ("[]", "a"), ("^a$", "a"), ("(?<n>a)", "a"),
        ("(*ACCEPT)", "a"), ("a{,2}", "a"), ("a{2}+", "a"), ("a{x}", "a"), ("a{1,y}", "a"), (r"\p{Foo}\pL", "a"),
        (r"\pL", "a"), (r"\xZZ\u12", "a"), (r"\x{}", "a"), (r"\xff", "a"), (r"\u12", "a"), (r"\y", "a"), ("(a", "a"),
        (r"(?:a+)+b", "a" * 60), ("(" * 101 + ")" * 101, "a"), ("x" * 40 + r"\p{Latin}", "x" * 50), ("(?i:)", "b"),
        (r"\D\S\d\s", "ax1 "), ("\n", "a\nb"), ("(?i:sT)", "st"), (r"[a-c]\P{Greek}", "ab"),
    )):  # fmt: skip
        encoded = pattern.encode()
        for shift in (0, 1) if i < 6 else (0,):  # the length also selects the use of matches
            encoded += b"|q" * shift
            seed("pattern", f"{i:02}-{shift}", bytes([len(encoded)]) + encoded + text.encode())

    types = {"smollm": "", "qwen2": "", "llama-bpe": "b\ni7\n", "gpt-2": "b\n", "qwen35": "", "other": ""}
    lines = ["t 1 a", "t 1 b", "t 1 ab", "t 5 ", "t 4 <x>", "t 3 <s>", "t 1 \u0120", "t 3 <e>", "m a b"]
    for pre, rest in types.items():
        seed("gguf_tokenizer", pre, "\n".join(["gpt2", pre, *lines]) + "\n" + rest)
    for name, line in {"type": "t 9 x", "merge": "m a", "missing": "m a c", "types": "x", "long": "t 1 " + "y" * 4097,
                       "no-bos": "b\ni9"}.items():  # fmt: skip
        seed("gguf_tokenizer", name, "\n".join(["gpt2", "gpt-2", *lines, line]))
    seed("gguf_tokenizer", "spm", "llama\ndefault\n")
