"""Leaving no trace: what speaks of something is erased from files, index, database and its log. A row without words
stays where a row was."""

from __future__ import annotations

from datetime import UTC, datetime

from dobby.home.device import Command, Fault, Outcome
from dobby.memory.memory import Memory
from dobby.store import Store

ROWS = ("erase_messages", "erase_turns", "erase_letters", "erase_approvals", "erase_calls", "erase_seen", "erase_facts")


async def erase(command: Command, memory: Memory, store: Store) -> Outcome:
    """The command `erase`: its device is the token that stands for the words (so that no audit row holds them). Read:
    how many lines of files there were."""
    words = memory.erasing(command.device)
    if not words:
        return Outcome(command, "failed", error=Fault("unknown", "I no longer know what was to be erased."))
    like = "%" + words.replace("!", "!!").replace("%", "!%").replace("_", "!_") + "%"
    await store.together([(query, {"like": like}) for query in ROWS])
    count = await memory.erase(words)
    await store.scrub()
    return Outcome(command, "confirmed", count, datetime.now(UTC))
