"""Short stories from a grammar: a hero, a place, a trouble, somebody who helps, and an end that fits."""

import random
import re
from dataclasses import dataclass

from .more_problems import MORE_PROBLEMS
from .problems import MORALS, PROBLEMS, Problem


@dataclass(frozen=True)
class Story:
    """A story with a way to ask for it, and another way that only the evaluation uses."""

    request: str
    held_out_request: str
    text: str


# Noun, short form, kind, genders, tags of places where it lives, what it does all day (parted by slashes).
_HEROES = """
lighthouse keeper|keeper|adult|mf|sea|Every evening {he} climbed the stairs and lit the great lamp.
fisherman|fisherman|adult|m|sea|Every morning {he} rowed out and threw {his} net into the sea.
old sailor|sailor|adult|m|sea|{He} had seen every ocean and loved to tell about it.
ferryman|ferryman|adult|m|river|For a small coin {he} took people over the water.
baker|baker|adult|mf|town farm|{He} got up at three o'clock and baked bread for everyone.
clockmaker|clockmaker|adult|mf|town|{His} shop was full of clocks, and all of them ticked.
gardener|gardener|adult|mf|town farm castle|{He} knew the name of every flower.
shepherd|shepherd|adult|mf|hill farm|{He} had thirty sheep and knew each of them by name.
teacher|teacher|adult|mf|town farm|{He} taught the children to read and to count.
painter|painter|adult|mf|town sea hill|{He} painted from morning to night and had paint on every finger.
tailor|tailor|adult|mf|town|{He} sewed coats that were warm in every wind.
farmer|farmer|adult|mf|farm hill|{He} had two cows, ten hens and a field of wheat.
postman|postman|adult|m|town farm hill sea|{He} brought letters to every door, in sun and in rain.
carpenter|carpenter|adult|mf|town farm|{He} made tables, chairs and sometimes a toy.
miller|miller|adult|mf|river farm|All day long {he} heard the wheel of the mill go round.
beekeeper|beekeeper|adult|mf|farm hill wood|{He} spoke softly to {his} bees, and they never stung {him}.
doctor|doctor|adult|mf|town farm sea|{He} went to the sick at any hour of the night.
musician|musician|adult|mf|town|{He} played in the street, and people stopped to listen.
cook|cook|adult|mf|town sea castle|{His} soup was known far and wide.
bus driver|driver|adult|mf|town|{He} drove the first bus in the morning and greeted everyone.
librarian|librarian|adult|mf|town|{He} had read nearly all the books in the house.
young inventor|inventor|adult|mf|town farm|{His} table was full of wheels, wires and ideas.
woodcutter|woodcutter|adult|m|wood|{He} knew every tree and never cut down a young one.
forest ranger|ranger|adult|mf|wood hill|{He} walked through the trees every day and watched over the animals.
shoemaker|shoemaker|adult|mf|town|{He} mended old shoes until they looked like new.
potter|potter|adult|mf|town river|{He} made bowls and jugs out of brown clay.
weaver|weaver|adult|f|town farm|{His} cloth was as fine as morning mist.
grandmother|grandmother|adult|f|town farm sea|{He} could knit without looking at {his} hands.
grandfather|grandfather|adult|m|town farm hill|{He} sat in front of the house and carved small animals.
boy|boy|child|m|town farm sea hill river wood|{He} always had a piece of string in {his} pocket.
girl|girl|child|f|town farm sea hill river wood|{He} wanted to know how everything worked.
princess|princess|royal|f|castle|{He} would rather climb trees than wear a crown.
prince|prince|royal|m|castle|{He} liked old books more than swords.
queen|queen|royal|f|castle|Every Monday {he} listened to the worries of {his} people.
king|king|royal|m|castle|{He} ruled gently and laughed about himself.
knight|knight|royal|m|castle|{His} armour was old, but {his} heart was good.
fox|fox|animal|mf|wood farm hill|{He} had the finest tail of all.
bear|bear|animal|mf|wood hill|{He} loved honey and long walks.
rabbit|rabbit|animal|mf|farm wood|{He} could hear a leaf fall from far away.
mouse|mouse|animal|mf|farm town castle|{He} lived on crumbs and was never unhappy.
hedgehog|hedgehog|animal|mf|wood farm|{He} went for a walk when all the others went to bed.
cat|cat|animal|mf|town farm sea|{He} slept all day in the warmest corner.
dog|dog|animal|mf|farm town sea|{He} wagged {his} tail at everyone who came by.
duck|duck|animal|mf|river farm|{He} liked rain better than sunshine.
squirrel|squirrel|animal|mf|wood town|{He} jumped from branch to branch and never fell.
owl|owl|animal|mf|wood|{He} was awake at night and knew the stars.
frog|frog|animal|mf|river wood|{He} sang every evening, though not very well.
goose|goose|animal|f|farm river|{He} walked slowly and looked at everything twice.
donkey|donkey|animal|mf|farm hill|{He} carried heavy loads and never complained.
beaver|beaver|animal|mf|river wood|{He} could build better than anyone else.
turtle|turtle|animal|mf|sea river|{He} was never in a hurry.
crow|crow|animal|mf|wood farm|{He} collected everything that was shiny.
badger|badger|animal|mf|wood hill|{His} house under the ground was always tidy.
little dragon|dragon|animal|mf|hill castle|{He} could only make very small flames.
seagull|seagull|animal|mf|sea|{He} flew with the ships and came home in the evening.
robot|robot|machine|m|town farm|{He} swept the paths and never got tired.
little robot|robot|machine|f|town sea|{He} carried boxes all day and hummed a song.
garden robot|robot|machine|m|farm town castle|{He} watered the flowers every morning.
"""

