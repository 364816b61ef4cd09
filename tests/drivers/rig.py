"""One device behind a pipe that can break it, kept up by Dobby's own Links: for makes outside the simulated home."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from ipaddress import IPv4Network
from pathlib import Path
from typing import Any, Protocol

from dobby.discovery.links import Links
from dobby.discovery.networks import Reach
from dobby.home.device import Command, Device, Driver, Found, Outcome, Reading, Secret, Settings, Sighting
from dobby.home.home import Home
from dobby.home.traits import Value
from dobby.home.verdict import Mint, Verdict, gatekeeper
from dobby.store import Store
from tests.drivers.house import DRIVERS, QUICK, until
from tests.drivers.relay import relayed

HOST = "127.0.0.1"


class Pipe(Protocol):
    """The way to a device. way: "" = everything passes; dead = nobody is there; slow = nothing comes back;
    garbage = what comes back is rubbish."""

    way: str
    passed: int  # bytes that went to the device

    @property
    def port(self) -> int:
        """Where the device seems to be."""
        ...

    async def turn(self, way: str) -> None:
        """Break or heal it."""
        ...


def rubbish(data: bytes) -> bytes:
    """An answer whose frame is well and whose words are nonsense (HTTP), or nonsense altogether."""
    head, gap, body = data.partition(b"\r\n\r\n")
    return head + gap + b"?" * len(body) if data.startswith(b"HTTP/") else b"?" * len(data)


class TcpPipe:
    """A second address of something that speaks TCP."""

    def __init__(self, target: tuple[str, int]) -> None:
        self._target, self.way, self.passed, self._port = target, "", 0, 0
        self._inside: set[asyncio.Task[None]] = set()
        self._server: asyncio.Server | None = None

    @property
    def port(self) -> int:
        """Where it listens, also while it is dead."""
        return self._port

    async def open(self) -> None:
        """Listen; on the same port as before."""
        self._server = await asyncio.start_server(self._visit, HOST, self._port)
        self._port = self._server.sockets[0].getsockname()[1]

    async def shut(self) -> None:
        """Be gone."""
        if self._server is not None:
            self._server.close()
            self._server = None
        for task in list(self._inside):
            task.cancel()
        await asyncio.gather(*self._inside, return_exceptions=True)

    async def turn(self, way: str) -> None:
        """Break or heal it."""
        self.way = way
        if way == "dead":
            await self.shut()
        elif self._server is None:
            await self.open()

    async def _visit(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await relayed(self._inside, self._target, reader, writer, self._carry)

    async def _carry(self, source: asyncio.StreamReader, sink: asyncio.StreamWriter, *, answers: bool) -> None:
        while data := await source.read(65536):
            if not answers:
                self.passed += len(data)
            elif self.way == "slow":
                continue
            elif self.way == "garbage":
                data = rubbish(data)
            sink.write(data)
            await sink.drain()


@asynccontextmanager
async def piped(target: tuple[str, int]) -> AsyncIterator[TcpPipe]:
    """A pipe while open."""
    pipe = TcpPipe(target)
    await pipe.open()
    try:
        yield pipe
    finally:
        await pipe.shut()


class UdpPipe(asyncio.DatagramProtocol):
    """A second address of something that speaks UDP; every visitor has a socket of its own on the far side."""

    def __init__(self, target: tuple[str, int]) -> None:
        self._target, self.way, self.passed, self._port = target, "", 0, 0
        self._near: asyncio.DatagramTransport | None = None
        self._far: dict[Any, asyncio.Future[asyncio.DatagramTransport]] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def port(self) -> int:
        """Where it listens, also while it is dead."""
        return self._port

    async def open(self) -> None:
        """Listen; on the same port as before."""
        loop = asyncio.get_running_loop()
        self._near, _ = await loop.create_datagram_endpoint(lambda: self, local_addr=(HOST, self._port))
        self._port = self._near.get_extra_info("sockname")[1]

    async def shut(self) -> None:
        """Be gone."""
        await asyncio.gather(*self._tasks, return_exceptions=True)
        for far in self._far.values():
            (await far).close()
        self._far.clear()
        if self._near is not None:
            self._near.close()
            self._near = None
            await asyncio.sleep(0)

    async def turn(self, way: str) -> None:
        """Break or heal it."""
        self.way = way
        if way == "dead":
            await self.shut()
        elif self._near is None:
            await self.open()

    def datagram_received(self, data: bytes, addr: Any) -> None:
        """From a visitor."""
        self.passed += len(data)
        task = asyncio.create_task(self._forward(data, addr))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _forward(self, data: bytes, addr: Any) -> None:
        if addr not in self._far:
            self._far[addr] = asyncio.get_running_loop().create_future()
            transport, _ = await asyncio.get_running_loop().create_datagram_endpoint(
                lambda: _FarEnd(lambda back: self._back(back, addr)), remote_addr=self._target)
            self._far[addr].set_result(transport)
        (await self._far[addr]).sendto(data)

    def _back(self, data: bytes, addr: Any) -> None:
        if self._near is not None and self.way != "slow":
            self._near.sendto(rubbish(data) if self.way == "garbage" else data, addr)


class _FarEnd(asyncio.DatagramProtocol):
    def __init__(self, heard: Callable[[bytes], None]) -> None:
        self._heard = heard

    def datagram_received(self, data: bytes, addr: Any) -> None:
        self._heard(data)


@asynccontextmanager
async def udp_piped(target: tuple[str, int]) -> AsyncIterator[UdpPipe]:
    """A pipe while open."""
    pipe = UdpPipe(target)
    await pipe.open()
    try:
        yield pipe
    finally:
        await pipe.shut()


@dataclass(slots=True)
class Rig:
    """A device of a make, what may be ordered of it, and the truth inside it.

    settings: orders that must be confirmed; truth(trait): what the device itself holds, asked past Dobby, in core
    units; hand: sets a trait from outside, None where nobody can; trouble("lies" | "refuses" | ""): where the server
    can be told to misbehave; wrong: a value out of range.
    """

    sighting: Sighting  # at the pipe
    found: Found
    pipe: Pipe
    device: str
    settings: Sequence[tuple[str, Value]]
    wrong: tuple[str, Value]
    truth: Callable[[str], Awaitable[Value]]
    secret: Secret = field(default_factory=dict)
    hand: Callable[[str, Value], Awaitable[None]] | None = None
    trouble: Callable[[str], None] | None = None
    again: Callable[[], Any] | None = None  # opens a second pipe to the same device
    mute: bool = False  # its protocol knows no refusal
    nameless: bool = False  # it never says who it is; that it takes our secret tells it from all others

    @property
    def driver(self) -> Driver:
        """Its make's driver."""
        return DRIVERS[self.found.make]

    def connect(self, settings: Settings = QUICK) -> Any:
        """Open a link as the daemon does."""
        return self.driver.connect(self.found, self.secret, settings)


