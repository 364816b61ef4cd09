"""What is said to heating, garage, alarm, water, vacuum and sensors, in a whole home of such things."""

from __future__ import annotations

import pytest

from dobby.agent.house_talk import read, talk
from dobby.agent.meaning import Clarify, Do, Miss, Question, Refuse, Same
from dobby.agent.reflex import Reflex, Understood
from dobby.home import vocabulary as rows
from dobby.home.device import Device, Room
from dobby.home.traits import Trait
from dobby.home.vocabulary import known
from dobby.words import Words
from tests.agent.home import MadeHome
from tests.agent.sentences import house_sentences

ROOMS = ("Living Room", "Bedroom", "Garden", "Garage", "Kitchen", "Gym", "Hallway")
HEAT = (rows.MODE.but(choices=("off", "heat", "cool", "auto")), rows.TARGET, rows.CURRENT, rows.HUMIDITY)


def warm(kind: str) -> Trait:
    found = known("target", kind)
    assert found
    return found


def home() -> MadeHome:
    devices = [
        Device("h1", "Bedroom Heating", "thermostat", "Bedroom", "homekit", HEAT),
        Device("h2", "Living Room Heating", "thermostat", "Living Room", "homekit", HEAT),
        Device("g1", "Garage Door", "garage", "Garage", "homekit", (rows.OPEN, rows.MOVING)),
        Device("a1", "House Alarm", "alarm", "Hallway", "homekit", (rows.ARMED, rows.TRIGGERED)),
        Device("p1", "Pool", "pool", "Garden", "mqtt", (
            rows.ON, rows.MODE.but(choices=("off", "heat")), warm("pool"), rows.CURRENT)),
        Device("s1", "Spa", "spa", "Garden", "mqtt", (
            rows.ON, rows.MODE.but(choices=("off", "heat")), warm("spa"), rows.CURRENT)),
        Device("t1", "Treadmill", "plug", "Gym", "mqtt", (rows.ON, rows.POWER, rows.ENERGY)),
        Device("w1", "Kitchen Window", "sensor", "Kitchen", "mqtt", (rows.OPENED, rows.LOW_BATTERY)),
        Device("c1", "Freezer", "sensor", "Kitchen", "mqtt", (rows.TEMPERATURE,)),
        Device("l1", "Washer Leak", "sensor", "Kitchen", "mqtt", (rows.LEAK,)),
        Device("v1", "Dusty", "vacuum", "Hallway", "mqtt", (
            rows.TASK, rows.ACTIVITY, rows.ROOMS.but(choices=("Kitchen", "Bedroom")))),
        Device("f1", "Ceiling Fan", "fan", "Bedroom", "mqtt", (rows.ON, rows.SPEED)),
        Device("b1", "Bedroom Shades", "shade", "Bedroom", "homekit", (rows.POSITION, rows.MOVING, rows.STOP)),
    ]
    readings = {("h1", "target"): 20.0, ("h2", "target"): 21.0}
    return MadeHome({one.id: one for one in devices}, {name: Room(name) for name in ROOMS}, dict(readings))


def meant(said: str, language: str = "en", here: str = "") -> str:
    part = read(said, home(), Words(language), here)
    match part:
        case Do(commands):
            return "; ".join(f"{one.device}.{one.trait}={one.value}" for one in commands)
        case Miss():
            return "miss"
        case Question(kind, devices, trait, value):
            return f"{kind} {','.join(devices)} {trait}={value}"
        case Clarify():
            return f"which {len(part.options)}"
        case Refuse(text):
            return text
        case Same(devices):
            return f"same {' '.join(devices)}"
    return "miss"


@pytest.mark.parametrize(("language", "said", "wanted"), house_sentences())
def test_known_sentences_mean_exactly_this(language: str, said: str, wanted: str) -> None:
    assert meant(said, language) == wanted


def test_what_is_felt_counts_for_the_room_it_is_said_in() -> None:
    assert meant("it's too cold in here", here="Bedroom") == "h1.target=21.0"
    assert meant("it's too cold in here") == "which 2"
    assert meant("it is freezing in the garage") == "There is no thermostat in Garage."


def test_water_knows_its_limits() -> None:
    assert meant("heat the spa to 41") == "Spa: a target temperature goes 10 … 40 °C."
    assert meant("set the pool to 50") == "Pool: a target temperature goes 10 … 34 °C."


@pytest.mark.parametrize("said", ["is it ok to open the garage", "\"open the garage\"", "open the garage?",
                                  "don't open the garage", "when it's cold, heat the spa", "open the pod bay doors",
                                  "arm the bedroom", "heat the fridge to 20", "disarm the house tomorrow"])
def test_what_is_no_order_does_nothing(said: str) -> None:
    assert meant(said) == "miss"
    read_whole = Reflex("en", []).read(said, home(), None, now=0.0)
    assert not isinstance(read_whole, Understood) or not any(isinstance(part, Do) for part in read_whole.parts)


def test_a_home_without_such_things_hears_nothing_of_it() -> None:
    empty = MadeHome({}, {"Bedroom": Room("Bedroom")})
    for _, sentence in (talk("en") or pytest.fail("no sentences")).sentences:
        assert sentence.pattern
    assert read("open the garage", empty, Words("en")) is None
    assert read("it's too cold in here", empty, Words("en"), "Bedroom") is None


def whole(said: str, language: str = "en") -> str:
    """What the whole reflex makes of a sentence, as commands; "miss" where it is none."""
    understood = Reflex(language, []).read(said, home(), None, now=0.0)
    if not isinstance(understood, Understood):
        return "miss"
    return "; ".join(f"{one.device}.{one.trait}={one.value}" for part in understood.parts if isinstance(part, Do)
                     for one in part.commands)


@pytest.mark.parametrize(("said", "wanted"), [
    ("set the bedroom to 19 and the living room to 21", "h1.target=19; h2.target=21"),
    ("set the bedroom to 20.75", "h1.target=20.75"), ("make the bedroom 12", "h1.target=12"),
    ("set the house to 20", "h1.target=20; h2.target=20"), ("set the bedroom to 8", "miss"),
    ("set the living room to -5", "miss"), ("set the bedroom to -20", "miss"), ("set the spa to minus 4", "miss"),
    ("set the shades to 80% closed", "b1.position=20"), ("close the shades to 30 %", "b1.position=30")])
def test_a_bare_number_of_a_heated_room_is_warmth_and_a_minus_is_no_number(said: str, wanted: str) -> None:
    assert whole(said) == wanted


@pytest.mark.parametrize(("said", "wanted"), [
    ("close the garage and arm the house for the night", "g1.open=False; a1.armed=night"),
    ("send Dusty home and turn off the ceiling fan", "v1.task=dock; f1.on=False"),
    ("set the pool to 28 and close the garage", "p1.on=True; p1.mode=heat; p1.target=28; g1.open=False"),
    ("close the garage, arm away and stop the shades", "g1.open=False; a1.armed=away; b1.stop=None"),
    ("close the garage and sing a song", "miss"), ("if it rains close the garage and arm away", "miss"),
    ("close the garage and arm away tomorrow", "miss"), ("never close the garage and arm away", "miss"),
    ("open the garage and close the garage", ""), ("close the garage and arm away?", "miss")])
def test_several_orders_in_one_sentence_are_all_understood_or_none(said: str, wanted: str) -> None:
    assert whole(said) == wanted
