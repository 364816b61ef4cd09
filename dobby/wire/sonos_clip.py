"""A clip in between on a Sonos player: what played is noted, the clip is played, and what played is taken up again
where it was. As soco's `snapshot` does it, over our own line (soco's would block and read its caches).

https://docs.python-soco.com/en/latest/_modules/soco/snapshot.html. The clip plays on the whole group that the player
leads. Whoever starts something else meanwhile keeps it: then nothing is taken up again. Not covered: a player whose
television is on.
"""

from __future__ import annotations

import asyncio
import logging
import time
from dataclasses import dataclass

from dobby.errors import DeviceError, Garbage
from dobby.wire.sonos import NotNow, SonosLine

log = logging.getLogger(__name__)
LOOKS = 0.3  # seconds between looks whether the clip is over
SLACK = 4.0  # seconds longer than the clip until it counts as over
PLAYING = ("PLAYING", "TRANSITIONING")
QUEUE = "x-rincon-queue:"


@dataclass(frozen=True, slots=True)
class Before:
    """What a player played: its source, where in it, and whether it played at all."""

    uri: str
    metadata: str
    track: str
    position: str
    playing: bool


async def before(lead: SonosLine) -> Before:
    """What a player plays now."""
    state, media, position = await asyncio.gather(
        lead.transport("GetTransportInfo"), lead.transport("GetMediaInfo"),
        lead.transport("GetPositionInfo", Channel="Master"))
    try:
        return Before(media["CurrentURI"], media.get("CurrentURIMetaData", ""), position["Track"], position["RelTime"],
                      state["CurrentTransportState"] in PLAYING)
    except KeyError:
        raise Garbage("Its answer made no sense.") from None


async def over(lead: SonosLine, clip: str, seconds: float) -> bool:
    """Wait until a clip is over; False when somebody started something else meanwhile."""
    until = time.monotonic() + seconds + SLACK
    while time.monotonic() < until:
        await asyncio.sleep(LOOKS)
        media = await lead.transport("GetMediaInfo")
        if media.get("CurrentURI") != clip:
            return False
        state = await lead.transport("GetTransportInfo")
        if state.get("CurrentTransportState") not in PLAYING:
            return True
    return True


async def take_up(lead: SonosLine, was: Before) -> None:
    """Go back to what was played, in the place where it was."""
    await lead.transport("SetAVTransportURI", CurrentURI=was.uri, CurrentURIMetaData=was.metadata)
    if not was.uri:
        return
    if was.uri.startswith(QUEUE):
        for unit, target in (("TRACK_NR", was.track), ("REL_TIME", was.position)):
            try:
                await lead.transport("Seek", Unit=unit, Target=target)
            except NotNow:  # a queue that was emptied, a stream in it
                log.info("a queue could not be taken up at %s %s", unit, target)
    if was.playing:
        await lead.transport("Play", Speed=1)


async def return_after(lead: SonosLine, was: Before, clip: str, seconds: float) -> None:
    """Once a clip is over, go back; a player that is gone meanwhile keeps what it has."""
    try:
        if await over(lead, clip, seconds):
            await take_up(lead, was)
    except DeviceError as error:
        log.warning("a player did not go back to what it played: %s", error)
