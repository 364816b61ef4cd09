"""How a value is found in an answer, and how the device's word for it becomes ours and back. Data only: no expressions.

Places: JSON `state.fan[0].speed`, with `[name=lamp]` picking from a list; XML `status/power` or `status/lamp/@level`,
names without their namespace; text `PWR {}` where the braces stand for the value, up to what follows them or the end of
the line; bytes [offset, length] of a binary answer, the first byte first.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal
from urllib.parse import quote
from xml.etree.ElementTree import Element
from xml.sax.saxutils import escape

from dobby.errors import Garbage, OutOfRange
from dobby.home.traits import Value
from dobby.wire.web import read_xml

PlaceKind = Literal["json", "xml", "text", "bytes"]
SHORT = 200  # letters of one extracted value
_STEP = re.compile(r"\[([^\]=]+)=([^\]]*)\]|\[(-?\d+)\]|([^.\[\]]+)")
NOT_THERE = object()


@dataclass(frozen=True, slots=True)
class Place:
    """Where in an answer a value stands; request is the name of the request that brings it, "" for what is pushed."""

    request: str
    kind: PlaceKind
    path: str


@dataclass(frozen=True, slots=True)
class Turn:
    """The device's words and ours. words: (ours, the device's) pairs; else numbers: the device's = ours * scale +
    offset, rounded where it wants whole ones."""

    words: tuple[tuple[Value, Value], ...] = ()
    scale: float = 1.0
    offset: float = 0.0
    whole: bool = False

    def ours(self, raw: Any, kind: str) -> Value:
        """A device's word as our value; Garbage when it is none that the recipe knows."""
        for mine, theirs in self.words:
            if _same(theirs, raw):
                return mine
        if self.words and kind == "switch" and isinstance(raw, bool):
            return raw  # it takes words, and shows true and false
        if self.words:
            raise Garbage(f"It says “{str(raw)[:30]}”, which its recipe does not know.")
        if kind == "switch":
            return _switch(raw)
        if kind in ("number", "sensor"):
            number = _number(raw)
            if number is not None:
                return round((number - self.offset) / (self.scale or 1.0), 3)
            if kind == "number":
                raise Garbage(f"It says “{str(raw)[:30]}” where a number was meant.")
        if isinstance(raw, bool | int | float | str):
            return raw if isinstance(raw, bool) else str(raw)[:SHORT] if isinstance(raw, str) else raw
        raise Garbage("Its answer made no sense.")

    def theirs(self, value: Value) -> Value:
        """Our value as the device's word; OutOfRange when it has none for it."""
        for mine, word in self.words:
            if mine is value or (not isinstance(mine, bool) and not isinstance(value, bool) and mine == value):
                return word
        if self.words:
            raise OutOfRange(f"It has no word for {value}.")
        if isinstance(value, int | float) and not isinstance(value, bool):
            turned = value * self.scale + self.offset
            return round(turned) if self.whole else int(turned) if turned == int(turned) else round(turned, 4)
        return value


def _same(theirs: Value, raw: Any) -> bool:
    if isinstance(theirs, bool) or isinstance(raw, bool):
        return theirs is raw or (isinstance(raw, str) and str(theirs).casefold() == raw.casefold())
    if isinstance(theirs, int | float):
        return _number(raw) == theirs
    return str(theirs).casefold() == str(raw).strip().casefold()


_TRUE, _FALSE = {"on", "true", "1", "yes", "active", "enabled"}, {"off", "false", "0", "no", "inactive", "disabled"}


def _switch(raw: Any) -> bool:
    said = str(raw).strip().casefold()
    if said in _TRUE or said in _FALSE:
        return said in _TRUE
    raise Garbage(f"It says “{str(raw)[:30]}” where on or off was meant.")


_UNIT = re.compile(r"\s*([-+]?\d{1,15}(?:\.\d{1,9})?)\s?(?:%|°\s?[CF]?|[CFKWV]|kWh|Wh|lx|lux|rpm|dB|hPa|ppm)\s*")


def bare_number(raw: Any) -> Any:
    """A number without the unit that a device writes behind it ("40%", "21.5 °C"); anything else as it is."""
    found = _UNIT.fullmatch(raw) if isinstance(raw, str) else None
    return found[1] if found else raw


def _number(raw: Any) -> float | None:
    if isinstance(raw, bool):
        return None
    try:
        number = float(bare_number(raw))
    except (TypeError, ValueError):
        return None
    return number if -1e15 < number < 1e15 else None


# --- finding ----------------------------------------------------------------------------------------------------------


def find(place: Place, answer: bytes) -> Any:
    """The value at a place, NOT_THERE when the answer has none there; Garbage when it is not of that form at all."""
    match place.kind:
        case "json":
            return in_json(read_json(answer), place.path)
        case "xml":
            return in_xml(read_xml(answer), place.path)
        case "text":
            return in_text(answer.decode("utf-8", "replace"), place.path)
        case "bytes":
            start, length = (int(part) for part in place.path.split(","))
            cut = answer[start : start + length]
            return int.from_bytes(cut, "big") if len(cut) == length else NOT_THERE


