"""Lists of sentences and what they must come to."""

from __future__ import annotations

import tomllib
from pathlib import Path

HERE = Path(__file__).parent


def house_sentences() -> list[tuple[str, str, str]]:
    """(language, sentence, meaning) of house.toml."""
    file = tomllib.loads((HERE / "house.toml").read_text("utf-8"))
    return [(language, said, wanted) for language, table in file.items() for said, wanted in table.items()]
