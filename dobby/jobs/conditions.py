"""What a job may wait for besides the clock: a reading that holds for a while, a machine that is done, who is home.

A condition is true, false, or not known. It fires when it was true without a break for its dwell: every change
resets the wait, so that the last state always wins. What is not known counts as not true. Pure.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, fields, replace
from datetime import datetime, timedelta
from typing import Literal

from dobby.home.comfort import at_night
from dobby.home.device import View
from dobby.home.traits import Value

NEAR = 0.3  # °C below its target at which water or a room counts as ready
WORKING, RESTING = 10.0, 5.0  # W above which a machine works and below which it rests
ConditionKind = Literal["holds", "finished", "reached", "all_away", "someone", "comes", "leaves"]
PRESENCE = ("all_away", "someone", "comes", "leaves")
People = Callable[[], Mapping[str, bool | None]]


@dataclass(frozen=True, slots=True)
class Condition:
    """holds: a trait of `device` is `value` (or above, below it); finished: its power fell to rest after it worked;
    reached: its temperature is at its target; all_away: nobody is home any more; someone: somebody is, after nobody
    was; comes, leaves: one `person` does. dwell: seconds for which it must hold; hours: local, "22:00-06:00", "" =
    always."""

    kind: ConditionKind
    device: str = ""
    trait: str = ""
    compare: Literal["is", "above", "below"] = "is"
    value: Value = None
    person: str = ""
    dwell: float = 0.0
    hours: str = ""

    def dump(self) -> str:
        """As JSON, without what is empty."""
        kept = asdict(self)
        return json.dumps({key: one for key, one in kept.items() if one not in ("", None, 0.0)}
                          | ({"value": self.value} if self.value is not None else {}))


def load(text: str) -> Condition | None:
    """The Condition that `dump` wrote, None for none."""
    if not text:
        return None
    known = {one.name for one in fields(Condition)}
    return Condition(**{key: value for key, value in json.loads(text).items() if key in known})


@dataclass(frozen=True, slots=True)
class Wait:
    """How far a condition is. since: true without a break from then on; ready: it was seen false (or the machine
    working) since it was made or last fired, so that it may fire."""

    since: datetime | None = None
    ready: bool = False

    def dump(self) -> str:
        """As JSON."""
        return json.dumps({"since": self.since.isoformat() if self.since else "", "ready": self.ready})


def load_wait(text: str) -> Wait:
    """The Wait that `dump` wrote; a fresh one for ""."""
    row = json.loads(text) if text else {}
    since = row.get("since")
    return Wait(datetime.fromisoformat(since) if since else None, bool(row.get("ready")))


def truth(condition: Condition, view: View, home: Mapping[str, bool | None], local: datetime) -> bool | None:
    """Whether it is so now; None = nobody knows."""
    if condition.hours and not at_night(condition.hours, local.time()):
        return False
    match condition.kind:
        case "all_away":
            known = list(home.values())
            return False if True in known else None if not known or None in known else True
        case "someone":
            known = list(home.values())
            return True if True in known else None if not known or None in known else False
        case "comes" | "leaves":
            there = home.get(condition.person)
            return None if there is None else there is (condition.kind == "comes")
        case "reached":
            target, current = _number(view, condition.device, "target"), _number(view, condition.device, "current")
            return None if target is None or current is None else current >= target - NEAR
        case "finished":
            power = _number(view, condition.device, "power")
            return None if power is None else power < RESTING
    if condition.compare == "is":
        shown = view.value(condition.device, condition.trait)
        if condition.trait == "position" and isinstance(shown, int | float):
            shown = shown > 0  # a slit is open
        return None if shown is None else shown == condition.value
    number, bound = _number(view, condition.device, condition.trait), condition.value
    if number is None or isinstance(bound, bool) or not isinstance(bound, int | float):
        return None
    return number > bound if condition.compare == "above" else number < bound


def works(condition: Condition, view: View) -> bool:
    """Whether the machine of a "finished" works now."""
    power = _number(view, condition.device, "power")
    return power is not None and power > WORKING


def step(condition: Condition, wait: Wait, so: bool | None, working: bool, now: datetime) -> tuple[Wait, bool]:
    """The next state of a wait, and whether it fires. What is so already when it is made fires at once only where it
    is a state ("the spa is ready"), not where something must happen first (a machine ends, somebody comes)."""
    if so is not True:
        unseen = so is False or (so is None and condition.kind in PRESENCE)  # to be seen at last is to come
        ready = (wait.ready or working) if condition.kind == "finished" else wait.ready or unseen
        return Wait(None, ready), False
    if not wait.ready:
        return Wait(None, False), False
    since = wait.since or now
    if now - since >= timedelta(seconds=condition.dwell):
        return Wait(None, False), True
    return replace(wait, since=since), False


def begun(condition: Condition, so: bool | None = True) -> Wait:
    """The wait of a new condition, which is so already or not, None = nobody knows: states count from the start, events
    must happen, and somebody comes who was not known to be there."""
    return Wait(ready=condition.kind in ("holds", "reached") or (condition.kind in PRESENCE and so is not True))


def deadline(condition: Condition, wait: Wait) -> datetime | None:
    """When it fires if nothing changes; None while it does not hold."""
    return wait.since + timedelta(seconds=condition.dwell) if wait.since else None


def _number(view: View, device: str, trait: str) -> float | None:
    value = view.value(device, trait)
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None
