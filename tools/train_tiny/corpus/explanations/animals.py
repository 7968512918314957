"""Animals, and what belongs to them."""

from ..documents import Fact
from .templates import build

TEXT = """
an animal
An animal is a living thing that eats plants or other animals. Most animals can move and have senses such as
sight and hearing. Insects, fish, birds and mammals are all animals.
~ Unlike plants, animals have to eat other living things.

a cat
A cat is a small animal with soft fur that many people keep as a pet. It sees well when there is little
light and hunts mice and birds. It can purr when it is content, and it washes itself with its tongue.
~ The cat sat by the window and waited for a mouse.

a dog
A dog is an animal that lives with people as a pet and a helper. It has a very good sense of smell and comes
from the wolf. Dogs guard houses, herd sheep and help blind people to find their way.
~ A dog can smell things that people cannot notice.

a horse
A horse is a large animal with hooves and a long mane that eats grass. It can run fast and carry a rider or
pull a cart. Before there were cars, horses were very important for travel and work.
~ She rode her horse across the field.

a cow
A cow is a large farm animal that gives milk. It eats grass and has a stomach with four parts. It brings the
grass up again and chews it a second time, so that it can be digested.
~ Cows eat grass and give us milk.

a sheep / sheep
A sheep is a farm animal with a thick coat of wool. It eats grass and lives in flocks. Once a year the
farmer cuts off its wool, which is made into warm clothes.
~ Once a year the farmer cuts the wool of the sheep.

a goat
A goat is an animal with horns and often a beard that is kept for its milk. It climbs very well and eats
grass, leaves and bark. Cheese is made from goat milk.
~ Goats can climb on steep rocks.

a pig
A pig is a farm animal with a round body, a flat nose and a short tail. It is clever and can smell food
under the ground. On hot days it rolls in the mud to stay cool.
~ The pig rolled in the mud because it was hot.

a chicken
A chicken is a farm bird that is kept for its eggs and its meat. The female is called a hen and the male is
called a cock. Chickens scratch the ground to find seeds, worms and insects.
~ Hens, which are female chickens, lay most of the eggs that we eat.

a duck
A duck is a water bird with a broad beak and webbed feet. It swims well and eats plants, insects and small
animals. Its feathers are covered with oil, so that they do not get wet.
~ The duck swam across the pond with her young.

a mouse / mice
A mouse is a very small animal with a long tail and round ears. It eats seeds, fruit and almost everything
that people eat. Mice have many young, and cats, owls and foxes hunt them.
~ The mouse ran into its hole when the cat came.

a rabbit
A rabbit is a small animal with long ears and a short tail. It eats grass and other plants and lives in
tunnels under the ground. When it is afraid, it runs away in quick jumps.
~ The rabbit heard a noise and ran into its hole.

a squirrel
A squirrel is a small animal with a bushy tail that lives in trees. It jumps from branch to branch and eats
nuts and seeds. In autumn it hides nuts in the ground as food for the winter.
~ In autumn the squirrel hides nuts in the ground.

a hedgehog
A hedgehog is a small animal whose back is covered with spines. When it is in danger, it rolls itself up
into a ball. It eats insects and worms at night and sleeps through the winter.
~ The hedgehog rolled itself into a ball when the dog came near.

a deer / deer
A deer is a shy animal with long legs that lives in forests and fields. It eats grass, leaves and buds. The
males of most kinds grow antlers, which fall off every year and grow again.
~ A deer stood between the trees and listened.

a fox / foxes
A fox is a wild animal that looks like a small dog with a bushy tail. Many foxes have red fur. They hunt
mice, birds and rabbits, mostly at night, and raise their young in a hole.
~ At night the fox came to the farm and looked for food.

a wolf / wolves
A wolf is a wild animal that looks like a large dog. It lives and hunts in a family group, which is called a
pack. Wolves howl to call each other, and all dogs come from them.
~ A pack of wolves hunts together.

a bear
A bear is a large and strong animal with thick fur and a short tail. Most bears eat plants as well as meat
and fish. In cold countries many of them sleep through the winter in a den.
~ The bear caught a fish in the river.

a lion
A lion is a large wild cat that lives mainly in Africa. The male has a thick mane around its head. Lions
live in family groups, which are called prides, and the females do most of the hunting.
~ Lions live in groups and rest for most of the day.

a tiger
A tiger is the largest of the wild cats, with orange fur and black stripes. It lives in the forests of Asia
and hunts alone. The stripes hide it among tall grass and trees.
~ The stripes of a tiger make it hard to see in the grass.

an elephant
An elephant is the largest animal that lives on land. It has big ears, two tusks and a long trunk. It uses
the trunk to breathe, to drink, to pick up food and to greet others.
~ An elephant picks up its food with its trunk.

a giraffe
A giraffe is an African animal with a very long neck and long legs. It is the tallest animal in the world.
It eats the leaves of tall trees, which other animals cannot reach.
~ With its long neck, a giraffe reaches the leaves of tall trees.

a camel
A camel is a large animal with one or two humps that lives in dry lands. The humps store fat, which it uses
when there is no food. It can walk for many days without water.
~ Camels carry people and goods through the desert.

a kangaroo
A kangaroo is an Australian animal that moves in long jumps on its strong back legs. It uses its thick tail
to keep its balance. The mother carries her baby in a pouch on her belly.
~ A young kangaroo lives in the pouch of its mother.

a monkey
A monkey is a clever animal that is good at climbing and usually has a long tail. Most monkeys live in
groups in warm forests. They eat fruit, leaves and insects and use their hands much as we do.
~ The monkey swung from one branch to the next.

a bat
A bat is a mammal that can fly. Its wings are made of thin skin between its long fingers. Most bats hunt
insects at night and find them by listening to the echo of their own calls.
~ Bats hang upside down when they sleep.

a whale
A whale is a very large mammal that lives in the sea. It breathes air, so it must come to the surface again
and again. The blue whale is the largest animal that has ever lived.
~ A whale has to come up to breathe, because it is not a fish.

a dolphin
A dolphin is a clever mammal that lives in the water and eats fish. It breathes through a hole on the top of
its head. Dolphins live in groups and talk to each other with clicks and whistles.
~ The dolphins jumped out of the water next to the ship.

a seal
A seal is a mammal with a thick layer of fat that lives in the sea and rests on land. It swims very well
with its flippers. Most seals live in cold waters and eat fish.
~ The seal lay on the ice and slept in the sun.

a shark
A shark is a fish with a skeleton of cartilage instead of bone. Many sharks have several rows of sharp
teeth, and lost teeth grow again. Most kinds eat fish or other sea animals and do no harm to people.
~ A shark loses many teeth in its life, but new ones grow.

a fish / fish
A fish is an animal that lives in water and breathes with gills. It moves by bending its body and its tail.
Most fish are covered with scales and lay eggs.
~ Fish take the oxygen that they need from the water.

an octopus / octopuses
An octopus is a soft sea animal with eight arms and no bones. It can change its colour to hide from enemies.
It eats crabs and mussels, and it is very clever.
~ With its eight arms, the octopus caught a crab.

a crab
A crab is a sea animal with a hard shell, eight legs and two claws. Most crabs walk sideways. They eat
plants and small animals and grow a new shell when the old one is too small.
~ The crab walked sideways over the sand.

a jellyfish / jellyfish
A jellyfish is a soft sea animal that looks like a clear umbrella. It has no bones, no brain and no heart.
Its long threads can sting, and with them it catches small animals.
~ Do not touch a jellyfish, because it may sting.

a frog
A frog is a small animal with smooth skin and long back legs that lives in water and on land. It catches
insects with its sticky tongue. Its young are called tadpoles and look like little fish.
~ The frog jumped into the pond.

a snake
A snake is a long animal without legs that is covered with dry scales. It moves by bending its body and
swallows its food whole. Some snakes have poison in their teeth.
~ The snake lay on a stone and warmed itself in the sun.

a turtle
A turtle is an animal with a hard shell around its body. It can draw in its head and legs when there is
danger. Turtles lay eggs on land, and some of them live longer than a hundred years.
~ The turtle drew its head into its shell.

a crocodile
A crocodile is a large animal with a long tail, strong jaws and thick skin. It lives in warm rivers and
lakes. It lies still in the water and catches fish and other animals that come near.
~ Only the eyes of the crocodile could be seen above the water.

a dinosaur
A dinosaur is an animal of a group that lived on the Earth millions of years ago. Some were as small as
chickens, and others were larger than any elephant. Most of them died out, but birds come from them.
~ We know about dinosaurs because their bones have been found in rocks.

a bird
A bird is an animal with feathers, two wings and a beak. It lays eggs, and most birds can fly. Many build
nests for their young, and some travel to warmer countries in winter.
~ In spring the birds build nests and sing.

an owl
An owl is a bird with large eyes that hunts at night. Its soft feathers let it fly without a sound. It hears
very well and catches mice, even when it is almost dark.
~ The owl flies silently through the night and looks for mice.

an eagle
An eagle is a large bird with strong claws and a hooked beak. It has very sharp eyes and can see a rabbit
from far away. It builds its nest on high rocks or in tall trees.
~ From high in the air, an eagle can see a small animal on the ground.

a penguin
A penguin is a black and white bird that cannot fly but swims very well. Penguins live in the southern half
of the world, many of them in the cold. They catch fish in the sea, and some stand close together to keep
warm.
~ Penguins use their wings to swim.

a parrot
A parrot is a colourful bird with a strong curved beak that lives in warm countries. It eats seeds, nuts and
fruit. Some parrots can repeat words that they have heard.
~ The parrot in the shop can say hello.

a nest
A nest is a place that an animal builds for its eggs or its young. Birds make it from grass, twigs, mud and
feathers. It keeps the eggs warm and hides them from enemies.
~ There were four small eggs in the nest.

a feather
A feather is one of the light parts that cover the body of a bird. It has a stiff shaft in the middle with
fine hairs on both sides. Feathers keep birds warm and dry and help them to fly.
~ A white feather fell from the wing of the bird.

an insect
An insect is a small animal with six legs and a body of three parts. Many insects have wings. Bees, ants,
flies and butterflies are insects, and there are more kinds of them than of all other animals together.
~ Ants and bees are insects, because they have six legs.

a bee
A bee is a flying insect that collects nectar and pollen from flowers. Many kinds live alone, but honey bees
live together in a hive and make honey. By carrying pollen, bees help plants to make seeds.
~ A bee visits hundreds of flowers in a day.

an ant
An ant is a small insect that lives in a large group with many others. Each ant has its task: the queen lays
the eggs, and the workers look for food. It can carry much more than its own weight.
~ The ants carried the crumbs to their nest.

a butterfly
A butterfly is an insect with four large and often colourful wings. It starts its life as a caterpillar that
eats leaves. Then it rests in a hard case and comes out with wings.
~ Every butterfly was once a caterpillar.

a spider
A spider is a small animal with eight legs that makes silk. Many spiders spin a web of fine threads and wait
until an insect is caught in it. They are not insects, because they have eight legs instead of six.
~ In the morning there were drops of water on the web of the spider.

a worm
A worm is an animal with a long, soft body and no legs. Earthworms dig through the soil and eat dead leaves.
In this way they make the ground loose and good for plants.
~ After the rain, there was a worm on the path.

a snail
A snail is a slow and soft animal that carries a shell on its back. It slides on one broad foot and leaves a
wet track behind. When it is dry or dangerous outside, it hides in its shell.
~ The snail moved slowly over the leaf.
"""


def facts() -> list[Fact]:
    """The animals as facts."""
    return build(TEXT)
