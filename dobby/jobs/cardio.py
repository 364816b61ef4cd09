"""Cardio, read off the treadmill's plug: a session is a stretch of time with power, short rests included.

Energy is the plug's power over time; a session shorter than two minutes is somebody passing by.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from dobby.home.device import View
from dobby.home.home import Changed
from dobby.jobs.job import Job
from dobby.store import Store, stamp

WEEKLY = "cardio-weekly"  # the `skill` of the job that tells it once a week
NAMES = ("treadmill", "laufband", "loopband", "cinta de correr", "tapis de course", "cardio", "exercise bike",
         "rowing machine", "elliptical", "heimtrainer", "crosstrainer")
RUNNING = 30.0  # W above which somebody is on it
REST = timedelta(minutes=3)  # without power: the session is over
SHORTEST = timedelta(minutes=2)


@dataclass(frozen=True, slots=True)
class Session:
    """One time on the machine, UTC."""

    began: datetime
    ended: datetime
    kwh: float

    @property
    def minutes(self) -> float:
        """How long it was."""
        return (self.ended - self.began).total_seconds() / 60


@dataclass(slots=True)
class _Open:
    id: int
    began: datetime
    last: datetime  # when it last drew power
    at: datetime  # of the last reading
    watts: float
    kwh: float = 0.0


def is_weekly(job: Job) -> bool:
    """Whether a job is somebody's weekly line."""
    return job.kind == "say" and job.skill == WEEKLY


def machines(view: View) -> list[str]:
    """The devices whose power means cardio, by their names."""
    return [id_ for id_, one in view.devices.items() if one.trait("power") and any(
        name in " ".join((one.name, *one.aliases)).casefold() for name in NAMES)]


@dataclass(slots=True)
class Cardio:
    """Keeps sessions as readings come."""

    store: Store
    view: View
    now: Callable[[], datetime]
    _open: dict[str, _Open] = field(default_factory=dict)

    async def open(self) -> None:
        """Sessions that a dead process left open go on from now, or are ended by the next tick."""
        for row in await self.store.all("sessions_open"):
            began, now = datetime.fromisoformat(row["began"]), self.now()
            self._open[row["device"]] = _Open(row["id"], began, max(now, began), now, 0.0, row["kwh"])

    async def heard(self, change: Changed) -> None:
        """A reading of a machine's power."""
        watts = change.value
        if change.trait != "power" or isinstance(watts, bool) or not isinstance(watts, int | float):
            return
        if change.device not in machines(self.view):
            return
        now, session = self.now(), self._open.get(change.device)
        if session is None and watts >= RUNNING:
            id_ = await self.store.do("session_begin", kind="cardio", device=change.device, began=stamp(now))
            self._open[change.device] = _Open(id_, now, now, now, watts)
        elif session is not None:
            session.kwh += session.watts * max((now - session.at).total_seconds(), 0) / 3_600_000
            if watts >= RUNNING or session.watts >= RUNNING:
                session.last = now
            session.at, session.watts = now, watts

    async def tick(self) -> None:
        """End sessions that have rested long enough."""
        now = self.now()
        for device, session in list(self._open.items()):
            if session.watts >= RUNNING or now - session.last < REST:
                continue
            del self._open[device]
            if session.last - session.began < SHORTEST:
                await self.store.do("session_drop", id=session.id)
            else:
                await self.store.do("session_end", id=session.id, ended=stamp(session.last), kwh=session.kwh)

    def due(self) -> datetime | None:
        """When a session that rests now is over (UTC)."""
        resting = [one.last + REST for one in self._open.values() if one.watts < RUNNING]
        return min(resting, default=None)


async def sessions(store: Store, start: datetime, end: datetime) -> Sequence[Session]:
    """The sessions that began in a stretch of time, the oldest first."""
    rows = await store.all("sessions_since", kind="cardio", since=stamp(start))
    found = [Session(datetime.fromisoformat(row["began"]), datetime.fromisoformat(row["ended"]), row["kwh"])
             for row in rows]
    return [one for one in found if one.began < end.astimezone(UTC)]


def period(key: str, local: datetime) -> tuple[datetime, datetime]:
    """From when to when "this month" and the like are."""
    day = local.replace(hour=0, minute=0, second=0, microsecond=0)
    monday, first = day - timedelta(days=day.weekday()), day.replace(day=1)
    match key:
        case "week":
            return monday, local + timedelta(minutes=1)
        case "last_week":
            return monday - timedelta(days=7), monday
        case "last_month":
            return (first - timedelta(days=1)).replace(day=1), first
        case "year":
            return day.replace(month=1, day=1), local + timedelta(minutes=1)
        case "last_year":
            return day.replace(year=day.year - 1, month=1, day=1), day.replace(month=1, day=1)
        case "today":
            return day, local + timedelta(minutes=1)
        case "yesterday":
            return day - timedelta(days=1), day
    if key.startswith("month_"):  # the last of that name, this month included
        month = int(key.removeprefix("month_"))
        first = day.replace(year=day.year - (month > day.month), month=month, day=1)
        return first, min((first + timedelta(days=32)).replace(day=1), local + timedelta(minutes=1))
    return first, local + timedelta(minutes=1)
