"""What an action changed and how to put it back: pure functions over readings taken before and after."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from dobby.home.device import Command, Outcome, View
from dobby.home.traits import Value

Before = Mapping[str, Mapping[str, Value]]  # device -> trait -> value
ORDER = ("brightness", "color_temperature", "color", "effect", "group", "volume", "muted", "play", "playing", "on")
ALONG = {"brightness": ("on",), "color": ("on", "color_temperature"), "color_temperature": ("on", "color"),
         "effect": ("on", "color"), "play": ("playing",), "playing": (), "next": (), "previous": ()}
NEVER_CAME = ("policy", "range", "refused")  # errors after which a device cannot have changed
MIRRORED = {"next": "previous", "previous": "next"}


def before(commands: Iterable[Command], view: View) -> dict[str, dict[str, Value]]:
    """What the devices of these commands show now, for every trait that can be set."""
    shown: dict[str, dict[str, Value]] = {}
    for command in commands:
        device = view.devices.get(command.device)
        if device is None or command.device in shown:
            continue
        shown[device.id] = {trait.name: view.value(device.id, trait.name) for trait in device.traits
                            if trait.kind != "sensor" and view.value(device.id, trait.name) is not None}
    return shown


def undo(earlier: Before, outcomes: Sequence[Outcome], view: View) -> tuple[list[Command], list[Command]]:
    """(commands that put back what these outcomes changed, commands that cannot be taken back).

    What surely never reached the device does not count; what failed to show itself may have come later, and is put
    back where it did. A trait that shows its old value already needs nothing.
    """
    wanted: dict[tuple[str, str], Command] = {}
    stuck: list[Command] = []
    for outcome in outcomes:
        command = outcome.command
        failed = outcome.result == "failed"
        if failed and (outcome.error is None or outcome.error.kind in NEVER_CAME or command.trait in MIRRORED):
            continue
        if command.trait in MIRRORED:
            wanted[command.device, MIRRORED[command.trait]] = Command(command.device, MIRRORED[command.trait], None)
            continue
        old = earlier.get(command.device, {})
        if command.trait not in old:
            stuck += [] if failed else [command]
            continue
        for trait in (command.trait, *ALONG.get(command.trait, ())):
            if trait != "color" or "color_temperature" not in old:  # a lamp that shows a white is in no colour
                _put_back(command.device, trait, old, view, wanted)
    return sorted(wanted.values(), key=_rank), stuck


def _put_back(device: str, trait: str, old: Mapping[str, Value], view: View,
              wanted: dict[tuple[str, str], Command]) -> None:
    if trait not in old or old[trait] == view.value(device, trait) or (trait == "play" and not old[trait]):
        return
    wanted[device, trait] = Command(device, trait, old[trait])


def _rank(command: Command) -> tuple[str, int]:
    return command.device, ORDER.index(command.trait) if command.trait in ORDER else -1
