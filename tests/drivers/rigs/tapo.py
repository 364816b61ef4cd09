"""TP-Link devices behind KLAP: its handshake and its ciphers in both versions, around a Kasa plug of ours and around a
Tapo lamp that speaks the newer language. python-kasa, which is not ours, is the driver's client and so their judge."""

from __future__ import annotations

import base64
import colorsys
import hashlib
import json
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from aiohttp import web
from cryptography.hazmat.primitives import padding
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from dobby.drivers.tapo import answered
from dobby.home.colors import rgb_to_xy
from dobby.home.device import Sighting
from dobby.home.traits import Value
from tests.drivers.rig import HOST, Rig, piped, rigged
from tests.drivers.rigs.kasa import PLUG, Box

USER, PASSWORD = "elf@example.com", "socks-7"
MAC = "50-C7-BF-01-02-03"


def sha(*parts: bytes) -> bytes:
    """SHA-256 of parts."""
    return hashlib.sha256(b"".join(parts)).digest()


def owner(version: int) -> bytes:
    """What both ends make of the account."""
    if version == 1:
        return hashlib.md5(b"".join(hashlib.md5(word.encode()).digest() for word in (USER, PASSWORD))).digest()
    return sha(*(hashlib.sha1(word.encode()).digest() for word in (USER, PASSWORD)))


class Plug(Box):
    """A Kasa plug with newer firmware, which python-kasa asks for the time as well."""

    def __init__(self) -> None:
        super().__init__(PLUG)

    def _method(self, module: str, method: str, arguments: dict[str, Any], children: list[str]) -> Any:
        match module, method:
            case "time", "get_time":
                return {"year": 2026, "month": 1, "mday": 2, "hour": 3, "min": 4, "sec": 5, "err_code": 0}
            case "time", "get_timezone":
                return {"index": 38, "err_code": 0}
        return super()._method(module, method, arguments, children)


class Lamp:
    """A Tapo lamp (L530) in the newer language. way: "lies" or "refuses" breaks its obedience."""

    def __init__(self) -> None:
        self.way = ""
        self.info: dict[str, Any] = {
            "device_id": "80238D", "fw_ver": "1.1.0 Build 231221", "hw_ver": "1.0", "type": "SMART.TAPOBULB",
            "model": "L530", "mac": MAC, "hw_id": "1", "fw_id": "2", "oem_id": "3", "ip": HOST, "time_diff": 60,
            "ssid": base64.b64encode(b"home").decode(), "rssi": -50, "signal_level": 2, "lang": "en_US",
            "region": "Europe/Berlin", "specs": "", "nickname": base64.b64encode(b"Attic").decode(), "avatar": "bulb",
            "device_on": False, "brightness": 80, "hue": 0, "saturation": 0, "color_temp": 2700,
            "color_temp_range": [2500, 6500], "overheated": False}

    def answer(self, request: dict[str, Any]) -> dict[str, Any]:
        """What it says to a request, or to several."""
        if request["method"] == "multipleRequest":
            told = [{"method": one["method"], **self._one(one)} for one in request["params"]["requests"]]
            return {"result": {"responses": told}, "error_code": 0}
        return self._one(request)

    def _one(self, request: dict[str, Any]) -> dict[str, Any]:
        parts = ("device", "brightness", "color", "color_temperature")
        known: dict[str, Any] = {"component_nego": {"component_list": [{"id": one, "ver_code": 1} for one in parts]},
                                 "get_device_info": self.info, "get_connect_cloud_state": {"status": 0}}
        if request["method"] in known:
            return {"result": known[request["method"]], "error_code": 0}
        if request["method"] != "set_device_info":
            return {"error_code": -1002}
        if self.way == "refuses":
            return {"error_code": -1008}
        if not self.way:
            self.info |= request["params"]
        return {"result": {}, "error_code": 0}


