"""Short plain prose of other kinds than stories, each from a little grammar: letters, recipes, reports, "
"code."""

import random
import re
import textwrap

from .functions import FUNCTIONS
from .stories import sentences

# Thing, how its history begins, what came next, what it changed.
_INVENTIONS = (
    ("the bicycle",
     ("in Germany, where Karl Drais built a wooden machine with two wheels in 1817",
      "with a wooden running machine that had two wheels and no pedals",
      "in the early nineteenth century, when people first rode on two wheels"),
     ("Pedals were added some decades later, and riding became much easier.",
      "Some early models had a huge front wheel and were hard to ride.",
      "A chain to the back wheel made it safer, and both wheels became the same size.",
      "Air-filled tyres made the ride far more comfortable."),
     ("Soon many people used it to get to work.", "It is still one of the cheapest ways to travel.",
      "It needs no fuel and hardly any space.")),
    ("printing",
     ("in East Asia, where texts were printed from carved blocks of wood",
      "long ago in China and Korea, where people printed with blocks and letters",
      "with carved blocks of wood that were covered with ink"),
     ("In Europe, Johannes Gutenberg printed with letters of metal around 1450.",
      "Letters of metal could be used again and again.",
      "Later, steam engines drove the presses and made them much faster."),
     ("Books became cheaper, and more people learned to read.",
      "News and ideas could spread faster than ever before.",
      "Without it, there would be no newspapers and few schoolbooks.")),
    ("the telephone",
     ("in the nineteenth century, when people learned to send sound through a wire",
      "with the wish to speak to somebody far away",
      "in 1876, when Alexander Graham Bell received a patent for it"),
     ("At first the calls were connected by hand.", "Later a number could be dialled without any help.",
      "In the twentieth century the first mobile telephones appeared.",
      "Wires were laid across whole countries and even under the sea."),
     ("Families could talk to each other over long distances.",
      "Today most people carry one in their pocket.", "It changed both work and private life.")),
    ("the steam engine",
     ("with the problem of water in deep mines", "in the mines of England, where water had to be pumped out",
      "around 1712, when Thomas Newcomen built a machine to pump water"),
     ("James Watt improved it, so that it needed much less coal.", "Soon it drove the machines of factories.",
      "On wheels it became the locomotive.", "Ships with steam could travel without wind."),
     ("It changed the way people worked and travelled.", "It was the beginning of the age of factories.",
      "Later it was replaced by electric motors and by engines that burn oil.")),
    ("the light bulb",
     ("with the discovery that a thin wire glows when a current flows through it",
      "in the nineteenth century, when many people tried to make light from electricity",
      "long before the first lamps were sold"),
     ("Thomas Edison and Joseph Swan made lamps that lasted for many hours.",
      "The wire was put into a glass without air, so that it did not burn.",
      "Later a wire of tungsten was used.", "Today most new lamps use light-emitting diodes."),
     ("People could work and read at night without a flame.", "Streets became safer after dark.",
      "Modern lamps need much less energy than the old ones.")),
    ("the airplane",
     ("with people who watched the birds and wanted to fly", "with gliders, which had wings but no engine",
      "in 1903, when the Wright brothers made the first flight with an engine"),
     ("The first machines were made of wood and cloth.", "The first flights lasted only a few seconds.",
      "In 1927 Charles Lindbergh flew alone across the Atlantic Ocean.",
      "Later, jet engines made flying much faster."),
     ("Journeys that had taken weeks now take hours.", "Today millions of people fly every day.",
      "The world seems smaller because of it.")),
    ("the camera",
     ("with a dark box that had a small hole",
      "in the nineteenth century, when the first photographs were made",
      "in France, where Joseph Niepce made one of the first photographs"),
     ("At first a picture took many minutes or even hours.", "Later, pictures were taken on film.",
      "Small models made it possible for everyone to take pictures.", "Now pictures are stored as numbers."),
     ("We can see how people lived long ago.", "Every telephone can take pictures today.",
      "Newspapers began to show what had happened.")),
    ("the computer",
     ("with machines that could add numbers", "with the plans of Charles Babbage in the nineteenth century",
      "long ago, with tools for counting such as the abacus"),
     ("The first electronic ones filled whole rooms.", "The transistor made them smaller and more reliable.",
      "Later, thousands of parts were put on one small chip.",
      "In the 1980s many families bought their first one."),
     ("Today it is used in nearly every kind of work.",
      "A modern telephone is faster than the large machines of the past.",
      "It can store whole libraries in a small space.")),
    ("the railway",
     ("with carts that were pulled on rails in mines",
      "in Britain, where the first steam locomotives were built", "with wooden rails and horses"),
     ("In 1825 a public line between Stockton and Darlington was opened.",
      "Soon tracks were built in many countries.",
      "Bridges and tunnels were needed to cross rivers and mountains.",
      "Steam was later replaced by diesel and electricity."),
     ("Goods and people could travel faster than ever.", "Towns near a station grew quickly.",
      "Clocks had to show the same time in the whole country.")),
    ("the radio",
     ("with the discovery of electric waves by Heinrich Hertz",
      "at the end of the nineteenth century, when signals were first sent without a wire",
      "with signals for ships on the sea"),
     ("Guglielmo Marconi sent signals across the Atlantic Ocean in 1901.",
      "At first only short and long tones were sent.", "Soon voices and music could be heard as well.",
      "In the 1920s regular programmes began."),
     ("Families sat together in the evening to listen.", "News could reach everyone at the same time.",
      "It is still used in cars and kitchens today.")),
    ("the clock",
     ("with the shadow of a stick in the sun", "with sundials and water that dripped from a bowl",
      "thousands of years ago, when people watched the sun and the stars"),
     ("In the Middle Ages, large clocks were built into towers.", "The pendulum made them far more exact.",
      "Springs made it possible to build small ones for the pocket.",
      "Later, a crystal of quartz kept the time."),
     ("People could meet at a fixed hour.", "Sailors needed good ones to find their position.",
      "The best ones today lose less than a second in millions of years.")),
    ("paper",
     ("in China about two thousand years ago",
      "in ancient China, where it was made from plants and old cloth",
      "with the search for something lighter than wood and stone to write on"),
     ("The art of making it travelled slowly to the west.", "In Europe it took the place of animal skin.",
      "Since the nineteenth century it has mostly been made from wood."),
     ("It made books and letters cheap.", "Old paper can be used again to make new paper.",
      "Schools and offices could hardly work without it.")),
    ("glasses",
     ("in Italy near the end of the thirteenth century", "with pieces of glass that made letters look larger",
      "with the discovery that a curved piece of glass can help the eye"),
     ("At first they were held in front of the eyes by hand.", "Later they got arms that rest on the ears.",
      "Benjamin Franklin is said to have used a pair for both near and far."),
     ("Old people could read and work again.", "Today they are both a help and a part of fashion.",
      "Some people wear small lenses directly on the eye instead.")),
)
_HISTORY_ENDS = (
    "It is hard to imagine the world without it.", "So a simple idea changed the world.", "",
    "Its story is not over yet.", "People still try to make it better.", "",
)

