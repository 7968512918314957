"""Elements, animals, planets and the colours of things."""

from ..documents import Fact
from .common import (
    capitalized, lines, make_fact, near_numbers, rows, templates, with_article, wrong_answers,
)

# In the order of the atomic numbers, from 1.
ELEMENTS = """
    H hydrogen, He helium, Li lithium, Be beryllium, B boron, C carbon, N nitrogen, O oxygen, F fluorine,
    Ne neon, Na sodium, Mg magnesium, Al aluminium, Si silicon, P phosphorus, S sulfur, Cl chlorine,
    Ar argon, K potassium, Ca calcium, Sc scandium, Ti titanium, V vanadium, Cr chromium, Mn manganese,
    Fe iron, Co cobalt, Ni nickel, Cu copper, Zn zinc, Ga gallium, Ge germanium, As arsenic, Se selenium,
    Br bromine, Kr krypton, Rb rubidium, Sr strontium, Y yttrium, Zr zirconium, Nb niobium,
    Mo molybdenum, Tc technetium, Ru ruthenium, Rh rhodium, Pd palladium, Ag silver, Cd cadmium,
    In indium, Sn tin, Sb antimony, Te tellurium, I iodine, Xe xenon, Cs caesium, Ba barium,
    La lanthanum, Ce cerium, Pr praseodymium, Nd neodymium, Pm promethium, Sm samarium, Eu europium,
    Gd gadolinium, Tb terbium, Dy dysprosium, Ho holmium, Er erbium, Tm thulium, Yb ytterbium,
    Lu lutetium, Hf hafnium, Ta tantalum, W tungsten, Re rhenium, Os osmium, Ir iridium, Pt platinum,
    Au gold, Hg mercury, Tl thallium, Pb lead, Bi bismuth, Po polonium, At astatine, Rn radon,
    Fr francium, Ra radium, Ac actinium, Th thorium, Pa protactinium, U uranium, Np neptunium,
    Pu plutonium, Am americium, Cm curium, Bk berkelium, Cf californium, Es einsteinium, Fm fermium"""

# Group and animals.
ANIMALS = """
    mammal|dog, cat, cow, horse, sheep, goat, pig, lion, tiger, elephant, giraffe, monkey, mouse, rabbit
    mammal|bat, whale, dolphin, kangaroo, bear, wolf, camel, hedgehog, seal, deer
    bird|eagle, owl, penguin, duck, goose, swan, parrot, crow, ostrich, sparrow, pigeon, robin
    fish|shark, salmon, tuna, trout, herring, eel, cod, goldfish
    insect|bee, ant, butterfly, fly, beetle, mosquito, grasshopper, wasp, dragonfly
    reptile|snake, lizard, crocodile, turtle, tortoise, chameleon
    amphibian|frog, toad, newt, salamander
    arachnid|spider, scorpion, tick"""

# Young and animals; then what else the young of such animals, or the animals when young, may be called.
YOUNG = """
    puppy|dog|pup, cub, kit
    kitten|cat|cub, kit
    calf|cow, elephant, whale, dolphin, giraffe, hippopotamus, rhinoceros, camel, buffalo, moose|pup, fawn
    foal|horse, donkey, zebra|
    lamb|sheep|
    kid|goat|
    piglet|pig|
    chick|chicken, penguin, parrot, ostrich, crow|hatchling, owlet, eaglet, squab
    duckling|duck|chick, hatchling
    gosling|goose|chick, hatchling
    cygnet|swan|chick, hatchling
    poult|turkey|chick, hatchling
    owlet|owl|chick, hatchling
    eaglet|eagle|chick, hatchling
    squab|pigeon|chick, hatchling
    cub|lion, tiger, bear, leopard, cheetah, panda, hyena|pup, puppy, kit, kitten
    pup|seal, wolf, otter, bat, rat, mouse|puppy, cub, kit, kitten, calf
    fawn|deer|calf, kid, foal
    joey|kangaroo, koala, wallaby, wombat|
    tadpole|frog, toad|larva, hatchling
    caterpillar|butterfly, moth|larva, maggot
    maggot|fly|larva
    larva|bee, wasp, beetle|maggot, caterpillar
    leveret|hare|kit, kitten
    hoglet|hedgehog|pup, piglet, kit
    cria|llama, alpaca|calf, kid
    elver|eel|larva, hatchling
    hatchling|crocodile, turtle|"""

