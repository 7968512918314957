"""Questions that ask why, as text that advice.py reads."""

TEXT = """
blue sky
The sky is blue because the air scatters the light of the sun. Sunlight is a mixture of all colours, and the
tiny parts of the air scatter blue light much more than red light. So blue light comes to our eyes from all
sides.
? Why is the sky blue? | Explain why the sky is blue. | What makes the sky blue? | Tell me why the sky looks
blue. | What is the reason for the blue colour of the sky? | My son asks why the sky is blue. What can I tell
him? | How come the sky is blue and not green? | Why does the sky look blue in the day? | why is the sky blue
! Can you say where the blue of the sky comes from? | For what reason do we see a blue sky? | Do you know why
the sky has a blue colour?
~ The sky is blue because the air scatters blue light more than red light.

red sunset
The sky turns red at sunset because the light has a longer way through the air when the sun is low. On this
way, most of the blue light is scattered to the side. Mainly the red and orange light is left, and it
reaches our eyes.
? Why is the sky red at sunset? | Why do sunsets look red? | Explain why the evening sky turns red. | What
makes the sky red in the evening? | Why does the sun look red when it goes down? | Tell me why the sky
becomes red at the end of the day. | Where does the red colour of a sunset come from? | How come the sky is
red when the sun sets?
! Can you explain the red colours of the evening sky? | Why do we see red and orange when the sun sets? |
What is the reason that sunsets are red?
~ The sky turns red at sunset because the sunlight has a longer way through the air.

salty sea
The sea is salty because rivers carry tiny amounts of salt from the rocks on land into it. The sun makes the
water rise into the air, but the salt stays behind. Over millions of years, more and more salt has collected
there.
? Why is the sea salty? | Explain why sea water tastes of salt. | Where does the salt in the sea come from? |
What makes the ocean salty? | Why is there salt in the sea? | Tell me why the water of the sea is salty. |
How did the salt get into the sea? | Why does sea water taste salty, but river water does not?
! What is the reason that the ocean tastes of salt? | Can you tell me how the sea became salty? | Why can we
taste salt in the water of the sea?
~ The sea is salty because rivers have carried salt into it for millions of years.

autumn leaves
Leaves change their colour in autumn because the tree breaks down the green substance in them and stores its
useful parts for the winter. When the green is gone, the yellow and orange colours that were hidden can be
seen. Some leaves also make a red colour.
? Why do leaves change colour in autumn? | Why do leaves turn yellow in autumn? | Explain why trees become
red and yellow in autumn. | What happens to the green of the leaves in autumn? | Tell me why the leaves of a
tree lose their green colour. | Why are autumn leaves so colourful? | What makes leaves turn red and yellow?
| How come leaves do not stay green in autumn?
! Can you explain why autumn leaves are yellow? | What is the reason for the colours of the trees in autumn?
| Why does a green leaf become yellow or red?
~ Leaves change their colour in autumn because the tree breaks down the green substance in them.

floating ice
Ice floats because it is lighter than the same amount of liquid water. When water freezes, its tiny parts
move further apart, so the ice takes up more space. That is why lakes freeze from the top, and fish can live
below.
? Why does ice float on water? | Explain why ice floats. | Why does ice not sink? | What makes ice swim on
top of the water? | Tell me why an ice cube floats in a glass. | Why do lakes freeze from the top? | How can
ice float if it is made of water? | What is the reason that ice is lighter than water?
! Can you tell me why ice stays on top of the water? | Why does a piece of ice not go down in water? | For
what reason does ice float?
~ Ice floats because it is lighter than the same amount of liquid water.

need for sleep
People need sleep because the body and the brain rest and repair themselves in this time. While we sleep,
the brain sorts what we have learned, and children grow. Without enough sleep, we feel tired, forget things
and get ill more easily.
? Why do we need sleep? | Why do people sleep? | Explain why sleep is important. | What is sleep good for? |
Tell me why we have to sleep at night. | What happens in the body while we sleep? | Why should children get
enough sleep? | What would happen if we did not sleep?
! Can you say why sleeping is good for us? | For what reason does everybody need sleep? | Why is it bad not
to sleep enough?
~ People need sleep because the body and the brain repair themselves in this time.

cold winter
It is colder in winter because our part of the Earth is then tilted away from the sun. The sun stands lower
in the sky, so its light is spread over a larger area. The days are also shorter, so there is less time to
get warm.
? Why is it cold in winter? | Explain why winter is colder than summer. | What makes winter cold? | Why do we
have seasons? | Tell me why it is warm in summer and cold in winter. | Where do the seasons come from? | Why
are the days so cold and short in winter? | How come it gets colder when winter comes?
! What is the reason for the cold of the winter? | Can you explain why there are four seasons? | Why does the
sun give us less heat in winter?
~ It is colder in winter because our part of the Earth is tilted away from the sun.

onion tears
Onions make us cry because they give off a sharp gas when they are cut. The gas reaches the eyes and mixes
with the water in them, which burns a little. The eyes then make tears to wash it away.
? Why do onions make us cry? | Why do I cry when I cut onions? | Explain why cutting onions brings tears. |
What is in onions that makes our eyes water? | Tell me why onions hurt the eyes. | How come people weep when
they cut an onion? | Why do my eyes burn when I chop onions? | What makes the eyes water in the kitchen when
onions are cut?
! Can you tell me why an onion makes me weep? | For what reason do we get tears from onions? | Why does an
onion burn in the eyes?
~ Onions make us cry because they give off a sharp gas when they are cut.

birds flying south
Many birds fly south in autumn because they find too little food in the cold winter. Insects, seeds and
fruit are hard to find when there is snow. In spring the birds come back, because the long days give them
much food for their young.
? Why do birds fly south in winter? | Why do some birds leave in autumn? | Explain why birds travel to warm
countries. | What makes birds fly away before winter? | Tell me why swallows fly south. | Why do birds not
stay here in the cold season? | Why do many birds travel so far every year? | How come some birds are gone in
winter?
! What is the reason that birds go south? | Can you explain the long journeys of birds? | Why do birds go to
warmer places when it gets cold?
~ Many birds fly south in autumn because they find too little food in winter.

twinkling stars
Stars twinkle because their light has to pass through the moving air around the Earth. Warm and cold air
bend the light in different ways, so it seems to get brighter and darker. In space, where there is no air,
stars shine steadily.
? Why do stars twinkle? | Explain why the stars twinkle at night. | What makes a star twinkle? | Tell me why
the light of the stars seems to flicker. | Why do the stars flicker in the sky? | How come stars do not shine
steadily? | Why does the light of a star seem to change? | What is the reason that stars seem to blink?
! Can you tell me why stars flicker? | For what reason does a star twinkle? | Why do we see the stars twinkle
on a clear night?
~ Stars twinkle because their light has to pass through the moving air around the Earth.

phases of the moon
The moon seems to change its shape because we see different parts of its bright side. The sun always lights
one half of it. While it travels around the Earth in about a month, we see all of that half, some of it or
nothing.
? Why does the moon change its shape? | Explain why the moon is not always full. | Why do we sometimes see
only half of the moon? | What makes the moon grow and shrink? | Tell me why the moon looks different every
night. | Why is there a full moon and a new moon? | Where do the phases of the moon come from? | How come the
moon is sometimes thin and sometimes round?
! Can you explain the different shapes of the moon? | Why is the moon round on one day and thin on another? |
What is the reason for the phases of the moon?
~ The moon seems to change its shape because we see different parts of its bright side.

leap years
There are leap years because the Earth needs about a quarter of a day more than three hundred and sixty-five
days to travel around the sun. After four years, this makes almost one full day. It is added at the end of
February.
? Why are there leap years? | Why does February sometimes have twenty-nine days? | Explain what leap years
are good for. | What is the reason for leap years? | Tell me why some years have one day more. | Why do we
add a day every four years? | How come there is a day more in February in some years? | Why do we need a leap
year?
! Can you tell me why a leap year is longer? | For what reason is one day added to February? | Why is every
fourth year usually longer?
~ There are leap years because the Earth needs about a quarter of a day more than 365 days for one round.

thunder after lightning
We hear thunder after we see lightning because light is much faster than sound. The light reaches us almost
at once, but sound needs about three seconds for each kilometre. If you count the seconds and divide by
three, you know the distance in kilometres.
? Why do we hear thunder after lightning? | Why does thunder come later than lightning? | Explain why we see
the flash before we hear the thunder. | What makes the thunder so late? | Tell me why lightning and thunder
do not come together. | How can I tell how far away a storm is? | Why is there a pause between the flash and
the thunder? | How come the thunder follows the lightning?
! What is the reason that we see lightning first? | Can you explain why the sound of a storm comes late? |
Why do we hear the storm after we see it?
~ We hear thunder after we see lightning because light is much faster than sound.

rising dough
Bread dough rises because the yeast in it eats sugar and gives off gas. The gas makes many small bubbles,
and the sticky dough holds them. In the hot oven, the bubbles grow and then become firm, so the bread is
soft and light.
? Why does bread rise? | Explain why dough rises. | What makes bread dough grow? | Tell me why there is yeast
in bread. | Why are there holes in bread? | What does yeast do in the dough? | How come dough becomes larger
when you leave it? | Why is bread soft and full of small holes?
! Can you explain why dough gets bigger? | What is the reason for the bubbles in bread? | Why do bakers put
yeast into the dough?
~ Bread dough rises because the yeast in it eats sugar and gives off gas.

washing hands
We should wash our hands because they pick up germs from everything that we touch. From the hands, the germs
get to the mouth, the nose and the food. Soap and water remove most of them, so fewer people get ill.
? Why should I wash my hands? | Explain why washing your hands is important. | Why do we have to wash our
hands? | What is the use of washing hands? | Tell me why I should wash my hands before I eat. | Why do
doctors wash their hands so often? | Is it important to wash your hands, and why? | What happens if people do
not wash their hands?
! Can you tell me why clean hands are important? | For what reason do we wash our hands with soap? | Why is
it good to have clean hands?
~ We should wash our hands because they pick up germs from everything that we touch.

drinking water
We have to drink water because our body loses it all the time when we sweat, breathe and go to the toilet.
Water carries food and waste through the body and keeps it cool. Without any water, a person can live for
only a few days.
? Why do we have to drink water? | Explain why the body needs water. | Why is water important for people? |
What does water do in the body? | Tell me why I should drink enough. | Why do we get thirsty? | How come we
cannot live without water? | What is drinking water good for?
! Can you say why people need water? | For what reason should we drink every day? | Why is it bad not to
drink enough water?
~ We have to drink water because our body loses it all the time.

brushing teeth
We brush our teeth because bits of food stay on them after each meal. Germs in the mouth eat the sugar in
them and make an acid, which can make holes in the teeth. Brushing twice a day removes the food and most of
the germs.
? Why should I brush my teeth? | Explain why brushing your teeth is important. | Why do we clean our teeth? |
What happens if I do not brush my teeth? | Tell me why children must brush their teeth. | Why do teeth get
holes? | What is toothpaste and brushing good for? | Why is sugar bad for the teeth?
! Can you tell me why we have to brush our teeth? | For what reason do people clean their teeth twice a day?
| Why is it important to keep the teeth clean?
~ We brush our teeth because germs in the mouth make an acid that can make holes in them.

floating ships
A heavy ship floats because it is hollow and pushes a lot of water aside. The water pushes back with the
weight of the water that was moved. The ship sinks in only until this push is as strong as its own weight.
? Why do ships float? | How can a heavy ship of steel float? | Explain why a ship does not sink. | What keeps
a big ship on top of the water? | Tell me why boats float on water. | Why does a steel ship swim while a
steel nail sinks? | How come large ships do not go down? | What makes a boat float?
! Can you explain why heavy ships stay on the water? | What is the reason that ships do not sink? | Why can a
ship of iron float?
~ A heavy ship floats because it is hollow and pushes a lot of water aside.

shivering
We shiver because the body wants to make heat when it is cold. The muscles pull together quickly again and
again, and working muscles become warm. In this way the blood stays at the right temperature, about
thirty-seven degrees.
? Why do we shiver when we are cold? | Explain why people shiver. | What is shivering good for? | Tell me why
my body shakes when it is cold. | Why do I tremble in cold weather? | What makes us shiver? | How come we
shake in the cold? | Why does the body shiver in winter?
! Can you tell me why people tremble in the cold? | For what reason do our muscles shake when it is cold? |
Why do we shake when we get cold?
~ We shiver because working muscles become warm.

sweating
We sweat because the body has to cool itself when it gets too hot. The skin gives off small drops of water,
and the water turns into vapour in the air. This takes heat away from the skin, so we feel cooler.
? Why do we sweat? | Explain why people sweat when it is hot. | What is sweat good for? | Tell me why I sweat
when I run. | Why does the skin get wet on a hot day? | How does the body cool itself? | What makes us sweat?
| How come we sweat during sport?
! Can you say why our skin becomes wet in the heat? | For what reason does the body make sweat? | Why do we
get wet when we run on a hot day?
~ We sweat because the body has to cool itself when it gets too hot.

rust
Iron rusts because it joins with the oxygen of the air when it is wet. A new, brown substance forms, which
is soft and falls off in flakes. Paint, oil or a layer of another metal keeps air and water away.
? Why does iron rust? | Explain why old bicycles rust. | What makes iron turn brown? | Tell me where rust
comes from. | Why do tools rust when they are left outside? | How does rust form? | How can I keep iron from
rusting? | Why does a wet nail become brown?
! Can you explain why iron becomes brown in the rain? | What is the reason that cars get rust? | Why do
things of iron rust when they get wet?
~ Iron rusts because it joins with the oxygen of the air when it is wet.

use of bees
Bees are important because they carry pollen from flower to flower while they look for nectar. Many plants
can make fruit and seeds only after this. Without bees, we would have far fewer apples, cherries and nuts,
and no honey.
? Why are bees important? | Explain why we need bees. | What are bees good for? | Tell me how bees help
plants. | Why should people protect bees? | What would happen without bees? | Why do farmers like bees? | How
come fruit trees need bees?
! Can you say why bees are useful? | For what reason are bees good for plants? | Why is it bad when there are
no bees?
~ Bees are important because they carry pollen from flower to flower.

day and night
There is day and night because the Earth turns around itself once in twenty-four hours. The side that faces
the sun has day, and the other side has night. It seems to us as if the sun moves, but we are moving.
? Why is there day and night? | Explain why it gets dark at night. | What makes day and night? | Tell me why
the sun rises and sets. | Where does the sun go at night? | Why does the sun go down every evening? | How
come it is dark at night and bright in the day? | Why is it night in one country and day in another?
! Can you explain why the day ends and the night begins? | What is the reason for day and night? | Why do we
have dark nights?
~ There is day and night because the Earth turns around itself once in twenty-four hours.

use of trees
Trees are important because they clean the air and give off the oxygen that we breathe. They give shade,
hold the soil and are a home for many animals. We also get wood, fruit and nuts from them.
? Why are trees important? | Explain why we need trees. | What are trees good for? | Tell me why we should
plant trees. | Why should forests be protected? | What do trees do for us? | Why is a city with many trees
better? | How do trees help people and animals?
! Can you say why trees are useful? | For what reason should we look after trees? | Why would life be hard
without trees?
~ Trees are important because they clean the air and give off oxygen.

tides
There are tides because the moon pulls on the water of the sea. On the side that faces the moon and on the
opposite side, the water rises a little. As the Earth turns, most coasts have high water about twice a day.
? Why are there tides? | Explain why the sea rises and falls. | What makes the tides? | Tell me why the water
goes away at low tide. | Why does the sea go out and come back? | What has the moon to do with the tides? |
How come the water is high twice a day? | Where do high and low tide come from?
! Can you tell me why the sea comes and goes? | What is the reason for high tide and low tide? | Why does the
water on the coast rise and fall?
~ There are tides because the moon pulls on the water of the sea.
"""