# Where one lives, where things happen there, its name, tags.
_PLACES = """
in a small fishing village|in the village|the village|sea
in an old harbour town|in the harbour|the harbour|sea town
on a rocky island|on the island|the island|sea
on a quiet coast|on the coast|the coast|sea
on a cliff above the sea|on the cliff|the cliff|sea
on a long sandy beach|on the beach|the beach|sea
in an old town with narrow streets|in the town|the town|town
in a small town at the foot of a mountain|in the town|the town|town hill
in a big city|in the city|the city|town
in a busy market town|on the market square|the market square|town
on a quiet street at the edge of a city|on the street|the street|town
in a town with many bridges|in the town|the town|town river
in a village on a hill|in the village|the village|hill
in a valley between high mountains|in the valley|the valley|hill farm
on a green mountain|on the mountain|the mountain|hill
in a deep forest|in the forest|the forest|wood
at the edge of a forest|at the edge of the forest|the forest|wood
in an old oak wood|in the wood|the wood|wood
beside a clear stream in the woods|by the stream|the stream|wood river
on the bank of a wide river|by the river|the river|river
in a village by a slow river|in the village|the village|river
on a small farm|on the farm|the farm|farm
on a large farm with red barns|on the farm|the farm|farm
in a village among wheat fields|in the village|the village|farm
near an old mill|at the mill|the mill|farm river
near a garden full of apple trees|in the garden|the garden|farm
by a quiet lake|by the lake|the lake|wood river
in a grey castle on a hill|in the castle|the castle|castle
in a castle by a lake|in the castle|the castle|castle
in a palace with a hundred rooms|in the palace|the palace|castle
in a small kingdom far away|in the kingdom|the kingdom|castle
near a meadow full of flowers|in the meadow|the meadow|farm wood
"""

_NAMES = {
    "m": "Tom Ben Max Paul Peter Jack Leo Sam Felix Oscar Henry Noah Emil Anton Karl Hugo David Adam Simon "
         "Otto Jonas Martin Finn Robert George Daniel Victor Arthur Walter Frank Edward Theo Oliver Jacob "
         "Luke Philip",
    "f": "Anna Mia Lucy Emma Clara Nora Ella Rosa Ida Julia Maria Lena Sophie Alice Martha Eva Grace Ruth "
         "Helen Lily Nina Sara Paula Olga Tina Greta Hannah Laura Amy Kate Molly Jane Marie Irene Vera Bella",
}
_ANIMAL_NAMES = {
    "m": "Rusty Pip Bruno Moss Charlie Patch Toby Barney Hazel Milo Sunny Pepper Rudi Ollie",
    "f": "Hazel Daisy Poppy Willow Tilly Honey Ruby Penny Flora Luna Pearl Dotty Fay Berry",
}
_ROBOT_NAMES = {
    "m": "Bolt Tik Rob Zip Beppo Copper Otto Klick",
    "f": "Ada Tilda Pixel Mira Rosie Dot Zia Pling",
}

