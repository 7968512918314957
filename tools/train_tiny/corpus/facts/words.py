"""Words: opposites, synonyms, inflected forms, people by what they do, and spelling."""

import random

from ..documents import Fact
from .common import capitalized, lines, make_fact, rows, templates, with_article, wrong_answers

# Class of words, then pairs: a-b counts both ways, a>b one way. The words of a line are near each other in
# meaning, so none of them is a wrong answer for another.
OPPOSITES = """
    adjective|hot-cold, warm-cool
    adjective|big-small, large>small, long-short, tall>short, wide-narrow, thick-thin, fat>thin, deep-shallow
    adjective|fast-slow, quick>slow
    adjective|good-bad, left-right, wrong>right, true-false, kind-cruel, polite-rude, nice>nasty
    adjective|happy-sad, glad>sad, interesting-boring
    adjective|rich-poor, cheap-expensive
    adjective|old-new, young>old, modern-ancient, fresh-stale
    adjective|light-dark, heavy>light, clever-stupid, wise-foolish
    adjective|hard-soft, easy-difficult, rough-smooth, strong-weak, loud-quiet, noisy>quiet
    adjective|clean-dirty, tidy-untidy
    adjective|wet-dry
    adjective|full-empty
    adjective|open-closed, public-private
    adjective|early-late, first-last, next-previous
    adjective|brave-cowardly
    adjective|sweet-sour, raw-cooked
    adjective|sharp-blunt
    adjective|alive-dead, healthy-sick
    adjective|awake-asleep
    adjective|beautiful-ugly, pretty>ugly
    adjective|safe-dangerous
    adjective|near-far
    adjective|same-different
    adjective|possible-impossible
    adjective|lucky-unlucky
    adjective|visible-invisible
    adjective|male-female
    adjective|lazy-hardworking, careful-careless
    adjective|tight-loose
    adjective|guilty-innocent
    adjective|common-rare
    adjective|wild-tame
    adjective|odd-even
    adjective|useful-useless
    verb|come-go, start>stop, begin-end, enter>leave
    verb|buy-sell, give-take, borrow-lend, send-receive
    verb|push-pull
    verb|win-lose, succeed-fail
    verb|love-hate
    verb|laugh-cry
    verb|lock-unlock
    verb|rise-fall, add-subtract, multiply-divide, float-sink, increase-decrease
    verb|sit-stand
    verb|remember-forget
    verb|teach-learn
    verb|build-destroy
    verb|ask-answer
    verb|hide-show, appear-disappear
    verb|attack-defend
    verb|freeze-melt
    verb|follow-lead
    verb|shout-whisper
    verb|throw-catch
    noun|day-night, morning-evening, sunrise-sunset
    noun|friend-enemy
    noun|war-peace
    noun|life-death, birth>death
    noun|heaven-hell
    noun|summer-winter
    noun|north-south, east-west
    noun|top-bottom, front-back, floor-ceiling
    noun|man-woman, boy-girl
    noun|entrance-exit
    noun|success-failure, victory-defeat
    noun|truth>lie
    noun|past-future
    noun|advantage-disadvantage
    noun|joy-sorrow
    adverb|up-down, above-below, over-under, inside-outside, in-out, on-off
    adverb|upstairs-downstairs
    adverb|yes-no
    adverb|always-never
    adverb|before-after
    adverb|here-there
    adverb|with-without
    adverb|more-less, most>least
    adverb|everything-nothing
    adverb|everybody-nobody
    adverb|forwards-backwards
    adverb|quickly-slowly"""

