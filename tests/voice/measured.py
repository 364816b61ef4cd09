"""What the ears are measured with: two homes under names of their own, a hundred orders for each, a hundred sentences
that are no order, and two sets of voices. Neither homes nor sentences were used to fit or tune dobby/voice/sureness.py
and dobby/voice/second.py.
"""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from dobby.agent.meaning import Clarify, Control, Do, Part, RunSkill, Timed, Understood
from dobby.agent.reflex import Reflex
from dobby.skills import load_skills
from dobby.voice.opening import BUILT_IN
from dobby.voice.phrases import Sayable
from tests.agent.home import NAMES, TITLES, MadeHome, made_home

SKILLS = Path(__file__).parents[2] / "skills"
LIGHTHOUSE = dict(NAMES) | {
    "kitchen": "Chart Galley", "study": "Radio Room", "living": "Gallery", "bedroom": "Keeper's Room",
    "bathroom": "Wet Room", "porch": "Jetty", "hall": "Spiral Stairs", "ceiling": "Anchor Lamp",
    "strip": "Rail Lights", "desk": "Compass Lamp", "floor": "Seagull Lamp", "reading": "Hammock Light",
    "bedside": "Pebble Lamp", "upper": "Mast Light", "mirror": "Shell Light", "porchlight": "Harbour Light",
    "livingplayer": "Gallery Sonos", "studyplayer": "Radio Room Sonos", "door": "Storm Door",
    "blind": "Keeper's Blind", "shade": "Canvas Shade", "radiator": "Gallery Radiator",
    "thermostat": "Tower Thermostat", "fan": "Engine Fan", "fridge": "Bait Freezer", "star": "Sea Star"}
BAKERY = dict(NAMES) | {
    "kitchen": "Bakehouse", "study": "Back Office", "living": "Upper Parlor", "bedroom": "Attic Bedroom",
    "bathroom": "Tiled Bathroom", "porch": "Side Entrance", "hall": "Long Corridor", "ceiling": "Copper Lamp",
    "strip": "Counter Lights", "desk": "Ledger Lamp", "floor": "Cactus Lamp", "reading": "Armchair Light",
    "bedside": "Midnight Lamp", "upper": "Skylight Lamp", "mirror": "Dressing Light", "porchlight": "Alley Light",
    "livingplayer": "Upper Parlor Sonos", "studyplayer": "Back Office Sonos", "door": "Delivery Door",
    "blind": "Attic Blind", "shade": "Balcony Shade", "radiator": "Attic Radiator",
    "thermostat": "Corridor Thermostat", "fan": "Oven Fan", "fridge": "Milk Fridge", "star": "Sugar Star"}
# espeak-ng's own voices of English, and those that it calls male and female; none was fitted on at that speed
PLAIN = (("en-us", 175), ("en-gb", 135), ("en-gb-x-gbclan", 150), ("en-gb-x-gbcwmd", 150), ("en-us+m1", 150),
         ("en-gb+f3", 140), ("en-gb+m3", 160), ("en-gb+f5", 150))
# and voices with names of their own, far from any person's; none was fitted on at all
CHARACTERS = (("en-us+announcer", 150), ("en-gb+iven4", 145), ("en-us+grandma", 150), ("en-gb+klatt5", 150),
              ("en-us+Mr serious", 150), ("en-gb+klatt6", 155), ("en-us+fast", 130), ("en-gb+kaukovalta", 150))
VOICES = {"plain": PLAIN, "characters": CHARACTERS}
ORDERS = (
    "turn on the {light}", "turn off the {light}", "switch on the {light}", "turn the {light} off", "dim the {light}",
    "turn the {light} to {percent} percent", "switch off the {room} lights", "turn on all the lights in the {room}",
    "{room} lights on", "dim the {room} lights to {percent} percent", "turn the {colored} {color}",
    "make the {light} brighter", "switch off the lights", "turn off everything in the {room}", "raise the {shade}",
    "lower the {shade}", "close the {shade}", "open the {shade} to {percent} percent", "lock the {door}",
    "set the {heat} to {degrees}", "stop the music in the {playing}", "next song in the {playing}",
    "put on {title} in the {playing}", "switch on the {fan}", "turn off the {star}",
    "turn the volume down in the {playing}", "what is playing in the {playing}", "are the {room} lights on",
    "is the {door} locked", "what lights are on",
    "lights off in the {room}", "could you turn off the {light}", "open the {shade} halfway")
SLOTS = {"light": ("ceiling", "desk", "floor", "reading", "bedside", "mirror", "porchlight"),
         "colored": ("ceiling", "floor"), "shade": ("blind", "shade"), "door": ("door",), "fan": ("fan",),
         "star": ("star",), "heat": ("radiator", "thermostat"), "room": ("kitchen", "study", "living", "bedroom"),
         "playing": ("living", "study")}
