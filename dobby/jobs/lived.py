"""Lights as if lived in, while everybody is away: an evening of stays, one room after another, until bedtime. Pure.

An evening is made once, from the day and a seed, and kept with its job: a restart goes on with the same one. Which lamp
is likely when is learned from how this home's lamps were on in the weeks before (ENOUGH evenings of them), otherwise
from what rooms are for. At most two lamps are lit at a time, only indoors, and never one that somebody excluded.
"""

from __future__ import annotations

import asyncio
import json
import random
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import date, datetime, timedelta

from dobby.home.device import Device, View
from dobby.jobs.sun import sun
from dobby.jobs.when import Place, moment
from dobby.store import Row, Store

NOON = "12:00"  # when the evening of a day is made, and when the last day ends
WEEKS = timedelta(weeks=4)  # of which habits are learned
ENOUGH = 7  # evenings with a lamp on, before they are believed
FROM, UNTIL = 16 * 60, 26 * 60  # minutes of the local day in which an evening lies
SLOT = 30  # minutes of one number of a habit
EARLIEST, LATEST = 16 * 60, 22 * 60  # minutes of the day between which an evening begins, wherever the sun stands
BEDTIME, BED_RANGE = 22 * 60 + 45, (21 * 60 + 30, 25 * 60)
SHORTEST = 45  # minutes of an evening
SETTLE = timedelta(minutes=15)  # after somebody said goodbye the house stays dark
RETRY, TRIES = timedelta(minutes=10), 3  # a lamp that did not go out is told again
OUTSIDE = ("porch", "garden", "terrace", "patio", "balcony", "garage", "drive", "outside", "outdoor", "yard", "shed",
           "cellar", "basement", "attic", "pool", "garten", "terrasse", "balkon", "einfahrt", "auffahrt", "außen",
           "hof", "schuppen", "keller", "dachboden", "carport", "veranda", "jardín", "terraza", "balcón", "garaje",
           "exterior", "patio", "sótano", "piscina", "jardin", "balcon", "extérieur", "cour", "cave", "grenier",
           "piscine", "tuin", "terras", "oprit", "buiten", "schuur", "kelder", "zolder", "zwembad")
# what a room is for: words of its name, how likely, from which part of the evening to which, minutes of a stay
ROOMS: tuple[tuple[tuple[str, ...], float, tuple[float, float], tuple[int, int]], ...] = (
    (("living", "lounge", "wohn", "salón", "sala", "salon", "séjour", "woon"), 5, (0.0, 1.0), (35, 80)),
    (("kitchen", "dining", "küche", "wohnküche", "esszimmer", "cocina", "comedor", "cuisine", "manger", "keuken",
      "eetkamer"), 4, (0.0, 0.6), (15, 40)),
    (("bath", "toilet", "bad", "wc", "baño", "bain", "toilette"), 1, (0.1, 1.0), (5, 12)),
    (("hall", "entr", "landing", "stair", "flur", "diele", "treppe", "pasillo", "couloir", "gang", "trap"), 1,
     (0.0, 1.0), (4, 10)),
    (("bed", "schlaf", "dormitorio", "habitación", "chambre", "slaap"), 1.5, (0.6, 1.0), (15, 40)))
ELSEWHERE: tuple[float, tuple[float, float], tuple[int, int]] = (2, (0.1, 0.9), (20, 50))
SIDE = 0.35  # how often somebody fetches something elsewhere while the light stays on


@dataclass(frozen=True, slots=True)
class Switch:
    """One lamp goes on or off at a moment (ISO, UTC)."""

    at: str
    device: str
    on: bool


@dataclass(frozen=True, slots=True)
class Lived:
    """What a job of this kind remembers. until: the local day at whose noon it ends, "" = until somebody is back;
    excepted: devices, rooms or kinds that stay as they are; day, switches: the evening that is made; lit: lamps that
    are on because of us; tries: how often the last ones were told to go out; asked: whether it was asked since somebody
    came home; done, failed: switches of this evening; told: lamps whose failure was told; habits: how likely each lamp
    is on, by half hours from 16:00; bedtime: minutes of the day, 0 = not learned."""

    until: str = ""
    excepted: tuple[str, ...] = ()
    day: str = ""
    switches: tuple[Switch, ...] = ()
    lit: tuple[str, ...] = ()
    tries: int = 0
    asked: bool = False
    done: int = 0
    failed: int = 0
    told: tuple[str, ...] = ()
    habits: Mapping[str, tuple[float, ...]] | None = None
    bedtime: int = 0

    def dump(self) -> str:
        """As JSON, without what is empty."""
        return json.dumps({key: value for key, value in asdict(self).items() if value} or {"day": ""})


