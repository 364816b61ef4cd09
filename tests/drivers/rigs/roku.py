"""A Roku television after captures of real ones (public test data of rokuecp), with what emulated_roku leaves out: the
app in front, the power, the player."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from aiohttp import web

from dobby.home.device import Sighting
from dobby.home.traits import Value
from tests.drivers.rig import HOST, Rig, piped, rigged

SERIAL = "X000008YG08J"
INFO = """<?xml version="1.0" encoding="UTF-8" ?>
<device-info>
  <udn>28000000-0000-1000-8008-d4abcdf8e1d5</udn>
  <serial-number>{serial}</serial-number>
  <vendor-name>TCL</vendor-name>
  <model-name>55S20</model-name>
  <is-tv>true</is-tv>
  <wifi-mac>d4:ab:cd:f8:e1:d5</wifi-mac>
  <ethernet-mac>34:51:80:6d:01:42</ethernet-mac>
  <friendly-device-name>TCL•Roku TV - X000008YG08J</friendly-device-name>
  <user-device-name/>
  <user-device-location>Den</user-device-location>
  <power-mode>{power}</power-mode>
  <supports-suspend>true</supports-suspend>
</device-info>
"""
APPS = """<?xml version="1.0" encoding="UTF-8" ?>
<apps>
  <app id="tvinput.hdmi1" type="tvin" version="1.0.0">Satellite TV</app>
  <app id="12" subtype="rsga" type="appl" version="4.1.218">Netflix</app>
  <app id="13" type="appl" version="14.1.2">Prime Video &amp; more</app>
</apps>
"""
NAMES = {"tvinput.hdmi1": "Satellite TV", "12": "Netflix", "13": "Prime Video &amp; more"}


class Television:
    """One television. way: "lies" or "refuses" breaks its obedience."""

    def __init__(self) -> None:
        self.power, self.app, self.player, self.way = "PowerOn", "", "pause", ""
        self.keys: list[str] = []

    def routes(self) -> web.Application:
        """What it answers."""
        app = web.Application()
        app.router.add_get("/query/{what}", self._query)
        app.router.add_post("/keypress/{key}", self._key)
        app.router.add_post("/launch/{id}", self._launch)
        return app

    async def _query(self, request: web.Request) -> web.Response:
        front = f'<app id="{self.app}" type="appl" version="4.1">{NAMES[self.app]}</app>' if self.app else (
            '<app>Roku</app><screensaver id="55545" type="ssvr" version="2.0.1">Default screensaver</screensaver>')
        said = {"device-info": INFO.format(serial=SERIAL, power=self.power), "apps": APPS,
                "active-app": f"<active-app>{front}</active-app>",
                "media-player": f'<player error="false" state="{self.player}"><is_live>false</is_live></player>'}
        text = said[request.match_info["what"]]
        return web.Response(text=text, content_type="text/xml")

    async def _key(self, request: web.Request) -> web.Response:
        if self.way:
            return web.Response(status=403 if self.way == "refuses" else 200)
        key = request.match_info["key"]
        self.keys.append(key)
        if key == "Play":
            self.player = {"play": "pause", "pause": "play"}.get(self.player, self.player)
        self.power = {"PowerOn": "PowerOn", "PowerOff": "DisplayOff"}.get(key, self.power)
        self.app = "" if key == "Home" else self.app
        return web.Response()

    async def _launch(self, request: web.Request) -> web.Response:
        if self.way:
            return web.Response(status=403 if self.way == "refuses" else 200)
        self.app = request.match_info["id"]
        return web.Response()


def sighting(serial: str = SERIAL) -> Sighting:
    """What SSDP tells of it."""
    return Sighting("ssdp", HOST, 8060, "roku:ecp", "TCL Roku TV", {"st": "roku:ecp", "usn": f"uuid:roku:ecp:{serial}"})


@asynccontextmanager
async def on_air(set_: Television) -> AsyncIterator[int]:
    """A television on a free port."""
    runner = web.AppRunner(set_.routes(), shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, HOST, 0).start()
    try:
        yield runner.addresses[0][1]
    finally:
        await runner.cleanup()


@asynccontextmanager
async def _rig(set_: Television) -> AsyncIterator[Rig]:
    async def truth(trait: str) -> Value:
        held: dict[str, Value] = {
            "on": set_.power == "PowerOn", "playing": set_.player == "play",
            "source": NAMES[set_.app].replace("&amp;", "&") if set_.app else "Home"}
        return held[trait]

    async def hand(trait: str, value: Value) -> None:
        assert trait == "source"
        set_.app = next(id_ for id_, name in NAMES.items() if name == value)

    def trouble(way: str) -> None:
        set_.way = way

    settings: list[tuple[str, Value]] = [
        ("source", "Netflix"), ("source", "Home"), ("source", "Prime Video & more"), ("source", "Satellite TV"),
        ("playing", True), ("playing", False), ("on", False), ("on", True)]
    async with on_air(set_) as port, piped((HOST, port)) as pipe:
        yield rigged(sighting(), pipe, "", settings, ("source", "Nonsense"), truth, hand=hand, trouble=trouble,
                     again=lambda: piped((HOST, port)))


def television() -> Any:
    """A television with apps and an input."""
    return _rig(Television())
