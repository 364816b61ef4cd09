"""What the ears are measured with: two homes under names of their own, a hundred orders for each, and a hundred
sentences that are no order. None of it was used to fit or tune dobby/voice/sureness.py.
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
VILLA = dict(NAMES) | {
    "kitchen": "Pantry", "study": "Office", "living": "Salon", "bedroom": "Guest Room", "bathroom": "Powder Room",
    "porch": "Patio", "hall": "Foyer", "ceiling": "Crystal Lamp", "strip": "Shelf Lights", "desk": "Banker Lamp",
    "floor": "Corner Lamp", "reading": "Gallery Light", "bedside": "Night Stand Lamp", "upper": "Dome Light",
    "mirror": "Makeup Light", "porchlight": "Patio Light", "livingplayer": "Salon Sonos",
    "studyplayer": "Office Sonos", "door": "Garden Door", "blind": "Guest Room Blind", "shade": "Terrace Shade",
    "radiator": "Guest Room Radiator", "thermostat": "Foyer Thermostat", "fan": "Window Fan", "fridge": "Wine Cooler",
    "star": "Silver Star"}
BARGE = dict(NAMES) | {
    "kitchen": "Canteen", "study": "Wheelhouse", "living": "Saloon", "bedroom": "Captain Cabin",
    "bathroom": "Wet Room", "porch": "Upper Deck", "hall": "Passage", "ceiling": "Brass Lamp", "strip": "Bar Lights",
    "desk": "Chart Lamp", "floor": "Anchor Lamp", "reading": "Sofa Lamp", "bedside": "Berth Lamp",
    "upper": "Hatch Light", "mirror": "Cabinet Light", "porchlight": "Deck Light", "livingplayer": "Saloon Sonos",
    "studyplayer": "Wheelhouse Sonos", "door": "Side Door", "blind": "Captain Cabin Blind", "shade": "River Shade",
    "radiator": "Captain Cabin Radiator", "thermostat": "Passage Thermostat", "fan": "Engine Fan",
    "fridge": "Bait Box", "star": "Harbour Star"}
VOICES = (("en-us+m5", 150), ("en-gb+m2", 145), ("en-gb+f1", 150), ("en-gb+m6", 140), ("en-us+linda", 150),
          ("en-us+john", 155), ("en-gb+m5", 150), ("en-gb+f5", 145))
ORDERS = (
    "turn on the {light}", "turn off the {light}", "switch off the {light}", "turn the {light} on", "dim the {light}",
    "set the {light} to {percent} percent", "turn off the {room} lights", "turn on the lights in the {room}",
    "{room} lights off", "dim the lights in the {room} to {percent} percent", "make the {colored} {color}",
    "turn off all the lights", "turn everything off", "open the {shade}", "close the {shade}",
    "set the {shade} to {percent} percent", "lock the {door}", "set the {heat} to {degrees} degrees",
    "pause the music in the {playing}", "play {title} in the {playing}", "turn off the {fan}", "turn on the {star}",
    "set the volume to {percent} percent in the {playing}", "what is playing in the {playing}",
    "is the {light} on", "which lights are on")
SLOTS = {"light": ("ceiling", "desk", "floor", "reading", "bedside", "mirror", "porchlight"),
         "colored": ("ceiling", "floor"), "shade": ("blind", "shade"), "door": ("door",), "fan": ("fan",),
         "star": ("star",), "heat": ("radiator", "thermostat"), "room": ("kitchen", "study", "living", "bedroom"),
         "playing": ("living", "study")}
FIXED = {"percent": ("ten", "twenty", "thirty five", "forty", "fifty", "seventy", "eighty"),
         "color": ("red", "blue", "green", "warm white"), "degrees": ("nineteen", "twenty", "twenty one", "twenty two"),
         "title": tuple(title.casefold().replace("4", "four") for title in TITLES)}
OTHERS = """my cousin plays the violin in an orchestra
we planted tomatoes behind the shed
the bridge is closed for repairs
have you ever been to Portugal
she found a kitten under the car
the printer is out of paper again
I could eat a whole pizza
our flight was delayed by three hours
he forgot his jacket at the office
the kids are building a castle out of sand
let me think about it until tomorrow
your coffee is getting cold
there is a spider in the bathtub
the mayor gave a very long speech
I bought these shoes on sale
somebody left the window of the car open
they turned the old barn into a theatre
he turned off the main road into the woods
the lights of the city glittered below
a lamp without a bulb is useless
she sets the table every evening
the blinds in this hotel are broken
open the oven carefully it is hot
close your notebooks and listen to me
the door to success is hard work
lock your phone when you leave
the music of Bach is timeless
do you play chess or cards
the song reminded me of my youth
pause and count to ten
the volume of sales doubled in May
stop by for a coffee some day
next year we will go to Norway
raise your glasses to the happy couple
the temperature of the sea is rising
warm up before you run
twenty one guests are invited
sixty percent of voters stayed at home
red and yellow make orange
the green bus goes to the harbour
good evening and welcome to the news
good morning class said the teacher
goodbye and thank you for the visit
I was at home all weekend
we are back to square one
leaving without paying is a crime
that movie won three prizes
the party lasted until sunrise
in bed he reads detective novels
sleepy hollow is a famous story
the vacation photos are on the computer
is the bank open on Saturdays
are these seats taken
which bus goes to the university
what is the capital of Australia
what does this word mean
how old is your grandfather
how was your day
who painted this picture
when did you get up
why is he always late
does it hurt here
did she like the present
can you swim
could you speak more slowly
would anybody like dessert
shall we dance
may I ask a question
must you make so much noise
let it be
so be it
mind the gap
hands up
cheer up
calm down
speak up
never again
forever young
safe and sound
back and forth
on my way
off we go
all in all
at home in the world
out of the blue
in the long run
under no circumstances
a matter of taste
a glass of lemonade
a bunch of flowers
cheese and crackers
knife and fork
husband and wife
north by northwest
five to twelve
eight million people
the second of March
a quarter past ten
it was nothing really
enjoy your meal""".splitlines()


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
    for name, called in (("villa", VILLA), ("barge", BARGE)):
        home = made_home(called)
        devices = tuple((one.name, one.kind, one.room) for one in home.devices.values())
        reflex = Reflex("en", skills)
        reflex.warm(home)
        said = Sayable(tuple(home.rooms), devices, phrases, TITLES)
        found.append(Measured(name, home, said, called, phrases, reflex))
    return found
