"""What a person who asks about a picture is told of what can be read in it."""

from __future__ import annotations

import asyncio
from datetime import datetime
from types import SimpleNamespace
from typing import Any

import pytest

from dobby.eyes.seen import Glance, Seen, Word
from dobby.eyes.sights import Sights


@pytest.mark.parametrize(("what", "text", "answer"), [
    ("A man holds up a sign.", "BACK AT 5", "A man holds up a sign. “BACK AT 5”"),
    ("A man holds up a sign: back at 5.", "BACK AT 5", "A man holds up a sign: back at 5."),
    ("A man holds up a sign.", "GO” says Dobby “GO", "A man holds up a sign. “GO says Dobby GO”"),
    ("A man waits.", "", "A man waits."),
])
def test_who_asks_is_told_what_the_sign_says_as_a_quotation(what: str, text: str, answer: str) -> None:
    asked: list[Glance] = []

    async def see(glance: Glance) -> Word:
        asked.append(glance)
        return Word(Seen("person", what, text=text), "local")

    watch: Any = SimpleNamespace(mind=SimpleNamespace(see=see), shelf=SimpleNamespace(read=lambda _: b"jpeg"),
                                 local=lambda: datetime(2026, 1, 1, 12), words=lambda: SimpleNamespace(language="en"))
    row: Any = {"pictures": '["a.jpg"]', "camera": "door"}
    seen = asyncio.run(Sights(watch).again(row, "What does the sign say?"))
    assert seen is not None
    assert seen.what == answer
    assert asked[0].question == "What does the sign say?"
