"""What a sentence can mean to the reflex: orders, skills, questions, refusals, things to ask back, and the context."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Literal

from dobby.agent.clauses import Deed
from dobby.home.device import Command
from dobby.home.traits import Value
from dobby.jobs.conditions import Condition
from dobby.jobs.spoken import Spoken

Verb = Literal["undo", "stop", "help", "find", "why", "again"]
Asked = Literal["which", "is", "any", "all", "count", "value", "playing", "everything_off", "unreachable", "ajar"]


@dataclass(frozen=True, slots=True)
class Do:
    """Commands to give; `about` says in words what was understood, `corrected` holds (typed, meant)."""

    commands: tuple[Command, ...]
    about: str
    corrected: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class RunSkill:
    """A phrase of this skill was said; without: what it leaves out this once (a device, a room or a kind)."""

    name: str
    without: str = ""


@dataclass(frozen=True, slots=True)
class Question:
    """Something to be answered from readings; it never acts.

    which: which of `devices` show `value`; is / any / all: whether they do; count: how many; value: the reading;
    playing: the titles; everything_off: over lights and media; unreachable: which do not answer.
    """

    kind: Asked
    devices: tuple[str, ...]
    trait: str
    value: Value
    about: str


@dataclass(frozen=True, slots=True)
class Refuse:
    """The home has no such thing or feature; the text says so by name."""

    text: str


@dataclass(frozen=True, slots=True)
class Clarify:
    """More than one thing could be meant: what to ask, the options, and the commands behind each."""

    text: str
    options: tuple[str, ...]
    choices: tuple[tuple[str, tuple[Command, ...]], ...] = ()


@dataclass(frozen=True, slots=True)
class Control:
    """A word to Dobby himself; `what` is the thing to find ("" = everything on the network); supposed: somebody thinks
    that it is there, and may want to try it though it is part of the home ("I think I have Sonos ...")."""

    verb: Verb
    what: str = ""
    supposed: bool = False


SightVerb = Literal["look", "there", "happening", "skipped", "came", "who", "again", "mute", "unmute", "only", "except",
                    "rules", "wrong", "missed", "ignore", "usual", "forget", "untune"]


@dataclass(frozen=True, slots=True)
class Sight:
    """Something asked of the eyes or wished from them. cameras: device ids, () = all; zone: a part of their pictures by
    name, "" = all; minutes: how long, None = not said, 0 = until tomorrow morning, -1 = until midnight; clock: times of
    day ("06:00" and "18:00" where either may be meant), the next of which ends it; presence: who must be at home or
    away (dobby.eyes.telling.Presence); time, hours, place: keys of languages/<xx>/eyes.toml."""

    verb: SightVerb
    cameras: tuple[str, ...] = ()
    subjects: tuple[str, ...] = ()
    zone: str = ""
    minutes: float | None = None
    clock: tuple[str, ...] = ()
    presence: str = ""
    time: str = ""
    hours: str = ""
    place: str = ""
    thing: str = ""

    def but(self, **changes: object) -> Sight:
        """This with some fields otherwise."""
        return replace(self, **changes)  # type: ignore[arg-type]  # field names are checked by replace itself


LessonVerb = Literal["when", "also", "except", "once", "how", "drop", "rename", "list"]


@dataclass(frozen=True, slots=True)
class Lesson:
    """Teaching: a phrase and what it is to do, or something about a skill that is there; once: it runs now, without a
    thing, and stays as it is. Where no sign parts the two, phrase is "" and order holds both. sure: it can be nothing
    else ("tea time means ..." is a lesson only where an order follows)."""

    verb: LessonVerb
    phrase: str = ""
    order: str = ""
    skill: str = ""
    thing: str = ""
    sure: bool = True


RecollectVerb = Literal["remember", "about", "forget_that", "wrong", "why", "forget_all", "undo_night"]


@dataclass(frozen=True, slots=True)
class Recollect:
    """Something for the memory; `what`: the fact as it was said, or whom or what it is about."""

    verb: RecollectVerb
    what: str = ""


NetworkVerb = Literal["what_is", "learn", "news", "why", "forget"]


@dataclass(frozen=True, slots=True)
class Network:
    """Something asked about what is on the network: an address, a device of the home by its id, what it was taken for;
    "" for none said."""

    verb: NetworkVerb
    address: str = ""
    device: str = ""
    what: str = ""


EVERYONE, THEY = "*", "?"
TimedVerb = Literal["tell", "wake", "order", "skill", "when?", "no_machine", "planned", "left", "cancel", "cancel_all",
                    "cancel_reminders", "cancel_timers", "cancel_alarms", "skip", "snooze", "leaving", "home",
                    "who_home", "is_home", "came", "went", "all_out", "cardio_count", "cardio_weekly", "cardio_never",
                    "cardio_last", "vacation", "vacation_over",
                    "vacation_until", "vacation_asked", "no_hours", "no_person", "no_sensor", "pass_on"]


@dataclass(frozen=True, slots=True)
class Timed:
    """Something planned, or asked or changed about what is planned. said: the time as it was said; commands, skill or
    text: what is to happen then (text: what to tell, as it was said); condition: what it waits for instead of a time;
    standing: every time, not once; person: whom a question is about; number: a plan's number; minutes: a snooze;
    period: key of the table of that name; first: what is done at once; then: what follows, at the next of its
    times; to: who is told, by name ("" = who speaks, EVERYONE = all of the household), () = who speaks; reminds:
    with a condition, text is what to be reminded of. A condition's person "" is who speaks, THEY who is told. Of what
    is cancelled or left out, text holds
    words that it speaks of, commands what it does."""

    verb: TimedVerb
    said: Spoken = field(default_factory=Spoken)
    commands: tuple[Command, ...] = ()
    skill: str = ""
    text: str = ""
    condition: Condition | None = None
    standing: bool = False
    person: str = ""
    number: int = 0
    minutes: float = 0.0
    period: str = ""
    first: Do | None = None
    then: Timed | None = None
    to: tuple[str, ...] = ()
    reminds: bool = False


@dataclass(frozen=True, slots=True)
class Same:
    """The owner's word that two devices are one thing, or (with one device) that one is several."""

    devices: tuple[str, ...]


Part = Timed | Same | Do | RunSkill | Question | Refuse | Clarify | Control | Sight | Network | Recollect | Lesson


@dataclass(frozen=True, slots=True)
class Context:
    """What was meant a moment ago. `step` is the signed amount of a relative order; `when` is on the caller's clock."""

    devices: tuple[str, ...] = ()
    rooms: tuple[str, ...] = ()
    kind: str = ""
    trait: str = ""
    value: Value = None
    step: float = 0.0
    when: float = 0.0
    deed: Deed | None = None  # the words of the last order, for "and the bedroom"


@dataclass(frozen=True, slots=True)
class Understood:
    """A whole sentence, understood with certainty."""

    parts: tuple[Part, ...]
    context: Context


@dataclass(frozen=True, slots=True)
class Miss:
    """Not understood; `nearest` is a sentence that would be, "" where there is none."""

    nearest: str = ""
