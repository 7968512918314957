"""Questions that ask how two things differ, as text that advice.py reads."""

TEXT = """
river and lake
The difference between a river and a lake is that the water of a river flows, while the water of a lake
stays in one place. A river is long and narrow and runs to the sea or to a lake. A lake has land all around
it.
? What is the difference between a river and a lake? | How does a river differ from a lake? | Explain the
difference between rivers and lakes. | Is a lake the same as a river? | How can I tell a river from a lake? |
What makes a lake different from a river? | Tell me how rivers and lakes are different. | Compare a river
with a lake. | river or lake: what is the difference
! In what way are a lake and a river not the same? | Why is a river not called a lake? | Say how a river and
a lake differ.
~ The water of a river flows, while the water of a lake stays in one place.

cats and dogs
The main difference between cats and dogs is that cats like to do things alone, while dogs like to live in a
group and follow a leader. Cats hunt quietly and clean themselves. Dogs need walks every day and can learn
many tasks.
? What is the main difference between cats and dogs? | The main difference between cats and dogs | How are
cats different from dogs? | Explain the difference between a cat and a dog. | In what way do dogs differ from
cats? | Compare cats and dogs. | Tell me how a dog is different from a cat. | Are cats and dogs very
different? | Should I get a cat or a dog? What is the difference?
! Say how cats and dogs differ. | What makes a dog not the same as a cat? | I like cats and dogs. How do they
differ?
~ The main difference between cats and dogs is that cats like to do things alone, while dogs live in a group.

sea and ocean
The difference between a sea and an ocean is mainly the size. An ocean is a huge area of salt water between
continents, and there are five of them. A sea is smaller and usually lies near land, like the Mediterranean
Sea.
? What is the difference between a sea and an ocean? | How does a sea differ from an ocean? | Explain the
difference between seas and oceans. | Is an ocean the same as a sea? | Which is larger, a sea or an ocean? |
Tell me how oceans are different from seas. | Compare a sea with an ocean. | How can I tell a sea from an
ocean?
! In what way are the oceans not like the seas? | Say how a sea and an ocean differ. | Why is a sea not
called an ocean?
~ An ocean is larger than a sea, which usually lies near land.

mountain and hill
The difference between a mountain and a hill is that a mountain is higher and steeper. Mountains often have
rocks and snow at the top, while hills are round and covered with grass or trees. There is no exact height
at which a hill becomes a mountain.
? What is the difference between a mountain and a hill? | How does a hill differ from a mountain? | Explain
the difference between hills and mountains. | Is a hill a small mountain? | When is a hill called a mountain?
| Compare a mountain with a hill. | Tell me how mountains are different from hills. | How can I tell a hill
from a mountain?
! In what way is a mountain not the same as a hill? | Say how hills and mountains differ. | Why is a hill not
called a mountain?
~ A mountain is higher and steeper than a hill.

star and planet
The difference between a star and a planet is that a star makes its own light, while a planet only throws
back the light of its star. Stars are huge balls of very hot gas. Planets are smaller, cooler and travel
around a star.
? What is the difference between a star and a planet? | How does a planet differ from a star? | Explain the
difference between stars and planets. | Is a planet a kind of star? | How can I tell a star from a planet? |
Compare a star with a planet. | Tell me how planets are different from stars. | Why is the sun a star and not
a planet?
! In what way are planets not like stars? | Say how a star and a planet differ. | Why is the Earth not a
star?
~ A star makes its own light, while a planet throws back the light of its star.

sun and moon
The difference between the sun and the moon is that the sun is a star and makes its own light, while the
moon is a ball of rock and only throws light back. The sun is much larger. It looks the same size only
because it is much further away.
? What is the difference between the sun and the moon? | How does the moon differ from the sun? | Explain the
difference between the moon and the sun. | Is the moon as large as the sun? | Compare the sun with the moon.
| Tell me how the sun and the moon are different. | Why is the sun brighter than the moon? | Which is larger,
the sun or the moon, and what else is different?
! In what way are the moon and the sun not the same? | Say how the sun and the moon differ. | What makes the
sun so different from the moon?
~ The sun makes its own light, while the moon only throws light back.

frog and toad
The difference between a frog and a toad is that a frog has smooth, damp skin and long legs for jumping. A
toad has dry skin with bumps and shorter legs, so it crawls or makes small hops. Toads also live further
away from water.
? What is the difference between a frog and a toad? | How does a toad differ from a frog? | Explain the
difference between frogs and toads. | How can I tell a frog from a toad? | Is this animal a frog or a toad?
How do I know? | Compare a frog with a toad. | Tell me how toads are different from frogs. | Are frogs and
toads the same animals?
! In what way is a toad not like a frog? | Say how frogs and toads differ. | What shows me that an animal is
a toad and not a frog?
~ A frog has smooth skin and long legs, while a toad has dry skin and shorter legs.

butterfly and moth
The difference between a butterfly and a moth is that most butterflies fly by day, while most moths fly at
night. Butterflies often close their wings above their backs when they rest, but moths spread them flat. A
butterfly has feelers with small knobs at the end.
? What is the difference between a butterfly and a moth? | How does a moth differ from a butterfly? | Explain
the difference between butterflies and moths. | How can I tell a moth from a butterfly? | Is a moth a kind of
butterfly? | Compare a butterfly with a moth. | Tell me how moths are different from butterflies. | What do
moths do differently from butterflies?
! In what way is a moth not like a butterfly? | Say how butterflies and moths differ. | What shows me that an
insect is a moth and not a butterfly?
~ Most butterflies fly by day, while most moths fly at night.

fruit and vegetable
The difference between a fruit and a vegetable is that a fruit grows from a flower and holds the seeds of
the plant. A vegetable is another part that we eat, such as a root, a stem or a leaf. In the kitchen, sweet
things are called fruit.
? What is the difference between a fruit and a vegetable? | How do vegetables differ from fruits? | Explain
the difference between fruit and vegetables. | Is a carrot a fruit or a vegetable, and why? | How can I tell
a fruit from a vegetable? | Compare fruits with vegetables. | Tell me how fruit is different from vegetables.
| When is a part of a plant called a fruit?
! In what way is a vegetable not like a fruit? | Say how fruits and vegetables differ. | Why is an apple a
fruit and not a vegetable?
~ A fruit holds the seeds of a plant, while a vegetable is another part that we eat.

city and village
The difference between a city and a village is that many more people live in a city. A city has tall
buildings, many shops, hospitals and buses or trains. A village is small and quiet, and there are fields and
farms around it.
? What is the difference between a city and a village? | How does a village differ from a city? | Explain the
difference between villages and cities. | Is it better to live in a city or in a village? What is different?
| Compare a city with a village. | Tell me how life in a village is different from life in a city. | When is
a place called a city and not a village? | How can I tell a village from a city?
! In what way is a village not like a city? | Say how cities and villages differ. | What does a city have
that a village does not have?
~ Many more people live in a city than in a village.

weather and climate
The difference between weather and climate is the length of time. Weather is what happens outside today or
this week, such as rain, wind or sunshine. Climate is what the weather in a place is usually like, and it is
measured over thirty years or more.
? What is the difference between weather and climate? | How does climate differ from weather? | Explain the
difference between climate and weather. | Is climate the same as weather? | Compare weather with climate. |
Tell me how the weather is different from the climate. | Why is one hot day not the climate? | What do people
mean by weather and by climate?
! In what way are weather and climate not the same? | Say how climate and weather differ. | Why do we need
two words, weather and climate?
~ Weather is what happens today, while climate is what the weather is usually like.

crocodile and alligator
The difference between a crocodile and an alligator can be seen at the head. A crocodile has a narrow,
pointed snout, and some lower teeth show when its mouth is closed. An alligator has a broad, round snout,
and only its upper teeth can be seen.
? What is the difference between a crocodile and an alligator? | How does an alligator differ from a
crocodile? | Explain the difference between alligators and crocodiles. | How can I tell a crocodile from an
alligator? | Is an alligator the same as a crocodile? | Compare a crocodile with an alligator. | Tell me how
alligators are different from crocodiles. | What does the snout of an alligator look like beside a
crocodile's?
! In what way is an alligator not like a crocodile? | Say how crocodiles and alligators differ. | What shows
me that an animal is an alligator and not a crocodile?
~ A crocodile has a narrow snout, while an alligator has a broad one.

rabbit and hare
The difference between a rabbit and a hare is that a hare is larger and has longer ears and legs. Rabbits
usually live in groups in tunnels, and their young are born blind and without fur. Hares live alone above
the ground, and their young can see at once.
? What is the difference between a rabbit and a hare? | How does a hare differ from a rabbit? | Explain the
difference between hares and rabbits. | How can I tell a rabbit from a hare? | Is a hare a big rabbit? |
Compare a rabbit with a hare. | Tell me how hares are different from rabbits. | Are rabbits and hares the
same animals?
! In what way is a hare not like a rabbit? | Say how rabbits and hares differ. | What shows me that an animal
is a hare and not a rabbit?
~ A hare is larger than a rabbit and has longer ears and legs.

horse and donkey
The difference between a horse and a donkey is that a donkey is usually smaller and has much longer ears. A
horse can run faster and carry a rider over long distances. A donkey needs less food, walks safely on steep
paths and stops when it sees danger.
? What is the difference between a horse and a donkey? | How does a donkey differ from a horse? | Explain the
difference between donkeys and horses. | How can I tell a donkey from a horse? | Is a donkey a small horse? |
Compare a horse with a donkey. | Tell me how donkeys are different from horses. | What can a horse do better
than a donkey?
! In what way is a donkey not like a horse? | Say how horses and donkeys differ. | What shows me that an
animal is a donkey and not a horse?
~ A donkey is usually smaller than a horse and has longer ears.

bee and wasp
The difference between a bee and a wasp is that a bee is round and hairy, while a wasp is slim and smooth
with a thin waist. Honey bees make honey and can usually sting people only once. Wasps make no honey, hunt
other insects and can sting several times.
? What is the difference between a bee and a wasp? | How does a wasp differ from a bee? | Explain the
difference between bees and wasps. | How can I tell a wasp from a bee? | Is a wasp a kind of bee? | Compare a
bee with a wasp. | Tell me how wasps are different from bees. | What can wasps do that bees cannot do?
! In what way is a wasp not like a bee? | Say how bees and wasps differ. | What shows me that an insect is a
wasp and not a bee?
~ A bee is round and hairy, while a wasp is slim and smooth.

plant and animal
The difference between a plant and an animal is that a plant makes its own food from light, air and water.
An animal has to eat plants or other animals. Most animals can walk, swim or fly, while most plants stay in
one place.
? What is the difference between a plant and an animal? | How do animals differ from plants? | Explain the
difference between plants and animals. | Is a tree an animal or a plant, and why? | How can I tell a plant
from an animal? | Compare plants with animals. | Tell me how animals are different from plants. | What can
animals do that plants cannot do?
! In what way is a plant not like an animal? | Say how plants and animals differ. | Why is a flower not an
animal?
~ A plant makes its own food, while an animal has to eat.

insect and spider
The difference between an insect and a spider is that an insect has six legs, while a spider has eight. The
body of an insect has three parts, and that of a spider has two. Many insects have wings, but no spider has
any.
? What is the difference between an insect and a spider? | How does a spider differ from an insect? | Explain
the difference between spiders and insects. | Is a spider an insect? | How can I tell a spider from an
insect? | Compare an insect with a spider. | Tell me how spiders are different from insects. | Why are
spiders not insects?
! In what way is a spider not like an insect? | Say how insects and spiders differ. | What shows me that an
animal is a spider and not an insect?
~ An insect has six legs, while a spider has eight.

whale and fish
The difference between a whale and a fish is that a whale is a mammal and breathes air with lungs, while a
fish takes oxygen from the water with gills. A whale has warm blood and gives milk to its young. It moves
its tail up and down, and a fish from side to side.
? What is the difference between a whale and a fish? | How does a whale differ from a fish? | Explain the
difference between whales and fish. | Is a whale a fish? | Why is a whale not a fish? | Compare a whale with
a fish. | Tell me how whales are different from fish. | Are whales fish or mammals, and how do you know?
! In what way is a whale not like a fish? | Say how fish and whales differ. | What shows me that a whale is
no fish?
~ A whale breathes air with lungs, while a fish takes oxygen from the water with gills.

email and letter
The difference between an email and a letter is that an email is sent from computer to computer, while a
letter is written on paper and carried by the post. An email arrives in seconds and needs no stamp. A letter
takes days, but it is more personal.
? What is the difference between an email and a letter? | How does a letter differ from an email? | Explain
the difference between letters and emails. | Is an email the same as a letter? | Should I send an email or a
letter? What is different? | Compare an email with a letter. | Tell me how emails are different from letters.
| What is better about an email than about a letter?
! In what way is a letter not like an email? | Say how letters and emails differ. | Why is an email faster
than a letter?
~ An email is sent from computer to computer, while a letter is carried by the post.

tea and coffee
The difference between tea and coffee is that tea is made from the leaves of a plant, while coffee is made
from roasted beans. Coffee is usually darker, stronger and more bitter. Both can keep people awake, but a
cup of coffee usually does this more.
? What is the difference between tea and coffee? | How does coffee differ from tea? | Explain the difference
between coffee and tea. | Is coffee stronger than tea? | Compare tea with coffee. | Tell me how coffee is
different from tea. | Should I drink tea or coffee? What is different? | What are tea and coffee made from?
! In what way is tea not like coffee? | Say how tea and coffee differ. | What makes coffee different from
tea?
~ Tea is made from leaves, while coffee is made from roasted beans.

bus and train
The difference between a bus and a train is that a bus drives on roads, while a train runs on rails. A train
can carry more people and is often faster on long journeys. A bus can stop in many more places, because it
needs no rails.
? What is the difference between a bus and a train? | How does a train differ from a bus? | Explain the
difference between buses and trains. | Should I go by bus or by train? What is different? | Compare a bus
with a train. | Tell me how trains are different from buses. | What is better about a train than about a bus?
| Is a train faster than a bus?
! In what way is a bus not like a train? | Say how buses and trains differ. | What makes a train different
from a bus?
~ A bus drives on roads, while a train runs on rails.

summer and winter
The difference between summer and winter is that summer is warm and has long days, while winter is cold and
has short days. In summer the sun stands high in the sky. In winter it stands low, many trees have no
leaves, and there may be snow.
? What is the difference between summer and winter? | How does winter differ from summer? | Explain the
difference between winter and summer. | Compare summer with winter. | Tell me how summer is different from
winter. | What is not the same in summer and in winter? | How do the days of summer and winter differ? |
Which season is warmer, summer or winter, and what else is different?
! In what way is winter not like summer? | Say how summer and winter differ. | What makes summer different
from winter?
~ Summer is warm and has long days, while winter is cold and has short days.

doctor and nurse
The difference between a doctor and a nurse is in their tasks. A doctor finds out what illness a person has
and decides how to treat it. A nurse looks after the patients all day, gives them their medicine and watches
how they feel. They work closely together.
? What is the difference between a doctor and a nurse? | How does a nurse differ from a doctor? | Explain the
difference between doctors and nurses. | Is a nurse the same as a doctor? | Compare a doctor with a nurse. |
Tell me how the work of a nurse is different from that of a doctor. | What does a nurse do, and what does a
doctor do? | Who decides about the treatment, the nurse or the doctor?
! In what way is a nurse not the same as a doctor? | Say how doctors and nurses differ. | What makes the work
of a doctor different from that of a nurse?
~ A doctor decides how to treat an illness, while a nurse looks after the patients all day.

piano and guitar
The difference between a piano and a guitar is in the way they are played. On a piano, you press keys, and
small hammers hit the strings. On a guitar, you pluck the strings with your fingers. A guitar is small and
easy to carry, while a piano is heavy.
? What is the difference between a piano and a guitar? | How does a guitar differ from a piano? | Explain the
difference between pianos and guitars. | Should I learn the piano or the guitar? What is different? | Compare
a piano with a guitar. | Tell me how a guitar is different from a piano. | How are the strings of a piano and
a guitar played? | Is playing the piano like playing the guitar?
! In what way is a piano not like a guitar? | Say how pianos and guitars differ. | What makes a guitar
different from a piano?
~ A piano is played with keys, while the strings of a guitar are plucked.
"""
