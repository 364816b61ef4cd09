"""Questions: what is asked about what. A question is answered from readings and never acts."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

from dobby.agent.clauses import Mention, mentioned
from dobby.agent.deeds import Action
from dobby.agent.grammar import Bit
from dobby.agent.lattice import Lattice, Slot
from dobby.agent.meaning import Asked, Question, Refuse
from dobby.agent.targets import Absent, Found, Home, resolve
from dobby.home.device import Device
from dobby.home.traits import Value

_MOST = 400
# word of state -> (trait, value), by kind of device where it differs
_STATES: dict[str, tuple[str, Value]] = {"on": ("on", True), "off": ("on", False), "open": ("position", True),
                                         "close": ("position", False), "lock": ("locked", True),
                                         "unlock": ("locked", False), "play": ("playing", True),
                                         "pause": ("playing", False), "stop": ("playing", False),
                                         "mute": ("muted", True), "unmute": ("muted", False)}
_READ = {"bright": "brightness", "loud": "volume", "warm": "current", "open": "position"}
_KIND = {"on": "light", "position": "shade", "locked": "lock", "playing": "speaker", "muted": "speaker",
         "brightness": "light", "volume": "speaker", "current": "thermostat", "target": "thermostat",
         "color_temperature": "light", "color": "light", "effect": "light"}
_FORMS: tuple[Asked, ...] = ("unreachable", "playing", "count", "which", "any", "all", "everything_off", "value", "is")
_FOREIGN = frozenset({"never", "unknown", "except", "and", "number", "title", "effect", "carrier", "level", "white",
                      "color", "ensure", "again", "by", "at", "till", "little", "lot", "unit"})
_SILENT = frozenset({"filler", "in", "to", "be", "it", "one", "something"})


@dataclass(frozen=True, slots=True)
class _Asks:
    """The words of a question, sorted: ask words, states, traits, and what is spoken of."""

    words: frozenset[str]
    states: tuple[str, ...]
    traits: tuple[str, ...]
    mention: Mention


def question(net: Lattice, home: Home) -> Question | Refuse | None:
    """The one thing that is asked, a refusal for what the home does not have, or None."""
    slots = [_plain(slot) for slot in net.slots]
    if math.prod(len(slot) for slot in slots) > _MOST:
        return None
    found: list[Question] = []
    refused: list[Refuse] = []
    for bits in itertools.product(*slots):
        asks = _sort(bits)
        asked = _meant(asks, home) if asks else None
        if isinstance(asked, Question) and asked not in found:
            found.append(asked)
        elif isinstance(asked, Refuse) and asked not in refused:
            refused.append(asked)
    if len(found) > 1:
        found = _clearest(found)
    if len(found) == 1:
        return found[0]
    return refused[0] if refused and not found else None


def _plain(slot: Slot) -> Slot:
    """A slot without what it hardly means: a question word is no filler, a device's whole name no mere noun."""
    if any(bit.value == "which" for bit in slot):
        return tuple(bit for bit in slot if bit.type != "filler")
    if any(bit.type == "device" and bit.how == "full" for bit in slot):
        return tuple(bit for bit in slot if bit.type != "kind")
    return slot


def _clearest(found: Sequence[Question]) -> list[Question]:
    """Readings that differ only in how the same devices are asked about: the one that heard most of the question
    word; otherwise none is sure."""
    first = min(found, key=lambda one: _FORMS.index(one.kind))
    same = all(one.devices == first.devices and one.trait == first.trait and one.value == first.value for one in found)
    return [first] if same else list(found)


def _merged(bits: Sequence[Bit]) -> list[Bit]:
    """Two names or rooms with an "and" between them as one: "are the lamp and the globe on?"."""
    done: list[Bit] = []
    joins = False
    for bit in bits:
        before = next((at for at in range(len(done) - 1, -1, -1) if done[at].type not in _SILENT), -1)
        if bit.type == "and" and before >= 0 and done[before].type == "device":
            joins = True
        elif joins and bit.type == "device":
            done[before] = replace(bit, value=(*done[before].value, *bit.value), how="full")
            done.append(Bit("all"))
            joins = False
        elif not joins or bit.type in _SILENT:
            done.append(bit)
        else:
            return [Bit("and")]
    return done


def _sort(bits: Sequence[Bit]) -> _Asks | None:
    words: set[str] = set()
    states: list[str] = []
    traits: list[str] = []
    rest: list[Bit] = []
    for bit in _merged(bits):
        match bit.type:
            case "ask":
                words.add(bit.value)
            case "state" | "act":
                if bit.value not in _STATES:
                    return None
                states.append(bit.value)
            case "trait":
                traits.append(bit.value)
            case kind if kind in _FOREIGN:
                return None
            case kind if kind in _SILENT:
                continue
            case _:
                rest.append(bit)
    mention = mentioned(rest)
    if mention is None:
        return None
    return _Asks(frozenset(words), tuple(dict.fromkeys(states)), tuple(dict.fromkeys(traits)), mention)


