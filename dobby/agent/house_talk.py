"""What is said to heating, garage, alarm, water, vacuum and sensors, by known sentences: "it's too cold in here",
"arm the house for the night". A table of sentences a language (languages/<xx>/talk.toml); a sentence fits whole or not
at all, and only in a home that has the thing.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from importlib import resources
from typing import Any

from dobby.agent.meaning import Asked, Clarify, Do, Part, Question, Refuse, Same
from dobby.agent.sentences import any_of, pattern
from dobby.agent.text import quotes
from dobby.errors import OutOfRange
from dobby.home.device import Command, Device, View
from dobby.home.traits import Value
from dobby.words import Words

LONGEST = 16  # words of a sentence
COMFORT_STEP = 1.0  # °C that "too cold" is worth
ROOM_DEGREES = (10.0, 30.0)  # a bare number between these is a temperature where a room is heated
# what a slot may mean, by kind of device; "" = any kind
SLOTS: Mapping[str, tuple[str, ...]] = {
    "garage": ("garage",), "alarm": ("alarm",), "panel": ("alarm",), "water": ("pool", "spa"), "vacuum": ("vacuum",),
    "fan": ("fan",), "cover": ("shade",), "heat": ("thermostat",), "thing": (), "other": ()}


@dataclass(frozen=True, slots=True)
class Talk:
    """One language's sentences, compiled, and the tables its slots are read by."""

    sentences: tuple[tuple[str, re.Pattern[str]], ...]
    tables: Mapping[str, Any]
    numbers: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Heard:
    """A sentence that fits, its slots read: devices by slot, and what else was named."""

    devices: tuple[Device, ...] = ()
    others: tuple[Device, ...] = ()  # what else was named beside
    noun: bool = False  # they came by their kind, not by a name
    room: str = ""
    number: float | None = None
    word: str = ""  # of the slots {how} and {mode}

    def able(self, *traits: str) -> tuple[Device, ...]:
        """Those devices that have one of these traits."""
        return tuple(one for one in self.devices if any(one.trait(trait) for trait in traits))


@cache
def talk(language: str) -> Talk | None:
    """The sentences of a language; None where it has none."""
    folder = resources.files("dobby") / "languages" / language
    if not (folder / "talk.toml").is_file():
        return None
    tables = tomllib.loads((folder / "talk.toml").read_text("utf-8"))
    spoken = tomllib.loads((folder / "numbers.toml").read_text("utf-8"))
    numbers = {_plain(phrase, ""): float(number) for number, several in spoken.items() for phrase in several}
    slots = {name: any_of(phrase for several in tables[name].values() for phrase in several)
             for name in ("how", "mode")} | {"number": rf"(?:\d{{1,3}}(?:[.,]\d)? |{any_of(numbers)})"}
    sentences = [(verb, re.compile(pattern(one, slots)))
                 for verb, several in tables["sentences"].items() for one in several]
    return Talk(tuple(sentences), tables, numbers)


def _plain(text: str, apostrophe: str) -> str:
    """Words in small letters without signs, the point of a number kept."""
    text = re.sub(r"['’´`]", apostrophe, text.lower())
    return " ".join(re.sub(r"(?<!\d)[.,]|[.,](?!\d)|[^\w\s%.,]", " ", text.replace("%", " % ")).split())


def read(text: str, view: View, words: Words, here: str = "") -> Part | None:
    """What is meant, None when this is something else."""
    known = talk(words.language)
    if known is None:
        return None
    said = _mannerless(_plain(text, known.tables.get("apostrophe", "")).split(), known.tables)
    if not said or len(said) > LONGEST:
        return None
    unsure = "?" in text or quotes(text)  # a question, or somebody else's words, is no order
    line = "".join(f"{word} " for word in said)
    for verb, sentence in known.sentences:
        match = sentence.fullmatch(line)
        heard = _heard(match, known, view) if match else None
        part = VERBS[verb](heard, view, words, here) if heard else None
        if part is not None:
            return None if unsure and isinstance(part, Do | Clarify | Same) else part
    return None


def _mannerless(said: list[str], tables: Mapping[str, Any]) -> list[str]:
    """Without courtesies at either end, and without those words that are silent wherever they stand."""
    phrases = [phrase.split() for phrase in tables["manners"]]
    while said:
        before = next((len(one) for one in phrases if said[:len(one)] == one), 0)
        after = next((len(one) for one in phrases if said[len(said) - len(one):] == one), 0) if not before else 0
        if not before and not after:
            break
        said = said[before:len(said) - after]
    return [word for word in said if word not in tables["silent"]]


