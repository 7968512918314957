"""Models and tokenizers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from os import PathLike
from typing import Any, Literal, TypeAlias, Unpack, cast, overload

from cellm import _cellm, _chat, _generation, _jobs, _options, _values
from cellm._closing import Closing
from cellm._errors import UsageError
from cellm._generation import Generation, Stream
from cellm._options import GenerateOptions
from cellm._session import Batch, Session
from cellm._values import Activations, ChatFormat, FloatArray, IdArray, Ids, KvEncoding

Message: TypeAlias = Mapping[str, str]
Prompt: TypeAlias = "str | Sequence[Message] | Ids"


@dataclass(frozen=True, slots=True)
class ChatOptions:
    """How a conversation becomes a prompt. Raises what ``Model.apply_chat_template()`` does.

    ``thinking``: whether a model that can think does so before it answers; None: the default of its
    template. ``chat_format``: ``"chatml"`` or ``"plain"`` (the texts concatenated) in place of the
    model's template. ``chat_template``: a Jinja template in place of it, or the name of one of the
    model's. ``variables``: more variables of the template.
    """

    thinking: bool | None = None
    chat_format: ChatFormat = "auto"
    chat_template: str | None = None
    variables: Mapping[str, Any] | None = None


class AnswerOptions(GenerateOptions, total=False):
    """GenerateOptions, and options of the prompt and of the session."""

    #: whether the prompt is a conversation; by default a text is the message of a user if the model
    #: has a chat template, else it is continued
    chat: bool | None
    #: a system message before the prompt
    system: str | None
    #: see ChatOptions
    thinking: bool | None
    chat_format: ChatFormat
    chat_template: str | None
    variables: Mapping[str, Any] | None
    #: tokens of prompt and answer at most; None: the model's context
    context: int | None
    #: of the KV cache: "f16", "turboquant" (8 bits, rotated) or "f32"
    kv_encoding: KvEncoding


@dataclass(frozen=True, slots=True)
class Completion:
    """A prompt and what runs it."""

    session: Session
    ids: IdArray
    options: _cellm.Options
    tools: _cellm.Tools

    def generate(self, model: Model) -> Generation:
        """The whole answer."""
        with self.session as session:
            return _generation.generate(
                model._native, session._native, self.ids, self.options, self.tools
            )

    def stream(self, model: Model) -> Stream:
        """The same, token by token."""
        native, close = self.session._native, self.session.close
        return Stream(model._native, native, self.ids, self.options, close, self.tools)


_CHAT_NAMES = ("thinking", "chat_format", "chat_template", "variables")


class Tokenizer:
    """A tokenizer without weights. Thread-safe."""

    def __init__(
        self,
        path: str | PathLike[str],
        *,
        follow_links: bool = False,
    ) -> None:
        """Opens a ``tokenizer.json``, or the tokenizer of a model: a folder or a file.

        Raises DataError for a missing or damaged file.
        """
        plain = _values.path(path, "path")
        is_file = plain.endswith(".json")
        self._native = _cellm.Tokenizer(
            plain if is_file else "",
            "" if is_file else plain,
            _values.flag(follow_links, "follow_links"),
        )

    @classmethod
    def from_pretrained(
        cls, name: str | PathLike[str], *, progress: _jobs.Progress = "auto"
    ) -> Tokenizer:
        """The same for a name on the hub, too."""
        return cls(_jobs.resolve(name, progress=progress))

    def encode(self, text: str, *, parse_special: bool = False) -> list[int]:
        """The ids of a text, without a begin-of-text token. With parse_special, control tokens
        spelled in the text become control tokens."""
        plain = _values.text(text, "text")
        return self._native.encode(plain, _values.flag(parse_special, "parse_special")).tolist()  # type: ignore[no-any-return]

    def decode(self, ids: Ids, *, skip_special: bool = True) -> str:
        """The text of ids. Bytes that are no UTF-8 become U+FFFD. UsageError for an id that is no
        token."""
        return self._native.decode(_values.ids(ids), _values.flag(skip_special, "skip_special"))

    def close(self) -> None:
        """Frees it. Other calls are a UsageError afterwards."""
        self._native.close()


class Model(Closing):
    """A loaded model; a context manager that closes it.

    Thread-safe: calls take turns on its threads.
    After ``close()`` every use is a UsageError; sessions and calls in progress keep the weights
    until they end. In a forked process every use is a UsageError. Weight files are mapped into
    memory and must not be changed meanwhile.
    """

    def __init__(
        self,
        path: str | PathLike[str],
        *,
        target: str | None = None,
        tokenizer_file: str | PathLike[str] | None = None,
        max_layers: int | None = None,
        activations: Activations = "int8",
        follow_links: bool = False,
        threads: int | None = None,
    ) -> None:
        """Opens a Hugging Face folder, a ``.gguf`` or a ``.cellm`` file and loads its weights.

        :param target: CPU target; by default that of CELLM_TARGET, else the best of this processor
        :param tokenizer_file: a ``tokenizer.json`` in place of the model's own
        :param max_layers: run the first layers only
        :param activations: ``"int8"`` (8-bit codes for weights with integer kernels), ``"fast"``
            (the same, and bf16 for 16-bit weights if the processor has it) or ``"f32"`` (exact)
        :param follow_links: follow symbolic links out of the model folder
        :param threads: at most 1024; by default one per physical core, within the CPU quota

        Raises DataError for a missing or damaged model, UnsupportedError for one that cellm does
        not run, ResourcesError if the weights exceed the available memory.
        """
        self._path = _values.path(path, "path")
        self._tokenizer_file = (
            None if tokenizer_file is None else _values.path(tokenizer_file, "tokenizer_file")
        )
        self._follow_links = _values.flag(follow_links, "follow_links")
        self._tokenizer: Tokenizer | None = None
        self._native = _cellm.Model(
            self._path,
            _jobs.target_of(target),
            self._tokenizer_file or "",
            _values.size(max_layers, "max_layers"),
            _values.choice(activations, _values.ACTIVATIONS, "activations"),
            self._follow_links,
            _values.threads(threads),
        )

    @classmethod
    def from_pretrained(
        cls,
        name: str | PathLike[str],
        *,
        progress: _jobs.Progress = "auto",
        target: str | None = None,
        tokenizer_file: str | PathLike[str] | None = None,
        max_layers: int | None = None,
        activations: Activations = "int8",
        follow_links: bool = False,
        threads: int | None = None,
    ) -> Model:
        """Opens a folder, a file, or a model on the Hugging Face hub by its name.

        ``"ORG/NAME"`` or ``"ORG/NAME:FILE.gguf"``, with ``@REVISION`` if wanted, is downloaded and
        converted once (int4-g32, text only), as by ``cellm pull``. A file or folder of that
        name has precedence. Other parameters and errors are those of the constructor.
        """
        path = _jobs.resolve(name, threads=threads, progress=progress)
        return cls(
            path,
            target=target,
            tokenizer_file=tokenizer_file,
            max_layers=max_layers,
            activations=activations,
            follow_links=follow_links,
            threads=threads,
        )

    # Facts

    @property
    def path(self) -> str:
        """The file or folder."""
        return self._path

    @property
    def vocab_size(self) -> int:
        """Logits after a token."""
        return int(self._native.facts()["vocab_size"])

    @property
    def hidden_size(self) -> int:
        """Values of a hidden state."""
        return int(self._native.facts()["hidden_size"])

    @property
    def layers(self) -> int:
        """Layers that run."""
        return int(self._native.facts()["layers"])

    @property
    def context(self) -> int:
        """Tokens of the longest sequence."""
        return int(self._native.facts()["context"])

    @property
    def parameters(self) -> int:
        """Weights of all tensors in the file."""
        return int(self._native.facts()["parameters"])

    @property
    def bits_per_weight(self) -> float:
        """Of the file, scales included."""
        return float(self._native.facts()["bits_per_weight"])

    @property
    def threads(self) -> int:
        """Threads that compute."""
        return int(self._native.facts()["threads"])

    @property
    def end_token(self) -> int | None:
        """The first of the tokens that end a text; None: none is known."""
        return self._native.facts().get("end_token")

    @property
    def has_tokenizer(self) -> bool:
        """Whether texts can be given."""
        return bool(self._native.facts()["has_tokenizer"])

    @property
    def has_chat_format(self) -> bool:
        """Whether conversations need no other format."""
        return bool(self._native.facts()["has_chat_format"])

    @property
    def model_type(self) -> str:
        """That of config.json: ``"llama"``, ``"qwen3"``, ..."""
        return self._native.type()

    @property
    def format(self) -> str:
        """The format of most weights."""
        return self._native.format()

    @property
    def target(self) -> str:
        """The CPU target that runs."""
        return self._native.target()

    @property
    def quality(self) -> str:
        """That stored in the file, ``"KLD 0.030 vs f16, 4.50 bits per weight"``; or empty."""
        return self._native.quality()

    @property
    def notes(self) -> list[str]:
        """What was assumed or ignored in the files."""
        return self._native.notes().splitlines()

    @property
    def chat_template(self) -> str:
        """The Jinja chat template; empty if there is none."""
        return self._native.chat_template()

    def named_chat_template(self, name: str) -> str:
        """That of a name, for models that have several; empty if there is none."""
        return self._native.named_chat_template(_values.word(name, "name"))

    def sampling(self, source: Literal["file", "card"] = "file") -> dict[str, float]:
        """What the model asks for, by the names of GenerateOptions: in its generation_config.json,
        or on its maker's card beyond that file, which counts in conversations."""
        kind = _values.choice(source, {"file": 0, "card": 1}, "source")
        return self._native.sampling(kind == 1)

    # Text

    @property
    def tokenizer(self) -> Tokenizer:
        """The model's tokenizer, opened at first use."""
        self._native.facts()  # refuses a closed model
        if self._tokenizer is None:
            path = self._tokenizer_file or self._path
            self._tokenizer = Tokenizer(path, follow_links=self._follow_links)
        return self._tokenizer

    def tokenize(self, text: str, *, parse_special: bool = False) -> IdArray:
        """The ids of a text, uint32 (tokens), after the begin-of-text token if the model has one.
        DataError for a model without tokenizer."""
        return self._native.tokenize(
            _values.text(text, "text"), _values.flag(parse_special, "parse_special")
        )

    def detokenize(self, ids: Ids) -> str:
        """The text of ids without control tokens."""
        return self._native.detokenize(_values.ids(ids))

    @overload
    def apply_chat_template(
        self,
        messages: Sequence[Message],
        *,
        tokenize: Literal[True] = True,
        thinking: bool | None = None,
        chat_format: ChatFormat = "auto",
        chat_template: str | None = None,
        variables: Mapping[str, Any] | None = None,
    ) -> IdArray: ...
    @overload
    def apply_chat_template(
        self,
        messages: Sequence[Message],
        *,
        tokenize: Literal[False],
        thinking: bool | None = None,
        chat_format: ChatFormat = "auto",
        chat_template: str | None = None,
        variables: Mapping[str, Any] | None = None,
    ) -> str: ...
    def apply_chat_template(
        self,
        messages: Sequence[Message],
        *,
        tokenize: bool = True,
        thinking: bool | None = None,
        chat_format: ChatFormat = "auto",
        chat_template: str | None = None,
        variables: Mapping[str, Any] | None = None,
    ) -> IdArray | str:
        """The ids of a conversation, uint32 (tokens), ending with the start of the answer; without
        ``tokenize`` the text of these ids.

        Messages are mappings with ``role`` (``"system"``, ``"user"``, ``"assistant"``) and
        ``content``. A control token spelled in a message is tokenized as text. UsageError for
        messages that the template does not allow, UnsupportedError if the model has none.
        """
        chat = ChatOptions(thinking, chat_format, chat_template, variables)
        ids = self._chat_prompt(_values.messages(messages), chat)
        return (
            ids
            if _values.flag(tokenize, "tokenize")
            else self.tokenizer.decode(ids, skip_special=False)
        )

    def _template(self, chat: ChatOptions) -> str:
        """The text of another template; empty: the model's own, or chat_format."""
        if chat.chat_template is None:
            return ""
        given = _values.word(chat.chat_template, "chat_template")
        return self._native.named_chat_template(given) or given

    def _chat_prompt(self, messages: list[tuple[str, str]], chat: ChatOptions) -> IdArray:
        return self._native.chat_prompt(messages, *self._framing(chat))

    def _framing(self, chat: ChatOptions) -> tuple[int, bool | None, str, str]:
        """Format, thinking, template and variables, as the library takes them."""
        return (
            _values.choice(chat.chat_format, _values.CHAT_FORMATS, "chat_format"),
            None if chat.thinking is None else _values.flag(chat.thinking, "thinking"),
            self._template(chat),
            "" if chat.variables is None else _values.json_text(chat.variables, "variables"),
        )

    def _completion(self, messages: str, request: str, options: dict[str, Any]) -> Completion:
        """What answers messages of OpenAI's form, as JSON, with the functions of a request."""
        given = dict(options)
        session = {name: given.pop(name) for name in ("context", "kv_encoding") if name in given}
        chat = ChatOptions(**{name: given.pop(name) for name in _CHAT_NAMES if name in given})
        native = _options.native(cast(GenerateOptions, given), chat=True)
        framing = self._framing(chat)
        native.set_frame(framing[0], framing[2])
        tools = _cellm.Tools(self._native, request, *framing)
        return Completion(self.session(**session), tools.prompt(messages), native, tools)

    # Running

    def session(
        self,
        *,
        context: int | None = None,
        kv_encoding: KvEncoding = "f16",
        tokens_per_block: int = 16,
    ) -> Session:
        """An empty sequence of at most ``context`` tokens (None: the model's context).

        :param kv_encoding: of the KV cache: ``"f16"``, ``"turboquant"`` (8 bits, rotated) or
            ``"f32"``
        :param tokens_per_block: of the KV cache, at most 65536
        """
        return Session(self._native, context, kv_encoding, tokens_per_block)

    def batch(self) -> Batch:
        """Sequences that run together; at first none."""
        return Batch(self._native)

    def logits(self, ids: Ids, *, kv_encoding: KvEncoding = "f16") -> FloatArray:
        """The logits after each token of a sequence, float32 (tokens, vocab_size).

        UsageError for no tokens, more than ``context``, or an id beyond the vocabulary.
        """
        with self.session(kv_encoding=kv_encoding) as session:
            return session.logits(ids)

    def generate(self, prompt: Prompt, **options: Unpack[AnswerOptions]) -> Generation:
        """An answer to a prompt.

        :param prompt: a text (the message of a user if the model has a chat template, else it is
            continued), a conversation (a list of mappings with ``role`` and ``content``), or token
            ids, to which nothing is added
        :param options: see AnswerOptions and GenerateOptions

        Ctrl-C ends it with KeyboardInterrupt. UsageError for an option or a prompt that does not
        fit, UnsupportedError, before anything runs, for what a constraint does not support,
        ResourcesError if memory runs out.
        """
        session, ids, native = self._prepare(prompt, options)
        with session:
            return _generation.generate(self._native, session._native, ids, native)

    def stream(self, prompt: Prompt, **options: Unpack[AnswerOptions]) -> Stream:
        """The same as an iterator, or asynchronous iterator, of Chunk."""
        session, ids, native = self._prepare(prompt, options)
        return Stream(self._native, session._native, ids, native, session.close)

    @overload
    def create_chat_completion(
        self, messages: Sequence[Mapping[str, Any]], *, stream: Literal[False] = False, **given: Any
    ) -> dict[str, Any]: ...
    @overload
    def create_chat_completion(
        self, messages: Sequence[Mapping[str, Any]], *, stream: Literal[True], **given: Any
    ) -> Iterator[dict[str, Any]]: ...
    def create_chat_completion(
        self, messages: Sequence[Mapping[str, Any]], *, stream: bool = False, **given: Any
    ) -> dict[str, Any] | Iterator[dict[str, Any]]:
        """An answer to a conversation in the shape of OpenAI's chat completions.

        :param messages: their contents are texts, or lists of parts of text; the answers with calls
            (``tool_calls``) and the results (role ``"tool"``) of earlier turns are among them
        :param stream: return an iterator of chunks
        :param given: ``max_completion_tokens`` or ``max_tokens``, ``temperature``, ``top_p``,
            ``stop``, ``seed``, ``presence_penalty``, ``frequency_penalty``, ``logit_bias``,
            ``tools``, ``tool_choice``, ``parallel_tool_calls``, ``response_format`` (``text``,
            ``json_object``, ``json_schema``), ``logprobs`` and
            ``top_logprobs`` (not of streams), ``stream_options``; of cellm ``top_k``, ``min_p``,
            ``repeat_penalty``, ``thinking``, ``chat_template``, ``context``, ``kv_encoding``.
            ``model`` and ``user`` are ignored.

        Reasoning is in ``reasoning_content``. Arguments of calls satisfy the schema of a function
        that is strict, of others as far as the schema is supported. UnsupportedError for ``n``
        above 1 and for contents that are no text.
        """
        result: dict[str, Any] | Iterator[dict[str, Any]]
        result = _chat.complete(self, messages, {**given, "stream": stream})
        return result

    def _prepare(
        self, prompt: Prompt, options: AnswerOptions
    ) -> tuple[Session, IdArray, _cellm.Options]:
        """The session, the ids and the options of an answer."""
        given: dict[str, Any] = dict(options)
        is_chat = given.pop("chat", None)
        system = given.pop("system", None)
        context = given.pop("context", None)
        kv_encoding = given.pop("kv_encoding", "f16")
        framing = {name: given.pop(name) for name in _CHAT_NAMES if name in given}
        if is_chat is None:
            framed = self.has_chat_format or bool(framing) or system is not None
            is_chat = framed if isinstance(prompt, str) else _is_conversation(prompt)
        is_chat = _values.flag(is_chat, "chat")
        native = _options.native(cast(GenerateOptions, given), chat=is_chat)
        if is_chat:
            chat = ChatOptions(**framing)
            ids = self._chat_prompt(_conversation(prompt, system), chat)
            frame = _values.choice(chat.chat_format, _values.CHAT_FORMATS, "chat_format")
            native.set_frame(frame, self._template(chat))
        else:
            if framing or system is not None:
                names = ", ".join([*framing, *(["system"] if system is not None else [])])
                raise UsageError(f"{names}: the prompt is no conversation")
            ids = self.tokenize(prompt) if isinstance(prompt, str) else _prompt_ids(prompt)
        return self.session(context=context, kv_encoding=kv_encoding), ids, native

    def close(self) -> None:
        """Frees the weights, once no session and no call needs them."""
        self._native.close()
        if self._tokenizer is not None:
            self._tokenizer.close()

    @property
    def closed(self) -> bool:
        """Whether ``close()`` was called."""
        return self._native.closed

    def __repr__(self) -> str:
        return f"<cellm.Model {self._path!r}{', closed' if self.closed else ''}>"

    def __reduce__(self) -> tuple[Any, ...]:
        raise TypeError("a model is not pickled; open its path in each process")


def _is_conversation(prompt: object) -> bool:
    if not isinstance(prompt, Sequence) or isinstance(prompt, (str, bytes, bytearray)):
        return False
    return len(prompt) > 0 and isinstance(prompt[0], Mapping)


def _conversation(prompt: object, system: object) -> list[tuple[str, str]]:
    if isinstance(prompt, str):
        messages = [("user", _values.text(prompt, "prompt"))]
    elif _is_conversation(prompt):
        messages = _values.messages(prompt)
    else:
        raise TypeError(f"prompt: expected a text or messages, not {type(prompt).__name__}")
    if system is not None:
        messages.insert(0, ("system", _values.text(system, "system")))
    return messages


def _prompt_ids(prompt: object) -> IdArray:
    if _is_conversation(prompt):
        raise UsageError("prompt: messages are a conversation; chat=False does not go with them")
    return _values.ids(cast(Ids, prompt), "prompt")
