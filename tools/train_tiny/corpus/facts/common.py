"""What the files of facts share: filling the templates, and finding plausible wrong answers."""

import random
from collections.abc import Iterable

from ..documents import Fact

Templates = tuple[tuple[str, ...], tuple[str, ...]]  # (to train on, held out)


def lines(text: str) -> tuple[str, ...]:
    """The lines of a table, without blank ones."""
    return tuple(line.strip() for line in text.splitlines() if line.strip())


def rows(text: str) -> list[list[str]]:
    """A table with a row in each line and | between the columns."""
    return [[cell.strip() for cell in line.split("|")] for line in lines(text)]


def templates(text: str) -> Templates:
    """One template a line; those after the line -- are held out."""
    training, held_out = text.split("\n--\n")
    return lines(training), lines(held_out)


def capitalized(text: str) -> str:
    """With a capital letter at the start; the rest stays, unlike with str.capitalize."""
    return text[:1].upper() + text[1:]


def with_article(noun: str) -> str:
    """With a or an before it; the tables hold no noun whose first letter deceives about its sound."""
    return ("an " if noun[0] in "aeiou" else "a ") + noun


def wrong_answers(
    seed: str, answer: str, *tiers: Iterable[str], forbidden: Iterable[str] = ()
) -> tuple[str, ...]:
    """Three wrong answers, from the first tier as far as it reaches; the same ones in every run."""
    chance = random.Random(seed)
    taken = {answer, *forbidden}
    chosen: list[str] = []
    for tier in tiers:
        candidates = list(dict.fromkeys(tier))
        chance.shuffle(candidates)
        for candidate in candidates:
            if candidate not in taken and len(chosen) < 3:
                taken.add(candidate)
                chosen.append(candidate)
    return tuple(chosen)


def near_numbers(seed: str, number: int, *others: int) -> tuple[str, ...]:
    """Three numbers that a careless reckoner might give instead."""
    near = [number + step for step in (-3, -2, -1, 1, 2, 3, -10, 10)] + list(others)
    return wrong_answers(seed, str(number), [str(n) for n in near if n >= 0])


def make_fact(
    kind: str,
    key: str,
    answer: str,
    reply: str,
    asking: Templates,
    values: dict[str, object],
    wrong: tuple[str, ...],
    *more_statements: str,
) -> Fact:
    """A fact with questions from templates: {x} what it is about, {X} capitalized, {l} in lower case."""
    names = dict(values)
    if "x" in values:
        names |= {"X": capitalized(str(values["x"])), "l": str(values["x"]).lower()}
    training, held_out = (tuple(dict.fromkeys(one.format(**names) for one in part)) for part in asking)
    statements = tuple(dict.fromkeys((reply, *more_statements)))
    return Fact(kind, key, answer, reply, training, held_out, statements, wrong)
