"""Home Assistant's own sentences, read by hassil: a second opinion on a sentence that our grammar does not know.

The home's names are put aside for stand-ins first, so the cost does not grow with the home and no odd name can bend
a template. What comes back is the same clause that our own grammar makes, and goes the same way. The data is
home-assistant-intents 2026.6.1 (Apache-2.0); later releases were pruned on purpose.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from dobby.agent.clauses import Clause, Deed, Mention
from dobby.agent.grammar import Bit
from dobby.agent.lattice import Slot
from dobby.home.device import Device

INTENTS = ("HassTurnOn", "HassTurnOff", "HassLightSet", "HassMediaPause", "HassMediaUnpause", "HassMediaNext",
           "HassMediaPrevious", "HassMediaPlayerMute", "HassMediaPlayerUnmute", "HassSetVolume", "HassSetPosition",
           "HassClimateSetTemperature")
_ROOM = "roomalpha"
_NAME = "thingcharlie"
_DOMAINS = {"light": "light", "speaker": "media_player", "shade": "cover", "lock": "lock", "thermostat": "climate",
            "plug": "switch", "fan": "fan", "garage": "cover"}
_KINDS = {"light": "light", "media_player": "speaker", "cover": "shade", "lock": "lock", "climate": "thermostat",
          "fan": "fan"}
_ACTS = {"HassMediaPause": "pause", "HassMediaUnpause": "resume", "HassMediaNext": "next",
         "HassMediaPrevious": "previous", "HassMediaPlayerMute": "mute", "HassMediaPlayerUnmute": "unmute"}
_NUMBERS = {"HassLightSet": ("brightness", "brightness"), "HassSetVolume": ("volume_level", "volume"),
            "HassSetPosition": ("position", "position"), "HassClimateSetTemperature": ("temperature", "target")}


class Upstream:
    """The templates of one language, compiled."""

    def __init__(self, language: str) -> None:
        from hassil import Intents  # heavy: only where and when a reflex is warmed
        from home_assistant_intents import get_intents

        data: dict[str, Any] = get_intents(language) or {}
        kept = {name: data["intents"][name] for name in INTENTS if name in data["intents"]}
        self.templates = sum(len(block["sentences"]) for intent in kept.values() for block in intent["data"])
        self._intents = Intents.from_dict({**data, "intents": kept})
        self.language = language

    def read(self, slots: Sequence[Slot], devices: Mapping[str, Device]) -> Clause | None:
        """The clause that upstream's sentences make of this sentence, None where they do not know it."""
        swapped = _stand_in(slots, devices)
        if swapped is None:
            return None
        text, rooms, named, kind = swapped
        from hassil.recognize import recognize_all

        found: list[Clause] = []
        for result in recognize_all(text, self._intents, slot_lists=_lists(kind), language=self.language):
            slots_read = {name: entity.value for name, entity in result.entities.items()}
            clause = _clause(result.intent.name, slots_read, rooms, named, kind)
            if clause is not None and clause not in found:
                found.append(clause)
        return found[0] if len(found) == 1 else None


def _lists(kind: str) -> dict[str, Any]:
    from hassil.intents import TextSlotList

    areas = TextSlotList.from_tuples([(_ROOM, _ROOM)], name="area")
    names = TextSlotList.from_tuples([(_NAME, _NAME, {"domain": _DOMAINS[kind]})] if kind else [], name="name")
    return {"area": areas, "name": names, "floor": TextSlotList.from_tuples([], name="floor")}


def _stand_in(slots: Sequence[Slot], devices: Mapping[str, Device]) -> tuple[str, list[Bit], Bit | None, str] | None:
    """The sentence with one thing and one place under other names; None where words are lost or forbidden."""
    words: list[str] = []
    rooms: list[Bit] = []
    named: Bit | None = None
    for slot in slots:
        if any(bit.type in ("never", "and", "except", "leave", "it") for bit in slot):
            return None
        room = next((bit for bit in slot if bit.type == "room"), None)
        device = next((bit for bit in slot if bit.type == "device" and bit.how == "full"), None)
        if room is not None and device is not None:
            return None
        if room is not None:
            if rooms:
                return None
            words.append(_ROOM)
            rooms.append(room)
        elif device is not None:
            if named is not None or len(device.value) != 1:
                return None
            words.append(_NAME)
            named = device
        else:
            words.append(slot[0].typed)
    kind = devices[named.value[0]].kind if named else ""
    return None if kind and kind not in _DOMAINS else (" ".join(words), rooms, named, kind)


def _clause(intent: str, read: Mapping[str, Any], rooms: Sequence[Bit], named: Bit | None, kind: str) -> Clause | None:
    mention = _mention(read, rooms, named)
    if mention is None:
        return None
    deed = _deed(intent, read, _DOMAINS.get(kind, "") or str(read.get("domain", "")))
    if deed is None or (mention.empty and intent not in _ACTS and intent != "HassSetVolume"):
        return None
    return Clause(deed, () if mention.empty else (mention,))


def _mention(read: Mapping[str, Any], rooms: Sequence[Bit], named: Bit | None) -> Mention | None:
    """What was spoken of; None where a stand-in was lost on the way."""
    mention = Mention()
    by_name = read.get("name", "all") != "all"
    if by_name != (named is not None) or len(rooms) != ("area" in read):
        return None
    if named is not None:
        mention = replace(mention, devices=named.value, how="full", called=named.typed)
    if rooms:
        mention = replace(mention, rooms=(rooms[0].value,))
    domain = read.get("domain")
    if named is None and isinstance(domain, str):
        if domain not in _KINDS:
            return None
        mention = replace(mention, kind=_KINDS[domain], count="many")
    return mention


def _deed(intent: str, read: Mapping[str, Any], domain: str) -> Deed | None:
    """What is to be done; locks are left to our own grammar, and turning a cover "on" opens it."""
    if domain in ("lock", "scene", "script", "valve", "vacuum") or read.get("device_class") == "garage":
        return None
    if intent in _ACTS:
        return Deed(acts=(_ACTS[intent],))
    if intent in ("HassTurnOn", "HassTurnOff"):
        pair = ("open", "close") if domain == "cover" else ("on", "off")
        return Deed(acts=(pair[intent == "HassTurnOff"],)) if domain else None
    slot, trait = _NUMBERS[intent]
    value = read.get(slot)
    if not isinstance(value, int | float) or set(read) - {"name", "area", "domain", slot}:
        return None
    return Deed(traits=(trait,), number=float(value), relation="to")
