"""Words made by code from exact commands: the text of a question must say what a yes would do, whoever asked for it."""

from __future__ import annotations

import re
from collections.abc import Sequence

from dobby.home.device import Command, View
from dobby.home.traits import Value
from dobby.home.verdict import JOINING
from dobby.words import Words

FEW = 3  # from so many devices of a kind on, their number is said instead of their names


def order_text(command: Command, view: View, words: Words) -> str:
    """One command in words: "unlock the Front Door"."""
    device = view.devices.get(command.device)
    name = device.name if device else command.device
    if device and device.room and device.room not in device.name:
        name = f"{name} ({device.room})"
    if command.trait in JOINING:
        return words.say(f"order.{command.trait}", name=name)
    return _told(command, name, words)


def _told(command: Command, name: str, words: Words) -> str:
    for key in (f"order.{command.trait}_{_plain(command.value).lower()}", f"order.{command.trait}"):
        if words.has(key):
            return words.say(key, name=name, value=_plain(command.value))
    if command.value is None:
        return words.say("order.action", trait=command.trait, name=name)
    return words.say("order.set", trait=command.trait, name=name, value=_plain(command.value))


def grouped_text(commands: Sequence[Command], view: View, words: Words) -> str:
    """Many commands in few words: what is the same for several of a kind is said once, "switch off 14 lights"."""
    groups: dict[tuple[str, str, str], list[Command]] = {}
    for command in commands:
        device = view.devices.get(command.device)
        groups.setdefault((device.kind if device else "", command.trait, str(command.value)), []).append(command)
    texts = []
    for (kind, _, _), several in groups.items():
        if len(several) < FEW or not kind:
            texts += [order_text(one, view, words) for one in several]
        else:
            rooms = {view.devices[one.device].room for one in several}
            room = rooms.pop() if len(rooms) == 1 else ""
            whole = [one for one in view.devices.values() if one.room == room and one.kind == kind]
            name = words.kind_in(kind, room, len(several)) if room and len(whole) == len(several) else (
                f"{len(several)} {words.kind(kind, len(several))}")
            texts.append(_told(several[0], name, words))
    return words.join(list(dict.fromkeys(texts)))


def orders_text(commands: Sequence[Command], view: View, words: Words) -> str:
    """Several commands in words, each once."""
    return words.join(list(dict.fromkeys(order_text(command, view, words) for command in commands)))


def join_or(items: Sequence[str], words: Words) -> str:
    """A, B or C."""
    if len(items) < 2:
        return "".join(items)
    return words.say("list.or", first=", ".join(items[:-1]), last=items[-1])


def claims_a_deed(text: str, words: Words) -> bool:
    """Whether a text sounds as if something in the home had been done."""
    return re.search(rf"\b(?:{words.say('claims.stems')})", text, re.IGNORECASE) is not None


def _plain(value: Value) -> str:
    return f"{value:g}" if isinstance(value, int | float) and not isinstance(value, bool) else str(value)[:60]