# Class of words, then word and synonym; lines as above.
SYNONYMS = """
    adjective|big>large, huge>enormous, little>small
    adjective|quick>fast
    adjective|glad>happy, unhappy>sad
    adjective|smart>clever
    adjective|simple>easy, hard>difficult
    adjective|wealthy>rich, powerful>strong
    adjective|sick>ill, weary>tired
    adjective|furious>angry
    adjective|scared>afraid
    adjective|courageous>brave
    adjective|pretty>beautiful
    adjective|odd>strange
    adjective|silent>quiet
    adjective|correct>right
    adjective|fortunate>lucky
    adjective|well-known>famous
    adjective|evil>wicked
    adjective|slim>thin
    verb|begin>start
    verb|finish>end
    verb|shut>close
    verb|speak>talk, yell>shout, reply>answer
    verb|leap>jump
    verb|pick>choose
    verb|repair>fix, construct>build
    verb|assist>help
    verb|purchase>buy
    verb|permit>allow
    verb|require>need
    verb|receive>get
    verb|toss>throw
    verb|weep>cry
    verb|conceal>hide
    verb|desire>want
    verb|observe>watch
    verb|depart>leave
    verb|vanish>disappear
    verb|tremble>shake
    noun|present>gift
    noun|store>shop
    noun|error>mistake
    noun|rock>stone
    noun|road>street
    noun|home>house
    noun|kid>child, infant>baby
    noun|physician>doctor
    noun|journey>trip
    noun|sea>ocean
    noun|woods>forest
    noun|couch>sofa
    noun|automobile>car
    noun|bike>bicycle
    noun|photograph>picture
    noun|trash>rubbish
    noun|pupil>student
    noun|cellar>basement
    noun|nation>country
    noun|odour>smell
    noun|foe>enemy
    noun|pal>friend"""

PLURALS = """
    dog dogs, cat cats, book books, tree trees, car cars, house houses, ball balls, cup cups, hand hands,
    girl girls, boy boys, apple apples, flower flowers, bird birds, shoe shoes, table tables, chair chairs,
    window windows, door doors, horse horses, teacher teachers, friend friends, river rivers, star stars,
    king kings, garden gardens, letter letters, school schools, pencil pencils, egg eggs, box boxes,
    fox foxes, glass glasses, class classes, dish dishes, brush brushes, watch watches, church churches,
    bench benches, peach peaches, match matches, kiss kisses, dress dresses, bush bushes,
    sandwich sandwiches, witch witches, baby babies, city cities, lady ladies, story stories, fly flies,
    puppy puppies, party parties, family families, country countries, cherry cherries,
    strawberry strawberries, butterfly butterflies, pony ponies, body bodies, day days, key keys, toy toys,
    monkey monkeys, donkey donkeys, knife knives, life lives, wife wives, leaf leaves, wolf wolves,
    loaf loaves, shelf shelves, half halves, thief thieves, calf calves, elf elves, man men, woman women,
    child children, foot feet, tooth teeth, goose geese, mouse mice, louse lice, ox oxen, sheep sheep,
    aircraft aircraft, species species, potato potatoes, tomato tomatoes, hero heroes, piano pianos,
    photo photos, radio radios, zoo zoos, kangaroo kangaroos, video videos, crisis crises, oasis oases,
    policeman policemen, fireman firemen, snowman snowmen, postman postmen, grandchild grandchildren,
    chief chiefs, cliff cliffs, chef chefs, bottle bottles, ship ships, hat hats, bed beds, farmer farmers,
    island islands, song songs, game games, question questions, number numbers, spoon spoons, fork forks,
    orange oranges, lion lions, queen queens, mountain mountains"""

PAST_TENSES = """
    go went, come came, see saw, eat ate, drink drank, run ran, sing sang, swim swam, begin began, give gave,
    take took, make made, do did, have had, say said, tell told, know knew, think thought, buy bought,
    bring brought, catch caught, teach taught, fight fought, find found, feel felt, keep kept, sleep slept,
    leave left, meet met, lose lost, sit sat, stand stood, write wrote, ride rode, drive drove, speak spoke,
    break broke, choose chose, steal stole, wear wore, fly flew, grow grew, throw threw, blow blew,
    draw drew, fall fell, forget forgot, get got, hide hid, hold held, hear heard, pay paid, sell sold,
    send sent, spend spent, build built, win won, freeze froze, bite bit, shake shook, rise rose,
    become became, understand understood, cut cut, put put, hit hit, walk walked, talk talked, play played,
    jump jumped, help helped, work worked, cook cooked, look looked, ask asked, call called, open opened,
    close closed, like liked, love loved, dance danced, smile smiled, stop stopped, plan planned, try tried,
    cry cried, carry carried, study studied, wash washed, want wanted, laugh laughed"""

