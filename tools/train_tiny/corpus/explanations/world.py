"""Buildings, places and what people share: money, maps, law and the like."""

from ..documents import Fact
from .templates import build

TEXT = """
a school
A school is a place where children learn. Teachers show them how to read, write and calculate, and they
teach them about the world. The children sit in classes and play together during the breaks.
~ Children go to school to learn reading, writing and many other things.

a university
A university is a school for adults where they study one subject very closely. People there learn to become
doctors, teachers or engineers. Many of the teachers also do research to find out new things.
~ After school, she went to a university to become a doctor.

a library
A library is a place where many books are kept for people to read. Most libraries let you borrow books and
take them home for some weeks. It is quiet there, so you can also study.
~ You can borrow books from the library and bring them back later.

a museum
A museum is a building where interesting, old or beautiful things are kept and shown. People can see
paintings, tools, bones of dinosaurs or machines there. Small signs explain what the things are.
~ In the museum we saw the bones of a dinosaur.

a hospital
A hospital is a building where sick and injured people are treated. Doctors and nurses work there by day and
by night. It has beds, rooms for operations and machines that look inside the body.
~ Doctors and nurses look after sick people in a hospital.

a shop
A shop is a place where people buy things. The things lie on shelves with their prices, and the customers
pay before they leave. Some shops sell only one kind of thing, such as shoes or books.
~ She went to the shop and bought bread and milk.

a supermarket
A supermarket is a large shop that sells food and many other things for the house. The customers put what
they need into a basket or a trolley. They pay for everything at the till.
~ In the supermarket you can buy bread, fruit and soap in one place.

a market
A market is a place where many people sell their goods from stalls. Farmers bring fruit, vegetables, eggs
and cheese. In many towns it is held on a square once or twice a week.
~ On Saturday the farmers sell their vegetables at the market.

a bakery
A bakery is a place where bread and cakes are baked and sold. The bakers start their work in the night, so
that the bread is fresh in the morning. You can smell it from the street.
~ Early in the morning, the smell of fresh bread comes from the bakery.

a restaurant
A restaurant is a place where people pay to eat meals. The guests choose from a list, which is called the
menu. Cooks prepare the food in the kitchen, and waiters bring it to the tables.
~ On her birthday they ate in a restaurant.

a hotel
A hotel is a building where travellers can sleep and pay for each night. It has many rooms with beds and
bathrooms. Most hotels offer breakfast, and the staff clean the rooms every day.
~ On their journey they slept in a small hotel.

a bank
A bank is a business that keeps money for people and lends it to others. People who save money there may get
a little more back. Those who borrow money pay it back with interest.
~ He took his savings to the bank.

a post office
A post office is a place where people send letters and parcels. You can buy stamps there and pay for the
delivery. The letters are sorted by their addresses and taken all over the world.
~ She brought the parcel to the post office.

a farm
A farm is a piece of land where people grow crops and keep animals. It has fields, barns and machines such
as tractors. Most of our food, such as grain, milk and vegetables, comes from farms.
~ On the farm there are cows, chickens and fields of wheat.

a factory
A factory is a building where things are made in large numbers with machines. Workers and robots put the
parts together step by step. Cars, clothes, toys and many foods come from factories.
~ Hundreds of cars are built in the factory every day.

a mill
A mill is a building with machines that grind grain into flour. In the past, wind or flowing water turned
its heavy stones. Today most mills are driven by electric motors.
~ The farmer took his grain to the mill.

an airport
An airport is a place where aeroplanes take off and land. It has long runways and buildings where passengers
wait. In the tower, people tell the pilots when they may start or land.
~ The aeroplane landed at the airport in the evening.

a railway station
A railway station is a place where trains stop so that people can get on and off. It has platforms next to
the rails. A board shows when the trains leave and where they go.
~ They waited on the platform of the railway station for their train.

a road
A road is a way with a hard surface on which vehicles can travel. It connects villages, towns and cities.
Signs and lines tell the drivers how fast they may go and where to turn.
~ The road leads from the village to the city.

a street
A street is a road in a town or a city with buildings on its sides. It usually has pavements for people who
walk. Each street has a name, so that houses are easy to find.
~ There are shops on both sides of the street.

a railway
A railway is a track of steel rails on which trains run. The rails lie on strong bars of wood or concrete.
The smooth steel lets heavy trains roll with little effort.
~ A railway connects the two cities, so people travel by train.

a bridge
A bridge is a structure that carries a road, a path or a railway over a river, a valley or another road. It
can be made of wood, stone, steel or concrete. Some bridges hang from strong cables.
~ They crossed the river on an old stone bridge.

a tunnel
A tunnel is a long hole through a mountain, under the ground or under water. People, cars or trains can
travel through it. It makes the way shorter, because nobody has to go around or over the mountain.
~ The train went through a long tunnel under the mountain.

a dam
A dam is a strong wall across a river that holds back the water. Behind it, a lake forms. The water can be
used for drinking, for fields or to make electricity.
~ The water of the river is held back by a dam.

a canal
A canal is a river that people have dug. It lets boats travel from one place to another or brings water to
fields. Some canals, such as those of Suez and Panama, connect two seas.
~ The boats move slowly along the canal.

a well
A well is a deep hole in the ground from which people get water. The water collects at the bottom, where it
comes out of the soil. It is lifted with a bucket or a pump.
~ They drew cold water from the well.

a lighthouse
A lighthouse is a tall tower with a strong light at the top that helps ships to find their way. It stands on
the coast or on a rock in the sea. At night, its light warns sailors of dangerous places.
~ The light of the lighthouse warned the ship of the rocks.

a harbour
A harbour is a sheltered place on the coast where ships can stop safely. Walls often protect it from the
waves. Ships load and unload goods there, and fishing boats bring in their catch.
~ The ships lay in the harbour and waited for the end of the storm.

a castle
A castle is a large, strong building with thick walls and towers. Kings and knights lived in castles
hundreds of years ago. Many have a ditch and a bridge that can be pulled up to keep out enemies.
~ The old castle stands on a hill above the town.

a palace
A palace is a large and beautiful house that was built for a king, a queen or another ruler. It has many
rooms with fine furniture and often a big garden. Many palaces are museums today.
~ The queen lived in a palace with a hundred rooms.

a tower
A tower is a building that is much taller than it is wide. Some towers hold bells or clocks, and others are
used to look far over the land. The Eiffel Tower in Paris is one of the best known.
~ From the top of the tower you can see the whole town.

a church / churches
A church is a building where Christians meet to pray and sing. Many churches have a high tower with bells.
Some are hundreds of years old and have windows of coloured glass.
~ On Sunday the bells of the church ring.

a pyramid
A pyramid is a building with a broad base and sides that meet in a point at the top. In old Egypt, pyramids
were built of stone as graves for kings. The largest was built about four and a half thousand years ago.
~ The kings of old Egypt were buried in pyramids.

a park
A park is a piece of land with grass and trees where people can rest and play. Most parks are in cities and
belong to everybody. People walk, run, read and meet their friends there.
~ The children played in the park until it got dark.

a playground
A playground is a place outside where children can play. It often has swings, slides and frames for
climbing. The ground is soft, so that nobody gets hurt when falling.
~ There are two swings and a slide in the playground.

a zoo
A zoo is a place where wild animals are kept so that people can see and study them. Keepers feed the animals
and look after them. Many zoos help to save animals that are rare.
~ At the zoo we saw lions, monkeys and penguins.

a theatre
A theatre is a building where people watch plays. The actors perform on a stage, and the audience sits in
rows in front of it. There are lights, costumes and painted scenes.
~ The actors bowed on the stage of the theatre.

a cinema
A cinema is a building where people watch films together on a very large screen. The room is dark, so that
the picture is bright. Visitors buy a ticket and often eat popcorn.
~ On Friday they watched a new film at the cinema.

a village
A village is a small group of houses in the country. It is smaller than a town, and most people there know
each other. It often has a church, a shop or a school, and there are fields around it.
~ Only two hundred people live in the village.

a city
A city is a large place where very many people live and work. It has streets, shops, schools, offices and
hospitals. Buses, trams and trains carry people from one part to another.
~ Millions of people live in a big city.

a capital city
A capital city is the city from which a country is ruled. The government usually meets there. It is often
the largest city of the country, but not always.
~ Paris is the capital city of France.

a country
A country is a land with its own government, borders and laws. Most countries have their own flag, and many
have their own money and language. There are almost two hundred countries in the world.
~ France, Japan and Brazil are countries.

a continent
A continent is one of the very large areas of land on the Earth. People usually count seven: Africa,
Antarctica, Asia, Australia, Europe, North America and South America. Asia is the largest of them.
~ Asia is the largest continent, and Australia is the smallest.

a border
A border is the line where one country ends and another begins. It may follow a river or a row of mountains.
At some borders people have to show a passport, while others can be crossed freely.
~ The river forms the border between the two countries.

a flag
A flag is a piece of cloth with colours and signs that stands for a country or a group. It hangs from a pole
and waves in the wind. Each country has its own flag.
~ The ship carried the flag of its country.

a map
A map is a drawing that shows a place as it looks from above. It shows roads, rivers, mountains and towns
with lines, colours and signs. People use it to find their way.
~ They looked at the map to find the way to the lake.

a globe
A globe is a ball with a map of the Earth on it. It shows the continents and oceans in their true shape. It
can be turned on its axis, just as the Earth turns.
~ He turned the globe and looked for Africa.

a passport
A passport is a small book that shows who a person is and which country the person comes from. It contains a
name, a picture and a number. Travellers show it when they enter many countries.
~ She showed her passport at the border.

money
Money is what people use to pay for things. It can be coins, notes or numbers in a bank account. Before
there was money, people had to trade one thing for another.
~ People work to earn money, and with it they buy what they need.

a coin
A coin is a small and flat piece of metal that is used as money. It is usually round, and its value is
stamped on it. The first coins were made more than two thousand five hundred years ago.
~ He put a coin into the machine and got a ticket.

a law
A law is a rule that everybody in a country has to follow. It is made by the parliament or another ruler of
the country. The police and the courts act when somebody breaks it.
~ A law tells people what they may do and what they may not do.

an election
An election is an event in which people choose who shall lead them. Each person has a vote and marks a name
on a paper. The votes are counted, and whoever has the most usually wins.
~ In an election, every vote counts.

a tent
A tent is a shelter of cloth that is held up by poles and ropes. It can be folded and carried in a bag.
People sleep in tents when they travel and stay outside.
~ They put up their tent next to the lake.

a brick
A brick is a block of baked clay that is used for building. Bricks are laid in rows with mortar between
them, and so they make a strong wall. Most of them are red or brown.
~ The wall of the house is built of red bricks.
"""


def facts() -> list[Fact]:
    """The places and what people share as facts."""
    return build(TEXT)