_LETTER_REASONS = (
    ("about the {thing} that I bought in your shop {when}", "Unfortunately, it {fault}.",
     "I would be glad if you could repair it or send me a new one.",
     {
         "thing": "lamp radio kettle clock chair toaster camera",
         "fault": "stopped working after {days} days/arrived with a crack/does not work at all/"
                  "makes a strange noise/was broken when I opened the box",
     }),
    ("to apply for the position of {job} in your {firm}",
     "I have worked in this field for {years} years, and I enjoy it very much.",
     "I would be happy to introduce myself in person.",
     {
         "job": "gardener/cook/teacher/driver/clerk/librarian/carpenter",
         "firm": "company/house/school/town/hotel",
     }),
    ("to ask about the {course} that begins {soon}",
     "I read about it in the newspaper and I am very interested.",
     "Please let me know the price and how many places are left.",
     {"course": "cooking course/language course/drawing class/swimming course/dancing class"}),
    ("to reserve a room for {people} persons for {nights} nights",
     "We will arrive in the afternoon, and we would prefer a quiet room.",
     "Please tell me the price and confirm the booking.", {}),
    ("to thank you for your help {when}", "You took a lot of time for me, and your advice was very useful.",
     "I hope that I can do something for you one day.", {}),
    ("to invite you to the opening of our new {place} {soon}",
     "There will be music, a short speech and something to eat.", "Please let us know if you can come.",
     {"place": "library/school/museum/garden/shop/bakery"}),
    ("because of the noise in our street {when}",
     "It began late in the evening, and many people could not sleep.",
     "I kindly ask you to look for a solution.", {}),
    ("to cancel my subscription of your {paper}",
     "I have enjoyed it for {years} years, but now I have too little time to read.",
     "Please send me a short confirmation.", {"paper": "magazine/newspaper/weekly paper"}),
)
_COMMON = {
    "when": "last week/two weeks ago/last month/on Monday/on Saturday/in spring",
    "days": "two/three/five/ten",
    "years": "two/three/four/five/eight/ten/twelve",
    "soon": "next week/next month/on the first of May/in autumn/on Friday",
    "people": "two/three/four",
    "nights": "two/three/five/seven",
}
_LAST_NAMES = "Miller Baker Brown Wilson Taylor Hill Carter Fisher Cooper Turner Ward Green Parker Stone"
_FIRST_NAMES = "Anna Peter Maria Thomas Laura Paul Helen Martin Julia David Emma Robert Clara Simon Ruth"

