"""The second half of the troubles of the stories; see story_words for what the fields mean."""

from .problems import HANDS, LIVING, Problem

MORE_PROBLEMS = (
    Problem("a broken string", "courage",
            ("On the evening of the concert a string of {his} {x} broke.",
             "Just before the music began, a string of the {x} went bang.",
             "{N} was to play the {x} at the feast, but one string was torn."),
            ("{He} had no other string and wanted to go home.",
             "{N} tried to tie the string together, but it broke again.",
             "{His} hands were shaking, and everybody was waiting."),
            ("\"Three strings are enough for a good song,\" said {H}. {N} played, and the whole room was "
             "silent with joy.",
             "{H} sat down beside {him} and sang along. Nobody noticed that a string was missing.",
             "{N} took a deep breath and played a simple song. {H} began to clap, and soon everybody was "
             "dancing."),
            ("fiddle", "guitar", "old violin", "cello"), kinds=LIVING),
    Problem("a race", "friend",
            ("That {x}, {N} took part in the great race, though {he} was not very fast.",
             "{N} had trained for the great race of the {x} and wanted to win at last.",
             "On the day of the {x} race, {N} stood at the start with a beating heart."),
            ("Soon {he} was the very last one.",
             "{He} ran as fast as {he} could, but the others were far ahead.",
             "Halfway up the hill {he} was out of breath."),
            ("Then {he} saw {a_H} lying in the ditch with a hurt foot. {N} stopped, and they crossed the "
             "line "
             "together while everybody cheered.",
             "Near the end {a_H} fell down. {N} could have won, but {he} turned back to help, and that was "
             "worth more than the prize.",
             "Then {N} saw that {a_H} was hurt and could not go on. They came in last, arm in arm, and got "
             "the "
             "loudest applause."),
            ("spring", "summer", "autumn"), kinds=("child", "animal", "adult")),
    Problem("a fire in the barn", "help",
            ("One night {N} smelled smoke, for {x} was on fire.",
             "Suddenly a red light was in the sky. It was {x} that burned.",
             "In the middle of the night flames came out of {x}."),
            ("{N} threw one bucket of water into the flames, and then another, but it was not enough.",
             "{He} ran to the well, but alone {he} was too slow.", "The wind made the flames grow higher."),
            ("{N} rang the bell, and {a_H} came running with many others. They made a chain of buckets, and "
             "before dawn the fire was out.",
             "{a_H} woke all the neighbours. Hand in hand they passed the buckets along, and all the animals "
             "were saved.",
             "Together with {a_H}, {N} led the animals out first. Then everybody carried water until the "
             "last "
             "flame died."),
            ("the barn", "the stable", "the old mill", "the hay barn"),
            kinds=HANDS, places=("farm", "town", "hill")),
    Problem("seeds that did not grow", "patience",
            ("In spring {N} planted {x}, but nothing came up.",
             "{N} put {x} into the ground and waited, but the earth stayed bare.",
             "All the other gardens were green, only {his} {x} did not grow."),
            ("{He} dug them up every day to look, and that did them no good.",
             "{N} gave them so much water that they almost drowned.",
             "{He} shouted at the earth, and of course it did not help."),
            ("{H} smiled and told {him} to wait for the sun. Three weeks later the first {x} came out of the "
             "ground.",
             "\"Seeds do not like to be hurried,\" said {H}. {N} waited, and in summer there were more {x} "
             "than {he} could count.",
             "{H} pulled out the weeds with {him}, and then they let the earth rest. One morning everything "
             "was full of {x}."),
            ("sunflowers", "beans", "tulips", "pumpkins", "radishes", "roses")),
    Problem("a missing colour", "idea",
            ("One day {N} was painting a picture of {x} when the {y} paint was used up.",
             "{N} wanted to paint {x}, but there was no {y} paint left.",
             "{His} picture of {x} was almost finished, only the {y} parts were missing."),
            ("{He} mixed all the other colours and only got brown.",
             "{N} ran to the shop, but it was closed.",
             "{He} left the place empty, and it looked like a hole."),
            ("{H} laughed and held out a handful of berries. Their juice was the finest {y} paint {N} had "
             "ever had.",
             "Together they boiled petals and berries in a pot. The {y} colour was brighter than any from a "
             "shop.",
             "{H} knew a flower whose juice was {y}. With it {N} finished the picture, and everybody wanted "
             "to see it."),
            ("the sunset", "a big bird", "a summer garden", "the old mill", "a royal coat"),
            ("red", "purple", "blue"), kinds=("adult", "child", "machine", "animal")),
    Problem("a strange egg", "friend",
            ("One morning {N} found {a_x} egg in the grass.",
             "In the reeds lay {a_x} egg, cold and all alone.",
             "After the rain {a_x} egg lay in front of {his} door."),
            ("{N} looked for the nest everywhere and could not find it.",
             "{He} asked all the hens, but none of them wanted it.",
             "{He} did not know how to keep an egg warm."),
            ("{H} brought a basket of soft hay. They kept the egg warm for many days, and then a little {y} "
             "looked out and followed {N} everywhere.",
             "{H} and {N} took turns to keep it warm. At last the shell broke, and a tiny {y} said hello to "
             "the world.",
             "They laid it near the stove and waited. When a little {y} came out, {N} had a new friend."),
            ("speckled", "large green", "pale blue", "strange white"),
            ("duckling", "gosling", "swan"), not_for=("duck", "goose", "fox")),
    Problem("a rising river", "help",
            ("It rained for {x}, and the river came closer to the houses.",
             "After {x} of rain the river was as high as the road.",
             "The rain did not stop for {x}, and brown water ran through the streets."),
            ("{N} built a wall of mud, and the water washed it away.",
             "{He} carried the chairs upstairs, but the water kept rising.",
             "Alone {N} could not fill enough sacks."),
            ("{H} called everyone together, old and young. They filled sacks with sand until midnight, and "
             "the wall held.",
             "{H} and {N} opened the old gate to the meadow. The water ran into the grass, and the houses "
             "stayed dry.",
             "With many helpers they dug a ditch around the houses. When the sun came back, not one house "
             "was lost."),
            ("three days", "a whole week", "five days", "two weeks"), places=("river", "town", "farm")),
    Problem("a sick friend", "friend",
            ("One day {his} friend, {x}, fell ill and could not get up.",
             "{N} heard that {x} was ill and all alone.",
             "All the others were at the fair, only {x} lay ill in bed."),
            ("{N} told funny stories, but the friend was too weak to laugh.",
             "{He} wanted to help, but {he} did not know how.",
             "{He} cooked a soup, but it tasted of nothing at all."),
            ("{H} knew which {y} were good against a fever. {N} brought a hot soup every day, and after a "
             "week the friend was well again.",
             "{H} and {N} took turns at the bed with hot tea made from {y}. Soon there was laughter in the "
             "room again.",
             "They picked fresh {y} together and made tea. Slowly the fever went down, and {N} was very "
             "glad."),
            ("the old neighbour", "the shy stranger from the hill", "the little one from next door"),
            ("leaves", "herbs", "flowers"), not_for=("doctor",)),
    Problem("a {x} in the wind", "idea",
            ("Suddenly the wind took {his} {x} and carried it up into the air.",
             "A strong wind came and blew {his} {x} far away.",
             "{N} let go for one second, and off flew {his} {x}."),
            ("{He} ran after it as fast as {he} could, but the wind was faster.",
             "{N} jumped high and missed it by an inch.",
             "{He} threw a stick at it, and the stick got stuck as well."),
            ("The {x} was hanging {y}. {H} bent a long branch into a hook, and together they pulled it down.",
             "{H} had seen it {y}. {N} tied two poles together, and with that they could just reach the {x}.",
             "They found the {x} {y}, too high for both of them. So {N} stood on the shoulders of {H}, and "
             "then it was easy."),
            ("hat", "kite", "scarf", "letter", "best shirt"),
            ("at the top of a pine tree", "on a chimney", "on a high wall", "on the arm of a signpost")),
    Problem("a broken {x}", "honesty",
            ("One day {N} broke {a_x} and said that the wind had done it.",
             "{N} dropped {a_x} that belonged to a neighbour, and hid the pieces.",
             "By accident {N} broke {a_x}, and {he} told nobody about it."),
            ("But the lie lay in {his} stomach like a stone.",
             "From then on {he} could not look anybody in the eye.",
             "The pieces could not be put together again."),
            ("{a_H} noticed that something was wrong and asked. {N} told the truth at last, and the "
             "neighbour "
             "forgave {him} at once.",
             "\"The truth is light, and a lie is heavy,\" said {H}. So {N} went and said sorry, and was "
             "given a piece of cake.",
             "{H} went along to the neighbour's door. {N} said sorry in a small voice, and they bought a new "
             "{x} together."),
            ("blue vase", "window", "glass bowl", "china plate", "flower pot", "teapot")),
    Problem("thin ice", "courage",
            ("One winter day {x} broke through the ice of the lake.",
             "Out on the lake the ice cracked, and {x} fell into the cold water.",
             "{N} heard a cry, for {x} had gone too far out on the thin ice."),
            ("{N} took one step, and the ice cracked under {his} weight.",
             "{He} looked for a boat, but it was frozen to the shore.",
             "There was nobody else on the shore."),
            ("{H} brought a ladder, and {N} lay down flat on it. Inch by inch they pulled the poor thing "
             "out.",
             "They tied a rope to a tree, and {N} crept over the ice while {H} held it fast. Soon they were "
             "all safe on the shore.",
             "{H} pushed a long branch over the ice. The poor thing held on to it, and they pulled with all "
             "their strength."),
            ("a young deer", "a small dog", "a lamb", "a little goat"),
            places=("hill", "wood", "farm", "castle"), not_for=("dog",)),
    Problem("an old tree", "honesty",
            ("One day the old {x} in the middle of the square was to be cut down.",
             "Men with axes came to cut down the old {x} that everybody loved.",
             "A red mark was on the old {x}, and that meant it had to go."),
            ("{N} asked them to stop, but nobody listened.",
             "{He} stood in front of the tree until it got dark.", "{N} wrote a letter, but no answer came."),
            ("{H} looked up and saw {y} among the leaves. When {N} showed it to everybody, they were silent, "
             "and the tree was saved.",
             "{N} and {H} asked everybody to come to the tree and tell what it meant to them. In the end the "
             "men put away their axes.",
             "{H} climbed up and found {y}. After that nobody wanted to cut down the tree any more."),
            ("oak", "lime tree", "chestnut tree", "apple tree", "walnut tree"),
            ("a nest with four small birds", "a family of sleeping squirrels"),
            kinds=HANDS, places=("town",), not_for=("squirrel",)),
    Problem("too many {x}", "sharing",
            ("That autumn there were so many {x} that {N} did not know where to put them.",
             "The trees were full of {x}, and they began to fall and rot.",
             "{N} had a whole room full of {x} and nobody to eat them."),
            ("{He} ate {x} for breakfast, dinner and supper, and still there were too many.",
             "{N} tried to sell them, but everyone had {x} that year.",
             "{He} could not even open the door any more."),
            ("{H} had a big pot and an idea. They cooked {y} for the whole neighbourhood and danced until "
             "late.",
             "\"Alone it is work, together it is a feast,\" said {H}. They invited everyone and made {y} "
             "from morning to night.",
             "{N} and {H} made {y} and put a jar in front of every door. The next day there were thank-you "
             "notes everywhere."),
            ("apples", "plums", "pears", "cherries"),
            ("jam", "sweet jam", "fruit jelly", "thick juice"), kinds=LIVING),
    Problem("a stolen {x}", "sharing",
            ("One evening the {x} that {N} had saved for supper was gone.",
             "Somebody had taken the {x} from the table.",
             "{N} turned around for a moment, and the {x} had disappeared."),
            ("{N} blamed the neighbours, and they were hurt.",
             "{He} hid behind the curtain to catch the thief, but nobody came.",
             "{He} was so angry that {he} could not think."),
            ("{H} saw tiny footprints in the flour. They led to a mother mouse with seven children, and {N} "
             "gave them the rest.",
             "A line of crumbs led {N} and {H} to a hole in the wall. Inside sat a very thin mouse, and "
             "nobody was angry any more.",
             "They followed the crumbs to a hungry little mouse. \"There is enough for all of us,\" said "
             "{N}."),
            ("cheese", "pie", "loaf", "sausage", "cake"), kinds=LIVING, not_for=("mouse", "cat")),
    Problem("a seal on the beach", "patience",
            ("One morning {a_x} was lying on the dry sand and could not get back into the sea.",
             "The tide had gone out and left {a_x} on the beach.",
             "After the storm {N} found {a_x} far from the water."),
            ("{N} tried to push it, but it was much too heavy.",
             "{He} ran up and down and did not know what to do.",
             "The sun was getting hot, and there was no time to lose."),
            ("{H} brought buckets, and they kept the animal wet for hours. When the tide came back, it swam "
             "away.",
             "{N} and {H} covered it with wet cloths and waited for the tide. At last a big wave carried it "
             "home.",
             "Together they dug a ditch down to the water. When the sea came in, the animal slipped away and "
             "turned around once more."),
            ("young seal", "small whale", "young dolphin", "large turtle"),
            places=("sea",), not_for=("turtle",)),
    Problem("a heavy {x}", "idea",
            ("{N} had to bring a heavy {x} up the hill before night.",
             "A heavy {x} stood at the foot of the hill, and it belonged at the top.",
             "One day {N} promised to bring a heavy {x} to the house on the hill."),
            ("{He} lifted it once and put it down at once.", "{N} pulled until the rope broke.",
             "{He} got three steps far, and then it slid back."),
            ("\"Why carry what can roll?\" said {H}. They put round logs under the {x}, and soon it was at "
             "the top.",
             "{H} took out half of the things inside. In four easy walks everything was on the hill.",
             "{N} and {H} built a small sledge and waited for the evening frost. Then the {x} slid up the "
             "hill almost alone."),
            ("box", "chest", "basket", "crate")),
    Problem("a feast without light", "small",
            ("On the evening of the summer feast all the {x} went out.",
             "The feast was to begin, but there was no oil for the {x}.",
             "Just when the music started, the wind blew out the {x}."),
            ("{N} tried to light them again, but the wind was too strong.", "Everybody began to go home.",
             "{He} looked for more candles, but there was only one left."),
            ("{H} put the last candle into a glass jar. Then {N} asked everyone to bring a jar, and soon a "
             "hundred small lights were shining.",
             "\"One small light is enough to begin,\" said {H}. From one candle they lit the next, until the "
             "whole place was bright.",
             "{N} and {H} built little houses of paper around the candles. The feast was more beautiful than "
             "ever before."),
            ("lanterns", "lamps", "torches", "coloured lights")),
    Problem("an empty battery", "friend",
            ("One day {his} battery was empty, far away from {x}.",
             "In the middle of the work a red light went on, for {his} battery was almost empty.",
             "{N} had forgotten to charge {his} battery, and {x} was far away."),
            ("{N} walked slower and slower and then stood still.",
             "{He} turned off {his} lamps to save power, but it was not enough.",
             "\"I can make only ten more steps,\" {he} said sadly."),
            ("{H} turned {him} towards the sun and cleaned the panel on {his} back. After an hour {N} could "
             "walk again.",
             "{H} had a small wind wheel with a wire. They sat together until the wind had filled the "
             "battery.",
             "{H} put {him} on a cart and pulled {him} all the way home. Never before had anyone done that "
             "for a robot."),
            ("home", "the workshop", "the next house"), kinds=("machine",)),
    Problem("a robot who could not laugh", "friend",
            ("{N} could count to a million, but {he} could not {x}.",
             "Everyone around {him} knew how to {x}, only {N} did not.",
             "One day a child asked {N} why {he} could not {x}."),
            ("{He} read forty books about it and still did not understand.",
             "{N} practised in front of a mirror, and it looked strange.",
             "{He} looked for a switch, but there was none."),
            ("{H} did not explain anything and just took {him} along to play. That evening {N} began to {x} "
             "without noticing it.",
             "\"You cannot learn that from a book,\" said {H}. They spent the whole day together, and "
             "suddenly it was easy.",
             "{H} slipped on a wet leaf and sat down in a puddle of mud. They both laughed, and from then on "
             "{N} could {x} too."),
            ("laugh", "make a joke", "dance for joy", "play"), kinds=("machine",)),
    Problem("a lost winter store", "sharing",
            ("In autumn the rain ran into the store, and all the {x} were lost.",
             "One night water came into the cellar and spoiled the {x}.",
             "{N} opened the store and saw that the {x} had gone bad."),
            ("{N} looked for more, but the trees and fields were already empty.",
             "{He} was too proud to ask for help.",
             "{He} ate only one small meal a day, and the winter was still long."),
            ("{H} noticed it and brought a full basket. Others did the same, and in the end {N} had more "
             "than before.",
             "\"You gave me some two years ago,\" said {H}, and opened a full sack. So they came through the "
             "winter together.",
             "{H} asked everyone for one handful of {x}. A hundred hands filled the store again."),
            ("nuts", "potatoes", "beans", "dried apples"), kinds=LIVING),
    Problem("a lost voice", "small",
            ("On the day of the feast {N} lost {his} voice and could not {x}.",
             "{N} was to {x} in front of everyone, but not a sound came out.",
             "One morning {N} woke up and could only whisper, and that evening {he} was to {x}."),
            ("{He} drank three cups of cold water, and it got worse.", "{N} tried to shout, and it hurt.",
             "{He} hid, so that nobody would ask."),
            ("{H} brought hot tea with {y} and told {him} to be silent until evening. Then the voice was "
             "back, clear and warm.",
             "{H} made a warm drink with {y}. {N} drank it slowly, and by evening the voice was as good as "
             "new.",
             "\"Then whisper,\" said {H}, and gave {him} tea with {y}. Everybody was so quiet that every "
             "word could be heard."),
            ("sing", "give a speech", "tell a story"),
            ("honey", "ginger and honey", "mint", "lemon and honey"), kinds=LIVING),
    Problem("a newcomer", "friend",
            ("One day somebody new moved into the {x} house, and nobody said hello.",
             "In the {x} house lived a newcomer who never spoke a word.",
             "Everyone told strange things about the newcomer in the {x} house."),
            ("{N} was curious, but too shy to knock.", "{He} looked through the hedge and ran away.",
             "{N} waved once, but nobody waved back."),
            ("{H} said, \"Then knock once more.\" {N} took {y} along, and it turned out that the newcomer "
             "had only been shy.",
             "Together with {H}, {N} knocked and brought {y}. They stayed until midnight and heard the best "
             "stories.", "{H} came along to the door. The newcomer looked at {y}, smiled and asked them in."),
            ("empty", "grey", "last", "little white"),
            ("a warm loaf", "a pot of soup", "a bunch of flowers", "a basket of apples")),
)
