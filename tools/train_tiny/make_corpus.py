#!/usr/bin/env python3
"""Writes the corpus of cellm-tiny: training documents, held-out dialogues and questions.

usage: make_corpus.py --prose FOLDER --output FOLDER [--seed N] [--scale X]

Into the output go train.jsonl (documents in the order of training), and for evaluation, in phrasings that no training
document has, questions.jsonl (500 of them) and choices.jsonl (the same as multiple choice). dialogues.jsonl holds
conversations and stories that are no training documents, training_dialogues.jsonl as many that are,
rephrased_dialogues.jsonl conversations in the phrasings of neither; story.txt is a text of the corpus's own kind.
"""

import argparse
import json
import pathlib
import random

from corpus.documents import Document
from corpus.explanations import advice, animals, home, machines, nature, people, world
from corpus.facts import numbers, science, words
from corpus.facts import world as countries
from corpus.prose import passages, public_domain, stories
from corpus.talks import conversations, refusals, small_talk

FACTS = (countries, science, words, numbers)
EXPLANATIONS = (machines, home, nature, animals, world, people, advice)
TALKS = (small_talk, refusals)

# How often each fact, explanation and message is asked for, and how many documents of the rest there are. A long answer
# takes more repetitions until it is known word for word.
REPEATS = {"fact": 32, "explanation": 68, "talk": 4}
COUNTS = {"statements": 7650, "conversation": 7650, "story": 6800, "passage": 4250}
PROSE_SHARE = 0.85  # of the public-domain passages
SYSTEMS = ("You are a helpful assistant.", "You are cellm-tiny, a small and helpful assistant.",
           "Answer in one short sentence.", "Be brief and kind.")  # fmt: skip
SYSTEM_SHARE = 0.05
QUESTIONS = 500
DIALOGUES = 300  # of each kind, to measure losses on
HELD_OUT_STORIES = 60


def all_facts(modules):
    return [fact for module in modules for fact in module.facts()]


def all_talks(modules):
    return [entry for module in modules for entry in module.talks()]


def with_habits(rng, message):
    """Variations of user messages: some in lower case, some without final punctuation, some with a word in front."""
    if rng.random() < 0.12:
        message = message[0].lower() + message[1:]
    if rng.random() < 0.12 and message[-1] in "?.!":
        message = message[:-1]
    if rng.random() < 0.06:
        before = ("Please tell me:", "Quick question:", "Hello!", "Hi,", "One more thing:", "I have a question.", "Hey!")
        message = f"{rng.choice(before)} {message}"
    return message


def dialogues(rng, facts, repeats):
    """Every fact `repeats` times, each time in another of its phrasings while there are any."""
    for fact in facts:
        asked = []
        while len(asked) < repeats:
            asked.extend(rng.sample(fact.questions, len(fact.questions)))
        for question in asked[:repeats]:
            yield Document(fact.kind, ((with_habits(rng, question), fact.reply),))


def small_talk(rng, talks, repeats):
    for entry in talks:
        for message in entry.messages:
            for _ in range(repeats):
                yield Document(entry.kind, ((with_habits(rng, message), rng.choice(entry.replies)),))


