"""Long texts in parts that a channel takes, broken where a reader would: at a line, a sentence, a word."""

from __future__ import annotations


def split(text: str, limit: int) -> list[str]:
    """Parts of at most `limit` characters that together hold every word; [""] for an empty text."""
    parts: list[str] = []
    rest = text.strip()
    while len(rest) > limit:
        window = rest[: limit + 1]
        cut = max(window.rfind("\n", limit // 2), window.rfind(". ", limit // 2) + 1, 0) or window.rfind(" ", 1)
        cut = cut if 0 < cut <= limit else limit
        parts.append(rest[:cut].rstrip())
        rest = rest[cut:].lstrip()
    return [*parts, rest]