COMPARATIVES = """
    big bigger biggest, small smaller smallest, tall taller tallest, short shorter shortest,
    long longer longest, fast faster fastest, slow slower slowest, old older oldest, young younger youngest,
    new newer newest, hot hotter hottest, cold colder coldest, warm warmer warmest, cool cooler coolest,
    good better best, bad worse worst, strong stronger strongest, weak weaker weakest, rich richer richest,
    poor poorer poorest, happy happier happiest, sad sadder saddest, easy easier easiest,
    hard harder hardest, soft softer softest, high higher highest, low lower lowest, deep deeper deepest,
    wide wider widest, thin thinner thinnest, thick thicker thickest, fat fatter fattest,
    heavy heavier heaviest, light lighter lightest, dark darker darkest, bright brighter brightest,
    loud louder loudest, nice nicer nicest, large larger largest, early earlier earliest, late later latest,
    dirty dirtier dirtiest, cheap cheaper cheapest, sweet sweeter sweetest, dry drier driest"""

# Who, and what such a person does.
PEOPLE = """
    baker|bakes bread
    pilot|flies a plane
    teacher|teaches children at school
    farmer|works on a farm
    doctor|helps sick people get well
    dentist|takes care of teeth
    fisherman|catches fish for a living
    butcher|cuts and sells meat
    carpenter|makes things from wood
    painter|paints pictures
    singer|sings songs
    dancer|dances on a stage
    writer|writes books
    poet|writes poems
    gardener|takes care of a garden
    tailor|makes and mends clothes
    barber|cuts the hair of men
    plumber|repairs water pipes
    electrician|repairs electric wires
    mechanic|repairs cars
    nurse|cares for patients in a hospital
    firefighter|puts out fires
    judge|decides in a court
    lawyer|defends people in court
    librarian|works in a library
    cook|prepares meals in a kitchen
    waiter|brings food to the guests in a restaurant
    sailor|works on a ship
    captain|commands a ship
    soldier|fights in an army
    king|rules a country and wears a crown
    thief|steals things
    astronaut|flies into space
    astronomer|studies the stars
    chemist|studies chemistry
    physicist|studies physics
    biologist|studies living things
    historian|studies history
    geologist|studies rocks
    archaeologist|digs up the remains of old cities
    architect|designs houses
    engineer|designs machines
    photographer|takes photographs
    actor|plays a part in films and plays
    musician|plays music
    pianist|plays the piano
    violinist|plays the violin
    guitarist|plays the guitar
    drummer|plays the drums
    composer|writes music
    conductor|leads an orchestra
    sculptor|makes statues
    potter|makes pots from clay
    blacksmith|makes things from hot iron
    miner|digs for coal
    shepherd|looks after sheep
    hunter|hunts animals
    detective|looks for clues to solve a crime
    postman|brings letters to the houses
    translator|puts texts into another language
    interpreter|translates what somebody says at once
    magician|does magic tricks
    acrobat|does somersaults in a circus
    referee|makes sure that the players keep to the rules
    goalkeeper|stands in the goal
    coach|trains a team
    cyclist|rides a bicycle
    swimmer|swims in races
    skier|goes down the snow on skis
    pedestrian|goes on foot in the street
    passenger|travels in a bus without driving it
    florist|sells flowers
    jeweller|makes and sells rings and jewels
    cashier|takes the money in a shop
    tourist|travels to see other places
    pirate|robs ships at sea
    beekeeper|keeps bees
    vegetarian|never eats meat
    optician|makes and sells glasses
    inventor|thinks of new machines
    explorer|travels to places that nobody knows
    orphan|has lost both parents
    widow|has lost her husband
    twin|was born on the same day as a brother
    journalist|writes for a newspaper
    programmer|writes programs for computers"""