PLANETS = ("Mercury", "Venus", "Earth", "Mars", "Jupiter", "Saturn", "Uranus", "Neptune")
PLACES = ("first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth")

# What a planet is, and the planet.
PLANET_FEATURES = """
    the largest planet|Jupiter
    the smallest planet|Mercury
    the hottest planet|Venus
    the red planet|Mars
    the planet we live on|Earth
    the planet with the widest rings|Saturn
    the planet nearest to the sun|Mercury
    the planet farthest from the sun|Neptune
    the planet that lies on its side|Uranus
    the planet with the great red spot|Jupiter
    the planet with the shortest year|Mercury
    the planet with the longest year|Neptune"""

# Colour and things.
COLOURS = """
    green|grass, spinach, a cucumber, a leaf in summer, an emerald, broccoli, a pea, a lime, lettuce
    blue|the sky on a clear day, a sapphire, a blueberry
    white|snow, milk, salt, chalk, an igloo, a polar bear, cotton, flour
    red|blood, a tomato, a strawberry, a ruby, a raspberry, a cherry
    black|coal, a crow, the night sky, tar, soot
    yellow|a lemon, a banana, a sunflower, a canary, the yolk of an egg
    orange|a carrot, a pumpkin, a basketball
    brown|chocolate, coffee, a chestnut
    pink|a flamingo
    grey|an elephant, ash, concrete
    purple|lavender, lilac, an amethyst"""

# Colours that nobody could rightly call the same thing.
NO_WRONG_COLOUR = {"blue": "purple", "purple": "blue", "grey": "white", "black": "brown", "brown": "black",
                   "orange": "red", "red": "pink", "pink": "red", "green": "yellow", "yellow": "green",
                   "white": "grey"}

SYMBOL = templates("""
    What is the chemical symbol of {x}?
    What is the symbol for {x}?
    Which symbol does {x} have?
    Give me the chemical symbol for {x}.
    {X}: what is its chemical symbol?
    How do chemists write {x} for short?
    The symbol of the element {x} is what?
    symbol of {l}
    chemical symbol for {l}
    Tell me the symbol of {x}, please.
    Do you know the chemical symbol of {x}?
    Which letters stand for the element {x}?
    In chemistry, how is {x} written?
    I need the symbol of {x}.
    Can you tell me which symbol stands for {x}?
    By which symbol do chemists know {x}?
--
    What symbol does the element {x} have?
    Please give me the symbol of {x}.
    In chemistry, what is the symbol for {x}?
    I would like to know the chemical symbol of {x}.
    Which letters are the symbol for {x}?
""")

ELEMENT = templates("""
    Which element has the symbol {x}?
    What element does {x} stand for?
    {x} is the symbol of which element?
    Name the element with the symbol {x}.
    The chemical symbol {x} stands for what?
    What is the name of the element {x}?
    which element is {x}
    element with the symbol {x}
    In chemistry, what does {x} mean?
    Tell me which element is written {x}.
    Do you know what element {x} is?
    If chemists write {x}, which element do they mean?
    I see the symbol {x}. Which element is it?
    Can you name the chemical element {x}?
    {x}: which chemical element is that?
    Please tell me the element that has {x} as its symbol.
    Which chemical element is written {x}?
    The element with the chemical symbol {x} is called what?
    What is the element called whose symbol is {x}?
    Of which element is {x} the chemical symbol?
    On a bottle I read {x}. What element is in it?
--
    What element has the chemical symbol {x}?
    Please name the element that {x} stands for.
    For which element do chemists write {x}?
    The symbol {x} belongs to which element?
    Tell me what element the symbol {x} means.
""")

