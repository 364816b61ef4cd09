"""A made home for the tests of the reflex, under any names: plain data behind the View protocol."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from dobby.home import vocabulary as rows
from dobby.home.device import Device, Room
from dobby.home.traits import Trait, Value


@dataclass(slots=True)
class MadeHome:
    """Devices, rooms and readings."""

    devices: Mapping[str, Device]
    rooms: Mapping[str, Room]
    readings: dict[tuple[str, str], Value] = field(default_factory=dict)
    dead: set[str] = field(default_factory=set)

    def value(self, device: str, trait: str) -> Value:
        """The reading."""
        return self.readings.get((device, trait))

    def reachable(self, device: str) -> bool:
        """Whether it answers."""
        return device not in self.dead


WHITE: tuple[Trait, ...] = (rows.ON, rows.BRIGHTNESS)
TUNABLE: tuple[Trait, ...] = (*WHITE, rows.COLOR_TEMPERATURE.but(min=2000, max=6500))
COLORED: tuple[Trait, ...] = (*TUNABLE, rows.COLOR)
EFFECTS = ("Solid", "Rainbow", "Candle", "Fire Flicker")
STRIP: tuple[Trait, ...] = (*WHITE, rows.COLOR, rows.EFFECT.but(choices=EFFECTS))
TITLES = ("Jazz Radio", "BBC Radio 4", "Kitchen Mix", "Quiet Rain")
SHADE: tuple[Trait, ...] = (rows.POSITION,)
LOCK: tuple[Trait, ...] = (rows.LOCKED, rows.JAMMED, rows.BATTERY)
HEAT: tuple[Trait, ...] = (rows.TARGET, rows.CURRENT)
SWITCH: tuple[Trait, ...] = (rows.ON,)


def player(*others: str) -> tuple[Trait, ...]:
    """A Sonos player's traits."""
    return (rows.PLAYING, rows.PLAY.but(choices=TITLES), rows.NEXT, rows.PREVIOUS, rows.VOLUME, rows.MUTED,
            rows.GROUP.but(choices=("", *others)), rows.TITLE)


NAMES: Mapping[str, str] = {
    "kitchen": "Kitchen", "study": "Study", "living": "Living Room", "bedroom": "Bedroom", "bathroom": "Bathroom",
    "porch": "Porch", "hall": "Hall", "ceiling": "Ceiling", "strip": "Counter Strip", "desk": "Desk Lamp",
    "floor": "Floor Lamp", "reading": "Reading Light", "bedside": "Bedside Lamp", "upper": "Ceiling",
    "mirror": "Mirror Light", "porchlight": "Porch Light", "livingplayer": "Living Room Sonos",
    "studyplayer": "Study Sonos", "door": "Front Door", "blind": "Bedroom Blind", "shade": "Big Window Shade",
    "radiator": "Bedroom Radiator", "thermostat": "Hall Thermostat", "fan": "Standing Fan", "fridge": "Fridge",
    "star": "Christmas Star",
}


def devices(called: Mapping[str, str]) -> list[Device]:
    """The devices of the made home."""
    n = called
    return [
        Device("k1", n["ceiling"], "light", n["kitchen"], "hue", COLORED),
        Device("k2", n["strip"], "light", n["kitchen"], "wled", STRIP),
        Device("s1", n["desk"], "light", n["study"], "hue", TUNABLE),
        Device("l1", n["floor"], "light", n["living"], "hue", COLORED),
        Device("l2", n["reading"], "light", n["living"], "hue", WHITE),
        Device("b1", n["bedside"], "light", n["bedroom"], "hue", TUNABLE),
        Device("b2", n["upper"], "light", n["bedroom"], "hue", TUNABLE),
        Device("t1", n["mirror"], "light", n["bathroom"], "hue", WHITE),
        Device("p1", n["porchlight"], "light", n["porch"], "hue", WHITE),
        Device("sp1", n["livingplayer"], "speaker", n["living"], "sonos", player("sp2")),
        Device("sp2", n["studyplayer"], "speaker", n["study"], "sonos", player("sp1")),
        Device("d1", n["door"], "lock", n["hall"], "homekit", LOCK),
        Device("sh1", n["blind"], "shade", n["bedroom"], "homekit", SHADE),
        Device("sh2", n["shade"], "shade", n["living"], "homekit", SHADE),
        Device("h1", n["radiator"], "thermostat", n["bedroom"], "homekit", HEAT),
        Device("h2", n["thermostat"], "thermostat", n["hall"], "homekit", HEAT),
        Device("f1", n["fan"], "fan", n["study"], "homekit", SWITCH),
        Device("g1", n["fridge"], "plug", n["kitchen"], "homekit", SWITCH),
        Device("g2", n["star"], "plug", n["living"], "homekit", SWITCH, in_everything=True),
    ]


def readings(home: MadeHome) -> dict[tuple[str, str], Value]:
    """Lamps lit at 50 %, the living room plays, the door is locked."""
    values: dict[tuple[str, str], Value] = {}
    first: dict[str, Value] = {"on": True, "brightness": 50, "color_temperature": 3000, "volume": 30, "muted": False,
                               "locked": True, "position": 50, "target": 20.0, "current": 19.5}
    for one in home.devices.values():
        for trait in one.traits:
            values[one.id, trait.name] = first.get(trait.name)
        values[one.id, "playing"] = one.id == "sp1" if one.kind == "speaker" else None
        values[one.id, "title"] = "Blue in Green" if one.id == "sp1" else ""
    return values


def made_home(called: Mapping[str, str] = NAMES) -> MadeHome:
    """The made home with its readings, under these names."""
    n = called
    rooms = (Room(n["kitchen"], "Downstairs"), Room(n["study"], "Upstairs"), Room(n["living"], "Downstairs"),
             Room(n["bedroom"], "Upstairs"), Room(n["bathroom"], "Upstairs"), Room(n["porch"]),
             Room(n["hall"], "Downstairs"))
    home = MadeHome({one.id: one for one in devices(called)}, {room.name: room for room in rooms})
    home.readings = readings(home)
    return home
