"""Sixty devices of twelve makes, as they show themselves on a network, and what each is to be taken for."""

from __future__ import annotations

import hashlib
from typing import Any

Json = dict[str, Any]
ROOMS = ("Study", "Kitchen", "Hall", "Cellar", "Attic")
HTML, XML, JSON = "text/html", "text/xml", "application/json"


def _hex(text: str, length: int) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:length]


def service(kind: str, name: str, port: int, **txt: str) -> Json:
    """A service as it is announced."""
    return {"type": f"{kind}.local.", "name": name, "port": port, "txt": txt}


def _upnp(device: str, udn: str, name: str, maker: str, model: str, more: str = "") -> str:
    return (f'<?xml version="1.0"?><root xmlns="urn:schemas-upnp-org:device-1-0"><device><deviceType>'
            f"urn:schemas-upnp-org:device:{device}:1</deviceType><friendlyName>{name}</friendlyName><manufacturer>{maker}</manufacturer>"
            f"<modelName>{model}</modelName><UDN>{udn}</UDN>{more}</device></root>")


def sonos(at: str, mac: str, room: str) -> Json:
    uid = f"RINCON_{mac.replace(':', '').upper()}01400"
    place = f"http://{at}:1400/xml/device_description.xml"
    return {"mdns": [service("_sonos._tcp", f"{uid}@{room}", 1443, location=place)],
            "ssdp": [{"st": "urn:schemas-upnp-org:device:ZonePlayer:1", "location": place, "server": "Linux Sonos/80",
                      "usn": f"uuid:{uid}::urn:schemas-upnp-org:device:ZonePlayer:1"}],
            "pages": {1400: {"/xml/device_description.xml": [XML, _upnp(
                "ZonePlayer", f"uuid:{uid}", f"{at} - Sonos One", "Sonos, Inc.", "Sonos One",
                f"<roomName>{room}</roomName>")]}}, "is": "Sonos", "called": room}


def hue(at: str, mac: str, room: str) -> Json:
    id_ = mac.replace(":", "")
    return {"mdns": [service("_hue._tcp", f"Hue Bridge - {id_[-6:].upper()}", 443, bridgeid=f"{id_[:6]}fffe{id_[6:]}",
                              modelid="BSB002")], "is": "Philips Hue", "called": f"Hue Bridge - {id_[-6:].upper()}"}


def homekit(at: str, mac: str, room: str) -> Json:
    return {"mdns": [service("_hap._tcp", f"{room} thermostat", 51826, id=mac.upper(), ci="9", sf="1", md="T-9", c="1",
                              s="1", pv="1.1", ff="0")], "is": "HomeKit", "called": f"{room} thermostat"}


def wled(at: str, mac: str, room: str) -> Json:
    return {"mdns": [service("_wled._tcp", f"{room} strip", 80, mac=mac.replace(":", ""))],
            "pages": {80: {"/": [HTML, "<title>WLED</title>"]}}, "is": "WLED", "called": f"{room} strip"}


def shelly(at: str, mac: str, room: str) -> Json:
    name = f"shellyplus1-{mac.replace(':', '')}"
    return {"mdns": [service("_shelly._tcp", name, 80, gen="2", app="Plus1", ver="1.4.4"),
                     service("_http._tcp", name, 80, gen="2")], "is": "Shelly", "called": name}


def roku(at: str, mac: str, room: str) -> Json:
    serial = _hex(mac, 12).upper()
    return {"ssdp": [{"st": "roku:ecp", "usn": f"uuid:roku:ecp:{serial}", "location": f"http://{at}:8060/",
                      "server": "Roku/12.5 UPnP/1.0 Roku/12.5"}],
            "pages": {8060: {"/": [XML, _upnp("roku:ecp", f"uuid:{serial}", f"{room} TV", "Roku", "Roku Ultra")]}},
            "is": "Roku", "called": f"{room} TV"}


def cast(at: str, mac: str, room: str) -> Json:
    id_ = _hex(mac, 32)
    return {"mdns": [service("_googlecast._tcp", f"Nest-Mini-{id_}", 8009, id=id_, fn=f"{room} mini", md="Nest Mini")],
            "mute": [8009], "is": "Google Cast", "called": f"{room} mini"}