def _meant(asks: _Asks, home: Home) -> Question | Refuse | None:
    if len(asks.states) > 1 or len(asks.traits) > 1:
        return None
    if "unreachable" in asks.words:
        every = tuple(home.view.devices)
        whole = asks.mention.empty or asks.mention.everything
        return Question("unreachable", every, "reachable", False, "") if whole else None
    if "playing" in asks.words and not asks.traits:
        return _playing(asks, home)
    if asks.states:
        return _state(asks, home)
    read = [_READ[word] for word in asks.words if word in _READ]
    trait = asks.traits[0] if asks.traits else read[0] if len(read) == 1 else ""
    return _value(asks, trait, home) if trait else None


def _playing(asks: _Asks, home: Home) -> Question | Refuse | None:
    mention = asks.mention
    if (asks.states and asks.states != ("play",)) or (mention.kind and mention.kind != "speaker"):
        return None
    found = _found(replace(mention, kind="speaker", count="many"), home)
    return found if isinstance(found, Refuse | None) else Question("playing", found.devices, "title", None, found.about)


def _state(asks: _Asks, home: Home) -> Question | Refuse | None:
    trait, value = _STATES[asks.states[0]]
    mention = asks.mention
    if asks.words & {"bright", "loud", "warm"} or asks.traits:
        return None
    if trait == "locked" and mention.kind == "garage":
        return None
    form: Asked = "which" if "which" in asks.words else "count" if "count" in asks.words else \
        "any" if "any" in asks.words else "all" if mention.everything else "is"
    if trait == "on" and not mention.kind and not mention.devices and (mention.everything or form == "any"):
        return _everything(asks, form, value is True, home)
    if mention.empty or (mention.place_only and form != "is"):
        mention = replace(mention, everything=form != "is")
    if not mention.devices and not mention.kind:
        if mention.empty:
            return None
        mention = replace(mention, kind=_KIND[trait], count="many", noun=home.words.kind(_KIND[trait], 1))
    if mention.kind and not mention.devices:
        mention = replace(mention, count="many")
    found = _found(mention, home)
    if not isinstance(found, Found):
        return found
    devices = [home.view.devices[one] for one in found.devices]
    if trait in ("on", "playing") and all(one.kind == "speaker" for one in devices):
        trait = "playing"
    if trait == "position" and all(one.kind == "lock" for one in devices):
        return None
    ids = tuple(one.id for one in devices if one.trait(trait))
    if not ids and trait == "on" and all(one.kind == "thermostat" for one in devices):
        return _heats(devices, found.about)
    if not ids:
        return Refuse(_no_trait(devices, trait, home))
    return Question(form, ids, trait, value, found.about)


def _heats(devices: Sequence[Device], about: str) -> Question | None:
    """Whether the heating is on: what each says it does, or else how it is set."""
    for trait in ("activity", "mode", "current"):
        ids = tuple(one.id for one in devices if one.trait(trait))
        if ids:
            return Question("value", ids, trait, None, about)
    return None


def _everything(asks: _Asks, form: Asked, on: bool, home: Home) -> Question | None:
    if form in ("which", "count"):
        return None
    mention = replace(asks.mention, everything=True)
    found = _found(mention, home)
    if not isinstance(found, Found):
        return None
    if form == "any" and not on:
        return None
    return Question("everything_off" if not on else "any", found.devices, "on", on, found.about)


def _value(asks: _Asks, trait: str, home: Home) -> Question | Refuse | None:
    if "count" in asks.words:
        return None
    mention = asks.mention
    warmth = trait in ("current", "target") or mention.kind == "thermostat"
    if warmth:
        trait = "target" if trait == "target" and "target" in asks.words else "current"
    if not mention.devices and not mention.kind:
        kind = _KIND.get(trait, "")
        if not kind:
            return None
        mention = replace(mention, kind=kind, count="many", noun=home.words.kind(kind, 1))
    elif not mention.devices:
        mention = replace(mention, count="many")
    found = _found(mention, home)
    if not isinstance(found, Found):
        return found
    devices = [home.view.devices[one] for one in found.devices]
    if trait == "battery" and not mention.devices:
        devices = [one for one in devices if one.trait("battery")]
    if trait == "current" and not any(one.trait(trait) for one in devices):
        trait = "temperature"  # a sensor measures, it does not heat
    ids = tuple(one.id for one in devices if one.trait(trait))
    if not ids:
        return Refuse(_no_trait(devices, trait, home))
    return Question("value", ids, trait, None, found.about)


def _no_trait(devices: Sequence[Device], trait: str, home: Home) -> str:
    named = home.words.join([one.name for one in devices[:4]])
    return home.words.say("refuse.no_trait", device=named, trait=home.words.say(f"trait.{trait}"))


def _found(mention: Mention, home: Home) -> Found | Refuse | None:
    target = resolve(mention, Action("off"), home)
    match target:
        case Found():
            return target
        case Absent(text):
            return Refuse(text)
        case _:
            return None