# How many sentences of a group at most, and the group.
_DIARY = (
    (2,
     ("It was {sky} when I woke up.", "I got up {early} because {why}.", "The day began with {start}.",
      "In the morning I {morning}.")),
    (2,
     ("For breakfast there was {food}.", "At noon I met {friend}, and we {did}.",
      "Then {friend} came by, and we {did}.", "I had to wait for the bus for {minutes} minutes.")),
    (1,
     ("In the afternoon I {afternoon}.", "After that I {afternoon}.",
      "Later I {afternoon}, which took longer than I thought.")),
    (1, ("Now it is late, and I am {mood}.", "I am {mood}, but it was a good day.", "Now I am {mood}.")),
    (1,
     ("Before sleeping I will read a few pages.", "Tomorrow I want to {plan}.",
      "I must not forget to {plan} tomorrow.", "Tomorrow will be another day, and I will {plan}.")),
)
_DIARY_WORDS = {
    "early": "very early/at six o'clock/before the others",
    "why": "the birds were so loud/I could not sleep any more/my alarm rang too early/I had a lot to do",
    "start": "a cup of strong tea/rain on the roof/a letter from my aunt/a phone call",
    "morning": "cleaned the whole kitchen/missed the train/found my old school book/baked a small cake/"
               "walked to the market",
    "sky": "still dark/raining/already warm/foggy/snowing",
    "food": "fresh bread with honey/only an apple/porridge with berries/eggs and toast",
    "friend": "Anna/my neighbour/my brother/an old friend/Paul/my sister/Clara",
    "did": "talked about old times/drank coffee/walked around the lake/laughed a lot/played chess/"
           "looked at old pictures",
    "minutes": "ten/twenty/thirty/forty",
    "afternoon": "worked in the garden/repaired the old clock/wrote three letters/read in the park/"
                 "visited my grandmother/painted the fence/went swimming",
    "mood": "tired/happy/a little sad/content/very hungry",
    "plan": "call my mother/buy new shoes/get up earlier/plant tomatoes/clean the windows/return the books/"
            "write to Martin",
}

