"""The players on the network: HTTP, the shells of SOAP and GENA, and what their faults do."""

import asyncio
import contextlib
import dataclasses
import io
import wave
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from urllib.parse import urlsplit

import aiohttp
from aiohttp import web

from ..announce import Announcer, service
from ..door import Door, faulty, live_or_die, web_door
from ..house import FAVORITES, SPEAKERS, SpeakerSpec
from ..ids import SONOS_OUI, Ids
from ..net import Address
from ..store import Store
from ..things import FAULTS, Fault, State, Thing, rubbish
from .actions import ACTIONS
from .didl import Track
from .events import properties, property_set
from .gena import Subscribers, callback_of, seconds_of
from .player import SOFTWARE, Household, Player, description
from .services import EVENTED, PATHS, SERVICES, reads_only, scpd, service_type
from .soap import UpnpError, answer, fault, parse_request
from .ssdp import Ssdp
from .truth import change, truth

TUNE_IN_SECONDS = 0.15
STORED = ("name", "volume", "muted", "uri", "metadata", "track", "coordinator", "transport", "play_mode")
LOOPBACK = "127."
UPNP_OFF = "upnp_off"


@dataclass(slots=True)
class Station:
    """One player with its place on the network."""

    player: Player
    thing: Thing
    subscribers: Subscribers
    ssdp: Ssdp


@dataclass(slots=True)
class System:
    """The household and everybody who listens to it."""

    household: Household
    store: Store
    stations: dict[str, Station]
    session: aiohttp.ClientSession
    fetching: set[asyncio.Task[None]] = field(default_factory=set)

    def changed(self) -> None:
        """Remember, tell subscribers what is new, and let players that tune in begin to play."""
        loop = asyncio.get_running_loop()
        for station in self.stations.values():
            self.tell(station)
            player = station.player
            if player.transport == "TRANSITIONING":
                loop.call_later(TUNE_IN_SECONDS, self._begin, player)
            kept = {name: getattr(player, name) for name in STORED}
            kept["queue"] = [dataclasses.asdict(track) for track in player.queue]
            self.store.put(f"sonos/{player.spec.key}", kept)

    def tell(self, station: Station) -> None:
        """Send each service's properties to its subscribers."""
        for name in EVENTED:
            station.subscribers.send(name, self.body(station, name))

    def body(self, station: Station, name: str) -> bytes:
        """The NOTIFY body of a service."""
        if station.thing.has("garbage"):
            return rubbish()
        return property_set(properties(name, self.household, station.player)).encode()

    def _begin(self, player: Player) -> None:
        if player.transport == "TRANSITIONING":
            player.go("PLAYING")
            self.changed()
            if player.uri.endswith(".wav") and (urlsplit(player.uri).hostname or "").startswith(LOOPBACK):
                self.fetching.add(task := asyncio.create_task(self._file(player, player.uri)))
                task.add_done_callback(self.fetching.discard)

    async def _file(self, player: Player, uri: str) -> None:
        """A file is fetched, played to its end, and then it is quiet; one that cannot be had is quiet at once."""
        seconds = 0.0
        with contextlib.suppress(aiohttp.ClientError, TimeoutError, wave.Error, EOFError):
            async with self.session.get(uri, timeout=aiohttp.ClientTimeout(total=5)) as answer:
                with wave.open(io.BytesIO(await answer.read())) as file:
                    seconds = file.getnframes() / file.getframerate()
        await asyncio.sleep(seconds)
        if player.uri == uri and player.transport == "PLAYING":
            player.go("STOPPED")
            self.changed()


async def open_players(
    addresses: tuple[Address, ...], ids: Ids, store: Store, announcer: Announcer, closing: AsyncExitStack
) -> list[tuple[Door, list[Thing]]]:
    """Start every player; sockets that are not doors are pushed on `closing`."""
    players = [_remembered(_player(s, a, ids), store) for s, a in zip(SPEAKERS, addresses, strict=True)]
    household = Household(f"Sonos_{ids.digest('household')[:26]}", {p.uid: p for p in players}, FAVORITES)
    session = await closing.enter_async_context(aiohttp.ClientSession())
    system = System(household, store, {}, session)
    opened = []
    for player in players:
        station = _station(system, player, session)
        system.stations[player.uid] = station
        closing.callback(station.subscribers.end_all)
        opened.append(await _open(system, station, announcer))
        closing.callback(station.ssdp.close)
    return opened


def _player(spec: SpeakerSpec, address: Address, ids: Ids) -> Player:
    mac = ids.mac(SONOS_OUI, spec.key)
    uid = f"RINCON_{mac.upper()}01400"
    player = Player(spec, uid, mac, address, coordinator=uid, name=spec.room)
    if spec is SPEAKERS[0]:
        # somebody listened to this album last; the other player's queue is empty
        player.queue = [
            Track(title, "The Quiet Hours", f"http://music.invalid/quiet-hours/{number}.mp3")
            for number, title in enumerate(("Blue Lamp", "Stairs at Night", "Kettle"), 1)
        ]
        player.uri = f"x-rincon-queue:{uid}#0"
    return player


def _remembered(player: Player, store: Store) -> Player:
    for name, value in store.get(f"sonos/{player.spec.key}", {}).items():
        setattr(player, name, [Track(**track) for track in value] if name == "queue" else value)
    player.go("PLAYING" if player.transport == "TRANSITIONING" else player.transport)
    player.elapsed = 0.0
    return player


