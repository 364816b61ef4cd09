"""From what was spoken of to devices of this home: exactly those, or a refusal by name, or a question back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from dobby.agent.clauses import Mention
from dobby.agent.deeds import Action
from dobby.agent.meaning import Context
from dobby.agent.names import Names
from dobby.home.device import Device, View
from dobby.words import Words

FRESH = 300.0  # seconds for which "it" still means what was meant
_MANY = 6  # options offered at most


@dataclass(frozen=True, slots=True)
class Home:
    """What targets are looked up in."""

    view: View
    names: Names
    words: Words
    context: Context | None
    here: str


@dataclass(frozen=True, slots=True)
class Found:
    """Devices meant; `loose` when they came by kind or place, so that those without the trait may be passed over."""

    devices: tuple[str, ...]
    about: str
    loose: bool = True


@dataclass(frozen=True, slots=True)
class Absent:
    """The home has no such thing: said by name."""

    text: str


@dataclass(frozen=True, slots=True)
class Several:
    """Any of these could be meant: (what it is called, its devices)."""

    options: tuple[tuple[str, tuple[str, ...]], ...]


Target = Found | Absent | Several | None


def resolve(mention: Mention, wanted: Action, home: Home) -> Target:
    """The devices that a mention means for this action; None where it cannot be known."""
    if (mention.missing or mention.missing_place) and wanted.kind == "lock" and "lock" not in home.names.by_kind:
        return Absent(home.words.say("refuse.no_thing", thing=home.words.kind("lock", 1)))
    if mention.missing:
        return _missing(mention, home)
    if mention.missing_place:
        return Absent(home.words.say("refuse.no_place", place=mention.missing_place))
    if mention.devices:
        return _named(mention, home)
    rooms = _rooms(mention, home)
    if rooms is None:
        return None
    if (mention.everything or (mention.home and wanted.name == "off")) and not mention.kind:
        return _everything(mention, wanted, rooms, home)
    if mention.kind:
        return _kind(mention, mention.kind, wanted, rooms, home)
    if mention.rooms or mention.floor or mention.here or mention.home:
        return _placed(mention, wanted, rooms, home)
    return _before(mention, wanted, home)


def _missing(mention: Mention, home: Home) -> Target:
    place = home.words.join(mention.rooms) or mention.floor
    if place:
        return Absent(home.words.say("refuse.no_thing_there", thing=mention.missing, place=place))
    return Absent(home.words.say("refuse.no_thing", thing=mention.missing))


def _rooms(mention: Mention, home: Home) -> tuple[str, ...] | None:
    """The rooms a mention is limited to; () is the whole home; None where "here" is nowhere."""
    if mention.rooms:
        return mention.rooms
    if mention.floor:
        return tuple(home.names.floors.get(mention.floor, ()))
    if mention.here:
        return (home.here,) if home.here else None
    return ()


def _named(mention: Mention, home: Home) -> Target:
    devices = [home.view.devices[one] for one in mention.devices]
    if mention.kind:
        devices = [one for one in devices if one.kind == mention.kind]
    elif mention.how in ("kind", "both"):
        return Several(tuple((one.name, (one.id,)) for one in devices[:_MANY]))
    if not devices:
        return None
    places = _rooms(mention, home)
    if places:
        there = [one for one in devices if one.room in places]
        if not there:
            return _elsewhere(mention.called, places, devices, home)
        devices = there
    if len(devices) > 1 and home.here and any(one.room == home.here for one in devices) and not places:
        devices = [one for one in devices if one.room == home.here]
    if mention.everything or mention.count == "many":
        called = home.words.join(list(dict.fromkeys(one.name for one in devices)))
        return Found(tuple(one.id for one in devices), called, loose=False)
    if len(devices) == 1:
        return Found((devices[0].id,), devices[0].name, loose=False)
    return Several(tuple((f"{one.name} ({one.room})" if one.room else one.name, (one.id,)) for one in devices[:_MANY]))


def _elsewhere(what: str, places: Sequence[str], devices: Sequence[Device], home: Home) -> Absent:
    rooms = list(dict.fromkeys(one.room for one in devices if one.room))
    place = home.words.join(places)
    if not rooms:
        return Absent(home.words.say("refuse.no_thing_there", thing=what, place=place))
    return Absent(home.words.say("refuse.elsewhere", thing=what, place=place, rooms=home.words.join(rooms[:3])))


def _kind(mention: Mention, kind: str, wanted: Action, rooms: tuple[str, ...], home: Home) -> Target:
    all_of_kind = [home.view.devices[one] for one in home.names.by_kind.get(kind, ())]
    devices = [one for one in all_of_kind if not rooms or one.room in rooms]
    noun = home.words.kind(kind, 1)
    if not all_of_kind:
        place = home.words.join(rooms)
        return Absent(home.words.say("refuse.no_thing_there" if place else "refuse.no_thing", thing=noun, place=place))
    if kind == "plug" and wanted.name == "off" and any(not one.in_everything for one in devices):
        return _marked_only(devices, home)
    if not devices:
        return _elsewhere(noun, rooms if mention.rooms else (mention.floor or home.here,), all_of_kind, home)
    nearby = home.here and not (rooms or mention.everything or mention.home or mention.floor)
    if nearby and any(one.room == home.here for one in devices):
        return _kind(replace(mention, here=True), kind, wanted, (home.here,), home)
    if rooms or mention.everything or mention.home or mention.count == "many" or len(devices) == 1:
        if mention.count == "one" and len(devices) > 1 and rooms and not mention.everything:
            return _one_of(mention, devices, home)
        return _of_kind(devices, kind, mention, rooms, home)
    if kind == "speaker":
        return _players(devices, wanted, home)
    fresh = _fresh(home)
    if mention.count != "mass" and fresh and any(home.view.devices[one].kind == kind for one in fresh.devices
                                                if one in home.view.devices) and mention.it:
        return _before(mention, wanted, home)
    by_room: dict[str, list[str]] = {}
    for one in devices:
        by_room.setdefault(one.room, []).append(one.id)
    if len(devices) <= _MANY:
        return Several(tuple((one.name, (one.id,)) for one in devices))
    return Several(tuple((home.words.kind_in(kind, room, len(ids)), tuple(ids))
                         for room, ids in list(by_room.items())[:_MANY]))


def _marked_only(devices: Sequence[Device], home: Home) -> Target:
    """Outlets in a heap: only those that the owner counts in go off unasked; a fridge must be called by its name."""
    marked = [one for one in devices if one.in_everything]
    if marked:
        return Found(tuple(one.id for one in marked), home.words.join([one.name for one in marked]))
    return Several(tuple((one.name, (one.id,)) for one in devices[:_MANY]))


def _one_of(mention: Mention, devices: Sequence[Device], home: Home) -> Target:
    """One thing was asked for where there are several: the one whose own name has the noun, else ask."""
    noun = mention.noun.casefold()
    fits = [one for one in devices if noun in one.name.casefold()]
    if len(fits) == 1:
        return Found((fits[0].id,), fits[0].name, loose=False)
    return Several(tuple((one.name, (one.id,)) for one in devices[:_MANY]))


def _of_kind(devices: Sequence[Device], kind: str, mention: Mention, rooms: tuple[str, ...], home: Home) -> Found:
    ids = tuple(one.id for one in devices)
    if len(devices) == 1:
        return Found(ids, devices[0].name)
    if mention.floor and not mention.rooms:
        return Found(ids, home.words.kind_in(kind, mention.floor, len(ids)))
    if len(rooms) == 1:
        return Found(ids, home.words.kind_in(kind, rooms[0], len(ids)))
    return Found(ids, home.words.say("about.all_of_kind", kind=home.words.kind(kind, len(ids))))


def _players(devices: Sequence[Device], wanted: Action, home: Home) -> Target:
    """Music without a place: what plays; to stop it, whatever may play; to start it, the one there is, else ask."""
    playing = [one for one in devices if home.view.value(one.id, "playing") is True]
    if playing and wanted.name != "play":
        return Found(tuple(one.id for one in playing), home.words.join([one.name for one in playing]))
    if wanted.name in ("pause", "off", "mute"):
        return Found(tuple(one.id for one in devices), home.words.join([one.name for one in devices]))
    fresh = _fresh(home)
    recent = [one for one in devices if fresh and one.id in fresh.devices]
    if len(recent) == 1:
        return Found((recent[0].id,), recent[0].name)
    if wanted.name == "play" and len(playing) == 1:
        return Found((playing[0].id,), playing[0].name)
    return Several(tuple((one.name, (one.id,)) for one in devices[:_MANY]))


def _placed(mention: Mention, wanted: Action, rooms: tuple[str, ...], home: Home) -> Target:
    """A place alone: the kind follows from what is to be done there."""
    if mention.it and not home.context and wanted.name in ("set", "step") and not wanted.trait:
        return None  # "turn it down in the kitchen": the light or the music
    if mention.it and (fresh := _fresh(home)) and fresh.kind:
        return _kind(replace(mention, kind=fresh.kind, count="many"), fresh.kind, wanted, rooms, home)
    if wanted.trait == "warmth":
        return _warmth(mention, wanted, rooms, home)
    kind = wanted.kind or ("light" if wanted.name == "step" and wanted.trait == "" else "")
    if wanted.name == "step" and not wanted.trait:
        return None
    if not kind:
        return None
    if wanted.name in ("on", "off") and not _here(home, rooms, "light"):
        others = [kind for kind in ("speaker", "fan") if _here(home, rooms, kind)]
        if len(others) == 1 and wanted.name == "off":
            kind = others[0]
    return _kind(replace(mention, kind=kind, count="many", noun=home.words.kind(kind, 1)), kind, wanted, rooms, home)


def _here(home: Home, rooms: tuple[str, ...], kind: str) -> bool:
    return any(not rooms or home.view.devices[one].room in rooms for one in home.names.by_kind.get(kind, ()))


def _warmth(mention: Mention, wanted: Action, rooms: tuple[str, ...], home: Home) -> Target:
    """Warmer may be the heating or the white of the lamps; where both are there, ask."""
    ids = home.names.in_rooms(rooms) if rooms else home.view.devices
    inside = [home.view.devices[one] for one in ids]
    heat = [one for one in inside if one.kind == "thermostat"]
    lamps = [one for one in inside if one.kind == "light" and one.trait("color_temperature")]
    if heat:
        return Found(tuple(one.id for one in heat), home.words.join([one.name for one in heat]))
    if lamps and rooms:
        about = home.words.kind_in("light", rooms[0], len(lamps))
        return Several(((about, tuple(one.id for one in lamps)),))
    kind = home.words.kind("thermostat", 1)
    return Absent(home.words.say("refuse.no_thing_there", thing=kind, place=home.words.join(rooms)))


def _everything(mention: Mention, wanted: Action, rooms: tuple[str, ...], home: Home) -> Target:
    """Everything: lights and media for off, and outlets only where the owner counts them in; else the action's kind."""
    if mention.floor and not rooms:
        return None
    inside = [one for one in home.view.devices.values() if not rooms or one.room in rooms]
    match wanted.name:
        case "off":
            meant = [one for one in inside if one.kind in ("light", "speaker")
                     or (one.kind == "plug" and one.in_everything)]
        case "on":
            meant = [one for one in inside if one.kind == "light" or (one.kind == "plug" and one.in_everything)]
        case "step" if not wanted.trait:
            return None
        case _:
            meant = [one for one in inside if wanted.kind and one.kind == wanted.kind]
    if not meant:
        return Absent(home.words.say("refuse.nothing_to_do"))
    place = home.words.join(rooms) if mention.rooms else mention.floor
    about = home.words.say("about.everything_in", place=place) if place else home.words.say("about.everything")
    return Found(tuple(one.id for one in meant), about)


def _fresh(home: Home) -> Context | None:
    return home.context if home.context and home.context.devices else None


def _before(mention: Mention, wanted: Action, home: Home) -> Target:
    """No place and no thing: what was meant a moment ago, or what the action can only mean."""
    fresh = _fresh(home)
    if fresh:
        known = tuple(one for one in fresh.devices if one in home.view.devices)
        kinds = {home.view.devices[one].kind for one in known}
        only = wanted.kind if wanted.kind in ("speaker", "lock") else ""  # "everything off and lock up": the door
        if known and (not only or kinds == {only}):
            return Found(known, _called(known, home))
    if mention.it:
        return None
    kind = wanted.kind
    if wanted.name == "set" and not wanted.trait and wanted.unit != "degree":
        return None
    if wanted.trait == "warmth" or not kind or wanted.name in ("on", "off", "open", "close"):
        return None
    return _kind(Mention(kind=kind, count="mass", noun=home.words.kind(kind, 1)), kind, wanted, (), home)


def _called(devices: Sequence[str], home: Home) -> str:
    return home.words.join([home.view.devices[one].name for one in devices[:_MANY]])
