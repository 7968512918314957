"""Sky, weather, land, water, plants and materials of nature."""

from ..documents import Fact
from .templates import build

TEXT = """
the sun
The sun is the star in the middle of our solar system. It is a huge ball of hot gas that gives the Earth
light and warmth. Without it, no plants could grow and there would be no life on our planet.
~ All the planets of our solar system travel around the sun.

the moon
The moon is a ball of rock that travels around the Earth. It takes about a month for each round. It makes no
light of its own, but we can see it because the sun shines on it.
~ At night the moon shines because it throws back the light of the sun.

the Earth
The Earth is the planet on which we live. It travels around the sun once a year and turns around itself once
a day. Most of its surface is covered with water, and a layer of air surrounds it.
~ More than two thirds of the Earth is covered with water.

the sky
The sky is the space that we see above us when we are outside. In the day it looks blue, because the air
scatters blue light most. At night it is dark, and we can see the moon and the stars.
~ On a clear day the sky is blue, and at night it is full of stars.

a star
A star is a huge ball of hot gas that gives off its own light. Deep inside it, hydrogen turns into helium,
and this sets energy free. Stars look small because they are very far away, but the sun is one of them.
~ The stars look like small points because they are so far away.

a planet
A planet is a large round body that travels around a star. It gives off no light of its own. Eight planets
travel around our sun, and the Earth is the third one from it.
~ The Earth is one of the eight planets that travel around the sun.

a comet
A comet is a ball of ice and dust that travels around the sun. When it comes near the sun, the ice turns
into gas and forms a bright tail. Some comets return only after hundreds of years.
~ Near the sun, a comet grows a long and bright tail.

rain
Rain is water that falls from the clouds in drops. It forms when tiny drops in a cloud join and become too
heavy to float. It fills rivers and lakes and gives plants the water they need.
~ After weeks of dry weather, the rain made the fields green again.

a cloud
A cloud is a large group of tiny drops of water or ice that float in the air. It forms when warm, damp air
rises and cools. When the drops become too heavy, they fall as rain or snow.
~ Dark clouds covered the sky, and soon it began to rain.

snow
Snow is frozen water that falls from the clouds as small white flakes. It forms high in the cold air from
tiny crystals of ice. Most flakes have six sides or six arms.
~ In the morning, the whole garden was white with snow.

ice
Ice is water that has become solid because it is cold. Fresh water freezes at zero degrees Celsius. Ice is
lighter than liquid water, so it floats on lakes and rivers in winter.
~ In a cold winter, the lake is covered with ice.

hail
Hail is ice that falls from the clouds in hard balls. The balls form in tall storm clouds, where strong
winds carry drops up into the cold air. Large ones can break windows and harm crops.
~ In the storm, hail fell from the sky and broke the glass roof.

wind
Wind is air that moves from one place to another. It blows because the sun heats the Earth more in some
places than in others. It pushes sailing boats, turns wind turbines and carries seeds.
~ The wind blew the leaves across the street.

a storm
A storm is bad weather with very strong wind and often heavy rain. There may be thunder and lightning as
well. A storm can break trees and harm roofs, so it is safer to stay inside.
~ During the storm, the wind broke branches from the trees.

lightning
Lightning is a huge electric spark in the sky. It jumps between clouds or from a cloud to the ground. It is
much hotter than the surface of the sun, and it makes the noise that we call thunder.
~ A flash of lightning lit up the dark sky.

thunder
Thunder is the loud noise that lightning makes. The lightning heats the air so fast that the air expands
with a bang. We hear it after the flash, because sound is slower than light.
~ First we saw the flash, and then we heard the thunder.

a rainbow
A rainbow is a band of colours that appears in the sky when the sun shines on rain. The drops split the
white light into red, orange, yellow, green, blue and violet. To see it, you must have the sun behind you.
~ When the sun came out during the rain, there was a rainbow in the sky.

fog
Fog is a cloud that lies on the ground. It is made of tiny drops of water that float in the air. In thick
fog, people cannot see far, so drivers and ships have to go slowly.
~ The ship moved slowly, because the fog was thick.

air
Air is the mixture of gases that surrounds the Earth. Most of it is nitrogen, and about a fifth of it is
oxygen. People and animals need the oxygen in it to breathe, although nobody can see it.
~ People and animals cannot live without air.

water
Water is a clear liquid without taste or smell. It falls as rain and fills the rivers, the lakes and the
seas. All living things need it, and most of the human body is made of it.
~ Plants, animals and people all need water to live.

fire
Fire is the heat and light that come from burning things. It needs fuel, air and heat, and it goes out when
one of them is missing. People use it to cook and to keep warm, but it can be dangerous.
~ They sat around the fire and warmed their hands.

a river
A river is a large stream of fresh water that flows over the land. It begins at a spring, a lake or a
glacier, and most rivers end in the sea. People use rivers for drinking water, for fishing and for travel.
~ The river flows from the mountains down to the sea.

a stream
A stream is a small river with a narrow bed. Its water often comes from a spring, from rain or from melting
snow. Many streams flow together and form a larger river.
~ The children jumped over the little stream.

a lake
A lake is a large area of water that is surrounded by land. Most lakes contain fresh water that comes from
rain and rivers. People swim, fish and sail on them.
~ Land lies on every side of a lake.

the sea
The sea is the salt water that covers most of the Earth. It is the home of fish, whales and many other
living things. The wind makes waves on it, and the moon makes its water rise and fall.
~ Fish and whales live in the sea.

an ocean
An ocean is one of the very large areas of salt water on the Earth. The largest is the Pacific, which lies
between Asia and America. Some parts are more than ten kilometres deep.
~ It takes a ship many days to cross an ocean.

a wave
A wave is a moving ridge on the surface of the water. Most waves are made by the wind. The water itself
moves up and down and hardly forward, until the wave breaks on the shore.
~ A big wave rolled towards the beach and broke.

the tide
The tide is the slow rise and fall of the sea. It is caused mainly by the pull of the moon on the water. In
most places the water is high twice a day and low twice a day.
~ At low tide the sea goes back, and people can walk on the sand.

a beach
A beach is a strip of sand or stones at the edge of the sea or a lake. Waves bring the sand and carry it
away again. People go there to swim, to play and to lie in the sun.
~ The children built a castle of sand on the beach.

an island
An island is a piece of land with water on all sides. It can lie in the sea, in a lake or in a river. The
largest island in the world is Greenland.
~ You need a boat or a bridge to reach an island.

a mountain
A mountain is a very high part of the land with steep sides. Most mountains rise where plates of the Earth's
crust push against each other. It is colder at the top than at the bottom, and there may be snow.
~ There is still snow on top of the mountain in summer.

a hill
A hill is a raised part of the land that is lower than a mountain. Its sides are usually not very steep.
From the top of a hill, people have a good view of the land around it.
~ They walked up the hill to look at the village below.

a valley
A valley is a low area of land between hills or mountains. Many valleys were cut by rivers, and others by
glaciers. The soil at the bottom is often good, so people like to farm there.
~ A small river runs through the valley between the mountains.

a volcano / volcanoes
A volcano is an opening in the ground from which hot melted rock, ash and gas can come out. The melted rock
is called lava when it reaches the surface. Layers of lava and ash often build a high mountain.
~ When the volcano erupted, lava ran down its sides.

an earthquake
An earthquake is a sudden shaking of the ground. It happens when large plates of rock deep in the Earth slip
past each other. A strong earthquake can make houses fall, and under the sea it can cause huge waves.
~ The earthquake shook the houses, and the windows rattled.

a desert
A desert is a large area of land where it almost never rains. Few plants and animals can live there. Many
deserts are hot in the day and cold at night, but some are cold all year.
~ In the desert there is hardly any water.

a forest
A forest is a large area of land that is covered with trees. Many animals, plants and mushrooms live there.
Forests clean the air, hold water in the ground and give us wood.
~ Deer, foxes and owls live in the forest.

a rainforest
A rainforest is a forest where a lot of rain falls all year. Most rainforests are in hot countries. They are
home to more kinds of plants and animals than any other place on land.
~ It is warm and wet in the rainforest all year.

a waterfall
A waterfall is a place where a river falls over the edge of a rock. The falling water makes a loud noise and
a fine mist. Some waterfalls are used to make electricity.
~ The river drops down from the rock in a high waterfall.

a cave
A cave is a hollow space in a rock or under the ground. Many caves are formed by water that slowly dissolves
the stone. Bats live in them, and long ago people used them as shelters.
~ Bats sleep in the dark cave during the day.

a glacier
A glacier is a very large mass of ice that moves slowly down a mountain or over the land. It forms where
more snow falls than melts. Over the years, its weight presses the snow into ice.
~ The ice of a glacier flows down the valley very slowly.

a rock
A rock is a hard and solid piece of the Earth. It is made of one or more minerals. Some rocks were once
melted deep in the Earth, and others were formed from sand or mud that was pressed together.
~ The waves beat against a big rock on the shore.

sand
Sand is a loose material that is made of tiny grains of rock. Wind and water break large rocks into small
pieces over a long time. It lies on beaches and in deserts, and glass is made from it.
~ The beach is covered with fine white sand.

soil
Soil is the upper layer of the ground in which plants grow. It is made of small bits of rock, dead plants,
water and air. Worms and other tiny animals live in it and keep it loose.
~ Plants take water and food from the soil with their roots.

gold
Gold is a soft and heavy yellow metal. It does not rust, so it shines for thousands of years. People find it
in rocks and rivers and make rings, coins and other precious things from it.
~ Her ring is made of gold.

iron
Iron is a strong grey metal that is found in many rocks. It is melted out of them in very hot ovens. Most of
it is made into steel for tools, bridges, rails and cars, and it rusts when it gets wet.
~ If iron gets wet, it slowly begins to rust.

coal
Coal is a black rock that burns and gives much heat. It was formed from plants that died millions of years
ago and were pressed under the ground. Burning it makes gases that warm the Earth.
~ The coal in the ground was once a forest of plants.

wood
Wood is the hard material of which the trunks and branches of trees are made. It is strong, but light enough
to float. People build houses, furniture and boats from it, and they burn it for heat.
~ The old table is made of wood.

a tree
A tree is a tall plant with a hard stem of wood, which is called the trunk. Its roots take up water from the
soil, and its leaves make food from sunlight. Some trees live for thousands of years.
~ Birds build their nests in the branches of the tree.

a leaf / leaves
A leaf is a flat and usually green part of a plant. It catches sunlight and uses it to make sugar from water
and air. Many trees lose their leaves in autumn and grow new ones in spring.
~ In autumn the leaves turn yellow and fall from the tree.

a root
A root is the part of a plant that usually grows down into the ground. It holds the plant firmly and takes
up water and minerals from the soil. Some roots, such as carrots, store food and can be eaten.
~ With its roots, a plant holds on to the soil.

a flower
A flower is the part of a plant that makes seeds. Its bright colours and sweet smell bring insects, which
carry pollen from one flower to another. After that, the seeds and often a fruit can grow.
~ Bees fly from flower to flower and carry pollen.

a seed
A seed is a small part of a plant from which a new plant can grow. It contains a tiny young plant and some
food, covered by a hard skin. When it is warm and wet enough, it begins to grow.
~ If you put a seed into damp soil, a plant may grow from it.

a fruit
A fruit is the part of a plant that holds its seeds. Many fruits, such as apples and berries, are sweet, so
that animals eat them and carry the seeds away. People eat fruit because it is healthy.
~ Apples, pears and cherries are fruits that grow on trees.

grass
Grass is a green plant with long and thin leaves that covers fields and gardens. It grows again from below
after it has been cut or eaten. Cows, sheep and horses feed on it.
~ The cows stood in the field and ate grass.

moss
Moss is a small and soft green plant that grows in damp and shady places. It has no flowers and no real
roots. It covers stones and tree trunks like a thick carpet and holds much water.
~ The old stones in the forest are covered with moss.

a mushroom
A mushroom is the part of a fungus that grows above the ground. It has a stem and a cap, and it makes tiny
spores instead of seeds. Some mushrooms are good to eat, but others are very poisonous.
~ Never eat a mushroom that you do not know.

a cactus / cactuses
A cactus is a plant that can live in dry places. It stores water in its thick green stem. Instead of leaves,
most cactuses have sharp spines, which keep animals from eating them.
~ A cactus stores water, so it can live for months without rain.

wheat
Wheat is a kind of grass that farmers grow for its grains. The grains are ground into flour, from which
bread, noodles and cakes are made. The fields are green in spring and golden when it is time to harvest.
~ In summer the fields of wheat are golden.

a shadow
A shadow is the dark area behind an object that stands in the light. The light cannot pass through the
object. Shadows are long in the morning and evening, when the sun is low.
~ In the evening, the tree casts a long shadow.

light
Light is a form of energy that our eyes can see. It comes from the sun, from lamps and from fire. Nothing is
faster: in one second it travels about three hundred thousand kilometres.
~ Light from the sun needs about eight minutes to reach us.

sound
Sound is a trembling of the air that our ears can hear. It starts when something moves quickly back and
forth, such as a string. It travels through air, water and solid things, but not through empty space.
~ The sound of the bell travels through the air to our ears.

gravity
Gravity is the force that pulls things towards each other. The Earth pulls everything down, so a ball that
you throw up falls back. The same force keeps the moon near the Earth and the planets near the sun.
~ An apple falls from the tree because of gravity.

energy
Energy is the ability to do work, to move things or to heat them. It can be stored in food, fuel and
batteries. It never gets lost, but it changes from one form to another.
~ Food gives people the energy that they need to run and play.
"""


def facts() -> list[Fact]:
    """The things of nature as facts."""
    return build(TEXT)
