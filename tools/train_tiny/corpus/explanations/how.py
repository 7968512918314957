"""Questions that ask how something works or is done, as text that advice.py reads."""

TEXT = """
boiled egg
To boil an egg, put it carefully into a pot of boiling water with a spoon. Cook it for about five minutes if
you like the yolk soft, or for about ten minutes if you like it hard. Then hold it under cold water, so that
it is easy to peel.
? How do I boil an egg? | How long must an egg boil? | Explain how to boil an egg. | What is the best way to
boil an egg? | Tell me how to cook an egg in water. | I want to boil an egg. What do I have to do? | Please
describe how an egg is boiled. | How can I make a soft egg for breakfast? | how do you boil eggs
! Can you show me how to cook an egg? | What do I do to get a boiled egg? | How many minutes does an egg
need?
~ To boil an egg, put it into boiling water and wait five to ten minutes.

making bread
Bread is made from flour, water, salt and yeast. They are mixed and kneaded into a dough, which rests for an
hour or more, until the yeast has made it rise. Then the dough is shaped into a loaf and baked in a hot oven
until the crust is brown.
? Summarise how bread is made. | How is bread made? | How do I bake bread? | Explain how people make bread. |
Describe the steps of making bread. | Tell me how a baker makes a loaf of bread. | What do I need to bake
bread? | Give me a short description of how bread is baked. | I want to make bread. How does it work?
! Say in a few words how bread is made. | Can you explain the making of bread? | How does flour become bread?
~ Bread is made from flour, water, salt and yeast, and it is baked in a hot oven.

boiling on a mountain
Water boils at a lower temperature on a mountain because the air presses on it less. Water boils when its
bubbles can push back the air above it. High up there is less air, so the bubbles can do this with less
heat, and food takes longer to cook.
? How does water boil at a lower temperature on a mountain? | How does water boil at a lower temperature on a
mountain | Why does water boil earlier on a mountain? | Explain why water boils at a lower temperature high
up. | What happens to boiling water on a high mountain? | Why does food take longer to cook in the mountains?
| Tell me how height changes the boiling of water. | Why is boiling water less hot on top of a mountain? | At
what temperature does water boil in the mountains, and why is it lower?
! How come water boils sooner when you are high up? | Can you explain how water boils on a high mountain? |
Why do eggs need more time on a mountain?
~ Water boils at a lower temperature on a mountain because the air presses on it less.

making tea
To make tea, bring fresh water to the boil and pour it over the tea leaves or a tea bag in a pot. Wait for
three to five minutes and take the leaves out, so that the tea does not get bitter. Add milk, lemon or sugar
if you like.
? How do I make tea? | Explain how to make a cup of tea. | What is the right way to make tea? | Tell me how
tea is made in a pot. | How long should tea stand? | I would like to make tea. What do I do? | Describe how
you make a good cup of tea. | How can I make tea that is not bitter?
! Can you teach me to make tea? | What are the steps for a pot of tea? | How do people make their tea?
~ To make tea, pour boiling water over the leaves and wait three to five minutes.

cooking rice
To cook rice, wash one cup of it and put it into a pot with two cups of water and a little salt. Let it boil
once, cover it and cook it gently for about fifteen minutes. Let it rest for five minutes before you eat it.
? How do I cook rice? | Explain how to cook rice in a pot. | How much water do I need for rice? | Tell me how
to prepare rice. | How long does rice have to cook? | I have a cup of rice. How do I cook it? | What is an
easy way to cook rice? | Describe how rice is cooked.
! Can you help me to cook some rice? | What do I have to do with rice before I eat it? | How is a pot of rice
made?
~ To cook rice, boil it gently in twice as much water for about fifteen minutes.

making pancakes
To make pancakes, mix two eggs, a cup of flour, a cup of milk and a little salt until the batter is smooth.
Melt some butter in a pan and pour in a thin layer. Bake each side until it is golden, and serve the
pancakes with sugar or fruit.
? How do I make pancakes? | Give me a recipe for pancakes. | Explain how pancakes are made. | What do I need
for pancakes? | Tell me how to bake pancakes in a pan. | I want to make pancakes for my children. How? |
Describe a simple way to make pancakes. | How can I cook pancakes for breakfast?
! Can you give me an easy recipe for pancakes? | What goes into the batter of pancakes? | How does one bake a
pancake?
~ To make pancakes, mix eggs, flour and milk and bake the batter in a pan.

growing seed
A plant grows from a seed when the seed has water, air and enough warmth. First the seed takes up water and
its skin breaks. A root grows down into the soil, then a stem grows up to the light, and the leaves begin to
make food.
? How does a plant grow from a seed? | Explain how a seed becomes a plant. | What does a seed need to grow? |
Tell me what happens when a seed begins to grow. | Describe how a plant comes out of a seed. | How do seeds
turn into plants? | What are the first steps in the life of a plant? | How does a small seed become a tree?
! Can you explain the growing of a seed? | What happens to a seed in the soil? | How can a big plant come
from a seed?
~ A plant grows from a seed when the seed has water, air and enough warmth.

forming of rainbows
A rainbow forms when sunlight enters drops of rain. Each drop bends the light, splits it into its colours
and throws it back. The colours leave the drop at different angles, so we see them next to each other, from
red outside to violet inside.
? How does a rainbow form? | Explain how rainbows are made. | Where do the colours of a rainbow come from? |
What happens in the rain when we see a rainbow? | Tell me how sun and rain make a rainbow. | Why does a
rainbow have many colours? | Describe how a rainbow comes into the sky. | When do we see a rainbow?
! Can you tell me how the colours get into a rainbow? | How do drops of rain make colours? | What is needed
to see a rainbow?
~ A rainbow forms when drops of rain split the light of the sun into its colours.

flying aeroplanes
An aeroplane flies because its wings push air down, and the air pushes the wings up. The engines move it
forward, so that air flows fast around the wings. When this lift is stronger than the weight of the
aeroplane, it rises.
? How does an aeroplane fly? | Explain how planes stay in the air. | What keeps an aeroplane in the sky? |
How can a heavy aeroplane fly? | Tell me what the wings of a plane do. | Why does a plane not fall down? |
Describe how wings lift an aeroplane. | What makes a plane go up?
! Can you explain why planes can fly? | How do wings help an aeroplane? | What holds a heavy plane in the
air?
~ An aeroplane flies because its wings push air down, and the air pushes the wings up.

breathing of fish
Fish breathe with their gills, which are behind the head. They take water into the mouth and press it out
through the gills. Thin blood vessels there take the oxygen out of the water and pass it on to the body.
? How do fish breathe? | Explain how fish breathe under water. | What do fish use to breathe? | Tell me how
fish get oxygen. | Why can fish live under water? | What are gills for? | Describe how a fish takes oxygen
from the water. | How come fish do not drown?
! Can you tell me what fish do to get air? | How is it possible to breathe under water for a fish? | In what
way do fish take up oxygen?
~ Fish breathe with their gills, which take oxygen out of the water.

making honey
Bees make honey from nectar, the sweet juice of flowers. They carry it home in a special stomach and pass it
from bee to bee, which changes the sugar. Then they put it into cells of wax and move the air with their
wings until it is thick.
? How do bees make honey? | Explain how honey is made. | What do bees do with nectar? | Where does honey come
from? | Tell me how nectar becomes honey. | Describe the way from the flower to honey. | What happens in a
hive when honey is made? | How does a bee turn the juice of flowers into honey?
! Can you explain where bees get their honey? | What is honey made from, and how? | In what way do bees
produce honey?
~ Bees make honey from the nectar of flowers.

making paper
Paper is made from wood or from old paper. It is cut into small pieces and cooked with water and other
substances until it is a soft pulp. The pulp is spread thinly on a sieve, pressed, and dried between hot
rollers.
? How is paper made? | Explain how paper is made from wood. | What is paper made of, and how? | Tell me how a
tree becomes paper. | Describe the steps of making paper. | Where does paper come from? | How do factories
make paper? | What happens to old paper when it is used again?
! Can you explain the making of paper? | How does wood turn into paper? | In what way do people make paper?
~ Paper is made from wood that is turned into a soft pulp, pressed and dried.

making cheese
Cheese is made from milk. A special substance is added that makes the milk thick, and then the solid part,
which is called curd, is separated from the liquid. The curd is salted and pressed, and many kinds are
stored for weeks or months.
? How is cheese made? | Explain how people make cheese. | How does milk become cheese? | Tell me how cheese
is made from milk. | What do you need to make cheese? | Describe the steps of making cheese. | Where does
cheese come from? | What happens to the milk in a cheese factory?
! Can you explain the making of cheese? | How do farmers turn milk into cheese? | In what way is cheese
produced?
~ Cheese is made from milk that is made thick, separated, salted and pressed.

making glass
Glass is made by heating sand together with soda and lime in a very hot oven. At about fifteen hundred
degrees they melt into a thick liquid. It can be blown, pressed or poured into a shape, and it becomes hard
when it cools.
? How is glass made? | Explain how people make glass. | How does sand become glass? | What is glass made
from? | Tell me how a glass bottle is made. | Describe how glass is produced. | What happens to sand in a
glass factory? | Where does the glass of our windows come from?
! Can you explain the making of glass? | How do people turn sand into glass? | In what way is a bottle of
glass made?
~ Glass is made by melting sand with soda and lime at a great heat.

cold in the fridge
A fridge keeps food cold by moving heat from the inside to the outside. A liquid flows through pipes inside,
takes up the heat and turns into gas. A pump presses the gas together, and it gives off its heat at the back
and becomes liquid again.
? How does a fridge work? | Explain how a fridge keeps food cold. | What makes it cold in a fridge? | Tell me
how a fridge takes the heat away. | Why is the back of a fridge warm? | Describe what happens inside a
fridge. | How do fridges make things cold? | What is in the pipes of a fridge?
! Can you tell me where the cold in a fridge comes from? | How can a fridge cool milk and meat? | In what way
does a fridge get rid of heat?
~ A fridge keeps food cold by moving heat from the inside to the outside.

forming of clouds
Clouds form when warm, damp air rises. High up it is colder, and cold air cannot hold as much water vapour.
So the vapour turns into very small drops around tiny bits of dust, and millions of such drops make a cloud.
? How do clouds form? | Explain how a cloud is made. | Where do clouds come from? | What happens when a cloud
forms? | Tell me how water gets into the clouds. | Describe how clouds come into being. | What are clouds
made of, and how do they form? | Why are there clouds in the sky?
! Can you explain why there are clouds? | How does damp air become a cloud? | In what way do clouds come into
the sky?
~ Clouds form when warm, damp air rises and cools.

erupting volcanoes
A volcano erupts when hot melted rock rises from deep in the Earth. The melted rock contains gas, and when
it comes up, the gas makes bubbles and pushes. At last lava, ash and gas break out through the opening at
the top or the sides.
? How does a volcano erupt? | Explain why volcanoes erupt. | What happens when a volcano breaks out? | Tell
me where lava comes from. | Describe how a volcano erupts. | What makes a volcano erupt? | Why does hot rock
come out of a volcano? | How does lava get to the top of a volcano?
! Can you explain what goes on inside a volcano? | Why do some mountains throw out lava? | In what way does a
volcano break out?
~ A volcano erupts when melted rock and gas rise from deep in the Earth.

caterpillar to butterfly
A caterpillar hatches from an egg and eats leaves until it has grown. Then it makes a hard case around
itself and hangs still. Inside, its body is built anew in a few weeks or more, and at the end a butterfly
comes out and dries its wings.
? How does a caterpillar become a butterfly? | Explain how butterflies grow. | What happens inside the case
of a caterpillar? | Tell me about the life of a butterfly. | Where do butterflies come from? | Describe how a
caterpillar changes into a butterfly. | What does a caterpillar turn into? | How is a butterfly born?
! Can you explain how a caterpillar gets its wings? | What are the steps in the life of a butterfly? | In
what way does a butterfly begin its life?
~ A caterpillar eats, rests in a hard case and comes out as a butterfly.

work of the heart
The heart works like a double pump. When its muscle pulls together, it presses the blood out into the body
and the lungs. When it relaxes, it fills with blood again, and small doors, which are called valves, let the
blood flow in only one direction.
? How does the heart work? | Explain how the heart pumps blood. | What does the heart do in the body? | Tell
me how blood is moved through the body. | Describe what happens when the heart beats. | Why does the heart
beat? | What makes the blood flow? | How does the heart move the blood?
! Can you tell me how a heart does its work? | What is going on when my heart beats? | In what way is the
blood pumped around?
~ The heart works like a double pump and moves the blood through the body.

work of vaccines
A vaccine shows the body a harmless form or a small part of a germ. The body learns to know it and makes
tools to fight it. When the real germ comes later, the body remembers and acts fast, so the person does not
get ill or is ill only a little.
? How do vaccines work? | Explain how a vaccine protects people. | What does a vaccine do in the body? | Tell
me why people get vaccines. | Why does a vaccine keep us from getting ill? | Describe how the body learns
from a vaccine. | What are vaccines good for? | How does the body fight germs after a vaccine?
! Can you explain what vaccines do? | How can a vaccine help against an illness? | In what way are we
protected by vaccines?
~ A vaccine shows the body a harmless form of a germ, so that it learns to fight it.

building a web
A spider makes its web from silk, which comes out of its body as a liquid and becomes firm in the air. First
it lets a thread blow across a gap. Then it stretches threads from the middle to the edge and joins them
with a sticky spiral.
? How does a spider make its web? | Explain how spiders build a web. | What is a web made of? | Tell me how a
spider spins its threads. | Where does the silk of a spider come from? | Describe how a web is built. | What
does a spider do first when it builds a web? | How do spiders spin such fine webs?
! Can you tell me how webs are made? | How does a spider begin its web? | In what way does a spider produce
silk?
~ A spider makes its web from silk that comes out of its body.

planting a tree
To plant a tree, dig a hole that is about twice as wide as its roots. Put the tree in straight, so that the
top of the roots is level with the ground, and fill the hole with soil. Press the soil down gently and give
the tree plenty of water.
? How do I plant a tree? | Explain how to plant a young tree. | What must I do to plant a tree? | Tell me how
deep the hole for a tree must be. | I have bought a little tree. How do I plant it? | Describe how people
plant trees. | What is the right way to plant an apple tree? | How can I plant a tree in my garden?
! Can you help me to plant a tree? | What are the steps of planting a tree? | How is a tree put into the
ground?
~ To plant a tree, dig a wide hole, put the roots in, fill in the soil and water it.

cleaning a window
To clean a window, first wipe off the dust with a dry cloth. Then wash the glass with warm water and a drop
of soap, from the top to the bottom. Dry it at once with a rubber blade or a clean cloth, so that no streaks
are left.
? How do I clean a window? | Explain how to clean windows. | What do I need to clean a window? | Tell me how
to get windows clean without streaks. | My windows are dirty. What should I do? | Describe a good way to wash
a window. | What is the best way to clean glass? | How can I make my windows shine?
! Can you tell me how windows are cleaned? | What do I do with a dirty window? | How does one wash the
windows of a house?
~ To clean a window, wash it with warm water and a little soap and dry it at once.

learning to ride
To learn to ride a bicycle, start with a low seat, so that both feet reach the ground. Push yourself along
and lift your feet until you can keep your balance. Then use the pedals, look ahead and brake gently, and
always wear a helmet.
? How do I learn to ride a bicycle? | Explain how to ride a bike. | How can I teach my child to ride a
bicycle? | Tell me how children learn to cycle. | What is the best way to learn cycling? | I cannot ride a
bicycle yet. How do I start? | Describe how to keep your balance on a bicycle. | What should I do on my first
ride on a bicycle?
! Can you help me to learn cycling? | What are the first steps in riding a bicycle? | How does one start to
ride a bike?
~ To learn to ride a bicycle, start with a low seat and practise keeping your balance.
"""