ATOMIC_NUMBER = templates("""
    What is the atomic number of {x}?
    Which atomic number does {x} have?
    Tell me the atomic number of {x}.
    {X}: what is its atomic number?
    How many protons does an atom of {x} have?
    The atomic number of {x} is what?
    atomic number of {l}
    what atomic number has {l}
    Do you know the atomic number of {x}?
    I would like to know the atomic number of the element {x}.
    Under which number is {x} in the table of the elements?
    Give me the number of {x} in the periodic table.
    Can you say what the atomic number of {x} is?
    Which number belongs to {x} in the periodic table?
    In the periodic table, what number is {x}?
    I am looking for the atomic number of {x}.
--
    What atomic number does the element {x} have?
    Please give me the atomic number of {x}.
    How many protons are in an atom of {x}?
    What number does {x} have in the periodic table?
    I want to know which atomic number {x} has.
""")

ANIMAL_KIND = templates("""
    What kind of animal is {x}?
    Which kind of animal is {x}?
    To which group of animals does {x} belong?
    {X} is what kind of animal?
    {X}: what sort of animal is that?
    what kind of animal is {l}
    what sort of creature is {l}?
    Tell me what kind of animal {x} is.
    Is {x} a mammal, a bird, a fish or something else?
    Do you know which group of animals {x} belongs to?
    Name the group of animals that {x} is in.
    In biology, what is {x}?
    Among the animals, what is {x}?
    I want to know if {x} is a mammal, a reptile, a bird or something else.
    Can you say which class of animals {x} belongs to?
    Would you call {x} a mammal, an insect, a fish or something else?
--
    What sort of animal is {x}?
    Which group of animals does {x} belong to?
    Is {x} a bird, a reptile, an insect or something else?
    Please tell me what kind of creature {x} is.
    {X} belongs to which class of animals?
""")

ANIMAL_YOUNG = templates("""
    What is a baby {x} called?
    What do you call a young {x}?
    What is the name for a young {x}?
    What is the young of {ax} called?
    A young {x} is called what?
    Name the young of {ax}.
    baby {x} name
    what do we call a baby {x}
    How do people call the baby of {ax}?
    Which word do we use for a baby {x}?
    Tell me the word for a young {x}.
    Do you know what a baby {x} is called?
    I forgot what a young {x} is called. Can you help?
    When {ax} has a baby, what is the baby called?
    The baby of {ax} has a name of its own. What is it?
    There is a special word for a young {x}. Which one?
--
    How do you call a young {x}?
    Please tell me what the young of {ax} is called.
    What word do we use for the baby of {ax}?
    What name do we use for a baby {x}?
    The young of {ax} is called what?
""")

PLANET = templates("""
    Which planet is the {x} from the sun?
    What is the {x} planet from the sun?
    Name the {x} planet from the sun.
    Counted from the sun, which planet is {x}?
    The {x} planet from the sun is which one?
    {x} planet from the sun
    which planet is {x} from the sun
    Tell me the name of the {x} planet, counted from the sun.
    Do you know which planet is in {x} place from the sun?
    If you start at the sun, which planet is the {x} one?
    Which of the planets comes {x} when you count from the sun?
    I would like to know the {x} planet from the sun.
    Going out from the sun, what is the {x} planet?
    Can you name the planet that is {x} from the sun?
    In the solar system, which planet has the {x} place?
    What planet do we find in the {x} place from the sun?
--
    What planet is the {x} from the sun?
    Please name the {x} of the planets, counted from the sun.
    If I start at the sun, which is the {x} planet?
    Which planet has the {x} place from the sun?
    Can you tell me which planet comes {x} from the sun?
""")

PLANET_PLACE = templates("""
    Which place from the sun does {x} have?
    What place does {x} have among the planets?
    Where does {x} stand, counted from the sun?
    {x} is which planet from the sun, counted in order?
    In what place from the sun is {x}?
    Tell me the place of {x} in the solar system.
    Counted from the sun, what place has {x}?
    place of {l} in the solar system
    which place from the sun is {l}
    Is {x} the first, second or third planet from the sun, or a later one?
    Do you know the place of {x}, counted from the sun?
    When you count the planets from the sun, where is {x}?
    I would like to know in which place {x} comes from the sun.
    How far down the row of planets is {x}?
    What is the place of {x} in the order of the planets?
    {x}: which place in the order of the planets?
--
    Which place does {x} have, counted from the sun?
    In the order of the planets, what place has {x}?
    Please tell me the place of {x} among the planets.
    What is the place of {x}, counted from the sun?
    Where is {x} in the order of the planets?
""")