# Dish, what it needs, the steps, the end.
_RECIPES = (
    ("pancakes", "two cups of flour/two cups of milk/three eggs/a pinch of salt/a little butter",
     "Mix the flour, the milk, the eggs and the salt in a bowl./Let the batter rest for {ten} minutes./Melt "
     "some butter in a pan./Pour in a little batter and bake it on both sides until it is golden.",
     "Serve them with {sweet}."),
    ("tomato soup", "six ripe tomatoes/an onion/a spoon of oil/half a litre of water/salt and pepper",
     "Chop the onion and fry it in the oil./Cut the tomatoes into pieces and add them./Pour in the water "
     "and cook it for {long} minutes./Stir well and add salt and pepper.", "Serve it hot with {bread}."),
    ("an apple pie", "five apples/three cups of flour/a cup of butter/half a cup of sugar/some cinnamon",
     "Make a dough from the flour, the butter and half of the sugar./"
     "Peel the apples and cut them into slices./Put the dough into a round form and the apples on top./Add "
     "the rest of the sugar and the cinnamon./Bake it for {hour} minutes.",
     "Let it cool a little and serve it with {cream}."),
    ("a green salad", "a head of lettuce/a cucumber/some herbs/two spoons of oil/a spoon of vinegar",
     "Wash the lettuce and tear it into pieces./Cut the cucumber into thin slices./Mix the oil, the vinegar "
     "and a little salt./Pour it over the salad and add the herbs.", "Serve it at once with {bread}."),
    ("potato soup", "six potatoes/two carrots/an onion/a litre of water/a little cream",
     "Peel the potatoes and the carrots and cut them into cubes./Fry the onion in a pot./"
     "Add the vegetables and the water./Cook everything for {long} minutes./Mash it a little and stir in "
     "the cream.", "It tastes best with {bread}."),
    ("simple bread", "four cups of flour/a spoon of salt/a packet of yeast/a cup and a half of warm water",
     "Mix everything in a large bowl./Knead the dough for {ten} minutes./Cover it and let it rise for an "
     "hour./Form a loaf and bake it for {hour} minutes.", "Let it cool before you cut it."),
    ("fruit salad", "two apples/two oranges/a banana/some grapes/the juice of a lemon",
     "Wash and peel the fruit./Cut everything into small pieces./Mix it in a bowl with the lemon juice./Let "
     "it stand in a cool place for {ten} minutes.", "Serve it with {cream}."),
    ("fried rice", "two cups of cooked rice/two eggs/an onion/a carrot/some oil",
     "Chop the onion and the carrot./Fry them in the oil for five minutes./Add the rice and stir well./"
     "Push it aside and fry the eggs./Mix everything and add a little salt.", "Serve it while it is hot."),
)
_RECIPE_WORDS = {
    "ten": "ten/fifteen/twenty",
    "long": "twenty/twenty-five/thirty",
    "hour": "forty/forty-five/fifty",
    "sweet": "sugar/jam/honey/fresh berries/apple sauce",
    "bread": "bread/toast/warm bread/a piece of dark bread",
    "cream": "cream/vanilla ice cream/yoghurt",
}

_WEATHER = (
    "{Today} it will be {sky} in the {north}, and {wind} wind will blow from the {west}.",
    "{Today} the {north} can expect {sky2}, with a {wind} wind from the {west}.",
    "The {north} will wake up to {sky2} {today}.",
)
_WEATHER_MORE = (
    "In the {south} there will be {rain} in the afternoon.",
    "Further {south} it stays dry until the evening.", "Near the coast {rain} is possible.",
    "In the mountains fog will slowly disappear by noon.", "In the valleys there may be fog in the morning.",
    "Towards evening the clouds will break up.",
)
_WEATHER_ENDS = (
    "Temperatures will reach {high} degrees during the day and fall to {low} degrees at night.",
    "The highest temperature will be {high} degrees, the lowest {low}.",
    "By day it will be {high} degrees, and at night {low}.",
)
_WEATHER_LAST = (
    "{Weekday} will be {change}.", "On {Weekday} it will become {change}.",
    "The days after that stay {change}.", "Drivers should be careful on wet roads.",
    "Do not forget your umbrella.", "",
)
_WEATHER_WORDS = {
    "Today": "Today/Tomorrow/On Monday/On Sunday/On Friday",
    "today": "today/tomorrow/on Monday/on Thursday",
    "sky": "sunny/cloudy/mostly dry/rainy/foggy",
    "sky2": "clouds and some sun/clear skies/a grey sky/light rain/sunshine",
    "north": "north/east/west/whole country",
    "wind": "light/fresh/strong/weak",
    "west": "west/north/east/south-west",
    "south": "south/east/west",
    "rain": "rain/light rain/a short shower/a thunderstorm",
    "Weekday": "Saturday/Tuesday/Wednesday",
    "change": "warmer/cooler/dry and sunny/windy/changeable",
}