FIXED = {"percent": ("five", "fifteen", "twenty five", "thirty", "forty five", "sixty", "ninety"),
         "color": ("yellow", "purple", "pink", "cool white"), "degrees": ("seventeen", "eighteen", "twenty three"),
         "title": tuple(title.casefold().replace("4", "four") for title in TITLES)}
OTHERS = """the goat ate my straw hat
our landlord repaired the gutter
she collects stamps from Peru
the orchestra tuned their instruments
he swam across the river at noon
a thin layer of ice covered the pond
nobody answered the letter
the baker gets up at three
they argued about politics all evening
my passport expires in October
two owls sat on the chimney
the exam was harder than expected
he folded the map and left
the cheese comes from a farm nearby
her sister studies medicine in Dublin
rain is expected over the weekend
the train to Glasgow is delayed
I forgot to buy onions
the mechanic found the leak
a parade marched through town
they painted the fence green
his shoes squeak on the parquet
the referee sent him off the field
we rented a cabin by the lake
my phone battery never lasts
the soup needs more salt
a fire engine raced past us
the candidate lost by three votes
he whistled an old sailor song
the museum is closed on Mondays
do you like liquorice
how old is your grandfather
when is your birthday
why is the sky blue
who won the match
where did you park the car
which way is north
what are you reading
may I sit here
have you ever been to Norway
should I wear the grey coat
would anybody like more tea
the lights of the city at night
he switched sides twice
turn left after the church
turning points in history
dimples in her cheeks
she closed her eyes and listened
an open letter to the editor
doors of perception
the lock on the canal
unlocking the secrets of the cell
shady business
blind faith
curtains for the villain
raising awareness
lowering the age limit
setting sun over the bay
pausing for breath
stop and smell the roses
stopping distances double when wet
play it by ear
playing cards on the porch
a song for Europe
the volume on the top shelf
musical chairs
next week I start a new job
previous owners left a piano
everything happens for a reason
anything but that
on and on it went
off the record
up and down the country
warmer waters attract jellyfish
cooler heads prevailed
heating costs doubled
a pool of applicants
spare time activities
vacuum packed coffee
timing is everything
twenty five years of marriage
ninety percent of the iceberg
eighteen wheels and a dozen roses
halfway to paradise
bright ideas
colourful language
yellow submarine
blue moon rising
white lies
pinkish clouds
home made jam
homework
coming attractions
leaving no stone unturned
a sleepless night
goodness gracious me
mornings are hard
movies were silent once
party politics
working hypothesis""".splitlines()


@dataclass(frozen=True, slots=True)
class Measured:
    """A home, its words for the ears, and the mind that reads what they heard."""

    name: str
    home: MadeHome
    sayable: Sayable
    called: Mapping[str, str]
    phrases: tuple[str, ...]
    reflex: Reflex

    def meaning(self, text: str) -> tuple[Part, ...]:
        """What a sentence means in this home; () for nothing."""
        found = self.reflex.read(text, self.home, None, now=0.0)
        return found.parts if isinstance(found, Understood) else ()

    def acts(self, text: str) -> bool:
        """Whether a sentence would do anything, at once or after a question."""
        return any(isinstance(part, Do | RunSkill | Timed | Clarify | Control) for part in self.meaning(text))

    def orders(self, count: int) -> list[str]:
        """So many orders: two of three over rooms and devices, the others phrases of its skills; always the same."""
        dice = random.Random(self.name)
        made: list[str] = []
        while len(made) < count:
            if len(made) % 3 == 2:
                one = dice.choice(self.phrases)
            else:
                slots = {slot: self.called[dice.choice(keys)].casefold() for slot, keys in SLOTS.items()}
                slots |= {slot: dice.choice(ways) for slot, ways in FIXED.items()}
                one = dice.choice(ORDERS).format(**slots)
            if one not in made and self.meaning(one):
                made.append(one)
        return made


@cache
def measured() -> Sequence[Measured]:
    """The two homes."""
    skills = load_skills(SKILLS)[0]
    phrases = tuple(phrase for skill in skills for phrase in skill.phrases.get(BUILT_IN, ()))
    found = []
    for name, called in (("lighthouse", LIGHTHOUSE), ("bakery", BAKERY)):
        home = made_home(called)
        devices = tuple((one.name, one.kind, one.room) for one in home.devices.values())
        reflex = Reflex("en", skills)
        reflex.warm(home)
        said = Sayable(tuple(home.rooms), devices, phrases, TITLES)
        found.append(Measured(name, home, said, called, phrases, reflex))
    return found
