"""What a strip is, the JSON objects it shows, and how a state object changes it; pure, no network."""

import asyncio
from dataclasses import dataclass, field
from typing import Any

from ..house import StripSpec
from ..net import Address
from ..things import State, check_words, want_bool, want_number

Json = dict[str, Any]

VERSION, BUILD = "0.15.0", 2412100
EFFECTS = ("Solid", "Blink", "Breathe", "Wipe", "Rainbow", "Fire 2012", "Candle", "Colortwinkles", "Aurora")
PALETTES = ("Default", "* Random Cycle", "* Color 1", "Party", "Cloud", "Lava", "Ocean", "Forest", "Rainbow", "Sunset")


class Invalid(Exception):
    """A state object that WLED cannot take."""


@dataclass(slots=True)
class Strip:
    """One strip with one segment; brightness 0..255 as WLED counts it."""

    spec: StripSpec
    mac: str
    address: Address
    on: bool = False
    bri: int = 128
    color: tuple[int, int, int] = (255, 160, 0)
    fx: int = 0
    speed: int = 128
    intensity: int = 128
    palette: int = 0
    clients: set[asyncio.Queue[str | bytes]] = field(default_factory=set)

    @property
    def slots(self) -> list[list[int]]:
        """The three color slots of the segment."""
        return [list(self.color), [0, 0, 0], [0, 0, 0]]


def state_json(strip: Strip) -> Json:
    """GET /json/state."""
    segment = {
        "id": 0,
        "start": 0,
        "stop": strip.spec.leds,
        "len": strip.spec.leds,
        "grp": 1,
        "spc": 0,
        "on": True,
        "frz": False,
        "bri": 255,
        "col": strip.slots,
        "fx": strip.fx,
        "sx": strip.speed,
        "ix": strip.intensity,
        "pal": strip.palette,
        "sel": True,
        "rev": False,
        "mi": False,
    }
    return {
        "on": strip.on,
        "bri": strip.bri,
        "transition": 7,
        "ps": -1,
        "pl": -1,
        "nl": {"on": False, "dur": 60, "mode": 1, "tbri": 0, "rem": -1},
        "udpn": {"send": False, "recv": True},
        "lor": 0,
        "mainseg": 0,
        "seg": [segment],
    }


def info_json(strip: Strip) -> Json:
    """GET /json/info."""
    return {
        "ver": VERSION,
        "vid": BUILD,
        "leds": {"count": strip.spec.leds, "pwr": 0, "fps": 42, "maxpwr": 850, "maxseg": 32, "lc": 1, "rgbw": False},
        "str": False,
        "name": strip.spec.name,
        "udpport": 21324,
        "live": False,
        "liveseg": -1,
        "lm": "",
        "lip": "",
        "ws": len(strip.clients),
        "fxcount": len(EFFECTS),
        "palcount": len(PALETTES),
        "wifi": {"bssid": "", "rssi": -54, "signal": 92, "channel": 6},
        "fs": {"u": 12, "t": 983, "pmt": 0},
        "arch": "esp32",
        "core": "v3.3.6-16-gcc5440f6a2",
        "freeheap": 190000,
        "uptime": 3600,
        "opt": 79,
        "brand": "WLED",
        "product": "FOSS",
        "mac": strip.mac,
        "ip": strip.address.host,
    }


def obey(strip: Strip, order: Json) -> None:
    """Carry out a state object; what WLED does not know it ignores, what has a wrong type is Invalid."""
    _check(order)
    if order.get("on") == "t":
        strip.on = not strip.on
    elif "on" in order:
        strip.on = bool(order["on"])
    if "bri" in order:
        # WLED: brightness 0 switches off and keeps the last brightness
        if order["bri"] == 0:
            strip.on = False
        else:
            strip.bri = min(255, int(order["bri"]))
    segments = order.get("seg", [])
    for segment in segments if isinstance(segments, list) else [segments]:
        _obey_segment(strip, segment)