# The helper when first seen, and later.
_PEOPLE_HELPERS = """
an old woman with a basket|the old woman
a boy from next door|the boy
a girl with red boots|the girl
a tall stranger with a grey beard|the stranger
an old man with a stick|the old man
a young traveller|the traveller
a travelling singer|the singer
a strong blacksmith|the blacksmith
a friendly milkmaid|the milkmaid
a retired captain|the captain
a young nurse|the nurse
an old hunter|the hunter
a chimney sweep|the chimney sweep
a quiet monk|the monk
a student with thick glasses|the student
a washerwoman|the washerwoman
a merchant with a mule|the merchant
a little girl with long hair|the little girl
a cheerful butcher|the butcher
a widow from the next house|the widow
a young mason|the mason
an old soldier|the soldier
"""
_ANIMAL_HELPERS = """
a wise old owl|the owl
a small hedgehog|the hedgehog
an old badger|the badger
a quick hare|the hare
a black crow|the crow
a busy beaver|the beaver
a grey donkey|the donkey
a slow turtle|the turtle
a tall stork|the stork
a red squirrel|the squirrel
a shy mole|the mole
a playful otter|the otter
a white goose|the goose
a big brown dog|the dog
a gentle deer|the deer
a stubborn goat|the goat
a woodpecker|the woodpecker
a tiny wren|the wren
a fat toad|the toad
a lazy cat|the cat
"""

_ADJECTIVES = {
    "adult": "kind quiet cheerful clever careful friendly patient shy curious honest busy gentle thoughtful",
    "child": "kind quiet cheerful clever careful friendly brave shy curious honest lively small",
    "royal": "kind quiet cheerful clever young friendly brave shy curious honest gentle thoughtful",
    "animal": "kind quiet cheerful clever small friendly brave shy curious honest hungry sleepy",
    "machine": "kind quiet rusty clever careful friendly shiny shy curious honest round blue",
}
_TRAITS = (
    "{He} was always ready to smile.", "Everyone {here} liked {him}.", "{He} did not need much to be happy.",
    "Most days were calm and much the same.", "{N} liked the early hours, when everything was still.",
    "{N} had a warm heart and two busy hands.", "People said that nobody {here} was as {adj} as {N}.",
    "{He} loved {the} more than any other place.", "", "", "",
)
# Months with the weather of a morning, and what the place is like then.
_MONTHS = (
    ("November February January December", "cold grey windy dark frosty",
     "lay still under a grey sky/was covered with thin mist/was silent and cold/looked empty and grey"),
    ("March April", "fresh cool windy rainy",
     "smelled of wet earth/was slowly waking up/shone after the rain/was full of puddles"),
    ("May June July August", "warm bright sunny clear",
     "lay in the sun/was full of birdsong/smelled of flowers/was bright and quiet/glowed in the early light"),
    ("September October", "foggy cool golden windy",
     "was covered with yellow leaves/lay in a soft mist/was full of golden light/smelled of fallen leaves"),
)
_DATED = (
    "It was a {weather} morning in {month}, and {the} {state}. {Intro} {act}.",
    "On a {weather} morning in {month}, {the} {state}. {Intro} {act}.",
    "{The} {state} that {weather} morning in {month}. {Intro} {act}.",
    "It was early on a {weather} morning in {month}. {Intro} {act}, and {the} {state}.",
)
_ACTS = (
    "was already awake", "opened the door and looked out", "went out early", "had been awake since dawn",
    "stretched and looked at the sky", "took a deep breath of cool air", "was humming a little song",
    "was thinking about breakfast", "had slept well",
)
_OPENINGS = (
    "Once upon a time, {where}, there lived {intro}.",
    "Once upon a time there was {intro} who lived {where}.", "Once upon a time {intro} lived {where}.",
    "Long ago, {where}, there lived {intro}.", "Many years ago {intro} lived {where}.",
    "{Intro} lived {where}.", "There once was {intro}, and {he} lived {where}.",
    "This is the story of {intro}, who lived {where}.", "Not so long ago {intro} lived {where}.",
    "{Where} lived {intro}.",
)
_NAMED_OPENINGS = (
    "{name} was {a_hero} who lived {where}.", "Everybody {here} knew {name}, the {hero}.",
    "My grandmother once told me about {name}, {a_hero} who lived {where}.",
    "{name} lived {where} and was {a_hero}.",
    "If you had asked for {name}, the {hero}, anyone {here} could have shown you the way.",
)
_MEETS = (
    "At last {he} asked {a_H} for help.", "{N} told {a_H} about it.",
    "Then {a_H} came by and asked what was wrong.", "Luckily {a_H} was not far away.",
    "{a_H} saw how sad {he} looked.", "Soon after that, {N} met {a_H}, who listened to everything.",
    "\"What is the matter?\" asked {a_H}.", "\"May I help you?\" asked {a_H}.",
    "\"Do not give up yet,\" said {a_H}.", "{a_H} had heard about it and came at once.",
    "\"Oh dear, oh dear!\" said {a_H}, who was passing by.", "\"You look worried,\" said {a_H}.",
    "Just then {N} saw {a_H} and ran over.", "\"Let us think about it together,\" said {a_H}.",
    "It was {a_H} who noticed the trouble first.",
)
_ENDINGS = (
    "{N} was so happy that {he} sang all the way home.",
    "In the evening {N} and {H} sat together and watched the stars.",
    "From that day on, {N} and {H} were good friends.", "The next morning {N} woke up with a smile.",
    "{N} thanked {H} with all {his} heart.", "\"Thank you,\" said {N}, and {he} meant it.",
    "{N} laughed for the first time that day.", "They shared a piece of bread and were happy.",
    "Even years later they often talked about it.", "{N} felt as light as a feather.",
    "{H} only smiled and went on.", "Soon everybody {here} had heard about it.",
    "{N} could hardly believe it.", "And so a bad day became a good one.",
    "{N} and {H} looked at each other and laughed.", "When the sun went down, all was well again.",
    "{N} hugged {H} and did not want to let go.",
)
_LESSONS = (
    "{N} never forgot that {moral}.", "{N} had learned that {moral}.", "Since then {he} knew that {moral}.",
    "So {N} found out that {moral}.", "To this day they say {here} that {moral}.",
    "\"You see,\" said {H}, \"{moral}.\"", "\"Now I know that {moral},\" said {N}.",
    "And everyone could see that {moral}.", "After all, {moral}.", "",
    "\"I will remember that {moral},\" said {N}.", "Maybe it is true that {moral}.",
)
_REQUESTS = (
    "Write a short story about {who}.", "Tell me a story about {who}.", "Tell me a short story about {who}.",
    "Write a story about {who}.", "Can you tell me a story about {who}?",
    "Please write a short story about {who}.", "I want to hear a story about {who}.",
    "Please tell me a story about {who}.", "Write me a little story about {who}.",
    "Do you know a story about {who}?", "A story about {who}, please.", "Tell a short story about {who}.",
    "Write a short story about {about}.", "Tell me a story about {about}.", "write a story about {who}",
    "Write a short story about {who} and {about}.", "Tell me a story about {who} and {about}.",
    "Write a short story.", "Tell me a story.",
)
_HELD_OUT_REQUESTS = (
    "Could you make up a short story about {who}?", "I would like to read a short story with {who} in it.",
    "Please invent a little tale about {who}.", "Let me hear a tale about {who}.",
    "Write a few sentences of a story in which there is {who}.", "Would you tell me the story of {who}?",
)
_ROYAL = (
    "a lost {x}", "a broken bridge", "a big stone", "a strange noise", "a kitten in a tree", "a young bird",
    "the fear of {x}", "a night without sleep", "a way lost in the fog", "a strange egg", "thin ice",
    "a feast without light", "a lost voice", "a {x} in the wind", "a newcomer", "a sick friend",
)
_SEASONS = re.compile(r"winter|summer|spring|autumn|snow|frost|ice\b|heat|that year|Every ")


