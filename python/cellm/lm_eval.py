"""cellm as a model of lm-evaluation-harness (the package lm_eval).

``python -m cellm.lm_eval`` is the program ``lm_eval`` with the model ``cellm``::

    python -m cellm.lm_eval --model cellm --model_args path=qwen.cellm --tasks arc_easy

In Python, importing this module registers the model. Scores are those of ``cellm eval --choices``.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

import cellm
from cellm._values import Activations, KvEncoding

try:
    from lm_eval.api.model import TemplateLM
    from lm_eval.api.registry import register_model
except ImportError as error:
    raise ImportError("cellm.lm_eval needs the package lm_eval: pip install lm_eval") from error

# Rows of logits that are held at a time.
_ROWS = 256


def _score(logits: npt.NDArray[np.float32], targets: Sequence[int]) -> tuple[float, bool]:
    """ln p of the targets, one in each row, and whether each is the most probable token."""
    rows = logits.astype(np.float64)
    rows -= rows.max(axis=1, keepdims=True)
    chosen = rows[np.arange(len(targets)), targets]
    sums = np.log(np.exp(rows).sum(axis=1))
    return float((chosen - sums).sum()), bool((rows.argmax(axis=1) == targets).all())


@register_model("cellm")
class CellmLM(TemplateLM):  # type: ignore[misc]
    """A model of cellm.

    ``path``: a folder, a file or a name on the hub. ``kv_encoding``, ``activations`` and
    ``threads`` as for Model; the KV cache is exact by default. ``max_length``: tokens of a
    sequence, the model's context by default. ``max_gen_toks``: tokens of an answer.
    """

    def __init__(
        self,
        path: str = "",
        *,
        pretrained: str = "",
        kv_encoding: KvEncoding = "f32",
        activations: Activations = "int8",
        threads: int | None = None,
        max_length: int | None = None,
        max_gen_toks: int = 256,
        batch_size: object = None,
        max_batch_size: object = None,
        device: object = None,
    ) -> None:
        super().__init__()
        self.model = cellm.Model.from_pretrained(
            path or pretrained, activations=activations, threads=threads
        )
        self._encode = self.model.tokenizer.encode
        self._begin = self.model.tokenize("").tolist()
        self._kv_encoding: KvEncoding = kv_encoding
        self._max_length = min(max_length or self.model.context, self.model.context)
        self._max_gen_toks = max_gen_toks

    @property
    def eot_token_id(self) -> int:
        end = self.model.end_token
        if end is None:
            raise cellm.UnsupportedError(f"{self.model.path}: no token is known to end a text")
        return end

    @property
    def prefix_token_id(self) -> int:
        """What stands for an empty context."""
        return int(self._begin[-1]) if self._begin else self.eot_token_id

    @property
    def max_length(self) -> int:
        return self._max_length

    @property
    def max_gen_toks(self) -> int:
        return self._max_gen_toks

    @property
    def tokenizer_name(self) -> str:
        return self.model.path.replace("/", "__")

    def apply_chat_template(
        self, chat_history: list[dict[str, str]], add_generation_prompt: bool = True
    ) -> str:
        if not add_generation_prompt:
            raise cellm.UnsupportedError("a conversation that ends within an answer")
        return self.model.apply_chat_template(chat_history, tokenize=False)

    def tok_encode(
        self, string: str, add_special_tokens: bool | None = None, **kwargs: Any
    ) -> list[int]:
        """A begin-of-text token comes first unless it is asked not to, or spelled in the text."""
        ids = self._encode(string, parse_special=True)
        if add_special_tokens is False or ids[: len(self._begin)] == self._begin:
            return ids
        return [*self._begin, *ids]

    def _continuation(
        self, session: cellm.Session, context: Sequence[int], continuation: Sequence[int]
    ) -> tuple[float, bool]:
        ids = [*context, *continuation][-self._max_length - 1 :]
        first = len(ids) - len(continuation)  # of the scored tokens
        total, greedy = 0.0, True
        fed, targets = ids[:-1], ids[1:]
        if first > 1:
            session.advance(fed[: first - 1])
        for begin in range(max(first - 1, 0), len(fed), _ROWS):
            end = min(begin + _ROWS, len(fed))
            part, is_greedy = _score(session.logits(fed[begin:end]), targets[begin:end])
            total += part
            greedy = greedy and is_greedy
        return total, greedy

    def _loglikelihood_tokens(
        self,
        requests: list[tuple[tuple[str, str], list[int], list[int]]],
        disable_tqdm: bool = False,
        **kwargs: Any,
    ) -> list[tuple[float, bool]]:
        results: list[tuple[float, bool]] = []
        known: tuple[list[int], cellm.Snapshot] | None = None
        with self.model.session(kv_encoding=self._kv_encoding) as session:
            empty = session.snapshot()
            for texts, context, continuation in self._shown(requests, disable_tqdm):
                shared = list(context[:-1])
                if shared and len(context) + len(continuation) <= self._max_length:
                    # Choices of one question follow each other and have their context in common.
                    if known is not None and known[0] == shared:
                        session.restore(known[1])
                    else:
                        session.restore(empty)
                        session.advance(shared)
                        known = (shared, session.snapshot())
                    result = self._continuation(session, context[-1:], continuation)
                else:
                    session.restore(empty)
                    result = self._continuation(session, context, continuation)
                results.append(result)
                self.cache_hook.add_partial("loglikelihood", texts, result)
        return results

    def loglikelihood_rolling(self, requests: list[Any], disable_tqdm: bool = False) -> list[float]:
        from lm_eval.utils import get_rolling_token_windows, make_disjoint_window

        results = []
        with self.model.session(kv_encoding=self._kv_encoding) as session:
            empty = session.snapshot()
            for request in self._shown(requests, disable_tqdm):
                (text,) = request.args
                windows = get_rolling_token_windows(
                    token_list=self.tok_encode(text, add_special_tokens=False),
                    prefix_token=self.prefix_token_id,
                    max_seq_len=self._max_length,
                    context_len=1,
                )
                total = 0.0
                for context, continuation in map(make_disjoint_window, windows):
                    session.restore(empty)
                    total += self._continuation(session, context, continuation)[0]
                results.append(total)
                self.cache_hook.add_partial("loglikelihood_rolling", request.args, total)
        return results

    def generate_until(self, requests: list[Any], disable_tqdm: bool = False) -> list[str]:
        results = []
        for request in self._shown(requests, disable_tqdm):
            context, given = request.args
            options = dict(given)
            until = options.pop("until", [])
            stops = [until] if isinstance(until, str) else list(until)
            budget = int(options.pop("max_gen_toks", self._max_gen_toks))
            sampled = bool(options.pop("do_sample", False))
            temperature = float(options.pop("temperature", 0.0)) if sampled else 0.0
            top_p = float(options.pop("top_p", 1.0))
            prompt = self.tok_encode(context)[-(self._max_length - budget) :]
            answer = self.model.generate(
                prompt,
                stop=[stop for stop in stops if stop],
                max_tokens=budget,
                temperature=temperature,
                top_p=top_p,
                seed=0,
                kv_encoding=self._kv_encoding,
            )
            results.append(answer.text)
            self.cache_hook.add_partial("generate_until", request.args, answer.text)
        return results

    @staticmethod
    def _shown(requests: Iterable[Any], disable_tqdm: bool) -> Iterable[Any]:
        from tqdm import tqdm

        shown: Iterable[Any] = tqdm(requests, disable=disable_tqdm)
        return shown


def main() -> None:
    """The program lm_eval."""
    from lm_eval.__main__ import cli_evaluate

    cli_evaluate()


if __name__ == "__main__":
    main()
