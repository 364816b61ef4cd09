"""SOUL.md: who Dobby is. The YAML head also shapes what code says, since most answers need no model."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import yaml

HEAD_KEYS = ("name", "address", "dryness")
TEXT_LIMIT = 6000  # characters of the body that go into the prompt


@dataclass(frozen=True, slots=True)
class Soul:
    """name: what Dobby is called; address: how people are addressed ("" = not at all); dryness: 0 plain .. 2 dry."""

    name: str = "Dobby"
    address: str = ""
    dryness: int = 1
    text: str = "Loyal, quick, honest, never servile."


def read(path: Path) -> tuple[Soul, list[str]]:
    """The soul in a file and what is wrong with it; what cannot be used stands at its default."""
    try:
        raw = path.read_text("utf-8")
    except FileNotFoundError:
        return Soul(), []
    except (OSError, UnicodeDecodeError) as error:
        return Soul(), [f"{path}: cannot be read ({type(error).__name__}); Dobby goes on without it."]
    return parse(raw, str(path))


def parse(raw: str, where: str = "SOUL.md") -> tuple[Soul, list[str]]:
    """Head and body of a SOUL.md, with a list of its mistakes."""
    problems: list[str] = []
    head, body = _split(raw, where, problems)
    known = ", ".join(HEAD_KEYS)
    problems += [f"{where}: {key!r} is not a known key of the head. Known: {known}." for key in head
                 if key not in HEAD_KEYS]
    name, address, dryness = head.get("name", "Dobby"), head.get("address", ""), head.get("dryness", 1)
    if not isinstance(name, str) or not 0 < len(name) <= 40:
        problems.append(f"{where}: name must be a short text.")
        name = "Dobby"
    if not isinstance(address, str) or len(address) > 40:
        problems.append(f'{where}: address must be a short text such as "sir", or "".')
        address = ""
    if not isinstance(dryness, int) or isinstance(dryness, bool) or not 0 <= dryness <= 2:
        problems.append(f"{where}: dryness must be 0, 1 or 2.")
        dryness = 1
    if len(body) > TEXT_LIMIT:
        problems.append(f"{where}: only the first {TEXT_LIMIT} characters are used.")
    return Soul(name, address, dryness, body[:TEXT_LIMIT].strip() or Soul().text), problems


def _split(raw: str, where: str, problems: list[str]) -> tuple[dict[str, object], str]:
    if not raw.startswith("---"):
        return {}, raw
    parts = raw.split("\n---", 1)
    if len(parts) != 2:
        problems.append(f"{where}: the head that starts with --- never ends with ---.")
        return {}, raw.lstrip("-")
    try:
        head = yaml.safe_load(parts[0][3:]) or {}
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = f", line {mark.line + 1}" if mark else ""
        problems.append(f"{where}{line}: the head is not valid YAML.")
        head = {}
    except (ValueError, RecursionError) as error:  # a day that is none (2024-13-45), nested without end
        problems.append(f"{where}: the head cannot be read: {str(error)[:80]}.")
        head = {}
    if not isinstance(head, dict):
        problems.append(f"{where}: the head must be `key: value` lines.")
        head = {}
    return {str(key): value for key, value in head.items()}, parts[1].lstrip("-\n")