def _rows(text: str) -> tuple[tuple[str, ...], ...]:
    """The rows of a table, with its columns parted by bars."""
    return tuple(tuple(line.split("|")) for line in text.strip().splitlines())


_HERO_ROWS = _rows(_HEROES)
_PLACE_ROWS = _rows(_PLACES)
_HELPERS = {"people": _rows(_PEOPLE_HELPERS), "animal": _rows(_ANIMAL_HELPERS)}
_ALL_PROBLEMS = PROBLEMS + MORE_PROBLEMS
_PRONOUNS = {
    "m": {"he": "he", "him": "him", "his": "his", "himself": "himself"},
    "f": {"he": "she", "him": "her", "his": "her", "himself": "herself"},
}


def with_article(words: str) -> str:
    """The words after "a" or "an"."""
    vowel = words[0] in "aeiou" and not words.startswith(("one", "use", "uni"))
    return ("an " if vowel or words.startswith(("hour", "honest")) else "a ") + words


def sentences(text: str) -> str:
    """The text with a capital letter at the start of each sentence, also after a quotation mark."""
    return re.sub(r'(^"?|[.!?] "?|[.]" "?)([a-z])', lambda m: m.group(1) + m.group(2).upper(), text)


def _fits(problem: Problem, noun: str, kind: str, tags: list[str]) -> bool:
    """Whether the trouble can happen to this hero in a place with these tags."""
    if kind == "royal":
        allowed = problem.about in _ROYAL
    else:
        allowed = kind in problem.kinds
    there = not problem.places or any(tag in problem.places for tag in tags)
    return allowed and there and noun not in problem.not_for


