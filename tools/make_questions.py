#!/usr/bin/env python3
"""Makes src/eval/text/questions.jsonl, the built-in questions of `cellm eval` and `cellm study`.

usage: make_questions.py [--check]  (from any folder; --check: exit code 1 if the file is another one)

100 small sums and 100 facts, in sentences of cellm's own. The same file on every machine: random numbers come from a
generator that is written out here. An answer never stands in its question, so repeating the question is never right.
"""

import json
import pathlib
import re
import sys

OUT = pathlib.Path(__file__).resolve().parent.parent / "src" / "eval" / "text" / "questions.jsonl"
SEED = 2026

ADDITION = ["What is {a} plus {b}?", "What is the sum of {a} and {b}?", "Add {a} and {b}.", "How much is {a} + {b}?",
            "Tom has {a} apples and buys {b} more. How many apples does he have now?",
            "A bus carries {a} men and {b} women. How many people is that?"]  # fmt: skip
SUBTRACTION = ["What is {a} minus {b}?", "Subtract {b} from {a}.", "How much is {a} - {b}?",
               "What is the difference between {a} and {b}?",
               "Anna has {a} coins and gives {b} of them away. How many coins does she have left?",
               "There were {a} birds on a roof, and {b} flew off. How many birds stayed?"]  # fmt: skip
MULTIPLICATION = ["What is {a} times {b}?", "Multiply {a} by {b}.", "What is the product of {a} and {b}?",
                  "There are {a} boxes with {b} eggs in each. How many eggs are there?",
                  "A rope is made of {a} pieces of {b} metres each. How many metres long is it?"]  # fmt: skip
DIVISION = ["What is {a} divided by {b}?", "Divide {a} by {b}.",
            "A teacher shares {a} pencils equally among {b} children. How many pencils does each child get?",
            "How many times does {b} go into {a}?"]  # fmt: skip
NEXT = ["Which whole number comes directly after {a}?", "I count upwards and have just said {a}. Which number is next?"]

# Groups of facts: phrasings with {x}, then x and its answers.
FACTS = {
    "capital": (
        ["What is the capital of {x}?", "Name the capital city of {x}.", "Which city is the capital of {x}?"],
        {"France": ["Paris"], "Germany": ["Berlin"], "Italy": ["Rome"], "Spain": ["Madrid"], "Portugal": ["Lisbon"],
         "Japan": ["Tokyo"], "China": ["Beijing"], "Russia": ["Moscow"], "Egypt": ["Cairo"], "Greece": ["Athens"],
         "Canada": ["Ottawa"], "Australia": ["Canberra"], "Austria": ["Vienna"], "Poland": ["Warsaw"],
         "Norway": ["Oslo"], "Sweden": ["Stockholm"], "Ireland": ["Dublin"], "Cuba": ["Havana"], "Kenya": ["Nairobi"],
         "Peru": ["Lima"], "Thailand": ["Bangkok"], "Turkey": ["Ankara"]}),
    "continent": (
        ["On which continent is {x}?", "Which continent does {x} belong to?"],
        {"India": ["Asia"], "Nigeria": ["Africa"], "Brazil": ["South America"], "Finland": ["Europe"],
         "Canada": ["North America"], "Vietnam": ["Asia"], "Morocco": ["Africa"], "Chile": ["South America"]}),
    "language": (
        ["Which language do most people in {x} speak?", "What is the main language of {x}?"],
        {"Brazil": ["Portuguese"], "Mexico": ["Spanish"], "Austria": ["German"], "Japan": ["Japanese"],
         "Italy": ["Italian"], "Poland": ["Polish"]}),
    "element": (
        ["Which chemical element has the symbol {x}?", "{x} is the symbol of which chemical element?"],
        {"O": ["oxygen"], "H": ["hydrogen"], "Fe": ["iron"], "Au": ["gold"], "Na": ["sodium"], "He": ["helium"],
         "C": ["carbon"], "Cu": ["copper"]}),
    "after": (
        ["Which one comes directly after {x}?", "After {x}, which one comes next?"],
        {"the month of March": ["April"], "the month of August": ["September"], "the month of November": ["December"],
         "the day Monday": ["Tuesday"], "the day Friday": ["Saturday"], "the season of autumn": ["winter"]}),
    "count": (
        ["How many {x}?"],
        {"days does a week have": ["7", "seven"], "months does a year have": ["12", "twelve"],
         "hours does a day have": ["24", "twenty-four"], "minutes does an hour have": ["60", "sixty"],
         "days does a leap year have": ["366"], "centimetres are there in a metre": ["100", "hundred"],
         "grams are there in a kilogram": ["1000", "1,000", "1 000", "thousand"],
         "years are there in a century": ["100", "hundred"], "sides does a triangle have": ["3", "three"],
         "sides does a hexagon have": ["6", "six"], "legs does a spider have": ["8", "eight"],
         "legs does an insect have": ["6", "six"], "wheels does a bicycle have": ["2", "two"],
         "letters does the English alphabet have": ["26", "twenty-six"]}),
    "opposite": (
        ["What is the opposite of the word {x}?", "Which word means the opposite of {x}?"],
        {"hot": ["cold"], "up": ["down"], "empty": ["full"], "early": ["late"], "loud": ["quiet", "soft", "silent"],
         "heavy": ["light"], "wet": ["dry"], "strong": ["weak"]}),
    "animal": (
        ["What is a young {x} called?", "What do we call a young {x}?"],
        {"dog": ["puppy", "pup"], "cat": ["kitten"], "cow": ["calf"], "horse": ["foal"], "sheep": ["lamb"],
         "duck": ["duckling"]}),
    "world": (
        ["{x}?"],
        {"Which planet is the closest one to the sun": ["Mercury"], "Which planet is the largest of our solar system": ["Jupiter"],
         "Which planet is called the red one": ["Mars"], "What is the largest ocean on Earth": ["Pacific"],
         "What is the highest mountain on Earth above the level of the sea": ["Everest"],
         "Which gas do people need to breathe in order to live": ["oxygen"],
         "Which colour do you get from blue and yellow paint": ["green"],
         "What is frozen water called": ["ice"], "Which insects make honey": ["bees", "honeybees", "bee"],
         "In which direction does the sun rise": ["east"], "Which organ pumps blood through the body": ["heart"],
         "Which country has the shape of a boot": ["Italy"],
         "Which river flows through London": ["Thames"], "In which country do the pyramids of Giza stand": ["Egypt"]}),
    "people": (
        ["{x}?"],
        {"Who wrote the play Romeo and Juliet": ["Shakespeare"], "Who painted the Mona Lisa": ["Leonardo", "da Vinci"],
         "Who was the first president of the United States": ["Washington"],
         "Who was the first person to walk on the moon": ["Armstrong"],
         "Who developed the theory of relativity": ["Einstein"], "Who wrote the novel Pride and Prejudice": ["Austen"],
         "In which year did the Second World War end": ["1945"],
         "In which year did people first land on the moon": ["1969"]}),
}  # fmt: skip

