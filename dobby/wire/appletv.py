"""What pairing an Apple TV and talking to it share: pyatv's errors in our words, where its services are, and pairings
of several calls. Nothing here imports pyatv before `library` does: it is an extra (see dobby/drivers/appletv.py)."""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import Awaitable, Iterator
from importlib import import_module
from ipaddress import IPv4Address
from typing import Any

from dobby.errors import DeviceError, Garbage, PairingError, Refused, Unreachable
from dobby.home.device import Found, Secret
from dobby.tasks import ended
from dobby.wire.hass import mac_mark

OURS = "Dobby"  # what it lists us as
LOOK = 3  # seconds that it gets to say where its services are
SHOWN = 180.0  # seconds that its code waits for somebody who types it in
PATIENCE = 10.0  # seconds for one step of a pairing
NEEDS_EXTRA = "It needs an extra that is not installed: pip install dobby[appletv]"
CODE = "It shows a code on its screen now: pair it again within three minutes, with that code."
SECOND = "That was right. It shows a second code now, for its other service: pair it again with that one."
WRONG = "It did not accept that code. Pair it again without one, and it shows another."
GONE = "Nobody told me the code in time. Pair it again, and it shows another."
LOCKED = ("It lets nobody but its own Apple Home pair. On it: Settings > AirPlay and HomeKit > Allow Access > Anyone "
          "on the Same Network.")
FORGOT = "It does not know me any more, or another Apple TV answers at its address: forget it and pair it again."
OTHER = "Another device answers at this address."
NO = "Command failed"  # how the library words an error of Companion
NONSENSE = (ValueError, LookupError, TypeError, AttributeError)  # it trusts what it reads


async def library() -> Any:
    """pyatv, loaded in a thread; PairingError where the extra is not installed."""
    try:
        pyatv = await asyncio.to_thread(import_module, "pyatv")
    except ImportError:
        raise PairingError(NEEDS_EXTRA, "needs_appletv") from None
    logging.getLogger("pyatv").setLevel(logging.ERROR)  # below: keys and codes, and a warning for every empty reply
    return pyatv


def _under(error: BaseException) -> Iterator[BaseException]:
    """An error, what it came of, and that of what."""
    yield error
    while error.__cause__ is not None:
        error = error.__cause__
        yield error


def _ours(theirs: Any, error: Exception) -> DeviceError:
    """The library's error in our words; its own words may hold keys."""
    chain = list(_under(error))

    def holds(*kinds: type[BaseException]) -> bool:
        return any(isinstance(one, kinds) for one in chain)

    if isinstance(error, DeviceError):
        return error
    if holds(OSError, theirs.ConnectionFailedError, theirs.ConnectionLostError, theirs.InvalidStateError,
             theirs.BlockedStateError, theirs.OperationTimeoutError):
        return Unreachable("It does not answer.")
    if holds(*NONSENSE):
        return Garbage("Its answer made no sense.")
    if holds(theirs.AuthenticationError, theirs.InvalidCredentialsError, theirs.NoCredentialsError):
        return Refused(FORGOT, "appletv_forgot")
    if holds(theirs.CommandError, theirs.NotSupportedError, theirs.PairingError, theirs.BackOffError,
             theirs.HttpError) or str(error).startswith(NO):
        return Refused("It refused.")
    return Garbage("Its answer made no sense.")


async def asked(pyatv: Any, what: Awaitable[Any], timeout: float) -> Any:
    """The library's answer, or its error in our words."""
    try:
        async with asyncio.timeout(timeout):
            return await what
    except Exception as error:  # it raises whatever lies beneath it as it comes, told apart in _ours
        raise _ours(pyatv.exceptions, error) from None


async def services_of(pyatv: Any, found: Found) -> dict[str, Any]:
    """What it says of its services when it alone is asked, by protocol; nothing where it does not answer mDNS. Refused
    when it is another device. Only ports and facts are taken: the address stays the one that was found."""
    kinds = pyatv.const.Protocol
    told = await asked(pyatv, pyatv.scan(asyncio.get_running_loop(), timeout=LOOK, hosts=[found.host],
                                          protocol={kinds.AirPlay, kinds.Companion}), LOOK + 1)
    services = {one.protocol.name: one for config in told for one in config.services}
    if "AirPlay" in services and mac_mark(services["AirPlay"].identifier) != f"mac:{found.key.partition(':')[2]}":
        raise Refused(OTHER)
    return services


