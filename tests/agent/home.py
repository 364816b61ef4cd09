"""A made home for the tests of the reflex: plain data behind the View protocol."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from dobby.home import traits
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


WHITE: tuple[Trait, ...] = (traits.ON, traits.BRIGHTNESS)
TUNABLE: tuple[Trait, ...] = (*WHITE, traits.COLOR_TEMPERATURE.but(min=2000, max=6500))
COLORED: tuple[Trait, ...] = (*TUNABLE, traits.COLOR)
STRIP: tuple[Trait, ...] = (*WHITE, traits.COLOR, traits.EFFECT.but(choices=("Solid", "Rainbow", "Candle", "Fire Flicker")))
TITLES = ("Jazz Radio", "BBC Radio 4", "Kitchen Mix", "Quiet Rain")


def player(*others: str) -> tuple[Trait, ...]:
    """A Sonos player's traits."""
    return (traits.PLAYING, traits.PLAY.but(choices=TITLES), traits.NEXT, traits.PREVIOUS, traits.VOLUME, traits.MUTED,
            traits.GROUP.but(choices=("alone", *others)), traits.TITLE)


SHADE: tuple[Trait, ...] = (traits.POSITION,)
LOCK: tuple[Trait, ...] = (traits.LOCKED, traits.JAMMED, traits.BATTERY)
HEAT: tuple[Trait, ...] = (traits.TARGET, traits.CURRENT)
SWITCH: tuple[Trait, ...] = (traits.ON,)


def devices() -> list[Device]:
    """The devices of the made home under the names that the sentences use."""
    return [
        Device("k1", "Ceiling", "light", "Kitchen", "hue", COLORED),
        Device("k2", "Counter Strip", "light", "Kitchen", "wled", STRIP),
        Device("s1", "Desk Lamp", "light", "Study", "hue", TUNABLE),
        Device("l1", "Floor Lamp", "light", "Living Room", "hue", COLORED),
        Device("l2", "Reading Light", "light", "Living Room", "hue", WHITE),
        Device("b1", "Bedside Lamp", "light", "Bedroom", "hue", TUNABLE),
        Device("b2", "Ceiling", "light", "Bedroom", "hue", TUNABLE),
        Device("t1", "Mirror Light", "light", "Bathroom", "hue", WHITE),
        Device("p1", "Porch Light", "light", "Porch", "hue", WHITE),
        Device("sp1", "Living Room Sonos", "speaker", "Living Room", "sonos", player("Study Sonos")),
        Device("sp2", "Study Sonos", "speaker", "Study", "sonos", player("Living Room Sonos")),
        Device("d1", "Front Door", "lock", "Hall", "homekit", LOCK),
        Device("sh1", "Bedroom Blind", "shade", "Bedroom", "hk", SHADE),
        Device("sh2", "Big Window Shade", "shade", "Living Room", "hk", SHADE),
        Device("h1", "Bedroom Radiator", "thermostat", "Bedroom", "hk", HEAT),
        Device("h2", "Hall Thermostat", "thermostat", "Hall", "hk", HEAT),
        Device("f1", "Standing Fan", "fan", "Study", "hk", SWITCH),
        Device("g1", "Fridge", "plug", "Kitchen", "hk", SWITCH),
        Device("g2", "Christmas Star", "plug", "Living Room", "hk", SWITCH, in_everything=True),
    ]


ROOMS = (Room("Kitchen", "Downstairs"), Room("Study", "Upstairs"), Room("Living Room", "Downstairs", ("lounge",)),
         Room("Bedroom", "Upstairs"), Room("Bathroom", "Upstairs"), Room("Porch"), Room("Hall", "Downstairs"))


def readings(home: MadeHome) -> dict[tuple[str, str], Value]:
    """Lamps lit at 50 %, the living room plays, the door is locked."""
    values: dict[tuple[str, str], Value] = {}
    for one in home.devices.values():
        for trait in one.traits:
            first: dict[str, Value] = {"on": True, "brightness": 50, "color_temperature": 3000, "volume": 30, "muted": False,
                                       "playing": one.id == "sp1", "locked": True, "position": 50, "target": 20.0,
                                       "current": 19.5, "title": "Blue in Green" if one.id == "sp1" else ""}
            values[one.id, trait.name] = first.get(trait.name)
    return values


def made_home() -> MadeHome:
    """The made home with its readings."""
    home = MadeHome({one.id: one for one in devices()}, {room.name: room for room in ROOMS})
    home.readings = readings(home)
    return home