class Klap:
    """The door of a device. inside answers what comes through."""

    def __init__(self, inside: Box | Lamp) -> None:
        self.inside = inside
        self.version = 2 if isinstance(inside, Lamp) else 1
        self.sessions: dict[str, list[bytes]] = {}

    def app(self) -> web.Application:
        """Its pages."""
        app = web.Application()
        app.router.add_post("/app/handshake1", self._first)
        app.router.add_post("/app/handshake2", self._second)
        app.router.add_post("/app/request", self._request)
        return app

    async def _first(self, request: web.Request) -> web.Response:
        theirs, ours = await request.read(), secrets.token_bytes(16)
        name = secrets.token_hex(16).upper()
        self.sessions[name] = [theirs, ours]
        proof = sha(theirs, owner(1)) if self.version == 1 else sha(theirs, ours, owner(2))
        answer = web.Response(body=ours + proof)
        answer.headers["Set-Cookie"] = f"TP_SESSIONID={name};TIMEOUT=86400"
        return answer

    def _seeds(self, request: web.Request) -> list[bytes] | None:
        return self.sessions.get(request.cookies.get("TP_SESSIONID", ""))

    async def _second(self, request: web.Request) -> web.Response:
        seeds = self._seeds(request)
        if seeds is None:
            return web.Response(status=403)
        theirs, ours = seeds
        wanted = sha(ours, owner(1)) if self.version == 1 else sha(ours, theirs, owner(2))
        return web.Response(status=200 if await request.read() == wanted else 403)

    async def _request(self, request: web.Request) -> web.Response:
        seeds = self._seeds(request)
        if seeds is None:
            return web.Response(status=403)
        number = int(request.query["seq"]).to_bytes(4, "big", signed=True)
        known = (*seeds, owner(self.version))
        key, start, sign = sha(b"lsk", *known)[:16], sha(b"iv", *known)[:12], sha(b"ldk", *known)[:28]
        cipher = Cipher(algorithms.AES(key), modes.CBC(start + number))
        raw = await request.read()
        assert raw[:32] == sha(sign, number, raw[32:])
        opened, unpad = cipher.decryptor(), padding.PKCS7(128).unpadder()
        asked = json.loads(unpad.update(opened.update(raw[32:]) + opened.finalize()) + unpad.finalize())
        pad, closing = padding.PKCS7(128).padder(), cipher.encryptor()
        told = pad.update(json.dumps(self.inside.answer(asked)).encode()) + pad.finalize()
        body = closing.update(told) + closing.finalize()
        return web.Response(body=sha(sign, number, body) + body)

    def told(self) -> bytes:
        """What it answers to the search."""
        lamp = isinstance(self.inside, Lamp)
        result = {"device_type": "SMART.TAPOBULB" if lamp else "IOT.SMARTPLUGSWITCH", "mac": MAC, "ip": HOST,
                  "device_model": "L530(EU)" if lamp else "HS110(EU)", "device_id": "1", "owner": "2",
                  "mgt_encrypt_schm": {"is_support_https": False, "encrypt_type": "KLAP", "http_port": 80,
                                       "lv": 2 if lamp else None}}
        return bytes(16) + json.dumps({"result": result, "error_code": 0}).encode()

    def sighting(self) -> Sighting:
        """The same as Dobby hears it."""
        name, facts = answered(self.told())
        return Sighting("probe", HOST, 20002, "tapo", name, facts)


@asynccontextmanager
async def served(device: Klap) -> AsyncIterator[int]:
    """The device on a free port."""
    runner = web.AppRunner(device.app(), shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, HOST, 0).start()
    try:
        yield runner.addresses[0][1]
    finally:
        await runner.cleanup()


def held(inside: Box | Lamp, trait: str) -> Value:
    """What is true inside, in core units."""
    if isinstance(inside, Box):
        return bool(inside.info["relay_state"])
    info = inside.info
    if trait == "color":
        return rgb_to_xy(*colorsys.hsv_to_rgb(info["hue"] / 360, info["saturation"] / 100, 1.0))
    value: Value = info[{"on": "device_on", "color_temperature": "color_temp"}.get(trait, trait)]
    return value


@asynccontextmanager
async def _rig(inside: Box | Lamp, settings: list[tuple[str, Value]], wrong: tuple[str, Value]) -> AsyncIterator[Rig]:
    async def truth(trait: str) -> Value:
        return held(inside, trait)

    async def hand(trait: str, value: Value) -> None:
        if isinstance(inside, Box):
            inside.info["relay_state"] = int(bool(value))
        else:
            inside.info["device_on"] = value

    def trouble(way: str) -> None:
        inside.way = way

    device = Klap(inside)
    async with served(device) as port, piped((HOST, port)) as pipe:
        yield rigged(device.sighting(), pipe, "", settings, wrong, truth, hand=hand, trouble=trouble,
                     secret={"user": USER, "password": PASSWORD}, again=lambda: piped((HOST, port)))


def plug() -> Any:
    """A Kasa plug with newer firmware."""
    return _rig(Plug(), [("on", True), ("on", False)], ("on", "perhaps"))


def lamp() -> Any:
    """A Tapo lamp of all colors."""
    settings: list[tuple[str, Value]] = [("on", True), ("brightness", 37), ("color_temperature", 4000),
                                         ("color", {"x": 0.6, "y": 0.32}), ("on", False)]
    return _rig(Lamp(), settings, ("brightness", 300))
