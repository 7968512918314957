"""Talks of several turns, where later turns can only be answered by looking back at earlier ones."""

import random
import re

from ..documents import Document, Fact, Talk

_NAMES = (
    "Anna Maria Laura Emma Lena Julia Sarah Lisa Clara Helen Ruth Grace Alice Martha Eva Nora Ella Rosa Ida "
    "Mia Lucy Sophie Nina Paula Olga Tina Greta Hannah Amy Kate Molly Jane Marie Irene Vera Bella Judith "
    "Linda Susan Karen Nancy Betty Carol Diana Fiona Heidi Iris Janet Katja Lydia Mona Nelly Petra Rita "
    "Sonja Teresa Ursula Wendy Yvonne Zoe Astrid Brigitte Celia Dora Edith Flora Gloria Hilda Ines Joan Tom "
    "Ben Max Paul Peter Jack Leo Sam Felix Oscar Henry Noah Emil Anton Karl Hugo David Adam Simon Otto "
    "Jonas Martin Finn Robert George Daniel Victor Arthur Walter Frank Edward Theo Oliver Jacob Luke Philip "
    "John James Michael William Thomas Mark Steven Andrew Kevin Brian Eric Alan Bruno Carlos Dennis Erik "
    "Fred Gustav Harry Ivan Joseph Kurt Lars Marco Nick Oskar Patrick Ralf Stefan Tim Ulrich Vincent "
    "Wolfgang Xavier Yuri Ali Omar Ravi Kenji"
).split()
_THINGS = {
    "colour": "blue red green yellow black white purple orange pink brown grey gold silver",
    "food": "pizza soup bread cheese rice noodles salad chocolate fish cake pancakes potatoes apples "
            "ice_cream curry",
    "animal": "the_cat the_dog the_horse the_fox the_owl the_bear the_lion the_rabbit the_dolphin "
              "the_elephant the_duck the_penguin the_tiger the_wolf",
    "sport": "football tennis swimming running skiing chess basketball hockey boxing golf",
    "season": "spring summer autumn winter",
    "fruit": "the_apple the_pear the_banana the_cherry the_plum the_orange the_lemon the_grape",
    "subject": "history music art biology physics geography mathematics German",
    "instrument": "the_piano the_guitar the_violin the_flute the_drum the_trumpet the_cello",
    "day": "Monday Friday Saturday Sunday Wednesday",
}
_CITIES = ("London Paris Berlin Rome Madrid Tokyo Vienna Boston Chicago Dublin Oslo Prague Lisbon Hamburg "
           "Munich Zurich Milan Sydney Toronto Dallas").split()
_JOBS = ("baker teacher doctor farmer cook painter nurse driver gardener writer student carpenter singer "
         "pilot lawyer tailor").split()
_PETS = "Rex Bello Mimi Luna Felix Charlie Bella Max Tiger Fluffy Rocky Daisy Pepper Coco Lucky Snowy".split()

# Ways to tell and to ask, first those for training and then those of the evaluation.
_TELL_NAME = (
    ("My name is {name}.", "I am {name}.", "Hello, my name is {name}.", "Hi, I am {name}.",
     "I am called {name}.", "Hello! My name is {name}.", "My name is {name}, nice to meet you.",
     "You can call me {name}.", "my name is {name}", "Good day, I am {name}."),
    ("Please call me {name}.", "Hello, I am {name}.", "Hi there, my name is {name}."),
)
_ASK_NAME = (
    ("What is my name?", "Do you know my name?", "What am I called?", "Can you tell me my name?",
     "Do you remember my name?", "Tell me my name.", "who am I", "What was my name?", "Who am I?",
     "what is my name"),
    ("Please say my name.", "Do you still know what I am called?", "What did I say my name was?"),
)
_MEET = "Nice to meet you, {name}!"
_YOUR_NAME = "Your name is {name}."