def load(text: str) -> Lived | None:
    """The Lived that `dump` wrote, None for "", as every other job has it."""
    if not text:
        return None
    row = json.loads(text)
    lists = {key: tuple(row[key]) for key in ("excepted", "lit", "told") if key in row}
    switches = tuple(Switch(**one) for one in row.get("switches", ()))
    habits = {key: tuple(value) for key, value in row.get("habits", {}).items()} or None
    return Lived(**{**row, **lists, "switches": switches, "habits": habits})


# --- when something is due --------------------------------------------------------------------------------------------


def moments(lived: Lived, last: datetime, place: Place) -> list[datetime]:
    """Every moment (UTC) at which there is something to do, after the last one: each switch, a second try to put lamps
    out, and the next noon."""
    found = [at for one in lived.switches if (at := datetime.fromisoformat(one.at)) > last]
    if not found and lived.lit and lived.tries < TRIES:
        found = [last + RETRY]
    day = date.fromisoformat(lived.day) if lived.day else last.astimezone(place.zone).date() - timedelta(days=1)
    noon = moment(day + timedelta(days=1), NOON, place.zone)
    while noon <= last:
        noon = moment(noon.astimezone(place.zone).date() + timedelta(days=1), NOON, place.zone)
    return sorted([*found, noon])


def over(lived: Lived, now: datetime, place: Place) -> bool:
    """Whether its last day has come."""
    return bool(lived.until) and now >= moment(date.fromisoformat(lived.until), NOON, place.zone)


def wanted(lived: Lived, now: datetime) -> frozenset[str]:
    """The lamps that are lit at a moment of the evening that is made."""
    lit: set[str] = set()
    for one in lived.switches:
        if datetime.fromisoformat(one.at) <= now:
            (lit.add if one.on else lit.discard)(one.device)
    return frozenset(lit)


def renewed(lived: Lived, now: datetime, place: Place, lamps: Sequence[Device], *, seed: str,
            skips: Iterable[str] = ()) -> Lived:
    """With the evening of today, where the one that is made is over; an evening that was left out has none."""
    local = now.astimezone(place.zone)
    if lived.day and now < moment(date.fromisoformat(lived.day) + timedelta(days=1), NOON, place.zone):
        return lived
    day = local.date()
    made = () if day.isoformat() in skips else evening(day, place, lamps, seed=seed, habits=lived.habits or {},
                                                       bedtime=lived.bedtime or BEDTIME)
    return replace(lived, day=day.isoformat(), switches=made, tries=0, done=0, failed=0, told=())


# --- which lamps, and when --------------------------------------------------------------------------------------------


def lamps(view: View, excepted: Iterable[str] = ()) -> list[Device]:
    """Lamps in rooms where people live."""
    left = {one.casefold() for one in excepted}
    return [one for one in view.devices.values() if one.kind == "light" and one.trait("on")
            and not _called(f"{one.name} {one.room}", OUTSIDE)
            and not left & {one.id.casefold(), one.name.casefold(), one.room.casefold(), one.kind,
                            *(alias.casefold() for alias in one.aliases)}]


def evening(day: date, place: Place, lamps: Sequence[Device], *, seed: str, habits: Mapping[str, Sequence[float]],
            bedtime: int = BEDTIME) -> tuple[Switch, ...]:
    """The switches of one evening, in order; () where there is no lamp. The same for the same day and seed."""
    chance = random.Random(f"{seed} {day.isoformat()}")  # noqa: S311  # an evening, not a secret
    lamps = sorted(lamps, key=lambda one: one.id)
    set_at = sun("sunset", day, place.latitude, place.longitude, place.zone)
    begins = 18 * 60 if set_at is None else _minutes(set_at, day, place)
    start = min(max(begins + chance.uniform(-20, 15), EARLIEST), LATEST)
    end = max(bedtime + chance.uniform(-35, 35), start + SHORTEST)
    midnight = moment(day, NOON, place.zone) - timedelta(hours=12)
    stays: list[tuple[float, float, str]] = []
    at, before = start, ""
    last = _bedside(lamps) if not habits else None
    while lamps and end - at > 6:
        final = last is not None and end - at < 45
        lamp = last if final and last is not None else _choice(chance, lamps, before, at, (start, end), habits)
        shortest, longest = _purpose(lamp)[2]
        stop = min(at + chance.uniform(shortest, longest), end)
        stop = end if final or end - stop < 6 else stop
        stays.append((at, stop, lamp.id))
        others = [one for one in lamps if one.id not in (lamp.id, before)]
        if others and stop - at > 25 and chance.random() < SIDE:
            side, begin = chance.choice(others), chance.uniform(at + 5, stop - 15)
            stays.append((begin, min(begin + chance.uniform(4, 12), stop - 2), side.id))
        at, before = stop + chance.uniform(0.2, 2.5), lamp.id
    switches = [Switch((midnight + timedelta(minutes=when)).replace(microsecond=0).isoformat(), id_, on)
                for begin, stop, id_ in stays for when, on in ((begin, True), (stop, False))]
    return tuple(sorted(switches, key=lambda one: (one.at, one.on)))


