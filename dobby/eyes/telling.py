"""Worth telling? Pure: an event, what came before it, and a person's wishes in; yes or a reason out.

The same truck twice is one text. A wish ("mute the driveway", "only people at night") holds for the person who said it,
and one that depends on who is at home holds nothing back for as long as nobody knows that. The hourly cap never
swallows the first of a kind. Every no has a reason, which "what did you skip?" gives back.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

Reason = Literal["nothing", "same", "mute", "only", "except", "zone", "quiet", "normal", "cap"]
Presence = Literal["", "nobody", "somebody", "me_away", "me_home"]
OPPOSITE: Mapping[Presence, Presence] = {"nobody": "somebody", "somebody": "nobody", "me_away": "me_home",
                                         "me_home": "me_away"}
Home = Mapping[str, bool | None]  # by person: home, away, or None where nobody knows
SAME_FOR = {"vehicle": timedelta(minutes=15), "person": timedelta(minutes=5), "animal": timedelta(minutes=20),
            "parcel": timedelta(minutes=2)}
SAME_ANYTHING = timedelta(minutes=5)
ELSEWHERE = timedelta(minutes=3)  # a carrier's van seen by two cameras is one van
MOMENT, TURN = timedelta(minutes=1), timedelta(seconds=20)  # for which looks may differ, with a subject and without
AHEAD = timedelta(minutes=1)  # what is further in the future than this was seen before the clock was put back
ALIKE = 0.7  # overlap (0..1) of two colour histograms that makes them the same thing
NIGHT = (21.0, 6.5)  # local hours between which it counts as night, where the picture itself does not say so


@dataclass(frozen=True, slots=True)
class Event:
    """What is known of one event when it is to be told. subject "" where nobody looked at the picture; size is the
    detector's own word: small, person, car, thing."""

    id: str
    camera: str
    at: datetime  # local time
    kind: str = "start"
    subject: str = ""
    carrier: str = ""
    parcel: str = "none"
    size: str = "person"
    alert: int = 1
    night: bool = False
    same_as_before: bool = False
    normal: bool = False
    look: str = ""  # the colours of what was seen; events without are told apart by their sort alone
    zone: str = ""

    @property
    def sort(self) -> tuple[str, str, str]:
        """Of what kind it is: two of the same kind in a row are hardly news."""
        alone = self.kind in ("left", "taken") and self.subject in ("", "parcel", "other")
        if self.parcel != "none" or alone:
            return "parcel", "", self.parcel if self.parcel != "none" else self.kind
        return (self.subject, self.carrier.casefold(), "") if self.subject else (f"size {self.size}", "", "")


@dataclass(frozen=True, slots=True)
class Rule:
    """A wish of a person ("" = everybody) about a camera and a zone of it ("" = all): nothing (mute), only some
    subjects, or all but some (except).

    hours: "", "night", "day" or "23:00-06:30" (local); presence: while nobody or somebody is at home, while the person
    is away or at home ("" = always); until: when it ends, None = never.
    """

    person: str
    camera: str
    kind: Literal["mute", "only", "except"]
    subjects: tuple[str, ...] = ()
    hours: str = ""
    until: datetime | None = None
    zone: str = ""
    presence: Presence = ""


@dataclass(frozen=True, slots=True)
class Limits:
    """What the settings say: texts an hour, and quiet hours ("23:00-06:30" or "")."""

    per_hour: int = 10
    quiet: str = ""


def reason_not(event: Event, told: Sequence[Event], rules: Sequence[Rule], person: str, limits: Limits,
               home: Home) -> Reason | None:
    """Why a person is not told of an event, None when they are. told: what this person was told of, the latest last;
    "zone": a wish about the zone in which it happened.

    What wants a person (alert 2) is never held back as the same, as usual or as too much; only a wish holds it back.
    """
    if event.subject == "nothing":
        return "nothing"
    for rule in rules:
        if _holds(rule, event, person, home) and _hides(rule, event):
            return "zone" if rule.zone else rule.kind
    if limits.quiet and event.alert < 2 and within(limits.quiet, event.at):
        return "quiet"
    if event.alert < 2 and is_same(event, told):
        return "same"
    if event.normal and event.alert < 2:
        return "normal"
    hour = [one for one in told if event.at - one.at < timedelta(hours=1)]
    first = all(one.sort != event.sort for one in hour)
    if len(hour) >= limits.per_hour and not first and event.alert < 2:
        return "cap"
    return None