# What is told, the reply, how it is asked for later (training and evaluation) and the answer.
_TOLD = (
    (("My favourite {kind} is {thing}.", "My favorite {kind} is {thing}.",
      "I like many things, but my favourite {kind} is {thing}.",
      "I want to tell you that my favourite {kind} is {thing}."), "That is a nice {kind}.",
     ("What is my favourite {kind}?", "Do you remember my favourite {kind}?", "Which {kind} do I like best?",
      "What was my favourite {kind}?", "Tell me my favourite {kind}."),
     ("Can you tell me which {kind} I like most?", "Do you still know my favourite {kind}?"),
     "Your favourite {kind} is {thing}."),
    (("I live in {city}.", "I come from {city}, and I live there.", "My home is in {city}.",
      "I have a small flat in {city}."), "I hope that you like living in {city}.",
     ("Where do I live?", "Do you remember where I live?", "In which city do I live?",
      "What city do I live in?"),
     ("Can you say where I live?", "Where is my home?"), "You live in {city}."),
    (("I am {a_job}.", "I work as {a_job}.", "My job is easy to guess: I am {a_job}.",
      "I have been {a_job} for years."), "That sounds like good work.",
     ("What is my job?", "What do I do for work?", "Do you remember my job?", "What do I work as?"),
     ("Can you say what my job is?", "Do you still know my work?"), "You are {a_job}."),
    (("I have a {pet} called {called}.", "I have a {pet}. Its name is {called}.",
      "My {pet} is called {called}.", "The name of my {pet} is {called}."),
     "{called} is a good name for a {pet}.",
     ("What is my {pet} called?", "What is the name of my {pet}?", "Do you remember the name of my {pet}?",
      "How is my {pet} called?"),
     ("Can you tell me what my {pet} is called?", "Which name does my {pet} have?"),
     "Your {pet} is called {called}."),
    (("I am {age} years old.", "I am {age}.", "Last week I turned {age}.", "My age is {age}."),
     "Thank you for telling me.",
     ("How old am I?", "What is my age?", "Do you remember how old I am?", "Tell me my age."),
     ("Can you tell me how old I am?", "Do you still know my age?"), "You are {age} years old."),
    (("I have {number} {children}.", "At home I have {number} {children}.",
      "I am happy, because I have {number} {children}."), "That sounds lively.",
     ("How many {children} do I have?", "Do you remember how many {children} I have?",
      "What number of {children} do I have?"),
     ("Can you say how many {children} I have?", "I told you about my {children}. How many are there?"),
     "You have {number} {children}."),
)
_AGAIN = (
    ("Can you say that again?", "Please say that again.", "What did you say?", "Say that again, please.",
     "Could you repeat that?", "Please repeat your answer.", "Again, please.", "I did not hear you.",
     "Can you repeat that?", "Repeat that."),
    ("Sorry, can you say it once more?", "What was your answer?", "Please tell me that again."),
)
_ASKED = (
    ("What did I ask you before?", "What did I ask you?", "What was my last question?",
     "What was my question?", "Do you remember my question?", "What did I just ask?", "Repeat my question.",
     "Which question did I ask you?"),
    ("Can you say what I asked you?", "Please tell me my last question.", "What have I just asked you?"),
)
_SURE = (
    ("Are you sure?", "Really?", "Is that true?", "Is that right?", "Are you certain?",
     "Are you sure about that?"),
    ("Can I believe that?", "Do you really think so?"),
)
_FOLLOW_OF = (
    ("And of {key}?", "And of {key}?", "What about {key}?", "And what about {key}?", "And {key}?",
     "and of {key}", "And what of {key}?"),
    ("How about {key}?", "Then what about {key}?", "And for {key}?"),
)
_FOLLOW = (
    ("What about {key}?", "And {key}?", "And what about {key}?", "Okay, and {key}?", "what about {key}"),
    ("How about {key}?", "Then what about {key}?", "Good, and what about {key}?"),
)
_UNKNOWN = ("You have not told me that yet.",)


def _pick(rng: random.Random, ways: tuple[tuple[str, ...], tuple[str, ...]], held_out: bool) -> str:
    """One of the ways for training or for the evaluation."""
    return rng.choice(ways[1] if held_out else ways[0])


def _question(rng: random.Random, fact: Fact, held_out: bool) -> str:
    return rng.choice(fact.held_out if held_out and fact.held_out else fact.questions)


def _shape(question: str, key: str) -> tuple[str, str]:
    """The question with a gap for its subject, and the subject with its article; empty where it is not found.

    A subject at the start or in quotation marks says too little in a follow-up, so it does not count.
    """
    found = re.search(r"(?<= )((?:an? |the )?)" + re.escape(key) + r"(?![\w\"])", question, re.IGNORECASE)
    if not found or not key:
        return "", ""
    return question[:found.start()] + "{}" + question[found.end():], found.group()


def _sibling(rng: random.Random, facts: list[Fact], index: int, shape: str) -> tuple[Fact, str] | None:
    """A fact that answers the same question about something else, and how its subject is said there.

    It is looked for nearby, as the facts of a kind stand together; the list is too long to search
    it each time.
    """
    fact = facts[index]
    for _ in range(12 if shape else 0):
        other = facts[max(0, min(len(facts) - 1, index + rng.randint(-40, 40)))]
        if other.kind == fact.kind and other.key != fact.key:
            for question in other.questions + other.held_out:
                same, subject = _shape(question, other.key)
                if same == shape:
                    return other, subject
    return None


def _follow_ups(rng: random.Random, facts: list[Fact], index: int, question: str,
                held_out: bool) -> list[tuple[str, str]]:
    """One or two short questions that go on asking the same about other things, if there are such things."""
    shape = _shape(question, facts[index].key)[0]
    ways = _FOLLOW_OF if " of {}" in shape else _FOLLOW
    turns = []
    for _ in range(rng.choice((1, 1, 1, 2))):
        found = _sibling(rng, facts, index, shape)
        if found and all(found[0].reply != reply for _, reply in turns):
            turns.append((_pick(rng, ways, held_out).format(key=found[1]), found[0].reply))
    return turns