PLANET_AFTER = templates("""
    Which planet comes after {x}?
    What planet is next after {x}?
    After {x}, which planet comes?
    Name the planet that follows {x}.
    {x} is followed by which planet?
    planet after {l}
    which planet follows {l}
    Tell me the next planet after {x}.
    Do you know which planet comes after {x}?
    Going away from the sun, which planet comes behind {x}?
    I have passed {x} on my way out from the sun. Which planet is next?
    What is the planet just after {x}?
    The planet after {x} is which one?
    Can you say what planet comes right after {x}?
    I would like to know which planet follows {x}.
    {x}, and then which planet?
    You are at {x} and travel on, away from the sun. Which planet do you reach?
    Which planet lies behind {x}?
    Which planet is right after {x}?
    Say the planet that is right after {x}.
    Give me the planet right after {x}.
--
    What planet comes after {x}?
    Please name the planet right after {x}.
    Which is the next planet after {x}?
    Tell me which planet follows {x}.
    After {x}, what is the next planet?
""")

PLANET_BEFORE = templates("""
    Which planet comes before {x}?
    What planet is just before {x}?
    Before {x}, which planet comes?
    Name the planet that {x} follows.
    {x} comes right after which planet?
    planet before {l}
    which planet is before {l}
    Tell me the planet that comes before {x}.
    Do you know which planet comes before {x}?
    Going from {x} towards the sun, which planet comes next?
    I am at {x} and fly towards the sun. Which planet do I meet first?
    What is the planet just in front of {x}, seen from the sun?
    The planet before {x} is which one?
    Can you say what planet comes right before {x}?
    I would like to know which planet is before {x}.
    Which planet is followed by {x}?
    Which planet is right before {x}?
    Say the planet that is right before {x}.
    Give me the planet right before {x}.
--
    What planet comes before {x}?
    Please name the planet right before {x}.
    Which is the planet just before {x}?
    Before {x}, what planet do we find?
    Tell me which planet is just before {x}.
""")

PLANET_FEATURE = templates("""
    What is {x}?
    Which is {x}?
    Which one is {x}?
    Name {x}.
    {X} is which one?
    what is {l} called
    {l}
    Tell me the name of {x}.
    Do you know the name of {x}?
    In the solar system, what is {x}?
    What is the name of {x}?
    I would like to know which one is {x}.
    Which of the eight planets is {x}?
    Can you name {x}?
    Among the planets, which one is {x}?
    {X}: what is its name?
--
    Please tell me the name of {x}.
    Which of the planets is {x}?
    What do we call {x}?
    In the solar system, which one is {x}?
    I want to know the name of {x}.
""")

COLOUR = templates("""
    What colour is {x}?
    What is the colour of {x}?
    Which colour does {x} have?
    {X} has which colour?
    Tell me the colour of {x}.
    {X} is what colour?
    what colour is {l}
    colour of {l}
    Name the colour of {x}.
    Do you know what colour {x} is?
    Which colour would you paint {x}?
    If you look at {x}, what colour do you see?
    I am painting {x}. Which colour do I need?
    Can you tell me which colour {x} has?
    In which colour do we see {x}?
    I would like to know the colour of {x}.
--
    Which colour is {x}?
    What colour does {x} have?
    Please tell me what colour {x} is.
    What colour do I need for painting {x}?
    {X}: which colour is it?
""")


def element_facts() -> list[Fact]:
    """Wrong symbols and elements are sought among those with the same first letter."""
    table = [entry.split() for entry in " ".join(lines(ELEMENTS)).split(", ")]
    result = []
    for number, (symbol, name) in enumerate(table, 1):
        alike = [other for other in table if other[0][0] == symbol[0] or other[1][0] == name[0]]
        wrong = wrong_answers(f"symbol {name}", symbol, [o[0] for o in alike], [o[0] for o in table])
        result.append(make_fact("symbol", name, symbol, f"The chemical symbol of {name} is {symbol}.",
                                SYMBOL, {"x": name}, wrong, f"Chemists write {symbol} for {name}."))
        wrong = wrong_answers(f"element {symbol}", name, [o[1] for o in alike], [o[1] for o in table])
        result.append(make_fact("element", symbol, name, f"The symbol {symbol} stands for {name}.", ELEMENT,
                                {"x": symbol}, wrong, f"The element with the symbol {symbol} is {name}."))
        if number <= 60:
            wrong = near_numbers(f"atomic_number {name}", number)
            result.append(make_fact("atomic_number", name, str(number),
                                    f"The atomic number of {name} is {number}.", ATOMIC_NUMBER,
                                    {"x": name}, wrong,
                                    f"In the periodic table, {name} has the number {number}."))
    return result


