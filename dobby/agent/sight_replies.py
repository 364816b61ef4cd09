"""What the eyes are asked and told, answered: pictures and facts of the log, in the words of the catalogue.

A sentence that a vision model made is a stranger's word (a sign in the picture may have put it there): the turn is
tainted wherever one is repeated.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, cast

from dobby.agent.meaning import Sight
from dobby.eyes import tuning
from dobby.eyes.cameras import masks_text
from dobby.eyes.seen import Box, Seen, Zone
from dobby.eyes.sights import Look, Sights
from dobby.eyes.telling import Presence, Rule, is_known
from dobby.eyes.watch import sentence
from dobby.home.device import Command
from dobby.messages import Person, Picture
from dobby.store import Row
from dobby.tools.fence import clean
from dobby.tools.hands import Done, Hands

LINES = 8  # events told in one answer; the rest are counted
PICTURES = 4  # pictures in one answer
JUST = timedelta(minutes=30)  # how long "that" means the last event where something is kept of it
MUTED = 60.0  # minutes, where nobody said how long
_KEPT = {"mute": "mute_kept", "only": "only_kept", "except": "except_kept"}
_RULES = {"mute": "mute_rule", "only": "only_rule", "except": "except_rule"}
PLACES = {"left": (0.0, 0.0, 0.34, 1.0), "right": (0.66, 0.0, 1.0, 1.0), "top": (0.0, 0.0, 1.0, 0.34),
          "bottom": (0.0, 0.66, 1.0, 1.0), "middle": (0.33, 0.33, 0.67, 0.67)}


@dataclass(slots=True)
class _Asked:
    """One sentence to the eyes, by one person."""

    hands: Hands
    sights: Sights
    person: Person
    part: Sight

    def say(self, key: str, **slots: object) -> str:
        return self.hands.house.words.say(f"sight.{key}", **slots)

    def place(self) -> str:
        """The cameras spoken of, by name, and the zone."""
        cameras = [one.name for one in self.sights.named(self.part.cameras)] if self.part.cameras else []
        return self.spot(self.hands.house.words.join(cameras), self.part.zone)

    def spot(self, camera: str, zone: str) -> str:
        """A camera ("" = all) and a zone ("" = all) in words."""
        return ", ".join(filter(None, [camera or self.say("all"), zone]))

    def things(self, subjects: Sequence[str]) -> str:
        """Subjects in words, as many."""
        return self.hands.house.words.join([self.say(f"subjects_{one}") for one in subjects])


async def sight(hands: Hands, part: Sight) -> tuple[str, Done | None]:
    """Answer one sentence to the eyes: the text, and what the gate made of it where it was a command. Pictures go into
    `hands.pictures`."""
    sights, person = hands.house.sights, hands.asker.person
    if sights is None or person is None or not (sights.cameras() or part.verb == "forget"):
        return hands.house.words.say("sight.no_cameras"), None
    if person.role == "guest":
        return hands.house.words.say("policy.guest"), None
    asked = _Asked(hands, sights, person, part)
    if part.verb == "ignore":
        return await _ignore(asked)
    answer = {"look": _look, "there": _there, "happening": _happening, "came": _came, "skipped": _skipped,
              "who": _who, "again": _again, "mute": _wish, "unmute": _unmute, "only": _wish, "except": _wish,
              "rules": _rules, "wrong": _wrong,
              "missed": _missed, "untune": _untune, "usual": _usual, "forget": _forget}[part.verb]
    return await answer(asked), None


# --- looking now --------------------------------------------------------------------------------------------


def _show(asked: _Asked, looks: Sequence[Look]) -> list[str]:
    """Put the pictures into the answer; what is wrong with cameras that have none, in words."""
    asked.hands.pictures += [Picture(one.picture) for one in looks if one.picture][:PICTURES]
    return [asked.say("trouble", camera=one.camera, why=one.trouble) for one in looks if one.trouble]


def _told(asked: _Asked, seen: Seen) -> str:
    asked.hands.taint()
    return clean(seen.what, 160)


async def _look(asked: _Asked) -> str:
    looks = await asked.sights.look(asked.part.cameras, words=False)
    troubles = _show(asked, looks)
    seen = [one.camera for one in looks if one.picture]
    return "\n".join([*([asked.say("now", camera=", ".join(seen))] if seen else []), *troubles])


async def _happening(asked: _Asked) -> str:
    looks = await asked.sights.look(asked.part.cameras, "What is happening here right now?")
    lines = [f"{one.camera}: {_told(asked, one.seen)}" for one in looks if one.seen and one.seen.what]
    unknown = [one.camera for one in looks if one.picture and not (one.seen and one.seen.what)]
    if unknown:
        lines.append(asked.say("now", camera=", ".join(unknown)))
    lines += _show(asked, looks)
    recent = await asked.sights.events(asked.sights.watch.local() - timedelta(minutes=10),
                                       asked.sights.watch.local(), asked.part.cameras, zone=asked.part.zone)
    if recent:
        lines.append(asked.say("lately"))
        lines += _lines(asked, recent[-3:])
    return "\n".join(lines)


async def _there(asked: _Asked) -> str:
    wanted = asked.part.subjects
    thing = asked.hands.house.words.join([asked.say(f"subject_{one}") for one in wanted])
    looks = await asked.sights.look(asked.part.cameras, f"Is there a {' or '.join(wanted)} in this picture?")
    troubles = _show(asked, looks)
    known = [one for one in looks if one.seen is not None]
    here = [one for one in known if one.seen and one.seen.subject in wanted]
    if here:
        return "\n".join([*(asked.say("yes", camera=one.camera, what=_told(asked, one.seen)) for one in here
                            if one.seen), *troubles])
    if known:
        return "\n".join([asked.say("no", thing=thing, camera=", ".join(one.camera for one in known)), *troubles])
    if not any(one.picture for one in looks):
        return "\n".join(troubles)
    return "\n".join([asked.say("see_yourself"), *troubles])


# --- what happened ------------------------------------------------------------------------------------------


def _span(asked: _Asked) -> tuple[datetime, datetime]:
    """The time that was asked about, today where nobody said."""
    now = asked.sights.watch.local()
    day = now.replace(hour=0, minute=0, second=0, microsecond=0)
    later = now + timedelta(minutes=1)
    match asked.part.time:
        case "yesterday":
            return day - timedelta(days=1), day
        case "morning":
            return day, min(later, day + timedelta(hours=12))
        case "afternoon":
            return day + timedelta(hours=12), min(later, day + timedelta(hours=18))
        case "evening":
            return day + timedelta(hours=17), later
        case "night":
            return day - timedelta(hours=3), day + timedelta(hours=7)
        case "hour":
            return now - timedelta(hours=1), later
        case "week":
            return now - timedelta(days=7), later
    return day, later


def _lines(asked: _Asked, rows: Sequence[Row]) -> list[str]:
    if any(row["what"] for row in rows):
        asked.hands.taint()
    zone = asked.sights.watch.zone
    return [f"{datetime.fromisoformat(row['at']).astimezone(zone):%H:%M} "
            f"{clean(sentence(row, asked.hands.house.words), 160)}" for row in rows]


async def _came(asked: _Asked) -> str:
    since, until = _span(asked)
    subjects = asked.part.subjects or ("",)
    rows = {row["id"]: row for subject in subjects
            for row in await asked.sights.events(since, until, asked.part.cameras, subject, asked.part.zone)}
    found = [rows[id_] for id_ in sorted(rows)]
    if not found:
        thing = asked.hands.house.words.join([asked.say(f"subject_{one}") for one in asked.part.subjects])
        return asked.say("none_of", thing=thing) if thing else asked.say("none")
    asked.hands.pictures += [Picture(name) for name in json.loads(found[-1]["pictures"])[:1]]
    more = [asked.say("more", count=len(found) - LINES)] if len(found) > LINES else []
    return "\n".join([*more, *_lines(asked, found[-LINES:])])


async def _skipped(asked: _Asked) -> str:
    since, _ = _span(asked)
    rows = await asked.sights.skipped(asked.person.name, since)
    if not rows:
        return asked.say("skipped_none")
    shown = rows[-LINES:]
    lines = [f"{line} ({asked.say('why_' + json.loads(row['skipped'])[asked.person.name], zone=row['zone'])})"
             for line, row in zip(_lines(asked, shown), shown, strict=True)]
    more = [asked.say("more", count=len(rows) - LINES)] if len(rows) > LINES else []
    return "\n".join([asked.say("skipped", count=len(rows)), *more, *lines])


async def _who(asked: _Asked) -> str:
    row = await asked.sights.last(asked.person.name, within=timedelta(hours=1))
    if row is None:
        return asked.say("no_event")
    asked.hands.pictures += [Picture(name) for name in json.loads(row["pictures"])[1:2]]
    seen = await asked.sights.again(row, "Who or what is it? Describe clothes, colours and what it carries or says.")
    line = _lines(asked, [row])[0]
    if seen is None or not seen.what or seen.what == row["what"]:
        return f"{line}\n{asked.say('no_more')}"
    return f"{line}\n{_told(asked, seen)}"


async def _again(asked: _Asked) -> str:
    row = await asked.sights.last(asked.person.name)
    if row is None:
        return asked.say("no_event")
    names = json.loads(row["pictures"])
    asked.hands.pictures += [Picture(name) for name in names[:2]]
    return "\n".join([*_lines(asked, [row]), *([] if names else [asked.say("picture_gone")])])


# --- wishes -------------------------------------------------------------------------------------------------


async def _wish(asked: _Asked) -> str:
    """Quiet about a place, only some subjects there, or all but some."""
    part, now = asked.part, asked.sights.watch.local()
    lasting = part.verb != "mute" or part.hours or part.presence
    rules = [Rule(asked.person.name, camera, cast(Any, part.verb), part.subjects, part.hours,
                  _until(part, now, None if lasting else MUTED), part.zone, cast(Presence, part.presence))
             for camera in _each(asked)]
    for rule in rules:
        await asked.sights.wish(rule)
    said = asked.hands.house.words.upper(asked.say(_KEPT[part.verb], camera=asked.place(), when=_when(asked, rules[0]),
                                                   things=asked.things(part.subjects)))
    known = is_known(rules[0].presence, asked.person.name, asked.sights.watch.home())
    return said if known else f"{said} {asked.say('presence_unknown')}"


def _until(part: Sight, now: datetime, usual: float | None) -> datetime | None:
    """When a wish ends: at the next of the times of day that may be meant, or after so many minutes; None = never."""
    if part.clock:
        return min(_next(now, clock) for clock in part.clock)
    minutes = usual if part.minutes is None else part.minutes
    if minutes is None:
        return None
    tomorrow = _next(now, "00:00")
    return _next(tomorrow, "07:00") if minutes == 0 else tomorrow if minutes < 0 else now + timedelta(minutes=minutes)


def _next(now: datetime, clock: str) -> datetime:
    """The next moment at which a clock in the house shows this."""
    at = now.replace(hour=int(clock[:2]), minute=int(clock[3:]), second=0, microsecond=0)
    return at if at > now else at + timedelta(days=1)


def _when(asked: _Asked, rule: Rule) -> str:
    """When a wish holds, in words."""
    parts = [asked.say(f"hours_{rule.hours}") if rule.hours else "",
             asked.say(f"presence_{rule.presence}") if rule.presence else ""]
    if rule.until is not None:
        now = asked.sights.watch.local()
        until = rule.until.astimezone(now.tzinfo)
        far = until - now > timedelta(hours=24)
        parts.append(asked.say("until", until=f"{until:%Y-%m-%d %H:%M}" if far else f"{until:%H:%M}"))
    return ", ".join(filter(None, parts)) or asked.say("hours_always")


async def _rules(asked: _Asked) -> str:
    """Every wish of this person that holds, a line each."""
    upper = asked.hands.house.words.upper
    rules = await asked.sights.wishes_of(asked.person.name)
    lines = [upper(asked.say(_RULES[rule.kind], camera=asked.spot(rule.camera, rule.zone),
                             things=asked.things(rule.subjects), when=_when(asked, rule))) for rule in rules]
    home = asked.sights.watch.home()
    if not all(is_known(rule.presence, asked.person.name, home) for rule in rules):
        lines.append(asked.say("presence_unknown"))
    usual = await asked.sights.usual_to(asked.person.name)
    if usual:
        asked.hands.taint()
    lines += [asked.say("usual_rule", camera=row["camera"], what=clean(row["name"], 90) or "…") for row in usual]
    return "\n".join(lines) or asked.say("no_rules")


async def _unmute(asked: _Asked) -> str:
    gone = sum([await asked.sights.unwish(asked.person.name, camera, asked.part.zone, asked.part.subjects)
                for camera in _each(asked)])
    keys = ("unmuted_things", "not_muted_things") if asked.part.subjects else ("unmuted", "not_muted")
    return asked.say(keys[not gone], camera=asked.place(), things=asked.things(asked.part.subjects))


def _each(asked: _Asked) -> list[str]:
    """The cameras a wish is about, by name; "" for all."""
    return [one.name for one in asked.sights.named(asked.part.cameras)] if asked.part.cameras else [""]


async def _wrong(asked: _Asked) -> str:
    row = await asked.sights.last(asked.person.name, within=JUST)
    if row is None:
        return asked.say("no_event")
    await asked.sights.label(row["event"], "false alarm")
    return asked.say("wrong", camera=row["camera"])


async def _missed(asked: _Asked) -> str:
    cameras = asked.sights.named(asked.part.cameras)
    if not asked.part.cameras and len(cameras) > 1:
        return asked.say("missed_where")
    for camera in cameras:
        asked.sights.missed(camera.name)
    return asked.say("missed", camera=", ".join(one.name for one in cameras))


async def _untune(asked: _Asked) -> str:
    camera = await tuning.undo(asked.sights)
    return asked.say("untuned", camera=camera) if camera else asked.say("not_tuned")


async def _usual(asked: _Asked) -> str:
    row = await asked.sights.last(asked.person.name, within=JUST)
    if row is None:
        return asked.say("no_event")
    await asked.sights.usual(asked.person.name, row, row["what"] or row["size"])
    return asked.say("usual", camera=row["camera"])


async def _forget(asked: _Asked) -> str:
    since, until = _span(asked)
    return asked.say("forgotten", count=await asked.sights.forget(since, until))


async def _ignore(asked: _Asked) -> tuple[str, Done | None]:
    """A part of the picture that is not to be looked at: drawn on the picture, asked about by the gate, then kept."""
    row = await asked.sights.last(asked.person.name)
    cameras = asked.sights.named(asked.part.cameras)
    camera = next((one for one in cameras if row is not None and one.name == row["camera"]),
                  cameras[0] if len(cameras) == 1 else None)
    if camera is None or (not asked.part.place and row is None):
        return asked.say("which_camera"), None
    left, top, right, bottom = _place(asked.part.place, row)
    zone = Zone(asked.part.place or f"spot {len(camera.kept) + 1}",  # no free text: it stands in the audit
                ((left, top), (right, top), (right, bottom), (left, bottom)), "mask")
    looks = await asked.sights.look([camera.id], words=False, draw=zone.points)
    troubles = _show(asked, looks)
    kept = [one for one in camera.kept if one.name != zone.name]
    done = await asked.hands.do([Command(camera.id, "ignore", masks_text([*kept, zone]))], tool="ignore")
    return "\n".join(troubles), done


def _place(place: str, row: Row | None) -> tuple[float, float, float, float]:
    """The part of the picture that is meant: by its name, or where the last event was."""
    words = [word for word in place.split() if word in PLACES]
    if not words and row is not None:
        box = Box(*json.loads(row["box"])).grown(0.25)
        return box.left, box.top, box.right, box.bottom
    boxes = [PLACES[word] for word in words]
    return (max(box[0] for box in boxes), max(box[1] for box in boxes),
            min(box[2] for box in boxes), min(box[3] for box in boxes))