_TOWN = (
    ("{Name} is a {size} town {lies}.", "The town of {Name} lies {place}.",
     "{lies2} lies {Name}, a {size} town."),
    ("About {number} people live there.", "It has about {number} inhabitants.",
     "Only about {number} people live in it."),
    ("In the middle there is {middle}.", "In its centre one finds {middle}.",
     "Most visitors want to see {middle}."),
    ("{day} there is a market where farmers sell {goods}.", "The town is known for its {known}.",
     "Many people work in the {work}."),
    ("In summer children play {play}.", "A narrow street leads {leads}.",
     "From the hill one can see {view}."),
    ("It is a quiet place, and most people know each other.",
     "Whoever has been there once likes to come back.",
     "At night it is so still that one can hear the {hear}.",
     "The oldest house is more than {age} years old."),
)
_TOWN_WORDS = {
    "Name": "Millbrook Ashford Weston Riverton Greenfield Oakdale Fairhill Stonebridge Lindenau Westport "
            "Brookside Hilltown",
    "size": "small/quiet/pretty/lively/sleepy/busy",
    "lies": "by the sea/on a river/between two hills/in a green valley/near a forest/by a lake",
    "place": "on the bank of a river/at the foot of a mountain/not far from the sea/in the middle of wide "
             "fields",
    "lies2": "between two rivers/at the edge of a forest/behind the hills/near the sea",
    "number": "two thousand/four thousand/five thousand/nine thousand/twelve thousand/twenty thousand",
    "middle": "an old church with a tall tower/a round square with a fountain/"
              "a market square with old lime trees/a stone bridge/a small museum",
    "day": "every Saturday/every Wednesday/on Fridays/twice a week",
    "goods": "fruit and vegetables/cheese and honey/eggs and flowers/bread and fish",
    "known": "old houses/good bread/narrow streets/apple trees/music festival/glass",
    "work": "harbour/paper mill/shops/fields around it/school and the hospital",
    "play": "at the fountain/by the river/in the park/on the old wall",
    "leads": "down to the water/up to the castle/to the old mill/to the station",
    "view": "the whole valley/the sea/the roofs and the river/far over the land",
    "hear": "river/owls/church clock/wind",
    "age": "three hundred/four hundred/five hundred",
}

