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
MILL = dict(NAMES) | {
    "kitchen": "Larder", "study": "Chess Room", "living": "Billiard Room", "bedroom": "Twin Room",
    "bathroom": "Laundry", "porch": "Courtyard", "hall": "Stairway", "ceiling": "Paper Lantern",
    "strip": "Spice Lights", "desk": "Globe Lamp", "floor": "Piano Lamp", "reading": "Fern Light",
    "bedside": "Pillow Lamp", "upper": "Wheel Light", "mirror": "Sink Light", "porchlight": "Railing Light",
    "livingplayer": "Billiard Room Sonos", "studyplayer": "Chess Room Sonos", "door": "Mill Door",
    "blind": "Twin Room Blind", "shade": "Orchard Shade", "radiator": "Twin Room Radiator",
    "thermostat": "Stairway Thermostat", "fan": "Table Fan", "fridge": "Milk Cooler", "star": "Golden Star"}
CHALET = dict(NAMES) | {
    "kitchen": "Diner", "study": "Craft Room", "living": "Fireside Room", "bedroom": "Attic",
    "bathroom": "Bath House", "porch": "Sun Deck", "hall": "Landing", "ceiling": "Antler Lamp",
    "strip": "Buffet Lights", "desk": "Drawing Lamp", "floor": "Timber Lamp", "reading": "Blanket Light",
    "bedside": "Moon Lamp", "upper": "Rafter Light", "mirror": "Shaving Light", "porchlight": "Snow Light",
    "livingplayer": "Fireside Room Sonos", "studyplayer": "Craft Room Sonos", "door": "Ski Door",
    "blind": "Attic Blind", "shade": "Valley Shade", "radiator": "Attic Radiator",
    "thermostat": "Landing Thermostat", "fan": "Pedestal Fan", "fridge": "Cheese Cooler", "star": "Evening Star"}
VOICES = (("en-gb+m7", 150), ("en-us+steph", 150), ("en-us+Michael", 150), ("en-gb+m8", 145), ("en-us+anika", 150),
          ("en-gb+paul", 145), ("en-us+Hugo", 155), ("en-gb+travis", 150))
ORDERS = (
    "turn on the {light}", "turn off the {light}", "switch on the {light}", "turn the {light} off", "dim the {light}",
    "turn the {light} to {percent} percent", "switch off the {room} lights", "turn on all the lights in the {room}",
    "{room} lights on", "dim the {room} lights to {percent} percent", "turn the {colored} {color}",
    "make the {light} brighter", "switch off the lights", "turn off everything in the {room}", "raise the {shade}",
    "lower the {shade}", "close the {shade}", "open the {shade} to {percent} percent", "lock the {door}",
    "set the {heat} to {degrees}", "stop the music in the {playing}", "next song in the {playing}",
    "put on {title} in the {playing}", "switch on the {fan}", "turn off the {star}",
    "turn the volume down in the {playing}", "what is playing in the {playing}", "are the {room} lights on",
    "is the {door} locked", "what lights are on")
SLOTS = {"light": ("ceiling", "desk", "floor", "reading", "bedside", "mirror", "porchlight"),
         "colored": ("ceiling", "floor"), "shade": ("blind", "shade"), "door": ("door",), "fan": ("fan",),
         "star": ("star",), "heat": ("radiator", "thermostat"), "room": ("kitchen", "study", "living", "bedroom"),
         "playing": ("living", "study")}
FIXED = {"percent": ("five", "fifteen", "twenty five", "thirty", "forty five", "sixty", "ninety"),
         "color": ("yellow", "purple", "pink", "cool white"), "degrees": ("seventeen", "eighteen", "twenty three"),
         "title": tuple(title.casefold().replace("4", "four") for title in TITLES)}
OTHERS = """the ferry leaves from the other pier
my uncle repairs old clocks
we saw two dolphins near the coast
have you finished your homework
she lost an earring at the wedding
the lift is out of order today
I have never liked mushrooms
our train was full of football fans
he left his umbrella on the tram
the girls are painting a dragon on the fence
let us talk about that after lunch
your shoelaces are undone
there is a hole in my sock
the professor told a very funny story
I sold my bicycle last summer
somebody knocked at the neighbour's gate
they moved the piano to the church
he switched to another telephone company
the light at the end of the tunnel
a lantern hung above the stable
she turned the page and read on
the curtains in the theatre were velvet
open your books at chapter nine
close relatives came to visit us
the doors of the museum open at ten
a locked drawer hides many secrets
the music teacher is on holiday
play with fire and you get burned
the next song is for my mother
stop asking me the same question
she spoke in a low volume
set a good example for the others
last year we travelled to Iceland
lower taxes would please everybody
the weather is warmer than yesterday
heat the butter in a small pan
twenty three soldiers marched past
forty percent of the seats were empty
yellow leaves covered the path
the purple dress suits you
good afternoon ladies and gentlemen
good job said the coach
see you at the station on Monday
I came home late last night
we were away for three weeks
going there by car takes an hour
the film starts in ten minutes
their dinner guests brought wine
the baby is asleep at last
time flies when you are happy
the holidays were far too short
is the museum free on Sundays
are those apples ripe
which of these is yours
what is the name of your dentist
what did the doctor say
how far is the airport
how many sisters do you have
who wrote that book
when does the shop close
why is the grass wet
does this road lead to the castle
did you sleep well
can penguins fly
could I have the bill
would you mind waiting outside
should we invite them too
may I sit here
must we leave already
round we go again
turn around and look at me
watch your step
keep smiling
hurry up
sit down
wake up
once upon a time
always on time
high and low
here and there
on the contrary
away with words
more or less
all for nothing
house of cards
off the beaten track
into the night
by all means
a slice of bread
a bar of chocolate
a pair of gloves
salt and pepper
hammer and nails
mother and child
south of the border
ten past four
six thousand dollars
the ninth of June
half past eleven
nobody knows why""".splitlines()


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
    for name, called in (("mill", MILL), ("chalet", CHALET)):
        home = made_home(called)
        devices = tuple((one.name, one.kind, one.room) for one in home.devices.values())
        reflex = Reflex("en", skills)
        reflex.warm(home)
        said = Sayable(tuple(home.rooms), devices, phrases, TITLES)
        found.append(Measured(name, home, said, called, phrases, reflex))
    return found
