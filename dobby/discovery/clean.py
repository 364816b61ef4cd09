"""What a stranger on the network says, cut to size and stripped of control characters, before anything keeps it."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from typing import Any

NAME_LIMIT = 80
FACT_LIMIT = 200
FACTS_LIMIT = 40


def text(raw: object, limit: int = FACT_LIMIT) -> str:
    """One printable line."""
    words = raw.decode("utf-8", "replace") if isinstance(raw, bytes) else str(raw)
    kept = "".join(" " if c.isspace() else c for c in words[: limit * 2]
                   if c.isspace() or unicodedata.category(c)[0] != "C")
    return " ".join(kept.split())[:limit]


def facts(raw: Mapping[Any, Any]) -> dict[str, str]:
    """TXT records or headers: few, short, lower-case keys."""
    pairs = list(raw.items())[:FACTS_LIMIT]
    return {text(key, NAME_LIMIT).lower(): text("" if value is None else value) for key, value in pairs}
