"""Things of the house: rooms, furniture, clothes, food and toys."""

from ..documents import Fact
from .templates import build

TEXT = """
bread
Bread is a food made of flour, water and usually yeast. The flour and water are mixed into a dough, and the
yeast makes it rise. Then it is baked in a hot oven until it has a brown crust.
~ People all over the world bake bread from flour and water.

paper
Paper is a thin material that is used for writing, printing and packing. It is usually made from wood, which
is broken up and mixed with water. The wet mass is pressed flat and dried.
~ Books and newspapers are printed on paper.

soap
Soap is a substance that helps water to wash away dirt. It is made from fat or oil. One end of its tiny
parts holds on to grease and the other to water, so the dirt is carried away.
~ Hands become really clean when they are washed with water and soap.

glass
Glass is a hard and clear material that lets light pass through. It is made by melting sand with other
substances at a great heat. Windows, bottles and lenses are made of it, and it breaks easily.
~ You can look through a window because it is made of glass.

a book
A book is a set of pages that are bound together and can be read. It may tell a story, teach something or
show pictures. People keep books on shelves and borrow them from libraries.
~ A good book can teach you something or tell you a story.

a newspaper
A newspaper is a set of printed pages that tell people what has happened. Many newspapers come out every
day. They report on politics, sport, culture and the weather, and many can also be read on a screen.
~ In the morning, she reads the newspaper to learn the news.

a letter
A letter is a written message that is sent to somebody on paper. The writer puts it into an envelope with an
address and a stamp. The post office brings it to the home of the reader.
~ He wrote a letter to his grandmother and put a stamp on it.

a dictionary
A dictionary is a book that explains the meaning of words. The words stand in the order of the alphabet, so
that they are easy to find. Some dictionaries give the words of another language.
~ If you do not know a word, look it up in a dictionary.

a pen
A pen is a tool for writing with ink. The ink flows from inside the pen to its tip and stays on the paper.
Many pens have a tiny ball at the tip that rolls and spreads the ink.
~ She signed her name with a pen.

a pencil
A pencil is a tool for writing and drawing, made of wood with a dark core. The core is made of graphite and
clay. Its lines can be removed with a rubber, and a sharpener gives it a new point.
~ Lines that are drawn with a pencil can be rubbed out.

a house
A house is a building in which people live. It has walls, a roof, doors and windows, and usually several
rooms. It protects the people inside from rain, wind and cold.
~ A family lives in the house and is safe from wind and rain.

a roof
A roof is the cover on top of a building. It keeps out rain, snow and sun. Many roofs slope down to the
sides, so that the water runs off, and they are often covered with tiles.
~ Rain runs down the roof and does not get into the house.

a wall
A wall is an upright side of a building or a room. It can be made of brick, stone, wood or concrete. Walls
carry the roof, keep out the cold and divide a house into rooms.
~ The walls of a house carry its roof.

a door
A door is a movable part of a wall that lets people go in and out. It usually swings on hinges and has a
handle. When it is closed, it keeps out cold, noise and strangers.
~ Someone knocked, so she went to open the door.

a window
A window is an opening in a wall that lets in light and air. It is usually filled with glass, so that people
can look out while wind and rain stay outside. Most windows can be opened.
~ Light comes into the room through the window.

a staircase
A staircase is a row of steps that leads from one floor of a building to another. It often has a rail at the
side, so that people can hold on to it. In tall buildings there is usually a lift as well.
~ She went up the staircase to the next floor.

a kitchen
A kitchen is a room in which people cook and prepare food. It usually has an oven, a fridge, a sink and
cupboards for plates and pans. In many homes the family also eats there.
~ Supper is cooked in the kitchen.

a bathroom
A bathroom is a room in which people wash themselves. It has a sink and a shower or a bath, and often a
toilet. The walls and the floor are usually covered with tiles, because water does not harm them.
~ In the morning he brushes his teeth in the bathroom.

a garden
A garden is a piece of land where people grow flowers, grass, fruit or vegetables. It is often next to a
house. People dig, sow, water and pull out weeds there, and they enjoy sitting in it in summer.
~ Roses and carrots grow in the garden behind the house.

a table
A table is a piece of furniture with a flat top that stands on legs. People sit around it to eat, work,
write or play. Most tables are made of wood, but some are made of glass or metal.
~ The family sits around the table and eats.

a chair
A chair is a piece of furniture for one person to sit on. It has a seat, a back and usually four legs. Some
chairs have arms, and others have wheels so that they can roll.
~ One person can sit on a chair.

a bed
A bed is a piece of furniture for sleeping. It has a frame and a soft mattress, with a pillow for the head
and a blanket to keep warm. People spend about a third of their lives in bed.
~ Tired people lie down on a bed and sleep.

a cupboard
A cupboard is a piece of furniture with doors and shelves in which things are kept. In the kitchen it holds
plates, cups and food. The doors keep the things inside clean and out of sight.
~ The plates and cups are kept in the cupboard.

a carpet
A carpet is a thick cloth that covers a floor. It makes a room warmer, softer and quieter. Many carpets are
made of wool, and some are woven by hand with beautiful patterns.
~ The floor is soft and warm because there is a carpet on it.

a curtain
A curtain is a piece of cloth that hangs in front of a window. It can be pulled to the side to let in the
light. At night people close it, so that nobody can look into the room.
~ At night she closes the curtain in front of the window.

a blanket
A blanket is a large piece of thick cloth that keeps people warm in bed. It holds warm air close to the
body. Many blankets are made of wool or cotton.
~ On cold nights, a blanket keeps you warm.

a pillow
A pillow is a soft bag on which people lay their heads when they sleep. It is filled with feathers, foam or
other soft material. A good pillow keeps the neck straight, so that it does not hurt in the morning.
~ She laid her head on the pillow and fell asleep.

a towel
A towel is a piece of thick cloth that is used to dry things. It takes up water because it is made of many
small loops, usually of cotton. People use it after washing, swimming or a bath.
~ After a bath, you dry yourself with a towel.

a mirror
A mirror is a smooth surface that shows a picture of what is in front of it. It is usually made of glass
with a thin layer of metal behind it. The metal throws the light back to the eye.
~ When you look into a mirror, you see yourself.

a candle
A candle is a stick of wax with a string in the middle that burns and gives light. The heat of the flame
melts the wax, and the string draws it up as fuel. Before electric lamps, people needed candles every
evening.
~ The flame of a candle gives a warm and soft light.

a match / matches
A match is a small stick of wood with a tip that catches fire when it is rubbed. The rubbing makes heat, and
the heat lights the chemicals in the tip. Matches are used to light candles and fires.
~ He lit the candle with a match.

a cup
A cup is a small round vessel for drinking. It usually has a handle, so that people do not burn their
fingers on a hot drink. Tea, coffee and cocoa are often drunk from cups.
~ She drinks her tea from a cup.

a plate
A plate is a flat dish on which food is served. Most plates are round and made of china, glass or plastic. A
rim at the edge keeps sauce from running over.
~ The food lies on a plate in front of you.

a spoon
A spoon is a tool with a handle and a small bowl at one end. People use it to eat soup and other soft food,
and to stir their drinks. Most spoons are made of metal, wood or plastic.
~ Soup is eaten with a spoon.

a fork
A fork is a tool with a handle and several points that is used for eating. The points pick up pieces of food
or hold them still while they are cut. Most forks have three or four points.
~ He holds the fork in one hand and the knife in the other.

a knife / knives
A knife is a tool with a sharp blade and a handle that is used for cutting. People cut bread, meat and
vegetables with it. A sharp knife has to be held with care, because it can hurt.
~ Bread is cut into slices with a knife.

a pan
A pan is a metal dish with a handle that is used for cooking. People put it on a hot stove to fry eggs, meat
or vegetables. Metal carries the heat quickly from the stove to the food.
~ Eggs are fried in a pan with a little oil.

a bowl
A bowl is a round and deep dish that is open at the top. It holds soup, salad, fruit or dough. Its high
sides keep liquid food from running out.
~ Soup and salad are served in a bowl.

a bottle
A bottle is a vessel with a narrow neck that holds liquids. It is usually made of glass or plastic and
closed with a cap or a cork. Water, milk, oil and juice are sold in bottles.
~ He filled the bottle with water and closed it with a cap.

a basket
A basket is a container that is woven from thin sticks, grass or similar material. It is light, and it often
has a handle. People use it to carry fruit, bread or shopping.
~ They carried the apples home in a basket.

a box
A box is a container with flat sides that holds and protects things. It is often made of wood, metal or
cardboard, and it may have a lid. Boxes are easy to stack, because their sides are straight.
~ The toys are kept in a box with a lid.

a bag
A bag is a soft container that is open at the top and used to carry things. It can be made of cloth,
leather, paper or plastic. Many bags have handles or straps, and children carry one to school.
~ She put her books into her bag and went to school.

a bucket
A bucket is a deep round container with a handle over the top. People use it to carry water, sand or other
things. It is made of metal or plastic, so that water does not leak out.
~ He carried water from the well in a bucket.

a broom
A broom is a brush on a long stick that is used to sweep floors. Its hard hairs push dust and dirt together
into a heap. Brooms are made of straw, plastic or animal hair.
~ He swept the floor with a broom.

rope
Rope is a thick and strong line made of many thin threads that are twisted together. Each thread is weak,
but together they can hold a heavy load. Sailors, climbers and farmers use it every day.
~ The boat was tied to the shore with rope.

a toothbrush
A toothbrush is a small brush with a handle for cleaning the teeth. Its bristles remove bits of food and
germs. People should use it with toothpaste twice a day, for about two minutes each time.
~ Teeth stay healthy if you clean them with a toothbrush twice a day.

a comb
A comb is a flat tool with a row of thin teeth that makes hair tidy. It is pulled through the hair to remove
knots. Combs are made of plastic, wood, metal or horn.
~ She pulled the comb through her long hair.

a needle
A needle is a thin and pointed piece of steel that is used for sewing. It has a small hole at one end, and
the thread goes through it. The point pulls the thread through the cloth.
~ To sew on a button, you need a needle and thread.

a button
A button is a small round piece that closes clothes. It is sewn to one side of a shirt or a coat and goes
through a hole on the other side. Buttons are made of plastic, wood, metal or shell.
~ His coat was open because a button was missing.

a shirt
A shirt is a piece of clothing for the upper part of the body. It has sleeves and often a collar and a row
of buttons at the front. Many shirts are made of cotton, which is light and easy to wash.
~ He wore a clean white shirt to the wedding.

a coat
A coat is a warm piece of clothing that is worn over other clothes outside. It has long sleeves and closes
at the front. A thick coat holds warm air near the body and keeps out wind and rain.
~ In winter people wear a warm coat outside.

a shoe
A shoe is a cover for the foot with a strong sole. It protects the foot from stones, cold and dirt. Shoes
are made of leather, cloth, rubber or plastic, and many are tied with laces.
~ A shoe protects the foot from stones and cold.

a sock
A sock is a soft piece of clothing that covers the foot inside a shoe. It keeps the foot warm and dry and
stops the shoe from rubbing. Socks are usually knitted from wool or cotton.
~ Warm socks keep your feet from getting cold.

a hat
A hat is a piece of clothing for the head. It protects the head from sun, rain or cold. Some people wear a
special hat at work, and others wear one because it looks nice.
~ In the hot sun, it is wise to wear a hat.

a glove
A glove is a piece of clothing for the hand with a separate part for each finger. It keeps the hand warm in
winter. Strong gloves protect the hands of people who work with hot or sharp things.
~ It was so cold that she put on her gloves.

an umbrella
An umbrella is a folding cover on a stick that protects people from rain or sun. Thin ribs of metal stretch
a cloth that water cannot pass. It can be closed and carried when the sky is clear.
~ When it rains, people open an umbrella to stay dry.

wool
Wool is the soft and curly hair of sheep and some other animals. It is cut off, cleaned and spun into yarn.
Clothes that are made of wool are warm, because they hold a lot of air.
~ Warm socks and jumpers are knitted from wool.

cotton
Cotton is a soft white fibre that grows around the seeds of the cotton plant. It is spun into thread and
woven into cloth. Shirts, towels and sheets are often made of it.
~ Many shirts are made of cotton, because it is soft and cool.

leather
Leather is a strong material that is made from the skin of animals. The skin is cleaned and treated so that
it does not rot. Shoes, belts, bags and saddles are made of it.
~ Strong shoes and belts are often made of leather.

plastic
Plastic is a light material that can be formed into almost any shape when it is warm. Most of it is made
from oil. It lasts very long, so it should be used again and not be thrown away outside.
~ Bottles, toys and bags are often made of plastic.

milk
Milk is a white liquid that female mammals make to feed their young. People often drink the milk of cows or
goats. It contains fat, sugar and protein, and butter and cheese are made from it.
~ Calves drink the milk of their mothers, and people drink cow's milk too.

cheese
Cheese is a food that is made from milk. The milk is made thick and sour, and the solid part is separated
from the water. Then it is salted, pressed and often stored until it has a strong taste.
~ Farmers make cheese from the milk of cows, sheep and goats.

butter
Butter is a yellow and soft food that is made from cream. When cream is beaten for a long time, the fat
sticks together and the liquid runs off. People spread butter on bread and use it for baking.
~ He spread butter and honey on his bread.

an egg
An egg is a round object in which a young bird or another animal grows. It has a thin shell around a clear
white part and a yellow yolk. People eat the eggs of hens boiled, fried or in cakes.
~ A chick hatches from the egg after about three weeks.

rice
Rice is the seed of a kind of grass that grows in warm and wet places. It is often planted in fields that
stand under water. For about half of the people in the world it is the most important food.
~ In many countries of Asia, people eat rice every day.

flour
Flour is a fine powder that is made by grinding grain. Most flour comes from wheat, and in the past it was
ground in mills by wind or water. Bread, cakes and noodles are made from it.
~ Grain is ground in a mill until it becomes flour.

sugar
Sugar is a sweet substance that is made from plants. Most of it comes from sugar cane or from sugar beet. A
little sugar makes food taste good, but too much of it is bad for the teeth.
~ A spoon of sugar makes the tea sweet.

salt
Salt is a white mineral that gives food a stronger taste. It is found in sea water and in rocks under the
ground. In the past, people also used it to keep meat and fish from going bad.
~ The sea tastes of salt.

honey
Honey is a sweet and thick liquid that bees make from the nectar of flowers. They store it in their hive as
food for the winter. People take some of it and eat it on bread or in tea.
~ Bees collect nectar from flowers and turn it into honey.

chocolate
Chocolate is a sweet food that is made from the beans of the cacao tree. The beans are dried, roasted and
ground. Then they are mixed with sugar, and often with milk, and formed into bars.
~ Most children love the sweet taste of chocolate.

tea
Tea is a drink that is made by pouring hot water over dried leaves. The leaves come from the tea plant,
which grows in warm countries such as China and India. Many people drink it with milk, lemon or sugar.
~ To make tea, pour hot water over the leaves and wait a few minutes.

coffee
Coffee is a dark drink that is made from roasted and ground beans. The beans are the seeds of a plant that
grows in warm countries. It makes people feel awake, so many drink it in the morning.
~ The smell of fresh coffee filled the room in the morning.

soup
Soup is a liquid food that is made by cooking vegetables, meat or fish in water. It is served hot in a bowl
and eaten with a spoon. On cold days, it warms people from the inside.
~ A bowl of hot soup is good on a cold day.

a cake
A cake is a sweet food that is baked from flour, sugar, eggs and butter. It is often covered with cream or
chocolate. Many people have a cake with candles on their birthday.
~ On her birthday there was a cake with ten candles.

an apple
An apple is a round fruit that grows on a tree. It can be red, green or yellow, and it tastes sweet or a
little sour. In the middle there is a core with small brown seeds.
~ She ate a red apple from the tree in the garden.

a banana
A banana is a long and curved fruit that grows in bunches in warm countries. It has a thick yellow skin and
soft, sweet flesh. Bananas are picked green and turn yellow on their way to the shop.
~ You have to peel a banana before you eat it.

an orange
An orange is a round and juicy fruit that grows on trees in warm countries. Its thick skin has the same name
as its colour. It is full of vitamin C, and people eat it or press out the juice.
~ The juice of an orange is sweet and healthy.

a potato / potatoes
A potato is a round vegetable that grows under the ground. It is the thick part of a stem, where the plant
stores its food. People eat it boiled, baked or fried, but not raw.
~ Potatoes grow under the ground and are dug up in autumn.

a carrot
A carrot is a long orange vegetable that grows under the ground. It is the root of a plant with fine green
leaves. It tastes sweet and can be eaten raw or cooked.
~ Rabbits and children like to eat carrots.

an onion
An onion is a round vegetable with a strong smell and many layers. It grows partly in the ground and stores
food for the plant. When you cut it, a gas rises that makes the eyes water.
~ Cutting an onion brings tears to your eyes.

a ball
A ball is a round object that is used in games. It can be thrown, kicked, rolled or hit. Many balls are
filled with air, so that they bounce when they fall on the ground.
~ The children kicked the ball across the field.

a toy
A toy is an object that children play with. Balls, dolls, blocks and small cars are toys. While children
play with them, they learn to use their hands and to think of stories.
~ The child played with her favourite toy all afternoon.

a kite
A kite is a light frame covered with paper or cloth that flies in the wind on a long string. The wind pushes
against it and lifts it up. The person on the ground holds the string and steers it.
~ On a windy day, the children flew a kite on the hill.

chess
Chess is a board game for two players. Each player has sixteen pieces, which move in different ways on a
board with sixty-four squares. The one who traps the king of the other player wins.
~ Two players move their pieces in turn when they play chess.
"""


def facts() -> list[Fact]:
    """The things of the house as facts."""
    return build(TEXT)
