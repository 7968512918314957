"""What the parts of the corpus are made of. Plain data; every other file of this folder makes or uses it."""

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Fact:
    """One thing to know, with the ways to ask for it. The reply is the same to each of them."""

    kind: str  # such as "capital"; the facts of one kind share their templates
    key: str  # the subject, such as "France"; distinct within a kind
    answer: str  # the shortest right answer, such as "Paris"; part of the reply
    reply: str  # the expected reply, word for word
    questions: tuple[str, ...]  # phrasings to train on
    held_out: tuple[str, ...]  # phrasings that only the evaluation uses, for no fact of this kind in training
    statements: tuple[str, ...] = ()  # sentences of plain prose that say the same
    wrong: tuple[str, ...] = ()  # three other answers of the same kind, for multiple choice


@dataclass(frozen=True)
class Talk:
    """Something that is said in talk, and what to answer: any of the replies fits any of the messages."""

    kind: str  # such as "greeting"
    messages: tuple[str, ...]
    held_out: tuple[str, ...]  # messages that only the evaluation uses
    replies: tuple[str, ...]


@dataclass(frozen=True)
class Document:
    """A text of the corpus: turns of a conversation, or, when there are none, prose."""

    kind: str
    turns: tuple[tuple[str, str], ...] = field(default=())  # (user, assistant)
    prose: str = ""