def is_same(event: Event, told: Sequence[Event]) -> bool:
    """Whether this is what was told a moment ago: the same kind of the same looks on the same camera, or a carrier's
    van on another. Looks are let differ for the first minute, in which a thing turns and comes nearer."""
    long = SAME_FOR.get(event.sort[0], SAME_ANYTHING)
    for one in told:
        since = max(timedelta(0), event.at - one.at)
        if one.id == event.id or one.subject == "nothing" or one.at - event.at > AHEAD:
            continue
        another = not event.carrier and bool(one.look and event.look) and not alike(one.look, event.look)
        if another and since > (MOMENT if event.subject else TURN):
            continue
        if one.camera == event.camera and one.sort == event.sort and since < long:
            return True
        if event.carrier and one.sort == event.sort and since < ELSEWHERE:
            return True
        if one.camera == event.camera and event.same_as_before and since < long:
            return True
    return False


def alike(one: str, other: str) -> bool:
    """Whether two colour histograms (a hex digit a bin) overlap enough to be of the same thing."""
    if not one or len(one) != len(other):
        return False
    pairs = [(int(a, 16), int(b, 16)) for a, b in zip(one, other, strict=True)]
    whole = max(sum(a for a, _ in pairs), sum(b for _, b in pairs), 1)
    return sum(min(a, b) for a, b in pairs) / whole >= ALIKE


def _holds(rule: Rule, event: Event, person: str, home: Home) -> bool:
    if rule.person not in ("", person) or rule.camera not in ("", event.camera):
        return False
    if rule.zone.casefold() not in ("", event.zone.casefold()) or not is_so(rule.presence, person, home):
        return False
    if rule.until is not None and event.at >= rule.until:
        return False
    if rule.hours in ("night", "day"):
        return at_night(event) == (rule.hours == "night")
    return not rule.hours or within(rule.hours, event.at)


def is_so(presence: Presence, person: str, home: Home) -> bool:
    """Whether it is known that those at home are as a wish has it."""
    match presence:
        case "nobody":
            return bool(home) and all(there is False for there in home.values())
        case "somebody":
            return any(home.values())
        case "me_away":
            return home.get(person) is False
        case "me_home":
            return home.get(person) is True
    return True


def is_known(presence: Presence, person: str, home: Home) -> bool:
    """Whether anybody knows if those at home are as a wish has it."""
    return not presence or is_so(presence, person, home) or is_so(OPPOSITE[presence], person, home)


def _hides(rule: Rule, event: Event) -> bool:
    """Whether a wish that holds keeps an event back."""
    match rule.kind:
        case "mute":
            return True
        case "only":
            return not _wanted(event, rule)
        case "except":
            return _unwanted(event, rule)


def _wanted(event: Event, rule: Rule) -> bool:
    """Whether an event is of the subjects that a person still wants. Where nobody looked, its size must do."""
    if event.subject:
        return event.subject in rule.subjects or (event.parcel != "none" and "parcel" in rule.subjects)
    sizes = {"person": ("person",), "car": ("vehicle",), "small": ("animal", "parcel")}
    return event.size not in sizes or any(subject in rule.subjects for subject in sizes[event.size])


def _unwanted(event: Event, rule: Rule) -> bool:
    """Whether an event is of the subjects that a person does not want, and of no other. Where nobody looked, its size
    must do: a small thing that came by itself is an animal."""
    if event.sort[0] == "parcel":
        return "parcel" in rule.subjects and event.subject in ("", "parcel", "other", *rule.subjects)
    sizes = {"person": "person", "car": "vehicle", "small": "animal"}
    return (event.subject or sizes.get(event.size, "")) in rule.subjects


def at_night(event: Event) -> bool:
    """Whether it is night: the picture says so (infrared), or the hour does."""
    hour = event.at.hour + event.at.minute / 60
    return event.night or hour >= NIGHT[0] or hour < NIGHT[1]


def within(hours: str, at: datetime) -> bool:
    """Whether a local time lies in "23:00-06:30"."""
    start, _, end = hours.partition("-")
    now = f"{at:%H:%M}"
    return start <= now < end if start <= end else now >= start or now < end


def size_of(wide: float, high: float) -> str:
    """The detector's own word for something that covers so much of the picture's width and height (0..1 each), taken as
    16:9: "thing" wherever shape and size do not tell."""
    shape = wide * 16 / 9 / max(high, 0.001)  # wider than high is above 1
    if wide * high < 0.004:
        return "small"
    if shape < 0.75 and high > 0.12:
        return "person"
    return "car" if shape > 1.25 and wide > 0.18 else "thing"