def _heard(match: re.Match[str], known: Talk, view: View) -> Heard | None:
    """The slots of a sentence; None when one of them is nothing that this home has."""
    devices: tuple[Device, ...] | None = None
    others: tuple[Device, ...] = ()
    noun, room, number, word = False, "", None, ""
    for name, said in match.groupdict().items():
        if said is None:
            continue
        slot, words = name.partition("__")[0], _bare(said.strip(), known.tables)
        if slot == "other":
            others, _ = _devices(words, slot, known, view)
            if not others:
                return None
        elif slot in SLOTS:
            devices, noun = _devices(words, slot, known, view)
            if not devices:
                return None
        elif slot == "room":
            room = next((one for one in view.rooms if words in _names((one, *view.rooms[one].aliases), known)), "")
            if not room and words not in known.tables["here"]:
                return None
        elif slot == "number":
            number = _number(words, known)
            if number is None:
                return None
        elif slot in ("how", "mode"):
            table = known.tables[slot]
            word = next((key for key, several in table.items() if {words, said.strip()} & set(several)), "")
            if not word:
                return None
    return Heard(devices or (), others, noun, room, number, word)


def _bare(said: str, tables: Mapping[str, Any]) -> str:
    """Without articles in front."""
    words = said.split()
    while len(words) > 1 and words[0] in tables["articles"]:
        words = words[1:]
    return " ".join(words)


def _names(names: Iterable[str], known: Talk) -> set[str]:
    return {_bare(_plain(name, known.tables.get("apostrophe", "")), known.tables) for name in names if name}


def _number(said: str, known: Talk) -> float | None:
    if re.fullmatch(r"\d{1,3}([.,]\d)?", said):
        number = float(said.replace(",", "."))
        return int(number) if number.is_integer() else number
    return known.numbers.get(said)


def _devices(said: str, slot: str, known: Talk, view: View) -> tuple[tuple[Device, ...], bool]:
    """The devices that words call, by name or by their kind (with a room in front: "bedroom heating")."""
    kinds = SLOTS[slot]
    able = [one for one in view.devices.values() if not kinds or one.kind in kinds]
    named = tuple(one for one in able if said in _names((one.name, *one.aliases), known))
    if named:
        return named, False
    for kind in kinds:
        of_kind = [one for one in able if one.kind == kind]
        for noun in known.tables["nouns"].get(slot if slot == "panel" else kind, ()):
            if said == noun:
                return tuple(of_kind), True
            if said.endswith(f" {noun}"):
                place = said.removesuffix(f" {noun}")
                there = tuple(one for one in of_kind if place in _names((one.room,), known))
                if there:
                    return there, True
    return (), False


# --- what each verb comes to ----------------------------------------------------------------------------------------

Maker = Callable[[Heard, View, Words, str], Part | None]


def _all(devices: Sequence[Device], trait: str, value: Value, words: Words) -> Part | None:
    """An order to every one of these, or why it cannot be."""
    commands = []
    for one in devices:
        own = one.trait(trait)
        if own is None:
            continue
        try:
            commands.append(Command(one.id, trait, own.check(value)))
        except OutOfRange as error:
            return Refuse(words.say("refuse.range", device=one.name, trait=words.say(f"trait.{trait}"),
                                    detail=f"{own.min:g} … {own.max:g} {own.unit}".strip() if own.kind == "number"
                                    and own.min is not None and own.max is not None else error.text))
    return Do(tuple(commands), words.join([one.name for one in devices])) if commands else None


def _order(trait: str, value: Value) -> Maker:
    def make(heard: Heard, _view: View, words: Words, _here: str) -> Part | None:
        return _single(heard, words, lambda devices: _all(devices, trait, value, words), trait)
    return make


def _single(heard: Heard, words: Words, make: Callable[[Sequence[Device]], Part | None], trait: str) -> Part | None:
    """Of several things of a kind, which one: for doors and panels one is meant."""
    able = heard.able(trait)
    if len(able) > 1 and heard.noun and able[0].kind in ("garage", "alarm", "pool", "spa"):
        made = [(one.name, make((one,))) for one in able]
        return Clarify(words.say("ask.which", options=words.join([one.name for one in able])),
                       tuple(name for name, _ in made),
                       tuple((name, part.commands) for name, part in made if isinstance(part, Do)))
    return make(able) if able else None


