"""Documents of a device taken apart: every plain value of its JSON and XML, with what stands beside it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from xml.etree.ElementTree import Element

from dobby.errors import Garbage
from dobby.learning.look import Page
from dobby.wire.recipe.values import in_text, local
from dobby.wire.web import read_xml

DEEP, WIDE = 7, 120  # how far documents are taken apart


@dataclass(frozen=True, slots=True)
class Leaf:
    """One value of a document: its path in the recipe's writing, the names on the way to it, what stands beside it."""

    path: str
    names: tuple[str, ...]
    value: Any
    beside: Mapping[str, Any] = field(default_factory=dict)


def leaves(data: Any, names: tuple[str, ...] = (), path: str = "") -> Iterator[Leaf]:
    """Every plain value of a JSON document. An object that says {"value": ..., "min": ...} is one value with its
    limits; of a list of objects only a single one is looked into."""
    if isinstance(data, Mapping) and len(names) < DEEP:
        plain = {key: one for key, one in data.items() if not isinstance(one, Mapping)}
        for key, value in list(data.items())[:WIDE]:
            if not re.fullmatch(r"[^.\[\]=]{1,60}", str(key)):
                continue
            at = f"{path}.{key}" if path else str(key)
            if isinstance(value, Mapping):
                inner = next((name for name in ("value", "current", "state", "val") if name in value
                              and not isinstance(value[name], Mapping | list)), None)
                if inner is not None and len(value) > 1 and limits_of(value):
                    yield Leaf(f"{at}.{inner}", (*names, str(key), inner), value[inner], limits_of(value))
                    continue
            if isinstance(value, list):
                if len(value) == 1 and isinstance(value[0], Mapping):
                    yield from leaves(value[0], (*names, str(key)), f"{at}[0]")
                continue
            if isinstance(value, Mapping):
                yield from leaves(value, (*names, str(key)), at)
            else:
                yield Leaf(at, (*names, str(key)), value, _near(str(key), plain))
    elif isinstance(data, list) and len(data) == 1:
        yield from leaves(data[0], names, f"{path}[0]")


def limits_of(row: Mapping[str, Any]) -> dict[str, Any]:
    """What an object that describes one value says of it."""
    found: dict[str, Any] = {}
    for name, words in (("min", ("min", "minimum", "low")), ("max", ("max", "maximum", "high")),
                        ("unit", ("unit", "units", "uom")), ("readonly", ("readonly", "readOnly", "read_only"))):
        value = next((row[word] for word in words if word in row), None)
        if value is not None:
            found[name] = value
    for word in ("options", "values", "enum", "choices", "allowed", "available", "modes", "supported", "range"):
        value = row.get(word)
        if isinstance(value, list) and value and not isinstance(value[0], Mapping):
            if word == "range" and len(value) == 2:
                found |= {"min": value[0], "max": value[1]}
            else:
                found["options"] = value[:30]
    return found


def _near(key: str, row: Mapping[str, Any]) -> dict[str, Any]:
    """What fields of the same object say of this one: speed_max, maxSpeed, speeds, availableModes, temp_unit."""
    found: dict[str, Any] = {}
    bare = re.sub(r"[^a-z]", "", key.casefold())
    last = re.findall(r"[a-z]+", re.sub(r"([a-z])([A-Z])", r"\1 \2", key).casefold())[-1:] or [bare]
    for other, value in row.items():
        said = re.sub(r"[^a-z]", "", str(other).casefold())
        for base in {bare, last[0]} - {""}:
            plural = base + "s" if not base.endswith("s") else base + "es"
            if isinstance(value, list) and value and said.replace("available", "").replace("supported", "").replace(
                    "allowed", "").replace("options", "").replace("list", "") in (base, plural) and said != bare:
                found["options"] = value[:30]
            elif isinstance(value, int | float) and not isinstance(value, bool):
                if said in (f"max{base}", f"{base}max", f"maximum{base}", plural, f"{base}steps", f"{base}count"):
                    found["max"] = value
                elif said in (f"min{base}", f"{base}min", f"minimum{base}"):
                    found["min"] = value
            elif isinstance(value, str) and said in ("unit", "units", f"{base}unit", f"{base}units", f"unitof{base}",
                                                     "temperatureunit", "tempunit", "scale", "degrees"):
                found.setdefault("unit", value)
    return found


def xml_leaves(root: Element) -> Iterator[Leaf]:
    """Every text and attribute of an XML document. Attributes like min and max of an element are its limits."""
    def walk(element: Element, path: str, names: tuple[str, ...]) -> Iterator[Leaf]:
        attributes = {local(name): value for name, value in element.attrib.items()}
        limits = limits_of({**attributes, **({"options": re.split(r"[,|; ]+", attributes["options"])}
                                           if "options" in attributes else {})})
        children = list(element)[:WIDE]
        if not children and (element.text or "").strip():
            name = attributes.get("name") or attributes.get("id")
            yield Leaf(path, (*names, name) if name and name.isidentifier() else names, element.text.strip(), limits)  # type: ignore[union-attr]  # stripped above
        for name, value in attributes.items():
            if name not in ("min", "max", "unit", "units", "options", "step"):
                value_names = (*names[:-1], attributes.get("name", names[-1])) if name == "value" else (*names, name)
                yield Leaf(f"{path}/@{name}", value_names, value, limits)
        counted: dict[str, int] = {}
        for child in children:
            name = local(child.tag)
            at = counted.get(name, 0)
            counted[name] = at + 1
            if len(names) < DEEP:
                yield from walk(child, f"{path}/{name}#{at}" if at else f"{path}/{name}", (*names, name))

    yield from walk(root, local(root.tag), (local(root.tag),))


def fields_of(page: Page) -> list[tuple[str, Leaf]]:
    """("json" or "xml", leaf) for everything a page holds."""
    if page.data is not None:
        return [("json", leaf) for leaf in leaves(page.data)]
    if page.kind.endswith("xml") or page.text.lstrip().startswith("<?xml"):
        try:
            root = read_xml(page.text)
        except Garbage:
            return []
        return [] if local(root.tag) in ("html", "scpd") else [("xml", leaf) for leaf in xml_leaves(root)]
    return [("text", leaf) for leaf in text_leaves(page)] if page.kind in ("text/plain", "") else []


_PAIR = re.compile(r"(?:^|[,;&\n])\s{0,8}([A-Za-z_][\w\-]{0,40})( ?[=:] ?)([^,;&\r\n]{0,80})")


def text_leaves(page: Page) -> Iterator[Leaf]:
    """The values of plain words: a page that is nothing but one, called as its path ends; or "name=value" and "name:
    value", each in a line of its own or between commas."""
    text = page.text.strip()
    if len(text) <= 60 and "\n" not in text and not re.search(r"[=:<{]", text):
        name = page.path.rstrip("/").rpartition("/")[2]
        if text and name:
            yield Leaf("{}", (name,), text)
        return
    for key, sign, value in _PAIR.findall(text[:20_000])[:WIDE]:
        forms = [f"{key}{sign}{{}}", *(f"{before}{key}{sign}{{}}{after}" for after in (",", ";", "&", "")
                                       for before in ("", ",", ";", "&"))]
        place = next((one for one in forms if in_text(text, one) == value.strip()), "")
        if place:
            yield Leaf(place, (key,), value.strip())
