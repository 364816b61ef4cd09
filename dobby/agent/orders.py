"""From clauses to parts: the commands of an order, or the refusal or the question back that stands for it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from dobby.agent.clauses import Clause, Mention
from dobby.agent.deeds import Action, Lack, action, commands, main_trait
from dobby.agent.meaning import Clarify, Context, Do, Part, Refuse
from dobby.agent.targets import Absent, Found, Home, Several, resolve
from dobby.home.device import Command, Device

COLDEST, WARMEST = 10.0, 31.0  # °C between which a bare number is a temperature


@dataclass(frozen=True, slots=True)
class Read:
    """What one clause came to, and what is meant from now on."""

    part: Part
    context: Context


def order(clause: Clause, home: Home, now: float) -> Read | None:
    """One clause as a part; None where it is not an order that is understood with certainty."""
    wanted = action(clause.deed)
    if wanted is None:
        return None
    if wanted.name == "group" or wanted.name == "ungroup":
        return _grouping(clause, wanted, home, now)
    mentions = clause.mentions or (Mention(),)
    if wanted.name == "set" and not (wanted.trait or wanted.unit) and _heated(mentions, home):
        number = wanted.value if isinstance(wanted.value, int | float) else None
        if number is not None and number < WARMEST:  # a bare number of a heated room is its warmth, never its light
            if number < COLDEST:
                return None
            wanted = replace(wanted, trait="target")
    left_out = _excepted(clause.excepted, wanted, home)
    if isinstance(left_out, Absent):
        return Read(Refuse(left_out.text), _kept(home))
    if left_out is None or (clause.excepted and not clause.mentions):
        return None
    found: list[Found] = []
    for mention in mentions:
        target = resolve(mention, wanted, home)
        match target:
            case None:
                return None
            case Absent(text):
                return Read(Refuse(text), _kept(home))
            case Several(options):
                return _ask(options, wanted, home) if len(mentions) == 1 and not clause.excepted else None
            case Found():
                found.append(replace(target, devices=tuple(one for one in target.devices if one not in left_out)))
    return _done(clause, wanted, found, left_out, home, now)


def _heated(mentions: Sequence[Mention], home: Home) -> bool:
    """Whether only places are spoken of, and each of them is heated."""
    def warm(mention: Mention) -> bool:
        rooms = mention.rooms or tuple(home.names.floors.get(mention.floor, ())) or (
            (home.here,) if mention.here and home.here else ())
        heaters = home.names.by_kind.get("thermostat", ())
        return any(not rooms or home.view.devices[id_].room in rooms for id_ in heaters)
    return all((one.place_only or (one.home and not one.kind and not one.devices)) and warm(one) for one in mentions)


def _excepted(mentions: Sequence[Mention], wanted: Action, home: Home) -> frozenset[str] | Absent | None:
    """The devices left out: a bare place leaves out everything in it."""
    left: set[str] = set()
    for mention in mentions:
        if mention.place_only:
            floor = tuple(home.names.floors.get(mention.floor, ()))
            rooms = mention.rooms or floor or ((home.here,) if home.here else ())
            if not rooms:
                return None
            left.update(home.names.in_rooms(rooms))
            continue
        target = resolve(replace(mention, count=mention.count and "many"), wanted, home)
        match target:
            case Absent():
                return target
            case Found():
                if mention.kind == "speaker" and not mention.rooms and not mention.devices:
                    left.update(home.names.by_kind.get("speaker", ()))
                left.update(target.devices)
            case _:
                return None
    return frozenset(left)


def _ask(options: Sequence[tuple[str, tuple[str, ...]]], wanted: Action, home: Home) -> Read | None:
    choices: list[tuple[str, tuple[Command, ...]]] = []
    for label, ids in options:
        told = [command for one in ids if isinstance(made := _told(wanted, home.view.devices[one], home), list)
                for command in made]
        if told:
            choices.append((label, tuple(told)))
    if not choices:
        return Read(_cannot(wanted, [home.view.devices[one] for _, ids in options for one in ids], home), _kept(home))
    labels = tuple(label for label, _ in choices)
    key = "ask.which" if len(labels) > 1 else "ask.meant"
    text = home.words.say(key, options=", ".join(labels))
    return Read(Clarify(text, labels, tuple(choices)), _kept(home))


def _told(wanted: Action, device: Device, home: Home) -> list[Command] | Lack:
    if wanted.name == "play" and wanted.value:
        return _play(wanted, device, home)
    if wanted.trait == "effect" and isinstance(wanted.value, str):
        choice = home.names.effects.get(wanted.value, {}).get(device.id)
        if choice is None:
            return Lack("refuse.no_trait", "effect")
        return commands(replace(wanted, value=choice), device, home.view)
    return commands(wanted, device, home.view)


def _play(wanted: Action, device: Device, home: Home) -> list[Command] | Lack:
    if device.trait("play") is None:
        return Lack("refuse.no_trait", "play")
    title = home.names.titles.get(str(wanted.value), {}).get(device.id)
    if title is None:
        return Lack("refuse.no_title", "play", str(wanted.value))
    return [Command(device.id, "play", title)]


def _done(clause: Clause, wanted: Action, found: Sequence[Found], left_out: frozenset[str], home: Home,
          now: float) -> Read | None:
    told: dict[tuple[str, str], Command] = {}
    lacking: list[Device] = []
    for target in found:
        devices = [home.view.devices[one] for one in target.devices]
        devices = _lit_only(wanted, devices, home) if target.loose else devices
        able = 0
        refused: Lack | None = None
        for device in devices:
            made = _told(wanted, device, home)
            if isinstance(made, Lack):
                refused = refused or made
                if not target.loose or made.key == "refuse.range":
                    return Read(_lack(made, device, wanted, home), _kept(home))
                lacking.append(device)
            else:
                able += 1
                told |= {(command.device, command.trait): command for command in made}
        if not able:
            meant = devices or [home.view.devices[one] for one in target.devices]
            return _none_able(wanted, target, meant, refused, home)
    if not told:
        return None
    ids = tuple(dict.fromkeys(device for device, _ in told))
    about = home.words.join(list(dict.fromkeys(target.about for target in found)))
    if left_out:
        left = [_left(one, home) for one in clause.excepted]
        about = home.words.say("about.except", about=about, left=home.words.join([one for one in left if one]))
    return Read(Do(tuple(told.values()), about), _context(clause, wanted, ids, home, now))


def _left(mention: Mention, home: Home) -> str:
    """What is left out, by the names that the owner gave."""
    if mention.devices:
        return home.words.join([home.view.devices[one].name for one in mention.devices])
    place = home.words.join(mention.rooms) or mention.floor or (home.here if mention.here else "")
    if mention.kind and place:
        return home.words.kind_in(mention.kind, place)
    return place or (home.words.kind(mention.kind, 2) if mention.kind else mention.noun)


def _lit_only(wanted: Action, devices: list[Device], home: Home) -> list[Device]:
    """A step changes the lamps of a group that are lit; those that are off stay as they are."""
    if wanted.name != "step":
        return devices
    lit = [one for one in devices if one.kind == "light" and home.view.value(one.id, "on") is True]
    return lit or devices


def _none_able(wanted: Action, target: Found, devices: Sequence[Device], refused: Lack | None, home: Home) -> Read:
    if not devices or refused is None:
        return Read(Refuse(home.words.say("refuse.nothing_to_do")), _kept(home))
    return Read(_lack(refused, devices[0], wanted, home) if len(devices) == 1 else
                Refuse(_lack_text(refused, home.words.upper(target.about), wanted, home, devices[0])), _kept(home))


def _lack(lack: Lack, device: Device, wanted: Action, home: Home) -> Refuse:
    return Refuse(_lack_text(lack, device.name, wanted, home, device))


def _cannot(wanted: Action, devices: Sequence[Device], home: Home) -> Refuse:
    made = _told(wanted, devices[0], home)
    return _lack(made if isinstance(made, Lack) else Lack("refuse.nothing_to_do"), devices[0], wanted, home)


def _lack_text(lack: Lack, called: str, wanted: Action, home: Home, device: Device) -> str:
    if lack.key == "refuse.no_title":
        trait = device.trait("play")
        titles = trait.choices if trait else ()
        title = next(iter(home.names.titles.get(lack.detail, {}).values()), lack.detail)
        if not titles:
            return home.words.say("refuse.no_titles", device=called, title=title)
        return home.words.say(lack.key, device=called, title=title, titles=", ".join(titles[:8]))
    known = lack.trait and home.words.has(f"trait.{lack.trait}")
    trait_name = home.words.say(f"trait.{lack.trait}") if known else lack.trait
    return home.words.say(lack.key, device=called, trait=trait_name, detail=lack.detail)


def _context(clause: Clause, wanted: Action, ids: tuple[str, ...], home: Home, now: float) -> Context:
    devices = [home.view.devices[one] for one in ids]
    kinds = {device.kind for device in devices}
    step = 0.0
    if wanted.name == "step":
        step = wanted.direction * (float(wanted.value) if isinstance(wanted.value, int | float) else 1.0)
    rooms = tuple(dict.fromkeys(device.room for device in devices if device.room))
    trait = main_trait(wanted, devices[0])
    return Context(ids, rooms, devices[0].kind if len(kinds) == 1 else "", trait, wanted.value, step, now, clause.deed)


def _kept(home: Home) -> Context:
    return home.context or Context()


def _grouping(clause: Clause, wanted: Action, home: Home, now: float) -> Read | None:
    ids: list[str] = []
    for mention in clause.mentions:
        aim = replace(mention, count="many") if mention.kind else mention
        if aim.place_only:
            aim = replace(aim, kind="speaker", count="many", noun=home.words.kind("speaker", 1))
        target = resolve(aim, wanted, home)
        if isinstance(target, Absent):
            return Read(Refuse(target.text), _kept(home))
        if not isinstance(target, Found):
            return None
        ids += [one for one in target.devices if one not in ids]
    devices = [home.view.devices[one] for one in ids]
    lead = devices[-1] if devices else None
    if lead is None or (wanted.name == "group" and len(devices) < 2):
        return None
    told: list[Command] = []
    for device in devices:
        if wanted.name == "group" and device is lead:
            continue
        choice = _group_choice(device, lead if wanted.name == "group" else None)
        if choice is None:
            return Read(Refuse(home.words.say("refuse.no_group", device=device.name)), _kept(home))
        told.append(Command(device.id, "group", choice))
    about = home.words.join([device.name for device in devices])
    return Read(Do(tuple(told), about), _context(clause, wanted, tuple(ids), home, now))


def _group_choice(device: Device, lead: Device | None) -> str | None:
    """The choice of this player's group trait that joins `lead` ("" leaves every group); None where there is none."""
    trait = device.trait("group")
    wanted = lead.id if lead else ""
    return wanted if trait is not None and wanted in trait.choices else None
