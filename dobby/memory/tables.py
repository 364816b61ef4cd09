"""The tables by which memory reads facts and questions: languages/<xx>/matters.toml, of every language of the house,
for a household mixes them."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Mapping
from functools import cache
from importlib import resources
from typing import Any


@cache
def tables() -> Mapping[str, Mapping[str, Any]]:
    """By language."""
    folders = sorted((resources.files("dobby") / "languages").iterdir(), key=lambda one: one.name)
    return {one.name: tomllib.loads((one / "matters.toml").read_text("utf-8"))
            for one in folders if (one / "matters.toml").is_file()}


def words(name: str) -> list[str]:
    """A list of words or patterns in all languages, together."""
    return [one for table in tables().values() for one in table.get(name, ())]


def any_of(forms: Iterable[str]) -> re.Pattern[str]:
    """Finds any of these patterns where it stands as whole words; nothing where there are none."""
    several = "|".join(forms)
    return re.compile(rf"(?<!\S)(?:{several})(?!\S)" if several else r"(?!)")