def _asked(form: Asked, trait: str, value: Value = None) -> Maker:
    def make(heard: Heard, _view: View, words: Words, _here: str) -> Part | None:
        able = heard.able(trait)
        about = able[0].name if len(able) == 1 else ""
        return Question(form, tuple(one.id for one in able), trait, value, about) if able else None
    return make


def _everywhere(form: Asked, trait: str, value: Value) -> Maker:
    """A question to everything that notices something, in one room or the whole home."""
    def make(heard: Heard, view: View, _words: Words, here: str) -> Part | None:
        ids = tuple(one.id for one in view.devices.values() if one.trait(trait)
                    and (not heard.room or one.room == heard.room))
        return Question(form, ids, trait, value, "") if ids else None
    return make


def _armed(heard: Heard, view: View, words: Words, _here: str) -> Part | None:
    if not heard.devices:  # "arm away": the panel is meant
        heard = replace(heard, devices=tuple(one for one in view.devices.values() if one.kind == "alarm"), noun=True)

    def make(devices: Sequence[Device]) -> Part | None:
        if heard.word:
            return _all(devices, "armed", heard.word, words)
        choices = [how for how in devices[0].trait("armed").choices if how != "disarmed"]  # type: ignore[union-attr]
        told = {how: words.say(f"state.armed_{how}") for how in choices}
        return Clarify(words.say("ask.which", options=words.join(list(told.values()))), tuple(told.values()),
                       tuple((told[how], (Command(devices[0].id, "armed", how),)) for how in choices))
    return _single(heard, words, make, "armed")


def _heated(heard: Heard, view: View, here: str) -> tuple[Device, ...]:
    """The thermostats of the room that is spoken of, or spoken in; where neither is known, the only one there is."""
    room = heard.room or here
    every = [one for one in view.devices.values() if one.kind == "thermostat" and one.trait("target")]
    there = tuple(one for one in every if one.room == room)
    return there if room else tuple(every) if len(every) == 1 else ()


def _felt(step: float) -> Maker:
    """ "It's too cold in here": a degree warmer than it is set now."""
    def make(heard: Heard, view: View, words: Words, here: str) -> Part | None:
        every = [one for one in view.devices.values() if one.kind == "thermostat" and one.trait("target")]
        devices = _heated(heard, view, here)
        if not every:
            return None
        if not devices:
            options = tuple((one.name, _stepped((one,), step, view)) for one in every[:6])
            if heard.room:
                return Refuse(words.say("refuse.no_thing_there", thing=words.kind("thermostat"), place=heard.room))
            return Clarify(words.say("ask.which", options=words.join([name for name, _ in options])),
                           tuple(name for name, _ in options), tuple(one for one in options if one[1]))
        commands = _stepped(devices, step, view)
        if not commands:
            return Refuse(words.say("refuse.unread", trait=words.say("trait.target"), device=devices[0].name))
        return Do(commands, words.join([one.name for one in devices]))
    return make


def _stepped(devices: Sequence[Device], step: float, view: View) -> tuple[Command, ...]:
    commands = []
    for one in devices:
        now, trait = view.value(one.id, "target"), one.trait("target")
        if isinstance(now, int | float) and trait is not None:
            low, high = trait.min if trait.min is not None else now, trait.max if trait.max is not None else now
            commands.append(Command(one.id, "target", min(max(now + step, low), high)))
    return tuple(commands)


def _room_target(heard: Heard, view: View, words: Words, here: str) -> Part | None:
    number = heard.number
    if number is None or not ROOM_DEGREES[0] <= number <= ROOM_DEGREES[1]:
        return None
    return _all(_heated(heard, view, here), "target", number, words)


def _water(heard: Heard, _view: View, words: Words, _here: str) -> Part | None:
    """Heat it: to a temperature where one is said; its heater on, where that is told apart."""
    def make(devices: Sequence[Device]) -> Part | None:
        commands: list[Command] = []
        for one in devices:
            if heard.number is not None:
                part = _all((one,), "target", heard.number, words)
                if not isinstance(part, Do):
                    return part
                commands += part.commands
            mode = one.trait("mode")
            if mode is not None and "heat" in mode.choices:
                commands.insert(0, Command(one.id, "mode", "heat"))
        return Do(tuple(commands), words.join([one.name for one in devices])) if commands else None
    return _single(heard, words, make, "target")


