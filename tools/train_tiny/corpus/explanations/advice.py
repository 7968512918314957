"""Questions with an answer of a few sentences: why, how, what differs, and what to do."""

import random

from ..documents import Fact
from . import difference, how, tips, why

TEXTS = {
    "why": why.TEXT,
    "how": how.TEXT,
    "difference": difference.TEXT,
    "advice": tips.TEXT,
}


def parts(text: str) -> tuple[str, ...]:
    """The phrasings between the bars."""
    return tuple(" ".join(part.split()) for part in text.split("|") if part.strip())


def entries(text: str) -> list[dict[str, str]]:
    """The blocks of a text: key, reply, and the lines after ? (to train on), ! (held out) and ~ (prose)."""
    blocks = []
    for block in text.strip().split("\n\n"):
        key, *lines = block.split("\n")
        entry = {"key": key, "reply": "", "?": "", "!": "", "~": ""}
        current = "reply"
        for line in lines:
            if line[:2] in ("? ", "! ", "~ "):
                current = line[0]
                line = line[2:]
            entry[current] += " " + line
        blocks.append(entry)
    return blocks


def facts_of(kind: str, text: str) -> list[Fact]:
    """The facts of one kind. The reply is the answer, so the wrong answers are other replies of the kind."""
    blocks = entries(text)
    replies = {entry["key"]: " ".join(entry["reply"].split()) for entry in blocks}
    facts = []
    for entry in blocks:
        key = entry["key"]
        questions = parts(entry["?"])
        chance = random.Random(f"wrong {kind} {key}")
        others = chance.sample([other for other in replies if other != key], 3)
        facts.append(Fact(
            kind=kind,
            key=key,
            answer=replies[key],
            reply=replies[key],
            questions=questions,
            held_out=parts(entry["!"]),
            statements=(*parts(entry["~"]), f"{questions[0]} {replies[key]}"),
            wrong=tuple(replies[other] for other in others),
        ))
    return facts


def facts() -> list[Fact]:
    """All questions of this kind as facts."""
    return [fact for kind, text in TEXTS.items() for fact in facts_of(kind, text)]