# Of a line, one may well do what another does, so none of them is a wrong answer for another.
PEOPLE_ALIKE = """
    sailor, captain, pirate, soldier, fisherman
    doctor, nurse, dentist, optician, chemist, biologist
    singer, musician, pianist, violinist, guitarist, drummer, composer, conductor, actor, dancer, poet
    acrobat, magician, actor, dancer
    writer, poet, journalist, translator, interpreter, historian, programmer, composer, teacher
    astronomer, chemist, physicist, biologist, geologist, archaeologist, historian, astronaut, inventor
    cook, baker, butcher, waiter, farmer, vegetarian
    tourist, explorer, passenger, pedestrian, astronaut, pilot, cyclist, sailor, pirate, interpreter
    tailor, carpenter, blacksmith, potter, sculptor, painter, inventor, engineer, architect, mechanic, plumber
    electrician, mechanic, engineer, plumber, inventor
    referee, goalkeeper, coach, cyclist, swimmer, skier
    judge, lawyer, detective, king
    thief, pirate, detective, soldier
    farmer, shepherd, beekeeper, gardener, florist, hunter, fisherman
    cashier, florist, jeweller, baker, butcher, optician, waiter
    orphan, widow, twin, king
    soldier, captain, king"""

SPELLING = """
    bread, apple, house, school, friend, because, water, beautiful, elephant, tomorrow, kitchen, garden,
    window, people, animal, yellow, purple, orange, summer, winter, family, mother, father, sister, brother,
    teacher, doctor, chair, table, horse, mouse, night, bridge, island, knife, science, holiday, birthday,
    necessary, language, different, yesterday, mountain, happy, music"""

OPPOSITE = templates("""
    What is the opposite of {x}?
    What's the opposite of {x}?
    Which word is the opposite of {x}?
    Name the opposite of {x}.
    {X}: what is the opposite?
    opposite of {x}
    what is the opposite of the word {x}
    Tell me the opposite of {x}, please.
    Which word means the opposite of {x}?
    Do you know the opposite of {x}?
    The opposite of {x} is which word?
    Not {x}, but the opposite: which word is that?
    I am looking for the word that is opposite to {x}.
    Can you give me the opposite of {x}?
    What would you say for the opposite of {x}?
    Give an antonym of {x}.
    What is an antonym of the word {x}?
    I say {x}, and you say the opposite.
--
    Which word is opposite to {x}?
    Please give me the opposite of {x}.
    The word {x} has which opposite?
    I would like to know the opposite of the word {x}.
    Can you tell me what the opposite of {x} is?
""")

SYNONYM = templates("""
    Which word means the same as {x}?
    What is another word for {x}?
    Give me a synonym of {x}.
    What is a synonym for {x}?
    {X}: which other word means the same?
    another word for {x}
    synonym of {x}
    Tell me a different word for {x}.
    Instead of {x}, what else can I say?
    How else can you say {x}?
    Do you know another word for {x}?
    I do not want to write {x} again. Which word can I use instead?
    Which word has the same meaning as {x}?
    Can you find a word that means the same as {x}?
    Replace the word {x} with a synonym.
    What other word could stand for {x}?
    Name a word with the meaning of {x}.
--
    What word means the same as {x}?
    Please tell me another word for {x}.
    Can you give me a synonym for {x}?
    Which other word has the meaning of {x}?
    I would like to know a synonym of the word {x}.
""")

PLURAL = templates("""
    What is the plural of {x}?
    What's the plural of {x}?
    Name the plural of {x}.
    {X}: what is its plural?
    plural of {x}
    what is the plural form of {x}
    One {x}, but two what?
    If there is more than one {x}, what do you say?
    How do you write {x} in the plural?
    Tell me the plural of the word {x}.
    Put the word {x} into the plural.
    Do you know the plural of {x}?
    The plural of {x} is which word?
    How do I say {x} when there are many of them?
    Can you give me the plural form of the noun {x}?
    I have one {x} and get one more. Which word do I use for both?
    Which form of {x} do we use for more than one?
    There is one {x}, but there are two what?
    A single {x}, but several what?
--
    What is the plural form of the word {x}?
    Please give me the plural of {x}.
    How do you say {x} in the plural?
    One {x}, and many what?
    I would like to know the plural of {x}.
""")

