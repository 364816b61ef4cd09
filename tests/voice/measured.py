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
MANOR = dict(NAMES) | {
    "kitchen": "Bakehouse", "study": "Map Room", "living": "Drawing Room", "bedroom": "Rose Room",
    "bathroom": "Steam Bath", "porch": "Loggia", "hall": "Gallery", "ceiling": "Copper Lamp", "strip": "Oven Strip",
    "desk": "Atlas Lamp", "floor": "Harp Lamp", "reading": "Window Light", "bedside": "Canopy Light",
    "upper": "Star Light", "mirror": "Marble Light", "porchlight": "Arcade Light",
    "livingplayer": "Drawing Room Sonos", "studyplayer": "Map Room Sonos", "door": "Iron Gate",
    "blind": "Rose Room Blind", "shade": "Bay Window Shade", "radiator": "Rose Room Radiator",
    "thermostat": "Gallery Thermostat", "fan": "Brass Fan", "fridge": "Ice Box", "star": "Winter Star"}
CABIN = dict(NAMES) | {
    "kitchen": "Cook Corner", "study": "Reading Nook", "living": "Log Room", "bedroom": "Bunk Room",
    "bathroom": "Sauna", "porch": "Jetty", "hall": "Boot Room", "ceiling": "Hanging Lamp", "strip": "Stove Strip",
    "desk": "Fishing Lamp", "floor": "Bear Lamp", "reading": "Book Light", "bedside": "Bunk Light",
    "upper": "Roof Light", "mirror": "Steam Light", "porchlight": "Boat Light", "livingplayer": "Log Room Sonos",
    "studyplayer": "Reading Nook Sonos", "door": "Cabin Door", "blind": "Bunk Room Blind", "shade": "Lake Shade",
    "radiator": "Bunk Room Radiator", "thermostat": "Boot Room Thermostat", "fan": "Wood Fan", "fridge": "Cool Box",
    "star": "Northern Star"}
VOICES = (("en-us+m6", 150), ("en-us+f5", 145), ("en-gb+m1", 150), ("en-us+Andy", 160), ("en-gb+f3", 140),
          ("en-us+Annie", 155), ("en-gb+m4", 135), ("en-us+Mike", 150))
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
OTHERS = """the postman left a note on the door
my brother is building a wooden boat
have you fed the chickens today
the soup needs a little more salt
I lost my keys somewhere in the park
our neighbours are away until Saturday
he asked me for a small favour
the museum was closed because of the strike
her daughter starts school in September
we should paint the fence this summer
the cat is asleep on the sofa
can I borrow your pen for a minute
there was a long queue at the bakery
the pilot announced a short delay
please write your name at the top
they switched trains in Cologne
turn to the person next to you
the light in this painting is remarkable
she dimmed her eyes against the sun
I set my watch to local time
the shades of autumn are beautiful
he closed the deal within an hour
the opening of the exhibition is on Friday
lock the gate behind you said the farmer
music makes people happy
play with your own toys
the volume is too heavy to carry
stop at the red light and look left
resume your seats ladies and gentlemen
everything was off limits for us
all the lamps in the shop were expensive
twenty degrees below zero is too cold
fifty percent of the seats were empty
the red wine stained the carpet
good morning said the baker with a smile
goodbye my friend it was a pleasure
we came home late from the theatre
we are leaving the country next year
the party was over before midnight
a movie about a lonely robot
bedtime stories are his favourite
sleep is important for your health
vacation starts on the first of July
the pool is closed for cleaning
is your mother feeling better
are those your children
which road goes to the castle
what was the name of that restaurant
how much does this cost
how far is it to the station
who told you such a thing
when will the results be published
why are you so quiet today
do you believe in ghosts
does he always talk so fast
did anybody call while I was out
will it rain this afternoon
could we meet a little earlier
would you mind closing your umbrella
should I bring something to eat
it is not my fault
I could not agree more
you look tired
she smiled
they laughed a lot
we won
nobody knows
time flies
keep calm
hold my hand
good idea
well done
not at all
no problem
maybe later
after you
believe me
what for
who cares
how come
in a hurry
on the phone
by the way
at the airport
over the hills
salt and vinegar
needle and thread
day after day
little by little
a bottle of water
a loaf of bread
a pair of socks
forty two years ago
the third of October
half past nine
ten out of ten
ladies and gentlemen welcome on board
thank goodness it is finally over
all right then let us begin
so long and thanks for the fish""".splitlines()


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
    for name, called in (("manor", MANOR), ("cabin", CABIN)):
        home = made_home(called)
        devices = tuple((one.name, one.kind, one.room) for one in home.devices.values())
        reflex = Reflex("en", skills)
        reflex.warm(home)
        said = Sayable(tuple(home.rooms), devices, phrases, TITLES)
        found.append(Measured(name, home, said, called, phrases, reflex))
    return found