def esphome(at: str, mac: str, room: str) -> Json:
    return {"mdns": [service("_esphomelib._tcp", f"{room.lower()}-node", 6053, mac=mac.replace(":", ""),
                              friendly_name=f"{room} node", version="2026.6.5", board="esp32dev", platform="ESP32")],
            "mute": [6053], "is": "ESPHome", "called": f"{room} node"}


def printer(at: str, mac: str, room: str) -> Json:
    return {"mdns": [service("_ipp._tcp", f"{room} printer", 631, ty="Brother HL", rp="ipp/print")],
            "mute": [631, 9100], "pages": {80: {"/": [HTML, "<title>Brother HL</title>"]}}, "is": "Printer",
            "called": f"{room} printer"}


def onvif(at: str, mac: str, room: str) -> Json:
    return {"wsd": {"uuid": f"2f3a-{mac.replace(':', '')}", "name": f"{room}Cam", "hardware": "DS-2CD"}, "mute": [554],
            "pages": {80: {"/": [HTML, "<title>Web service</title>"]}}, "is": "camera", "called": f"{room}Cam"}


def kasa(at: str, mac: str, room: str) -> Json:
    return {"kasa": {"alias": f"{room} plug", "mac": mac.upper(), "model": "HS110(EU)", "relay_state": 1, "err_code": 0,
                     "deviceId": _hex(mac, 40), "type": "IOT.SMARTPLUGSWITCH", "feature": "TIM:ENE"}, "mute": [9999],
            "is": "Kasa", "called": f"{room} plug"}


def nas(at: str, mac: str, room: str) -> Json:
    """It announces nothing: found by the sweep, known by the title of its page, named by its own mDNS host name."""
    return {"pages": {5000: {"/": [HTML, f"<title>{room}Disk - Synology NAS</title>"]}}, "host": f"{room.lower()}disk",
            "is": "Synology server", "called": f"{room.lower()}disk", "says": "nothing"}


MAKES = ((sonos, "94:9f:3e"), (hue, "00:17:88"), (homekit, "44:61:32"), (wled, "24:0a:c4"), (shelly, "ec:fa:bc"),
         (roku, "b8:a1:75"), (cast, "f4:f5:d8"), (esphome, "84:0d:8e"), (printer, "00:80:77"), (onvif, "44:19:b6"),
         (kasa, "50:c7:bf"), (nas, "00:11:32"))


def device(make: Any, block: str, last: int, room: str) -> Json:
    """One device at 10.77.0.last."""
    at, mac = f"10.77.0.{last}", f"{block}:00:01:{last:02x}"
    row: Json = {"address": at, "mac": mac, **make(at, mac, room)}
    row["host"] = f"{row.get('host') or f'host-{last}'}.local."
    return row


def sixty() -> list[Json]:
    """Five of each make."""
    return [device(make, block, 10 + number * 5 + at, room) for number, (make, block) in enumerate(MAKES)
            for at, room in enumerate(ROOMS)]


def router() -> Json:
    """The way out, for whoever would go there."""
    return {"address": "10.77.0.1", "mac": "2c:3a:fd:00:00:01", "host": "gateway.local.", "is": "Router",
            "called": "gateway", "names": {"10.77.0.171": "printer-upstairs.home.arpa."},
            "pages": {80: {"/": [HTML, "<title>Router login</title>"]}}}


def fan(last: int = 150) -> Json:
    """An unknown thing that can be learned."""
    return {"address": f"10.77.0.{last}", "mac": "02:1b:22:00:00:07", "host": "fan.local.", "gadget": {
        "port": 8080, "path": "/state", "state": {"power": True, "speed": 2},
        "about": {"serial": "FN-90412", "name": "Loft fan", "type": "fan", "maxSpeed": 4}}}


def omnilogic(last: int = 175) -> Json:
    """A pool controller that announces nothing and tells no serial number: its MAC is all there is."""
    body = "<Body-of-water><System-Id>1</System-Id><Name>Pool</Name><Type>BOW_POOL</Type></Body-of-water>"
    return {"address": f"10.77.0.{last}", "mac": "02:1b:22:00:00:0b", "host": "haywardomnilogic.local.", "omnilogic": {
        "1": f"<MSPConfig><Backyard><System-Id>0</System-Id>{body}</Backyard></MSPConfig>",
        "300": '<STATUS version="1.11"><Backyard systemId="0" airTemp="77" state="1" ConfigChksum="1" '
               'mspVersion="R0408000" /><BodyOfWater systemId="1" waterTemp="79" flow="1" /></STATUS>'}}