def _bedside(lamps: Sequence[Device]) -> Device | None:
    """A lamp of the room where people sleep."""
    words = next(words for words, *_ in ROOMS if "bed" in words)
    return next((one for one in lamps if _called(one.room, words)), None)


def _purpose(lamp: Device) -> tuple[float, tuple[float, float], tuple[int, int]]:
    return next(((weight, when, stay) for words, weight, when, stay in ROOMS if _called(lamp.room, words)), ELSEWHERE)


def _called(name: str, words: Sequence[str]) -> bool:
    """Whether a word of a name begins with one of these."""
    return any(one.startswith(tuple(words)) for one in re.findall(r"\w+", name.casefold()))


def _choice(chance: random.Random, lamps: Sequence[Device], before: str, at: float, ends: tuple[float, float],
            habits: Mapping[str, Sequence[float]]) -> Device:
    others = [one for one in lamps if one.id != before] or list(lamps)
    weights = [_weight(one, at, ends, habits) for one in others]
    return chance.choices(others, weights)[0]


def _weight(lamp: Device, at: float, ends: tuple[float, float], habits: Mapping[str, Sequence[float]]) -> float:
    if habits:
        slot = min(max(int((at - FROM) / SLOT), 0), (UNTIL - FROM) // SLOT - 1)
        return (habits[lamp.id][slot] if lamp.id in habits else 0.0) + 0.01
    weight, (first, last), _ = _purpose(lamp)
    share = (at - ends[0]) / max(ends[1] - ends[0], 1.0)
    return weight if first <= share <= last else weight / 10


def _minutes(at: datetime, day: date, place: Place) -> float:
    """Minutes from a local day's midnight, as the hours of that evening are counted."""
    return (at - (moment(day, NOON, place.zone) - timedelta(hours=12))).total_seconds() / 60


# --- what this home used to do ----------------------------------------------------------------------------------------


async def learned(store: Store, now: datetime, place: Place) -> tuple[dict[str, tuple[float, ...]], int]:
    """How likely each lamp is on in the half hours from 16:00, and when the last one goes out (minutes of the day), of
    the weeks before; ({}, 0) where too few evenings are known."""
    rows = await store.all("lamps_kept", since=int((now - WEEKS).timestamp()))
    return await asyncio.to_thread(_habits, rows, now, place)  # tens of thousands of readings take a second


def _habits(kept: Sequence[Row], now: datetime, place: Place) -> tuple[dict[str, tuple[float, ...]], int]:
    spans: dict[str, list[tuple[datetime, datetime]]] = {}
    lit: dict[str, datetime] = {}
    for row in kept:
        at, device = datetime.fromtimestamp(row["at"], place.zone), row["device"]
        if row["value"] and device not in lit:
            lit[device] = at
        elif not row["value"] and device in lit:
            spans.setdefault(device, []).append((lit.pop(device), at))
    today = now.astimezone(place.zone).date()
    days = [today - timedelta(days=ago) for ago in range(1, WEEKS.days + 1)]
    by_day = {day: {device: _slots(several, day, place) for device, several in spans.items()} for day in days}
    known = {day: {device: one for device, one in rows.items() if any(one)} for day, rows in by_day.items()}
    known = {day: rows for day, rows in known.items() if rows}
    if len(known) < ENOUGH:
        return {}, 0
    dark = (0,) * ((UNTIL - FROM) // SLOT)
    habits = {device: tuple(round(sum(several) / len(known), 2) for several in zip(
        *(rows.get(device, dark) for rows in known.values()), strict=True)) for device in spans}
    lasts = sorted(max(at for slots in rows.values() for at, share in enumerate(slots) if share) for rows in
                   known.values())
    bedtime = FROM + (lasts[len(lasts) // 2] + 1) * SLOT
    return {device: one for device, one in habits.items() if any(one)}, min(max(bedtime, BED_RANGE[0]), BED_RANGE[1])


def _slots(spans: Sequence[tuple[datetime, datetime]], day: date, place: Place) -> list[int]:
    """In which half hours of an evening a lamp was on."""
    edges = [(_minutes(begin, day, place), _minutes(end, day, place)) for begin, end in spans]
    return [int(any(begin < FROM + (at + 1) * SLOT and end > FROM + at * SLOT for begin, end in edges))
            for at in range((UNTIL - FROM) // SLOT)]
