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
RANCH = dict(NAMES) | {
    "kitchen": "Cook House", "study": "Saddle Room", "living": "Den", "bedroom": "Prairie Room",
    "bathroom": "Guest Bath", "porch": "Veranda", "hall": "Boot Hall", "ceiling": "Buffalo Lamp",
    "strip": "Cabinet Lights", "desk": "Cowboy Lamp", "floor": "Walnut Lamp", "reading": "Rocking Light",
    "bedside": "Pine Lamp", "upper": "Barn Light", "mirror": "Silver Light", "porchlight": "Gate Light",
    "livingplayer": "Den Sonos", "studyplayer": "Saddle Room Sonos", "door": "Ranch Door",
    "blind": "Prairie Blind", "shade": "Sunset Shade", "radiator": "Guest Radiator",
    "thermostat": "Stable Thermostat", "fan": "Attic Fan", "fridge": "Meat Freezer", "star": "Lone Star"}
LOFT = dict(NAMES) | {
    "kitchen": "Galley Kitchen", "study": "Studio", "living": "Big Room", "bedroom": "Sleeping Corner",
    "bathroom": "Powder Room", "porch": "Roof Deck", "hall": "Entry", "ceiling": "Crystal Lamp",
    "strip": "Shelf Lights", "desk": "Drawing Lamp", "floor": "Bamboo Light", "reading": "Sofa Light",
    "bedside": "Cloud Lamp", "upper": "Beam Light", "mirror": "Powder Light", "porchlight": "Deck Light",
    "livingplayer": "Big Room Sonos", "studyplayer": "Studio Sonos", "door": "Freight Door",
    "blind": "Corner Blind", "shade": "Factory Shade", "radiator": "Studio Radiator",
    "thermostat": "Entry Thermostat", "fan": "Ceiling Fan", "fridge": "Wine Cooler", "star": "Neon Star"}
# espeak-ng's own voices of English, and those that it calls male and female; five of them (all but Lancaster, West
# Midlands and m6) were among the ninety of the fit, in other homes and sentences, three of the five at the same speed
PLAIN = (("en-us", 140), ("en-gb", 165), ("en-gb-x-gbclan", 165), ("en-gb-x-gbcwmd", 135), ("en-us+m6", 150),
         ("en-gb+f1", 150), ("en-gb+m4", 145), ("en-us+f2", 165))
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
OTHERS = """switching trains in Cologne
orange marmalade
the temperature of lava
fishermen mended their nets
yesteryear
partly cloudy
why did the chicken cross the road
the bridge was built of granite
cool as a cucumber
louder than words
cardigan
stopover
they delivered the sofa on Monday
wolves returned to the forest
going to the dogs
back and forth
did you feed the parrot
the lawyer asked for a break
lockdown was hard on everyone
raised by grandparents
half past never
playground bullies
locksmiths work at night too
disarming smile
open source software
do penguins have knees
we argued over the last slice of cake
purple prose
he burned his tongue on the soup
who wants pancakes
grandmother pickles cucumbers
paused to admire the view
a blind alley
a warm welcome
is there life on Mars
shall I pour the wine
the students signed a petition
the music of the spheres
turn over a new leaf
cancelled checks
leaving Las Palmas
everything but the kitchen sink
song and dance
can I borrow your ladder
close friends and family
next door neighbors
the choir sang in Latin
thirty pieces of silver
five senses
she knits scarves for charity
coming to terms
thanks a million
morning dew
I dropped my keys in the snow
he learned to juggle in prison
his uncle sailed around the world
a lightweight jacket
the plane circled above the fog
homeward bound
a playlist for runners
the light at the end of the tunnel
forty winks
when was the wheel invented
the editor rejected her novel
are you coming to the wedding
which bus goes downtown
nobody's business
our cellar smells of apples
green thumbs
mice chewed through the cable
every other week
the heron stood still in the reeds
white elephants
the bus was full of tourists
shades of grey
he polished his shoes for the wedding
the waiter forgot our drinks
sleepy hollow
set in stone
a bat flew through the barn
where are my socks
closed for renovation
the clock tower is being restored
my neighbor teaches chemistry
we're only guests here
ninety days of summer
a letter came from the tax office
quiet as a mouse
a brighter tomorrow
movie stars
stop signs are red
dimly remembered songs
the pianist broke a string
the puppet show made them laugh
a swan chased the dog away
undoubtedly
how many planets are there
lower back pain
her umbrella turned inside out
volumes of poetry""".splitlines()

DENIED = ("do not turn off the lights", "don't turn off the lights", "please don't turn everything off",
          "turn off the lights. No, leave them on.")


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
    for name, called in (("ranch", RANCH), ("loft", LOFT)):
        home = made_home(called)
        devices = tuple((one.name, one.kind, one.room) for one in home.devices.values())
        reflex = Reflex("en", skills)
        reflex.warm(home)
        said = Sayable(tuple(home.rooms), devices, phrases, TITLES)
        found.append(Measured(name, home, said, called, phrases, reflex))
    return found