PAST = templates("""
    What is the past tense of {x}?
    What's the past tense of {x}?
    Name the past tense of {x}.
    {X}: what is its past tense?
    past tense of {x}
    what is the past form of {x}
    Today I {x}, but yesterday I what?
    How do you write the verb {x} in the past tense?
    Tell me the past tense of the verb {x}.
    Put the verb {x} into the past tense.
    Do you know the past tense of {x}?
    The past tense of {x} is which word?
    Which form of {x} do we use for yesterday?
    Can you give me the past form of the verb {x}?
    What does {x} become when it happened in the past?
    I want to write about last week. What do I make of the verb {x}?
    To {x}: how does it go in the past?
    Now I {x}. What did I do an hour ago?
    Say it for last week: I {x}.
    What did I do yesterday, if I {x} every day?
    Today I {x}, and yesterday I did what?
    I {x} now. Yesterday I what?
--
    What is the past tense of the verb {x}?
    Please give me the past tense of {x}.
    How do you say {x} in the past tense?
    Yesterday I what, if today I {x}?
    I would like to know the past form of {x}.
""")

COMPARATIVE = templates("""
    What is the comparative of {x}?
    What's the comparative of {x}?
    Name the comparative of {x}.
    {X}: what is its comparative?
    comparative of {x}
    what is the comparative form of {x}
    One is {x}, but the other is even what?
    How do you compare two things with the word {x}?
    Tell me the comparative of the word {x}.
    Put the word {x} into the comparative.
    Do you know the comparative of {x}?
    The comparative of {x} is which word?
    If this is more than {x}, which word do I use for it?
    Can you give me the comparative form of {x}?
    Which form of {x} comes before the word than?
    Make a comparative from the word {x}.
    I am comparing two things. What do I make of {x}?
--
    What is the comparative form of the word {x}?
    Please give me the comparative of {x}.
    Which word is the comparative of {x}?
    This one is {x}, but that one is even what?
    I would like to know the comparative of {x}.
""")

PERSON = templates("""
    What do you call a person who {x}?
    What do we call somebody who {x}?
    What is a person who {x} called?
    Who {x}?
    Name the person who {x}.
    A person who {x} is called what?
    what is the word for a person who {x}
    somebody who {x}
    Tell me the word for someone who {x}.
    Which word do we use for a person who {x}?
    Do you know what a person who {x} is called?
    If somebody {x}, what do you call that person?
    I met someone who {x}. What is such a person called?
    How do people call somebody who {x}?
    Imagine a person who {x}. Which word is right?
    There is a word for a person who {x}. What is it?
    My uncle knows someone who {x}. What is the word for that?
--
    What do you call someone who {x}?
    Please tell me the word for a person who {x}.
    Which word do you use for somebody who {x}?
    How do you call a person who {x}?
    If a person {x}, what is that person called?
""")

SPELL = templates("""
    How do you spell {x}?
    How is the word {x} spelled?
    Spell {x}.
    Spell the word {x} for me.
    Can you spell {x}?
    {X}: how is it spelled?
    spelling of {x}
    how do i spell {x}
    Tell me the spelling of the word {x}.
    Which letters are in the word {x}, one after the other?
    Give me the letters of {x} in order.
    What is the right spelling of {x}?
    I never know how to spell {x}. Please help me.
    Say the word {x} letter by letter.
    Do you know how {x} is spelled?
    Write {x} letter by letter.
    I want to learn how the word {x} is spelled.
--
    Please spell the word {x}.
    How do you spell the word {x}?
    What is the spelling of {x}?
    Can you tell me how to spell {x}?
    Give me the word {x} letter by letter.
""")


def pair_facts(kind: str, table: str, asking: tuple, reply: str, statement: str) -> list[Fact]:
    """Opposites or synonyms; wrong answers are of the same class of words and from other lines."""
    entries = []  # class, line, word, answer
    for number, (word_class, pairs) in enumerate(rows(table)):
        for pair in pairs.split(", "):
            one_way = ">" in pair or kind == "synonym"
            first, second = pair.split(">" if one_way else "-")
            entries.append((word_class, number, first, second))
            if not one_way:
                entries.append((word_class, number, second, first))
    result = []
    for word_class, number, word, answer in entries:
        near = {w for _, line, *both in entries if line == number for w in both}
        pool = [other for c, line, _, other in entries if c == word_class and line != number]
        wrong = wrong_answers(f"{kind} {word}", answer, pool, forbidden=near)
        result.append(make_fact(kind, word, answer, reply.format(x=word, y=answer), asking, {"x": word},
                                wrong, statement.format(x=word, X=capitalized(word), y=answer)))
    return result


