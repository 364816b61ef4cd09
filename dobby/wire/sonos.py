"""The line to a Sonos player: UPnP actions through soco in threads of its own, and what their answers mean (pure).

Sources: soco's source, sonos.svrooij.io, UPnP AVTransport:1, ContentDirectory:1. soco blocks, so each player has a few
threads; a call that hangs is given up after the timeout and its thread ends with soco's own limit. soco's caches are
left out: an answer must be the player's, and of now.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import Any
from urllib.parse import urlsplit
from xml.etree import ElementTree

import requests
from soco import SoCo
from soco.cache import NullCache
from soco.exceptions import SoCoUPnPException

from dobby.errors import Garbage, Refused, Unreachable

THREADS = 4
DC = "{http://purl.org/dc/elements/1.1/}"
UPNP = "{urn:schemas-upnp-org:metadata-1-0/upnp/}"
RINCON = "{urn:schemas-rinconnetworks-com:metadata-1-0/}"
DIDL = "{urn:schemas-upnp-org:metadata-1-0/DIDL-Lite/}"
UPNP_OFF = ("UPnP is switched off on it, so nothing in the house can drive it. In the Sonos app, open Account > "
            "Privacy & Security and switch UPnP on.")


class UpnpOff(Refused):
    """The owner's Sonos app has UPnP switched off: 403 for every action (Home Assistant core issue 151258)."""

    def __init__(self) -> None:
        super().__init__(UPNP_OFF, "sonos_upnp_off")


class NotNow(Refused):
    """A UPnP refusal; `code` is its number (AVTransport:1 table 21, 800 and up are Sonos' own)."""

    def __init__(self, code: int) -> None:
        super().__init__("It refused.")
        self.code = code


class SonosLine:
    """Calls to one player at host:port."""

    def __init__(self, host: str, port: int, timeout: float) -> None:
        self.host, self.port = host, port
        self._timeout = timeout
        self._player = SoCo(host, port)
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix=f"sonos-{host}")

    async def call(self, service: str, action: str, **arguments: object) -> Mapping[str, str]:
        """The out arguments of an action of a soco service ("avTransport"); DeviceError when it is not carried out."""
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(self._timeout):
                return await loop.run_in_executor(self._threads, partial(self._call, service, action, arguments))
        except TimeoutError:
            raise Unreachable("It did not answer in time.") from None
        except RuntimeError:  # the threads were let go meanwhile
            raise Unreachable("The line was closed.") from None

    def _call(self, service: str, action: str, arguments: Mapping[str, object]) -> Mapping[str, str]:
        try:
            answer = getattr(self._player, service).send_command(
                action, args=list(arguments.items()), cache=NullCache(), timeout=self._timeout)
        except SoCoUPnPException as error:
            raise NotNow(int(error.error_code)) from None
        except requests.HTTPError as error:
            if error.response is not None and error.response.status_code == 403:
                raise UpnpOff from None
            raise Refused("It refused.") from None
        except requests.RequestException:
            raise Unreachable("It does not answer.") from None
        except Exception:  # whatever soco makes of rubbish: parse, decode, key, type and its own errors
            raise Garbage("Its answer made no sense.") from None
        return answer if isinstance(answer, dict) else {}

    async def transport(self, action: str, **arguments: object) -> Mapping[str, str]:
        """An AVTransport action."""
        return await self.call("avTransport", action, InstanceID=0, **arguments)

    async def sound(self, action: str, **arguments: object) -> Mapping[str, str]:
        """A RenderingControl action on the whole player."""
        return await self.call("renderingControl", action, InstanceID=0, Channel="Master", **arguments)

    async def browse(self, container: str, count: int) -> Mapping[str, str]:
        """The first children of a ContentDirectory container."""
        return await self.call("contentDirectory", "Browse", ObjectID=container, BrowseFlag="BrowseDirectChildren",
                               Filter="*", StartingIndex=0, RequestedCount=count, SortCriteria="")

    def close(self) -> None:
        """Let the threads go; one that still waits for an answer ends by itself."""
        self._threads.shutdown(wait=False)


@dataclass(frozen=True, slots=True)
class Zone:
    """One player in the household's own words."""

    uid: str
    name: str
    host: str
    port: int
    coordinator: str
    hidden: bool


def zones(answer: Mapping[str, str]) -> dict[str, Zone]:
    """The players of a GetZoneGroupState answer by uid; Garbage when it is none."""
    found: dict[str, Zone] = {}
    for group in _xml(answer.get("ZoneGroupState", "")).iter("ZoneGroup"):
        for member in group.iter("ZoneGroupMember"):
            where = urlsplit(member.get("Location", ""))
            uid = member.get("UUID", "")
            found[uid] = Zone(uid, member.get("ZoneName", "")[:80], where.hostname or "", where.port or 1400,
                              group.get("Coordinator", ""), member.get("Invisible") == "1")
    if not found:
        raise Garbage("Its answer made no sense.")
    return found


@dataclass(frozen=True, slots=True)
class Favourite:
    """A Sonos favourite; `queued` ones (albums, playlists) are put in the queue, the others are the source itself."""

    title: str
    uri: str
    metadata: str
    queued: bool


QUEUED = ("x-rincon-cpcontainer:", "x-rincon-playlist:", "file:///jffs/settings/savedqueues.rsq", "x-file-cifs://")


def favourites(answer: Mapping[str, str]) -> list[Favourite]:
    """The favourites of a Browse of FV:2 that can be played, in their order."""
    found = []
    for item in _xml(answer.get("Result", "")).iter(f"{DIDL}item"):
        title, uri = item.findtext(f"{DC}title", "").strip(), item.findtext(f"{DIDL}res", "").strip()
        metadata = item.findtext(f"{RINCON}resMD", "")
        if title and uri:
            found.append(Favourite(title[:120], uri, metadata, uri.startswith(QUEUED) or ".container" in metadata))
    return found


def title_of(metadata: str) -> str:
    """What is on, from its DIDL-Lite: what a stream says it plays, else title and artist; "" when it says nothing."""
    if not metadata or metadata == "NOT_IMPLEMENTED":
        return ""
    item = next(iter(_xml(metadata)), None)
    if item is None:
        return ""
    streaming = str(item.findtext(f"{RINCON}streamContent", "")).strip()
    title, artist = str(item.findtext(f"{DC}title", "")).strip(), str(item.findtext(f"{DC}creator", "")).strip()
    if streaming or item.findtext(f"{UPNP}class", "") == "object.item":
        return streaming[:120]  # a stream's own title is the name of its file
    return f"{title} by {artist}"[:120] if title and artist else title[:120]


def _xml(text: str) -> Any:
    try:
        return ElementTree.fromstring(text)  # noqa: S314  # expat guards against entity bombs since 2.4.1
    except ElementTree.ParseError:
        raise Garbage("Its answer made no sense.") from None
