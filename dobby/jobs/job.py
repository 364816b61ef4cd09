"""A Job: something due, as plain data, owned by a person."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Literal

from dobby.home.device import Command
from dobby.jobs import conditions, lived, when
from dobby.jobs.conditions import Condition, Wait
from dobby.jobs.lived import Lived
from dobby.jobs.when import When
from dobby.store import Row, stamp

JobKind = Literal["tell", "say", "wake", "order", "skill", "heat"]
LATE = timedelta(seconds=90)  # later than this is said to be late
SENSE = timedelta(minutes=30)  # an order later than this is not carried out any more, it is reported
SENSE_OFF = timedelta(hours=6)  # the same for one that only switches off, shuts or locks
WOKEN = timedelta(minutes=30)  # a wake-up later than this is no wake-up
LOWERING = {("on", False), ("playing", False), ("locked", True), ("open", False)}


@dataclass(frozen=True, slots=True)
class Job:
    """kind: remind a person of `text`, say it as it is, wake them, give `commands`, run a `skill`, or heat (commands
    early enough to be warm when it is due). when or condition says when; standing: a condition that stays after it
    fired. address: where its person is told ("" = nowhere); last: the moment of the last occurrence that was dealt
    with, day: its local day; skips: local days left out; lived: of an "order" that makes the house look lived in, what
    it remembers. whom: who is told, by name (() = its person); reminds: with a condition, text is what to be reminded
    of, not the condition as it was said."""

    person: str
    conversation: str
    address: str
    kind: JobKind
    when: When | None = None
    condition: Condition | None = None
    commands: tuple[Command, ...] = ()
    skill: str = ""
    text: str = ""
    standing: bool = False
    made: datetime = field(default_factory=lambda: datetime.now(UTC))
    last: datetime | None = None
    day: str = ""
    skips: tuple[str, ...] = ()
    wait: Wait = field(default_factory=Wait)
    id: int = 0
    lived: Lived | None = None
    whom: tuple[str, ...] = ()
    reminds: bool = False

    @property
    def repeats(self) -> bool:
        """Whether it is there after it ran."""
        return self.standing or (self.when is not None and self.when.repeats)

    def values(self) -> dict[str, object]:
        """As a row of the table `jobs`, without its number."""
        return {"person": self.person, "conversation": self.conversation, "address": self.address, "kind": self.kind,
                "due": self.when.dump() if self.when else "",
                "condition": self.condition.dump() if self.condition else "",
                "commands": json.dumps([[one.device, one.trait, one.value] for one in self.commands]),
                "skill": self.skill, "text": self.text, "standing": self.standing, "made": stamp(self.made),
                "skips": json.dumps(self.skips), "wait": self.wait.dump(),
                "lived": self.lived.dump() if self.lived else "", "whom": json.dumps(self.whom, ensure_ascii=False),
                "reminds": self.reminds}


def load(row: Row) -> Job:
    """A row of the table `jobs`."""
    return Job(row["person"], row["conversation"], row["address"], row["kind"],
               when.load(row["due"]) if row["due"] else None, conditions.load(row["condition"]),
               tuple(Command(*one) for one in json.loads(row["commands"])), row["skill"], row["text"],
               bool(row["standing"]), datetime.fromisoformat(row["made"]),
               datetime.fromisoformat(row["last"]) if row["last"] else None, row["day"],
               tuple(json.loads(row["skips"])), conditions.load_wait(row["wait"]), row["id"],
               lived.load(row["lived"]), tuple(json.loads(row["whom"])), bool(row["reminds"]))


@dataclass(frozen=True, slots=True)
class Due:
    """A job whose time has come. at: the moment it was due; late: how long ago that was; again: it had begun in a run
    that was killed."""

    job: Job
    run: int
    at: datetime
    late: timedelta = timedelta()
    again: bool = False

    @property
    def fate(self) -> Literal["now", "late", "missed"]:
        """What becomes of it: on time; late, and said so; or senseless by now, and only reported. A text to a person is
        never too late, a wake-up and an order are."""
        if self.late <= LATE:
            return "now"
        if self.job.kind in ("tell", "say"):
            return "late"
        limit = WOKEN if self.job.kind == "wake" else SENSE_OFF if lowers(self.job) else SENSE
        return "late" if self.late <= limit else "missed"


def lowers(job: Job) -> bool:
    """Whether its commands only switch off, shut or lock."""
    return bool(job.commands) and all((one.trait, one.value) in LOWERING for one in job.commands)