def _obey_segment(strip: Strip, segment: Json) -> None:
    if segment.get("id", 0) != 0:
        return
    if segment.get("col"):
        first = _channels(segment["col"][0])
        strip.color = (first[0], first[1], first[2])
    if isinstance(segment.get("fx"), int):
        strip.fx = segment["fx"] if 0 <= segment["fx"] < len(EFFECTS) else strip.fx
    strip.speed = int(segment.get("sx", strip.speed))
    strip.intensity = int(segment.get("ix", strip.intensity))
    if isinstance(segment.get("pal"), int):
        strip.palette = segment["pal"] if 0 <= segment["pal"] < len(PALETTES) else strip.palette


def _check(order: Json) -> None:
    if not isinstance(order, dict):
        raise Invalid("state")
    if "on" in order and not isinstance(order["on"], bool) and order["on"] != "t":
        raise Invalid("on")
    if "bri" in order and (isinstance(order["bri"], bool) or not isinstance(order["bri"], int) or order["bri"] < 0):
        raise Invalid("bri")
    segments = order.get("seg", [])
    for segment in segments if isinstance(segments, list) else [segments]:
        if not isinstance(segment, dict):
            raise Invalid("seg")
        if segment.get("col"):
            _channels(segment["col"][0])


def _channels(color: Any) -> list[int]:
    if isinstance(color, str) and len(color) >= 6:
        return [int(color[i : i + 2], 16) for i in (0, 2, 4)]
    if isinstance(color, list) and len(color) >= 3 and all(isinstance(c, int) and 0 <= c <= 255 for c in color):
        return color[:3]
    raise Invalid("col")


def truth(strip: Strip) -> State:
    """The strip in the words of `/truth`; color as the x, y of its RGB in the sRGB space."""
    return {
        "on": strip.on,
        "brightness": round(strip.bri * 100 / 255, 1),
        "color": rgb_to_xy(strip.color),
        "rgb": list(strip.color),
        "effect": EFFECTS[strip.fx],
    }


def order_from_truth(strip: Strip, state: State) -> Json:
    """The state object that brings about what an outside hand did; ValueError in words for what cannot be."""
    check_words(state, truth(strip))
    order: Json = {}
    if "on" in state:
        order["on"] = want_bool(state, "on")
    if "brightness" in state:
        order["bri"] = round(want_number(state, "brightness", 0, 100) * 2.55)
    segment: Json = {}
    if "rgb" in state:
        segment["col"] = [state["rgb"]]
    if "color" in state:
        point = state["color"]
        segment["col"] = [xy_to_rgb(want_number(point, "x", 0, 1), want_number(point, "y", 0.01, 1))]
    if "effect" in state:
        if state["effect"] not in EFFECTS:
            raise ValueError(f"no effect {state['effect']!r}; there are {', '.join(EFFECTS)}")
        segment["fx"] = EFFECTS.index(state["effect"])
    return order | ({"seg": [segment]} if segment else {})


def rgb_to_xy(rgb: tuple[int, int, int]) -> dict[str, float]:
    """CIE 1931 x, y of an sRGB color (IEC 61966-2-1)."""
    red, green, blue = (_linear(c / 255) for c in rgb)
    x = 0.4124 * red + 0.3576 * green + 0.1805 * blue
    y = 0.2126 * red + 0.7152 * green + 0.0722 * blue
    z = 0.0193 * red + 0.1192 * green + 0.9505 * blue
    total = x + y + z
    return {"x": round(x / total, 4), "y": round(y / total, 4)} if total else {"x": 0.3127, "y": 0.329}


def xy_to_rgb(x: float, y: float) -> list[int]:
    """The brightest sRGB color with this x, y."""
    big_x, big_z = x / y, (1 - x - y) / y
    red = 3.2406 * big_x - 1.5372 - 0.4986 * big_z
    green = -0.9689 * big_x + 1.8758 + 0.0415 * big_z
    blue = 0.0557 * big_x - 0.2040 + 1.0570 * big_z
    top = max(red, green, blue)
    return [round(255 * _gamma(max(0.0, c / top))) for c in (red, green, blue)]


def _linear(c: float) -> float:
    return float(c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4)


def _gamma(c: float) -> float:
    return float(12.92 * c if c <= 0.0031308 else 1.055 * c ** (1 / 2.4) - 0.055)