def animal_facts() -> list[Fact]:
    """Answers have their article, so that one can stand in the place of another."""
    result = []
    groups = [(with_article(group), names.split(", ")) for group, names in rows(ANIMALS)]
    for group, names in groups:
        for name in names:
            animal = with_article(name)
            wrong = wrong_answers(f"animal_kind {name}", group, [other[0] for other in groups])
            result.append(make_fact("animal_kind", name, group, f"{capitalized(animal)} is {group}.",
                                    ANIMAL_KIND, {"x": animal}, wrong,
                                    f"Of all the animals we know, {animal} is {group}."))
    table = rows(YOUNG)
    for young, names, others in table:
        answer = with_article(young)
        for name in names.split(", "):
            wrong = wrong_answers(f"animal_young {name}", answer, [with_article(o[0]) for o in table],
                                  forbidden=[with_article(o) for o in others.split(", ") if o])
            result.append(make_fact("animal_young", name, answer, f"A young {name} is called {answer}.",
                                    ANIMAL_YOUNG, {"x": name, "ax": with_article(name)}, wrong,
                                    f"The baby of {with_article(name)} is called {answer}."))
    return result


def planet_facts() -> list[Fact]:
    """The order from the sun, asked in every direction, and special properties of some."""
    result = []
    for i, (planet, place) in enumerate(zip(PLANETS, PLACES)):
        sentence = f"{planet} is the {place} planet from the sun."
        wrong = wrong_answers(f"planet {place}", planet, PLANETS)
        result.append(make_fact("planet", place, planet, f"The {place} planet from the sun is {planet}.",
                                PLANET, {"x": place}, wrong, sentence))
        wrong = wrong_answers(f"planet_place {planet}", place, PLACES)
        result.append(make_fact("planet_place", planet, place, sentence, PLANET_PLACE, {"x": planet}, wrong))
        if i + 1 < len(PLANETS):
            after = PLANETS[i + 1]
            wrong = wrong_answers(f"planet_after {planet}", after, PLANETS, forbidden=[planet])
            result.append(make_fact("planet_after", planet, after, f"The planet after {planet} is {after}.",
                                    PLANET_AFTER, {"x": planet}, wrong))
            wrong = wrong_answers(f"planet_before {after}", planet, PLANETS, forbidden=[after])
            result.append(make_fact("planet_before", after, planet, f"The planet before {after} is {planet}.",
                                    PLANET_BEFORE, {"x": after}, wrong))
    for what, planet in rows(PLANET_FEATURES):
        wrong = wrong_answers(f"planet_feature {what}", planet, PLANETS)
        result.append(make_fact("planet_feature", what, planet, f"{capitalized(what)} is {planet}.",
                                PLANET_FEATURE, {"x": what}, wrong, f"{planet} is {what}."))
    return result


def colour_facts() -> list[Fact]:
    """Colours of things that have one colour in nearly everybody's eyes."""
    table = rows(COLOURS)
    result = []
    for colour, things in table:
        for thing in things.split(", "):
            wrong = wrong_answers(f"colour {thing}", colour, [other[0] for other in table],
                                  forbidden=[NO_WRONG_COLOUR[colour]])
            result.append(make_fact("colour", thing, colour, f"{capitalized(thing)} is {colour}.", COLOUR,
                                    {"x": thing}, wrong, f"The colour of {thing} is {colour}."))
    return result


def facts() -> list[Fact]:
    """All facts of this file."""
    return element_facts() + animal_facts() + planet_facts() + colour_facts()