def statements(rng, facts, count):
    """Plain sentences, a few of one kind after each other."""
    by_kind = {}
    for fact in facts:
        for statement in fact.statements:
            by_kind.setdefault(fact.kind, []).append(statement)
    kinds = [kind for kind, texts in by_kind.items() for _ in range(len(texts) // 20 + 1)]
    for _ in range(count):
        texts = by_kind[rng.choice(kinds)]
        some = rng.sample(texts, min(len(texts), rng.randint(2, 5)))
        if len(" ".join(some)) > 500:
            some = some[:2]
        yield Document("statement", prose="\n".join(some) if rng.random() < 0.3 else " ".join(some))


def training_documents(rng, parts, prose_folder, scale):
    facts, explanations, talks = parts

    def times(number):
        return max(1, round(number * scale))

    documents = [
        *dialogues(rng, facts, times(REPEATS["fact"])),
        *dialogues(rng, explanations, times(REPEATS["explanation"])),
        *small_talk(rng, talks, times(REPEATS["talk"])),
        *statements(rng, facts + explanations, times(COUNTS["statements"])),
    ]
    for _ in range(times(COUNTS["conversation"])):
        documents.append(conversations.conversation(rng, facts + explanations, talks, False))
    for _ in range(times(COUNTS["story"])):
        story = stories.story(rng)
        if rng.random() < 0.5:
            documents.append(Document("story", ((with_habits(rng, story.request), story.text),)))
        else:
            documents.append(Document("story", prose=story.text))
    for _ in range(times(COUNTS["passage"])):
        documents.append(Document("passage", prose=passages.passage(rng)))
    texts = public_domain.passages(prose_folder)
    some = rng.sample(texts, min(len(texts), times(PROSE_SHARE * len(texts))))
    documents.extend(Document("prose", prose=text) for text in some)
    rng.shuffle(documents)
    return documents


def record(rng, document):
    if not document.turns:
        return {"kind": document.kind, "prose": document.prose}
    entry = {"kind": document.kind, "turns": document.turns}
    if rng.random() < SYSTEM_SHARE:
        entry["system"] = rng.choice(SYSTEMS)
    return entry


def choice_item(rng, fact, question):
    """The reply up to its answer, and four continuations, without the chat format."""
    at = fact.reply.index(fact.answer)
    choices = [f" {answer}{fact.reply[at + len(fact.answer):]}" for answer in (fact.answer, *fact.wrong)]
    order = rng.sample(range(len(choices)), len(choices))
    return {"context": f"{question} {fact.reply[:at]}".rstrip(), "choices": [choices[i] for i in order],
            "answer": order.index(0)}  # fmt: skip


def questions(rng, facts, explanations):
    """Held-out questions, as evenly as their numbers allow over the kinds, each of another fact while there are any."""
    by_kind = {}
    for fact in facts + explanations:
        by_kind.setdefault(fact.kind, []).append(fact)
    pools = {kind: rng.sample(entries, len(entries)) for kind, entries in by_kind.items()}
    chosen = []
    while len(chosen) < QUESTIONS and any(pools.values()):
        for kind in sorted(pools):
            # Kinds with many facts come more often.
            for _ in range(1 + len(by_kind[kind]) // 100):
                if pools[kind] and len(chosen) < QUESTIONS:
                    fact = pools[kind].pop()
                    chosen.append((fact, rng.choice(fact.held_out)))
    return chosen


def held_out_dialogues(rng, documents, facts, explanations, talks):
    """Conversations and stories on request: of the training documents, others made likewise, and conversations in
    phrasings that no training document has."""
    trained = [d for d in documents if d.turns and (len(d.turns) > 1 or d.kind == "story")]
    known = {d.turns for d in trained}

    def new(count, make):
        made = []
        while len(made) < count:
            document = make()
            if document.turns not in known:
                made.append(document)
        return made

    def story():
        made = stories.story(rng)
        return Document("story", ((made.request, made.text),))

    def conversation(held_out):
        return conversations.conversation(rng, facts + explanations, talks, held_out)

    some = rng.sample(trained, DIALOGUES)
    told = sum(d.kind == "story" for d in some)
    return {
        "training_dialogues": some,
        "dialogues": new(DIALOGUES - told, lambda: conversation(False)) + new(told, story),
        "rephrased_dialogues": new(DIALOGUES - told, lambda: conversation(True)) + new(told, story),
    }


def write_lines(path, entries):
    path.write_text("".join(json.dumps(e, ensure_ascii=False) + "\n" for e in entries), encoding="utf-8")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--prose", required=True)
    parser.add_argument("--output", type=pathlib.Path, required=True)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--scale", type=float, default=1.0, help="of all numbers of documents, for a trial")
    options = parser.parse_args()
    facts, explanations, talks = all_facts(FACTS), all_facts(EXPLANATIONS), all_talks(TALKS)
    options.output.mkdir(parents=True, exist_ok=True)

    rng = random.Random(f"train {options.seed}")
    documents = training_documents(rng, (facts, explanations, talks), options.prose, options.scale)
    write_lines(options.output / "train.jsonl", (record(rng, d) for d in documents))

    # A separate generator: the evaluation files do not depend on the training documents.
    rng = random.Random(f"evaluate {options.seed}")
    chosen = questions(rng, facts, explanations)
    write_lines(options.output / "questions.jsonl",
                ({"kind": f.kind, "question": q, "answer": f.answer, "reply": f.reply} for f, q in chosen))  # fmt: skip
    write_lines(options.output / "choices.jsonl", (choice_item(rng, fact, question) for fact, question in chosen))
    for name, some in held_out_dialogues(rng, documents, facts, explanations, talks).items():
        write_lines(options.output / f"{name}.jsonl", ({"kind": d.kind, "turns": d.turns} for d in some))
    text = "\n\n".join(stories.story(rng).text for _ in range(HELD_OUT_STORIES))
    (options.output / "story.txt").write_text(text + "\n", encoding="utf-8")
    print(f"{len(documents)} documents to train on, {len(chosen)} questions")


if __name__ == "__main__":
    main()