def rigged(sighting: Sighting, pipe: Pipe, device: str, settings: Sequence[tuple[str, Value]],
           wrong: tuple[str, Value], truth: Callable[[str], Awaitable[Value]], **more: Any) -> Rig:
    """A rig for what the sighting, moved to the pipe, is claimed as."""
    at = replace(sighting, host=HOST, port=pipe.port)
    claimed = [found for driver in DRIVERS.values() if (found := driver.claim(at))]
    assert len(claimed) == 1, claimed
    return Rig(at, claimed[0], pipe, f"{claimed[0].key}{device}", settings, wrong, truth, **more)


@dataclass(slots=True)
class Kept:
    """Home and Links over one rig."""

    rig: Rig
    home: Home
    links: Links
    mint: Mint

    async def do(self, trait: str, value: Value = None, device: str = "") -> Outcome:
        """One order through the gate."""
        commands = [Command(device or self.rig.device, trait, value)]
        (outcome,) = await self.home.do(commands, self.mint(commands, Verdict("now")))
        return outcome

    def value(self, trait: str, device: str = "") -> Value:
        """What Dobby read last."""
        return self.home.value(device or self.rig.device, trait)

    @property
    def here(self) -> bool:
        """Whether Dobby reaches the device and has read it."""
        id_ = self.rig.device
        return self.home.reachable(id_) and self.home.reading(id_, self.home.devices[id_].traits[0].name) is not None


@asynccontextmanager
async def kept(rig: Rig, folder: Path, patience: float = 1.5, settings: Settings = QUICK) -> AsyncIterator[Kept]:
    """The rig's device as part of a home."""
    mint, check = gatekeeper()
    home = Home(check, patience=patience)
    store = await Store.open(folder / "dobby.db")
    reach = Reach((HOST,), (IPv4Network("127.0.0.0/8"), IPv4Network("10.77.0.0/24")))  # a test may have its own
    links = Links(home, store, list(DRIVERS.values()), reach, settings)
    running = asyncio.create_task(links.run())
    try:
        await asyncio.sleep(0)
        await links.accept(rig.driver, rig.found, rig.secret)
        house = Kept(rig, home, links, mint)
        await until(lambda: rig.device in home.devices and house.here)
        yield house
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        await store.close()


async def first_look(rig: Rig, settings: Settings = QUICK) -> tuple[dict[str, Device], dict[tuple[str, str], Value]]:
    """Everything that a link shows until every trait that can be read was read."""
    devices: dict[str, Device] = {}
    heard: dict[tuple[str, str], Value] = {}
    async with rig.connect(settings) as link:
        watching = link.watch()
        async with asyncio.timeout(10):
            async for item in watching:
                if isinstance(item, Device):
                    devices[item.id] = item
                    continue
                assert isinstance(item, Reading)
                heard[item.device, item.trait] = item.value
                if {(id_, trait.name) for id_, one in devices.items() for trait in one.traits
                        if not trait.confirmed_by} <= set(heard):
                    break
        await watching.aclose()
    return devices, heard
