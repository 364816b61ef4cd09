"""Tools for the eyes: look through a camera now, what was seen, what was not told, and wishes about texts.

What a vision model said of a picture is a stranger's word: it comes fenced, and the turn is tainted from then on.
"""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import Literal

from dobby.eyes.eyes import Watched
from dobby.eyes.sights import Sights
from dobby.eyes.telling import NIGHT, Presence, Rule, is_known
from dobby.messages import Picture
from dobby.store import Row
from dobby.tools.fence import clean, fenced
from dobby.tools.hands import Hands
from dobby.tools.schema import tool

EVENTS_LIMIT = 30
HOURS_LIMIT = 24 * 7
NO_CAMERAS = json.dumps({"error": "This home has no cameras that I could use for this person."})


def _sights(hands: Hands) -> Sights | None:
    person = hands.asker.person
    sights = hands.house.sights
    return None if person is None or person.role == "guest" or not sights or not sights.cameras() else sights


def _meant(sights: Sights, camera: str) -> list[Watched]:
    said = camera.casefold()
    return [one for one in sights.cameras() if not said or said in (one.id, one.name.casefold(), one.room.casefold())]


def _no_such(sights: Sights) -> str:
    return json.dumps({"error": "No such camera or zone.",
                       "cameras": {one.name: {"zones": one.places} for one in sights.cameras()}})


async def look_camera(hands: Hands, camera: str = "", question: str = "") -> str:
    """Take a fresh picture with a camera (name or room; "" = all) and say what is on it. The pictures go to the person
    with your answer. question: what to look for, in English."""
    sights = _sights(hands)
    if sights is None:
        return NO_CAMERAS
    cameras = _meant(sights, camera)
    if not cameras:
        return _no_such(sights)
    looks = await sights.look([one.id for one in cameras], question[:200])
    hands.pictures += [Picture(one.picture) for one in looks if one.picture][:4]
    hands.taint()
    rows = [{"camera": one.camera, "picture": bool(one.picture)}
            | ({"trouble": one.trouble} if one.trouble else {})
            | ({"subject": one.seen.subject, "what": one.seen.what} if one.seen else {}) for one in looks]
    return fenced(json.dumps(rows, ensure_ascii=False))


async def camera_events(hands: Hands, hours: float = 12.0, camera: str = "", subject: Literal[
        "any", "person", "vehicle", "animal", "parcel"] = "any", skipped_only: bool = False) -> str:
    """What the cameras saw in the last hours, oldest first, with whether this person was told of it, and if not, why
    (same, mute, only, except, zone: a wish about that zone, quiet, normal, cap, nothing)."""
    sights = _sights(hands)
    if sights is None or hands.asker.person is None:
        return NO_CAMERAS
    name, now = hands.asker.person.name, sights.watch.local()
    since = now - timedelta(hours=min(max(hours, 0.0), HOURS_LIMIT))
    if skipped_only:
        rows = await sights.skipped(name, since)
    else:
        ids = [one.id for one in _meant(sights, camera)]
        if not ids:
            return _no_such(sights)
        rows = await sights.events(since, now + timedelta(minutes=1), ids, "" if subject == "any" else subject)
    hands.taint()
    shown = [_row(row, name, sights) for row in rows[-EVENTS_LIMIT:]]
    return fenced(json.dumps({"count": len(rows), "events": shown}, ensure_ascii=False), cap=10_000)


def _row(row: Row, person: str, sights: Sights) -> dict[str, object]:
    at = datetime.fromisoformat(row["at"]).astimezone(sights.watch.zone)
    return {"at": f"{at:%a %H:%M}", "camera": row["camera"], "subject": row["subject"] or f"size of a {row['size']}",
            "what": clean(row["what"], 120), "told": person in json.loads(row["told"]),
            "not_told_because": json.loads(row["skipped"]).get(person, "")}


async def camera_texts(hands: Hands, wish: Literal["mute", "only", "except", "everything"], camera: str = "",
                       minutes: int = 60, subjects: list[str] = [],  # noqa: B006  # never changed
                       hours: Literal["always", "night", "day"] = "always", zone: str = "",
                       presence: Literal["always", "nobody", "somebody", "me_away", "me_home"] = "always") -> str:
    """Keep what the person wishes about texts from a camera (name or room; "" = all) or a zone of its picture (by name;
    "" = all), for this person alone: mute (for some minutes, or while hours or presence say so), only some subjects or
    all except some (person, vehicle, animal, parcel), always, by night or by day, always or while nobody or somebody is
    home or the person is away or home; or everything again. The cameras go on watching."""
    sights = _sights(hands)
    if sights is None or hands.asker.person is None:
        return NO_CAMERAS
    name, meant = hands.asker.person.name, _meant(sights, camera)
    if zone:
        meant = [one for one in meant if zone.casefold() in map(str.casefold, one.places)]
    if not meant:
        return _no_such(sights)
    wanted = tuple(one for one in subjects if one in ("person", "vehicle", "animal", "parcel"))
    if wish in ("only", "except") and not wanted:
        return json.dumps({"error": "subjects: person, vehicle, animal, parcel; at least one."})
    when = "" if hours == "always" else hours
    who: Presence = "" if presence == "always" else presence
    ends = sights.watch.local() + timedelta(minutes=min(max(minutes, 1), 24 * 60))
    for one in [one.name for one in meant] if camera or zone else [""]:
        if wish == "everything":
            await sights.unwish(name, one, zone, wanted)
        else:
            await sights.wish(Rule(name, one, wish, () if wish == "mute" else wanted, when,
                                   ends if wish == "mute" and not (when or who) else None, zone, who))
    return json.dumps({"kept": wish, "cameras": [one.name for one in meant] if camera or zone else "all", "zone": zone,
                       "night_is": NIGHT, "who_is_home_is_known": is_known(who, name, sights.watch.home())})


TOOLS = (tool(look_camera), tool(camera_events), tool(camera_texts, risky=True))