_TOP_INVENTIONS = (
    ("the computer", "it helps us to calculate, write and learn"),
    ("the transistor", "it is part of every modern machine"),
    ("the internet", "it connects people all over the world"),
    ("penicillin", "it has saved millions of lives"),
    ("television", "it brought pictures of the world into every home"),
    ("the mobile phone", "it lets us talk from anywhere"),
    ("the jet engine", "it made long journeys short"),
    ("the satellite", "it helps us to find our way and to see the weather"),
    ("the solar cell", "it makes electricity from sunlight"),
    ("the refrigerator at home", "it keeps food fresh for a long time"),
    ("the washing machine", "it saves hours of hard work"),
    ("plastic", "it is light, cheap and can take any form"),
    ("the laser", "it can cut, measure and read discs"),
    ("the microchip", "it puts a whole machine on a tiny plate"),
)
_WALK = (
    "Go straight ahead for {number} metres.", "Walk along {street} until you see {sight}.",
    "Turn {left} at {sight}.", "Cross {cross}.", "Take the {second} street on the {left2}.",
    "Go past {sight}.", "Follow the {street2} for about {minutes} minutes.",
)
_WALK_WORDS = {
    "number": "one hundred/two hundred/three hundred/five hundred",
    "street": "the main street/the river/Park Street/Mill Road/Church Street",
    "sight": "the church/the post office/a big tree/the bakery/the school/the fountain/the bank/a red house",
    "left": "left/right",
    "left2": "left/right",
    "cross": "the bridge/the square/the street/the railway",
    "second": "first/second/third",
    "street2": "path/street/river",
    "minutes": "two/three/five/ten",
    "goal": "the station/the museum/the library/the hospital/the town hall/the harbour/the zoo/the theatre",
}
_SHOPPING = (
    "two loaves of bread/a litre of milk/ten eggs/a piece of butter/some cheese/a kilo of apples/"
    "a bag of potatoes/six tomatoes/three onions/a packet of rice/a kilo of flour/some sugar/salt/"
    "green tea/a packet of coffee/a jar of honey/a bunch of carrots/five bananas/a piece of soap/"
    "a box of candles/writing paper/a bottle of oil/fresh fish/four cups of yoghurt/two lemons/"
    "black pepper/a bag of nuts/a can of beans/a jar of jam/noodles/a head of lettuce/a cucumber/"
    "some herbs/a pot of cream/orange juice/a newspaper"
).split("/")
_PAIRS = (
    ("cats", "dogs",
     ("dogs live in groups by nature, while most cats hunt alone",
      "a dog wants company, while a cat often likes to be alone",
      "dogs need to be taken for walks, while cats can stay at home"),
     ("Cats wash themselves, but dogs need a bath now and then.", "Dogs can learn many commands.",
      "Cats can climb trees, and dogs cannot.", "Cats see very well at night.", "Dogs bark and cats meow.",
      "Dogs have a very good sense of smell."),
     ("Both can be good friends of people.", "Both have four legs, fur and a tail.",
      "Which one is better depends on the owner.")),
    ("tea", "coffee",
     ("tea is made from leaves and coffee from roasted beans",
      "coffee usually contains more caffeine than tea"),
     ("Tea is mostly lighter in colour.", "Coffee has a strong and slightly bitter taste.",
      "Tea needs a few minutes in hot water.", "Coffee beans are ground before use.",
      "Tea grows as a bush in warm countries."),
     ("Both are drunk hot or cold.", "Many people drink one of them every morning.",
      "Both can be taken with milk and sugar.")),
    ("butterflies", "moths",
     ("butterflies fly by day and most moths fly at night",
      "most butterflies have bright colours, while many moths are brown or grey"),
     ("Butterflies often close their wings when they rest.",
      "Many moths have thick antennae that look like feathers.", "Moths are drawn to lamps.",
      "Both begin their lives as caterpillars."),
     ("They belong to the same group of insects.", "Both drink nectar from flowers.")),
    ("a lake", "a river",
     ("the water of a river flows, while the water of a lake stands almost still",
      "a river moves towards the sea, while a lake stays in its place"),
     ("Rivers carry sand and stones with them.", "Lakes can be very deep.",
      "Ships on rivers carry goods from town to town.", "Many rivers flow into a lake and out of it again."),
     ("Both usually contain fresh water.", "Fish live in both of them.")),
    ("frogs", "toads",
     ("frogs have smooth wet skin, while the skin of toads is dry and rough",
      "frogs jump far, while toads mostly walk or make small hops"),
     ("Frogs like to stay near the water.", "Toads can live further away from ponds.",
      "Frogs have long back legs.", "Toads look rounder and heavier."),
     ("Both lay their eggs in water.", "Both eat insects and worms.")),
    ("a bus", "a train",
     ("a train runs on rails and a bus on the road", "a train can carry far more people than a bus"),
     ("A bus can stop at many places.", "A train does not stand in traffic.",
      "Tickets for the bus are often cheaper.", "Trains are faster over long distances."),
     ("Both are better for the air than many single cars.", "Both follow a timetable.")),
)


def _filled(rng: random.Random, pattern: str, words: dict[str, str]) -> str:
    """The pattern with each slot drawn anew from its words, which are parted by slashes or else by spaces."""
    while match := re.search(r"\{(\w+)\}", pattern):
        choices = words[match.group(1)]
        picked = rng.choice(choices.split("/") if "/" in choices else choices.split())
        pattern = pattern[:match.start()] + picked + pattern[match.end():]
    return pattern