def _name(rng: random.Random, kind: str, gender: str) -> str:
    """A name for the hero; some animals have none."""
    if kind == "animal":
        return rng.choice(_ANIMAL_NAMES[gender].split()) if rng.random() < 0.6 else ""
    return rng.choice((_ROBOT_NAMES if kind == "machine" else _NAMES)[gender].split())


def _helper(rng: random.Random, kind: str, noun: str, problem: Problem) -> tuple[str, str]:
    """Somebody who helps: another animal for an animal, else a person."""
    while True:
        first, later = rng.choice(_HELPERS["animal" if kind == "animal" else "people"])
        if later.split()[-1] not in (noun, *problem.not_for):
            return first, later


def _opening(rng: random.Random, words: dict[str, str], name: str, seasonal: bool) -> tuple[str, bool]:
    """The first sentences, and whether they name a day."""
    if not seasonal and rng.random() < 0.4:
        months, weathers, states = rng.choice(_MONTHS)
        words |= {"month": rng.choice(months.split()), "weather": rng.choice(weathers.split()),
                  "state": rng.choice(states.split("/")), "act": rng.choice(_ACTS)}
        return rng.choice(_DATED), True
    return rng.choice(_OPENINGS + (_NAMED_OPENINGS * 2 if name else ())), False


def _once(rng: random.Random) -> Story:
    """One story of any length."""
    noun, short, kind, genders, tags, habit = rng.choice(_HERO_ROWS)
    homes = [place for place in _PLACE_ROWS if set(place[3].split()) & set(tags.split())]
    where, here, the, place_tags = rng.choice(homes)
    problem = rng.choice([p for p in _ALL_PROBLEMS if _fits(p, short, kind, place_tags.split())])
    gender = rng.choice(genders)
    name = _name(rng, kind, gender)
    a_helper, helper = _helper(rng, kind, short, problem)
    adjective = rng.choice(_ADJECTIVES[kind].split())
    hero = noun if rng.random() < 0.3 else f"{adjective} {noun}"
    intro = with_article(hero) + (rng.choice((" named ", " called ")) + name if name else "")
    x, y = rng.choice(problem.x), rng.choice(problem.y)
    words = {"x": x, "y": y, "a_x": with_article(x) if x else "", "H": helper, "a_H": a_helper,
             "name": name, "hero": noun, "a_hero": with_article(hero), "intro": intro, "where": where,
             "here": here, "the": the, "adj": adjective, "moral": rng.choice(MORALS[problem.moral]),
             **_PRONOUNS[gender]}
    words |= {word[0].upper() + word[1:]: words[word][0].upper() + words[word][1:]
              for word in ("he", "his", "intro", "where", "the")}
    trouble, attempt, solved = map(rng.choice, (problem.trouble, problem.tries, problem.solved))
    seasonal = bool(_SEASONS.search((trouble + attempt + solved).format_map(words | {"N": ""})))
    opening, dated = _opening(rng, words, name, seasonal)
    if dated:
        trouble = re.sub(r"^One (day|morning|afternoon|evening|night)\b", r"That \1", trouble)
    parts = [opening]
    if rng.random() < 0.7:
        parts.append(habit if rng.random() < 0.6 else rng.choice(_TRAITS))
    parts.append(trouble)
    if rng.random() < 0.7:
        parts.append(attempt)
    if "{a_H}" not in solved:
        parts.append(rng.choice(_MEETS))
    parts += [solved, rng.choice(_ENDINGS) if rng.random() < 0.7 else "", rng.choice(_LESSONS)]
    said = []
    for part in parts:
        # Here and there the hero is "the baker", for his name in each sentence would sound odd.
        hero_now = name if name and (part is opening or rng.random() < 0.75) else "the " + short
        said.append(part.format_map(words | {"N": hero_now}))
    text = sentences(" ".join(part for part in said if part))
    who = with_article(noun)
    about = {"who": who + (f" named {name}" if name and rng.random() < 0.2 else ""),
             "about": problem.about.format_map(words)}
    return Story(sentences(rng.choice(_REQUESTS).format_map(about)),
                 rng.choice(_HELD_OUT_REQUESTS).format_map(about | {"who": who}), text)


def story(rng: random.Random) -> Story:
    """A story of 60 to 130 words."""
    while True:
        made = _once(rng)
        if 60 <= len(made.text.split()) <= 130:
            return made