def bad_plural(word: str, plural: str) -> str:
    """What a child might make of the word."""
    if plural != word + "s":
        return word if word.endswith("s") and plural != word else word + "s"
    return word + "es" if word[-1] not in "es" else word + "n"


def form_facts() -> list[Fact]:
    """Plurals, past tenses and comparatives; one of the wrong answers is a likely mistake."""
    result = []
    plurals = [entry.split() for entry in " ".join(lines(PLURALS)).split(", ")]
    for word, plural in plurals:
        wrong = wrong_answers(f"plural {word}", plural, [bad_plural(word, plural)], [o[1] for o in plurals])
        result.append(make_fact("plural", word, plural, f"The plural of {word} is {plural}.", PLURAL,
                                {"x": word}, wrong, f"One {word}, but two {plural}."))
    tenses = [entry.split() for entry in " ".join(lines(PAST_TENSES)).split(", ")]
    for verb, past in tenses:
        mistake = verb + ("d" if verb.endswith("e") else "ed")
        wrong = wrong_answers(f"past_tense {verb}", past, [mistake], [o[1] for o in tenses])
        result.append(make_fact("past_tense", verb, past, f"The past tense of {verb} is {past}.", PAST,
                                {"x": verb}, wrong, f"Today they {verb}, and yesterday they {past}."))
    degrees = [entry.split() for entry in " ".join(lines(COMPARATIVES)).split(", ")]
    for word, more, most in degrees:
        wrong = wrong_answers(f"comparative {word}", more, [most], [o[1] for o in degrees])
        result.append(make_fact("comparative", word, more, f"The comparative of {word} is {more}.",
                                COMPARATIVE, {"x": word}, wrong, f"The forms are {word}, {more} and {most}."))
    return result


def person_facts() -> list[Fact]:
    """Answers have their article, so that one can stand in the place of another."""
    table = rows(PEOPLE)
    result = []
    for person, what in table:
        answer = with_article(person)
        alike = {with_article(other) for line in lines(PEOPLE_ALIKE) for other in line.split(", ")
                 if person in line.split(", ")}
        wrong = wrong_answers(f"person {what}", answer, [with_article(other[0]) for other in table],
                              forbidden=alike)
        result.append(make_fact("person", what, answer, f"A person who {what} is {answer}.", PERSON,
                                {"x": what}, wrong, f"{capitalized(answer)} is a person who {what}."))
    return result


def misspellings(word: str) -> list[str]:
    """The word with two letters in the wrong order, with a letter left out, and with one doubled."""
    chance = random.Random(f"spelling {word}")
    swaps = [i for i in range(1, len(word) - 1) if word[i] != word[i + 1]]
    swap, gone, double = chance.choice(swaps), chance.randrange(1, len(word)), chance.randrange(1, len(word))
    return [word[:swap] + word[swap + 1] + word[swap] + word[swap + 2:], word[:gone] + word[gone + 1:],
            word[:double] + word[double] + word[double:]]


def spelling_facts() -> list[Fact]:
    """Letters with hyphens between them."""
    result = []
    for word in " ".join(lines(SPELLING)).split(", "):
        answer = "-".join(word)
        result.append(make_fact("spelling", word, answer, f"The word {word} is spelled {answer}.", SPELL,
                                {"x": word}, tuple("-".join(wrong) for wrong in misspellings(word)),
                                f"You spell {word} like this: {answer}."))
    return result


def facts() -> list[Fact]:
    """All facts of this file."""
    return [
        *pair_facts("opposite", OPPOSITES, OPPOSITE, "The opposite of {x} is {y}.",
                    "{X} is the opposite of {y}."),
        *pair_facts("synonym", SYNONYMS, SYNONYM, "Another word for {x} is {y}.",
                    "The words {x} and {y} mean the same."),
        *form_facts(),
        *person_facts(),
        *spelling_facts(),
    ]
