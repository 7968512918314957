"""How people ask what a thing is, and how to read the things in the other things_ files."""

import random

from ..documents import Fact

# {np} is the thing with its article, {Np} the same at the start of a sentence, {bare} the name alone and
# {many} all things of the kind: the plural of what can be counted, and {np} for everything else.
TRAINING = (
    "What is {np}?",
    "what is {np}",
    "What's {np}?",
    "Explain what {np} is.",
    "Explain what {np} is:",
    "Can you explain what {np} is?",
    "Please explain: what is {np}?",
    "Explain to me what {np} is:",
    "How would you describe {np}?",
    "Describe {np}.",
    "I want to know what {np} is.",
    "{Bare}: what is it?",
    "Tell me about {many}.",
    "What do you know about {many}?",
    "Could you tell me what {np} is?",
    "Do you know what {np} is?",
    'What does the word "{bare}" mean?',
    "In simple words, what is {np}?",
    "Give me a short explanation: what is {np}?",
    "My little sister asks what {np} is. What should I say to her?",
    "I am not sure what {np} is. Can you help me?",
    "We are learning about {many} today. What is {np}?",
    "What sort of thing is {np}?",
    "My son wants to know about {many}. What can I tell him?",
    "A friend has asked me what {np} is. How can I explain it?",
    "Someone wants to hear about {many}. What do I say?",
    "How can I explain {many} to a child?",
    "Say what {np} is.",
    "Help me: what is {np}?",
)

HELD_OUT = (
    "What kind of thing is {np}?",
    "Say in your own words what {np} is.",
    "What can you tell me about {many}?",
    "Please help me to understand what {np} is.",
    "A child has asked me about {many}. How do I explain this?",
)


def capital(text: str) -> str:
    """The text as a sentence begins; str.capitalize would make the other letters small."""
    return text[0].upper() + text[1:]


def plural(name: str) -> str:
    """The regular plural; a thing with another one gives it after a slash."""
    if name.endswith(("s", "x", "ch", "sh")):
        return name + "es"
    if name.endswith("y") and name[-2] not in "aeiou":
        return name[:-1] + "ies"
    return name + "s"


def forms(head: str) -> dict[str, str]:
    """The fillings of the templates for a head such as "a leaf / leaves", "bread" or "the moon"."""
    np, _, irregular = (part.strip() for part in head.partition("/"))
    article, _, rest = np.partition(" ")
    if article in ("a", "an"):
        bare = rest
        many = irregular or plural(bare)
    elif article == "the":
        bare = rest
        many = np
    else:
        bare = np
        many = np
    return {"np": np, "Np": capital(np), "bare": bare, "Bare": capital(bare), "many": many}


def first_sentence(reply: str) -> str:
    """The first sentence without its full stop."""
    return reply.split(". ")[0].rstrip(".")


def others(key: str, keys: list[str]) -> list[str]:
    """Three other keys, the same ones in every run."""
    return random.Random("wrong " + key).sample([other for other in keys if other != key], 3)


def build(text: str) -> list[Fact]:
    """The facts of a text: blocks of a head, the lines of the reply, and after a ~ a reworded sentence."""
    entries = []
    for block in text.strip().split("\n\n"):
        head, _, body = block.partition("\n")
        reply, _, reworded = (" ".join(part.split()) for part in body.partition("~"))
        entries.append((forms(head), reply, reworded))
    answers = {fill["bare"]: first_sentence(reply) for fill, reply, _ in entries}
    facts = []
    for fill, reply, reworded in entries:
        key = fill["bare"]
        facts.append(Fact(
            kind="thing",
            key=key,
            answer=answers[key],
            reply=reply,
            questions=tuple(template.format(**fill) for template in TRAINING),
            held_out=tuple(template.format(**fill) for template in HELD_OUT),
            statements=(reply, reworded, "Explain what {np} is: ".format(**fill) + reply),
            wrong=tuple(answers[other] for other in others(key, list(answers))),
        ))
    return facts
