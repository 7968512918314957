"""The body, people and their work, art, language and time."""

from ..documents import Fact
from .templates import build

TEXT = """
a heart
A heart is a muscle that pumps blood through the body. It lies in the chest and beats about seventy times in
a minute when a grown person rests. The blood brings oxygen and food to every part of the body.
~ The heart beats day and night and moves the blood through the body.

a lung
A lung is an organ in the chest that we use to breathe. It takes oxygen from the air and passes it to the
blood, and it removes a waste gas from the blood. People have two of them.
~ When we breathe in, the lungs fill with air.

a brain
A brain is the organ in the head with which people and animals think. It receives messages from the eyes,
ears and skin. It stores memories and tells the muscles what to do.
~ The brain lies in the head and is protected by the skull.

a stomach
A stomach is an organ like a bag in which food is broken down after it is swallowed. It mixes the food with
acid until it becomes a thick soup. Then the food moves on to the gut.
~ The food that we swallow goes down into the stomach.

blood
Blood is the red liquid that flows through the body. The heart pumps it through many tubes. It carries
oxygen and food to all parts of the body, takes away waste and helps to fight germs.
~ When you cut your finger, a little blood comes out.

a bone
A bone is a hard part inside the body of a person or an animal. All the bones together form the skeleton,
which holds the body up. A grown person has about two hundred and six bones.
~ When a bone is broken, it needs several weeks to heal.

a muscle
A muscle is a part of the body that can pull itself together and so move the body. Most muscles are fixed to
bones. They become stronger when they are used often.
~ We use hundreds of muscles when we walk and talk.

skin
Skin is the outer cover of the body. It keeps water in and germs out, and it lets us feel heat, cold and
pain. When it is hot, it makes sweat, which cools the body.
~ We feel heat and cold with our skin.

hair
Hair is made of thin threads that grow out of the skin. It keeps the heads of people warm and protects them
from the sun. It grows about one centimetre in a month, and cutting it does not hurt.
~ She has long brown hair.

an eye
An eye is the part of the body with which people and animals see. Light enters through a small black
opening, the pupil, and a lens makes a picture at the back. A nerve carries the picture to the brain.
~ We close our eyes when we sleep.

an ear
An ear is the part of the body with which people and animals hear. Sound makes a thin skin inside it
tremble, and tiny bones pass this on to a nerve that tells the brain. The ear also helps us to keep our
balance.
~ She put her hand behind her ear to hear better.

a tooth / teeth
A tooth is a hard white part in the mouth that is used to bite and chew food. Children have twenty milk
teeth, which fall out one by one. Grown people have up to thirty-two teeth.
~ You should brush your teeth in the morning and in the evening.

a hand
A hand is the part of the body at the end of the arm. It has four fingers and a thumb. With their hands,
people can hold things, write, build and touch.
~ He held the pencil in his left hand.

sleep
Sleep is the state in which the body and the mind rest. The eyes are closed, and we do not notice much
around us. Grown people need about eight hours of it each night, and children need more.
~ After a good night's sleep, people feel fresh.

a dream
A dream is a row of pictures and feelings that come to us while we sleep. It can be happy, strange or
frightening. Most people have several dreams each night but forget them soon.
~ In her dream she could fly like a bird.

a family
A family is a group of people who belong together, such as parents and their children. Grandparents, uncles,
aunts and cousins belong to it as well. Its members usually look after each other.
~ The whole family met at the table on Sunday.

a friend
A friend is a person whom you like and trust. Friends spend time together, help each other and share their
secrets. A good friend stays with you when things are difficult.
~ She told her secret only to her best friend.

a baby
A baby is a very young child that cannot walk or talk yet. It drinks milk, sleeps a lot and cries when it
needs something. In its first year it learns to smile, to sit and to crawl.
~ The baby smiled when it saw its mother.

a teacher
A teacher is a person who helps others to learn. Most teachers work in schools and explain subjects such as
reading, maths or music. They ask questions, give tasks and check the work of the children.
~ The teacher explained the sum once more.

a doctor
A doctor is a person who helps people when they are ill or hurt. Doctors find out what is wrong and give
medicine or other treatment. They study for many years before they can do this work.
~ He had a fever, so he went to the doctor.

a nurse
A nurse is a person who looks after sick people. Nurses give medicine, change bandages and watch how the
patients feel. Many of them work in hospitals together with doctors.
~ The nurse brought the medicine to the patient.

a dentist
A dentist is a doctor who looks after teeth. Dentists check the teeth, repair holes and remove teeth that
cannot be saved. It is wise to visit one once or twice a year.
~ The dentist repaired a hole in her tooth.

a farmer
A farmer is a person who grows crops or keeps animals for food. Farmers work outside in all kinds of
weather. They sow in spring or autumn, harvest when the crops are ripe, and feed their animals every day.
~ The farmer gets up early to milk the cows.

a baker
A baker is a person who makes bread, rolls and cakes. Bakers mix the dough, let it rise and bake it in a
large oven. They begin their work very early, often in the middle of the night.
~ The baker took the fresh bread out of the oven.

a cook
A cook is a person who prepares food. Cooks work in restaurants, schools, hospitals and hotels. They wash
and cut the vegetables, fry the meat and taste the sauce before it is served.
~ The cook tasted the soup and added some salt.

a carpenter
A carpenter is a person who makes things out of wood. Carpenters build roofs, doors, stairs and furniture.
They measure the wood, cut it with a saw and join it with nails, screws or glue.
~ The carpenter built a table of wood.

a sailor
A sailor is a person who works on a ship. Sailors steer the ship, look after its machines and load its
goods. They are often away from home for weeks or months.
~ The sailor had not seen land for three weeks.

a pilot
A pilot is a person who flies an aeroplane or a helicopter. Pilots use many instruments to keep the right
height, speed and direction. They train for a long time and talk to the airport by radio.
~ The pilot landed the aeroplane safely in the storm.

a firefighter
A firefighter is a person who puts out fires and saves people. Firefighters wear thick clothes and helmets
against the heat. They also help after accidents, storms and floods.
~ A firefighter carried the child out of the burning house.

an astronaut
An astronaut is a person who travels into space. Astronauts fly there in a rocket and often live in a space
station for months. Outside, they wear a suit that gives them air and keeps them warm.
~ The astronaut looked down at the Earth from space.

a scientist
A scientist is a person who studies how the world works. Scientists ask questions, make experiments and look
closely at what happens. Then they tell others what they have found, so that it can be checked.
~ The scientist looked at the tiny animals through a microscope.

music
Music is sound that is put in order so that it is pleasant or moving to hear. It has rhythm and usually a
melody. People make it with their voices or with instruments, and they sing and dance to it.
~ She likes to listen to music while she works.

a song
A song is a piece of music with words that people sing. It often has several verses and a part that is
repeated. People sing songs to celebrate, to pray, to play or to make a child fall asleep.
~ The children sang a song for their teacher.

a piano / pianos
A piano is a large musical instrument with black and white keys. When a key is pressed, a small hammer hits
strings inside and makes a tone. A full piano has eighty-eight keys.
~ She plays a song on the piano every evening.

a guitar
A guitar is a musical instrument with a long neck and usually six strings. The player plucks the strings
with one hand and presses them down with the other to change the tone. Its hollow body makes the sound
louder.
~ He sat by the fire and played the guitar.

a violin
A violin is a small musical instrument of wood with four strings. It is held under the chin and played with
a bow. When the bow moves over the strings, they tremble and make a high, clear sound.
~ The bow moves over the strings of the violin.

a drum
A drum is a musical instrument that is played by hitting it. A skin is stretched over a hollow body, and it
trembles when it is hit. Drums give the rhythm to which people dance or march.
~ He beat the drum, and the others danced.

a flute
A flute is a musical instrument in the shape of a tube with holes. The player blows air over an opening and
covers the holes with the fingers to change the tone. It is one of the oldest instruments.
~ She blew into the flute and played a soft melody.

a bell
A bell is a hollow cup of metal that rings when it is hit. Large bells hang in towers and ring for the hours
or for feasts. Small bells are used on doors, bicycles and animals.
~ The bell in the tower rings at noon.

a dance
A dance is a row of movements that people make to music. Some dances have fixed steps, and others are free.
People dance at feasts, on the stage or just for fun, alone or together.
~ At the wedding, everybody joined in the dance.

a painting
A painting is a picture that is made with paint. The painter puts the colours on paper, wood or cloth with a
brush. It can show people, places or things, or only shapes and colours.
~ A painting of the sea hangs on the wall.

a photograph
A photograph is a picture that is made with a camera. The camera catches the light that comes from people
and things in a single moment. People keep photographs to remember their families and journeys.
~ In the old photograph, my grandmother is a little girl.

a film
A film is a story or a report that is told with moving pictures and sound. It is made of many single
pictures, which are shown so fast that they seem to move. People watch films at the cinema or at home.
~ The film was so exciting that nobody spoke.

a story
A story is a report of things that happened or that somebody made up. It has a beginning, a middle and an
end. People tell stories to teach, to remember or to enjoy themselves.
~ Grandfather told us a story about a brave sailor.

a poem
A poem is a short text in which the sound and the order of the words are chosen with care. It is written in
lines, which often rhyme. Poems can tell of feelings, nature or great deeds.
~ She learned the poem by heart.

a joke
A joke is a short story or a saying that makes people laugh. It usually ends with a surprise. A good joke
does not hurt anybody, and it is best when it is told well.
~ He told a joke, and everybody laughed.

a riddle
A riddle is a puzzling question that has a clever answer. It describes a thing in a strange way, and the
others have to guess what it is. People have told riddles for thousands of years.
~ Nobody could guess the answer to the riddle.

a game
A game is something that people play for fun by following rules. Some games need a ball or a board, and
others need only words. In many games there are winners and losers.
~ They played a game until it was time for bed.

football
Football is a game in which two teams try to kick a ball into a goal. Each team has eleven players, and only
the keeper may touch the ball with the hands. A match lasts ninety minutes.
~ After school the boys and girls play football in the park.

a language
A language is a system of words and rules with which people share their thoughts. It can be spoken, written
or shown with the hands. There are about seven thousand languages in the world.
~ She speaks two languages, English and Spanish.

a word
A word is a group of sounds or letters that has a meaning. Words are put together to make sentences. When we
write, we leave a space between one word and the next.
~ The first word of a sentence starts with a capital letter.

the alphabet
The alphabet is the set of letters that we use to write words, in a fixed order. The English one has
twenty-six letters, from A to Z. Five of them, A, E, I, O and U, are called vowels.
~ Children learn the alphabet in their first year at school.

a sentence
A sentence is a group of words that says, asks or orders something. In writing, it begins with a capital
letter and ends with a full stop, a question mark or an exclamation mark. Most sentences contain a verb.
~ Please end each sentence with a full stop or a question mark.

a question
A question is a sentence with which we ask for something that we want to know. In writing it ends with a
question mark. Many questions begin with words such as who, what, where, when or why.
~ She raised her hand because she had a question.

a number
A number is a sign or a word that says how many there are of something. We write numbers with ten digits,
from zero to nine. With them we can count, measure and calculate.
~ Seven is a number between six and eight.

a triangle
A triangle is a flat shape with three straight sides and three corners. Its angles add up to one hundred and
eighty degrees. Builders like this shape, because it does not bend out of form.
~ If you join three points with straight lines, you get a triangle.

a circle
A circle is a round flat shape whose edge is everywhere equally far from the middle. It has no corners.
Wheels, coins and plates have this shape, and it can be drawn with a pair of compasses.
~ The children stood in a circle and held hands.

a calendar
A calendar is a list of the days, weeks and months of a year. People use it to see which day it is and to
plan what they want to do. It also shows holidays and feasts.
~ She looked at the calendar to see when the holidays begin.

a day
A day is the time in which the Earth turns once around itself. It has twenty-four hours. Part of it is
light, when our side of the Earth faces the sun, and part of it is dark.
~ A day has twenty-four hours.

a week
A week is a period of seven days. It runs from Monday to Sunday in many countries, and in others it starts
on Sunday. A year has fifty-two weeks and one or two days more.
~ There are seven days in a week.

a month
A month is one of the twelve parts of a year. Most months have thirty or thirty-one days, and February has
twenty-eight or twenty-nine. A month is about as long as the moon needs to go from full to full.
~ The first month of the year is January.

a year
A year is the time that the Earth needs to travel once around the sun. It has twelve months or three hundred
and sixty-five days. Every fourth year is usually one day longer and is called a leap year.
~ In one year the Earth travels once around the sun.

spring
Spring is the season between winter and summer. The days become longer and warmer, and the plants begin to
grow. Birds build nests, and many animals have their young.
~ The first flowers come out in spring.

summer
Summer is the warmest season of the year. The days are long, and the sun stands high in the sky. Fruit and
grain become ripe, and people like to swim and to be outside.
~ In summer it is warm enough to swim in the lake.

autumn
Autumn is the season between summer and winter. The days become shorter and cooler, and many trees lose
their leaves. Farmers harvest apples, potatoes and grapes, and some birds fly to warmer countries.
~ In autumn the leaves turn red and yellow.

winter
Winter is the coldest season of the year. The days are short, and in many countries there is snow and ice.
Some animals sleep until it gets warm, and people heat their houses.
~ The lake was frozen in winter.

a birthday
A birthday is the day of the year on which a person was born. Many people celebrate it with friends, a cake
and presents. The number of candles on the cake often shows the age of the person.
~ On her tenth birthday she got a new bicycle.

a present
A present is something that you give to somebody without asking for money. People give presents on
birthdays, at feasts or to say thank you. Many are wrapped in coloured paper.
~ He wrapped the present in red paper.
"""


def facts() -> list[Fact]:
    """The things about people as facts."""
    return build(TEXT)