def _station(system: System, player: Player, session: aiohttp.ClientSession) -> Station:
    def write(state: State) -> None:
        change(system.household, player, state, keys())
        system.changed()

    def keys() -> dict[str, str]:
        return {station.thing.key: station.player.uid for station in system.stations.values()}

    thing = Thing(
        player.spec.key, player.name, player.spec.room, "sonos", "speaker", player.uid,
        read=lambda: truth(system.household, player), write=write, faults=FAULTS | {UPNP_OFF},
    )  # fmt: skip
    return Station(player, thing, Subscribers(player.uid, session), Ssdp(player, system.household.name))


async def _open(system: System, station: Station, announcer: Announcer) -> tuple[Door, list[Thing]]:
    player, thing = station.player, station.thing
    info = service(
        "_sonos._tcp",
        f"{player.uid}@{player.name}",
        f"Sonos-{player.mac.upper()}",
        # players announce their WebSocket port; UPnP is at `location`
        Address(player.address.host, 1443),
        {
            "info": f"/api/v1/players/{player.uid}/info",
            "vers": "3",
            "protovers": "1.40.0",
            "bootseq": "7",
            "hhid": system.household.name,
            "location": f"http://{player.address}/xml/device_description.xml",
            "variant": "2",
        },
    )
    door = web_door(_app(system, station), player.address)

    async def faulted(fault: Fault | None) -> None:
        station.ssdp.silent = fault is not None and fault.name == "dead"
        await live_or_die(fault, door, announcer, info)
        if station.ssdp.silent:
            # who lost power forgets its subscribers
            station.subscribers.end_all()
        else:
            station.ssdp.alive()
            system.tell(station)

    thing.faulted = faulted
    await door.open()
    await station.ssdp.open()
    await announcer.add(info)
    return door, [thing]


def _app(system: System, station: Station) -> web.Application:
    app = web.Application(middlewares=[faulty(station.thing, lambda _request: None), _upnp_off(station.thing)])

    async def describe(_request: web.Request) -> web.Response:
        return _xml(description(station.player))

    app.router.add_get("/xml/device_description.xml", describe)
    for name in SERVICES:
        app.router.add_get(f"/xml/{name}1.xml", _document(scpd(name)))
        app.router.add_post(f"{PATHS[name]}/Control", _control(system, station, name))
        app.router.add_route("SUBSCRIBE", f"{PATHS[name]}/Event", _subscribe(system, station, name))
        app.router.add_route("UNSUBSCRIBE", f"{PATHS[name]}/Event", _unsubscribe(station))
    return app


def _upnp_off(thing: Thing) -> Callable[..., Awaitable[web.StreamResponse]]:
    @web.middleware
    async def middleware(
        request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
    ) -> web.StreamResponse:
        if thing.has(UPNP_OFF) and request.path.endswith(("/Control", "/Event")):
            return web.Response(status=403, text="Forbidden")
        return await handler(request)

    return middleware


def _document(text: str) -> Callable[[web.Request], Awaitable[web.Response]]:
    async def handler(_request: web.Request) -> web.Response:
        return _xml(text)

    return handler


def _control(system: System, station: Station, name: str) -> Callable[[web.Request], Awaitable[web.Response]]:
    async def handler(request: web.Request) -> web.Response:
        try:
            action, arguments = parse_request(await request.read())
            out = _perform(system, station, name, action, arguments)
        except UpnpError as error:
            return _xml(fault(error.code), status=500)
        return _xml(answer(service_type(name), action, out))

    return handler


def _perform(system: System, station: Station, name: str, action: str, arguments: dict[str, str]) -> dict[str, str]:
    if action not in SERVICES[name]:
        raise UpnpError(401)
    missing = [word for word in SERVICES[name][action][0] if word not in arguments]
    if missing:
        raise UpnpError(402)
    if not reads_only(action):
        if station.thing.has("refuses"):
            raise UpnpError(501)
        if station.thing.has("lies"):
            return dict.fromkeys(SERVICES[name][action][1], "")
    out = ACTIONS[action](system.household, station.player, arguments)
    if not reads_only(action):
        system.changed()
    return out


def _subscribe(system: System, station: Station, name: str) -> Callable[[web.Request], Awaitable[web.Response]]:
    async def handler(request: web.Request) -> web.Response:
        seconds, sid = seconds_of(request), request.headers.get("SID")
        if sid is not None:
            known = station.subscribers.by_sid.get(sid)
            if known is None:
                return web.Response(status=412)
            known.expires = asyncio.get_running_loop().time() + seconds
            return _subscribed(sid, seconds)
        callback = callback_of(request)
        if callback is None:
            return web.Response(status=412)
        made = station.subscribers.subscribe(name, callback, seconds)
        made.bodies.put_nowait(system.body(station, name))
        return _subscribed(made.sid, seconds)

    return handler


def _unsubscribe(station: Station) -> Callable[[web.Request], Awaitable[web.Response]]:
    async def handler(request: web.Request) -> web.Response:
        return web.Response(status=200 if station.subscribers.end(request.headers.get("SID", "")) else 412)

    return handler


def _subscribed(sid: str, seconds: int) -> web.Response:
    server = f"Linux UPnP/1.0 Sonos/{SOFTWARE} (ZPS18)"
    return web.Response(headers={"SID": sid, "TIMEOUT": f"Second-{seconds}", "Server": server})


def _xml(text: str, status: int = 200) -> web.Response:
    return web.Response(text=text, status=status, content_type="text/xml", charset="utf-8")
