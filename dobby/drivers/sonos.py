"""Sonos: each player over UPnP (soco), with its favourites and groups; events where the house may be called back.

Sources: soco, sonos.svrooij.io, the UPnP AV specifications. A follower's transport is its coordinator's: orders for
music go there and are read there. Values: `group` is the device id of the player whose music this one shares, "" when
it is alone; `play` is a favourite's title or a web address, nothing at all means the last queue, else the first
favourite. Not covered: home theatre, alarms, and the catalogues of music services.
"""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from importlib import import_module
from ipaddress import ip_address
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from dobby.errors import DeviceError, Garbage, PairingError, Refused, Unreachable
from dobby.home.device import About, Command, Device, Driver, Found, Link, LooksFor, Reading, Secret, Settings, Sighting
from dobby.home.stream import Stream
from dobby.home.traits import Value
from dobby.home.vocabulary import GROUP, MUTED, NEXT, PLAY, PLAYING, PREVIOUS, TITLE, TRACK, URI, VOLUME
from dobby.wire.hass import mac_mark

if TYPE_CHECKING:
    from dobby.wire.sonos import Favourite, SonosLine, Zone
    from dobby.wire.sonos_clip import Before

SERVICE, TARGET = "_sonos._tcp.local.", "urn:schemas-upnp-org:device:ZonePlayer:1"
PORT = 1400
ADDRESSES = ("http://", "https://", "x-rincon-mp3radio://", "aac://", "hls-radio://")
QUEUE = "x-rincon-queue:"
ANNOUNCED = re.compile(r"(https?://[^\s#]+)#announce=(\d{1,3}(?:\.\d+)?)")
EVENTS = ("MediaRenderer/AVTransport", "MediaRenderer/RenderingControl", "ZoneGroupTopology")
FAVOURITES_EVERY = 60.0  # seconds
FAVOURITES_LIMIT = 100
STATES = {"PLAYING": True, "PAUSED_PLAYBACK": False, "STOPPED": False}  # TRANSITIONING proves nothing
SOURCE_REFUSED, TRANSITION_REFUSED, NO_SUCH_TRACK = 714, 701, 711


def claim(sighting: Sighting) -> Found | None:
    """A player announces `_sonos._tcp` as "RINCON_x@Room", and answers SSDP for ZonePlayer:1."""
    facts, host, port = sighting.facts, sighting.host, PORT
    if sighting.kind == SERVICE:
        uid, _, room = sighting.name.partition("@")
        port, why = _described_at(facts.get("location", ""), host), "it announces a Sonos player by mDNS"
    elif sighting.kind == TARGET:
        uid = (facts.get("udn") or facts.get("usn", "")).removeprefix("uuid:").partition("::")[0]
        room, port, why = facts.get("roomname", ""), sighting.port, "it answers as a Sonos player by UPnP"
    else:
        return None
    if not uid.startswith("RINCON_") or not uid.removeprefix("RINCON_").isalnum():
        return None
    return Found(f"sonos:{uid}", "sonos", f"{room} Sonos".strip(), host, port, model=facts.get("modelname", ""),
                 room=room, why=why)


def _described_at(location: str, host: str) -> int:
    """The UPnP port: mDNS announces the WebSocket's and names the description's address beside it."""
    try:
        where = urlsplit(location)
        return where.port or PORT if where.hostname == host else PORT
    except ValueError:
        return PORT


async def pair(found: Found, pin: str) -> Secret:
    """Nothing to exchange; PairingError when the player can be seen and not driven."""
    await asyncio.to_thread(import_module, "dobby.wire.sonos")
    link = SonosLink(found, Settings())
    try:
        await link.learn()
    except Refused as error:
        raise PairingError(error.text, error.hint) from None
    finally:
        link.close()
    return {}


@dataclass(frozen=True, slots=True)
class Queued:
    """An album or playlist that was put into the queue at a command: its tracks are `first` to `last` of `length`."""

    asked: str
    first: int
    last: int
    length: int