UNITS = ("zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen "
         "eighteen nineteen").split()  # fmt: skip
TENS = "twenty thirty forty fifty sixty seventy eighty ninety".split()


class Random:
    """Steele, Lea and Flood's SplitMix64."""

    def __init__(self, seed):
        self.state = seed

    def below(self, count):
        self.state = (self.state + 0x9E3779B97F4A7C15) % 2**64
        z = self.state
        z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9 % 2**64
        z = (z ^ z >> 27) * 0x94D049BB133111EB % 2**64
        return (z ^ z >> 31) % count

    def between(self, low, high):
        return low + self.below(high - low + 1)


def number(value):
    """Its accepted spellings."""
    if value >= 100:
        return [str(value)]
    tens, units = divmod(value, 10)
    word = UNITS[value] if value < 20 else TENS[tens - 2] + (f"-{UNITS[units]}" if units else "")
    return [str(value), word]


def contains(text, words):
    return re.search(rf"\b{re.escape(words)}\b", text, re.IGNORECASE) is not None


def sums(random, kind, count, phrasings, draw):
    """Different sums of a kind, whose phrasings take turns."""
    items, seen = [], set()
    while len(items) < count:
        a, b, result = draw(random)
        question = phrasings[len(items) % len(phrasings)].format(a=a, b=b)
        answers = number(result)
        if (a, b) in seen or any(contains(question, answer) for answer in answers):
            continue
        seen.add((a, b))
        items.append({"kind": kind, "question": question, "answer": answers})
    return items


def draw_sum(random):
    a, b = random.between(2, 60), random.between(2, 39)
    return a, b, a + b


def draw_difference(random):
    a, b = random.between(10, 99), random.between(2, 60)
    return (a, b, a - b) if a > b else (b + a, b, a)


def draw_product(random):
    a, b = random.between(2, 12), random.between(2, 12)
    return a, b, a * b


def draw_quotient(random):
    b, result = random.between(2, 10), random.between(2, 12)
    return b * result, b, result


def draw_next(random):
    a = random.between(10, 998)
    return a, 0, a + 1


def facts(random):
    items = []
    for kind, (phrasings, known) in FACTS.items():
        shift = random.below(len(phrasings))
        for i, (x, answers) in enumerate(known.items()):
            question = phrasings[(i + shift) % len(phrasings)].format(x=x)
            assert not any(contains(question, answer) for answer in answers), question
            items.append({"kind": kind, "question": question, "answer": answers})
    return items


def questions():
    random = Random(SEED)
    items = sums(random, "addition", 30, ADDITION, draw_sum)
    items += sums(random, "subtraction", 25, SUBTRACTION, draw_difference)
    items += sums(random, "multiplication", 25, MULTIPLICATION, draw_product)
    items += sums(random, "division", 15, DIVISION, draw_quotient)
    items += sums(random, "next_number", 5, NEXT, draw_next)
    items += facts(random)
    assert len(items) == 200 and len({item["question"] for item in items}) == 200, len(items)
    return items


def main(arguments):
    if arguments not in ([], ["--check"]):
        print(__doc__)
        return 0 if arguments[0] in ("-h", "--help") else 2
    text = "".join(json.dumps(item) + "\n" for item in questions())
    if not arguments:
        OUT.write_text(text, encoding="utf-8")
    elif not OUT.exists() or OUT.read_text(encoding="utf-8") != text:
        print(f"{OUT}: is not what tools/make_questions.py makes")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
