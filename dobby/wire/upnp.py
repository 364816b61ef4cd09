"""UPnP devices: their description, what their services offer, and actions by SOAP. Addresses never leave the device.

Source: UPnP Device Architecture 1.1, chapters 2 (description) and 3 (control). Events are in gena.py.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urljoin, urlsplit
from xml.etree.ElementTree import Element
from xml.sax.saxutils import escape, quoteattr

import aiohttp

from dobby.errors import Garbage
from dobby.wire.web import ask_xml

DEVICE = "{urn:schemas-upnp-org:device-1-0}"
SERVICE = "{urn:schemas-upnp-org:service-1-0}"
DC, ITEM = "{http://purl.org/dc/elements/1.1/}", "{urn:schemas-upnp-org:metadata-1-0/DIDL-Lite/}item"
TEXT_LIMIT = 200


@dataclass(frozen=True, slots=True)
class Service:
    """One service of a device: its type and its addresses."""

    type: str
    control: str
    events: str
    scpd: str


@dataclass(frozen=True, slots=True)
class Described:
    """A device in its own words; services by the short name of their type ("AVTransport")."""

    udn: str
    name: str
    model: str
    services: Mapping[str, Service]


@dataclass(frozen=True, slots=True)
class Offer:
    """What a service can do: its actions, and the range of each variable that has one."""

    actions: frozenset[str]
    ranges: Mapping[str, tuple[float, float]]


async def describe(web: aiohttp.ClientSession, location: str, kind: str) -> Described:
    """The device of a kind ("MediaRenderer") at a location, however deep it stands; Garbage when there is none."""
    root = await ask_xml(web, "GET", location)
    base = root.findtext(f"{DEVICE}URLBase") or location
    for device in root.iter(f"{DEVICE}device"):
        if f":device:{kind}:" in device.findtext(f"{DEVICE}deviceType", ""):
            return Described(_text(device, "UDN").removeprefix("uuid:"), _text(device, "friendlyName"),
                             _text(device, "modelName"), dict(_services(device, base, location)))
    raise Garbage("Its answer made no sense.")


def _text(device: Element, tag: str) -> str:
    return device.findtext(f"{DEVICE}{tag}", "").strip()[:TEXT_LIMIT]


def _services(device: Element, base: str, location: str) -> list[tuple[str, Service]]:
    found = []
    for service in device.iterfind(f"{DEVICE}serviceList/{DEVICE}service"):
        kind = _text(service, "serviceType")
        addresses = [_at_home(base, location, _text(service, tag)) for tag in ("controlURL", "eventSubURL", "SCPDURL")]
        found.append((kind.rpartition(":")[0].rpartition(":")[2], Service(kind, *addresses)))
    return found


def _at_home(base: str, location: str, address: str) -> str:
    """An address of a description, always at the host and port where the description was fetched."""
    where, path = urlsplit(location), urlsplit(urljoin(base, address))
    return f"{where.scheme}://{where.netloc}{path.path}" + (f"?{path.query}" if path.query else "")


async def offer(web: aiohttp.ClientSession, service: Service) -> Offer:
    """What a service's own description (SCPD) says that it can do."""
    root = await ask_xml(web, "GET", service.scpd)
    actions = frozenset(name.text or "" for name in root.iterfind(f"{SERVICE}actionList/{SERVICE}action/{SERVICE}name"))
    ranges = {}
    for variable in root.iter(f"{SERVICE}stateVariable"):
        low, high = (variable.findtext(f"{SERVICE}allowedValueRange/{SERVICE}{end}") for end in ("minimum", "maximum"))
        try:
            if low is not None and high is not None and float(low) < float(high):
                ranges[variable.findtext(f"{SERVICE}name", "")] = (float(low), float(high))
        except ValueError:
            continue
    return Offer(actions, ranges)


async def call(web: aiohttp.ClientSession, service: Service, action: str, **arguments: object) -> dict[str, str]:
    """The out arguments of an action; Refused when the device does not carry it out."""
    inside = "".join(f"<{name}>{escape(str(value))}</{name}>" for name, value in arguments.items())
    body = ('<?xml version="1.0" encoding="utf-8"?><s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/" '
            's:encodingStyle="http://schemas.xmlsoap.org/soap/encoding/"><s:Body>'
            f"<u:{action} xmlns:u={quoteattr(service.type)}>{inside}</u:{action}></s:Body></s:Envelope>")
    headers = {"Content-Type": 'text/xml; charset="utf-8"', "SOAPAction": f'"{service.type}#{action}"'}
    root = await ask_xml(web, "POST", service.control, data=body.encode(), headers=headers)
    for element in root.iter():
        if element.tag.rpartition("}")[2] == f"{action}Response":
            return {child.tag.rpartition("}")[2]: child.text or "" for child in element}
    raise Garbage("Its answer made no sense.")


def didl(address: str, title: str, mime: str) -> str:
    """The metadata of one thing to play, without which some renderers play nothing."""
    kind = {"video": "videoItem", "image": "imageItem"}.get(mime.partition("/")[0], "audioItem")
    return ('<DIDL-Lite xmlns="urn:schemas-upnp-org:metadata-1-0/DIDL-Lite/" '
            'xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:upnp="urn:schemas-upnp-org:metadata-1-0/upnp/">'
            f'<item id="0" parentID="-1" restricted="1"><dc:title>{escape(title)}</dc:title>'
            f"<upnp:class>object.item.{kind}</upnp:class>"
            f'<res protocolInfo="http-get:*:{escape(mime)}:*">{escape(address)}</res></item></DIDL-Lite>')


def title_of(root: Element) -> str:
    """Title and artist of a DIDL-Lite document; "" when it names none."""
    item = root.find(ITEM)
    if item is None:
        return ""
    title, artist = (item.findtext(f"{DC}{tag}", "").strip() for tag in ("title", "creator"))
    return f"{title} by {artist}"[:120] if title and artist else title[:120]