def _fact_turns(rng: random.Random, facts: list[Fact], held_out: bool) -> list[tuple[str, str]]:
    """A fact, and often a question that depends on an earlier turn."""
    index = rng.randrange(len(facts))
    fact = facts[index]
    question = _question(rng, fact, held_out)
    turns = [(question, fact.reply)]
    chance = rng.random()
    if chance < 0.5:
        turns += _follow_ups(rng, facts, index, question, held_out)
    elif chance < 0.65:
        turns.append((_pick(rng, _AGAIN, held_out), fact.reply))
    elif chance < 0.8:
        turns.append((_pick(rng, _ASKED, held_out), "You asked me: " + question))
    elif chance < 0.86:
        turns.append((_pick(rng, _SURE, held_out), "I think so. " + fact.reply))
    return turns


def _told(rng: random.Random, held_out: bool) -> tuple[tuple[str, str], tuple[str, str]]:
    """Something that the user tells, and the question about it that comes later."""
    if rng.random() < 0.45:
        name = rng.choice(_NAMES)
        return ((_pick(rng, _TELL_NAME, held_out).format(name=name), _MEET.format(name=name)),
                (_pick(rng, _ASK_NAME, held_out), _YOUR_NAME.format(name=name)))
    tell, reply, ask, ask_held_out, answer = rng.choice(_TOLD[:1] * 3 + _TOLD)
    kind = rng.choice(list(_THINGS))
    words = {
        "kind": kind,
        "thing": rng.choice(_THINGS[kind].split()).replace("_", " "),
        "city": rng.choice(_CITIES),
        "a_job": "a " + rng.choice(_JOBS),
        "pet": rng.choice(("dog", "cat", "bird", "horse", "rabbit")),
        "called": rng.choice(_PETS),
        "age": rng.randint(8, 79),
        "number": rng.choice(("two", "three", "four", "five", "six")),
        "children": rng.choice(("children", "sisters", "brothers", "cats", "dogs", "rabbits")),
    }
    return ((rng.choice(tell).format_map(words), reply.format_map(words)),
            (_pick(rng, (ask, ask_held_out), held_out).format_map(words), answer.format_map(words)))


def _talk_turn(rng: random.Random, talks: list[Talk], kind: str, held_out: bool) -> list[tuple[str, str]]:
    """A turn of small talk of the kind, or none where the talks have no such kind."""
    found = [talk for talk in talks if talk.kind == kind]
    if not found:
        return []
    talk = rng.choice(found)
    messages = talk.held_out if held_out and talk.held_out else talk.messages
    return [(rng.choice(messages), rng.choice(talk.replies))]


def _remembered(rng: random.Random, facts: list[Fact], held_out: bool) -> list[tuple[str, str]]:
    """Something is told early and asked for later; at times the question is about what nobody told."""
    (tell, reply), (ask, answer) = _told(rng, held_out)
    turns = [(tell, reply)]
    second = None
    if rng.random() < 0.3:
        other_tell, other_ask = _told(rng, held_out)
        if other_ask[1].split()[:3] != answer.split()[:3] and other_ask[0] != ask:
            turns.append(other_tell)
            second = other_ask
    if rng.random() < 0.7:
        turns += _fact_turns(rng, facts, held_out)[:2]
    if rng.random() < 0.12:
        missing = _told(rng, held_out)[1]
        told = {answer.split(" is ")[0], (second or ("", ""))[1].split(" is ")[0]}
        if " is " in missing[1] and " is " in answer and missing[1].split(" is ")[0] not in told:
            return turns + [(missing[0], rng.choice(_UNKNOWN))]
    turns.append((ask, answer))
    if second and rng.random() < 0.7:
        turns.append(second)
    return turns


def _mixed(rng: random.Random, facts: list[Fact], talks: list[Talk], held_out: bool) -> list[tuple[str, str]]:
    """One to three facts with a greeting and a farewell around them."""
    turns = []
    if rng.random() < 0.4:
        first = rng.choice(("greeting", "greeting", "how_are_you", "who_are_you", "help"))
        turns += _talk_turn(rng, talks, first, held_out)
    for _ in range(rng.choice((1, 1, 2))):
        turns += _fact_turns(rng, facts, held_out)
    if rng.random() < 0.3:
        other = rng.choice(talks)
        turns += _talk_turn(rng, talks, other.kind, held_out)
    return turns


def conversation(rng: random.Random, facts: list[Fact], talks: list[Talk], held_out: bool) -> Document:
    """A talk of two to five turns; the evaluation's are asked in other words than those of the training.

    Facts of a kind should stand together in the list, or there are few follow-ups.
    """
    while True:
        if rng.random() < 0.45:
            turns = _remembered(rng, facts, held_out)
        else:
            turns = _mixed(rng, facts, talks, held_out)
        if len(turns) < 5 and rng.random() < 0.35:
            turns += _talk_turn(rng, talks, rng.choice(("thanks", "thanks", "goodbye", "praise")), held_out)
        if 2 <= len(turns) <= 5:
            return Document("conversation", tuple(turns))
