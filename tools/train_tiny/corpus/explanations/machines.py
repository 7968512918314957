"""Machines, tools and vehicles, and what they are made of."""

from ..documents import Fact
from .templates import build

TEXT = """
a computer
A computer is a machine that follows instructions to work with numbers, words, pictures and sounds. The
instructions are called programs. People use computers to write, calculate, play games and send messages to
each other.
~ With a computer, people can write texts, calculate, look at pictures and talk to others far away.

a phone
A phone is a device that lets people talk to each other over a long distance. It turns the voice into
signals and sends them through the air or a wire. Modern phones can also take pictures and send messages.
~ With a phone, you can speak to somebody who is far away.

a clock
A clock is an instrument that shows the time of day. Many clocks have a short hand for the hours and a long
hand for the minutes. Other clocks show the time as numbers.
~ The hands of a clock show the hours and the minutes.

a watch
A watch is a small clock that people wear on the wrist. It is held by a strap or a chain, so that its owner
can see the time everywhere. Most watches today run on a tiny battery.
~ A person who wears a watch can always see what time it is.

an alarm clock
An alarm clock is a clock that makes a noise at a time you have chosen. Most people put it next to the bed,
so that it wakes them in the morning. It rings until somebody turns it off.
~ In the morning, an alarm clock wakes people up.

a bicycle
A bicycle is a vehicle with two wheels that is moved by the legs of its rider. The rider pushes the pedals,
and a chain turns the back wheel. It needs no fuel and makes very little noise.
~ The rider of a bicycle pushes the pedals with the feet and steers with the hands.

a train
A train is a row of connected carriages that runs on rails. An engine pulls or pushes it, and it carries
people or goods over long distances. Passengers get on and off at stations.
~ Trains run on rails and carry many people at once.

a tram
A tram is a kind of train that runs on rails in the streets of a city. Most trams get electric power from a
wire above the street. They stop often, so that people can get on and off.
~ In many cities, trams carry people along the streets on rails.

a car
A car is a vehicle with four wheels that carries a few people on roads. It is driven by an engine that runs
on petrol or by an electric motor. The driver steers it with a wheel and stops it with brakes.
~ Most cars have four wheels, an engine and seats for about five people.

a bus
A bus is a large road vehicle that carries many passengers. It follows a fixed route and stops at bus stops
along the way. People buy a ticket, and together they need less space on the road than in many cars.
~ Many people travel to school or to work by bus.

a truck
A truck is a large and strong road vehicle that carries goods. The driver sits in a cab at the front, and
the load is in the back. Trucks bring food to shops and parts to factories.
~ Heavy goods are often carried on the road by trucks.

a tractor
A tractor is a strong vehicle that pulls machines on a farm. Its big back wheels do not sink easily into
soft ground. Farmers use it to plough fields, to sow seeds and to bring in the harvest.
~ On a farm, a tractor pulls the plough across the field.

an ambulance
An ambulance is a vehicle that brings sick or injured people to a hospital. Inside there are a bed and tools
to help people on the way. It has flashing lights and a loud siren, so that other drivers make room.
~ When somebody is badly hurt, an ambulance takes them to hospital.

a fire engine
A fire engine is a large vehicle that takes firefighters and their tools to a fire. It carries hoses,
ladders and often a tank of water. Its siren and its flashing lights tell other drivers to make room.
~ Firefighters drive to a fire in a fire engine.

a ship
A ship is a large vessel that carries people or goods across the sea. It floats because it pushes away water
that weighs as much as the ship. Most ships are driven by engines that turn propellers.
~ Big ships carry goods from one side of the ocean to the other.

a boat
A boat is a small vessel that travels on water. It can be moved by oars, by the wind in a sail or by a
motor. People use boats for fishing, for sport and for crossing rivers and lakes.
~ Boats float on the water and are smaller than ships.

a sail
A sail is a large piece of cloth that catches the wind and pushes a boat forward. It hangs from a tall pole
that is called a mast. Sailors turn the sail to use winds from different directions.
~ The wind blows into the sail and moves the boat.

an anchor
An anchor is a heavy piece of metal that keeps a ship in one place. It hangs on a long chain or rope. When
sailors drop it, its hooks dig into the bottom of the sea and hold the ship.
~ Sailors drop the anchor when the ship should not drift away.

a submarine
A submarine is a vessel that can travel under the water. It has tanks that are filled with water to make it
sink and with air to make it rise. Some submarines explore the deep sea.
~ By filling its tanks with water, a submarine can dive below the waves.

an aeroplane
An aeroplane is a flying machine with fixed wings and one or more engines. The engines push it forward, and
the air that flows around the wings lifts it up. It can carry people across an ocean in hours.
~ Air that flows around its wings keeps an aeroplane in the sky.

a helicopter
A helicopter is a flying machine that is lifted by long blades turning above it. It can rise straight up,
fly backwards and stay in one place in the air. This makes it useful for saving people.
~ Helicopters need no runway, because they can rise straight up.

a rocket
A rocket is a machine that flies by pushing hot gas out of its end at great speed. It carries its own fuel
and oxygen, so it also works in space, where there is no air. Rockets carry satellites and astronauts.
~ To travel into space, people need a rocket.

a satellite
A satellite is an object that travels around a planet. The moon is a natural satellite of the Earth, and
people have also built many others. They help us to see the weather, find our way and send messages.
~ Many satellites circle the Earth and send pictures of the weather.

a hot air balloon
A hot air balloon is a large bag filled with hot air that carries a basket into the sky. A burner heats the
air inside. The hot air is lighter than the cold air around it, so the balloon rises.
~ Because hot air is lighter than cold air, a hot air balloon rises.

a parachute
A parachute is a large piece of light cloth that slows down a fall through the air. It opens above the
person and catches the air. With it, a person who jumps from an aeroplane can land safely.
~ A parachute lets people fall slowly from a great height.

a crane
A crane is a tall machine that lifts and moves heavy things. It has a long arm with a strong cable and a
hook. Cranes are used to build houses and to load ships in a harbour.
~ At a building site, a crane lifts heavy blocks.

an engine
An engine is a machine that turns energy into movement. Many engines burn fuel such as petrol and use the
hot gas to push their parts. Engines drive cars, ships, aeroplanes and many other machines.
~ Without its engine, a car would not move.

a battery
A battery is a small store of energy that gives electricity. Inside it, chemicals change slowly and push an
electric current through a device. Some batteries can be charged again when they are empty.
~ Torches, phones and toys get their electricity from a battery.

electricity
Electricity is a form of energy that comes from tiny charged particles. When they move through a wire, they
make an electric current. It gives us light and heat and drives many machines in our homes.
~ Lamps, fridges and computers all need electricity.

a wire
A wire is a long and thin piece of metal that bends easily. Many wires are made of copper, because copper
carries electricity well. A cover of plastic keeps people safe from the current inside.
~ Electric current flows to the lamp through a wire.

a light bulb
A light bulb is a small object that makes light from electricity. Old bulbs had a thin wire that became so
hot that it glowed. Modern bulbs give the same light but need much less energy.
~ A room becomes bright when someone turns on the light bulb.

a lamp
A lamp is a device that gives light where people need it. Most lamps have a bulb that runs on electricity,
and a shade that makes the light soft. People put lamps on desks, on walls and next to beds.
~ When it gets dark, people turn on a lamp.

a torch / torches
A torch is a small lamp that you can carry in your hand. It gets its power from a battery, so it works
without a wire. People use it outside at night or when the lights in the house go out.
~ With a torch you can see your way in the dark.

a camera
A camera is a device that takes pictures. Light enters it through a lens and falls on a sensor or a film,
which keeps the picture. Some cameras can also record moving pictures with sound.
~ People use a camera to keep a picture of what they have seen.

a television
A television is a device that shows moving pictures with sound. It gets its signals through the air, a cable
or the internet. People use it to watch the news, films, sport and many other programmes.
~ In the evening, many families watch a film on television.

a radio
A radio is a device that receives sound from far away through invisible waves. A station sends out music and
voices, and the radio makes them loud enough to hear. Each station has its own place on the dial.
~ You can listen to news and music on the radio.

a printer
A printer is a machine that puts words and pictures from a computer on paper. Some printers spray tiny drops
of ink, and others use a fine powder that is melted onto the paper.
~ The computer sends a text to the printer, and it comes out on paper.

a keyboard
A keyboard is a board with keys that people press to write on a computer. Each key stands for a letter, a
number or a sign. With practice, a person can type fast without looking at the keys.
~ To write on a computer, you press the keys of a keyboard.

a screen
A screen is a flat surface that shows pictures and words. The screens of computers and phones are made of
very many tiny dots of light. Each dot can change its colour many times in a second.
~ The pictures of a phone or a computer appear on its screen.

a robot
A robot is a machine that can do work by itself. It follows a program and uses sensors to notice what is
around it. Robots build cars, clean floors and explore places that are dangerous for people.
~ In factories, robots do work that is heavy or dull.

the internet
The internet is a network that connects computers all over the world. The computers send each other messages
through cables and through the air. People use it to read, learn, talk, shop and watch films.
~ Millions of computers are joined together by the internet.

a website
A website is a group of pages that people can visit on the internet. The pages can hold words, pictures,
sounds and films. Each website has an address, and links lead from one page to another.
~ To open a website, you type its address or follow a link.

an email
An email is a letter that is sent from one computer to another. It travels over the internet and usually
arrives within seconds. The person who writes it needs to know the address of the other person.
~ It takes only seconds until an email arrives.

a computer program
A computer program is a list of instructions that tells a computer what to do. People write it in a special
language. Games, maps on a phone and tools for drawing are all computer programs.
~ A computer does exactly what its computer program says, step by step.

a calculator
A calculator is a small machine that works with numbers. You press keys for the numbers and the signs, and
it shows the result at once. It can add, subtract, multiply and divide without mistakes.
~ Long sums are quick and easy with a calculator.

a washing machine
A washing machine is a machine that cleans clothes with water and soap. It turns the clothes around in a
drum until the dirt comes out. At the end it spins fast to press out most of the water.
~ Dirty clothes go into the washing machine and come out clean.

a fridge
A fridge is a cold cupboard that keeps food fresh. A liquid flows through pipes and carries the heat from
the inside to the outside. In the cold, germs grow slowly, so milk and meat last longer.
~ Milk, cheese and meat stay fresh for longer in the fridge.

an oven
An oven is a hot box in which people bake and roast food. It is heated by gas, electricity or fire, and its
thick walls keep the heat inside. Bread, cakes and pizza are baked in it.
~ The baker puts the bread into the hot oven.

a microwave oven
A microwave oven is a kitchen machine that heats food with invisible waves. The waves make the water in the
food move and become hot. It warms a meal in a few minutes, but it does not make it crisp.
~ A cold meal becomes warm quickly in a microwave oven.

a vacuum cleaner
A vacuum cleaner is a machine that sucks up dust and dirt from the floor. A fan inside pulls air through a
tube, and the dust stays in a bag or a box. It cleans carpets better than a broom.
~ People use a vacuum cleaner to get the dust out of a carpet.

a kettle
A kettle is a pot with a lid and a spout that is used to boil water. Many kettles have an electric heater
inside and turn themselves off when the water boils. People use them to make tea.
~ The water in the kettle boils in a few minutes.

a toaster
A toaster is a small kitchen machine that makes slices of bread brown and crisp. Hot wires inside heat both
sides of the bread. When the toast is ready, a spring pushes it up.
~ Slices of bread turn brown and crisp in the toaster.

a fan
A fan is a device that moves the air to make people feel cooler. An electric fan has blades that are turned
by a motor. A simple fan is made of paper and is waved by hand.
~ On a hot day, a fan blows cool air on your face.

a lift
A lift is a small room that carries people up and down inside a building. Strong cables pull it, and a motor
turns the wheel that moves them. You press a button to choose the floor.
~ In a tall building, people take the lift instead of the stairs.

a pump
A pump is a machine that moves water, air or another fluid from one place to another. It can lift water from
a well or fill a tyre with air. The heart is a pump as well, because it moves the blood.
~ Water from a deep well can be lifted with a pump.

a hammer
A hammer is a tool with a heavy head on a handle that is used for hitting things. People use it to drive
nails into wood and to break stones. The head is usually made of steel.
~ A carpenter drives nails into the wood with a hammer.

a saw
A saw is a tool with a row of sharp teeth that cuts wood and other hard materials. You move it forwards and
backwards, and each tooth takes away a little. Some saws are driven by a motor.
~ To cut a board into two pieces, you need a saw.

a screwdriver
A screwdriver is a tool that turns screws. Its tip fits into the slot in the head of the screw. Turning it
to the right usually makes a screw tight, and turning it to the left makes it loose.
~ Screws are turned in and out with a screwdriver.

a nail
A nail is a thin and pointed piece of metal that holds pieces of wood together. One end is sharp, and the
other end has a flat head. It is driven into the wood with a hammer.
~ The picture hangs on a nail in the wall.

a screw
A screw is a pointed piece of metal with a spiral ridge that holds things together. When it is turned, the
ridge pulls it into the wood. A screw holds more firmly than a nail and can be taken out again.
~ Because of its spiral ridge, a screw holds very firmly.

a ladder
A ladder is a set of steps between two long poles that people climb to reach high places. It can be made of
wood, metal or rope. It should stand on firm ground, so that it does not slip.
~ To pick apples from a tall tree, people climb a ladder.

a wheel
A wheel is a round object that turns around its middle. It makes it easy to move heavy loads, because it
rolls instead of sliding. People have used wheels on carts for more than five thousand years.
~ Carts, cars and bicycles all roll on wheels.

a pulley
A pulley is a wheel with a groove in which a rope or a cable runs. It changes the direction of a pull, so
people can lift a load by pulling down. Several pulleys together make the load easier to lift.
~ With a rope and a pulley, a heavy load is easier to lift.

a lever
A lever is a stiff bar that turns on a fixed point and helps people to lift heavy things. A small push at
the long end makes a strong push at the short end. A seesaw works in the same way.
~ Even a heavy stone can be moved with a long lever.

a gear
A gear is a wheel with teeth around its edge. Its teeth fit between those of another gear, so that one wheel
turns the other. Gears can make a movement faster, slower or stronger, as in a clock or a car.
~ Inside an old clock, many gears turn each other.

a magnet
A magnet is a piece of metal or stone that pulls iron towards itself. It has two ends, a north pole and a
south pole. Opposite poles pull each other, and equal poles push each other away.
~ Iron nails stick to a magnet.

a compass
A compass is an instrument that shows which way is north. It has a small magnetic needle that can turn
freely. Because the Earth acts like a large magnet, the needle points roughly to the north.
~ Sailors and walkers use a compass to find their way.

a thermometer
A thermometer is an instrument that shows how hot or cold something is. In many of them, a coloured liquid
rises in a thin tube when it gets warm. People use it to check the weather or a fever.
~ The thermometer shows the temperature in degrees.

a microscope
A microscope is an instrument that makes very small things look large. It uses lenses to bend the light.
With it, people can see things that are too small for the eye, such as cells and germs.
~ Tiny germs can be seen with a microscope.

a telescope
A telescope is an instrument that makes things that are far away look nearer. It collects light with lenses
or mirrors. People use it to look at the moon, the planets and the stars.
~ Through a telescope you can see mountains on the moon.

a lens
A lens is a curved piece of glass or plastic that bends light. It can make things look larger, smaller or
sharper. Lenses are used in cameras, telescopes and glasses, and there is one in each eye.
~ Light is bent when it passes through a lens.

a windmill
A windmill is a building with large sails that are turned by the wind. Inside, the turning sails move heavy
stones or pumps. For many hundred years, people used windmills to grind grain into flour.
~ When the wind blew, the windmill ground the grain.

a wind turbine
A wind turbine is a tall machine that makes electricity from the wind. The wind turns its long blades, and
the blades drive a generator. Many of them stand on hills or in the sea, where the wind is strong.
~ Where the wind is strong, wind turbines make electricity.

a solar panel
A solar panel is a flat plate that makes electricity from sunlight. Many panels are put on the roofs of
houses. They work best on bright days and make nothing in the dark.
~ On a sunny day, the solar panel on the roof makes electricity.

a power station
A power station is a place where electricity is made for many people. Burning fuel, falling water, wind or
other sources turn large machines there. Wires carry the electricity to homes and factories.
~ The electricity in our homes comes from a power station.

a lock
A lock is a device that keeps a door, a box or a bicycle closed. It can only be opened with the right key or
number. Inside a simple lock are small pins, and the key lifts them to the right height.
~ The door stays shut because it has a lock.

a key
A key is a small piece of metal that opens and closes a lock. Its edge has a special shape that fits only
the right lock. People use keys for doors, cars, boxes and bicycles.
~ Without the right key, you cannot open the lock.

a zip
A zip is a fastener that joins two pieces of cloth with two rows of small teeth. A slider presses the teeth
together when it moves up. Zips are found on jackets, trousers, bags and tents.
~ He pulled up the zip of his jacket because it was cold.

a traffic light
A traffic light is a signal with coloured lamps that tells people on the road when to stop and when to go.
Red means stop, and green means go. It keeps cars and people from meeting in the middle of the road.
~ When the traffic light is red, the cars have to stop.
"""


def facts() -> list[Fact]:
    """The machines as facts."""
    return build(TEXT)
