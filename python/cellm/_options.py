"""Options of generation."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from typing import Any, TypedDict

from cellm import _cellm, _values
from cellm._errors import UsageError
from cellm._values import Lookup, OnLoop

_CONSTRAINTS = {"json_schema": 1, "json_object": 2, "regex": 3, "choices": 4, "grammar": 5}
_LARGEST_SEED = 2**64 - 1


class GenerateOptions(TypedDict, total=False):
    """How tokens are chosen and when an answer ends; each key is an argument of ``generate()``.

    ``temperature``, ``top_k``, ``top_p``, ``min_p`` and the penalties that are not given are the
    model's own (``Model.sampling``), else those of ``cellm run``: 0.8, 40, 1, 0, 1.05, 0, 0. Where
    the temperature is 0, those that are not given are off. Steps are taken in the order: bias,
    penalties, DRY, top_n_sigma, top_k, typical_p, top_p, min_p, xtc, temperature.
    """

    #: tokens of the answer; None: as many as fit
    max_tokens: int | None
    #: before so many tokens, none ends the answer
    min_tokens: int
    #: divides the logits; 0: greedy, the most probable token
    temperature: float
    #: only the most probable tokens; 0: all
    top_k: int
    #: only the fewest tokens that reach this probability; 1: all
    top_p: float
    #: only tokens this probable relative to the best; 0: all
    min_p: float
    #: divides the logits of recent tokens; 1: off
    repeat_penalty: float
    #: subtracted from the logits of recent tokens
    presence_penalty: float
    #: the same, for each occurrence
    frequency_penalty: float
    #: tokens that are recent; 64
    repeat_window: int
    #: only logits within so many standard deviations of the largest; 0: all
    top_n_sigma: float
    #: locally typical sampling; 1: off
    typical_p: float
    #: of leaving out all top choices but the last; 0: never
    xtc_probability: float
    #: the probability of a top choice; 0.1
    xtc_threshold: float
    #: a token that continues a repetition loses multiplier * base ** (length - allowed); 0: off
    dry_multiplier: float
    dry_base: float
    dry_allowed_length: int
    #: latest tokens in which repetitions are looked for; 0: all
    dry_window: int
    #: texts at which repetitions end
    dry_breakers: Sequence[str]
    #: 0 to 2**64 - 1; None: random, to be found in the result
    seed: int | None
    #: added to the logits of tokens; -inf: never chosen
    logit_bias: Mapping[int, float]
    #: texts that end the answer and are left out of it
    stop: str | Sequence[str]
    #: go on after the end of the answer
    ignore_end: bool
    #: what is done about a text that repeats itself; "stop" in conversations, else "ignore"
    on_loop: OnLoop
    #: read ahead what an earlier part of the text suggests: "auto" (while it is faster), "on" or
    #: "off"; the answer is the same
    lookup: Lookup
    #: tokens read ahead at most, up to 63; 16
    draft_max: int
    #: report the log probability of each token and of so many of the most probable; at most 1000
    logprobs: int | None
    #: after so many tokens of reasoning ``</think>`` is forced; None: never
    thinking_budget: int | None
    #: the answer is JSON that satisfies this schema (a mapping, a bool or JSON text)
    json_schema: Mapping[str, Any] | bool | str
    #: the answer is a JSON object
    json_object: bool
    #: the answer is a text that this expression matches as a whole
    regex: str
    #: the answer is a text of this grammar, in llama.cpp's GBNF
    grammar: str
    #: the answer is one of these texts
    choices: Sequence[str]


_NUMBERS = {
    "temperature", "top_p", "min_p", "repeat_penalty", "presence_penalty", "frequency_penalty",
    "top_n_sigma", "typical_p", "xtc_probability", "xtc_threshold", "dry_multiplier", "dry_base",
}  # fmt: skip
_SIZES = {
    "min_tokens", "top_k", "repeat_window", "dry_allowed_length", "dry_window", "logprobs",
    "thinking_budget", "draft_max",
}  # fmt: skip
_TEXTS = {"dry_breakers", "stop"}
_OPTIONAL = {"logprobs", "thinking_budget"}


def _texts(value: object, what: str) -> list[str]:
    if isinstance(value, str):
        value = [value]
    if isinstance(value, (bytes, Mapping)) or not isinstance(value, Sequence):
        raise TypeError(f"{what}: expected strings, not {type(value).__name__}")
    return [_values.word(one, what) for one in value]


def _logit_bias(value: object) -> list[tuple[int, float]]:
    if not isinstance(value, Mapping):
        raise TypeError(f"logit_bias: expected a mapping, not {type(value).__name__}")
    result = []
    for key, bias in value.items():
        id_ = _values.size(key, "logit_bias")
        if id_ > _values.LARGEST_ID:
            raise UsageError(f"logit_bias: {id_} is no token id")
        result.append((id_, _values.number(bias, "logit_bias")))
    return result


def _constraint(name: str, value: object) -> list[str]:
    if name == "json_schema":
        return [_values.json_text(value, name)]
    if name == "json_object":
        return []
    if name == "choices":
        if isinstance(value, str):
            raise TypeError("choices: expected a list of strings, not one")
        return _texts(value, name)
    return [_values.word(value, name)]


def _seed(value: object) -> int:
    if value is None:
        return secrets.randbits(64)
    if isinstance(value, bool) or not hasattr(value, "__index__"):
        raise TypeError(f"seed: expected a whole number, not {type(value).__name__}")
    seed = int(value.__index__())
    if not 0 <= seed <= _LARGEST_SEED:
        raise UsageError(f"seed: {seed} is not in 0 ... 2**64 - 1")
    return seed


def _set(options: _cellm.Options, name: str, value: object) -> None:
    if name == "max_tokens":
        if value is not None:
            options.max_tokens = _values.size(value, name)
    elif name in _NUMBERS:
        setattr(options, name, _values.number(value, name))
    elif name in _SIZES:
        if value is not None or name not in _OPTIONAL:
            setattr(options, name, _values.size(value, name))
        if name == "thinking_budget" and value == 0:
            raise UsageError("thinking_budget: 0 tokens; thinking=False asks for no reasoning")
    elif name in _TEXTS:
        setattr(options, name, _texts(value, name))
    elif name == "ignore_end":
        options.ignore_end = _values.flag(value, name)
    elif name == "logit_bias":
        options.set_logit_bias(_logit_bias(value))
    elif name == "on_loop":
        options.set_on_loop(_values.choice(value, _values.ON_LOOP, name))
    elif name == "lookup":
        options.set_lookup(_values.choice(value, _values.LOOKUP, name))
    else:
        raise TypeError(f"{name!r} is no option of generation")


def native(given: GenerateOptions, *, chat: bool) -> _cellm.Options:
    """The options of the library. With chat, the defaults are those of conversations."""
    options = _cellm.Options()
    options.seed = _seed(given.get("seed"))
    options.card = chat
    options.split_thinking = chat
    options.set_on_loop(_values.ON_LOOP["stop" if chat else "ignore"])
    constraints = []
    for name, value in given.items():
        if name == "seed":
            continue
        if name in _CONSTRAINTS:
            if name == "json_object" and value is not None and not _values.flag(value, name):
                continue
            if value is not None:
                constraints.append(name)
                options.set_constraint(_CONSTRAINTS[name], _constraint(name, value))
        else:
            _set(options, name, value)
    if len(constraints) > 1:
        raise UsageError(f"give one constraint, not {' and '.join(constraints)}")
    return options
