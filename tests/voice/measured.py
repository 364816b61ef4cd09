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
VINEYARD = dict(NAMES) | {
    "kitchen": "Pantry", "study": "Tasting Room", "living": "Barrel Room", "bedroom": "Vintner Room",
    "bathroom": "Wash House", "porch": "Pergola", "hall": "Gallery", "ceiling": "Cask Lamp",
    "strip": "Bottle Lights", "desk": "Ledger Lamp", "floor": "Grape Lamp", "reading": "Bench Light",
    "bedside": "Cotton Lamp", "upper": "Gable Light", "mirror": "Towel Light", "porchlight": "Trellis Light",
    "livingplayer": "Barrel Room Sonos", "studyplayer": "Tasting Room Sonos", "door": "Cellar Door",
    "blind": "Vintner Room Blind", "shade": "Terrace Shade", "radiator": "Vintner Room Radiator",
    "thermostat": "Gallery Thermostat", "fan": "Window Fan", "fridge": "Must Cooler", "star": "Harvest Star"}
APARTMENT = dict(NAMES) | {
    "kitchen": "Kitchenette", "study": "Home Office", "living": "Parlour", "bedroom": "Sleeping Room",
    "bathroom": "Toilet", "porch": "Roof Garden", "hall": "Entrance", "ceiling": "Bamboo Lamp",
    "strip": "Cooking Lights", "desk": "Computer Lamp", "floor": "Tripod Lamp", "reading": "Sunday Light",
    "bedside": "Nightstand Lamp", "upper": "Bunk Light", "mirror": "Shower Light", "porchlight": "Plant Light",
    "livingplayer": "Parlour Sonos", "studyplayer": "Home Office Sonos", "door": "Apartment Door",
    "blind": "Sleeping Room Blind", "shade": "Roof Shade", "radiator": "Sleeping Room Radiator",
    "thermostat": "Entrance Thermostat", "fan": "Standing Fan", "fridge": "Mini Cooler", "star": "Glitter Star"}
VOICES = (("en-us+Alicia", 150), ("en-gb+benjamin", 150), ("en-us+Diogo", 150), ("en-gb+edward", 155),
          ("en-us+Lee", 145), ("en-gb+sandro", 150), ("en-gb-x-rp", 160), ("en-us+Mario", 140))
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
OTHERS = """the bakery opens before seven
my cousin studies law in Vienna
a goat escaped from the farm
he plays the trumpet in a brass band
two parcels lay on the stairs
the soup needs a little more salt
they painted the fence last weekend
her passport expires in March
the river was frozen all winter
please sign at the bottom
our neighbours have a new puppy
I burned my finger on the stove
the plane landed twenty minutes early
the library is looking for volunteers
he forgot his lines in the school play
a kilo of tomatoes and some garlic
the bridge is closed to lorries
nobody laughed at the joke
she wears a size forty shoe
there were ninety people in the hall
the king lost his crown
what a beautiful sunset
do you like olives
where did you buy that jacket
how long does the pasta take
why did the chicken cross the road
who won the match last night
when is your sister's birthday
can you swim across the lake
will there be cake
the lights of the city were far away
he read by the light of a candle
she locked herself out of the car
the doors of the bus would not open
close to the edge of the cliff
open air concerts are fun
the curtain fell after the last act
lower prices attract more people
raise the question at the meeting
the music school has a waiting list
play your cards right
a song about the sea
stop at the next petrol station
pause before you answer
the volume of water is enormous
turn to page sixteen
he turned thirty in September
switch seats with your brother
set in stone for ever
the set of the film was huge
dim memories of childhood
bright colours suit him
a warm coat for the winter
the temperature in Cairo is forty
a cooler head prevails
fans of the band cried
the star of the show was late
a blind man with a stick
shade trees line the avenue
the radiator of the lorry burst
everything happens for a reason
all the world is a stage
home made lemonade
welcome back to the programme
good luck with the exam
good evening and welcome
night after night she waited
the morning paper was wet
party politics bore me
the movie star signed my book
a vacation in Greece sounds nice
bed and breakfast by the lake
sleep is good for the skin
we arm ourselves with patience
alarming news from the coast
undo the top button
pop culture is a phrase
yes and no are short words
no news is good news
thanks to the rain the grass is green
help yourself to some cheese
never in my life
what time does the ferry leave
who lives in that castle
seven eighths of the pie
eleven past nine
the tenth of October
a hundred and one dalmatians
cucumber
umbrella
nonsense
absolutely
ring the bell twice
mind the gap
come in and sit down
put the kettle on
fold the towels neatly
bring me the scissors
throw the ball to me
count the sheep""".splitlines()


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
    for name, called in (("vineyard", VINEYARD), ("apartment", APARTMENT)):
        home = made_home(called)
        devices = tuple((one.name, one.kind, one.room) for one in home.devices.values())
        reflex = Reflex("en", skills)
        reflex.warm(home)
        said = Sayable(tuple(home.rooms), devices, phrases, TITLES)
        found.append(Measured(name, home, said, called, phrases, reflex))
    return found
