"""What each known sentence of house_talk.py comes to: orders, questions, or a question back. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from dobby.agent.meaning import Asked, Clarify, Do, Part, Question, Refuse, Same
from dobby.errors import OutOfRange
from dobby.home.device import Command, Device, View
from dobby.home.traits import Trait, Value
from dobby.watchman import low_battery
from dobby.words import Words

COMFORT_STEP = 1.0  # °C that "too cold" is worth
ROOM_DEGREES = (10.0, 30.0)  # a bare number between these is a temperature where a room is heated


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
        woken = _woken(devices, view) if step > 0 else ()
        return Do((*woken, *commands), words.join([one.name for one in devices]))
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
    devices = _heated(heard, view, here)
    part = _all(devices, "target", number, words)
    return replace(part, commands=(*_woken(devices, view), *part.commands)) if isinstance(part, Do) else part


def _woken(devices: Sequence[Device], view: View) -> tuple[Command, ...]:
    """Heating that is off and is asked for a temperature is wanted on."""
    return tuple(Command(one.id, "mode", "heat") for one in devices if view.value(one.id, "mode") == "off"
                 and (mode := one.trait("mode")) is not None and "heat" in mode.choices)


def _water(heard: Heard, view: View, words: Words, _here: str) -> Part | None:
    """Heat it: to a temperature where one is said; its heater on, where that is told apart."""
    def make(devices: Sequence[Device]) -> Part | None:
        commands: list[Command] = []
        for one in devices:
            if heard.number is not None:
                part = _all((one,), "target", heard.number, words)
                if not isinstance(part, Do):
                    return part
                commands += part.commands
            mode, on = one.trait("mode"), one.trait("on")
            if mode is not None and "heat" in mode.choices:
                commands.insert(0, Command(one.id, "mode", "heat"))
            if on is not None and view.value(one.id, "on") is not True:
                commands.insert(0, Command(one.id, "on", True))  # water that stands is not heated
        about = words.join([one.name for one in devices])
        if any(known.risk(one.value) for one in commands for known in [_own(one, devices)]):
            yes = words.say("ask.yes")  # one sentence is one question: nothing of it is done before the yes
            told = words.say("question.value", device=about, value=words.say("state.target", value=heard.number))
            return Clarify(words.say("ask.shall", about=told.rstrip(".")), (yes,), ((yes, tuple(commands)),))
        return Do(tuple(commands), about) if commands else None
    return _single(heard, words, make, "target")


def _own(command: Command, devices: Sequence[Device]) -> Trait:
    """The trait that a command sets."""
    found = next(one for one in devices if one.id == command.device).trait(command.trait)
    if found is None:
        raise LookupError(command.trait)
    return found


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


def _low(_heard: Heard, view: View, words: Words, _here: str) -> Part | None:
    """Which batteries are low, whether a device says so or only how full it is."""
    told = [one for one in view.devices.values() if one.trait("battery") or one.trait("low_battery")]
    names = [one.name for one in told if low_battery(view, one.id)]
    if not told:
        return None
    if not names:
        return Refuse(words.say("question.no_one", state=words.say("state.low_battery.yes")))
    return Refuse(words.say("alert.batteries", names=words.join(names), count=len(names)))


def _ajar(*traits: str) -> Maker:
    """What stands open, of all that has one of these traits."""
    def make(_heard: Heard, view: View, _words: Words, _here: str) -> Part | None:
        ids = tuple(one.id for one in view.devices.values() if any(one.trait(name) for name in traits))
        return Question("ajar", ids, "open", True, "") if ids else None
    return make


def _shut(_heard: Heard, view: View, words: Words, _here: str) -> Part | None:
    """ "Close everything": shades down and garages shut."""
    told = [(one, name, value) for one in view.devices.values() for name, value in (("position", 0), ("open", False))
            if (trait := one.trait(name)) is not None and trait.kind != "sensor"]
    commands = tuple(Command(one.id, name, value) for one, name, value in told)
    return Do(commands, words.join([one.name for one, _, _ in told])) if commands else None


def _heats(word: str) -> Maker:
    def make(heard: Heard, view: View, words: Words, here: str) -> Part | None:
        devices = tuple(one for one in heard.devices if not heard.room or one.room == heard.room)
        return _mode(replace(heard, devices=devices, word=word), view, words, here) if devices else None
    return make


def _stands(is_open: bool) -> Maker:
    """Whether one named thing is open, by whichever trait says so."""
    def make(heard: Heard, _view: View, _words: Words, _here: str) -> Part | None:
        if len(heard.devices) != 1:
            return None
        trait = next((name for name in ("open", "opened") if heard.devices[0].trait(name)), "")
        return Question("is", (heard.devices[0].id,), trait, is_open, heard.devices[0].name) if trait else None
    return make


VERBS: Mapping[str, Maker] = {
    "ajar": _ajar("open", "opened", "locked", "position"), "secure": _ajar("open", "opened", "locked"),
    "close_all": _shut, "cool_water": _order("mode", "off"), "heat_off": _heats("off"), "heat_on": _heats("on"),
    "thing_open": _stands(True), "thing_shut": _stands(False),
    "same": _same, "apart": _apart,
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
    "low": _low, "humid": _everywhere("value", "humidity", None),
    "air": _everywhere("value", "co2", None),
}
