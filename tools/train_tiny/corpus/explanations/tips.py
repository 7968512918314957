"""Wishes for tips, lists and short texts, as text that advice.py reads."""

TEXT = """
sleeping well
First, go to bed at the same time every evening. Second, turn off all screens an hour before you sleep, and
read or listen to calm music instead. Third, keep your bedroom dark, quiet and cool. Avoid coffee and heavy
meals in the evening.
? Give me three tips for sleeping well. | How can I sleep better? | I cannot fall asleep at night. What can I
do? | What helps people to sleep well? | Tell me how to get a good night's sleep. | Do you have advice for a
better sleep? | I sleep badly. Can you help me? | What should I do in the evening to sleep well? | Please
list three things that help me to sleep.
! Name three ways to sleep better. | What is your advice for people who sleep badly? | How do I get better
sleep?
~ To sleep well, go to bed at the same time every evening and keep your bedroom dark and quiet.

animals of the sea
Many animals live in the sea. Sharks and seals eat fish, and dolphins eat fish and squid. Blue whales eat
tiny shrimps, which are called krill. Crabs eat plants and small animals, and green sea turtles eat mainly
sea grass.
? Name some animals that live in the sea, and say what they eat. | Which animals live in the sea, and what do
they eat? | What do sea animals eat? | Tell me some animals of the sea and their food. | List a few sea
animals and say what each one eats. | Which sea animals do you know, and what is their food? | What lives in
the sea, and what does it eat? | Give me examples of animals in the ocean and what they feed on.
! Say which animals we find in the sea and what they eat. | What kinds of animals are in the ocean, and what
food do they need? | Tell me what some animals in the sea eat.
~ In the sea, sharks and seals eat fish, and blue whales eat tiny shrimps.

visit to Rome
A visitor to Rome should see the Colosseum, a huge old theatre where fighters once met, and the ruins of the
Forum next to it. The Pantheon, the Trevi Fountain and Saint Peter's Church in the Vatican are famous as
well. In the evening, it is nice to walk through the old streets.
? What should a visitor see in Rome? | What can I see in Rome? | Which sights of Rome are worth a visit? | I
am going to Rome. What should I look at? | Tell me what is famous in Rome. | Name some places to see in Rome.
| What are the best sights in Rome? | Give me tips for a trip to Rome. | We have one day in Rome. What should
we visit?
! What is there to see for a tourist in Rome? | Which places should I go to in Rome? | Say what people visit
in Rome.
~ In Rome, visitors see the Colosseum, the Forum, the Pantheon and the Trevi Fountain.

visit to Paris
A visitor to Paris should see the Eiffel Tower, from which you can look over the whole city, and the Louvre,
a museum with the famous Mona Lisa. The church of Notre-Dame stands on an island in the river Seine. A boat
trip on the river is a good way to see many sights.
? What should a visitor see in Paris? | What can I see in Paris? | Which sights of Paris are worth a visit? |
I am going to Paris. What should I look at? | Tell me what is famous in Paris. | Name some places to see in
Paris. | What are the best sights in Paris? | Give me tips for a trip to Paris.
! What is there to see for a tourist in Paris? | Which places should I go to in Paris? | Say what people
visit in Paris.
~ In Paris, visitors see the Eiffel Tower, the Louvre and Notre-Dame.

visit to London
A visitor to London should see the Tower of London, an old castle by the river Thames, and Tower Bridge next
to it. Big Ben, Buckingham Palace and the British Museum are famous as well. From the London Eye, a very
large wheel, you can look over the city.
? What should a visitor see in London? | What can I see in London? | Which sights of London are worth a
visit? | I am going to London. What should I look at? | Tell me what is famous in London. | Name some places
to see in London. | What are the best sights in London? | Give me tips for a trip to London.
! What is there to see for a tourist in London? | Which places should I go to in London? | Say what people
visit in London.
~ In London, visitors see the Tower, Big Ben and Buckingham Palace.

letter to a loud neighbour
Dear neighbour, I hope you are well. In the last few nights I could hear your music through the wall, and it
was hard for me to sleep. Could you please be a little quieter after ten o'clock in the evening? Thank you
very much for your help, and kind regards from next door.
? Write a polite letter that asks a neighbour to be quieter at night. | Write a letter to my neighbour who is
too loud at night. | My neighbour is loud at night. Please write a friendly letter to him. | How can I
politely ask my neighbour to be quiet? | Help me to write to a noisy neighbour. | I need a polite note for a
loud neighbour. | Please write a few kind lines that ask my neighbour for less noise. | Can you write a
letter about noise to the people next door?
! Write a friendly letter that asks for quiet at night. | Please help me with a letter to my loud neighbour.
| What should I write to a neighbour who makes noise at night?
~ Dear neighbour, could you please be a little quieter after ten o'clock in the evening?

thank-you note
Dear Grandmother, thank you very much for the lovely book that you sent me for my birthday. I have already
read the first three chapters, and I like the story a lot. I hope to see you soon, so that I can tell you
about it. With love from your grandchild.
? Write a thank-you letter to my grandmother for a book. | Write a note that thanks Grandmother for her
present. | Help me to thank my grandmother for a book. | My grandmother gave me a book. What can I write to
her? | Please write a short letter of thanks. | I need a thank-you note for a birthday present. | How do I
write a nice thank-you letter? | Can you write some words of thanks to my grandmother?
! Write a few lines to thank my grandmother. | What should I write to say thank you for a present? | Please
help me with a thank-you note.
~ Dear Grandmother, thank you very much for the lovely book.

birthday invitation
Dear friend, I am turning ten on Saturday, and I would like to invite you to my party. It starts at three
o'clock in our garden, and there will be cake, games and music. Please tell me by Thursday whether you can
come. I would be very happy to see you there.
? Write an invitation to my birthday party. | Help me to write an invitation for a birthday. | I want to
invite my friends to my party. What can I write? | Please write a short birthday invitation. | Can you write
an invitation to a party in the garden? | How do I invite a friend to my birthday? | I need some words for a
birthday invitation. | Write a friendly letter that invites a friend to a party.
! Write a few lines to invite a friend to my birthday. | What should I write when I invite people to a party?
| Please help me with my birthday invitation.
~ Dear friend, I would like to invite you to my birthday party on Saturday.

saying sorry
Say sorry soon, look at the person and say clearly what you did wrong. Do not make excuses, and do not blame
others. Ask what you can do to make it better, and then do it. Give the other person time, because hurt
feelings need a while to heal.
? How do I say sorry to a friend? | How can I apologise? | I hurt my friend. What should I do? | Give me
advice on how to say sorry. | What is the right way to apologise? | Tell me how to make up with a friend. | I
was mean to my sister. How can I make it good again? | What should I say when I have made somebody sad?
! Can you help me to say sorry? | What do I do after I hurt somebody? | How does a good apology go?
~ Say sorry soon, and say clearly what you did wrong.

cheering up a friend
Listen to your friend first, and do not interrupt. Say that you are sorry and that you are there to help.
Then do something nice together, such as a walk, a game or a cup of cocoa. Often it is enough that somebody
stays close and cares.
? How can I cheer up a sad friend? | My friend is sad. What can I do? | Give me tips for helping a sad
friend. | What helps a person who is sad? | Tell me how to comfort a friend. | What should I say to a friend
who is crying? | How do I make my friend happy again? | I want to comfort my friend. Do you have advice?
! What can I do for a friend who feels sad? | Can you help me to comfort somebody? | Name some ways to cheer
up a friend.
~ If a friend is sad, listen first and stay close.

making friends
Smile, say hello and tell people your name. Ask what they like, and listen to their answers. Join a club or
a game, because it is easier to talk when you do something together. Be kind and patient, since a friendship
needs some time to grow.
? How can I make new friends? | I have no friends at my new school. What can I do? | Give me tips for making
friends. | What is a good way to find friends? | Tell me how to make friends. | I am shy. How do I find a
friend? | Do you have advice on finding new friends? | How do people become friends?
! What should I do to find some friends? | Can you help me to make friends? | Name some ways to meet new
friends.
~ To make friends, smile, say hello and listen to others.

studying for a test
Begin to study several days before the test and learn a little every day. Put away your phone, and take a
short break every half hour. Explain the subject to somebody in your own words, and practise with old
questions. On the last evening, go to bed early.
? How should I study for a test? | I have an exam next week. What can I do? | Give me tips for learning for
an exam. | What is the best way to prepare for a test? | Tell me how to study well. | How can I learn better
for school? | Do you have advice for a pupil before a test? | How do I get ready for an exam?
! What should I do before an exam? | Can you help me to prepare for a test? | Name some ways to study for an
exam.
~ To study for a test, begin early and learn a little every day.

learning a language
Learn some new words every day, and repeat the old ones. Listen to songs and films in the language, even if
you do not understand everything. Speak as often as you can, and do not be afraid of mistakes. Reading
simple books helps as well.
? How can I learn a new language? | Give me tips for learning a language. | What is the best way to learn
English? | I want to learn Spanish. How should I begin? | Tell me how people learn a foreign language. | Do
you have advice on learning languages? | How do I remember new words of a language? | What helps when you
learn a language?
! What should I do to learn a language? | Can you help me with learning a new language? | Name some ways to
learn a language.
~ To learn a language, practise some new words every day and speak as often as you can.

healthy eating
Eat many vegetables and fruits of different colours every day. Choose bread, rice and noodles made from
whole grain, and drink mainly water. Eat sweets, chips and fast food only now and then. Eat slowly, and stop
when you are full.
? How can I eat in a healthy way? | Give me tips for healthy food. | What should I eat to stay healthy? |
What does a healthy meal look like? | Tell me which food is good for me. | Do you have advice on healthy
eating? | Which food should I eat every day? | I want to eat better. What can I do?
! What is good food for a healthy life? | Can you help me to eat better? | Name some rules for healthy
eating.
~ To eat well, choose many vegetables and fruits and drink mainly water.

keeping fit
Move your body for about an hour every day. Walk or ride a bicycle instead of going by car, and take the
stairs instead of the lift. Choose a sport that you enjoy, such as swimming, dancing or football. Also sleep
enough and drink plenty of water.
? How can I keep fit? | Give me tips for staying fit. | What should I do to become stronger? | How much
should I move every day? | Tell me how to stay in good shape. | Do you have advice on sport and health? | I
sit too much. What can I do? | Which sports keep people fit?
! What is a good way to stay fit? | Can you help me to get fit? | Name some ways to move more.
~ To keep fit, move for about an hour every day.

saving money
Write down what you earn and what you spend, so that you see where your money goes. Make a list before you
shop, and buy only what is on it. Wait a day before you buy something expensive. Put a part of your money
aside at the start of each month.
? How can I save money? | Give me tips for saving money. | I never have enough money. What can I do? | What
is a good way to save some money? | Tell me how to spend less. | Do you have advice on saving? | How do
people save for something big? | I want to buy a bicycle. How do I save for it?
! What should I do to spend less money? | Can you help me to save? | Name some ways to save money.
~ To save money, write down what you spend and make a list before you shop.

saving water
Take a short shower instead of a bath, and turn off the tap while you brush your teeth. Run the washing
machine only when it is full. Collect rain in a barrel and use it for the plants. Repair taps that drip,
because many drops make a bucket.
? How can I save water? | Give me tips for saving water at home. | What can we do to use less water? | Tell
me how a family can save water. | Do you have advice on saving water? | We use too much water. What should we
change? | What are good ways to save water in the house? | How do people use less water?
! What should I do to use less water at home? | Can you help us to save water? | Name some ways to save
water.
~ To save water, take short showers and turn off the tap while you brush your teeth.

saving energy
Turn off the lights and the screens when you leave a room. Close the windows when the heating is on, and
wear a jumper instead of heating more. Dry your clothes on a line in the sun. Use lamps and machines that
need little electricity.
? How can I save energy at home? | Give me tips for saving electricity. | What can we do to use less energy?
| Tell me how a family can save electricity. | Do you have advice on saving energy? | Our electricity costs
too much. What should we change? | What are good ways to save energy in the house? | How do people use less
electricity?
! What should I do to use less electricity at home? | Can you help us to save energy? | Name some ways to
save energy.
~ To save energy, turn off the lights when you leave a room.

caring for a cat
Give your cat fresh water and good cat food every day, and clean its litter box. It needs a warm place to
sleep, something to scratch and time to play with you. Brush its fur now and then. Once a year, an animal
doctor should look at it.
? How do I look after a cat? | What does a cat need? | Give me tips for keeping a cat. | We are getting a
cat. What must we know? | Tell me how to care for a cat. | Do you have advice for people with a cat? | What
should I do for my cat every day? | How do I keep a cat happy and healthy?
! What do I need when I have a cat? | Can you help me to look after my cat? | Name some things that a cat
needs.
~ A cat needs fresh water, good food, a clean litter box and time to play.

caring for a dog
Give your dog fresh water and good dog food, and take it for a walk at least twice a day. Teach it simple
rules with kind words and small rewards. It needs a quiet place to sleep and should not be alone all day.
Once a year, an animal doctor should see it.
? How do I look after a dog? | What does a dog need? | Give me tips for keeping a dog. | We are getting a
dog. What must we know? | Tell me how to care for a dog. | Do you have advice for people with a dog? | What
should I do for my dog every day? | How do I keep a dog happy and healthy?
! What do I need when I have a dog? | Can you help me to look after my dog? | Name some things that a dog
needs.
~ A dog needs water, food, walks every day and a quiet place to sleep.

plants in the house
Put your plant near a window, because it needs light. Feel the soil with your finger, and give it water only
when the top is dry. Most plants die because they get too much water and not too little. Wipe dust off the
leaves, and use a larger pot when the roots are crowded.
? How do I keep a plant alive? | My plants always die. What can I do? | Give me tips for plants in the house.
| What does a house plant need? | Tell me how to look after a plant. | How often should I water my plants? |
Do you have advice for house plants? | Where should I put a plant in my room?
! What should I do so that my plant does not die? | Can you help me to look after my plants? | Name some
things that a plant in the house needs.
~ A plant in the house needs light, and water only when the top of the soil is dry.

tidying a room
Start with one corner and not with the whole room. Put things into three groups: to keep, to give away and
to throw away. Give each thing that you keep its own place. At last, wipe the dust away and clean the floor,
and then tidy a little every evening.
? How do I tidy my room? | My room is a mess. What can I do? | Give me tips for tidying up. | What is the
best way to clean up a room? | Tell me how to keep my room tidy. | Do you have advice on tidying? | Where
should I start when I tidy my room? | How can I make my room neat?
! What should I do with a messy room? | Can you help me to tidy up? | Name some steps for tidying a room.
~ To tidy a room, start with one corner and give each thing its own place.

having a cold
If you have a cold, stay at home, rest and sleep a lot. Drink plenty of water, warm tea or soup. Cover your
mouth when you cough, and wash your hands often, so that others do not catch it. If you have a high fever or
do not get better, see a doctor.
? I have a cold. What should I do? | What helps against a cold? | Give me tips for getting over a cold. | How
do I get well when I have a cold? | Tell me what to do when my nose runs. | Do you have advice for somebody
with a cold? | My throat hurts and I have a cough. What can I do? | What should people with a cold do?
! What can I do about my cold? | Can you help me to get rid of a cold? | Name some things that help with a
cold.
~ If you have a cold, rest, drink plenty of warm tea and wash your hands often.

safe in a storm
Go into a house or a car as soon as you hear thunder. Stay away from single trees, from water and from
hills. If you cannot reach a shelter, crouch in a low place with your feet together. Inside, close the
windows and wait until the storm has passed.
? What should I do in a thunderstorm? | How do I stay safe in a thunderstorm? | Give me tips for a storm with
lightning. | Where is it safe when there is lightning? | Tell me how to act in a thunderstorm. | Should I
stand under a tree in a storm? | We are outside, and a storm is coming. What should we do? | Do you have
advice for thunderstorms?
! What can I do when lightning is near? | Can you tell me where to go in a thunderstorm? | Name some rules
for a thunderstorm.
~ In a thunderstorm, go into a house or a car and stay away from single trees.

safe in the sun
Stay in the shade at noon, when the sun is strongest. Wear a hat, sunglasses and light clothes, and put sun
cream on your skin every two hours. Drink a lot of water. Never look straight at the sun, because its light
can hurt your eyes.
? How do I protect myself from the sun? | Give me tips for a very hot day. | What should I do so that I do
not get sunburnt? | How can I stay safe in the sun? | Tell me what to do in the hot sun. | Do you have advice
against sunburn? | What should children wear in the sun? | It is very sunny today. What must I think of?
! What can I do against too much sun? | Can you tell me how to avoid sunburn? | Name some rules for sunny
days.
~ In the hot sun, stay in the shade, wear a hat and drink a lot of water.

rainy day
On a rainy day you can read a book, bake a cake or play a board game with your family. You can also draw,
build something from boxes or write a letter to a friend. If you have good boots and a coat, go outside and
jump into puddles.
? What can I do on a rainy day? | It is raining, and I am bored. What can I do? | Give me ideas for a rainy
day. | What can children play when it rains? | Tell me some things to do inside. | Do you have an idea for a
wet afternoon? | How can we spend a day at home in the rain? | Which games are good for bad weather?
! What is fun to do when it rains? | Can you help me to find something to do in the rain? | Name some things
to do on a rainy day.
~ On a rainy day you can read, bake a cake or play a board game.

packing for a journey
Make a list before you pack, and begin with papers, money and medicine. Choose clothes for the weather at
the place where you are going, and take one warm thing as well. Roll your clothes to save space. Put heavy
things at the bottom and your snacks on top.
? How do I pack for a journey? | What should I take on a trip? | Give me tips for packing a bag. | I am going
on holiday. What must I pack? | Tell me how to pack a suitcase. | Do you have advice on packing? | What is
the best way to pack clothes? | How can I get everything into my suitcase?
! What do I put into my bag for a trip? | Can you help me to pack for a holiday? | Name some things to pack
for a journey.
~ To pack for a journey, make a list and begin with papers, money and medicine.

speaking to a class
Know your subject well, and write down only a few words to help you. Practise your talk aloud at home, in
front of a mirror or a friend. Speak slowly, look at the people and take a deep breath before you begin.
Everybody is a little nervous, and that is normal.
? How do I give a good talk in class? | I have to speak in front of my class. What can I do? | Give me tips
for giving a talk. | What helps when you are afraid to speak? | Tell me how to speak in front of people. | Do
you have advice for my first talk? | How can I be less nervous when I speak? | What makes a good talk?
! What should I do before I give a talk? | Can you help me with a talk for school? | Name some rules for a
good talk.
~ To give a good talk, know your subject, practise aloud and speak slowly.

being angry
When you are angry, stop and breathe in and out slowly ten times. Go to another place or take a walk until
you feel calm. Then say what made you angry without shouting, and listen to the other person. Running or
drawing can help to let the anger out.
? What can I do when I am angry? | How do I calm down? | Give me tips against anger. | I get angry very
quickly. What should I do? | Tell me how to stay calm. | Do you have advice for angry people? | What helps
when I want to shout at somebody? | How can I stop being so angry?
! What should I do to become calm again? | Can you help me to calm down? | Name some ways to stop being
angry.
~ When you are angry, stop and breathe in and out slowly ten times.
"""
