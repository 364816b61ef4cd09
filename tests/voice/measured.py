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
FARM = dict(NAMES) | {
    "kitchen": "Scullery", "study": "Workroom", "living": "Great Hall", "bedroom": "Blue Room", "bathroom": "Washroom",
    "porch": "Veranda", "hall": "Corridor", "ceiling": "Round Lamp", "strip": "Shelf Strip", "desk": "Writing Lamp",
    "floor": "Tall Lamp", "reading": "Corner Light", "bedside": "Pillow Light", "upper": "Beam Light",
    "mirror": "Basin Light", "porchlight": "Lantern", "livingplayer": "Great Hall Sonos",
    "studyplayer": "Workroom Sonos",
    "door": "Oak Door", "blind": "Blue Room Blind", "shade": "Garden Shade", "radiator": "Blue Room Radiator",
    "thermostat": "Corridor Thermostat", "fan": "Desk Fan", "fridge": "Freezer", "star": "Paper Star"}
LOFT = dict(NAMES) | {
    "kitchen": "Galley", "study": "Studio", "living": "Family Room", "bedroom": "Sleeping Loft",
    "bathroom": "Shower Room", "porch": "Terrace", "hall": "Entrance", "ceiling": "Island Pendant",
    "strip": "Cabinet Strip", "desk": "Easel Lamp",
    "floor": "Arc Lamp", "reading": "Sofa Light", "bedside": "Left Lamp", "upper": "Skylight Lamp",
    "mirror": "Vanity Light", "porchlight": "Terrace Light", "livingplayer": "Family Room Sonos",
    "studyplayer": "Studio Sonos", "door": "Main Door", "blind": "Loft Blind", "shade": "Balcony Shade",
    "radiator": "Loft Radiator", "thermostat": "Entrance Thermostat", "fan": "Tower Fan", "fridge": "Wine Fridge",
    "star": "Fairy Lights"}
VOICES = (("en-us+m1", 150), ("en-us+f1", 145), ("en-gb+m3", 150), ("en-us+m4", 165), ("en-gb-x-rp", 140),
          ("en-us+f3", 155), ("en-us+m8", 135), ("en-gb+f2", 150))
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
OTHERS = """my grandmother lives in a small village near the lake
have you seen my glasses anywhere
the bus was full again this morning
I forgot to bring my umbrella
we are having guests on Friday evening
could you hand me the newspaper
she bought a green dress for the wedding
the doctor told him to rest for a week
there are too many cars in this street
our teacher speaks four languages
the cheese is in the fridge next to the butter
please remember to pay the electricity bill
he turned the key and the engine started
she switched from tea to coffee last year
the lights of the harbour looked wonderful
that lamp was a present from my uncle
I opened the letter and read it twice
we closed the shop at half past six
nobody locked the car yesterday
his room is larger than mine
the radio said it would snow tonight
the orchestra played until midnight
set up the tent before it gets dark
a pause would do us all good
her new song is number one in Italy
they turned down my offer
the volume of traffic is growing
all of them came to the funeral
make sure that the children brush their teeth
it was a warm night and we slept outside
twenty people applied for the job
the blue car belongs to my brother
the garden is full of roses
open water swimming is dangerous
close friends are hard to find
lock down was difficult for everybody
the play was a great success
the corner shop sells stamps
we had fish and chips for dinner
the museum is open every day except Monday
my favourite season is autumn
the dog barked at the postman
the meeting has been moved to Thursday
how do you spell your last name
where did you put the scissors
when does the next train to Paris leave
who wrote this wonderful book
why is the sky blue
what would you like to drink
which of these shirts do you prefer
are you coming with us tomorrow
is there a pharmacy near here
can we talk about something else
do you want milk in your coffee
did the parcel arrive today
will you marry me
let us go for a walk
hurry up or we will miss the bus
take your shoes off please
wash your hands before dinner
do not touch that
be careful with the knife
come here for a moment
wait for me
sit down and listen
look at that bird
happy birthday dear Martin
congratulations on your new job
nice to meet you
good luck with your exam
excuse me
never give up
that is not fair
I do not know
of course not
oh my goodness
what a pity
see you on Sunday
one day in spring
just a second
up and down
far away from here
black and white
under the table
the end of the story
in the middle of the night
on the other hand
once upon a time there was a king
two plus two is four
seven days a week
apples and oranges
bread and butter
rain and wind
a cup of tea
a piece of cake
ladies first
thanks a lot
sure why not
right behind you
merry Christmas""".splitlines()


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
    for name, called in (("farm", FARM), ("loft", LOFT)):
        home = made_home(called)
        devices = tuple((one.name, one.kind, one.room) for one in home.devices.values())
        reflex = Reflex("en", skills)
        reflex.warm(home)
        said = Sayable(tuple(home.rooms), devices, phrases, TITLES)
        found.append(Measured(name, home, said, called, phrases, reflex))
    return found