def _history(rng: random.Random) -> str:
    thing, begins, middle, effects = rng.choice(_INVENTIONS)
    first = rng.choice(("The history of {t} begins {b}.", "The story of {t} begins {b}.",
                        "The history of {t} starts {b}."))
    steps = [sentence for sentence in middle if rng.random() < 0.75] or [middle[0]]
    results = rng.sample(effects, rng.choice((2, 2, 3)))
    end = rng.choice(_HISTORY_ENDS) if thing != "glasses" else ""
    return " ".join([first.format(t=thing, b=rng.choice(begins)), *steps, *results, end]).strip()


def _letter(rng: random.Random) -> str:
    reason, second, third, own = rng.choice(_LETTER_REASONS)
    last, other = rng.sample(_LAST_NAMES.split(), 2)
    start = rng.choice(("Dear Sir or Madam", "Dear Sir or Madam", f"Dear Mr. {other}", f"Dear Mrs. {other}"))
    close = rng.choice(("Yours faithfully", "Yours sincerely", "Kind regards", "With best wishes"))
    thanks = rng.choice(("Thank you very much in advance.", "I look forward to your answer.",
                         "Thank you for your time.", "I hope to hear from you soon."))
    body = _filled(rng, f"I am writing {reason}. {second} {third} {thanks}", own | _COMMON)
    return f"{start},\n\n{body}\n\n{close}\n{rng.choice(_FIRST_NAMES.split())} {last}"


def _diary(rng: random.Random) -> str:
    day = rng.choice("Monday Tuesday Wednesday Thursday Friday Saturday Sunday".split())
    month = rng.choice("January March April May June July August September October November".split())
    start = rng.choice((f"{day}, {rng.randint(1, 28)} {month}\n\nDear diary,\n", "Dear diary,\n\n",
                        f"{day} evening\n\n", f"{day}, {rng.randint(1, 28)} {month}\n\n"))
    picked = []
    for most, group in _DIARY:
        chosen = rng.sample(group, rng.randint(1, most))
        picked += sorted(chosen, key=group.index)
    return start + " ".join(_filled(rng, sentence, _DIARY_WORDS) for sentence in picked)


def _recipe(rng: random.Random) -> str:
    dish, needs, steps, end = rng.choice(_RECIPES)
    items = needs.split("/")
    rng.shuffle(items)
    begin = rng.choice(("For {d} you need {n}.", "Recipe for {d}\n\nYou need {n}.",
    "This is how you make {d}. You need {n}.",
                        "To make {d}, you need {n}."))
    listed = ", ".join(items[:-1]) + " and " + items[-1]
    order = steps.split("/")
    if rng.random() < 0.5:
        order = [f"{number}. {step}" for number, step in enumerate(order, 1)]
        done = "\n".join(order) + "\n" + end
        return _filled(rng, begin.format(d=dish, n=listed) + "\n" + done, _RECIPE_WORDS)
    starts = ["First, ", "Then ", "After that, ", "Next, ", "Finally, "]
    order = [starts[i] + step[0].lower() + step[1:] for i, step in enumerate(order)]
    return _filled(rng, begin.format(d=dish, n=listed) + " " + " ".join(order) + " " + end, _RECIPE_WORDS)


def _weather(rng: random.Random) -> str:
    high = rng.randint(10, 32)
    numbers = {"high": str(high), "low": str(high - rng.randint(4, 8))}
    more = sorted(rng.sample(_WEATHER_MORE, rng.choice((2, 3))), key=_WEATHER_MORE.index)
    parts = [rng.choice(_WEATHER), *more, rng.choice(_WEATHER_ENDS), rng.choice(_WEATHER_LAST)]
    title = rng.choice(("", "", "The weather report: ", "Here is the weather. "))
    return (title + _filled(rng, " ".join(parts), _WEATHER_WORDS | numbers)).strip()


def _town(rng: random.Random) -> str:
    name = rng.choice(_TOWN_WORDS["Name"].split())
    parts = [rng.choice(group) for group in _TOWN[:3]]
    parts += rng.sample(_TOWN[3], rng.choice((1, 2))) + rng.sample(_TOWN[4], rng.choice((1,
    2))) + [rng.choice(_TOWN[5])]
    return sentences(_filled(rng, " ".join(parts), _TOWN_WORDS | {"Name": name}))