def door(pyatv: Any, found: Found, protocol: str, port: int, credentials: str | None = None) -> Any:
    """A configuration for one service of it, made by hand."""
    config = pyatv.conf.AppleTV(IPv4Address(found.host), found.name)
    config.add_service(pyatv.conf.ManualService(found.key, pyatv.const.Protocol[protocol], port, {}, credentials))
    return config


# --- pairing ----------------------------------------------------------------------------------------------------------


class _Talk:
    """One pairing under way. said: what each call of `pair` is answered, an error or at last the secret."""

    def __init__(self) -> None:
        self.codes: asyncio.Queue[str] = asyncio.Queue()
        self.said: asyncio.Queue[Secret | DeviceError] = asyncio.Queue()
        self.task: asyncio.Task[None] | None = None


class Pairings:
    """Pairings under way, each led by one task from the first call to the last. It ends with the secret, with a wrong
    code, or when nobody tells the code in time, and leaves nothing behind."""

    def __init__(self, shown: float = SHOWN) -> None:
        """shown: seconds that a code waits."""
        self._shown = shown
        self._open: dict[str, _Talk] = {}

    async def pair(self, found: Found, code: str) -> Secret:
        """Without a code, or when none is shown, it is made to show one; with it the pairing goes on. PairingError says
        what the person must do."""
        pyatv = await library()
        talk, code = self._open.get(found.key), re.sub(r"\D", "", code)
        if talk is None or not code:
            if talk is not None:
                await ended(talk.task)
            talk = self._open[found.key] = _Talk()
            talk.task = asyncio.create_task(self._lead(talk, pyatv, found))
        else:
            talk.codes.put_nowait(code)
        said = await talk.said.get()
        if isinstance(said, DeviceError):
            raise said
        return said

    async def _lead(self, talk: _Talk, pyatv: Any, found: Found) -> None:
        said: Secret | DeviceError = PairingError(GONE, "appletv_gone")
        try:
            services = await services_of(pyatv, found)
            if "AirPlay" in services and services["AirPlay"].pairing.name in ("Disabled", "Unsupported"):
                raise PairingError(LOCKED, "appletv_locked")
            secret = {"AirPlay": await self._code(talk, pyatv, found, "AirPlay", found.port)}
            other = services.get("Companion")
            if other is not None and other.pairing.name not in ("Disabled", "Unsupported"):
                secret["Companion"] = await self._code(talk, pyatv, found, "Companion", other.port)
            said = secret
        except DeviceError as error:
            said = error
        except Exception as error:  # whoever waits must hear of it
            said = _ours(pyatv.exceptions, error)
        finally:
            if self._open.get(found.key) is talk:
                del self._open[found.key]
            talk.said.put_nowait(said)

    async def _code(self, talk: _Talk, pyatv: Any, found: Found, protocol: str, port: int) -> str:
        """Have it show the code of one service, wait for that, and trade it for credentials."""
        config, storage = door(pyatv, found, protocol, port), pyatv.MemoryStorage()
        settings = await storage.get_settings(config)
        settings.protocols.raop.protocol_version = pyatv.settings.AirPlayVersion.V2  # told by facts that it has not
        handler = await asked(pyatv, pyatv.pair(config, pyatv.const.Protocol[protocol], asyncio.get_running_loop(),
                                                 storage=storage, name=OURS), PATIENCE)
        try:
            await asked(pyatv, handler.begin(), PATIENCE)
            talk.said.put_nowait(PairingError(CODE, "appletv_code") if protocol == "AirPlay"
                                 else PairingError(SECOND, "appletv_second"))
            try:
                async with asyncio.timeout(self._shown):
                    handler.pin(await talk.codes.get())
            except TimeoutError:
                raise PairingError(GONE, "appletv_gone") from None
            try:
                await asked(pyatv, handler.finish(), PATIENCE)
            except (Refused, Garbage):
                raise PairingError(WRONG, "appletv_wrong") from None
            return str(handler.service.credentials)
        finally:
            await handler.close()
