"""The troubles of the stories, each with the ends that fit it, and what can be learned from them."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Problem:
    """What goes wrong in a story, and how it is put right.

    N is the hero, H the helper, a_H the helper when first seen; x and y are words of the problem, a_x is x
    with its article.
    """

    about: str  # for a request: "a story about a fox and ..."
    moral: str  # a key of MORALS
    trouble: tuple[str, ...]
    tries: tuple[str, ...]  # what the hero tries alone, without success
    solved: tuple[str, ...]
    x: tuple[str, ...] = ("",)
    y: tuple[str, ...] = ("",)
    kinds: tuple[str, ...] = ("adult", "child", "animal", "machine")
    places: tuple[str, ...] = ()  # tags of places; none means everywhere
    not_for: tuple[str, ...] = ()  # nouns that can neither be the hero nor the helper


PEOPLE = ("adult", "child")
HANDS = ("adult", "child", "machine")
LIVING = ("adult", "child", "animal")

PROBLEMS = (
    Problem("a lost {x}", "care",
            ("One day {N} noticed that {his} {x} was gone.",
             "But that day {his} {x} was missing, and {he} loved it more than anything else.",
             "Then {N} reached for {his} {x}, and it was not there."),
            ("{He} looked under every stone and behind every door, but the {x} was nowhere.",
             "{N} searched until noon and found nothing but dust.",
             "{He} turned everything upside down and did not find it."),
            ("\"Where did you have it last?\" asked {H}. They walked back step by step, and there was the "
             "{x}, {y}.",
             "{H} suggested to go back the same way, slowly this time. The {x} was lying {y}, as if it had "
             "waited.",
             "Together they looked in all the places that nobody looks at. At last {N} found the {x} {y}."),
            ("silver bell", "red scarf", "blue button", "little lantern", "wooden whistle", "old map",
             "woollen hat", "brass compass", "golden ring", "favourite cup", "green umbrella",
             "small mirror"),
            ("under a pile of leaves", "behind an old bench", "between two stones", "in the tall grass",
             "under a bush full of berries", "on top of a low wall", "beside an empty barrel")),
    Problem("a lost {x}", "patience",
            ("One afternoon {N} heard a thin cry and found {a_x} that had lost its mother.",
             "Near the path sat {a_x}, all alone and very afraid.",
             "Then {he} came across {a_x} that could not find the way home."),
            ("{N} called and called, but no mother came.",
             "{He} tried to carry it, but the {x} was too scared.",
             "{He} asked everybody on the way, but nobody missed {a_x}."),
            ("{H} told {him} to sit still and listen. After a while they heard the mother calling, and the "
             "{x} ran to her.",
             "They followed the small footprints back, and behind the last hedge the mother of the {x} was "
             "waiting.",
             "{H} had seen the mother in a field nearby. Soon the {x} was safe and warm at her side."),
            ("lamb", "kitten", "puppy", "calf", "little goat", "foal")),
    Problem("a broken bridge", "help",
            ("One night the water rose and carried the {x} bridge away.",
             "Then the {x} bridge over the stream broke, and nobody could get to the market.",
             "In the spring flood the {x} bridge fell into the stream."),
            ("{N} put one plank across the water, but it was far too short.",
             "{He} tried to jump over the stream and fell into the cold water.",
             "{N} pulled at the heavy wood alone and could not move it."),
            ("{H} fetched ropes and more helpers. By evening a new bridge stood there, stronger than the old "
             "one.",
             "Together they laid two long trunks across the stream and nailed boards on them. {N} was the "
             "first to walk over.",
             "{H} held the beams while {N} tied them together. On the third day people could cross the "
             "stream again."),
            ("old", "wooden", "little", "narrow", "only")),
    Problem("a storm", "help",
            ("One night a storm tore {x} from {his} house.", "A terrible storm came and took {x} with it.",
             "The wind howled all night, and in the morning {x} lay in the mud."),
            ("{N} tried to repair it alone, but the wind was too strong.",
             "{He} climbed up at once and nearly fell down.",
             "{He} had neither boards nor nails, and more rain was coming."),
            ("{H} brought boards and nails, and they worked side by side until {x} was back in its place.",
             "All the neighbours came when {H} called them. Before the next rain everything was dry and "
             "whole again.",
             "{H} held the ladder, and {N} used the hammer. In the evening they sat inside and listened to "
             "the rain."),
            ("half of the roof", "the front door", "the chimney", "the big window", "one side of the roof")),
    Problem("a dry well", "patience",
            ("That summer it did not rain for {x}, and the well was dry.",
             "One morning the bucket came up empty, because there had been no rain for {x}.",
             "After {x} of heat there was no water left in the well."),
            ("{N} dug a hole in the garden and found only dust.",
             "{He} looked at the sky every hour, but no cloud came.",
             "{N} carried water from far away, and half of it was spilled."),
            ("{H} showed {him} a place where the grass was still green. They dug there for two days, and "
             "then clear water came up.",
             "{N} saw that the birds all flew to the same rock. Behind it, {H} and {N} found a small spring.",
             "{H} knew an old song about a hidden spring. They followed the words and found cool water under "
             "a rock."),
            ("six weeks", "two months", "ten weeks", "a long time", "fifty days")),
    Problem("a big stone", "idea",
            ("One morning {a_x} stone lay in the middle of the road.",
             "After the heavy rain {a_x} stone blocked the only path.",
             "Then {a_x} stone rolled down and stopped right in front of the door."),
            ("{N} pushed with all {his} strength, but the stone did not move.",
             "{He} pulled and pushed until {he} was out of breath.",
             "{N} hit the stone and only hurt {himself}."),
            ("{H} found a long pole and put it under the stone. They leaned on it together, and the stone "
             "rolled aside.",
             "\"We must not push harder, we must think,\" said {H}. They dug a small hole beside the stone, "
             "and it rolled in by its own weight.",
             "{N} laid round logs on the ground, and {H} pushed. The stone rolled away as if it had wheels."),
            ("huge", "grey", "heavy", "round", "giant")),
    Problem("a boat in the fog", "courage",
            ("One evening thick fog came in, and {a_x} was still out on the sea.",
             "The light went out in the fog, just when {a_x} was coming home.",
             "Out in the fog the people of {a_x} were calling for help."),
            ("{N} waved a lamp, but its light was too weak.",
             "{He} shouted as loudly as {he} could, but the wind was louder.",
             "{He} tried to light a fire, but the wood was wet."),
            ("{H} ran for {y}. They made such a noise that the boat found its way to the shore.",
             "{N} thought of {y}. The sound went far over the water, and soon the boat came safely out of "
             "the fog.",
             "Together they stood on the rocks and used {y}. When the boat arrived, everybody cheered."),
            ("small boat", "fishing boat", "sailing boat", "little red boat", "lonely boat"),
            ("the old bell", "a big drum", "a brass horn", "two iron pots", "a whistle and a drum"),
            places=("sea",)),
    Problem("a long winter", "sharing",
            ("That winter the snow lay as high as the windows, and the neighbours had no {x} left.",
             "It snowed for seven days, and soon there was hardly any {x} in the houses.",
             "In the coldest week {N} heard that an old neighbour had no {x}."),
            ("{N} had enough {x}, but the road was closed by snow.",
             "{He} tried to walk through the snow and sank in at every step.",
             "{N} packed {x} into a bag, but it was too heavy to carry."),
            ("{H} had a sledge. Together they pulled it from door to door, and nobody had to go without {x}.",
             "{N} and {H} dug a path to every house and shared the {x}. Then they all sat around one warm "
             "stove.",
             "They built a sledge out of an old door, and {H} pushed. By night there was {x} in every "
             "house."),
            ("wood", "bread", "flour", "food", "soup")),
    Problem("a cake that went wrong", "idea",
            ("On the day of the feast {his} {x} burned in the oven.",
             "{N} had made {a_x} for the feast, but it fell on the floor and broke.",
             "An hour before the party {his} {x} was as flat as a plate."),
            ("There was no time to make another one.",
             "{N} tried to hide the mistake with sugar, but that looked even worse.",
             "{He} wanted to run away and not come back."),
            ("{H} tasted a piece and smiled. They mixed the good pieces with {y}, and it became the best "
             "sweet of the evening.",
             "\"Nobody knows how it should look,\" said {H}. They covered it with {y}, and the guests asked "
             "for more.",
             "Together they filled the pieces into small cups and put {y} on top. Not a crumb was left "
             "over."),
            ("honey cake", "apple cake", "birthday cake", "plum cake", "nut cake"),
            ("cream", "cherries", "fresh strawberries", "warm honey", "sweet apples")),
    Problem("a strange noise", "courage",
            ("Every night {N} heard a strange noise {x}.",
             "One night a knocking sound came from somewhere {x}.",
             "It was midnight when something began to scratch {x}."),
            ("{He} pulled the blanket over {his} head and did not sleep at all.",
             "{N} put a chair in front of the door, but the noise did not stop.",
             "{He} sang loudly so that {he} did not have to hear it."),
            ("{H} lit a lamp, and they went to look together. It was only {y}, and they both had to laugh.",
             "With {H} at {his} side {N} was brave enough to look. There was no monster, but {y}.",
             "\"Let us see who is there,\" said {H}. They opened the door and found {y}."),
            ("behind the wall", "under the roof", "behind the door", "in the old shed", "under the floor"),
            ("a loose board in the wind", "a branch that knocked on the wood", "a hungry hedgehog",
             "a family of bats", "a small cat that wanted to come in"),
            kinds=LIVING, not_for=("hedgehog", "cat", "mouse")),
    Problem("a kitten in a tree", "courage",
            ("One afternoon a {x} kitten sat high up in a tree and could not come down.",
             "Then {N} saw a {x} kitten at the top of a tall tree.",
             "A dog had chased a {x} kitten up a tree, and now it cried."),
            ("{N} called it with a bowl of milk, but the kitten did not dare to move.",
             "{He} climbed up a little, but the branches were too thin.",
             "{N} shook the tree gently, and the kitten only held on more tightly."),
            ("{H} brought a ladder and held it. {N} climbed up, put the kitten into a bag and carried it "
             "down.",
             "They held a blanket under the tree and waited. When the kitten jumped, it landed softly.",
             "{H} leaned a long board against the tree. Step by step the kitten walked down into the arms of "
             "{N}."),
            ("black", "white", "tiny", "striped", "grey"), kinds=HANDS, not_for=("cat",)),
    Problem("a young bird", "patience",
            ("After the storm {N} found a young {x} that had fallen out of its nest.",
             "Under a tree a young {x} was lying in the wet grass.",
             "One morning a young {x} sat on the ground and could not fly."),
            ("{N} wanted to put it back, but the nest was too high.",
             "{He} gave it bread, but the little bird would not eat.",
             "{He} did not know what such a small bird needed."),
            ("{H} knew how to care for birds. They fed it every hour, and after three weeks it flew away "
             "over the trees.",
             "They made a soft nest in a basket and hung it in the tree. Soon the mother came and fed her "
             "child there.",
             "With the help of {H} the little {x} grew strong. One day it opened its wings and was gone, but "
             "it came back every spring."),
            ("robin", "sparrow", "finch", "swallow", "blackbird"), not_for=("owl", "crow", "cat", "fox")),
    Problem("a quarrel about a {x}", "sharing",
            ("One day {N} and {his} best friend both wanted the same {x}.",
             "{N} had a new {x} and did not want to share it with {his} best friend.",
             "Because of a {x}, {N} and {his} best friend were not speaking to each other."),
            ("They both pulled at it until it nearly broke.",
             "{N} went home alone, and the {x} was no fun any more.",
             "{He} sat in a corner with the {x} and felt bad."),
            ("\"A {x} is only half as nice alone,\" said {H}. So {N} went to {his} friend, and they used it "
             "together until dark.",
             "{H} asked {him} what was worth more, a friend or a {x}. {N} knew the answer and ran to say "
             "sorry.",
             "{H} told them to take turns. That evening they laughed so much that they forgot whose {x} it "
             "was."),
            ("kite", "ball", "sledge", "drum", "wooden boat", "music box"), kinds=("child", "animal")),
    Problem("the fear of {x}", "courage",
            ("There was only one trouble: {N} was afraid of {x}.", "Nobody knew that {N} was afraid of {x}.",
             "But {he} had a secret, for {he} was afraid of {x}."),
            ("{He} stayed at home whenever {he} could and made up reasons.",
             "{N} tried to be brave all at once, and that did not work.",
             "The others laughed about it, and that made it worse."),
            ("{H} did not laugh. Every day they went one small step further together, and one day the fear "
             "was gone.",
             "\"I was afraid too, once,\" said {H}. They practised together for weeks, and then {N} could do "
             "it alone.",
             "{H} took {him} along, very slowly. \"Is that all?\" {N} asked at last, and had to laugh."),
            ("the dark", "deep water", "thunder", "high places", "the dark cellar", "loud voices")),
    Problem("a night without sleep", "small",
            ("One night {N} could not sleep, because {he} was thinking about {x}.",
             "For days {N} had not slept well, for {he} worried about {x}.",
             "The moon was high, and still {N} lay awake and thought about {x}."),
            ("{He} counted sheep, but after two hundred {he} was still awake.",
             "{N} turned from one side to the other until the bed was a mess.",
             "{He} got up, walked around and lay down again."),
            ("The next evening {H} sat down beside {him} and listened. When all the worries were told, {N} "
             "was already asleep.",
             "{H} brought warm milk with honey and said that everything could wait. Soon {N} slept like a "
             "stone.",
             "{H} told {him} to write the worries on a sheet of paper. It was a short list, and {N} fell "
             "asleep at once."),
            ("the coming winter", "a hard test", "a long journey", "an unkind word", "the next day",
             "a forgotten letter"), kinds=LIVING),
    Problem("a lonely year", "friend",
            ("But {N} was lonely, for nobody ever came to {x}.",
             "In the evening {N} sat alone and wished for company at {x}.",
             "Years passed, and no friend ever came to {x}."),
            ("{N} waited at the window every day, but nobody knocked.",
             "{He} talked to the wind, but the wind did not answer.",
             "{He} was too shy to speak to anybody."),
            ("{H} said that friends do not fall from the sky. So {N} hung a sign on the door, \"Come in\", "
             "and that very night there were six guests.",
             "\"Why do you not invite them?\" asked {H}. {N} cooked a big pot of soup, and all the "
             "neighbours came.",
             "{N} asked {H} to stay for tea. The next day they were three, and the day after they were "
             "five."),
            ("supper", "tea", "dinner", "breakfast"), kinds=("adult", "animal")),
    Problem("a clock that stopped", "care",
            ("One day the big clock of the tower stopped at {x}.",
             "The old clock on the tower stood still, and it was {x} all day long.",
             "At {x} the clock of the tower stopped, and everybody was late."),
            ("{N} climbed the tower and oiled every wheel, but nothing moved.",
             "{He} pulled at the heavy weights in vain.", "{N} turned the hands, but they stopped again."),
            ("{H} looked more closely and found {y} between two wheels. They took it out with care, and the "
             "clock struck again.",
             "With a small lamp, {N} and {H} searched every corner. It was only {y} that had stopped the big "
             "clock.",
             "\"Listen,\" said {H}, and pointed to a dark corner. There was {y} in the wheels, and soon the "
             "bell rang again."),
            ("half past ten", "noon", "five to three", "a quarter past six"),
            ("a dry leaf", "a small nail", "a piece of string", "a lost button", "an empty snail shell"),
            places=("town",), not_for=("clockmaker",)),
    Problem("a garden thief", "sharing",
            ("Every morning some of the {x} in the garden were gone.",
             "Somebody was eating the {x} at night.",
             "One day {N} saw that half of the {x} had disappeared from the garden."),
            ("{N} built a fence, but the next day more {x} were gone.",
             "{He} stayed awake to catch the thief and fell asleep at midnight.",
             "{He} was angry and set up a scarecrow, but it did not help."),
            ("{H} watched with {him} the next night. They saw a rabbit with five hungry children, and {N} "
             "planted an extra row for them.",
             "In the moonlight {N} and {H} saw a thin old rabbit. From then on a basket of {x} stood by the "
             "gate for it.",
             "Small footprints led them to a hole where hungry young rabbits waited. {N} had enough {x} and "
             "shared them."),
            ("carrots", "beans", "cabbages", "lettuces", "peas"), not_for=("rabbit",)),
    Problem("a broken wheel", "help",
            ("On the way to the {x} a wheel of {his} cart broke.",
             "{N} was in a hurry to reach the {x} when the wheel of {his} cart came off.",
             "Halfway to the {x} there was a loud crack, and the cart tipped over."),
            ("{N} tried to lift the cart, but it was much too heavy.",
             "{He} sat down by the road and did not know what to do.",
             "Three carts passed by and nobody stopped."),
            ("{H} stopped and lifted the cart while {N} put the wheel back. They reached the {x} just in "
             "time.",
             "{H} had a rope and knew how to use it. They tied the wheel together, and it held all the way "
             "to the {x}.",
             "{H} shared the load with {him}. Together they carried everything to the {x} and came back for "
             "the cart later."),
            ("market", "harbour", "fair", "mill", "wedding"), kinds=("adult", "animal", "machine")),
    Problem("a leaking boat", "care",
            ("One morning there was water in {his} {x} boat.",
             "Far from the shore {N} felt cold water at the bottom of the {x} boat.",
             "The {x} boat had a hole, no bigger than a coin."),
            ("{N} emptied it with a cup, but the water came back faster.",
             "{He} put a cloth into the hole, and it did not hold.",
             "{He} did not care about it at first, and the hole grew."),
            ("{H} rowed over and showed {him} how to close the hole with {y}. The boat was as good as new.",
             "They pulled the boat onto the sand and closed the hole with {y}. Since then not a drop came "
             "in.",
             "{H} held the boat steady while {N} worked with {y}. In the evening they went out to sea "
             "together."),
            ("old", "blue", "little", "green"),
            ("tar and a piece of wood", "wax and rope", "a thin board and some tar"),
            places=("sea", "river")),
    Problem("a letter without a name", "honesty",
            ("One day {N} found a {x} letter with no name on it.",
             "The wind blew a {x} letter in front of {his} door, but the name had been washed away by the "
             "rain.", "On the road lay a {x} letter that somebody had lost."),
            ("{N} asked at ten doors, and nobody knew about it.",
             "{He} was curious and wanted to open it, but {he} did not.",
             "{He} put up a note, but nobody came."),
            ("{H} knew {y} who waited for mail every day. When {N} brought the letter, there were tears of "
             "joy.",
             "Together they went from house to house. In the last one lived {y}, and the letter was from a "
             "son far away.",
             "\"Let us ask everyone once more,\" said {H}. So they found {y}, who thanked them with warm "
             "bread and tea."),
            ("yellow", "wet", "crumpled", "small blue", "thick"),
            ("an old widow", "a lonely grandmother", "an old soldier", "a poor tailor")),
    Problem("a purse full of coins", "honesty",
            ("One day {N} found a {x} purse full of coins.",
             "On the way home {N} stepped on something. It was a {x} purse, heavy with coins.",
             "Under a bench lay a {x} purse with more money than {N} had ever seen."),
            ("For a moment {he} thought of all the things that money could buy.",
             "\"Nobody would know,\" {he} thought, and then {he} was ashamed.",
             "{He} looked around, but there was no one to be seen."),
            ("{H} helped {him} to find the owner. It was {y}, who had saved the money for medicine and could "
             "hardly speak for joy.",
             "{N} asked {H}, and they carried the purse to {y}. The thanks were worth more than all the "
             "coins.",
             "In the evening they heard that {y} was looking for it. {N} gave back every single coin and "
             "slept well that night."),
            ("black", "leather", "red", "worn"),
            ("a poor shoemaker", "a young mother", "an old farmer", "a traveller")),
    Problem("a forgotten birthday", "small",
            ("One morning {N} remembered that it was the birthday of {his} best friend, and {he} had no "
             "present.",
             "{N} had forgotten the birthday of {his} best friend, and all the shops were closed.",
             "The birthday of {his} best friend was that very day, and {N} had not a single coin."),
            ("{He} looked in every drawer and found nothing good enough.",
             "{N} wanted to stay at home and say that {he} was ill.",
             "{He} thought of a big present, but there was no time."),
            ("\"Give what you can do,\" said {H}. So {N} made {x}, and {his} friend said that it was the "
             "nicest present of all.",
             "With the help of {H}, {N} made {x} in one hour. {His} friend kept it for many years.",
             "{H} had some paper and a ribbon. They packed {x} in it, and it became a wonderful birthday."),
            ("a crown of flowers", "a little wooden bird", "a necklace of shells", "a small book of drawings",
             "a paper lantern", "a jar of jam")),
    Problem("a way lost in the fog", "patience",
            ("One day {N} lost the way in {x}.",
             "On the way home {x} came, and {N} did not know where {he} was.",
             "Suddenly there was {x} all around, and every tree looked the same."),
            ("{He} ran in one direction and then in another, and came back to the same place.",
             "{N} called out, but only an echo answered.",
             "{He} followed a light, but it was only the moon."),
            ("{H} told {him} to stop and listen. They heard {y} in the distance and followed the sound home.",
             "\"Do not run,\" said {H}. They waited quietly until they heard {y}, and then the way was easy.",
             "Side by side they walked slowly towards the sound of {y}. After an hour they saw the first "
             "houses."),
            ("thick fog", "a snowstorm", "heavy rain", "a grey mist"),
            ("the church bell", "the stream", "a barking dog", "the mill", "a cow bell")),
)

MORALS = {
    "care": ("it is good to look twice", "a calm search finds more than a hurried one",
             "little things deserve a careful eye", "the answer is often right in front of us",
             "whoever looks closely sees more"),
    "patience": ("good things need time", "waiting quietly can be the best help",
                 "patience is stronger than hurry", "not everything can be done at once",
                 "slow steps also lead to the end of the road"),
    "help": ("many hands make heavy work light", "nobody has to do everything alone",
             "together even the weak are strong", "it is no shame to ask for help",
             "a good neighbour is worth more than gold"),
    "idea": ("a clever thought can be stronger than an arm", "a mistake can be the start of something good",
             "thinking first saves a lot of work", "there is often another way",
             "a good idea weighs nothing and moves much"),
    "courage": ("being brave does not mean having no fear", "fear grows small when two look at it",
                "courage begins with one small step", "even a trembling heart can do great things",
                "the dark is less dark with a friend"),
    "sharing": ("shared bread tastes best", "whoever gives does not become poorer",
                "there is enough when everyone shares", "a gift makes two people happy",
                "a full table is nothing without guests"),
    "honesty": ("the truth is the shortest way", "an honest heart sleeps well",
                "doing the right thing is never wrong", "a good name is worth more than money",
                "it is better to speak up than to be silent"),
    "friend": ("a friend is the best thing that one can find", "friendship needs only a first step",
               "kindness always comes back", "being together is better than being first",
               "a friend turns a bad day into a good one"),
    "small": ("small things can make a great difference", "a kind word costs nothing and is worth a lot",
              "the best gifts cannot be bought", "a little light is enough to begin",
              "no good deed is too small"),
}