class SonosLink:
    """One player."""

    def __init__(self, found: Found, settings: Settings) -> None:
        self._id, self._found, self._settings = found.key, found, settings
        self._uid = found.key.partition(":")[2]
        self._lines: dict[tuple[str, int], SonosLine] = {}
        self._zones: Mapping[str, Zone] = {}
        self._favourites: list[Favourite] = []
        self._browsed = -FAVOURITES_EVERY
        self._asked = ("", "")  # a source and the command that it stands for, where the two are spelled differently
        self._queued: Queued | None = None
        self._going_back: tuple[asyncio.Task[None], Before] | None = None
        self._device: Device | None = None
        self._stream = Stream(self._fetch, poll=settings.poll, timeout=settings.timeout)

    # --- the household ----------------------------------------------------------------------------------------------

    def _line(self, host: str, port: int) -> SonosLine:
        from dobby.wire.sonos import SonosLine

        if (host, port) not in self._lines:
            self._lines[host, port] = SonosLine(host, port, self._settings.timeout)
        return self._lines[host, port]

    @property
    def _mine(self) -> SonosLine:
        return self._line(self._found.host, self._found.port)

    def _leading(self) -> SonosLine:
        """The line of the player that leads the group; only an address like our player's own is talked to."""
        lead = self._zones.get(self._zones[self._uid].coordinator)
        if lead is None or lead.uid == self._uid:
            return self._mine
        try:
            theirs, ours = ip_address(lead.host), ip_address(self._found.host)
        except ValueError:
            raise Garbage("Its answer made no sense.") from None
        if not theirs.is_private or theirs.is_loopback != ours.is_loopback:
            raise Refused("It names a group leader outside this home.")
        return self._line(lead.host, lead.port)

    async def learn(self) -> None:
        """Household and favourites; DeviceError when this is not the player it should be."""
        from dobby.wire.sonos import favourites, zones

        self._zones = zones(await self._mine.call("zoneGroupTopology", "GetZoneGroupState"))
        me = self._zones.get(self._uid)
        if me is None or (me.host, me.port) != (self._found.host, self._found.port):
            raise Refused("Another player answers at this address.")
        if me.hidden:
            raise Refused("It plays as part of another player.")
        if time.monotonic() - self._browsed >= FAVOURITES_EVERY:
            self._favourites = favourites(await self._mine.browse("FV:2", FAVOURITES_LIMIT))
            self._browsed = time.monotonic()
        others = tuple(f"sonos:{zone.uid}" for zone in self._zones.values() if zone.uid != me.uid and not zone.hidden)
        titles = tuple(dict.fromkeys(favourite.title for favourite in self._favourites))
        device = Device(self._id, f"{me.name} Sonos", "speaker", me.name, "sonos",
                        (PLAYING, PLAY.but(choices=titles), NEXT, PREVIOUS, VOLUME.but(tolerance=0.5), MUTED,
                         GROUP.but(choices=("", *others)), TITLE, TRACK, URI),
                        marks=tuple(mark for mark in (self._id, mac_mark(self._uid[7:19])) if mark))
        if self._device not in (None, device):
            self._stream.push(device)
        self._device = device

    # --- reading ----------------------------------------------------------------------------------------------------

    async def _fetch(self, device: str | None) -> Iterable[Reading]:
        from dobby.wire.sonos import UpnpOff

        try:
            shown = await self._shown()
        except UpnpOff:  # the line stays, so that an order is answered with what must be switched on
            return [Reading(self._id, "reachable", False)]
        return [Reading(self._id, trait, value) for trait, value in ({"reachable": True} | shown).items()]

    async def _shown(self) -> dict[str, Value]:
        """Every trait as the player and its leader show it now."""
        await self.learn()
        lead = self._leading()
        volume, muted, shown = await asyncio.gather(self._mine.sound("GetVolume"), self._mine.sound("GetMute"),
                                                    self._music(lead))
        zone = self._zones[self._uid]
        alone = all(other.coordinator != zone.coordinator or other.uid == zone.uid or other.hidden
                    for other in self._zones.values())
        try:
            shown |= {"volume": int(volume["CurrentVolume"]), "muted": {"0": False, "1": True}[muted["CurrentMute"]]}
        except (KeyError, ValueError):
            raise Garbage("Its answer made no sense.") from None
        shown["group"] = "" if alone else f"sonos:{zone.coordinator}"
        return shown

    async def _music(self, lead: SonosLine) -> dict[str, Value]:
        """What the group plays, as its leader says; nothing when another player leads and does not answer."""
        from dobby.wire.sonos import title_of

        try:
            state, media, position = await asyncio.gather(
                lead.transport("GetTransportInfo"), lead.transport("GetMediaInfo"),
                lead.transport("GetPositionInfo", Channel="Master"))
            playing = STATES.get(state["CurrentTransportState"])
            source, uri = media["CurrentURI"], position["TrackURI"]
            named = self._named(source, int(position["Track"]), media["NrTracks"])
            title = title_of(position["TrackMetaData"]) or title_of(media["CurrentURIMetaData"]) or named
            shown: dict[str, Value] = {"uri": uri, "title": title, "track": f"{position['Track']} {uri}"}
        except DeviceError:
            if lead is self._mine:
                raise
            return {}
        except (KeyError, ValueError):
            raise Garbage("Its answer made no sense.") from None
        return shown if playing is None else shown | {"playing": playing, "play": named if playing else ""}

    def _named(self, source: str, track: int, tracks: str) -> str:
        """A source as a command would ask for it: a favourite's title where it has one."""
        if source == self._asked[0]:
            return self._asked[1]
        put = self._queued
        if put and source.startswith(QUEUE) and put.first <= track <= put.last and tracks == str(put.length):
            return put.asked
        return next((one.title for one in self._favourites if one.uri == source), source)

    async def watch(self) -> AsyncIterator[Device | Reading]:
        """The player, then its readings: at once after an event, and every few seconds as the heartbeat."""
        from dobby.wire.gena import listening

        if self._device is None:
            raise Garbage("It was never opened.")
        async with AsyncExitStack() as stack:
            if self._settings.callbacks:
                urls = [f"http://{self._found.host}:{self._found.port}/{service}/Event" for service in EVENTS]
                await stack.enter_async_context(listening(self._settings.callbacks, urls, self._stream.hurry))
            try:
                async for item in self._stream.readings([self._device]):
                    yield item
            except DeviceError:  # told before the subscriptions are taken back, which takes a dead player seconds
                yield Reading(self._id, "reachable", False)
                raise

    # --- sending ----------------------------------------------------------------------------------------------------

    async def send(self, command: Command) -> None:
        """One order; music orders of a follower go to the leader of its group, as it is at this moment."""
        if command.trait not in ("volume", "muted"):
            await self.learn()
        match command:
            case Command(trait="volume", value=int() | float() as percent):
                await self._mine.sound("SetVolume", DesiredVolume=round(percent))
            case Command(trait="muted", value=bool() as muted):
                await self._mine.sound("SetMute", DesiredMute=int(muted))
            case Command(trait="group", value=str() as leader):
                await self._join(leader)
            case Command(trait="playing", value=True):
                await self._order("Play", "There is nothing to play on it.", Speed=1)
            case Command(trait="playing", value=False):
                await self._pause()
            case Command(trait="play", value=str() | None | True as what):
                await self._play(what if isinstance(what, str) else "")
            case Command(trait="next" | "previous" as step):
                await self._order(step.capitalize(), f"There is no {step} track.")
            case _:
                raise Refused(f"It cannot set {command.trait}.")
        self._stream.sent(command, self._device.trait(command.trait) if self._device else None)

    async def _order(self, action: str, impossible: str, **arguments: object) -> None:
        """A transport order to the leader; `impossible` is what to say when there is nothing to do it with."""
        from dobby.wire.sonos import NotNow

        try:
            await self._leading().transport(action, **arguments)
        except NotNow as error:
            if error.code in (TRANSITION_REFUSED, NO_SUCH_TRACK):
                raise Refused(impossible) from None
            raise

    async def _join(self, leader: str) -> None:
        if not leader:
            await self._mine.transport("BecomeCoordinatorOfStandaloneGroup")
            return
        zone = self._zones.get(leader.partition(":")[2])
        if zone is None:
            raise Unreachable("That player is not there.")
        if zone.coordinator != zone.uid:
            raise Refused(f"{zone.name} follows another player; group with the one that leads.")
        await self._mine.transport("SetAVTransportURI", CurrentURI=f"x-rincon:{zone.uid}", CurrentURIMetaData="")

    async def _pause(self) -> None:
        """Pause; a player that is silent refuses that, and a stream that cannot pause is stopped."""
        from dobby.wire.sonos import NotNow

        lead = self._leading()
        try:
            await lead.transport("Pause")
        except NotNow as error:
            if error.code != TRANSITION_REFUSED:
                raise
            state = await lead.transport("GetTransportInfo")
            if STATES.get(state.get("CurrentTransportState", "")) is not False:
                await lead.transport("Stop")

    async def _play(self, what: str) -> None:
        """"" is the last queue, else the first favourite; a title is a favourite's; the rest are addresses. One that
        ends in #announce=SECONDS is played in between: then the player goes back to what it played."""
        lead = self._leading()
        if (clip := ANNOUNCED.fullmatch(what)) is not None:
            await self._announce(lead, what, clip[1], float(clip[2]))
            return
        queue = f"{QUEUE}{self._zones[self._uid].coordinator}#0"
        if not what:
            filled = (await lead.browse("Q:0", 1)).get("TotalMatches", "0") != "0"
            if not filled and not self._favourites:
                raise Refused("It has no queue and no favourite to play; give it a web address.")
            what = queue if filled else self._favourites[0].title
        favourite = next((one for one in self._favourites if one.title.casefold() == what.casefold()), None)
        if favourite is not None and favourite.queued:
            await self._play_queued(lead, queue, favourite, what)
        elif favourite is not None:
            self._asked = (favourite.uri, what)
            await self._start(lead, favourite.uri, favourite.metadata)
        elif what == queue:
            await self._start(lead, queue, "")
        elif what.startswith(ADDRESSES):
            await self._play_address(lead, what)
        else:
            known = ", ".join(one.title for one in self._favourites[:8]) or "none yet"
            raise Refused(f"It plays its own favourites and web addresses, and {what[:60]!r} is neither. "
                          f"Its favourites: {known}.")

    async def _announce(self, lead: SonosLine, asked: str, clip: str, seconds: float) -> None:
        from dobby.wire.sonos_clip import before, return_after

        going = self._going_back
        was = going[1] if going and not going[0].done() else await before(lead)
        self._asked = (clip, asked)
        await self._start(lead, clip, "")
        if going:
            going[0].cancel()
        self._going_back = asyncio.create_task(return_after(lead, was, clip, seconds)), was

    async def _play_address(self, lead: SonosLine, address: str) -> None:
        """Some players take a web radio only under a scheme of Sonos' own."""
        from dobby.wire.sonos import NotNow

        try:
            await self._start(lead, address, "")
        except NotNow as error:
            if error.code != SOURCE_REFUSED or not address.startswith("http"):
                raise
            radio = f"x-rincon-mp3radio://{address.partition('://')[2]}"
            self._asked = (radio, address)
            await self._start(lead, radio, "")

    async def _play_queued(self, lead: SonosLine, queue: str, favourite: Favourite, what: str) -> None:
        """Append an album or playlist to the queue and play from there, so that nothing of the queue is lost."""
        added = await lead.transport("AddURIToQueue", EnqueuedURI=favourite.uri, EnqueuedURIMetaData=favourite.metadata,
                                     DesiredFirstTrackNumberEnqueued=0, EnqueueAsNext=0)
        try:
            first, count = int(added["FirstTrackNumberEnqueued"]), int(added["NumTracksAdded"])
            self._queued = Queued(what, first, first + count - 1, int(added["NewQueueLength"]))
        except (KeyError, ValueError):
            raise Garbage("Its answer made no sense.") from None
        await lead.transport("SetAVTransportURI", CurrentURI=queue, CurrentURIMetaData="")
        await lead.transport("Seek", Unit="TRACK_NR", Target=first)
        await lead.transport("Play", Speed=1)

    async def _start(self, lead: SonosLine, source: str, metadata: str) -> None:
        await lead.transport("SetAVTransportURI", CurrentURI=source, CurrentURIMetaData=metadata)
        await self._order("Play", "There is nothing to play on it.", Speed=1)

    def close(self) -> None:
        """Let every line go."""
        if self._going_back:
            self._going_back[0].cancel()
        for line in self._lines.values():
            line.close()


@asynccontextmanager
async def connect(found: Found, secret: Secret, settings: Settings) -> AsyncIterator[Link]:
    """Open a link to one player; soco takes a moment to import, so that happens in a thread."""
    await asyncio.to_thread(import_module, "dobby.wire.sonos")
    link = SonosLink(found, settings)
    try:
        await link.learn()
        yield link
    finally:
        link.close()


ABOUT = About(
    covers="players, volume, favourites, groups, what plays",
    credentials="none",
    updates="push: UPnP events where `network.callbacks` is set, else polled", library="soco (MIT)",
    judged=("b: the simulated players are accepted by soco and by Home Assistant's own integration",),
    lacks="players with UPnP switched off (Dobby says which switch), alarms, albums")
DRIVER = Driver("sonos", "Sonos", LooksFor(mdns=(SERVICE,), ssdp=(TARGET,)), claim, connect, pair, ABOUT)
