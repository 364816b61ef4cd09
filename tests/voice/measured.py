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
OBSERVATORY = dict(NAMES) | {
    "kitchen": "Canteen", "study": "Chart Room", "living": "Dome Room", "bedroom": "Bunk Room",
    "bathroom": "Washroom", "porch": "Forecourt", "hall": "Staircase", "ceiling": "Comet Lamp",
    "strip": "Console Lights", "desk": "Atlas Lamp", "floor": "Meteor Lamp", "reading": "Ladder Light",
    "bedside": "Velvet Lamp", "upper": "Tower Light", "mirror": "Basin Lamp", "porchlight": "Pillar Light",
    "livingplayer": "Dome Room Sonos", "studyplayer": "Chart Room Sonos", "door": "Iron Door",
    "blind": "Bunk Room Blind", "shade": "Dome Shade", "radiator": "Bunk Room Radiator",
    "thermostat": "Staircase Thermostat", "fan": "Corner Fan", "fridge": "Lunch Cooler", "star": "Polar Star"}
COTTAGE = dict(NAMES) | {
    "kitchen": "Farm Kitchen", "study": "Sewing Room", "living": "Sitting Room", "bedroom": "Rose Room",
    "bathroom": "Shower Room", "porch": "Garden Path", "hall": "Back Hall", "ceiling": "Wicker Lamp",
    "strip": "Dresser Lights", "desk": "Button Lamp", "floor": "Basket Lamp", "reading": "Teapot Light",
    "bedside": "Lavender Lamp", "upper": "Rafter Lamp", "mirror": "Vanity Light", "porchlight": "Lantern Light",
    "livingplayer": "Sitting Room Sonos", "studyplayer": "Sewing Room Sonos", "door": "Stable Door",
    "blind": "Rose Room Blind", "shade": "Window Shade", "radiator": "Rose Room Radiator",
    "thermostat": "Back Hall Thermostat", "fan": "Little Fan", "fridge": "Butter Cooler", "star": "Straw Star"}
VOICES = (("en-us+Nguyen", 150), ("en-gb+norbert", 150), ("en-us+caleb", 155), ("en-gb+quincy", 150),
          ("en-us+zac", 145), ("en-gb+pablo", 150), ("en-us+Henrique", 160), ("en-gb+iven", 140))
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
OTHERS = """a fox crossed the frozen field
my aunt bakes bread every Friday
the tailor measured both sleeves
we missed the last ferry
he sharpened the kitchen knives
a cloud of bees left the hive
the referee blew the whistle
they sell fresh fish at the pier
her handwriting is hard to read
two sailors carried the rope
the mayor opened the new school
I lost my glasses in the cinema
the recipe calls for three eggs
our teacher is ill this week
the map shows every village
he grew a beard over the summer
the concert was sold out in minutes
snow fell on the mountains
a stranger asked for directions
the dentist pulled out a tooth
her brother drives a lorry
the printer is out of paper
we planted an apple tree
the queue went around the corner
did anybody see my scarf
how deep is the lake
why do cats purr
where is the nearest bank
who painted that picture
when does the library open
can you whistle
what does this word mean
is that your bicycle
are these seats taken
would you like some soup
shall we dance
the lamp on the cover of the book
he turned his back on them
a switch from tea to coffee
lights flickered in the old theatre
the ship turned towards the harbour
turn a blind eye to it
the stairs were steep and dark
open questions remain after the talk
close the book and listen
lock and key are sold apart
the dimmest star in the sky
raise chickens in the garden
lower your expectations
brightly coloured birds
play the violin for us
stop biting your nails
a pause in the conversation
next of kin
the song of the nightingale
volume two of the letters
set sail at dawn
setting the record straight
everything under the sun
off and on for years
on second thoughts I agree
percent means of a hundred
fifty ways to leave
twenty questions is a game
thirteen at the table
the kitchen of the restaurant
a room with a view
the music hall closed down
the fan club met in spring
shades of meaning
curtain up at eight
a heating pad for the back
temperature is rising worldwide
warm regards from Lisbon
the cooler the better
home sweet home
coming of age
going nowhere fast
leaving Las Vegas is a film
back to square one
bed of roses
sleeping dogs lie
night owls and early birds
good grief
good heavens
morning has broken
movie tickets are dear
party of five
holiday brochures
cardio doctors agree
alarm bells rang
arms and legs
yes men
no one else
stopwatch
cancellation
helpless
thanksgiving
lemonade
orchestra""".splitlines()


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
    for name, called in (("observatory", OBSERVATORY), ("cottage", COTTAGE)):
        home = made_home(called)
        devices = tuple((one.name, one.kind, one.room) for one in home.devices.values())
        reflex = Reflex("en", skills)
        reflex.warm(home)
        said = Sayable(tuple(home.rooms), devices, phrases, TITLES)
        found.append(Measured(name, home, said, called, phrases, reflex))
    return found