def _inventions(rng: random.Random) -> str:
    chosen = rng.sample(_TOP_INVENTIONS, 3)
    begin = rng.choice(("The three most important inventions of the last century are",
    "Three great inventions of the last "
                        "century are", "The three inventions that changed our lives most are"))
    names = [name for name, _ in chosen]
    text = f"{begin} {names[0]}, {names[1]} and {names[2]}."
    if rng.random() < 0.5:
        lines = "\n".join(f"{i}. {name[0].upper() + name[1:]}: {why}." for i, (name,
        why) in enumerate(chosen, 1))
        return text[:-1] + ":\n" + lines
    order = ("The first", "The second", "The third")
    whys = [f"{place} is important because {why}." for place, (_, why) in zip(order, chosen)]
    end = rng.choice(("Of course, other people would choose others.", "We use all of them almost every day.",
                      "Each of them changed the way we live.", ""))
    return " ".join([text, *whys, end]).strip()


def _code(rng: random.Random) -> str:
    return "\n\n\n".join(_function(rng) for _ in range(rng.choice((1, 1, 2))))


def _function(rng: random.Random) -> str:
    """One function; the first few, which everybody asks for, come more often."""
    name, about, bodies, (call, result) = rng.choice(FUNCTIONS + FUNCTIONS[:5] * 2)
    code = textwrap.dedent(rng.choice(bodies)).strip()
    if rng.random() < 0.2:
        return f"# The function {name} {about}.\n{code}"
    begin = rng.choice((f"The following Python function {about}:\n\n",
                        f"Here is a Python function that {about}:\n\n",
                        f"The function {name} {about}.\n\n", f"This function in Python {about}.\n\n", ""))
    end = rng.choice(("", f"\n\nprint({call})  # prints {result}", f"\n\nThe call {call} gives: {result}"))
    return begin + code + end


def _directions(rng: random.Random) -> str:
    goal = _filled(rng, "{goal}", _WALK_WORDS)
    steps = [_filled(rng, step, _WALK_WORDS) for step in rng.sample(_WALK, rng.choice((4, 5)))]
    begin = rng.choice((f"How to get to {goal}: ", f"The way to {goal} is easy to find. ",
    f"To get to {goal}, start at the market "
                        "square. ", f"Excuse me, how do I get to {goal}? "))
    end = rng.choice((f"Then you will see {goal} on the {rng.choice(('left', 'right'))}.",
    f"After a short walk you are at {goal}.",
                      "It takes about ten minutes on foot.", f"You cannot miss {goal}."))
    starts = ["", "Then ", "After that, ", "", "Next, "]
    joined = [start + (step[0].lower() + step[1:] if start else step) for start, step in zip(starts, steps)]
    return begin + " ".join(joined) + " " + end


def _shopping(rng: random.Random) -> str:
    items = rng.sample(_SHOPPING, rng.randint(6, 10))
    day = rng.choice(("Saturday", "the weekend", "the party", "this week", "the picnic", "tomorrow"))
    begin = rng.choice((f"Shopping list for {day}:\n", f"What we need for {day}:\n",
    f"Please buy for {day}:\n"))
    plain = "\n".join("- " + item for item in items)
    note = rng.choice(("\nPlease do not forget the bag.", "\nIf there is money left, bring some flowers.", "",
                       "\nThe shop closes at six o'clock.", "\nThe bread is cheaper in the evening, so go "
                       "late."))
    return begin + plain + note + rng.choice(("", "\nThank you!", "\nSee you later!"))


def _comparison(rng: random.Random) -> str:
    one, two, main, more, both = rng.choice(_PAIRS)
    begin = rng.choice((f"The main difference between {one} and {two} is that ",
    f"The biggest difference between {one} and {two} is "
                        "that "))
    return " ".join([begin + rng.choice(main) + ".", *rng.sample(more, min(len(more), rng.choice((3, 4)))),
                     *rng.sample(both, rng.choice((1, 2)))])


_KINDS = (_history, _history, _letter, _diary, _recipe, _weather, _town, _inventions, _code, _code,
_directions, _shopping,
          _comparison)


def passage(rng: random.Random) -> str:
    """A passage of some kind."""
    return rng.choice(_KINDS)(rng)
