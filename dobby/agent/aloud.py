"""An answer through the room's own speaker: a Sonos plays it and goes back to what it played. By way of the gate, like
any order; at the volume that the speaker has, so that no rule about loudness is passed over.
"""

from __future__ import annotations

import asyncio
import time

from dobby.errors import ChannelError
from dobby.home.device import Command, Device
from dobby.home.home import Home
from dobby.messages import Person
from dobby.policy import Asker
from dobby.tools.hands import Hands, House
from dobby.voice.echo import Echo
from dobby.voice.sound import Sound, wav
from dobby.wire.lent import lending

STARTS = 3.0  # seconds that a speaker may take to begin
MAKE = "sonos"  # of speakers that go back to what they played


async def aloud(house: House, owner: Person, echo: Echo, callbacks: str, speaker: str, text: str, sound: Sound) -> bool:
    """Have a speaker (by id or name) say something, and wait until it has; False when it cannot. callbacks: an address
    of this machine that it can fetch the sound from."""
    device = _named(house.home, speaker)
    if device is None or not callbacks or house.home.value(device.id, "muted") is True:
        return False
    try:
        async with lending(callbacks, await asyncio.to_thread(wav, sound), "audio/wav", "wav") as url:
            echo.speaks(device.room, text, time.monotonic(), sound.seconds + STARTS)
            hands = Hands(house, Asker(owner, "program"), 0, "aloud")
            done = await hands.do([Command(device.id, "play", f"{url}#announce={sound.seconds:.1f}")], tool="aloud")
            if not done.outcomes or done.outcomes[0].result == "failed":
                echo.ended(device.room, time.monotonic())
                return False
            await asyncio.sleep(sound.seconds)
    except ChannelError:
        return False
    return True


def _named(home: Home, speaker: str) -> Device | None:
    wanted = speaker.casefold()
    return next((one for one in home.devices.values() if one.make == MAKE and wanted in (
        one.id.casefold(), *(name.casefold() for name in (one.name, *one.aliases)))), None)
