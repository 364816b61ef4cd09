"""Leaving no trace: what speaks of something is erased from files, index, database and its log. A row without words
stays where a row was."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime

from dobby.home.device import Command, Fault, Outcome
from dobby.memory.memory import Memory
from dobby.store import Store

ROWS = ("erase_messages", "erase_turns", "erase_letters", "erase_approvals", "erase_calls", "erase_seen",
        "erase_normals", "erase_facts", "erase_jobs", "erase_versions")


async def erase(command: Command, memory: Memory, store: Store,
                also: Callable[[str], Awaitable[None]]) -> Outcome:
    """The command `erase`: its device is the token that stands for the words (so that no audit row holds them). Read:
    how many lines of files there were. also: what else holds words, such as plans."""
    words = memory.erasing(command.device)
    if not words:
        return Outcome(command, "failed", error=Fault("unknown", "I no longer know what was to be erased."))
    await store.together([(query, {"words": words}) for query in ROWS])
    await also(words)
    count = await memory.erase(words)
    await store.scrub()
    return Outcome(command, "confirmed", count, datetime.now(UTC))