def read_json(answer: bytes | str) -> Any:
    """JSON within reason: not nested without end."""
    try:
        return json.loads(answer)
    except (ValueError, RecursionError):
        raise Garbage("Its answer made no sense.") from None


def in_json(data: Any, path: str) -> Any:
    """What a path leads to; a list filter takes the first element whose field has that value."""
    for field, wanted, at, key in _STEP.findall(path):
        if key:
            data = data.get(key, NOT_THERE) if isinstance(data, Mapping) else NOT_THERE
        elif at:
            data = data[int(at)] if isinstance(data, list) and -len(data) <= int(at) < len(data) else NOT_THERE
        else:
            rows = data if isinstance(data, list) else []
            data = next((row for row in rows if isinstance(row, Mapping) and str(row.get(field)) == wanted), NOT_THERE)
        if data is NOT_THERE:
            return NOT_THERE
    return data


def in_xml(root: Element, path: str) -> Any:
    """The text of an element or attribute; the first step names the root."""
    steps = path.split("/")
    element: Element | None = root if local(root.tag) == steps[0] else None
    for step in steps[1:]:
        if element is None:
            return NOT_THERE
        if step.startswith("@"):
            found = [value for name, value in element.attrib.items() if local(name) == step[1:]]
            return found[0] if found else NOT_THERE
        name, _, index = step.partition("#")  # lamp#1 is the second lamp
        rows = [child for child in element if local(child.tag) == name]
        element = rows[int(index or 0)] if int(index or 0) < len(rows) else None
    return NOT_THERE if element is None else (element.text or "").strip()


def local(tag: str) -> str:
    """A name without its namespace."""
    return tag.rpartition("}")[2]


def in_text(text: str, pattern: str) -> Any:
    """What stands in the braces of a pattern, in the first line of the text that fits it."""
    before, _, after = pattern.partition("{}")
    for line in text.splitlines()[:2000]:
        start = line.find(before)
        if start < 0:
            continue
        rest = line[start + len(before) :]
        end = rest.find(after) if after else len(rest)
        if end >= 0:
            return rest[:end].strip()[:SHORT]
    return NOT_THERE


# --- filling in -------------------------------------------------------------------------------------------------------


def plain(value: Value) -> str:
    """A device's word as text: true and false in lower case, whole numbers without a point."""
    if isinstance(value, bool):
        return str(value).lower()
    return f"{value:g}" if isinstance(value, float) else str(value)


def fill(template: Any, value: Value) -> Any:
    """A body with {value} filled in: a string that is nothing but {value} becomes the value with its type, {value:text}
    the value as a text."""
    if isinstance(template, str):
        return value if template == "{value}" else template.replace("{value:text}", "{value}").replace(
            "{value}", plain(value))
    if isinstance(template, Mapping):
        return {key: fill(one, value) for key, one in template.items()}
    if isinstance(template, Sequence):
        return [fill(one, value) for one in template]
    return template


def fill_path(template: str, value: Value) -> str:
    """A path or query with the value in it, escaped: it can add no step and no parameter."""
    return template.replace("{value}", quote(plain(value), safe=""))


def fill_xml(template: str, value: Value) -> str:
    """An XML text with the value in it, escaped."""
    return template.replace("{value}", escape(plain(value), {'"': "&quot;"}))


def fill_line(template: str, value: Value) -> str:
    """A line of text; a value that would end the line is refused."""
    said = plain(value)
    if not said.isprintable():
        raise OutOfRange("That cannot be said to this device.")
    return template.replace("{value}", said)


def fill_hex(template: str, value: Value) -> bytes:
    """Bytes from "AA 01 {value:2} {sum}": value as so many bytes, first byte first; then a checksum of all before it:
    sum (of the bytes, one byte), xor, or crc16 (Modbus, low byte first)."""
    frame = bytearray()
    for piece in template.split():
        if piece.startswith("{value"):
            width = int(piece[7:-1] or 1) if ":" in piece else 1
            number = _number(value)
            if number is None or not 0 <= number < 256**width:
                raise OutOfRange("That number does not fit what this device takes.")
            frame += int(number).to_bytes(width, "big")
        elif piece in CHECKSUMS:
            frame += CHECKSUMS[piece](bytes(frame))
        else:
            frame += bytes.fromhex(piece)
    return bytes(frame)


def _crc16(data: bytes) -> bytes:
    crc = 0xFFFF
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = (crc >> 1) ^ 0xA001 if crc & 1 else crc >> 1
    return crc.to_bytes(2, "little")


def _xor(data: bytes) -> bytes:
    total = 0
    for byte in data:
        total ^= byte
    return bytes([total])


CHECKSUMS = {"{sum}": lambda data: bytes([sum(data) & 0xFF]), "{xor}": _xor, "{crc16}": _crc16}