def _mode(heard: Heard, view: View, words: Words, _here: str) -> Part | None:
    """Heating on or off: its mode where it has one."""
    commands = []
    for one in heard.devices:
        mode = one.trait("mode")
        wanted = heard.word
        if mode is None:
            continue
        if wanted == "on":
            wanted = next((way for way in ("heat", "auto", "cool") if way in mode.choices), "")
        if wanted not in mode.choices:
            return Refuse(words.say("refuse.range", device=one.name, trait=words.say("trait.mode"),
                                    detail=", ".join(mode.choices)))
        commands.append(Command(one.id, "mode", wanted))
    return Do(tuple(commands), words.join([one.name for one in heard.devices])) if commands else None


def _clean(heard: Heard, view: View, words: Words, _here: str) -> Part | None:
    robots = [one for one in view.devices.values() if one.kind == "vacuum"]
    if not robots:
        return None
    if len(robots) > 1:
        return None
    rooms = robots[0].trait("rooms")
    if heard.room and rooms is not None and heard.room.casefold() in [one.casefold() for one in rooms.choices]:
        return Do((Command(robots[0].id, "rooms", heard.room),), robots[0].name)
    if heard.room:
        return Refuse(words.say("refuse.no_trait", device=robots[0].name, trait=words.say("trait.rooms")))
    return _all(robots, "task", "clean", words)


def _speed(heard: Heard, _view: View, words: Words, _here: str) -> Part | None:
    return _all(heard.able("speed"), "speed", heard.number, words) if heard.number is not None else None


def _warmth(heard: Heard, view: View, _words: Words, here: str) -> Part | None:
    """How warm something or somewhere is: what a thermostat there feels, else a sensor."""
    place = [one for one in view.devices.values() if one.kind in ("thermostat", "sensor")
             and one.room == (heard.room or here)] if not heard.devices else list(heard.devices)
    for trait in ("current", "temperature"):
        ids = tuple(one.id for one in place if one.trait(trait))
        if ids:
            return Question("value", ids, trait, None, "")
    return None


def _same(heard: Heard, _view: View, words: Words, _here: str) -> Part | None:
    """ "The desk lamp and the study light are the same": one of each, of one kind."""
    both = (*heard.devices, *heard.others)
    if len(heard.devices) != 1 or len(heard.others) != 1 or heard.devices == heard.others:
        return None
    if both[0].kind != both[1].kind:
        return Refuse(words.say("same.kinds", devices=words.join([one.name for one in both])))
    return Same(tuple(one.id for one in both))


def _apart(heard: Heard, _view: View, _words: Words, _here: str) -> Part | None:
    return Same((heard.devices[0].id,)) if len(heard.devices) == 1 else None


def _later(_heard: Heard, _view: View, words: Words, _here: str) -> Part | None:
    return Refuse(words.say("refuse.no_time"))


VERBS: Mapping[str, Maker] = {
    "later": _later, "same": _same, "apart": _apart,
    "open": _order("open", True), "close": _order("open", False),
    "is_open": _asked("is", "open", True), "is_closed": _asked("is", "open", False),
    "arm": _armed, "disarm": _order("armed", "disarmed"),
    "how_armed": _asked("value", "armed"), "sounds": _asked("is", "triggered", True),
    "power": _asked("value", "power"), "energy": _asked("value", "energy"),
    "cold": _felt(COMFORT_STEP), "warm": _felt(-COMFORT_STEP), "room": _room_target, "mode": _mode,
    "water": _water, "warmth": _warmth,
    "clean": _clean, "vacuum": _order("task", "clean"), "pause": _order("task", "pause"),
    "dock": _order("task", "dock"), "where": _asked("value", "activity"), "speed": _speed, "halt": _order("stop", None),
    "any_open": _everywhere("which", "opened", True), "all_closed": _everywhere("is", "opened", False),
    "leak": _everywhere("which", "leak", True), "smoke": _everywhere("which", "smoke", True),
    "low": _everywhere("which", "low_battery", True), "humid": _everywhere("value", "humidity", None),
    "air": _everywhere("value", "co2", None),
}
