"""The home, turns and questions as the API shows them: pure functions from nouns to JSON."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import Any

from dobby.home.device import Command, Device
from dobby.home.home import Home
from dobby.home.traits import Risk, Trait, Value
from dobby.home.verdict import Approval
from dobby.policy import risk_of
from dobby.store import Row


def home_view(home: Home, shown: Callable[[Device], bool] = lambda device: True) -> dict[str, Any]:
    """Every device that is shown, with its traits, values and their age."""
    return {"devices": [device_view(device, home) for device in home.devices.values() if shown(device)]}


def device_view(device: Device, home: Home) -> dict[str, Any]:
    """One device."""
    return {"id": device.id, "name": device.name, "room": device.room, "kind": device.kind, "make": device.make,
            "reachable": home.reachable(device.id), "aliases": list(device.aliases),
            "in_everything": device.in_everything,
            "traits": [trait_view(device, trait, home) for trait in device.traits]}


def trait_view(device: Device, trait: Trait, home: Home) -> dict[str, Any]:
    """One trait; risk is the highest that any of its values carries here: free, ask or secure."""
    reading = home.reading(device.id, trait.name)
    return {"name": trait.name, "kind": trait.kind, "unit": trait.unit or None, "min": trait.min, "max": trait.max,
            "step": trait.step if trait.kind == "number" else None, "choices": list(trait.choices) or None,
            "value": reading.value if reading else None, "at": reading.at.isoformat() if reading else None,
            "pending": home.pending(device.id, trait.name), "risk": _highest(device, trait, home).name.lower()}


def _highest(device: Device, trait: Trait, home: Home) -> Risk:
    if trait.kind == "sensor":
        return Risk.FREE
    tries: Sequence[Value] = trait.choices or (None,)
    if trait.kind == "switch":
        tries = (True, False)
    elif trait.kind == "number":
        tries = (trait.min, trait.max)
    return max(risk_of(Command(device.id, trait.name, value), home) for value in tries)


def question_view(approval: Approval) -> dict[str, Any]:
    """An open question."""
    return {"id": str(approval.id), "text": approval.text, "expires": approval.expires.isoformat(),
            "needs_pin": approval.needs_pin, "choices": [choice.name for choice in approval.choices if choice.name],
            "person": approval.person}


def turn_view(turn: Row, calls: Sequence[Row]) -> dict[str, Any]:
    """A turn with every call, verdict and outcome."""
    return {"id": turn["id"], "who": turn["person"], "channel": turn["channel"], "text": turn["text"],
            "mind": turn["mind"], "reply": turn["reply"], "elapsed_ms": turn["elapsed_ms"], "at": turn["started"],
            "pictures": json.loads(turn["pictures"]), "sent": json.loads(turn["sent"]),
            "calls": [{"tool": call["tool"], "args": json.loads(call["args"]), "verdict": json.loads(call["verdict"]),
                       "outcomes": json.loads(call["outcomes"] or "[]")} for call in calls]}


def outcomes_of(calls: Sequence[Row]) -> list[dict[str, Any]]:
    """All outcomes of a turn, in order."""
    return [outcome for call in calls for outcome in json.loads(call["outcomes"] or "[]")]
